use proptest::prelude::*;

use super::testing::{PostBuilder as _, USER, With as _, World, account, at, digest, post, record, world};
use super::{Action, Cost, GuardKind, NoticeKind, Plan, Selection};
use crate::id::{AttemptId, Kind};
use crate::lockfile::{Comment, Record, State, Switch, Via};
use crate::manifest::{Post, PostState};

const STATES: [State; 9] = [
    State::Containers,
    State::Intent,
    State::Unknown,
    State::NotPublished,
    State::Failed,
    State::Published,
    State::Deleted,
    State::Ignored,
    State::Forgotten,
];

/// What the manifest of the recorded post says now.
fn situations() -> [(&'static str, Option<Post>); 8] {
    let past = "2026-12-01T11:00:00Z";
    let expired = |post: Post| post.with(|post| post.publish_until = Some(at(past)));
    [
        ("same", Some(post("p"))),
        ("edited", Some(post("p").edited())),
        ("future", Some(post("p").due("2026-12-24T18:00:00Z"))),
        ("late", Some(post("p").due("2026-11-01T18:00:00Z"))),
        ("expired", Some(expired(post("p")))),
        ("draft", Some(post("p").with(|post| post.draft = true))),
        ("absent", Some(post("p").with(|post| post.state = PostState::Absent))),
        ("gone", None),
    ]
}

fn marks(world: &World) -> String {
    world.plan().changes.iter().map(|change| change.action.mark()).collect()
}

#[test]
fn every_state_meets_every_situation_of_its_manifest() {
    let heads = situations().map(|(name, _)| format!("{name:>8}"));
    let mut rows = vec![format!("state          {}", heads.concat())];
    let states = std::iter::once(None).chain(STATES.map(Some));
    for state in states {
        let name = state.map_or("(nothing)".to_owned(), |state| format!("{state:?}"));
        let cells = situations().map(|(_, manifest)| {
            let marks = marks(&world(manifest, state.map(|state| record("p", state))));
            format!("{:>8}", if marks.is_empty() { "·" } else { &marks })
        });
        rows.push(format!("{name:<15}{}", cells.concat()));
    }
    insta::assert_snapshot!(rows.join("\n"), @"
    state              same  edited  future    late expired   draft  absent    gone
    (nothing)             +       +       @       z       e       ·       ·       ·
    Containers            ^       ^       @       z       e       ·       ·       ·
    Intent                ^       ^       ^       ^       ^       ^       ^       ^
    Unknown               !       !       !       !       !       !       !       !
    NotPublished          +       +       @       z       e       ·       ·       ·
    Failed                x       +       x       x       e       ·       ·       ·
    Published             ·       *       ·       ·       ·       ·       -       o
    Deleted               +       +       @       z       e       ·       ·       ·
    Ignored               ·       ·       ·       ·       ·       ·       ·       ·
    Forgotten             +       +       @       z       e       ·       ·       ·
    ");
}

#[test]
fn a_published_attempt_decides_over_every_other() {
    for state in STATES {
        let other = record("p", state).with(|record| record.attempt = "a0".into());
        let plan = world([post("p")], [other, record("p", State::Published)]).plan();
        let expected: &[Action] = if state == State::Intent { &[Action::Resume("a0".into())] } else { &[] };
        assert_eq!(plan.changes.iter().map(|change| change.action.clone()).collect::<Vec<_>>(), expected, "{state:?}");
    }
}

#[test]
fn of_two_open_attempts_the_smaller_id_goes_on() {
    let attempts = ["a2", "a1"].map(|id| record("p", State::Intent).with(|record| record.attempt = id.into()));
    assert_eq!(world([post("p")], attempts).plan().changes[0].action, Action::Resume(AttemptId::from("a1")));
}

#[test]
fn an_unknown_outcome_blocks_beside_an_open_attempt() {
    let unknown = record("p", State::Unknown).with(|record| record.attempt = "a2".into());
    assert_eq!(marks(&world([post("p")], [record("p", State::Containers), unknown])), "!");
}

#[test]
fn an_ended_attempt_gives_way_to_the_newest_one() {
    let older = record("p", State::Failed);
    let newer = record("p", State::NotPublished).with(|record| {
        record.attempt = "a0".into();
        record.intents[0].at = at("2026-12-01T11:00:00Z");
    });
    assert_eq!(marks(&world([post("p")], [newer, older])), "+");
}

#[test]
fn a_settled_intent_follows_the_schedule_again() {
    let late = post("p").due("2026-11-01T18:00:00Z");
    let settled =
        world([late], [record("p", State::Intent)]).with(|world| world.options.settled.extend([AttemptId::from("a1")]));
    assert_eq!(marks(&settled), "z");
}

#[test]
fn a_late_post_goes_out_when_it_is_included() {
    let late = || post("p").due("2026-11-30T11:59:59Z");
    assert_eq!(marks(&world([late()], [])), "z");
    assert_eq!(marks(&world([late()], []).with(|world| world.options.include_late = true)), "+");
    assert_eq!(marks(&world([post("p").due("2026-11-30T12:00:00Z")], [])), "+", "the limit itself is in time");
}

#[test]
fn a_post_is_due_from_its_time_and_until_its_end() {
    assert_eq!(marks(&world([post("p").due("2026-12-01T12:00:00Z")], [])), "+");
    assert_eq!(marks(&world([post("p").due("2026-12-01T12:00:01Z")], [])), "@");
    let until = |time: &str| post("p").with(|post| post.publish_until = Some(at(time)));
    assert_eq!(marks(&world([until("2026-12-01T12:00:00Z")], [])), "+");
    assert_eq!(marks(&world([until("2026-12-01T11:59:59Z")], [])), "e");
}

#[test]
fn a_refused_post_is_tried_again_on_request() {
    let refused = record("p", State::Failed).with(|record| {
        record.code = Some(9004);
        record.subcode = Some(2_207_052);
    });
    let plan = world([post("p")], [refused.clone()]).plan();
    assert_eq!(plan.changes[0].reason, "refused by Instagram (9004/2207052)");
    assert_eq!(marks(&world([post("p")], [refused]).with(|world| world.options.retry_failed = true)), "+");
}

#[test]
fn an_edited_text_is_seen_without_reading_the_media() {
    let unread = || post("p").with(|post| (post.digest, post.media_digest) = (None, None));
    let sent = |text: &str| {
        let post = unread().with(|post| post.text_digest = text.into());
        record("p", State::Published).with(|record| {
            record.digest = record.media_digest.as_ref().and_then(|media| post.digest_if_media(media));
        })
    };
    assert_eq!(
        marks(&world([unread().with(|post| post.text_digest = "v1:sha256:a".into())], [sent("v1:sha256:a")])),
        ""
    );
    assert_eq!(
        marks(&world([unread().with(|post| post.text_digest = "v1:sha256:b".into())], [sent("v1:sha256:a")])),
        "*"
    );
}

#[test]
fn digests_that_cannot_be_compared_count_as_unchanged() {
    let unread = || post("p").with(|post| (post.digest, post.media_digest) = (None, None));
    let without_media = record("p", State::Published).with(|record| record.media_digest = None);
    assert_eq!(marks(&world([unread()], [without_media])), "");
    let older = record("p", State::Published).with(|record| record.digest = Some("v0:sha256:1".into()));
    assert_eq!(marks(&world([post("p")], [older])), "");
}

#[test]
fn a_due_comment_is_resumed_and_an_edit_is_said_beside_it() {
    let commented = || post("p").with(|post| post.first_comment = Some("first".into()));
    for comment in [Comment::Due, Comment::Intent, Comment::Unknown, Comment::Failed, Comment::Done] {
        let live = record("p", State::Published).with(|record| record.comment = Some(comment));
        let expected = if comment <= Comment::Intent { "^" } else { "" };
        assert_eq!(marks(&world([commented()], [live])), expected, "{comment:?}");
    }
    let due = record("p", State::Published).with(|record| record.comment = Some(Comment::Due));
    assert_eq!(marks(&world([commented().edited()], [due.clone()])), "^*");
    assert_eq!(marks(&world([post("p")], [due])), "", "the text is gone, so there is nothing to send");
    let added_later = record("p", State::Published);
    assert_eq!(marks(&world([commented()], [added_later])), "");
}

#[test]
fn a_due_comment_switch_is_resumed() {
    let silent = || post("p").with(|post| post.comment_enabled = false);
    let live = |switch| record("p", State::Published).with(|record| record.comment_switch = Some(switch));
    assert_eq!(marks(&world([silent()], [live(Switch::Due)])), "^");
    assert_eq!(marks(&world([silent()], [live(Switch::Done)])), "");
    assert_eq!(marks(&world([post("p")], [live(Switch::Due)])), "");
}

#[test]
fn nothing_is_written_to_media_found_by_matching() {
    let commented = post("p").with(|post| post.first_comment = Some("first".into()));
    let guessed = record("p", State::Published).with(|record| {
        record.comment = Some(Comment::Due);
        record.via = Some(Via::Settled);
    });
    let plan = world([commented], [guessed]).plan();
    assert!(plan.changes.is_empty());
    assert_eq!(plan.notices[0].kind, NoticeKind::CommentWaits);
}

#[test]
fn two_live_media_of_one_post_are_told() {
    let second = record("p", State::Published).with(|record| {
        record.attempt = "a2".into();
        record.media_id = Some("17900000000000002".into());
    });
    let plan = world([post("p")], [second, record("p", State::Published)]).plan();
    assert_eq!(plan.notices[0].message, "p is live twice, as 17900000000000001 and as 17900000000000002");
}

#[test]
fn an_account_without_a_user_id_has_nothing_recorded() {
    let nobody = post("p").with(|post| post.user_id = None);
    assert_eq!(world([nobody], [record("p", State::Published)]).marks(), ["+ p", "o p"]);
}

fn moved(key: &str, from: &str) -> Post {
    post(from).with(|post| {
        post.key = key.into();
        post.file = format!("{key}.yaml").into();
    })
}

#[test]
fn a_new_key_with_the_media_of_a_vanished_one_is_moved_in_every_state() {
    let expected = [
        (State::Containers, ">^"),
        (State::Intent, ">^"),
        (State::Unknown, ">!"),
        (State::NotPublished, ">+"),
        (State::Failed, ">x"),
        (State::Published, ">"),
        (State::Deleted, "+"),
        (State::Ignored, ">"),
        (State::Forgotten, "+"),
    ];
    for (state, expected) in expected {
        assert_eq!(marks(&world([moved("new", "old")], [record("old", state)])), expected, "{state:?}");
    }
}

#[test]
fn a_move_with_a_corrected_caption_is_moved_and_edited() {
    let plan = world([moved("new", "old").edited()], [record("old", State::Published)]).plan();
    let actions: Vec<_> = plan.changes.into_iter().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Moved { from: "old".into() }, Action::Edited]);
}

