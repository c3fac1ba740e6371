use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::lockfile::Via;
use crate::manifest::{Conversion, Queued};
use crate::plan::testing::{PostBuilder, With, World, at, digest, live, post, record, world};
use crate::plan::tests::properties::any_world;
use crate::plan::{Plan, Unreadable, Unwritable};
use crate::schedule::Slot;
use igsync_media::convert::Target;
use igsync_media::rules::Use;

fn file(world: &World) -> PlanFile {
    PlanFile::of(&world.plan(), world.options.include_late).unwrap()
}

fn posts<const N: usize>(keys: [&str; N]) -> World {
    world(keys.map(post), [])
}

/// The world as it is planned with `--plan`.
fn by(files: impl IntoIterator<Item = PlanFile>, world: World) -> Plan {
    world.with(|world| world.options.reviewed = Some(Arc::new(Reviewed::new(files)))).plan()
}

fn marks(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|change| format!("{} {}", change.mark().sign(), change.key)).collect()
}

fn mismatches(plan: &Plan) -> Vec<String> {
    plan.mismatches.iter().map(|one| format!("{}: {}", one.key, one.message)).collect()
}

/// What is left of a plan in which every post is as it was reviewed.
fn fits(plan: &Plan) -> Vec<String> {
    assert_eq!(mismatches(plan), [""; 0]);
    marks(plan)
}

#[test]
fn what_was_reviewed_is_done_and_the_rest_is_counted() {
    let reviewed = file(&posts(["a", "b"]));
    let plan = by([reviewed.clone()], posts(["a", "b", "c"]));
    assert_eq!(fits(&plan), ["+ a", "+ b"]);
    assert_eq!((plan.not_reviewed, plan.summary.unchanged, plan.summary.publish), (Some(1), 0, 2));
    let plan = by([reviewed, file(&posts(["c"]))], posts(["a", "b", "c"]));
    assert_eq!((fits(&plan), plan.not_reviewed), (vec!["+ a".to_owned(), "+ b".to_owned(), "+ c".to_owned()], Some(0)));
}

#[test]
fn time_alone_makes_nothing_late_that_was_reviewed_in_time() {
    let dated = || world([post("a").due("2026-12-01T13:00:00Z")], []);
    let (reviewed, next_week) = (file(&dated()), at("2026-12-08T12:00:00Z"));
    assert_eq!(fits(&by([reviewed.clone()], dated())), ["@ a"]);
    assert_eq!(fits(&by([reviewed.clone()], dated().with(|world| world.now = next_week))), ["+ a"]);
    assert_eq!(dated().with(|world| world.now = next_week).marks(), ["z a"]);
    let until = || dated().with(|world| world.now = next_week);
    let expired =
        until().with(|world| Arc::make_mut(&mut world.posts[0]).publish_until = Some(at("2026-12-02T12:00:00Z")));
    assert_eq!(fits(&by([reviewed], expired)), ["e a"], "publish_until always holds");
}

#[test]
fn what_was_late_when_it_was_reviewed_needs_the_flag_on_both_commands() {
    let late = |include| world([post("a").due("2026-11-20T13:00:00Z")], []).with(|w| w.options.include_late = include);
    for (with_plan, with_apply, mark) in [(true, true, "+ a"), (true, false, "z a"), (false, true, "z a")] {
        assert_eq!(fits(&by([file(&late(with_plan))], late(with_apply))), [mark], "{with_plan} {with_apply}");
    }
    // Of two plans the one that means it counts.
    assert_eq!(fits(&by([file(&late(false)), file(&late(true))], late(true))), ["+ a"]);
}

