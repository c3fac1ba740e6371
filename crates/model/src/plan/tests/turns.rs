//! The queue and the gap: whose turn it is, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;

use super::super::testing::*;
use super::super::{Arrivals, NoticeKind};
use crate::lockfile::{Reason, Record, Refused, Stage, State, Turn};
use crate::manifest::{Post, Queued};
use crate::schedule::{Days, Slot};
use igsync_base::id::Kind;

/// Every day at noon and at six in Berlin. The present is Tuesday, 13:00 there.
fn daily(posts: impl IntoIterator<Item = Post>, records: impl IntoIterator<Item = Record>) -> World {
    world(posts, records).with(|world| slots(world, &["daily 12:00", "daily 18:00"]))
}

fn slots(world: &mut World, slots: &[&str]) {
    world.accounts[0].schedule.slots = slots.iter().map(|slot| Slot::parse(slot).unwrap()).collect();
}

fn gap(world: &mut World, minutes: u64) {
    world.accounts[0].schedule.min_gap = std::time::Duration::from_secs(minutes * 60);
}

/// A post of the queue that has been in the branch for long.
fn queued(key: &str) -> Post {
    post(key).with(|post| post.queued = Some(Queued { from: None }))
}

fn from(post: Post, day: jiff::civil::Date) -> Post {
    post.with(|post| post.queued = Some(Queued { from: Some(day) }))
}

trait Turned {
    fn give_slot(&mut self, slot: Timestamp);
    fn give_due(&mut self, due_at: Timestamp);
}

impl Turned for Record {
    fn give_slot(&mut self, slot: Timestamp) {
        self.turn = Turn::of(Some(slot), self.due_at());
    }

    fn give_due(&mut self, due_at: Timestamp) {
        self.turn = Turn::of(self.slot(), Some(due_at));
    }
}

/// `mark key local time` of every change, in order.
fn turns(world: &World) -> Vec<String> {
    let account = &world.accounts[0];
    let changes = world.plan().changes;
    let due = |at: Option<_>| at.map_or_else(|| "-".to_owned(), |at| account.local(at));
    changes.iter().map(|change| format!("{} {} {}", change.mark().sign(), change.key, due(change.due_at))).collect()
}

/// A live post with this slot.
fn served(key: &str, slot: &str) -> Record {
    record(key, Stage::Published).with(|record| record.give_slot(at(slot)))
}

#[test]
fn the_head_takes_the_newest_slot_that_has_passed_and_the_others_the_next_ones() {
    let world = daily([queued("b"), queued("a"), queued("c")], []);
    assert_eq!(
        turns(&world),
        ["+ a Tue 1 Dec 12:00 Europe/Berlin", "@ b Tue 1 Dec 18:00 Europe/Berlin", "@ c Wed 2 Dec 12:00 Europe/Berlin"]
    );
    let plan = world.plan();
    let post = plan.changes[0].post.as_ref().unwrap();
    assert_eq!((post.slot, post.publish_at), (Some(at("2026-12-01T11:00:00Z")), Some(at("2026-12-01T11:00:00Z"))));
    assert_eq!(plan.changes[1].reason, "in the queue");
}

#[test]
fn an_order_goes_before_the_key() {
    let first = queued("z").with(|post| post.queue_order = -1.5);
    assert_eq!(turns(&daily([queued("a"), first], []))[0], "+ z Tue 1 Dec 12:00 Europe/Berlin");
}

#[test]
fn a_slot_is_served_once_whatever_became_of_its_post() {
    for stage in
        [Stage::Published, Stage::Failed, Stage::NotPublished, Stage::Unknown, Stage::Deleted, Stage::Forgotten]
    {
        let used = record("used", stage).with(|record| record.give_slot(at("2026-12-01T11:00:00Z")));
        let world = daily([queued("a")], [used]);
        assert!(turns(&world).contains(&"@ a Tue 1 Dec 18:00 Europe/Berlin".into()), "{stage:?}: {:?}", turns(&world));
    }
    let ahead = record("ahead", Stage::Published).with(|record| record.give_slot(at("2027-12-01T11:00:00Z")));
    assert!(
        turns(&daily([queued("a")], [ahead])).contains(&"+ a Tue 1 Dec 12:00 Europe/Berlin".into()),
        "a clock that was ahead"
    );
    let missed = daily([queued("a"), queued("b")], [served("used", "2026-11-28T11:00:00Z")]);
    let seen = turns(&missed);
    assert!(seen.contains(&"+ a Tue 1 Dec 12:00 Europe/Berlin".into()), "{seen:?}");
    assert!(seen.contains(&"@ b Tue 1 Dec 18:00 Europe/Berlin".into()), "missed slots are lost: {seen:?}");
}

