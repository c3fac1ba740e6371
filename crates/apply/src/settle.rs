//! Finding out what an unclear publish did. Settling never publishes.
//!
//! The container's own status comes first, because it is the only direct evidence; the listing of the
//! account is asked where the status cannot speak any more.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use igsync_base::id::{MediaId, PartId};
use igsync_model::lockfile::{Reason, Record, Stage, Via};
use igsync_model::manifest::Post;

use super::attempt;
use super::book::Book;
use super::context::Scope;
use super::engine::{Reading, Service};
use super::event::Event;
use super::evidence::Evidence;
use super::matching::Look;
use super::poll;
use super::protocol::{Moment, Origin, Standing, Step};
use super::quiet::{Leases, Quiet};
use super::stop::Stop;
use super::waits_for::WaitsFor;

/// What a settlement found; the record is already written.
#[derive(Clone, Debug)]
pub(super) enum Settled {
    /// Live.
    Published(Record),
    /// Nothing is live; the attempt stays open and the same container may be published.
    Open(Record),
    /// Nothing is live, and the container is dead.
    Closed(Record),
    /// The evidence is ambiguous.
    Unknown(Record),
    /// Not known yet, nothing is lost: the attempt stays as it is and a later run asks again.
    Undecided,
}

/// Finds out what became of the attempts of one account, and records it.
pub(super) struct Settler {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    evidence: Evidence,
    /// Which leases of other runs are believed.
    leases: Leases,
}

impl Settler {
    pub(super) fn new(scope: Scope, engine: Service, book: Arc<dyn Book>, leases: Leases) -> Self {
        let evidence = Evidence::new(&scope, &engine, &book);
        Self { scope, engine, book, evidence, leases }
    }

