//! Single schedules of which more is known than that nothing goes wrong.

use super::fault::Fault;
use super::scenario::Scenario;
use super::schedule::{Clones, Event, Schedule};
use super::sweep;
use super::world::Call;

/// The request of the publish that takes effect; the one before it comes too early.
fn publish(whole: &Schedule) -> usize {
    let steps = sweep::run(whole, false).steps;
    let mut publishes = (0..steps.len()).filter(|request| matches!(steps[*request].call, Call::Publish(_)));
    publishes.nth(1).unwrap()
}

/// A story leaves no trace but its container: whoever does not read it publishes it again.
fn expect_once(schedule: &Schedule) {
    let outcome = sweep::run(schedule, false);
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
    assert_eq!(outcome.live, [0]);
}

/// The lockfile is written before the first publish, so another clone may know a container and not its publish.
#[test]
fn what_another_clone_may_have_published_is_not_published_unread() {
    let whole = Schedule::new(Scenario::Story).cloned(Clones::InTurn, 0);
    let publish = publish(&whole);
    let killed = whole.fault(publish, Fault::KillAfter).after(0, Event::Sync);
    expect_once(&killed.fault(publish + 1, Fault::Unreadable(100_000)));
}

/// Too old to be published, and still able to tell.
#[test]
fn a_container_in_its_last_hour_is_read_before_it_is_given_up() {
    let whole = Schedule::new(Scenario::Story);
    let killed = whole.clone().fault(publish(&whole), Fault::KillAfter);
    let late = killed.after(0, Event::Wait(23 * 60 * 60 + 30 * 60));
    // The lockfile as it was before the publish, and no journal.
    expect_once(&late.after(0, Event::Revert(1)).after(0, Event::Wipe));
}
