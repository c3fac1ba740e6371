//! Posts and records to a plan.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::action::{Action, Class, Mark};
use super::branch::{edits, mark};
use super::change::{Context, Verdict, sighted, verdicts, without_manifest};
use super::cost::CALLS_PER_ACCOUNT;
use super::duplicates::hold_back;
use super::forecast::forecast;
use super::guard::guards;
use super::imported::verdicts_of_imported;
use super::input::{AccountView, Branch, Input};
use super::model::{Change, Cost, Loss, Notice, NoticeKind, Plan, Repeats, Summary};
use super::moves::{Moves, find};
use super::owed::Owed;
use super::records::{Entry, Identity, Index, identity};
use super::reviewed::{Kept, keep};
use super::selection::Resolved;
use super::turns::{Candidate, give};
use crate::lockfile::{Live, Record, Stage};
use crate::manifest::{Post, PostState};
use igsync_base::id::{AccountName, Digest, PostKey, UserId};

/// Compares what is wanted with what is recorded. The order of posts and records does not matter.
#[must_use]
pub fn plan(input: &Input<'_>) -> Plan {
    let index = Index::new(input.records, &input.options.settled);
    let deletes = input.posts.iter().any(|post| post.state == PostState::Absent);
    let index = if deletes { index.with_claims(input.records) } else { index };
    let moves = if input.complete { find(input, &index) } else { Moves::without_manifests(input, &index) };
    let posts = input.posts.iter().map(|post| (post.key.as_str(), Some(&*post.file)));
    let records = input.records.iter().map(|record| (record.key.as_str(), record.file.as_deref()));
    let selected = input.selection.resolve(posts.chain(records));

    let mut draft = Draft::new(input, selected);
    let mut verdicts: Vec<Vec<Verdict>> =
        input.posts.iter().enumerate().map(|(place, post)| draft.judge(place, post, &index, &moves)).collect();
    hold_back(input, &index, &moves, &mut verdicts);
    if let Some(reviewed) = input.options.reviewed.as_deref() {
        draft.kept = Some(keep(reviewed, input, &draft.selected, &index, &moves, &mut verdicts));
    }
    draft.notices = draft.give_turns(&index, &moves, &mut verdicts);
    for ((place, post), verdicts) in input.posts.iter().enumerate().zip(verdicts) {
        let is_among =
            |of: fn(&Kept) -> &HashSet<usize>| draft.kept.as_ref().is_some_and(|kept| of(kept).contains(&place));
        let old = moves.moved.get(&place).filter(|_| !is_among(|kept| &kept.unmoved));
        if verdicts.is_empty() && old.is_none() && is_among(|kept| &kept.left) {
            continue;
        }
        draft.add_post(post, moves.entry(place, post, &index), old, verdicts);
    }
    for entry in &moves.vanished {
        draft.add_vanished(entry);
    }
    draft.finish()
}

/// A plan in the making.
struct Draft<'a> {
    input: &'a Input<'a>,
    by_name: HashMap<&'a AccountName, &'a AccountView>,
    by_user: HashMap<&'a UserId, &'a AccountView>,
    selected: Resolved,
    /// Posts whose record the branch changes.
    edited: HashSet<Identity<'a>>,
    /// Posts whose manifest the branch adds or changes.
    branched: HashSet<(&'a AccountName, &'a PostKey)>,
    changes: Vec<Change>,
    notices: Vec<Notice>,
    drafts: BTreeMap<String, usize>,
    summary: Summary,
    /// With `--plan`.
    kept: Option<Kept>,
}

impl<'a> Draft<'a> {
    fn new(input: &'a Input<'a>, selected: Resolved) -> Self {
        let edited = input.options.branch.iter().flat_map(|branch| &branch.record);
        Self {
            input,
            by_name: input.accounts.iter().map(|account| (&account.name, account)).collect(),
            by_user: input.accounts.iter().filter_map(|account| Some((account.user_id.as_ref()?, account))).collect(),
            selected,
            edited: edited.map(|edit| identity(&edit.user_id, &edit.key)).collect(),
            branched: input.options.branch.iter().flat_map(|branch| touched(input.posts, branch)).collect(),
            changes: Vec::new(),
            notices: Vec::new(),
            drafts: BTreeMap::new(),
            summary: Summary::default(),
            kept: None,
        }
    }

