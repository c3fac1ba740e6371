//! The slots of an account as moments.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{Schedule, Slot};

/// The slots of a schedule in a time zone. A local time that clocks skip is taken at the next minute that exists, one
/// that they repeat at its first occurrence.
#[derive(Clone, Debug)]
pub struct Calendar<'a> {
    schedule: &'a Schedule,
    zone: TimeZone,
}

impl<'a> Calendar<'a> {
    /// `None`: there are no slots. Without a time zone local times are those of UTC.
    #[must_use]
    pub fn of(schedule: &'a Schedule, zone: Option<&TimeZone>) -> Option<Self> {
        (!schedule.slots.is_empty()).then(|| Self { schedule, zone: zone.cloned().unwrap_or(TimeZone::UTC) })
    }

    /// The local day of a moment.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The first moment of a local day.
    #[must_use]
    pub fn start(&self, day: Date) -> Option<Timestamp> {
        instant(day.to_datetime(jiff::civil::Time::midnight()), &self.zone)
    }

    /// The first slot after `after`.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut day = self.day(after).yesterday().unwrap_or(Date::MIN);
        loop {
            if let Some(slot) = self.on(day).find(|slot| *slot > after) {
                return Some(slot);
            }
            // Many skipped days are passed at once.
            let skipped = self.schedule.skip.iter().filter(|days| days.has(day)).map(|days| days.last).max();
            day = skipped.unwrap_or(day).tomorrow().ok()?;
        }
    }

    /// The newest slot up to and including `until`, of those after `after`.
    #[must_use]
    pub fn newest(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let first = self.day(after).yesterday().unwrap_or(Date::MIN);
        let mut day = self.day(until).tomorrow().unwrap_or(Date::MAX);
        while day >= first {
            if let Some(slot) = self.on(day).filter(|slot| *slot <= until).last() {
                return Some(slot).filter(|slot| *slot > after);
            }
            let skipped = self.schedule.skip.iter().filter(|days| days.has(day)).map(|days| days.first).min();
            day = skipped.unwrap_or(day).yesterday().ok()?;
        }
        None
    }

    /// The slots of a local day, in order.
    fn on(&self, day: Date) -> impl Iterator<Item = Timestamp> {
        let slots = if self.schedule.is_skipped(day) { &[][..] } else { &self.schedule.slots };
        let of_day = slots.iter().filter(|slot| slot.is_on(day));
        let mut slots: Vec<Timestamp> = of_day.filter_map(|slot| self.moment(*slot, day)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots.into_iter()
    }

    fn moment(&self, slot: Slot, day: Date) -> Option<Timestamp> {
        instant(day.to_datetime(slot.time()), &self.zone)
    }
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local).ok()
        }
        AmbiguousOffset::Gap { after, .. } => {
            // With the new offset the skipped time is before the moment at which clocks jump to the next valid minute.
            let before = after.to_timestamp(local).ok()?;
            let jump = zone.following(before.checked_sub(SignedDuration::from_secs(1)).ok()?);
            jump.map(|jump| (jump.timestamp(), jump.offset())).find(|(_, offset)| *offset == after).map(|(at, _)| at)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Days;
    use super::*;

    fn schedule(slots: &[&str], skip: &[&str]) -> Schedule {
        Schedule {
            slots: slots.iter().map(|slot| Slot::parse(slot).unwrap()).collect(),
            skip: skip.iter().map(|days| Days::parse(days).unwrap()).collect(),
            ..Schedule::default()
        }
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The slots after a moment, as local times.
    fn slots(schedule: &Schedule, name: &str, after: &str, count: usize) -> Vec<String> {
        let zone = zone(name);
        let calendar = Calendar::of(schedule, Some(&zone)).unwrap();
        let mut after = at(after);
        let mut found = Vec::new();
        for _ in 0..count {
            after = calendar.next(after).unwrap();
            found.push(after.to_zoned_datetime(zone.clone()).strftime("%a %d %b %H:%M %Z").to_string());
        }
        found
    }

    #[test]
    fn slots_come_in_order_on_their_days() {
        let week = schedule(&["Wed,Mon 18:00", "daily 09:30"], &[]);
        assert_eq!(
            slots(&week, "Europe/Berlin", "2026-11-30T09:00:00Z", 4),
            ["Mon 30 Nov 18:00 CET", "Tue 01 Dec 09:30 CET", "Wed 02 Dec 09:30 CET", "Wed 02 Dec 18:00 CET"]
        );
        assert_eq!(slots(&week, "Europe/Berlin", "2026-11-30T17:00:00Z", 1), ["Tue 01 Dec 09:30 CET"], "not twice");
    }

    #[test]
    fn skipped_days_have_none() {
        let feast = schedule(&["daily 12:00"], &["2026-12-24..2027-01-01", "2027-01-03"]);
        assert_eq!(
            slots(&feast, "UTC", "2026-12-23T00:00:00Z", 3),
            ["Wed 23 Dec 12:00 UTC", "Sat 02 Jan 12:00 UTC", "Mon 04 Jan 12:00 UTC"]
        );
        let for_ever = schedule(&["daily 12:00"], &["2026-01-01..9999-12-31"]);
        let calendar = Calendar::of(&for_ever, None).unwrap();
        assert_eq!(calendar.next(at("2026-06-01T00:00:00Z")), None);
        assert_eq!(calendar.newest(Timestamp::MIN, at("2026-06-01T00:00:00Z")), Some(at("2025-12-31T12:00:00Z")));
    }

    #[test]
    fn a_skipped_time_is_the_next_minute_and_a_repeated_one_its_first() {
        let night = schedule(&["daily 02:30"], &[]);
        assert_eq!(slots(&night, "Europe/Berlin", "2026-03-28T12:00:00Z", 1), ["Sun 29 Mar 03:00 CEST"]);
        assert_eq!(slots(&night, "Europe/Berlin", "2026-10-24T12:00:00Z", 1), ["Sun 25 Oct 02:30 CEST"]);
        // Both times are the same moment, so there is one slot.
        let two = schedule(&["daily 02:15", "daily 02:45"], &[]);
        let after = "2026-03-28T12:00:00Z";
        assert_eq!(slots(&two, "Europe/Berlin", after, 2), ["Sun 29 Mar 03:00 CEST", "Mon 30 Mar 02:15 CEST"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Forwards and backwards the same slots are found, whatever clocks do in between.
        #[test]
        fn next_and_newest_agree(
            start in 1_700_000_000i64..1_900_000_000,
            name in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana",
            ]),
            times in prop::collection::vec((0u8..24, prop::sample::select(vec![0u8, 15, 30, 59]), 1u8..128), 1..4),
            skipped in 0i32..40,
        ) {
            let mut schedule = Schedule::default();
            for (hour, minute, days) in times {
                let names: Vec<&str> = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
                    .into_iter().enumerate().filter(|(day, _)| days & (1 << day) != 0).map(|(_, name)| name).collect();
                schedule.slots.push(Slot::parse(&format!("{} {hour:02}:{minute:02}", names.join(","))).unwrap());
            }
            let zone = zone(name);
            let start = Timestamp::from_second(start).unwrap();
            let first = zone.to_datetime(start).date();
            schedule.skip.push(Days { first, last: first.checked_add(jiff::Span::new().days(skipped)).unwrap() });
            let calendar = Calendar::of(&schedule, Some(&zone)).unwrap();
            let mut last = start;
            for _ in 0..12 {
                let slot = calendar.next(last).unwrap();
                prop_assert!(slot > last);
                prop_assert_eq!(calendar.newest(last, slot), Some(slot));
                let just_before = slot.checked_sub(SignedDuration::from_nanos(1)).unwrap();
                prop_assert_eq!(calendar.newest(last, just_before), None);
                prop_assert!(!schedule.is_skipped(calendar.day(slot)));
                last = slot;
            }
        }
    }
}
