//! Carries out a plan: containers, intent, publish, record. Publishes nothing the plan did not say.

mod account;
mod after;
mod announcement;
mod appointment;
mod attempt;
mod book;
mod budget;
pub mod by_hand;
mod cause;
mod context;
mod delete;
mod engine;
mod event;
mod evidence;
mod failure;
mod host;
mod ledger;
mod live;
mod live_check;
mod matching;
mod media;
pub mod missing;
mod orders;
mod outcome;
mod owed;
mod parallel;
mod poll;
mod prepare;
mod protocol;
mod publish;
mod quiet;
mod remote;
mod rename;
mod replan;
mod run;
mod settle;
mod signal;
mod signs;
mod stop;
#[cfg(test)]
mod testing;
mod waiting;
mod waits_for;

pub use account::{AccountRun, Agreed, FindPost, IsOrderedAway, Settlement, Setup, Waiting};
pub use appointment::{Lookout, Reread};
pub use cause::Cause;
pub use context::{Context, Waits};
pub use engine::{
    Address, Capabilities, Class, Comments, Deleting, Engine, Filled, Filling, Finishing, Listing, Made, Media,
    Observed, Part, Presence, Publishing, Quota, Reading, Refusal, Window,
};
pub use event::{Counts, Event, Observer, PostRef};
pub use failure::Failure;
pub use host::{Host, Proven, Prover, Trouble, Unhosted};
pub use ledger::Ledger;
pub use live_check::AddedAt;
pub use matching::Look;
pub use media::{Converting, LocalFiles, Located, MediaSource};
pub use outcome::{Outcome, Tally};
pub use prepare::{Judge, Proof};
pub use protocol::{Moment, Move, Protocol, Standing, Step};
pub use remote::{Pulled, Remote};
pub use run::{Report, Run, causes_of, has_open, has_work, idle_events};
pub use signal::{Signal, StopSignal, Stopper, channel as stop_channel};
pub use signs::{Signs, Witness};
pub use stop::{Halt, Stop};
pub use waits_for::WaitsFor;