    /// What there is to say of a post by itself.
    fn judge(&self, place: usize, post: &Post, index: &Index<'_>, moves: &Moves<'_>) -> Vec<Verdict> {
        let account = self.by_name.get(&post.account).copied();
        let context = Context { now: self.input.now, account, options: self.input.options, index };
        let live = &self.input.options.live;
        if let Some(media) = &post.imported {
            let sighting = live.get(&(post.account.clone(), post.key.clone()));
            let (entry, original) = (moves.entry(place, post, index), moves.original(place));
            return verdicts_of_imported(post, media, entry, original, context, sighting);
        }
        let mut verdicts = verdicts(post, moves.entry(place, post, index), context);
        if !live.is_empty()
            && let Some(sighting) = live.get(&(post.account.clone(), post.key.clone()))
        {
            for verdict in verdicts.iter_mut().filter(|verdict| verdict.cost.publishes > 0) {
                *verdict = sighted(sighting);
            }
        }
        verdicts
    }

    /// When the posts go out that have no time of their own.
    fn give_turns(&self, index: &Index<'_>, moves: &Moves<'_>, verdicts: &mut [Vec<Verdict>]) -> Vec<Notice> {
        let selected = |post: &Post| self.selected.contains(&post.account, post.key.as_str(), Some(&post.file));
        let posts = self.input.posts.iter().zip(verdicts).enumerate();
        let candidates = posts.filter(|(_, (post, _))| selected(post)).map(|(place, (post, verdicts))| Candidate {
            post,
            entry: moves.entry(place, post, index),
            verdicts,
        });
        give(self.input, candidates.collect())
    }

    fn add_post(
        &mut self,
        post: &Arc<Post>,
        entry: Option<&Entry<'_>>,
        old: Option<&Entry<'_>>,
        mut verdicts: Vec<Verdict>,
    ) {
        if !self.selected.contains(&post.account, post.key.as_str(), Some(&post.file)) {
            return;
        }
        let account = self.by_name.get(&post.account).copied();
        if post.draft {
            self.summary.drafts += 1;
            let folder = post.file.rsplit_once('/').map_or("", |(folder, _)| folder);
            *self.drafts.entry(folder.to_owned()).or_default() += 1;
        } else if verdicts.is_empty() && old.is_none() {
            self.summary.unchanged += 1;
        }
        if let Some(old) = old {
            let from = old.record.key.clone();
            let reason = format!("renamed from {from}");
            verdicts.insert(0, Verdict::new(Action::Move { from }, reason));
        }
        for verdict in verdicts {
            let shown = &self.input.options.shown;
            let mut change = change_of_post(post, account, entry, verdict);
            if let Some(loss) = change.loss.as_mut().filter(|_| !shown.is_empty()) {
                loss.counts = shown.get(&(post.account.clone(), post.key.clone())).map(|shown| shown.counts);
            }
            self.push(change);
        }
        self.notices.extend(nothing_to_delete(post, entry));
        if let Some(entry) = entry {
            self.notices.extend(notices(post, entry));
        }
    }

    fn add_vanished(&mut self, entry: &Entry<'_>) {
        let record = entry.record;
        // Users that no account has are a guard's business.
        let Some(account) = self.by_user.get(&record.user_id).copied() else { return };
        let Some(verdict) = without_manifest(entry, self.input.options) else { return };
        if self.selected.contains(&account.name, record.key.as_str(), record.file.as_deref()) {
            self.push(Change {
                action: verdict.action,
                key: record.key.clone(),
                account: account.name.clone(),
                user_id: Some(record.user_id.clone()),
                username: account.username.clone(),
                kind: record.kind,
                reason: verdict.reason,
                file: record.file.as_deref().map(Arc::from),
                line: None,
                due_at: None,
                digest: record.digest.clone(),
                permalink: permalink(record),
                post: None,
                recorded: Some(record.stage()),
                announced_at: announced_at(record),
                repeats: None,
                edited: None,
                loss: None,
                in_diff: None,
                cost: verdict.cost,
            });
        }
    }

    fn push(&mut self, mut change: Change) {
        if let Some(branch) = &self.input.options.branch {
            let has_file = change.file.as_ref().is_some_and(|file| branch.files.contains(&**file));
            let has_record =
                change.user_id.as_ref().is_some_and(|user| self.edited.contains(&identity(user, &change.key)));
            // A post of the base is a duplicate because of what the branch brings.
            let repeats = change.repeats.iter().flat_map(Repeats::keys);
            let has_other = repeats.into_iter().any(|key| self.branched.contains(&(&change.account, key)));
            change.in_diff = Some(has_file || has_record || has_other);
        }
        self.summary.count(&change);
        self.changes.push(change);
    }

