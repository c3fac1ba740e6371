//! `igsync apply`: settle, plan, ask, publish, record.

mod carry_out;
mod events;
mod preflight;
mod prepare;
mod wait;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::cli::{Apply, Global, OutputFormat, Refresh};
use crate::exit::Exit;
use crate::report;
use crate::report::events::Refused;
use crate::report::text::plural;
use crate::session::connect::{Connector, Pace};
use crate::session::project::{OfPublished, Project};
use crate::session::record::{RecordPlace, Terms, choose, how_to_keep};
use crate::session::root::ContentRoot;
use crate::session::{Place, arrivals, reviewed, wording};
use igsync_apply::Run;
use igsync_base::id::{AccountName, AttemptId, PostKey};
use igsync_model::lockfile::Ledger;
use igsync_model::manifest::Post;
use igsync_model::plan::{Barrier, Change, Guard, Plan, Work};

use super::connect::connect_all;
use super::difference::{due_by, make, may_delete, premises};
use super::findings::{make_and_draw, show_findings};
use super::record::{self, keep_all};
use super::{Ended, Failure, Ports, Ui, refresh, write_coloured};
use carry_out::Approved;

use events::Events;

pub(super) use wait::refuse_impossible;

pub(super) async fn run(global: &Global, args: &Apply, ports: &Ports, ui: &Ui) -> Ended {
    let events = Events::begin(args, ports, ui);
    let ended = begin(global, args, &events, ports, ui).await;
    events.end(&ended);
    ended
}

async fn begin(global: &Global, args: &Apply, events: &Events<'_>, ports: &Ports, ui: &Ui) -> Ended {
    if args.refresh == Refresh::Full && args.no_live_check {
        return Err(Failure::message(
            Exit::Usage,
            "--refresh full reads what is live, but --no-live-check forbids that",
            "leave one of them out",
        ));
    }
    wait::refuse_impossible(&args.scope, ports)?;
    let reviewed = reviewed::read(&args.plan, ports)?;
    let root = ContentRoot::open(&global.place(), args.scope.sandbox, ports).await?;
    refuse_time_travel(&root, args)?;
    let mut snapshot = root.snapshot(ports)?;
    // Before media are looked at: what others have published needs none.
    let terms = Terms::of_publishing(args.keep.push(), args.allow_stale, args.scope.allow_delete);
    let remote = ui.noted(choose(&root, &mut snapshot, terms, ports).await);
    let mut project = Project::read(root, snapshot, OfPublished::Compare, ports).await?;
    project.allow_duplicates(&args.scope.allow_duplicate);
    project.reviewed = reviewed;
    show_findings(&project, ports, ui);
    if project.configuration_errors() || !project.complete {
        let refused = Refused {
            reason: "the configuration has errors, or a manifest cannot be read".to_owned(),
            help: Some("fix the findings".to_owned()),
            findings: project.findings.clone(),
            ..Refused::default()
        };
        return Ok(events.refused(&refused, Exit::Failure));
    }
    arrivals::learn(&mut project, None).await?;
    let remote = remote?;
    if !args.allow_ephemeral_lock {
        project.ephemeral = remote.nowhere().map(str::to_owned);
    }
    let ended = carry_on(project, &remote, &global.place(), args, events, ports, ui).await;
    ui.notes(remote.follow(ports).await);
    ended
}

