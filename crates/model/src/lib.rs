//! Manifests, configuration, records and plans: values in, values out. What is read comes through
//! [`igsync_base::files::ReadDisk`], and records alone are written, through [`igsync_base::files::Disk`]. No network, no
//! clock, no runtime. Internal to igsync.

pub use igsync_base::feed;

pub mod config;
pub mod drift;
pub mod import;
pub mod insights;
pub mod lockfile;
pub mod manifest;
pub mod plan;
pub mod preview;
pub mod schedule;
pub mod yaml;
