//! Meta's times and Meta's clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::port::Clock;

/// Reads `2019-09-26T22:36:43+0000`, and RFC 3339.
#[must_use]
pub fn meta_time(text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text)
        .and_then(|parts| parts.to_timestamp())
        .or_else(|_| text.parse())
        .ok()
}

/// The server's clock: its last `Date`, and how long ago that was.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Option<Heard>>);

#[derive(Clone, Copy, Debug)]
struct Heard {
    date: Timestamp,
    monotonic: Duration,
    wall: Timestamp,
}

/// A machine's two clocks drift apart by less than this unless it slept or was set.
const DRIFT: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

impl ServerClock {
    /// Takes the `Date` header of an answer that has just come in; anything else changes nothing.
    pub(super) fn take(&self, date: Option<&str>, clock: &dyn Clock) {
        let Some(date) = date.and_then(http_date) else { return };
        let heard = Heard { date, monotonic: clock.monotonic(), wall: clock.now() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
    }

    /// Whether this machine slept since the server spoke last: the monotonic clock stands still meanwhile,
    /// so [`Self::now`] is behind.
    pub(super) fn has_slept(&self, clock: &dyn Clock) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|heard| {
            let by_wall = clock.now().duration_since(heard.wall);
            let awake = jiff::SignedDuration::try_from(clock.monotonic().saturating_sub(heard.monotonic));
            awake.is_ok_and(|awake| by_wall.saturating_sub(awake) > DRIFT)
        })
    }

    /// This machine's clock as long as the server has not spoken.
    pub(super) fn now(&self, clock: &dyn Clock) -> Timestamp {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.and_then(|Heard { date, monotonic, .. }| {
            let since = clock.monotonic().saturating_sub(monotonic);
            date.checked_add(jiff::SignedDuration::try_from(since).ok()?).ok()
        })
        .unwrap_or_else(|| clock.now())
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

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
        let server = ServerClock::default();
        assert_eq!(server.now(&clock), clock.now());
        server.take(Some("Mon, 23 Nov 2026 15:16:15 GMT"), &clock);
        clock.advance(Duration::from_secs(90));
        assert_eq!(server.now(&clock), "2026-11-23T15:17:45Z".parse().unwrap());
        assert!(!server.has_slept(&clock), "both clocks went on");
        clock.sleep_machine(Duration::from_secs(3600));
        assert!(server.has_slept(&clock));
        server.take(Some("Mon, 23 Nov 2026 15:16:15 GMT"), &clock);
        assert!(!server.has_slept(&clock), "the server has spoken since");
        clock.advance(Duration::from_secs(90));
        server.take(Some("nonsense"), &clock);
        server.take(None, &clock);
        assert_eq!(server.now(&clock), "2026-11-23T15:17:45Z".parse().unwrap());
    }
}
