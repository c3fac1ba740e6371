//! What a change costs: containers, publishes and calls to the Graph API.

use super::model::Cost;
use crate::lockfile::{Comment, Live, Record, Switch};
use crate::manifest::{Item, MediaType, Post};
use igsync_base::id::Kind;

/// Once per run and account that publishes: listings before and after, quota, who the token is.
pub(super) const CALLS_PER_ACCOUNT: u64 = 5;

/// Reads of a video container's status while Meta works on it for a minute.
const POLLS_PER_VIDEO: u64 = 3;

/// From nothing to published.
pub(super) fn publish(post: &Post) -> Cost {
    let containers = containers(post);
    let after = u64::from(post.first_comment.is_some()) + u64::from(!post.comment_enabled);
    Cost { containers, publishes: 1, calls: containers + polls(post) + 1 + after, media_bytes: 0 }
}

/// From the containers that exist to published.
pub(super) fn go_on(post: &Post, record: &Record) -> Cost {
    let whole = publish(post);
    let made = record.children.len() + usize::from(record.container.is_some());
    let made = u64::try_from(made).unwrap_or(u64::MAX).min(whole.containers);
    // One read of the container's status replaces what was made already.
    let read = u64::from(made > 0 && polls(post) == 0);
    Cost { containers: whole.containers - made, calls: whole.calls - made + read, ..whole }
}

/// Finding out what an open attempt did.
pub(super) fn settle() -> Cost {
    calls(1)
}

/// What is left to do after publishing.
pub(super) fn enrich(live: &Live) -> Cost {
    let comment = match live.comment {
        Some(Comment::Due) => 1,
        // Two looks at the comments.
        Some(Comment::Intent) => 2,
        Some(Comment::Unknown | Comment::Failed | Comment::Done) | None => 0,
    };
    let switch = u64::from(live.comment_switch == Some(Switch::Due));
    calls(comment + switch)
}

/// Switching comments off.
pub(super) fn close_comments() -> Cost {
    calls(1)
}

/// Finding out what an announced deletion did: the post itself, the listing and another post, twice.
pub(super) fn settle_deletion() -> Cost {
    calls(6)
}

/// Reading which post the media are, and the deletion.
pub(super) fn delete() -> Cost {
    calls(2)
}

fn calls(calls: u64) -> Cost {
    Cost { calls, ..Cost::default() }
}

fn containers(post: &Post) -> u64 {
    match post.content.kind {
        Kind::Image | Kind::Reel | Kind::Story => 1,
        Kind::Carousel => u64::try_from(post.content.items.len()).unwrap_or(u64::MAX).saturating_add(1),
    }
}

fn polls(post: &Post) -> u64 {
    let is_video = |item: &&Item| item.media_type == MediaType::Video;
    let videos = u64::try_from(post.content.items.iter().filter(is_video).count()).unwrap_or(u64::MAX);
    match post.content.kind {
        // Pictures are judged by their carousel alone; each video is read as well, those after the first once at least.
        Kind::Carousel if videos == 0 => 1,
        Kind::Carousel => POLLS_PER_VIDEO.saturating_add(videos - 1),
        Kind::Image => 0,
        Kind::Story if videos == 0 => 0,
        Kind::Reel | Kind::Story => POLLS_PER_VIDEO,
    }
}
