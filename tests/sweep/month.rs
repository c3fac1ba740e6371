//! A month of a queue in GitHub Actions: which slots are met on their second, and what that costs.

use std::collections::BTreeMap;
use std::time::Duration;

use igsync_model::schedule::{Calendar, Schedule as Plan, Slot};
use igsync_ports::Clock;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::clock::pass;
use super::net::EPOCH;
use super::run::{Agenda, Ended, Simulation};
use super::scenario::{Manifest, Scenario};
use super::schedule::Schedule;
use super::world::Call;
use igsync::exit::Exit;

const DAYS: i64 = 28;
const SLOTS: [&str; 2] = ["Mon,Wed 18:00", "Fri 09:30"];
const ZONE: &str = "Europe/Berlin";

/// What GitHub starts, and how long each run waits.
#[derive(Clone, Copy)]
enum Cron {
    /// Every hour at this minute.
    Hourly { minute: i64, wait: &'static str },
    /// 45 and 20 minutes before each slot, and every six hours.
    Slots { wait: &'static str },
}

impl Cron {
    const ALL: [Self; 4] = [
        Self::Hourly { minute: 7, wait: "0m" },
        Self::Hourly { minute: 7, wait: "70m" },
        Self::Hourly { minute: 7, wait: "190m" },
        Self::Slots { wait: "50m" },
    ];

    fn wait(self) -> (&'static str, Duration) {
        let (Self::Hourly { wait, .. } | Self::Slots { wait }) = self;
        let minutes: u64 = wait.trim_end_matches('m').parse().unwrap();
        (wait, Duration::from_secs(60 * minutes))
    }

    fn name(self) -> String {
        match (self, self.wait().0) {
            (Self::Hourly { .. }, "0m") => "every hour, no `--wait`".to_owned(),
            (Self::Hourly { .. }, wait) => format!("every hour, `--wait {wait}`"),
            (Self::Slots { .. }, wait) => format!("two before each slot and every six hours, `--wait {wait}`"),
        }
    }

    /// When GitHub is to start a run, in order.
    fn starts(self, slots: &[Timestamp]) -> Vec<Timestamp> {
        let begin = begin();
        let every = |hours: i64, minute: i64| {
            let times = (0..DAYS * 24 / hours).map(move |n| SignedDuration::from_mins(60 * hours * n + minute));
            times.map(move |after| begin + after)
        };
        let mut all: Vec<Timestamp> = match self {
            Self::Hourly { minute, .. } => every(1, minute).collect(),
            Self::Slots { .. } => {
                let before = slots.iter().flat_map(|slot| [45, 20].map(|minutes| *slot - minutes.minutes()));
                before.filter(|start| *start >= begin).chain(every(6, 13)).collect()
            }
        };
        all.sort();
        all
    }
}

/// Midnight in UTC, after the simulation's clock begins.
fn begin() -> Timestamp {
    let day = 24 * 60 * 60 * 1000;
    Timestamp::from_millisecond((EPOCH / day + 1) * day).unwrap()
}

#[derive(Default)]
struct Month {
    slots: usize,
    /// Some run was alive when the time came.
    awaited: usize,
    /// Sent within two seconds of the minute.
    met: usize,
    /// Sent by the next run.
    late: usize,
    jobs: usize,
    /// As GitHub counts them: each job rounded up.
    minutes: i64,
    /// Of the slots that were not met, how long after them the post was sent.
    longest: SignedDuration,
}

/// Of `percent` of a hundred runs GitHub starts none; the others come up to ten minutes late.
async fn month(cron: Cron, percent: u64) -> Month {
    let schedule = Schedule::new(Scenario::Image).kept_at_remote();
    let mut simulation = Simulation::new(&schedule, false);
    let zone = TimeZone::get(ZONE).unwrap();
    let agenda = Agenda { slots: SLOTS.map(|slot| Slot::parse(slot).unwrap()).to_vec(), zone, wait: cron.wait().1 };
    let slots = slots(&agenda);
    simulation.agenda = Some(agenda);
    simulation.manifests = (0..slots.len() + 3).map(Manifest::of_many).collect();
    simulation.net.state().publish_takes = Duration::from_secs(5);
    simulation.remote.as_ref().unwrap().state().takes = Duration::from_secs(3);
    let mut dice = fastrand::Rng::with_seed(percent);
    let mut month = Month { slots: slots.len(), ..Month::default() };
    let mut alive: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut pending: Vec<Timestamp> = Vec::new();
    for start in cron.starts(&slots) {
        if dice.u64(0..100) >= percent {
            pending.push(start + SignedDuration::from_secs(dice.i64(0..600)));
        }
    }
    pending.sort();
    let mut runs = pending.into_iter().peekable();
    while let Some(mut start) = runs.next() {
        // Of the runs that a concurrency group holds back, the newest is kept.
        while runs.next_if(|next| *next <= simulation.clock.now()).is_some_and(|next| {
            start = next;
            true
        }) {}
        let to_start = Duration::try_from(start.duration_since(simulation.clock.now())).unwrap_or_default();
        pass(to_start + SETUP).await;
        let began = simulation.clock.now();
        let ended = simulation.apply_once(month.jobs).await;
        assert!(ended.iter().all(|ended| matches!(ended, Ended::Exit(Exit::Done))), "{ended:?} at {began}");
        simulation.ended.extend(ended);
        let took = simulation.clock.now().duration_since(began) + SignedDuration::try_from(SETUP).unwrap();
        month.jobs += 1;
        month.minutes += (took.as_secs() + 59) / 60;
        alive.push((began, began + cron.wait().1));
    }
    judge(&mut month, &simulation, &slots, &alive);
    month
}

/// Checkout and installation of a job.
const SETUP: Duration = Duration::from_secs(20);

/// From the start of a run to what it can announce: looks, containers, pushes.
const READY: SignedDuration = SignedDuration::from_secs(60);

fn slots(agenda: &Agenda) -> Vec<Timestamp> {
    let schedule = Plan { slots: agenda.slots.clone(), ..Plan::default() };
    let calendar = Calendar::of(&schedule, Some(&agenda.zone)).unwrap();
    let end = begin() + SignedDuration::from_hours(24 * DAYS);
    let mut slots = Vec::new();
    let mut at = end;
    while let Some(slot) = calendar.newest(begin(), at) {
        slots.push(slot);
        at = slot - 1.second();
    }
    slots.reverse();
    slots
}

fn judge(month: &mut Month, simulation: &Simulation, slots: &[Timestamp], alive: &[(Timestamp, Timestamp)]) {
    let sent = sent(simulation);
    for slot in slots {
        let is_awaited = alive.iter().any(|(began, until)| *began + READY <= *slot && slot <= until);
        month.awaited += usize::from(is_awaited);
        let next = alive.iter().map(|(began, _)| *began).find(|began| began >= slot);
        match sent.get(slot) {
            None => panic!("{slot} is not served; awaited: {is_awaited}"),
            Some(sent) if sent.duration_since(*slot).abs() <= SignedDuration::from_secs(2) => month.met += 1,
            Some(sent) => {
                assert!(!is_awaited, "{slot} was awaited, and served at {sent}");
                let next = next.expect("a run that has served it");
                assert!(*sent - 2.minutes() < next, "{slot} is the next run's, of {next}: {sent}");
                month.late += 1;
                month.longest = month.longest.max(sent.duration_since(*slot));
            }
        }
    }
}

/// When the post of each slot was sent, by Meta's clock.
fn sent(simulation: &Simulation) -> BTreeMap<Timestamp, Timestamp> {
    let state = simulation.net.state();
    let publishes: BTreeMap<String, i64> = state
        .steps
        .iter()
        .filter_map(|step| match step.call {
            Call::Publish(container) => Some((container.to_string(), step.at)),
            _ => None,
        })
        .collect();
    let records = simulation.remote.as_ref().unwrap().records();
    let mut all = BTreeMap::new();
    for record in records.iter() {
        let container = record.container.as_ref().unwrap().id.to_string();
        let at = Timestamp::from_millisecond(EPOCH + publishes[&container] + state.world.habits.skew).unwrap();
        assert!(all.insert(record.slot().unwrap(), at).is_none(), "a slot serves two posts");
    }
    assert_eq!(state.world.owners().len(), all.len(), "each post is published once");
    all
}

/// As it stands in the documentation.
fn row(cron: Cron, percent: u64, month: &Month) -> String {
    let Month { met, late, jobs, minutes, longest, .. } = month;
    let latest = if *late > 0 { format!("{} min", longest.as_secs() / 60) } else { "–".to_owned() };
    format!("| {} | {percent} % | {met} | {late} | {latest} | {jobs} | {minutes} |\n", cron.name())
}

#[test]
fn in_a_month_each_slot_that_a_run_waits_for_is_met_on_its_second() {
    let mut table = String::new();
    for cron in Cron::ALL {
        for percent in [0, 10, 30] {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let month = runtime.unwrap().block_on(month(cron, percent));
            assert_eq!((month.met + month.late, month.slots), (12, 12), "none is lost");
            assert!(month.met >= month.awaited);
            table += &row(cron, percent, &month);
        }
    }
    println!("{table}");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schedule.md")).unwrap();
    assert!(page.contains(&table), "docs/schedule.md has another table than this:\n{table}");
}