#[test]
fn whatever_is_sent_or_decides_is_a_mismatch_when_it_differs() {
    type Edit = fn(&mut Post);
    let cases: [(Edit, &str); 12] = [
        (|post| post.digest = Some(digest("new words")), "its text or what else it sends differs"),
        (
            |post| (post.digest, post.media_digest) = (Some(digest("new")), Some(digest("new bytes"))),
            "its media differ",
        ),
        (|post| post.first_comment = Some("Another".into()), "its first comment differs"),
        (|post| post.comment_enabled = false, "comment_enabled was true and is false"),
        (
            |post| post.publish_at = Some(at("2026-12-24T18:00:00Z")),
            "publish_at was not set and is 2026-12-24T18:00:00Z",
        ),
        (|post| post.queued = Some(Queued { from: None }), "publish_at was not set and is queue"),
        (|post| post.allow_duplicate = true, "allow_duplicate was false and is true"),
        (|post| post.state = PostState::Absent, "its manifest says `state: absent` now"),
        (|post| post.draft = true, "it is a draft now"),
        (|post| post.digest = None, "its text or what else it sends differs"),
        (|post| post.key = PostKey::from("renamed"), "its manifest is gone"),
        (
            |post| (post.first_comment, post.comment_enabled) = (Some("x".into()), false),
            "its first comment differs, comment_enabled was true and is false",
        ),
    ];
    for (edit, message) in cases {
        let edited = world([post("a").with(edit), post("b")], []);
        let plan = by([file(&posts(["a", "b"]))], edited);
        assert_eq!(mismatches(&plan), [format!("a: {message}")]);
        assert!(!marks(&plan).iter().any(|mark| mark.ends_with(" a")) && !plan.applyable(), "{message}");
    }
}

#[test]
fn a_crop_that_no_one_has_seen_does_not_go_out() {
    let made = |work: &str| {
        let conversion = Conversion {
            path: Arc::from("media.jpg"),
            target: Target { usage: Use::Image, fit: None, first: None },
            work: work.to_owned(),
            size: (1080, 1350),
            len: None,
        };
        world([post("a").with(|post| post.conversions = vec![conversion])], [])
    };
    assert_eq!(fits(&by([file(&made("cropped"))], made("cropped"))), ["+ a"]);
    let plan = by([file(&made("cropped"))], made("padded"));
    assert_eq!(mismatches(&plan), ["a: its pictures are converted in another way (media.fit)"]);
}

#[test]
fn what_decides_only_the_order_or_is_never_sent_is_no_mismatch() {
    let queued = |edit: fn(&mut Post)| {
        world([post("a").with(|post| post.queued = Some(Queued { from: None })).with(edit), post("b")], [])
    };
    let reviewed = file(&queued(|_| {}));
    for edit in [
        (|post| post.queue_order = -4.0) as fn(&mut Post),
        |post| post.note = Some("for us".into()),
        |post| post.line = 7,
        |post| post.file = Arc::from("posts/elsewhere.yaml"),
    ] {
        assert_eq!(mismatches(&by([reviewed.clone()], queued(edit))), [""; 0]);
    }
}

#[test]
fn what_is_out_already_is_skipped_even_without_its_manifest() {
    let reviewed = || file(&posts(["a", "b"]));
    let out = || live("a", |_| {});
    assert_eq!(fits(&by([reviewed()], world([post("a"), post("b")], [out()]))), ["+ b"]);
    assert_eq!(fits(&by([reviewed()], world([post("a").edited(), post("b")], [out()]))), ["* a", "+ b"]);
    assert_eq!(fits(&by([reviewed()], world([post("b")], [out()]))), ["o a", "+ b"]);
    let renamed = world([post("b")], [out()]).with(|world| {
        let to = world.records[0].clone().with(|record| record.key = "c".into());
        let gone = record("a", Stage::Forgotten)
            .with(|record| record.state = crate::lockfile::State::Forgotten(Some("c".into())));
        world.records = vec![to, gone];
    });
    assert_eq!(fits(&by([reviewed()], renamed)), ["+ b", "o c"]);
}

#[test]
fn a_comment_that_was_not_reviewed_stays_due() {
    let owed = |text: &str| {
        let comment = |live: &mut crate::lockfile::Live| {
            live.comment = Some(crate::lockfile::Comment::Due);
            live.via = Some(Via::Publish);
        };
        world([post("a").with(|post| post.first_comment = Some(text.to_owned()))], [live("a", comment)])
    };
    assert_eq!(fits(&by([file(&owed("x"))], owed("x"))), ["^ a"]);
    let plan = by([file(&owed("x"))], owed("y"));
    assert_eq!((fits(&plan), plan.not_reviewed), (vec![], Some(1)));
    // Its media are not read on every machine.
    let unread = |world: &mut World| Arc::make_mut(&mut world.posts[0]).digest = None;
    assert_eq!(by([file(&owed("x"))], owed("x").with(unread)).not_reviewed, Some(0));
}

