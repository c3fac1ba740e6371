//! A plan kept to what people have reviewed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, Class};
use super::change::Verdict;
use super::file::{PlanFile, PlanItem, as_written, converted};
use super::input::Input;
use super::moves::Moves;
use super::records::{Entry, Index};
use super::selection::Resolved;
use crate::lockfile::{Record, Stage};
use crate::manifest::{Post, PostState};
use igsync_base::id::{AccountName, Digest, PostKey, UserId};

/// What was reviewed, in one plan file or in several.
#[derive(Clone, Debug, Default)]
pub struct Reviewed {
    posts: HashMap<UserId, HashMap<PostKey, Vec<Seen>>>,
}

/// One post as one plan file has it.
#[derive(Clone, Debug)]
struct Seen {
    item: PlanItem,
    at: Timestamp,
    include_late: bool,
}

/// A post that is not as it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub account: AccountName,
    pub key: PostKey,
    /// Its manifest; where that is gone, as it was.
    pub file: Arc<str>,
    pub line: Option<usize>,
    /// What differs, one sentence after the name of the post: lower case, no full stop.
    pub message: String,
}

/// By what time a reviewed post is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) at: Timestamp,
    /// Whether it was meant to go out although it was late then.
    pub(super) include_late: bool,
}

impl Reviewed {
    /// Everything that any of the files has.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = PlanFile>) -> Self {
        let mut reviewed = Self::default();
        for PlanFile { at, include_late, items, .. } in files {
            for item in items {
                let posts = reviewed.posts.entry(item.user_id.clone()).or_default();
                posts.entry(item.key.clone()).or_default().push(Seen { item, at, include_late });
            }
        }
        for seen in reviewed.posts.values_mut().flat_map(HashMap::values_mut) {
            seen.sort_by_key(|seen| seen.at);
        }
        reviewed
    }

    /// What was seen of a post, the oldest first.
    fn of(&self, user: Option<&UserId>, key: &PostKey) -> &[Seen] {
        let seen = user.and_then(|user| self.posts.get(user)).and_then(|posts| posts.get(key));
        seen.map_or(&[], Vec::as_slice)
    }

    /// `None`: no plan has the post as it is now.
    pub(super) fn judged(&self, post: &Post) -> Option<Judged> {
        let mut found: Option<Judged> = None;
        for seen in self.of(post.user_id.as_ref(), &post.key).iter().filter(|seen| seen.is_of(post, None)) {
            // Once it was reviewed in time, no waiting for an approval makes it late.
            let judged = found.get_or_insert(Judged { at: seen.at, include_late: false });
            judged.include_late |= seen.include_late;
        }
        found
    }
}

impl Seen {
    /// Whether the post is what was reviewed, as far as apply sends or decides by it.
    fn is_of(&self, post: &Post, record: Option<&Record>) -> bool {
        self.item.file.is_some() && self.differences(post, record).is_empty()
    }

    /// What differs, as a list of clauses.
    fn differences(&self, post: &Post, record: Option<&Record>) -> Vec<String> {
        let Self { item, .. } = self;
        if item.class == Class::Delete {
            let media = record.and_then(Record::claimed_media);
            return match (post.state, media == item.media_id.as_ref()) {
                (PostState::Present, _) => vec!["it was to be deleted, and its manifest keeps it now".to_owned()],
                (PostState::Absent, true) => Vec::new(),
                (PostState::Absent, false) => vec!["it is recorded as other media now".to_owned()],
            };
        }
        if post.state == PostState::Absent {
            return vec!["its manifest says `state: absent` now".to_owned()];
        }
        let mut found = Vec::new();
        // The media of live posts are not read everywhere, and nothing of them is sent again.
        let is_live = record.is_some_and(|record| record.stage() == Stage::Published);
        let differs =
            |was: Option<&Digest>, is: Option<&Digest>| was != is && !(is_live && (was.is_none() || is.is_none()));
        let (media_was, media_is) = (item.media_digest.as_ref(), post.media_digest.as_ref());
        if differs(item.digest.as_ref(), post.digest.as_ref()) {
            let media = differs(media_was, media_is);
            found.push(if media { "its media differ" } else { "its text or what else it sends differs" }.to_owned());
        }
        if !is_live && item.conversions != converted(post) {
            found.push("its pictures are converted in another way (media.fit)".to_owned());
        }
        if item.first_comment != post.first_comment {
            found.push("its first comment differs".to_owned());
        }
        let mut compare = |name: &str, was: Option<String>, is: Option<String>| {
            if was != is {
                let said = |value: Option<String>| value.unwrap_or_else(|| "not set".to_owned());
                found.push(format!("{name} was {} and is {}", said(was), said(is)));
            }
        };
        let switch = |value: bool| Some(value.to_string());
        compare("comment_enabled", switch(item.comment_enabled), switch(post.comment_enabled));
        compare("publish_at", item.publish_at.clone(), as_written(post));
        compare("allow_duplicate", switch(item.allow_duplicate), switch(post.allow_duplicate));
        found
    }
}

/// What a review leaves of a plan in the making.
#[derive(Default)]
pub(super) struct Kept {
    /// Places of posts about which apply would do something, and no plan file has it.
    pub(super) left: HashSet<usize>,
    /// Of these, those whose records are not renamed.
    pub(super) unmoved: HashSet<usize>,
    /// Sorted by key and account.
    pub(super) mismatches: Vec<Mismatch>,
}

