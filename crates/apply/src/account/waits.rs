//! What falls due while a run waits. Each account waits for itself, so that one that is in doubt makes no other one late.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{AccountName, Digest, PostKey};
use igsync_model::lockfile::Stage;
use igsync_model::manifest::{Post, PostState};
use igsync_model::plan::{Action, Barrier, Change, Plan, Premises, Why, Work};

use super::super::announcement::before_its_time;
use super::super::appointment::{Appointment, Lookout, Reread};
use super::super::attempt::later;
use super::super::cause::Cause;
use super::super::engine::Window;
use super::super::outcome::{Outcome, Tally};
use super::super::replan::Replan;
use super::super::stop::{Halt, Stop};
use super::AccountRun;
use super::Carried;
use super::Task;
use super::early::SettledIntents;
use super::early::Tidied;

/// What a run waits for.
pub struct Waiting<'a> {
    /// Nothing later is waited for, by the services' time.
    pub until: Timestamp,
    pub lookout: &'a dyn Lookout,
    /// What a person was shown and has agreed to; `None`: whatever falls due.
    pub agreed: Option<BTreeSet<Agreed>>,
}

/// One post as a person was shown it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Agreed {
    account: AccountName,
    key: PostKey,
    digest: Option<Digest>,
    first_comment: Option<String>,
}

impl Agreed {
    #[must_use]
    pub fn of(change: &Change) -> Self {
        Self {
            account: change.account.clone(),
            key: change.key.clone(),
            digest: change.digest.clone(),
            first_comment: change.post.as_ref().and_then(|post| post.first_comment.clone()),
        }
    }
}

/// What decides is read at least so often.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// From the last look before a post's time to its announcement: for quota, listing and containers.
const GET_READY: Duration = Duration::from_secs(10);

/// So many of the newest posts are read by a look: one call.
const LISTED: u32 = 25;

/// A container lives for 24 hours; it is made no sooner than this before its post's time.
const MADE_BEFORE: SignedDuration = SignedDuration::from_hours(20);

/// A look that fails is tried again after so long, sooner when a post is near, and for so long.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
const LOOK_AGAIN_SOON: Duration = Duration::from_secs(3);
const FAILING: Duration = Duration::from_secs(5 * 60);

/// So often one post is begun anew because something changed right before its time.
const TRIES: usize = 5;

/// So often the containers of one post are begun early.
const EARLY_TRIES: usize = 3;

/// The wait of one account.
struct Watch<'a> {
    account: &'a AccountRun,
    waiting: &'a Waiting<'a>,
    settled: SettledIntents,
    tally: Tally,
    /// Posts that have had their outcome in this run.
    ended: HashSet<PostKey>,
    /// Posts that were waited for and have had none.
    expected: BTreeSet<PostKey>,
    /// How often each post was to be looked at again right before its time.
    again: HashMap<PostKey, usize>,
    /// How often the containers of each post were begun early.
    prepared: HashMap<(PostKey, Option<Digest>), usize>,
    /// What the newest look has read.
    written: Option<Arc<Reread>>,
    /// The next post and its time, by the newest look.
    next: Option<(PostKey, Timestamp)>,
    /// Since when looks fail, by the monotonic clock.
    failing_since: Option<Duration>,
}

/// What a look at everything that decides has shown.
struct View {
    written: Arc<Reread>,
    plan: Plan,
}

/// Why there is nothing to go by.
enum Unseen {
    /// It may pass: someone is in the middle of a change, or a remote is away.
    ForNow(Halt),
    Stop(Stop),
}

impl From<Stop> for Unseen {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Account(halt) if halt.cause == Cause::Incomplete => Self::ForNow(halt),
            stop => Self::Stop(stop),
        }
    }
}

impl AccountRun {
    /// Publishes what falls due until the end of the wait, each post at its time. `ended` are the posts that have had
    /// their outcome in this run.
    pub(in super::super) async fn wait_for_posts(
        &self,
        waiting: &Waiting<'_>,
        ended: HashSet<PostKey>,
        settled: SettledIntents,
    ) -> (Tally, Option<Halt>) {
        let mut watch = Watch {
            account: self,
            waiting,
            settled,
            tally: Tally::default(),
            ended,
            expected: BTreeSet::new(),
            again: HashMap::new(),
            prepared: HashMap::new(),
            written: None,
            next: None,
            failing_since: None,
        };
        let mut halt = watch.keep().await.err().map(Stop::into_halt);
        if let Err(stop) = watch.close(halt.as_ref()).await {
            halt.get_or_insert(stop.into_halt());
        }
        if let Some(halt) = &halt {
            watch.tally.end(halt.cause);
        }
        (watch.tally, halt)
    }
}

