//! One publish: intent before, id right after, and the truth in between.
//!
//! The order of the calls in [`Publisher::publish`] is the product's first promise; keep it on one screen.

mod announce;

use std::sync::Arc;
use std::time::Duration;

use igsync_base::id::{MediaId, PartId};
use igsync_model::lockfile::{Reason, Record, Stage, Via};
use igsync_model::manifest::Post;

use super::appointment::Verdict;
use super::attempt;
use super::book::Book;
use super::cause::Cause;
use super::context::Scope;
use super::engine::{Class, Publishing, Refusal, Service};
use super::failure::Failure;
use super::outcome::Outcome;
use super::poll;
use super::protocol::Standing;
use super::stop::{Halt, Stop};
use super::waits_for::WaitsFor;

pub(super) use announce::Batch;

/// A publish on the wire is waited for this long after the run was asked to stop.
const PUBLISH_GRACE: Duration = Duration::from_secs(5);

/// What came of one try to publish a prepared post; the record is written.
#[derive(Debug)]
pub(super) enum Sent {
    Live(Record),
    /// Nothing was sent, and this run sends nothing more for the post.
    Ended(Outcome),
    /// It has to be looked at before it is tried again: it was not ready, or its lease ran out before it was sent.
    Again(Record),
    /// What the publish did has to be found out.
    Settle(Record, Doubt),
}

/// Why a publish has to be settled.
#[derive(Debug)]
pub(super) enum Doubt {
    /// It never left this machine.
    NotSent(Refusal),
    /// Its answer says nothing.
    Unclear,
    /// A refusal, which counts once the container has been read back.
    Refused(Refusal),
}

/// Publishes the prepared posts of one account.
pub(super) struct Publisher {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
}

impl Publisher {
    pub(super) fn new(scope: Scope, engine: Service, book: Arc<dyn Book>) -> Self {
        Self { scope, engine, book }
    }

    /// Announces, publishes and records one prepared post. `known` is what has to be said of the post should the
    /// run end here.
    pub(super) async fn publish(
        &self,
        post: &Post,
        record: Record,
        batch: Batch<'_>,
        known: &mut Option<Outcome>,
    ) -> Result<Sent, Stop> {
        self.scope.may_begin(&*self.engine)?;
        // A publish that would be held back must not be announced: no one could tell that it never left.
        if let Some(refusal) = self.engine.barred() {
            return Err(Stop::unreachable(&refusal));
        }
        if let Some(outcome) = self.has_expired(post) {
            return Ok(Sent::Ended(outcome));
        }
        let Some(container) = attempt::usable_container(&record, self.engine.now()).cloned() else {
            self.book.end(attempt::not_published(record, Reason::Expired)).await?;
            return Err(Stop::Post(Failure::expired()));
        };
        if let Some(appointment) = batch.appointment {
            appointment.wait_to_announce(&self.scope, &*self.engine, &post.key).await?;
        }
        let announced = match self.announce(record.clone(), batch).await {
            // A remote that is away for a moment: what is waited for is looked at again.
            Err(Stop::Account(halt)) if batch.appointment.is_some() && halt.cause == Cause::Incomplete => {
                return Ok(Sent::Ended(Outcome::Changed));
            }
            announced => announced?,
        };
        let Some((record, announcement)) = announced else {
            return Ok(Sent::Ended(self.taken(&record).unwrap_or_else(Outcome::undecided)));
        };
        if let Some(appointment) = batch.appointment {
            match appointment.keep(&self.scope, &*self.engine, &*self.book, post, &record).await {
                Ok(Verdict::GoesOut) => {}
                // No one has to wait for a lease of which this machine knows that nothing was sent under it.
                ended => {
                    self.book.no_longer_unsent(&record.attempt);
                    self.never_sent(record).await?;
                    return ended.map(|_| Sent::Ended(Outcome::Changed));
                }
            }
        }
        if self.book.is_shared() || batch.appointment.is_some() {
            // Announcing took a push, or a wait: the world may have moved on meanwhile.
            self.scope.go_on()?;
            if let Some(outcome) = self.has_expired(post) {
                if !self.book.is_shared() {
                    self.never_sent(record).await?;
                }
                return Ok(Sent::Ended(outcome));
            }
        }
        if !announcement.still_holds(&self.scope) {
            let is_unsent = self.book.is_unsent(&record.attempt);
            return Ok(Sent::Again(if is_unsent { record } else { self.never_sent(record).await? }));
        }
        self.scope.still_alone()?;
        self.book.no_longer_unsent(&record.attempt);
        match self.send(&container).await {
            Publishing::Live(media_id) => self.is_live(post, record, media_id, known).await.map(Sent::Live),
            Publishing::NotSent(refusal) => Ok(Sent::Settle(self.never_sent(record).await?, Doubt::NotSent(refusal))),
            Publishing::Unclear(refusal) => match Halt::for_account(&refusal) {
                Some(halt) => Err(perhaps_live(Stop::Account(halt), known)),
                None => Ok(Sent::Settle(record, Doubt::Unclear)),
            },
            Publishing::Refused(refusal) => self.is_refused(record, refusal).await,
        }
    }

