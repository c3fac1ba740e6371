//! Files that pass, made from files that do not: which are to be made, and how they get their names.
//!
//! A file is made beside its source and replaces nothing; then the manifests name it. Killed in between, the next run
//! finds it made.

mod job;
mod maker;
mod remaining;
mod repoint;
mod survey;

pub(crate) use job::{Left, Made, Outcome, State, Work, without};
pub(crate) use maker::make;
pub(crate) use remaining::remaining;
pub(crate) use repoint::{Repointed, repoint};
pub(crate) use survey::{Survey, survey};
