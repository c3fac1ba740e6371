//! One account's part of a run: from the listing before the first publish to the permalinks after the last.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};

use crate::graph::wire::StatusCode;
use crate::graph::{Client, Error};
use crate::id::{AccountName, AttemptId, MediaId, PostKey, UserId};
use crate::lockfile::{Record, State, Via};
use crate::manifest::Post;

use super::announce::Turn;
use super::attempt;
use super::budget::{self, Allowance};
use super::context::{Halt, Shared, lock};
use super::event::PostRef;
use super::live::{self, Live, Seen};
use super::matching::Look;
use super::media::MediaSource;
use super::outcome::{Failure, Outcome, Tally};
use super::protocol::{Origin, Reading, Standing};
use super::prove::Proof;
use super::publish::Ended;
use super::settle::Settled;
use super::waiting::WaitsFor;

/// One account, connected.
pub struct AccountRun {
    pub shared: Arc<Shared>,
    pub name: AccountName,
    pub user_id: UserId,
    pub client: Client,
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
    /// Posts that this run already failed to settle: they have their outcome.
    pub undecided: HashSet<PostKey>,
}

/// When a manifest (by its path) came into the repository; `None` where nobody knows.
pub type AddedAt = Arc<dyn Fn(&str) -> Option<Timestamp> + Send + Sync>;

/// A post that is to go out now.
#[derive(Clone, Debug)]
pub struct Work {
    pub post: Arc<Post>,
}

/// What settling before acting found.
#[derive(Debug, Default)]
pub struct Settlement {
    pub tally: Tally,
    /// Attempts that are proven not to be live and stay open.
    pub not_live: Vec<AttemptId>,
    pub halt: Option<Halt>,
}

/// Finds the manifest of a record, where it still has one that wants to be published.
pub type FindPost<'a> = dyn Fn(&PostKey) -> Option<Arc<Post>> + Send + Sync + 'a;

/// A post whose containers exist.
pub(super) struct Ready {
    post: Arc<Post>,
    pub(super) record: Record,
    /// Whether this process made the container: a young image may be published without a look.
    fresh: bool,
}

impl AccountRun {
    /// Settles every open attempt of this account, whatever its manifest says now.
    pub async fn settle_open(&mut self, post: &FindPost<'_>) -> Settlement {
        let open = self.shared.with_records(|records| records.open(&self.user_id).cloned().collect());
        self.settle_these(open, post).await
    }

    /// Settles the open attempts of one post.
    pub async fn settle_post(&mut self, key: &PostKey, post: &FindPost<'_>) -> Settlement {
        let mut open = self.shared.attempts(&self.user_id, key);
        open.retain(|record| record.state.is_open());
        self.settle_these(open, post).await
    }

    async fn settle_these(&mut self, open: Vec<Record>, post: &FindPost<'_>) -> Settlement {
        let mut ended = Settlement::default();
        for record in open {
            if let Err(halt) = self.settle_one(record, post, &mut ended).await {
                ended.tally.end(halt.exit);
                ended.halt = Some(halt);
                break;
            }
        }
        ended
    }

    async fn settle_one(&mut self, record: Record, post: &FindPost<'_>, ended: &mut Settlement) -> Result<(), Halt> {
        self.shared.go_on()?;
        let wanted = post(&record.key);
        let key = record.key.clone();
        if record.state == State::Containers {
            return match self.tidy(record, wanted.as_deref()).await? {
                Some(live) => self.finish(&key, &Outcome::Published(live.media_id), &mut ended.tally),
                None => Ok(()),
            };
        }
        match self.settle(record, Origin::AnEarlierRun, wanted.as_deref()).await? {
            Settled::Published(record) => {
                self.finish(&key, &Outcome::Published(record.media_id.clone()), &mut ended.tally)?;
            }
            Settled::Open(record) => {
                ended.not_live.push(record.attempt.clone());
                self.tidy(record, wanted.as_deref()).await?;
            }
            Settled::Closed(_) => {}
            Settled::Unknown(record) => {
                let reason = record.reason.unwrap_or_default();
                self.finish(&key, &Outcome::Unknown { reason }, &mut ended.tally)?;
            }
            Settled::Undecided(_) => {
                self.undecided.insert(key.clone());
                let reason = "its container can not be read yet".to_owned();
                self.finish(&key, &Outcome::Unsettled { reason }, &mut ended.tally)?;
            }
        }
        Ok(())
    }

