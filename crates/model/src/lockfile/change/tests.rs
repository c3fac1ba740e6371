use proptest::prelude::*;
use proptest::sample::select;

use super::super::samples::{any_record, record};
use super::*;
use crate::lockfile::{Live, State, Via};

fn live(key: &str, attempt: &str, media: &str) -> Record {
    let live = Live { media_id: Some(media.into()), via: Some(Via::Publish), ..Live::default() };
    Record { state: State::Published(live), ..record(key, attempt, Stage::Published) }
}

/// The same live post with something else known of it.
fn with(record: &Record, change: impl FnOnce(&mut Live)) -> Record {
    let mut record = record.clone();
    change(record.live_mut().unwrap());
    record
}

fn all(records: &[Record]) -> Records {
    records.iter().cloned().collect()
}

/// What a branch does that left the base where it still is.
fn of_branch(base: &[Record], here: &[Record]) -> Vec<RecordChange> {
    let base = all(base);
    changes(Base { left_at: &base, tip: &base }, &all(here))
}

#[track_caller]
fn only_effect(base: &[Record], here: &[Record]) -> Effect {
    let changes = of_branch(base, here);
    assert_eq!(changes.len(), 1, "{changes:#?}");
    changes[0].effect.clone()
}

#[test]
fn a_line_that_is_gone_is_removed() {
    let base = [live("k", "a", "1"), live("j", "b", "2")];
    let changes = of_branch(&base, &base[..1]);
    assert_eq!(changes.len(), 1);
    assert_eq!((&changes[0].removed[..], &changes[0].effect), (&base[1..], &Effect::Removed));
    assert!(changes[0].forgets_a_live_post());
    assert_eq!(of_branch(&base, &[]).len(), 2, "a lockfile with nothing but its header");
}

#[test]
fn a_live_post_that_is_said_to_be_anything_else_is_forgotten() {
    let base = live("k", "a", "1");
    for state in Stage::ALL.into_iter().filter(|state| *state != Stage::Published) {
        let here = Record { state: State::bare(state), rev: 9, ..base.clone() };
        let effect = only_effect(std::slice::from_ref(&base), std::slice::from_ref(&here));
        let expected = if state == Stage::Forgotten { Effect::Removed } else { Effect::Claimed(state) };
        assert_eq!(effect, expected, "{state:?}");
        assert!(of_branch(std::slice::from_ref(&base), &[here])[0].forgets_a_live_post());
    }
}

#[test]
fn a_second_line_of_one_attempt_counts_as_igsync_joins_it() {
    let base = live("k", "a", "1");
    let again = Record { state: State::bare(Stage::Ignored), rev: 7, ..base.clone() };
    assert_eq!(
        only_effect(std::slice::from_ref(&base), &[base.clone(), again]),
        Effect::Claimed(Stage::Ignored),
        "the higher rank wins"
    );
    let older = record("k", "a", Stage::Containers);
    assert!(of_branch(std::slice::from_ref(&base), &[base.clone(), older, base.clone()]).is_empty());
}

#[test]
fn a_post_that_the_base_does_not_know_is_claimed() {
    for state in Stage::ALL.into_iter().filter(|state| *state != Stage::Forgotten) {
        assert_eq!(only_effect(&[], &[record("k", "a", state)]), Effect::Claimed(state));
    }
    assert_eq!(only_effect(&[], &[record("k", "a", Stage::Forgotten)]), Effect::Details(vec![]));
}

#[test]
fn another_media_and_a_second_one_are_seen() {
    let base = live("k", "a", "1");
    let other = with(&base, |live| live.media_id = Some("2".into()));
    assert_eq!(only_effect(std::slice::from_ref(&base), &[other]), Effect::OtherMedia("2".into()));
    let second = live("k", "z", "3");
    assert_eq!(only_effect(std::slice::from_ref(&base), &[base.clone(), second]), Effect::OtherMedia("3".into()));
}

