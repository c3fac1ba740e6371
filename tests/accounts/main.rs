//! Accounts, tokens, quota and errors: against the sandbox, with the real binary or on a virtual clock.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise; their texts and pictures are small"
)]

mod auth;
mod calls;
mod canary;
mod docs;
mod errors;
mod insights;
mod limits;
mod many;
mod mistakes;
#[path = "../it/project.rs"]
#[expect(dead_code, reason = "shared with the other test binary")]
mod project;
mod status;
mod virtual_run;
mod wait;
