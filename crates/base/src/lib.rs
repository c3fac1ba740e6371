//! What all of igsync shares: ids, text that is safe to show, findings and their rules, addresses, files as they are
//! asked for, and what the creation of a post says. Values only: no network, no clock, no runtime. Internal to igsync.

pub mod content;
pub mod files;
pub mod finding;
pub mod id;
pub mod net;
pub mod path;
pub mod rules;
pub mod text;
