//! One sitting over a content root: what its files say, which accounts can act, where its record is.
//!
//! Everything that several commands need before they can do their work. It returns values, and as [`Note`]s what a
//! person should know; it writes to no terminal and knows no command line.

pub(crate) mod arrivals;
pub(crate) mod base;
pub(crate) mod branch;
pub(crate) mod connect;
pub(crate) mod credentials;
pub(crate) mod draw;
pub(crate) mod drift;
pub(crate) mod expiry;
mod failure;
pub(crate) mod fix;
mod github;
mod hosts;
pub(crate) mod import;
pub(crate) mod insights;
pub(crate) mod load;
mod note;
pub(crate) mod output;
mod overlay;
mod place;
mod ports;
pub(crate) mod preview;
mod private;
pub(crate) mod project;
pub(crate) mod record;
pub(crate) mod reviewed;
pub(crate) mod root;
pub(crate) mod run_lock;
pub(crate) mod subject;
#[cfg(test)]
mod testing;
pub(crate) mod token;
pub(crate) mod wording;

pub use failure::Failure;
pub use note::Note;
pub use ports::{Ports, Random};

pub(crate) use note::Noted;
pub(crate) use place::{Place, relative};
