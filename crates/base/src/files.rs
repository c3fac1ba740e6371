//! Files as igsync needs them: what reads them asks for a [`ReadDisk`], what writes them for a [`Disk`].

mod links;

use std::error::Error;
use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::text::quoted;

pub use links::{named, named_from, refuse_links};

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
    /// Whether the file at the path is still the one that is locked. Where it is another one, or none, someone else
    /// can hold a lock by the same name.
    fn is_in_place(&self) -> io::Result<bool>;
}

impl fmt::Debug for RunLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunLock")
    }
}

/// A symbolic link on a path where none is followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{} is a symbolic link", path.display())]
#[diagnostic(help(
    "igsync never follows a link here, whatever its target; delete it with `rm {0}`, and with `git rm --cached {0}` where git tracks it",
    quoted(&path.to_string_lossy())
))]
pub struct Linked {
    /// The link itself: the path that was asked for, or a folder on the way to it.
    pub path: PathBuf,
}

impl Linked {
    /// The link that an error, or a cause of it, is about.
    #[must_use]
    pub fn of<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Self> {
        let inner = || error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref();
        let found = error.downcast_ref().or_else(inner);
        found.or_else(|| Self::of(error.source()?))
    }
}

impl From<Linked> for io::Error {
    fn from(linked: Linked) -> Self {
        Self::new(io::ErrorKind::InvalidInput, linked)
    }
}

/// The file system, to be read.
///
/// No method but [`ReadDisk::canonicalize`] follows a symbolic link, at any level of a path: what a branch brings
/// must not choose which file is read. Such a path is an error that holds a [`Linked`]. Paths come from a content
/// root, or a file that the user named, which was canonicalized once.
pub trait ReadDisk: Send + Sync {
    /// Reads a whole regular file; what is none is not opened for ever. More than `limit` bytes is [`io::ErrorKind::FileTooLarge`].
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// Opens a regular file for reading in pieces.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>>;

    /// What a path is; a link at its end is [`FileKind::Symlink`].
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// The path with every link resolved. For what the user named; never for a path that a file of the content
    /// root holds.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// What a symbolic link holds, which is not followed; no disk needs to have links.
    fn target(&self, _link: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The entries of one folder, sorted by name.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;
}

/// Puts the bytes of a file into what it is given.
pub type Fill<'f> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'f;

/// The file system, to be written, too. Every write names its durability: when [`Disk::append`],
/// [`Disk::replace`] or [`Disk::create`] returns, the bytes survive a power cut. No write follows a symbolic link, as
/// no read does.
pub trait Disk: ReadDisk {
    /// Whether a write takes long enough to hold other work up: then it is done on a thread of its own.
    fn is_slow(&self) -> bool {
        true
    }

    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Appends to a file, made when absent, and syncs it (and its folder, when made).
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to `len` bytes and syncs it.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;

    /// Replaces a file as a whole: temporary file beside it, sync, rename, sync of the folder.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Makes a file of a name that nothing has, in pieces: temporary file beside it, sync, rename without replacing,
    /// sync of the folder. [`io::ErrorKind::AlreadyExists`] where something has that name by then. Of a file that
    /// `fill` fails to write nothing is left.
    fn create(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Takes the advisory lock on `path` without waiting and writes `holder` into the file, which is at its path
    /// when the lock is held. When another process holds it, the inner error is what that process wrote.
    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>>;
}
