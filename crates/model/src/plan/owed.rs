//! What is sent to a post after it went live.

use crate::lockfile::{Comment, Live, Switch};
use crate::manifest::Post;

/// What a live post is still owed: by its manifest, which may have changed, and by its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// The first comment is to be sent, or what became of it to be found out.
    pub comment: bool,
    /// Comments are to be switched off.
    pub switch: bool,
}

impl Owed {
    #[must_use]
    pub fn of(post: &Post, live: &Live) -> Self {
        Self {
            // The comment's text is in the manifest alone: without it there is nothing to send.
            comment: post.first_comment.is_some() && matches!(live.comment, Some(Comment::Due | Comment::Intent)),
            switch: !post.comment_enabled && live.comment_switch == Some(Switch::Due),
        }
    }

    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}
