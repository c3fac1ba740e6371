//! Where Meta gets the bytes of one media file from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use igsync_base::files::{Disk, Stat};
use igsync_base::id::Digest;
use igsync_media::convert::{ConvertedCache, Made};
use igsync_media::digest::hex;
use igsync_media::{DigestCache, FileError, MediaFile, lfs};
use igsync_model::manifest::{self, ConvertSettings, Files, Item, MediaType, Post, Source, Spot};
use igsync_ports::Progress;

use super::host::{Host, Unhosted};

/// How the media of one account become reachable.
pub struct MediaSource {
    /// Local videos go to the service itself.
    pub uploads_video: bool,
    /// Where local files get their URLs; `None`: nowhere.
    pub host: Option<Arc<dyn Host>>,
    pub root: PathBuf,
    pub disk: Arc<dyn Disk>,
    /// Made when the plan was that is carried out.
    pub files: Mutex<LocalFiles>,
    /// `None`: pictures are published as they are.
    pub converting: Option<Converting>,
}

/// The local media files of the posts of a plan.
#[derive(Clone, Debug, Default)]
pub struct LocalFiles {
    /// SHA-256 of each by its path.
    pub digests: Arc<HashMap<Arc<str>, Digest>>,
    /// Each as it was when its digest was taken.
    pub hashed: Arc<HashMap<Arc<str>, Stat>>,
}

/// How pictures are converted, and where the results are kept.
#[derive(Clone, Debug)]
pub struct Converting {
    pub convert_settings: ConvertSettings,
    pub kept: Arc<ConvertedCache>,
}

/// What the creation sends about one file.
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
    pub(super) fn renew(&self, files: LocalFiles) {
        *self.files() = files;
    }

    fn files(&self) -> MutexGuard<'_, LocalFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides how one file travels, and puts it where Meta can fetch it when that is ours to do.
    /// `progress` is asked with the length in bytes of a file that goes to a host.
    pub async fn locate(
        &self,
        post: &Post,
        source: &Source,
        media_type: MediaType,
        progress: &(dyn Fn(u64) -> Option<Progress> + Sync),
    ) -> Result<Located, Unhosted> {
        let path = match source {
            Source::Url(url) => return Ok(Located::Url(url.to_string())),
            Source::Local(path) => path,
        };
        if self.is_uploaded(media_type) {
            let (full, stat) = self.look(path)?;
            return Ok(Located::Upload { path: full, stat });
        }
        let Some(host) = &self.host else { return Err(Unhosted::without_host(path)) };
        let file = self.file(post, path).await?;
        let url = host.url_of(&file, progress(file.len)).await?;
        Ok(Located::Url(url.into()))
    }

    /// A local file must still be the one that was planned, and no stand-in for it.
    fn look(&self, path: &Arc<str>) -> Result<(PathBuf, Stat), FileError> {
        let full = self.root.join(&**path);
        let stat = self.disk.stat(&full).map_err(|error| FileError::unreadable(path, &error))?;
        if self.files().hashed.get(path).is_some_and(|hashed| *hashed != stat) {
            return Err(FileError::Changed { name: Arc::clone(path) });
        }
        // Plans go by the digest that a pointer names; its own bytes are no one's picture.
        let is_pointer = || self.disk.read(&full, lfs::MAX_LEN).is_ok_and(|bytes| lfs::pointed_at(&bytes).is_some());
        if stat.len <= lfs::MAX_LEN && is_pointer() {
            return Err(FileError::Pointer { name: Arc::clone(path) });
        }
        Ok((full, stat))
    }

    /// Whether the bytes of an item go to Meta directly.
    pub fn uploads(&self, item: &Item) -> bool {
        self.is_uploaded(item.media_type) && matches!(item.source, Source::Local(_))
    }

    fn is_uploaded(&self, media_type: MediaType) -> bool {
        self.uploads_video && media_type == MediaType::Video
    }

    /// The JPEG that is published instead of a picture; `None`: the file itself is.
    async fn converted(
        &self,
        post: &Post,
        path: &Arc<str>,
        full: &Path,
        digest: &Digest,
    ) -> Result<Option<Made>, FileError> {
        let Some(Converting { convert_settings, kept }) = &self.converting else { return Ok(None) };
        let target = {
            let mut cache = DigestCache::default();
            let mut files = Files::new(&*self.disk, &self.root, &mut cache);
            let Some((_, target)) =
                manifest::conversion_target(post, spot_of(post, path), convert_settings.fit, &mut files)
            else {
                return Ok(None);
            };
            target
        };
        let (disk, kept, full) = (Arc::clone(&self.disk), Arc::clone(kept), full.to_owned());
        let digest = digest.clone();
        // Drawing takes a while; whoever waits for an answer must not wait for it.
        let drawn = tokio::task::spawn_blocking(move || kept.make(&*disk, &full, &digest, &target)).await;
        let not_converted = |problem: String| FileError::NotConverted { name: Arc::clone(path), problem };
        drawn.map_err(|error| not_converted(error.to_string()))?.map_err(|error| not_converted(error.to_string()))
    }

    /// A local file as its host has to know it.
    pub(super) async fn file(&self, post: &Post, path: &Arc<str>) -> Result<MediaFile, FileError> {
        let known = self.files().digests.get(path).cloned();
        let digest = known.ok_or_else(|| FileError::NotRead { name: Arc::clone(path) })?;
        let (full, _) = self.look(path)?;
        if let Some(made) = self.converted(post, path, &full, &digest).await? {
            let sha256 = hex(&made.digest).unwrap_or_default().into();
            let (name, len) = (Arc::clone(path), made.len);
            return Ok(MediaFile {
                name,
                path: made.path,
                sha256,
                len,
                content_type: "image/jpeg",
                is_made_here: true,
            });
        }
        let sha256 = hex(&digest).ok_or_else(|| FileError::NotRead { name: Arc::clone(path) })?;
        MediaFile::look(&*self.disk, path, full, sha256).map_err(|error| FileError::unreadable(path, &error))
    }
}

/// The first place at which a post names a file.
fn spot_of(post: &Post, path: &Arc<str>) -> Spot<'static> {
    let is_it = |source: &Source| matches!(source, Source::Local(local) if local == path);
    post.content.items.iter().find(|item| is_it(&item.source)).map_or(Spot::Cover, |item| Spot::Item(item.slot))
}
