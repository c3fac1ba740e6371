//! A hostile pull request, server, browser or clock against the real binary: nothing outside the content root
//! changes, no foreign program starts, no secret is written, time and memory stay bounded.
//!
//! One file for each kind of door. Each attack is the smallest that worked once, with relatives of it.

#![cfg(unix)]
#![expect(unreachable_pub, clippy::unwrap_used, reason = "tests stop at the first surprise; their texts are small")]

#[allow(dead_code, reason = "each kind of door uses a part of it")]
mod attack;
mod browser;
mod files;
mod git;
#[allow(dead_code, reason = "each kind of door uses a part of it")]
mod liar;
mod limits;
mod matrix;
#[path = "../it/project.rs"]
#[allow(dead_code, clippy::cast_possible_truncation, reason = "shared with the other test binaries")]
mod project;
mod record;
mod runs;
mod secrets;
mod server;
#[path = "../hosting/servers.rs"]
#[allow(dead_code, reason = "shared with the tests of hosting")]
mod servers;
mod text;
mod time;
#[path = "../sdk/tools.rs"]
mod tools;