#[test]
fn a_slot_that_is_late_is_lost() {
    let weekly = |posts: [Post; 1]| world(posts, []).with(|world| slots(world, &["Sun 18:00"]));
    assert_eq!(turns(&weekly([queued("a")])), ["@ a Sun 6 Dec 18:00 Europe/Berlin"], "43 hours ago");
    let lenient = weekly([queued("a")])
        .with(|world| world.accounts[0].schedule.late_after = std::time::Duration::from_secs(48 * 3600));
    assert_eq!(turns(&lenient), ["+ a Sun 29 Nov 18:00 Europe/Berlin"]);
}

#[test]
fn a_post_takes_no_slot_from_before_it_came() {
    let known = |files: &[(&str, &str)]| {
        let times = files.iter().map(|(file, time)| ((*file).to_owned(), at(time)));
        Arrivals::Known(times.collect::<BTreeMap<_, _>>())
    };
    let world = daily([queued("a"), queued("b")], []).with(|world| {
        world.options.arrivals = known(&[("a.yaml", "2026-12-01T11:30:00Z"), ("b.yaml", "2026-11-01T00:00:00Z")]);
    });
    assert_eq!(
        turns(&world),
        ["+ b Tue 1 Dec 12:00 Europe/Berlin", "@ a Tue 1 Dec 18:00 Europe/Berlin"],
        "a slot that is too early for one post is the next one's"
    );
    let uncommitted = daily([queued("a")], []).with(|world| world.options.arrivals = known(&[]));
    assert_eq!(turns(&uncommitted), ["@ a Tue 1 Dec 18:00 Europe/Berlin"]);
    assert_eq!(uncommitted.plan().changes[0].reason, "joins the queue when it is committed");
}

#[test]
fn a_day_can_be_the_first() {
    let world = daily([from(queued("a"), date(2026, 12, 2)), queued("b")], []);
    assert_eq!(turns(&world), ["+ b Tue 1 Dec 12:00 Europe/Berlin", "@ a Wed 2 Dec 12:00 Europe/Berlin"]);
    let far = daily([from(queued("a"), date(2031, 1, 1))], []);
    assert_eq!(turns(&far), ["@ a Wed 1 Jan 12:00 Europe/Berlin"]);
}

#[test]
fn skipped_days_have_no_slots() {
    let world = daily([queued("a")], [])
        .with(|world| world.accounts[0].schedule.skip = vec![Days::parse("2026-11-29..2026-12-24").unwrap()]);
    assert_eq!(turns(&world), ["@ a Fri 25 Dec 12:00 Europe/Berlin"]);
}

#[test]
fn what_cannot_go_out_holds_no_one_up() {
    let failed = record("b", Stage::Failed).with(|record| record.state = State::Failed(Refused::default()));
    let posts = [
        queued("a").with(|post| post.draft = true),
        queued("b"),
        queued("c").with(|post| post.has_errors = true),
        queued("d").with(|post| post.publish_until = Some(at("2026-12-01T10:00:00Z"))),
        queued("e").with(|post| post.publish_until = Some(at("2026-12-01T16:00:00Z"))),
        queued("f"),
    ];
    let world = daily(posts, [failed, served("g", "2026-12-01T11:00:00Z")]).with(|world| {
        world.options.arrivals = Arrivals::Unknown;
    });
    let mut seen = turns(&world);
    seen.sort();
    assert_eq!(
        seen,
        ["@ c -", "@ e -", "@ f Tue 1 Dec 18:00 Europe/Berlin", "e d -", "o g -", "x b -"],
        "{:?}",
        world.plan().changes.iter().map(|change| (&change.key, &change.reason)).collect::<Vec<_>>()
    );
    assert!(!world.plan().accounts_with_errors().contains("brand"), "its errors refuse nothing");
}

