//! How far back is looked: `30d`, a date, or a time.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The beginning of a time that ends now.
#[derive(Clone, Copy, Debug)]
pub enum Since {
    /// So long ago.
    Ago(Span),
    /// Since a day began, where the account is.
    Day(Date),
    At(Timestamp),
}

impl Since {
    /// Reads `30d`, `2w`, `12h`, `2026-11-01` or an RFC 3339 time.
    ///
    /// # Errors
    ///
    /// A sentence that says what can be written.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let span: Option<Span> = text.parse().ok();
        match span.filter(|span| span.is_positive() || span.is_zero()) {
            Some(span) => Ok(Self::Ago(span)),
            None => Err("write a time like 30d, 2w or 12h, or a date like 2026-11-01".to_owned()),
        }
    }

    /// When it begins. What lies before all time begins with it.
    #[must_use]
    pub fn begin(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Day(day) => day.to_zoned_datetime(zone.clone()).map_or(Timestamp::MIN, |begin| begin.timestamp()),
            Self::Ago(span) => {
                now.to_zoned_datetime(zone.clone()).checked_sub(span).map_or(Timestamp::MIN, |begin| begin.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(text: &str, zone: &TimeZone) -> String {
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        Since::read(text).unwrap().begin(now, zone).to_string()
    }

    #[test]
    fn spans_dates_and_times_are_read() {
        let utc = TimeZone::UTC;
        assert_eq!(begin("30d", &utc), "2026-11-01T12:00:00Z");
        assert_eq!(begin("2w", &utc), "2026-11-17T12:00:00Z");
        assert_eq!(begin("12h", &utc), "2026-12-01T00:00:00Z");
        assert_eq!(begin("2026-11-01", &utc), "2026-11-01T00:00:00Z");
        assert_eq!(begin("2026-11-01T10:00:00+01:00", &utc), "2026-11-01T09:00:00Z");
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(begin("2026-11-01", &berlin), "2026-10-31T23:00:00Z");
        assert_eq!(begin("19000y", &utc), Timestamp::MIN.to_string());
    }

    #[test]
    fn what_is_no_time_is_explained() {
        for text in ["", "-3d", "yesterday", "2026-13-01", "30"] {
            assert!(Since::read(text).unwrap_err().contains("30d"), "{text}");
        }
    }
}
