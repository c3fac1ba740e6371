//! How long a publish that was announced may still take effect. Pure.
//!
//! Two clocks say so: the server's, which another run wrote its lease by, and the monotonic one of this run, which
//! no one can set. A clock that is wrong, or a lease that lies, can make a run wait longer, never shorter.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use igsync_model::lockfile::{PublishIntent, Record};

use super::attempt::later;
use super::protocol::Origin;

/// A lease is believed up to this long after its announcement, unless a run of these settings announces longer ones.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Between which bounds another run's lease is believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leases {
    /// A publish may take effect for so long after it was announced, whatever its lease says.
    shortest: Duration,
    longest: Duration,
    /// How far the clocks of two runs may differ.
    margin: SignedDuration,
}

impl Leases {
    /// `reach`: from sending a publish until it can have no more effect. `longest`: the longest lease that a run
    /// announces. `max_skew`: how far a server's clock may differ from this machine's; it may from another one's too.
    pub(super) fn new(reach: Duration, longest: Duration, max_skew: Option<Duration>) -> Self {
        let margin = max_skew.unwrap_or_default().min(MOST_MARGIN / 2) * 2;
        let margin = SignedDuration::try_from(margin).unwrap_or_default();
        Self { shortest: reach, longest: longest.max(LONGEST), margin }
    }

    /// From the announcement until nothing of it can take effect any more.
    fn length(&self, intent: &PublishIntent) -> Duration {
        let said = Duration::try_from(intent.lease_until.duration_since(intent.at)).unwrap_or_default();
        said.clamp(self.shortest.min(self.longest), self.longest)
    }
}

/// Whoever allows clocks to be further apart has moved them, and is believed.
const MOST_MARGIN: Duration = Duration::from_secs(10 * 60);

/// From when on a container that reads `FINISHED` speaks for every publish announced so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    /// By the server's clock; `None`: it has no say.
    from: Option<Timestamp>,
    /// At the latest then, by the monotonic clock of this run.
    at_latest: Duration,
}

impl Quiet {
    /// Of the announcements in `record`, settled from `now` on by the monotonic clock of this run, which has read
    /// them at `read_at`.
    ///
    /// In the run that sent a publish, settling begins when the answer came or was given up, which can be a whole
    /// time-out after the announcement; what Meta still has in hand may take effect after that. Another run's
    /// publish is over with its lease, or when this run has watched for as long as the lease takes.
    pub(super) fn of(
        record: &Record,
        origin: Origin,
        leases: &Leases,
        settle: Duration,
        read_at: Duration,
        now: Duration,
    ) -> Self {
        match origin {
            Origin::ThisRun if record.intents.is_empty() => Self { from: None, at_latest: now },
            Origin::ThisRun => Self { from: None, at_latest: now.saturating_add(settle) },
            Origin::AnEarlierRun => {
                let lengths = record.intents.iter().map(|intent| (intent, leases.length(intent)));
                let ends = lengths.clone().map(|(intent, length)| later(intent.at, length));
                let longest = lengths.map(|(_, length)| length).max().unwrap_or_default();
                let from = ends.max().map(|end| end.saturating_add(leases.margin).unwrap_or(end));
                Self { from, at_latest: read_at.saturating_add(longest) }
            }
        }
    }

