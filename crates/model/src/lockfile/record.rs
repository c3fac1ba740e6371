//! One attempt to publish one post, as the program works with it.

use std::mem;
use std::ops::Deref;

use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::format::Flat;
use super::reason::Reason;
use igsync_base::content::SentFile;
use igsync_base::id::{AccountName, AttemptId, Digest, Kind, MediaId, PartId, PostKey, UserId};

/// One attempt. How it is written is known to [`super::format`] alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Record {
    pub key: PostKey,
    pub user_id: UserId,
    pub account: AccountName,
    pub kind: Kind,
    pub attempt: AttemptId,
    pub state: State,
    /// What creation sent.
    pub digest: Option<Digest>,
    pub media_digest: Option<Digest>,
    /// Of the normalised caption, `@` removed ([`crate::manifest`] makes it); `None` for an empty caption.
    pub caption_digest: Option<Digest>,
    /// Containers of a carousel's items, in order; of an imported one the ids of its slides.
    pub children: Vec<Created>,
    /// The container that is published.
    pub container: Option<Created>,
    /// The newest media ids before the first publish.
    pub fingerprint: Option<Vec<MediaId>>,
    /// Every publish that may have been sent, oldest first.
    pub intents: Vec<PublishIntent>,
    /// Well-formed refusals of a publish, oldest first.
    pub refusals: Vec<Refusal>,
    /// Media that could be this post, as a live check saw them.
    pub evidence: Vec<MediaId>,
    /// Media that a person ruled out.
    pub not_ours: Vec<MediaId>,
    /// The Graph base URL, when it was not Meta's.
    pub graph: Option<String>,
    /// The manifest, relative to the content root.
    pub file: Option<String>,
    /// Raised by each rewrite of `digest`, `file`, `account` or a rank 6 state.
    pub rev: u32,
    /// A trial reel: the listing may not show it.
    pub trial: bool,
    /// It was to go out although it repeats another post of the account.
    pub allow_duplicate: bool,
    /// The local media as they were published, in the order of the post, a cover last. Empty: not known, or none.
    pub media: Vec<SentFile>,
    /// Of the local cover that was published, which `media_digest` leaves out.
    pub cover_digest: Option<Digest>,
    /// What `digest` would have been without any defaults; `None`: they added nothing.
    /// In a box, for most records have none.
    pub own_digest: Option<Box<Digest>>,
    /// When it was due, where that is not what the manifest says. In a box, for most records have none.
    pub turn: Option<Box<Turn>>,
    /// What a person has accepted beside the facts above, which stay those of what was sent; of accepted files they are
    /// those of the files, and what was sent is in here. In a box, for most records have none.
    pub accepted: Option<Box<Accepted>>,
    /// `media_digest` is of files as the service has encoded them anew, not of those that were once sent.
    pub reencoded: bool,
    pub rest: Rest,
}

/// What a person has accepted of a live post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// All that Instagram showed ([`crate::drift`] makes it), as an older igsync has written it.
    pub shown: Option<Digest>,
    /// Of manifests their `digest`, `media_digest` and `caption_digest`, of what Instagram shows each fact that
    /// differed. Made of different things, none equals one of another sort.
    pub also: Vec<Digest>,
}

impl Accepted {
    /// `None`: nothing was accepted.
    #[must_use]
    pub fn of(shown: Option<Digest>, also: Vec<Digest>) -> Option<Box<Self>> {
        (shown.is_some() || !also.is_empty()).then(|| Box::new(Self { shown, also }))
    }
}

/// When a post was due by the schedule of its account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Of a post of the queue: the slot that it was given. No other post ever gets it.
    pub slot: Option<Timestamp>,
    /// Of an account that keeps a gap: when the post was due, by its own time, its slot, the gap or the run.
    pub due_at: Option<Timestamp>,
}

impl Turn {
    /// `None`: nothing is known.
    #[must_use]
    pub fn of(slot: Option<Timestamp>, due_at: Option<Timestamp>) -> Option<Box<Self>> {
        (slot.is_some() || due_at.is_some()).then(|| Box::new(Self { slot, due_at }))
    }
}

