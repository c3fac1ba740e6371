//! The simulation sweep: the real apply code against a model account, under every fault at every step.
//!
//! `IGSYNC_SWEEP_SCHEDULES` sets the number of random schedules, `IGSYNC_SWEEP_SEED` their first seed;
//! `IGSYNC_SWEEP_REPLAY` takes one schedule as it was printed and shows everything that happens in it.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test harness may panic, and nobody else can reach it")]

mod check;
mod fault;
mod ports;
mod random;
mod run;
mod scenario;
mod schedule;
mod sweep;
mod world;

use fault::{Fault, WriteFault};
use scenario::Scenario;
use schedule::{Event, Schedule};

#[test]
fn nothing_goes_wrong_without_faults() {
    for scenario in Scenario::ALL {
        sweep::expect_clean(&[Schedule::new(scenario)]);
    }
}

#[test]
fn a_schedule_from_the_environment_is_replayed() {
    let Ok(text) = std::env::var("IGSYNC_SWEEP_REPLAY") else { return };
    let schedule: Schedule = serde_json::from_str(&text).expect("a schedule as it was printed");
    let outcome = sweep::run(&schedule, true);
    println!("{}", outcome.log.join("\n"));
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
}

#[test]
fn every_fault_at_every_request() {
    let mut all = Vec::new();
    for scenario in Scenario::ALL {
        let requests = sweep::run(&Schedule::new(scenario), false).requests;
        for request in 0..requests {
            all.extend(Fault::SWEPT.iter().map(|fault| Schedule::new(scenario).fault(request, *fault)));
        }
    }
    sweep::expect_clean(&all);
}

#[test]
fn every_fault_at_every_durable_write() {
    let mut all = Vec::new();
    for scenario in Scenario::ALL {
        let writes = sweep::run(&Schedule::new(scenario), false).writes;
        for write in 0..writes {
            all.extend(WriteFault::SWEPT.iter().map(|fault| Schedule::new(scenario).write(write, *fault)));
        }
    }
    sweep::expect_clean(&all);
}

const DAY_AND_MORE: Event = Event::Wait(25 * 60 * 60);

/// Every kill, each with a re-run at once and one after the container's life.
fn kills(scenario: Scenario) -> Vec<Schedule> {
    let whole = sweep::run(&Schedule::new(scenario), false);
    let new = || Schedule::new(scenario);
    let mut all = Vec::new();
    for request in 0..whole.requests {
        all.extend([Fault::KillBefore, Fault::KillAfter, Fault::KillLate(20)].map(|kill| new().fault(request, kill)));
    }
    for write in 0..whole.writes {
        let kills = [WriteFault::CrashBefore, WriteFault::CrashAfter, WriteFault::Torn(100)];
        all.extend(kills.map(|kill| new().write(write, kill)));
    }
    all
}

#[test]
fn a_kill_at_every_step_and_a_run_after_a_day() {
    let all: Vec<Schedule> =
        Scenario::ALL.into_iter().flat_map(kills).map(|schedule| schedule.after(0, DAY_AND_MORE)).collect();
    sweep::expect_clean(&all);
}

#[test]
fn a_kill_at_every_step_and_a_changed_world() {
    let ways: &[&[Event]] = &[
        &[Event::Revert(0)],
        &[Event::Revert(1)],
        &[Event::Wait(60), Event::Wipe],
        &[Event::Wait(700), Event::Revert(0), Event::Wipe],
        &[Event::Edit(0)],
        &[Event::Move(0)],
        &[Event::Move(0), Event::Edit(0)],
        &[Event::Delete(0)],
        &[Event::HumanSame(0)],
        &[Event::HumanOther(0)],
    ];
    let mut all = Vec::new();
    for schedule in Scenario::ALL.into_iter().flat_map(kills) {
        for way in ways {
            let changed = way.iter().fold(schedule.clone(), |schedule, event| schedule.after(0, *event));
            let changed = if *way == [Event::Delete(0)] { changed.after(1, Event::Restore(0)) } else { changed };
            all.push(changed.clone());
            let mut late = changed;
            late.between.insert(0, (0, DAY_AND_MORE));
            all.push(late);
        }
    }
    sweep::expect_clean(&all);
}

#[test]
fn random_schedules() {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, count) = (number("IGSYNC_SWEEP_SEED", 0), number("IGSYNC_SWEEP_SCHEDULES", 5_000));
    let all: Vec<Schedule> = (first..first + count).map(random::schedule).collect();
    sweep::expect_clean(&all);
}