impl Watch<'_> {
    /// Looks, waits, publishes, until nothing more can fall due.
    async fn keep(&mut self) -> Result<(), Stop> {
        loop {
            let view = match self.look().await {
                Ok(view) => view,
                Err(unseen) => {
                    self.look_again(unseen).await?;
                    continue;
                }
            };
            let awaited: Vec<PostKey> = self.awaited(&view.plan).map(|change| change.key.clone()).collect();
            self.expected.extend(awaited);
            self.next = self.find_next(&view.plan);
            let Some((key, next)) = self.next.clone() else { return Ok(()) };
            if self.prepare(&view).await? {
                self.failing_since = None;
                continue;
            }
            let now = self.account.server_now();
            let left = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            let (announced, _) = before_its_time(&self.account.scope.waits);
            let left = left.saturating_sub(announced + GET_READY);
            if !left.is_zero() {
                self.failing_since = None;
                self.account.scope.wait_for_its_time(&key, next, now, left.min(LOOK_EVERY)).await?;
                continue;
            }
            let plan = self.plan(&view.written, next.max(now));
            if let Err(halt) = refuse_barred(&plan, self.account.name()) {
                self.look_again(Unseen::ForNow(halt)).await?;
                continue;
            }
            self.failing_since = None;
            self.publish(&view.written, &plan).await?;
        }
    }

    /// Reads everything that decides, and makes a plan of it.
    async fn look(&mut self) -> Result<View, Unseen> {
        let AccountRun { scope, book, engine, .. } = self.account;
        scope.may_begin(&**engine)?;
        if book.read_again(&scope.user_id).await? {
            return Err(Stop::Account(Halt::moved_on()).into());
        }
        let mut written = scope.ask(self.waiting.lookout.read()).await?.map_err(Stop::Account)?;
        // What the listing says of the posts is asked again right before they go out; here it shows that the account
        // can be asked, and what time it is there.
        scope.reach(engine.listing(Window::Newest(LISTED))).await?;
        let posts = &written.premises.posts;
        let is_wanted = |post: &&Arc<Post>| !post.draft && post.state == PostState::Present;
        let find = |key: &PostKey| {
            posts.iter().filter(is_wanted).find(|post| post.account == scope.name && post.key == *key).cloned()
        };
        let Tidied { going_on, live } = self.account.tidy_unsent(&self.settled, &find).await?;
        for record in live {
            let outcome = Outcome::Published(record.claimed_media().cloned());
            self.end(&record.key, &outcome)?;
        }
        written.premises.options.settled = going_on.into_iter().collect();
        // What is to be deleted is deleted before a run waits; an order that comes later is the next run's.
        written.premises.options.allow_delete = false;
        let plan = self.plan(&written, self.account.server_now());
        if !plan.complete {
            return Err(Unseen::ForNow(halt("a manifest cannot be read", "fix what `igsync validate` reports")));
        }
        if let Some(guard) = plan.refusals().next() {
            return Err(Unseen::ForNow(halt(&guard.message, &guard.help)));
        }
        if plan.account(&scope.name).is_some_and(|account| account.paused.is_some()) {
            let paused = halt("publishing is paused", "unset IGSYNC_PAUSED and paused: in igsync.yaml to continue");
            return Err(Stop::Account(Halt { cause: Cause::MovedOn, ..paused }).into());
        }
        refuse_barred(&plan, &scope.name).map_err(Unseen::ForNow)?;
        let written = Arc::new(written);
        self.written = Some(Arc::clone(&written));
        Ok(View { written, plan })
    }

    fn plan(&self, written: &Reread, now: Timestamp) -> Plan {
        written.plan(now, &*self.account.book, &self.account.scope.user_id, None)
    }

    /// Waits until what could not be read is read again, or gives up.
    async fn look_again(&mut self, unseen: Unseen) -> Result<(), Stop> {
        let AccountRun { scope, .. } = self.account;
        let halt = match unseen {
            Unseen::ForNow(halt) => halt,
            Unseen::Stop(stop) => return Err(stop),
        };
        let (now, monotonic) = (self.account.server_now(), scope.clock.monotonic());
        let since = *self.failing_since.get_or_insert(monotonic);
        if monotonic.saturating_sub(since) > FAILING {
            return Err(Stop::Account(halt));
        }
        let near = later(now, LOOK_AGAIN * 3);
        let is_near = self.next.as_ref().is_some_and(|(_, next)| *next <= near);
        let pause = if is_near { LOOK_AGAIN_SOON } else { LOOK_AGAIN };
        scope.wait_to_look_again(self.next.as_ref().map(|(key, _)| key), pause, now).await
    }

    /// The posts of a plan whose time is waited for.
    fn awaited<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Change> + use<'p, '_> {
        let until = self.waiting.until;
        self.mine(plan).filter(move |change| change.is_awaited(until))
    }

    /// What this run may do for its account.
    fn mine<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Change> + use<'p, '_> {
        let is_move = |change: &&Change| matches!(change.action, Action::Move { .. });
        // A record is renamed by a run that begins with it.
        let moved: HashSet<&PostKey> = plan.changes.iter().filter(is_move).map(|change| &change.key).collect();
        plan.changes.iter().filter(move |change| {
            change.account == *self.account.name()
                && change.action != Action::Delete
                && change.post.is_some()
                && !self.ended.contains(&change.key)
                && !moved.contains(&change.key)
                && self.waiting.agreed.as_ref().is_none_or(|agreed| agreed.contains(&Agreed::of(change)))
        })
    }

    /// The next post and its time: at once for what has fallen due since the run began.
    fn find_next(&self, plan: &Plan) -> Option<(PostKey, Timestamp)> {
        let mut due = self.mine(plan).filter(|change| change.work() == Some(Work::Publish));
        if let Some(change) = due.next() {
            return Some((change.key.clone(), plan.now));
        }
        let next = self.awaited(plan).filter_map(|change| Some((change.due_at?, &change.key))).min()?;
        Some((next.1.clone(), next.0))
    }

    /// Makes the containers of posts that are waited for; returns whether there were any to make.
    async fn prepare(&mut self, view: &View) -> Result<bool, Stop> {
        let plan = &view.plan;
        let is_soon = |change: &&Change| {
            change.due_at.is_some_and(|due| {
                let left = due.duration_since(plan.now);
                left <= MADE_BEFORE && left > SignedDuration::try_from(GET_READY * 3).unwrap_or_default()
            })
        };
        let posts: Vec<Arc<Post>> = self
            .awaited(plan)
            .filter(is_soon)
            .filter_map(|change| change.post.as_ref())
            .filter(|post| !post.has_errors && !self.account.has_container(&post.key))
            .filter(|post| self.prepared.get(&identity(post)).is_none_or(|tries| *tries < EARLY_TRIES))
            // A turn is taken when it has come.
            .map(|post| Arc::new(Post { slot: None, due_at: None, ..(**post).clone() }))
            .collect();
        if posts.is_empty() {
            return Ok(false);
        }
        for post in &posts {
            *self.prepared.entry(identity(post)).or_default() += 1;
        }
        self.account.renew(view.written.files.clone());
        let keys: Vec<PostKey> = posts.iter().map(|post| post.key.clone()).collect();
        let (tally, halt, refused) = self.account.prepare_early(posts).await;
        self.tally.absorb(&tally);
        for key in refused {
            self.expected.remove(&key);
            self.ended.insert(key);
        }
        halt.map_or(Ok(()), |halt| Err(Stop::Account(halt)))?;
        Ok(keys.iter().any(|key| self.account.has_container(key)))
    }

    /// Publishes what is due by a plan.
    async fn publish(&mut self, written: &Reread, plan: &Plan) -> Result<(), Stop> {
        let AccountRun { scope, book, .. } = self.account;
        let at = plan.now;
        let publishes = self.mine(plan).filter(|change| change.work() == Some(Work::Publish));
        let tasks: Vec<Task> =
            publishes.filter_map(|change| Some(Task { work: Work::Publish, post: change.post.clone()? })).collect();
        let keys: Vec<PostKey> = tasks.iter().map(|task| task.post.key.clone()).collect();
        if keys.is_empty() {
            // What the time alone does not release, a container in doubt, say: the next run decides.
            let now = self.plan(written, self.account.server_now());
            let held = self.awaited(&now).filter(|change| change.due_at.is_some_and(|due| due <= at));
            let held: Vec<PostKey> = held.map(|change| change.key.clone()).collect();
            for key in held {
                self.account.give_up_early(&key).await?;
                self.end(&key, &outcome_of(plan, &key))?;
            }
            return Ok(());
        }
        self.account.renew(written.files.clone());
        let premises = Premises { now: at, ..written.premises.clone() };
        book.follow_plan_of(&scope.user_id, Replan::new(plan, premises));
        let appointment = Appointment::of(plan, &scope.name, self.waiting.lookout);
        let Carried { tally, halt, changed } = self.account.carry_out(tasks, Some(&appointment), None).await;
        self.tally.absorb(&tally);
        for key in keys {
            if !changed.contains(&key) {
                self.expected.remove(&key);
                self.ended.insert(key);
                continue;
            }
            self.expected.insert(key.clone());
            let tries = self.again.entry(key.clone()).or_default();
            *tries += 1;
            if *tries >= TRIES {
                let reason = "something changed again and again right before it was sent; the next run continues";
                self.end(&key, &Outcome::Pending { reason: reason.to_owned() })?;
            }
        }
        halt.map_or(Ok(()), |halt| Err(Stop::Account(halt)))
    }

    /// Gives a post its outcome.
    fn end(&mut self, key: &PostKey, outcome: &Outcome) -> Result<(), Stop> {
        self.expected.remove(key);
        self.ended.insert(key.clone());
        self.account.scope.finish(key, outcome, &mut self.tally)
    }

    /// Gives every post that was waited for its outcome. What was begun of one that others have made a repetition, or
    /// have published, ends here; the rest is the next run's.
    async fn close(&mut self, halt: Option<&Halt>) -> Result<(), Stop> {
        let now = self.account.server_now();
        let plan = self.written.clone().map(|written| self.plan(&written, now));
        for key in std::mem::take(&mut self.expected) {
            let is_live = {
                let attempts = self.account.book.attempts(&self.account.scope.user_id, &key);
                attempts.iter().any(|record| record.stage() == Stage::Published)
            };
            let goes_on = |plan: &Plan| {
                let mut its = plan.changes.iter().filter(|change| change.key == key);
                its.all(|change| matches!(change.action, Action::Publish | Action::Continue | Action::Wait))
            };
            if is_live || !plan.as_ref().is_none_or(goes_on) {
                self.account.give_up_early(&key).await?;
            }
            let outcome = match (is_live, halt, &plan) {
                (true, ..) => Outcome::Elsewhere { reason: "another run has published it meanwhile".to_owned() },
                (false, Some(halt), _) => Outcome::halted(halt),
                (false, None, Some(plan)) => outcome_of(plan, &key),
                (false, None, None) => Outcome::Pending { reason: "the next run continues".to_owned() },
            };
            self.end(&key, &outcome)?;
        }
        Ok(())
    }
}