#[test]
fn a_post_that_moves_back_takes_its_record_along() {
    let gone = record("old", State::Forgotten).with(|record| record.moved_to = Some("new".into()));
    let there = record("new", State::Published).with(|record| {
        (record.media_digest, record.digest) = (Some(digest("media of old")), Some(digest("all of old")));
    });
    assert_eq!(world([post("old")], [gone, there]).marks(), ["> old"]);
}

#[test]
fn another_kind_or_account_is_no_move() {
    let reel = moved("new", "old").of_kind(Kind::Reel);
    assert_eq!(world([reel], [record("old", State::Published)]).marks(), ["+ new", "o old"]);
    let elsewhere = moved("new", "old").with(|post| post.user_id = Some("17841400000000002".into()));
    assert_eq!(world([elsewhere], [record("old", State::Published)]).marks(), ["+ new", "o old"]);
}

#[test]
fn a_post_dated_after_the_old_one_went_live_is_a_repeat_and_guarded() {
    let repeat = || moved("new", "old").due("2026-12-01T11:00:00Z");
    let plan = world([repeat()], [record("old", State::Published)]);
    assert_eq!(plan.marks(), ["+ new", "o old"]);
    assert_eq!(kinds(&plan.plan()), [GuardKind::PossibleRepost]);
    let earlier = moved("new", "old").due("2026-12-01T10:00:00Z");
    assert_eq!(world([earlier], [record("old", State::Published)]).marks(), ["> new"]);
}

