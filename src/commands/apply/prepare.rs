//! What has to be known before anybody is asked: is there anything to do, who can do it, what did
//! earlier runs leave open.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::join_all;

use crate::apply::Tally;
use crate::cli::{Apply, OutputFormat};
use crate::exit::Exit;
use crate::id::{AccountName, AttemptId, PostKey};
use crate::manifest::{Post, PostState};
use crate::plan::{Action, Change, GuardKind, Plan};

use super::super::connect::Accounts;
use super::super::project::Project;
use super::super::{Failure, World, write_stdout};
use super::{refusal, show};

/// Ends the run when the files alone decide it: nothing to do, or a guard that no call may precede.
pub(super) fn ends_offline(
    plan: &Plan,
    project: &Project,
    args: &Apply,
    world: &World,
) -> Result<Option<Exit>, Failure> {
    let before_any_call = |kind| {
        matches!(
            kind,
            GuardKind::OtherGraph
                | GuardKind::UnknownUser
                | GuardKind::Empty
                | GuardKind::NoLockfile
                | GuardKind::Paused
                | GuardKind::EphemeralLockfile
        )
    };
    let is_refused = plan.guards.iter().any(|guard| before_any_call(guard.kind));
    let is_idle = !plan.acts() && accounts_with_work(plan, project, args).is_empty();
    if !is_refused && !is_idle {
        return Ok(None);
    }
    show(plan, args, world)?;
    if is_refused {
        return Ok(refusal(plan, args, world, before_any_call));
    }
    if args.format == OutputFormat::Json {
        write_stdout(world, &super::carry_out::idle_events(plan))?;
    }
    Ok(Some(exit_of(plan)))
}

/// What the state of the posts alone makes of the exit code.
pub(super) fn exit_of(plan: &Plan) -> Exit {
    let mut exit = Exit::Done;
    if plan.summary.late + plan.summary.failed > 0 {
        exit = exit.or(Exit::Incomplete);
    }
    if plan.summary.unknown > 0 {
        exit = exit.or(Exit::Unknown);
    }
    exit
}

/// What an account's run is given to do.
pub(super) fn is_work(change: &Change) -> bool {
    change.acts() && matches!(change.action, Action::Publish | Action::Resume(_))
}

/// Accounts for which Meta has to be asked anything.
pub(super) fn accounts_with_work(plan: &Plan, project: &Project, args: &Apply) -> HashSet<AccountName> {
    let mut names: HashSet<AccountName> =
        plan.changes.iter().filter(|change| is_work(change)).map(|change| change.account.clone()).collect();
    for account in &project.config.accounts {
        if let Some(user) = project.user_of(account)
            && (args.scope.account.is_empty() || args.scope.account.iter().any(|name| *name == *account.name.as_str()))
            && project.snapshot.records.open(&user).next().is_some()
        {
            names.insert(account.name.clone());
        }
    }
    names
}

/// Settles what earlier runs left open, all accounts side by side. An account that cannot be asked is
/// set aside; the others go on.
pub(super) async fn settle(project: &Project, accounts: &mut Accounts, tally: &mut Tally) -> BTreeSet<AttemptId> {
    let wanted = wanted_posts(project);
    let ended = join_all(accounts.runs.iter_mut().map(|run| {
        let name = run.name.clone();
        let wanted = &wanted;
        async move { run.settle_open(&|key: &PostKey| wanted.get(&(&name, key)).map(|post| Arc::clone(post))).await }
    }))
    .await;
    let mut settled = BTreeSet::new();
    for (index, ended) in ended.into_iter().enumerate().rev() {
        tally.absorb(&ended.tally);
        settled.extend(ended.not_live);
        if let Some(halt) = ended.halt {
            let run = accounts.runs.remove(index);
            accounts.halted.push((run.name.clone(), halt));
        }
    }
    settled
}

/// Posts that somebody still wants to see published; drafts and deleted manifests are not among them.
fn wanted_posts(project: &Project) -> HashMap<(&AccountName, &PostKey), &Arc<Post>> {
    project
        .posts
        .iter()
        .filter(|post| !post.draft && post.state == PostState::Present)
        .map(|post| ((&post.account, &post.key), post))
        .collect()
}

/// Exit 1 when every account that would act now has an error in a post that is due.
pub(super) fn refused_for_errors(plan: &Plan, world: &World) -> Option<Exit> {
    let broken = plan.accounts_with_errors();
    let is_able = |change: &Change| change.acts() && !broken.contains(&change.account);
    if broken.is_empty() || plan.changes.iter().any(is_able) {
        return None;
    }
    world.terminal.say("nothing was published: mend the errors above, or set `draft: true` in those manifests");
    Some(Exit::Failure)
}