fn identity(post: &Post) -> (PostKey, Option<Digest>) {
    (post.key.clone(), post.digest.clone())
}

/// How a post ends that was waited for and is not published by the last plan.
fn outcome_of(plan: &Plan, key: &PostKey) -> Outcome {
    let Some(change) = plan.changes.iter().find(|change| change.key == *key) else {
        return Outcome::Paused { reason: "nothing asks for it any more".to_owned() };
    };
    match &change.action {
        Action::Wait => Outcome::Paused { reason: "its time is later now".to_owned() },
        Action::Hold(Why::Expired) => Outcome::Paused { reason: change.reason.clone() },
        Action::Hold(_) => Outcome::NotAttempted { reason: change.reason.clone() },
        _ => Outcome::Pending { reason: format!("{}; the next run continues", change.reason) },
    }
}

/// What bars an ordinary run from an account bars one that waits.
fn refuse_barred(plan: &Plan, name: &AccountName) -> Result<(), Halt> {
    let (reason, help) = match plan.barred().get(name) {
        None => return Ok(()),
        Some(Barrier::TooMany) => (
            "more posts without publish_at are due than one run publishes",
            "if all of them are intended, pass --max-publish or raise limits.max_publish_per_run; or date them",
        ),
        Some(Barrier::TooManyDeletions) => (
            "more posts are to be deleted than one run deletes",
            "if all of them are intended, raise limits.max_delete_per_run, or choose with --target and --exclude",
        ),
        Some(Barrier::Errors | Barrier::Paused) => {
            ("a post that is due has errors", "fix what `igsync validate` reports, or set `draft: true` in it")
        }
    };
    Err(halt(reason, help))
}

fn halt(reason: &str, help: &str) -> Halt {
    Halt { cause: Cause::Incomplete, reason: reason.to_owned(), help: help.to_owned() }
}
