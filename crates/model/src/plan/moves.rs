//! Which new keys are posts that had another key before.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::imported::{ById, copies};
use super::input::Input;
use super::records::{Entry, Identity, Index, identity};
use crate::lockfile::{Reason, State};
use crate::manifest::{Post, PostState};
use igsync_base::id::{Digest, Kind, MediaId, PostKey};

/// What became of posts whose manifests are gone.
#[derive(Debug, Default)]
pub(super) struct Moves<'a> {
    /// New post, by its place among the posts, to the entry that it takes over.
    pub(super) moved: HashMap<usize, Entry<'a>>,
    /// New post to the keys that it could have had; sorted.
    pub(super) ambiguous: HashMap<usize, Vec<&'a PostKey>>,
    /// Entries without a manifest that no new post takes over; sorted by key and user.
    pub(super) vanished: Vec<Entry<'a>>,
    /// Manifest that names a live post which is not its own, to the key of that post.
    pub(super) copied: HashMap<usize, &'a PostKey>,
}

impl<'a> Moves<'a> {
    /// Where not every manifest could be read: nothing is said of those that are not there.
    pub(super) fn without_manifests(input: &Input<'a>, index: &Index<'a>) -> Self {
        Self { copied: copies(input.posts, index), ..Self::default() }
    }

    /// What is recorded of the post at this place, under its key or under the one that it had before.
    pub(super) fn entry<'e>(&'e self, place: usize, post: &'e Post, index: &'e Index<'a>) -> Option<&'e Entry<'a>> {
        self.moved.get(&place).or_else(|| index.get(post.user_id.as_ref(), &post.key))
    }
}

type Likeness<'a> = (&'a str, Kind, &'a str);

/// Compares all posts with all records; a selection must not narrow either.
pub(super) fn find<'a>(input: &Input<'a>, index: &Index<'a>) -> Moves<'a> {
    let posts = input.posts;
    let copied = copies(input.posts, index);
    let present: HashSet<Identity<'_>> =
        posts.iter().filter_map(|post| Some(identity(post.user_id.as_ref()?, &post.key))).collect();
    let mut vanished: Vec<Entry<'a>> = index
        .iter()
        .filter(|entry| entry.counts() && !present.contains(&identity(&entry.record.user_id, &entry.record.key)))
        .copied()
        .collect();
    vanished.sort_by(|a, b| (&a.record.key, &a.record.user_id).cmp(&(&b.record.key, &b.record.user_id)));
    if vanished.is_empty() {
        return Moves { copied, ..Moves::default() };
    }
    // Another clone may have recorded the same live media under the key that the post has now.
    let is_present =
        |entry: &&Entry<'_>| entry.counts() && present.contains(&identity(&entry.record.user_id, &entry.record.key));
    let taken_media: HashSet<&MediaId> =
        index.iter().filter(is_present).filter_map(|entry| entry.record.claimed_media()).collect();
    let is_free = |entry: &&Entry<'_>| entry.record.claimed_media().is_none_or(|media| !taken_media.contains(media));
    let mut alike: HashMap<Likeness<'a>, Vec<Entry<'a>>> = HashMap::new();
    let by_id = ById::new(index);
    let is_gone: HashSet<Identity<'_>> =
        vanished.iter().map(|entry| identity(&entry.record.user_id, &entry.record.key)).collect();
    // One that is imported is known by its id alone, but where a person has given it a manifest and files of their own.
    let is_known_by_id = |entry: &&Entry<'_>| entry.record.is_imported() && entry.record.reencoded;
    for entry in vanished.iter().filter(is_free).filter(|entry| !is_known_by_id(entry)) {
        for media in entry.record.known_media() {
            let likeness = (entry.record.user_id.as_str(), entry.record.kind, media.as_str());
            alike.entry(likeness).or_default().push(*entry);
        }
    }
    let mut moves = Moves { copied, ..Moves::default() };
    let mut renamed: HashSet<Identity<'a>> = HashSet::new();
    let mut claims: HashMap<Identity<'a>, (Entry<'a>, Vec<usize>)> = HashMap::new();
    for (place, post) in posts.iter().enumerate() {
        if let Some(media) = &post.imported {
            if let Some(entry) = described(post, media, index, &by_id)
                && is_gone.contains(&identity(&entry.record.user_id, &entry.record.key))
                && !moves.copied.contains_key(&place)
            {
                moves.moved.insert(place, entry);
                renamed.insert(identity(&entry.record.user_id, &entry.record.key));
            }
            continue;
        }
        match candidates(post, index, &alike).as_slice() {
            [] => {}
            [only] => {
                let record = only.record;
                let claim = claims.entry(identity(&record.user_id, &record.key)).or_insert((*only, Vec::new()));
                claim.1.push(place);
            }
            several => {
                moves.ambiguous.insert(place, several.iter().map(|entry| &entry.record.key).collect());
            }
        }
    }
    let mut taken = renamed;
    claims.retain(|from, _| !taken.contains(from));
    for (from, (entry, claimants)) in claims {
        match heir(posts, &entry, &claimants) {
            Some(place) => {
                moves.moved.insert(place, entry);
                taken.insert(from);
            }
            None => moves.ambiguous.extend(claimants.into_iter().map(|place| (place, vec![&entry.record.key]))),
        }
    }
    vanished.retain(|entry| !taken.contains(&identity(&entry.record.user_id, &entry.record.key)));
    moves.vanished = vanished;
    moves
}

