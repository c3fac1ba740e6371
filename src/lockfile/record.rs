//! One attempt to publish one post, as the lockfile and the journal hold it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reason::Reason;
use crate::id::{AccountName, AttemptId, Digest, Kind, MediaId, PartId, PostKey, UserId};

/// One attempt. Fields that its state does not use are empty and not written.
///
/// The field order is the written order and never changes; new fields go to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub key: PostKey,
    pub user_id: UserId,
    pub account: AccountName,
    pub kind: Kind,
    pub state: State,
    /// What creation sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_digest: Option<Digest>,
    /// Of the normalised caption, `@` removed ([`crate::manifest`] makes it); `None` for an empty caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_digest: Option<Digest>,
    pub attempt: AttemptId,
    /// Containers of a carousel's items, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Created>,
    /// The container that is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Created>,
    /// The newest media ids before the first publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Vec<MediaId>>,
    /// Every publish that may have been sent, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<PublishIntent>,
    /// Well-formed refusals of a publish, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// Why the state is what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Meta's code of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Meta's subcode of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// `None` in `published` means: live, id not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
    /// Server time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// `None`: the manifest had no first comment when the post was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// `None`: comments were not to be switched off when the post was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_switch: Option<Switch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<PostKey>,
    /// Media that a person said are not this post.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ours: Vec<MediaId>,
    /// The Graph base URL, when it was not Meta's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<String>,
    /// The manifest, relative to the content root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Raised by each rewrite of `digest`, `file`, `account` or a rank 6 state.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rev: u32,
    /// Media that could be this post, as a live check saw them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<MediaId>,
    /// A trial reel: the listing may not show it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(rev: &u32) -> bool {
    *rev == 0
}

/// States in the order of their rank; the declaration order is also the tie-break within a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Containers exist; nothing was published.
    Containers,
    /// `media_publish` may have been sent.
    Intent,
    /// A complete settlement could not tell whether the post is live.
    Unknown,
    /// Nothing is live, and the container is dead, discarded or superseded.
    NotPublished,
    /// As `NotPublished`, refused for its content.
    Failed,
    Published,
    Deleted,
    /// Never published again.
    Ignored,
    /// The record counts no more: removed by hand, or moved (`moved_to`).
    Forgotten,
}

/// A container and when it was made (server time); it lives 24 hours.
///
/// Written as an object while its age counts, and as the bare id afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "WrittenCreated", into = "WrittenCreated")]
pub struct Created {
    pub id: PartId,
    /// `None` once the attempt has ended.
    pub created_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenCreated {
    Ended(PartId),
    Living(Living),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Living {
    id: PartId,
    created_at: Timestamp,
}

impl From<WrittenCreated> for Created {
    fn from(written: WrittenCreated) -> Self {
        match written {
            WrittenCreated::Ended(id) => Self { id, created_at: None },
            WrittenCreated::Living(Living { id, created_at }) => Self { id, created_at: Some(created_at) },
        }
    }
}

impl From<Created> for WrittenCreated {
    fn from(created: Created) -> Self {
        match created.created_at {
            None => Self::Ended(created.id),
            Some(created_at) => Self::Living(Living { id: created.id, created_at }),
        }
    }
}

/// One publish announced before it is sent. After `lease_until` this run sends no publish for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishIntent {
    pub at: Timestamp,
    pub lease_until: Timestamp,
}

/// A well-formed refusal of the publish announced at `intent_at`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub intent_at: Timestamp,
    pub code: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
}

/// How a published record came to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Found by matching; nothing is written to the media until a person confirms it.
    Settled,
    /// Found live before publishing.
    Adopted,
    /// The publish answered with the id.
    Publish,
    /// A person said so.
    Resolved,
}

/// The first comment; the declaration order is the merge order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comment {
    Due,
    Intent,
    Unknown,
    Failed,
    Done,
}

/// Switching comments off; idempotent, so it needs no intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    Due,
    Failed,
    Done,
}

impl State {
    /// In the order of their declaration.
    pub const ALL: [Self; 9] = [
        Self::Containers,
        Self::Intent,
        Self::Unknown,
        Self::NotPublished,
        Self::Failed,
        Self::Published,
        Self::Deleted,
        Self::Ignored,
        Self::Forgotten,
    ];

    /// Within one attempt the version of the higher rank wins.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Containers => 1,
            Self::Intent => 2,
            Self::Unknown => 3,
            Self::NotPublished | Self::Failed => 4,
            Self::Published => 5,
            Self::Deleted | Self::Ignored | Self::Forgotten => 6,
        }
    }

    /// Whether an attempt in this state may still become a live post.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.rank() <= 3
    }
}

impl Record {
    /// The first record of a new attempt: nothing is made, sent or known yet.
    #[must_use]
    pub fn new(key: PostKey, user_id: UserId, account: AccountName, kind: Kind, attempt: AttemptId) -> Self {
        Self {
            key,
            user_id,
            account,
            kind,
            state: State::Containers,
            digest: None,
            media_digest: None,
            caption_digest: None,
            attempt,
            children: Vec::new(),
            container: None,
            fingerprint: None,
            intents: Vec::new(),
            refusals: Vec::new(),
            reason: None,
            code: None,
            subcode: None,
            media_id: None,
            permalink: None,
            published_at: None,
            via: None,
            comment: None,
            comment_switch: None,
            moved_to: None,
            not_ours: Vec::new(),
            graph: None,
            file: None,
            rev: 0,
            evidence: Vec::new(),
            trial: false,
        }
    }

    /// Whether both are versions of one attempt.
    #[must_use]
    pub fn is_same_attempt(&self, other: &Self) -> bool {
        self.attempt == other.attempt && self.key == other.key && self.user_id == other.user_id
    }

    /// The media of which it is certain that they are this post, so that they may be written to: the publish
    /// answered with them, or a person said so. What was compared is a guess until a person confirms it.
    #[must_use]
    pub fn certain_media(&self) -> Option<&MediaId> {
        self.media_id.as_ref().filter(|_| matches!(self.via, Some(Via::Publish | Via::Resolved)))
    }

    /// The newest time that the record holds; `None` before its first container.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        let containers = self.children.iter().chain(&self.container).filter_map(|created| created.created_at);
        let intents = self.intents.iter().map(|intent| intent.at);
        containers.chain(intents).chain(self.published_at).max()
    }

    /// Gives the post a new key: the copy under that key, then the tombstone that stays under the old
    /// one. Both belong into one [`super::Ledger::record_all`]; one without the other would publish again.
    #[must_use]
    pub fn moved(self, key: PostKey, attempt: AttemptId) -> [Self; 2] {
        let copy = Self { key: key.clone(), attempt, ..self.clone() };
        let tombstone = Self { state: State::Forgotten, moved_to: Some(key), rev: self.rev.saturating_add(1), ..self };
        [copy, tombstone]
    }
}
