//! Manifests that describe a post which is live already: they are known by its media id, and never published.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::action::{Action, Why};
use super::change::{Context, Verdict, after_import, only_settling, unknown};
use super::cost;
use super::input::Sighting;
use super::moves::Moves;
use super::records::{Entry, Identity, Index, identity};
use crate::lockfile::{Record, State};
use crate::manifest::{Post, Spot};
use igsync_base::id::{MediaId, PostKey, UserId};
use igsync_base::rules;
use igsync_media::rules::Broken;

/// A live post of a user, by its media id.
type LiveId<'a> = (&'a str, &'a str);

/// What is recorded of each live post, by its media id.
pub(super) struct ById<'a>(HashMap<LiveId<'a>, Entry<'a>>);

impl<'a> ById<'a> {
    pub(super) fn new(index: &Index<'a>) -> Self {
        let mut by_id: HashMap<LiveId<'a>, Entry<'a>> = HashMap::new();
        for entry in index.iter().filter(|entry| entry.counts()) {
            let Some(media) = entry.record.claimed_media() else { continue };
            let known = by_id.entry((entry.record.user_id.as_str(), media.as_str())).or_insert(*entry);
            // Of two that claim it the one with the smaller key, whatever was read first.
            if entry.record.key < known.record.key {
                *known = *entry;
            }
        }
        Self(by_id)
    }

    pub(super) fn get(&self, user: &UserId, media: &MediaId) -> Option<Entry<'a>> {
        self.0.get(&(user.as_str(), media.as_str())).copied()
    }
}

/// Of manifests that name a live post, those to which it does not belong: with the key of the post that it is.
pub(super) fn copies<'a>(posts: &'a [Arc<Post>], index: &Index<'a>) -> HashMap<usize, &'a PostKey> {
    let named = posts.iter().enumerate().filter(|(_, post)| post.imported.is_some());
    let named: Vec<(usize, &Post)> = named.map(|(place, post)| (place, &**post)).collect();
    if named.is_empty() {
        return HashMap::new();
    }
    let by_id = ById::new(index);
    let present: HashMap<Identity<'a>, &'a PostKey> =
        posts.iter().filter_map(|post| Some((identity(post.user_id.as_ref()?, &post.key), &post.key))).collect();
    let mut alike: HashMap<(&str, &MediaId), Vec<usize>> = HashMap::new();
    for (place, post) in &named {
        if let Some(media) = &post.imported {
            alike.entry((post.account.as_str(), media)).or_default().push(*place);
        }
    }
    let mut copies = HashMap::new();
    for (place, post) in named {
        let (Some(media), user) = (&post.imported, post.user_id.as_ref()) else { continue };
        let owner = user.and_then(|user| {
            let own = index.get(Some(user), &post.key).filter(|entry| entry.counts());
            if own.is_some_and(|own| own.record.claimed_media() == Some(media)) {
                return Some(&post.key);
            }
            let entry = by_id.get(user, media)?;
            present.get(&identity(user, &entry.record.key)).copied()
        });
        let others = alike.get(&(post.account.as_str(), media)).into_iter().flatten();
        let other = || others.filter(|other| **other != place).map(|other| &posts[*other].key).min();
        let is_of = match owner {
            Some(owner) => Some(owner).filter(|owner| **owner != post.key),
            None => other(),
        };
        if let Some(key) = is_of {
            copies.insert(place, key);
        }
    }
    copies
}

/// What there is to say of a post that is live by its manifest. Nothing of it publishes.
pub(super) fn verdicts_of_imported(
    post: &Post,
    media: &MediaId,
    entry: Option<&Entry<'_>>,
    copied_from: Option<&PostKey>,
    context: Context<'_>,
    sighting: Option<&Sighting>,
) -> Vec<Verdict> {
    let held = |reason: String| vec![Verdict::new(Action::Hold(Why::Unknown), reason)];
    if let Some(original) = copied_from {
        return if post.draft { vec![] } else { held(copied(original)) };
    }
    let entry = entry.filter(|entry| entry.counts());
    if let Some(entry) = entry.filter(|entry| entry.record.claimed_media() == Some(media)) {
        return after_import(post, entry, context);
    }
    // What was begun under its key before it was called imported.
    match entry.map(|entry| (&entry.record.state, entry)) {
        Some((State::Unknown(reason), _)) => return vec![unknown(reason.as_ref())],
        Some((State::Intent, _)) => return vec![only_settling("called imported")],
        Some((_, entry)) if entry.other_intent => return vec![only_settling("called imported")],
        Some((State::Published(live), _)) => {
            let is = live.media_id.as_ref().map_or_else(|| "a media id not known yet".to_owned(), ToString::to_string);
            return if post.draft { vec![] } else { held(format!("recorded as {is}, and `imported` names {media}")) };
        }
        _ => {}
    }
    if !super::change::wanted(post) {
        // What no record has is no one's to delete.
        let reason = || {
            format!(
                "state: absent, but imported as {media}, which is in no record; `igsync import` records it where it is live"
            )
        };
        return if post.draft { vec![] } else { held(reason()) };
    }
    match sighting {
        Some(Sighting::Live { link }) => {
            let reason = format!("live as {link}, apply records it and publishes nothing");
            vec![Verdict { cost: cost::settle(), ..Verdict::new(Action::Adopt, reason) }]
        }
        // What is live on Instagram is not in the sandbox, and nothing is missing there.
        Some(Sighting::Maybe { .. }) | None if context.options.is_sandbox => vec![],
        Some(Sighting::Maybe { .. }) | None => held(format!(
            "imported as {media}, which is in no record; `igsync import --record-only` or `igsync apply --refresh full` \
             records it where it is live"
        )),
    }
}

fn copied(original: &PostKey) -> String {
    format!("copied from an imported post ({original}): remove `imported`")
}

impl Moves<'_> {
    /// The key of the post that an imported manifest was copied from.
    pub(super) fn original(&self, place: usize) -> Option<&PostKey> {
        self.copied.get(&place).copied()
    }
}

/// Whether a live post is to be recognised by what its record knows of it besides its bytes: these are Instagram's, and
/// no one's original equals them.
pub(super) fn is_known_by_caption(record: &Record) -> bool {
    record.live().is_some() && record.is_imported()
}

/// The finding at each manifest whose `imported` belongs to another one, by its place.
pub fn copied_imports(posts: &[Arc<Post>], records: &[&Record]) -> Vec<(usize, (Spot<'static>, Broken))> {
    if posts.iter().all(|post| post.imported.is_none()) {
        return Vec::new();
    }
    let index = Index::new(records, &BTreeSet::new());
    let broken = |original: &PostKey| {
        Broken::new(
            &rules::COPIED_IMPORT,
            "copied from an imported post: remove `imported`",
            format!("the live post is {original}"),
            format!(
                "remove `imported` here if this is a post of its own, or remove the file if {original} describes it"
            ),
        )
    };
    let mut found: Vec<_> = copies(posts, &index)
        .into_iter()
        .map(|(place, original)| (place, (Spot::Field("imported"), broken(original))))
        .collect();
    found.sort_by_key(|(place, _)| *place);
    found
}
