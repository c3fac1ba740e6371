//! What all of igsync shares: ids, text that is safe to show, findings and their rules, addresses, files as they are
//! asked for, what the creation of a post says, and a feed as it is read back. Values only: no network, no clock, no runtime. Internal to igsync.

pub mod content;
pub mod feed;
pub mod files;
pub mod finding;
pub mod id;
pub mod insights;
pub mod net;
pub mod path;
pub mod rules;
pub mod text;
