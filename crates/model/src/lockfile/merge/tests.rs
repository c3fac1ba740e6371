use proptest::prelude::*;

use super::super::format::Flat as Record;
use super::super::reason::Reason;
use super::super::record::{Comment, Created, Deletion, DeletionOutcome, PublishIntent, Stage as State, Via};
use super::super::samples::{any_flat as any_record, at, flat as record};
use igsync_base::id::{AttemptId, Digest, PartId, PostKey};

/// Records as they are written: what is merged, through what the program works with.
fn merge(a: Record, b: Record) -> Record {
    super::merge(a.into(), b.into()).into()
}

fn normal(record: Record) -> Record {
    super::normal(record.into()).into()
}

impl Record {
    fn moved(self, key: PostKey, attempt: AttemptId) -> [Self; 2] {
        super::Record::from(self).moved(key, attempt).map(Self::from)
    }
}

fn version() -> impl Strategy<Value = Record> {
    any_record("posts/harbour", "a1")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn merging_is_commutative(a in version(), b in version()) {
        prop_assert_eq!(merge(a.clone(), b.clone()), merge(b, a));
    }

    #[test]
    fn merging_is_associative(a in version(), b in version(), c in version()) {
        let left = merge(merge(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, merge(a, merge(b, c)));
    }

    #[test]
    fn merging_is_idempotent(a in version(), b in version()) {
        prop_assert_eq!(merge(a.clone(), a.clone()), normal(a.clone()));
        let merged = merge(a.clone(), b.clone());
        prop_assert_eq!(merge(merged.clone(), a), merged.clone());
        prop_assert_eq!(merge(merged.clone(), b), merged);
    }

    #[test]
    fn no_media_id_and_no_intent_of_the_winning_rank_is_lost(a in version(), b in version()) {
        let merged = merge(a.clone(), b.clone());
        for part in [a, b] {
            if part.state.rank() == merged.state.rank() {
                prop_assert!(part.intents.iter().all(|intent| merged.intents.contains(intent)));
                prop_assert!(part.media_id.is_none() || merged.media_id.is_some());
            }
        }
    }
}

#[test]
fn the_higher_rank_wins_whichever_comes_first() {
    let intent = record("k", "a", State::Intent);
    let published = Record { media_id: Some("1".into()), ..record("k", "a", State::Published) };
    assert_eq!(merge(intent.clone(), published.clone()), published);
    assert_eq!(merge(published.clone(), intent), published);
}

#[test]
fn a_refusal_for_its_content_beats_a_plain_not_published() {
    let plain = Record { reason: Some(Reason::Superseded), ..record("k", "a", State::NotPublished) };
    let failed = Record {
        reason: Some(Reason::Other("aspect ratio".into())),
        code: Some(36003),
        ..record("k", "a", State::Failed)
    };
    assert_eq!(merge(plain, failed.clone()), failed);
}

#[test]
fn a_media_id_found_later_fills_the_gap_and_brings_its_own_link() {
    let live = Record { published_at: Some(at(5)), via: Some(Via::Resolved), ..record("k", "a", State::Published) };
    let found = Record {
        media_id: Some("17".into()),
        permalink: Some("https://www.instagram.com/p/17".into()),
        slides: vec!["171".into(), "172".into()],
        published_at: Some(at(4)),
        via: Some(Via::Settled),
        ..record("k", "a", State::Published)
    };
    assert_eq!(merge(live, found.clone()), found);
}

#[test]
fn the_answer_of_the_publish_beats_an_id_found_by_matching() {
    let matched = Record {
        media_id: Some("99".into()),
        via: Some(Via::Settled),
        permalink: Some("https://wrong".into()),
        slides: vec!["991".into(), "992".into()],
        ..record("k", "a", State::Published)
    };
    let answered =
        Record { media_id: Some("11".into()), via: Some(Via::Publish), ..record("k", "a", State::Published) };
    let merged = merge(matched, answered);
    assert_eq!(merged.media_id, Some("11".into()));
    assert_eq!(merged.permalink, None, "the link belongs to the other media");
    assert!(merged.slides.is_empty(), "and so do its slides");
}

#[test]
fn a_comment_only_moves_forward() {
    let with = |comment| Record { comment: Some(comment), ..record("k", "a", State::Published) };
    let states = [Comment::Due, Comment::Intent, Comment::Unknown, Comment::Failed, Comment::Done];
    for pair in states.windows(2) {
        assert_eq!(merge(with(pair[1]), with(pair[0])).comment, Some(pair[1]));
    }
    assert_eq!(merge(with(Comment::Due), record("k", "a", State::Published)).comment, Some(Comment::Due));
}

#[test]
fn every_publish_time_of_both_sides_is_kept() {
    let with = |seconds: &[i64]| Record {
        intents: seconds.iter().map(|s| PublishIntent { at: at(*s), lease_until: at(s + 90) }).collect(),
        ..record("k", "a", State::Intent)
    };
    assert_eq!(merge(with(&[10, 200]), with(&[10, 100])), with(&[10, 100, 200]));
}

#[test]
fn the_longer_list_of_children_wins_and_a_remade_child_replaces_the_old_one() {
    let child = |id: &str, second| Created { id: PartId::from(id), created_at: Some(at(second)) };
    let with = |children: &[Created]| Record { children: children.to_vec(), ..record("k", "a", State::Containers) };
    let merged = merge(with(&[child("1", 0), child("2", 1)]), with(&[child("0", 9)]));
    assert_eq!(merged.children, [child("0", 9), child("2", 1)]);
}

#[test]
fn the_later_rewrite_of_what_was_sent_wins_as_a_whole() {
    let with = |rev, digest: &str, caption: Option<&str>| Record {
        rev,
        digest: Some(Digest::from(digest)),
        caption_digest: caption.map(Digest::from),
        ..record("k", "a", State::Published)
    };
    let accepted = with(1, "v1:sha256:00", None);
    assert_eq!(merge(with(0, "v1:sha256:ff", Some("v1:sha256:cc")), accepted.clone()), accepted);
}

#[test]
fn of_two_commands_the_later_one_wins() {
    let with = |rev, state| Record { rev, ..record("k", "a", state) };
    assert_eq!(merge(with(2, State::Deleted), with(1, State::Forgotten)).state, State::Deleted);
    assert_eq!(merge(with(1, State::Ignored), with(1, State::Deleted)).state, State::Ignored);
}

#[test]
fn of_two_commands_at_once_one_that_only_forgets_yields() {
    let with = |state, moved_to: Option<&str>| Record {
        rev: 1,
        moved_to: moved_to.map(PostKey::from),
        ..record("k", "a", state)
    };
    for state in [State::Deleted, State::Ignored] {
        assert_eq!(merge(with(State::Forgotten, None), with(state, None)).state, state);
        assert_eq!(merge(with(State::Forgotten, Some("j")), with(state, None)).state, State::Forgotten);
    }
}

#[test]
fn a_deletion_is_known_once_with_how_it_ended() {
    let of = |outcome| Deletion { at: at(1), lease_until: at(90), outcome };
    let with = |deletions: &[Deletion]| Record { deletions: deletions.to_vec(), ..record("k", "a", State::Published) };
    let later = Deletion { at: at(200), lease_until: at(290), outcome: None };
    let (open, ended) = (with(&[of(None), later.clone()]), with(&[of(Some(DeletionOutcome::Refused))]));
    assert_eq!(merge(open, ended), with(&[of(Some(DeletionOutcome::Refused)), later]));
}

#[test]
fn a_move_leaves_a_tombstone_that_outranks_the_old_record() {
    let live = Record { media_id: Some("17".into()), ..record("posts/a", "a", State::Published) };
    let [copy, tombstone] = live.clone().moved("posts/b".into(), "b".into());
    assert_eq!((copy.key.as_str(), copy.attempt.as_str(), copy.state), ("posts/b", "b", State::Published));
    assert_eq!(copy.media_id, live.media_id);
    let merged = merge(live, tombstone);
    assert_eq!((merged.state, merged.moved_to), (State::Forgotten, Some("posts/b".into())));
}
