//! Doing what the plan says, and saying how it ended.

use crate::apply::{self, Run, Tally};
use crate::cli::{Apply, Global, OutputFormat};
use crate::exit::Exit;
use crate::lockfile::format::print_line;
use crate::plan::Plan;
use crate::report;
use crate::report::text::plural;

use super::super::project::Project;
use super::super::{Ended, World, write_stdout};

pub(super) async fn run(
    run: Run,
    plan: &Plan,
    project: &Project,
    global: &Global,
    args: &Apply,
    world: &World,
) -> Ended {
    let is_pushed = run.shared.is_kept_elsewhere();
    let apply::Report { tally, halts, not_kept } = run.carry_out(plan).await;
    for (account, halt) in halts {
        let what = account.map_or_else(|| "stopped".to_owned(), |name| format!("account {name} was stopped"));
        world.terminal.say(&format!("{what}: {}\n  help: {}", halt.reason, halt.help));
        world.actions.remark(&format!("{what}: {}. To do: {}", halt.reason, halt.help));
    }
    if tally.exit() == Exit::RecordNotDurable {
        let lines: Vec<String> =
            not_kept.iter().map(|record| print_line(std::slice::from_ref(record)).trim_end().to_owned()).collect();
        world.terminal.say(&by_hand(&lines));
        world.actions.keep(&lines);
    }
    if args.format == OutputFormat::Human {
        write_stdout(world, &report::run_summary::render(&tally, plan))?;
    }
    hint(&tally, is_pushed, project, global, world);
    Ok(tally.exit())
}

/// The record lines that only this machine has, as they have to stand in the lockfile.
fn by_hand(lines: &[String]) -> String {
    let lines = lines.join("\n");
    format!(
        "published, and recorded on this machine only; should it be lost, add these lines to igsync.lock:\n{lines}\n"
    )
}

/// The next command, on stderr: the last line of stdout stays stable.
fn hint(tally: &Tally, is_pushed: bool, project: &Project, global: &Global, world: &World) {
    let terminal = &world.terminal;
    if project.sandbox {
        let folder = Project::chdir_flag(global);
        terminal.say(&format!("see the feed: {} sandbox{folder}", terminal.program));
    } else if tally.changed_the_record() && !is_pushed {
        let posts = plural(tally.published + tally.adopted, "published post");
        terminal.say(&format!("keep the record: git add igsync.lock && git commit -m \"Record {posts}\""));
    }
}
