//! The git command line: what it knows of the content root, and the record on a branch of a remote.
//! Knows no post, and nothing of Meta. A plan asks it offline, and only for `--base`, for the record on a branch of its
//! own, for what the index has, and for what it ignores. `hosting` asks through it, too.

mod arrivals;
mod branch;
mod bytes;
mod changes;
mod checkout;
mod command;
mod error;
mod history;
mod index;
mod local;
mod message;
mod outcome;
mod program;
mod redact;
mod repository;
mod target;
mod tip;
mod tracked;
mod tree;
mod versions;

pub use arrivals::ArrivalsError;
pub use branch::{Branch, Fetched};
pub use changes::{ChangesError, Fork};
pub use checkout::Checkout;
pub use command::Git;
pub use error::Error;
pub use history::History;
pub use index::Index;
pub use local::Followed;
pub use message::Signature;
pub use target::Target;
pub use tip::Tip;
pub use tracked::Ignored;
