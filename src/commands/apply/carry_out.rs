//! Doing what the plan says, and saying how it ended.

use std::collections::HashSet;
use std::sync::Arc;

use crate::cli::{Apply, OutputFormat};
use crate::exit::Exit;
use crate::report;
use crate::report::text::plural;
use crate::session::draw;
use crate::session::project::Project;
use crate::session::record::{how_to_keep, unrecorded};
use igsync_apply::{self as apply, Halt, Lookout, Run, Tally, Waiting};
use igsync_base::id::AccountName;
use igsync_model::plan::{Plan, Premises};

use super::super::record::print_unpushed_records;
use super::super::{Ended, Ports, Ui, write_stdout};

/// A plan that may be carried out, and what it was made from but for the records.
pub(super) struct Approved<'a> {
    pub(super) plan: Plan,
    pub(super) premises: Premises,
    /// With `--wait`.
    pub(super) waiting: Option<Waiting<'a>>,
    /// What is asked whether a post is still to be deleted.
    pub(super) lookout: &'a dyn Lookout,
}

pub(super) async fn run(
    run: Run,
    Approved { plan, premises, waiting, lookout }: Approved<'_>,
    project: &Project,
    args: &Apply,
    ports: &Ports,
    ui: &Ui,
) -> Ended {
    let ledger = Arc::clone(run.ledger());
    let apply::Report { tally, halts, not_kept } = run.carry_out(&plan, premises, waiting.as_ref(), lookout).await;
    draw::tidy(project, ports);
    say_halts(halts, ui);
    let exit = Exit::of(&tally.causes);
    if exit == Exit::RecordNotDurable {
        print_unpushed_records(&not_kept, ui);
    }
    if args.format == OutputFormat::Human {
        write_stdout(ui, &report::run_summary::render(&tally, &plan))?;
    }
    let is_to_keep = ledger.has_changed_lockfile() && !ledger.is_shared();
    ui.notes(tally.unrecorded.iter().map(|name| unrecorded(name, project)));
    hint(&tally, is_to_keep, project, ui);
    Ok(exit)
}

/// Why something was left undone. What stopped several accounts, or several steps, is said once.
fn say_halts(halts: Vec<(Option<AccountName>, Halt)>, ui: &Ui) {
    let (mut reasons, mut remedies) = (HashSet::new(), HashSet::new());
    for (account, halt) in halts {
        if !reasons.insert(halt.reason.clone()) {
            continue;
        }
        let what = account.map_or_else(|| "stopped".to_owned(), |name| format!("account {name} was stopped"));
        let line = format!("{what}: {}", halt.reason);
        if remedies.insert(halt.help.clone()) {
            ui.terminal.say(&format!("{line}\n  help: {}", halt.help));
            ui.actions.remark(&format!("{line}. To do: {}", halt.help));
        } else {
            ui.terminal.say(&line);
            ui.actions.remark(&line);
        }
    }
}

/// The next command, on stderr: the last line of stdout stays stable.
fn hint(tally: &Tally, is_to_keep: bool, project: &Project, ui: &Ui) {
    let terminal = &ui.terminal;
    if project.sandbox {
        terminal.say(&format!("see the posts at these addresses: {}", terminal.program.command("sandbox")));
    } else if is_to_keep {
        let message = match (tally.published + tally.adopted, tally.deleted) {
            (0, 0) => "Record what became of the posts".to_owned(),
            (0, count) => format!("Record {}", plural(count, "deleted post")),
            (count, _) => format!("Record {}", plural(count, "published post")),
        };
        ui.notes(how_to_keep(project, &message));
    }
}