    /// Closes an attempt of which nothing is live when its containers are of no more use. Returns the record
    /// where the container says that the post is live after all.
    async fn tidy(&self, record: Record, wanted: Option<&Post>) -> Result<Option<Record>, Halt> {
        let reason = match wanted {
            None => "withdrawn",
            Some(post) if post.digest.is_some() && post.digest != record.digest => "edited",
            Some(_) if matches!(self.standing(&record), Standing::Superseded(_)) => "superseded",
            Some(_) if attempt::is_past_life(&record, self.client.server_now()) => "expired",
            Some(_) => return Ok(None),
        };
        // A lost journal, or another clone's, takes announcements along; what became of the container it can
        // still tell itself.
        if record.state == State::Containers
            && let Some(container) = &record.container
        {
            match self.read(&container.id).await? {
                Reading::Status(StatusCode::Published) => return self.found_live(record, wanted).map(Some),
                Reading::Unreadable
                    if reason == "superseded" && !attempt::is_past_life(&record, self.client.server_now()) =>
                {
                    return Ok(None);
                }
                Reading::Status(_) | Reading::Unreadable => {}
            }
        }
        self.end(attempt::not_published(record, reason)).await.map(|()| None)
    }

    /// Ends an attempt whose container could still be published, unless another machine goes on with it.
    pub(super) async fn end(&self, ended: Record) -> Result<(), Halt> {
        self.shared.claim(vec![vec![ended]]).await.map(drop)
    }

    /// Whether an attempt goes on beside the others of its post.
    pub(super) fn standing(&self, record: &Record) -> Standing {
        (self.shared.protocol.standing)(record, &self.shared.attempts(&self.user_id, &record.key))
    }

    /// Publishes `work` in its order. Every post gets exactly one outcome, whatever happens.
    pub async fn publish_all(&self, work: Vec<Work>) -> (Tally, Option<Halt>) {
        let mut tally = Tally::default();
        let mut waiting: Vec<Work> = work.into_iter().filter(|work| !self.undecided.contains(&work.post.key)).collect();
        let mut halt = self.publish_in_order(&mut waiting, &mut tally).await.err();
        if let Err(late) = self.leave_to_others() {
            halt.get_or_insert(late);
        }
        if let Some(halt) = &halt {
            tally.end(halt.exit);
            for Work { post } in waiting {
                // The output may be what failed; the exit code still tells.
                let _ = self.finish(&post.key, &Outcome::halted(halt), &mut tally);
            }
        }
        // A halted account is asked nothing more.
        let after = if halt.is_none() { self.enrich().await.err() } else { None };
        let folded = self.shared.fold().err();
        if let Some(late) = after.or(folded)
            && halt.is_none()
        {
            tally.end(late.exit);
            return (tally, Some(late));
        }
        (tally, halt)
    }

