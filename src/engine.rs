//! Services that publish: each adapts its client to [`igsync_apply::Engine`].

pub mod instagram;

pub use instagram::Instagram;