#[test]
fn what_is_not_selected_takes_no_slot() {
    let world = daily([queued("a"), queued("b")], [])
        .with(|world| world.selection = super::super::Selection::new([], ["b"], []));
    assert_eq!(turns(&world), ["+ b Tue 1 Dec 12:00 Europe/Berlin"]);
}

#[test]
fn containers_keep_their_slot_while_it_counts() {
    let begun = |slot: &str| record("b", Stage::Containers).with(|record| record.give_slot(at(slot)));
    let world = daily([queued("a"), queued("b")], [begun("2026-12-01T11:00:00Z")]);
    assert_eq!(turns(&world), ["^ b Tue 1 Dec 12:00 Europe/Berlin", "@ a Tue 1 Dec 18:00 Europe/Berlin"]);
    // Too late by now, or not yet: it gets a slot like any other.
    for slot in ["2026-11-29T11:00:00Z", "2026-12-01T17:00:00Z"] {
        let world = daily([queued("a"), queued("b")], [begun(slot)]);
        assert_eq!(turns(&world), ["+ a Tue 1 Dec 12:00 Europe/Berlin", "@ b Tue 1 Dec 18:00 Europe/Berlin"], "{slot}");
    }
}

#[test]
fn containers_give_way_where_another_checkout_has_served_their_slot() {
    let slot = "2026-12-01T11:00:00Z";
    let begun = |key: &str| record(key, Stage::Containers).with(|record| record.give_slot(at(slot)));
    let world = |other: Record| daily([queued("a"), queued("b")], [begun("b"), other]);
    for stage in [Stage::Intent, Stage::Published, Stage::Failed, Stage::Unknown] {
        let other = record("x", stage).with(|record| record.give_slot(at(slot)));
        let seen = turns(&world(other));
        assert!(seen.iter().all(|line| !line.starts_with('+') && !line.starts_with("^ b")), "{stage:?}: {seen:?}");
    }
    // Of two that have only begun, the first by key.
    assert_eq!(turns(&world(begun("a"))), ["^ a Tue 1 Dec 12:00 Europe/Berlin", "@ b Tue 1 Dec 18:00 Europe/Berlin"]);
    // What was edited since has lost its containers, and its slot with them.
    let edited = daily([queued("b").edited()], [begun("b")]);
    assert_eq!(turns(&edited), ["@ b Tue 1 Dec 18:00 Europe/Berlin"]);
}

#[test]
fn a_post_that_the_account_shows_has_had_its_turn() {
    let world = daily([queued("a"), queued("b")], []).with(|world| {
        let seen = super::super::Sighting::Live { link: "https://www.instagram.com/p/abc/".into() };
        world.options.live.insert(("brand".into(), "a".into()), seen);
    });
    assert_eq!(turns(&world), ["= a Tue 1 Dec 12:00 Europe/Berlin", "@ b Tue 1 Dec 18:00 Europe/Berlin"]);
    assert_eq!(world.plan().changes[0].post.as_ref().unwrap().slot, Some(at("2026-12-01T11:00:00Z")));
}

#[test]
fn a_gap_counts_from_what_may_be_live() {
    let open = record("x", Stage::Intent).with(|record| record.give_due(at("2026-12-01T11:30:00Z")));
    let world = world([post("a")], [open]).with(|world| gap(world, 60));
    assert!(turns(&world).contains(&"@ a Tue 1 Dec 13:30 Europe/Berlin".into()), "{:?}", turns(&world));
    // Another machine's clock is a little ahead.
    let ahead = record("x", Stage::Published).with(|record| record.give_due(at("2026-12-01T12:00:01Z")));
    let world = super::super::testing::world([post("a")], [ahead]).with(|world| gap(world, 60));
    assert!(turns(&world).iter().any(|line| line.starts_with("@ a Tue 1 Dec 14:00")), "{:?}", turns(&world));
}

