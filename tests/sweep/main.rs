//! The simulation sweep: the real apply code against a model account, under every fault at every step.
//!
//! `IGSYNC_SWEEP_SCHEDULES` sets the number of random schedules, `IGSYNC_SWEEP_SEED` their first seed;
//! `IGSYNC_SWEEP_REPLAY` takes one schedule as it was printed and shows everything that happens in it.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test harness may panic, and nobody else can reach it")]

mod check;
mod fault;
mod ports;
mod run;
mod scenario;
mod schedule;
mod sweep;
mod world;

use fault::{Fault, WriteFault};
use scenario::Scenario;
use schedule::Schedule;

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
