//! Reasons to refuse a plan.

use std::collections::BTreeMap;

use super::action::Action;
use super::forecast::cap;
use super::input::Input;
use super::model::{Change, Guard, GuardKind};
use crate::lockfile::{Record, Stage};
use igsync_base::id::PostKey;
use igsync_base::net::is_loopback;
use igsync_base::text::quoted;
use url::Url;

/// Every guard that holds, in the order in which a person should look at them.
pub(super) fn guards(input: &Input<'_>, changes: &[Change]) -> Vec<Guard> {
    let until = input.until();
    let is_awaited = |change: &Change| until.is_some_and(|until| change.is_awaited(until));
    let sends = |change: &&Change| (change.acts() && sends(change)) || is_awaited(change);
    let sending: Vec<&Change> = changes.iter().filter(sends).collect();
    let mut guards = Vec::new();
    guards.extend(unknown_users(input));
    guards.extend(other_graph(input));
    guards.extend(empty(input));
    if !sending.is_empty() {
        guards.extend(no_lockfile(input, &sending));
    }
    guards.extend(paused(input, changes));
    guards.extend(too_many(input, changes));
    guards.extend(too_many_deletions(input, changes));
    guards
}

/// Whether apply would send what cannot be undone.
fn sends(change: &Change) -> bool {
    change.publishes() || change.action == Action::Delete
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
            help: "give an account this user_id in igsync.yaml, or drop each record with `igsync lock rm KEY`".into(),
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
            // A lockfile comes from whoever wrote to the branch: its address is no advice to send a token there.
            Some(graph) if Url::parse(graph).is_ok_and(|url| is_loopback(&url)) => {
                let graph = quoted(graph);
                format!(
                    "set IGSYNC_GRAPH_URL={graph} to go on there; what only an emulator has is forgotten by \
                     `igsync lock rm --graph {graph}`"
                )
            }
            Some(_) => "check who wrote that into igsync.lock (git log -- igsync.lock), and restore it".into(),
            None => "unset IGSYNC_GRAPH_URL, or use a separate lockfile for each base".into(),
        },
    })
}

fn empty(input: &Input<'_>) -> Option<Guard> {
    // What was recorded without a manifest needs none.
    let counts = |record: &&&Record| record.stage() != Stage::Forgotten && !record.is_record_only();
    let recorded = input.records.iter().filter(counts).count();
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
        let held: Vec<&Change> =
            changes.iter().filter(|change| change.account == account.name && change.acts() && sends(change)).collect();
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

/// An order to delete is one line in a manifest, and many of them at once are more likely a mistake.
fn too_many_deletions(input: &Input<'_>, changes: &[Change]) -> Vec<Guard> {
    let guard = |account: &super::AccountView| {
        let is_ordered = |change: &&Change| change.action == Action::Delete && change.account == account.name;
        let ordered: Vec<&Change> = changes.iter().filter(is_ordered).collect();
        let cap = account.max_delete_per_run;
        (ordered.len() > usize::try_from(cap).unwrap_or(usize::MAX)).then(|| Guard {
            kind: GuardKind::TooManyDeletions,
            in_diff: None,
            account: Some(account.name.clone()),
            keys: keys_of(ordered.iter().copied()),
            message: format!(
                "{} would be deleted on {}, one run deletes at most {cap}",
                posts(ordered.len()),
                account.label()
            ),
            help: format!(
                "if all of them are intended, raise limits.max_delete_per_run to {} in igsync.yaml, or choose with \
                 --target and --exclude",
                ordered.len()
            ),
        })
    };
    input.accounts.iter().filter_map(guard).collect()
}
