//! Meta's times and Meta's clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use igsync_ports::Clock;

/// Reads `2019-09-26T22:36:43+0000`, and RFC 3339.
#[must_use]
pub fn meta_time(text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text)
        .and_then(|parts| parts.to_timestamp())
        .or_else(|_| text.parse())
        .ok()
}

/// The server's clock: its `Date`s, and how long ago they were.
///
/// The first `Date` is believed, and what it says about this machine's clock is kept. A later one that does not
/// continue from the first is not: time does not jump, so the answer or its sender is wrong.
#[derive(Debug)]
pub(super) struct ServerClock {
    /// How far `Date` may be from what is known otherwise; `None`: whatever it says is right.
    tolerance: Option<SignedDuration>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// What later ones are compared with.
    first: Option<Heard>,
    /// The newest that is believed; this machine's own time until one came.
    last: Heard,
    wrong: Option<WrongDate>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    date: Timestamp,
    monotonic: Duration,
    wall: Timestamp,
}

/// A `Date` too far from what is known otherwise. Whoever is wrong, no decision about time is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongDate {
    /// `None`: it cannot be read.
    pub said: Option<Timestamp>,
    pub expected: Timestamp,
    pub by: Reference,
}

/// What a `Date` is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The clock of this machine.
    ThisMachine,
    /// Earlier answers of the same server, and the time since.
    EarlierAnswers,
}

/// A machine's two clocks drift apart by less than this unless it slept or was set.
const DRIFT: SignedDuration = SignedDuration::from_secs(2);

impl Heard {
    fn now(date: Timestamp, clock: &dyn Clock) -> Self {
        Self { date, monotonic: clock.monotonic(), wall: clock.now() }
    }

    /// The server's time when `later` was heard: by the clock that no one can set, or, where this machine
    /// slept meanwhile, by the other one. The one nearer to what was said.
    fn expected(&self, later: &Self) -> Timestamp {
        let awake = after(self.date, later.monotonic.saturating_sub(self.monotonic));
        let by_wall = self.date.saturating_add(later.wall.duration_since(self.wall)).unwrap_or(awake);
        let distance = |expected: &Timestamp| later.date.duration_since(*expected).abs();
        [awake, by_wall].into_iter().filter(|expected| *expected >= awake).min_by_key(distance).unwrap_or(awake)
    }
}

impl ServerClock {
    pub(super) fn new(tolerance: Option<Duration>, clock: &dyn Clock) -> Self {
        let tolerance = tolerance.map(|longest| SignedDuration::try_from(longest).unwrap_or(SignedDuration::MAX));
        let known = Known { first: None, last: Heard::now(clock.now(), clock), wrong: None };
        Self { tolerance, known: Mutex::new(known) }
    }

    /// Takes the `Date` header of an answer that has just come in and took so long. One that cannot be read is wrong;
    /// without one nothing changes.
    pub(super) fn take(&self, date: Option<&str>, took: Duration, clock: &dyn Clock) {
        let Some(text) = date else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let by = if known.first.is_none() { Reference::ThisMachine } else { Reference::EarlierAnswers };
        let Some(date) = http_date(text) else {
            if self.tolerance.is_some() {
                known.wrong.get_or_insert(WrongDate { said: None, expected: clock.now(), by });
            }
            return;
        };
        let heard = Heard::now(date, clock);
        let expected = known.first.map_or(heard.wall, |first| first.expected(&heard));
        // The server wrote it at some time between the request and the end of the answer.
        let took = SignedDuration::try_from(took).unwrap_or(SignedDuration::MAX);
        let ahead = date.duration_since(expected);
        let is_wrong = self.tolerance.is_some_and(|most| ahead > most || ahead.saturating_add(took) < -most);
        if is_wrong {
            known.wrong.get_or_insert(WrongDate { said: Some(date), expected, by });
        }
        if !is_wrong || known.first.is_none() {
            known.last = heard;
        }
        known.first.get_or_insert(heard);
    }

    /// The first `Date` that cannot be right, if there was one.
    pub(super) fn wrong(&self) -> Option<WrongDate> {
        self.known().wrong
    }

