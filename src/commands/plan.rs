//! `igsync plan`: the difference, offline unless `--refresh` asks for more.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cli::{Global, Plan, PlanFormat, Scope};
use crate::config::{Account, Paused};
use crate::exit::Exit;
use crate::id::{AccountName, AttemptId, PostKey};
use crate::lockfile::Record;
use crate::manifest::caption_digest;
use crate::plan::{self, AccountView, Input, Options, Selection};
use crate::report;
use crate::report::markdown::Limit;
use crate::report::text::one_line;

use super::project::Project;
use super::{
    Ended, Failure, Ports, Ui, actions, branch, draw, refresh, remote, write_coloured, write_commands, write_stdout,
};

/// So many reasons of a refusal are said on stderr.
const REFUSALS: usize = 20;

pub(super) async fn run(global: &Global, args: &Plan, ports: &Ports, ui: &Ui) -> Ended {
    let ended = make_and_show(global, args, ports, ui).await;
    if let (Err(failure), PlanFormat::Markdown) = (&ended, args.format) {
        // Whoever reads only the comment sees why there is no plan in it.
        let text = report::failure::render(failure.report.as_ref(), report::Style::plain());
        let run =
            report::markdown::Run { command: "plan", failure: Some(text.trim().to_owned()), ..Default::default() };
        write_stdout(ui, &report::markdown::run(&run, None, failure.exit, Limit::COMMENT))?;
    }
    ended
}

async fn make_and_show(global: &Global, args: &Plan, ports: &Ports, ui: &Ui) -> Ended {
    let mut project = Project::load(global, ports, ui, args.scope.sandbox, false).await?;
    match args.format {
        PlanFormat::Human | PlanFormat::Json => show_findings(&project, ports, ui),
        PlanFormat::Markdown | PlanFormat::Github => say_findings(&project, ui),
    }
    if project.configuration_errors() && args.format != PlanFormat::Github {
        return Ok(Exit::Failure);
    }
    if let Some(rev) = &args.base {
        project.branch = Some(branch::of(&project, rev, ports).await?);
    }
    project.ephemeral = remote::known_offline(&project, ports);
    let asked = refresh::for_plan(&mut project, &args.scope, args.refresh, ports, ui).await?;
    let plan = make_and_draw(&mut project, &args.scope, asked.settled, asked.now, ports, ui)?;
    ui.actions.plan(&plan);
    if matches!(args.format, PlanFormat::Human | PlanFormat::Json) {
        ui.actions.branch(&plan, &project.folder_in_repository(ports));
    }
    show(&plan, &project, args.format, ports, ui)?;
    if !project.sandbox && project.snapshot.records.is_empty() && has_sandbox_records(&project, ports) {
        ui.terminal
            .say("note: only a sandbox record exists; nothing was published for real (`plan --sandbox` shows it)");
    }
    if project.has_errors() || asked.is_incomplete {
        return Ok(Exit::Failure);
    }
    if args.fail_on_refusal && plan.is_refused() {
        say_refusals(&plan, args.format, ui);
        return Ok(Exit::Refused);
    }
    Ok(if args.detailed_exitcode && plan.acts() { Exit::Changes } else { Exit::Done })
}

/// Why the plan ends with exit 5, where its data goes to a program or into a comment.
fn say_refusals(plan: &plan::Plan, format: PlanFormat, ui: &Ui) {
    if format == PlanFormat::Human {
        return;
    }
    let edits: Vec<_> = plan.branch_edits.iter().flatten().collect();
    // All of them have one remedy.
    let last = edits.len().min(REFUSALS).saturating_sub(1);
    let edits = edits.iter().enumerate().map(|(place, edit)| (&edit.message, (place == last).then_some(&edit.help)));
    let is_meant = |guard: &&plan::Guard| guard.in_diff != Some(false);
    let guards = plan.guards.iter().filter(is_meant).map(|guard| (&guard.message, Some(&guard.help)));
    let all: Vec<_> = edits.chain(guards).collect();
    for (message, help) in all.iter().take(REFUSALS) {
        let help = help.map(|help| format!("\n  help: {}", one_line(help))).unwrap_or_default();
        ui.terminal.say(&format!("refused: {}{help}", one_line(message)));
    }
    if all.len() > REFUSALS {
        ui.terminal.say(&format!("and {} more", all.len() - REFUSALS));
    }
}

fn show(plan: &plan::Plan, project: &Project, format: PlanFormat, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
    let (style, program) = (ui.terminal.style_out(), ui.terminal.program);
    match format {
        PlanFormat::Human => write_coloured(ui, &report::plan_human::render(plan, style, program)),
        PlanFormat::Json => write_stdout(ui, &report::plan_json::render(plan)),
        PlanFormat::Markdown => {
            ui.actions.is_shown();
            let place = actions::place(&ports.env, &project.folder_in_repository(ports));
            write_stdout(ui, &report::markdown::plan(plan, &project.findings, &place, Limit::COMMENT))
        }
        PlanFormat::Github => {
            let folder = project.folder_in_repository(ports);
            write_commands(ui, &report::branch::github(plan, &folder))?;
            write_commands(ui, &report::findings::github(&project.findings, &folder))?;
            write_stdout(ui, &format!("{}\n", report::plan_human::summary_line(&plan.summary)))
        }
    }
}

