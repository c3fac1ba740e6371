use super::super::{Repeats, Selection};
use super::*;
use crate::lockfile::Reason;
use crate::manifest::caption_digest;

/// Another key, the same media and other words.
fn twin(key: &str, of: &str) -> Post {
    post(key).with(|post| post.media_digest = Some(digest(&format!("media of {of}"))))
}

fn allowed(key: &str, of: &str) -> Post {
    twin(key, of).with(|post| post.allow_duplicate = true)
}

#[test]
fn of_two_new_posts_with_the_same_media_the_first_key_goes_out() {
    let plan = world([twin("posts/a 2", "posts/a"), post("posts/a"), post("posts/b")], []);
    assert_eq!(plan.marks(), ["+ posts/a", "2 posts/a 2", "+ posts/b"]);
    let change = &plan.plan().changes[1];
    assert_eq!(change.reason, "has the media of posts/a, which goes out first");
    assert_eq!(change.repeats, Some(Repeats::Media("posts/a".into())));
    assert_eq!(plan.plan().cost.publishes, 2);
    let three = world([twin("c", "a"), twin("b", "a"), post("a")], []);
    assert_eq!(three.marks(), ["+ a", "2 b", "2 c"], "all of them repeat the one that goes out");
}

#[test]
fn undated_posts_go_before_dated_ones_whatever_the_time() {
    let (soon, late) = ("2026-12-01T12:00:01Z", "2027-05-01T12:00:00Z");
    let undated_last = || [post("a").due(soon), twin("b", "a")];
    assert_eq!(world(undated_last(), []).marks(), ["2 a", "+ b"]);
    let dated = || [post("a").due(late), twin("b", "a").due(soon)];
    assert_eq!(world(dated(), []).marks(), ["2 b", "@ a"], "by key, not by time");
    // Once it has gone out the verdict is the same.
    let out = record("b", Stage::Published).with(|record| record.media_digest = Some(digest("media of a")));
    assert_eq!(world(undated_last(), [out]).marks(), ["2 a"]);
}