async fn carry_on(
    mut project: Project,
    remote: &RecordPlace,
    place: &Place,
    args: &Apply,
    events: &Events<'_>,
    ports: &Ports,
    ui: &Ui,
) -> Ended {
    let as_apply = ("apply", args.lock_timeout);
    let now = due_by(&project, &args.scope, None, ports);
    let mut offline = make(&project, &args.scope, BTreeSet::new(), now)?;
    let names = prepare::accounts_to_ask(&offline, &project, args, now);
    if names.is_empty() {
        learn_words(&project, &mut offline, args).await;
    }
    if let Some(exit) = prepare::ends_offline(&offline, &project, &names, args, events, ui)? {
        if exit != Exit::Refused {
            if remote.lacks(&project.snapshot.records) {
                let ledger = record::open(remote, &project, as_apply, events.observer(), ports, ui).await?;
                keep_all(&ledger, ui).await?;
            } else {
                catch_up(&project, args, ports, ui).await?;
            }
        }
        return Ok(exit);
    }
    let ledger = record::open(remote, &project, as_apply, events.observer(), ports, ui).await?;
    let connector = Connector::open(&project, ports).await?;
    let connecting = connector.connecting(&project, pace(args), &ledger, ports);
    let accounts = connect_all(connecting, &names).await?;
    let owners = accounts.owners.clone();
    let clients = accounts.clients.clone();
    let (mut run, _sandbox) = accounts.into_run(ledger);
    project.adopt_owners(&owners);
    identify(&mut project, &offline, ports);
    let mut settled = BTreeSet::new();
    let reviewed = project.reviewed.clone();
    let watch = wait::Watch { place, scope: &args.scope, reviewed, owners: &owners, ports };
    if args.refresh != Refresh::None {
        settled = settle(&mut run, &mut project, args, &watch).await;
        refresh::count_losses(&mut run, &mut project, &args.scope, &settled, ports).await?;
    }
    if args.refresh == Refresh::Full {
        refresh::look(&mut run, &mut project, &args.scope, &settled, ports).await?;
        let names: HashSet<_> = names.iter().filter(|name| refresh::may_be_reopened(&project, name)).collect();
        refresh::glance(&mut project, &run, &owners, &clients, |name| names.contains(name)).await;
    }
    let now = due_by(&project, &args.scope, run.server_now(), ports);
    let mut plan = make_and_draw(&mut project, &args.scope, settled.clone(), now, ports, ui)?;
    learn_words(&project, &mut plan, args).await;
    show(&plan, args, ui)?;
    if let Some(exit) = refusal(&plan, &project, args, events, ui) {
        keep_all(run.ledger(), ui).await?;
        return Ok(exit);
    }
    if plan.acts() && !agreed(&plan, args, ui)? {
        let reason = "declined: nothing was published".to_owned();
        return Ok(events.refused(&Refused { reason, ..Refused::default() }, Exit::Failure));
    }
    if args.refresh == Refresh::None {
        // Nothing is sent before it is known what earlier runs have sent, however the plan was made.
        let agreed_to = undoable(&plan);
        settled = settle(&mut run, &mut project, args, &watch).await;
        plan = make(&project, &args.scope, settled.clone(), due_by(&project, &args.scope, run.server_now(), ports))?;
        if let Some(exit) = refusal(&plan, &project, args, events, ui) {
            keep_all(run.ledger(), ui).await?;
            return Ok(exit);
        }
        // What was found out may leave more to do than anyone was asked about.
        if !args.yes && !undoable(&plan).is_subset(&agreed_to) {
            show(&plan, args, ui)?;
            if !agreed(&plan, args, ui)? {
                keep_all(run.ledger(), ui).await?;
                let reason = "declined: nothing was published".to_owned();
                return Ok(events.refused(&Refused { reason, ..Refused::default() }, Exit::Failure));
            }
        }
    }
    preflight::check(&plan, &project, &mut run, &clients, ports, ui).await;
    let premises = premises(&project, &args.scope, settled, plan.now);
    let approved = Approved { waiting: wait::until(&plan, &watch, args), plan, premises, lookout: &watch };
    carry_out::run(run, approved, &project, args, ports, ui).await
}

/// Gives the posts that this run acts on the names by which git will know their files, for their records.
fn identify(project: &mut Project, plan: &Plan, ports: &Ports) {
    let acting: HashSet<_> =
        plan.changes.iter().filter(|change| change.acts()).map(|change| (&change.account, &change.key)).collect();
    let identify = |post: &Arc<Post>| {
        let is_acting = acting.contains(&(&post.account, &post.key));
        if is_acting { project.identified(post, &*ports.disk) } else { Arc::clone(post) }
    };
    project.posts = project.posts.iter().map(identify).collect();
}

/// As [`identify`], for posts that are waited for: when each of them goes out is not known yet.
fn identify_all(project: &mut Project, ports: &Ports) {
    let is_waited_for = |post: &Post| !post.draft && (post.publish_at.is_some() || post.queued.is_some());
    let identify = |post: &Arc<Post>| {
        let is_new = is_waited_for(post) && !project.is_recorded(post);
        if is_new { project.identified(post, &*ports.disk) } else { Arc::clone(post) }
    };
    project.posts = project.posts.iter().map(identify).collect();
}

/// Settles what earlier runs left open, and takes over what that has recorded.
async fn settle(run: &mut Run, project: &mut Project, args: &Apply, watch: &wait::Watch<'_>) -> BTreeSet<AttemptId> {
    let settled = run.settle(&project.posts, &may_delete(project, &args.scope), Some(watch)).await;
    project.snapshot.records = run.ledger().with_records(Clone::clone);
    settled
}

