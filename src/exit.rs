//! The only list of exit codes.

use std::process::{ExitCode, Termination};

/// How a run ended. Of several that hold, `apply` reports the first of [`Exit::PRECEDENCE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Error, findings, or declined.
    Failure = 1,
    /// Only with `--detailed-exitcode`: success, and `apply` would act now.
    Changes = 2,
    /// Some posts failed, are late or were not attempted; everything that happened is recorded.
    Incomplete = 3,
    /// At least one outcome is unknown; that post is blocked until resolved.
    Unknown = 4,
    /// A guard refused.
    Refused = 5,
    /// Stale: not at the branch tip, or a saved plan or digest is outdated.
    Stale = 6,
    /// Another run holds the run lock.
    Locked = 7,
    /// Published, but the record could not be made durable at the remote.
    RecordNotDurable = 8,
    /// Token or permission problem, or the account is restricted.
    Account = 9,
    /// Quota, rate limit or cap reached; the rest goes out on a later run.
    Deferred = 10,
    /// Wrong usage of the command line.
    Usage = 64,
    /// Interrupted (SIGINT), after a clean stop.
    Interrupted = 130,
    /// Terminated (SIGTERM), after a clean stop.
    Terminated = 143,
}

impl Exit {
    pub const ALL: [Self; 14] = [
        Self::Done,
        Self::Failure,
        Self::Changes,
        Self::Incomplete,
        Self::Unknown,
        Self::Refused,
        Self::Stale,
        Self::Locked,
        Self::RecordNotDurable,
        Self::Account,
        Self::Deferred,
        Self::Usage,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// Which exit wins when a run that published ends for several reasons.
    pub const PRECEDENCE: [Self; 8] = [
        Self::RecordNotDurable,
        Self::Unknown,
        Self::Interrupted,
        Self::Terminated,
        Self::Account,
        Self::Deferred,
        Self::Incomplete,
        Self::Done,
    ];

    /// The stronger of two ends of one run.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::PRECEDENCE.into_iter().find(|exit| [self, other].contains(exit)).unwrap_or(self)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_outranks_a_failure() {
        assert_eq!(Exit::Incomplete.or(Exit::Unknown), Exit::Unknown);
        assert_eq!(Exit::Done.or(Exit::Deferred), Exit::Deferred);
        assert_eq!(Exit::Account.or(Exit::Interrupted), Exit::Interrupted);
    }
}
