//! Which posts repeat another post of their account: published by mistake, they could not be taken back unseen.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::{Action, Why};
use super::change::{Verdict, is_going_on};
use super::imported::is_known_by_caption;
use super::input::{AccountView, Input};
use super::model::Repeats;
use super::moves::Moves;
use super::records::{Entry, Identity, Index, identity};
use crate::lockfile::{Record, Stage};
use crate::manifest::{Post, caption_digest, plain_caption_digest};
use igsync_base::id::{Digest, Kind, PostKey};

/// Makes a duplicate of what would go out, now or later, and repeats another post. `verdicts` are those of all posts,
/// place by place: which of two new posts goes out is decided among all of them, whatever is selected.
pub(super) fn hold_back<'a>(input: &Input<'a>, index: &Index<'a>, moves: &Moves<'a>, verdicts: &mut [Vec<Verdict>]) {
    let mut places: Vec<usize> = (0..verdicts.len()).filter(|place| verdicts[*place].iter().any(is_new)).collect();
    if places.is_empty() {
        return;
    }
    let entry_of = |place: usize| moves.entry(place, &input.posts[place], index);
    // A post that an earlier run has begun goes before one that is new. Undated posts go before those of the queue, and
    // these before dated ones, whatever the time: a plan of tomorrow names the same duplicates.
    let is_begun = |place: usize| entry_of(place).is_some_and(|entry| is_going_on(entry.record));
    places.sort_by_key(|place| {
        let post = &input.posts[*place];
        (!is_begun(*place), post.publish_at.is_some(), post.queued.is_some(), &post.key)
    });
    let mut others = Others::new(index, moves, input);
    for (post, verdicts) in input.posts.iter().zip(&*verdicts) {
        if post.imported.is_some() {
            others.is_live_by_its_manifest(post);
            continue;
        }
        let is_seen = || input.options.live.contains_key(&(post.account.clone(), post.key.clone()));
        if !input.options.live.is_empty() && is_seen() {
            others.precedes(post, "is live, or may be");
        } else if verdicts.iter().any(goes_on) {
            // With the media that its manifest names now.
            others.precedes(post, "is about to be published");
        }
    }
    for place in places {
        let post = &*input.posts[place];
        let entry = entry_of(place);
        let was_allowed = |record: &Record| record.allow_duplicate && is_going_on(record);
        let may_repeat = post.allow_duplicate
            || input.options.allow_duplicate.contains(&post.key)
            || entry.is_some_and(|entry| entry.record.is_open() || was_allowed(entry.record));
        let several = || Some(several(moves.ambiguous.get(&place)?));
        let twin = if may_repeat { None } else { several().or_else(|| others.twin(post, entry)) };
        match twin {
            Some(twin) => {
                for verdict in verdicts[place].iter_mut().filter(|verdict| is_new(verdict)) {
                    *verdict = Verdict::repeating(twin.reason.clone(), twin.repeats.clone());
                }
            }
            None => others.precedes(post, "goes out first"),
        }
    }
}

/// Whether a post would go out that has not begun to.
fn is_new(verdict: &Verdict) -> bool {
    matches!(verdict.action, Action::Publish | Action::Wait | Action::Hold(Why::Late))
}

fn goes_on(verdict: &Verdict) -> bool {
    matches!(verdict.action, Action::Continue | Action::Settle | Action::Adopt)
}

/// What a post repeats, and the sentence about it.
struct Twin {
    repeats: Repeats,
    reason: String,
}

/// A new post that could be one of several whose manifests are gone, or that is one of several that could be one.
fn several(keys: &Vec<&PostKey>) -> Twin {
    const NAMED: usize = 3;
    let names: Vec<&str> = keys.iter().take(NAMED).map(|key| key.as_str()).collect();
    let reason = match (names.as_slice(), keys.len()) {
        ([only], _) => format!("one of several new posts with the media of {only}, whose manifest is gone"),
        (names, NAMED..) if keys.len() > NAMED => {
            format!("has the media of {} and {} more, whose manifests are gone", names.join(", "), keys.len() - NAMED)
        }
        (names, _) => format!("has the media of {}, whose manifests are gone", names.join(" and of ")),
    };
    Twin { repeats: Repeats::Several(keys.iter().map(|key| (*key).clone()).collect()), reason }
}

