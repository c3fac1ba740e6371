use super::super::Why;
use super::*;

#[test]
fn a_new_key_with_the_media_of_a_vanished_one_is_moved_in_every_state() {
    let expected = [
        (Stage::Containers, ">^"),
        (Stage::Intent, ">^"),
        (Stage::Unknown, ">!"),
        (Stage::NotPublished, ">+"),
        (Stage::Failed, ">x"),
        (Stage::Published, ">"),
        (Stage::Deleted, "+"),
        (Stage::Ignored, ">"),
        (Stage::Forgotten, "+"),
    ];
    for (state, expected) in expected {
        assert_eq!(marks(&world([moved("new", "old")], [record("old", state)])), expected, "{state:?}");
    }
}

#[test]
fn a_move_with_a_corrected_caption_is_moved_and_edited() {
    let plan = world([moved("new", "old").edited()], [record("old", Stage::Published)]).plan();
    let actions: Vec<_> = plan.changes.into_iter().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Move { from: "old".into() }, Action::Hold(Why::Edited)]);
}

#[test]
fn a_post_that_moves_back_takes_its_record_along() {
    let gone = record("old", Stage::Published).forgotten(Some("new".into()));
    let there = record("new", Stage::Published).with(|record| {
        (record.media_digest, record.digest) = (Some(digest("media of old")), Some(digest("all of old")));
    });
    assert_eq!(world([post("old")], [gone, there]).marks(), ["> old"]);
}

#[test]
fn another_kind_or_account_is_no_move() {
    let reel = moved("new", "old").of_kind(Kind::Reel);
    assert_eq!(world([reel], [record("old", Stage::Published)]).marks(), ["+ new", "o old"]);
    let elsewhere = moved("new", "old").with(|post| post.user_id = Some("17841400000000002".into()));
    assert_eq!(world([elsewhere], [record("old", Stage::Published)]).marks(), ["+ new", "o old"]);
}

#[test]
fn a_post_dated_after_the_old_one_went_live_is_a_repeat_and_guarded() {
    let repeat = || moved("new", "old").due("2026-12-01T11:00:00Z");
    let plan = world([repeat()], [record("old", Stage::Published)]);
    assert_eq!(plan.marks(), ["+ new", "o old"]);
    assert_eq!(kinds(&plan.plan()), [GuardKind::PossibleRepost]);
    let earlier = moved("new", "old").due("2026-12-01T10:00:00Z");
    assert_eq!(world([earlier], [record("old", Stage::Published)]).marks(), ["> new"]);
}

#[test]
fn several_candidates_block_the_post_and_name_the_way_out() {
    let twin = |key| record(key, Stage::Published).with(|record| record.media_digest = Some(digest("media of a")));
    let plan = world([moved("new", "a")], [twin("a"), twin("b")]).plan();
    assert_eq!(kinds(&plan), [GuardKind::AmbiguousMove]);
    assert_eq!(plan.guards[0].message, "new has the media of a, b, whose manifests are gone");
    assert_eq!(plan.guards[0].help, "choose one with `igsync lock mv a new`, or keep its old key with id: a");
    assert!(plan.changes.iter().any(|change| change.blocked) && !plan.acts() && !plan.applyable());
    assert_eq!(plan.cost, Cost::default());
}

#[test]
fn of_two_heirs_the_one_with_the_same_text_takes_the_record() {
    let copies = || [moved("b", "a").edited(), moved("c", "a")];
    let plan = world(copies(), [record("a", Stage::Published)]).plan();
    assert_eq!(plan.changes[0].action, Action::Move { from: "a".into() });
    assert_eq!((plan.changes[0].key.as_str(), plan.changes[1].key.as_str()), ("c", "b"));
    assert_eq!(kinds(&plan), [GuardKind::PossibleRepost]);

    let edited = copies().map(PostBuilderExt::changed);
    let plan = world(edited, [record("a", Stage::Published)]).plan();
    assert_eq!(kinds(&plan), [GuardKind::AmbiguousMove, GuardKind::AmbiguousMove]);
}

trait PostBuilderExt {
    fn changed(self) -> Self;
}

impl PostBuilderExt for Post {
    fn changed(self) -> Self {
        self.with(|post| post.digest = Some(digest("neither")))
    }
}

#[test]
fn an_incomplete_plan_says_nothing_about_what_is_missing() {
    let plan = world([moved("new", "old")], [record("old", Stage::Published)]).with(|world| world.complete = false);
    assert_eq!(plan.marks(), ["+ new"]);
    assert!(!plan.plan().applyable());
}
