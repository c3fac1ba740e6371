//! Where Meta gets the bytes of one media file from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Login;
use crate::hosting::{Error, Host, MediaFile};
use crate::id::Digest;
use crate::manifest::{Item, MediaType, Source};
use crate::media::digest::hex;
use crate::media::{follow, lfs};
use crate::port::{Disk, Progress, Stat};

/// How the media of one account become reachable.
pub struct MediaSource {
    pub login: Login,
    /// Where local files get their URLs; `None`: nowhere.
    pub host: Option<Arc<Host>>,
    pub root: PathBuf,
    pub disk: Arc<dyn Disk>,
    /// SHA-256 of each local file by its path; made when the plan was.
    pub digests: Arc<HashMap<Arc<str>, Digest>>,
    /// Each local file as it was when its digest was taken.
    pub hashed: Arc<HashMap<Arc<str>, Stat>>,
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
        let (full, stat) = self.look(path)?;
        if self.is_uploaded(media_type) {
            return Ok(Located::Upload { path: full, stat });
        }
        let Some(host) = &self.host else { return Err(Error::NoHost { name: Arc::clone(path) }) };
        let file = self.file(path)?;
        let url = host.url_of(&file, progress(file.len)).await?;
        Ok(Located::Url(url.into()))
    }

    /// A local file must still be the one that was planned, and no stand-in for it.
    fn look(&self, path: &Arc<str>) -> Result<(PathBuf, Stat), Error> {
        let found = follow(&*self.disk, self.root.join(&**path));
        let (full, stat) = found.map_err(|error| unreadable(path, &error))?;
        if self.hashed.get(path).is_some_and(|hashed| *hashed != stat) {
            return Err(Error::Changed { name: Arc::clone(path) });
        }
        // Plans go by the digest that a pointer names; its own bytes are nobody's picture.
        let is_pointer = || self.disk.read(&full, lfs::MAX_LEN).is_ok_and(|bytes| lfs::pointed_at(&bytes).is_some());
        if stat.len <= lfs::MAX_LEN && is_pointer() {
            return Err(Error::Pointer { name: Arc::clone(path) });
        }
        Ok((full, stat))
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
