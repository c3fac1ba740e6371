//! A file system in memory that can fail on purpose: what tests and the fault sweep run on.
//!
//! Writes are durable when they return, like those of [`Disk`]. Every durable write is counted,
//! and a [`Fault`] can be placed on any of them. After a crash every call fails until [`MemDisk::revive`].

mod files;

use std::io::{self, Cursor, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::files::{Content, Files, Node, kind_of, plain};
use igsync_base::files::{self as disk, Access, Disk, Entry, FileKind, Fill, ReadDisk, RunLock, Stat};

/// What happens at one durable write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The write fails and changes nothing.
    Error(ErrorKind),
    /// The bytes can be read, but syncing failed.
    SyncFailed,
    /// The disk is full: half of an append has landed; a replace changed nothing.
    DiskFull,
    /// The process dies before the write.
    CrashBefore,
    /// The process dies after the write, before it learns so.
    CrashAfter,
    /// The process dies while this many bytes of an append have landed (a replace changes nothing).
    Torn(usize),
}

/// One durable write, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub call: Call,
    pub path: PathBuf,
    /// In bytes.
    pub len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Append,
    Replace,
    Create,
    Truncate,
    CreateFolder,
    Remove,
}

/// Clones share one file system.
#[derive(Clone, Debug, Default)]
pub struct MemDisk {
    shared: Arc<Mutex<Files>>,
}

impl MemDisk {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file there, with its folders, outside of all counting and faults.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let mut files = self.lock();
        let path = plain(path.as_ref());
        files.add_folders(path.parent().unwrap_or(Path::new("")));
        files.set(path, Content::File(bytes.as_ref().into()));
    }

    pub fn put_folder(&self, path: impl AsRef<Path>) {
        self.lock().add_folders(&plain(path.as_ref()));
    }

    pub fn put_symlink(&self, path: impl AsRef<Path>, target: impl Into<PathBuf>) {
        self.lock().set(plain(path.as_ref()), Content::Symlink(target.into()));
    }

    /// A pipe, socket or device.
    pub fn put_other(&self, path: impl AsRef<Path>) {
        self.lock().set(plain(path.as_ref()), Content::Other);
    }

    /// Removes a file or a whole folder, outside of all counting and faults.
    pub fn wipe(&self, path: impl AsRef<Path>) {
        let path = plain(path.as_ref());
        self.lock().nodes.retain(|known, _| !known.starts_with(&path));
    }

    /// What a file holds; `None` when there is no such file.
    #[must_use]
    pub fn bytes(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        match self.lock().nodes.get(&plain(path.as_ref())).map(|node| &node.content) {
            Some(Content::File(bytes)) => Some(bytes.to_vec()),
            _ => None,
        }
    }

    pub fn set_modified(&self, path: impl AsRef<Path>, modified_ns: i128) {
        if let Some(node) = self.lock().nodes.get_mut(&plain(path.as_ref())) {
            node.modified_ns = modified_ns;
        }
    }

    /// Reading this file, or listing this folder, is denied.
    pub fn deny_read(&self, path: impl AsRef<Path>) {
        self.lock().unreadable.insert(plain(path.as_ref()));
    }

    /// Every write below this path is denied.
    pub fn deny_write(&self, path: impl AsRef<Path>) {
        self.lock().read_only.insert(plain(path.as_ref()));
    }

    /// Places a fault on a durable write, counted from 0 since the beginning ([`Self::writes`]).
    pub fn fail_at(&self, write: usize, fault: Fault) {
        self.lock().faults.insert(write, fault);
    }

    /// Places a fault on the next durable write.
    pub fn fail_next(&self, fault: Fault) {
        let mut files = self.lock();
        let next = files.writes.len();
        files.faults.insert(next, fault);
    }

    /// Every durable write that was asked for, the failed ones too.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.lock().writes.clone()
    }

    /// How many there were.
    #[must_use]
    pub fn write_count(&self) -> usize {
        self.lock().writes.len()
    }

    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.lock().crashed
    }

    /// The process dies now: every call fails, every lock is free.
    pub fn crash(&self) {
        self.lock().crash();
    }

    /// A new process starts on what the crashed one left. Faults that did not fire are taken away.
    pub fn revive(&self) {
        let mut files = self.lock();
        files.crashed = false;
        files.faults.clear();
        files.locks.clear();
    }

    /// A second file system with the same content: what another clone, or a backup, holds.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut files = self.lock().clone();
        files.locks.clear();
        files.faults.clear();
        Self { shared: Arc::new(Mutex::new(files)) }
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, Files>> {
        let files = self.lock();
        if files.crashed { Err(io::Error::other("the process is dead")) } else { Ok(files) }
    }
}