/// What is recorded of the live post that a manifest names, under another key than its own.
fn described<'a>(post: &Post, media: &MediaId, index: &Index<'a>, by_id: &ById<'a>) -> Option<Entry<'a>> {
    let user = post.user_id.as_ref()?;
    let is_free = index.get(Some(user), &post.key).is_none_or(|own| !own.counts() || is_unused(own));
    by_id.get(user, media).filter(|entry| is_free && entry.record.key != post.key && !post.draft)
}

fn candidates<'a>(post: &Post, index: &Index<'a>, alike: &HashMap<Likeness<'_>, Vec<Entry<'a>>>) -> Vec<Entry<'a>> {
    let (Some(user), Some(media)) = (&post.user_id, &post.media_digest) else { return Vec::new() };
    let own = index.get(Some(user), &post.key).filter(|entry| entry.counts());
    // What is only guessed to be a post is never a reason to delete it.
    let is_ordered_away = post.state == PostState::Absent;
    if post.draft || is_ordered_away || own.is_some_and(|entry| !is_unused(entry)) {
        return Vec::new();
    }
    let found = alike.get(&(user.as_str(), post.content.kind, media.as_str())).into_iter().flatten();
    let is_worth_it = |entry: &&Entry<'_>| own.is_none() || !is_unsent(entry);
    found.filter(is_worth_it).filter(|entry| !is_repeat(post, entry)).copied().collect()
}

/// A key under which a post was begun and never announced is as good as a new one: another checkout may have published
/// it under the key that it has there. One that a person has allowed to repeat others is no other post.
fn is_unused(entry: &Entry<'_>) -> bool {
    let record = entry.record;
    let is_idle = match &record.state {
        State::Containers => record.intents.is_empty(),
        State::NotPublished(reason) => matches!(reason, Some(Reason::Superseded | Reason::NotBegun)),
        _ => false,
    };
    is_idle && !entry.other_intent && !record.allow_duplicate
}

/// Whether nothing of it is live, or may be.
fn is_unsent(entry: &Entry<'_>) -> bool {
    matches!(entry.record.state, State::Containers | State::NotPublished(_) | State::Failed(_)) && !entry.other_intent
}

/// A post that is to go out after the old one was live is meant to be shown again, and so is one that says so.
fn is_repeat(post: &Post, entry: &Entry<'_>) -> bool {
    let live_since = entry.record.known_live().and_then(|live| live.published_at);
    post.publish_at.zip(live_since).is_some_and(|(due, since)| due > since)
        || (post.allow_duplicate && !entry.record.allow_duplicate)
}

/// Of several new posts that look like one old post, the only one whose text is the same as well.
fn heir(posts: &[Arc<Post>], entry: &Entry<'_>, claimants: &[usize]) -> Option<usize> {
    if let [only] = claimants {
        return Some(*only);
    }
    let is_its = |digest: &Digest| entry.record.digest.as_ref() == Some(digest) || entry.record.has_accepted(digest);
    let same = |place: &&usize| posts[**place].digest.as_ref().is_some_and(is_its);
    let mut same = claimants.iter().filter(same);
    same.next().copied().filter(|_| same.next().is_none())
}