/// Takes out of the verdicts what no plan file has, and compares with the posts what they have.
pub(super) fn keep<'a>(
    reviewed: &Reviewed,
    input: &Input<'a>,
    selected: &Resolved,
    index: &Index<'a>,
    moves: &Moves<'a>,
    verdicts: &mut [Vec<Verdict>],
) -> Kept {
    let mut kept = Kept::default();
    let mut met: HashSet<(&UserId, &PostKey)> = HashSet::new();
    for ((place, post), verdicts) in input.posts.iter().enumerate().zip(verdicts) {
        let seen = reviewed.of(post.user_id.as_ref(), &post.key);
        met.extend(post.user_id.as_ref().filter(|_| !seen.is_empty()).map(|user| (user, &post.key)));
        let case =
            Case { post, seen, entry: moves.entry(place, post, index), is_move: moves.moved.contains_key(&place) };
        if !selected.contains(&post.account, post.key.as_str(), Some(&post.file)) {
            continue;
        }
        let message = case.mismatch(verdicts);
        kept.unmoved.extend(case.is_unmoved().then_some(place));
        kept.left.extend(case.keep(verdicts).then_some(place));
        kept.mismatches.extend(message.map(|message| Mismatch {
            account: post.account.clone(),
            key: post.key.clone(),
            file: Arc::clone(&post.file),
            line: Some(post.line),
            message,
        }));
    }
    for (user, posts) in &reviewed.posts {
        for (key, seen) in posts.iter().filter(|(key, _)| !met.contains(&(user, *key))) {
            kept.mismatches.extend(gone(user, key, seen, selected, index));
        }
    }
    kept.mismatches.sort_by(|a, b| (&a.key, &a.account).cmp(&(&b.key, &b.account)));
    kept
}

/// A reviewed post that has no manifest any more, unless it is out, or deleted, already.
fn gone(user: &UserId, key: &PostKey, seen: &[Seen], selected: &Resolved, index: &Index<'_>) -> Option<Mismatch> {
    let (item, file) = seen.iter().rev().find_map(|seen| Some((&seen.item, seen.item.file.as_deref()?)))?;
    if !selected.contains(&item.account, key.as_str(), Some(file)) {
        return None;
    }
    let entry = index.get(Some(user), key);
    let heir = entry.and_then(|entry| entry.record.moved_to()).and_then(|to| index.get(Some(user), to));
    let is_deletion = seen.iter().all(|seen| seen.item.class == Class::Delete);
    let is_done = entry.into_iter().chain(heir).any(|entry| match entry.record.stage() {
        Stage::Published => !is_deletion,
        Stage::Deleted => true,
        _ => false,
    });
    (!is_done).then(|| Mismatch {
        account: item.account.clone(),
        key: key.clone(),
        file: Arc::from(file),
        line: None,
        message: "its manifest is gone".to_owned(),
    })
}

/// One post, what was seen of it, and what is recorded.
struct Case<'a> {
    post: &'a Post,
    seen: &'a [Seen],
    entry: Option<&'a Entry<'a>>,
    /// Its record is to be renamed.
    is_move: bool,
}

impl Case<'_> {
    fn record(&self) -> Option<&Record> {
        self.entry.map(|entry| entry.record)
    }

    /// An attempt that was announced is never given up for a review: what it sent is found out, and what it has begun
    /// is ended.
    fn is_open(&self) -> bool {
        self.record().is_some_and(|record| record.stage() == Stage::Intent && record.digest == self.post.digest)
    }

    fn covers(&self, class: Class) -> bool {
        self.seen.iter().any(|seen| seen.item.class == class && seen.is_of(self.post, self.record()))
    }

    /// Whether what was reviewed has happened, so that nothing is to be compared.
    fn is_done(&self) -> bool {
        let Some(record) = self.record().filter(|_| !self.is_move) else { return false };
        let is_deletion = self.seen.iter().all(|seen| seen.item.class == Class::Delete);
        match record.stage() {
            Stage::Published => !is_deletion,
            Stage::Deleted => true,
            _ => false,
        }
    }

    /// Why it is not what was reviewed.
    fn mismatch(&self, verdicts: &[Verdict]) -> Option<String> {
        let newest = self.seen.iter().rev().find(|seen| seen.item.file.is_some())?;
        if self.is_done() || self.is_open() {
            return None;
        }
        if self.post.draft {
            return Some("it is a draft now".to_owned());
        }
        if !self.seen.iter().any(|seen| seen.is_of(self.post, self.record())) {
            return Some(newest.differences(self.post, self.record()).join(", "));
        }
        let moving = self.is_move.then_some(Class::Move);
        let classes = verdicts.iter().filter(|verdict| verdict.action != Action::Settle);
        let new = moving.into_iter().chain(classes.filter_map(|verdict| verdict.action.class()));
        let new = new.into_iter().find(|class| !self.covers(*class))?;
        Some(format!("it was to be {}, and would be {} now", done(newest.item.class), done(new)))
    }

    /// Whether its record is to be renamed, and no plan file has that.
    fn is_unmoved(&self) -> bool {
        self.is_move && !self.covers(Class::Move)
    }

    /// Takes out what is in no plan file; whether there was any.
    fn keep(&self, verdicts: &mut Vec<Verdict>) -> bool {
        let all = verdicts.len();
        let is_unmoved = self.is_unmoved();
        let is_open = self.is_open();
        verdicts.retain(|verdict| match verdict.action.class() {
            _ if is_unmoved => false,
            _ if verdict.action == Action::Settle => true,
            None => true,
            Some(Class::Publish) if is_open => true,
            Some(class) => self.covers(class),
        });
        is_unmoved || verdicts.len() < all
    }
}

fn done(class: Class) -> &'static str {
    match class {
        Class::Publish => "published",
        Class::Delete => "deleted",
        Class::Move => "renamed",
    }
}

#[cfg(test)]
mod tests;