    /// Sends the one call that cannot be undone. Asked to stop, it is waited for a little longer: an
    /// answer now saves a settlement later.
    async fn send(&self, container: &PartId) -> Publishing {
        let publish = self.engine.publish(container);
        tokio::select! {
            biased;
            answer = publish => answer,
            _ = self.scope.patience(PUBLISH_GRACE) => Publishing::Unclear(Refusal::new(
                Class::Other,
                "the run was stopped while the publish request was in flight",
                "run apply again: it checks what the publish did before it sends anything",
            )),
        }
    }

    /// The id is on disk before anything else is asked or said.
    async fn is_live(
        &self,
        post: &Post,
        record: Record,
        media_id: MediaId,
        known: &mut Option<Outcome>,
    ) -> Result<Record, Stop> {
        let at = self.engine.now();
        let kept = self.book.write(attempt::published(record, Some(media_id.clone()), Via::Publish, at, Some(post)));
        kept.await.map_err(|stop| {
            let halt = stop.into_halt();
            let reason = format!("it is live as {media_id}, but that could not be recorded: {}", halt.reason);
            *known = Some(Outcome::Unsettled { reason });
            Stop::Run(Halt { cause: Cause::Unknown, ..halt })
        })
    }

    async fn is_refused(&self, record: Record, refusal: Refusal) -> Result<Sent, Stop> {
        if refusal.class == Class::NotReady {
            let times = u32::try_from(record.refusals.len()).unwrap_or(u32::MAX);
            if times > 0 {
                let pause = poll::after_not_ready(times, &self.scope.waits);
                self.scope.wait(&record.key, WaitsFor::NotReady, pause, self.engine.now()).await?;
            }
            return self.book.write(attempt::refused(record, &refusal)).await.map(Sent::Again);
        }
        let record = self.book.write(attempt::refused(record, &refusal)).await?;
        match Halt::for_account(&refusal) {
            Some(halt) => Err(Stop::Account(halt)),
            None => Ok(Sent::Settle(record, Doubt::Refused(refusal))),
        }
    }

    async fn never_sent(&self, record: Record) -> Result<Record, Stop> {
        self.book.write(attempt::never_sent(record)).await
    }

    /// Notes of a publish that is announced and was not sent that it never left this machine.
    pub(super) async fn take_back(&self, record: Record) -> Result<Record, Stop> {
        if self.book.no_longer_unsent(&record.attempt) { self.never_sent(record).await } else { Ok(record) }
    }

    /// Whether this machine slept since the service spoke last.
    pub(super) fn has_slept(&self) -> bool {
        self.engine.has_slept()
    }

    fn standing(&self, record: &Record) -> Standing {
        (self.scope.protocol.standing)(record, &self.book.attempts(&self.scope.user_id, &record.key))
    }

    /// What to say where another attempt of the same post is in the way.
    pub(super) fn is_blocked(&self, record: &Record) -> Option<Outcome> {
        if let Some(outcome) = self.taken(record) {
            return Some(outcome);
        }
        let reason = match self.standing(record) {
            Standing::GoesOn => return None,
            Standing::Superseded(Stage::Published) => "another attempt is live already",
            Standing::Superseded(Stage::Ignored) => "it is ignored: `igsync lock rm KEY` lets it be published again",
            Standing::Superseded(_) | Standing::Waits => "another attempt of the same post is not settled yet",
        };
        Some(Outcome::Pending { reason: reason.to_owned() })
    }

