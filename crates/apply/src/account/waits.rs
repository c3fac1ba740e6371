//! What falls due while a run waits. Each account waits for itself, so that one that is in doubt makes no other one late.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{AccountName, Digest, PostKey};
use igsync_model::lockfile::Records;
use igsync_model::manifest::{Post, PostState};
use igsync_model::plan::{Action, Barrier, Change, Plan, Premises, Work};

use super::super::announcement::before_its_time;
use super::super::appointment::{Appointment, Lookout, Reread};
use super::super::cause::Cause;
use super::super::outcome::{Outcome, Tally};
use super::super::replan::Replan;
use super::super::stop::{Halt, Stop};
use super::super::waits_for::WaitsFor;
use super::AccountRun;
use super::Carried;
use super::Task;

/// What a run waits for.
pub struct Waiting<'a> {
    /// Nothing later is waited for, by the services' time.
    pub until: Timestamp,
    pub lookout: &'a dyn Lookout,
    /// The posts that a person has agreed to; `None`: whatever falls due.
    pub agreed: Option<BTreeSet<(AccountName, PostKey)>>,
}

/// What decides is read at least so often.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// From the last look before a post's time to its announcement: for quota, listing and containers.
const GET_READY: Duration = Duration::from_secs(10);

/// A container lives for 24 hours; it is made no sooner than this before its post's time.
const MADE_BEFORE: SignedDuration = SignedDuration::from_hours(20);

/// A look that fails is tried again after so long, and so often in a row.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
const FAILED_LOOKS: u32 = 15;

/// So often one post is begun anew because it was changed right before its time.
const TRIES: usize = 5;

/// The wait of one account.
struct Watch<'a> {
    account: &'a AccountRun,
    waiting: &'a Waiting<'a>,
    tally: Tally,
    /// Posts that have had their outcome in this run.
    ended: HashSet<PostKey>,
    /// Posts that were changed right before their time, once for each time.
    changed: Vec<PostKey>,
    /// Posts whose containers this run has made, or has tried to make.
    prepared: HashSet<(PostKey, Option<Digest>)>,
    /// What people were told last.
    said: Option<(PostKey, Timestamp)>,
    /// What is waited for by the newest plan.
    awaited: Vec<PostKey>,
}

/// What a look at everything that decides has shown.
struct View {
    written: Reread,
    plan: Plan,
}

impl AccountRun {
    /// Publishes what falls due until the end of the wait, each post at its time. `ended` are the posts that have had
    /// their outcome in this run.
    pub(in super::super) async fn wait_for_posts(
        &self,
        waiting: &Waiting<'_>,
        ended: HashSet<PostKey>,
    ) -> (Tally, Option<Halt>) {
        let mut watch = Watch {
            account: self,
            waiting,
            tally: Tally::default(),
            ended,
            changed: Vec::new(),
            prepared: HashSet::new(),
            said: None,
            awaited: Vec::new(),
        };
        let halt = watch.keep().await.err().map(Stop::into_halt);
        if let Some(halt) = &halt {
            watch.tally.end(halt.cause);
            for key in std::mem::take(&mut watch.awaited) {
                // The output may be what failed; the tally still has it.
                let _ = self.scope.finish(&key, &Outcome::halted(halt), &mut watch.tally);
            }
        }
        (watch.tally, halt)
    }
}

