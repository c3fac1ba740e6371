//! What two branches do to one live post, joined in any order: no deletion and no media id is lost.

use proptest::prelude::*;

use super::super::record::{Deletion, DeletionOutcome, Live, Record, Stage, Via};
use super::super::records::{Records, effective};
use super::super::samples::{at, live_as};
use igsync_base::id::{Digest, MediaId};

/// What a person or a run does to the record of a live post.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// igsync announces its deletion, and is killed.
    Announce,
    /// igsync deletes it, or `lock accept --deleted`.
    Delete,
    /// What was announced had no effect.
    Withdraw,
    /// `lock mv`, or a manifest under another name.
    Move(u8),
    /// `lock accept`, of a manifest or of what `drift` shows.
    Accept(u8),
    /// `lock rm`
    Forget,
    /// `resolve --published`, or an import that sees it.
    SeeLive,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Announce),
        Just(Step::Delete),
        Just(Step::Withdraw),
        (0..3_u8).prop_map(Step::Move),
        (0..3_u8).prop_map(Step::Accept),
        Just(Step::Forget),
        Just(Step::SeeLive),
    ]
}

fn via() -> impl Strategy<Value = Via> {
    proptest::sample::select(&[Via::Publish, Via::Imported, Via::Resolved, Via::Settled, Via::Adopted][..])
}

const MEDIA: &str = "17";

fn begun(via: Via) -> Records {
    let mut record = live_as("k", "a", MEDIA);
    if let Some(live) = record.live_mut() {
        live.via = Some(via);
    }
    [record].into_iter().collect()
}

/// The record that speaks, as it is read.
fn speaking(records: &Records) -> Option<Record> {
    let read = records.by_media();
    let speaking = effective_of(read.as_ref().unwrap_or(records));
    speaking.cloned()
}

fn effective_of(records: &Records) -> Option<&Record> {
    let all: Vec<&[Record]> = records.posts().collect();
    all.into_iter().find_map(effective)
}

/// Does one thing on a branch, as the commands do it. `moment` tells the branches and their steps apart.
fn act(records: &mut Records, step: Step, branch: &str, moment: i64) {
    let Some(record) = speaking(records) else { return };
    let now = at(moment);
    let noted = |note: &dyn Fn(&mut Live)| {
        let mut record = record.clone();
        if let Some(live) = record.live_mut() {
            note(live);
        }
        record
    };
    let is_live = record.live().is_some();
    let written = match step {
        Step::Announce if is_live => {
            vec![noted(&|live| live.deletions.push(Deletion { at: now, lease_until: at(moment + 90), outcome: None }))]
        }
        Step::Delete if is_live => vec![noted(&|live| live.deletions.note_gone(now)).deleted()],
        Step::Withdraw if is_live => vec![noted(&|live| live.deletions.end(DeletionOutcome::Withdrawn))],
        Step::Move(to) => {
            record.moved(format!("{branch}{to}").as_str().into(), format!("{branch}{moment}").as_str().into()).into()
        }
        Step::Accept(what) if is_live => {
            let digest = Digest::new(format!("v1:sha256:{what}"));
            let rev = record.rev + 1;
            vec![Record { digest: Some(digest), rev, ..record }]
        }
        Step::Forget => vec![record.forgotten(None)],
        Step::SeeLive if record.stage() == Stage::Deleted => {
            let mut again = live_as(record.key.as_str(), "x", MEDIA);
            again.attempt = format!("{branch}{moment}").as_str().into();
            if let Some(live) = again.live_mut() {
                live.via = Some(Via::Resolved);
            }
            vec![records.seen_live(again, now)]
        }
        _ => vec![],
    };
    records.extend(written);
}

fn branched(begun: &Records, steps: &[Step], branch: &str, first: i64) -> Records {
    let mut records = begun.clone();
    for (step, moment) in steps.iter().zip(first..) {
        act(&mut records, *step, branch, moment * 1000);
    }
    records
}

fn joined(a: &Records, b: &Records) -> Records {
    let mut all = a.clone();
    all.merge(b.clone());
    all
}

fn read(records: &Records) -> Records {
    records.by_media().unwrap_or_else(|| records.clone())
}