#[test]
fn several_candidates_block_the_post_and_name_the_way_out() {
    let twin = |key| record(key, State::Published).with(|record| record.media_digest = Some(digest("media of a")));
    let plan = world([moved("new", "a")], [twin("a"), twin("b")]).plan();
    assert_eq!(kinds(&plan), [GuardKind::AmbiguousMove]);
    assert_eq!(plan.guards[0].message, "new has the media of a, b, whose manifests are gone");
    assert_eq!(plan.guards[0].help, "say which it was with `igsync lock mv a new`, or keep its old key with id: a");
    assert!(plan.changes.iter().any(|change| change.blocked) && !plan.acts() && !plan.applyable());
    assert_eq!(plan.cost, Cost::default());
}

#[test]
fn of_two_heirs_the_one_with_the_same_text_takes_the_record() {
    let copies = || [moved("b", "a").edited(), moved("c", "a")];
    let plan = world(copies(), [record("a", State::Published)]).plan();
    assert_eq!(plan.changes[0].action, Action::Moved { from: "a".into() });
    assert_eq!((plan.changes[0].key.as_str(), plan.changes[1].key.as_str()), ("c", "b"));
    assert_eq!(kinds(&plan), [GuardKind::PossibleRepost]);

    let edited = copies().map(PostBuilderExt::changed);
    let plan = world(edited, [record("a", State::Published)]).plan();
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
    let plan = world([moved("new", "old")], [record("old", State::Published)]).with(|world| world.complete = false);
    assert_eq!(plan.marks(), ["+ new"]);
    assert!(!plan.plan().applyable());
}

