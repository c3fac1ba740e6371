//! Running many schedules on all cores, and counting what they met.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::check;
use super::net::Step;
use super::run::Simulation;
use super::schedule::Schedule;

/// What one simulation showed.
#[derive(Debug, Default)]
pub struct Outcome {
    pub violations: Vec<String>,
    /// The posts that are live, one entry for each media.
    pub live: Vec<usize>,
    /// Every request.
    pub steps: Vec<Step>,
    pub writes: usize,
    /// Calls to the remote.
    pub pushes: usize,
    /// How often each fault, event, state and end of a run was met.
    pub met: BTreeMap<String, usize>,
    pub log: Vec<String>,
    /// Every version of every record.
    pub journals: String,
}

pub fn run(schedule: &Schedule, log: bool) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let mut simulation = Simulation::new(schedule, log);
        simulation.go().await;
        let violations = check::violations(&simulation, schedule);
        let mut met = BTreeMap::new();
        let mut count = |name: String| *met.entry(name).or_insert(0) += 1;
        let text = String::from_utf8_lossy(&simulation.seen).into_owned();
        let states: BTreeSet<&str> =
            text.split("\"state\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        // A torn line ends in the middle of a word.
        for state in states.into_iter().filter(|state| state.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            count(format!("state {state}"));
        }
        for ended in &simulation.ended {
            let text = format!("{ended:?}");
            count(format!("run ended {}", text.split(['[', '{']).next().unwrap_or_default().trim_end_matches('(')));
        }
        count(format!("clones {:?}", schedule.clones));
        for (_, event) in &schedule.between {
            count(format!("event {}", event.name()));
        }
        for (write, fault) in &schedule.writes {
            if *write < simulation.disk.inner.write_count() {
                count(format!("write {}", fault.name()));
            }
        }
        if let Some(remote) = &simulation.remote {
            for fault in &remote.state().fired {
                count(format!("remote {}", fault.name()));
            }
        }
        let pushes = simulation.pushes();
        let mut state = simulation.net.state();
        for fired in &state.fired {
            count(format!("request {}", fired.fault.name()));
        }
        let log = state.log.take().unwrap_or_default();
        let steps = std::mem::take(&mut state.steps);
        let live = state.world.owners();
        drop(state);
        Outcome {
            violations,
            live,
            steps,
            writes: simulation.disk.inner.write_count(),
            pushes,
            met,
            log,
            journals: text,
        }
    })
}

/// Runs all of them; panics with the first few that went wrong, each as it can be replayed.
pub fn expect_clean(schedules: &[Schedule]) -> BTreeMap<String, usize> {
    expect(schedules, |_, _| Vec::new())
}

/// As [`expect_clean`], where `also` finds more that is wrong.
pub fn expect(
    schedules: &[Schedule],
    also: impl Fn(&Schedule, &Outcome) -> Vec<String> + Sync,
) -> BTreeMap<String, usize> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let met = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine: BTreeMap<String, usize> = BTreeMap::new();
                while let Some(schedule) = schedules.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut outcome = run(schedule, false);
                    outcome.violations.extend(also(schedule, &outcome));
                    for (name, times) in outcome.met {
                        *mine.entry(name).or_default() += times;
                    }
                    if !outcome.violations.is_empty() {
                        failures.lock().unwrap().push((schedule.clone(), outcome.violations));
                    }
                }
                for (name, times) in mine {
                    *met.lock().unwrap().entry(name).or_default() += times;
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    if !failures.is_empty() {
        let mut by_kind: BTreeMap<String, usize> = BTreeMap::new();
        for (_, violations) in &failures {
            for violation in violations {
                *by_kind.entry(violation.chars().filter(|c| !c.is_ascii_digit()).collect()).or_default() += 1;
            }
        }
        for (schedule, violations) in failures.iter().take(40) {
            println!("{}\n    {}", serde_json::to_string(schedule).unwrap(), violations.join("\n    "));
        }
        println!("{by_kind:#?}");
        panic!("{} of {} schedules went wrong", failures.len(), schedules.len());
    }
    met.into_inner().unwrap()
}
