//! Why git did not do what it was asked for.

use std::path::PathBuf;
use std::time::Duration;

use super::redact::shown;

/// Why git gave no usable answer. Texts are for people: without credentials, one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("cannot run git: {0}")]
    NotRun(String),
    #[error("git {command} gave no answer within {} s", limit.as_secs_f64())]
    TooLong { command: String, limit: Duration },
    #[error("git {command} printed more than igsync reads")]
    TooMuch { command: String },
    /// Git ended with an error.
    #[error("git {command}: {said}")]
    Failed { command: String, code: Option<i32>, said: String },
    #[error("git {command} printed something that igsync does not understand")]
    Unreadable { command: String },
    /// What lies in the content root or above it and only looks like a repository is none.
    #[error("not a git repository: no folder from the content root upwards contains a .git")]
    NoRepository,
    #[error("{}", shown(&format!("{} is not the repository of the content root: {why}", git_dir.display())))]
    NotItsRepository { git_dir: PathBuf, why: &'static str },
    #[error("{}", shown(&format!("filter \"{name}\" of git's configuration could not be switched off")))]
    Filter { name: String },
}
