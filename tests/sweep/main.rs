//! The simulation sweep: the real apply code against a model account, under every fault at every step.
//!
//! `IGSYNC_SWEEP_SCHEDULES` sets the number of random schedules, `IGSYNC_SWEEP_SEED` their first seed,
//! `IGSYNC_SWEEP_PART` runs one part alone (`random`, or as they are printed);
//! `IGSYNC_SWEEP_REPLAY` takes one schedule as it was printed, or the seed of a random one, and shows
//! everything that happens in it.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test harness may panic, and nothing else can reach it")]

mod check;
mod clock;
mod deletions;
mod disk;
mod engine;
mod fault;
mod found;
mod lies;
mod month;
mod mutant;
mod net;
mod random;
mod remote;
mod run;
mod scenario;
mod schedule;
mod single;
mod sweep;
mod world;

use std::collections::{BTreeMap, HashSet};

use fault::{Fault, WriteFault};
use mutant::Mutant;
use remote::RemoteFault;
use scenario::Scenario;
use schedule::{Clones, Event, Schedule};
use sweep::Outcome;
use world::Call;

#[test]
fn nothing_goes_wrong_without_faults() {
    for scenario in Scenario::ALL {
        sweep::expect_clean(&[Schedule::new(scenario)]);
    }
}

/// Whether Meta makes a carousel over unfinished items is not documented: either way it goes out in one run.
#[test]
fn a_carousel_over_unfinished_items_goes_out_in_one_run() {
    for scenario in [Scenario::Carousel, Scenario::Mixed, Scenario::Upload] {
        for schedule in [Schedule::new(scenario), Schedule::new(scenario).strict()] {
            let outcome = sweep::run(&schedule, false);
            assert_eq!(outcome.live.len(), scenario.manifests().len(), "{schedule:?}");
            let ended: Vec<&String> = outcome.met.keys().filter(|name| name.starts_with("run ended")).collect();
            assert_eq!(ended, ["run ended Exit(Done)"], "{schedule:?}");
        }
    }
}

#[test]
fn a_schedule_from_the_environment_is_replayed() {
    let Ok(text) = std::env::var("IGSYNC_SWEEP_REPLAY") else { return };
    let schedule: Schedule = match text.parse() {
        Ok(seed) => random::schedule(seed),
        Err(_) => serde_json::from_str(&text).expect("a seed, or a schedule as it was printed"),
    };
    println!("{}", serde_json::to_string(&schedule).unwrap());
    let outcome = sweep::run(&schedule, true);
    println!("{}", outcome.log.join("\n"));
    println!("{}", outcome.journals);
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
}

/// Each part of the sweep is a list of schedules.
#[test]
fn never_twice_never_lost() {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, count) = (number("IGSYNC_SWEEP_SEED", 0), number("IGSYNC_SWEEP_SCHEDULES", 7_000));
    let random: Vec<Schedule> = (first..first + count).map(random::schedule).collect();
    let faults = every_fault_at_every_request(&Scenario::ALL).into_iter().map(|(_, schedule)| schedule).collect();
    let parts = [
        ("every fault at every request", faults),
        ("every fault at every request, over items that must be finished", every_fault_at_unfinished_items()),
        ("every fault at every durable write", every_fault_at_every_write()),
        ("no fault, then a changed world", changed(&Scenario::ALL)),
        ("a kill at every step, run again after a day", killed_and_late(&Scenario::ALL)),
        ("a kill at every step, then a changed world", killed_and_changed(&Scenario::ALL)),
        ("a slow machine", slow()),
        ("a moved post's key is used again", reused(&Scenario::ALL)),
        ("two clones", two_clones()),
        ("two clones that part", two_attempts()),
        ("schedules that once went wrong", found::schedules()),
        ("random", random),
    ];
    let mut total = 0;
    let mut met = BTreeMap::new();
    let only = std::env::var("IGSYNC_SWEEP_PART").ok();
    for (name, schedules) in parts.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name)) {
        println!("{:>7} schedules: {name}", schedules.len());
        total += schedules.len();
        for (what, times) in sweep::expect_clean(schedules) {
            *met.entry(what).or_insert(0) += times;
        }
    }
    println!("{total:>7} schedules in all; met:");
    for (what, times) in &met {
        println!("{times:>7} {what}");
    }
    if only.is_some() {
        return;
    }
    let faults = Fault::SWEPT.iter().map(|fault| format!("request {}", fault.name()));
    let writes = WriteFault::SWEPT.iter().map(|fault| format!("write {}", fault.name()));
    let states = ["containers", "intent", "unknown", "not_published", "failed", "published", "forgotten"];
    let events = Event::NAMES.map(|event| format!("event {event}"));
    let clones =
        [Clones::One, Clones::InTurn, Clones::Together, Clones::Parted].map(|clones| format!("clones {clones:?}"));
    let states = states.map(|state| format!("state {state}"));
    let all = faults.chain(writes).chain(states).chain(events).chain(clones);
    let missing: Vec<String> = all.filter(|what| !met.contains_key(what)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
    // More than 20,000 together with those of the record at a remote.
    assert!(total >= 16_900 || std::env::var_os("IGSYNC_SWEEP_SCHEDULES").is_some(), "only {total} schedules");
}

