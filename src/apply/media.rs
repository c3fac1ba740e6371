//! Where Meta gets the bytes of one media file from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Login;
use crate::hosting::{Error, Host, MediaFile};
use crate::id::Digest;
use crate::manifest::{Item, MediaType, Source};
use crate::media::digest::hex;
use crate::port::{Disk, Progress};

/// How the media of one account become reachable.
pub struct MediaSource {
    pub login: Login,
    /// Where local files get their URLs; `None`: nowhere.
    pub host: Option<Arc<Host>>,
    pub root: PathBuf,
    pub disk: Arc<dyn Disk>,
    /// SHA-256 of each local file by its path; made when the plan was.
    pub digests: Arc<HashMap<Arc<str>, Digest>>,
}

/// What creation is told about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    Url(String),
    /// The bytes go to Meta after creation. Path on this machine and length in bytes.
    Upload {
        path: PathBuf,
        len: u64,
    },
}

impl MediaSource {
    /// Decides how one file travels, and puts it where Meta can fetch it when that is ours to do.
    /// `progress` is asked with the length in bytes of a file that goes to a host.
    pub async fn locate(
        &self,
        source: &Source,
        media_type: MediaType,
        progress: &(dyn Fn(u64) -> Option<Progress> + Sync),
    ) -> Result<Located, Error> {
        let path = match source {
            Source::Url(url) => return Ok(Located::Url(url.to_string())),
            Source::Local(path) => path,
        };
        if self.is_uploaded(media_type) {
            let full = self.root.join(&**path);
            let stat = self.disk.stat(&full).map_err(|error| unreadable(path, &error))?;
            return Ok(Located::Upload { len: stat.len, path: full });
        }
        let Some(host) = &self.host else { return Err(Error::NoHost { name: Arc::clone(path) }) };
        let file = self.file(path)?;
        let url = host.url_of(&file, progress(file.len)).await?;
        Ok(Located::Url(url.into()))
    }

    /// Whether the bytes of an item go to Meta directly.
    pub fn uploads(&self, item: &Item) -> bool {
        self.is_uploaded(item.media_type) && matches!(item.source, Source::Local(_))
    }

    fn is_uploaded(&self, media_type: MediaType) -> bool {
        self.login == Login::Facebook && media_type == MediaType::Video
    }

    /// A local file as its host has to know it.
    fn file(&self, path: &Arc<str>) -> Result<MediaFile, Error> {
        let sha256 = self.digests.get(path).and_then(hex).ok_or_else(|| Error::NotRead { name: Arc::clone(path) })?;
        MediaFile::look(&*self.disk, path, self.root.join(&**path), sha256).map_err(|error| unreadable(path, &error))
    }
}

fn unreadable(path: &Arc<str>, error: &std::io::Error) -> Error {
    Error::Unreadable { name: Arc::clone(path), problem: error.to_string() }
}
