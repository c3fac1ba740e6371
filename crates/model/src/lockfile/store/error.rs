//! What can go wrong with the files that hold records.

use std::io;
use std::path::Path;

use miette::Diagnostic;
use thiserror::Error;

use crate::lockfile::format;
use igsync_base::files::Linked;

/// Why records could not be read or kept.
#[derive(Debug, Error, Diagnostic)]
pub enum Error {
    #[error("{path}: {problem}")]
    Unreadable {
        path: String,
        problem: format::Error,
        #[help]
        help: String,
    },
    #[error("{path} could not be {doing}")]
    Io {
        path: String,
        doing: &'static str,
        #[source]
        source: io::Error,
        #[help]
        help: String,
    },
    /// Exit 5.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Link(Linked),
    #[error("nothing more is recorded in this run, because an earlier record could not be saved")]
    #[diagnostic(help("free disk space or fix the folder, then run the same command again: it settles what is open"))]
    Poisoned,
}

impl Error {
    pub(in crate::lockfile) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        if let Some(linked) = Linked::of(&source) {
            return Self::Link(linked.clone());
        }
        let help = match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "make the folder writable for the user that runs igsync"
            }
            io::ErrorKind::StorageFull => "free some space, then run the same command again",
            io::ErrorKind::FileTooLarge => "igsync did not write this file; restore its last version",
            _ => "fix the cause, then run the same command again: nothing that was recorded is lost",
        };
        Self::Io { path: path.display().to_string(), doing, source, help: help.to_owned() }
    }
}