    /// For how long still: `now` by the server's clock, `monotonic` by this run's.
    pub(super) fn left(self, now: Timestamp, monotonic: Duration) -> Duration {
        let watched = self.at_latest.saturating_sub(monotonic);
        let by_clock = self.from.map(|from| Duration::try_from(from.duration_since(now)).unwrap_or_default());
        by_clock.map_or(watched, |left| left.min(watched))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{at, record};
    use super::*;
    use igsync_base::id::Kind;

    const SECOND: Duration = Duration::from_secs(1);
    const SETTLE: Duration = Duration::from_secs(60);

    fn leases() -> Leases {
        Leases::new(SECOND * 120, SECOND * 600, Some(SECOND * 300))
    }

    /// Of one publish announced at second 100 with this lease; the run reads it at its own second 0.
    fn left(origin: Origin, lease: i64, settling: u64, now: i64, monotonic: u64) -> u64 {
        let mut record = record(Kind::Image, "x", &[100]);
        record.intents[0].lease_until = Timestamp::from_second(at(0).as_second() + lease).unwrap_or(Timestamp::MAX);
        let quiet =
            Quiet::of(&record, origin, &leases(), SETTLE, Duration::ZERO, SECOND * u32::try_from(settling).unwrap());
        quiet.left(at(now), SECOND * u32::try_from(monotonic).unwrap()).as_secs()
    }

    #[test]
    fn a_publish_that_timed_out_settles_from_the_time_out_on() {
        let own = |now, monotonic| left(Origin::ThisRun, 235, 60, now, monotonic);
        assert_eq!(own(160, 60), 60, "not 60 seconds after it was announced");
        assert_eq!(own(190, 90), 30);
        assert_eq!(own(220, 120), 0);
    }

    #[test]
    fn no_clock_shortens_the_time_that_a_run_gives_its_own_publish() {
        for now in [i64::from(i32::MIN), -1, 0, 160, 1_000_000, i64::from(i32::MAX)] {
            assert_eq!(left(Origin::ThisRun, 235, 60, now, 61), 59, "{now}");
        }
    }

    #[test]
    fn another_runs_publish_is_over_with_its_lease_whichever_clock_says_so() {
        let lease = |now, monotonic| left(Origin::AnEarlierRun, 235, 0, now, monotonic);
        assert_eq!(lease(130, 0), 135, "as long as the lease took from its beginning");
        assert_eq!(lease(236, 0), 135, "clocks may be off");
        assert_eq!(lease(100 + 135 + 600, 0), 0, "but not that far");
        assert_eq!(lease(130, 135), 0, "this run has watched for the whole of it");
    }

    #[test]
    fn a_lease_that_lies_is_believed_for_fifteen_minutes_and_never_less_than_a_publish_takes() {
        let far = 2_300_000_000;
        assert_eq!(left(Origin::AnEarlierRun, far, 0, 130, 0), 900);
        assert_eq!(left(Origin::AnEarlierRun, far, 0, 1700, 0), 0, "it was announced long ago");
        for lease in [-2_000_000_000, 0, 100, 219] {
            assert_eq!(left(Origin::AnEarlierRun, lease, 0, 130, 0), 120, "{lease}");
        }
    }

    #[test]
    fn an_announcement_in_the_future_is_watched_for_its_length() {
        let quiet = |now| left(Origin::AnEarlierRun, 235, 0, now, 0);
        assert_eq!(quiet(-1_000_000_000), 135);
        assert_eq!(quiet(-10), 135);
    }

    #[test]
    fn a_run_that_announces_longer_leases_believes_them() {
        let leases = Leases::new(SECOND * 120, SECOND * 5000, None);
        let mut record = record(Kind::Image, "x", &[100]);
        record.intents[0].lease_until = at(4100);
        let quiet = Quiet::of(&record, Origin::AnEarlierRun, &leases, SETTLE, Duration::ZERO, Duration::ZERO);
        assert_eq!(quiet.left(at(110), Duration::ZERO), SECOND * 3990);
    }

    #[test]
    fn without_an_announcement_there_is_nothing_to_wait_for() {
        let record = record(Kind::Image, "x", &[]);
        for origin in [Origin::ThisRun, Origin::AnEarlierRun] {
            let quiet = Quiet::of(&record, origin, &leases(), SETTLE, SECOND * 5, SECOND * 5);
            assert_eq!(quiet.left(at(0), SECOND * 5), Duration::ZERO);
        }
    }

    proptest! {
        /// A publish that was announced `age` seconds ago, by a run whose clock was right within five minutes, takes
        /// effect within 120 seconds or never. Whatever lease is there and whatever the clock now says within five
        /// minutes, no one believes `FINISHED` before, and no one waits longer than fifteen minutes.
        #[test]
        fn nobody_is_early_and_nobody_waits_for_ever(
            age in 0_i64..5_000,
            skew in -300_i64..=300,
            skew_then in -300_i64..=300,
            lease in prop_oneof![Just(235_i64), any::<i32>().prop_map(i64::from)],
            watched in 0_u64..1_000,
        ) {
            let mut record = record(Kind::Image, "x", &[0]);
            record.intents[0].at = at(skew_then);
            record.intents[0].lease_until = at(skew_then).saturating_add(SignedDuration::from_secs(lease)).unwrap();
            let quiet = Quiet::of(&record, Origin::AnEarlierRun, &leases(), SETTLE, Duration::ZERO, Duration::ZERO);
            let left = quiet.left(at(age + skew + i64::try_from(watched).unwrap()), Duration::from_secs(watched));
            prop_assert!(left <= Duration::from_secs(900));
            let since = age + i64::try_from(watched).unwrap();
            prop_assert!(since >= 120 || !left.is_zero(), "{since} seconds after the announcement");
        }
    }
}
