//! Reasons to refuse a plan.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::action::Action;
use super::forecast::cap;
use super::input::Input;
use super::model::{Change, Guard, GuardKind};
use super::moves::Moves;
use super::records::{Entry, Index, identity};
use crate::lockfile::{Record, Stage, State};
use crate::manifest::Post;
use igsync_base::id::{Kind, PostKey};

/// Every guard that holds, in the order in which a person should look at them.
pub(super) fn guards(input: &Input<'_>, changes: &[Change], index: &Index<'_>, moves: &Moves<'_>) -> Vec<Guard> {
    let publishes: Vec<&Change> = changes.iter().filter(|change| change.acts() && change.publishes()).collect();
    let mut guards = Vec::new();
    guards.extend(unknown_users(input));
    guards.extend(other_graph(input));
    guards.extend(empty(input));
    if !publishes.is_empty() {
        guards.extend(no_lockfile(input, &publishes));
    }
    guards.extend(paused(input, changes));
    guards.extend(too_many(input, changes));
    guards.extend(ambiguous_moves(input.posts, changes, moves));
    guards.extend(reposts(input, changes, index, moves));
    guards
}

fn keys_of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<PostKey> {
    changes.into_iter().map(|change| change.key.clone()).collect()
}

fn posts(count: usize) -> String {
    if count == 1 { "1 post".to_owned() } else { format!("{count} posts") }
}

fn unknown_users(input: &Input<'_>) -> Vec<Guard> {
    let mut unknown: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in input.records.iter().filter(|record| record.stage() != Stage::Forgotten) {
        let user = Some(&record.user_id);
        if input.accounts.iter().all(|account| account.user_id.as_ref() != user) {
            unknown.entry(&record.user_id).or_default().push(record);
        }
    }
    let guard = |(user, mut records): (_, Vec<&Record>)| {
        records.sort_by(|a, b| a.key.cmp(&b.key));
        records.dedup_by(|a, b| a.key == b.key);
        Guard {
            kind: GuardKind::UnknownUser,
            in_diff: None,
            account: records.first().map(|record| record.account.clone()),
            keys: records.iter().map(|record| record.key.clone()).collect(),
            message: format!("the lockfile records {} of user id {user}, which no account has", posts(records.len())),
            help: "give an account this user_id in igsync.yaml, or drop the records with `igsync lock rm`".into(),
        }
    };
    unknown.into_iter().map(guard).collect()
}

fn other_graph(input: &Input<'_>) -> Option<Guard> {
    let base = input.options.graph_base.as_ref();
    let is_other = |record: &&&Record| record.stage() != Stage::Forgotten && record.graph.as_ref() != base;
    let mut others: Vec<&Record> = input.records.iter().filter(is_other).copied().collect();
    others.sort_by(|a, b| a.key.cmp(&b.key));
    let first = others.first()?;
    let name = |base: Option<&String>| base.map_or_else(|| "Meta's hosts".to_owned(), Clone::clone);
    Some(Guard {
        kind: GuardKind::OtherGraph,
        in_diff: None,
        account: None,
        keys: others.iter().map(|record| record.key.clone()).collect(),
        message: format!(
            "{} recorded through {}, this run talks to {}",
            if others.len() == 1 { "1 post was".to_owned() } else { format!("{} posts were", others.len()) },
            name(first.graph.as_ref()),
            name(base),
        ),
        help: match &first.graph {
            Some(graph) => format!("set IGSYNC_GRAPH_URL={graph}, or use a separate lockfile for each base"),
            None => "unset IGSYNC_GRAPH_URL, or use a separate lockfile for each base".into(),
        },
    })
}

fn empty(input: &Input<'_>) -> Option<Guard> {
    let recorded = input.records.iter().filter(|record| record.stage() != Stage::Forgotten).count();
    let holds = input.complete && input.posts.is_empty() && recorded > 0 && !input.options.allow_empty;
    holds.then(|| Guard {
        kind: GuardKind::Empty,
        in_diff: None,
        account: None,
        keys: Vec::new(),
        message: format!("there is no manifest, but the lockfile has {recorded} records"),
        help: "check the folder (-C) and posts: in igsync.yaml; if that is intended, pass --allow-empty".into(),
    })
}

