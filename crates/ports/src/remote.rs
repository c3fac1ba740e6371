//! How the place answers that keeps the record when this machine is gone: a git branch, or an object store with
//! conditional writes.

use std::fmt;

/// Which record is on the remote. Opaque: a commit id, an `ETag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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
    /// No answer. The text may have been put or not; the next read shows it.
    #[error("{0}")]
    Unclear(String),
    /// What is there is no record, for this reason.
    #[error("{0}")]
    Damaged(String),
}

impl RemoteError {
    /// How the text of an [`RemoteError::Unclear`] begins where the remote itself said no, perhaps for the moment.
    pub const DECLINED: &'static str = "the remote declined the push";

    /// Whether the remote itself said no, so that someone who maintains it has to change something.
    #[must_use]
    pub fn is_declined(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Unclear(text) => text.starts_with(Self::DECLINED),
            Self::Moved | Self::Damaged(_) => false,
        }
    }
}