    /// `waiting` holds the posts without an outcome at every moment, so that a halt loses none.
    async fn publish_in_order(&self, waiting: &mut Vec<Work>, tally: &mut Tally) -> Result<(), Halt> {
        self.shared.go_on()?;
        self.finish_published(waiting).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        self.cut_to_allowance(waiting, tally).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let newest = self.listing().await?;
        if self.live_check {
            self.name_what_is_live(&newest).await?;
            self.adopt_what_is_live(waiting, &newest, tally)?;
        }
        self.may_begin()?;
        self.place_media(waiting, tally).await?;
        self.prove_media(waiting, tally).await?;
        let fingerprint: Vec<MediaId> = newest.media.iter().take(FINGERPRINT).map(|media| media.id.clone()).collect();
        let mut ready = self.prepare_all(waiting, tally).await?;
        self.shared.fold()?;
        let mut last: Option<Duration> = None;
        while !ready.is_empty() {
            let next = ready.remove(0);
            // What was pushed after the last post counts as a part of the gap.
            let passed = last.map(|last| self.shared.clock.monotonic().saturating_sub(last));
            let gap = passed.map_or(Duration::ZERO, |passed| self.min_gap.saturating_sub(passed));
            if !gap.is_zero() {
                self.wait(&next.post.key, WaitsFor::Gap, gap).await?;
            }
            let key = next.post.key.clone();
            let turn = Turn { fingerprint: &fingerprint, behind: &ready };
            let ended = self.publish_with_one_retry(next, turn).await;
            last = Some(self.shared.clock.monotonic());
            let (outcome, halt) = match ended {
                Ok(outcome) => (outcome, None),
                Err((outcome, halt)) => (outcome, Some(halt)),
            };
            if let Some(outcome) = outcome {
                waiting.retain(|work| work.post.key != key);
                self.finish(&key, &outcome, tally)?;
            }
            if let Some(halt) = halt {
                return Err(halt);
            }
        }
        Ok(())
    }

    /// Containers fail for reasons that a second one does not share; it is made once.
    async fn publish_with_one_retry(&self, next: Ready, turn: Turn<'_>) -> Ended {
        let Ready { post, record, fresh } = next;
        let first = self.publish_one(&post, record, fresh, turn).await?;
        let Some(Outcome::Failed(Failure { try_again: true, .. })) = &first else { return Ok(first) };
        match self.prepare(&post).await.map_err(|halt| (None, halt))? {
            Ok((record, fresh)) => self.publish_one(&post, record, fresh, turn).await,
            Err(failure) => Ok(Some(Outcome::Failed(failure))),
        }
    }

    /// Sends what an earlier run still owed to posts that are live: first comment, comment switch.
    async fn finish_published(&self, waiting: &mut Vec<Work>) -> Result<(), Halt> {
        for work in waiting.clone() {
            let attempts = self.shared.attempts(&self.user_id, &work.post.key);
            if let Some(live) = attempts.into_iter().find(|record| record.state == State::Published) {
                self.send_extras(&work.post, live, Origin::AnEarlierRun).await?;
                waiting.retain(|other| other.post.key != work.post.key);
            }
        }
        Ok(())
    }

    /// Leaves what is over the cap, the account's quota or its containers of a day to a later run.
    async fn cut_to_allowance(&self, waiting: &mut Vec<Work>, tally: &mut Tally) -> Result<(), Halt> {
        let quota = self.ask(self.client.quota(&self.user_id)).await?;
        let now = self.client.server_now();
        let (allowed, reason) = self.shared.with_records(|records| {
            let open = |key: &PostKey| {
                let attempts = records.attempts(&self.user_id, key).iter();
                attempts.filter(|record| record.state.is_open()).min_by(|a, b| a.attempt.cmp(&b.attempt))
            };
            let costs: Vec<usize> =
                waiting.iter().map(|Work { post }| budget::cost(post, open(&post.key), now)).collect();
            let all: Vec<&Record> = records.iter().collect();
            Allowance::new(self.max_publish, &quota, all.iter().copied(), &self.user_id, now).cut(&costs)
        });
        for Work { post } in waiting.split_off(allowed) {
            self.finish(&post.key, &Outcome::Deferred { reason: reason.clone() }, tally)?;
        }
        Ok(())
    }

