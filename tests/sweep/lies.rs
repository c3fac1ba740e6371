//! Clocks and leases that are not right: whatever they say, no publish and no container is made more.

use std::path::Path;

use igsync_model::lockfile::Paths;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::Fault;
use super::mutant::Mutant;
use super::net::{EPOCH, ROOTS};
use super::run::Simulation;
use super::scenario::Scenario;
use super::schedule::Schedule;
use super::sweep::{self, Outcome};
use super::world::Call;

/// What is not right, from one request on and through the runs before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lies {
    /// The first request that is answered so, counted over all runs.
    pub from: usize,
    /// Before this run everything is right again.
    pub until: usize,
    /// So many seconds `Date` is ahead of the truth.
    pub date: i64,
    /// So many seconds this machine's clock is ahead of the truth.
    pub local: i64,
    /// What every lease says after a run, in seconds since 1970.
    pub lease: Option<i64>,
}

impl Simulation {
    /// Between two runs: `run` is about to begin.
    pub fn lie(&self, run: usize) {
        let Some(lies) = self.lies() else { return };
        let is_over = run >= lies.until;
        let steps = self.net.state().steps.len();
        if is_over {
            self.net.state().lies = None;
            self.clock.set_ahead(0);
        } else if steps >= lies.from {
            self.clock.set_ahead(lies.local);
        }
        if let Some(lease) = lies.lease.filter(|_| !is_over && steps >= lies.from) {
            self.rewrite_leases(lease);
        }
    }

    fn rewrite_leases(&self, lease: i64) {
        let paths = Paths::new(Path::new(ROOTS[0]));
        for path in [paths.journal(), paths.lockfile.clone()] {
            let Some(bytes) = self.disk.inner.bytes(&path) else { continue };
            let text: String = String::from_utf8(bytes).unwrap().lines().map(|line| rewritten(line, lease)).collect();
            self.disk.inner.put(path, text);
        }
    }
}

fn rewritten(line: &str, lease: i64) -> String {
    // A torn line is left as it is.
    let Ok(mut record) = serde_json::from_str::<Value>(line) else { return format!("{line}\n") };
    for intent in record.get_mut("intents").and_then(Value::as_array_mut).into_iter().flatten() {
        intent["lease_until"] = Timestamp::from_second(lease).unwrap().to_string().into();
    }
    format!("{record}\n")
}

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
const YEAR: i64 = 365 * DAY;

/// `Date` and this machine's clock. Both may be off by a little, and one of them by anything; of both that are off
/// alike no one can tell that they are.
fn clocks() -> Vec<(i64, i64)> {
    let little = [-4 * MINUTE, -MINUTE, 0, MINUTE, 4 * MINUTE];
    let much = [-EPOCH / 1000, -YEAR, -20 * DAY, -DAY, -6 * MINUTE, 6 * MINUTE, DAY, 20 * DAY, YEAR, 900 * YEAR];
    let mut all: Vec<(i64, i64)> = little.iter().flat_map(|date| little.map(|local| (*date, local))).collect();
    all.extend(much.iter().flat_map(|off| [(*off, 0), (0, *off), (*off, -*off / 2)]));
    all
}

fn leases() -> [Option<i64>; 5] {
    let now = EPOCH / 1000;
    // 1970, before the announcement, right after it, in 2099.
    [None, Some(0), Some(now - YEAR), Some(now + MINUTE), Some(4_080_000_000)]
}

/// How often something was published and made.
fn sent(outcome: &Outcome) -> (usize, usize) {
    let count = |is_it: fn(&Call) -> bool| outcome.steps.iter().filter(|step| is_it(&step.call)).count();
    (count(|call| matches!(call, Call::Publish(_))), count(|call| matches!(call, Call::Create(_))))
}

/// A publish that got no clear answer, in every way: it may take effect at once, later or never.
const FAULTS: [Fault; 12] = [
    Fault::LoseAnswer,
    Fault::LoseRequest,
    Fault::LateEffect(20),
    Fault::LateEffect(50),
    Fault::TimeoutDone,
    Fault::TimeoutLate(20),
    Fault::ServerErrorUndone,
    Fault::Throttle,
    Fault::KillBefore,
    Fault::KillAfter,
    Fault::KillLate(20),
    Fault::KillLate(100),
];

fn schedules() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in [Scenario::Image, Scenario::Story, Scenario::Carousel] {
        let steps = sweep::run(&Schedule::new(scenario), false).steps;
        let publish = steps.iter().rposition(|step| matches!(step.call, Call::Publish(_))).unwrap();
        let first = steps.iter().position(|step| matches!(step.call, Call::Create(_))).unwrap();
        all.extend(FAULTS.map(|fault| (Schedule::new(scenario).fault(publish, fault), publish + 1)));
        // Without a fault: lies from the beginning, and from the first container on.
        all.extend([0, first, first + 1, publish].map(|from| (Schedule::new(scenario), from)));
    }
    let lie = |(schedule, from): &(Schedule, usize)| {
        let mut lies = Vec::new();
        for (number, (date, local)) in clocks().into_iter().enumerate() {
            for (place, lease) in leases().into_iter().enumerate() {
                // Every pair of clocks meets one lease, and each lease the truth.
                if (date, local) == (0, 0) || (number + place + from) % 5 == 0 {
                    let until = if number % 2 == 0 { 1 } else { 3 };
                    let told = Lies { from: *from, until, date, local, lease };
                    lies.push(Schedule { lies: Some(told), ..schedule.clone() });
                }
            }
        }
        lies
    };
    all.iter().flat_map(lie).collect()
}

/// What is wrong with an outcome that right clocks would not have had.
fn more_than_truly(schedule: &Schedule, outcome: &Outcome) -> Option<String> {
    let truth = sweep::run(&Schedule { lies: None, mutant: None, ..schedule.clone() }, false);
    let (sent, truly) = (sent(outcome), sent(&truth));
    let is_more = sent.0 > truly.0 || sent.1 > truly.1;
    is_more.then(|| format!("{sent:?} publishes and containers, and {truly:?} by right clocks"))
}

#[test]
fn no_clock_and_no_lease_makes_a_publish_or_a_container_more() {
    let schedules = schedules();
    println!("{} schedules", schedules.len());
    let met = sweep::expect(&schedules, |schedule, outcome| more_than_truly(schedule, outcome).into_iter().collect());
    for (what, times) in &met {
        println!("{times:>7} {what}");
    }
    assert!(met.contains_key("run ended Exit(Failure)"), "no run was ended by its clock");
}

/// A run that believes a lease, or the server's clock, is seen to be wrong, and only because they lie.
#[test]
fn a_lease_that_is_believed_publishes_once_too_often() {
    let believing = |schedule: Schedule| Schedule { mutant: Some(Mutant::LeaseBelieved), ..schedule };
    let by_what = |is_it: fn(&Lies) -> bool| {
        let mut lying = schedules().into_iter().filter(|schedule| schedule.lies.as_ref().is_some_and(is_it));
        lying.find_map(|schedule| {
            let schedule = believing(schedule);
            let found = more_than_truly(&schedule, &sweep::run(&schedule, false))?;
            let truly = Schedule { lies: None, ..schedule.clone() };
            more_than_truly(&truly, &sweep::run(&truly, false)).is_none().then_some((schedule, found))
        })
    };
    for red in
        [by_what(|lies| lies.lease.is_some() && lies.date == 0), by_what(|lies| lies.lease.is_none() && lies.date != 0)]
    {
        let (schedule, found) = red.expect("nothing notices it");
        println!("{found}\n    {}", serde_json::to_string(&schedule).unwrap());
    }
}
