//! A sandbox serves the files that it is given.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{Error, MediaFile};
use crate::port::{Body, Disk, Method, Progress, Request, Transport};

pub(super) struct Sandbox {
    pub base: Url,
    pub transport: Arc<dyn Transport>,
    pub disk: Arc<dyn Disk>,
    pub timeout: Duration,
}

impl Sandbox {
    /// Uploads the file and returns where the sandbox serves it.
    pub(super) async fn put(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        let name = || Arc::clone(&file.name);
        let source = self
            .disk
            .open(&file.path)
            .map_err(|error| Error::Unreadable { name: name(), problem: error.to_string() })?;
        let url = media_url(&self.base, &file.sha256, file.ext());
        let request = Request {
            method: Method::Put,
            url: url.clone(),
            headers: Vec::new(),
            body: Body::Stream { content_type: file.content_type, source, len: file.len, progress },
            timeout: self.timeout,
            answer_limit: 1 << 20,
        };
        match self.transport.send(request).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(url),
            Ok(answer) => Err(Error::NoSandbox { name: name(), status: answer.status }),
            Err(error) => Err(Error::SandboxGone { name: name(), problem: error.to_string() }),
        }
    }
}

/// `{base}/_sandbox/media/{sha256}.{ext}`
fn media_url(base: &Url, sha256: &str, ext: &str) -> Url {
    let mut url = base.clone();
    let folder = base.path().trim_end_matches('/');
    url.set_path(&format!("{folder}/_sandbox/media/{sha256}.{ext}"));
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::super::file::testing::SHA;
    use super::*;

    #[test]
    fn the_sandbox_serves_by_content() {
        for base in ["http://127.0.0.1:8787", "http://127.0.0.1:8787/", "http://127.0.0.1:8787/?x=1#y"] {
            let url = media_url(&Url::parse(base).unwrap(), SHA, "mp4");
            assert_eq!(url.as_str(), format!("http://127.0.0.1:8787/_sandbox/media/{SHA}.mp4"));
        }
    }
}