    /// Whether this machine slept since the server spoke last: the monotonic clock stops meanwhile,
    /// so [`Self::now`] is behind.
    pub(super) fn has_slept(&self, clock: &dyn Clock) -> bool {
        let Known { first, last, .. } = self.known();
        let by_wall = clock.now().duration_since(last.wall);
        let awake = SignedDuration::try_from(clock.monotonic().saturating_sub(last.monotonic));
        first.is_some() && awake.is_ok_and(|awake| by_wall.saturating_sub(awake) > DRIFT)
    }

    /// As this machine's clock was at the beginning, as long as the server has not spoken.
    pub(super) fn now(&self, clock: &dyn Clock) -> Timestamp {
        let Known { last, .. } = self.known();
        after(last.date, clock.monotonic().saturating_sub(last.monotonic))
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(date: Timestamp, elapsed: Duration) -> Timestamp {
    date.saturating_add(elapsed).unwrap_or(date)
}

/// In one of the three forms of RFC 9110. A date so late that nothing can be added to it is no date.
fn http_date(text: &str) -> Option<Timestamp> {
    let date = Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()?;
    (date < LATEST).then_some(date)
}

/// The year 9000.
const LATEST: Timestamp = Timestamp::constant(221_845_392_000, 0);

#[cfg(test)]
mod tests {
    use super::super::testing::TestClock;
    use super::*;

    #[test]
    fn metas_timestamps_have_no_colon_in_the_offset() {
        let expected: Timestamp = "2019-09-26T22:36:43Z".parse().unwrap();
        assert_eq!(meta_time("2019-09-26T22:36:43+0000"), Some(expected));
        assert_eq!(meta_time("2019-09-27T00:36:43+0200"), Some(expected));
        assert_eq!(meta_time("2019-09-26T22:36:43Z"), Some(expected));
        assert_eq!(meta_time("yesterday"), None);
        assert_eq!(meta_time(""), None);
    }

    #[test]
    fn the_server_clock_runs_on_from_the_last_date() {
        let clock = TestClock::default();
        let server = ServerClock::new(None, &clock);
        assert_eq!(server.now(&clock), clock.now());
        server.take(Some("Mon, 23 Nov 2026 15:16:15 GMT"), Duration::ZERO, &clock);
        clock.advance(Duration::from_secs(90));
        assert_eq!(server.now(&clock), "2026-11-23T15:17:45Z".parse().unwrap());
        assert!(!server.has_slept(&clock), "both clocks went on");
        clock.sleep_machine(Duration::from_secs(3600));
        assert!(server.has_slept(&clock));
        server.take(Some("Mon, 23 Nov 2026 15:16:15 GMT"), Duration::ZERO, &clock);
        assert!(!server.has_slept(&clock), "the server has spoken since");
        clock.advance(Duration::from_secs(90));
        server.take(Some("nonsense"), Duration::ZERO, &clock);
        server.take(None, Duration::ZERO, &clock);
        assert_eq!(server.now(&clock), "2026-11-23T15:17:45Z".parse().unwrap());
    }
    const MINUTES: Duration = Duration::from_secs(300);

    fn heard(server: &ServerClock, clock: &TestClock, date: &str) -> Option<WrongDate> {
        server.take(Some(date), Duration::ZERO, clock);
        server.wrong()
    }

    #[test]
    fn a_first_date_far_from_this_machines_clock_is_wrong_and_taken_all_the_same() {
        let clock = TestClock::default();
        for (date, is_wrong) in [
            ("Mon, 23 Nov 2026 12:05:00 GMT", false),
            ("Mon, 23 Nov 2026 11:55:00 GMT", false),
            ("Mon, 23 Nov 2026 12:05:01 GMT", true),
            ("Mon, 23 Nov 2026 11:54:59 GMT", true),
            ("Thu, 01 Jan 1970 00:00:00 GMT", true),
            ("Tue, 23 Nov 2027 12:00:00 GMT", true),
        ] {
            let server = ServerClock::new(Some(MINUTES), &clock);
            let wrong = heard(&server, &clock, date);
            assert_eq!(wrong.is_some(), is_wrong, "{date}");
            assert!(wrong.is_none_or(|wrong| wrong.by == Reference::ThisMachine && wrong.expected == clock.now()));
            assert_eq!(Some(server.now(&clock)), http_date(date));
            let server = ServerClock::new(None, &clock);
            assert_eq!(heard(&server, &clock, date), None, "a sandbox in this process has its own clock");
        }
    }

    #[test]
    fn a_date_that_jumps_is_not_taken() {
        for jump in ["Tue, 23 Nov 2027 12:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 23 Nov 2026 12:11:31 GMT"]
        {
            let clock = TestClock::default();
            let server = ServerClock::new(Some(MINUTES), &clock);
            assert_eq!(heard(&server, &clock, "Mon, 23 Nov 2026 12:00:00 GMT"), None);
            clock.advance(Duration::from_secs(90));
            let wrong = heard(&server, &clock, jump).unwrap();
            assert_eq!((wrong.by, wrong.said), (Reference::EarlierAnswers, http_date(jump)));
            assert_eq!(server.now(&clock), "2026-11-23T12:01:30Z".parse().unwrap(), "{jump}");
            server.take(Some("Mon, 23 Nov 2026 12:01:31 GMT"), Duration::ZERO, &clock);
            assert!(server.wrong().is_some(), "one right answer later it is still not known who was wrong");
        }
    }

    #[test]
    fn dates_cannot_creep_away() {
        let clock = TestClock::default();
        let server = ServerClock::new(Some(MINUTES), &clock);
        for minute in 0..60 {
            server.take(Some(&format!("Mon, 23 Nov 2026 12:{minute:02}:00 GMT")), Duration::ZERO, &clock);
        }
        assert_eq!(server.now(&clock), "2026-11-23T12:05:00Z".parse().unwrap());
        assert!(server.wrong().is_some());
    }

    #[test]
    fn a_date_that_was_long_on_its_way_is_not_wrong() {
        let clock = TestClock::default();
        let taken = |date: &str, took: u64| {
            let server = ServerClock::new(Some(MINUTES), &clock);
            server.take(Some(date), Duration::from_secs(took), &clock);
            server.wrong().is_none()
        };
        assert!(!taken("Mon, 23 Nov 2026 11:50:00 GMT", 0));
        assert!(taken("Mon, 23 Nov 2026 11:50:00 GMT", 300));
        assert!(!taken("Mon, 23 Nov 2026 12:06:00 GMT", 300), "no answer comes from the future");
    }

    #[test]
    fn a_machine_that_slept_is_no_jump() {
        let clock = TestClock::default();
        let server = ServerClock::new(Some(MINUTES), &clock);
        server.take(Some("Mon, 23 Nov 2026 12:00:00 GMT"), Duration::ZERO, &clock);
        clock.sleep_machine(Duration::from_secs(3600));
        assert_eq!(heard(&server, &clock, "Mon, 23 Nov 2026 13:00:00 GMT"), None);
        assert_eq!(server.now(&clock), "2026-11-23T13:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_local_clock_that_is_set_moves_nothing() {
        let clock = TestClock::default();
        let server = ServerClock::new(Some(MINUTES), &clock);
        let before = server.now(&clock);
        clock.sleep_machine(Duration::from_secs(365 * 24 * 3600));
        assert_eq!(server.now(&clock), before, "no `Date` came, and a wall clock that moves alone proves nothing");
    }

    #[test]
    fn a_date_that_cannot_be_read_is_wrong() {
        let clock = TestClock::default();
        for text in ["yesterday", "", "2026-11-23T12:00:00Z", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            let server = ServerClock::new(Some(MINUTES), &clock);
            assert_eq!(heard(&server, &clock, text).map(|wrong| wrong.said), Some(None), "{text:?}");
            let server = ServerClock::new(None, &clock);
            assert_eq!(heard(&server, &clock, text), None, "{text:?} of a sandbox in this process");
        }
        for text in ["Mon, 23 Nov 2026 12:00:00 GMT", "Monday, 23-Nov-26 12:00:00 GMT", "Mon Nov 23 12:00:00 2026"] {
            let server = ServerClock::new(Some(MINUTES), &clock);
            assert_eq!(heard(&server, &clock, text), None, "{text:?}");
        }
        let server = ServerClock::new(Some(MINUTES), &clock);
        server.take(None, Duration::ZERO, &clock);
        assert_eq!(server.wrong(), None, "an answer without one says nothing");
    }

    #[test]
    fn a_date_at_the_end_of_time_is_no_date() {
        assert_eq!(http_date("Thu, 30 Dec 9999 21:59:59 GMT"), None);
        assert_eq!(http_date("Fri, 31 Dec 9999 23:59:59 GMT"), None);
        assert!(http_date("Tue, 31 Dec 8999 23:59:59 GMT").is_some());
    }
}
