//! What apply does about one post, and the mark under which a plan shows it.

use serde::{Deserialize, Serialize};

use igsync_base::id::PostKey;

/// What apply does about one post, or why it leaves it alone. Several of them can look alike to people: see
/// [`Action::mark`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Containers are made and published.
    Publish,
    /// The containers that exist are published, what is missing of them is made; nothing of them is live.
    Continue,
    /// A publish may have been sent: what it did is found out, and only then decided whether the post continues.
    Settle,
    /// The post is live, and its first comment or its comment switch is still due.
    Finish,
    /// The post is live, and its comments are on again although its manifest says that they are off.
    CloseComments,
    /// The post was found live: it is recorded, and nothing is published.
    Adopt,
    /// The manifest has a new key: the record is renamed.
    Move { from: PostKey },
    /// The live post is deleted.
    Delete,
    /// Left alone until its time.
    Wait,
    /// Left alone, whatever the time, until someone changes something.
    Hold(Why),
}

/// What the run of an account does about one post: no more than the plan has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Makes what is missing of its containers, and publishes.
    Publish,
    /// Finds out what an earlier publish did, and sends none.
    Settle,
    /// Sends the first comment and the comment switch that are due, and no publish.
    Finish,
    /// Switches comments off, and sends nothing else.
    CloseComments,
    /// Records what is live, and sends no publish.
    Adopt,
    /// Deletes the live post.
    Delete,
}

/// Why a post is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Published, then edited; Meta cannot change it.
    Edited,
    /// The manifest is gone, the post is live.
    Orphan,
    /// Due for longer than `late_after`.
    Late,
    /// `publish_until` has passed.
    Expired,
    /// A complete settlement could not decide whether it is live.
    Unknown,
    /// Refused for its content and unchanged since.
    Failed,
    /// It repeats another post of the account.
    Duplicate,
    /// Deleted, and its manifest still asks for it.
    Deleted,
    /// Its manifest orders to delete it, and the configuration or the command line does not allow that.
    Locked,
    /// Its manifest orders to delete it, and that cannot be done from here.
    Undeletable(Obstacle),
}

/// Why a live post cannot be deleted from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// Instagram Login has no deletion.
    Login,
    /// Stories are left to the app: they are gone after a day.
    Story,
    /// It is live, and not known as which media.
    NoId,
    /// Its media were found by comparing, and no person has confirmed them.
    Matched,
    /// The record of another post names the same media.
    Claimed,
    /// It is live twice, or may be.
    LiveTwice,
    /// The media that its record names are another post, or another account's.
    NotThatPost,
}

/// How a plan shows what it says about a post; the declaration order is the order of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    Publish,
    Resume,
    Adopt,
    Moved,
    Scheduled,
    Edited,
    Duplicate,
    Delete,
    Deleted,
    Orphan,
    Late,
    Expired,
    Unknown,
    Failed,
}

/// What apply may do with a post, now or later. Time alone changes it only when a post expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Now or later, begun or not.
    Publish,
    Delete,
    Move,
}

impl Action {
    #[must_use]
    pub fn mark(&self) -> Mark {
        match self {
            Self::Publish => Mark::Publish,
            Self::Continue | Self::Settle | Self::Finish | Self::CloseComments => Mark::Resume,
            Self::Adopt => Mark::Adopt,
            Self::Move { .. } => Mark::Moved,
            Self::Delete | Self::Hold(Why::Locked | Why::Undeletable(_)) => Mark::Delete,
            Self::Wait => Mark::Scheduled,
            Self::Hold(Why::Edited) => Mark::Edited,
            Self::Hold(Why::Orphan) => Mark::Orphan,
            Self::Hold(Why::Late) => Mark::Late,
            Self::Hold(Why::Expired) => Mark::Expired,
            Self::Hold(Why::Unknown) => Mark::Unknown,
            Self::Hold(Why::Failed) => Mark::Failed,
            Self::Hold(Why::Duplicate) => Mark::Duplicate,
            Self::Hold(Why::Deleted) => Mark::Deleted,
        }
    }

    /// Whether apply does something about it now.
    #[must_use]
    pub fn acts(&self) -> bool {
        match self {
            Self::Publish
            | Self::Continue
            | Self::Settle
            | Self::Finish
            | Self::CloseComments
            | Self::Adopt
            | Self::Move { .. }
            | Self::Delete => true,
            Self::Wait | Self::Hold(_) => false,
        }
    }

    /// `None`: no account's run has to do anything about it.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        match self {
            Self::Publish | Self::Continue => Some(Work::Publish),
            Self::Settle => Some(Work::Settle),
            Self::Finish => Some(Work::Finish),
            Self::CloseComments => Some(Work::CloseComments),
            Self::Adopt => Some(Work::Adopt),
            Self::Delete => Some(Work::Delete),
            Self::Move { .. } | Self::Wait | Self::Hold(_) => None,
        }
    }

    /// `None`: apply never does anything about it as things are.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Publish
            | Self::Continue
            | Self::Settle
            | Self::Finish
            | Self::CloseComments
            | Self::Adopt
            | Self::Wait
            | Self::Hold(Why::Late) => Some(Class::Publish),
            Self::Move { .. } => Some(Class::Move),
            Self::Delete => Some(Class::Delete),
            Self::Hold(
                Why::Edited
                | Why::Orphan
                | Why::Expired
                | Why::Unknown
                | Why::Failed
                | Why::Duplicate
                | Why::Deleted
                | Why::Locked
                | Why::Undeletable(_),
            ) => None,
        }
    }
}

impl Mark {
    /// In the order of the counts.
    pub const ALL: [Self; 14] = [
        Self::Publish,
        Self::Resume,
        Self::Adopt,
        Self::Moved,
        Self::Scheduled,
        Self::Edited,
        Self::Duplicate,
        Self::Delete,
        Self::Deleted,
        Self::Orphan,
        Self::Late,
        Self::Expired,
        Self::Unknown,
        Self::Failed,
    ];

    /// In front of a line.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Publish => '+',
            Self::Resume => '^',
            Self::Adopt => '=',
            Self::Moved => '>',
            Self::Scheduled => '@',
            Self::Edited => '*',
            Self::Duplicate => '2',
            Self::Delete => '-',
            Self::Deleted => 'd',
            Self::Orphan => 'o',
            Self::Late => 'z',
            Self::Expired => 'e',
            Self::Unknown => '!',
            Self::Failed => 'x',
        }
    }

    /// In machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Resume => "resume",
            Self::Adopt => "adopt",
            Self::Moved => "moved",
            Self::Scheduled => "scheduled",
            Self::Edited => "edited",
            Self::Duplicate => "duplicate",
            Self::Delete => "delete",
            Self::Deleted => "deleted",
            Self::Orphan => "orphan",
            Self::Late => "late",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

impl Class {
    /// In the digest of a plan.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Delete => "delete",
            Self::Move => "move",
        }
    }
}
