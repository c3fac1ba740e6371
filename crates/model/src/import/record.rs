//! What is recorded of a live post.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::lockfile::{Created, Live, Record, State, Switch, Via};
use crate::manifest::{Post, caption_digest, digest};
use igsync_base::feed::LivePost;
use igsync_base::id::{AccountName, AttemptId, Digest, MediaId, PartId, PostKey, UserId};

/// A live post of an account, as it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub live: &'a LivePost,
    pub user_id: &'a UserId,
    pub account: &'a AccountName,
    /// The Graph base URL, when it is not Meta's.
    pub graph: Option<&'a str>,
}

impl Found<'_> {
    /// The record of the post as itself; `None`: it is of a kind that igsync does not know. No comment and no switch is
    /// ever due by it.
    #[must_use]
    pub fn record(&self, key: &PostKey, attempt: AttemptId) -> Option<Record> {
        let Self { live, user_id, account, graph } = self;
        let slides = live.children.iter().flatten();
        let slide = |id: &MediaId| Created { id: PartId::new(id.as_str()), created_at: None };
        let state = State::Published(Live {
            media_id: Some(live.id.clone()),
            permalink: live.permalink.clone(),
            published_at: live.at.map(whole),
            via: Some(Via::Imported),
            // Were they switched on, that is a change.
            comment_switch: (live.comment_enabled == Some(false)).then_some(Switch::Done),
            ..Live::default()
        });
        Some(Record {
            state,
            caption_digest: live.caption.as_deref().and_then(caption_digest),
            children: slides.map(|child| slide(&child.id)).collect(),
            graph: graph.map(str::to_owned),
            ..Record::new(key.clone(), (*user_id).clone(), (*account).clone(), live.kind?, attempt)
        })
    }

    /// The same with what its manifest says. `has_bytes`: its media are here, as the service has encoded them.
    #[must_use]
    pub fn described(&self, record: Record, post: &Post, has_bytes: bool) -> Record {
        Record {
            digest: post.digest.clone(),
            media_digest: post.media_digest.clone(),
            caption_digest: caption_digest(&post.content.caption),
            own_digest: post.whole_own_digest().map(Box::new),
            media: post.files.clone(),
            file: Some(post.file.to_string()),
            reencoded: has_bytes,
            ..record
        }
    }
}

/// Meta's times have whole seconds.
fn whole(at: Timestamp) -> Timestamp {
    at.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Trunc)).unwrap_or(at)
}

/// Stands for the digest of a file that is not here: of the live picture or clip by its id. No file has it.
#[must_use]
pub fn absent(media: &MediaId) -> Digest {
    digest::of_url(&format!("imported:{media}"))
}
