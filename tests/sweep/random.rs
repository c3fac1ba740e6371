//! Schedules from seeds.

use super::fault::{Fault, WriteFault};
use super::scenario::Scenario;
use super::schedule::{Clones, Event, Habits, Schedule};

/// One to three faults at any step, and what may happen between runs; in every third one two checkouts that share
/// no record publish in turn or at once.
pub fn schedule(seed: u64) -> Schedule {
    let mut dice = fastrand::Rng::with_seed(seed);
    // Several posts take several times as long, and most of what can happen to them happens to one.
    let scenario = match dice.u8(0..3) {
        0 => dice.choice(Scenario::ALL),
        _ => dice
            .choice(Scenario::ALL.into_iter().filter(|scenario| scenario.manifests().len() == 1).collect::<Vec<_>>()),
    };
    let mut schedule = Schedule::new(scenario.expect("there are scenarios"));
    let steps = if schedule.scenario.manifests().len() > 2 { 30 } else { 16 };
    schedule.habits = Habits {
        after_life: dice.u8(0..3),
        twice: dice.u8(0..4),
        page: dice.choice([2, 100]).unwrap_or(100),
        skew: dice.choice([-3_400, 0, 7_300]).unwrap_or(0),
        strict: false,
    };
    schedule.dice = seed;
    schedule.clones = match dice.u8(0..6) {
        0 => Clones::InTurn,
        1 => Clones::Together,
        _ => Clones::One,
    };
    for _ in 0..dice.usize(1..4) {
        if dice.u8(0..4) == 0 {
            schedule.writes.push((dice.usize(0..steps), write_fault(&mut dice)));
        } else {
            schedule.requests.push((dice.usize(0..steps), request_fault(&mut dice)));
        }
    }
    for _ in 0..dice.usize(0..3) {
        let run = dice.usize(0..3);
        schedule.between.extend(events(&mut dice).into_iter().map(|event| (run, event)));
    }
    schedule.habits.strict = dice.bool();
    schedule
}

fn request_fault(dice: &mut fastrand::Rng) -> Fault {
    match dice.choice(Fault::SWEPT).expect("there are faults") {
        Fault::LateEffect(_) => Fault::LateEffect(dice.u32(5..=40)),
        Fault::TimeoutLate(_) => Fault::TimeoutLate(dice.u32(5..=40)),
        Fault::KillLate(_) => Fault::KillLate(dice.u32(5..=40)),
        fault => *fault,
    }
}

fn write_fault(dice: &mut fastrand::Rng) -> WriteFault {
    match dice.choice(WriteFault::SWEPT).expect("there are faults") {
        WriteFault::Torn(_) => WriteFault::Torn(dice.u16(0..600)),
        WriteFault::Stall(_) => WriteFault::Stall(dice.u32(1..300)),
        fault => *fault,
    }
}

fn events(dice: &mut fastrand::Rng) -> Vec<Event> {
    let place = dice.usize(0..4);
    match dice.u8(0..14) {
        0 => vec![Event::Wait(90)],
        1..=3 => vec![Event::Wait(25 * 60 * 60)],
        4 => vec![Event::Revert(dice.usize(0..4))],
        // What Meta does not list yet no one can see.
        5 => vec![Event::Wait(700), Event::Wipe],
        6 => vec![Event::Wait(700), Event::Revert(dice.usize(0..4)), Event::Wipe],
        7 => vec![Event::Edit(place)],
        8 => vec![Event::Move(place)],
        9 => vec![if dice.bool() { Event::Delete(place) } else { Event::Restore(place) }],
        10 => vec![Event::HumanSame(place)],
        12..=13 => vec![Event::Sync],
        _ => vec![Event::HumanOther(place)],
    }
}
