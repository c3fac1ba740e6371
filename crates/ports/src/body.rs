//! What a request carries.

use std::fmt;
use std::sync::Arc;

use igsync_base::files::Access;

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
        progress: Option<Progress>,
    },
}

/// Called with the bytes that were passed on so far.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes { bytes, .. } => write!(f, "Bytes({})", bytes.len()),
            Self::Stream { len, .. } => write!(f, "Stream({len})"),
        }
    }
}
