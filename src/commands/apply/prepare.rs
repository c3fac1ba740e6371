//! What has to be known before anyone is asked: is there anything to do, and who can do it.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::cli::{Apply, Refresh};
use crate::exit::Exit;
use crate::session::project::Project;
use igsync_apply::{causes_of, has_open, has_work, idle_events};
use igsync_base::id::AccountName;
use igsync_model::config::Account;
use igsync_model::plan::{Action, Barrier, Change, Plan};

use super::super::refresh::{lacks_records, may_be_reopened};
use super::super::{Failure, Ui};
use super::events::Events;
use super::{refusal, show};

/// Ends the run when the files alone decide it: nothing to do, or a guard that no call may precede.
pub(super) fn ends_offline(
    plan: &Plan,
    project: &Project,
    to_ask: &HashSet<AccountName>,
    args: &Apply,
    events: &Events<'_>,
    ui: &Ui,
) -> Result<Option<Exit>, Failure> {
    let is_refused = plan.refusals().next().is_some() || !plan.mismatches.is_empty();
    let is_idle = !plan.acts() && to_ask.is_empty();
    let is_paused = barriers(plan) == Some(Barrier::Paused);
    if !is_refused && !is_idle && !is_paused {
        return Ok(None);
    }
    show(plan, args, ui)?;
    if is_refused || is_paused {
        return Ok(refusal(plan, project, args, events, ui));
    }
    events.write(&idle_events(plan))?;
    Ok(Some(Exit::of(&causes_of(plan))))
}

/// Accounts for which Meta has to be asked anything. `plan` was made by this machine's clock, `now`: what is due
/// by a server's clock that is ahead within bounds is among it.
pub(super) fn accounts_to_ask(plan: &Plan, project: &Project, args: &Apply, now: Timestamp) -> HashSet<AccountName> {
    let skew = project.settings.max_skew.filter(|_| !project.sandbox && args.scope.now.is_none());
    let latest = now.saturating_add(skew.unwrap_or_default()).unwrap_or(now);
    let is_soon = |change: &Change| change.action == Action::Wait && change.due_at.is_some_and(|due| due <= latest);
    let is_due = |name: &AccountName| plan.changes.iter().any(|change| change.account == *name && is_soon(change));
    let is_selected = |name: &AccountName| {
        args.scope.account.is_empty() || args.scope.account.iter().any(|other| other == name.as_str())
    };
    let left_open = |account: &Account| {
        is_selected(&account.name)
            && project.user_of(account).is_some_and(|user| has_open(&project.snapshot.records, &user))
    };
    let is_awaited = |name: &AccountName| plan.awaited().any(|change| change.account == *name);
    let may_be_listed = |name: &AccountName| {
        let is_full = args.refresh == Refresh::Full && is_selected(name);
        is_full && (lacks_records(plan, name) || may_be_reopened(project, name))
    };
    let accounts = project.config.accounts.iter();
    let at_work = accounts.filter(|account| {
        has_work(plan, &account.name)
            || left_open(account)
            || is_due(&account.name)
            || is_awaited(&account.name)
            || may_be_listed(&account.name)
    });
    at_work.map(|account| account.name.clone()).collect()
}

/// Where every account that would act is left alone: why, in the order in which it matters to a person.
pub(super) fn barriers(plan: &Plan) -> Option<Barrier> {
    let barred = plan.barred();
    let acting = plan.changes.iter().filter(|change| change.acts() || plan.awaits(change));
    let acting: Vec<Option<Barrier>> = acting.map(|change| barred.get(&change.account).copied()).collect();
    let all: Vec<Barrier> = acting.iter().copied().collect::<Option<_>>()?;
    [Barrier::TooMany, Barrier::TooManyDeletions, Barrier::Errors, Barrier::Paused]
        .into_iter()
        .find(|barrier| all.contains(barrier))
}