/// The account, the kind, and the digest of the media.
type Media<'a> = (&'a str, Kind, &'a str);
/// The account, the kind, and the digest of the caption.
type Caption<'a> = (&'a str, Kind, &'a str);

/// A post that must not be repeated, as it is recorded.
struct Recorded<'a> {
    record: &'a Record,
    /// Its key, the new one where it has moved.
    key: &'a PostKey,
}

/// The posts that another one could repeat.
struct Others<'a> {
    /// Sorted by key.
    recorded: HashMap<Media<'a>, Vec<Recorded<'a>>>,
    /// Live, and known by no bytes of anyone's: without a manifest, or imported; sorted by key.
    by_caption: HashMap<Caption<'a>, Vec<Captioned<'a>>>,
    /// Posts that go out before those that are judged, or are live, as far as the account was asked; in words.
    sooner: HashMap<Media<'a>, (&'a PostKey, &'static str)>,
    /// Manifests that name a live post, by account, kind and caption; with the number of their items.
    named: HashMap<(&'a str, Kind, Digest), (&'a PostKey, usize)>,
    accounts: &'a [AccountView],
}

/// A live post that another one could repeat, by its caption.
struct Captioned<'a> {
    /// The new one where it has moved.
    key: &'a PostKey,
    since: Option<Timestamp>,
    /// `None`: not known.
    items: Option<usize>,
    /// Why it is compared by its caption, in words.
    and: &'static str,
}

impl<'a> Others<'a> {
    fn new(index: &Index<'a>, moves: &Moves<'a>, input: &Input<'a>) -> Self {
        let new_keys: HashMap<Identity<'_>, &'a PostKey> = moves
            .moved
            .iter()
            .map(|(place, old)| (identity(&old.record.user_id, &old.record.key), &input.posts[*place].key))
            .collect();
        let mut recorded: HashMap<Media<'a>, Vec<Recorded<'a>>> = HashMap::new();
        for record in index.iter().map(|entry| entry.record).filter(|record| is_not_to_be_repeated(record)) {
            // Of one whose other media were accepted both are it: what was sent is what is live.
            for media in record.known_media() {
                let key = new_keys.get(&identity(&record.user_id, &record.key)).copied().unwrap_or(&record.key);
                let alike = recorded.entry((record.user_id.as_str(), record.kind, media.as_str())).or_default();
                alike.push(Recorded { record, key });
            }
        }
        for alike in recorded.values_mut() {
            alike.sort_by_key(|other| other.key);
        }
        let mut by_caption: HashMap<Caption<'a>, Vec<Captioned<'a>>> = HashMap::new();
        let orphans = moves.vanished.iter().map(|entry| (entry.record, "has no manifest"));
        let imported = index.iter().map(|entry| entry.record).filter(|record| is_known_by_caption(record));
        let known: HashSet<Identity<'_>> =
            moves.vanished.iter().map(|entry| identity(&entry.record.user_id, &entry.record.key)).collect();
        let imported = imported.filter(|record| !known.contains(&identity(&record.user_id, &record.key)));
        let records = orphans.chain(imported.map(|record| (record, "was imported")));
        for (record, and) in records.filter(|(record, _)| record.live().is_some()) {
            for caption in record.known_captions() {
                let key = new_keys.get(&identity(&record.user_id, &record.key)).copied().unwrap_or(&record.key);
                let other = Captioned { key, since: record.published_at(), items: items_of(record), and };
                by_caption.entry((record.user_id.as_str(), record.kind, caption.as_str())).or_default().push(other);
            }
        }
        for alike in by_caption.values_mut() {
            alike.sort_by_key(|other| other.key);
        }
        Self { recorded, by_caption, sooner: HashMap::new(), named: HashMap::new(), accounts: input.accounts }
    }

    /// A manifest that names a live post, whatever is recorded of it.
    fn is_live_by_its_manifest(&mut self, post: &'a Post) {
        self.precedes(post, "is live by its manifest");
        let Some(caption) = plain_caption_digest(&post.content.caption) else { return };
        let user = post.user_id.as_ref().map_or(post.account.as_str(), |user| user.as_str());
        self.named.entry((user, post.content.kind, caption)).or_insert((&post.key, post.content.items.len()));
    }

    fn precedes(&mut self, post: &'a Post, is: &'static str) {
        if let Some(media) = media_of(post) {
            self.sooner.entry(media).or_insert((&post.key, is));
        }
    }

