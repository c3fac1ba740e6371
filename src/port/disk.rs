//! Files as igsync needs them.

use std::fmt;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// What a path is, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    File,
    Folder,
    Symlink,
    /// A pipe, socket or device.
    Other,
}

/// One `stat`, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: FileKind,
    /// In bytes.
    pub len: u64,
    /// Nanoseconds since the epoch.
    pub modified_ns: i128,
    /// Nanoseconds since the epoch of the last change of the inode; 0 where the system has none.
    pub changed_ns: i128,
    /// 0 where the system has none.
    pub inode: u64,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    pub kind: FileKind,
}

/// A file that can be read in pieces.
pub trait Access: Read + Seek + Send {}
impl<T: Read + Seek + Send> Access for T {}

/// Held while the value lives; the system drops it when the process dies.
pub struct RunLock(pub Box<dyn Held>);

/// A lock on a file.
pub trait Held: Send + Sync {
    /// Whether the file at the path is still the one that is locked. Where it is another one, or none, somebody else
    /// can hold a lock by the same name.
    fn is_in_place(&self) -> io::Result<bool>;
}

impl fmt::Debug for RunLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunLock")
    }
}

/// The file system. Every write names its durability: when [`Disk::append`] or [`Disk::replace`]
/// returns, the bytes survive a power cut.
pub trait Disk: Send + Sync {
    /// Reads a whole regular file. More than `limit` bytes is [`io::ErrorKind::FileTooLarge`].
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// Opens a regular file for reading in pieces.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>>;

    /// Links are not followed.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// The path with every link resolved.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// The entries of one folder, sorted by name.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Appends to a file, made when absent, and syncs it (and its folder, when made).
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to `len` bytes and syncs it.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;

    /// Replaces a file as a whole: temporary file beside it, sync, rename, sync of the folder.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Takes the advisory lock on `path` without waiting and writes `holder` into the file, which is at its path
    /// when the lock is held. When another process holds it, the inner error is what that process wrote.
    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>>;
}