/// A run that was killed after its last publish, or a lockfile that was reverted, leaves a lockfile that
/// knows less than the journal: the next commit would carry it.
async fn catch_up(project: &Project, args: &Apply, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
    if !project.snapshot.is_behind && !project.snapshot.has_conflicts {
        return Ok(());
    }
    let _lock = record::lock(&project.paths, ("apply", args.lock_timeout), ports, ui).await?;
    let is_new = Ledger::open(Arc::clone(&ports.disk), project.paths.clone())?.fold()?;
    if is_new && !project.sandbox {
        ui.terminal.say("igsync.lock was behind the journal; it is complete again");
        ui.notes(how_to_keep(project, "Record what was published"));
    }
    Ok(())
}

fn pace(args: &Apply) -> Pace {
    Pace {
        max_publish: args.scope.max_publish,
        parallelism: args.parallelism,
        live_check: !args.no_live_check,
        probe: !args.no_probe,
    }
}

/// `--now` moves decisions about time, so it must not reach a real account.
fn refuse_time_travel(root: &ContentRoot, args: &Apply) -> Result<(), Failure> {
    if args.scope.now.is_none() || root.sandbox || root.settings().is_loopback() {
        return Ok(());
    }
    Err(Failure::message(
        Exit::Usage,
        "--now is only for a sandbox: a real post would go out at the wrong time",
        "add --sandbox, or change publish_at in the manifest",
    ))
}

/// Adds the words of edited captions to a plan that people read.
async fn learn_words(project: &Project, plan: &mut Plan, args: &Apply) {
    if args.format == OutputFormat::Human {
        wording::learn(project, plan).await;
    }
}

/// In JSON the events are the output, and the plan is `igsync plan --format json`.
fn show(plan: &Plan, args: &Apply, ui: &Ui) -> Result<(), Failure> {
    ui.actions.plan(plan);
    if args.format == OutputFormat::Json {
        return Ok(());
    }
    write_coloured(ui, &report::plan_human::render(plan, ui.terminal.style_out(), &ui.terminal.program))
}

/// How a run ends that publishes nothing: a guard refuses all of it, or each account that would act is left alone.
fn refusal(plan: &Plan, project: &Project, args: &Apply, events: &Events<'_>, ui: &Ui) -> Option<Exit> {
    if !plan.mismatches.is_empty() {
        return Some(refuse_mismatches(plan, args, events, ui));
    }
    let barrier = prepare::barriers(plan);
    let (exit, said) = match (plan.refusals().next(), barrier) {
        (Some(_), _) | (None, Some(Barrier::TooMany | Barrier::TooManyDeletions)) => {
            (Exit::Refused, "the plan was refused")
        }
        (None, Some(Barrier::Errors)) => {
            (Exit::Failure, "fix the errors above, or set `draft: true` in those manifests")
        }
        (None, Some(Barrier::Paused)) => (Exit::Done, "publishing is paused"),
        (None, None) => return None,
    };
    // The human plan has shown them already.
    for guard in plan.guards.iter().filter(|_| args.format == OutputFormat::Json) {
        ui.terminal.say(&format!("refused: {}\n  help: {}", guard.message, guard.help));
    }
    ui.terminal.say(&format!("nothing was published: {said}"));
    let guards: Vec<Guard> = plan.guards.clone();
    let first = plan.refusals().next().or_else(|| plan.guards.iter().find(|guard| guard.kind.is_of_account()));
    let (reason, help) = match first.filter(|_| exit != Exit::Failure) {
        Some(guard) => (guard.message.clone(), Some(guard.help.clone())),
        None => ("posts that are due have errors".to_owned(), Some(said.to_owned())),
    };
    let findings = if exit == Exit::Failure { project.findings.clone() } else { Vec::new() };
    Some(events.refused(&Refused { reason, help, guards, findings, ..Refused::default() }, exit))
}

