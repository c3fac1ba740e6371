//! One run over all accounts: first what earlier runs left open, then what the plan says. What stands
//! between the two (showing, asking, refusing) is the caller's.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use igsync_base::id::{AccountName, AttemptId, PostKey, UserId};
use igsync_model::lockfile::{Record, Records};
use igsync_model::manifest::{Post, PostState};
use igsync_model::plan::{Barrier, Change, Notice, NoticeKind, Plan, Premises};

use super::account::{AccountRun, Carried, SettledIntents, Task, Waiting};
use super::appointment::Lookout;
use super::cause::Cause;
use super::context::Context;
use super::event::{Counts, Event, PostRef};
use super::ledger::Ledger;
use super::orders::Orders;
use super::outcome::{Outcome, Tally};
use super::rename::rename;
use super::replan::Replan;
use super::stop::Halt;

/// A run that has begun.
pub struct Run {
    ledger: Arc<Ledger>,
    /// Accounts that can act.
    accounts: Vec<AccountRun>,
    halted: Vec<(AccountName, Halt)>,
    tally: Tally,
}

/// How a run ended.
#[derive(Debug)]
pub struct Report {
    pub tally: Tally,
    /// Why something was left undone: of one account, or (`None`) of all.
    pub halts: Vec<(Option<AccountName>, Halt)>,
    /// Records that the remote did not take.
    pub not_kept: Vec<Record>,
}

impl Run {
    pub fn new(ledger: Arc<Ledger>, accounts: Vec<AccountRun>, halted: Vec<(AccountName, Halt)>) -> Self {
        Self { ledger, accounts, halted, tally: Tally::default() }
    }

    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Accounts that could not be connected or asked, and why.
    pub fn halted(&self) -> &[(AccountName, Halt)] {
        &self.halted
    }

    /// Asks each account that can act, in their order, and returns the answers. One that has none is set aside; the
    /// others continue.
    pub async fn ask_each<T>(&mut self, ask: impl AsyncFn(&AccountRun) -> Result<T, Halt>) -> Vec<(AccountName, T)> {
        let mut answers = Vec::new();
        for account in std::mem::take(&mut self.accounts) {
            let name = account.name().clone();
            match ask(&account).await {
                Ok(answer) => {
                    answers.push((name, answer));
                    self.accounts.push(account);
                }
                Err(halt) => self.halted.push((name, halt)),
            }
        }
        answers
    }

    /// The server's time, as the accounts that were asked know it: the earliest, so that no post is early.
    pub fn server_now(&self) -> Option<Timestamp> {
        self.accounts.iter().map(AccountRun::server_now).min()
    }

    /// Settles what earlier runs left open, all accounts side by side, and returns the attempts that are
    /// proven not to be live, or whose deletion had no effect. An account that cannot be asked is set aside; the others
    /// continue. `may_delete` are the accounts of which this run may delete posts, and `lookout` says whether their posts
    /// are still ordered to be deleted once a lease was waited for; `None`: no one carries out what is found.
    pub async fn settle(
        &mut self,
        posts: &[Arc<Post>],
        may_delete: &BTreeSet<AccountName>,
        lookout: Option<&dyn Lookout>,
    ) -> BTreeSet<AttemptId> {
        let (wanted, ordered) = (wanted(posts), ordered_away(posts, may_delete));
        let orders = lookout.map(|lookout| Orders { lookout, planned: None });
        let ended = join_all(self.accounts.iter_mut().map(|account| {
            let (name, wanted, ordered, orders) = (account.name().clone(), &wanted, &ordered, orders.as_ref());
            async move {
                let post = |key: &PostKey| wanted.get(&(&name, key)).map(|post| Arc::clone(post));
                account.settle_open(&post, &|key| ordered.contains(&(&name, key)), orders).await
            }
        }))
        .await;
        let mut settled = BTreeSet::new();
        for (index, ended) in ended.into_iter().enumerate().rev() {
            self.tally.absorb(&ended.tally);
            settled.extend(ended.not_live);
            if let Some(halt) = ended.halt {
                let account = self.accounts.remove(index);
                self.halted.push((account.name().clone(), halt));
            }
        }
        settled
    }

