//! What a branch does to the record, as its own change: three versions of the record compared. Pure; knows no git.

use std::collections::HashSet;

use super::merge::merge;
use super::record::{Comment, Record, Stage, Switch};
use super::records::{Records, effective};
use igsync_base::id::{MediaId, PostKey, UserId};

/// The record as the base has it.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// Where the branch left it.
    pub left_at: &'a Records,
    /// At its tip by now.
    pub tip: &'a Records,
}

/// What a branch does to the record of one post. At least one of the lists is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    pub user_id: UserId,
    pub key: PostKey,
    /// Attempts that the branch drops, as the base has them.
    pub removed: Vec<Record>,
    /// Attempts that the base does not know.
    pub added: Vec<Record>,
    pub changed: Vec<Rewritten>,
    /// The attempt that speaks for the post at the base's tip.
    pub before: Option<Record>,
    /// The one that speaks for it once the branch is merged.
    pub after: Option<Record>,
    pub effect: Effect,
    /// Of what the branch writes, in its `igsync.lock`, from 1. Whoever has the text fills it in.
    pub line: Option<usize>,
}

/// One attempt that the branch says something else about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    pub from: Record,
    pub to: Record,
}

/// What the change means for the post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// No attempt speaks for the post any more.
    Removed,
    /// The post is said to be in a state that igsync did not record on the base.
    Claimed(Stage),
    /// A live post is said to be another media, or a second one.
    OtherMedia(MediaId),
    /// A live post's first comment or comment switch is said to be due again.
    ExtrasDue,
    /// The record continues under another key.
    MovedTo(PostKey),
    /// The record comes from another key, where the base has it.
    MovedFrom(PostKey),
    /// Details; these fields differ.
    Details(Vec<String>),
}

impl Effect {
    /// The names in machine-readable output.
    pub const NAMES: [&str; 14] = [
        "removed",
        "other_media",
        "extras_due",
        "moved_to",
        "moved_from",
        "details",
        "containers",
        "intent",
        "unknown",
        "not_published",
        "failed",
        "published",
        "deleted",
        "ignored",
    ];

    /// One of [`Self::NAMES`]; what is claimed has the name of its state.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Removed | Self::Claimed(Stage::Forgotten) => "removed",
            Self::OtherMedia(_) => "other_media",
            Self::ExtrasDue => "extras_due",
            Self::MovedTo(_) => "moved_to",
            Self::MovedFrom(_) => "moved_from",
            Self::Details(_) => "details",
            Self::Claimed(stage) => stage.as_str(),
        }
    }
}

impl RecordChange {
    /// Whether the post counts as live on the base, and not any more once the branch is merged.
    #[must_use]
    pub fn forgets_a_live_post(&self) -> bool {
        is_live(self.before.as_ref()) && !is_live(self.after.as_ref())
    }

    /// The first record that the branch writes; `None`: it only removes.
    #[must_use]
    pub fn written(&self) -> Option<&Record> {
        self.added.first().or_else(|| self.changed.first().map(|rewritten| &rewritten.to))
    }
}

/// What the branch does to the record, by user and key. What is as it was where the branch left the base, or as the
/// base has it by now, is no change of the branch: bot commits that came with a merge show nothing.
#[must_use]
pub fn changes(base: Base<'_>, here: &Records) -> Vec<RecordChange> {
    let is_new = |attempts: &&[Record]| {
        attempts.first().is_some_and(|first| base.left_at.attempts(&first.user_id, &first.key).is_empty())
    };
    let posts = base.left_at.posts().chain(here.posts().filter(is_new));
    posts.filter_map(|attempts| attempts.first()).filter_map(|first| change(base, here, first)).collect()
}

/// What the branch does to the record of the post that `of` is an attempt of.
fn change(base: Base<'_>, here: &Records, of: &Record) -> Option<RecordChange> {
    let (user_id, key) = (&of.user_id, &of.key);
    let left_at = base.left_at.attempts(user_id, key);
    let tip = base.tip.attempts(user_id, key);
    let now = here.attempts(user_id, key);
    if now == left_at || now == tip {
        return None;
    }
    let mut parts = Parts::default();
    for old in left_at {
        parts.compare(Some(old), find(tip, old), find(now, old));
    }
    for new in now.iter().filter(|new| find(left_at, new).is_none()) {
        parts.compare(None, find(tip, new), Some(new));
    }
    let Parts { removed, added, changed } = parts;
    if removed.is_empty() && added.is_empty() && changed.is_empty() {
        return None;
    }
    let merged = merged(left_at, tip, &removed, &added, &changed);
    let mut change = RecordChange {
        user_id: user_id.clone(),
        key: key.clone(),
        removed,
        added,
        changed,
        before: effective(tip).cloned(),
        after: effective(&merged).cloned(),
        effect: Effect::Removed,
        line: None,
    };
    change.effect = effect(&change, base.tip, here);
    Some(change)
}

fn find<'r>(attempts: &'r [Record], of: &Record) -> Option<&'r Record> {
    attempts.iter().find(|record| record.attempt == of.attempt)
}

#[derive(Default)]
struct Parts {
    removed: Vec<Record>,
    added: Vec<Record>,
    changed: Vec<Rewritten>,
}

