//! One deletion: announced before, recorded right after, and the truth in between.
//!
//! The order of the calls in [`Deleter::delete`] is what a person sees who asks whether a post was deleted without an
//! order; keep it on one screen.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Unit;

use igsync_base::id::{MediaId, PostKey};
use igsync_model::lockfile::{Deletion, DeletionOutcome, PublishIntent, Record, Stage};
use igsync_model::plan::Shown;

use super::announcement::OWN;
use super::attempt::{self, later};
use super::book::Book;
use super::context::{Scope, lock};
use super::engine::{Class, Deleting, Refusal, Service};
use super::failure::Failure;
use super::missing::{Found, search_one};
use super::orders::Orders;
use super::outcome::Outcome;
use super::protocol::Origin;
use super::quiet::{Leases, Quiet};
use super::stop::{Halt, Stop};
use super::waits_for::WaitsFor;

/// A deletion on the wire is waited for this long after the run was asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Further ahead of the service's clock nothing was announced, whatever a record says.
const FUTURE: Duration = Duration::from_secs(15 * 60);

/// Deletes live posts of one account, and finds out what earlier deletions did.
pub(super) struct Deleter {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    /// Which leases of other runs are believed.
    leases: Leases,
    /// Why this run's token may not delete.
    barred: OnceLock<String>,
    /// Announcements that this run has proven to be over without an effect, by the media that they are of.
    over: Mutex<Vec<(MediaId, Deletion)>>,
}

/// What an announced deletion of an earlier run did; the record is written.
#[derive(Debug)]
pub(super) enum Ended {
    Gone(MediaId),
    /// It had no effect. The order still stands, so the entry stays open until it is sent again.
    Ordered,
    /// It had no effect, and no one orders it any more.
    Withdrawn,
    /// Not known yet; a later run asks again.
    Undecided,
}

impl Deleter {
    pub(super) fn new(scope: Scope, engine: Service, book: Arc<dyn Book>, leases: Leases) -> Self {
        Self { scope, engine, book, leases, barred: OnceLock::new(), over: Mutex::default() }
    }

    /// From here on nothing is deleted: the token may not.
    pub(super) fn bar(&self, why: String) {
        let _ = self.barred.set(why);
    }

    /// Announces, deletes and records one live post. `known` is what has to be said of it should the run end here.
    /// `orders` is asked before anything is announced, and again right before the call.
    pub(super) async fn delete(
        &self,
        key: &PostKey,
        orders: &Orders<'_>,
        known: &mut Option<Outcome>,
    ) -> Result<Outcome, Stop> {
        self.scope.may_begin(&*self.engine)?;
        if let Some(refusal) = self.engine.barred() {
            return Err(Stop::unreachable(&refusal));
        }
        if let Some(reason) = self.barred.get() {
            return Ok(Outcome::NotAttempted { reason: reason.clone() });
        }
        self.book.catch_up().await?;
        let (record, media) = match self.subject(key, None) {
            Ok(subject) => subject,
            Err(reason) => return Ok(Outcome::Pending { reason }),
        };
        if !self.still_ordered(orders, &record).await? {
            return Ok(taken_back());
        }
        let shown = match self.identify(&record, &media, known).await? {
            Identity::Shown(shown) => shown,
            Identity::Ended(outcome) => {
                *known = Some(outcome.clone());
                self.book.keep().await?;
                return Ok(outcome);
            }
        };
        let Some(record) = self.announce(record).await? else { return Ok(self.left_to_others(key)) };
        // Announcing can take a push: the world may have moved on meanwhile.
        if let Err(held) = self.may_send(&record, &media, &shown, orders).await {
            self.book.write(ended(record, DeletionOutcome::Withdrawn)).await?;
            return match held {
                Held::Outcome(outcome) => Ok(outcome),
                Held::Stop(stop) => Err(stop),
            };
        }
        self.scope.still_alone()?;
        *known = Some(perhaps());
        let outcome = match self.send(&media).await {
            Deleting::Gone => self.is_gone(record, &media, known).await?,
            Deleting::NotSent(refusal) => {
                self.book.write(ended(record, DeletionOutcome::Withdrawn)).await?;
                Outcome::Failed(Failure::refused("deleting", &refusal))
            }
            Deleting::Refused(refusal) => self.is_refused(record, &refusal, known).await?,
            Deleting::Denied(refusal) => match self.look(&record, &media).await? {
                Found::Gone => self.is_gone(record, &media, known).await?,
                Found::There => self.is_refused(record, &refusal, known).await?,
                Found::Unclear => perhaps(),
            },
            Deleting::Unclear(refusal) => match Halt::for_account(&refusal) {
                Some(halt) => return Err(Stop::Account(halt)),
                // One that still answers may be gone in a moment.
                None => match self.look(&record, &media).await? {
                    Found::Gone => self.is_gone(record, &media, known).await?,
                    Found::There | Found::Unclear => perhaps(),
                },
            },
        };
        *known = Some(outcome.clone());
        // A post that is gone is known to every machine before anything else is done.
        self.book.keep().await?;
        Ok(outcome)
    }

