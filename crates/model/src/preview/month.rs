//! The months of an account: what goes out on which local day, and which slots are free.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{Card, Day, Entry, Input, Month, On};
use crate::plan::AccountView;
use crate::schedule::Calendar;

/// More slots are not looked for.
const SLOTS: usize = 2_000;

/// The months, and how many posts are due after the last of them.
pub(super) fn months(input: Input<'_>, account: &AccountView, cards: &[Card<'_>]) -> (Vec<Month>, usize) {
    let plan = input.plan;
    let zone = account.timezone.clone().unwrap_or(TimeZone::UTC);
    let day_of = |at: Timestamp| zone.to_datetime(at).date();
    let today = day_of(plan.now);
    let start = today.first_of_month();
    let Ok(end) = start.checked_add(i32::from(input.months.max(1)).months()) else { return (Vec::new(), 0) };
    let mut entries: BTreeMap<Date, Vec<Entry>> = BTreeMap::new();
    let mut later = 0;
    for (place, card) in cards.iter().enumerate() {
        let Some(at) = card.at else { continue };
        if day_of(at) < end {
            entries.entry(day_of(at)).or_default().push(Entry { at, what: On::Post(place) });
        } else {
            later += 1;
        }
    }
    let taken: HashSet<Timestamp> = cards.iter().filter_map(|card| card.post.slot.or(card.at)).collect();
    for at in slots(account, plan.now, |at| day_of(at) < end).into_iter().filter(|at| !taken.contains(at)) {
        entries.entry(day_of(at)).or_default().push(Entry { at, what: On::Slot });
    }
    let mut quota: BTreeMap<Date, usize> = BTreeMap::new();
    for forecast in plan.forecast.iter().filter(|forecast| forecast.account == account.name) {
        let most = quota.entry(day_of(forecast.at)).or_default();
        *most = forecast.in_24h.max(*most);
    }
    let day = |date: Date| {
        let mut entries = entries.remove(&date).unwrap_or_default();
        entries.sort_by_key(|entry| entry.at);
        Day {
            date,
            is_past: date < today,
            is_today: date == today,
            is_skipped: account.schedule.is_skipped(date),
            entries,
            in_24h: quota.get(&date).copied(),
        }
    };
    let mut months: Vec<Month> = Vec::new();
    for day in start.series(1.day()).take_while(|date| *date < end).map(day) {
        match months.last_mut().filter(|month| month.first.month() == day.date.month()) {
            Some(month) => month.days.push(day),
            None => months.push(Month { first: day.date, days: vec![day] }),
        }
    }
    (months, later)
}

/// The slots of an account from now on.
fn slots(account: &AccountView, now: Timestamp, is_wanted: impl Fn(Timestamp) -> bool) -> Vec<Timestamp> {
    let Some(calendar) = Calendar::of(&account.schedule, account.timezone.as_ref()) else { return Vec::new() };
    let mut slots = Vec::new();
    let mut after = now;
    while let Some(at) = calendar.next(after).filter(|at| is_wanted(*at) && slots.len() < SLOTS) {
        slots.push(at);
        after = at;
    }
    slots
}