/// A post of which nothing was made, with a slot and a due time.
fn not_begun(key: &str, slot: Option<&str>, due: Option<&str>) -> Record {
    record(key, Stage::NotPublished).with(|record| {
        record.state = State::NotPublished(Some(Reason::NotBegun));
        (record.container, record.intents) = (None, Vec::new());
        record.turn = Turn::of(slot.map(at), due.map(at));
    })
}

#[test]
fn a_post_that_could_not_be_begun_leaves_its_turn_to_the_others() {
    let slot = "2026-12-01T11:00:00Z";
    let posts = || [queued("a"), queued("b"), queued("c")];
    let first = |records: Vec<Record>| turns(&daily(posts(), records)).remove(0);
    assert_eq!(first(vec![not_begun("a", Some(slot), None)]), "+ b Tue 1 Dec 12:00 Europe/Berlin");
    let two = vec![not_begun("a", Some(slot), None), not_begun("b", Some(slot), None)];
    assert_eq!(first(two), "+ c Tue 1 Dec 12:00 Europe/Berlin");
    // An earlier slot was another matter, and alone it tries again.
    assert_eq!(first(vec![not_begun("a", Some("2026-11-30T17:00:00Z"), None)]), "+ a Tue 1 Dec 12:00 Europe/Berlin");
    let alone = daily([queued("a")], [not_begun("a", Some(slot), None)]);
    assert_eq!(turns(&alone), ["+ a Tue 1 Dec 12:00 Europe/Berlin"]);

    // Where a gap is kept, those that failed take turns: the one that waits longest is first.
    let undated = |records: Vec<Record>| {
        let world = world([post("a"), post("b"), post("c")], records).with(|world| gap(world, 60));
        turns(&world).into_iter().find(|line| line.starts_with('+')).unwrap()
    };
    assert_eq!(undated(vec![not_begun("a", None, Some(NOW))]), "+ b -");
    let times = ["2026-12-01T11:00:00Z", "2026-12-01T10:00:00Z", "2026-12-01T09:00:00Z"];
    let all = ["a", "b", "c"].into_iter().zip(times).map(|(key, due)| not_begun(key, None, Some(due)));
    assert_eq!(undated(all.collect()), "+ c -");
}

#[test]
fn a_post_that_could_not_be_begun_may_repeat_no_other() {
    let twin = |key: &str| post(key).with(|post| post.media_digest = Some(digest("same")));
    let live = record("a", Stage::Published).with(|record| record.media_digest = Some(digest("same")));
    // It was allowed to when it could not be begun, and is not any more.
    let allowed = not_begun("b", None, Some(NOW)).with(|record| record.allow_duplicate = true);
    assert_eq!(turns(&world([twin("a"), twin("b")], [live, allowed])), ["2 b -"]);
}

#[test]
fn what_was_announced_is_not_judged_by_slots_again() {
    let announced = record("a", Stage::Intent).with(|record| record.give_slot(at("2026-11-20T11:00:00Z")));
    let world = daily([queued("a")], [announced.clone()]);
    assert_eq!(turns(&world), ["^ a -"]);
    let settled = world.with(|world| _ = world.options.settled.insert(announced.attempt));
    assert_eq!(turns(&settled), ["^ a -"]);
}

