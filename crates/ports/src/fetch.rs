//! Reading a public file as a stranger would: a body in pieces, and only from where a stranger could.

use std::net::IpAddr;
use std::ops::ControlFlow;

use super::{Response, TransportError};

/// Takes a body piece by piece, and says whether the rest is wanted.
pub type Sink<'a> = &'a mut (dyn FnMut(&[u8]) -> ControlFlow<()> + Send);

/// An answer whose body went to a [`Sink`].
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Status and headers; the body is empty.
    pub head: Response,
    /// Whether the body came to its end, or the sink had enough.
    pub body: Result<(), TransportError>,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// The host's name, or the URL itself, represents an address that no stranger can reach.
    #[error("the host is at {0}, which cannot be reached from outside")]
    Private(IpAddr),
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// The file that a URL must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// 64 hex digits.
    pub sha256: String,
    /// In bytes.
    pub len: u64,
}

/// What Meta is asked to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub url: String,
    /// `None`: the file is not here.
    pub expected: Option<Expected>,
    pub is_video: bool,
}