    /// The listing before the first publish. It is read back to the newest post that the record knows, and a
    /// week at least, so that a record that lost lines, at its end or before, is noticed; without any record,
    /// to its end. A week is one page for all but the busiest accounts.
    pub(super) async fn listing(&self) -> Result<Look, Halt> {
        let newest = self.shared.with_records(|records| {
            let mine = records.iter().filter(|record| record.user_id == self.user_id);
            mine.filter_map(|record| record.published_at).max()
        });
        let week_ago = self.client.server_now() - SignedDuration::from_hours(7 * 24);
        let since = newest.map_or(Timestamp::MIN, |newest| newest.min(week_ago));
        let listing = self.ask(self.client.back_to(&self.user_id, since, LISTING_PAGES)).await?;
        Ok(Look { media: listing.media, reaches_back: listing.is_complete })
    }

    /// Records what a person or a lost lockfile's run has published already.
    fn adopt_what_is_live(&self, waiting: &mut Vec<Work>, look: &Look, tally: &mut Tally) -> Result<(), Halt> {
        let claimed: HashSet<MediaId> = self.claimed();
        let all = waiting.clone();
        for work in &all {
            let attempts = self.shared.attempts(&self.user_id, &work.post.key);
            let rivals: Vec<&Post> =
                all.iter().filter(|other| other.post.key != work.post.key).map(|other| &*other.post).collect();
            let claimants = self.claimants(&work.post.key);
            let seen = Seen { look, claimed: &claimed, claimants: &claimants, rivals: &rivals };
            let outcome = match live::check(&work.post, &attempts, &seen, &*self.added_at) {
                Live::Absent => continue,
                Live::Adopt(media) => {
                    let record = self.attempt_of(&work.post);
                    let at = media.timestamp.unwrap_or_else(|| self.client.server_now());
                    let mut record =
                        attempt::published(record, Some(media.id.clone()), Via::Adopted, at, Some(&work.post));
                    record.permalink.clone_from(&media.permalink);
                    self.write(record)?;
                    Outcome::Adopted(media.id.clone())
                }
                Live::Contested => Outcome::Pending {
                    reason: "what is live may be another post that is not settled yet; the next run decides".to_owned(),
                },
                Live::Maybe(media) => {
                    let mut record = attempt::unknown(self.attempt_of(&work.post), "maybe_live");
                    record.evidence = media.iter().map(|media| media.id.clone()).collect();
                    self.write(record)?;
                    Outcome::Unknown { reason: live::explain(&media) }
                }
            };
            waiting.retain(|other| other.post.key != work.post.key);
            self.finish(&work.post.key, &outcome, tally)?;
        }
        Ok(())
    }

    /// Records of other posts that may own media without knowing which.
    pub(super) fn claimants(&self, key: &PostKey) -> Vec<Record> {
        self.shared.with_records(|records| {
            let mine = records.iter().filter(|record| record.user_id == self.user_id && record.key != *key);
            mine.filter(|record| match record.state {
                State::Published => record.media_id.is_none(),
                State::Intent | State::Unknown => true,
                _ => false,
            })
            .cloned()
            .collect()
        })
    }

    /// The open attempt of a post, or a new one.
    pub(super) fn attempt_of(&self, post: &Post) -> Record {
        let mut open: Vec<Record> = self
            .shared
            .attempts(&self.user_id, &post.key)
            .into_iter()
            .filter(|record| record.state.is_open())
            .collect();
        open.sort_by(|a, b| a.attempt.cmp(&b.attempt));
        open.into_iter()
            .next()
            .unwrap_or_else(|| attempt::begin(post, &self.user_id, self.shared.new_attempt(), self.graph.clone()))
    }

