//! All records of a content root, by post.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::merge::{deletions, merge, normal};
use super::record::{Deletion, Record, Stage, State};
use igsync_base::id::{MediaId, PostKey, UserId};
use jiff::Timestamp;

/// Every attempt of every post, merged. Equal sets of records are equal values, whatever came first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Keys as plain text: ordering them naturally costs more than the whole rest of reading a lockfile.
    users: BTreeMap<UserId, BTreeMap<Box<str>, Vec<Record>>>,
}

/// Two live posts where one was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict<'a> {
    pub user_id: &'a UserId,
    pub key: &'a PostKey,
    /// Published attempts with different media ids; at least two.
    pub published: Vec<&'a Record>,
}

impl Records {
    /// Joins one record in. Returns whether that changed anything.
    pub fn merge_in(&mut self, record: Record) -> bool {
        if !self.users.contains_key(&record.user_id) {
            self.users.insert(record.user_id.clone(), BTreeMap::new());
        }
        let Some(posts) = self.users.get_mut(&record.user_id) else { return false };
        let Some(attempts) = posts.get_mut(record.key.as_str()) else {
            posts.insert(record.key.as_str().into(), vec![normal(record)]);
            return true;
        };
        match attempts.binary_search_by(|known| known.attempt.cmp(&record.attempt)) {
            Ok(place) if attempts[place] == record => false,
            Ok(place) => {
                let merged = merge(attempts[place].clone(), record);
                let changed = merged != attempts[place];
                attempts[place] = merged;
                changed
            }
            Err(place) => {
                attempts.insert(place, normal(record));
                true
            }
        }
    }

    /// Joins all of `other` in. Returns whether that changed anything.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut changed = false;
        for record in other {
            changed |= self.merge_in(record);
        }
        changed
    }

    /// As they are read: what any record knows of a deletion holds for every live record of the same media. A branch that
    /// has moved a post keeps it under another key, and in another attempt, than a branch that has deleted it. `None`:
    /// that changes nothing. What is written stays as it is, so that joining knows no order.
    #[must_use]
    pub fn by_media(&self) -> Option<Self> {
        let known = self.deletions();
        if known.is_empty() {
            return None;
        }
        let told = |record: &Record| {
            let all = known.get(&(&record.user_id, record.claimed_media()?))?;
            let knowing = record.clone().knowing(all);
            (knowing != *record).then_some(knowing)
        };
        let told: Vec<Record> = self.iter().filter(|record| record.live().is_some()).filter_map(told).collect();
        if told.is_empty() {
            return None;
        }
        let mut read = self.clone();
        for record in told {
            let posts = read.users.get_mut(&record.user_id);
            let attempts = posts.and_then(|posts| posts.get_mut(record.key.as_str())).into_iter().flatten();
            attempts.filter(|known| known.attempt == record.attempt).for_each(|known| *known = record.clone());
        }
        Some(read)
    }

    /// A live record of media that are seen to be live, whatever was recorded of their deletion before.
    #[must_use]
    pub fn seen_live(&self, mut record: Record, now: Timestamp) -> Record {
        let media = record.claimed_media().cloned();
        let all = self.deletions();
        let known = media.as_ref().and_then(|media| all.get(&(&record.user_id, media)));
        if let (State::Published(live), Some(known)) = (&mut record.state, known) {
            live.deletions = deletions(known, &live.deletions).into();
            live.deletions.note_live(now);
        }
        record
    }

    /// What all records together know of deletions, by the media.
    fn deletions(&self) -> HashMap<(&UserId, &MediaId), Vec<Deletion>> {
        let mut all: HashMap<_, Vec<Deletion>> = HashMap::new();
        for record in self.iter().filter(|record| !record.deletions().is_empty()) {
            let Some(media) = record.claimed_media() else { continue };
            let known = all.entry((&record.user_id, media)).or_default();
            *known = deletions(known, record.deletions());
        }
        all
    }

    /// What `other` knows beyond this: each such attempt as it reads once both are joined.
    #[must_use]
    pub fn news(&self, other: &Self) -> Vec<Record> {
        let joined = |record: &Record| match self.same_attempt(record) {
            None => Some(record.clone()),
            Some(known) if known == record => None,
            Some(known) => Some(merge(known.clone(), record.clone())).filter(|joined| joined != known),
        };
        other.iter().filter_map(joined).collect()
    }

    /// What is known of the attempt that `record` is a version of.
    #[must_use]
    pub fn same_attempt(&self, record: &Record) -> Option<&Record> {
        self.attempts(&record.user_id, &record.key).iter().find(|known| known.attempt == record.attempt)
    }

    /// The number of attempts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Every attempt; by user, then by the plain text of the key, then by attempt id.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.users.values().flat_map(BTreeMap::values).flatten()
    }

    /// Every post with all its attempts (never an empty list), in the order of [`Self::iter`].
    pub fn posts(&self) -> impl Iterator<Item = &[Record]> {
        self.users.values().flat_map(BTreeMap::values).map(Vec::as_slice)
    }

    /// The attempts of one post by attempt id, the forgotten ones too.
    #[must_use]
    pub fn attempts(&self, user_id: &UserId, key: &PostKey) -> &[Record] {
        self.users.get(user_id).and_then(|posts| posts.get(key.as_str())).map_or(&[], Vec::as_slice)
    }

    /// The attempt that speaks for a post; see [`effective`].
    #[must_use]
    pub fn effective(&self, user_id: &UserId, key: &PostKey) -> Option<&Record> {
        effective(self.attempts(user_id, key))
    }

    /// Posts that are live more than once; a person has to decide what to do.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict<'_>> {
        self.posts().filter_map(conflict).collect()
    }

    /// Every attempt of this account that may still become a live post, also those that do not speak for
    /// their post: each must be settled before anything else is published.
    pub fn open(&self, user_id: &UserId) -> impl Iterator<Item = &Record> {
        self.of(user_id).filter(|record| record.is_open())
    }

    /// The posts of this account of which a deletion may have been sent, and no one knows what it did.
    pub fn being_deleted(&self, user_id: &UserId) -> impl Iterator<Item = &Record> {
        self.of(user_id).filter(|record| record.is_being_deleted())
    }

    /// Media ids that belong to some record of this account, whatever its state: no other post can be
    /// that media.
    #[must_use]
    pub fn claimed_media(&self, user_id: &UserId) -> HashSet<&MediaId> {
        self.of(user_id).filter_map(Record::claimed_media).collect()
    }

    /// Media that a person ruled out, in any of its attempts.
    #[must_use]
    pub fn not_ours(&self, user_id: &UserId, key: &PostKey) -> BTreeSet<&MediaId> {
        self.attempts(user_id, key).iter().flat_map(|record| &record.not_ours).collect()
    }

    /// Accounts with at least one record that still counts.
    #[must_use]
    pub fn user_ids(&self) -> Vec<&UserId> {
        let counts = |posts: &BTreeMap<_, Vec<Record>>| posts.values().flatten().any(|r| r.stage() != Stage::Forgotten);
        self.users.iter().filter(|(_, posts)| counts(posts)).map(|(user_id, _)| user_id).collect()
    }

    fn of(&self, user_id: &UserId) -> impl Iterator<Item = &Record> {
        self.users.get(user_id).into_iter().flat_map(BTreeMap::values).flatten()
    }
}