/// What became of an attempt, with all that only makes sense there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Containers exist, or are about to; nothing was published.
    Containers,
    /// `media_publish` may have been sent.
    Intent,
    /// A complete settlement could not decide whether the post is live.
    Unknown(Option<Reason>),
    /// Nothing is live, and the container is dead, discarded or superseded.
    NotPublished(Option<Reason>),
    /// As `NotPublished`, refused for its content.
    Failed(Refused),
    Published(Live),
    Deleted,
    /// Never published again.
    Ignored,
    /// The record counts no more: removed by hand, or moved to this key.
    Forgotten(Option<PostKey>),
}

/// Why a post was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    pub reason: Option<Reason>,
    /// Meta's code.
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    /// What was sent, as [`Record::sent_digest`] has it.
    pub sent_digest: Option<Digest>,
}

/// A post that is live.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// `None`: not known yet.
    pub media_id: Option<MediaId>,
    pub permalink: Option<String>,
    /// Server time.
    pub published_at: Option<Timestamp>,
    pub via: Option<Via>,
    /// `None`: the manifest had no first comment when the post was published.
    pub comment: Option<Comment>,
    /// Every sending of the first comment that was announced, oldest first. Empty once it is known how it ended.
    pub comments: Vec<Sending>,
    /// `None`: comments were not to be switched off when the post was published.
    pub comment_switch: Option<Switch>,
    /// Every deletion that was announced, oldest first.
    pub deletions: Deletions,
    /// Of a carousel: its slides in their order, as the listing has shown them; empty: not seen yet.
    pub slides: Few<MediaId>,
}

/// What a record says beyond its state: what an earlier state knew, or what another igsync wrote. Nothing is
/// decided by it but that no media id is lost and of what containers were made, and it is written as it was read.
///
/// Opaque, so that only [`Record`] and [`super::format`] look inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest(Option<Box<Past>>);

/// Every field that belongs to one state or another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) refused: Refused,
    pub(super) live: Live,
    pub(super) moved_to: Option<PostKey>,
}

/// A state without its data, in the order of their rank; the declaration order is also the tie-break within a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Containers,
    Intent,
    Unknown,
    NotPublished,
    Failed,
    Published,
    Deleted,
    Ignored,
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

/// One sending of a first comment, announced before. After `lease_until` it has taken effect, or never will.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    pub at: Timestamp,
    pub lease_until: Timestamp,
    /// Of the comment: a manifest may say something else by the time at which it is settled.
    pub text: Digest,
}

/// One deletion of the live post, announced before it is sent. After `lease_until` it has taken effect, or never will.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    pub at: Timestamp,
    pub lease_until: Timestamp,
    /// `None`: it may have been sent, and what it did is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<DeletionOutcome>,
}

/// A list that most records leave empty, behind one pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::box_collection, reason = "a record of many has room for one pointer only")]
pub struct Few<T>(Option<Box<Vec<T>>>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(all: Vec<T>) -> Self {
        Self((!all.is_empty()).then(|| Box::new(all)))
    }
}

/// The deletions of one post, oldest first.
pub type Deletions = Few<Deletion>;

impl Deletions {
    /// Adds one that is about to be sent.
    pub fn push(&mut self, deletion: Deletion) {
        self.0.get_or_insert_default().push(deletion);
    }

    /// Those whose end is not known end like this.
    pub fn end(&mut self, outcome: DeletionOutcome) {
        for open in self.0.iter_mut().flat_map(|all| all.iter_mut()).filter(|deletion| deletion.outcome.is_none()) {
            open.outcome = Some(outcome);
        }
    }

    /// From here on the media are gone, whoever has deleted them.
    pub fn note_gone(&mut self, now: Timestamp) {
        self.end(DeletionOutcome::Deleted);
        if !is_gone(self) {
            self.note(DeletionOutcome::Deleted, now);
        }
    }

    /// From here on the media are live, whatever was said before.
    pub fn note_live(&mut self, now: Timestamp) {
        if is_gone(self) {
            self.note(DeletionOutcome::Live, now);
        }
    }

    /// Later than all that is known: the last word counts.
    fn note(&mut self, outcome: DeletionOutcome, now: Timestamp) {
        let moment = SignedDuration::from_millis(1);
        let last = self.iter().map(|deletion| deletion.at).max();
        let after = last.map_or(now, |last| now.max(last.saturating_add(moment).unwrap_or(last)));
        let at = after.round(Unit::Millisecond).unwrap_or(after);
        self.push(Deletion { at, lease_until: at, outcome: Some(outcome) });
    }
}

