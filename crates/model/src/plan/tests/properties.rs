use proptest::prelude::*;

use super::*;

pub(in crate::plan) fn any_world() -> impl Strategy<Value = World> {
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
    let drawn = (0..6_usize, 0..4_usize, 0..Stage::ALL.len(), 0..3_usize, any::<bool>());
    let drawn = drawn.prop_map(|(key, media, state, attempt, second)| {
        record(&format!("p{key}"), Stage::ALL[state]).with(|record| {
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
            if let Action::Move { from } = &change.action {
                prop_assert!(sources.insert((change.user_id.clone(), from.clone())));
            }
            let is_recorded = |record: &Record| Some(&record.user_id) == change.user_id.as_ref()
                && record.key == change.key
                && (record.stage() == Stage::Published || record.stage().is_open());
            if change.action == Action::Publish {
                prop_assert!(!given.records.iter().any(is_recorded));
            }
        }
    }
}
