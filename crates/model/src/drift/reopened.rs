//! Comments that are on again although a manifest says that they are off.

use std::collections::BTreeMap;

use crate::lockfile::{Record, Records, Stage, Switch};
use crate::manifest::{Post, PostState, caption_digest};
use igsync_base::feed::{Feed, LivePost};
use igsync_base::id::{MediaId, PostKey, UserId};

/// Live posts whose comments are on, and whose manifests by themselves say `comment_enabled: false`: by their keys, with
/// their media. Only where it is certain that the media is the post: nothing is ever sent to a post of somebody's that
/// was taken for it.
#[must_use]
pub fn reopened<'p>(
    user: &UserId,
    graph: Option<&str>,
    records: &Records,
    feed: &Feed,
    posts: impl IntoIterator<Item = &'p Post>,
) -> BTreeMap<PostKey, MediaId> {
    let closed = posts.into_iter().filter(|post| post.own_comment_enabled == Some(false));
    let closed =
        closed.filter(|post| post.user_id.as_ref() == Some(user) && !post.draft && post.state == PostState::Present);
    let mut reopened = BTreeMap::new();
    for post in closed {
        let Some(record) = records.effective(user, &post.key) else { continue };
        let is_ours = record.graph.as_deref() == graph;
        let Some(media) = record.certain_media().filter(|_| is_ours) else { continue };
        let Some(live) = feed.posts.iter().find(|live| live.id == *media) else { continue };
        let is_claimed = || {
            let mut others = records.iter().filter(|other| other.user_id == *user && other.key != post.key);
            others.any(|other| other.stage() != Stage::Forgotten && other.claimed_media() == Some(media))
        };
        if live.comment_enabled == Some(true) && is_it(post, record, live) && !is_claimed() {
            reopened.insert(post.key.clone(), media.clone());
        }
    }
    reopened
}

/// Whether manifest, record and live post speak of one post. A switch that is due is sent anyway.
fn is_it(post: &Post, record: &Record, live: &LivePost) -> bool {
    let is_due = record.live().is_some_and(|known| known.comment_switch == Some(Switch::Due));
    let is_of_kind = post.content.kind == record.kind && live.kind.is_none_or(|kind| kind == record.kind);
    let is_as_reviewed = caption_digest(&post.content.caption) == record.caption_digest;
    let is_shown = live.caption.as_deref().is_none_or(|caption| caption_digest(caption) == record.caption_digest);
    !is_due && is_of_kind && is_as_reviewed && is_shown
}
