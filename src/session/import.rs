//! Live posts into the record and into manifests: what is to be written, where, and then writing it.

mod extras;
mod fetched;
mod files;
mod job;
mod media;
mod write;

pub(crate) use extras::{Wish, read_extras};
pub(crate) use fetched::{forget_note, parts};
pub(crate) use files::clear_leftovers;
pub(crate) use job::{Base, Disturbed, Job, Jobs, Order, default_place, draft, new_manifests};
pub(crate) use media::Fetcher;
pub(crate) use write::{Writing, alone, write};