    fn has_expired(&self, post: &Post) -> Option<Outcome> {
        let until = post.publish_until?;
        (self.engine.now() > until).then(|| Outcome::NotAttempted {
            reason: "publish_until has passed while the media were processed".to_owned(),
        })
    }
}

/// The end of a run after a publish without a clear answer.
pub(super) fn perhaps_live(stop: Stop, known: &mut Option<Outcome>) -> Stop {
    let (Stop::Account(halt) | Stop::Run(halt)) = &stop else { return stop };
    let reason = format!("its publish was sent, but its outcome could not be read: {}", halt.reason);
    *known = Some(Outcome::Unsettled { reason });
    stop
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Answer, Bench, post, record};
    use super::*;
    use igsync_base::id::Kind;

    fn refusal(class: Class) -> Refusal {
        Refusal { class, code: Some(36_003), subcode: None, text: "no".into(), help: String::new(), trace: None }
    }

    async fn publish(bench: &Bench, known: &mut Option<Outcome>) -> Result<Sent, Stop> {
        let (scope, engine, book) = bench.parts();
        let publisher = Publisher::new(scope, engine, book);
        let batch = Batch { fingerprint: &["9".into()], remaining: &[], appointment: None };
        publisher.publish(&post("posts/a", Kind::Image, "x"), bench.record(), batch, known).await
    }

    #[tokio::test]
    async fn a_publish_is_announced_before_it_is_sent_and_recorded_after() {
        let answer = Answer::Publish(Publishing::Live("17920238422030506".into()));
        let bench = Bench::new(5, [record(Kind::Image, "x", &[])], [answer]);
        let sent = publish(&bench, &mut None).await.unwrap();
        assert!(
            matches!(&sent, Sent::Live(record) if record.claimed_media() == Some(&"17920238422030506".into())),
            "{sent:?}"
        );
        assert_eq!(*bench.book.written.lock().unwrap(), [Stage::Intent, Stage::Published]);
    }

    #[tokio::test]
    async fn an_answer_without_an_id_is_to_be_settled() {
        let answer = Answer::Publish(Publishing::Unclear(refusal(Class::Other)));
        let bench = Bench::new(5, [record(Kind::Image, "x", &[])], [answer]);
        let mut known = None;
        let sent = publish(&bench, &mut known).await.unwrap();
        assert!(matches!(&sent, Sent::Settle(record, Doubt::Unclear) if record.refusals.is_empty()), "{sent:?}");
        assert!(known.is_none(), "settling may still find out");
        assert_eq!(bench.record().stage(), Stage::Intent);
    }

    #[tokio::test]
    async fn an_account_that_is_barred_ends_with_what_may_be_live() {
        let answer = Answer::Publish(Publishing::Unclear(refusal(Class::Account)));
        let bench = Bench::new(5, [record(Kind::Image, "x", &[])], [answer]);
        let mut known = None;
        let sent = publish(&bench, &mut known).await;
        assert!(matches!(&sent, Err(Stop::Account(halt)) if halt.cause == Cause::Account), "{sent:?}");
        assert!(matches!(known, Some(Outcome::Unsettled { .. })), "{known:?}");
    }

    #[tokio::test]
    async fn a_refusal_is_written_down_before_it_is_settled() {
        let answer = Answer::Publish(Publishing::Refused(refusal(Class::Content)));
        let bench = Bench::new(5, [record(Kind::Image, "x", &[])], [answer]);
        let sent = publish(&bench, &mut None).await.unwrap();
        assert!(matches!(&sent, Sent::Settle(_, Doubt::Refused(_))), "{sent:?}");
        assert_eq!(bench.record().refusals.len(), 1);
    }

    #[tokio::test]
    async fn a_container_that_is_too_old_is_not_published() {
        let bench = Bench::new(24 * 60 * 60, [record(Kind::Image, "x", &[])], []);
        let sent = publish(&bench, &mut None).await;
        assert!(matches!(&sent, Err(Stop::Post(failure)) if failure.try_again), "{sent:?}");
        assert_eq!(bench.record().stage(), Stage::NotPublished);
    }
}
