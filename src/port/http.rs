//! Requests over real sockets.

use std::fmt;
use std::sync::Arc;

use super::Access;

/// What a request carries.
pub enum Body {
    Empty,
    Bytes {
        content_type: &'static str,
        bytes: Vec<u8>,
    },
    /// `len` bytes from where `source` stands, sent with constant memory and an explicit length.
    Stream {
        content_type: &'static str,
        source: Box<dyn Access>,
        len: u64,
        /// Told how many bytes of this body were handed to the socket so far.
        progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes { bytes, .. } => write!(f, "Bytes({})", bytes.len()),
            Self::Stream { len, .. } => write!(f, "Stream({len})"),
        }
    }
}

/// reqwest with every convenience that would act behind our back switched off.
#[derive(Debug)]
pub struct HttpTransport;
