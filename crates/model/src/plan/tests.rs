mod deletions;
mod duplicates;
mod guards;
mod imported;
mod moves;
pub(super) mod properties;
mod simulation;
mod turns;

use super::records::Index;
use super::testing::{
    PostBuilder as _, USER, With as _, World, account, at, branch, digest, live, post, record, world,
};
use super::{Action, Barrier, Cost, GuardKind, NoticeKind, Plan, Selection, Sighting};
use std::collections::BTreeSet;

use crate::lockfile::{Comment, Reason, Record, Refused, Stage, State, Switch, Via};
use crate::manifest::{Post, PostState};
use igsync_base::id::{AttemptId, Digest, Kind, PostKey, UserId};

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

fn moved(key: &str, from: &str) -> Post {
    post(from).with(|post| {
        post.key = key.into();
        post.file = format!("{key}.yaml").into();
    })
}

fn kinds(plan: &Plan) -> Vec<GuardKind> {
    plan.guards.iter().map(|guard| guard.kind).collect()
}

fn marks(world: &World) -> String {
    world.plan().changes.iter().map(|change| change.mark().sign()).collect()
}

#[test]
fn every_state_meets_every_situation_of_its_manifest() {
    let heads = situations().map(|(name, _)| format!("{name:>8}"));
    let mut rows = vec![format!("state          {}", heads.concat())];
    let states = std::iter::once(None).chain(Stage::ALL.map(Some));
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
    Deleted               d       d       d       d       d       ·       ·       ·
    Ignored               ·       ·       ·       ·       ·       ·       ·       ·
    Forgotten             +       +       @       z       e       ·       ·       ·
    ");
}

#[test]
fn a_published_attempt_decides_over_every_other() {
    for state in Stage::ALL {
        let other = record("p", state).with(|record| record.attempt = "a0".into());
        let plan = world([post("p")], [other, record("p", Stage::Published)]).plan();
        let expected: &[Action] = if state == Stage::Intent { &[Action::Settle] } else { &[] };
        assert_eq!(plan.changes.iter().map(|change| change.action.clone()).collect::<Vec<_>>(), expected, "{state:?}");
    }
}

#[test]
fn of_two_open_attempts_the_smaller_id_goes_on() {
    let attempts = ["a2", "a1"].map(|id| record("p", Stage::Intent).with(|record| record.attempt = id.into()));
    let index = Index::new(&attempts.iter().collect::<Vec<_>>(), &BTreeSet::new());
    let entry = index.get(Some(&USER.into()), &"p".into()).map(|entry| &entry.record.attempt);
    assert_eq!(entry, Some(&AttemptId::from("a1")));
    assert_eq!(world([post("p")], attempts).plan().changes[0].action, Action::Settle);
}

#[test]
fn an_unknown_outcome_blocks_beside_an_open_attempt() {
    let unknown = record("p", Stage::Unknown).with(|record| record.attempt = "a2".into());
    assert_eq!(marks(&world([post("p")], [record("p", Stage::Containers), unknown])), "!");
}

#[test]
fn nothing_goes_on_from_another_attempt_of_an_ignored_post() {
    let ignored = || record("p", Stage::Ignored).with(|record| record.attempt = "a2".into());
    assert_eq!(marks(&world([post("p")], [record("p", Stage::Containers), ignored()])), "");
    let world = world([post("p")], [record("p", Stage::Intent), ignored()]);
    assert_eq!(marks(&world), "^", "what may have been sent is found out");
}

#[test]
fn an_ended_attempt_gives_way_to_the_newest_one() {
    let older = record("p", Stage::Failed);
    let newer = record("p", Stage::NotPublished).with(|record| {
        record.attempt = "a0".into();
        record.intents[0].at = at("2026-12-01T11:00:00Z");
    });
    assert_eq!(marks(&world([post("p")], [newer, older])), "+");
}

#[test]
fn a_settled_intent_follows_the_schedule_again() {
    let late = post("p").due("2026-11-01T18:00:00Z");
    let settled =
        world([late], [record("p", Stage::Intent)]).with(|world| world.options.settled.extend([AttemptId::from("a1")]));
    assert_eq!(marks(&settled), "z");
}

