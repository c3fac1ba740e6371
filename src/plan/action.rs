//! What a plan can say about one post.

use crate::id::{AttemptId, PostKey};

/// The marks of a plan, in the order of their counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `+` Nothing recorded: apply creates containers and publishes.
    Publish,
    /// `^` Containers, an open attempt or a due comment exist: apply settles, then goes on.
    Resume(AttemptId),
    /// `=` Found live: apply records it and publishes nothing.
    Adopt,
    /// `>` The manifest has a new key: apply renames the record.
    Moved { from: PostKey },
    /// `@` Due in the future.
    Scheduled,
    /// `*` Published, then edited; Meta cannot change it.
    Edited,
    /// `-` The live post is to be deleted.
    Delete,
    /// `o` The manifest is gone, the post is live.
    Orphan,
    /// `z` Due for longer than `late_after`.
    Late,
    /// `e` `publish_until` has passed.
    Expired,
    /// `!` A complete settlement could not tell; blocked until resolved.
    Unknown,
    /// `x` Refused for its content and unchanged since.
    Failed,
}

impl Action {
    /// The mark in front of a line.
    #[must_use]
    pub fn mark(&self) -> char {
        match self {
            Self::Publish => '+',
            Self::Resume(_) => '^',
            Self::Adopt => '=',
            Self::Moved { .. } => '>',
            Self::Scheduled => '@',
            Self::Edited => '*',
            Self::Delete => '-',
            Self::Orphan => 'o',
            Self::Late => 'z',
            Self::Expired => 'e',
            Self::Unknown => '!',
            Self::Failed => 'x',
        }
    }

    /// The name in machine-readable output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Resume(_) => "resume",
            Self::Adopt => "adopt",
            Self::Moved { .. } => "moved",
            Self::Scheduled => "scheduled",
            Self::Edited => "edited",
            Self::Delete => "delete",
            Self::Orphan => "orphan",
            Self::Late => "late",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// The place in the order of the counts, from 0.
    #[must_use]
    pub fn position(&self) -> usize {
        match self {
            Self::Publish => 0,
            Self::Resume(_) => 1,
            Self::Adopt => 2,
            Self::Moved { .. } => 3,
            Self::Scheduled => 4,
            Self::Edited => 5,
            Self::Delete => 6,
            Self::Orphan => 7,
            Self::Late => 8,
            Self::Expired => 9,
            Self::Unknown => 10,
            Self::Failed => 11,
        }
    }

    /// Whether apply does something about it now.
    #[must_use]
    pub fn acts(&self) -> bool {
        match self {
            Self::Publish | Self::Resume(_) | Self::Adopt | Self::Moved { .. } => true,
            // Deleting wants a permission of its own, which no flag gives yet.
            Self::Delete
            | Self::Scheduled
            | Self::Edited
            | Self::Orphan
            | Self::Late
            | Self::Expired
            | Self::Unknown
            | Self::Failed => false,
        }
    }
}