/// Findings go to stderr, the plan itself is the data; a runner shows them on the lines, too.
pub(super) fn show_findings(project: &Project, ports: &Ports, ui: &Ui) {
    say_findings(project, ui);
    ui.actions.findings(&project.findings, &project.folder_in_repository(ports));
}

fn say_findings(project: &Project, ui: &Ui) {
    ui.actions.sandbox(project.sandbox);
    if !project.findings.is_empty() {
        ui.terminal.say_coloured(report::findings::render(&project.findings, ui.terminal.style_err()).trim_end());
    }
}

/// [`make`], with the converted pictures of the posts that are due; what is broken about them is told.
pub(super) fn make_and_draw(
    project: &mut Project,
    scope: &Scope,
    settled: BTreeSet<AttemptId>,
    now: Timestamp,
    ports: &Ports,
    ui: &Ui,
) -> Result<plan::Plan, Failure> {
    let mut plan = make(project, scope, settled, now)?;
    let found = draw::draw(&mut plan, project, ports);
    if !found.is_empty() {
        ui.terminal.say_coloured(report::findings::render(&found, ui.terminal.style_err()).trim_end());
        ui.actions.findings(&found, &project.folder_in_repository(ports));
        project.findings.extend(found);
    }
    Ok(plan)
}

/// By what time posts are due: what the person says, else the server's where it was asked, else this machine's.
/// The sandbox in this process knows no time of its own that posts were dated by.
pub(super) fn due_by(project: &Project, scope: &Scope, server: Option<Timestamp>, ports: &Ports) -> Timestamp {
    let server = server.filter(|_| !project.sandbox);
    scope.now.or(server).unwrap_or_else(|| ports.clock.now())
}

/// Compares posts and records as the flags ask for. `settled` are the attempts that this run has proven
/// not to be live; posts are due by `now`.
pub(super) fn make(
    project: &Project,
    scope: &Scope,
    settled: BTreeSet<AttemptId>,
    now: Timestamp,
) -> Result<plan::Plan, Failure> {
    check_names(project, scope)?;
    let accounts: Vec<AccountView> = project.config.accounts.iter().map(|account| view(project, account)).collect();
    let names = scope.account.iter().map(|name| AccountName::from(name.as_str()));
    let selection = Selection::new(names, &scope.target, &scope.exclude);
    let records: Vec<&Record> = project.snapshot.records.iter().collect();
    Ok(plan::plan(&Input {
        posts: &project.posts,
        records: &records,
        accounts: &accounts,
        now,
        complete: project.complete,
        selection: &selection,
        options: &Options {
            include_late: scope.include_late,
            retry_failed: scope.retry_failed,
            allow_empty: scope.allow_empty,
            allow_new_lock: scope.allow_new_lock,
            allow_repost: scope.allow_repost.iter().map(|key| PostKey::from(key.as_str())).collect(),
            max_publish: scope.max_publish,
            has_lockfile: project.snapshot.has_lockfile,
            is_sandbox: project.sandbox,
            ephemeral_lockfile: project.ephemeral.clone(),
            graph_base: project.settings.graph_url.as_ref().map(ToString::to_string).filter(|_| !project.sandbox),
            settled,
            live: project.live.clone(),
            branch: project.branch.clone(),
        },
        caption_digest: &|post| caption_digest(&post.content.caption),
    }))
}

fn view(project: &Project, account: &Account) -> AccountView {
    AccountView {
        name: account.name.clone(),
        user_id: project.user_of(account),
        username: account.username.clone(),
        timezone: account.timezone.clone(),
        max_publish_per_run: account.max_publish_per_run,
        late_after: account.schedule.late_after,
        paused: account.paused.map(|paused| match paused {
            Paused::Configuration => "`paused: true` stands in igsync.yaml".to_owned(),
            Paused::Environment => "IGSYNC_PAUSED is set".to_owned(),
        }),
    }
}

/// A misspelt account would otherwise silently select nothing.
fn check_names(project: &Project, scope: &Scope) -> Result<(), Failure> {
    for name in &scope.account {
        if !project.config.accounts.iter().any(|account| account.name.as_str() == name) {
            let known: Vec<&str> = project.config.accounts.iter().map(|account| account.name.as_str()).collect();
            return Err(Failure::message(
                Exit::Usage,
                format!("there is no account `{name}`"),
                format!("igsync.yaml has: {}", known.join(", ")),
            ));
        }
    }
    Ok(())
}

fn has_sandbox_records(project: &Project, ports: &Ports) -> bool {
    crate::lockfile::read(&*ports.disk, &crate::lockfile::Paths::sandbox(&project.root))
        .is_ok_and(|snapshot| !snapshot.records.is_empty())
}