#[test]
fn posts_go_out_by_time_then_undated_then_by_natural_key_and_moves_come_first() {
    let posts = [
        post("10"),
        post("9"),
        post("dated").due("2026-12-01T11:00:00Z"),
        post("earlier").due("2026-12-01T10:00:00Z"),
        moved("renamed", "old"),
    ];
    let expected = ["> renamed", "+ earlier", "+ dated", "+ 9", "+ 10"];
    assert_eq!(world(posts, [record("old", State::Published)]).marks(), expected);
}

#[test]
fn a_selection_limits_what_is_listed_but_not_what_is_compared() {
    let narrow = world([moved("new", "old"), post("other")], [record("old", State::Published)])
        .with(|world| world.selection = Selection::new([], ["other"], []));
    assert_eq!(narrow.marks(), ["+ other"]);
    let narrow = narrow.with(|world| world.selection = Selection::new([], ["new"], []));
    assert_eq!(narrow.marks(), ["> new"]);
    let none = narrow.with(|world| world.selection = Selection::new(["else".into()], [""; 0], []));
    assert!(none.marks().is_empty());
}

fn kinds(plan: &Plan) -> Vec<GuardKind> {
    plan.guards.iter().map(|guard| guard.kind).collect()
}

fn numbered(count: usize) -> Vec<Post> {
    (1..=count).map(|number| post(&format!("p{number}"))).collect()
}