    fn twin(&self, post: &Post, own: Option<&Entry<'_>>) -> Option<Twin> {
        self.by_media(post, own).or_else(|| self.by_caption(post))
    }

    fn by_media(&self, post: &Post, own: Option<&Entry<'_>>) -> Option<Twin> {
        let media = media_of(post)?;
        let is_own =
            |other: &Recorded<'_>| *other.key == post.key || own.is_some_and(|own| own.record.key == other.record.key);
        let recorded = self.recorded.get(&media).and_then(|alike| alike.iter().find(|other| !is_own(other)));
        let (key, is) = match recorded {
            Some(other) => (other.key, state_in_words(other.record.stage())),
            None => *self.sooner.get(&media).filter(|(key, _)| **key != post.key)?,
        };
        Some(Twin { repeats: Repeats::Media(key.clone()), reason: format!("has the media of {key}, which {is}") })
    }

    /// The time before which a post does not go out, as its manifest says.
    fn not_before(&self, post: &Post) -> Option<Timestamp> {
        let zone = || {
            let account = self.accounts.iter().find(|account| account.name == post.account)?;
            Some(account.timezone.clone().unwrap_or(TimeZone::UTC))
        };
        post.publish_at.or_else(|| post.queued.as_ref()?.since(&zone()?))
    }

    fn by_caption(&self, post: &Post) -> Option<Twin> {
        if self.by_caption.is_empty() && self.named.is_empty() {
            return None;
        }
        // What is live has no white space at the ends of its lines; what igsync has recorded of its own may have.
        let (caption, plain) = (caption_digest(&post.content.caption)?, plain_caption_digest(&post.content.caption)?);
        let user = post.user_id.as_ref().map_or(post.account.as_str(), |user| user.as_str());
        let kind = post.content.kind;
        let has_as_many = |items: usize| kind != Kind::Carousel || items == post.content.items.len();
        let due = self.not_before(post);
        let is_meant_to_repeat = |other: &Captioned<'_>| due.zip(other.since).is_some_and(|(due, since)| due > since);
        let as_written = self.by_caption.get(&(user, kind, caption.as_str()));
        let as_shown = self.by_caption.get(&(user, kind, plain.as_str())).filter(|_| plain != caption);
        let alike = as_written.into_iter().chain(as_shown).flatten();
        // A record that does not know its items counts as having as many: a person decides.
        let mut recorded =
            alike.filter(|other| *other.key != post.key && other.items.is_none_or(has_as_many)).peekable();
        let (key, and) = if recorded.peek().is_some() {
            recorded.find(|other| !is_meant_to_repeat(other)).map(|other| (other.key, other.and))?
        } else {
            let (key, items) = self.named.get(&(user, kind, plain))?;
            Some((*key, "was imported")).filter(|_| has_as_many(*items))?
        };
        let reason = format!("has the caption of {key}, which is live and {and}");
        Some(Twin { repeats: Repeats::Caption(key.clone()), reason })
    }
}

fn media_of(post: &Post) -> Option<Media<'_>> {
    // As long as the user is not known, one account is one user.
    let user = post.user_id.as_ref().map_or(post.account.as_str(), |user| user.as_str());
    Some((user, post.content.kind, post.media_digest.as_ref().map(Digest::as_str)?))
}

/// How many items a carousel has as far as its record knows.
fn items_of(record: &Record) -> Option<usize> {
    Some(record.children.len()).filter(|items| *items > 0)
}

fn is_not_to_be_repeated(record: &Record) -> bool {
    match record.stage() {
        Stage::Published | Stage::Containers | Stage::Intent | Stage::Unknown | Stage::Ignored | Stage::Deleted => true,
        Stage::NotPublished | Stage::Failed | Stage::Forgotten => false,
    }
}

fn state_in_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Published => "is live",
        Stage::Containers => "was begun",
        Stage::Intent => "is being published",
        Stage::Unknown => "is perhaps live",
        Stage::Ignored => "is never to be published",
        Stage::Deleted => "was deleted on Instagram",
        Stage::NotPublished | Stage::Failed | Stage::Forgotten => "is not live",
    }
}

impl Verdict {
    fn repeating(reason: String, repeats: Repeats) -> Self {
        Self { repeats: Some(repeats), ..Self::new(Action::Hold(Why::Duplicate), reason) }
    }
}
