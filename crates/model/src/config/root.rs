//! Which folder is the content root.

use std::path::{Path, PathBuf};

use igsync_base::files::ReadDisk;

/// The content root for a run that starts in `start`.
///
/// A folder that was named (`is_explicit`) is the root as it is. Otherwise `start`, or the nearest
/// folder above it that holds `igsync.yaml` or `igsync.lock`, looking no further than the root of the
/// repository; without either, `start`.
pub fn find_root(disk: &dyn ReadDisk, start: &Path, is_explicit: bool) -> PathBuf {
    if is_explicit {
        return start.to_owned();
    }
    // A relative path has no folders above it.
    let absolute = disk.canonicalize(start).unwrap_or_else(|_| start.to_owned());
    for folder in absolute.ancestors() {
        let has = |name: &str| disk.stat(&folder.join(name)).is_ok();
        if has("igsync.yaml") || has("igsync.lock") {
            return if folder == absolute { start.to_owned() } else { folder.to_owned() };
        }
        if has(".git") {
            break;
        }
    }
    start.to_owned()
}
