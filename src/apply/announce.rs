//! Saying that a publish is about to be sent: on this machine's disk and, where other machines publish
//! too, at the remote. Nothing is sent that has not been announced, and nothing for which too little is left
//! of its lease.

use std::time::Duration;

use jiff::Timestamp;

use crate::id::{ContainerId, MediaId};
use crate::lockfile::{Record, State};

use super::account::{AccountRun, Ready};
use super::announcement::{Announcement, patience, reach};
use super::attempt;
use super::context::Halt;
use super::event::Event;
use super::outcome::Outcome;
use super::protocol::Standing;
use super::quiet::{Leases, later};
use super::remote::SUPERSEDED;

/// So many publishes are announced in one push.
const BATCH: usize = 20;

/// What one post of a batch may take, its push included.
const TURN: Duration = Duration::from_secs(20);

/// What the push of an announcement may take.
const PUSH: Duration = Duration::from_secs(60);

/// No two machines announce the same lease, so each knows its own announcement again.
const OWN: Duration = Duration::from_secs(10);

/// So often a post is announced again because its lease ran out while it was pushed.
const TRIES: usize = 3;

/// What is about to be published, and what comes after it.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) fingerprint: &'a [MediaId],
    /// Posts of this account whose turn comes later: where announcing costs a push, it is done for all.
    pub(super) behind: &'a [Ready],
}