#[test]
fn an_announced_attempt_belongs_and_containers_alone_do_not() {
    let none = || file(&posts([]));
    assert_eq!(fits(&by([none()], world([post("a")], [record("a", Stage::Intent)]))), ["^ a"]);
    assert_eq!(fits(&by([none()], world([], [record("a", Stage::Intent)]))), ["^ a"], "without its manifest");
    let settled = |post| {
        let mut world = world([post], [record("a", Stage::Intent)]);
        world.options.settled = [world.records[0].attempt.clone()].into();
        by([none()], world)
    };
    assert_eq!(fits(&settled(post("a"))), ["^ a"]);
    let edited = settled(post("a").edited());
    assert_eq!((fits(&edited), edited.not_reviewed), (vec![], Some(1)));
    let begun = by([none()], world([post("a")], [record("a", Stage::Containers)]));
    assert_eq!((fits(&begun), begun.not_reviewed), (vec![], Some(1)));
    assert_eq!(fits(&by([file(&posts(["a"]))], world([post("a")], [record("a", Stage::Containers)]))), ["^ a"]);
}

#[test]
fn a_draft_that_was_only_settled_is_not_published_by_its_plan() {
    let draft = post("a").with(|post| post.draft = true);
    let reviewed = file(&world([draft], [record("a", Stage::Intent)]));
    assert_eq!((reviewed.items.len(), reviewed.items[0].file.as_ref()), (1, None));
    let plan = by([reviewed.clone()], world([post("a")], [record("a", Stage::NotPublished)]));
    assert_eq!((fits(&plan), plan.not_reviewed), (vec![], Some(1)));
    assert_eq!(fits(&by([reviewed], world([], [record("a", Stage::NotPublished)]))), [""; 0]);
}

fn deletion(edit: impl FnOnce(&mut Post), media: &str) -> World {
    let absent = post("a").with(|post| post.state = PostState::Absent).with(edit);
    let record = live("a", |live| (live.media_id, live.via) = (Some(media.into()), Some(Via::Publish)));
    world([absent], [record]).with(|world| {
        world.accounts[0].allow_delete = true;
        world.options.allow_delete = true;
    })
}

#[test]
fn a_deletion_is_of_the_media_that_were_reviewed() {
    let reviewed = file(&deletion(|_| {}, "179"));
    assert_eq!(reviewed.items[0].media_id, Some("179".into()));
    assert_eq!(fits(&by([reviewed.clone()], deletion(|_| {}, "179"))), ["- a"]);
    let other = by([reviewed.clone()], deletion(|_| {}, "180"));
    assert_eq!(mismatches(&other), ["a: it is recorded as other media now"]);
    let kept = by([reviewed.clone()], deletion(|post| post.state = PostState::Present, "179"));
    assert_eq!(mismatches(&kept), ["a: it was to be deleted, and its manifest keeps it now"]);
    let gone = deletion(|_| {}, "179").with(|world| world.posts.clear());
    assert_eq!(mismatches(&by([reviewed.clone()], gone)), ["a: its manifest is gone"]);
    let done = deletion(|_| {}, "179").with(|world| world.records = vec![record("a", Stage::Deleted)]);
    assert_eq!(fits(&by([reviewed], done)), [""; 0]);
    let plan = by([file(&posts(["a"]))], deletion(|_| {}, "179"));
    assert_eq!((fits(&plan), plan.not_reviewed), (vec![], Some(1)), "reviewed as published, which it is");
}

#[test]
fn a_rename_is_no_publish_and_a_publish_no_rename() {
    let renamed = || post("b").with(|new| (new.media_digest, new.digest) = (post("a").media_digest, post("a").digest));
    let moving = || world([renamed()], [live("a", |_| {})]);
    let fresh = || world([renamed()], []);
    assert_eq!(fits(&by([file(&moving())], moving())), ["> b"]);
    let nothing = by([file(&posts([]))], moving());
    assert_eq!((fits(&nothing), nothing.not_reviewed), (vec![], Some(1)));
    assert_eq!(mismatches(&by([file(&moving())], fresh())), ["b: it was to be renamed, and would be published now"]);
    assert_eq!(mismatches(&by([file(&fresh())], moving())), ["b: it was to be published, and would be renamed now"]);
    let done = world([renamed()], [live("a", |_| {}).with(|record| record.key = "b".into())]);
    assert_eq!(fits(&by([file(&moving())], done)), [""; 0]);
}

