use super::super::{Repeats, Why};
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
        (Stage::Deleted, ">d"),
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
fn a_post_dated_after_the_old_one_went_live_is_no_move_but_a_duplicate() {
    let repeat = || moved("new", "old").due("2026-12-01T11:00:00Z");
    let plan = world([repeat()], [record("old", Stage::Published)]);
    assert_eq!(plan.marks(), ["2 new", "o old"]);
    let earlier = moved("new", "old").due("2026-12-01T10:00:00Z");
    assert_eq!(world([earlier], [record("old", Stage::Published)]).marks(), ["> new"]);
}

#[test]
fn with_several_candidates_the_post_is_a_duplicate_that_names_them() {
    let twin = |key| record(key, Stage::Published).with(|record| record.media_digest = Some(digest("media of a")));
    let several = |count| (0..count).map(|number| twin(["a", "b", "c", "d", "e"][number]));
    let plan = world([moved("new", "a")], several(2)).plan();
    let of = |plan: &Plan| plan.changes.iter().find(|change| change.key.as_str() == "new").unwrap().clone();
    assert_eq!(of(&plan).reason, "has the media of a and of b, whose manifests are gone");
    assert_eq!(of(&plan).repeats, Some(Repeats::Several(vec!["a".into(), "b".into()])));
    assert!(!plan.acts() && !plan.applyable());
    assert_eq!(plan.cost, Cost::default());
    let plan = world([moved("new", "a")], several(5)).plan();
    assert_eq!(of(&plan).reason, "has the media of a, b, c and 2 more, whose manifests are gone");
    let dated = world(
        [moved("new", "a").due("2027-01-01T00:00:00Z")],
        several(2).map(|record| {
            record
                .with(|record| record.live_mut().unwrap().published_at = Some("2028-01-01T00:00:00Z".parse().unwrap()))
        }),
    );
    assert_eq!(dated.marks(), ["2 new", "o a", "o b"], "it is known before its hour");
    let allowed = world([moved("new", "a").with(|post| post.allow_duplicate = true)], several(2));
    assert_eq!(allowed.marks(), ["o a", "o b", "+ new"]);
}

#[test]
fn of_two_heirs_the_one_with_the_same_text_takes_the_record() {
    let copies = || [moved("b", "a").edited(), moved("c", "a")];
    let plan = world(copies(), [record("a", Stage::Published)]).plan();
    assert_eq!(plan.changes[0].action, Action::Move { from: "a".into() });
    assert_eq!((plan.changes[0].key.as_str(), plan.changes[1].key.as_str()), ("c", "b"));
    assert_eq!(plan.changes[1].reason, "has the media of c, which is live", "under the key that it has now");

    let edited = copies().map(PostBuilderExt::changed);
    let plan = world(edited, [record("a", Stage::Published)]);
    assert_eq!(plan.marks(), ["o a", "2 b", "2 c"]);
    let reason = "one of several new posts with the media of a, whose manifest is gone";
    assert!(plan.plan().changes[1..].iter().all(|change| change.reason == reason));
}

#[test]
fn a_record_of_media_that_another_post_has_moves_nowhere() {
    let renamed = record("renamed", Stage::Published).with(|record| {
        (record.media_digest, record.digest) = (Some(digest("media of old")), Some(digest("all of old")));
    });
    let plan = world([moved("renamed", "old"), moved("copy", "old")], [record("old", Stage::Published), renamed]);
    assert_eq!(plan.marks(), ["2 copy", "o old"]);
}

#[test]
fn a_post_that_may_repeat_takes_no_record_that_had_no_leave_to() {
    let new = || moved("new", "old").with(|post| post.allow_duplicate = true);
    for stage in [Stage::Published, Stage::Deleted] {
        let old = |allowed| record("old", stage).with(|record| record.allow_duplicate = allowed);
        assert!(world([new()], [old(false)]).marks().contains(&"+ new".to_owned()), "{stage:?}");
        assert!(world([new()], [old(true)]).marks().contains(&"> new".to_owned()), "{stage:?}");
    }
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
    assert_eq!(plan.marks(), ["2 new"], "that it moved is not known, and that it was live is");
    assert!(!plan.plan().applyable());
}

#[test]
fn a_key_under_which_nothing_went_out_can_still_take_over_a_post() {
    let beside = |stage| marks(&world([moved("new", "old")], [record("new", stage), record("old", Stage::Published)]));
    let superseded =
        record("new", Stage::NotPublished).with(|record| record.state = State::NotPublished(Some(Reason::Superseded)));
    assert_eq!(marks(&world([moved("new", "old")], [superseded, record("old", Stage::Published)])), ">");
    assert_eq!(beside(Stage::NotPublished), "2o", "what ended for another reason is a post of its own");
    assert_eq!(beside(Stage::Ignored), "o");
    assert_eq!(beside(Stage::Containers), ">", "another checkout has published it");
    let begun = |old| marks(&world([moved("new", "old")], [record("new", Stage::Containers), record("old", old)]));
    assert_eq!(begun(Stage::Failed), "^", "nothing of the old one is live");
    let allowed = record("new", Stage::Containers).with(|record| record.allow_duplicate = true);
    let live = record("old", Stage::Published);
    assert_eq!(marks(&world([moved("new", "old")], [allowed, live])), "^o");
}
