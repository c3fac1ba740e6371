//! The record beyond this machine: one text that every machine can read, replaced by compare and swap.
//! A git branch is one such place; an object store with conditional writes is another.

use std::fmt;

use futures_util::future::BoxFuture;

/// Which text stands at the remote. Opaque: a commit id, an `ETag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands at the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub version: Version,
    /// The lockfile; `None` where there is none yet.
    pub text: Option<Vec<u8>>,
}

/// Why the remote did not take or give the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// Another machine was faster. Nothing was put: fetch, merge, put again.
    #[error("another run has pushed in the meantime")]
    Moved,
    /// Nothing was put, and asking again will not help: no permission, a protected branch, no such remote.
    #[error("{0}")]
    Refused(String),
    /// No answer. The text may have been put or not; the next [`Remote::fetch`] tells.
    #[error("{0}")]
    Unclear(String),
}

/// A place that keeps the record when this machine is gone.
pub trait Remote: Send + Sync {
    /// Reads what stands there now.
    fn fetch(&self) -> BoxFuture<'_, Result<Kept, RemoteError>>;

    /// Replaces the lockfile that stands at `over` by `text`, and changes nothing else there. When this
    /// returns a version, every later fetch of any machine sees the text or a successor.
    fn put<'a>(
        &'a self,
        over: &'a Version,
        text: &'a [u8],
        message: &'a str,
    ) -> BoxFuture<'a, Result<Version, RemoteError>>;
}