#[test]
fn more_undated_posts_than_one_run_publishes_are_refused() {
    assert_eq!(kinds(&world(numbered(5), []).plan()), []);
    let plan = world(numbered(6), []).plan();
    assert_eq!(kinds(&plan), [GuardKind::TooMany]);
    assert_eq!(plan.guards[0].message, "6 posts without publish_at are due on @acme, one run publishes at most 5");
    assert_eq!(kinds(&world(numbered(6), []).with(|world| world.options.max_publish = Some(6)).plan()), []);
}

#[test]
fn dated_posts_are_deferred_and_never_refused() {
    let dated = numbered(7).into_iter().map(|post| post.due("2026-12-01T11:00:00Z"));
    let plan = world(dated, []).plan();
    assert_eq!(kinds(&plan), []);
    assert_eq!((plan.forecast[0].posts, plan.forecast[0].deferred), (7, 2));
}

#[test]
fn without_a_lockfile_nothing_is_published_unasked() {
    let bare = |posts: Vec<Post>| world(posts, []).with(|world| world.options.has_lockfile = false);
    assert_eq!(kinds(&bare(numbered(1)).plan()), [GuardKind::NoLockfile]);
    assert_eq!(kinds(&bare(vec![post("p").due("2027-01-01T00:00:00Z")]).plan()), []);
    assert_eq!(kinds(&bare(numbered(1)).with(|world| world.options.allow_new_lock = true).plan()), []);
    assert_eq!(kinds(&bare(numbered(1)).with(|world| world.options.is_sandbox = true).plan()), []);
}

#[test]
fn a_lockfile_that_nobody_keeps_refuses_publishing() {
    let plan = world(numbered(1), []).with(|world| world.options.ephemeral_lockfile = true).plan();
    assert_eq!(kinds(&plan), [GuardKind::EphemeralLockfile]);
}

#[test]
fn the_media_or_caption_of_another_post_is_a_possible_repost() {
    let same_media = || post("new").with(|post| post.media_digest = Some(digest("media of old")));
    let same_caption = || post("new").with(|post| post.caption = "Caption of old".into());
    for state in STATES {
        let counts = state.is_open() || matches!(state, State::Published | State::Ignored);
        for copy in [same_media(), same_caption()] {
            let plan = world([copy, post("old")], [record("old", state)]).plan();
            let is_guarded = plan.guards.iter().any(|guard| guard.kind == GuardKind::PossibleRepost);
            assert_eq!(is_guarded, counts, "{state:?}");
        }
    }
    let live = || [record("old", State::Published)];
    let plan = world([same_caption(), post("old")], live()).plan();
    assert_eq!(plan.guards[0].message, "new has the caption of old, which is live");
    assert_eq!(plan.guards[0].help, "if it is meant to appear again, pass --allow-repost new");
    let allowed =
        world([same_media(), post("old")], live()).with(|world| world.options.allow_repost.extend(["new".into()]));
    assert_eq!(kinds(&allowed.plan()), []);
}

#[test]
fn no_manifests_but_records_are_refused() {
    let nothing = world([], [record("old", State::Published)]);
    assert_eq!(kinds(&nothing.plan()), [GuardKind::Empty]);
    assert_eq!(kinds(&nothing.with(|world| world.options.allow_empty = true).plan()), []);
    assert_eq!(kinds(&world([], []).plan()), []);
}

#[test]
fn records_of_a_user_that_no_account_has_are_refused() {
    let stranger = record("old", State::Published).with(|record| record.user_id = "17841400000000009".into());
    let plan = world([post("p")], [stranger]).plan();
    assert_eq!(kinds(&plan), [GuardKind::UnknownUser]);
    assert_eq!(
        plan.guards[0].message,
        "the lockfile records 1 post of user id 17841400000000009, which no account has"
    );
    assert_eq!(plan.summary.orphan, 0);
}

