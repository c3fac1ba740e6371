//! A queue and a gap over many runs: what every plan promises, whenever runs come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::testing::*;
use super::super::{Action, Arrivals, Change, Plan};
use crate::lockfile::{Live, Record, State, Turn, Via};
use crate::manifest::{Post, Queued};
use crate::schedule::{Calendar, Slot};
use igsync_base::id::AttemptId;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An account whose runs publish what their plans say, and take no time for it.
struct Simulation {
    world: World,
    arrivals: BTreeMap<String, Timestamp>,
}

impl Simulation {
    fn new(slots: &[String], zone: &str, gap: i64) -> Self {
        let mut world = world([], []);
        let account = &mut world.accounts[0];
        account.timezone = Some(TimeZone::get(zone).unwrap());
        account.schedule.slots = slots.iter().map(|slot| Slot::parse(slot).unwrap()).collect();
        account.schedule.min_gap = std::time::Duration::from_secs(gap.unsigned_abs());
        account.max_publish_per_run = 50;
        Self { world, arrivals: BTreeMap::new() }
    }

    fn add(&mut self, post: Post, arrival: Timestamp) {
        self.arrivals.insert(post.file.to_string(), arrival);
        self.world.posts.push(post.into());
    }

    fn plan(&mut self, now: Timestamp) -> Plan {
        self.world.now = now;
        self.world.options.arrivals = Arrivals::Known(self.arrivals.clone());
        self.world.plan()
    }

    /// One run; returns what it has published.
    fn run(&mut self, now: Timestamp) -> Vec<Record> {
        let published: Vec<Record> =
            self.plan(now).changes.iter().filter(|change| change.acts()).map(|change| live_at(change, now)).collect();
        self.world.records.extend(published.iter().cloned());
        published
    }

    fn calendar(&self) -> Calendar<'_> {
        let account = &self.world.accounts[0];
        Calendar::of(&account.schedule, account.timezone.as_ref()).unwrap()
    }

    fn is_waiting(&self, key: &str) -> bool {
        !self.world.records.iter().any(|record| record.key.as_str() == key)
    }
}

fn live_at(change: &Change, now: Timestamp) -> Record {
    let post = change.post.as_ref().unwrap();
    assert_eq!(change.action, Action::Publish);
    let live = Live { published_at: Some(now), via: Some(Via::Publish), ..Live::default() };
    Record {
        state: State::Published(live),
        digest: post.digest.clone(),
        media_digest: post.media_digest.clone(),
        turn: Turn::of(post.slot, post.due_at),
        ..Record::new(
            post.key.clone(),
            USER.into(),
            post.account.clone(),
            post.content.kind,
            AttemptId::from(post.key.as_str()),
        )
    }
}

fn start() -> Timestamp {
    at("2026-03-01T00:00:00Z")
}

