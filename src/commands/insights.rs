//! `igsync insights`: the numbers of published posts. Reads, and writes nothing but the file of `--record`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::{Global, Insights, InsightsFormat};
use crate::exit::Exit;
use crate::report::insights::{self as text, AccountSummary, Report};
use crate::report::markdown::{self, Limit};
use crate::report::text::plural;
use crate::session::connect::{Connector, identify};
use crate::session::credentials;
use crate::session::insights::{self, AccountRows, Choice, Journal};
use crate::session::project::{OfPublished, Project};
use crate::session::record::take_in_newest;
use crate::session::root::ContentRoot;
use igsync_apply::Halt;
use igsync_base::id::{Kind, UserId};
use igsync_instagram::Error;
use igsync_model::config::Account;
use igsync_model::insights::{Medians, Sample, sort};

use super::auth::chosen;
use super::findings::show_findings;
use super::{Ended, Failure, Ports, Ui, write_cells, write_stdout};

pub(super) async fn run(global: &Global, args: &Insights, ports: &Ports, ui: &Ui) -> Ended {
    let journal = args.record.as_deref().map(|file| Journal::open(file, ports)).transpose()?;
    let root = ContentRoot::open(&global.place(), args.sandbox, ports).await?;
    let mut snapshot = root.snapshot(ports)?;
    ui.noted(take_in_newest(&root, &mut snapshot, ports).await)?;
    let project = Project::read(root, snapshot, OfPublished::Nothing, ports).await?;
    if project.configuration_errors() {
        show_findings(&project, ports, ui);
        return Ok(Exit::Failure);
    }
    let connector = Connector::open(&project, ports).await?;
    // Fractions of a second say nothing here.
    let now = Timestamp::from_second(ports.clock.now().as_second()).unwrap_or_else(|_| ports.clock.now());
    let mut exit = Exit::Done;
    let mut report = Report { at: now, accounts: Vec::new(), rows: Vec::new(), medians: Medians::default() };
    let mut peers: Vec<(UserId, Kind, Sample)> = Vec::new();
    for account in chosen(&project, &args.account)? {
        let zone = account.timezone.clone().unwrap_or(TimeZone::UTC);
        let choice = Choice { since: args.since.map(|since| since.begin(now, &zone)), kind: args.kind };
        match read(account, choice, &project, &connector, ports).await? {
            // Nothing of it was ever published.
            None => {}
            Some((user, Ok(read))) => {
                peers.extend(read.others.iter().map(|(kind, sample)| (user.clone(), *kind, *sample)));
                peers.extend(read.rows.iter().map(|row| (user.clone(), row.kind, row.sample)));
                report.accounts.push(summary(account, user, &read));
                report.rows.extend(read.rows);
            }
            Some((user, Err(halt))) => {
                ui.terminal.insist(&format!("error: {}: {}\n  help: {}", account.name, halt.reason, halt.help));
                exit = exit.or(Exit::of_reading(halt.cause));
                report.accounts.push(failed(account, user, halt));
            }
        }
    }
    report.medians = Medians::of(peers.iter().map(|(user, kind, sample)| (user, *kind, sample)));
    sort(&mut report.rows, args.sort);
    for note in report.accounts.iter().filter_map(text::scope_note) {
        ui.terminal.say(&note);
    }
    let is_unread = !report.accounts.is_empty() && report.accounts.iter().all(|account| account.problem.is_some());
    // Programs read there what went wrong; people are told.
    if !is_unread || args.format == InsightsFormat::Json {
        show(&report, args.format, ui)?;
    }
    if let Some(journal) = journal {
        let lines = journal.append(&report.rows, report.at, ports)?;
        ui.terminal.say(&format!("recorded: {} in {}", plural(lines, "line"), journal.shown()));
    }
    Ok(exit)
}

fn show(report: &Report, format: InsightsFormat, ui: &Ui) -> Result<(), Failure> {
    match format {
        InsightsFormat::Human => {
            let text = text::human(report, ui.terminal.style_out().width);
            write_stdout(ui, &ui.terminal.program.commands(&text))
        }
        InsightsFormat::Json => write_stdout(ui, &text::json(report)),
        InsightsFormat::Csv => write_cells(ui, &text::csv(report)),
        InsightsFormat::Markdown => write_stdout(ui, &markdown::insights(report, Limit::summary(0))),
    }
}

/// What one account has; `None`: no post of it is recorded, so it is not asked.
async fn read(
    account: &Account,
    choice: Choice,
    project: &Project,
    connector: &Connector,
    ports: &Ports,
) -> Result<Option<(UserId, Result<AccountRows, Halt>)>, Failure> {
    let Some(user) = project.user_of(account) else { return Ok(None) };
    let records = insights::chosen(project, &user, choice);
    if records.is_empty() {
        return Ok(Some((user, Ok(AccountRows::default()))));
    }
    let client = match connector.client(account, project, ports).await {
        Ok(client) => client,
        Err(halt) => return Ok(Some((user, Err(halt)))),
    };
    if account.username.is_some() {
        match identify(&client, account, Some(&user)).await {
            Ok(Ok(_)) => {}
            Ok(Err(halt)) => return Ok(Some((user, Err(halt)))),
            Err(error) => return Ok(Some((user, Err(credentials::refused(account, &client, &error))))),
        }
    }
    let read = insights::read(account, &user, &records, &client, project, ports).await;
    let error = match read {
        Ok(rows) => return Ok(Some((user, Ok(rows)))),
        Err(error) => error,
    };
    // Whose token it is says more than what this account refuses to it.
    let is_foreign = || async { identify(&client, account, Some(&user)).await.ok()?.err() };
    let foreign = if matches!(error, Error::Api(_)) && !error.is_account_level() { is_foreign().await } else { None };
    let halt = foreign.unwrap_or_else(|| credentials::unread(account, &client, &error));
    Ok(Some((user, Err(halt))))
}

fn summary(account: &Account, user_id: UserId, read: &AccountRows) -> AccountSummary {
    AccountSummary {
        account: account.name.clone(),
        user_id,
        missing_scopes: read.scopes,
        is_certain: read.is_certain,
        calls: read.calls,
        problem: None,
    }
}

fn failed(account: &Account, user_id: UserId, halt: Halt) -> AccountSummary {
    AccountSummary {
        account: account.name.clone(),
        user_id,
        missing_scopes: &[],
        is_certain: true,
        calls: 0,
        problem: Some(halt.reason),
    }
}
