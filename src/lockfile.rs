//! What was published or is under way: records, how they merge, how they are written and kept.

pub mod format;
mod merge;
mod record;
mod records;
#[cfg(test)]
pub(crate) mod samples;

pub use merge::merge;
pub use record::{Comment, Created, PublishIntent, Record, Refusal, State, Switch, Via};
pub use records::{Conflict, Records, effective};