fn after(start: Timestamp, seconds: i64) -> Timestamp {
    start.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

/// What a queue holds and when it is served.
#[derive(Clone, Debug)]
struct Scene {
    slots: Vec<String>,
    zone: &'static str,
    gap: i64,
    posts: Vec<Wanted>,
    /// Seconds from one run to the next.
    runs: Vec<i64>,
}

#[derive(Clone, Debug)]
struct Wanted {
    /// 0 to 5: in the queue; 6: dated; 7: undated.
    way: u8,
    /// Seconds after the start.
    arrival: i64,
    order: i8,
    /// Days after the start.
    from: Option<i64>,
}

fn scenes() -> impl Strategy<Value = Scene> {
    let zones = vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
    let slot = (1u8..128, 0u8..24, prop::sample::select(vec![0u8, 15, 30])).prop_map(|(days, hour, minute)| {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<&str> = (0..7).filter(|day| days & (1 << day) != 0).map(|day| names[day]).collect();
        format!("{} {hour:02}:{minute:02}", days.join(","))
    });
    let wanted = (0u8..8, 0..40 * DAY, -1i8..2, prop::option::weighted(0.2, 0i64..60))
        .prop_map(|(way, arrival, order, from)| Wanted { way, arrival, order, from });
    (
        prop::collection::vec(slot, 1..4),
        prop::sample::select(zones),
        prop::sample::select(vec![0, 0, 3 * HOUR, 30 * HOUR]),
        prop::collection::vec(wanted, 1..12),
        prop::collection::vec(prop_oneof![5 => MINUTE..2 * HOUR, 1 => 0..3 * DAY], 1..150),
    )
        .prop_map(|(slots, zone, gap, posts, runs)| Scene { slots, zone, gap, posts, runs })
}

impl Scene {
    fn simulation(&self) -> Simulation {
        let mut simulation = Simulation::new(&self.slots, self.zone, self.gap);
        for (number, wanted) in self.posts.iter().enumerate() {
            let arrival = after(start(), wanted.arrival);
            let mut post = post(&format!("p{number:02}"));
            match wanted.way {
                6 => post.publish_at = Some(after(arrival, HOUR)),
                7 => {}
                _ => {
                    let from = wanted.from.map(|day| TimeZone::UTC.to_datetime(after(start(), day * DAY)).date());
                    post.queued = Some(Queued { from });
                    post.queue_order = f64::from(wanted.order);
                }
            }
            simulation.add(post, arrival);
        }
        simulation
    }
}

/// What holds for everything that went out.
fn check(simulation: &Simulation) -> Result<(), TestCaseError> {
    let schedule = &simulation.world.accounts[0].schedule;
    let (gap, late_after) =
        (SignedDuration::try_from(schedule.min_gap).unwrap(), SignedDuration::try_from(schedule.late_after).unwrap());
    let calendar = simulation.calendar();
    let mut used = BTreeSet::new();
    let mut dues: Vec<Timestamp> = Vec::new();
    let mut queue: Vec<&Record> = Vec::new();
    for record in &simulation.world.records {
        let post = simulation.world.posts.iter().find(|post| post.key == record.key).unwrap();
        let published = record.published_at().unwrap();
        let due = record.due_at();
        if let Some(slot) = record.slot() {
            let arrival = simulation.arrivals[&*post.file];
            prop_assert!(used.insert(slot), "{slot} serves two posts");
            prop_assert!(slot >= arrival, "{slot} is from before {arrival}");
            prop_assert!(slot <= published, "{slot} is still to come");
            prop_assert_eq!(calendar.newest(after(slot, -1), slot), Some(slot), "it is a slot");
            let from = post.queued.unwrap().from;
            prop_assert!(from.is_none_or(|from| calendar.day(slot) >= from));
            if gap.is_zero() {
                prop_assert!(published.duration_since(slot) <= late_after, "{slot} was late at {published}");
                prop_assert_eq!(calendar.newest(slot, published), None, "a newer slot had passed");
            }
            // Whoever goes before it in the queue could not take the slot.
            for other in &queue {
                prop_assert!(other.slot() < Some(slot));
            }
            queue.push(record);
        }
        if let Some(due) = due {
            prop_assert!(due <= published, "early");
            if post.publish_at.is_none() {
                let held = dues.iter().find(|other| other.duration_since(due).abs() < gap);
                prop_assert_eq!(held, None, "the gap");
            }
            dues.push(due);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whenever_runs_come_slots_serve_once_in_order_and_gaps_hold(scene in scenes()) {
        let mut simulation = scene.simulation();
        let mut now = start();
        for pause in &scene.runs {
            now = after(now, *pause);
            let arrived: Vec<_> = simulation.world.posts.iter()
                .filter(|post| simulation.arrivals[&*post.file] <= now).cloned().collect();
            let all = std::mem::replace(&mut simulation.world.posts, arrived);
            simulation.run(now);
            simulation.world.posts = all;
        }
        check(&simulation)?;
        // Of two posts that could have had the same slot, the first in the queue has the earlier one.
        let key = |record: &Record| record.key.clone();
        let served: Vec<(Timestamp, &Record)> =
            simulation.world.records.iter().filter_map(|record| Some((record.slot()?, record))).collect();
        for (slot, record) in &served {
            let mine = simulation.world.posts.iter().find(|post| post.key == key(record)).unwrap();
            for post in simulation.world.posts.iter().filter(|post| post.queued == Some(Queued { from: None })) {
                let goes_before = (post.queue_order, &post.key) < (mine.queue_order, &mine.key);
                let could_take = simulation.arrivals[&*post.file] <= *slot;
                let had_its_own = served.iter().any(|(other, record)| key(record) == post.key && other < slot);
                prop_assert!(!goes_before || !could_take || had_its_own, "{} before {}", mine.key, post.key);
            }
        }
    }

    #[test]
    fn with_every_run_on_time_the_forecast_is_what_happens(scene in scenes()) {
        let mut simulation = scene.simulation();
        for arrival in simulation.arrivals.values_mut() {
            *arrival = start();
        }
        let first = simulation.plan(start());
        let forecast: BTreeMap<_, _> = first.changes.iter()
            .map(|change| (change.key.clone(), (change.due_at.unwrap_or(start()), change.post.as_ref().unwrap().slot)))
            .collect();
        let mut now = start();
        loop {
            simulation.run(now);
            let waiting = simulation.plan(now).changes.into_iter().filter_map(|change| change.due_at);
            let Some(next) = waiting.filter(|due| *due > now).min() else { break };
            now = next;
        }
        prop_assert_eq!(simulation.world.records.len(), scene.posts.len(), "all have gone out");
        for record in &simulation.world.records {
            let went = (record.published_at().unwrap(), record.slot());
            prop_assert_eq!(&forecast[&record.key], &went, "{}", record.key);
        }
        check(&simulation)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Two clones share the record, and the clock of one is a year ahead: what it takes is lost for its posts alone.
    #[test]
    fn a_clock_that_is_a_year_ahead_holds_no_slot(scene in scenes(), ahead in prop::collection::vec(prop::bool::weighted(0.2), 150)) {
        let posts = scene.posts.iter().map(|wanted| Wanted { way: 0, from: None, arrival: 0, ..wanted.clone() }).collect();
        let mut simulation = Scene { gap: 0, posts, ..scene.clone() }.simulation();
        let late_after = SignedDuration::from_hours(24);
        let mut now = start();
        for (pause, is_ahead) in scene.runs.iter().zip(ahead) {
            now = after(now, *pause);
            if is_ahead {
                simulation.run(after(now, 365 * DAY));
                continue;
            }
            let newest = simulation.calendar().newest(start(), now).filter(|slot| now.duration_since(*slot) <= late_after);
            let is_waited_for = simulation.world.posts.iter().any(|post| simulation.is_waiting(post.key.as_str()));
            simulation.run(now);
            let served = |slot| simulation.world.records.iter().any(|record| record.slot() == Some(slot));
            prop_assert!(!is_waited_for || newest.is_none_or(served), "{newest:?} is not served at {now}");
        }
        let slots: Vec<Timestamp> = simulation.world.records.iter().filter_map(Record::slot).collect();
        prop_assert_eq!(slots.iter().collect::<BTreeSet<_>>().len(), slots.len(), "no slot serves two posts");
    }
}

/// A generator that gives the same numbers each time.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

#[test]
fn in_a_year_of_missing_and_late_runs_every_slot_that_a_run_could_serve_is_served_once() {
    for seed in 0..2 {
        let slots = ["Mon,Wed 18:00".to_owned(), "Fri 02:30".to_owned()];
        let mut simulation = Simulation::new(&slots, "Europe/Berlin", 0);
        let mut number = numbers(seed);
        // The queue runs empty now and then.
        for post_number in 0..140 {
            let arrival = after(start(), i64::try_from(number(330)).unwrap() * DAY);
            simulation.add(
                post(&format!("p{post_number:03}")).with(|post| post.queued = Some(Queued { from: None })),
                arrival,
            );
        }
        let mut expected = BTreeSet::new();
        for hour in 0..365 * 24 {
            // Of a hundred runs 15 are missing, and 15 come up to 40 minutes late.
            let late = match number(100) {
                0..15 => continue,
                15..30 => i64::try_from(number(40)).unwrap() * MINUTE,
                _ => 0,
            };
            let now = after(start(), hour * HOUR + late);
            let newest = simulation.calendar().newest(Timestamp::MIN, now).unwrap();
            let is_served = simulation.world.records.iter().any(|record| record.slot() == Some(newest));
            let waits = |post: &&std::sync::Arc<Post>| {
                simulation.arrivals[&*post.file] <= newest && simulation.is_waiting(post.key.as_str())
            };
            let is_fresh = now.duration_since(newest) <= SignedDuration::from_hours(24);
            let arrived: Vec<_> =
                simulation.world.posts.iter().filter(|post| simulation.arrivals[&*post.file] <= now).cloned().collect();
            if arrived.iter().any(|post| waits(&post)) && is_fresh && !is_served {
                expected.insert(newest);
            }
            let all = std::mem::replace(&mut simulation.world.posts, arrived);
            simulation.run(now);
            simulation.world.posts = all;
        }
        let served: Vec<Timestamp> = simulation.world.records.iter().filter_map(Record::slot).collect();
        let once: BTreeSet<Timestamp> = served.iter().copied().collect();
        assert_eq!(served.len(), once.len(), "no slot serves two posts");
        assert_eq!(once, expected, "seed {seed}");
        assert!(once.len() > 100, "{}", once.len());
    }
}
