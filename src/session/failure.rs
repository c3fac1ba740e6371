//! Why a command ended early.

use crate::exit::Exit;
use igsync_apply::Halt;
use igsync_base::files::Linked;
use igsync_model::lockfile;

/// Why a command ended early, ready to be shown.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub report: miette::Report,
}

impl Failure {
    pub fn new(exit: Exit, error: impl Into<miette::Report>) -> Self {
        Self { exit, report: error.into() }
    }

    /// A failure that is a sentence and a remedy.
    pub fn message(exit: Exit, message: impl std::fmt::Display, help: impl std::fmt::Display) -> Self {
        Self::new(exit, miette::miette!(help = help.to_string(), "{message}"))
    }

    /// A file that cannot be used, said in these words, unless a link is in the way: that is refused.
    pub(crate) fn of_file(
        error: &(dyn std::error::Error + 'static),
        message: impl std::fmt::Display,
        help: impl std::fmt::Display,
    ) -> Self {
        match Linked::of(error) {
            Some(linked) => linked.clone().into(),
            None => Self::message(Exit::Failure, message, help),
        }
    }

    /// A run that ended before anything was published.
    pub(crate) fn halted(halt: Halt) -> Self {
        Self::message(halt.cause.into(), halt.reason, halt.help)
    }
}

impl<E: Into<miette::Report>> From<E> for Failure {
    fn from(error: E) -> Self {
        let report = error.into();
        let exit = if is_about_a_link(&report) { Exit::Refused } else { Exit::Failure };
        Self { exit, report }
    }
}

fn is_about_a_link(report: &miette::Report) -> bool {
    use lockfile::{Error, LockError};
    // These two represent what they hold: as causes it would be said twice.
    let is_kept = matches!(report.downcast_ref(), Some(Error::Link(_)))
        || matches!(report.downcast_ref(), Some(LockError::Store(Error::Link(_))));
    is_kept || Linked::of(report.as_ref()).is_some()
}
