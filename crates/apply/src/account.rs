//! One account's part of a run, from the listing before the first publish to the permalinks after the last. The
//! loop calls the parts in their order; they do not know each other.

mod early;
mod post;
mod settling;
mod waits;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use igsync_base::id::{AccountName, MediaId, PostKey, UserId};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::Post;
use igsync_model::plan::{Shown, Sighting, Work};

use super::after::Finisher;
use super::announcement::leases;
use super::appointment::Appointment;
use super::book::Book;
use super::context::Scope;
use super::delete::Deleter;
use super::engine::Service;
use super::evidence::Evidence;
use super::ledger::Ledger;
use super::live_check::{AddedAt, LiveCheck};
use super::matching::Look;
use super::media::MediaSource;
use super::orders::Orders;
use super::outcome::{Outcome, Tally};
use super::parallel::Sorted;
use super::prepare::{Preparer, Proof, Ready, Terms};
use super::protocol::Origin;
use super::publish::{Batch, Publisher};
use super::settle::Settler;
use super::stop::{Halt, Stop};

pub(super) use early::SettledIntents;
pub use settling::{FindPost, IsOrderedAway, Settlement};
pub use waits::{Agreed, Waiting};

/// What an account's run is made of.
pub struct Setup {
    pub ledger: Arc<Ledger>,
    pub name: AccountName,
    pub user_id: UserId,
    pub engine: Service,
    pub media: MediaSource,
    /// Written into records made through another base than Meta's.
    pub graph: Option<String>,
    pub max_publish: usize,
    /// Containers and uploads at a time.
    pub parallelism: usize,
    pub live_check: bool,
    /// `None`: no one looks whether Meta could fetch the media.
    pub proof: Option<Proof>,
    /// When the manifest came into the repository: the earliest time at which its post can be live.
    pub added_at: AddedAt,
}

/// One account, connected.
pub struct AccountRun {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    preparer: Preparer,
    publisher: Publisher,
    settler: Settler,
    finisher: Finisher,
    deleter: Deleter,
    live: LiveCheck,
    evidence: Evidence,
    checks_live: bool,
    /// Posts that this run already failed to settle: they have their outcome.
    undecided: HashSet<PostKey>,
}

/// What a plan has an account do about one post.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub work: Work,
    pub post: Arc<Post>,
}

/// The tasks of an account whose posts have no outcome yet, and what became of the others.
struct Queue {
    /// In the order of the plan.
    waiting: Vec<Task>,
    /// Posts that are to be deleted, in the order of the plan: after all others.
    deleting: VecDeque<PostKey>,
    tally: Tally,
    /// Posts that are to be looked at again.
    changed: Vec<PostKey>,
}

/// How the tasks of an account ended.
pub(super) struct Carried {
    pub(super) tally: Tally,
    pub(super) halt: Option<Halt>,
    /// Posts that have no outcome: what decides about them changed while their time was waited for.
    pub(super) changed: Vec<PostKey>,
}

impl Queue {
    fn of(waiting: Vec<Task>) -> Self {
        Self { waiting, deleting: VecDeque::new(), tally: Tally::default(), changed: Vec::new() }
    }

    fn all(&self) -> Vec<Arc<Post>> {
        self.waiting.iter().map(|task| Arc::clone(&task.post)).collect()
    }

    fn posts(&self, work: Work) -> Vec<Arc<Post>> {
        self.waiting.iter().filter(|task| task.work == work).map(|task| Arc::clone(&task.post)).collect()
    }

    fn take(&mut self, key: &PostKey) {
        self.waiting.retain(|task| task.post.key != *key);
    }
}

