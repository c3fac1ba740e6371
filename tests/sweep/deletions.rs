//! Schedules of posts that are ordered to be deleted: never another post, never without an order and its keys, never
//! after it was taken back, and never lost from the record.

use super::fault::{Fault, Key, WriteFault};
use super::mutant::Mutant;
use super::remote::RemoteFault;
use super::scenario::Scenario;
use super::schedule::{Event, Schedule};
use super::sweep;
use super::world::Call;
use super::{DAY_AND_MORE, every_fault_in, kills};

/// What people do while a deletion is open, or before it is sent.
const CHANGES: &[&[(usize, Event)]] = &[
    &[],
    &[(0, Event::Recall(0))],
    &[(0, Event::TakeKey)],
    &[(0, Event::Pause)],
    &[(0, Event::Delete(0))],
    &[(0, Event::Move(0))],
    &[(0, Event::Move(0)), (0, Event::Recall(0))],
    &[(0, DAY_AND_MORE)],
    &[(0, Event::Recall(0)), (1, Event::Order(0))],
    &[(0, Event::TakeKey), (1, Event::GiveKey)],
    &[(0, Event::Pause), (1, Event::Resume)],
    &[(0, Event::HumanDelete(0))],
    &[(0, Event::Revert(0))],
];

const DELETABLE: [Scenario; 2] = [Scenario::Farewell, Scenario::Last];

fn changed(schedules: impl IntoIterator<Item = Schedule>) -> Vec<Schedule> {
    let changes = |schedule: Schedule| {
        CHANGES.iter().map(move |events| {
            events.iter().fold(schedule.clone(), |schedule, (run, event)| schedule.after(*run, *event))
        })
    };
    schedules.into_iter().flat_map(changes).collect()
}

/// Every fault at the deletion itself.
fn at_the_deletion() -> Vec<Schedule> {
    let all = every_fault_in([Schedule::new(Scenario::Farewell)]);
    all.into_iter().filter(|(call, _)| matches!(call, Call::Delete(_))).map(|(_, schedule)| schedule).collect()
}

/// An unclear deletion, and a fault at each request that settles it.
fn while_settling() -> Vec<Schedule> {
    let lost = [
        (Scenario::Farewell, Fault::LoseAnswer),
        (Scenario::Farewell, Fault::LoseRequest),
        (Scenario::Farewell, Fault::DeniedUndone),
        (Scenario::Last, Fault::KillAfter),
    ];
    let lost = lost.map(|(scenario, fault)| {
        let steps = sweep::run(&Schedule::new(scenario), false).steps;
        let place = steps.iter().position(|step| matches!(step.call, Call::Delete(_))).unwrap();
        Schedule::new(scenario).fault(place, fault)
    });
    every_fault_in(lost).into_iter().map(|(_, schedule)| schedule).collect()
}

/// An order is taken back, or one of its keys, while any request or call to the remote is on its way; at last when the
/// deletion itself is.
fn taken_back() -> Vec<Schedule> {
    let mut all = Vec::new();
    let lost = Schedule::new(Scenario::Farewell);
    let place = sweep::run(&lost, false).steps.iter().position(|step| matches!(step.call, Call::Delete(_))).unwrap();
    let lost = lost.fault(place, Fault::LoseRequest);
    let new =
        DELETABLE.into_iter().flat_map(|scenario| [Schedule::new(scenario), Schedule::new(scenario).kept_at_remote()]);
    for schedule in new.chain([lost]) {
        let run = sweep::run(&schedule, false);
        let from = schedule.requests.iter().map(|(request, _)| request + 1).max().unwrap_or(0);
        for key in Key::ALL {
            let requests = (from..run.steps.len()).map(|at| schedule.clone().fault(at, Fault::TakenBack(key)));
            let calls = (0..run.pushes).map(|at| schedule.clone().push(at, RemoteFault::TakenBack(key)));
            all.extend(requests.chain(calls));
        }
    }
    all
}

fn at_every_write() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in DELETABLE {
        let writes = sweep::run(&Schedule::new(scenario), false).writes;
        for write in 0..writes {
            all.extend(WriteFault::SWEPT.iter().map(|fault| Schedule::new(scenario).write(write, *fault)));
        }
    }
    all
}

fn at_the_remote() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in DELETABLE {
        let new = || Schedule::new(scenario).kept_at_remote();
        let calls = sweep::run(&new(), false).pushes;
        for call in 0..calls {
            let faults = RemoteFault::SWEPT.iter().chain(RemoteFault::OF_DELETIONS);
            all.extend(faults.map(|fault| new().push(call, *fault)));
        }
    }
    all
}

fn lost_machines() -> Vec<Schedule> {
    let killed = DELETABLE.into_iter().flat_map(|scenario| kills(&Schedule::new(scenario).kept_at_remote()));
    let killed = killed.flat_map(|schedule| {
        [schedule.clone().after(0, Event::Lose), schedule.after(0, Event::Recall(0)).after(0, Event::Lose)]
    });
    killed.chain(at_the_remote().into_iter().map(|schedule| schedule.after(0, Event::Lose))).collect()
}