    /// Carries out the plan; every post of it gets exactly one outcome. It is made again from its
    /// `premises` where other machines have changed the record meanwhile. Then the run publishes what falls due while
    /// it is `waiting`. Before anything is deleted `lookout` is asked whether it still is to be.
    pub async fn carry_out(
        self,
        plan: &Plan,
        premises: Premises,
        waiting: Option<&Waiting<'_>>,
        lookout: &dyn Lookout,
    ) -> Report {
        let Self { ledger, accounts, halted, tally } = self;
        let settled = intents_of(&premises.options.settled, &ledger);
        ledger.follow_plan(Replan::new(plan, premises));
        let context = Arc::clone(ledger.context());
        let began = context.clock.monotonic();
        let mut report = Report { tally, halts: Vec::new(), not_kept: Vec::new() };
        let started = context.emit(&Event::RunStarted {
            to_publish: plan.summary.publish,
            to_resume: plan.summary.resume,
            plan_digest: plan.digest.clone(),
            to_delete: plan.summary.deleting,
            not_reviewed: plan.not_reviewed,
        });
        let emitted = started.and_then(|()| duplicates(plan).try_for_each(|event| context.emit(&event)));
        let renamed = match emitted {
            Ok(()) => rename(plan, &*ledger, &context).await,
            Err(stop) => Err(stop),
        };
        match renamed {
            Ok(moved) => report.tally.moved = moved,
            Err(stop) => report.stop(stop.into_halt()),
        }
        let barred = plan.barred();
        let able: Vec<AccountRun> =
            accounts.into_iter().filter(|account| !barred.contains_key(account.name())).collect();
        for (name, barrier) in &barred {
            let halt = barrier_of(*barrier);
            let is_paused = *barrier == Barrier::Paused;
            let outcome =
                if is_paused { Outcome::Paused { reason: halt.reason.clone() } } else { Outcome::halted(&halt) };
            if leave_out(plan, name, &outcome, &context, &mut report.tally) && !is_paused {
                report.stop_account(name.clone(), halt, &context);
            }
        }
        for (name, halt) in halted.into_iter().filter(|(name, _)| !barred.contains_key(name)) {
            leave_out(plan, &name, &Outcome::halted(&halt), &context, &mut report.tally);
            report.stop_account(name, halt, &context);
        }
        let orders = Orders { lookout, planned: Some(plan.now) };
        let ended = join_all(able.iter().map(|account| {
            Box::pin(carry_out_one(account, plan, waiting.map(|waiting| (waiting, settled.clone())), &orders))
        }))
        .await;
        for ((tally, halt), account) in ended.into_iter().zip(&able) {
            report.tally.absorb(&tally);
            if let Some(halt) = halt {
                report.stop_account(account.name().clone(), halt, &context);
            }
        }
        if let Err(stop) = ledger.keep_all().await {
            report.stop(stop.into_halt());
        }
        report.not_kept = ledger.not_kept();
        report.tally.causes.extend(causes_of(plan));
        if waiting.is_some() {
            // Whoever waits gives way to the run of the newer commit, and is done.
            report.tally.causes.remove(&Cause::MovedOn);
        }
        // The output may be what failed; the report still has it.
        let _ = context.emit(&finished(&report.tally, context.clock.monotonic().saturating_sub(began)));
        report
    }
}