    fn finish(mut self) -> Plan {
        let input = self.input;
        self.changes.sort_by(order);
        self.notices.sort_by(|a, b| (&a.key, &a.account, a.kind).cmp(&(&b.key, &b.account, b.kind)));
        let mut guards = guards(input, &self.changes);
        mark(&mut guards, input, &self.changes);
        Plan {
            guards,
            branch_edits: edits(input, &self.changes),
            forecast: forecast(&self.changes, input.records, input.accounts, input.options, input.now),
            cost: total_cost(&self.changes),
            digest: digest(&self.changes),
            changes: self.changes,
            summary: self.summary,
            notices: self.notices,
            drafts: self.drafts,
            accounts: input.accounts.to_vec(),
            not_reviewed: self.kept.as_ref().map(|kept| kept.left.len()),
            mismatches: self.kept.map(|kept| kept.mismatches).unwrap_or_default(),
            unmatched: self.selected.unmatched,
            complete: input.complete,
            now: input.now,
            until: input.until(),
        }
    }
}

fn touched<'a>(posts: &'a [Arc<Post>], branch: &Branch) -> impl Iterator<Item = (&'a AccountName, &'a PostKey)> {
    posts.iter().filter(|post| branch.files.contains(&*post.file)).map(|post| (&post.account, &post.key))
}

fn change_of_post(
    post: &Arc<Post>,
    account: Option<&AccountView>,
    entry: Option<&Entry<'_>>,
    verdict: Verdict,
) -> Change {
    let loss = (verdict.action.mark() == Mark::Delete).then(|| Box::new(loss(entry)));
    Change {
        // When it went out plays no part any more.
        due_at: verdict.due_at.or(post.publish_at).filter(|_| loss.is_none()),
        action: verdict.action,
        key: post.key.clone(),
        account: post.account.clone(),
        user_id: post.user_id.clone(),
        username: account.and_then(|account| account.username.clone()),
        kind: post.content.kind,
        reason: verdict.reason,
        file: Some(Arc::clone(&post.file)),
        line: Some(post.line),
        digest: post.digest.clone(),
        permalink: entry.and_then(|entry| permalink(entry.record)),
        post: Some(with_turn(post, verdict.slot, verdict.turn)),
        recorded: entry.map(|entry| entry.record.stage()),
        announced_at: entry.and_then(|entry| announced_at(entry.record)),
        repeats: verdict.repeats,
        edited: verdict.edited,
        loss,
        in_diff: None,
        cost: verdict.cost,
    }
}

fn announced_at(record: &Record) -> Option<Timestamp> {
    let deletions = record.live().into_iter().flat_map(|live| live.deletions.iter());
    let open = deletions.filter(|entry| entry.outcome.is_none()).map(|entry| entry.at);
    record.intents.iter().map(|intent| intent.at).chain(open).max()
}

fn loss(entry: Option<&Entry<'_>>) -> Loss {
    let live = entry.and_then(|entry| entry.record.live());
    let (media_id, published_at) = live.map(|live| (live.media_id.clone(), live.published_at)).unwrap_or_default();
    Loss { media_id, published_at, counts: None }
}

/// The post as a run has to take it: in a slot of the queue, and with the time that a gap counts from.
fn with_turn(post: &Arc<Post>, slot: Option<Timestamp>, turn: Option<Timestamp>) -> Arc<Post> {
    if slot.is_none() && turn.is_none() {
        return Arc::clone(post);
    }
    let publish_at = slot.or(post.publish_at);
    Arc::new(Post { publish_at, slot, due_at: turn, ..(**post).clone() })
}

/// Followers see posts in the order in which they are published, so the order is part of the plan:
/// moves first, because what follows speaks of the new keys; then by time, key and account. What is deleted comes last.
fn order(a: &Change, b: &Change) -> Ordering {
    let rank = |change: &Change| {
        let is_move = matches!(change.action, Action::Move { .. });
        (!is_move, change.mark() == Mark::Delete, change.due_at.is_none(), change.due_at)
    };
    rank(a)
        .cmp(&rank(b))
        .then_with(|| a.key.cmp(&b.key))
        .then_with(|| a.account.cmp(&b.account))
        .then_with(|| a.mark().cmp(&b.mark()))
}