/// A protocol that is broken must be seen to be broken, or the sweep proves nothing: some schedule goes
/// wrong with the mutant, and only with it.
#[test]
fn every_mutant_turns_the_sweep_red() {
    let few = [Scenario::Image, Scenario::Story];
    // What most of them fail at comes first.
    let (publishes, others): (Vec<_>, Vec<_>) =
        every_fault_at_every_request(&few).into_iter().partition(|(call, _)| matches!(call, Call::Publish(_)));
    let schedules = |faults: Vec<(Call, Schedule)>| faults.into_iter().map(|(_, schedule)| schedule).collect();
    let parts = [
        reused(&few),
        changed(&few),
        schedules(publishes),
        killed_and_late(&few),
        two_attempts(),
        schedules(others),
        killed_and_changed(&few),
    ];
    for mutant in Mutant::ALL {
        let broken = |schedule: Schedule| Schedule { mutant: Some(mutant), ..schedule };
        let red = parts.iter().flatten().find_map(|schedule| {
            let violation = sweep::run(&broken(schedule.clone()), false).violations.first().cloned()?;
            let is_its_doing = sweep::run(schedule, false).violations.is_empty();
            is_its_doing.then_some((broken(schedule.clone()), violation))
        });
        let (schedule, violation) = red.unwrap_or_else(|| panic!("nothing notices {mutant:?}"));
        println!("{mutant:?}: {violation}\n    {}", serde_json::to_string(&schedule).unwrap());
    }
}

