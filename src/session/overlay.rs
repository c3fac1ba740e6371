//! A content root of files that are not on the disk: as it will be once they are written, or as it was in a commit.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use igsync_base::files::{Access, Entry, FileKind, ReadDisk, Stat};

/// Files in memory, over those of a disk or alone.
pub(super) struct Overlay<'d> {
    disk: Option<&'d dyn ReadDisk>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    folders: BTreeMap<PathBuf, BTreeSet<(PathBuf, bool)>>,
}

impl<'d> Overlay<'d> {
    /// `files` by their whole paths, below `root`.
    pub(super) fn over(disk: &'d dyn ReadDisk, root: &Path, files: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        Self { disk: Some(disk), ..Self::alone(root, files) }
    }

    /// As [`Self::over`], with nothing below.
    pub(super) fn alone(root: &Path, files: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let mut folders: BTreeMap<PathBuf, BTreeSet<(PathBuf, bool)>> = BTreeMap::new();
        for path in files.keys() {
            let (mut below, mut is_file) = (path.as_path(), true);
            while let Some(folder) = below.parent().filter(|folder| folder.starts_with(root)) {
                folders.entry(folder.to_owned()).or_default().insert((below.to_owned(), is_file));
                (below, is_file) = (folder, false);
            }
        }
        Self { disk: None, files, folders }
    }

    fn below(&self) -> io::Result<&dyn ReadDisk> {
        self.disk.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn added(path: PathBuf, is_file: bool) -> Entry {
        Entry { path, kind: if is_file { FileKind::File } else { FileKind::Folder } }
    }
}

impl ReadDisk for Overlay<'_> {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(bytes) if bytes.len() as u64 > limit => Err(io::ErrorKind::FileTooLarge.into()),
            Some(bytes) => Ok(bytes.clone()),
            None => self.below().and_then(|disk| disk.read(path, limit)),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        match self.files.get(path) {
            Some(bytes) => Ok(Box::new(io::Cursor::new(bytes.clone()))),
            None => self.below().and_then(|disk| disk.open(path)),
        }
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let of = |kind, len| Stat { kind, len, modified_ns: 0, changed_ns: 0, inode: 0 };
        if let Some(bytes) = self.files.get(path) {
            return Ok(of(FileKind::File, bytes.len() as u64));
        }
        match self.below().and_then(|disk| disk.stat(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.folders.contains_key(path) => {
                Ok(of(FileKind::Folder, 0))
            }
            known => known,
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.below()?.canonicalize(path)
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        self.below()?.target(link)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let added = self.folders.get(folder);
        let mut entries = match self.below().and_then(|disk| disk.list(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && added.is_some() => Vec::new(),
            listed => listed?,
        };
        for (path, is_file) in added.into_iter().flatten() {
            if entries.iter().all(|entry| entry.path != *path) {
                entries.push(Self::added(path.clone(), *is_file));
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use igsync_testkit::MemDisk;

    use super::*;

    #[test]
    fn what_is_not_written_yet_is_found_beside_what_is_there() {
        let disk = MemDisk::new();
        disk.put("/site/posts/a.yaml", "kind: image\n");
        let files = [(PathBuf::from("/site/posts/imported/2024/b.yaml"), b"kind: reel\n".to_vec())].into();
        let overlay = Overlay::over(&disk, Path::new("/site"), files);
        let names = |folder: &str| {
            let entries = overlay.list(Path::new(folder)).unwrap();
            entries.into_iter().map(|entry| entry.path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names("/site/posts"), ["/site/posts/a.yaml", "/site/posts/imported"]);
        assert_eq!(names("/site/posts/imported/2024"), ["/site/posts/imported/2024/b.yaml"]);
        assert_eq!(overlay.stat(Path::new("/site/posts/imported")).unwrap().kind, FileKind::Folder);
        assert_eq!(overlay.read(Path::new("/site/posts/imported/2024/b.yaml"), 99).unwrap(), b"kind: reel\n");
        assert!(overlay.list(Path::new("/site/other")).is_err());
    }

    #[test]
    fn alone_it_has_nothing_but_its_files() {
        let files = [(PathBuf::from("/site/posts/b.yaml"), b"kind: reel\n".to_vec())].into();
        let overlay = Overlay::alone(Path::new("/site"), files);
        assert_eq!(overlay.list(Path::new("/site")).unwrap()[0].path, Path::new("/site/posts"));
        assert_eq!(overlay.stat(Path::new("/site/posts")).unwrap().kind, FileKind::Folder);
        let missing = overlay.read(Path::new("/site/igsync.yaml"), 99).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