#[test]
fn records_of_another_graph_base_are_refused() {
    let local = || record("p", State::Published).with(|record| record.graph = Some("http://127.0.0.1:8787/".into()));
    assert_eq!(kinds(&world([post("p")], [local()]).plan()), [GuardKind::OtherGraph]);
    let base = |base: Option<&str>, record: Record| {
        kinds(&world([post("p")], [record]).with(|world| world.options.graph_base = base.map(Into::into)).plan())
    };
    assert_eq!(base(Some("http://127.0.0.1:8787/"), local()), []);
    assert_eq!(base(Some("http://127.0.0.1:8787/"), record("p", State::Published)), [GuardKind::OtherGraph]);
}

#[test]
fn a_paused_account_publishes_nothing() {
    let paused = |posts| world(posts, []).with(|world| world.accounts[0].paused = Some("IGSYNC_PAUSED is set".into()));
    assert_eq!(kinds(&paused(numbered(1)).plan()), [GuardKind::Paused]);
    assert_eq!(kinds(&paused(vec![post("p").due("2027-01-01T00:00:00Z")]).plan()), []);
}

#[test]
fn an_error_in_a_due_post_leaves_its_account_out() {
    let broken = |key: &str| post(key).with(|post| post.has_errors = true);
    let plan = world([broken("p"), post("q")], []).plan();
    assert_eq!(plan.accounts_with_errors().len(), 1);
    assert!(!plan.applyable());
    let later = world([broken("p").due("2027-01-01T00:00:00Z"), post("q")], []).plan();
    assert!(later.applyable());
}

#[test]
fn costs_are_counted_per_kind() {
    let cost = |post: Post| world([post], []).plan().cost;
    let of = |containers, calls: u64| Cost { containers, publishes: 1, calls: calls + 5 };
    let carousel =
        |count: usize| post("p").of_kind(Kind::Carousel).with(|post| post.items = vec![post.items[0].clone(); count]);
    assert_eq!(cost(post("p")), of(1, 2));
    assert_eq!(cost(carousel(10)), of(11, 13));
    assert_eq!(cost(post("p").of_kind(Kind::Reel)), of(1, 5));
    assert_eq!(cost(post("p").of_kind(Kind::Story)), of(1, 2));
    assert_eq!(cost(post("p").with(|post| post.first_comment = Some("first".into()))), of(1, 3));
    let resumed = world([post("p")], [record("p", State::Containers)]).plan().cost;
    assert_eq!(resumed, Cost { containers: 0, publishes: 1, calls: 7 });
    let renamed = world([moved("new", "old")], [record("old", State::Published)]).plan().cost;
    assert_eq!(renamed, Cost::default());
}

#[test]
fn a_forecast_counts_what_meta_counts_in_a_day() {
    let posts = [
        post("now"),
        post("a").due("2026-12-02T09:00:00Z"),
        post("b").due("2026-12-02T09:00:00Z"),
        post("c").due("2026-12-03T09:00:00Z"),
    ];
    let plan = world(posts.into_iter().chain([post("live")]), [record("live", State::Published)]).plan();
    let days: Vec<_> = plan.forecast.iter().map(|day| (day.posts, day.in_24h)).collect();
    assert_eq!(days, [(1, 2), (2, 4), (1, 1)]);
}

#[test]
fn only_what_the_branch_touched_is_listed_of_edits_and_orphans() {
    let plan = world([post("a").edited(), post("b").edited()], ["a", "b"].map(|key| record(key, State::Published)))
        .with(|world| world.options.changed_files = Some(["b.yaml".to_owned()].into()))
        .plan();
    let listed: Vec<_> =
        plan.changes.iter().filter(|change| change.is_listed()).map(|change| change.key.as_str()).collect();
    assert_eq!((listed, plan.summary.edited), (vec!["b"], 2));
}

