//! The git command line: what it knows of the content root, and the record on a branch of a remote.
//! Knows no post, and nothing of Meta. Asked in `apply` only: a plan runs no command. `hosting` asks through it, too.

mod branch;
mod checkout;
mod command;
mod history;
mod local;
mod message;
mod outcome;
mod redact;
mod target;
mod tip;
mod tree;

pub use branch::Branch;
pub use checkout::Checkout;
pub use command::{Error, Git};
pub use history::History;
pub use local::Followed;
pub use message::Signature;
pub use target::Target;
pub use tip::Tip;