/// Posts are not as they were reviewed.
fn refuse_mismatches(plan: &Plan, args: &Apply, events: &Events<'_>, ui: &Ui) -> Exit {
    let count = plan.mismatches.len();
    let are = if count == 1 { "is not as it was" } else { "are not as they were" };
    let reason = format!("{} {are} reviewed", plural(count, "post"));
    let help = "write a new plan with `igsync plan --out FILE` and review it, or take these changes back";
    // The human plan has shown them already.
    let mismatches = plan.mismatches.iter().filter(|_| args.format == OutputFormat::Json);
    for mismatch in mismatches.take(report::plan_human::MISMATCHES) {
        ui.terminal.say(&format!("not as reviewed: {}", report::plan_human::mismatch(mismatch)));
    }
    ui.terminal.say(&format!("nothing was published: {reason}\n  help: {}", ui.terminal.program.commands(help)));
    let mismatches = plan.mismatches.clone();
    events.refused(&Refused { reason, help: Some(help.to_owned()), mismatches, ..Refused::default() }, Exit::Stale)
}

fn agreed(plan: &Plan, args: &Apply, ui: &Ui) -> Result<bool, Failure> {
    if args.yes {
        return Ok(true);
    }
    if !ui.terminal.is_interactive {
        return Err(Failure::message(
            Exit::Failure,
            "publishing cannot be undone and stdin is not a terminal; pass --yes",
            "`igsync plan` shows what apply would publish",
        ));
    }
    let barred = plan.barred();
    let count = |work: Work| {
        let works = |change: &&Change| change.work() == Some(work) && !barred.contains_key(&change.account);
        plan.changes.iter().filter(works).count()
    };
    let (now, later, deletes) = (count(Work::Publish), plan.awaited().count(), count(Work::Delete));
    let agreed = ui.terminal.confirm(&question(now, later, deletes));
    if !agreed {
        ui.terminal.say("nothing was published");
    }
    Ok(agreed)
}

/// What a plan sends that cannot be undone: each post that it publishes, now or at its time, or deletes.
fn undoable(plan: &Plan) -> BTreeSet<(AccountName, PostKey, bool)> {
    let is_undoable = |change: &&Change| matches!(change.work(), Some(Work::Publish | Work::Delete));
    let changes = plan.changes.iter().filter(is_undoable).chain(plan.awaited());
    changes.map(|change| (change.account.clone(), change.key.clone(), change.work() == Some(Work::Delete))).collect()
}

/// What a person is asked before anything is sent: publishes now and at their times, and deletions.
fn question(now: usize, later: usize, deletes: usize) -> String {
    if now + later + deletes == 0 {
        return "Carry out this plan? It publishes and deletes nothing.".to_owned();
    }
    let publishes = match (now, later) {
        (_, 0) => format!("Publish {}", plural(now, "post")),
        (0, _) => format!("Publish {} at their times", plural(later, "post")),
        _ => format!("Publish {} now and {later} at their times", plural(now, "post")),
    };
    let live = plural(deletes, "live post");
    match (now + later, deletes) {
        (_, 0) => format!("{publishes}? This cannot be undone."),
        (0, _) => format!("Delete {live} from Instagram? This cannot be undone."),
        _ => format!("{publishes}, and delete {live} from Instagram? This cannot be undone."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_model::lockfile::Via;
    use igsync_model::manifest::PostState;
    use igsync_model::plan::testing::{live, post, world};

    #[test]
    fn a_person_is_asked_how_many_posts_are_deleted() {
        assert_eq!(question(2, 0, 0), "Publish 2 posts? This cannot be undone.");
        assert_eq!(question(0, 0, 1), "Delete 1 live post from Instagram? This cannot be undone.");
        let both = question(1, 0, 2);
        assert_eq!(both, "Publish 1 post, and delete 2 live posts from Instagram? This cannot be undone.");
        assert_eq!(question(0, 0, 0), "Carry out this plan? It publishes and deletes nothing.");
    }

    #[test]
    fn a_deletion_that_a_settlement_leaves_to_be_sent_was_not_agreed_to() {
        let mut absent = post("p");
        absent.state = PostState::Absent;
        let certain = |settled: bool| {
            let mut record = live("p", |live| (live.media_id, live.via) = (Some("179".into()), Some(Via::Publish)));
            let at = igsync_model::plan::testing::at("2026-12-01T11:00:00Z");
            let entry = igsync_model::lockfile::Deletion { at, lease_until: at, outcome: None };
            if let Some(live) = record.live_mut() {
                live.deletions.push(entry);
            }
            let mut world = world([absent.clone()], [record.clone()]);
            world.accounts[0].allow_delete = true;
            world.options.allow_delete = true;
            world.options.settled = settled.then_some(record.attempt).into_iter().collect();
            world.plan()
        };
        let (before, after) = (certain(false), certain(true));
        assert!(undoable(&before).is_empty() && before.acts());
        assert!(!undoable(&after).is_subset(&undoable(&before)));
    }
}
