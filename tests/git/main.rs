//! The record on a git remote: the library's own hands on bare repositories, and the real binary racing, dying
//! and starting again over them, against the sandbox over real HTTP.

#![cfg(unix)]
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise; their texts and pictures are small"
)]

mod branch;
mod by_hand;
mod checkout;
mod everyday;
#[path = "../actions/executable.rs"]
mod executable;
mod lost;
mod machine;
mod moved_on;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../it/project.rs"]
mod project;
mod races;
mod refusals;
mod repo;
