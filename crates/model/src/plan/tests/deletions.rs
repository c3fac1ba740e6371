//! Live posts that their manifests order to be deleted.

use super::super::testing::{PostBuilder as _, USER, With as _, World, at, live, post, record, world};
use super::super::{Action, Barrier, Change, Counts, GuardKind, NoticeKind, Obstacle, Shown, Why};
use super::{kinds, moved};
use crate::lockfile::{Deletion, DeletionOutcome, Live, Record, Stage, Via};
use crate::manifest::{Post, PostState};
use igsync_base::id::{Kind, PostKey};

fn absent(key: &str) -> Post {
    post(key).with(|post| post.state = PostState::Absent)
}

fn certain(live: &mut Live) {
    (live.media_id, live.via) = (Some("179".into()), Some(Via::Publish));
}

/// A post that is live, with the manifest's order and both other keys.
fn ordered(change: impl FnOnce(&mut Live)) -> World {
    let record = live("p", |live| {
        certain(live);
        change(live);
    });
    with_keys(world([absent("p")], [record]))
}

fn with_keys(world: World) -> World {
    world.with(|world| {
        world.accounts[0].allow_delete = true;
        world.options.allow_delete = true;
    })
}

fn only(world: &World) -> Change {
    let plan = world.plan();
    assert_eq!(plan.changes.len(), 1, "{:?}", plan.changes);
    plan.changes[0].clone()
}

fn announced(outcome: Option<DeletionOutcome>) -> Deletion {
    Deletion { at: at("2026-12-01T11:00:00Z"), lease_until: at("2026-12-01T11:02:00Z"), outcome }
}

#[test]
fn a_live_post_is_deleted_with_all_three_keys_and_never_without() {
    for (in_manifest, in_configuration, on_command_line) in
        (0..8).map(|keys| (keys & 1 == 1, keys & 2 == 2, keys & 4 == 4))
    {
        let manifest = if in_manifest { absent("p") } else { post("p") };
        let world = world([manifest], [live("p", certain)]).with(|world| {
            world.accounts[0].allow_delete = in_configuration;
            world.options.allow_delete = on_command_line;
        });
        let plan = world.plan();
        let is_ordered = in_manifest && in_configuration && on_command_line;
        assert_eq!(plan.acts(), is_ordered, "{in_manifest} {in_configuration} {on_command_line}");
        assert_eq!(plan.summary.has_changes(), is_ordered);
        assert_eq!(plan.summary.delete, usize::from(in_manifest));
        let why = plan.changes.first().map(|change| change.reason.clone()).unwrap_or_default();
        assert_eq!(why.contains("`allow_delete: true`"), in_manifest && !in_configuration, "{why}");
        assert_eq!(why.contains("--allow-delete"), in_manifest && !on_command_line, "{why}");
    }
}

#[test]
fn what_cannot_be_deleted_from_here_is_said_whatever_the_keys() {
    let obstacle = |world: World| match only(&world).action {
        Action::Hold(Why::Undeletable(obstacle)) => Some(obstacle),
        _ => None,
    };
    assert_eq!(obstacle(ordered(|_| {})), None);
    for via in [Via::Settled, Via::Adopted] {
        assert_eq!(obstacle(ordered(|live| live.via = Some(via))), Some(Obstacle::Matched));
    }
    assert_eq!(obstacle(ordered(|live| live.via = Some(Via::Resolved))), None);
    assert_eq!(obstacle(ordered(|live| live.media_id = None)), Some(Obstacle::NoId));
    let of_instagram = ordered(|_| {}).with(|world| world.accounts[0].can_delete = false);
    assert_eq!(obstacle(of_instagram), Some(Obstacle::Login));
    let story = || absent("p").with(|post| post.content.kind = Kind::Story);
    assert_eq!(obstacle(with_keys(world([story()], [live("p", certain)]))), Some(Obstacle::Story));
    let again = live("p", certain).with(|record| {
        record.attempt = "a2".into();
        record.live_mut().unwrap().media_id = Some("180".into());
    });
    assert_eq!(obstacle(with_keys(world([absent("p")], [live("p", certain), again]))), Some(Obstacle::LiveTwice));
}

