//! Times at which a run begins that waits for slots, as lines of cron.

use std::collections::BTreeMap;

use jiff::civil::Weekday;

use super::Slot;

/// So many minutes before a slot a run begins; the second one is there for a first one that is left out.
pub const AHEAD: [u16; 2] = [45, 20];

const DAY: u16 = 24 * 60;

/// The lines of cron for these slots, in their own time zone: two for each, at the times of [`AHEAD`]. None is at the
/// full hour, when GitHub starts runs late: it is a minute earlier. Equal times are one line.
///
/// Cron knows neither skipped days nor clock changes: a run that finds no slot ends at once.
#[must_use]
pub fn before(slots: &[Slot]) -> Vec<String> {
    let mut days_at: BTreeMap<u16, u8> = BTreeMap::new();
    for slot in slots {
        for ahead in AHEAD {
            let (minute, is_day_before) = earlier(slot.minute(), ahead);
            let days = if is_day_before { day_before(slot.days()) } else { slot.days() };
            *days_at.entry(minute).or_default() |= days;
        }
    }
    days_at.into_iter().map(|(minute, days)| format!("{} {} * * {}", minute % 60, minute / 60, week(days))).collect()
}

/// The minute of the day that is `ahead` minutes earlier, and whether it is on the day before.
fn earlier(minute: u16, ahead: u16) -> (u16, bool) {
    // Counted from the day before.
    let at = minute + DAY - ahead;
    let at = if at.is_multiple_of(60) { at - 1 } else { at };
    (at % DAY, at < DAY)
}

/// The same days of the week, each one day earlier.
fn day_before(days: u8) -> u8 {
    (days >> 1) | ((days & 1) << 6)
}

/// Days as cron writes them: `*`, or numbers with Sunday as 0.
fn week(days: u8) -> String {
    let days = Weekday::Sunday.cycle_forward().take(7).filter(|day| days & super::slot::bit(*day) != 0);
    let numbers: Vec<String> = days.map(|day| day.to_sunday_zero_offset().to_string()).collect();
    if numbers.len() == 7 { "*".to_owned() } else { numbers.join(",") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, DateTime, date};
    use jiff::{SignedDuration, ToSpan as _};
    use proptest::prelude::*;

    use super::*;

    fn lines(slots: &[&str]) -> Vec<String> {
        before(&slots.iter().map(|slot| Slot::parse(slot).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_slot_has_two_lines() {
        assert_eq!(lines(&["Mon,Wed,Fri 18:00"]), ["15 17 * * 1,3,5", "40 17 * * 1,3,5"]);
        assert_eq!(lines(&["daily 09:30"]), ["45 8 * * *", "10 9 * * *"]);
        assert_eq!(lines(&[]), Vec::<String>::new());
    }

    #[test]
    fn no_line_is_at_the_full_hour() {
        assert_eq!(lines(&["Tue 12:45"]), ["59 11 * * 2", "25 12 * * 2"]);
        assert_eq!(lines(&["Tue 12:20"]), ["35 11 * * 2", "59 11 * * 2"]);
    }

    #[test]
    fn before_a_slot_after_midnight_it_is_the_day_before() {
        assert_eq!(lines(&["Mon 00:30"]), ["10 0 * * 1", "45 23 * * 0"]);
        assert_eq!(lines(&["Sun 00:10"]), ["25 23 * * 6", "50 23 * * 6"]);
        assert_eq!(lines(&["Tue,Sun 00:45"]), ["25 0 * * 0,2", "59 23 * * 1,6"], "midnight is a full hour, too");
        assert_eq!(lines(&["daily 00:00"]), ["15 23 * * *", "40 23 * * *"]);
    }

    #[test]
    fn equal_times_are_one_line() {
        assert_eq!(lines(&["Mon 18:00", "Tue-Sun 18:00"]), ["15 17 * * *", "40 17 * * *"]);
        assert_eq!(lines(&["Mon 18:00", "Tue 18:25"]), ["15 17 * * 1", "40 17 * * 1,2", "5 18 * * 2"]);
    }

    /// Whether cron starts a run at a local time, by these lines.
    fn fires(lines: &[String], at: DateTime) -> bool {
        lines.iter().any(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [minute, hour, "*", "*", days] = fields[..] else { panic!("{line}") };
            let day = at.weekday().to_sunday_zero_offset().to_string();
            minute == at.minute().to_string()
                && hour == at.hour().to_string()
                && (days == "*" || days.split(',').any(|listed| listed == day))
        })
    }

    proptest! {
        #[test]
        fn every_slot_has_its_runs_and_nothing_else_has(
            times in prop::collection::vec((0i8..24, 0i8..60, 1u8..128), 1..6),
        ) {
            let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
            let slots: Vec<Slot> = times.iter().map(|(hour, minute, days)| {
                let days = names.iter().enumerate().filter(|(day, _)| days & (1 << day) != 0).map(|(_, name)| *name);
                Slot::parse(&format!("{} {hour}:{minute:02}", days.collect::<Vec<_>>().join(","))).unwrap()
            }).collect();
            let lines = before(&slots);
            prop_assert!(lines.iter().all(|line| !line.starts_with("0 ")), "{:?}", lines);
            let week = |first: Date| (0..7).map(move |day| first.checked_add(day.days()).unwrap());
            // What cron starts in a week, and what the slots ask for.
            let mut wanted = std::collections::BTreeSet::new();
            for day in week(date(2026, 11, 30)) {
                for slot in slots.iter().filter(|slot| slot.is_on(day)) {
                    for ahead in AHEAD {
                        let at = day.to_datetime(slot.time()) - SignedDuration::from_mins(ahead.into());
                        let at = if at.minute() == 0 { at - SignedDuration::from_mins(1) } else { at };
                        prop_assert!(fires(&lines, at), "{slot:?} {at} {lines:?}");
                        wanted.insert((at.weekday().to_monday_zero_offset(), at.time()));
                    }
                }
            }
            let started: usize = lines.iter().map(|line| match line.rsplit_once(' ').unwrap().1 {
                "*" => 7,
                days => days.split(',').count(),
            }).sum();
            prop_assert_eq!(started, wanted.len(), "{:?}", lines);
        }
    }
}
