//! What the tests of several members share: a disk in memory that fails on purpose, and small media files.

#![expect(clippy::unwrap_used, reason = "only tests use it")]

mod captured;
pub mod media;
pub mod mem_disk;

pub use captured::Captured;
pub use mem_disk::MemDisk;

/// A folder for one test. Its path holds no link, as that of the system's own may.
#[must_use]
pub fn temporary_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(std::env::temp_dir().canonicalize().unwrap()).unwrap()
}
