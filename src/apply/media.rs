//! Where Meta gets the bytes of one media file from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Login;
use crate::hosting::{Error, Host, MediaFile};
use crate::id::Digest;
use crate::manifest::{self, Files, Item, MediaType, Mending, Post, Source, Spot};
use crate::media::convert::{self, Made};
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
    /// `None`: pictures are published as they are.
    pub converting: Option<Converting>,
}

/// How pictures are converted, and where the results are kept.
#[derive(Clone, Debug)]
pub struct Converting {
    pub mending: Mending,
    pub folder: PathBuf,
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
        post: &Post,
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
        let file = self.file(post, path).await?;
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

    /// The JPEG that is published instead of a picture; `None`: the file itself is.
    async fn converted(&self, post: &Post, path: &Arc<str>, digest: &Digest) -> Result<Option<Made>, Error> {
        let Some(Converting { mending, folder }) = &self.converting else { return Ok(None) };
        let wish = {
            let mut files = Files::new(&*self.disk, &self.root);
            let Some((_, wish)) = manifest::wish(post, spot_of(post, path), mending.fit, &mut files) else {
                return Ok(None);
            };
            wish
        };
        let (disk, folder, full) = (Arc::clone(&self.disk), folder.clone(), self.root.join(&**path));
        let digest = digest.clone();
        // Drawing takes a while; whoever waits for an answer must not wait for it.
        let drawn = tokio::task::spawn_blocking(move || convert::make(&*disk, &folder, &full, &digest, &wish)).await;
        let not_converted = |problem: String| Error::NotConverted { name: Arc::clone(path), problem };
        drawn.map_err(|error| not_converted(error.to_string()))?.map_err(|error| not_converted(error.to_string()))
    }

    /// A local file as its host has to know it.
    pub(super) async fn file(&self, post: &Post, path: &Arc<str>) -> Result<MediaFile, Error> {
        let digest = self.digests.get(path).ok_or_else(|| Error::NotRead { name: Arc::clone(path) })?;
        if let Some(made) = self.converted(post, path, digest).await? {
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
        let sha256 = hex(digest).ok_or_else(|| Error::NotRead { name: Arc::clone(path) })?;
        MediaFile::look(&*self.disk, path, self.root.join(&**path), sha256).map_err(|error| unreadable(path, &error))
    }
}

/// The first place at which a post names a file.
fn spot_of(post: &Post, path: &Arc<str>) -> Spot<'static> {
    let is_it = |source: &Source| matches!(source, Source::Local(local) if local == path);
    post.items.iter().find(|item| is_it(&item.source)).map_or(Spot::Cover, |item| Spot::Item(item.slot))
}

fn unreadable(path: &Arc<str>, error: &std::io::Error) -> Error {
    Error::Unreadable { name: Arc::clone(path), problem: error.to_string() }
}
