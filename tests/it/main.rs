//! The real binary over real HTTP against the sandbox, in throw-away content roots.

mod apply;
mod bad_input;
mod commands;
mod lock;
mod project;
mod readme;
mod resolve;
mod structure;