/// The part of one account: what is due, then what it waits for.
async fn carry_out_one(
    account: &AccountRun,
    plan: &Plan,
    waiting: Option<(&Waiting<'_>, SettledIntents)>,
    orders: &Orders<'_>,
) -> (Tally, Option<Halt>) {
    let tasks = tasks(plan, account.name());
    let keys = tasks.iter().map(|task| task.post.key.clone()).collect();
    let Carried { mut tally, halt, .. } = account.carry_out(tasks, None, Some(orders)).await;
    let Some((waiting, settled)) = waiting.filter(|_| halt.is_none()) else { return (tally, halt) };
    let (waited, halt) = account.wait_for_posts(waiting, keys, settled).await;
    tally.absorb(&waited);
    (tally, halt)
}

/// What is announced of attempts that were just proven not to be live: what is announced later is not proven.
fn intents_of(settled: &BTreeSet<AttemptId>, ledger: &Ledger) -> SettledIntents {
    ledger.with_records(|records| {
        let settled = records.iter().filter(|record| settled.contains(&record.attempt));
        settled.map(|record| (record.attempt.clone(), record.intents.clone())).collect()
    })
}

impl Report {
    fn stop(&mut self, halt: Halt) {
        self.tally.end(halt.cause);
        self.halts.push((None, halt));
    }

    fn stop_account(&mut self, account: AccountName, halt: Halt, context: &Context) {
        self.tally.end(halt.cause);
        let (reason, help) = (halt.reason.clone(), halt.help.clone());
        // The output may be what failed; the report still has it.
        let _ = context.emit(&Event::AccountStopped { account: account.clone(), reason, help });
        self.halts.push((Some(account), halt));
    }
}

/// The events of a run that has nothing to do.
pub fn idle_events(plan: &Plan) -> Vec<Event> {
    let mut tally = Tally::default();
    tally.causes.extend(causes_of(plan));
    let started = Event::RunStarted {
        to_publish: 0,
        to_resume: 0,
        plan_digest: plan.digest.clone(),
        to_delete: 0,
        not_reviewed: plan.not_reviewed,
    };
    std::iter::once(started).chain(duplicates(plan)).chain([finished(&tally, Duration::ZERO)]).collect()
}

/// The duplicates whose time has come.
fn duplicates(plan: &Plan) -> impl Iterator<Item = Event> {
    plan.changes.iter().filter(|change| change.is_due_duplicate(plan.now)).map(|change| Event::PostDuplicate {
        post: PostRef { key: change.key.clone(), account: change.account.clone() },
        reason: change.reason.clone(),
        repeats: change.repeats.as_ref().map(|repeats| repeats.keys().to_vec()).unwrap_or_default(),
    })
}

/// What the state of the posts alone leaves to do.
pub fn causes_of(plan: &Plan) -> BTreeSet<Cause> {
    let mut causes = BTreeSet::new();
    let is_missed = |notice: &Notice| notice.kind == NoticeKind::QueueMissed;
    let has_duplicate = plan.changes.iter().any(|change| change.is_due_duplicate(plan.now));
    // Who ordered it has to do it in the app.
    let is_undeletable = plan.changes.iter().any(Change::is_undeletable);
    if has_duplicate
        || is_undeletable
        || plan.notices.iter().any(is_missed)
        || plan.summary.late + plan.summary.failed > 0
    {
        causes.insert(Cause::Incomplete);
    }
    if plan.summary.unknown > 0 {
        causes.insert(Cause::Unknown);
    }
    causes
}

/// Whether Meta has to be asked anything about an account.
pub fn has_work(plan: &Plan, account: &AccountName) -> bool {
    plan.changes.iter().any(|change| change.account == *account && change.work().is_some())
}

/// Whether an earlier run left something to be settled.
pub fn has_open(records: &Records, user: &UserId) -> bool {
    records.open(user).chain(records.being_deleted(user)).next().is_some()
}

/// Posts that someone still wants to see published; drafts, imported and deleted manifests are not among them.
fn wanted(posts: &[Arc<Post>]) -> HashMap<(&AccountName, &PostKey), &Arc<Post>> {
    let wanted = posts.iter().filter(|post| !post.draft && post.state == PostState::Present && post.imported.is_none());
    wanted.map(|post| ((&post.account, &post.key), post)).collect()
}

/// Posts of these accounts whose manifests order to delete them.
fn ordered_away<'a>(
    posts: &'a [Arc<Post>],
    may_delete: &BTreeSet<AccountName>,
) -> BTreeSet<(&'a AccountName, &'a PostKey)> {
    let is_ordered =
        |post: &&Arc<Post>| !post.draft && post.state == PostState::Absent && may_delete.contains(&post.account);
    posts.iter().filter(is_ordered).map(|post| (&post.account, &post.key)).collect()
}

/// What the plan has an account do, in its order.
fn tasks(plan: &Plan, account: &AccountName) -> Vec<Task> {
    let mine = plan.changes.iter().filter(|change| change.account == *account);
    mine.filter_map(|change| Some(Task { work: change.work()?, post: change.post.clone()? })).collect()
}

/// Gives every post of a stopped account its outcome. Returns whether there was any.
fn leave_out(plan: &Plan, account: &AccountName, outcome: &Outcome, context: &Context, tally: &mut Tally) -> bool {
    let tasks = tasks(plan, account);
    for Task { post, .. } in &tasks {
        tally.count(outcome);
        let post = PostRef { key: post.key.clone(), account: account.clone() };
        if let Some(event) = outcome.event(post) {
            let _ = context.emit(&event);
        }
    }
    !tasks.is_empty()
}

fn finished(tally: &Tally, elapsed: Duration) -> Event {
    Event::RunFinished {
        counts: Counts {
            published: tally.published,
            failed: tally.failed,
            unknown: tally.unknown,
            unsettled: tally.unsettled,
            deferred: tally.deferred,
            not_attempted: tally.not_attempted,
            deleted: tally.deleted,
        },
        causes: tally.causes.clone(),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

fn barrier_of(barrier: Barrier) -> Halt {
    let (reason, help) = match barrier {
        Barrier::Errors => {
            ("a post that is due has errors", "fix the errors above, or set `draft: true` in those manifests")
        }
        Barrier::TooMany => (
            "more posts without publish_at are due than one run publishes",
            "if all of them are intended, pass --max-publish or raise limits.max_publish_per_run; or date them",
        ),
        Barrier::TooManyDeletions => (
            "more posts are to be deleted than one run deletes",
            "if all of them are intended, raise limits.max_delete_per_run, or choose with --target and --exclude",
        ),
        Barrier::Paused => ("publishing is paused", "unset IGSYNC_PAUSED and paused: in igsync.yaml to continue"),
    };
    Halt { cause: Cause::Incomplete, reason: reason.to_owned(), help: help.to_owned() }
}
