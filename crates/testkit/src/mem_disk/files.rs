//! The tree of files behind [`super::MemDisk`]: resolving paths, and one durable write with its faults.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Call, Fault, FileKind, Write};
use igsync_base::files::Linked;

#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// By path from the root, without `.` and `..`; the root itself is not listed.
    pub(super) nodes: BTreeMap<PathBuf, Node>,
    pub(super) ticks: u64,
    pub(super) crashed: bool,
    pub(super) writes: Vec<Write>,
    /// By the index of the write.
    pub(super) faults: BTreeMap<usize, Fault>,
    pub(super) unreadable: BTreeSet<PathBuf>,
    pub(super) read_only: BTreeSet<PathBuf>,
    /// By inode.
    pub(super) locks: BTreeMap<u64, u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) modified_ns: i128,
    pub(super) changed_ns: i128,
    pub(super) inode: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    File(Arc<[u8]>),
    Folder,
    Symlink(PathBuf),
    Other,
}

impl Files {
    /// Runs one durable write through the faults. `effect` is told how many of `len` bytes land.
    pub(super) fn write(
        &mut self,
        call: Call,
        path: &Path,
        len: usize,
        effect: impl FnOnce(&mut Self, PathBuf, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let fault = self.faults.remove(&self.writes.len());
        self.writes.push(Write { call, path: path.to_owned(), len });
        match fault {
            Some(Fault::Error(kind)) => return Err(kind.into()),
            Some(Fault::CrashBefore) => return Err(self.crash()),
            _ => {}
        }
        let path = self.unlinked(path, call == Call::Remove)?;
        self.check_writable(&path)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        if call != Call::CreateFolder && !parent.as_os_str().is_empty() && !self.nodes.contains_key(parent) {
            return Err(ErrorKind::NotFound.into());
        }
        let landed = match fault {
            Some(Fault::Torn(bytes)) => bytes.min(len),
            Some(Fault::DiskFull) => len / 2,
            _ => len,
        };
        effect(self, path, landed)?;
        match fault {
            Some(Fault::SyncFailed) => Err(io::Error::other("syncing failed")),
            Some(Fault::DiskFull) => Err(ErrorKind::StorageFull.into()),
            Some(Fault::CrashAfter | Fault::Torn(_)) => Err(self.crash()),
            _ => Ok(()),
        }
    }

    pub(super) fn crash(&mut self) -> io::Error {
        self.crashed = true;
        self.locks.clear();
        io::Error::other("the process died here")
    }

    pub(super) fn set(&mut self, path: PathBuf, content: Content) {
        // A tick is a whole second, so that times differ on every file system's scale.
        self.ticks += 1;
        let now = i128::from(self.ticks) * 1_000_000_000;
        let inode = self.nodes.get(&path).map_or(self.ticks + 1, |node| node.inode);
        self.nodes.insert(path, Node { content, modified_ns: now, changed_ns: now, inode });
    }

    /// Of what is at a path without links.
    pub(super) fn inode(&self, path: &Path) -> Option<u64> {
        self.nodes.get(path).map(|node| node.inode)
    }

    pub(super) fn add_folders(&mut self, path: &Path) {
        let mut folder = PathBuf::new();
        for part in path.components() {
            folder.push(part);
            if !self.nodes.contains_key(&folder) {
                self.set(folder.clone(), Content::Folder);
            }
        }
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let path = self.unlinked(path, false)?;
        self.check_readable(&path)?;
        match self.nodes.get(&path).map(|node| &node.content) {
            Some(Content::File(bytes)) => Ok(Arc::clone(bytes)),
            Some(_) => Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn old_bytes(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        match self.nodes.get(path).map(|node| &node.content) {
            Some(Content::File(bytes)) => Ok(Arc::clone(bytes)),
            Some(_) => Err(ErrorKind::IsADirectory.into()),
            None => Ok(Arc::from([])),
        }
    }

    pub(super) fn check_readable(&self, path: &Path) -> io::Result<()> {
        if self.unreadable.contains(path) { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }

    pub(super) fn check_writable(&self, path: &Path) -> io::Result<()> {
        let denied = self.read_only.iter().any(|folder| path.starts_with(folder));
        if denied { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }

    /// The path without `.` and `..`; no part of it is a link, but for the last where `may_end` allows it. What
    /// it names may not exist.
    pub(super) fn unlinked(&self, path: &Path, may_end: bool) -> io::Result<PathBuf> {
        let mut done = PathBuf::new();
        let mut parts = parts(path).peekable();
        while let Some(part) = parts.next() {
            if part == ".." {
                done.pop();
                continue;
            }
            done.push(&part);
            let is_last = parts.peek().is_none();
            match self.nodes.get(&done).map(|node| &node.content) {
                Some(Content::Symlink(_)) if !(is_last && may_end) => {
                    return Err(Linked { path: Path::new("/").join(done) }.into());
                }
                Some(Content::File(_) | Content::Other) if !is_last => return Err(ErrorKind::NotADirectory.into()),
                _ => {}
            }
        }
        Ok(done)
    }

    /// The path without links, `.` and `..`; the last part may not exist.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut todo: VecDeque<OsString> = parts(path).collect();
        let mut done = PathBuf::new();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            if part == ".." {
                done.pop();
                continue;
            }
            done.push(&part);
            match self.nodes.get(&done).map(|node| &node.content) {
                Some(Content::Symlink(target)) => {
                    links += 1;
                    if links > 40 {
                        return Err(io::Error::other("too many links"));
                    }
                    done =
                        if target.is_absolute() { PathBuf::new() } else { done.parent().unwrap_or(&done).to_owned() };
                    for part in parts(target).collect::<Vec<_>>().into_iter().rev() {
                        todo.push_front(part);
                    }
                }
                Some(Content::File(_) | Content::Other) if !todo.is_empty() => {
                    return Err(ErrorKind::NotADirectory.into());
                }
                _ => {}
            }
        }
        Ok(done)
    }
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    })
}

pub(super) fn plain(path: &Path) -> PathBuf {
    parts(path).collect()
}

pub(super) fn kind_of(content: &Content) -> FileKind {
    match content {
        Content::File(_) => FileKind::File,
        Content::Folder => FileKind::Folder,
        Content::Symlink(_) => FileKind::Symlink,
        Content::Other => FileKind::Other,
    }
}
