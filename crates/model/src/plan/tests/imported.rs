//! Manifests that describe a live post: known by its media id, and never published.

use proptest::prelude::*;

use super::super::testing::{With as _, World, account, at, digest, live, post, record, world};
use super::super::*;
use crate::lockfile::{Live, Record, Stage, State, Via};
use crate::manifest::Post;
use igsync_base::id::MediaId;

const ID: &str = "17900000000000001";

/// A manifest that names the live post.
fn describing(key: &str) -> Post {
    post(key).with(|post| post.imported = Some(ID.into()))
}

/// As import records it.
fn imported(key: &str) -> Record {
    live(key, |live| live.via = Some(Via::Imported)).with(|record| {
        record.container = None;
        record.reencoded = true;
        record.intents.clear();
    })
}

fn record_only() -> Record {
    imported(&format!("imported/{ID}"))
        .with(|record| (record.digest, record.media_digest, record.file) = (None, None, None))
}

fn reasons(world: &World) -> Vec<String> {
    world.plan().changes.into_iter().map(|change| format!("{} {}", change.mark().sign(), change.reason)).collect()
}

fn listed(world: &mut World, key: &str) {
    let sighting = Sighting::Live { link: "https://www.instagram.com/p/a/".to_owned() };
    world.options.live.insert(("brand".into(), key.into()), sighting);
}

#[test]
fn one_whose_record_is_there_is_unchanged() {
    let plan = world([describing("posts/a")], [imported("posts/a")]).plan();
    assert!(plan.changes.is_empty());
    assert_eq!((plan.summary.unchanged, plan.guards.len()), (1, 0));
}

#[test]
fn without_its_record_it_is_recorded_where_it_is_listed_and_else_unknown() {
    let mut world = world([describing("posts/a")], []);
    assert_eq!(world.marks(), ["! posts/a"]);
    assert!(reasons(&world)[0].contains("import"), "{:?}", reasons(&world));
    listed(&mut world, "posts/a");
    assert_eq!(world.marks(), ["= posts/a"]);
    assert!(!world.plan().changes[0].publishes());
    let drafted = super::super::testing::world([describing("posts/a").with(|post| post.draft = true)], []);
    assert!(drafted.marks().is_empty());
}

#[test]
fn its_record_is_found_by_the_id_under_another_key() {
    let others = describing("posts/new").with(|post| (post.media_digest, post.digest) = (None, None));
    let bare = imported("posts/old").with(|record| record.digest = None);
    assert_eq!(world([others.clone()], [bare]).marks(), ["> posts/new"]);
    assert_eq!(world([others.clone()], [record_only()]).marks(), ["> posts/new"]);
    let edited = others.with(|post| post.text_digest = digest("other words"));
    let known = imported("posts/old").with(|record| record.media_digest = Some(digest("m")));
    assert_eq!(world([edited], [known]).marks(), ["> posts/new", "* posts/new"]);
}

