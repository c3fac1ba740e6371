//! One deletion: announced before, recorded right after, and the truth in between.
//!
//! The order of the calls in [`Deleter::delete`] is what a person sees who asks whether a post was deleted without an
//! order; keep it on one screen.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Unit;

use igsync_base::id::{MediaId, PostKey};
use igsync_model::lockfile::{Deletion, DeletionOutcome, PublishIntent, Record, Stage};
use igsync_model::plan::Counts;

use super::announcement::OWN;
use super::attempt::{self, later};
use super::book::Book;
use super::context::{Scope, lock};
use super::engine::{Class, Deleting, Refusal, Service};
use super::failure::Failure;
use super::missing::{Found, search_one};
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
    pub(super) async fn delete(&self, key: &PostKey, known: &mut Option<Outcome>) -> Result<Outcome, Stop> {
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
        let Some(record) = self.announce(record).await? else { return Ok(self.left_to_others(key)) };
        // Announcing can take a push: the world may have moved on meanwhile.
        if let Err(stop) = self.scope.go_on() {
            self.book.write(ended(record, DeletionOutcome::Withdrawn)).await?;
            return Err(stop);
        }
        if let Err(reason) = self.still_holds(&record, &media) {
            self.book.write(ended(record, DeletionOutcome::Withdrawn)).await?;
            return Ok(Outcome::Pending { reason });
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
    fn still_holds(&self, record: &Record, media: &MediaId) -> Result<(), String> {
        let own = open_in(record).last();
        let until = attempt::whole(later(self.engine.now(), self.reach()), Unit::Millisecond);
        if self.engine.has_slept() || own.is_none_or(|own| own.lease_until < until) {
            return Err("announcing its deletion took too long".to_owned());
        }
        match self.subject(&record.key, own)? {
            (now, same) if same == *media && now.attempt == record.attempt => Ok(()),
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

    /// On disk before anything else is asked or said.
    async fn is_gone(&self, record: Record, media: &MediaId, known: &mut Option<Outcome>) -> Result<Outcome, Stop> {
        *known = Some(Outcome::PerhapsDeleted {
            reason: "it is deleted, but that could not be recorded; the next run checks".to_owned(),
        });
        self.book.write(ended(record, DeletionOutcome::Deleted).deleted()).await?;
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
    /// and this run still want the post deleted.
    pub(super) async fn settle(&self, record: Record, is_ordered: bool) -> Result<Ended, Stop> {
        let Some(media) = record.claimed_media().cloned() else { return Ok(Ended::Undecided) };
        let began = self.scope.clock.monotonic();
        let (settle, read_at) = (self.scope.waits.settle, self.scope.read_at());
        let quiet = Quiet::of(&as_publishes(&record), Origin::AnEarlierRun, &self.leases, settle, read_at, began);
        loop {
            let quiet_in = quiet.left(self.engine.now(), self.scope.clock.monotonic());
            match self.look(&record, &media).await? {
                Found::Gone => {
                    self.book.write(ended(record, DeletionOutcome::Deleted).deleted()).await?;
                    return Ok(Ended::Gone(media));
                }
                Found::Unclear => return Ok(Ended::Undecided),
                Found::There if !quiet_in.is_zero() => {
                    self.scope.wait(&record.key, WaitsFor::Deletion, quiet_in, self.engine.now()).await?;
                }
                Found::There if is_ordered => {
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

    async fn look(&self, record: &Record, media: &MediaId) -> Result<Found, Stop> {
        search_one(&self.scope, &*self.engine, &*self.book, record, media).await
    }

    /// How people have answered to a live post; `None`: it cannot be read.
    pub(super) async fn counts(&self, media: &MediaId) -> Result<Option<Counts>, Stop> {
        match self.scope.ask(self.engine.counts(media)).await? {
            Ok(counts) => Ok(counts),
            Err(refusal) => Halt::for_account(&refusal).map_or(Ok(None), |halt| Err(Stop::Account(halt))),
        }
    }
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
mod tests {
    use super::super::announcement::leases;
    use super::super::cause::Cause;
    use super::super::engine::Presence;
    use super::super::testing::{Answer, Bench, at, live, media};
    use super::*;
    use igsync_base::id::Kind;
    use igsync_model::lockfile::Via;

    fn refusal(class: Class, code: i64) -> Refusal {
        Refusal { class, code: Some(code), subcode: None, text: "no".into(), help: String::new(), trace: None }
    }

    fn deleter(bench: &Bench) -> Deleter {
        let (scope, engine, book) = bench.parts();
        Deleter::new(scope, engine, book, leases(&bench.scope.waits))
    }

    fn bench(answers: impl IntoIterator<Item = Answer>) -> Bench {
        Bench::new(1000, [live("posts/a", "179"), live("posts/b", "180")], answers)
    }

    async fn delete(bench: &Bench) -> Result<Outcome, Stop> {
        deleter(bench).delete(&"posts/a".into(), &mut None).await
    }

    fn last(bench: &Bench) -> (Stage, Option<DeletionOutcome>) {
        let record = bench.record();
        let last = record.known_live().and_then(|live| live.deletions.last().cloned());
        (record.stage(), last.and_then(|last| last.outcome))
    }

    /// What is asked of a post that is gone, and answered.
    fn gone() -> Vec<Answer> {
        let look = || [listed(&[("180", -10_000)]), THERE, DENIED, THERE];
        [DENIED].into_iter().chain(look()).chain(look()).collect()
    }

    const THERE: Answer = Answer::Exists(Presence::There);
    const DENIED: Answer = Answer::Exists(Presence::Denied);

    fn listed(ids: &[(&str, i64)]) -> Answer {
        Answer::List(ids.iter().map(|(id, second)| media(id, Kind::Image, Some("x"), *second)).collect())
    }

    #[tokio::test]
    async fn a_deletion_is_announced_before_it_is_sent_and_recorded_after() {
        let bench = bench([Answer::Delete(Deleting::Gone)]);
        let outcome = delete(&bench).await.unwrap();
        assert!(matches!(&outcome, Outcome::Deleted(media) if media.as_str() == "179"), "{outcome:?}");
        assert_eq!(*bench.book.written.lock().unwrap(), [Stage::Published, Stage::Deleted]);
        assert_eq!(last(&bench), (Stage::Deleted, Some(DeletionOutcome::Deleted)));
        assert_eq!(bench.record().claimed_media(), Some(&"179".into()), "no other post can be that media");
    }

    #[tokio::test]
    async fn a_refusal_counts_and_leaves_the_post_as_it_is() {
        let bench = bench([Answer::Delete(Deleting::Refused(refusal(Class::Other, -1)))]);
        let outcome = delete(&bench).await.unwrap();
        assert!(matches!(&outcome, Outcome::Failed(failure) if failure.code == Some(-1)), "{outcome:?}");
        assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Refused)));
    }

    #[tokio::test]
    async fn a_lacking_permission_stops_the_account_and_counts_as_a_refusal() {
        for code in [10, 200, 299] {
            let bench = bench([Answer::Delete(Deleting::Refused(refusal(Class::Account, code)))]);
            let stop = delete(&bench).await;
            assert!(matches!(&stop, Err(Stop::Account(halt)) if halt.cause == Cause::Account), "{stop:?}");
            assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Refused)));
        }
    }

    #[tokio::test]
    async fn what_concerns_the_whole_account_stops_it_and_is_no_refusal_of_this_post() {
        for (class, code) in [(Class::Account, 190), (Class::Later, 80_002)] {
            let bench = bench([Answer::Delete(Deleting::Refused(refusal(class, code)))]);
            assert!(matches!(delete(&bench).await, Err(Stop::Account(_))));
            assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
        }
    }

    #[tokio::test]
    async fn a_denied_deletion_is_settled_by_looking() {
        let denied = || Answer::Delete(Deleting::Denied(refusal(Class::Other, 100)));
        let missing = bench([denied()].into_iter().chain(gone()));
        assert!(matches!(delete(&missing).await.unwrap(), Outcome::Deleted(_)));
        assert_eq!((last(&missing).0, missing.engine.left()), (Stage::Deleted, 0));
        let refused = bench([denied(), THERE]);
        assert!(matches!(delete(&refused).await.unwrap(), Outcome::Failed(_)));
        assert_eq!(last(&refused), (Stage::Published, Some(DeletionOutcome::Refused)));
        let outage = bench([denied(), DENIED, listed(&[("179", 101)])]);
        assert!(matches!(delete(&outage).await.unwrap(), Outcome::PerhapsDeleted { .. }));
        assert_eq!(last(&outage), (Stage::Published, None), "the next run asks again");
    }

    #[tokio::test]
    async fn an_unclear_deletion_stays_open_while_the_post_answers() {
        let unclear = || Answer::Delete(Deleting::Unclear(refusal(Class::Other, 2)));
        let open = bench([unclear(), THERE]);
        assert!(matches!(delete(&open).await.unwrap(), Outcome::PerhapsDeleted { .. }));
        assert_eq!(last(&open), (Stage::Published, None));
        let done = bench([unclear()].into_iter().chain(gone()));
        assert!(matches!(delete(&done).await.unwrap(), Outcome::Deleted(_)));
    }

    #[tokio::test]
    async fn one_that_never_left_this_machine_is_withdrawn() {
        let bench = bench([Answer::Delete(Deleting::NotSent(refusal(Class::Other, 0)))]);
        assert!(matches!(delete(&bench).await.unwrap(), Outcome::Failed(_)));
        assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
    }

    #[tokio::test]
    async fn nothing_is_sent_to_media_that_are_uncertain_claimed_twice_or_announced_by_another_run() {
        let certain = || live("posts/a", "179");
        let via = |via| attempt::noted(certain(), |live| live.via = Some(via));
        let open = |until| {
            let lease_until = at(until);
            let entry = Deletion { at: at(990), lease_until, outcome: None };
            attempt::noted(certain(), |live| live.deletions.push(entry))
        };
        let twice = Record { attempt: "another".into(), ..live("posts/a", "180") };
        for records in [
            vec![via(Via::Settled)],
            vec![via(Via::Adopted)],
            vec![certain(), live("posts/b", "179")],
            vec![certain(), live("posts/b", "179").deleted()],
            vec![certain(), twice],
            vec![open(1100)],
            // Over, and not settled.
            vec![open(999)],
        ] {
            let bench = Bench::new(1000, records, []);
            let outcome = delete(&bench).await.unwrap();
            assert!(matches!(outcome, Outcome::Pending { .. }), "{outcome:?}");
            assert!(bench.book.written.lock().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn what_this_run_has_settled_is_sent_again_without_waiting_for_what_was_announced() {
        let refused = Answer::Delete(Deleting::Refused(refusal(Class::Other, -1)));
        let announced = announced_until(at(99_000_000));
        let bench = Bench::new(5000, [announced.clone(), live("posts/b", "180")], [THERE, refused]);
        let deleter = deleter(&bench);
        assert!(matches!(deleter.settle(announced, true).await.unwrap(), Ended::Ordered));
        deleter.delete(&"posts/a".into(), &mut None).await.unwrap();
        let outcomes: Vec<_> = bench.record().live().unwrap().deletions.iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [Some(DeletionOutcome::Withdrawn), Some(DeletionOutcome::Refused)], "one refusal is one");
    }

    #[tokio::test]
    async fn a_token_that_may_not_delete_sends_nothing() {
        let bench = bench([]);
        let deleter = deleter(&bench);
        deleter.bar("it lacks a permission".to_owned());
        let outcome = deleter.delete(&"posts/a".into(), &mut None).await.unwrap();
        assert!(matches!(outcome, Outcome::NotAttempted { .. }), "{outcome:?}");
    }

    #[tokio::test]
    async fn two_announcements_of_one_moment_are_told_apart() {
        let refused = || Answer::Delete(Deleting::Refused(refusal(Class::Other, -1)));
        let bench = bench([refused(), refused()]);
        let deleter = deleter(&bench);
        for times in 1..3 {
            deleter.delete(&"posts/a".into(), &mut None).await.unwrap();
            assert_eq!(bench.record().live().unwrap().refused_deletions(), times);
        }
    }

    #[tokio::test]
    async fn a_post_tells_what_is_lost_with_it_or_is_left_out() {
        let counts = Counts { likes: Some(42), comments: None };
        let bench = bench([Answer::Counts(Some(counts)), Answer::Counts(None)]);
        let deleter = deleter(&bench);
        assert_eq!(deleter.counts(&"179".into()).await.unwrap(), Some(counts));
        assert_eq!(deleter.counts(&"179".into()).await.unwrap(), None);
    }

    /// Announced at second 1000 by another run.
    fn announced() -> Record {
        announced_until(at(1180))
    }

    fn announced_until(lease_until: jiff::Timestamp) -> Record {
        let entry = Deletion { at: at(1000), lease_until, outcome: None };
        attempt::noted(live("posts/a", "179"), |live| live.deletions.push(entry))
    }

    async fn settle(second: i64, is_ordered: bool, answers: impl IntoIterator<Item = Answer>) -> (Ended, Bench) {
        let bench = Bench::new(second, [announced(), live("posts/b", "180")], answers);
        let ended = deleter(&bench).settle(announced(), is_ordered).await.unwrap();
        (ended, bench)
    }

    #[tokio::test]
    async fn an_announced_deletion_is_found_done() {
        let (ended, bench) = settle(1010, false, gone()).await;
        assert!(matches!(ended, Ended::Gone(_)), "{ended:?}");
        assert_eq!(last(&bench), (Stage::Deleted, Some(DeletionOutcome::Deleted)));
    }

    #[tokio::test]
    async fn a_post_that_answers_after_the_lease_was_not_deleted() {
        let (ended, bench) = settle(1010, false, [THERE, THERE]).await;
        assert!(matches!(ended, Ended::Withdrawn), "{ended:?}");
        assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
        let (ended, bench) = settle(5000, true, [THERE]).await;
        assert!(matches!(ended, Ended::Ordered), "{ended:?}");
        assert_eq!(last(&bench), (Stage::Published, None), "until it is sent again");
    }

    #[tokio::test]
    async fn an_outage_settles_nothing() {
        let answers = [DENIED, listed(&[]), DENIED];
        let (ended, bench) = settle(5000, false, answers).await;
        assert!(matches!(ended, Ended::Undecided), "{ended:?}");
        assert_eq!(last(&bench), (Stage::Published, None));
    }
}