    /// Reads which post the media are: a record may name those of another one.
    async fn identify(&self, record: &Record, media: &MediaId, known: &mut Option<Outcome>) -> Result<Identity, Stop> {
        let ended = match self.scope.ask(self.engine.shown(media)).await? {
            Ok(Some(shown)) => match self.another_post(record, media, &shown) {
                None => return Ok(Identity::Shown(shown)),
                Some(outcome) => outcome,
            },
            Ok(None) => match self.look(record, media).await? {
                Found::Gone => self.is_gone(record.clone(), media, known).await?,
                Found::There | Found::Unclear => {
                    Outcome::Pending { reason: "Instagram denies the post now, so nothing was sent".to_owned() }
                }
            },
            Err(refusal) => match Halt::for_account(&refusal) {
                Some(halt) => return Err(Stop::Account(halt)),
                None => Outcome::Pending { reason: format!("it could not be read which post it is: {}", refusal.text) },
            },
        };
        Ok(Identity::Ended(ended))
    }

    fn another_post(&self, record: &Record, media: &MediaId, shown: &Shown) -> Option<Outcome> {
        let difference = (self.scope.protocol.other_post)(shown, record)?;
        let key = record.key.argument();
        let reason =
            format!("media {media} are not this post, so nothing was sent: {difference}; see `igsync lock show {key}`");
        Some(Outcome::NotAttempted { reason })
    }

    /// What may have changed while a deletion was announced, judged once more right before the call.
    async fn may_send(&self, record: &Record, media: &MediaId, shown: &Shown, orders: &Orders<'_>) -> Result<(), Held> {
        self.scope.go_on()?;
        if !self.still_ordered(orders, record).await? {
            return Err(Held::Outcome(taken_back()));
        }
        let now = self.still_holds(record, media).map_err(|reason| Held::Outcome(Outcome::Pending { reason }))?;
        self.another_post(&now, media, shown).map_or(Ok(()), |outcome| Err(Held::Outcome(outcome)))
    }

    async fn still_ordered(&self, orders: &Orders<'_>, record: &Record) -> Result<bool, Stop> {
        orders.still_ordered(&self.scope, &*self.book, record, self.engine.now()).await
    }

    /// What the plan has said once more, over the record as it is now. `own` is what this run has announced by now.
    fn subject(&self, key: &PostKey, own: Option<&Deletion>) -> Result<(Record, MediaId), String> {
        let attempts = self.book.attempts(&self.scope.user_id, key);
        let counts = |record: &&Record| record.is_open() || record.stage() == Stage::Published;
        let counting: Vec<&Record> = attempts.iter().filter(counts).collect();
        let [record] = counting.as_slice() else {
            return Err("it is no longer recorded as one live post".to_owned());
        };
        let Some(media) = record.certain_media().cloned() else {
            return Err("it is not certain which media it is".to_owned());
        };
        if self.book.with(|records| is_claimed_by_another(records.iter(), record, &media)) {
            return Err("the record of another post names the same media".to_owned());
        }
        // Even one whose lease is over: what it did is found out before anything is sent.
        let is_settled = |open: &&Deletion| lock(&self.over).iter().any(|(of, over)| *of == media && over == *open);
        if open_in(record).any(|open| Some(open) != own && !is_settled(&open)) {
            return Err("another run has announced its deletion".to_owned());
        }
        Ok(((*record).clone(), media))
    }

    /// Announces the deletion. `None`: another machine has the post.
    async fn announce(&self, record: Record) -> Result<Option<Record>, Stop> {
        let record = self.announced(record);
        let written = self.book.claim(vec![vec![record.clone()]]).await?;
        Ok((written == [true]).then_some(record))
    }

