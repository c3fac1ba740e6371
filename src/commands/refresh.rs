//! `--refresh`: what Meta knows and the record does not, asked before a plan is made. Publishes nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{Refresh, Scope};
use crate::session::connect::{Connector, Pace};
use crate::session::project::Project;
use crate::session::record::ledger_of;
use igsync_apply::{Run, Stop, has_open, has_work};
use igsync_base::id::{AccountName, AttemptId};
use igsync_model::lockfile;

use super::connect::connect_all;
use super::difference::{due_by, make};
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
    let owners = accounts.owners.clone();
    let (mut run, _sandbox) = accounts.into_run(ledger);
    let settled = run.settle(&project.posts).await;
    project.snapshot.records = run.ledger().with_records(Clone::clone);
    project.adopt_owners(&owners);
    if refresh == Refresh::Full {
        look(&mut run, project, scope, &settled, ports).await?;
    }
    for (name, halt) in run.halted() {
        ui.terminal.say(&format!("could not ask Meta about account {name}: {}\n  help: {}", halt.reason, halt.help));
    }
    let now = due_by(project, scope, run.server_now(), ports);
    Ok(Asked { settled, is_incomplete: !run.halted().is_empty(), now })
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
        let is_due =
            |change: &&igsync_model::plan::Change| change.work().is_some() || change.is_due_duplicate(plan.now);
        let due = plan.changes.iter().filter(|change| change.account == *account.name()).filter(is_due);
        let wanted: Vec<_> = due.filter_map(|change| change.post.clone()).collect();
        account.sightings(&wanted).await.map_err(Stop::into_halt)
    });
    for (name, found) in looked.await {
        project.live.extend(found.into_iter().map(|(key, sighting)| ((name.clone(), key), sighting)));
    }
    Ok(())
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
    let accounts = project.config.accounts.iter().filter(|account| is_selected(&account.name));
    let is_asked = |account: &&igsync_model::config::Account| {
        let is_open = project.user_of(account).is_some_and(|user| has_open(&project.snapshot.records, &user));
        is_open || refresh == Refresh::Full && has_work(&offline, &account.name)
    };
    Ok(accounts.filter(is_asked).map(|account| account.name.clone()).collect())
}