#[test]
fn one_that_is_imported_moves_by_its_id_alone() {
    let same_bytes = || post("posts/new").with(|post| post.media_digest = imported("posts/old").media_digest);
    let world = world([same_bytes()], [imported("posts/old")]);
    assert_eq!(world.marks(), ["o posts/old", "2 posts/new"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn an_orphan_is_one_whose_manifest_is_gone_and_nothing_is_said_of_a_record_alone() {
    assert_eq!(world([post("posts/b").with(|post| post.draft = true)], [imported("posts/a")]).marks(), ["o posts/a"]);
    let plan = world([], [record_only()]).plan();
    assert!(plan.changes.is_empty() && plan.guards.is_empty(), "{:?}", plan.guards);
    assert!(!world([], [imported("posts/a")]).plan().guards.is_empty(), "its manifest is gone");
}

#[test]
fn a_record_alone_counts_as_moved_to_the_key_of_the_same_media() {
    for other in [imported("posts/a"), live("posts/a", |_| {})] {
        let plan = world([describing("posts/a")], [record_only(), other]).plan();
        assert!(plan.changes.is_empty(), "{:?}", plan.changes);
    }
}

#[test]
fn a_copy_is_an_error_and_held() {
    let copy = || describing("posts/copy");
    let of_recorded = world([describing("posts/a"), copy()], [imported("posts/a")]);
    assert_eq!(reasons(&of_recorded), ["! copied from an imported post (posts/a): remove `imported`"]);
    let of_published = world([post("posts/a"), copy()], [live("posts/a", |_| {})]);
    assert_eq!(reasons(&of_published), ["! copied from an imported post (posts/a): remove `imported`"]);
    let of_none = world([describing("posts/a"), copy()], []);
    assert_eq!(of_none.marks(), ["! posts/a", "! posts/copy"]);
    let of_renamed = world([describing("posts/b"), copy()], [imported("posts/a")]);
    assert_eq!(of_renamed.marks(), ["o posts/a", "! posts/b", "! posts/copy"]);
    let found = |world: &World| {
        let records: Vec<&Record> = world.records.iter().collect();
        copied_imports(&world.posts, &records).into_iter().map(|(place, _)| place).collect::<Vec<_>>()
    };
    assert_eq!(found(&of_recorded), [1]);
    assert_eq!(found(&of_published), [1]);
    assert_eq!(found(&of_none), [0, 1]);
    assert_eq!(found(&of_renamed), [0, 1]);
    assert_eq!(found(&world([describing("posts/a")], [imported("posts/a")])), Vec::<usize>::new());
    let other_account = copy().with(|post| (post.account, post.user_id) = ("other".into(), Some("1784".into())));
    let mut two = world([describing("posts/a"), other_account], [imported("posts/a")]);
    two.accounts.push(account("other", "1784", "other"));
    assert_eq!(found(&two), Vec::<usize>::new(), "another account has its own posts");
}

#[test]
fn one_under_whose_key_another_post_is_live_is_held() {
    let other = live("posts/a", |live| live.media_id = Some("5".into()));
    assert_eq!(
        reasons(&world([describing("posts/a")], [other])),
        [format!("! recorded as 5, and `imported` names {ID}")]
    );
}

#[test]
fn an_edit_shows_by_the_digest_of_the_record_though_the_media_are_absent() {
    let edited = describing("posts/a").with(|post| {
        (post.digest, post.media_digest) = (None, None);
        post.text_digest = digest("other words");
        post.content.caption = "Other words".to_owned();
    });
    let world = world([edited], [imported("posts/a")]);
    assert_eq!(reasons(&world), ["* published, then edited: caption"]);
}

#[test]
fn a_deleted_one_stays_deleted_and_an_absent_one_is_to_be_deleted() {
    let deleted = imported("posts/a").with(|record| {
        let forgotten = record.clone().forgotten(None);
        *record = Record { state: State::Deleted, ..forgotten };
    });
    let asked_for = describing("posts/a").with(|post| post.allow_duplicate = true);
    assert_eq!(world([asked_for], [deleted]).marks(), ["d posts/a"]);
    let absent = describing("posts/a").with(|post| post.state = crate::manifest::PostState::Absent);
    assert_eq!(world([absent], [imported("posts/a")]).marks(), ["- posts/a"]);
}

#[test]
fn what_was_begun_under_its_key_is_only_settled() {
    for stage in [Stage::Intent, Stage::Unknown, Stage::Containers] {
        let world = world([describing("posts/a")], [record("posts/a", stage)]);
        let plan = world.plan();
        assert!(plan.changes.iter().all(|change| !change.publishes() || change.action == Action::Settle), "{stage:?}");
        assert!(plan.changes.iter().all(|change| !matches!(change.action, Action::Publish | Action::Continue)));
    }
}

#[test]
fn a_manifest_written_later_for_an_imported_post_is_a_duplicate() {
    let later = || {
        post("posts/later").with(|post| {
            post.content.caption = "Caption of posts/a".to_owned();
            post.media_digest = Some(digest("the original bytes"));
        })
    };
    for (imported, manifest) in [(record_only_of("posts/a"), None), (imported("posts/a"), Some(describing("posts/a")))]
    {
        let with = |later: Post| world(manifest.clone().into_iter().chain([later]), [imported.clone()]);
        assert_eq!(with(later()).marks(), ["2 posts/later"], "by its caption");
        let same_bytes = later().with(|post| post.media_digest = imported.media_digest.clone());
        if imported.media_digest.is_some() {
            assert_eq!(with(same_bytes).marks(), ["2 posts/later"], "by its bytes");
        }
        let again = later().with(|post| post.publish_at = Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(with(again).marks(), ["@ posts/later"], "meant to be shown again");
        let allowed = later().with(|post| post.allow_duplicate = true);
        assert_eq!(with(allowed).marks(), ["+ posts/later"]);
    }
    // The record is lost, and the manifest still says what is live.
    let copy = later().with(|post| post.media_digest = describing("posts/a").media_digest);
    assert_eq!(world([describing("posts/a"), copy], []).marks(), ["! posts/a", "2 posts/later"]);
    assert_eq!(world([describing("posts/a"), later()], []).marks(), ["! posts/a", "2 posts/later"]);
}

fn record_only_of(key: &str) -> Record {
    record_only().with(|record| record.caption_digest = crate::manifest::caption_digest(&format!("Caption of {key}")))
}

fn any_imported_world() -> impl Strategy<Value = World> {
    let stage = proptest::sample::select(&Stage::ALL[..]);
    let record = (0..4_usize, stage, proptest::option::of(0..3_usize), any::<bool>(), "[ab]").prop_map(
        |(key, stage, media, is_imported, attempt)| {
            let key = if key == 3 { format!("imported/{ID}") } else { format!("posts/{key}") };
            let mut record = record(&key, stage);
            record.attempt = attempt.as_str().into();
            if let Some(live) = record.live_mut() {
                *live = Live {
                    media_id: media.map(|media| MediaId::from(["5", "6", ID][media])),
                    via: Some(if is_imported { Via::Imported } else { Via::Publish }),
                    ..live.clone()
                };
            }
            record
        },
    );
    let manifest = (0..3_usize, 0..4_usize, any::<[bool; 5]>(), 0..3_usize).prop_map(|(key, names, flags, due)| {
        let [is_absent, allows, is_read, is_moved, is_drafted] = flags;
        post(&format!("posts/{key}")).with(|post| {
            post.imported = [None, Some("5"), Some(ID), Some("")][names].map(MediaId::from);
            post.state =
                if is_absent { crate::manifest::PostState::Absent } else { crate::manifest::PostState::Present };
            post.allow_duplicate = allows;
            post.draft = is_drafted;
            post.publish_at = [None, Some("2026-11-01T00:00:00Z"), Some("2027-01-01T00:00:00Z")][due].map(at);
            if !is_read {
                (post.digest, post.media_digest) = (None, None);
            }
            if is_moved {
                post.media_digest = super::super::testing::post("posts/0").media_digest;
            }
        })
    });
    let manifests = proptest::collection::vec(manifest, 0..4);
    (manifests, proptest::collection::vec(record, 0..5), any::<[bool; 5]>()).prop_map(|(mut posts, records, flags)| {
        posts.sort_by(|a, b| a.key.cmp(&b.key));
        posts.dedup_by(|a, b| a.key == b.key);
        let [late, retry, allow, lock, complete] = flags;
        let mut world = world(posts, records);
        world.complete = complete;
        world.options.include_late = late;
        world.options.retry_failed = retry;
        world.options.allow_empty = true;
        world.options.allow_new_lock = true;
        world.options.has_lockfile = lock;
        world.options.max_publish = Some(1000);
        if allow {
            world.options.allow_duplicate = ["posts/0", "posts/1", "posts/2"].map(Into::into).into();
            world.options.settled = ["a", "b"].map(Into::into).into();
        }
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn nothing_that_is_imported_is_ever_published(world in any_imported_world()) {
        let plan = world.plan();
        for change in &plan.changes {
            let Some(post) = &change.post else { continue };
            if post.imported.is_some() {
                prop_assert!(
                    !matches!(change.action, Action::Publish | Action::Continue | Action::Wait | Action::Hold(Why::Late)),
                    "{:?}", change
                );
                prop_assert!(change.work() != Some(Work::Publish));
            }
        }
    }
}
