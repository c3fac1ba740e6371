//! A sandbox serves the files that it is given.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use url::Url;

use super::{Error, patience};
use igsync_base::files::Disk;
use igsync_base::net::is_loopback;
use igsync_media::{FileError, MediaFile};
use igsync_ports::{Body, Method, Progress, Request, Transport};

pub(super) struct Sandbox {
    base: Url,
    transport: Arc<dyn Transport>,
    disk: Arc<dyn Disk>,
    timeout: Duration,
    found: OnceCell<bool>,
}

/// Whether a sandbox serves this file itself.
pub(super) fn serves(url: &Url) -> bool {
    is_loopback(url) && url.path().contains("/_sandbox/media/")
}

impl Sandbox {
    pub(super) fn new(base: Url, transport: Arc<dyn Transport>, disk: Arc<dyn Disk>, timeout: Duration) -> Self {
        Self { base, transport, disk, timeout, found: OnceCell::new() }
    }

    /// Whether a sandbox answers at the base; asked once.
    pub(super) async fn is_there(&self) -> bool {
        *self.found.get_or_init(|| self.look()).await
    }

    async fn look(&self) -> bool {
        let request = Request {
            method: Method::Get,
            url: control(&self.base, "clock"),
            headers: Vec::new(),
            body: Body::Empty,
            timeout: self.timeout,
            answer_limit: 1 << 20,
        };
        // A sandbox that cannot be reached is one all the same: the upload shows what is wrong.
        self.transport.send(request).await.map_or(true, |answer| answer.status == 200)
    }

    /// Uploads the file and returns where the sandbox serves it.
    pub(super) async fn put(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        let name = || Arc::clone(&file.name);
        let source = self.disk.open(&file.path).map_err(|error| FileError::unreadable(&file.name, &error))?;
        let url = control(&self.base, &format!("media/{}.{}", file.sha256, file.ext()));
        let request = Request {
            method: Method::Put,
            url: url.clone(),
            headers: Vec::new(),
            body: Body::Stream { content_type: file.content_type, source, len: file.len, progress },
            timeout: patience(self.timeout, file.len),
            answer_limit: 1 << 20,
        };
        match self.transport.send(request).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(url),
            Ok(answer) => Err(Error::NoSandbox { name: name(), status: answer.status }),
            Err(error) => Err(Error::SandboxGone { name: name(), problem: error.to_string() }),
        }
    }
}

/// `{base}/_sandbox/{path}`
fn control(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let folder = base.path().trim_end_matches('/');
    url.set_path(&format!("{folder}/_sandbox/{path}"));
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::super::testing::SHA;
    use super::*;

    #[test]
    fn controls_stand_beside_the_api() {
        for base in ["http://127.0.0.1:8787", "http://127.0.0.1:8787/", "http://127.0.0.1:8787/?x=1#y"] {
            let url = control(&Url::parse(base).unwrap(), &format!("media/{SHA}.mp4"));
            assert_eq!(url.as_str(), format!("http://127.0.0.1:8787/_sandbox/media/{SHA}.mp4"));
        }
    }
}
