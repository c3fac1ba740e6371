//! The sandbox's own time: milliseconds since the epoch, moved ahead on demand.

use jiff::Timestamp;

/// Milliseconds since the epoch on the sandbox's clock.
pub(crate) type Millis = i64;

pub(crate) const SECOND: Millis = 1_000;
pub(crate) const HOUR: Millis = 3_600 * SECOND;
pub(crate) const DAY: Millis = 24 * HOUR;

fn stamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

/// `2026-11-23T15:16:15+0000`, as the Graph API writes times.
pub(crate) fn graph(at: Millis) -> String {
    stamp(at).strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// `2026-11-23T15:16:15.250Z`, as the control answers write times.
pub(crate) fn rfc3339(at: Millis) -> String {
    stamp(at).to_string()
}

/// `Mon, 23 Nov 2026 15:16:15 GMT`, for the `Date` header.
pub(crate) fn http(at: Millis) -> String {
    stamp(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `23 Nov 2026, 15:16 UTC`, for people.
pub(crate) fn human(at: Millis) -> String {
    stamp(at).strftime("%-d %b %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_written_the_three_ways() {
        let at = 1_795_446_975_250;
        assert_eq!(super::graph(at), "2026-11-23T15:16:15+0000");
        assert_eq!(super::rfc3339(at), "2026-11-23T15:16:15.25Z");
        assert_eq!(super::http(at), "Mon, 23 Nov 2026 15:16:15 GMT");
        assert_eq!(super::human(at), "23 Nov 2026, 15:16 UTC");
    }
}
