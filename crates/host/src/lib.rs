//! This machine: its files, its clock, and HTTP over real sockets. Internal to igsync.

pub mod address;
mod http;
mod real_clock;
mod real_disk;

pub use http::{HttpOptions, HttpTransport};
pub use real_clock::RealClock;
pub use real_disk::RealDisk;
