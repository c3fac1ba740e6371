//! What is left to do after a run, as a type: exit codes are made of it elsewhere.

use super::signal::Signal;

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
    /// Someone asked the run to stop.
    Asked(Signal),
    /// Published, and the remote did not take the record of it.
    NotDurable,
    /// The record could not be read, so nothing was begun.
    Unreadable,
    /// A newer commit is there, whose own run publishes what this one was waiting for.
    MovedOn,
}