impl AccountRun {
    pub fn new(setup: Setup) -> Self {
        let Setup { ledger, name, user_id, engine, media, graph, max_publish, .. } = setup;
        let scope = Scope { run: Arc::clone(ledger.context()), name, user_id };
        let book: Arc<dyn Book> = ledger;
        let parts = || (scope.clone(), Arc::clone(&engine), Arc::clone(&book));
        let terms = Terms { max_publish, parallelism: setup.parallelism, graph: graph.clone() };
        let (a, b, c) = parts();
        let preparer = Preparer::new(a, b, c, media, setup.proof, terms);
        let (a, b, c) = parts();
        let publisher = Publisher::new(a, b, c);
        let (a, b, c) = parts();
        let settler = Settler::new(a, b, c, leases(&scope.waits));
        let (a, b, c) = parts();
        let finisher = Finisher::new(a, b, c);
        let (a, b, c) = parts();
        let deleter = Deleter::new(a, b, c, leases(&scope.waits));
        let (a, b, c) = parts();
        let live = LiveCheck::new(a, b, c, setup.added_at, graph);
        let evidence = Evidence::new(&scope, &engine, &book);
        let (checks_live, undecided) = (setup.live_check, HashSet::new());
        Self {
            scope,
            engine,
            book,
            preparer,
            publisher,
            settler,
            finisher,
            deleter,
            live,
            evidence,
            checks_live,
            undecided,
        }
    }

    pub fn name(&self) -> &AccountName {
        &self.scope.name
    }

    /// The service's time.
    pub fn server_now(&self) -> Timestamp {
        self.engine.now()
    }

    pub fn user_id(&self) -> &UserId {
        &self.scope.user_id
    }

    /// Compares posts that are about to go out with the account's listing. Records nothing.
    pub async fn sightings(&self, posts: &[Arc<Post>]) -> Result<Vec<(PostKey, Sighting)>, Stop> {
        self.live.sightings(posts).await
    }

    /// The media of the listing that could be the post of this attempt.
    pub async fn candidates(&self, record: &Record) -> Result<Vec<MediaId>, Stop> {
        let look = self.evidence.look_for(record).await?;
        Ok(self.evidence.candidates(record, &look))
    }

    /// Finds the permalinks of live posts, and the ids that lost answers left open.
    pub async fn enrich(&self) -> Result<(), Stop> {
        self.finisher.enrich().await
    }

    /// Carries out the tasks in their order, those with an `appointment` at their time, and deletes after them. Whatever
    /// happens, each post that was to be published, adopted, settled or deleted has one outcome at the end; one whose rest
    /// is sent has none.
    /// Without `orders` none is deleted.
    pub(super) async fn carry_out(
        &self,
        tasks: Vec<Task>,
        appointment: Option<&Appointment<'_>>,
        orders: Option<&Orders<'_>>,
    ) -> Carried {
        let tasks = tasks.into_iter().filter(|task| !self.undecided.contains(&task.post.key));
        let (deleting, waiting): (Vec<Task>, Vec<Task>) = tasks.partition(|task| task.work == Work::Delete);
        let mut queue = Queue::of(waiting);
        queue.deleting = deleting.into_iter().map(|task| task.post.key.clone()).collect();
        let mut halt = match self.carry_out_in_order(&mut queue, appointment).await {
            Ok(()) => self.delete_ordered(&mut queue, orders).await.err(),
            Err(stop) => Some(stop),
        }
        .map(Stop::into_halt);
        if let Err(late) = self.publisher.leave_to_others().await {
            halt.get_or_insert(late.into_halt());
        }
        let Queue { waiting, deleting, mut tally, changed } = queue;
        self.preparer.spend(tally.published);
        if let Some(halt) = &halt {
            tally.end(halt.cause);
            for key in waiting.iter().map(|task| &task.post.key).chain(&deleting) {
                // The output may be what failed; the tally still has it.
                let _ = self.scope.finish(key, &Outcome::halted(halt), &mut tally);
            }
        }
        // A halted account is asked nothing more.
        let after = if halt.is_none() { self.enrich().await.err() } else { None };
        let folded = self.book.fold().await.err();
        if let Some(late) = after.or(folded).map(Stop::into_halt)
            && halt.is_none()
        {
            tally.end(late.cause);
            return Carried { tally, halt: Some(late), changed };
        }
        Carried { tally, halt, changed }
    }

