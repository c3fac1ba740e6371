//! Media files: what their bytes are, without knowing manifests or the network.

pub mod blob;
pub mod cache;
pub mod convert;
pub mod crop;
pub mod digest;
mod file;
pub mod index_first;
pub mod lfs;
pub mod probe;
pub mod rules;

pub use cache::{DigestCache, Hashed};
pub use digest::digest_file;
pub use file::{FileError, MediaFile};
