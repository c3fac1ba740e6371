//! Saying that a publish is about to be sent: on this machine's disk and, where other machines publish
//! too, on the remote. Nothing is sent that has not been announced, and nothing for which too little is left
//! of its lease.

use jiff::Timestamp;

use igsync_base::id::{MediaId, PartId};
use igsync_model::lockfile::{Reason, Record, Stage};

use super::super::announcement::{Announcement, BATCH, OWN, PUSH, TURN};
use super::super::appointment::Appointment;
use super::super::attempt::{self, later};
use super::super::event::Event;
use super::super::outcome::Outcome;
use super::super::protocol::Standing;
use super::super::replan::Withdrawn;
use super::super::stop::Stop;
use super::Publisher;

/// So often a post is announced again because its lease ran out while it was pushed.
const TRIES: usize = 3;

/// Whether it is known of an announced publish that it made nothing live.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Settled,
    None,
}

/// What is about to be published, and what comes after it.
#[derive(Clone, Copy)]
pub(in super::super) struct Batch<'a> {
    pub(in super::super) fingerprint: &'a [MediaId],
    /// Prepared posts of this account whose turn comes later: where announcing costs a push, it is done for all.
    pub(in super::super) remaining: &'a [Record],
    /// Of a run that waits for the posts' times.
    pub(in super::super) appointment: Option<&'a Appointment<'a>>,
}