/// An order to delete what never went out is no error: it may have been written before the post's time came.
fn nothing_to_delete(post: &Post, entry: Option<&Entry<'_>>) -> Option<Notice> {
    // One that is called imported is live, whatever the record knows.
    if post.state != PostState::Absent || post.draft || post.imported.is_some() {
        return None;
    }
    let key = post.key.argument();
    let (known, help) = match entry.map(|entry| entry.record) {
        None => (
            "was never published, as far as the record goes".to_owned(),
            format!("{REMOVE}; if it is live, record that first: {}", named(&key)),
        ),
        Some(record) => match (record.stage(), record.moved_to(), record.claimed_media()) {
            (Stage::Intent | Stage::Unknown | Stage::Published | Stage::Deleted, ..) => return None,
            (Stage::Forgotten, Some(to), _) => {
                (format!("its record is {to}'s now"), format!("order it in {to}'s manifest"))
            }
            (Stage::Forgotten, None, Some(media)) => (
                format!("its record as media {media} was forgotten"),
                format!("if it is live, record that first: {}", named(&key)),
            ),
            _ => ("was never published".to_owned(), REMOVE.to_owned()),
        },
    };
    Some(Notice {
        kind: NoticeKind::NothingToDelete,
        key: post.key.clone(),
        account: post.account.clone(),
        message: format!("{} says `state: absent` and {known}: there is nothing to delete", post.key),
        help,
    })
}

const REMOVE: &str = "remove the manifest, or its `state`";

fn named(key: &str) -> String {
    format!("`igsync resolve {key} --published ID`")
}

fn notices(post: &Post, entry: &Entry<'_>) -> Vec<Notice> {
    let record = entry.record;
    let key = &post.key;
    let notice = |kind, message: String, help: String| Notice {
        kind,
        key: key.clone(),
        account: post.account.clone(),
        message,
        help,
    };
    let mut notices = Vec::new();
    if let (Some(other), Some(media)) = (entry.other_live, record.claimed_media()) {
        let (message, help) = if entry.may_be_two_posts {
            (
                format!("{key} is recorded as two live posts, {media} and {other}, and they may be different ones"),
                format!(
                    "look at both, and forget the wrong one: `igsync lock rm {key} --media {media}` or \
                     `igsync lock rm {key} --media {other}`",
                    key = key.argument()
                ),
            )
        } else {
            (format!("{key} is live twice, as {media} and as {other}"), "delete one of them on Instagram".to_owned())
        };
        notices.push(notice(NoticeKind::LiveTwice, message, help));
    }
    if entry.other_unknown {
        notices.push(notice(
            NoticeKind::MaybeLiveTwice,
            format!("{key} is live, and the outcome of another attempt to publish it is unknown"),
            "check the profile and delete the second one, if there is one".into(),
        ));
    }
    let waits = |live: &Live| !Owed::of(post, live).is_nothing() && live.certain_media().is_none();
    if !post.draft && record.live().is_some_and(waits) {
        notices.push(notice(
            NoticeKind::CommentWaits,
            format!("the comments of {key} wait until it is certain which media it is"),
            format!("name it with `igsync resolve {} --published ID`", key.argument()),
        ));
    }
    notices
}

fn permalink(record: &Record) -> Option<String> {
    record.known_live()?.permalink.clone()
}

fn total_cost(changes: &[Change]) -> Cost {
    let mut cost = Cost::default();
    let mut accounts = BTreeSet::new();
    for change in changes.iter().filter(|change| change.cost != Cost::default()) {
        cost.containers += change.cost.containers;
        cost.publishes += change.cost.publishes;
        cost.calls += change.cost.calls;
        accounts.insert(&change.account);
    }
    cost.calls += CALLS_PER_ACCOUNT * accounts.len() as u64;
    cost
}

/// What the plan lets apply do, as one value to compare, which time changes only by expiring a post. A user that is
/// not known yet is named by its account.
fn digest(changes: &[Change]) -> Digest {
    digest_of(
        changes
            .iter()
            .filter_map(|change| Some((user(change), &change.key, change.action.class()?, change.digest.as_ref()))),
    )
}

fn user(change: &Change) -> Cow<'_, str> {
    match &change.user_id {
        Some(user) => Cow::Borrowed(user.as_str()),
        None => Cow::Owned(format!("@{}", change.account)),
    }
}

/// Over `(user_id, key, class, digest)`, whatever their order.
pub(super) fn digest_of<'a>(
    posts: impl Iterator<Item = (Cow<'a, str>, &'a PostKey, Class, Option<&'a Digest>)>,
) -> Digest {
    let line = |(user, key, class, digest): (Cow<'_, str>, &PostKey, Class, Option<&Digest>)| {
        format!("{user}\t{key}\t{}\t{}\n", class.name(), digest.map_or("", Digest::as_str))
    };
    let mut lines: Vec<String> = posts.map(line).collect();
    lines.sort_unstable();
    let mut hasher = Sha256::new();
    for line in &lines {
        hasher.update(line.as_bytes());
    }
    let mut text = String::from("v1:sha256:");
    for byte in hasher.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Digest::new(text)
}