impl AccountRun {
    /// Announces the publish of `record`. `None`: another machine has the post.
    pub(super) async fn announce(
        &self,
        mut record: Record,
        turn: Turn<'_>,
    ) -> Result<Option<(Record, Announcement)>, Halt> {
        if !self.shared.is_kept_elsewhere() {
            return self.announce_here(record, Announcement::begin(self), turn).map(Some);
        }
        self.shared.catch_up().await?;
        for _ in 0..TRIES {
            record = self.current(record);
            let announcement = Announcement::begin(self);
            if self.shared.is_unsent(&record.attempt) {
                if last_lease(&record) >= Some(announcement.lease_until()) {
                    return Ok(Some((record, announcement)));
                }
            } else if self.stands_until(&record, announcement.lease_until()) {
                // Sent before, to no effect: the lease that everybody knows still holds.
                return self.announce_here(record, announcement, turn).map(Some);
            }
            if !self.announce_batch(&record, turn).await? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Which leases of other runs are believed. They may have pushed theirs, whether this one pushes or not.
    pub(super) fn leases(&self) -> Leases {
        let waits = &self.shared.waits;
        let turns = TURN.saturating_add(self.min_gap).saturating_mul(u32::try_from(BATCH).unwrap_or(u32::MAX));
        let longest = turns.saturating_add(patience(waits) + reach(waits) + PUSH + OWN);
        Leases::new(reach(waits), longest, waits.max_skew)
    }

    fn announce_here(
        &self,
        record: Record,
        announcement: Announcement,
        turn: Turn<'_>,
    ) -> Result<(Record, Announcement), Halt> {
        let record = self.write(announcement.note(record, turn.fingerprint))?;
        self.tell_announced(&record)?;
        Ok((record, announcement))
    }

    /// Announces one post and those behind it in one push; returns whether the first is granted.
    async fn announce_batch(&self, first: &Record, turn: Turn<'_>) -> Result<bool, Halt> {
        let behind = turn.behind.iter().map(|ready| self.current(ready.record.clone()));
        let behind = behind.filter(|record| self.may_be_announced(record));
        let (now, enough) = (self.client.server_now(), Announcement::begin(self).lease_until());
        let mut batch = Vec::new();
        for (place, record) in std::iter::once(first.clone()).chain(behind).take(BATCH).enumerate() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            let own = OWN.mul_f64(self.shared.chance());
            let turns = TURN.saturating_add(self.min_gap).saturating_mul(place);
            let lease_until = later(enough, turns.saturating_add(PUSH + own));
            let record = if self.shared.is_unsent(&record.attempt) { attempt::never_sent(record) } else { record };
            batch.push(attempt::intent(record, turn.fingerprint, now, lease_until));
        }
        let granted = self.shared.claim(batch.iter().map(|record| vec![record.clone()]).collect()).await?;
        for record in batch.iter().zip(&granted).filter_map(|(record, granted)| granted.then_some(record)) {
            self.tell_announced(record)?;
        }
        if granted.first() != Some(&true) {
            self.give_way(first)?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether a post whose turn comes later is announced along with an earlier one.
    fn may_be_announced(&self, record: &Record) -> bool {
        record.container.is_some()
            && matches!(record.state, State::Containers | State::Intent)
            && !self.shared.is_unsent(&record.attempt)
            && !self.shared.is_touched(&self.user_id, &record.key)
            && self.standing(record) == Standing::GoesOn
    }

    /// Ends an attempt of which nobody else knows, because another machine publishes the post.
    fn give_way(&self, record: &Record) -> Result<(), Halt> {
        let others = self.shared.attempts(&self.user_id, &record.key);
        let holds = |other: &Record| {
            other.attempt != record.attempt && (other.state.is_open() || other.state == State::Published)
        };
        let is_private = record.state == State::Containers && self.shared.standing_of(record).is_none();
        if is_private && others.iter().any(holds) {
            self.write(attempt::not_published(record.clone(), SUPERSEDED))?;
        }
        Ok(())
    }

    /// What became of a post that another machine has taken up since this run began.
    pub(super) fn taken(&self, record: &Record) -> Option<Outcome> {
        if !self.shared.is_touched(&self.user_id, &record.key) {
            return None;
        }
        let attempts = self.shared.attempts(&self.user_id, &record.key);
        let is_live = attempts.iter().any(|other| other.state == State::Published);
        Some(if is_live {
            Outcome::Elsewhere { reason: "another run has published it meanwhile".to_owned() }
        } else {
            Outcome::Pending { reason: "another run is at work on it".to_owned() }
        })
    }

    /// Takes note of what this run leaves to others: announced publishes that were never sent, so that
    /// nobody waits for their leases, and containers of posts that another machine has taken up.
    pub(super) fn leave_to_others(&self) -> Result<(), Halt> {
        let open: Vec<Record> = self.shared.with_records(|records| records.open(&self.user_id).cloned().collect());
        for record in open {
            if self.shared.no_longer_unsent(&record.attempt) {
                self.write(attempt::never_sent(record))?;
            } else if self.shared.is_touched(&self.user_id, &record.key) {
                self.give_way(&record)?;
            }
        }
        Ok(())
    }

    /// As it is recorded now: another machine's part may have been joined in.
    pub(super) fn current(&self, record: Record) -> Record {
        if !self.shared.is_kept_elsewhere() {
            return record;
        }
        self.shared.with_records(|records| records.same_attempt(&record).cloned()).unwrap_or(record)
    }

    /// Whether a publish of this attempt may have been sent.
    pub(super) fn was_sent(&self, record: &Record) -> bool {
        attempt::count_sent(record) > usize::from(self.shared.is_unsent(&record.attempt))
    }

    /// Whether the newest announcement that other machines see is neither over nor refused.
    fn stands_until(&self, record: &Record, until: Timestamp) -> bool {
        let Some(standing) = self.shared.standing_of(record) else { return false };
        let newest = standing.intents.iter().max();
        standing.state == State::Intent
            && newest.is_some_and(|newest| {
                newest.lease_until >= until && !standing.refusals.iter().any(|refusal| refusal.intent_at == newest.at)
            })
    }

    fn tell_announced(&self, record: &Record) -> Result<(), Halt> {
        let Some(container) = container_of(record) else { return Ok(()) };
        self.shared.tell(&Event::IntentRecorded { post: self.post_ref(&record.key), container })
    }
}

pub(super) fn container_of(record: &Record) -> Option<ContainerId> {
    record.container.as_ref().map(|container| container.id.clone())
}

fn last_lease(record: &Record) -> Option<Timestamp> {
    record.intents.iter().max().map(|intent| intent.lease_until)
}
