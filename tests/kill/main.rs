//! The real binary, killed for real: SIGKILL, signals, a disk that takes no more, two runs at once. The
//! sandbox's audit has the last word: every post is live once, and every recorded id is right.
//!
//! `IGSYNC_KILLS` sets how many runs are killed (220), `IGSYNC_KILL_SEED` where the moments begin.

#![cfg(unix)]
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise; their texts and pictures are small"
)]

mod audit;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../it/project.rs"]
mod project;
mod sigkill;
mod signals;
mod storage;
mod two_runs;
