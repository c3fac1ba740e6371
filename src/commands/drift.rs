//! `igsync drift`: what is live otherwise than it is recorded. Reads, and changes no record.

use std::collections::HashSet;
use std::sync::Arc;

use crate::cli::{Drift, DriftFormat, Global};
use crate::exit::Exit;
use crate::report;
use crate::report::drift::Account;
use crate::session::connect::{Connector, Pace};
use crate::session::drift::{Looked, Seen, look, remember};
use crate::session::project::{OfPublished, Project};
use crate::session::record::{ledger_of, take_in_newest};
use crate::session::root::ContentRoot;
use igsync_apply::{Halt, Observer};
use igsync_base::id::AccountName;
use igsync_model::drift::Range;
use igsync_model::lockfile;

use super::auth::chosen;
use super::connect::connect_all;
use super::findings::show_findings;
use super::{Ended, Failure, Ports, Silent, Ui, write_stdout};

pub(super) async fn run(global: &Global, args: &Drift, ports: &Ports, ui: &Ui) -> Ended {
    let root = ContentRoot::open(&global.place(), args.sandbox, ports).await?;
    let mut snapshot = root.snapshot(ports)?;
    ui.noted(take_in_newest(&root, &mut snapshot, ports).await)?;
    let project = Project::read(root, snapshot, OfPublished::Compare, ports).await?;
    if project.configuration_errors() {
        show_findings(&project, ports, ui);
        return Ok(Exit::Failure);
    }
    let names: HashSet<AccountName> =
        chosen(&project, &args.account)?.into_iter().map(|account| account.name.clone()).collect();
    let (accounts, halted) = compare(&project, args, &names, ports, ui).await?;
    for (name, halt) in &halted {
        ui.terminal.say(&format!("could not ask Meta about account {name}: {}\n  help: {}", halt.reason, halt.help));
    }
    let mut exit = halted.iter().fold(Exit::Done, |exit, (_, halt)| exit.or(Exit::of_reading(halt.cause)));
    if accounts.is_empty() {
        return Ok(exit);
    }
    if exit == Exit::Done && args.detailed_exitcode && accounts.iter().any(|account| account.drift.differs()) {
        exit = Exit::Changes;
    }
    let is_one_of_several = project.config.accounts.len() > 1;
    let text = match args.format {
        DriftFormat::Human => {
            let text = report::drift::human(&accounts, args.unmanaged, is_one_of_several);
            ui.terminal.program.commands(&text)
        }
        DriftFormat::Json => report::drift::json(&accounts, args.unmanaged, ports.clock.now(), exit as u8),
        DriftFormat::Markdown => report::markdown::drift(&accounts, args.unmanaged, is_one_of_several),
    };
    write_stdout(ui, &text)?;
    Ok(exit)
}

/// The accounts that could be compared, and why the others could not.
type Compared = (Vec<Account>, Vec<(AccountName, Halt)>);

async fn compare(
    project: &Project,
    args: &Drift,
    names: &HashSet<AccountName>,
    ports: &Ports,
    ui: &Ui,
) -> Result<Compared, Failure> {
    let observer: Box<dyn Observer> = match args.format {
        DriftFormat::Human => ui.terminal.progress(&ports.clock, args.sandbox),
        DriftFormat::Json | DriftFormat::Markdown => Box::new(Silent),
    };
    let records = project.snapshot.records.clone();
    let store = lockfile::Ledger::in_memory(Arc::clone(&ports.disk), project.paths.clone(), records);
    let ledger = Arc::new(ledger_of(project, ports, store, observer, None));
    let connector = Connector::open(project, ports).await?;
    let mut connected = connect_all(connector.connecting(project, Pace::reading(), &ledger, ports), names).await?;
    let mut halted = std::mem::take(&mut connected.halted);
    let range = match (args.since, args.recent) {
        (Some(since), _) => Range::Since(since),
        (None, Some(count)) => Range::Recent(count as usize),
        (None, None) => Range::All,
    };
    let mut accounts = Vec::new();
    for run in &connected.runs {
        let (name, user) = (run.name(), run.user_id());
        let Some(client) = connected.clients.get(name) else { continue };
        match look(project, name, user, client, range, ledger.context()).await {
            Ok(Looked { drift, is_complete, calls }) => {
                let account = Account { name: name.clone(), user_id: user.clone(), drift, is_complete, calls };
                note_down(project, &account, range == Range::All, ports);
                accounts.push(account);
            }
            Err(halt) => halted.push((name.clone(), halt)),
        }
    }
    Ok((accounts, halted))
}

/// For a `lock accept` that can ask no one. Without it that command knows less, nothing worse.
fn note_down(project: &Project, account: &Account, is_all: bool, ports: &Ports) {
    let at = ports.clock.now();
    let seen = |post: &igsync_model::drift::Differing| Seen {
        user_id: account.user_id.clone(),
        key: post.key.clone(),
        media_id: post.media.clone(),
        shown: post.shown.clone(),
        at,
    };
    let news = account.drift.edited.iter().map(seen).collect();
    if project.paths.prepare(&*ports.disk).is_ok() {
        let _ = remember(&*ports.disk, &project.paths.drift(), &account.user_id, news, is_all);
    }
}