/// The last word of all that is known of a deletion of the media.
fn is_known_gone(records: &Records) -> bool {
    let mut all: Vec<&Deletion> = records.iter().flat_map(Record::deletions).collect();
    all.sort();
    let mut said = all.iter().filter_map(|entry| entry.outcome);
    said.rfind(|end| matches!(end, DeletionOutcome::Deleted | DeletionOutcome::Live)) == Some(DeletionOutcome::Deleted)
}

proptest! {
    #[test]
    fn two_branches_lose_no_deletion_and_no_media(
        via in via(),
        a in proptest::collection::vec(step(), 0..5),
        b in proptest::collection::vec(step(), 0..5),
        c in proptest::collection::vec(step(), 0..3),
    ) {
        let first = begun(via);
        let (a, b) = (branched(&first, &a, "a", 10), branched(&first, &b, "b", 20));
        let c = branched(&first, &c, "c", 30);
        let both = joined(&a, &b);
        prop_assert_eq!(&both, &joined(&b, &a), "merge commutes");
        prop_assert_eq!(&joined(&both, &a), &both, "merge is idempotent");
        prop_assert_eq!(&joined(&both, &c), &joined(&a, &joined(&b, &c)), "merge is associative");
        let seen = read(&both);
        prop_assert_eq!(&read(&seen), &seen, "what is read reads the same");
        prop_assert_eq!(&read(&joined(&read(&a), &read(&b))).iter().filter(|r| r.live().is_some()).count(),
            &seen.iter().filter(|r| r.live().is_some()).count(), "reading before joining finds the same live posts");
        for entry in a.iter().chain(b.iter()).flat_map(Record::deletions) {
            let is_it = |other: &Deletion| (other.at, other.lease_until) == (entry.at, entry.lease_until);
            let kept = both.iter().flat_map(Record::deletions).find(|other| is_it(other));
            prop_assert!(kept.is_some_and(|kept| kept.outcome >= entry.outcome), "{entry:?} was lost");
        }
        let media = MediaId::from(MEDIA);
        prop_assert!(both.iter().all(|record| record.claimed_media() == Some(&media)));
        for record in seen.iter().filter(|record| record.live().is_some()) {
            prop_assert!(!is_known_gone(&both), "{} is called live, and the media are gone", record.key);
            let open = both.iter().flat_map(Record::deletions).any(|entry| entry.outcome.is_none());
            prop_assert!(!open || record.is_being_deleted() || ended_elsewhere(&both), "an open deletion was lost");
        }
    }
}

/// Whether each open entry has ended in another record of the same media.
fn ended_elsewhere(records: &Records) -> bool {
    let all = || records.iter().flat_map(Record::deletions);
    all().filter(|entry| entry.outcome.is_none()).all(|open| {
        all().any(|entry| (entry.at, entry.lease_until) == (open.at, open.lease_until) && entry.outcome.is_some())
    })
}

#[test]
fn a_post_that_one_branch_deletes_and_the_other_moves_is_deleted() {
    let first = begun(Via::Publish);
    for (deletes, is_open) in [(Step::Delete, false), (Step::Announce, true)] {
        let (a, b) = (branched(&first, &[deletes], "a", 10), branched(&first, &[Step::Move(1)], "b", 20));
        let seen = read(&joined(&a, &b));
        let moved = seen.effective(&"17841400000000001".into(), &"b1".into()).unwrap();
        let expected = if is_open { Stage::Published } else { Stage::Deleted };
        assert_eq!((moved.stage(), moved.is_being_deleted()), (expected, is_open));
    }
}

#[test]
fn a_person_who_sees_it_live_again_is_believed_after_a_move_too() {
    let first = begun(Via::Publish);
    let a = branched(&first, &[Step::Delete, Step::SeeLive, Step::Move(1)], "a", 10);
    let b = branched(&first, &[Step::Accept(1)], "b", 20);
    let seen = read(&joined(&a, &b));
    let live: Vec<&str> = seen.iter().filter(|record| record.live().is_some()).map(|r| r.key.as_str()).collect();
    assert_eq!(live, ["a1"]);
}