impl Parts {
    /// One attempt where the branch left the base, at the base's tip, and in the branch.
    fn compare(&mut self, left_at: Option<&Record>, tip: Option<&Record>, now: Option<&Record>) {
        if now == left_at || now == tip {
            return;
        }
        match (left_at.or(tip), now) {
            (Some(_), None) => self.removed.extend(tip.or(left_at).cloned()),
            (None, Some(new)) => self.added.push(new.clone()),
            (Some(from), Some(to)) => self.changed.push(Rewritten { from: from.clone(), to: to.clone() }),
            (None, None) => {}
        }
    }
}

/// The attempts of a post once the branch is merged, as git and then igsync merge lines.
fn merged(
    left_at: &[Record],
    tip: &[Record],
    removed: &[Record],
    added: &[Record],
    changed: &[Rewritten],
) -> Vec<Record> {
    let mut merged: Vec<Record> = tip.iter().filter(|record| find(removed, record).is_none()).cloned().collect();
    for to in changed.iter().map(|rewritten| &rewritten.to) {
        let Some(place) = merged.iter().position(|record| record.attempt == to.attempt) else {
            merged.push(to.clone());
            continue;
        };
        // A line that only the branch has changed is the branch's; one that both have is kept twice, and joined.
        let only_here = find(left_at, to) == Some(&merged[place]);
        merged[place] = if only_here { to.clone() } else { merge(merged[place].clone(), to.clone()) };
    }
    merged.extend_from_slice(added);
    merged
}

fn is_live(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.live().is_some())
}

fn effect(change: &RecordChange, tip: &Records, here: &Records) -> Effect {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    if let Some(to) = moved_to(change, here) {
        return Effect::MovedTo(to);
    }
    if let Some(from) = moved_from(change, tip, here) {
        return Effect::MovedFrom(from);
    }
    if is_live(before)
        && let Some(media) = other_media(change, tip)
    {
        return Effect::OtherMedia(media);
    }
    match (before, after) {
        (Some(_), None) => Effect::Removed,
        (Some(before), Some(after)) if extras_are_due_again(before, after) => Effect::ExtrasDue,
        (before, Some(after)) if before.map(Record::stage) != Some(after.stage()) => Effect::Claimed(after.stage()),
        // What continues from an open attempt is decided by what it holds.
        (before, Some(after)) if before != Some(after) && after.is_open() => Effect::Claimed(after.stage()),
        _ => Effect::Details(fields(change)),
    }
}

/// Where a record went that this branch gave another key, media and all.
fn moved_to(change: &RecordChange, here: &Records) -> Option<PostKey> {
    change.changed.iter().find_map(|Rewritten { from, to }| {
        let key = to.moved_to().filter(|_| from.stage() != Stage::Forgotten)?;
        let there = here.attempts(&to.user_id, key).iter();
        let is_it = |heir: &Record| heir.stage() == from.stage() && heir.claimed_media() == from.claimed_media();
        there.filter(|heir| heir.stage() != Stage::Forgotten).any(is_it).then(|| key.clone())
    })
}

/// Where a record comes from that this branch gave this key: the base has it there, and the branch says that it moved.
fn moved_from(change: &RecordChange, tip: &Records, here: &Records) -> Option<PostKey> {
    let new = change.added.first().filter(|new| new.claimed_media().is_some())?;
    let old = here.iter().find(|old| {
        old.user_id == new.user_id && old.moved_to() == Some(&new.key) && old.claimed_media() == new.claimed_media()
    })?;
    let known = tip.same_attempt(old)?;
    (known.stage() == new.stage() && known.claimed_media() == new.claimed_media()).then(|| old.key.clone())
}

/// A media that the branch says is live for this post, and the base does not.
fn other_media(change: &RecordChange, tip: &Records) -> Option<MediaId> {
    let known: HashSet<&MediaId> =
        tip.attempts(&change.user_id, &change.key).iter().filter_map(Record::claimed_media).collect();
    let said = change.added.iter().chain(change.changed.iter().map(|rewritten| &rewritten.to));
    let media = said.filter_map(|record| record.live()?.media_id.as_ref());
    media.into_iter().find(|media| !known.contains(media)).cloned()
}

fn extras_are_due_again(before: &Record, after: &Record) -> bool {
    let Some((before, after)) = before.live().zip(after.live()) else { return false };
    let is_open = |comment| matches!(comment, Some(Comment::Due | Comment::Intent));
    let comment = before.comment != after.comment && is_open(after.comment);
    let switch = before.comment_switch != after.comment_switch && after.comment_switch == Some(Switch::Due);
    comment || switch
}

/// The names of the fields that differ in rewritten attempts, in their written order.
fn fields(change: &RecordChange) -> Vec<String> {
    let values = |record: &Record| serde_json::to_value(record).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for Rewritten { from, to } in &change.changed {
        let (from, to) = (values(from), values(to));
        let all = [&from, &to].into_iter().filter_map(serde_json::Value::as_object).flatten();
        for (name, _) in all.filter(|(name, _)| from.get(name.as_str()) != to.get(name.as_str())) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