impl IntoIterator for Records {
    type Item = Record;
    type IntoIter = Box<dyn Iterator<Item = Record>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.users.into_values().flat_map(BTreeMap::into_values).flatten())
    }
}

impl Extend<Record> for Records {
    fn extend<T: IntoIterator<Item = Record>>(&mut self, records: T) {
        for record in records {
            self.merge_in(record);
        }
    }
}

impl FromIterator<Record> for Records {
    fn from_iter<T: IntoIterator<Item = Record>>(records: T) -> Self {
        let mut all = Self::default();
        all.extend(records);
        all
    }
}

/// The attempt that speaks for a post among all its attempts; forgotten ones never do.
///
/// An ignored post stays unpublished even when another clone had begun it: that open attempt is still
/// found by [`Records::open`] and settled, but nothing continues from it.
#[must_use]
pub fn effective(attempts: &[Record]) -> Option<&Record> {
    let speaking = attempts.iter().filter(|record| record.stage() != Stage::Forgotten);
    speaking.reduce(|best, record| if speaks_before(record, best) { record } else { best })
}

/// Whether `a` speaks for its post rather than `b`: what is live, else what blocks, else what is never
/// to be published, else what is under way, else how it ended. Total, so the order of reading does not
/// matter.
#[must_use]
pub fn speaks_before(a: &Record, b: &Record) -> bool {
    let weight = |stage| match stage {
        Stage::Published => 6,
        Stage::Unknown => 5,
        Stage::Ignored => 4,
        Stage::Intent | Stage::Containers => 3,
        Stage::Deleted => 2,
        Stage::NotPublished | Stage::Failed => 1,
        Stage::Forgotten => 0,
    };
    let by_state = weight(a.stage()).cmp(&weight(b.stage()));
    let order = by_state.then_with(|| match a.stage() {
        // A known id says more; of two, the first that went live.
        Stage::Published => {
            let key = |record: &Record| (record.claimed_media().is_some(), Reverse(record.published_at()));
            key(a).cmp(&key(b))
        }
        // Of two open attempts the smaller id continues.
        Stage::Unknown | Stage::Containers | Stage::Intent => Ordering::Equal,
        Stage::Ignored | Stage::NotPublished | Stage::Failed | Stage::Deleted | Stage::Forgotten => {
            a.last_time().cmp(&b.last_time())
        }
    });
    order.then_with(|| b.attempt.cmp(&a.attempt)) == Ordering::Greater
}