#[test]
fn slots_that_pass_a_waiting_queue_are_said() {
    let known = |time: &str| Arrivals::Known([("a.yaml".to_owned(), at(time))].into());
    let missed = |arrivals: Arrivals, records: Vec<Record>| {
        let world = daily([queued("a")], records).with(|world| world.options.arrivals = arrivals);
        let notices = world.plan().notices;
        notices.into_iter().filter(|notice| notice.kind == NoticeKind::QueueMissed).map(|notice| notice.message).next()
    };
    assert_eq!(
        missed(known("2026-11-29T12:00:00Z"), vec![]).as_deref(),
        Some("3 slots of @acme have passed while its queue was waiting, the last at Tue 1 Dec 12:00 Europe/Berlin"),
        "Sunday 18:00 and two of Monday; that of today is taken"
    );
    assert_eq!(missed(known("2026-11-29T18:00:00Z"), vec![]), None);
    assert_eq!(missed(known("2026-11-01T18:00:00Z"), vec![served("b", "2026-11-30T11:00:00Z")]), None);
    assert_eq!(missed(Arrivals::Unknown, vec![]), None);
    // No run was missing where an account is paused, where the gap let nothing out, or for a post whose day is to come.
    let old = || known("2026-11-01T12:00:00Z");
    let notices = |change: &dyn Fn(&mut World)| {
        let mut world = daily([queued("a")], []);
        world.options.arrivals = old();
        change(&mut world);
        world.plan().notices.len()
    };
    assert_eq!(notices(&|_| {}), 1);
    assert_eq!(notices(&|world| world.accounts[0].paused = Some("paused".into())), 0);
    assert_eq!(notices(&|world| world.posts = vec![from(queued("a"), date(2027, 1, 1)).into()]), 0);
    let held = daily(
        [queued("a")],
        [record("p", Stage::Published).with(|record| record.give_due(at("2026-11-29T12:00:00Z")))],
    );
    let held = held.with(|world| {
        world.options.arrivals = known("2026-11-29T12:30:00Z");
        gap(world, 48 * 60);
    });
    assert!(held.plan().notices.is_empty(), "{:?}", held.plan().notices);
}

#[test]
fn a_gap_moves_what_has_no_time_of_its_own() {
    // The last post went out at 10:00:06 UTC.
    let world = world([post("a"), post("b"), post("c").due("2026-12-01T15:00:00Z")], [record("p", Stage::Published)])
        .with(|world| gap(world, 180));
    let mut seen = turns(&world);
    seen.retain(|line| !line.starts_with('o'));
    assert_eq!(
        seen,
        ["@ a Tue 1 Dec 14:00 Europe/Berlin", "@ c Tue 1 Dec 16:00 Europe/Berlin", "@ b Tue 1 Dec 19:00 Europe/Berlin"],
        "13:00 UTC, then three hours after the post that has a time"
    );
    let reason =
        |key: &str| world.plan().changes.iter().find(|change| change.key.as_str() == key).unwrap().reason.clone();
    assert_eq!((&*reason("a"), &*reason("c")), ("waits for min_gap", "not due yet"));
    let later = world.with(|world| world.now = at("2026-12-01T13:00:06Z"));
    assert_eq!(turns(&later).iter().filter(|line| line.starts_with('+')).count(), 1);
}

#[test]
fn a_gap_counts_from_due_times() {
    let due = |time: &str| record("p", Stage::Published).with(|record| record.give_due(at(time)));
    let now = |record: Record| {
        let world = world([post("a")], [record]).with(|world| gap(world, 120));
        turns(&world).iter().any(|line| line.starts_with("+ a"))
    };
    assert!(now(due("2026-12-01T10:00:00Z")), "due two hours ago, published six seconds later");
    assert!(!now(due("2026-12-01T10:00:01Z")));
    assert!(!now(record("p", Stage::Published)), "published at 10:00:06");
    assert!(now(due("2026-12-01T11:00:00Z").with(|record| record.kind = Kind::Story)), "stories do not count");
    assert!(now(due("2027-12-01T11:00:00Z")), "a clock that was ahead");
}

#[test]
fn only_one_post_goes_out_at_a_time_where_a_gap_is_kept() {
    let world = world([post("b"), post("a"), post("s").of_kind(Kind::Story)], []).with(|world| gap(world, 60));
    assert_eq!(turns(&world), ["@ b Tue 1 Dec 14:00 Europe/Berlin", "+ a -", "+ s -"]);
    let post = world.plan().changes[1].post.clone().unwrap();
    assert_eq!((post.due_at, post.slot), (Some(at(NOW)), None));
}

#[test]
fn dated_posts_are_never_moved() {
    let dated = [post("a").due("2026-12-01T11:59:00Z"), post("b").due("2026-12-01T11:58:00Z")];
    let world = world(dated, [record("p", Stage::Published)]).with(|world| gap(world, 600));
    assert_eq!(turns(&world)[..2], ["+ b Tue 1 Dec 12:58 Europe/Berlin", "+ a Tue 1 Dec 12:59 Europe/Berlin"]);
}