    /// Finds out what the publishes announced in `record` did, and records it.
    pub(super) async fn settle(&self, record: Record, origin: Origin, post: Option<&Post>) -> Result<Settled, Stop> {
        let Some(container) = record.container.clone() else {
            // Without a container nothing was ever sent.
            let is_unknown = record.stage() == Stage::Unknown;
            return if is_unknown { self.settle_sighting(record).await } else { Ok(Settled::Open(record)) };
        };
        let (waits, began) = (&self.scope.waits, self.scope.clock.monotonic());
        let quiet = Quiet::of(&record, origin, &self.leases, waits.settle, self.scope.read_at(), began);
        let give_up_at = began + waits.poll_budget.min(MAX_WAIT);
        for look in 0.. {
            let reading = self.read(&container.id).await?;
            let (now, monotonic) = (self.engine.now(), self.scope.clock.monotonic());
            let quiet_in = quiet.left(now, monotonic);
            let gap = poll::gap(record.kind, false, look, &self.scope.waits);
            self.emit_polled(&record, &container.id, reading)?;
            match (self.scope.protocol.container)(&record, reading, Moment { now, quiet_in, gap }) {
                Step::Live => return self.found_live(record, post).await.map(Settled::Published),
                Step::NotPublished => return self.confirm_not_published(record, post).await,
                Step::AskListing => return self.settle_by_listing(record, post).await,
                // What only has to be waited for has an end of its own.
                Step::Wait(_) if monotonic >= give_up_at && reading != Reading::Ready => {
                    return self.last_look(record, post).await;
                }
                Step::Wait(duration) => {
                    self.scope.wait_and_look(&record.key, waits_for(reading, origin), duration, now).await?;
                }
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// A live check saw media that could be the post. Once all of them are known to be other posts the doubt is
    /// gone, and the next live check looks again. Media that were only matched take no doubt away, and neither does
    /// a post with the same files: it may be this one under another key.
    async fn settle_sighting(&self, record: Record) -> Result<Settled, Stop> {
        let is_other = |other: &&Record| {
            other.user_id == record.user_id
                && other.key != record.key
                && other.media_digest.is_some()
                && other.media_digest != record.media_digest
        };
        let others: HashSet<MediaId> = self
            .book
            .with(|records| records.iter().filter(is_other).filter_map(Record::proven_media).cloned().collect());
        if record.evidence.is_empty() || !record.evidence.iter().all(|media| others.contains(media)) {
            return Ok(Settled::Unknown(record));
        }
        let closed = attempt::not_published(record, Reason::AnotherPost);
        self.book.end(closed.clone()).await?;
        Ok(Settled::Closed(closed))
    }

    /// The container says that the post is live; its media id is found later.
    pub(super) async fn found_live(&self, record: Record, post: Option<&Post>) -> Result<Record, Stop> {
        let at = record.intents.iter().map(|intent| intent.at).max().unwrap_or_else(|| self.engine.now());
        self.book.write(attempt::published(record, None, Via::Settled, at, post)).await
    }

    /// The status says that nothing was published. Where an answer was unclear the listing is asked
    /// as well: believing a wrong status would publish the post twice.
    async fn confirm_not_published(&self, record: Record, post: Option<&Post>) -> Result<Settled, Stop> {
        if attempt::all_refused(&record) {
            return Ok(Settled::Open(record));
        }
        let first = self.evidence.look_for(&record).await?;
        let found = self.evidence.candidates(&record, &first).len();
        if found == 0 {
            return Ok(Settled::Open(record));
        }
        match self.evidence.second_look(&record, &first).await? {
            Some(media) => self.bind(record, media, post).await.map(Settled::Published),
            None => self.undecided(record, Reason::MaybeLive, &first).await,
        }
    }

    /// The container is expired, failed or gone: only the listing is left.
    async fn settle_by_listing(&self, record: Record, post: Option<&Post>) -> Result<Settled, Stop> {
        let first = self.evidence.look_for(&record).await?;
        if !self.evidence.candidates(&record, &first).is_empty()
            && let Some(media) = self.evidence.second_look(&record, &first).await?
        {
            return self.bind(record, media, post).await.map(Settled::Published);
        }
        if attempt::all_refused(&record) {
            return self.book.write(attempt::not_published(record, Reason::ContainerGone)).await.map(Settled::Closed);
        }
        if self.evidence.is_ruled_out(&record, &first) {
            let (look, now) = (self.scope.waits.look, self.engine.now());
            self.scope.wait(&record.key, WaitsFor::SecondLook, look, now).await?;
            let second = self.evidence.look_for(&record).await?;
            if self.evidence.is_ruled_out(&record, &second) {
                return self
                    .book
                    .write(attempt::not_published(record, Reason::ContainerGone))
                    .await
                    .map(Settled::Closed);
            }
        }
        self.undecided(record, Reason::NotConclusive, &first).await
    }

    /// What looked like the post goes into the record: the person who decides is shown it.
    async fn undecided(&self, record: Record, reason: Reason, look: &Look) -> Result<Settled, Stop> {
        let evidence = self.evidence.candidates(&record, look);
        let unknown = Record { evidence, ..attempt::unknown(record.clone(), reason) };
        // Every run asks again; only what it learns is worth a line.
        if unknown == record {
            Ok(Settled::Unknown(record))
        } else {
            self.book.write(unknown).await.map(Settled::Unknown)
        }
    }

    /// The container stayed unreadable or busy for as long as this run waits.
    async fn last_look(&self, record: Record, post: Option<&Post>) -> Result<Settled, Stop> {
        let first = self.evidence.look_for(&record).await?;
        if !self.evidence.candidates(&record, &first).is_empty()
            && let Some(media) = self.evidence.second_look(&record, &first).await?
        {
            return self.bind(record, media, post).await.map(Settled::Published);
        }
        Ok(Settled::Undecided)
    }

    async fn bind(&self, record: Record, media: MediaId, post: Option<&Post>) -> Result<Record, Stop> {
        let at = record.intents.iter().map(|intent| intent.at).max().unwrap_or_else(|| self.engine.now());
        self.book.write(attempt::published(record, Some(media), Via::Settled, at, post)).await
    }

    /// Closes an attempt of which nothing is live when its containers are of no more use. Returns the record
    /// where the container says that the post is live after all.
    pub(super) async fn tidy(&self, record: Record, wanted: Option<&Post>) -> Result<Option<Record>, Stop> {
        let reason = match wanted {
            None => Reason::Withdrawn,
            Some(post) if post.digest.is_some() && post.digest != record.digest => Reason::Edited,
            Some(_) if matches!(self.standing(&record), Standing::Superseded(_)) => Reason::Superseded,
            Some(_) if attempt::is_past_life(&record, self.engine.now()) => Reason::Expired,
            Some(_) => return Ok(None),
        };
        // A lost journal, or another clone's, takes announcements along; what became of the container it can
        // still tell itself.
        if record.stage() == Stage::Containers
            && let Some(container) = &record.container
        {
            match self.read(&container.id).await? {
                Reading::Live => return self.found_live(record, wanted).await.map(Some),
                Reading::Unreadable
                    if reason == Reason::Superseded && !attempt::is_past_life(&record, self.engine.now()) =>
                {
                    return Ok(None);
                }
                _ => {}
            }
        }
        self.book.end(attempt::not_published(record, reason)).await.map(|()| None)
    }

    async fn read(&self, container: &PartId) -> Result<Reading, Stop> {
        self.scope.reach(self.engine.observe(container)).await.map(|observed| observed.reading)
    }

    fn standing(&self, record: &Record) -> Standing {
        (self.scope.protocol.standing)(record, &self.book.attempts(&self.scope.user_id, &record.key))
    }

    fn emit_polled(&self, record: &Record, container: &PartId, reading: Reading) -> Result<(), Stop> {
        let made = record.container.as_ref().and_then(|container| container.created_at);
        let waited = made.map_or(Duration::ZERO, |made| self.engine.now().duration_since(made).unsigned_abs());
        self.scope.emit(&Event::ContainerPolled {
            post: self.scope.post_ref(&record.key),
            container: container.clone(),
            status: reading,
            waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// What the next reading of a container is waited for.
fn waits_for(reading: Reading, origin: Origin) -> WaitsFor {
    match origin {
        _ if reading != Reading::Ready => WaitsFor::Processing,
        Origin::AnEarlierRun => WaitsFor::Lease,
        Origin::ThisRun => WaitsFor::Effect,
    }
}

/// Waiting longer than a container lives proves nothing more.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::super::announcement::leases;
    use super::super::testing::{Answer, Bench, at, media, record};
    use super::*;
    use igsync_base::id::Kind;

    fn nothing_listed() -> Answer {
        Answer::List(Vec::new())
    }

    async fn settle(second: i64, answers: impl IntoIterator<Item = Answer>) -> (Bench, Settled) {
        let bench = Bench::new(second, [record(Kind::Image, "x", &[100])], answers);
        let settled = settle_on(&bench).await;
        (bench, settled)
    }

    async fn settle_on(bench: &Bench) -> Settled {
        let (scope, engine, book) = bench.parts();
        Settler::new(scope, engine, book, leases(&bench.scope.waits))
            .settle(record(Kind::Image, "x", &[100]), Origin::AnEarlierRun, None)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_container_that_reads_published_is_live() {
        let (bench, settled) = settle(1000, [Answer::Read(Reading::Live)]).await;
        assert!(matches!(settled, Settled::Published(_)), "{settled:?}");
        assert_eq!(bench.record().live().and_then(|live| live.via), Some(Via::Settled));
    }

    #[tokio::test]
    async fn finished_after_the_lease_and_nothing_listed_means_not_published() {
        let (bench, settled) = settle(1000, [Answer::Read(Reading::Ready), nothing_listed()]).await;
        assert!(matches!(settled, Settled::Open(_)), "{settled:?}");
        assert_eq!(bench.record().stage(), Stage::Intent);
    }

    #[tokio::test]
    async fn a_dead_container_is_ruled_out_by_two_looks() {
        let answers = [Answer::Read(Reading::Expired), nothing_listed(), nothing_listed()];
        let (bench, settled) = settle(1000, answers).await;
        assert!(matches!(settled, Settled::Closed(_)), "{settled:?}");
        assert_eq!(bench.record().stage(), Stage::NotPublished);
    }

    #[tokio::test]
    async fn media_that_another_record_only_found_rule_nothing_out() {
        for (via, is_closed) in
            [(Via::Publish, true), (Via::Adopted, false), (Via::Imported, false), (Via::Settled, false)]
        {
            let listed = || Answer::List(vec![media("7", Kind::Image, Some("x"), 101)]);
            let mut other = record(Kind::Image, "x", &[]);
            other.key = "posts/b".into();
            other.attempt = "another".into();
            let other = attempt::published(other, Some("7".into()), via, at(101), None);
            let answers = [Answer::Read(Reading::Expired), listed(), listed()];
            let bench = Bench::new(1000, [record(Kind::Image, "x", &[100]), other], answers);
            let settled = settle_on(&bench).await;
            assert_eq!(matches!(settled, Settled::Closed(_)), is_closed, "{via:?}: {settled:?}");
        }
    }
}