/// The same with the record kept at a remote: another machine continues with what is there.
#[test]
fn the_record_survives_the_machine() {
    let parts = [
        ("every fault at every call to the remote", remote_faults()),
        ("every fault at every call to the remote, then a lost machine", remote_faults_and_lost()),
        ("a machine lost at every step", lost_machines()),
        ("two machines with the same checkout", races()),
        ("two machines that name the posts differently", renamed()),
    ];
    let mut met = BTreeMap::new();
    let total: usize = parts.iter().map(|(_, schedules)| schedules.len()).sum();
    assert!(total >= 3_050, "only {total} schedules");
    for (name, schedules) in &parts {
        println!("{:>7} schedules: {name}", schedules.len());
        for (what, times) in sweep::expect_clean(schedules) {
            *met.entry(what).or_insert(0) += times;
        }
    }
    for (what, times) in &met {
        println!("{times:>7} {what}");
    }
    let faults = RemoteFault::SWEPT.iter().map(|fault| format!("remote {}", fault.name()));
    let missing: Vec<String> = faults.filter(|what| !met.contains_key(what)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

/// The same for runs that wait for the time of each post.
#[test]
fn what_is_waited_for_goes_out_once() {
    let few = [Scenario::Image, Scenario::Mixed, Scenario::Copies, Scenario::TwoAccounts];
    let waiting = |scenario: &Scenario| Schedule::new(*scenario).waiting();
    let two = [Scenario::Image, Scenario::TwoAccounts];
    let faults = every_fault_in(two.iter().map(waiting)).into_iter().map(|(_, schedule)| schedule).collect();
    let killed: Vec<Schedule> = few.iter().flat_map(|scenario| kills(&waiting(scenario))).collect();
    let remote = |scenario: &Scenario| waiting(scenario).kept_at_remote();
    let lost = few.iter().flat_map(|scenario| kills(&remote(scenario))).map(|killed| killed.after(0, Event::Lose));
    let raced = few.iter().flat_map(|scenario| (0..15).map(move |seed| waiting(scenario).raced(seed)));
    let pushes = few.iter().flat_map(|scenario| {
        let calls = sweep::run(&remote(scenario), false).pushes;
        (0..calls).flat_map(move |call| RemoteFault::SWEPT.iter().map(move |fault| remote(scenario).push(call, *fault)))
    });
    let parts: [(&str, Vec<Schedule>); 5] = [
        ("every fault at every request", faults),
        ("a kill at every step", killed),
        ("a machine lost at every step", lost.collect()),
        ("two machines with the same checkout", raced.map(|schedule| schedule.after(0, Event::Lose)).collect()),
        ("every fault at every call to the remote", pushes.collect()),
    ];
    for (name, schedules) in &parts {
        println!("{:>7} schedules: {name}", schedules.len());
        assert!(schedules.len() >= 50, "only {} schedules: {name}", schedules.len());
        sweep::expect_clean(schedules);
    }
}

#[test]
fn what_is_waited_for_goes_out_in_one_run() {
    for scenario in [Scenario::Image, Scenario::Mixed, Scenario::TwoAccounts] {
        let outcome = sweep::run(&Schedule::new(scenario).waiting(), false);
        assert_eq!(outcome.live.len(), scenario.manifests().len());
        let ended: Vec<&String> = outcome.met.keys().filter(|name| name.starts_with("run ended")).collect();
        assert_eq!(ended, ["run ended Exit(Done)"], "{scenario:?}");
        // Meta's clock is behind. Two accounts wait side by side: neither makes the other late.
        let is_publish = |step: &&net::Step| matches!(step.call, Call::Publish(_));
        let skew = schedule::Habits::default().skew;
        let sent: Vec<i64> = outcome.steps.iter().filter(is_publish).map(|step| step.at + skew).collect();
        for due in (0i64..).take(scenario.manifests().len()).map(|number| 1000 * (600 + 45 * number)) {
            assert!(sent.iter().any(|at| (due..due + 2000).contains(at)), "{scenario:?}: {due} is not among {sent:?}");
        }
    }
}

#[test]
fn every_mutant_of_the_remote_turns_its_sweep_red() {
    for mutant in Mutant::REMOTE {
        let broken = |schedule: Schedule| Schedule { mutant: Some(mutant), ..schedule };
        let parts = races().into_iter().chain(lost_machines()).chain(renamed()).chain(remote_faults());
        let red = parts.map(broken).find_map(|schedule| {
            let outcome = sweep::run(&schedule, false);
            outcome.violations.first().map(|violation| (schedule, violation.clone()))
        });
        let (schedule, violation) = red.unwrap_or_else(|| panic!("nothing notices {mutant:?}"));
        println!("{mutant:?}: {violation}\n    {}", serde_json::to_string(&schedule).unwrap());
    }
}

fn remote_faults() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in Scenario::ALL {
        let new = || Schedule::new(scenario).kept_at_remote();
        let calls = sweep::run(&new(), false).pushes;
        for call in 0..calls {
            all.extend(RemoteFault::SWEPT.iter().map(|fault| new().push(call, *fault)));
        }
        // Rejected many times in a row, and for good.
        for count in 1..10 {
            all.push((1..=count).fold(new(), |schedule, call| schedule.push(call, RemoteFault::Moved)));
        }
        all.push((1..=5).fold(new(), |schedule, call| schedule.push(call, RemoteFault::Refused)));
    }
    all
}

fn remote_faults_and_lost() -> Vec<Schedule> {
    remote_faults().into_iter().map(|schedule| schedule.after(0, Event::Lose)).collect()
}

/// A machine that dies at any step, its disk with it; the next one comes at once with the newest checkout,
/// and with an old one or a day later.
fn lost_machines() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in Scenario::ALL {
        for (number, killed) in kills(&Schedule::new(scenario).kept_at_remote()).into_iter().enumerate() {
            all.push(killed.clone().after(0, Event::Lose));
            all.push(match number % 2 {
                0 => killed.after(0, Event::LoseOld(0)),
                _ => killed.after(0, DAY_AND_MORE).after(0, Event::Lose),
            });
        }
    }
    all
}

