//! `--refresh`: what Meta knows and the record does not, asked before a plan is made. Publishes nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{Refresh, Scope};
use crate::report::text::{one_line, thousands};
use crate::session::Note;
use crate::session::connect::{Clients, Connector, Pace};
use crate::session::drift::{self, Glance};
use crate::session::project::{Owners, Project};
use crate::session::record::{ledger_of, unrecorded};
use igsync_apply::{Run, Stop, has_open, has_work};
use igsync_base::id::{AccountName, AttemptId, MediaId, PostKey};
use igsync_model::config::Account;
use igsync_model::drift::Drift;
use igsync_model::lockfile::{self, Stage};
use igsync_model::manifest::PostState;
use igsync_model::plan::Plan;

use super::connect::connect_all;
use super::difference::{due_by, make, may_delete};
use super::{Failure, Ports, Silent, Ui};

/// What asking gave.
pub(super) struct Asked {
    /// Attempts that are proven not to be live.
    pub settled: BTreeSet<AttemptId>,
    /// Some account could not be asked, and that was said.
    pub is_incomplete: bool,
    /// By what time posts are due.
    pub now: Timestamp,
}

/// Asks for a plan that no one carries out: what is found stays in memory.
pub(super) async fn for_plan(
    project: &mut Project,
    scope: &Scope,
    refresh: Refresh,
    ports: &Ports,
    ui: &Ui,
) -> Result<Asked, Failure> {
    let names = accounts_to_ask(project, scope, refresh, ports)?;
    if names.is_empty() {
        let now = due_by(project, scope, None, ports);
        return Ok(Asked { settled: BTreeSet::new(), is_incomplete: false, now });
    }
    let records = project.snapshot.records.clone();
    let store = lockfile::Ledger::in_memory(Arc::clone(&ports.disk), project.paths.clone(), records);
    let ledger = Arc::new(ledger_of(project, ports, store, Box::new(Silent), None));
    let connector = Connector::open(project, ports).await?;
    let accounts = connect_all(connector.connecting(project, Pace::reading(), &ledger, ports), &names).await?;
    let (owners, clients) = (accounts.owners.clone(), accounts.clients.clone());
    let (mut run, _sandbox) = accounts.into_run(ledger);
    let settled = run.settle(&project.posts, &may_delete(project, scope), None).await;
    project.snapshot.records = run.ledger().with_records(Clone::clone);
    project.adopt_owners(&owners);
    if refresh == Refresh::Full {
        let asked = run.ask_each(async |account| account.has_unrecorded_posts().await.map_err(Stop::into_halt)).await;
        let begun = asked.into_iter().filter(|(_, has)| *has);
        ui.notes(begun.map(|(name, _)| unrecorded(&name, project)));
        look(&mut run, project, scope, &settled, ports).await?;
        for (name, drift) in glance(project, &run, &owners, &clients, |_| true).await {
            ui.notes(count(&name, &drift));
        }
    }
    count_losses(&mut run, project, scope, &settled, ports).await?;
    for (name, halt) in run.halted() {
        ui.terminal.say(&format!("could not ask Meta about account {name}: {}\n  help: {}", halt.reason, halt.help));
    }
    let now = due_by(project, scope, run.server_now(), ports);
    Ok(Asked { settled, is_incomplete: !run.halted().is_empty(), now })
}

/// Reads the feeds of accounts that are asked for, as far as they can be read: what cannot changes no plan. Finds comments
/// that are to be switched off again, and gives back what is live otherwise than it is recorded.
pub(super) async fn glance(
    project: &mut Project,
    run: &Run,
    owners: &Owners,
    clients: &Clients,
    is_wanted: impl Fn(&AccountName) -> bool,
) -> Vec<(AccountName, Drift)> {
    let mut seen = Vec::new();
    let is_able = |name: &AccountName| run.halted().iter().all(|(halted, _)| halted != name);
    for (name, client) in clients.iter().filter(|(name, _)| is_able(name) && is_wanted(name)) {
        let Some(owner) = owners.get(name) else { continue };
        let glance = drift::glance(project, &owner.user_id, client, run.ledger().context()).await;
        let Ok(Glance { drift, reopened }) = glance else { continue };
        project.reopened.extend(reopened.into_iter().map(|(key, media)| ((name.clone(), key), media)));
        seen.push((name.clone(), drift));
    }
    seen
}

/// One line where something is live otherwise than it is recorded.
fn count(name: &AccountName, drift: &Drift) -> Option<Note> {
    let counts = [(drift.edited.len(), "edited on Instagram"), (drift.unlisted.len(), "not listed")];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", thousands(count)))
        .collect();
    let (name, counts) = (one_line(name.as_str()), (!counts.is_empty()).then(|| counts.join(", "))?);
    Some(Note::new(format!("{name}: {counts}: `igsync drift` shows what differs")))
}

