//! Services that publish: each adapts its client to [`crate::apply::Engine`].

pub mod instagram;

pub use instagram::Instagram;
