//! The lease of a publish. Another run believes `FINISHED` once the lease is over, so it must end only after
//! everything that the publish can still do: a request's whole time on the wire, and then the time in
//! which Meta may still carry it out.

use std::time::Duration;

use jiff::Timestamp;

use crate::id::MediaId;
use crate::lockfile::Record;

use super::account::AccountRun;
use super::attempt;
use super::context::Waits;
use super::quiet::later;

/// From sending a publish until it can have no more effect.
pub(super) fn reach(waits: &Waits) -> Duration {
    waits.http_timeout + waits.settle
}

/// From announcing a publish to sending it.
pub(super) fn patience(waits: &Waits) -> Duration {
    reach(waits) / 8
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
    pub(super) fn begin(run: &AccountRun) -> Self {
        let (shared, at) = (&run.shared, run.client.server_now());
        let reach = reach(&shared.waits);
        let patience = patience(&shared.waits);
        let (monotonic, wall) = (shared.clock.monotonic(), shared.clock.now());
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
    /// stands still while a machine sleeps, and the other one can be set back: the longer time counts.
    pub(super) fn still_holds(&self, run: &AccountRun) -> bool {
        let clock = &run.shared.clock;
        let by_wall = Duration::try_from(clock.now().duration_since(self.wall)).unwrap_or_default();
        clock.monotonic().saturating_sub(self.monotonic).max(by_wall) <= self.patience
    }
}