#[test]
fn drafts_are_counted_apart_from_what_is_unchanged() {
    let draft = post("draft").with(|post| post.draft = true);
    let plan = world([draft, post("live")], [record("live", State::Published)]).plan();
    assert_eq!((plan.summary.drafts, plan.summary.unchanged, plan.changes.len()), (1, 1, 0));
}

fn any_world() -> impl Strategy<Value = World> {
    let post = (0..6_usize, 0..4_usize, 0..4_usize, any::<bool>()).prop_map(|(key, media, time, second)| {
        post(&format!("p{key}")).with(|post| {
            post.media_digest = Some(digest(&format!("media {media}")));
            post.publish_at = [None, Some(at("2026-12-01T11:00:00Z")), Some(at("2026-12-24T18:00:00Z")), None][time];
            if second {
                post.account = "other".into();
                post.user_id = Some("17841400000000002".into());
            }
        })
    });
    let drawn = (0..6_usize, 0..4_usize, 0..STATES.len(), 0..3_usize, any::<bool>());
    let drawn = drawn.prop_map(|(key, media, state, attempt, second)| {
        record(&format!("p{key}"), STATES[state]).with(|record| {
            record.media_digest = Some(digest(&format!("media {media}")));
            record.attempt = AttemptId::new(format!("a{attempt}"));
            if second {
                record.user_id = "17841400000000002".into();
            }
        })
    });
    (proptest::collection::vec(post, 0..8), proptest::collection::vec(drawn, 0..8)).prop_map(|(mut posts, records)| {
        let mut seen = std::collections::HashSet::new();
        posts.retain(|post| seen.insert((post.user_id.clone(), post.key.clone())));
        let mut attempts = std::collections::HashSet::new();
        let fresh =
            |record: &Record| attempts.insert((record.user_id.clone(), record.key.clone(), record.attempt.clone()));
        let mut records = records;
        records.retain(fresh);
        world(posts, records).with(|world| world.accounts.push(account("other", "17841400000000002", "harbour")))
    })
}

proptest! {
    #[test]
    fn a_plan_does_not_depend_on_the_order_of_reading(given in any_world(), turn in 0..8_usize) {
        let first = given.plan();
        let turned = given.with(|world| {
            world.posts.reverse();
            let (posts, records) = (world.posts.len().max(1), world.records.len().max(1));
            world.posts.rotate_left(turn % posts);
            world.records.reverse();
            world.records.rotate_left(turn % records);
        });
        let second = turned.plan();
        prop_assert_eq!(format!("{:?}", first.changes), format!("{:?}", second.changes));
        prop_assert_eq!(&first.guards, &second.guards);
        prop_assert_eq!(&first.notices, &second.notices);
        prop_assert_eq!(&first.digest, &second.digest);
        prop_assert_eq!(&first.summary, &second.summary);
    }

    #[test]
    fn no_record_is_moved_twice_and_no_live_post_is_published(given in any_world()) {
        let plan = given.plan();
        let mut sources = std::collections::HashSet::new();
        for change in &plan.changes {
            if let Action::Moved { from } = &change.action {
                prop_assert!(sources.insert((change.user_id.clone(), from.clone())));
            }
            let is_recorded = |record: &Record| Some(&record.user_id) == change.user_id.as_ref()
                && record.key == change.key
                && (record.state == State::Published || record.state.is_open());
            if change.action == Action::Publish {
                prop_assert!(!given.records.iter().any(is_recorded));
            }
        }
    }
}

#[test]
fn the_digest_covers_what_apply_would_do_and_nothing_else() {
    let base = || world([post("p")], []).plan().digest;
    assert_eq!(base(), world([post("p"), post("q").due("2027-01-01T00:00:00Z")], []).plan().digest);
    assert_ne!(base(), world([post("p").edited()], []).plan().digest);
    assert_ne!(base(), world([post("p"), post("q")], []).plan().digest);
    let empty = "v1:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(world([], []).plan().digest.as_str(), empty, "{USER}");
}
