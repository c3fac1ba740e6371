//! `igsync apply`: settle, plan, ask, publish, record.

mod carry_out;
mod preflight;
mod prepare;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apply::{Observer, Shared};
use crate::cli::{Apply, Global, OutputFormat};
use crate::exit::Exit;
use crate::lockfile::Ledger;
use crate::plan::{GuardKind, Plan};
use crate::port::{Remote, RunLock};
use crate::report;
use crate::report::text::plural;

use super::connect::{Connector, Pace};
use super::plan::{make, show_findings};
use super::project::Project;
use super::{Ended, Failure, World, remote, run_lock, write_stdout};

pub(super) async fn run(global: &Global, args: &Apply, world: &World) -> Ended {
    let mut project = Project::load(global, world, args.scope.sandbox, false)?;
    refuse_time_travel(&project, args)?;
    show_findings(&project, world);
    if project.configuration_errors() || !project.complete {
        return Ok(Exit::Failure);
    }
    let keeping = remote::choose(&mut project, args, world).await?;
    let offline = make(&project, &args.scope, BTreeSet::new(), world)?;
    if let Some(exit) = prepare::ends_offline(&offline, &project, args, world)? {
        if exit != Exit::Refused {
            if keeping.lacks(&project.snapshot.records) {
                let (_lock, shared) = begin(&project, args, keeping.go_on()?, world).await?;
                shared.fetch_record().await.map_err(Failure::halted)?;
                shared.keep_all().await.map_err(Failure::halted)?;
            } else {
                catch_up(&project, args, world).await?;
            }
        }
        return Ok(exit);
    }
    let (_lock, shared) = begin(&project, args, keeping.go_on()?, world).await?;
    shared.fetch_record().await.map_err(Failure::halted)?;
    let connector = Connector::open(&project, world).await?;
    let names = prepare::accounts_with_work(&offline, &project, args);
    let accounts = connector.connect_all(&project, &Pace::of(args), &names, &shared, world).await?;
    let users = accounts.users();
    let (mut run, _sandbox) = accounts.into_run(shared);
    let settled = run.settle(&project.posts).await;
    project.snapshot.records = run.shared.with_records(Clone::clone);
    project.adopt_users(&users);
    let plan = make(&project, &args.scope, settled, world)?;
    show(&plan, args, world)?;
    if let Some(exit) = refusal(&plan, args, world, |_| true).or_else(|| prepare::refused_for_errors(&plan, world)) {
        run.leave().await.map_err(Failure::halted)?;
        return Ok(exit);
    }
    if plan.acts() && !agreed(&plan, args, world)? {
        return Ok(Exit::Failure);
    }
    preflight::check(&plan, &project, &mut run, world).await;
    carry_out::run(run, &plan, &project, global, args, world).await
}

/// Takes the run lock and opens the record.
async fn begin(
    project: &Project,
    args: &Apply,
    remote: Option<Arc<dyn Remote>>,
    world: &World,
) -> Result<(RunLock, Arc<Shared>), Failure> {
    let lock = run_lock::acquire(&project.paths, args.lock_timeout, "apply", world).await?;
    let ledger = Ledger::open(Arc::clone(&world.disk), project.paths.clone())?;
    let shared = share(project, world, ledger, observer(args, world)).kept_at(remote);
    Ok((lock, Arc::new(shared)))
}

/// A run that was killed after its last publish, or a lockfile that was reverted, leaves a lockfile that
/// knows less than the journal: the next commit would carry it.
async fn catch_up(project: &Project, args: &Apply, world: &World) -> Result<(), Failure> {
    if !project.snapshot.is_behind && !project.snapshot.has_conflicts {
        return Ok(());
    }
    let _lock = run_lock::acquire(&project.paths, args.lock_timeout, "apply", world).await?;
    let is_new = Ledger::open(Arc::clone(&world.disk), project.paths.clone())?.fold()?;
    if is_new && !project.sandbox {
        world.terminal.say(
            "igsync.lock was behind the journal and is whole again\n\
             keep the record: git add igsync.lock && git commit -m \"Record what was published\"",
        );
    }
    Ok(())
}

/// `--now` moves decisions about time, so it must not reach a real account.
fn refuse_time_travel(project: &Project, args: &Apply) -> Result<(), Failure> {
    if args.scope.now.is_none() || project.sandbox || project.settings.is_loopback() {
        return Ok(());
    }
    Err(Failure::message(
        Exit::Usage,
        "--now is only for a sandbox: a real post would go out at the wrong time",
        "add --sandbox, or change publish_at in the manifest",
    ))
}

/// In JSON the events are the output, and the plan is `igsync plan --format json`.
fn show(plan: &Plan, args: &Apply, world: &World) -> Result<(), Failure> {
    world.actions.plan(plan);
    if args.format == OutputFormat::Json {
        return Ok(());
    }
    write_stdout(world, &report::plan_human::render(plan, world.terminal.style_out(), world.terminal.program))
}

/// Exit 5 when a guard of one of these kinds stands in the plan.
fn refusal(plan: &Plan, args: &Apply, world: &World, is_meant: impl Fn(GuardKind) -> bool) -> Option<Exit> {
    let mut refused = false;
    for guard in plan.guards.iter().filter(|guard| is_meant(guard.kind)) {
        refused = true;
        // The human plan has shown them already.
        if args.format == OutputFormat::Json {
            world.terminal.say(&format!("refused: {}\n  help: {}", guard.message, guard.help));
        }
    }
    if refused {
        world.terminal.say("nothing was published: the plan was refused");
    }
    refused.then_some(Exit::Refused)
}

fn agreed(plan: &Plan, args: &Apply, world: &World) -> Result<bool, Failure> {
    if args.yes {
        return Ok(true);
    }
    if !world.terminal.is_interactive {
        return Err(Failure::message(
            Exit::Failure,
            "publishing cannot be undone, and nobody is here to be asked",
            "read the plan, then run apply with --yes",
        ));
    }
    let posts = plural(plan.summary.publish + plan.summary.resume, "post");
    let agreed = world.terminal.confirm(&format!("Publish {posts}? This cannot be undone."));
    if !agreed {
        world.terminal.say("nothing was published");
    }
    Ok(agreed)
}

/// What every account of a run works with.
pub(super) fn share(project: &Project, world: &World, ledger: Ledger, observer: Box<dyn Observer>) -> Shared {
    Shared::new(
        Arc::clone(&world.clock),
        Arc::clone(&world.disk),
        world.stop.clone(),
        project.waits(),
        project.root.clone(),
        ledger,
        observer,
        fastrand::Rng::with_seed(world.seed),
    )
}

fn observer(args: &Apply, world: &World) -> Box<dyn Observer> {
    world.actions.hearing(match args.format {
        OutputFormat::Json => Box::new(report::events::Json::new(world.terminal.streams.out.clone())),
        OutputFormat::Human => world.terminal.progress(&world.clock),
    })
}