    /// With one more deletion that is about to be sent. Those before it, which had no effect, end with it.
    fn announced(&self, record: Record) -> Record {
        let time = |at| attempt::whole(at, Unit::Millisecond);
        let now = self.engine.now();
        // The server's clock begins each of its seconds again with every answer, and an entry is known by its times:
        // one that has ended must not speak for this one. Neither must that of another machine.
        let entries = record.live().into_iter().flat_map(|live| live.deletions.iter().map(|entry| entry.at));
        // A time far ahead is false, and no reason for another one.
        let last = entries.filter(|at| *at < later(now, FUTURE)).max();
        let at = last.map_or(time(now), |last| time(now).max(later(last, Duration::from_millis(1))));
        let own = if self.book.is_shared() { OWN.mul_f64(self.scope.jitter()) } else { Duration::ZERO };
        let lease_until = time(later(at, self.lease() + own));
        attempt::noted(record, |live| {
            live.deletions.end(DeletionOutcome::Withdrawn);
            live.deletions.push(Deletion { at, lease_until, outcome: None });
        })
    }

    /// For so long a machine has a deletion for itself once it has announced it: for writing that down or pushing it,
    /// and for one request and its effect.
    fn lease(&self) -> Duration {
        self.scope.waits.http_timeout + self.reach()
    }

    /// Whether what is announced may still be sent. A push can take long, and a machine can sleep: what could take
    /// effect after the lease is not sent. The push may also have brought along what others have recorded.
    /// The record as it is then.
    fn still_holds(&self, record: &Record, media: &MediaId) -> Result<Record, String> {
        let own = open_in(record).last();
        let until = attempt::whole(later(self.engine.now(), self.reach()), Unit::Millisecond);
        if self.engine.has_slept() || own.is_none_or(|own| own.lease_until < until) {
            return Err("announcing its deletion took too long".to_owned());
        }
        match self.subject(&record.key, own)? {
            (now, same) if same == *media && now.attempt == record.attempt => Ok(now),
            _ => Err("its record has changed meanwhile".to_owned()),
        }
    }

    /// From sending a deletion until it can have no more effect.
    fn reach(&self) -> Duration {
        self.scope.waits.http_timeout + self.scope.waits.settle
    }

    /// Sends the call that cannot be undone. Asked to stop, it is waited for a little longer: an answer now saves a
    /// settlement later.
    async fn send(&self, media: &MediaId) -> Deleting {
        let delete = self.engine.delete(media);
        tokio::select! {
            biased;
            answer = delete => answer,
            _ = self.scope.patience(GRACE) => Deleting::Unclear(Refusal::new(
                Class::Other,
                "the run was stopped while the deletion was in flight",
                "run apply again: it checks whether the post is gone before it sends anything",
            )),
        }
    }

    fn gone(&self, record: Record) -> Record {
        let now = self.engine.now();
        attempt::noted(record, |live| live.deletions.note_gone(now)).deleted()
    }

    /// On disk before anything else is asked or said.
    async fn is_gone(&self, record: Record, media: &MediaId, known: &mut Option<Outcome>) -> Result<Outcome, Stop> {
        *known = Some(Outcome::PerhapsDeleted {
            reason: "it is deleted, but that could not be recorded; the next run checks".to_owned(),
        });
        self.book.write(self.gone(record)).await?;
        Ok(Outcome::Deleted(media.clone()))
    }

    /// The post is still there. What concerns the whole account stops it, and says nothing about this deletion; a
    /// permission, which only deleting may need, does.
    async fn is_refused(
        &self,
        record: Record,
        refusal: &Refusal,
        known: &mut Option<Outcome>,
    ) -> Result<Outcome, Stop> {
        let failure = Failure::refused("deleting", refusal);
        *known = Some(Outcome::Failed(failure.clone()));
        let halt = Halt::for_account(refusal);
        let is_of_post = halt.is_none() || matches!(refusal.code, Some(10 | 200..=299));
        let outcome = if is_of_post { DeletionOutcome::Refused } else { DeletionOutcome::Withdrawn };
        self.book.write(ended(record, outcome)).await?;
        halt.map_or(Ok(Outcome::Failed(failure)), |halt| Err(Stop::Account(halt)))
    }

    /// What became of a post that another machine has taken up since this run began.
    fn left_to_others(&self, key: &PostKey) -> Outcome {
        let attempts = self.book.attempts(&self.scope.user_id, key);
        if attempts.iter().any(|record| record.stage() == Stage::Deleted) {
            return Outcome::Elsewhere { reason: "another run has deleted it meanwhile".to_owned() };
        }
        match self.book.withdrawn(&self.scope.user_id, key) {
            Some(withdrawn) => withdrawn.outcome(),
            None => Outcome::Pending { reason: "another run has changed its record meanwhile".to_owned() },
        }
    }

