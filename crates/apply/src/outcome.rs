//! How each post of a run ended, and what that makes of the run.

use std::collections::BTreeSet;

use igsync_base::id::{AccountName, MediaId, PostKey};
use igsync_model::lockfile::Record;

use super::cause::Cause;
use super::event::{Event, PostRef};
use super::failure::Failure;
use super::stop::Halt;

/// How one post ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    Published(Option<MediaId>),
    Adopted(MediaId),
    /// No longer live: it was these media.
    Deleted(MediaId),
    Failed(Failure),
    Unknown {
        reason: String,
    },
    /// Left for a later run by quota, rate limit or cap.
    Deferred {
        reason: String,
    },
    NotAttempted {
        reason: String,
    },
    /// Held back because someone wants nothing to be published, or nothing more by this run.
    Paused {
        reason: String,
    },
    /// Live by the hand of another machine, which has recorded it.
    Elsewhere {
        reason: String,
    },
    /// A publish was sent without a clear answer; the next run finds out before it sends anything.
    Unsettled {
        reason: String,
    },
    /// A deletion was sent without a clear answer; the next run finds out before it sends anything.
    PerhapsDeleted {
        reason: String,
    },
    /// The post is under way, nothing of it is live, and it was left as it is.
    Pending {
        reason: String,
    },
    /// What decides about the post has changed while its time was waited for. Nothing was sent, and the run looks again:
    /// this is no end.
    Changed,
}

impl Outcome {
    /// Nothing is lost: the record stays open.
    pub(super) fn undecided() -> Self {
        Self::Unsettled { reason: "it is not known yet whether it is live".to_owned() }
    }

    /// What is said of a post that a person has to decide about.
    pub fn unknown(record: &Record) -> Self {
        Self::Unknown { reason: record.reason().map(ToString::to_string).unwrap_or_default() }
    }

    /// What happens to a post that had not been begun when its account was halted.
    pub fn halted(halt: &Halt) -> Self {
        let reason = halt.reason.clone();
        match halt.cause {
            Cause::Deferred => Self::Deferred { reason },
            Cause::MovedOn => Self::Paused { reason },
            _ => Self::NotAttempted { reason },
        }
    }

    /// What it leaves to do.
    fn cause(&self) -> Option<Cause> {
        match self {
            Self::Published(_)
            | Self::Adopted(_)
            | Self::Deleted(_)
            | Self::Elsewhere { .. }
            | Self::Paused { .. }
            | Self::Changed => None,
            Self::Failed(_)
            | Self::NotAttempted { .. }
            | Self::Unsettled { .. }
            | Self::PerhapsDeleted { .. }
            | Self::Pending { .. } => Some(Cause::Incomplete),
            Self::Unknown { .. } => Some(Cause::Unknown),
            Self::Deferred { .. } => Some(Cause::Deferred),
        }
    }

    /// The fact to announce.
    pub fn event(&self, post: PostRef) -> Option<Event> {
        match self {
            Self::Published(media_id) => Some(Event::PostPublished { post, media_id: media_id.clone() }),
            Self::Adopted(media_id) => Some(Event::PostAdopted { post, media_id: media_id.clone() }),
            Self::Deleted(media_id) => Some(Event::PostDeleted { post, media_id: media_id.clone() }),
            Self::Failed(failure) => Some(Event::PostFailed {
                post,
                reason: failure.reason.clone(),
                code: failure.code,
                subcode: failure.subcode,
                fbtrace_id: failure.fbtrace_id.clone(),
                help: failure.help.clone(),
            }),
            Self::Unknown { reason } => {
                let key = post.key.argument();
                let help = format!(
                    "check the account, then record the outcome: `igsync resolve {key} --published` or \
                     `--not-published`"
                );
                Some(Event::PostUnknown { reason: reason.clone(), settles_itself: false, help, post })
            }
            Self::Unsettled { reason } => {
                let help = format!("run apply again, or only check: `igsync resolve {}`", post.key.argument());
                Some(Event::PostUnknown { reason: reason.clone(), settles_itself: true, help, post })
            }
            Self::PerhapsDeleted { reason } => {
                let help = "run apply again: it checks whether the post is gone before it sends anything".to_owned();
                Some(Event::PostUnknown { reason: reason.clone(), settles_itself: true, help, post })
            }
            Self::Changed => None,
            Self::Deferred { reason } => Some(Event::PostDeferred { post, reason: reason.clone() }),
            Self::NotAttempted { reason }
            | Self::Paused { reason }
            | Self::Pending { reason }
            | Self::Elsewhere { reason } => Some(Event::NotAttempted { post, reason: reason.clone() }),
        }
    }
}

/// The counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub published: usize,
    pub adopted: usize,
    pub deleted: usize,
    pub failed: usize,
    pub unknown: usize,
    pub unsettled: usize,
    pub deferred: usize,
    pub not_attempted: usize,
    pub moved: usize,
    /// Accounts that had posts, and no record of any.
    pub unrecorded: BTreeSet<AccountName>,
    /// Posts that have an outcome.
    pub ended: BTreeSet<(AccountName, PostKey)>,
    /// Why it is not done.
    pub causes: BTreeSet<Cause>,
}

impl Tally {
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Published(_) => self.published += 1,
            Outcome::Adopted(_) => self.adopted += 1,
            Outcome::Deleted(_) => self.deleted += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Unknown { .. } => self.unknown += 1,
            Outcome::Unsettled { .. } | Outcome::PerhapsDeleted { .. } => self.unsettled += 1,
            Outcome::Deferred { .. } => self.deferred += 1,
            Outcome::NotAttempted { .. }
            | Outcome::Paused { .. }
            | Outcome::Pending { .. }
            | Outcome::Elsewhere { .. } => {
                self.not_attempted += 1;
            }
            Outcome::Changed => {}
        }
        self.causes.extend(outcome.cause());
    }

    /// Adds another part of the same run.
    pub fn absorb(&mut self, other: &Self) {
        self.published += other.published;
        self.adopted += other.adopted;
        self.deleted += other.deleted;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.unsettled += other.unsettled;
        self.deferred += other.deferred;
        self.not_attempted += other.not_attempted;
        self.moved += other.moved;
        self.ended.extend(other.ended.iter().cloned());
        self.unrecorded.extend(other.unrecorded.iter().cloned());
        self.causes.extend(&other.causes);
    }

    /// Takes note of one more reason why the run is not done.
    pub fn end(&mut self, cause: Cause) {
        self.causes.insert(cause);
    }
}
