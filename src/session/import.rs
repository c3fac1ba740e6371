//! Live posts into the record and into manifests: what is to be written, where, and then writing it.

mod files;
mod job;
mod media;
mod overlay;
mod write;

pub(crate) use job::{Base, Job, Jobs, Order, draft};
pub(crate) use media::Fetcher;
pub(crate) use write::{Writing, alone, write};