/// Whether the comments of a live post may be on again: by its own manifest they are off.
pub(super) fn may_be_reopened(project: &Project, account: &AccountName) -> bool {
    let mut closed = project.posts.iter().filter(|post| post.own_comment_enabled == Some(false));
    closed.any(|post| post.account == *account && project.is_recorded(post))
}

/// Finds posts that are due and live already. An account that cannot be asked is set aside.
pub(super) async fn look(
    run: &mut Run,
    project: &mut Project,
    scope: &Scope,
    settled: &BTreeSet<AttemptId>,
    ports: &Ports,
) -> Result<(), Failure> {
    let now = due_by(project, scope, run.server_now(), ports);
    let plan = make(project, scope, settled.clone(), now)?;
    let looked = run.ask_each(async |account| {
        // A duplicate may be the one that is live.
        let is_due = |change: &&igsync_model::plan::Change| {
            change.work().is_some() || change.is_due_duplicate(plan.now) || change.is_import_without_record()
        };
        let due = plan.changes.iter().filter(|change| change.account == *account.name()).filter(is_due);
        let wanted: Vec<_> = due.filter_map(|change| change.post.clone()).collect();
        account.sightings(&wanted).await.map_err(Stop::into_halt)
    });
    for (name, found) in looked.await {
        project.live.extend(found.into_iter().map(|(key, sighting)| ((name.clone(), key), sighting)));
    }
    Ok(())
}

/// Whether a manifest of the account names a live post that is in no record.
pub(super) fn lacks_records(plan: &Plan, account: &AccountName) -> bool {
    plan.changes.iter().any(|change| change.account == *account && change.is_import_without_record())
}

/// Of so many posts that are to be deleted it is asked how people have answered to them.
const MOST_LOSSES: usize = 20;

/// Asks which posts they are that are to be deleted, and how people have answered to them. An account that cannot be asked is set aside.
pub(super) async fn count_losses(
    run: &mut Run,
    project: &mut Project,
    scope: &Scope,
    settled: &BTreeSet<AttemptId>,
    ports: &Ports,
) -> Result<(), Failure> {
    if project.posts.iter().all(|post| post.state == PostState::Present) {
        return Ok(());
    }
    let now = due_by(project, scope, run.server_now(), ports);
    let plan = make(project, scope, settled.clone(), now)?;
    let counted = run.ask_each(async |account| {
        let lost: Vec<_> = losses(&plan, account.name()).take(MOST_LOSSES).collect();
        if lost.is_empty() { Ok(Vec::new()) } else { account.shown(lost).await.map_err(Stop::into_halt) }
    });
    for (name, found) in counted.await {
        project.shown.extend(found.into_iter().map(|(key, shown)| ((name.clone(), key), shown)));
    }
    Ok(())
}

/// The posts of an account that are ordered to be deleted, with the media that they are live as.
fn losses<'a>(plan: &'a Plan, account: &'a AccountName) -> impl Iterator<Item = (PostKey, MediaId)> + 'a {
    let lost = plan.changes.iter().filter(move |change| change.account == *account);
    lost.filter_map(|change| Some((change.key.clone(), change.loss.as_ref()?.media_id.clone()?)))
}

fn accounts_to_ask(
    project: &Project,
    scope: &Scope,
    refresh: Refresh,
    ports: &Ports,
) -> Result<HashSet<AccountName>, Failure> {
    if refresh == Refresh::None {
        return Ok(HashSet::new());
    }
    let offline = make(project, scope, BTreeSet::new(), due_by(project, scope, None, ports))?;
    let is_selected = |name: &AccountName| {
        scope.account.is_empty() || scope.account.iter().any(|selected| *selected == *name.as_str())
    };
    let is_new = |account: &Account| {
        let mut records = project.snapshot.records.iter();
        !project.sandbox
            && project
                .user_of(account)
                .is_some_and(|user| !records.any(|record| record.user_id == user && record.stage() != Stage::Forgotten))
    };
    let accounts = project.config.accounts.iter().filter(|account| is_selected(&account.name));
    let is_asked = |account: &&Account| {
        let is_open = project.user_of(account).is_some_and(|user| has_open(&project.snapshot.records, &user));
        let is_live =
            |user| project.snapshot.records.iter().any(|record| record.user_id == user && record.live().is_some());
        let may_differ = || project.user_of(account).is_some_and(is_live);
        let loses = losses(&offline, &account.name).next().is_some();
        let is_looked_at = || {
            let name = &account.name;
            has_work(&offline, name) || may_differ() || lacks_records(&offline, name) || is_new(account)
        };
        is_open || loses || refresh == Refresh::Full && is_looked_at()
    };
    Ok(accounts.filter(is_asked).map(|account| account.name.clone()).collect())
}