impl Publisher {
    /// Announces the publish of `record`. `None`: another machine has the post.
    pub(super) async fn announce(
        &self,
        mut record: Record,
        batch: Batch<'_>,
    ) -> Result<Option<(Record, Announcement)>, Stop> {
        if !self.book.is_shared() {
            return self.announce_here(record, self.begin(), batch).await.map(Some);
        }
        self.book.catch_up().await?;
        for _ in 0..TRIES {
            record = self.book.current(record);
            let announcement = self.begin();
            if self.book.is_unsent(&record.attempt) {
                if last_lease(&record) >= Some(announcement.lease_until()) {
                    return Ok(Some((record, announcement)));
                }
            } else if self.is_announced_until(&record, announcement.lease_until()) {
                // Sent before, to no effect: the lease that everyone knows still holds.
                return self.announce_here(record, announcement, batch).await.map(Some);
            }
            if !self.announce_batch(&record, batch).await? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn begin(&self) -> Announcement {
        Announcement::begin(&self.scope, self.engine.now())
    }

    async fn announce_here(
        &self,
        record: Record,
        announcement: Announcement,
        batch: Batch<'_>,
    ) -> Result<(Record, Announcement), Stop> {
        let record = self.book.write(announcement.note(record, batch.fingerprint)).await?;
        self.emit_announced(&record)?;
        Ok((record, announcement))
    }

    /// Announces one post and the remaining ones in one push; returns whether the first is granted.
    async fn announce_batch(&self, first: &Record, batch: Batch<'_>) -> Result<bool, Stop> {
        let remaining = batch.remaining.iter().map(|record| self.book.current(record.clone()));
        let remaining = remaining.filter(|record| self.may_be_announced(record));
        let (now, enough) = (self.engine.now(), self.begin().lease_until());
        let mut intents = Vec::new();
        for (place, record) in std::iter::once(first.clone()).chain(remaining).take(BATCH).enumerate() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            let own = OWN.mul_f64(self.scope.jitter());
            let turns = TURN.saturating_mul(place);
            let lease_until = later(enough, turns.saturating_add(PUSH + own));
            let record = if self.book.is_unsent(&record.attempt) { attempt::never_sent(record) } else { record };
            intents.push(attempt::intent(record, batch.fingerprint, now, lease_until));
        }
        let granted = self.book.claim(intents.iter().map(|record| vec![record.clone()]).collect()).await?;
        for record in intents.iter().zip(&granted).filter_map(|(record, granted)| granted.then_some(record)) {
            self.emit_announced(record)?;
        }
        if granted.first() != Some(&true) {
            self.give_way(first, Proof::Settled).await?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether a post whose turn comes later is announced along with an earlier one.
    fn may_be_announced(&self, record: &Record) -> bool {
        record.container.is_some()
            && matches!(record.stage(), Stage::Containers | Stage::Intent)
            && !self.book.is_unsent(&record.attempt)
            && !self.is_left_to_others(record)
            && self.standing(record) == Standing::GoesOn
    }

    /// Whether other machines have recorded something since this run began that keeps it from this post.
    fn is_left_to_others(&self, record: &Record) -> bool {
        let (user, key) = (&self.scope.user_id, &record.key);
        self.book.is_touched(user, key) || self.book.withdrawn(user, key).is_some()
    }

    /// Ends an attempt of which no one else knows, because another machine publishes the post, or one that it repeats.
    async fn give_way(&self, record: &Record, proof: Proof) -> Result<(), Stop> {
        let others = self.book.attempts(&self.scope.user_id, &record.key);
        let holds =
            |other: &Record| other.attempt != record.attempt && (other.is_open() || other.stage() == Stage::Published);
        let is_over = match record.stage() {
            Stage::Containers => true,
            Stage::Intent => proof == Proof::Settled,
            _ => false,
        };
        let is_private = is_over && self.book.standing_of(record).is_none();
        let is_withdrawn = self.book.withdrawn(&self.scope.user_id, &record.key).is_some();
        if is_private && (is_withdrawn || others.iter().any(holds)) {
            self.book.write(attempt::not_published(record.clone(), Reason::Superseded)).await?;
        }
        Ok(())
    }

    /// What became of a post that another machine has taken up since this run began.
    pub(in super::super) fn taken(&self, record: &Record) -> Option<Outcome> {
        if !self.book.is_touched(&self.scope.user_id, &record.key) {
            return self.book.withdrawn(&self.scope.user_id, &record.key).map(Withdrawn::outcome);
        }
        let attempts = self.book.attempts(&self.scope.user_id, &record.key);
        let is_live = attempts.iter().any(|other| other.stage() == Stage::Published);
        Some(if is_live {
            Outcome::Elsewhere { reason: "another run has published it meanwhile".to_owned() }
        } else {
            Outcome::Pending { reason: "another run is working on it".to_owned() }
        })
    }

    /// Takes note of what this run leaves to others: announced publishes that were never sent, so that
    /// no one waits for their leases, and containers of posts that another machine has taken up.
    pub(in super::super) async fn leave_to_others(&self) -> Result<(), Stop> {
        let open: Vec<Record> = self.book.with(|records| records.open(&self.scope.user_id).cloned().collect());
        for record in open {
            if self.book.no_longer_unsent(&record.attempt) {
                self.book.write(attempt::never_sent(record)).await?;
            } else if self.is_left_to_others(&record) {
                self.give_way(&record, Proof::None).await?;
            }
        }
        Ok(())
    }

    /// Whether a publish of this attempt may have been sent.
    pub(in super::super) fn was_sent(&self, record: &Record) -> bool {
        attempt::count_sent(record) > usize::from(self.book.is_unsent(&record.attempt))
    }

    /// Whether the newest announcement that other machines see is neither over nor refused.
    fn is_announced_until(&self, record: &Record, until: Timestamp) -> bool {
        let Some(standing) = self.book.standing_of(record) else { return false };
        let newest = standing.intents.iter().max();
        standing.stage() == Stage::Intent
            && self.book.has_announced(&standing)
            && newest.is_some_and(|newest| {
                newest.lease_until >= until && !standing.refusals.iter().any(|refusal| refusal.intent_at == newest.at)
            })
    }

    fn emit_announced(&self, record: &Record) -> Result<(), Stop> {
        let Some(container) = container_of(record) else { return Ok(()) };
        self.scope.emit(&Event::IntentRecorded { post: self.scope.post_ref(&record.key), container })
    }
}

fn container_of(record: &Record) -> Option<PartId> {
    record.container.as_ref().map(|container| container.id.clone())
}

fn last_lease(record: &Record) -> Option<Timestamp> {
    record.intents.iter().max().map(|intent| intent.lease_until)
}
