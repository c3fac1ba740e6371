//! Resumable upload of local videos (Facebook Login only).

use std::io::{self, SeekFrom};
use std::sync::Arc;

use url::Url;

use super::answer;
use super::client::Client;
use super::container::ContainerStatus;
use super::errors::Error;
use super::retry::{self, Call, Verdict};
use super::wire::StatusCode;
use igsync_base::files::Access;
use igsync_base::id::ContainerId;
use igsync_ports::{Body, Method, Progress, Request};

pub(super) const EDGE: &str = "video upload";
/// Interruptions that one upload survives as long as each part gets further.
const MAX_PARTS: u32 = 50;
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// A file on its way into a container.
pub struct VideoUpload<'a> {
    pub container: &'a ContainerId,
    /// As creation gave it.
    pub uri: &'a Url,
    /// Of the whole file, in bytes.
    pub len: u64,
    /// Opens the file at its beginning, once per part.
    pub open: &'a (dyn Fn() -> io::Result<Box<dyn Access>> + Send + Sync),
    /// Told the bytes of the whole file that are sent.
    pub progress: Option<Progress>,
    /// Some bytes may be there from an earlier run: asks how far they reach before sending any.
    pub resume: bool,
}

/// How an upload ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// The container takes no more bytes. Its status shows whether they are a video.
    Complete,
    /// This container will never hold this file, and another one may: why.
    Useless(String),
}

/// Where to continue.
enum Next {
    /// At the end of the file, too: the answer that was lost said that the upload is complete.
    From(u64),
    /// The upload is complete, or no more bytes are taken.
    Nothing,
    /// The container has more bytes than the file.
    Beyond(u64),
}

impl Client {
    /// Sends the file, continuing from where the server is after each interruption.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing/resumable-uploads>
    pub async fn upload(&self, upload: &VideoUpload<'_>) -> Result<Uploaded, Error> {
        if !self.endpoint.takes_upload(upload.uri) {
            let why = "the address is not on the upload host, the only one that may get the token".to_owned();
            return Err(Error::Local { edge: EDGE, why });
        }
        let mut next = if upload.resume { self.next_offset(upload).await? } else { Next::From(0) };
        let (mut attempt, mut furthest) = (1, 0);
        for _ in 0..MAX_PARTS {
            let offset = match next {
                Next::From(offset) => offset,
                Next::Nothing => return Ok(Uploaded::Complete),
                Next::Beyond(offset) => {
                    let why = format!("the container holds {offset} bytes of a file of {} bytes", upload.len);
                    return Ok(Uploaded::Useless(why));
                }
            };
            // A part that got further proves that the way is open: count from the beginning.
            if offset > furthest {
                (attempt, furthest) = (1, offset);
            }
            let error = match self.send_from(upload, offset).await {
                Ok(()) => return Ok(Uploaded::Complete),
                Err(error) => error,
            };
            let Verdict::Retry(pace) = retry::decide(Call::Upload, &error, attempt) else {
                return self.after_last(upload, offset, error).await;
            };
            self.pause(pace, attempt).await;
            attempt += 1;
            next = self.next_offset(upload).await?;
        }
        Err(Error::Local { edge: EDGE, why: "interrupted too often".to_owned() })
    }

    /// The upload host's last word is not the container's: all bytes may be there.
    async fn after_last(&self, upload: &VideoUpload<'_>, offset: u64, error: Error) -> Result<Uploaded, Error> {
        if matches!(error, Error::Local { .. }) || error.is_account_level() {
            return Err(error);
        }
        match self.next_offset(upload).await {
            Ok(Next::Nothing) => Ok(Uploaded::Complete),
            // Nothing is missing: whether the container continues by itself, its status will show.
            Ok(Next::From(offset)) if offset == upload.len => Ok(Uploaded::Complete),
            // What was refused for good after a first part may be the session, not the file.
            Ok(_) if matches!(error, Error::Upload(_)) && (upload.resume || offset > 0) => {
                Ok(Uploaded::Useless(error.to_string()))
            }
            Err(worse) if worse.is_account_level() => Err(worse),
            _ => Err(error),
        }
    }

    /// Where the bytes of a container of an earlier run go.
    pub fn upload_address(&self, container: &ContainerId) -> Result<Url, Error> {
        let wrong = |error: super::endpoint::EndpointError| Error::Local { edge: EDGE, why: error.to_string() };
        self.endpoint.upload(container.as_str()).map_err(wrong)
    }

    async fn next_offset(&self, upload: &VideoUpload<'_>) -> Result<Next, Error> {
        let status: ContainerStatus = self.upload_status(upload.container).await?;
        if status.code != StatusCode::InProgress || status.is_uploaded {
            return Ok(Next::Nothing);
        }
        match status.bytes_transferred.unwrap_or(0) {
            offset if offset > upload.len => Ok(Next::Beyond(offset)),
            offset => Ok(Next::From(offset)),
        }
    }

    async fn send_from(&self, upload: &VideoUpload<'_>, offset: u64) -> Result<(), Error> {
        let unreadable =
            |error: io::Error| Error::Local { edge: EDGE, why: format!("the file cannot be read: {error}") };
        let mut source = (upload.open)().map_err(unreadable)?;
        source.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
        let progress = upload
            .progress
            .clone()
            .map(|progress| -> Progress { Arc::new(move |sent| progress(offset.saturating_add(sent))) });
        let request = Request {
            method: Method::Post,
            url: upload.uri.clone(),
            headers: vec![
                ("authorization", format!("OAuth {}", self.token.expose())),
                ("offset", offset.to_string()),
                ("file_size", upload.len.to_string()),
            ],
            body: Body::Stream { content_type: "application/octet-stream", source, len: upload.len - offset, progress },
            timeout: self.timing.upload_timeout,
            answer_limit: ANSWER_LIMIT,
        };
        let response = self.send(EDGE, request).await?;
        answer::read_upload(&response, &self.secrets)
    }
}

#[cfg(test)]
mod tests;