#[test]
fn late_posts_that_are_included_keep_the_gap() {
    let late = [post("a").due("2026-11-20T12:00:00Z"), post("b").due("2026-11-21T12:00:00Z")];
    let world = world(late, []).with(|world| {
        gap(world, 60);
        world.options.include_late = true;
    });
    assert_eq!(turns(&world), ["+ a Fri 20 Nov 13:00 Europe/Berlin", "@ b Tue 1 Dec 14:00 Europe/Berlin"]);
}

#[test]
fn waiting_for_the_gap_makes_no_slot_late() {
    // The slot of Monday, 18:00 is 19 hours old; the gap ends at 16:00.
    let world = |hours: u64| {
        world([queued("a")], [record("p", Stage::Published).with(|record| record.give_due(at("2026-11-30T15:00:00Z")))])
            .with(|world| {
                slots(world, &["Mon 18:00"]);
                gap(world, 24 * 60);
                world.accounts[0].schedule.late_after = std::time::Duration::from_secs(hours * 3600);
            })
    };
    assert!(turns(&world(2)).contains(&"@ a Tue 1 Dec 16:00 Europe/Berlin".into()), "{:?}", turns(&world(2)));
    let at_its_turn = world(2).with(|world| world.now = at("2026-12-01T15:00:00Z"));
    assert!(turns(&at_its_turn).contains(&"+ a Tue 1 Dec 16:00 Europe/Berlin".into()), "{:?}", turns(&at_its_turn));
    let too_late = world(2).with(|world| world.now = at("2026-12-01T17:00:01Z"));
    assert!(turns(&too_late).contains(&"@ a Mon 7 Dec 18:00 Europe/Berlin".into()), "{:?}", turns(&too_late));
    // What was late before the gap began stays late.
    let lost = world(2).with(|world| {
        world.records[0].give_due(at("2026-11-30T20:00:00Z"));
        world.now = at("2026-12-01T20:00:00Z");
    });
    assert!(turns(&lost).contains(&"@ a Mon 7 Dec 18:00 Europe/Berlin".into()), "{:?}", turns(&lost));
}

#[test]
fn twins_of_the_queue_go_after_undated_ones_and_before_dated_ones() {
    let twin = |post: Post| post.with(|post| post.media_digest = Some(digest("same")));
    let dated = twin(post("a").due("2026-12-01T11:00:00Z"));
    let world = daily([dated, twin(queued("b"))], []);
    assert_eq!(turns(&world), ["2 a Tue 1 Dec 12:00 Europe/Berlin", "+ b Tue 1 Dec 12:00 Europe/Berlin"]);
    let undated = daily([twin(post("c")), twin(queued("b"))], []);
    assert_eq!(turns(&undated), ["2 b -", "+ c -"]);
}

#[test]
fn a_post_of_the_queue_says_why_it_waits() {
    let reason = |world: &World, key: &str| {
        let plan = world.plan();
        plan.changes.iter().find(|change| change.key.as_str() == key).map(|change| change.reason.clone()).unwrap()
    };
    let none = world([queued("a")], []);
    assert_eq!(reason(&none, "a"), "in the queue, and the account has no slots");
    let soon = queued("a").with(|post| post.publish_until = Some(at("2026-12-01T16:00:00Z")));
    let used = served("x", "2026-12-01T11:00:00Z");
    assert_eq!(reason(&daily([soon], [used.clone()]), "a"), "in the queue, publish_until passes before its turn");
    let no_more = daily([queued("a")], [used])
        .with(|world| world.accounts[0].schedule.skip = vec![Days::parse("2026-12-01..9999-12-31").unwrap()]);
    assert_eq!(reason(&no_more, "a"), "in the queue, and no slot is left for it");
    let held = daily([queued("a")], [record("p", Stage::Published)]).with(|world| gap(world, 180));
    assert_eq!(reason(&held, "a"), "in the queue, waits for min_gap");
    assert_eq!(reason(&daily([queued("a").with(|post| post.has_errors = true)], []), "a"), "in the queue, passed over");
}
