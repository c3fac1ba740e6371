//! One account's part of a run, from the listing before the first publish to the permalinks after the last. The
//! loop calls the parts in their order; they do not know each other.

mod post;
mod settling;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::id::{AccountName, MediaId, PostKey, UserId};
use crate::lockfile::{Record, State};
use crate::manifest::Post;
use crate::plan::Sighting;

use super::after::Finisher;
use super::announcement::leases;
use super::book::Book;
use super::context::Scope;
use super::engine::Service;
use super::evidence::Evidence;
use super::ledger::Ledger;
use super::live_check::{AddedAt, LiveCheck};
use super::matching::Look;
use super::media::MediaSource;
use super::outcome::{Outcome, Tally};
use super::parallel::Sorted;
use super::prepare::{Preparer, Proof, Ready, Terms};
use super::protocol::Origin;
use super::publish::{Publisher, Turn};
use super::settle::Settler;
use super::stop::{Halt, Stop};
use super::waits_for::WaitsFor;

pub use settling::{FindPost, Settlement};

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
    pub min_gap: Duration,
    /// Containers and uploads at a time.
    pub parallelism: usize,
    pub live_check: bool,
    /// `None`: nobody looks whether Meta could fetch the media.
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
    live: LiveCheck,
    evidence: Evidence,
    checks_live: bool,
    min_gap: Duration,
    /// Posts that this run already failed to settle: they have their outcome.
    undecided: HashSet<PostKey>,
}

