//! Carries out a plan: containers, intent, publish, record. Publishes nothing the plan did not say.

mod account;
mod after;
mod announce;
mod announcement;
mod attempt;
mod budget;
pub mod by_hand;
mod containers;
mod content;
mod context;
mod event;
mod live;
mod matching;
mod media;
mod outcome;
mod place;
mod poll;
mod protocol;
mod prove;
mod publish;
mod quiet;
mod remote;
mod rename;
mod run;
mod settle;
mod sighting;
mod stop;
#[cfg(test)]
mod testing;
mod waiting;

pub use account::{AccountRun, AddedAt, FindPost, Settlement, Work};
pub use context::{Halt, Shared, Waits};
pub use event::{Event, Observer, PostRef};
pub use matching::Look;
pub use media::{Converting, Located, MediaSource};
pub use outcome::{Failure, Outcome, Tally};
pub use protocol::{Moment, Move, Protocol, Reading, Standing, Step};
pub use prove::{Judge, Proof};
pub use run::{Report, Run, exit_of, has_open, has_work, idle_events, is_work};
pub use stop::{Stop, Stopper, channel as stop_channel};
pub use waiting::WaitsFor;
