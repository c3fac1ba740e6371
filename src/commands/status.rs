//! `igsync status`: the state of each account, on one screen. Reads, and never writes.

use std::collections::BTreeSet;

use crate::cli::{Global, OutputFormat, Scope, Status};
use crate::exit::Exit;
use crate::report;
use crate::report::auth::TokenReport;
use crate::report::status::{AccountStatus, Line};
use crate::session::arrivals;
use crate::session::connect::Connector;
use crate::session::project::{OfPublished, Project};
use crate::session::record::take_in_newest;
use crate::session::root::ContentRoot;
use crate::session::token::needs;
use igsync_base::id::UserId;
use igsync_instagram::{Client, scopes};
use igsync_model::config::{Account, Paused};
use igsync_model::lockfile::{Record, Stage, State};
use igsync_model::plan::{Mark, NoticeKind, Plan};

use super::auth::{chosen, facts};
use super::difference::make;
use super::findings::show_findings;
use super::{Ended, Failure, Ports, Ui, write_stdout};

/// So many of the newest posts are shown.
const LAST: usize = 5;
/// Those are among so many of the feed, unless many others went out beside them.
const NEWEST: u32 = 25;

pub(super) async fn run(global: &Global, args: &Status, ports: &Ports, ui: &Ui) -> Ended {
    let root = ContentRoot::open(&global.place(), args.sandbox, ports).await?;
    let mut snapshot = root.snapshot(ports)?;
    ui.noted(take_in_newest(&root, &mut snapshot, ports).await)?;
    let mut project = Project::read(root, snapshot, OfPublished::Nothing, ports).await?;
    if project.configuration_errors() {
        show_findings(&project, ports, ui);
        return Ok(Exit::Failure);
    }
    if let Err(failure) = arrivals::learn(&mut project, None).await {
        let help = failure.report.help().map(|help| format!("\n  help: {help}")).unwrap_or_default();
        ui.terminal.say(&format!("note: {}{help}", failure.report));
    }
    let scope = Scope { sandbox: args.sandbox, account: args.account.clone(), ..Scope::default() };
    let plan = make(&project, &scope, BTreeSet::new(), ports.clock.now())?;
    ui.actions.sandbox(project.sandbox);
    ui.actions.plan(&plan);
    let connector = Connector::open(&project, ports).await?;
    let min_days = args.min_days.map(i64::from);
    let mut exit = Exit::Done;
    let mut accounts = Vec::new();
    for account in chosen(&project, &args.account)? {
        let status = look(account, &project, &plan, &connector, ports).await;
        let (status, is_reached) = match status {
            Ok(status) => (status, true),
            Err(failure) => {
                let (problem, help) = (failure.report.to_string(), "check the network, then try again".to_owned());
                let token = TokenReport::unusable(account, problem, help, ports.clock.now());
                (offline(account, &project, &plan, token), false)
            }
        };
        let reason = if is_reached { Exit::Account } else { Exit::Incomplete };
        exit = exit.or(exit_of(&status, min_days, reason));
        ui.actions.token(account.name.as_str(), status.token.days_left());
        accounts.push(status);
    }
    write_stdout(
        ui,
        &match args.format {
            OutputFormat::Human => ui.terminal.program.commands(&report::status::render(&accounts, min_days)),
            OutputFormat::Json => report::status::json(&accounts, exit as u8),
        },
    )?;
    Ok(exit)
}

/// What Meta says, then what the record and the plan say.
async fn look(
    account: &Account,
    project: &Project,
    plan: &Plan,
    connector: &Connector,
    ports: &Ports,
) -> Result<AccountStatus, Failure> {
    let client = match connector.client(account, project, ports).await {
        Ok(client) => client,
        Err(halt) => {
            let token = TokenReport::unusable(account, halt.reason, halt.help, ports.clock.now());
            return Ok(offline(account, project, plan, token));
        }
    };
    let needs = needs(project.posts.iter().map(|post| &**post), &account.name);
    let user = project.user_of(account);
    let token = if project.sandbox {
        TokenReport::of_sandbox(account, user, ports.clock.now())
    } else {
        facts(account, project, &client, needs, ports).await?
    };
    let user = token.user_id.clone().filter(|_| token.is_valid);
    let mut quota = None;
    if let Some(user) = &user {
        // Without the publishing permission it is refused, which the scopes say already.
        quota = client.quota(user).await.ok();
    }
    let mut status = AccountStatus { quota, ..offline(account, project, plan, token) };
    if let Some(user) = user {
        add_numbers(&mut status, &user, &client).await;
    }
    Ok(status)
}