fn races() -> Vec<Schedule> {
    let raced = |scenario| (0..40).map(move |seed| Schedule::new(scenario).raced(seed).after(0, Event::Lose));
    let all: Vec<Schedule> = DELETABLE.into_iter().flat_map(raced).collect();
    let renamed = all.clone().into_iter().map(|schedule| Schedule { renamed: true, ..schedule });
    all.iter().cloned().chain(renamed).collect()
}

#[test]
fn what_is_ordered_is_deleted_once_and_what_may_not_be_stays() {
    for scenario in DELETABLE {
        let outcome = sweep::run(&Schedule::new(scenario), false);
        assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
        let sent = outcome.steps.iter().filter(|step| matches!(step.call, Call::Delete(_))).count();
        assert_eq!((sent, outcome.live.contains(&0)), (1, false), "{scenario:?}");
    }
    for scenario in [Scenario::Matched, Scenario::TwoOrders, Scenario::Swapped] {
        for schedule in changed([Schedule::new(scenario), Schedule::new(scenario).kept_at_remote()]) {
            let outcome = sweep::run(&schedule, false);
            assert!(outcome.violations.is_empty(), "{schedule:?}: {:?}", outcome.violations);
            let is_sent = outcome.steps.iter().any(|step| matches!(step.call, Call::Delete(_)));
            // One order alone is within what a run may delete.
            let is_one = scenario == Scenario::TwoOrders
                && schedule
                    .between
                    .iter()
                    .any(|(_, event)| matches!(event, Event::Recall(_) | Event::Delete(_) | Event::Move(_)));
            assert!(!is_sent || is_one, "{schedule:?}");
        }
    }
}

#[test]
fn never_another_post_never_unordered_never_lost() {
    let parts = [
        ("every fault at every request", {
            every_fault_in(DELETABLE.map(Schedule::new)).into_iter().map(|(_, schedule)| schedule).collect()
        }),
        ("every fault at the deletion, then a changed world", changed(at_the_deletion())),
        ("every fault while it is settled", while_settling()),
        ("an order taken back at every request and call", taken_back()),
        ("every fault at every durable write", at_every_write()),
        ("a kill at every step, then a changed world", {
            changed(DELETABLE.into_iter().flat_map(|scenario| kills(&Schedule::new(scenario))))
        }),
        ("every fault at every call to the remote", at_the_remote()),
        ("a machine lost at every step", lost_machines()),
        ("two machines with the same checkout", races()),
    ];
    let mut met = std::collections::BTreeMap::new();
    let mut total = 0;
    for (name, schedules) in &parts {
        let schedules: &Vec<Schedule> = schedules;
        println!("{:>7} schedules: {name}", schedules.len());
        total += schedules.len();
        for (what, times) in sweep::expect_clean(schedules) {
            *met.entry(what).or_insert(0) += times;
        }
    }
    for (what, times) in &met {
        println!("{times:>7} {what}");
    }
    assert!(total >= 2_000, "only {total} schedules");
    let faults = Fault::OF_DELETIONS.iter().map(|fault| format!("request {}", fault.name()));
    let remote = RemoteFault::OF_DELETIONS.iter().map(|fault| format!("remote {}", fault.name()));
    let events = ["Order", "Recall", "HumanDelete", "TakeKey", "GiveKey", "Pause", "Resume"];
    let all = faults.chain(remote).chain(events.map(|event| format!("event {event}"))).chain(["state deleted".into()]);
    let missing: Vec<String> = all.filter(|what| !met.contains_key(what)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

/// As for publishes: a protocol that is broken must be seen to be broken.
#[test]
fn every_mutant_of_a_deletion_turns_the_sweep_red() {
    let here = || {
        let first = [Schedule::new(Scenario::Swapped)].into_iter().chain(DELETABLE.map(Schedule::new));
        [changed(first), taken_back(), changed(at_the_deletion()), while_settling()].concat()
    };
    let remote = || [races(), at_the_remote()].concat();
    let of_the_remote = [Mutant::AnnouncedLater, Mutant::RejectionIgnored, Mutant::NewContentIgnored];
    let mutants = Mutant::DELETING.map(|mutant| (mutant, here())).into_iter();
    for (mutant, schedules) in mutants.chain(of_the_remote.map(|mutant| (mutant, remote()))) {
        let red = schedules.into_iter().find_map(|schedule| {
            let broken = Schedule { mutant: Some(mutant), ..schedule.clone() };
            let violation = sweep::run(&broken, false).violations.first().cloned()?;
            sweep::run(&schedule, false).violations.is_empty().then_some((broken, violation))
        });
        let (schedule, violation) = red.unwrap_or_else(|| panic!("nothing notices {mutant:?}"));
        println!("{mutant:?}: {violation}\n    {}", serde_json::to_string(&schedule).unwrap());
    }
}