fn conflict(attempts: &[Record]) -> Option<Conflict<'_>> {
    let mut published: Vec<&Record> =
        attempts.iter().filter(|r| r.live().is_some_and(|live| live.media_id.is_some())).collect();
    let mut seen = HashSet::new();
    published.retain(|record| seen.insert(record.claimed_media()));
    let first = published.first()?;
    (published.len() > 1).then(|| Conflict { user_id: &first.user_id, key: &first.key, published: published.clone() })
}

#[cfg(test)]
mod tests {
    use super::super::format;
    use super::super::record::Created;
    use super::super::samples::{at, live_as, record};
    use super::*;

    fn user() -> UserId {
        "17841400000000001".into()
    }

    fn speaks(records: &[Record]) -> Option<String> {
        let all: Records = records.iter().cloned().collect();
        all.effective(&user(), &"k".into()).map(|record| record.attempt.to_string())
    }

    #[test]
    fn a_published_attempt_speaks_before_any_other() {
        let records = Stage::ALL
            .map(|state| record("k", if state == Stage::Published { "live" } else { state_name(state) }, state));
        assert_eq!(speaks(&records).as_deref(), Some("live"));
    }

    fn state_name(stage: Stage) -> &'static str {
        match stage {
            Stage::Containers => "a",
            Stage::Intent => "b",
            Stage::Unknown => "c",
            _ => "z",
        }
    }

    #[test]
    fn of_two_open_attempts_the_smaller_id_goes_on() {
        let records = [record("k", "b", Stage::Intent), record("k", "a", Stage::Containers)];
        assert_eq!(speaks(&records).as_deref(), Some("a"));
        let all: Records = records.into_iter().collect();
        assert_eq!(all.open(&user()).count(), 2, "both are settled");
    }

    #[test]
    fn an_ignored_post_stays_ignored_when_another_clone_began_it() {
        assert_eq!(
            speaks(&[record("k", "a", Stage::Containers), record("k", "b", Stage::Ignored)]).as_deref(),
            Some("b")
        );
    }

    #[test]
    fn an_open_attempt_speaks_before_a_deleted_one() {
        assert_eq!(
            speaks(&[record("k", "a", Stage::Deleted), record("k", "b", Stage::Containers)]).as_deref(),
            Some("b")
        );
    }

    #[test]
    fn of_failed_attempts_the_newest_speaks() {
        let failed = |attempt, second| Record {
            container: Some(Created { id: "1".into(), created_at: Some(at(second)) }),
            ..record("k", attempt, Stage::Failed)
        };
        assert_eq!(speaks(&[failed("a", 7), failed("b", 9), failed("c", 8)]).as_deref(), Some("b"));
    }

    #[test]
    fn a_forgotten_record_does_not_speak_but_keeps_its_media() {
        let gone = live_as("k", "a", "17").forgotten(None);
        assert_eq!(speaks(std::slice::from_ref(&gone)), None);
        let all: Records = [gone].into_iter().collect();
        assert!(all.claimed_media(&user()).contains(&MediaId::from("17")));
        assert!(all.user_ids().is_empty());
    }

    #[test]
    fn what_is_kept_equals_what_is_written_and_read_again() {
        let mut again = live_as("k", "a", "17").forgotten(Some("j".into()));
        again.state = live_as("k", "a", "18").state;
        let kept: Records = [again].into_iter().collect();
        assert_eq!(format::parse(format::print(&kept).as_bytes()).unwrap().records, kept);
        assert_eq!(kept.claimed_media(&user()), [&MediaId::from("18")].into());
    }

    #[test]
    fn two_published_attempts_with_different_media_are_two_live_posts() {
        let live = |attempt, media: Option<&str>| match media {
            Some(media) => live_as("k", attempt, media),
            None => record("k", attempt, Stage::Published),
        };
        let all: Records = [live("a", Some("1")), live("b", Some("2")), live("c", None)].into_iter().collect();
        assert_eq!(all.conflicts().len(), 1);
        assert_eq!(all.conflicts()[0].published.len(), 2);
        let same: Records = [live("a", Some("1")), live("b", Some("1")), live("c", None)].into_iter().collect();
        assert!(same.conflicts().is_empty());
    }

    #[test]
    fn only_what_is_new_is_news() {
        let [old, newer] = [Stage::Containers, Stage::Intent].map(|state| record("k", "a", state));
        let other = record("j", "b", Stage::Published);
        let known: Records = [newer.clone()].into_iter().collect();
        let theirs: Records = [old.clone(), other.clone()].into_iter().collect();
        assert_eq!(known.news(&theirs), std::slice::from_ref(&other), "an older version says nothing new");
        let behind: Records = [old, other].into_iter().collect();
        assert_eq!(behind.news(&known), [newer]);
        assert!(known.news(&known).is_empty());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let one = record("k", "a", Stage::Intent);
        let two = record("j", "b", Stage::Published);
        let forth: Records = [one.clone(), two.clone(), one.clone()].into_iter().collect();
        let mut back: Records = [two].into_iter().collect();
        assert!(back.merge_in(one.clone()));
        assert!(!back.merge_in(one));
        assert_eq!(forth, back);
        assert_eq!(forth.len(), 2);
    }
}