impl ReadDisk for MemDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.alive()?.file(path)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
        }
        Ok(bytes.to_vec())
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        Ok(Box::new(Cursor::new(self.alive()?.file(path)?)))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let files = self.alive()?;
        let path = files.unlinked(path, true)?;
        if path.as_os_str().is_empty() {
            return Ok(Stat { kind: FileKind::Folder, len: 0, modified_ns: 0, changed_ns: 0, inode: 1 });
        }
        let node = files.nodes.get(&path).ok_or(ErrorKind::NotFound)?;
        let len = if let Content::File(bytes) = &node.content { bytes.len() as u64 } else { 0 };
        let Node { modified_ns, changed_ns, inode, .. } = *node;
        Ok(Stat { kind: kind_of(&node.content), len, modified_ns, changed_ns, inode })
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let files = self.alive()?;
        let resolved = files.resolve(path)?;
        if !resolved.as_os_str().is_empty() && !files.nodes.contains_key(&resolved) {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(Path::new("/").join(resolved))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let files = self.alive()?;
        let resolved = files.unlinked(folder, false)?;
        files.check_readable(&resolved)?;
        match files.nodes.get(&resolved).map(|node| &node.content) {
            Some(Content::Folder) => {}
            None if resolved.as_os_str().is_empty() => {}
            None => return Err(ErrorKind::NotFound.into()),
            Some(_) => return Err(ErrorKind::NotADirectory.into()),
        }
        let below = files.nodes.range(resolved.clone()..).take_while(|(path, _)| path.starts_with(&resolved));
        Ok(below
            .filter(|(path, _)| path.parent() == Some(&resolved))
            .filter_map(|(path, node)| {
                Some(Entry { path: folder.join(path.file_name()?), kind: kind_of(&node.content) })
            })
            .collect())
    }
}

impl Disk for MemDisk {
    fn is_slow(&self) -> bool {
        false
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.alive()?.write(Call::CreateFolder, path, 0, |files, path, _| {
            files.add_folders(&path);
            Ok(())
        })
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.alive()?.write(Call::Append, path, bytes.len(), |files, path, len| {
            let old = files.old_bytes(&path)?;
            files.set(path, Content::File([&*old, &bytes[..len]].concat().into()));
            Ok(())
        })
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        self.alive()?.write(Call::Truncate, path, 0, |files, path, _| {
            let Some(Content::File(bytes)) = files.nodes.get(&path).map(|node| &node.content) else {
                return Err(ErrorKind::NotFound.into());
            };
            let mut bytes = bytes.to_vec();
            bytes.resize(usize::try_from(len).map_err(io::Error::other)?, 0);
            files.set(path, Content::File(bytes.into()));
            Ok(())
        })
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.alive()?.write(Call::Replace, path, bytes.len(), |files, path, len| {
            if len == bytes.len() {
                files.set(path, Content::File(bytes.into()));
            }
            Ok(())
        })
    }