#[test]
fn media_that_two_posts_claim_are_left_alone() {
    for other in [live("q", certain), live("q", certain).deleted(), live("q", certain).with(|r| r.user_id = "9".into())]
    {
        let world = with_keys(world([absent("p"), post("q")], [live("p", certain), other]));
        let change = world.plan().changes.into_iter().find(|change| change.key.as_str() == "p").unwrap();
        assert_eq!(change.action, Action::Hold(Why::Undeletable(Obstacle::Claimed)));
        assert!(change.is_undeletable());
    }
    let forgotten = live("q", certain).forgotten(None);
    let world = with_keys(world([absent("p")], [live("p", certain), forgotten]));
    assert_eq!(only(&world).action, Action::Delete);
}

#[test]
fn a_deletion_that_may_have_been_sent_is_settled_whatever_the_manifest_says() {
    let open = || {
        live("p", |live| {
            certain(live);
            live.deletions.push(announced(None));
        })
    };
    let manifests = [Some(absent("p")), Some(post("p")), Some(post("p").with(|post| post.draft = true)), None];
    for manifest in manifests {
        let world = world(manifest, [open()]);
        assert_eq!((only(&world).action, world.plan().acts()), (Action::Settle, true));
    }
    let settled = |world: World| world.with(|world| world.options.settled = ["a1".into()].into());
    assert_eq!(only(&settled(with_keys(world([absent("p")], [open()])))).action, Action::Delete);
    assert_eq!(only(&settled(world([absent("p")], [open()]))).action, Action::Hold(Why::Locked));
    assert!(settled(world([post("p")], [open()])).plan().changes.is_empty());
}

#[test]
fn a_deletion_that_was_refused_three_times_waits_for_a_person() {
    let refused = |times: i32| {
        ordered(|live| {
            for minute in 0..times {
                let at = at("2026-12-01T09:00:00Z") + jiff::SignedDuration::from_mins(i64::from(minute));
                live.deletions.push(Deletion { at, ..announced(Some(DeletionOutcome::Refused)) });
            }
            live.deletions.push(announced(Some(DeletionOutcome::Withdrawn)));
        })
    };
    assert_eq!(only(&refused(2)).action, Action::Delete);
    assert_eq!(only(&refused(3)).action, Action::Hold(Why::Failed));
    assert_eq!(only(&refused(3).with(|world| world.options.retry_failed = true)).action, Action::Delete);
}

#[test]
fn more_deletions_than_the_cap_are_refused_and_a_paused_account_deletes_nothing() {
    let two = || {
        let records = ["p", "q"].map(|key| {
            live(key, |live| {
                certain(live);
                live.media_id = Some(key.into());
            })
        });
        with_keys(world([absent("p"), absent("q")], records))
    };
    let plan = two().plan();
    assert_eq!(kinds(&plan), [GuardKind::TooManyDeletions]);
    assert_eq!(plan.barred().into_values().collect::<Vec<_>>(), [Barrier::TooManyDeletions]);
    assert!(!plan.applyable() && plan.is_refused());
    assert_eq!(kinds(&two().with(|world| world.accounts[0].max_delete_per_run = 2).plan()), []);
    let paused = ordered(|_| {}).with(|world| world.accounts[0].paused = Some("it is".into()));
    assert_eq!(kinds(&paused.plan()), [GuardKind::Paused]);
}

#[test]
fn without_a_lockfile_that_is_kept_nothing_is_deleted() {
    let world = ordered(|_| {}).with(|world| world.options.has_lockfile = false);
    assert_eq!(kinds(&world.plan()), [GuardKind::NoLockfile]);
}

