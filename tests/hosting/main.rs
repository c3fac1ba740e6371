//! One content repository through each kind of hosting, against a sandbox that does not host by itself,
//! and a real S3 server that checks every signature.
//!
//! A program that is missing is a visible skip, and a failure where `IGSYNC_TEST_REQUIRE_TOOLS` is set.
//! `IGSYNC_S3_SERVER` names the `s3s-fs` binary; otherwise it is looked for on the path.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise; their texts are small"
)]

mod content;
#[path = "../actions/executable.rs"]
mod executable;
mod git;
mod program;
#[path = "../it/project.rs"]
#[expect(dead_code, reason = "shared with the other test binary")]
mod project;
mod servers;
mod store;
mod store_trouble;
mod ways;