    /// The queue holds the posts without an outcome at every moment, so that a halt loses none.
    async fn carry_out_in_order(&self, queue: &mut Queue, appointment: Option<&Appointment<'_>>) -> Result<(), Stop> {
        self.scope.go_on()?;
        self.finish_published(queue).await?;
        for post in queue.posts(Work::Settle) {
            self.end(queue, &post.key, &Outcome::undecided())?;
        }
        let finishing = [Work::Finish, Work::CloseComments].into_iter().flat_map(|work| queue.posts(work));
        for post in finishing.collect::<Vec<_>>() {
            self.end(
                queue,
                &post.key,
                &Outcome::Pending { reason: "it is no longer recorded as published".to_owned() },
            )?;
        }
        let publishing = queue.posts(Work::Publish);
        if !publishing.is_empty() {
            let (allowed, reason) = self.preparer.allowance(&publishing).await?;
            for post in &publishing[allowed..] {
                self.end(queue, &post.key, &Outcome::Deferred { reason: reason.clone() })?;
            }
        }
        if queue.waiting.is_empty() {
            return Ok(());
        }
        let newest = self.live.listing(&queue.all()).await?;
        if !newest.media.is_empty() && self.is_without_record() {
            queue.tally.unrecorded.insert(self.scope.name.clone());
        }
        if self.checks_live {
            self.finisher.name_what_is_live(&newest).await?;
        }
        if self.checks_live || !queue.posts(Work::Adopt).is_empty() {
            self.adopt_what_is_live(queue, &newest).await?;
        }
        for post in queue.posts(Work::Adopt) {
            let reason = "the account no longer lists it; the next run decides".to_owned();
            self.end(queue, &post.key, &Outcome::Pending { reason })?;
        }
        self.scope.may_begin(&*self.engine)?;
        let placed = self.preparer.place_all(queue.posts(Work::Publish)).await;
        self.sort(placed, queue).await?;
        self.leave_out_refused_urls(queue).await?;
        let prepared = self.preparer.prepare_all(queue.posts(Work::Publish)).await;
        let ready = self.sort(prepared, queue).await?;
        self.book.fold().await?;
        let fingerprint: Vec<MediaId> = newest.media.iter().take(FINGERPRINT).map(|media| media.id.clone()).collect();
        self.publish_ready(ready, (&fingerprint, appointment), queue).await
    }

    /// Whether nothing that this account has live is recorded.
    fn is_without_record(&self) -> bool {
        let is_live = |record: &Record| {
            record.user_id == self.scope.user_id && record.stage() != Stage::Forgotten && record.known_live().is_some()
        };
        self.book.with(|records| !records.iter().any(is_live))
    }

    /// Whether the account has posts, and no record of any: someone begins with it.
    pub async fn has_unrecorded_posts(&self) -> Result<bool, Stop> {
        Ok(self.is_without_record() && !self.live.listing(&[]).await?.media.is_empty())
    }

    /// Gives a post its outcome.
    fn end(&self, queue: &mut Queue, key: &PostKey, outcome: &Outcome) -> Result<(), Stop> {
        queue.take(key);
        if matches!(outcome, Outcome::Changed) {
            queue.changed.push(key.clone());
        }
        self.scope.finish(key, outcome, &mut queue.tally)
    }

