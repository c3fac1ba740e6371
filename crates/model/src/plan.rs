//! Posts and records in, a [`Plan`] out. Pure: no files, no network, no clock.

mod action;
mod branch;
mod change;
mod cost;
mod diff;
mod duplicates;
mod edited;
mod file;
mod forecast;
mod guard;
mod imported;
mod input;
mod model;
mod moves;
mod owed;
mod records;
mod reviewed;
mod selection;
mod shown;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod turns;
mod words;

pub use action::{Action, Class, Mark, Obstacle, Why, Work};
pub use diff::plan;
pub(crate) use edited::is_as_published;
pub use edited::{Edited, Part};
pub use file::{MARK as FILE_MARK, PlanFile, PlanItem, Unreadable, Unwritable};
pub use imported::copied_imports;
pub use input::{AccountView, Arrivals, Branch, Input, Options, Premises, Sighting};
pub use model::{
    Barrier, BranchEdit, Change, Cost, Forecast, Guard, GuardKind, Loss, Notice, NoticeKind, Plan, Repeats, Summary,
};
pub use owed::Owed;
pub use reviewed::{Mismatch, Reviewed};
pub use selection::Selection;
pub use shown::{Counts, Difference, Shown};
pub use words::Reworded;
