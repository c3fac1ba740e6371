//! The real binary over real HTTP against the sandbox, in throw-away content roots.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise; their texts and pictures are small"
)]

mod adopt;
mod apply;
mod bad_input;
mod commands;
mod delete;
mod drift;
#[cfg(unix)]
mod edited;
mod endings;
mod golden;
mod import;
mod lock;
mod media;
mod ports;
mod preview;
mod project;
mod protocol;
mod queue;
mod readme;
mod refresh;
mod refused;
mod resolve;
mod reviewed;
mod structure;
mod upload;
