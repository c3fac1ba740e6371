//! Where Meta gets the bytes of one media file from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::config::{Hosting, Login};
use crate::hosting::{self, MediaFile};
use crate::id::Digest;
use crate::manifest::{Item, MediaType, Source};
use crate::media::digest::hex;
use crate::media::lfs;
use crate::port::{Body, Disk, Method, Request, Stat, Transport};

use super::outcome::Failure;

/// How the media of one account become reachable.
pub struct MediaSource {
    pub login: Login,
    pub hosting: Option<Hosting>,
    /// The commit that `{commit}` of a hosting template stands for.
    pub commit: Option<String>,
    /// The base of a sandbox that hosts local files itself.
    pub sandbox: Option<Url>,
    pub root: PathBuf,
    pub disk: Arc<dyn Disk>,
    pub transport: Arc<dyn Transport>,
    /// SHA-256 of each local file by its path; made when the plan was.
    pub digests: Arc<HashMap<Arc<str>, Digest>>,
    /// Each local file as it was when its digest was taken.
    pub hashed: Arc<HashMap<Arc<str>, Stat>>,
    pub timeout: Duration,
    pub uploaded: Mutex<HashMap<Arc<str>, Url>>,
}

/// What creation is told about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    Url(String),
    /// The bytes go to Meta after creation. Path on this machine, and what the file was at that moment.
    Upload {
        path: PathBuf,
        stat: Stat,
    },
}

impl MediaSource {
    /// Decides how one file travels, and puts it where Meta can fetch it when that is ours to do.
    pub async fn locate(&self, source: &Source, media_type: MediaType) -> Result<Located, Failure> {
        let path = match source {
            Source::Url(url) => return Ok(Located::Url(url.to_string())),
            Source::Local(path) => path,
        };
        self.refuse_pointer(path)?;
        if self.login == Login::Facebook && media_type == MediaType::Video {
            return self.upload_later(path);
        }
        if let Some(base) = &self.sandbox {
            return self.give_to_sandbox(base, path, media_type).await.map(|url| Located::Url(url.into()));
        }
        match &self.hosting {
            Some(Hosting::Url(template)) => {
                let (sha256, ext) = self.identity(path)?;
                hosting::url_for(template, &MediaFile { path, sha256, ext }, self.commit.as_deref())
                    .map(|url| Located::Url(url.into()))
                    .map_err(|error| Failure::new(error.to_string(), "correct media.hosting.url in igsync.yaml"))
            }
            None => Err(Failure::new(
                format!("{path} has no public URL"),
                "set media.hosting.url in igsync.yaml, or give an https:// URL in the manifest",
            )),
        }
    }

    /// Plans go by the digest that a Git LFS pointer names; its own bytes are nobody's picture.
    fn refuse_pointer(&self, path: &Arc<str>) -> Result<(), Failure> {
        let full = self.root.join(&**path);
        let is_small = self.disk.stat(&full).is_ok_and(|stat| stat.len <= lfs::MAX_LEN);
        let is_pointer = || self.disk.read(&full, lfs::MAX_LEN).is_ok_and(|bytes| lfs::pointed_at(&bytes).is_some());
        if is_small && is_pointer() {
            let reason = format!("{path} is a Git LFS pointer, not the file itself");
            return Err(Failure::new(reason, "run `git lfs pull`; in CI check out with `lfs: true`"));
        }
        Ok(())
    }

    /// Whether the bytes of an item go to Meta directly.
    pub fn uploads(&self, item: &Item) -> bool {
        self.login == Login::Facebook && item.media_type == MediaType::Video && matches!(item.source, Source::Local(_))
    }

    fn upload_later(&self, path: &Arc<str>) -> Result<Located, Failure> {
        let full = self.root.join(&**path);
        let stat = self.disk.stat(&full).map_err(|error| unreadable(path, &error))?;
        if self.hashed.get(path).is_some_and(|hashed| *hashed != stat) {
            return Err(Failure::new(
                format!("{path} has changed since the plan was made"),
                "run apply again: it goes by the new file",
            ));
        }
        Ok(Located::Upload { path: full, stat })
    }

    /// SHA-256 of a local file in hex, and the ending of its name.
    fn identity<'a>(&'a self, path: &'a Arc<str>) -> Result<(&'a str, &'a str), Failure> {
        let sha256 = self.digests.get(path).and_then(hex).ok_or_else(|| {
            Failure::new(format!("{path} was not read"), "run apply again; if it stays, please report it")
        })?;
        let ext = path.rsplit_once('.').map_or("bin", |(_, ext)| ext);
        Ok((sha256, ext))
    }

    /// Uploads a file to the sandbox once; the sandbox serves it to itself.
    async fn give_to_sandbox(&self, base: &Url, path: &Arc<str>, media_type: MediaType) -> Result<Url, Failure> {
        if let Some(url) = self.uploaded().get(path) {
            return Ok(url.clone());
        }
        let (sha256, ext) = self.identity(path)?;
        let url = hosting::sandbox_media_url(base, sha256, ext);
        let full = self.root.join(&**path);
        let stat = self.disk.stat(&full).map_err(|error| unreadable(path, &error))?;
        let source = self.disk.open(&full).map_err(|error| unreadable(path, &error))?;
        let request = Request {
            method: Method::Put,
            url: url.clone(),
            headers: Vec::new(),
            body: Body::Stream {
                content_type: match media_type {
                    MediaType::Image => "image/jpeg",
                    MediaType::Video => "video/mp4",
                },
                source,
                len: stat.len,
                progress: None,
            },
            timeout: self.timeout,
            answer_limit: 1 << 20,
        };
        let answer = self.transport.send(request).await;
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => {
                self.uploaded().insert(Arc::clone(path), url.clone());
                Ok(url)
            }
            Ok(answer) => Err(Failure::new(
                format!("the sandbox did not take {path} (HTTP {})", answer.status),
                "the base URL is on loopback but is no igsync sandbox: set media.hosting.url, or start `igsync sandbox`",
            )),
            Err(error) => {
                Err(Failure::new(format!("the sandbox did not take {path}: {error}"), "is it still running?"))
            }
        }
    }

    fn uploaded(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Url>> {
        self.uploaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{path} can not be read: {error}"), "put the file back, then run apply again")
}