/// Reach and likes of the last posts, where one call gives them: a permission that is missing is no one's trouble here.
async fn add_numbers(status: &mut AccountStatus, user: &UserId, client: &Client) {
    let held = status.token.held.as_deref();
    let lacks = |scope: &&str| held.is_some_and(|held| !held.iter().any(|held| held == scope));
    let may_read = !scopes::for_insights(client.endpoint().flavour()).iter().any(lacks);
    if !may_read || !status.last.iter().any(|line| line.media_id.is_some()) {
        return;
    }
    let Ok(posts) = client.newest_numbers(user, NEWEST).await else { return };
    for line in &mut status.last {
        let post = posts.iter().find(|post| Some(&post.id) == line.media_id.as_ref());
        line.reach = post.and_then(|post| post.numbers.reach);
        line.likes = post.and_then(|post| post.numbers.likes);
    }
}

/// What is known without asking anyone.
fn offline(account: &Account, project: &Project, plan: &Plan, token: TokenReport) -> AccountStatus {
    let user = token.user_id.clone().or_else(|| project.user_of(account));
    let records: Vec<&Record> =
        project.snapshot.records.iter().filter(|record| user.as_ref() == Some(&record.user_id)).collect();
    let of = |wanted: &[Stage]| -> Vec<Line> {
        let found = records.iter().filter(|record| wanted.contains(&record.stage()));
        found.map(|record| line(record)).collect()
    };
    let mut last = of(&[Stage::Published]);
    last.sort_by_key(|line| std::cmp::Reverse(line.at));
    last.truncate(LAST);
    let changes = || plan.changes.iter().filter(|change| change.account == account.name);
    let count = |mark: Mark| changes().filter(|change| change.mark() == mark).count();
    let scheduled = changes().filter(|change| change.mark() == Mark::Scheduled && change.due_at.is_some());
    let next = scheduled.min_by_key(|change| change.due_at);
    AccountStatus {
        token,
        quota: None,
        last,
        unknown: of(&[Stage::Unknown]),
        open: of(&[Stage::Containers, Stage::Intent]),
        late: count(Mark::Late),
        failed: count(Mark::Failed),
        due: changes().filter(|change| change.acts() && change.mark() == Mark::Publish).count(),
        next: next.map(|change| Line { at: change.due_at, ..Line::of(change.key.clone(), change.kind) }),
        missed: plan
            .notices
            .iter()
            .find(|notice| notice.kind == NoticeKind::QueueMissed && notice.account == account.name)
            .map(|notice| format!("{}: {}", notice.message, notice.help)),
        paused: account.paused.map(|paused| {
            match paused {
                Paused::Configuration => "`paused: true` is set in igsync.yaml",
                Paused::Environment => "IGSYNC_PAUSED is set",
            }
            .to_owned()
        }),
    }
}

fn line(record: &Record) -> Line {
    let announced = record.intents.iter().map(|intent| intent.at).max();
    let text = match &record.state {
        State::Published(live) => live.permalink.clone(),
        State::Unknown(reason) => reason.as_ref().map(ToString::to_string),
        State::Intent => Some("publish announced".to_owned()),
        _ => Some("containers created".to_owned()),
    };
    Line {
        at: record.published_at().or(announced),
        media_id: record.live().and_then(|live| live.media_id.clone()),
        text,
        ..Line::of(record.key.clone(), record.kind)
    }
}

/// For a health check: what a person has to look at.
fn exit_of(status: &AccountStatus, min_days: Option<i64>, bad_token: Exit) -> Exit {
    let mut exit = Exit::Done;
    if !status.token.is_good(min_days) {
        exit = exit.or(bad_token);
    }
    if status.late + status.failed > 0 {
        exit = exit.or(Exit::Incomplete);
    }
    if !status.unknown.is_empty() {
        exit = exit.or(Exit::Unknown);
    }
    exit
}
