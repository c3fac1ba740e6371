//! Carries out a plan: containers, intent, publish, record. Publishes nothing the plan did not say.

mod event;

pub use event::{Event, Observer, PostRef};