#[test]
fn what_is_left_alone_takes_no_slot() {
    let queue = |keys: &[&str]| {
        let posts: Vec<Post> =
            keys.iter().map(|key| post(key).with(|post| post.queued = Some(Queued { from: None }))).collect();
        world(posts, []).with(|world| {
            world.accounts[0].schedule.slots = vec![Slot::parse("daily 18:00").unwrap()];
        })
    };
    let due =
        |plan: &Plan| plan.changes.iter().map(|change| (change.key.to_string(), change.due_at)).collect::<Vec<_>>();
    let alone = queue(&["b"]).plan();
    let plan = by([file(&queue(&["b"]))], queue(&["a", "b"]));
    assert_eq!(due(&plan), due(&alone));
    assert_eq!(plan.not_reviewed, Some(1));
}

#[test]
fn targets_and_plans_are_both_asked() {
    let chosen = |key: &str, world: World| {
        world.with(|world| world.selection = crate::plan::Selection::new([], [key], [] as [&str; 0]))
    };
    let plan = by([file(&posts(["a", "b"]))], chosen("b", world([post("a").edited(), post("b")], [])));
    assert_eq!((fits(&plan), plan.not_reviewed), (vec!["+ b".to_owned()], Some(0)));
    assert_eq!(fits(&by([file(&posts(["a", "b"]))], chosen("b", posts(["b"])))), ["+ b"], "a is gone, and not chosen");
}

#[test]
fn a_plan_with_an_unknown_user_or_an_unread_manifest_is_no_plan_file() {
    let mut nameless = posts(["a"]);
    Arc::make_mut(&mut nameless.posts[0]).user_id = None;
    let of = |world: &World| PlanFile::of(&world.plan(), false).unwrap_err();
    assert_eq!(of(&nameless), Unwritable::NoUser("brand".into()));
    assert_eq!(of(&posts(["a"]).with(|world| world.complete = false)), Unwritable::Incomplete);
}

#[test]
fn a_file_that_is_cut_off_changed_or_newer_is_not_read() {
    let file = file(&posts(["a", "b"]));
    let text = file.render();
    assert_eq!(PlanFile::parse(&text).unwrap(), file);
    for end in 0..text.trim_end().len() {
        assert!(matches!(PlanFile::parse(&text[..end]), Err(Unreadable::Damaged(_))), "{end}");
    }
    let newer = text.replace("\"format_version\": \"1.0\"", "\"format_version\": \"1.1\", \"more\": 1");
    assert_eq!(PlanFile::parse(&newer), Err(Unreadable::Newer("1.1".into())));
    let damaged = [
        ("\"key\": \"a\"", "\"key\": \"c\""),
        ("\"publish\"", "\"delete\""),
        ("all of a", "all of x"),
        ("\"at\"", "\"At\""),
    ];
    for (from, to) in damaged {
        assert_ne!(text, text.replace(from, to), "{from}");
        assert!(matches!(PlanFile::parse(&text.replace(from, to)), Err(Unreadable::Damaged(_))), "{from}");
    }
    assert!(text.find(crate::plan::FILE_MARK).is_some_and(|place| place < 1024));
}

proptest! {
    #[test]
    fn a_plan_by_its_own_file_is_itself(given in any_world()) {
        let whole = given.plan();
        let file = file(&given);
        let plan = by([file], given);
        prop_assert_eq!(mismatches(&plan), [""; 0]);
        prop_assert_eq!(marks(&plan), marks(&whole));
        prop_assert_eq!(plan.digest, whole.digest);
        prop_assert_eq!((plan.not_reviewed, plan.summary), (Some(0), whole.summary));
    }

    #[test]
    fn by_any_file_nothing_is_done_but_what_it_has_and_what_is_announced(
        given in any_world(),
        other in any_world(),
        hours in 0..400_i64,
    ) {
        let file = file(&other);
        let later = at("2026-12-01T12:00:00Z") + jiff::SignedDuration::from_hours(hours);
        let plan = by([file.clone()], given.with(|world| world.now = later));
        for change in &plan.changes {
            let Some(class) = change.action.class() else { continue };
            let is_announced = change.recorded == Some(Stage::Intent) || change.action == Action::Settle;
            let is_its = |item: &PlanItem| Some(&item.user_id) == change.user_id.as_ref() && item.key == change.key;
            let is_in = file.items.iter().any(|item| is_its(item) && item.class == class && item.file.is_some());
            prop_assert!(is_in || is_announced, "{:?} {}", change.action, change.key);
            let differs = plan.mismatches.iter().any(|one| one.key == change.key && one.account == change.account);
            prop_assert!(!differs || is_announced, "{:?} {}", change.action, change.key);
        }
    }
}
