//! Doing what the plan says, and saying how it ended.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::apply::{AccountRun, Event, Halt, Outcome, PostRef, Shared, Tally, Work, rename};
use crate::cli::{Apply, Global, OutputFormat};
use crate::exit::Exit;
use crate::id::AccountName;
use crate::plan::{Change, Plan};
use crate::report;
use crate::report::text::plural;

use super::super::connect::Accounts;
use super::super::project::Project;
use super::super::{Ended, World, write_stdout};
use super::prepare;

/// Everything that carrying out needs.
pub(super) struct Run<'a> {
    pub plan: &'a Plan,
    pub project: &'a Project,
    pub shared: Arc<Shared>,
    pub accounts: Accounts,
    /// What settling has counted already.
    pub tally: Tally,
    pub global: &'a Global,
    pub args: &'a Apply,
    pub world: &'a World,
}

/// Carries out the plan; every post of it gets exactly one outcome.
pub(super) async fn run(run: Run<'_>) -> Ended {
    let Run { plan, project, shared, accounts, mut tally, global, args, world } = run;
    let began = world.clock.monotonic();
    let tell = |event: &Event| shared.tell(event);
    let started = tell(&Event::RunStarted {
        to_publish: plan.summary.publish,
        to_resume: plan.summary.resume,
        plan_digest: plan.digest.clone(),
    });
    let renamed = started.and_then(|()| rename(plan, &shared));
    match renamed {
        Ok(moved) => tally.moved = moved,
        Err(halt) => {
            tally.end(halt.exit);
            world.terminal.say(&format!("stopped: {}\n  help: {}", halt.reason, halt.help));
        }
    }
    leave_out(plan, &accounts.halted, &shared, &mut tally);
    let broken = plan.accounts_with_errors();
    let (refused, able): (Vec<_>, Vec<_>) = accounts.runs.into_iter().partition(|run| broken.contains(&run.name));
    let refused: Vec<_> = refused.into_iter().map(|run| (run.name.clone(), has_errors())).collect();
    leave_out(plan, &refused, &shared, &mut tally);
    let ended = join_all(able.iter().map(|run| publish(run, plan))).await;
    let halts: Vec<(AccountName, Halt)> = ended
        .into_iter()
        .zip(&able)
        .filter_map(|((counted, halt), run)| {
            tally.absorb(&counted);
            halt.map(|halt| (run.name.clone(), halt))
        })
        .collect();
    for (name, halt) in accounts.halted.iter().chain(&refused).chain(&halts) {
        world.terminal.say(&format!("account {name} was stopped: {}\n  help: {}", halt.reason, halt.help));
    }
    if let Err(halt) = shared.fold() {
        tally.end(halt.exit);
        world.terminal.say(&format!("{}\n  help: {}", halt.reason, halt.help));
    }
    tally.end(prepare::exit_of(plan));
    let elapsed = world.clock.monotonic().saturating_sub(began);
    let _ = shared.tell(&finished(&tally, elapsed));
    if args.scope.format == OutputFormat::Human {
        write_stdout(world, &report::run_summary::render(&tally, plan))?;
    }
    hint(&tally, project, global, world);
    Ok(tally.exit())
}

/// The two events of a run that has nothing to do.
pub(super) fn idle_events(plan: &Plan) -> String {
    let started = Event::RunStarted { to_publish: 0, to_resume: 0, plan_digest: plan.digest.clone() };
    let mut tally = Tally::default();
    tally.end(prepare::exit_of(plan));
    report::events::line(&started) + &report::events::line(&finished(&tally, std::time::Duration::ZERO))
}

fn finished(tally: &Tally, elapsed: std::time::Duration) -> Event {
    Event::RunFinished {
        published: tally.published,
        failed: tally.failed,
        unknown: tally.unknown,
        unsettled: tally.unsettled,
        deferred: tally.deferred,
        not_attempted: tally.not_attempted,
        exit_code: tally.exit() as u8,
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

async fn publish(run: &AccountRun, plan: &Plan) -> (Tally, Option<Halt>) {
    let mine = |change: &&Change| change.account == run.name;
    let work: Vec<Work> = plan
        .changes
        .iter()
        .filter(mine)
        .filter(|change| prepare::is_work(change))
        .filter_map(|change| change.post.clone())
        .map(|post| Work { post })
        .collect();
    run.publish_all(work).await
}

/// Gives every post of a stopped account its outcome.
fn leave_out(plan: &Plan, halted: &[(AccountName, Halt)], shared: &Shared, tally: &mut Tally) {
    for (name, halt) in halted {
        tally.end(halt.exit);
        for change in plan.changes.iter().filter(|change| change.account == *name) {
            if !prepare::is_work(change) {
                continue;
            }
            let outcome = Outcome::halted(halt);
            tally.count(&outcome);
            let post = PostRef { key: change.key.clone(), account: name.clone() };
            if let Some(event) = outcome.event(post) {
                // The output may be what failed; the exit code still tells.
                let _ = shared.tell(&event);
            }
        }
    }
}

fn has_errors() -> Halt {
    Halt {
        whole_run: false,
        exit: Exit::Incomplete,
        reason: "a post that is due has errors".to_owned(),
        help: "mend the errors above, or set `draft: true` in those manifests".to_owned(),
    }
}

/// The next command, on stderr: the last line of stdout stays stable.
fn hint(tally: &Tally, project: &Project, global: &Global, world: &World) {
    let terminal = &world.terminal;
    if project.sandbox {
        let folder = Project::chdir_flag(global);
        terminal.say(&format!("see the feed: {} sandbox{folder}", terminal.program));
    } else if tally.changed_the_record() {
        let posts = plural(tally.published + tally.adopted, "published post");
        terminal.say(&format!("keep the record: git add igsync.lock && git commit -m \"Record {posts}\""));
    }
}