impl Watch<'_> {
    /// Looks, waits, publishes, until nothing more can fall due.
    async fn keep(&mut self) -> Result<(), Stop> {
        let mut failed = 0;
        loop {
            let view = match self.look().await {
                Ok(view) => view,
                // Someone may be in the middle of a change, and a remote away for a moment.
                Err(Stop::Account(halt)) if halt.cause == Cause::Incomplete && failed < FAILED_LOOKS => {
                    failed += 1;
                    self.look_again().await?;
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            failed = 0;
            self.awaited = self.awaited(&view.plan).map(|change| change.key.clone()).collect();
            let Some((key, next)) = self.next(&view.plan) else { return Ok(()) };
            if self.prepare(&view.plan).await? {
                continue;
            }
            let now = self.account.server_now();
            let left = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            let (announced, _) = before_its_time(&self.account.scope.waits);
            let left = left.saturating_sub(announced + GET_READY);
            if left.is_zero() {
                self.publish(&view.written, next.max(now)).await?;
            } else {
                self.say(&key, next, now)?;
                self.account.scope.wait_silently(left.min(LOOK_EVERY)).await?;
            }
        }
    }

    /// Reads everything that decides, and makes a plan of it.
    async fn look(&self) -> Result<View, Stop> {
        let AccountRun { scope, book, live, .. } = self.account;
        if book.read_again(&scope.user_id).await? {
            return Err(Stop::Account(Halt::moved_on()));
        }
        let mut written = scope.ask(self.waiting.lookout.read()).await?.map_err(Stop::Account)?;
        // What a listing says of the posts is asked again right before they go out; here it shows that the account
        // can be asked, and what time it is there.
        live.listing().await?;
        let posts = &written.premises.posts;
        let is_wanted = |post: &&Arc<Post>| !post.draft && post.state == PostState::Present;
        let find = |key: &PostKey| {
            posts.iter().filter(is_wanted).find(|post| post.account == scope.name && post.key == *key).cloned()
        };
        let unsent = self.account.tidy_unsent(&find).await?;
        written.premises.options.settled.extend(unsent);
        let plan = self.plan(&written, self.account.server_now());
        if !plan.complete {
            return Err(Stop::Account(halt("a manifest cannot be read", "fix what `igsync validate` reports")));
        }
        if let Some(guard) = plan.refusals().next() {
            return Err(Stop::Account(halt(&guard.message, &guard.help)));
        }
        if plan.account(&scope.name).is_some_and(|account| account.paused.is_some()) {
            return Err(Stop::Account(Halt {
                cause: Cause::MovedOn,
                ..halt("publishing is paused", "unset IGSYNC_PAUSED and paused: in igsync.yaml to continue")
            }));
        }
        refuse_barred(&plan, &scope.name)?;
        Ok(View { written, plan })
    }

    fn plan(&self, written: &Reread, now: Timestamp) -> Plan {
        self.account.book.with(|records: &Records| written.plan(now, records))
    }

    async fn look_again(&self) -> Result<(), Stop> {
        let AccountRun { scope, .. } = self.account;
        let now = self.account.server_now();
        if now >= self.waiting.until {
            return Err(Stop::Account(halt(
                "what is to be published could not be read until the end of the wait",
                "fix what `igsync validate` reports, then run apply again",
            )));
        }
        match self.awaited.first() {
            Some(key) => scope.wait(key, WaitsFor::Retry, LOOK_AGAIN, now).await,
            None => scope.wait_silently(LOOK_AGAIN).await,
        }
    }

    /// The posts of a plan whose time is waited for.
    fn awaited<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Change> + use<'p, '_> {
        let until = self.waiting.until;
        self.mine(plan).filter(move |change| change.is_awaited(until))
    }

    /// What this run may do for its account.
    fn mine<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Change> + use<'p, '_> {
        let moved: HashSet<&PostKey> = plan
            .changes
            .iter()
            .filter(|change| matches!(change.action, Action::Move { .. }))
            .map(|change| &change.key)
            .collect();
        plan.changes.iter().filter(move |change| {
            let is_agreed = |agreed: &BTreeSet<_>| agreed.contains(&(change.account.clone(), change.key.clone()));
            change.account == *self.account.name()
                && change.post.is_some()
                && !self.ended.contains(&change.key)
                // Its record is renamed by a run that begins with it.
                && !moved.contains(&change.key)
                && self.waiting.agreed.as_ref().is_none_or(is_agreed)
        })
    }

    /// The next post and its time: at once for what has fallen due since the run began.
    fn next(&self, plan: &Plan) -> Option<(PostKey, Timestamp)> {
        let mut due = self.mine(plan).filter(|change| change.work() == Some(Work::Publish));
        if let Some(change) = due.next() {
            return Some((change.key.clone(), plan.now));
        }
        let next = self.awaited(plan).filter_map(|change| Some((change.due_at?, &change.key))).min()?;
        Some((next.1.clone(), next.0))
    }

    /// Makes the containers of posts that are waited for; returns whether there were any to make.
    async fn prepare(&mut self, plan: &Plan) -> Result<bool, Stop> {
        let is_soon = |change: &&Change| {
            change.due_at.is_some_and(|due| {
                let left = due.duration_since(plan.now);
                left <= MADE_BEFORE && left > SignedDuration::try_from(GET_READY * 3).unwrap_or_default()
            })
        };
        let posts = self.awaited(plan).filter(is_soon).filter_map(|change| change.post.as_ref());
        // A turn is taken when it has come.
        let posts: Vec<Arc<Post>> = posts
            .filter(|post| !post.has_errors && !self.prepared.contains(&(post.key.clone(), post.digest.clone())))
            .map(|post| Arc::new(Post { slot: None, due_at: None, ..(**post).clone() }))
            .collect();
        if posts.is_empty() {
            return Ok(false);
        }
        self.prepared.extend(posts.iter().map(|post| (post.key.clone(), post.digest.clone())));
        let (tally, halt) = self.account.prepare_early(posts).await;
        self.tally.absorb(&tally);
        halt.map_or(Ok(true), |halt| Err(Stop::Account(halt)))
    }

    /// Publishes what is due by `at`.
    async fn publish(&mut self, written: &Reread, at: Timestamp) -> Result<(), Stop> {
        let AccountRun { scope, book, .. } = self.account;
        let plan = self.plan(written, at);
        refuse_barred(&plan, &scope.name)?;
        let publishes = self.mine(&plan).filter(|change| change.work() == Some(Work::Publish));
        let tasks: Vec<Task> =
            publishes.filter_map(|change| Some(Task { work: Work::Publish, post: change.post.clone()? })).collect();
        let keys: Vec<PostKey> = tasks.iter().map(|task| task.post.key.clone()).collect();
        if keys.is_empty() {
            // What the time alone does not release, a container in doubt, say: the next run decides.
            let now = self.plan(written, self.account.server_now());
            let held = self.awaited(&now).filter(|change| change.due_at.is_some_and(|due| due <= at));
            let held: Vec<PostKey> = held.map(|change| change.key.clone()).collect();
            self.ended.extend(held);
            return Ok(());
        }
        self.account.renew(written.files.clone());
        let premises = Premises { now: at, ..written.premises.clone() };
        book.follow_plan_of(&scope.user_id, Replan::new(&plan, premises));
        let appointment = Appointment::of(&plan, &scope.name, self.waiting.lookout);
        let Carried { tally, halt, changed } = self.account.carry_out(tasks, Some(&appointment)).await;
        self.tally.absorb(&tally);
        self.changed.extend(changed.iter().cloned());
        for key in keys {
            self.awaited.retain(|awaited| *awaited != key);
            let times = self.changed.iter().filter(|changed| **changed == key).count();
            if !changed.contains(&key) {
                self.ended.insert(key);
            } else if times >= TRIES {
                let reason = "it was changed again and again right before it was sent; the next run continues";
                scope.finish(&key, &Outcome::Pending { reason: reason.to_owned() }, &mut self.tally)?;
                self.ended.insert(key);
            }
        }
        halt.map_or(Ok(()), |halt| Err(Stop::Account(halt)))
    }

    /// Says once what is waited for.
    fn say(&mut self, key: &PostKey, next: Timestamp, now: Timestamp) -> Result<(), Stop> {
        let news = Some((key.clone(), next));
        if self.said == news {
            return Ok(());
        }
        self.said = news;
        let left = Duration::try_from(next.duration_since(now)).unwrap_or_default();
        self.account.scope.emit_waiting(key, left, now)
    }
}

/// What bars an ordinary run from an account bars one that waits.
fn refuse_barred(plan: &Plan, name: &AccountName) -> Result<(), Stop> {
    let (reason, help) = match plan.barred().get(name) {
        None => return Ok(()),
        Some(Barrier::TooMany) => (
            "more posts without publish_at are due than one run publishes",
            "if all of them are intended, pass --max-publish or raise limits.max_publish_per_run; or date them",
        ),
        Some(Barrier::Errors | Barrier::Paused) => {
            ("a post that is due has errors", "fix what `igsync validate` reports, or set `draft: true` in it")
        }
    };
    Err(Stop::Account(halt(reason, help)))
}

fn halt(reason: &str, help: &str) -> Halt {
    Halt { cause: Cause::Incomplete, reason: reason.to_owned(), help: help.to_owned() }
}
