//! Why a step ends early, and how far that reaches. `?` carries it to the loop that can go on without it: a post's
//! failure to the loop over posts, a halted account to the loop over accounts.

use super::outcome::Failure;
use super::signal::Signal;

/// Why a step has no result.
#[derive(Clone, Debug)]
pub enum Stop {
    /// This post can not go on; the others can.
    Post(Failure),
    /// Nothing more is sent for this account.
    Account(Halt),
    /// Nothing more is sent at all.
    Run(Halt),
}

/// Why nothing more is sent, for one account or for the whole run.
#[derive(Clone, Debug)]
pub struct Halt {
    pub cause: Cause,
    /// For people: lower case, no full stop.
    pub reason: String,
    pub help: String,
}

/// What is left to do after a run, and for whom. A run ends for several of them at once; a run without any is
/// done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A post failed or was not attempted, or disk, output, host or network did not do their part.
    Incomplete,
    /// Whether a post is live is not known.
    Unknown,
    /// Quota, rate limit or cap: the rest goes out on a later run.
    Deferred,
    /// Token, permission, or a restricted account.
    Account,
    /// Somebody asked the run to stop.
    Asked(Signal),
    /// Published, and the remote did not take the record of it.
    NotDurable,
    /// The record could not be read, so nothing was begun.
    Unreadable,
}

impl Stop {
    /// What halts the account, whatever reached its loop.
    pub fn into_halt(self) -> Halt {
        match self {
            Self::Post(failure) => Halt { cause: Cause::Incomplete, reason: failure.reason, help: failure.help },
            Self::Account(halt) | Self::Run(halt) => halt,
        }
    }

    /// Names the carousel item, from 1, where the post is what failed.
    #[must_use]
    pub fn in_item(self, number: usize) -> Self {
        match self {
            Self::Post(failure) => Self::Post(failure.in_item(number)),
            halted => halted,
        }
    }
}