#[test]
fn a_post_goes_on_once_every_announced_attempt_is_settled() {
    for state in [Stage::Containers, Stage::Intent] {
        let other = record("p", state).with(|record| record.attempt = "a2".into());
        let attempts = || [record("p", Stage::Intent), other.clone()];
        let known = |ids: &[&str]| {
            let world = world([post("p")], attempts());
            let ids = ids.iter().map(|id| AttemptId::from(*id));
            world.with(|world| world.options.settled.extend(ids)).plan().changes[0].action.clone()
        };
        assert_eq!(known(&[]), Action::Settle, "{state:?}");
        let all = if state == Stage::Intent { ["a1", "a2"].as_slice() } else { &["a1"] };
        assert_eq!(known(all), Action::Continue, "{state:?}");
    }
    let ignored = record("p", Stage::Ignored).with(|record| record.attempt = "a2".into());
    let world = world([post("p")], [record("p", Stage::Intent), ignored]);
    assert_eq!(marks(&world.with(|world| world.options.settled.extend([AttemptId::from("a1")]))), "");
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
    let refused = record("p", Stage::Failed).with(|record| {
        record.state = State::Failed(Refused { code: Some(9004), subcode: Some(2_207_052), ..Refused::default() });
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
        record("p", Stage::Published).with(|record| {
            record.digest = record.media_digest.as_ref().and_then(|media| post.digest_if_media(media, None));
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
    let without_media = record("p", Stage::Published).with(|record| record.media_digest = None);
    assert_eq!(marks(&world([unread()], [without_media])), "");
    let older = record("p", Stage::Published).with(|record| record.digest = Some("v0:sha256:1".into()));
    assert_eq!(marks(&world([post("p")], [older])), "");
}

#[test]
fn a_due_comment_is_resumed_and_an_edit_is_said_beside_it() {
    let commented = || post("p").with(|post| post.first_comment = Some("first".into()));
    for comment in [Comment::Due, Comment::Intent, Comment::Unknown, Comment::Failed, Comment::Done] {
        let live = live("p", |live| live.comment = Some(comment));
        let expected = if comment <= Comment::Intent { "^" } else { "" };
        assert_eq!(marks(&world([commented()], [live])), expected, "{comment:?}");
    }
    let due = live("p", |live| live.comment = Some(Comment::Due));
    assert_eq!(marks(&world([commented().edited()], [due.clone()])), "^*");
    assert_eq!(marks(&world([post("p")], [due])), "", "the text is gone, so there is nothing to send");
    let added_later = record("p", Stage::Published);
    assert_eq!(marks(&world([commented()], [added_later])), "");
}

#[test]
fn a_due_comment_switch_is_resumed() {
    let silent = || post("p").with(|post| post.comment_enabled = false);
    let live = |switch| live("p", |live| live.comment_switch = Some(switch));
    assert_eq!(marks(&world([silent()], [live(Switch::Due)])), "^");
    assert_eq!(marks(&world([silent()], [live(Switch::Done)])), "");
    assert_eq!(marks(&world([post("p")], [live(Switch::Due)])), "");
}

#[test]
fn nothing_is_written_to_media_found_by_matching() {
    let commented = post("p").with(|post| post.first_comment = Some("first".into()));
    let guessed = live("p", |live| {
        live.comment = Some(Comment::Due);
        live.via = Some(Via::Settled);
    });
    let plan = world([commented], [guessed]).plan();
    assert!(plan.changes.is_empty());
    assert_eq!(plan.notices[0].kind, NoticeKind::CommentWaits);
}

#[test]
fn two_live_media_of_one_post_are_told() {
    let second =
        live("p", |live| live.media_id = Some("17900000000000002".into())).with(|record| record.attempt = "a2".into());
    let plan = world([post("p")], [second, record("p", Stage::Published)]).plan();
    assert_eq!(plan.notices[0].message, "p is live twice, as 17900000000000001 and as 17900000000000002");
    // What was read back from the feed may be another post: none is to be deleted for it.
    let found = live("p", |live| {
        live.media_id = Some("17900000000000002".into());
        live.via = Some(Via::Imported);
    });
    let found = found.with(|record| record.attempt = "a2".into());
    let notice = &world([post("p")], [found, record("p", Stage::Published)]).plan().notices[0];
    assert!(notice.message.contains("may be different ones"), "{}", notice.message);
    assert!(notice.help.contains("`igsync lock rm p --media 17900000000000002`"), "{}", notice.help);
}

#[test]
fn an_account_without_a_user_id_has_nothing_recorded() {
    let nobody = post("p").with(|post| post.user_id = None);
    assert_eq!(world([nobody], [record("p", Stage::Published)]).marks(), ["+ p", "o p"]);
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
    assert_eq!(world(posts, [record("old", Stage::Published)]).marks(), expected);
}

#[test]
fn a_selection_limits_what_is_listed_but_not_what_is_compared() {
    let narrow = world([moved("new", "old"), post("other")], [record("old", Stage::Published)])
        .with(|world| world.selection = Selection::new([], ["other"], []));
    assert_eq!(narrow.marks(), ["+ other"]);
    let narrow = narrow.with(|world| world.selection = Selection::new([], ["new"], []));
    assert_eq!(narrow.marks(), ["> new"]);
    let none = narrow.with(|world| world.selection = Selection::new(["else".into()], [""; 0], []));
    assert!(none.marks().is_empty());
}

#[test]
fn costs_are_counted_per_kind() {
    let cost = |post: Post| world([post], []).plan().cost;
    let of = |containers, calls: u64| Cost { containers, publishes: 1, calls: calls + 5, media_bytes: 0 };
    let carousel = |count: usize| {
        post("p").of_kind(Kind::Carousel).with(|post| post.content.items = vec![post.content.items[0].clone(); count])
    };
    assert_eq!(cost(post("p")), of(1, 2));
    assert_eq!(cost(carousel(10)), of(11, 13));
    assert_eq!(cost(post("p").of_kind(Kind::Reel)), of(1, 5));
    assert_eq!(cost(post("p").of_kind(Kind::Story)), of(1, 2));
    assert_eq!(cost(post("p").with(|post| post.first_comment = Some("first".into()))), of(1, 3));
    let resumed = world([post("p")], [record("p", Stage::Containers)]).plan().cost;
    assert_eq!(resumed, Cost { containers: 0, publishes: 1, calls: 7, media_bytes: 0 });
    let renamed = world([moved("new", "old")], [record("old", Stage::Published)]).plan().cost;
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
    let plan = world(posts.into_iter().chain([post("live")]), [record("live", Stage::Published)]).plan();
    let days: Vec<_> = plan.forecast.iter().map(|day| (day.posts, day.in_24h)).collect();
    assert_eq!(days, [(1, 2), (2, 4), (1, 1)]);
}

#[test]
fn only_what_the_branch_touched_is_listed_of_edits_and_orphans() {
    let plan = world([post("a").edited(), post("b").edited()], ["a", "b"].map(|key| record(key, Stage::Published)))
        .with(|world| world.options.branch = Some(branch(["b.yaml"], [])))
        .plan();
    let listed: Vec<_> =
        plan.changes.iter().filter(|change| change.is_listed()).map(|change| change.key.as_str()).collect();
    assert_eq!((listed, plan.summary.edited), (vec!["b"], 2));
}

#[test]
fn drafts_are_counted_apart_from_what_is_unchanged() {
    let draft = post("draft").with(|post| post.draft = true);
    let plan = world([draft, post("live")], [record("live", Stage::Published)]).plan();
    assert_eq!((plan.summary.drafts, plan.summary.unchanged, plan.changes.len()), (1, 1, 0));
    assert_eq!(plan.drafts.values().sum::<usize>(), 1);
}

#[test]
fn the_digest_covers_what_apply_would_do_and_nothing_else() {
    let base = || world([post("p")], []).plan().digest;
    assert_eq!(base(), world([post("p"), post("q").with(|post| post.draft = true)], []).plan().digest);
    assert_ne!(base(), world([post("p").edited()], []).plan().digest);
    assert_ne!(base(), world([post("p"), post("q")], []).plan().digest);
    let empty = "v1:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(world([], []).plan().digest.as_str(), empty, "{USER}");
}

#[test]
fn time_alone_does_not_change_the_digest() {
    let due = |time: &str| world([post("p").due(time)], []).plan();
    let plans = [
        world([post("p")], []).plan(),
        due("2026-12-01T11:00:00Z"),
        due("2026-12-24T18:00:00Z"),
        due("2026-11-01T18:00:00Z"),
        world([post("p")], [record("p", Stage::Containers)]).plan(),
        world([post("p")], [record("p", Stage::Intent)]).plan(),
        world([post("p")], [record("p", Stage::NotPublished)]).plan(),
    ];
    let marks: String = plans.iter().flat_map(|plan| &plan.changes).map(|change| change.mark().sign()).collect();
    assert_eq!(marks, "++@z^^+");
    for plan in &plans {
        assert_eq!(plan.digest, plans[0].digest, "{:?}", plan.changes[0].action);
    }
}

#[test]
fn the_digest_tells_a_publish_a_move_and_a_deletion_apart() {
    let live = || record("p", Stage::Published);
    let absent = post("p").with(|post| post.state = PostState::Absent);
    let publish = world([post("p")], []).plan();
    let delete = world([absent], [live()]).with(|world| {
        world.accounts[0].allow_delete = true;
        world.options.allow_delete = true;
    });
    let delete = delete.plan();
    let renamed = world([moved("q", "p")], [live()]).plan();
    let digests = [&publish, &delete, &renamed].map(|plan| plan.digest.clone());
    let empty = world([], []).plan().digest;
    for (place, digest) in digests.iter().enumerate() {
        assert!(*digest != empty && !digests[..place].contains(digest), "{place}");
    }
}

#[test]
fn what_the_account_shows_already_is_adopted_or_left_to_a_person() {
    let seen = |sighting: Sighting| {
        let name = (post("p").account, PostKey::from("p"));
        world([post("p"), post("q")], []).with(|world| drop(world.options.live.insert(name, sighting))).plan()
    };
    let live = seen(Sighting::Live { link: "https://www.instagram.com/p/x/".into() });
    let found = live.changes.iter().find(|change| change.key.as_str() == "p").unwrap();
    assert_eq!((&found.action, found.acts(), found.publishes()), (&Action::Adopt, true, false));
    assert!(found.reason.contains("https://www.instagram.com/p/x/"), "{}", found.reason);
    assert_eq!((live.summary.adopt, live.summary.publish), (1, 1));
    let maybe = seen(Sighting::Maybe { links: vec!["1".into(), "2".into()] });
    assert_eq!((maybe.summary.unknown, maybe.summary.publish), (1, 1));
}

#[test]
fn a_refused_post_waits_whichever_of_its_attempts_was_refused_for_this() {
    let refused = |attempt: &str, digest: Option<Digest>| {
        record("p", Stage::Failed).with(|record| {
            (record.attempt, record.digest) = (attempt.into(), digest);
            // As where no container was made.
            (record.container, record.intents) = (None, Vec::new());
        })
    };
    let (now, before) = (post("p").digest, post("p").edited().digest);
    for (first, second) in [("a", "b"), ("b", "a")] {
        let both = [refused(first, before.clone()), refused(second, now.clone())];
        assert_eq!(world([post("p")], both).marks(), ["x p"], "{first}");
        let neither = [refused(first, before.clone()), refused(second, before.clone())];
        assert_eq!(world([post("p")], neither).marks(), ["+ p"], "{first}");
    }
}

#[test]
fn hashtags_that_were_sent_twice_are_no_edit() {
    let edited = post("p").with(|post| post.digest = Some("v1:sha256:other".into()));
    let sent = edited.digest_if_media(edited.media_digest.as_ref().unwrap(), None);
    let record = record("p", Stage::Published).with(|record| record.digest = sent);
    assert_eq!(world([edited.clone()], [record.clone()]).marks(), ["* p"]);
    let doubled = edited.with(|post| post.doubled_digest = Some(post.text_digest.clone()));
    assert_eq!(world([doubled], [record]).marks(), [""; 0]);
}

#[test]
fn a_refused_post_waits_as_long_as_the_form_of_its_media_is_not_known() {
    let marks = |now: Option<&str>, sent: Option<&str>| {
        let sent_digest = |text: Option<&str>| text.map(Digest::from);
        let refused = record("p", Stage::Failed).with(|record| {
            record.state = State::Failed(Refused { sent_digest: sent_digest(sent), ..Refused::default() });
        });
        world([post("p").with(|post| post.sent_digest = sent_digest(now))], [refused]).marks()
    };
    assert_eq!(marks(Some("v1:a"), Some("v1:b")), ["+ p"]);
    for (now, sent) in [(Some("v1:a"), Some("v1:a")), (None, Some("v1:a")), (Some("v1:a"), None), (None, None)] {
        assert_eq!(marks(now, sent), ["x p"], "{now:?} {sent:?}");
    }
}

#[test]
fn an_announced_publish_is_due_for_26_hours_and_then_waits_for_a_person() {
    for (announced, due) in [("2026-12-01T11:00:00Z", 1), ("2026-11-30T10:30:00Z", 1), ("2026-11-30T09:30:00Z", 0)] {
        let open = record("p", Stage::Intent).with(|record| {
            for intent in &mut record.intents {
                (intent.at, intent.lease_until) = (at(announced), at(announced));
            }
        });
        let plan = world(Some(post("p")), Some(open)).plan();
        assert_eq!((plan.due(), plan.undecided()), (due, 1 - due), "{announced}");
    }
    let plan = world(Some(post("p")), None).plan();
    assert_eq!((plan.due(), plan.undecided()), (1, 0));
    let plan = world(Some(post("p").due("2026-12-24T18:00:00Z")), None).plan();
    assert_eq!((plan.due(), plan.undecided()), (0, 0));
    let plan = world(Some(post("p").due("2026-11-01T18:00:00Z")), None).plan();
    assert_eq!((plan.due(), plan.undecided()), (0, 1), "late");
}