    /// Publishes what is prepared, one post at a time.
    async fn publish_ready(
        &self,
        mut ready: Vec<Ready>,
        (fingerprint, appointment): (&[MediaId], Option<&Appointment<'_>>),
        queue: &mut Queue,
    ) -> Result<(), Stop> {
        while !ready.is_empty() {
            let next = ready.remove(0);
            let key = next.post.key.clone();
            // What is waited for is announced one at a time.
            let others = if appointment.is_some() { &[] } else { ready.as_slice() };
            let remaining: Vec<Record> = others.iter().map(|ready| ready.record.clone()).collect();
            let mut known = None;
            let ended = self
                .publish_with_one_retry(next, Batch { fingerprint, remaining: &remaining, appointment }, &mut known)
                .await;
            let (outcome, stopped) = match ended {
                // Whoever waits looks again: another machine may have left the post to this one.
                Ok(Outcome::Pending { .. }) if appointment.is_some() => (Some(Outcome::Changed), None),
                Ok(outcome) => (Some(outcome), None),
                // What is known of the post already is the truth, whatever failed after it.
                Err(Stop::Post(failure)) => (Some(known.unwrap_or(Outcome::Failed(failure))), None),
                Err(stop) => (known, Some(stop)),
            };
            if let Some(outcome) = outcome {
                self.end(queue, &key, &outcome)?;
            }
            if let Some(stop) = stopped {
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Deletes what is ordered to be deleted, one post at a time.
    async fn delete_ordered(&self, queue: &mut Queue, orders: Option<&Orders<'_>>) -> Result<(), Stop> {
        while let Some(key) = queue.deleting.front().cloned() {
            let mut known = None;
            let deleted = match orders {
                Some(orders) => self.deleter.delete(&key, orders, &mut known).await,
                None => Ok(Outcome::Pending { reason: "this run deletes nothing".to_owned() }),
            };
            let (outcome, stopped) = match deleted {
                Ok(outcome) => (Some(outcome), None),
                // What is known of the post already is the truth, whatever failed after it.
                Err(Stop::Post(failure)) => (Some(known.unwrap_or(Outcome::Failed(failure))), None),
                Err(stop) => (known, Some(stop)),
            };
            if let Some(outcome) = outcome {
                queue.deleting.pop_front();
                self.scope.finish(&key, &outcome, &mut queue.tally)?;
            }
            if let Some(stop) = stopped {
                return Err(stop);
            }
        }
        Ok(())
    }

    /// From here on this run deletes nothing of the account, and says why.
    pub fn bar_deletions(&self, why: String) {
        self.deleter.bar(why);
    }

    /// Which posts some media are, and how people have answered to them. What cannot be read is left out.
    pub async fn shown(&self, posts: Vec<(PostKey, MediaId)>) -> Result<Vec<(PostKey, Shown)>, Stop> {
        let mut all = Vec::new();
        for (key, media) in posts {
            if let Some(shown) = self.deleter.shown(&media).await? {
                all.push((key, shown));
            }
        }
        Ok(all)
    }

    /// Sends what an earlier run still owed to posts that are live, first comment and comment switch, and switches
    /// comments off that are on again.
    /// What another machine has published since the plan was made is among them.
    async fn finish_published(&self, queue: &mut Queue) -> Result<(), Stop> {
        for Task { work, post } in queue.waiting.clone() {
            let attempts = self.book.attempts(&self.scope.user_id, &post.key);
            if let Some(live) = attempts.into_iter().find(|record| record.stage() == Stage::Published) {
                match work {
                    Work::CloseComments => self.finisher.close_again(&post, live).await?,
                    _ => self.finisher.send_extras(&post, live, Origin::AnEarlierRun).await?,
                }
                queue.take(&post.key);
            }
        }
        Ok(())
    }

    async fn adopt_what_is_live(&self, queue: &mut Queue, look: &Look) -> Result<(), Stop> {
        let (all, claims) = (queue.all(), self.live.claims());
        for post in &all {
            if let Some(outcome) = self.live.adopt(post, &all, look, &claims).await? {
                self.end(queue, &post.key, &outcome)?;
            }
        }
        Ok(())
    }

    /// A post with a URL that Meta could not fetch is left out.
    async fn leave_out_refused_urls(&self, queue: &mut Queue) -> Result<(), Stop> {
        for answer in self.preparer.ask_hosts(&queue.all()).await? {
            let key = answer.key().clone();
            let Some(reason) = self.preparer.judge(answer)? else { continue };
            let held = queue.all().into_iter().find(|post| post.key == key);
            if let Some(post) = held {
                self.preparer.put_back(&post).await?;
                self.end(queue, &key, &Outcome::NotAttempted { reason })?;
            }
        }
        Ok(())
    }

    /// Gives the posts that failed their outcome, and returns what came of the others.
    async fn sort<T>(&self, sorted: Sorted<T>, queue: &mut Queue) -> Result<Vec<T>, Stop> {
        for (post, failure) in sorted.failed {
            let remembered = self.preparer.remember_refusal(&post, &failure).await;
            let is_busy = failure.is_busy;
            let outcome = if is_busy { Outcome::Pending { reason: failure.reason } } else { Outcome::Failed(failure) };
            self.end(queue, &post.key, &outcome)?;
            remembered?;
        }
        match sorted.stopped {
            Some(stop) => Err(stop),
            None => Ok(sorted.done),
        }
    }
}

/// So many of the newest media ids are remembered before a publish.
const FINGERPRINT: usize = 10;
