//! The lease of a publish. Another run believes `FINISHED` once the lease is over, so it must end only after
//! everything that the publish can still do: a request's whole time on the wire, and then the time in
//! which Meta may still carry it out.

use std::time::Duration;

use jiff::Timestamp;

use igsync_base::id::MediaId;
use igsync_model::lockfile::Record;

use super::attempt::{self, later};
use super::context::{Context, Waits};
use super::quiet::Leases;

/// So many publishes are announced in one push.
pub(super) const BATCH: usize = 20;

/// What one post of a batch may take, its push included.
pub(super) const TURN: Duration = Duration::from_secs(20);

/// What the push of an announcement may take.
pub(super) const PUSH: Duration = Duration::from_secs(60);

/// No two machines announce the same lease, so each knows its own announcement again.
pub(super) const OWN: Duration = Duration::from_secs(10);

/// Long enough to ask a git remote twice, and short enough that hardly anything changes after it.
const LAST_READ: Duration = Duration::from_secs(4);

/// From sending a publish until it can have no more effect.
fn reach(waits: &Waits) -> Duration {
    waits.http_timeout + waits.settle
}

/// From announcing a publish to sending it.
fn patience(waits: &Waits) -> Duration {
    reach(waits) / 8
}

/// How long before its time a post that is waited for is announced, and when what decides is read once more.
pub(super) fn before_its_time(waits: &Waits) -> (Duration, Duration) {
    let patience = patience(waits);
    (patience.mul_f64(0.75), LAST_READ.min(patience.mul_f64(0.3)))
}

/// Which leases of other runs are believed. They may have pushed theirs, whether this one pushes or not.
pub(super) fn leases(waits: &Waits) -> Leases {
    let turns = TURN.saturating_mul(u32::try_from(BATCH).unwrap_or(u32::MAX));
    let longest = turns.saturating_add(patience(waits) + reach(waits) + PUSH + OWN);
    Leases::new(reach(waits), longest, waits.max_skew)
}

/// A publish that is announced, and for how long it may be sent.
pub(super) struct Announcement {
    at: Timestamp,
    lease_until: Timestamp,
    monotonic: Duration,
    wall: Timestamp,
    patience: Duration,
}

impl Announcement {
    /// Begins at the server's time `at`.
    pub(super) fn begin(run: &Context, at: Timestamp) -> Self {
        let (reach, patience) = (reach(&run.waits), patience(&run.waits));
        let (monotonic, wall) = (run.clock.monotonic(), run.clock.now());
        Self { at, lease_until: later(at, patience + reach), monotonic, wall, patience }
    }

    /// From sending the publish until it can have no more effect, and the time that is left for sending it.
    pub(super) fn lease_until(&self) -> Timestamp {
        self.lease_until
    }

    pub(super) fn note(&self, record: Record, fingerprint: &[MediaId]) -> Record {
        attempt::intent(record, fingerprint, self.at, self.lease_until)
    }

    /// A slow disk, a full pipe or a machine that slept may have used the lease up. The monotonic clock
    /// stops while a machine sleeps, and the other one can be set back: the longer time counts.
    pub(super) fn still_holds(&self, run: &Context) -> bool {
        let clock = &run.clock;
        let by_wall = Duration::try_from(clock.now().duration_since(self.wall)).unwrap_or_default();
        clock.monotonic().saturating_sub(self.monotonic).max(by_wall) <= self.patience
    }
}