/// Whether the last that is known of these is that the media are gone. Sorted, as they are kept.
pub(super) fn is_gone(deletions: &[Deletion]) -> bool {
    let mut ends = deletions.iter().filter_map(|deletion| deletion.outcome);
    let said = |end: &DeletionOutcome| matches!(end, DeletionOutcome::Deleted | DeletionOutcome::Live);
    ends.rfind(said) == Some(DeletionOutcome::Deleted)
}

/// How a deletion ended; the declaration order is the merge order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionOutcome {
    /// It had no effect, and it is not sent again by this order: it never left this machine, or no one asks for it any
    /// more.
    Withdrawn,
    /// The service said no, and the post is still there.
    Refused,
    /// The post is gone.
    Deleted,
    /// No deletion: the post is live after all, though it had been called deleted before.
    Live,
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

/// What the keys of live posts begin with that were recorded without a manifest; their media id follows.
pub const RECORD_ONLY: &str = "imported/";

/// How a published record came to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Found by matching; nothing is written to the media until a person confirms it.
    Settled,
    /// Found live before publishing.
    Adopted,
    /// Read back from the account's feed, and recorded as itself.
    Imported,
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

impl Stage {
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

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::Intent => "intent",
            Self::Unknown => "unknown",
            Self::NotPublished => "not_published",
            Self::Failed => "failed",
            Self::Published => "published",
            Self::Deleted => "deleted",
            Self::Ignored => "ignored",
            Self::Forgotten => "forgotten",
        }
    }

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

impl State {
    /// A state of which nothing more is known.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn bare(stage: Stage) -> Self {
        Past::default().take(stage)
    }

    /// Without its data.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Containers => Stage::Containers,
            Self::Intent => Stage::Intent,
            Self::Unknown(_) => Stage::Unknown,
            Self::NotPublished(_) => Stage::NotPublished,
            Self::Failed(_) => Stage::Failed,
            Self::Published(_) => Stage::Published,
            Self::Deleted => Stage::Deleted,
            Self::Ignored => Stage::Ignored,
            Self::Forgotten(_) => Stage::Forgotten,
        }
    }
}

impl Live {
    /// The media of which it is certain that they are this post, so that they may be written to: the publish
    /// answered with them, a person said so, or the post was made from them. What was compared is a guess until a
    /// person confirms it.
    #[must_use]
    pub fn certain_media(&self) -> Option<&MediaId> {
        self.media_id.as_ref().filter(|_| matches!(self.via, Some(Via::Publish | Via::Resolved | Via::Imported)))
    }

    /// The media of which it is certain who made them, so that no other attempt can have: the publish answered with
    /// them, or a person said so. What was only seen in a feed may be what an open attempt has published.
    #[must_use]
    pub fn proven_media(&self) -> Option<&MediaId> {
        self.certain_media().filter(|_| self.via != Some(Via::Imported))
    }

    /// Whether a deletion may have been sent, and what it did is not known.
    #[must_use]
    pub fn is_being_deleted(&self) -> bool {
        self.deletions.iter().any(|deletion| deletion.outcome.is_none())
    }

    /// How often the service has refused to delete it.
    #[must_use]
    pub fn refused_deletions(&self) -> usize {
        self.deletions.iter().filter(|deletion| deletion.outcome == Some(DeletionOutcome::Refused)).count()
    }
}

impl Rest {
    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_none()
    }
}

impl Past {
    /// Takes out what this state carries.
    pub(super) fn take(&mut self, stage: Stage) -> State {
        match stage {
            Stage::Containers => State::Containers,
            Stage::Intent => State::Intent,
            Stage::Unknown => State::Unknown(self.refused.reason.take()),
            Stage::NotPublished => State::NotPublished(self.refused.reason.take()),
            Stage::Failed => State::Failed(mem::take(&mut self.refused)),
            Stage::Published => State::Published(mem::take(&mut self.live)),
            Stage::Deleted => State::Deleted,
            Stage::Ignored => State::Ignored,
            Stage::Forgotten => State::Forgotten(self.moved_to.take()),
        }
    }

