//! Doing what the plan says, and saying how it ended.

use crate::apply::{self, Run, Tally};
use crate::cli::{Apply, Global, OutputFormat};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::report;
use crate::report::text::plural;

use super::super::project::Project;
use super::super::{Ended, World, remote, write_stdout};

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
        remote::hand_over(&not_kept, world);
    }
    if args.format == OutputFormat::Human {
        write_stdout(world, &report::run_summary::render(&tally, plan))?;
    }
    hint(&tally, is_pushed, project, global, world);
    Ok(tally.exit())
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