#[test]
fn a_comment_that_is_due_again_is_seen() {
    let done = |live: &mut Live| (live.comment, live.comment_switch) = (Some(Comment::Done), Some(Switch::Done));
    let base = with(&live("k", "a", "1"), done);
    for here in [
        with(&base, |live| live.comment = Some(Comment::Due)),
        with(&base, |live| live.comment = Some(Comment::Intent)),
        with(&base, |live| live.comment_switch = Some(Switch::Due)),
    ] {
        assert_eq!(only_effect(std::slice::from_ref(&base), &[here]), Effect::ExtrasDue);
    }
    let failed = with(&base, |live| live.comment = Some(Comment::Failed));
    assert_eq!(only_effect(&[base], &[failed]), Effect::Details(vec!["comment".to_owned()]));
}

#[test]
fn what_lifts_a_block_is_seen() {
    for state in [Stage::Ignored, Stage::Unknown, Stage::Failed, Stage::Intent, Stage::Deleted] {
        assert_eq!(only_effect(&[record("k", "a", state)], &[]), Effect::Removed, "{state:?}");
    }
}

#[test]
fn an_open_attempt_with_another_container_is_claimed() {
    let base = Record {
        container: Some(crate::lockfile::Created { id: "1".into(), created_at: None }),
        ..record("k", "a", Stage::Intent)
    };
    let other =
        Record { container: Some(crate::lockfile::Created { id: "2".into(), created_at: None }), ..base.clone() };
    assert_eq!(only_effect(&[base], &[other]), Effect::Claimed(Stage::Intent));
}

#[test]
fn a_move_is_one_only_where_the_record_arrives() {
    let base = live("k", "a", "1");
    let [copy, tombstone] = base.clone().moved("new".into(), "b".into());
    let moved = of_branch(std::slice::from_ref(&base), &[copy.clone(), tombstone.clone()]);
    let effects: Vec<&Effect> = moved.iter().map(|change| &change.effect).collect();
    assert_eq!(effects, [&Effect::MovedTo("new".into()), &Effect::MovedFrom("k".into())]);
    let lost = of_branch(std::slice::from_ref(&base), std::slice::from_ref(&tombstone));
    assert_eq!(lost[0].effect, Effect::Removed, "it went nowhere");
    let elsewhere = with(&copy, |live| live.media_id = Some("9".into()));
    let lost = of_branch(std::slice::from_ref(&base), &[elsewhere, tombstone.clone()]);
    assert_eq!(lost[0].effect, Effect::Removed, "something else arrived");
    assert_eq!(lost[1].effect, Effect::Claimed(Stage::Published));
    // A tombstone that the branch made up is no origin.
    let made_up = of_branch(&[], &[copy, tombstone]);
    let effects: Vec<&Effect> = made_up.iter().map(|change| &change.effect).collect();
    assert!(effects.contains(&&Effect::Claimed(Stage::Published)), "{effects:?}");
}

#[test]
fn a_change_on_both_sides_ends_as_igsync_joins_it() {
    let left_at = record("k", "a", Stage::Containers);
    let tip = live("k", "a", "1");
    let here = record("k", "a", Stage::Intent);
    let (left_at, tip) = (all(&[left_at]), all(&[tip]));
    let changes = changes(Base { left_at: &left_at, tip: &tip }, &all(&[here]));
    assert_eq!(changes[0].after, changes[0].before, "what is live stays live");
    assert!(!changes[0].forgets_a_live_post());
}

const KEYS: [&str; 2] = ["k", "j"];
const ATTEMPTS: [&str; 2] = ["a", "b"];

/// Each attempt as one of three versions of the record may have it.
type Cell = Option<Record>;