#[test]
fn an_order_for_what_was_never_published_is_said_and_does_nothing() {
    for records in [vec![], vec![record("p", Stage::Containers)], vec![record("p", Stage::Failed)]] {
        let plan = with_keys(world([absent("p")], records)).plan();
        assert!(plan.changes.is_empty(), "{:?}", plan.changes);
        assert_eq!(plan.notices.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [NoticeKind::NothingToDelete]);
    }
    let deleted = with_keys(world([absent("p")], [record("p", Stage::Deleted)])).plan();
    assert!(deleted.changes.is_empty() && deleted.notices.is_empty());
}

#[test]
fn deletions_come_last_and_say_what_is_lost() {
    let world = with_keys(world([absent("a"), post("b"), post("c").due("2026-12-01T11:30:00Z")], [live("a", certain)]));
    let name = (post("a").account, PostKey::from("a"));
    let counts = Counts { likes: Some(42), comments: None };
    let shown = Shown { counts, at: Some(at("2026-11-30T12:00:00Z")), ..Shown::default() };
    let plan = world.with(|world| world.options.shown = [(name, shown)].into()).plan();
    let keys: Vec<&str> = plan.changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["c", "b", "a"]);
    let loss = plan.changes[2].loss.as_ref().unwrap();
    assert_eq!((loss.media_id.as_ref(), loss.counts), (Some(&"179".into()), Some(counts)));
    assert!(loss.published_at.is_some() && plan.changes[2].due_at.is_none());
}

#[test]
fn an_order_takes_over_no_record_by_its_looks() {
    let renamed = || moved("q", "p").with(|post| post.state = PostState::Absent);
    let plan = with_keys(world([renamed()], [live("p", certain)])).plan();
    assert_eq!(only(&with_keys(world([renamed()], [live("p", certain)]))).action, Action::Hold(Why::Orphan));
    assert_eq!(plan.notices[0].kind, NoticeKind::NothingToDelete);
    assert!(plan.notices[0].message.contains("as far as the record goes"), "{}", plan.notices[0].message);
    // Nor does it keep the record from the one that has it.
    let heir = moved("r", "p");
    let plan = with_keys(world([renamed(), heir], [live("p", certain)])).plan();
    let moves = plan.changes.iter().filter(|change| matches!(change.action, Action::Move { .. }));
    assert_eq!(moves.map(|change| change.key.as_str()).collect::<Vec<_>>(), ["r"]);
    assert!(plan.changes.iter().all(|change| change.action != Action::Delete));
}

#[test]
fn what_is_shown_of_another_post_keeps_it_from_being_deleted() {
    let name = || ("brand".into(), PostKey::from("p"));
    let shown = |owner: &str| Shown { owner: Some(owner.into()), at: Some(at(LIVE)), ..Shown::default() };
    let of = |owner: &str| {
        let linked = |live: &mut Live| live.published_at = Some(at(LIVE));
        only(&ordered(linked).with(|world| world.options.shown = [(name(), shown(owner))].into()))
    };
    assert_eq!(of(USER).action, Action::Delete);
    let other = of("999");
    assert_eq!(other.action, Action::Hold(Why::Undeletable(Obstacle::NotThatPost)));
    assert!(other.reason.ends_with("media 179 are not this post: it belongs to the account 999"), "{}", other.reason);
}

const LIVE: &str = "2026-11-30T12:00:00Z";

#[test]
fn an_order_for_a_forgotten_record_is_not_called_never_published() {
    let said = |record: Record| with_keys(world([absent("p")], [record])).plan().notices[0].message.clone();
    assert!(said(live("p", certain).forgotten(None)).contains("its record as media 179 was forgotten"));
    assert!(said(live("p", certain).forgotten(Some("q".into()))).contains("its record is q's now"));
    assert!(said(record("p", Stage::NotPublished)).contains("was never published"));
}
