//! The only list of exit codes.

use std::process::{ExitCode, Termination};

use igsync_apply::{Cause, Signal};

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
    /// Some posts failed, are late, duplicates or were not attempted; everything that happened is recorded.
    Incomplete = 3,
    /// At least one outcome is unknown; that post is blocked until resolved.
    Unknown = 4,
    /// A guard refused.
    Refused = 5,
    /// Stale: not at the branch tip, or a saved plan or digest is outdated.
    Stale = 6,
    /// Another run holds the run lock.
    Locked = 7,
    /// Published, but the record could not be made durable on the remote.
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

    /// What it means to people.
    #[must_use]
    pub fn words(self) -> Words {
        let (meaning, next, who) = match self {
            Self::Done => ("done, or nothing to do", "nothing", "no one"),
            Self::Failure => (
                "an error, findings, or declined",
                "read the message; `igsync validate` shows findings",
                "the author of the post",
            ),
            Self::Changes => ("apply would act now (--detailed-exitcode)", "`igsync apply`", "no one"),
            Self::Incomplete => (
                "some posts failed, are late, duplicates or were not attempted",
                "`igsync plan` shows which, and what each needs",
                "the author of the post",
            ),
            Self::Unknown => (
                "the outcome of a post is unknown; it is blocked",
                "check the account, then run `igsync resolve KEY`",
                "someone who can check the account",
            ),
            Self::Refused => (
                "a guard refused before anything was sent",
                "the message names the flag that overrides it",
                "the reviewer",
            ),
            Self::Stale => (
                "not at the branch's tip, or the plan is outdated",
                "run again on the newest commit",
                "the person who re-ran an old job",
            ),
            Self::Locked => ("another run holds the run lock", "wait for it, or use --lock-timeout", "no one"),
            Self::RecordNotDurable => (
                "published, but the record could not be pushed",
                "run again: it recovers from what was pushed before",
                "the maintainer of the repository",
            ),
            Self::Account => (
                "a token or permission problem, or the account is restricted",
                "renew the token, or check the account in the Instagram app",
                "the owner of the account",
            ),
            Self::Deferred => {
                ("a quota, rate limit or cap is reached", "nothing: the rest goes out on a later run", "no one")
            }
            Self::Usage => ("the command line was not understood", "`igsync help`", "the author of the command"),
            Self::Interrupted => {
                let next = "run again: it continues where it stopped";
                ("interrupted, after a clean stop", next, "the person who stopped it")
            }
            Self::Terminated => {
                let next = "run again: it continues where it stopped";
                ("terminated, after a clean stop", next, "the person who stopped it")
            }
        };
        Words { meaning, next, who }
    }

    /// How a run ends that leaves this to do.
    #[must_use]
    pub fn of<'a>(causes: impl IntoIterator<Item = &'a Cause>) -> Self {
        causes.into_iter().map(|cause| Self::from(*cause)).reduce(Self::or).unwrap_or(Self::Done)
    }

    /// How a command ends that only reads: nothing was to be done that could be incomplete, so what could not be read is
    /// an error.
    #[must_use]
    pub fn of_reading(cause: Cause) -> Self {
        match Self::from(cause) {
            Self::Incomplete => Self::Failure,
            exit => exit,
        }
    }

    /// The stronger of two ends of one run. What ends a run before its first publish has no rank, and is not done.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let both = [self, other];
        let is_ranked = |exit: &Self| *exit != Self::Done && both.contains(exit);
        let unranked = || both.into_iter().find(|exit| *exit != Self::Done);
        Self::PRECEDENCE.into_iter().find(is_ranked).or_else(unranked).unwrap_or(Self::Done)
    }
}

/// An exit code in words: lower case, no full stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    pub meaning: &'static str,
    /// What to do; commands are in backticks and begin with `igsync`.
    pub next: &'static str,
    /// Whose turn it is.
    pub who: &'static str,
}

impl From<Cause> for Exit {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Incomplete | Cause::MovedOn => Self::Incomplete,
            Cause::Unknown => Self::Unknown,
            Cause::Deferred => Self::Deferred,
            Cause::Account => Self::Account,
            Cause::Asked(signal) => signal.into(),
            Cause::NotDurable => Self::RecordNotDurable,
            Cause::Unreadable => Self::Failure,
        }
    }
}

impl From<Signal> for Exit {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
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
        assert_eq!(Exit::Done.or(Exit::Done), Exit::Done);
        assert_eq!(Exit::Failure.or(Exit::Incomplete), Exit::Incomplete);
    }

    #[test]
    fn done_outranks_nothing() {
        for exit in Exit::ALL {
            assert_eq!((exit.or(Exit::Done), Exit::Done.or(exit)), (exit, exit));
        }
    }

    #[test]
    fn a_run_ends_for_the_strongest_of_its_causes() {
        assert_eq!(Exit::of(&[]), Exit::Done);
        assert_eq!(Exit::of(&[Cause::Unreadable]), Exit::Failure);
        assert_eq!(Exit::of(&[Cause::Incomplete, Cause::Deferred]), Exit::Deferred);
        assert_eq!(Exit::of(&[Cause::Asked(Signal::Terminate), Cause::Account]), Exit::Terminated);
        assert_eq!(Exit::of(&[Cause::Incomplete, Cause::Unknown, Cause::NotDurable]), Exit::RecordNotDurable);
    }
}
