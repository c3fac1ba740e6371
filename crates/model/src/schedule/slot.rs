//! One line of `schedule.slots`: days of the week and a time of day.

use jiff::civil::{Date, Time, Weekday};

use super::Unreadable;

/// Local times that come again every week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// One bit for each day, Monday first.
    days: u8,
    time: Time,
}

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

const FORMS: &str = "write days and a time of 24 hours in quotes: \"Mon,Wed,Fri 18:00\", \"Mon-Fri 09:00\" or \"daily \
                     09:30\"; the days are Mon, Tue, Wed, Thu, Fri, Sat and Sun";

impl Slot {
    /// `Mon,Wed,Fri 18:00`, `Mon-Fri 09:00`, `daily 09:30`; days may be written in full, in letters of any case.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let words: Vec<&str> = text.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
        let Some((time, days)) = words.split_last() else { return Err(unreadable("a slot is empty".into())) };
        let Some(parsed) = time_of(time) else {
            return Err(unreadable(if day_of(time).is_some() || range_of(time).is_some() {
                format!("the slot `{text}` has no time")
            } else {
                format!("`{time}` is not a time of day")
            }));
        };
        if days.is_empty() {
            return Err(unreadable(format!("the slot `{text}` names no day")));
        }
        let mut bits = 0;
        for day in days {
            bits |= match range_of(day) {
                Some(range) => range,
                None => return Err(unreadable(format!("`{day}` is not a day of the week"))),
            };
        }
        Ok(Self { days: bits, time: parsed })
    }

    /// Whether it comes on the day of the week of `date`.
    pub(super) fn is_on(self, date: Date) -> bool {
        self.days & bit(date.weekday()) != 0
    }

    pub(super) fn time(self) -> Time {
        self.time
    }

    /// Its minute of the day.
    pub(super) fn minute(self) -> u16 {
        u16::try_from(self.time.hour()).unwrap_or_default() * 60 + u16::try_from(self.time.minute()).unwrap_or_default()
    }

    /// One bit for each day, Monday first.
    pub(super) fn days(self) -> u8 {
        self.days
    }
}

fn unreadable(message: String) -> Unreadable {
    Unreadable { message, help: FORMS.into() }
}

pub(super) fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

/// `Mon`, `Mon-Fri`, `Fri-Mon`, `daily`
fn range_of(text: &str) -> Option<u8> {
    if text.eq_ignore_ascii_case("daily") {
        return Some(0b111_1111);
    }
    let Some((first, last)) = text.split_once(['-', '–']) else { return day_of(text).map(bit) };
    let (first, last) = (day_of(first)?, day_of(last)?);
    let days = first.cycle_forward().take(7);
    let mut bits = 0;
    for day in days {
        bits |= bit(day);
        if day == last {
            break;
        }
    }
    Some(bits)
}

/// The day that a text names by its first three letters, or in full.
fn day_of(text: &str) -> Option<Weekday> {
    let text = text.to_ascii_lowercase();
    WEEK.iter().find(|(_, name)| text == *name || text == name[..3]).map(|(day, _)| *day)
}

/// `9:30`, `18:00`; 24 hours.
fn time_of(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number =
        |text: &str, lens: &[usize]| lens.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour, &[1, 2]) || !is_number(minute, &[2]) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> String {
        let slot = Slot::parse(text).unwrap();
        WEEK.iter().map(|(day, name)| if slot.days & bit(*day) == 0 { "." } else { &name[..1] }).collect()
    }

    #[test]
    fn days_are_a_list_a_range_or_all() {
        assert_eq!(days("Mon,Wed,Fri 18:00"), "m.w.f..");
        assert_eq!(days("monday, SUN 7:05"), "m.....s");
        assert_eq!(days("Mon-Wed,Sat 18:00"), "mtw..s.");
        assert_eq!(days("Fri-Mon 18:00"), "m...fss");
        assert_eq!(days("daily 09:30"), "mtwtfss");
        assert_eq!(Slot::parse("daily 9:30").unwrap().time(), Time::constant(9, 30, 0, 0));
    }

    #[test]
    fn what_is_no_slot_says_what_is_wrong() {
        let message = |text: &str| Slot::parse(text).unwrap_err().message;
        assert_eq!(message("Mo 18:00"), "`Mo` is not a day of the week");
        assert_eq!(message("Mon 6pm"), "`6pm` is not a time of day");
        assert_eq!(message("Mon 24:00"), "`24:00` is not a time of day");
        assert_eq!(message("Mon"), "the slot `Mon` has no time");
        assert_eq!(message("18:00"), "the slot `18:00` names no day");
        assert_eq!(message(" "), "a slot is empty");
        assert_eq!(message("Mon-Funday 18:00"), "`Mon-Funday` is not a day of the week");
    }
}