fn races() -> Vec<Schedule> {
    let raced = |scenario| (0..30).map(move |seed| Schedule::new(scenario).raced(seed).after(0, Event::Lose));
    Scenario::ALL.into_iter().flat_map(raced).collect()
}

fn renamed() -> Vec<Schedule> {
    races().into_iter().map(|schedule| Schedule { renamed: true, ..schedule }).collect()
}

/// Each with the call that its fault meets.
fn every_fault_at_every_request(scenarios: &[Scenario]) -> Vec<(Call, Schedule)> {
    every_fault_in(scenarios.iter().copied().map(Schedule::new))
}

fn every_fault_at_unfinished_items() -> Vec<Schedule> {
    let strict = [Scenario::Carousel, Scenario::Upload].map(|scenario| Schedule::new(scenario).strict());
    every_fault_in(strict).into_iter().map(|(_, schedule)| schedule).collect()
}

fn every_fault_in(schedules: impl IntoIterator<Item = Schedule>) -> Vec<(Call, Schedule)> {
    let mut all = Vec::new();
    for schedule in schedules {
        let whole = sweep::run(&schedule, false);
        for (request, step) in whole.steps.iter().enumerate() {
            let before = request.checked_sub(1).and_then(|before| whole.steps.get(before));
            let before = before.filter(|before| before.at == step.at);
            let is_new = |fault: &Fault| before.is_none_or(|before| !fault.is_same_before(&before.call));
            let faults = Fault::of(&step.call).filter(is_new);
            all.extend(faults.map(|fault| (step.call.clone(), schedule.clone().fault(request, fault))));
        }
    }
    all
}

fn every_fault_at_every_write() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in Scenario::ALL {
        let writes = sweep::run(&Schedule::new(scenario), false).writes;
        for write in 0..writes {
            all.extend(WriteFault::SWEPT.iter().map(|fault| Schedule::new(scenario).write(write, *fault)));
        }
    }
    all
}

const DAY_AND_MORE: Event = Event::Wait(25 * 60 * 60);

/// Every kill at every step: of those after which disk and account are the same at the same time, one.
fn kills(of: &Schedule) -> Vec<Schedule> {
    let Outcome { steps, writes, .. } = sweep::run(of, false);
    let new = || of.clone();
    let changes_before = |request: usize| steps[..request].iter().filter(|step| step.call.changes_something()).count();
    let mut all = Vec::new();
    let mut met = HashSet::new();
    for (request, step) in steps.iter().enumerate() {
        let changes = changes_before(request);
        if met.insert((step.at, step.writes, step.pushes, changes)) {
            all.push(new().fault(request, Fault::KillBefore));
        }
        if step.call.changes_something() {
            met.insert((step.at, step.writes, step.pushes, changes + 1));
            all.extend([Fault::KillAfter, Fault::KillLate(20)].map(|kill| new().fault(request, kill)));
        }
    }
    for write in 0..writes {
        let next = steps.iter().position(|step| step.writes > write).unwrap_or(steps.len());
        let around = next.checked_sub(1).and_then(|last| steps.get(last)).zip(steps.get(next));
        // Between two requests at one time nothing but writes happens.
        let moment = around.filter(|(last, next)| last.at == next.at && last.pushes == next.pushes);
        let is_new = |met: &mut HashSet<_>, writes| {
            moment.is_none_or(|(step, _)| met.insert((step.at, writes, step.pushes, changes_before(next))))
        };
        if is_new(&mut met, write) {
            all.push(new().write(write, WriteFault::CrashBefore));
        }
        if is_new(&mut met, write + 1) {
            all.push(new().write(write, WriteFault::CrashAfter));
        }
        all.push(new().write(write, WriteFault::Torn(100)));
    }
    all
}

fn killed_and_late(scenarios: &[Scenario]) -> Vec<Schedule> {
    let kills = scenarios.iter().flat_map(|scenario| kills(&Schedule::new(*scenario)));
    kills.map(|schedule| schedule.after(0, DAY_AND_MORE)).collect()
}

