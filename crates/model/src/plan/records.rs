//! The attempts of each post, reduced to the one that decides.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::lockfile::{Record, Stage, State, speaks_before};
use igsync_base::id::{AttemptId, MediaId, PostKey, UserId};

/// Identity of a post: `(user_id, key)`.
pub(super) type Identity<'a> = (&'a str, &'a str);

pub(super) fn identity<'a>(user: &'a UserId, key: &'a PostKey) -> Identity<'a> {
    (user.as_str(), key.as_str())
}

/// What is recorded about one post.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// The attempt that speaks for the post.
    pub(super) record: &'a Record,
    /// Whether an attempt beside the deciding one may be live, and no one has found out yet.
    pub(super) other_intent: bool,
    /// Another live media of the same post.
    pub(super) other_live: Option<&'a MediaId>,
    /// One of the two was not made by an attempt of this post: it was read back from the feed, or taken for it.
    pub(super) may_be_two_posts: bool,
    /// An attempt beside the live one ended unknown.
    pub(super) other_unknown: bool,
}

impl<'a> Entry<'a> {
    fn new(record: &'a Record) -> Self {
        Self { record, other_intent: false, other_live: None, may_be_two_posts: false, other_unknown: false }
    }

    fn add(&mut self, record: &'a Record, settled: &BTreeSet<AttemptId>) {
        let (winner, loser) =
            if speaks_before(record, self.record) { (record, self.record) } else { (self.record, record) };
        self.record = winner;
        match &loser.state {
            // What is live speaks before all else, so that the winner is live too.
            State::Published(live) if live.media_id.as_ref() != winner.claimed_media() => {
                let is_known = winner.claimed_media().is_some();
                self.other_live = self.other_live.or(live.media_id.as_ref().filter(|_| is_known));
                self.may_be_two_posts |= winner.is_only_found() || loser.is_only_found();
            }
            State::Intent => self.other_intent |= !settled.contains(&loser.attempt),
            State::Unknown(_) => self.other_unknown = winner.live().is_some() || self.other_unknown,
            State::Published(_)
            | State::Containers
            | State::NotPublished(_)
            | State::Failed(_)
            | State::Deleted
            | State::Ignored
            | State::Forgotten(_) => {}
        }
    }

    /// Whether the post counts as recorded at all.
    pub(super) fn counts(&self) -> bool {
        self.record.stage() != Stage::Forgotten
    }
}

/// Every post with a record.
#[derive(Debug, Default)]
pub(super) struct Index<'a> {
    entries: HashMap<Identity<'a>, Entry<'a>>,
    /// Every attempt that was refused for its content.
    refused: HashMap<Identity<'a>, Vec<&'a Record>>,
    /// Media that the records of several posts name.
    claimed_twice: HashSet<&'a MediaId>,
}

impl<'a> Index<'a> {
    /// `settled` are attempts that were announced and are known not to be live.
    pub(super) fn new(records: &[&'a Record], settled: &BTreeSet<AttemptId>) -> Self {
        let mut entries: HashMap<Identity<'a>, Entry<'a>> = HashMap::with_capacity(records.len());
        let mut refused: HashMap<Identity<'a>, Vec<&'a Record>> = HashMap::new();
        for &record in records {
            if record.stage() == Stage::Failed {
                refused.entry(identity(&record.user_id, &record.key)).or_default().push(record);
            }
            entries
                .entry(identity(&record.user_id, &record.key))
                .and_modify(|entry| entry.add(record, settled))
                .or_insert_with(|| Entry::new(record));
        }
        let mut index = Self { entries, refused, claimed_twice: HashSet::new() };
        index.drop_superseded();
        index
    }

    /// A post that was recorded without a manifest, and under the key of its manifest too, by another machine or
    /// later: that one counts as its new key.
    fn drop_superseded(&mut self) {
        let only: Vec<&'a Record> = self
            .entries
            .values()
            .filter(|entry| entry.counts())
            .map(|entry| entry.record)
            .filter(|record| record.is_record_only())
            .collect();
        if only.is_empty() {
            return;
        }
        let others = self.entries.values().filter(|entry| entry.counts() && !entry.record.is_record_only());
        let named: HashSet<(&UserId, &MediaId)> =
            others.filter_map(|entry| Some((&entry.record.user_id, entry.record.claimed_media()?))).collect();
        for record in only {
            if record.claimed_media().is_some_and(|media| named.contains(&(&record.user_id, media))) {
                self.entries.remove(&identity(&record.user_id, &record.key));
            }
        }
    }

    pub(super) fn get<'b>(&'b self, user: Option<&'b UserId>, key: &'b PostKey) -> Option<&'b Entry<'a>> {
        self.entries.get(&identity(user?, key))
    }

    /// The refused attempts of the post that a record is about: a refusal when a container is made has no time, so none
    /// of them is the newest.
    pub(super) fn refused<'b>(&'b self, record: &'b Record) -> &'b [&'a Record] {
        self.refused.get(&identity(&record.user_id, &record.key)).map_or(&[], Vec::as_slice)
    }

    /// As [`Self::new`], where something is to be deleted: it is known of which media more than one post is recorded.
    pub(super) fn with_claims(mut self, records: &[&'a Record]) -> Self {
        let mut first: HashMap<&MediaId, Identity<'a>> = HashMap::new();
        for record in records.iter().filter(|record| record.stage() != Stage::Forgotten) {
            let Some(media) = record.claimed_media() else { continue };
            let post = identity(&record.user_id, &record.key);
            if *first.entry(media).or_insert(post) != post {
                self.claimed_twice.insert(media);
            }
        }
        self
    }

    /// Whether the records of several posts, of any account, name these media.
    pub(super) fn is_claimed_twice(&self, media: &MediaId) -> bool {
        self.claimed_twice.contains(media)
    }

    /// In no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.values()
    }
}
