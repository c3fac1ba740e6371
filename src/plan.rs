//! Posts and records in, a [`Plan`] out. Pure: no files, no network, no clock.

mod model;

pub use model::{Action, Change, Cost, Guard, GuardKind, Plan, Summary};
