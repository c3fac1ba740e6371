//! Why a step ends early, and how far that reaches. `?` carries it to the loop that can continue without it: a post's
//! failure to the loop over posts, a halted account to the loop over accounts.

use super::cause::Cause;
use super::engine::{Class, Refusal};
use super::failure::Failure;
use super::host::Unhosted;

/// Why a step has no result.
#[derive(Clone, Debug)]
pub enum Stop {
    /// This post cannot continue; the others can.
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

    /// The end of an account's run because the service could not be asked.
    pub(super) fn unreachable(refusal: &Refusal) -> Self {
        Self::Account(Halt::unreachable(refusal))
    }

    /// What a refused step of one post says: the end of the account's run where it concerns the whole account.
    pub(super) fn refused(step: &str, refusal: &Refusal) -> Self {
        Halt::for_account(refusal).map_or_else(|| Self::Post(Failure::refused(step, refusal)), Self::Account)
    }

    /// What a host says that could not give a file its URL.
    pub(super) fn host(error: Unhosted) -> Self {
        let Unhosted { text: reason, help, is_shared } = error;
        if is_shared {
            Self::Account(Halt { cause: Cause::Incomplete, reason, help })
        } else {
            Self::Post(Failure::new(reason, help))
        }
    }
}

impl Halt {
    /// The branch from which the run was planned has new content.
    pub(super) fn moved_on() -> Self {
        Self {
            cause: Cause::MovedOn,
            reason: "the branch has moved on: it has new commits that change more than igsync.lock".to_owned(),
            help: "run apply on the newest commit; what was announced before has been published".to_owned(),
        }
    }

    /// The end of an account's run when the refusal concerns the whole account.
    pub fn for_account(refusal: &Refusal) -> Option<Self> {
        let cause = match refusal.class {
            Class::Later => Cause::Deferred,
            Class::Account => Cause::Account,
            Class::Content | Class::NewDraft | Class::NotReady | Class::Other => return None,
        };
        Some(Self { cause, reason: refusal.text.clone(), help: refusal.help.clone() })
    }

    /// The end of an account's run because the service could not be asked.
    pub fn unreachable(refusal: &Refusal) -> Self {
        let (reason, help) = (refusal.text.clone(), refusal.help.clone());
        Self::for_account(refusal).unwrap_or(Self { cause: Cause::Incomplete, reason, help })
    }
}