    /// Finds out what the deletions announced in `record` did, and records it. Sends none. `is_ordered`: the manifest
    /// and this run want the post deleted; `orders` is asked whether they still do once the lease is over, where this run
    /// may send it again.
    pub(super) async fn settle(
        &self,
        record: Record,
        is_ordered: bool,
        orders: Option<&Orders<'_>>,
    ) -> Result<Ended, Stop> {
        let Some(media) = record.claimed_media().cloned() else { return Ok(Ended::Undecided) };
        let began = self.scope.clock.monotonic();
        let (settle, read_at) = (self.scope.waits.settle, self.scope.read_at());
        let quiet = Quiet::of(&as_publishes(&record), Origin::AnEarlierRun, &self.leases, settle, read_at, began);
        loop {
            let quiet_in = quiet.left(self.engine.now(), self.scope.clock.monotonic());
            match self.look(&record, &media).await? {
                Found::Gone => {
                    self.book.write(self.gone(record)).await?;
                    return Ok(Ended::Gone(media));
                }
                Found::Unclear => return Ok(Ended::Undecided),
                Found::There if !quiet_in.is_zero() => {
                    self.scope.wait(&record.key, WaitsFor::Deletion, quiet_in, self.engine.now()).await?;
                }
                Found::There if is_ordered && self.is_still_ordered(orders, &record).await? => {
                    lock(&self.over).extend(open_in(&record).map(|open| (media.clone(), open.clone())));
                    return Ok(Ended::Ordered);
                }
                Found::There => {
                    self.book.end(ended(record, DeletionOutcome::Withdrawn)).await?;
                    return Ok(Ended::Withdrawn);
                }
            }
        }
    }

    async fn is_still_ordered(&self, orders: Option<&Orders<'_>>, record: &Record) -> Result<bool, Stop> {
        match orders {
            Some(orders) => self.still_ordered(orders, record).await,
            None => Ok(true),
        }
    }

    async fn look(&self, record: &Record, media: &MediaId) -> Result<Found, Stop> {
        search_one(&self.scope, &*self.engine, &*self.book, record, media).await
    }

    /// Which post some media are, and how people have answered to it; `None`: it cannot be read.
    pub(super) async fn shown(&self, media: &MediaId) -> Result<Option<Shown>, Stop> {
        match self.scope.ask(self.engine.shown(media)).await? {
            Ok(shown) => Ok(shown),
            Err(refusal) => Halt::for_account(&refusal).map_or(Ok(None), |halt| Err(Stop::Account(halt))),
        }
    }
}

/// What is known of the media of a record before its deletion is announced.
enum Identity {
    Shown(Shown),
    /// Nothing is announced, and this is how the post ends.
    Ended(Outcome),
}

/// Why an announced deletion is not sent.
enum Held {
    Outcome(Outcome),
    Stop(Stop),
}

impl From<Stop> for Held {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn taken_back() -> Outcome {
    Outcome::Paused { reason: "nothing orders its deletion any more, so nothing was sent".to_owned() }
}

fn perhaps() -> Outcome {
    Outcome::PerhapsDeleted { reason: "its deletion was sent without a clear answer".to_owned() }
}

/// Whether the record of another post, of any account, names the same media.
fn is_claimed_by_another<'a>(mut records: impl Iterator<Item = &'a Record>, record: &Record, media: &MediaId) -> bool {
    records.any(|other| {
        (&other.user_id, &other.key) != (&record.user_id, &record.key)
            && other.stage() != Stage::Forgotten
            && other.claimed_media() == Some(media)
    })
}

/// Those whose end was not known have ended like this.
fn ended(record: Record, outcome: DeletionOutcome) -> Record {
    attempt::noted(record, |live| live.deletions.end(outcome))
}

/// The deletions of a record whose end is not known, oldest first.
fn open_in(record: &Record) -> impl Iterator<Item = &Deletion> {
    record.live().into_iter().flat_map(|live| live.deletions.iter()).filter(|entry| entry.outcome.is_none())
}

/// The open deletions of a record as what a lease is read from.
fn as_publishes(record: &Record) -> Record {
    let intents = open_in(record).map(|open| PublishIntent { at: open.at, lease_until: open.lease_until }).collect();
    Record { intents, ..record.clone() }
}

#[cfg(test)]
mod tests;
