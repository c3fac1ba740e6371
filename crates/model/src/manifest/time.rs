//! Publishing times: RFC 3339, local with a zone, or local in the account's time zone.

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, tz};

use igsync_base::finding::Rule;
use igsync_base::rules;

/// A time as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WrittenTime {
    Instant(Timestamp),
    /// Decided by the time zone of the account.
    Local(DateTime),
}

/// What `publish_at` says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WrittenDue {
    At(WrittenTime),
    /// In a slot of the queue, none before this day in the time zone of the account.
    Queue {
        from: Option<Date>,
    },
}

/// Why a time is no instant.
#[derive(Debug)]
pub(super) struct NoTime {
    pub rule: &'static Rule,
    pub message: String,
    pub label: String,
    pub help: String,
}

static PARSER: DateTimeParser = DateTimeParser::new();

/// What people write for `queue`.
const MEANT: [&str; 5] = ["queue", "queued", "next", "slot", "auto"];

/// Reads a time, `queue`, or `queue from 2026-12-10`.
pub(super) fn parse_due(text: &str) -> Result<WrittenDue, NoTime> {
    let mut words = text.split_whitespace();
    match words.next() {
        Some("queue") => {}
        Some(word) if MEANT.iter().any(|meant| word.eq_ignore_ascii_case(meant)) => words = "?".split_whitespace(),
        _ => return parse(text).map(WrittenDue::At),
    }
    let from = match (words.next(), words.next(), words.next()) {
        (None, ..) => Some(None),
        (Some("from"), Some(day), None) => day.parse::<Date>().ok().filter(|date| date.to_string() == day).map(Some),
        _ => None,
    };
    from.map(|from| WrittenDue::Queue { from }).ok_or_else(|| NoTime {
        rule: &rules::INVALID_TIME,
        message: "this is not a place in the queue".into(),
        label: "cannot be read".into(),
        help: "write queue, or queue from 2026-12-10".into(),
    })
}

/// Reads one time.
pub(super) fn parse(text: &str) -> Result<WrittenTime, NoTime> {
    let invalid = |message: String, label: &str| NoTime {
        rule: &rules::INVALID_TIME,
        message,
        label: label.to_owned(),
        help: "write 2026-12-01T18:00:00+01:00, or 2026-12-01T18:00[Europe/Berlin]".into(),
    };
    // `[Europe/Berlin]` is a name to look up; jiff also takes what is longer than any time here.
    if text.len() > 80 {
        return Err(invalid("this is not a time".into(), "too long"));
    }
    let pieces = PARSER.parse_pieces(text).map_err(|_| invalid("this is not a time".into(), "not a time"))?;
    let Some(time) = pieces.time() else {
        return Err(invalid("the time of day is missing".into(), "only a date"));
    };
    let local = pieces.date().to_datetime(time);
    let zone = pieces.to_time_zone().map_err(|_| invalid("there is no such time zone".into(), "not a zone"))?;
    match (zone, pieces.to_numeric_offset()) {
        (None, None) => Ok(WrittenTime::Local(local)),
        (None, Some(offset)) => {
            let instant =
                offset.to_timestamp(local).map_err(|_| invalid("this time is out of range".into(), "out of range"))?;
            Ok(WrittenTime::Instant(instant))
        }
        (Some(zone), None) => resolve(local, &zone).map(WrittenTime::Instant),
        (Some(_), Some(_)) => {
            // With both, the offset must be one that the zone has at that time.
            let zoned = PARSER
                .parse_zoned_datetime(text)
                .map_err(|_| invalid("offset and time zone contradict each other".into(), "not both"))?;
            Ok(WrittenTime::Instant(zoned.timestamp()))
        }
    }
}

impl WrittenTime {
    /// The instant, for an account in `zone`.
    pub(super) fn instant(&self, zone: Option<&TimeZone>) -> Result<Timestamp, NoTime> {
        match (self, zone) {
            (Self::Instant(instant), _) => Ok(*instant),
            (Self::Local(local), Some(zone)) => resolve(*local, zone),
            (Self::Local(_), None) => Err(NoTime {
                rule: &rules::NO_TIMEZONE,
                message: "a local time, and no time zone is configured".into(),
                label: "no time zone".into(),
                help: "set `timezone: Europe/Berlin` in igsync.yaml, or add an offset (+01:00) or [Europe/Berlin]"
                    .into(),
            }),
        }
    }
}

fn resolve(local: DateTime, zone: &TimeZone) -> Result<Timestamp, NoTime> {
    let name = zone.iana_name().unwrap_or("this time zone").to_owned();
    let ambiguous: tz::AmbiguousTimestamp = zone.to_ambiguous_timestamp(local);
    let (rule, message, label, help) = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {
            if let Ok(instant) = ambiguous.unambiguous() {
                return Ok(instant);
            }
            let message = "this time is out of range".into();
            (&rules::INVALID_TIME, message, "out of range", "choose another time".into())
        }
        AmbiguousOffset::Gap { .. } => (
            &rules::TIME_DOES_NOT_EXIST,
            format!("this time does not exist in {name}: clocks skip it"),
            "skipped",
            "choose a time before or after the gap".into(),
        ),
        AmbiguousOffset::Fold { before, after } => (
            &rules::TIME_AMBIGUOUS,
            format!("this time happens twice in {name}: clocks go back"),
            "twice",
            format!("choose one: add the offset {before} (first) or {after} (second)"),
        ),
    };
    Err(NoTime { rule, message, label: label.into(), help })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str, zone: &str) -> Result<String, &'static str> {
        let zone = TimeZone::get(zone).ok();
        parse(text).and_then(|time| time.instant(zone.as_ref())).map(|t| t.to_string()).map_err(|error| error.rule.name)
    }

    #[test]
    fn an_offset_decides_the_instant() {
        assert_eq!(instant("2026-12-01T18:00:00+01:00", "").as_deref(), Ok("2026-12-01T17:00:00Z"));
        assert_eq!(instant("2026-12-01T18:00:00Z", "Europe/Berlin").as_deref(), Ok("2026-12-01T18:00:00Z"));
    }

    #[test]
    fn a_local_time_takes_its_own_zone_or_the_accounts() {
        assert_eq!(instant("2026-12-01T18:00[Europe/Berlin]", "Asia/Tokyo").as_deref(), Ok("2026-12-01T17:00:00Z"));
        assert_eq!(instant("2026-12-01 18:00", "Asia/Tokyo").as_deref(), Ok("2026-12-01T09:00:00Z"));
        assert_eq!(instant("2026-12-01 18:00", ""), Err("no-timezone"));
    }

    #[test]
    fn times_that_daylight_saving_skips_or_repeats_are_refused() {
        assert_eq!(instant("2026-03-29 02:30", "Europe/Berlin"), Err("time-does-not-exist"));
        assert_eq!(instant("2026-10-25T02:30[Europe/Berlin]", ""), Err("time-ambiguous"));
        assert_eq!(
            instant("2026-10-25T02:30+02:00[Europe/Berlin]", "").as_deref(),
            Ok("2026-10-25T00:30:00Z"),
            "an offset says which"
        );
        assert_eq!(instant("2026-12-01T18:00+09:00[Europe/Berlin]", ""), Err("invalid-time"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["tomorrow", "2026-12-01", "2026-13-01T10:00Z", "2026-12-01T25:00Z", "", "2026-12-01T18:00[Mars/Base]"]
        {
            assert_eq!(instant(text, "Europe/Berlin"), Err("invalid-time"), "{text}");
        }
    }
}