/// Every attempt three times over: where the branch left, at the tip, and in some other state.
fn versions() -> impl Strategy<Value = Vec<[Cell; 3]>> {
    // Boxed: a record of generated parts is too large for the stack twelve times over.
    let cell = |key, attempt| proptest::option::weighted(0.7, any_record(key, attempt).boxed());
    let of_attempt = |key, attempt| {
        let cells = (cell(key, attempt), cell(key, attempt), cell(key, attempt), any::<bool>());
        // The tip often has what it had.
        cells.prop_map(|(left_at, tip, other, is_old)| [left_at.clone(), if is_old { left_at } else { tip }, other])
    };
    let all = KEYS.iter().flat_map(|key| ATTEMPTS.map(|attempt| of_attempt(*key, attempt).boxed()));
    all.collect::<Vec<_>>()
}

fn column(cells: impl IntoIterator<Item = Cell>) -> Records {
    cells.into_iter().flatten().collect()
}

fn sides(versions: &[[Cell; 3]]) -> (Records, Records) {
    let side = |place: usize| column(versions.iter().map(|cells| cells[place].clone()));
    (side(0), side(1))
}

/// The attempts that a list of changes is about.
fn touched(changes: &[RecordChange]) -> Vec<(String, String)> {
    let mut touched: Vec<(String, String)> = changes
        .iter()
        .flat_map(|change| {
            let rewritten = change.changed.iter().map(|rewritten| &rewritten.to);
            change.removed.iter().chain(&change.added).chain(rewritten)
        })
        .map(|record| (record.key.to_string(), record.attempt.to_string()))
        .collect();
    touched.sort();
    touched
}

proptest! {
    #[test]
    fn what_came_from_the_base_is_no_change_of_the_branch(
        versions in versions(),
        picks in proptest::collection::vec(select(&[0_usize, 1][..]), 4),
    ) {
        let (left_at, tip) = sides(&versions);
        // Each line as the branch found it, or as a merge of the base brought it.
        let here = column(versions.iter().zip(picks).map(|(cells, pick)| cells[pick].clone()));
        prop_assert_eq!(changes(Base { left_at: &left_at, tip: &tip }, &here), vec![]);
    }

    #[test]
    fn everything_else_is_told_once(
        versions in versions(),
        picks in proptest::collection::vec(select(&[0_usize, 1, 2][..]), 4),
    ) {
        let (left_at, tip) = sides(&versions);
        let here = column(versions.iter().zip(picks).map(|(cells, pick)| cells[pick].clone()));
        let at = |records: &Records, record: &Record| records.same_attempt(record).cloned();
        let mut expected: Vec<(String, String)> = versions
            .iter()
            .filter_map(|cells| cells.iter().flatten().next())
            .filter(|record| {
                let now = at(&here, record);
                now != at(&left_at, record) && now != at(&tip, record)
            })
            .map(|record| (record.key.to_string(), record.attempt.to_string()))
            .collect();
        expected.sort();
        prop_assert_eq!(touched(&changes(Base { left_at: &left_at, tip: &tip }, &here)), expected);
    }

    #[test]
    fn merging_the_base_into_the_branch_shows_nothing_more(
        versions in versions(),
        picks in proptest::collection::vec(select(&[0_usize, 2][..]), 4),
    ) {
        let (left_at, tip) = sides(&versions);
        let here = column(versions.iter().zip(&picks).map(|(cells, pick)| cells[*pick].clone()));
        let before = touched(&changes(Base { left_at: &left_at, tip: &tip }, &here));
        // Three-way, line by line, as git does; where both sides wrote, both lines stay and are joined.
        let merged = column(versions.iter().flat_map(|[left_at, tip, other]| [left_at, tip, other]).flatten().filter_map(|record| {
            let (old, new, now) = (left_at.same_attempt(record), tip.same_attempt(record), here.same_attempt(record));
            match (now == old, new == old) {
                (true, _) => new.cloned(),
                (_, true) => now.cloned(),
                _ => [new, now].into_iter().flatten().cloned().reduce(merge),
            }
        }).map(Some));
        let after = touched(&changes(Base { left_at: &tip, tip: &tip }, &merged));
        prop_assert!(after.iter().all(|one| before.contains(one)), "{:?} was not in {:?}", after, before);
    }
}