fn no_lockfile(input: &Input<'_>, publishes: &[&Change]) -> Vec<Guard> {
    let options = input.options;
    let guard = |kind, message: &str, help: &str| Guard {
        kind,
        in_diff: None,
        account: None,
        keys: keys_of(publishes.iter().copied()),
        message: message.into(),
        help: help.into(),
    };
    let mut guards = Vec::new();
    if !options.has_lockfile && !options.allow_new_lock && !options.is_sandbox {
        guards.push(guard(
            GuardKind::NoLockfile,
            "there is no igsync.lock, so it is not known what is live already",
            "restore it from git; for the very first run, pass --allow-new-lock or create one with `igsync init`",
        ));
    }
    if let Some(why) = options.ephemeral_lockfile.as_ref().filter(|_| !options.is_sandbox) {
        guards.push(guard(
            GuardKind::EphemeralLockfile,
            &format!("the lockfile of this run would be lost, so the next run would publish again: {why}"),
            "let igsync push it (git.push or --push); if something else commits it, pass --allow-ephemeral-lock",
        ));
    }
    guards
}

fn paused(input: &Input<'_>, changes: &[Change]) -> Vec<Guard> {
    let guard = |account: &super::AccountView| {
        let reason = account.paused.as_ref()?;
        let held: Vec<&Change> = changes
            .iter()
            .filter(|change| change.account == account.name && change.acts() && change.publishes())
            .collect();
        (!held.is_empty()).then(|| Guard {
            kind: GuardKind::Paused,
            in_diff: None,
            account: Some(account.name.clone()),
            keys: keys_of(held.iter().copied()),
            message: format!("publishing to {} is paused: {reason}", account.label()),
            help: "unset IGSYNC_PAUSED and paused: in igsync.yaml to continue".into(),
        })
    };
    input.accounts.iter().filter_map(guard).collect()
}

/// Dated posts are never refused: someone chose their time, and the cap only defers them.
fn too_many(input: &Input<'_>, changes: &[Change]) -> Vec<Guard> {
    let guard = |account: &super::AccountView| {
        let undated: Vec<&Change> = changes
            .iter()
            .filter(|change| change.acts() && change.action == Action::Publish && change.due_at.is_none())
            .filter(|change| change.account == account.name)
            .collect();
        let cap = cap(account, input.options);
        (undated.len() > usize::try_from(cap).unwrap_or(usize::MAX)).then(|| Guard {
            kind: GuardKind::TooMany,
            in_diff: None,
            account: Some(account.name.clone()),
            keys: keys_of(undated.iter().copied()),
            message: format!(
                "{} without publish_at are due on {}, one run publishes at most {cap}",
                posts(undated.len()),
                account.label()
            ),
            help: format!(
                "if all of them are intended, pass --max-publish {} or raise limits.max_publish_per_run; or date them",
                undated.len()
            ),
        })
    };
    input.accounts.iter().filter_map(guard).collect()
}

fn ambiguous_moves(posts: &[Arc<Post>], changes: &[Change], moves: &Moves<'_>) -> Vec<Guard> {
    let mut olds: HashMap<(&str, &str), &[&PostKey]> = HashMap::new();
    for (place, keys) in &moves.ambiguous {
        let post = &posts[*place];
        olds.insert((post.account.as_str(), post.key.as_str()), keys);
    }
    let guard = |change: &Change| {
        let olds = olds.get(&(change.account.as_str(), change.key.as_str()))?;
        let first = olds.first()?;
        let new = &change.key;
        let names: Vec<&str> = olds.iter().take(3).map(|key| key.as_str()).collect();
        let more = if olds.len() > 3 { format!(" and {} more", olds.len() - 3) } else { String::new() };
        let message = if olds.len() == 1 {
            format!("{new} is one of several new posts with the media of {first}, whose manifest is gone")
        } else {
            format!("{new} has the media of {}{more}, whose manifests are gone", names.join(", "))
        };
        Some(Guard {
            kind: GuardKind::AmbiguousMove,
            in_diff: None,
            account: Some(change.account.clone()),
            keys: vec![new.clone()],
            message,
            help: format!(
                "choose one with `igsync lock mv {} {}`, or keep its old key with id: {first}",
                first.argument(),
                new.argument()
            ),
        })
    };
    changes.iter().filter(|change| change.blocked).filter_map(guard).collect()
}

