//! `igsync plan`: the difference, offline unless `--refresh` asks for more.

use crate::cli::{Global, Plan, PlanFormat};
use crate::exit::Exit;
use crate::report;
use crate::report::markdown::Limit;
use crate::report::text::{one_line, plural};
use crate::session::branch;
use crate::session::load::load;
use crate::session::output::{Output, Written};
use crate::session::project::{OfPublished, Project};
use crate::session::record::known_offline;
use crate::session::{arrivals, wording};
use igsync_base::text::quoted;
use igsync_model::plan::{self, PlanFile};

use super::findings::{make_and_draw, say_findings, show_findings};
use super::{Ended, Failure, Ports, Ui, actions, apply, refresh, write_coloured, write_commands, write_stdout};

const PLAN_FILE: Written = Written { what: "a plan file", marks: &[plan::FILE_MARK], option: "--out", or: "" };

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
    apply::refuse_impossible(&args.scope, ports)?;
    let output = args.out.as_deref().map(|file| Output::open(file, PLAN_FILE, ports)).transpose()?;
    let mut project = ui.noted(load(&global.place(), args.scope.sandbox, OfPublished::Compare, ports).await)?;
    project.allow_duplicates(&args.scope.allow_duplicate);
    match args.format {
        PlanFormat::Human | PlanFormat::Json => show_findings(&project, ports, ui),
        PlanFormat::Markdown | PlanFormat::Github => say_findings(&project, ui),
    }
    if project.configuration_errors() && args.format != PlanFormat::Github {
        return Ok(Exit::Failure);
    }
    arrivals::learn(&mut project, args.base.as_deref()).await?;
    if let Some(rev) = &args.base {
        project.branch = Some(branch::of(&project, rev, ports).await?);
    }
    project.ephemeral = known_offline(&project, ports);
    let asked = refresh::for_plan(&mut project, &args.scope, args.refresh, ports, ui).await?;
    let mut plan = make_and_draw(&mut project, &args.scope, asked.settled, asked.now, ports, ui)?;
    wording::learn(&project, &mut plan).await;
    ui.actions.plan(&plan);
    if matches!(args.format, PlanFormat::Human | PlanFormat::Json) {
        ui.actions.branch(&plan, &project.folder_in_repository(ports));
    }
    show(&plan, &project, args.format, ports, ui)?;
    if let Some(output) = output {
        save(&plan, args, &output, ports, ui)?;
    }
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

/// Writes what is to be reviewed.
fn save(plan: &plan::Plan, args: &Plan, output: &Output, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
    let file = PlanFile::of(plan, args.scope.include_late)
        .map_err(|error| Failure::message(Exit::Failure, format!("no plan file was written: {error}"), error.help()))?;
    output.write(&file.render(), ports)?;
    let apply = format!("`igsync apply --plan {}`", quoted(output.shown()));
    ui.terminal.say(&format!(
        "wrote {}: {}; {} does this and nothing else",
        one_line(output.shown()),
        plural(file.items.len(), "post"),
        ui.terminal.program.commands(&apply)
    ));
    Ok(())
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
    let is_duplicate = |change: &&plan::Change| change.mark() == plan::Mark::Duplicate && change.in_diff != Some(false);
    let duplicates: Vec<String> =
        plan.changes.iter().filter(is_duplicate).map(|change| format!("{} {}", change.key, change.reason)).collect();
    let all: Vec<_> = edits.chain(guards).chain(duplicates.iter().map(|message| (message, None))).collect();
    for (message, help) in all.iter().take(REFUSALS) {
        let help = help.map(|help| format!("\n  help: {}", one_line(help))).unwrap_or_default();
        ui.terminal.say(&format!("refused: {}{help}", one_line(message)));
    }
    if all.len() > REFUSALS {
        ui.terminal.say(&format!("and {} more", all.len() - REFUSALS));
    }
}

fn show(plan: &plan::Plan, project: &Project, format: PlanFormat, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
    let (style, program) = (ui.terminal.style_out(), &ui.terminal.program);
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
            write_commands(ui, &report::duplicates::github(plan, &folder))?;
            write_commands(ui, &report::findings::github(&project.findings, &folder))?;
            write_stdout(ui, &format!("{}\n", report::plan_human::summary_line(&plan.summary)))
        }
    }
}

fn has_sandbox_records(project: &Project, ports: &Ports) -> bool {
    igsync_model::lockfile::read(&*ports.disk, &igsync_model::lockfile::Paths::sandbox(&project.root))
        .is_ok_and(|snapshot| !snapshot.records.is_empty())
}