/// Columns: an undated repeat and a dated one beside the manifest of the old post, and a dated one without that.
#[test]
fn what_is_recorded_is_not_repeated_with_or_without_its_manifest() {
    let later = || twin("new", "old").due("2027-05-01T12:00:00Z");
    let rows = Stage::ALL.map(|stage| {
        let marks = |posts: Vec<Post>| {
            let marks = world(posts, [record("old", stage)]).marks();
            marks.into_iter().filter(|mark| mark.ends_with("new")).map(|mark| mark[..1].to_owned()).collect::<String>()
        };
        let (now, later_beside, alone) =
            (marks(vec![twin("new", "old"), post("old")]), marks(vec![later(), post("old")]), marks(vec![later()]));
        format!("{:<13} {now:<5} {later_beside:<5} {alone}", format!("{stage:?}"))
    });
    insta::assert_snapshot!(rows.join("\n"), @"
    Containers    2     2     >@
    Intent        2     2     >^
    Unknown       2     2     >!
    NotPublished  +     2     >@
    Failed        +     @     >@
    Published     2     2     2
    Deleted       2     2     >d
    Ignored       2     2     >
    Forgotten     +     2     @
    ");
    let plan = world([twin("new", "old").due("2027-05-01T12:00:00Z"), post("old")], [record("old", Stage::Published)]);
    assert_eq!(plan.plan().changes[0].reason, "has the media of old, which is live");
    assert!(plan.plan().guards.is_empty(), "the run goes on with other posts");
}

#[test]
fn a_duplicate_is_due_by_its_own_time() {
    let old = || record("old", Stage::Published);
    let plan = world([twin("new", "old").due("2027-05-01T12:00:00Z"), post("old")], [old()]).plan();
    assert!(!plan.changes[0].is_due_duplicate(plan.now));
    let plan = world([twin("new", "old"), post("old")], [old()]).plan();
    assert!(plan.changes[0].is_due_duplicate(plan.now) && plan.is_refused() && !plan.applyable());
}

#[test]
fn other_accounts_kinds_and_drafts_are_no_duplicates() {
    let elsewhere = twin("b", "a").with(|post| post.user_id = Some("17841400000000002".into()));
    assert_eq!(world([post("a"), elsewhere], []).marks(), ["+ a", "+ b"]);
    assert_eq!(world([post("a"), twin("b", "a").of_kind(Kind::Story)], []).marks(), ["+ a", "+ b"]);
    assert_eq!(world([post("a").with(|post| post.draft = true), twin("b", "a")], []).marks(), ["+ b"]);
    let unread = |key: &str| post(key).with(|post| post.media_digest = None);
    assert_eq!(world([unread("a"), unread("b")], []).marks(), ["+ a", "+ b"]);
}

#[test]
fn users_that_are_not_known_yet_are_told_apart_by_their_accounts() {
    let nobody = |post: Post| post.with(|post| post.user_id = None);
    assert_eq!(world([nobody(post("a")), nobody(twin("b", "a"))], []).marks(), ["+ a", "2 b"]);
    let other = nobody(twin("b", "a")).with(|post| post.account = "other".into());
    assert_eq!(world([nobody(post("a")), other], []).marks(), ["+ a", "+ b"]);
}

#[test]
fn the_manifest_or_the_command_line_allows_a_repeat() {
    assert_eq!(world([post("a"), allowed("b", "a")], []).marks(), ["+ a", "+ b"]);
    assert_eq!(world([post("a"), allowed("b", "a")], [record("a", Stage::Published)]).marks(), ["+ b"]);
    let by_flag = world([post("a"), twin("b", "a")], []).with(|world| {
        world.options.allow_duplicate.extend(["b".into()]);
    });
    assert_eq!(by_flag.marks(), ["+ a", "+ b"]);
    assert_eq!(world([allowed("a", "a"), twin("b", "a")], []).marks(), ["+ a", "2 b"], "the other has no leave");
}

#[test]
fn which_of_two_goes_out_does_not_depend_on_what_is_selected() {
    let plan = world([post("a"), twin("b", "a")], []).with(|world| {
        world.selection = Selection::new([], &["b".to_owned()], &[]);
    });
    assert_eq!(plan.marks(), ["2 b"]);
}

#[test]
fn a_post_that_an_earlier_run_has_begun_goes_before_a_new_one_and_repeats_none() {
    let begun = |key: &str, state: State, allowed| {
        record(key, state.stage()).with(|record| {
            record.media_digest = Some(digest("media of old"));
            (record.state, record.allow_duplicate) = (state, allowed);
        })
    };
    let beside_live = |state: State, allowed| {
        let records = [record("old", Stage::Published), begun("new", state, allowed)];
        world([twin("new", "old"), post("old")], records).marks()
    };
    for reason in [Reason::Expired, Reason::ContainerGone, Reason::Other("Meta could not process it".to_owned())] {
        let ended = || State::NotPublished(Some(reason.clone()));
        assert_eq!(beside_live(ended(), true), ["+ new"], "{reason}: it had leave");
        assert_eq!(beside_live(ended(), false), ["2 new"], "{reason}: the other one went out meanwhile");
        let both_new = world([twin("a", "old"), twin("z", "old")], [begun("z", ended(), false)]);
        assert_eq!(both_new.marks(), ["2 a", "+ z"], "{reason}");
    }
    for word in ["withdrawn", "edited", "superseded", "resolved", "ignored"] {
        let ended = State::NotPublished(Some(Reason::from(word.to_owned())));
        assert_eq!(beside_live(ended, true), ["2 new"], "{word}");
    }
    assert_eq!(beside_live(State::Containers, false), ["^ new"]);
    assert_eq!(beside_live(State::Intent, false), ["^ new"]);
}

#[test]
fn what_the_account_shows_goes_before_every_new_post() {
    for sighting in [
        Sighting::Live { link: "https://www.instagram.com/p/b/".into() },
        Sighting::Maybe { links: vec!["https://www.instagram.com/p/b/".into()] },
    ] {
        let is_live = matches!(sighting, Sighting::Live { .. });
        let plan = world([post("a"), twin("b", "a"), twin("z", "a")], []).with(|world| {
            world.options.live.insert(("brand".into(), "b".into()), sighting);
        });
        assert_eq!(plan.marks(), ["2 a", if is_live { "= b" } else { "! b" }, "2 z"]);
        assert_eq!(plan.plan().changes[0].reason, "has the media of b, which is live, or may be");
    }
}

#[test]
fn a_post_with_containers_goes_out_with_the_media_that_it_has_now() {
    let plan = world([twin("begun", "figs"), twin("new", "figs")], [record("begun", Stage::Containers)]);
    assert_eq!(plan.marks(), ["^ begun", "2 new"]);
}

#[test]
fn a_duplicate_stays_one_when_it_is_late() {
    let plan = world([twin("new", "old").due("2026-11-01T12:00:00Z"), post("old")], [record("old", Stage::Published)]);
    assert_eq!(plan.marks(), ["2 new"]);
}

#[test]
fn the_branch_that_makes_a_post_of_the_base_a_duplicate_is_red() {
    let plan = world([post("base").due("2027-05-01T12:00:00Z"), twin("branch", "base")], []).with(|world| {
        world.options.branch = Some(branch(["branch.yaml"], []));
    });
    assert_eq!(plan.marks(), ["2 base", "+ branch"]);
    let plan = plan.plan();
    assert!(plan.changes[0].in_diff == Some(true) && plan.is_refused());
    let other = world([post("base").due("2027-05-01T12:00:00Z"), twin("more", "base"), post("branch")], []);
    let other = other.with(|world| world.options.branch = Some(branch(["branch.yaml"], []))).plan();
    assert!(!other.is_refused(), "both are of the base");
}

#[test]
fn open_containers_wait_for_their_time_as_what_they_are() {
    let waits = world(
        [twin("new", "old").due("2027-05-01T12:00:00Z"), post("old")],
        [record("old", Stage::Published), record("new", Stage::Containers)],
    );
    assert_eq!(waits.marks(), ["@ new"]);
}

#[test]
fn what_was_deleted_goes_out_again_only_when_asked_for_anew() {
    let deleted = |allowed| record("a", Stage::Deleted).with(|record| record.allow_duplicate = allowed);
    assert_eq!(world([post("a")], [deleted(false)]).marks(), ["d a"]);
    assert_eq!(world([allowed("a", "a")], [deleted(false)]).marks(), ["+ a"]);
    assert_eq!(world([allowed("a", "a")], [deleted(true)]).marks(), ["d a"], "that leave was used");
    let by_flag = world([allowed("a", "a")], [deleted(true)]).with(|world| {
        world.options.allow_duplicate.extend(["a".into()]);
    });
    assert_eq!(by_flag.marks(), ["+ a"]);
    assert_eq!(world([post("a"), twin("b", "a")], [deleted(false)]).marks(), ["d a", "2 b"]);
}

#[test]
fn a_post_of_the_queue_that_waits_for_a_day_repeats_what_is_older_on_purpose() {
    use crate::manifest::Queued;

    let from = |day: &str| {
        let queued = Some(Queued { from: Some(day.parse().unwrap()) });
        let caption = "Caption of old".to_owned();
        post("new").with(|post| (post.queued, post.content.caption) = (queued, caption))
    };
    let orphan = || record("old", Stage::Published);
    let marks = |day: &str| world([from(day)], [orphan()]).marks().contains(&"2 new".to_owned());
    assert!(!marks("2027-01-01"));
    assert!(marks("2026-01-01"), "it was live after that day");
}

#[test]
fn white_space_at_the_ends_of_lines_makes_no_other_caption() {
    let written = |caption: &str| post("new").with(|post| post.content.caption = caption.to_owned());
    let shown = record("old", Stage::Published).with(|record| record.caption_digest = caption_digest("Low\ntide"));
    assert_eq!(world([written("Low  \ntide \t")], [shown]).marks()[0], "2 new");
}

#[test]
fn the_caption_of_a_live_post_without_a_manifest_makes_a_duplicate() {
    let again = |key: &str| post(key).with(|post| post.content.caption = "Caption of old".into());
    let orphan = || record("old", Stage::Published);
    let plan = world([again("new")], [orphan()]);
    assert_eq!(plan.marks(), ["2 new", "o old"]);
    let change = &plan.plan().changes[0];
    assert_eq!(change.reason, "has the caption of old, which is live and has no manifest");
    assert_eq!(change.repeats, Some(Repeats::Caption("old".into())));
    assert_eq!(world([again("new"), post("old")], [orphan()]).marks(), ["+ new"], "it has its manifest");
    assert_eq!(world([again("new").due("2026-12-24T12:00:00Z")], [orphan()]).marks(), ["@ new", "o old"]);
    let wordless = post("new").with(|post| post.content.caption = String::new());
    let silent = orphan().with(|record| record.caption_digest = None);
    assert_eq!(world([wordless], [silent]).marks(), ["+ new", "o old"]);

    let carousel = |items: usize| {
        orphan().with(|record| {
            record.kind = Kind::Carousel;
            let child = || crate::lockfile::Created { id: "1".into(), created_at: None };
            record.children = std::iter::repeat_with(child).take(items).collect();
        })
    };
    let of_two = || again("new").of_kind(Kind::Carousel);
    assert_eq!(world([of_two()], [carousel(2)]).marks(), ["2 new", "o old"]);
    assert_eq!(world([of_two()], [carousel(3)]).marks(), ["+ new", "o old"]);
    assert_eq!(world([of_two()], [carousel(0)]).marks(), ["2 new", "o old"], "how many it has is not known");
}
