//! One line of `schedule.skip`: a day, or all from one day to another.

use jiff::civil::Date;

use super::Unreadable;

/// Days in a row, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

impl Days {
    /// `2026-12-24`, `2026-12-24..2027-01-01`
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let day = |text: &str| {
            let text = text.trim();
            // Only the plain form: what else the parser takes, a time of day say, would be dropped unseen.
            text.parse::<Date>().ok().filter(|day| day.to_string() == text).ok_or_else(|| Unreadable {
                message: format!("`{text}` is not a day"),
                help: "write a day, 2026-12-24, or the first and the last of several: 2026-12-24..2027-01-01".into(),
            })
        };
        let (first, last) = (day(first)?, day(last)?);
        if last < first {
            return Err(Unreadable {
                message: format!("the last day, {last}, is before the first, {first}"),
                help: format!("write {last}..{first}"),
            });
        }
        Ok(Self { first, last })
    }

    pub(super) fn has(self, date: Date) -> bool {
        self.first <= date && date <= self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_several() {
        let days = Days::parse("2026-12-24..2027-01-01").unwrap();
        assert!(days.has(Date::constant(2026, 12, 24)) && days.has(Date::constant(2027, 1, 1)));
        assert!(!days.has(Date::constant(2027, 1, 2)));
        assert_eq!(Days::parse("2026-12-24").unwrap(), Days::parse("2026-12-24..2026-12-24").unwrap());
        for text in ["", "24.12.2026", "2026-12-24..", "2026-12-24T18:00", "2027-01-01..2026-12-24", "2026-02-30"] {
            assert!(Days::parse(text).is_err(), "{text}");
        }
    }
}