/// What happens to the world while a killed run waits to be run again.
const CHANGES: &[&[Event]] = &[
    &[Event::Revert(0)],
    &[Event::Revert(1)],
    // A publish on its way when its only witness goes is beyond anyone's knowledge.
    &[Event::Wait(60), Event::Wipe],
    &[Event::Wait(700), Event::Revert(0), Event::Wipe],
    &[Event::Edit(0)],
    &[Event::Move(0)],
    &[Event::Move(0), Event::Edit(0)],
    &[Event::Delete(0)],
    &[Event::HumanSame(0)],
    &[Event::HumanOther(0)],
];

fn changed(scenarios: &[Scenario]) -> Vec<Schedule> {
    let new = |scenario: &Scenario, change: &[Event]| {
        change.iter().fold(Schedule::new(*scenario), |schedule, event| schedule.after(0, *event))
    };
    scenarios.iter().flat_map(|scenario| CHANGES.iter().map(|change| new(scenario, change))).collect()
}

fn killed_and_changed(scenarios: &[Scenario]) -> Vec<Schedule> {
    let mut all = Vec::new();
    for (number, schedule) in scenarios.iter().flat_map(|scenario| kills(&Schedule::new(*scenario))).enumerate() {
        for (place, change) in CHANGES.iter().enumerate() {
            // All pairs of both would take too long; every kill meets half of the changes.
            if (number + place) % 4 > 1 {
                continue;
            }
            let mut changed = schedule.clone();
            // Every second one waits for the container's end, so each change meets both.
            if (number + place) % 2 == 0 {
                changed = changed.after(0, DAY_AND_MORE);
            }
            changed = change.iter().fold(changed, |schedule, event| schedule.after(0, *event));
            if *change == [Event::Delete(0)] {
                changed = changed.after(1, Event::Restore(0));
            }
            all.push(changed);
        }
    }
    all
}

/// Nothing fails, but the disk, the output or the machine itself takes its time.
fn slow() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in Scenario::ALL {
        let writes = sweep::run(&Schedule::new(scenario), false).writes;
        for step in 0..writes {
            let new = || Schedule::new(scenario);
            all.extend([WriteFault::Stall(3600), WriteFault::Sleep(3600)].map(|fault| new().write(step, fault)));
            all.push(Schedule { output: vec![(step, 3600)], ..new() });
        }
    }
    all
}

fn reused(scenarios: &[Scenario]) -> Vec<Schedule> {
    let all = scenarios.iter().copied().map(Schedule::new);
    all.map(|schedule| schedule.after(0, Event::Move(0)).after(1, Event::Reuse(0))).collect()
}

/// Two clones have begun the same post when they are killed, have each other's lockfile then, and cannot
/// read the container that may be live. Only where the clone that runs next continues with its own attempt:
/// of the other's announcement it knows nothing.
fn two_attempts() -> Vec<Schedule> {
    let mut all = Vec::new();
    for scenario in [Scenario::Trial] {
        let whole = Schedule::new(scenario).cloned(Clones::Parted, 0);
        for dice in 0..6 {
            for request in 8..sweep::run(&whole, false).steps.len().min(20) {
                let killed = Schedule { dice, ..whole.clone() }.fault(request, Fault::KillAfter);
                let mute = killed.fault(request + 2, Fault::Unreadable(100_000));
                all.push(mute.after(0, Event::Sync));
            }
        }
    }
    all
}

/// Two checkouts publish to one account: one after the other or both at once, killed at every step, with
/// and without a lockfile that one has from the other.
fn two_clones() -> Vec<Schedule> {
    let mut all = Vec::new();
    for clones in [Clones::InTurn, Clones::Together] {
        for scenario in [Scenario::Image, Scenario::Story, Scenario::Carousel, Scenario::Twins] {
            let whole = Schedule::new(scenario).cloned(clones, 0);
            all.push(whole.clone());
            for (number, schedule) in kills(&whole).into_iter().enumerate() {
                let mut schedule = Schedule { dice: number as u64, ..schedule };
                if number % 3 > 0 {
                    schedule = schedule.after(0, Event::Sync);
                }
                if number % 3 > 1 {
                    schedule = schedule.after(0, DAY_AND_MORE);
                }
                all.push(schedule);
            }
        }
    }
    all
}
