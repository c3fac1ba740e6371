//! Where links may be followed, and where none may be.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::{FileKind, Linked, ReadDisk};

/// A file or folder that the user named, as [`ReadDisk`] takes it: a link of the user's own is resolved. What lies
/// below the current folder or in a git repository may have come with a branch: a link there is left in the
/// path, so that opening it is refused.
#[must_use]
pub fn named(disk: &dyn ReadDisk, path: &Path) -> PathBuf {
    named_from(disk, Path::new("."), path)
}

/// The same from another folder.
#[must_use]
pub fn named_from(disk: &dyn ReadDisk, from: &Path, path: &Path) -> PathBuf {
    let from = disk.canonicalize(from).unwrap_or_else(|_| from.to_owned());
    let is_brought = |folder: &Path| {
        (from.parent().is_some() && folder.starts_with(&from))
            || folder.ancestors().any(|above| disk.stat(&above.join(".git")).is_ok())
    };
    let mut place = PathBuf::new();
    for part in from.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = place.pop(),
            Component::Prefix(_) | Component::RootDir => place.push(part),
            Component::Normal(name) => {
                let is_brought = is_brought(&place);
                place.push(name);
                if !is_brought && let Ok(real) = disk.canonicalize(&place) {
                    place = real;
                }
            }
        }
    }
    place
}

/// Refuses a folder that is a link, or holds one at any depth. One that is absent holds none.
///
/// This is for one clear error at once: [`ReadDisk`] follows no link anyway.
pub fn refuse_links(disk: &dyn ReadDisk, folder: &Path) -> io::Result<()> {
    let linked = |path: &Path| Err(Linked { path: path.to_owned() }.into());
    match disk.stat(folder) {
        Ok(stat) if stat.kind == FileKind::Symlink => return linked(folder),
        Ok(stat) if stat.kind == FileKind::Folder => {}
        Err(error) if Linked::of(&error).is_some() => return Err(error),
        // What is wrong with it is said by whoever needs it.
        Ok(_) | Err(_) => return Ok(()),
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in disk.list(&folder).unwrap_or_default() {
            match entry.kind {
                FileKind::Symlink => return linked(&entry.path),
                FileKind::Folder => folders.push(entry.path),
                FileKind::File | FileKind::Other => {}
            }
        }
    }
    Ok(())
}
