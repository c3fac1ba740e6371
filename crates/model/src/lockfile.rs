//! What was published or is under way: records, how they merge, how they are written and kept.

mod change;
pub mod format;
#[cfg(test)]
mod git_tests;
mod json_schema;
mod merge;
mod reason;
mod record;
mod records;
mod run_lock;
#[cfg(test)]
pub(crate) mod samples;
mod store;

pub use change::{Base, Effect, RecordChange, Rewritten, changes};
pub use json_schema::json_schema;
pub use merge::merge;
pub use reason::Reason;
pub use record::{
    Accepted, Comment, Created, Deletion, DeletionOutcome, Deletions, Live, PublishIntent, RECORD_ONLY, Record,
    Refusal, Refused, Rest, Sending, Stage, State, Switch, Turn, Via,
};
pub use records::{Conflict, Records, effective, speaks_before};
pub use run_lock::{Holder, LockError, acquire};
pub use store::{Error, Ledger, Paths, Snapshot, read, text};
