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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::MemDisk;

    fn named_from_site(disk: &MemDisk, path: &str) -> PathBuf {
        named_from(disk, Path::new("/home/me/site"), Path::new(path))
    }

    #[test]
    fn links_of_the_user_are_resolved_and_those_of_a_repository_are_not() {
        let disk = MemDisk::new();
        disk.put("/data/me/site/ci/igsync.yaml", "");
        disk.put("/data/me/other/.git/HEAD", "");
        disk.put("/data/me/other/real/file", "");
        disk.put_symlink("/home", "/data");
        disk.put_symlink("/data/me/site/link", "../../secret");
        disk.put_symlink("/data/me/other/link", "real");
        disk.put_symlink("/data/me/mine", "other");
        for (path, place) in [
            ("ci/igsync.yaml", "/data/me/site/ci/igsync.yaml"),
            ("./ci/../ci/none", "/data/me/site/ci/none"),
            ("link/file", "/data/me/site/link/file"),
            ("/home/me/site/link/file", "/data/me/site/link/file"),
            ("../site/link", "/data/me/site/link"),
            ("../mine/real/file", "/data/me/other/real/file"),
            ("../mine/link/file", "/data/me/other/link/file"),
            ("../none/deep", "/data/me/none/deep"),
        ] {
            assert_eq!(named_from_site(&disk, path), Path::new(place), "{path}");
        }
    }

    #[test]
    fn a_link_at_any_depth_is_found() {
        let disk = MemDisk::new();
        let refused = || refuse_links(&disk, Path::new("/site/.igsync")).err().map(|error| error.to_string());
        assert_eq!(refused(), None);
        disk.put("/site/.igsync/sandbox/media/a.jpg", "");
        assert_eq!(refused(), None);
        disk.put_symlink("/site/.igsync/sandbox/media/b.jpg", "/etc/passwd");
        assert_eq!(refused().unwrap(), "/site/.igsync/sandbox/media/b.jpg is a symbolic link");
        disk.wipe("/site");
        disk.put_symlink("/site/.igsync", "/home");
        assert_eq!(refused().unwrap(), "/site/.igsync is a symbolic link");
    }
}