    fn create(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
        // What fills it may read from this disk.
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        self.alive()?.write(Call::Create, path, bytes.len(), |files, path, len| {
            if files.nodes.contains_key(&path) {
                return Err(ErrorKind::AlreadyExists.into());
            }
            if len == bytes.len() {
                files.set(path, Content::File(bytes.into()));
            }
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.alive()?.write(Call::Remove, path, 0, |files, path, _| {
            files.nodes.remove(&path).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
        })
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
        let mut files = self.alive()?;
        let path = files.unlinked(path, false)?;
        files.check_writable(&path)?;
        if files.inode(&path).is_some_and(|inode| files.locks.contains_key(&inode)) {
            let text = files.file(&path)?;
            return Ok(Err(String::from_utf8_lossy(&text).into_owned()));
        }
        files.set(path.clone(), Content::File(holder.as_bytes().into()));
        let (inode, ticket) = (files.inode(&path).ok_or(ErrorKind::NotFound)?, files.ticks);
        files.locks.insert(inode, ticket);
        Ok(Ok(RunLock(Box::new(Held { disk: self.clone(), path, inode, ticket }))))
    }
}

struct Held {
    disk: MemDisk,
    path: PathBuf,
    inode: u64,
    ticket: u64,
}

impl disk::Held for Held {
    fn is_in_place(&self) -> io::Result<bool> {
        Ok(self.disk.alive()?.inode(&self.path) == Some(self.inode))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut files = self.disk.lock();
        // After a crash the lock may belong to another process already.
        if files.locks.get(&self.inode) == Some(&self.ticket) {
            files.locks.remove(&self.inode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_base::files::Linked;

    #[test]
    fn links_are_seen_and_never_followed() {
        let disk = MemDisk::new();
        disk.put("/site/a/file", "x");
        disk.put_symlink("/site/link", "a");
        disk.put_symlink("/site/out", "../etc");
        let through = Path::new("/site/link/file");
        for result in [
            disk.read(through, 9).map(drop),
            disk.stat(through).map(drop),
            disk.append(through, b"y"),
            disk.replace(Path::new("/site/link"), b"y"),
            disk.create_folder(Path::new("/site/link/new")),
            disk.try_lock(through, "one").map(drop),
        ] {
            assert_eq!(Linked::of(&result.unwrap_err()), Some(&Linked { path: "/site/link".into() }));
        }
        assert_eq!(disk.bytes("/site/a/file").unwrap(), b"x");
        assert_eq!(disk.stat(Path::new("/site/link")).unwrap().kind, FileKind::Symlink);
        assert_eq!(disk.canonicalize(Path::new("/site/./link/file")).unwrap(), Path::new("/site/a/file"));
        assert_eq!(disk.canonicalize(Path::new("/site/out")).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn folders_are_listed_by_name() {
        let disk = MemDisk::new();
        disk.put("/site/b", "");
        disk.put("/site/a/deep", "");
        let names: Vec<_> = disk.list(Path::new("/site")).unwrap().into_iter().map(|entry| entry.path).collect();
        assert_eq!(names, [Path::new("/site/a"), Path::new("/site/b")]);
        disk.deny_read("/site/a");
        assert_eq!(disk.list(Path::new("/site/a")).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn a_torn_append_leaves_part_of_it_and_a_dead_process() {
        let disk = MemDisk::new();
        disk.put("/j", "one\n");
        disk.fail_next(Fault::Torn(2));
        disk.append(Path::new("/j"), b"two\n").unwrap_err();
        assert!(disk.has_crashed());
        disk.read(Path::new("/j"), 99).unwrap_err();
        disk.revive();
        assert_eq!(disk.bytes("/j").unwrap(), b"one\ntw");
    }

    #[test]
    fn a_lock_whose_file_is_gone_or_another_one_is_not_in_place() {
        let disk = MemDisk::new();
        let path = Path::new("/run.lock");
        let first = disk.try_lock(path, "one").unwrap().unwrap();
        assert!(first.0.is_in_place().unwrap());
        disk.wipe(path);
        assert!(!first.0.is_in_place().unwrap());
        let second = disk.try_lock(path, "two").unwrap().unwrap();
        assert!(!first.0.is_in_place().unwrap() && second.0.is_in_place().unwrap());
        drop(first);
        assert_eq!(disk.try_lock(path, "three").unwrap().unwrap_err(), "two");
    }

    #[test]
    fn a_lock_is_free_after_its_holder_died() {
        let disk = MemDisk::new();
        let path = Path::new("/run.lock");
        let first = disk.try_lock(path, "one").unwrap().unwrap();
        assert_eq!(disk.try_lock(path, "two").unwrap().unwrap_err(), "one");
        disk.crash();
        disk.revive();
        let second = disk.try_lock(path, "two").unwrap().unwrap();
        drop(first);
        assert_eq!(disk.try_lock(path, "three").unwrap().unwrap_err(), "two");
        drop(second);
        assert!(disk.try_lock(path, "three").unwrap().is_ok());
    }
}