    /// Puts back what [`Self::take`] took out; what a state carries replaces what was there.
    pub(super) fn put(&mut self, state: State) {
        match state {
            State::Containers | State::Intent | State::Deleted | State::Ignored => {}
            State::Unknown(reason) | State::NotPublished(reason) => self.refused.reason = reason,
            State::Failed(refused) => self.refused = refused,
            State::Published(live) => self.live = live,
            State::Forgotten(moved_to) => self.moved_to = moved_to,
        }
    }
}

impl From<Past> for Rest {
    /// What is not written takes no room, so that what was read equals what was written.
    fn from(past: Past) -> Self {
        Self((past != Past::default()).then(|| Box::new(past)))
    }
}

impl From<Rest> for Past {
    fn from(rest: Rest) -> Self {
        rest.0.map(|past| *past).unwrap_or_default()
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
            attempt,
            state: State::Containers,
            digest: None,
            media_digest: None,
            caption_digest: None,
            children: Vec::new(),
            container: None,
            fingerprint: None,
            intents: Vec::new(),
            refusals: Vec::new(),
            evidence: Vec::new(),
            not_ours: Vec::new(),
            graph: None,
            file: None,
            rev: 0,
            trial: false,
            allow_duplicate: false,
            media: Vec::new(),
            cover_digest: None,
            own_digest: None,
            turn: None,
            accepted: None,
            reencoded: false,
            rest: Rest::default(),
        }
    }

    /// Of an open attempt what its containers were made of, of a refused one what was refused: conversion and host
    /// included, as [`crate::manifest`] makes it. `None`: it has no local media, or is not known.
    #[must_use]
    pub fn sent_digest(&self) -> Option<&Digest> {
        match &self.state {
            State::Failed(refused) => refused.sent_digest.as_ref(),
            _ => self.rest.0.as_ref()?.refused.sent_digest.as_ref(),
        }
    }

    /// With what its containers were made of.
    #[must_use]
    pub fn with_sent_digest(mut self, sent: Option<Digest>) -> Self {
        let mut past = Past::from(self.rest);
        past.refused.sent_digest = sent;
        self.rest = past.into();
        self
    }

    /// The slot of the queue that it was given.
    #[must_use]
    pub fn slot(&self) -> Option<Timestamp> {
        self.turn.as_ref()?.slot
    }

    /// When it was due, where the account keeps a gap.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.turn.as_ref()?.due_at
    }

    /// [`Accepted::also`].
    #[must_use]
    pub fn accepted_also(&self) -> &[Digest] {
        self.accepted.as_ref().map_or(&[], |accepted| &accepted.also)
    }

    /// What its media may be known by: as they are recorded, and as they were accepted or sent. Others are among them
    /// that are no media's.
    pub fn known_media(&self) -> impl Iterator<Item = &Digest> {
        let others = self.accepted_also().iter().filter(|digest| self.media_digest.as_ref() != Some(*digest));
        self.media_digest.iter().chain(others)
    }

    /// As [`Self::known_media`], of its captions.
    pub fn known_captions(&self) -> impl Iterator<Item = &Digest> {
        let others = self.accepted_also().iter().filter(|digest| self.caption_digest.as_ref() != Some(*digest));
        self.caption_digest.iter().chain(others)
    }

    /// Whether a person has accepted this, of a manifest or of what Instagram shows.
    #[must_use]
    pub fn has_accepted(&self, digest: &Digest) -> bool {
        self.accepted_also().contains(digest)
    }

    /// Whether both are versions of one attempt.
    #[must_use]
    pub fn is_same_attempt(&self, other: &Self) -> bool {
        self.attempt == other.attempt && self.key == other.key && self.user_id == other.user_id
    }

    #[must_use]
    pub fn stage(&self) -> Stage {
        self.state.stage()
    }

    /// Whether it may still become a live post.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage().is_open()
    }

    /// `None`: it is not live, as far as this record knows.
    #[must_use]
    pub fn live(&self) -> Option<&Live> {
        if let State::Published(live) = &self.state { Some(live) } else { None }
    }

    /// As [`Self::live`], to note what follows a publish.
    pub fn live_mut(&mut self) -> Option<&mut Live> {
        if let State::Published(live) = &mut self.state { Some(live) } else { None }
    }

    /// What is known of the live post, or was known once.
    #[must_use]
    pub fn known_live(&self) -> Option<&Live> {
        self.live().or(self.rest.0.as_ref().map(|past| &past.live))
    }

    /// Why the state is what it is.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match &self.state {
            State::Unknown(reason) | State::NotPublished(reason) => reason.as_ref(),
            State::Failed(refused) => refused.reason.as_ref(),
            State::Containers
            | State::Intent
            | State::Published(_)
            | State::Deleted
            | State::Ignored
            | State::Forgotten(_) => self.rest.0.as_ref()?.refused.reason.as_ref(),
        }
    }

    /// The key under which the record continues.
    #[must_use]
    pub fn moved_to(&self) -> Option<&PostKey> {
        if let State::Forgotten(moved_to) = &self.state { moved_to.as_ref() } else { None }
    }

    /// The media that this attempt is, or was before the record stopped to count: no other post can be that media.
    #[must_use]
    pub fn claimed_media(&self) -> Option<&MediaId> {
        self.known_live()?.media_id.as_ref()
    }

    /// Whether it is a post that was read back from the feed.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        self.known_live().is_some_and(|live| live.via == Some(Via::Imported))
    }

    /// Whether no attempt of this post has made its media: it was read back from the feed, or taken for the post.
    #[must_use]
    pub fn is_only_found(&self) -> bool {
        self.known_live().is_some_and(|live| matches!(live.via, Some(Via::Imported | Via::Adopted)))
    }

    /// Whether it is all that is kept of a live post: no manifest has its key, `imported/<media id>`.
    #[must_use]
    pub fn is_record_only(&self) -> bool {
        let media = self.claimed_media().map(MediaId::as_str);
        media.is_some() && self.key.as_str().strip_prefix(RECORD_ONLY) == media
    }

    /// [`Live::proven_media`], while the post is live.
    #[must_use]
    pub fn proven_media(&self) -> Option<&MediaId> {
        self.live()?.proven_media()
    }

    /// [`Live::certain_media`], while the post is live.
    #[must_use]
    pub fn certain_media(&self) -> Option<&MediaId> {
        self.live()?.certain_media()
    }

    /// What is known of deletions of its media, in any state.
    #[must_use]
    pub fn deletions(&self) -> &[Deletion] {
        self.known_live().map_or(&[], |live| &live.deletions)
    }

    /// With all that is known of deletions of its media: whatever its record was called when they were announced.
    pub(super) fn knowing(mut self, all: &[Deletion]) -> Self {
        let State::Published(live) = &mut self.state else { return self };
        live.deletions = all.to_vec().into();
        if is_gone(all) { self.deleted() } else { self }
    }

    /// Whether it is live, and a deletion may have been sent whose outcome is not known.
    #[must_use]
    pub fn is_being_deleted(&self) -> bool {
        self.live().is_some_and(Live::is_being_deleted)
    }

    /// When the post went live, as far as it ever did.
    #[must_use]
    pub fn published_at(&self) -> Option<Timestamp> {
        self.known_live()?.published_at
    }

    /// The newest time that the record holds; `None` before its first container.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        let containers = self.children.iter().chain(&self.container).filter_map(|created| created.created_at);
        let intents = self.intents.iter().map(|intent| intent.at);
        containers.chain(intents).chain(self.published_at()).max()
    }

    /// Gives the post a new key: the copy under that key, then the tombstone that stays under the old
    /// one. Both belong into one [`super::Ledger::record_all`]; one without the other would publish again.
    #[must_use]
    pub fn moved(self, key: PostKey, attempt: AttemptId) -> [Self; 2] {
        let copy = Self { key: key.clone(), attempt, ..self.clone() };
        [copy, self.forgotten(Some(key))]
    }

    /// The record that counts no more, with all that it knew.
    #[must_use]
    pub fn forgotten(self, moved_to: Option<PostKey>) -> Self {
        self.ended(State::Forgotten(moved_to))
    }

    /// The post that is no longer live, with all that was known of it: which media it was, too.
    #[must_use]
    pub fn deleted(self) -> Self {
        self.ended(State::Deleted)
    }

    fn ended(self, state: State) -> Self {
        let mut past = Past::from(self.rest);
        past.put(self.state);
        past.moved_to = None;
        Self { state, rest: past.into(), rev: self.rev.saturating_add(1), ..self }
    }
}