impl AccountRun {
    pub fn new(setup: Setup) -> Self {
        let Setup { ledger, name, user_id, engine, media, graph, max_publish, min_gap, .. } = setup;
        let scope = Scope { run: Arc::clone(ledger.context()), name, user_id };
        let book: Arc<dyn Book> = ledger;
        let parts = || (scope.clone(), Arc::clone(&engine), Arc::clone(&book));
        let terms = Terms { max_publish, parallelism: setup.parallelism, graph: graph.clone() };
        let (a, b, c) = parts();
        let preparer = Preparer::new(a, b, c, media, setup.proof, terms);
        let (a, b, c) = parts();
        let publisher = Publisher::new(a, b, c, min_gap);
        let (a, b, c) = parts();
        let settler = Settler::new(a, b, c, leases(&scope.waits, min_gap));
        let (a, b, c) = parts();
        let finisher = Finisher::new(a, b, c);
        let (a, b, c) = parts();
        let live = LiveCheck::new(a, b, c, setup.added_at, graph);
        let (a, b, c) = parts();
        let evidence = Evidence::new(a, b, c);
        let (checks_live, undecided) = (setup.live_check, HashSet::new());
        Self {
            scope,
            engine,
            book,
            preparer,
            publisher,
            settler,
            finisher,
            live,
            evidence,
            checks_live,
            min_gap,
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

    /// Publishes the posts in their order. Every one gets exactly one outcome, whatever happens.
    pub async fn publish_all(&self, posts: Vec<Arc<Post>>) -> (Tally, Option<Halt>) {
        let mut tally = Tally::default();
        let mut waiting: Vec<_> = posts.into_iter().filter(|post| !self.undecided.contains(&post.key)).collect();
        let mut halt = self.publish_in_order(&mut waiting, &mut tally).await.err().map(Stop::into_halt);
        if let Err(late) = self.publisher.leave_to_others().await {
            halt.get_or_insert(late.into_halt());
        }
        if let Some(halt) = &halt {
            tally.end(halt.cause);
            for post in waiting {
                // The output may be what failed; the tally still has it.
                let _ = self.scope.finish(&post.key, &Outcome::halted(halt), &mut tally);
            }
        }
        // A halted account is asked nothing more.
        let after = if halt.is_none() { self.enrich().await.err() } else { None };
        let folded = self.book.fold().await.err();
        if let Some(late) = after.or(folded).map(Stop::into_halt)
            && halt.is_none()
        {
            tally.end(late.cause);
            return (tally, Some(late));
        }
        (tally, halt)
    }

    /// `waiting` holds the posts without an outcome at every moment, so that a halt loses none.
    async fn publish_in_order(&self, waiting: &mut Vec<Arc<Post>>, tally: &mut Tally) -> Result<(), Stop> {
        self.scope.go_on()?;
        self.finish_published(waiting).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let (allowed, reason) = self.preparer.allowance(waiting).await?;
        for post in waiting.split_off(allowed) {
            self.scope.finish(&post.key, &Outcome::Deferred { reason: reason.clone() }, tally)?;
        }
        if waiting.is_empty() {
            return Ok(());
        }
        let newest = self.live.listing().await?;
        if self.checks_live {
            self.finisher.name_what_is_live(&newest).await?;
            self.adopt_what_is_live(waiting, &newest, tally).await?;
        }
        self.scope.may_begin(&*self.engine)?;
        let placed = self.preparer.place_all(waiting.clone()).await;
        self.sort(placed, waiting, tally).await?;
        self.leave_out_refused_urls(waiting, tally).await?;
        let prepared = self.preparer.prepare_all(waiting.clone()).await;
        let ready = self.sort(prepared, waiting, tally).await?;
        self.book.fold().await?;
        let fingerprint: Vec<MediaId> = newest.media.iter().take(FINGERPRINT).map(|media| media.id.clone()).collect();
        self.publish_ready(ready, &fingerprint, waiting, tally).await
    }

    /// Publishes what is prepared, one post at a time.
    async fn publish_ready(
        &self,
        mut ready: Vec<Ready>,
        fingerprint: &[MediaId],
        waiting: &mut Vec<Arc<Post>>,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let mut last: Option<Duration> = None;
        while !ready.is_empty() {
            let next = ready.remove(0);
            // What was pushed after the last post counts as a part of the gap.
            let passed = last.map(|last| self.scope.clock.monotonic().saturating_sub(last));
            let gap = passed.map_or(Duration::ZERO, |passed| self.min_gap.saturating_sub(passed));
            if !gap.is_zero() {
                self.scope.wait(&next.post.key, WaitsFor::Gap, gap, self.engine.now()).await?;
            }
            let key = next.post.key.clone();
            let behind: Vec<Record> = ready.iter().map(|ready| ready.record.clone()).collect();
            let mut known = None;
            let ended = self.publish_with_one_retry(next, Turn { fingerprint, behind: &behind }, &mut known).await;
            last = Some(self.scope.clock.monotonic());
            let (outcome, stopped) = match ended {
                Ok(outcome) => (Some(outcome), None),
                // What is known of the post already is the truth, whatever failed after it.
                Err(Stop::Post(failure)) => (Some(known.unwrap_or(Outcome::Failed(failure))), None),
                Err(stop) => (known, Some(stop)),
            };
            if let Some(outcome) = outcome {
                waiting.retain(|post| post.key != key);
                self.scope.finish(&key, &outcome, tally)?;
            }
            if let Some(stop) = stopped {
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Sends what an earlier run still owed to posts that are live: first comment, comment switch.
    async fn finish_published(&self, waiting: &mut Vec<Arc<Post>>) -> Result<(), Stop> {
        for post in waiting.clone() {
            let attempts = self.book.attempts(&self.scope.user_id, &post.key);
            if let Some(live) = attempts.into_iter().find(|record| record.state == State::Published) {
                self.finisher.send_extras(&post, live, Origin::AnEarlierRun).await?;
                waiting.retain(|other| other.key != post.key);
            }
        }
        Ok(())
    }

    async fn adopt_what_is_live(
        &self,
        waiting: &mut Vec<Arc<Post>>,
        look: &Look,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let (all, claimed) = (waiting.clone(), self.live.claimed());
        for post in &all {
            if let Some(outcome) = self.live.adopt(post, &all, look, &claimed).await? {
                waiting.retain(|other| other.key != post.key);
                self.scope.finish(&post.key, &outcome, tally)?;
            }
        }
        Ok(())
    }

    /// A post with a URL that Meta could not fetch is left out.
    async fn leave_out_refused_urls(&self, waiting: &mut Vec<Arc<Post>>, tally: &mut Tally) -> Result<(), Stop> {
        for answer in self.preparer.ask_hosts(waiting).await? {
            let key = answer.key().clone();
            let Some(reason) = self.preparer.judge(answer)? else { continue };
            if waiting.iter().any(|post| post.key == key) {
                waiting.retain(|post| post.key != key);
                self.scope.finish(&key, &Outcome::NotAttempted { reason }, tally)?;
            }
        }
        Ok(())
    }

    /// Gives the posts that failed their outcome, and returns what came of the others.
    async fn sort<T>(
        &self,
        sorted: Sorted<T>,
        waiting: &mut Vec<Arc<Post>>,
        tally: &mut Tally,
    ) -> Result<Vec<T>, Stop> {
        for (post, failure) in sorted.failed {
            waiting.retain(|other| other.key != post.key);
            self.preparer.remember_refusal(&post, &failure).await?;
            self.scope.finish(&post.key, &Outcome::Failed(failure), tally)?;
        }
        match sorted.stopped {
            Some(stop) => Err(stop),
            None => Ok(sorted.done.into_iter().map(|(_, done)| done).collect()),
        }
    }
}

/// So many of the newest media ids are remembered before a publish.
const FINGERPRINT: usize = 10;
