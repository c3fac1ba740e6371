//! Which folder is the content root.

use std::path::{Path, PathBuf};

use igsync_base::files::{FileKind, ReadDisk};

/// Where a run that starts in some folder finds its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The content root.
    Found(PathBuf),
    /// There is none; the folder where it was looked for first.
    Missing(PathBuf),
}

impl Root {
    /// The content root, or the folder where it was looked for.
    #[must_use]
    pub fn into_path(self) -> PathBuf {
        match self {
            Self::Found(path) | Self::Missing(path) => path,
        }
    }
}

/// The content root for a run that starts in `start`.
///
/// A folder that was named (`is_explicit`) is the root, if it holds `igsync.yaml`, `igsync.lock` or `posts/`.
/// Otherwise the root is the nearest folder, from `start` upwards, that holds one of the two files, else the nearest
/// that holds `posts/` (or a misnamed `igsync.yml`, which is reported where it is read). No folder above the root of
/// the repository is looked at. Without a repository such a folder above counts only if `start` is inside its
/// `posts/`: any folder may have that name.
pub fn find_root(disk: &dyn ReadDisk, start: &Path, is_explicit: bool) -> Root {
    if is_explicit {
        let is_root = holds_files(disk, start) || may_be_meant(disk, start);
        return if is_root { Root::Found(start.to_owned()) } else { Root::Missing(start.to_owned()) };
    }
    // A relative path has no folders above it.
    let absolute = disk.canonicalize(start).unwrap_or_else(|_| start.to_owned());
    let as_named = |folder: &Path| if folder == absolute { start.to_owned() } else { folder.to_owned() };
    let mut above: Vec<&Path> = Vec::new();
    let mut is_repository = false;
    for folder in absolute.ancestors() {
        if holds_files(disk, folder) {
            return Root::Found(as_named(folder));
        }
        above.push(folder);
        if disk.stat(&folder.join(".git")).is_ok() {
            is_repository = true;
            break;
        }
    }
    let counts = |folder: &Path| is_repository || folder == absolute || absolute.starts_with(folder.join("posts"));
    let meant = above.into_iter().find(|folder| counts(folder) && may_be_meant(disk, folder));
    meant.map_or_else(|| Root::Missing(start.to_owned()), |folder| Root::Found(as_named(folder)))
}

fn holds_files(disk: &dyn ReadDisk, folder: &Path) -> bool {
    ["igsync.yaml", "igsync.lock"].iter().any(|name| disk.stat(&folder.join(name)).is_ok())
}

/// A link named `posts` is refused later, with its own words.
fn may_be_meant(disk: &dyn ReadDisk, folder: &Path) -> bool {
    let stat = disk.stat(&folder.join("posts"));
    let has_posts = stat.is_ok_and(|stat| matches!(stat.kind, FileKind::Folder | FileKind::Symlink));
    has_posts || disk.stat(&folder.join("igsync.yml")).is_ok()
}
