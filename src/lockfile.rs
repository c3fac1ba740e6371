//! What was published or is under way: records, how they merge, how they are written and kept.

mod record;

pub use record::{Comment, Created, PublishIntent, Record, Refusal, State, Switch, Via};