type Likeness<'a> = (&'a str, Kind, &'a str);

/// A new post that looks like one that is live, may become live, or is never to be published.
fn reposts(input: &Input<'_>, changes: &[Change], index: &Index<'_>, moves: &Moves<'_>) -> Vec<Guard> {
    let is_new = |change: &&Change| change.acts() && change.action == Action::Publish;
    let is_agreed = |change: &&Change| {
        let entry = index.get(change.user_id.as_ref(), &change.key);
        input.options.allow_repost.contains(&change.key) || entry.is_some_and(|entry| is_going_on(entry.record))
    };
    let candidates: Vec<&Change> = changes.iter().filter(is_new).filter(|change| !is_agreed(change)).collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let renamed: Vec<_> =
        moves.moved.values().map(|entry| identity(&entry.record.user_id, &entry.record.key)).collect();
    let mut by_media: HashMap<Likeness<'_>, &Record> = HashMap::new();
    let mut by_caption: HashMap<Likeness<'_>, &Record> = HashMap::new();
    for record in index.iter().filter(|entry| may_be_live(entry)).map(|entry| entry.record) {
        let user = record.user_id.as_str();
        for (map, digest) in [(&mut by_media, &record.media_digest), (&mut by_caption, &record.caption_digest)] {
            if let Some(digest) = digest {
                let first = map.entry((user, record.kind, digest.as_str())).or_insert(record);
                // Whatever was read first: the smaller key is named.
                if record.key < first.key {
                    *first = record;
                }
            }
        }
    }
    let guard = |change: &Change| {
        let (post, user) = (change.post.as_ref()?, change.user_id.as_ref()?);
        let like = |map: &HashMap<Likeness<'_>, &Record>, digest: Option<&str>| {
            map.get(&(user.as_str(), post.content.kind, digest?)).map(|record| (record.key.clone(), record.stage()))
        };
        let caption = (input.caption_digest)(post);
        let (what, (key, state)) =
            match like(&by_media, post.media_digest.as_ref().map(igsync_base::id::Digest::as_str)) {
                Some(found) => ("media", found),
                None => ("caption", like(&by_caption, caption.as_ref().map(igsync_base::id::Digest::as_str))?),
            };
        let is = if renamed.contains(&identity(user, &key)) { "renamed and " } else { "" };
        Some(Guard {
            kind: GuardKind::PossibleRepost,
            in_diff: None,
            account: Some(change.account.clone()),
            keys: vec![change.key.clone()],
            message: format!("{} has the {what} of {key}, which is {is}{}", change.key, state_in_words(state)),
            help: format!("if it is to appear again, pass --allow-repost {}", change.key),
        })
    };
    candidates.into_iter().filter_map(guard).collect()
}

/// Whether an earlier run has begun this very post, so that it was agreed to, and left off for a reason that
/// says nothing against it: its container was too old, say.
fn is_going_on(record: &Record) -> bool {
    matches!(&record.state, State::NotPublished(Some(reason)) if !reason.takes_back())
}

fn may_be_live(entry: &Entry<'_>) -> bool {
    match entry.record.stage() {
        Stage::Published | Stage::Containers | Stage::Intent | Stage::Unknown | Stage::Ignored => true,
        Stage::NotPublished | Stage::Failed | Stage::Deleted | Stage::Forgotten => false,
    }
}

fn state_in_words(state: Stage) -> &'static str {
    match state {
        Stage::Published => "live",
        Stage::Containers => "about to be published",
        Stage::Intent => "being published",
        Stage::Unknown => "perhaps live",
        Stage::Ignored => "never to be published",
        Stage::NotPublished | Stage::Failed | Stage::Deleted | Stage::Forgotten => "not live",
    }
}