    /// Makes the containers of all posts side by side and returns those that can be published, in plan order.
    async fn prepare_all(&self, waiting: &mut Vec<Work>, tally: &mut Tally) -> Result<Vec<Ready>, Halt> {
        let stopped: &Mutex<Option<Halt>> = &Mutex::default();
        let made: Vec<_> = stream::iter(waiting.clone())
            .map(|work| async move {
                // What stops the account stops it before the next post is begun.
                let before = lock(stopped).clone();
                let prepared = match before {
                    Some(halt) => Err(halt),
                    // A large future, which streams move from hand to hand.
                    None => Box::pin(self.prepare(&work.post)).await,
                };
                if let Err(halt) = &prepared {
                    lock(stopped).get_or_insert_with(|| halt.clone());
                }
                (work.post, prepared)
            })
            .buffered(self.parallelism.max(1))
            .collect()
            .await;
        let mut ready = Vec::new();
        let mut halt = None;
        for (post, prepared) in made {
            match prepared {
                Ok(Ok((record, fresh))) => ready.push(Ready { post, record, fresh }),
                Ok(Err(failure)) => {
                    waiting.retain(|work| work.post.key != post.key);
                    self.remember_refusal(&post, &failure).await?;
                    self.finish(&post.key, &Outcome::Failed(failure), tally)?;
                }
                Err(stop) => halt = halt.or(Some(stop)),
            }
        }
        halt.map_or(Ok(ready), Err)
    }

    /// Content that Meta refused is not offered again until it changes.
    async fn remember_refusal(&self, post: &Post, failure: &Failure) -> Result<(), Halt> {
        if !failure.content {
            return Ok(());
        }
        let record = self.attempt_of(post);
        self.end(attempt::failed(record, failure.reason.clone(), failure.code, failure.subcode)).await
    }

    async fn prepare(&self, post: &Post) -> Result<Result<(Record, bool), Failure>, Halt> {
        self.shared.go_on()?;
        let failure = match self.prepare_attempt(post).await? {
            Err(failure) if failure.spoilt => failure,
            prepared => return Ok(prepared),
        };
        // Nothing was announced with containers that are still being filled: to drop them loses nothing.
        let record = self.attempt_of(post);
        if record.state == State::Containers && record.intents.is_empty() {
            self.write(attempt::not_published(record, "upload_spoilt"))?;
            if failure.try_again {
                return self.prepare_attempt(post).await;
            }
        }
        Ok(Err(failure))
    }

    /// Makes or finds the containers of a post's open attempt, or of a new one, and fills them.
    async fn prepare_attempt(&self, post: &Post) -> Result<Result<(Record, bool), Failure>, Halt> {
        let record = self.attempt_of(post);
        // Also one that is too old: it is looked at before it is given up, since a lost journal takes the
        // announcement of a publish along.
        if record.container.is_some() {
            return Ok(self.finish_uploads(post, &record).await?.map(|()| (record, false)));
        }
        Ok(self.make_containers(post, record).await?.map(|record| (record, true)))
    }

    /// Fails once the run has to end, another run may be at work, or the server's clock is in doubt; asked before
    /// anything is made or published.
    pub(super) fn may_begin(&self) -> Result<(), Halt> {
        self.shared.go_on()?;
        self.shared.still_alone()?;
        match self.client.wrong_date() {
            None => Ok(()),
            Some(wrong) => Err(self.shared.halt_run(Halt::clock(&wrong))),
        }
    }

    /// Waits for an answer without which this account cannot go on.
    pub(super) async fn ask<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Halt> {
        self.shared.ask(call).await?.map_err(|error| Halt::unreachable(&error))
    }

    /// Announces and counts the end of one post.
    pub(super) fn finish(&self, key: &PostKey, outcome: &Outcome, tally: &mut Tally) -> Result<(), Halt> {
        tally.count(outcome);
        outcome.event(self.post_ref(key)).map_or(Ok(()), |event| self.shared.tell(&event))
    }

    pub fn post_ref(&self, key: &PostKey) -> PostRef {
        PostRef { key: key.clone(), account: self.name.clone() }
    }
}

/// So many of the newest media ids are remembered before a publish.
const FINGERPRINT: usize = 10;

/// All that Meta lists: 10,000 media at 100 a page.
const LISTING_PAGES: u32 = 100;
