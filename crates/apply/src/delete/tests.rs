use super::super::announcement::leases;
use super::super::appointment::{Lookout, Reread};
use super::super::cause::Cause;
use super::super::engine::Presence;
use super::super::media::LocalFiles;
use super::super::testing::{Answer, Bench, at, live, media, post};
use super::*;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync_base::id::Kind;
use igsync_model::lockfile::Via;
use igsync_model::manifest::{Post, PostState};
use igsync_model::plan::testing::account;
use igsync_model::plan::{AccountView, Counts, Options, Premises, Selection};

fn refusal(class: Class, code: i64) -> Refusal {
    Refusal { class, code: Some(code), subcode: None, text: "no".into(), help: String::new(), trace: None }
}

fn deleter(bench: &Bench) -> Deleter {
    let (scope, engine, book) = bench.parts();
    Deleter::new(scope, engine, book, leases(&bench.scope.waits))
}

/// The answers after that to what post it is.
fn bench(answers: impl IntoIterator<Item = Answer>) -> Bench {
    let answers = [shown()].into_iter().chain(answers);
    Bench::new(1000, [live("posts/a", "179"), live("posts/b", "180")], answers)
}

async fn delete(bench: &Bench) -> Result<Outcome, Stop> {
    delete_with(&deleter(bench), &Paper::ordered()).await
}

async fn delete_with(deleter: &Deleter, paper: &Paper) -> Result<Outcome, Stop> {
    let orders = Orders { lookout: paper, planned: None };
    deleter.delete(&"posts/a".into(), &orders, &mut None).await
}

/// What is written in the content root, time after time; the last of it stays.
struct Paper(Mutex<Vec<bool>>);

impl Paper {
    fn ordered() -> Self {
        Self::of([true])
    }

    fn of(is_ordered: impl IntoIterator<Item = bool>) -> Self {
        let mut all: Vec<bool> = is_ordered.into_iter().collect();
        all.reverse();
        Self(Mutex::new(all))
    }
}

impl Lookout for Paper {
    fn read(&self) -> BoxFuture<'_, Result<Reread, Halt>> {
        let mut left = lock(&self.0);
        let is_ordered = if left.len() > 1 { left.pop() } else { left.first().copied() };
        let state = if is_ordered == Some(true) { PostState::Absent } else { PostState::Present };
        let post = Post { state, ..post("posts/a", Kind::Image, "x") };
        let account = AccountView { allow_delete: true, ..account("harbour", "1784", "harbour") };
        let options = Options { allow_delete: true, has_lockfile: true, ..Options::default() };
        let premises = Premises {
            posts: vec![Arc::new(post)],
            accounts: vec![account],
            now: at(1000),
            complete: true,
            selection: Selection::all(),
            options,
        };
        async { Ok(Reread { premises, files: LocalFiles::default() }) }.boxed()
    }
}

/// The post as the service shows it.
fn shown() -> Answer {
    Answer::Shown(Some(Shown { at: Some(at(101)), ..Shown::default() }))
}

fn last(bench: &Bench) -> (Stage, Option<DeletionOutcome>) {
    let record = bench.record();
    let last = record.known_live().and_then(|live| live.deletions.last().cloned());
    (record.stage(), last.and_then(|last| last.outcome))
}

/// What is asked of a post that is gone, and answered.
fn gone() -> Vec<Answer> {
    let look = || [listed(&[("180", -10_000)]), THERE, DENIED, THERE];
    [DENIED].into_iter().chain(look()).chain(look()).collect()
}

const THERE: Answer = Answer::Exists(Presence::There);
const DENIED: Answer = Answer::Exists(Presence::Denied);

fn listed(ids: &[(&str, i64)]) -> Answer {
    Answer::List(ids.iter().map(|(id, second)| media(id, Kind::Image, Some("x"), *second)).collect())
}

#[tokio::test]
async fn a_deletion_is_announced_before_it_is_sent_and_recorded_after() {
    let bench = bench([Answer::Delete(Deleting::Gone)]);
    let outcome = delete(&bench).await.unwrap();
    assert!(matches!(&outcome, Outcome::Deleted(media) if media.as_str() == "179"), "{outcome:?}");
    assert_eq!(*bench.book.written.lock().unwrap(), [Stage::Published, Stage::Deleted]);
    assert_eq!(last(&bench), (Stage::Deleted, Some(DeletionOutcome::Deleted)));
    assert_eq!(bench.record().claimed_media(), Some(&"179".into()), "no other post can be that media");
}

#[tokio::test]
async fn a_refusal_counts_and_leaves_the_post_as_it_is() {
    let bench = bench([Answer::Delete(Deleting::Refused(refusal(Class::Other, -1)))]);
    let outcome = delete(&bench).await.unwrap();
    assert!(matches!(&outcome, Outcome::Failed(failure) if failure.code == Some(-1)), "{outcome:?}");
    assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Refused)));
}

#[tokio::test]
async fn a_lacking_permission_stops_the_account_and_counts_as_a_refusal() {
    for code in [10, 200, 299] {
        let bench = bench([Answer::Delete(Deleting::Refused(refusal(Class::Account, code)))]);
        let stop = delete(&bench).await;
        assert!(matches!(&stop, Err(Stop::Account(halt)) if halt.cause == Cause::Account), "{stop:?}");
        assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Refused)));
    }
}

#[tokio::test]
async fn what_concerns_the_whole_account_stops_it_and_is_no_refusal_of_this_post() {
    for (class, code) in [(Class::Account, 190), (Class::Later, 80_002)] {
        let bench = bench([Answer::Delete(Deleting::Refused(refusal(class, code)))]);
        assert!(matches!(delete(&bench).await, Err(Stop::Account(_))));
        assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
    }
}

#[tokio::test]
async fn a_denied_deletion_is_settled_by_looking() {
    let denied = || Answer::Delete(Deleting::Denied(refusal(Class::Other, 100)));
    let missing = bench([denied()].into_iter().chain(gone()));
    assert!(matches!(delete(&missing).await.unwrap(), Outcome::Deleted(_)));
    assert_eq!((last(&missing).0, missing.engine.left()), (Stage::Deleted, 0));
    let refused = bench([denied(), THERE]);
    assert!(matches!(delete(&refused).await.unwrap(), Outcome::Failed(_)));
    assert_eq!(last(&refused), (Stage::Published, Some(DeletionOutcome::Refused)));
    let outage = bench([denied(), DENIED, listed(&[("179", 101)])]);
    assert!(matches!(delete(&outage).await.unwrap(), Outcome::PerhapsDeleted { .. }));
    assert_eq!(last(&outage), (Stage::Published, None), "the next run asks again");
}

#[tokio::test]
async fn an_unclear_deletion_stays_open_while_the_post_answers() {
    let unclear = || Answer::Delete(Deleting::Unclear(refusal(Class::Other, 2)));
    let open = bench([unclear(), THERE]);
    assert!(matches!(delete(&open).await.unwrap(), Outcome::PerhapsDeleted { .. }));
    assert_eq!(last(&open), (Stage::Published, None));
    let done = bench([unclear()].into_iter().chain(gone()));
    assert!(matches!(delete(&done).await.unwrap(), Outcome::Deleted(_)));
}

#[tokio::test]
async fn one_that_never_left_this_machine_is_withdrawn() {
    let bench = bench([Answer::Delete(Deleting::NotSent(refusal(Class::Other, 0)))]);
    assert!(matches!(delete(&bench).await.unwrap(), Outcome::Failed(_)));
    assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
}

#[tokio::test]
async fn nothing_is_sent_to_media_that_are_uncertain_claimed_twice_or_announced_by_another_run() {
    let certain = || live("posts/a", "179");
    let via = |via| attempt::noted(certain(), |live| live.via = Some(via));
    let open = |until| {
        let lease_until = at(until);
        let entry = Deletion { at: at(990), lease_until, outcome: None };
        attempt::noted(certain(), |live| live.deletions.push(entry))
    };
    let twice = Record { attempt: "another".into(), ..live("posts/a", "180") };
    for records in [
        vec![via(Via::Settled)],
        vec![via(Via::Adopted)],
        vec![certain(), live("posts/b", "179")],
        vec![certain(), live("posts/b", "179").deleted()],
        vec![certain(), twice],
        vec![open(1100)],
        // Over, and not settled.
        vec![open(999)],
    ] {
        let bench = Bench::new(1000, records, []);
        let outcome = delete(&bench).await.unwrap();
        assert!(matches!(outcome, Outcome::Pending { .. }), "{outcome:?}");
        assert!(bench.book.written.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_this_run_has_settled_is_sent_again_without_waiting_for_what_was_announced() {
    let refused = Answer::Delete(Deleting::Refused(refusal(Class::Other, -1)));
    let announced = announced_until(at(99_000_000));
    let bench = Bench::new(5000, [announced.clone(), live("posts/b", "180")], [THERE, shown(), refused]);
    let deleter = deleter(&bench);
    let paper = Paper::ordered();
    let orders = Orders { lookout: &paper, planned: None };
    assert!(matches!(deleter.settle(announced, true, Some(&orders)).await.unwrap(), Ended::Ordered));
    delete_with(&deleter, &paper).await.unwrap();
    let outcomes: Vec<_> = bench.record().live().unwrap().deletions.iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Some(DeletionOutcome::Withdrawn), Some(DeletionOutcome::Refused)], "one refusal is one");
}

#[tokio::test]
async fn a_token_that_may_not_delete_sends_nothing() {
    let bench = bench([]);
    let deleter = deleter(&bench);
    deleter.bar("it lacks a permission".to_owned());
    let outcome = delete_with(&deleter, &Paper::ordered()).await.unwrap();
    assert!(matches!(outcome, Outcome::NotAttempted { .. }), "{outcome:?}");
}

#[tokio::test]
async fn two_announcements_of_one_moment_are_told_apart() {
    let refused = || Answer::Delete(Deleting::Refused(refusal(Class::Other, -1)));
    let bench = bench([refused(), shown(), refused()]);
    let deleter = deleter(&bench);
    for times in 1..3 {
        delete_with(&deleter, &Paper::ordered()).await.unwrap();
        assert_eq!(bench.record().live().unwrap().refused_deletions(), times);
    }
}

#[tokio::test]
async fn a_post_tells_what_is_lost_with_it_or_is_left_out() {
    let counts = Counts { likes: Some(42), comments: None };
    let shown = Shown { counts, ..Shown::default() };
    let bench = Bench::new(1000, [], [Answer::Shown(Some(shown.clone())), Answer::Shown(None)]);
    let deleter = deleter(&bench);
    assert_eq!(deleter.shown(&"179".into()).await.unwrap(), Some(shown));
    assert_eq!(deleter.shown(&"179".into()).await.unwrap(), None);
}

#[tokio::test]
async fn an_order_is_read_again_before_it_is_announced_and_before_it_is_sent() {
    let before = Bench::new(1000, [live("posts/a", "179"), live("posts/b", "180")], []);
    let outcome = delete_with(&deleter(&before), &Paper::of([false])).await.unwrap();
    assert!(matches!(outcome, Outcome::Paused { .. }), "{outcome:?}");
    assert!(before.book.written.lock().unwrap().is_empty(), "nothing is announced");
    let meanwhile = bench([]);
    let outcome = delete_with(&deleter(&meanwhile), &Paper::of([true, false])).await.unwrap();
    assert!(matches!(outcome, Outcome::Paused { .. }), "{outcome:?}");
    assert_eq!(last(&meanwhile), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
}

#[tokio::test]
async fn an_order_is_read_again_after_the_lease_was_waited_for() {
    let paper = Paper::of([false]);
    let orders = Orders { lookout: &paper, planned: None };
    let bench = Bench::new(1010, [announced(), live("posts/b", "180")], [THERE, THERE]);
    let ended = deleter(&bench).settle(announced(), true, Some(&orders)).await.unwrap();
    assert!(matches!(ended, Ended::Withdrawn), "{ended:?}");
    assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
}

#[tokio::test]
async fn media_that_are_another_post_are_not_deleted() {
    let other = |shown: Shown| Answer::Shown(Some(shown));
    let owner = Shown { owner: Some("999".into()), at: Some(at(101)), ..Shown::default() };
    let time = Shown { at: Some(at(90_000)), ..Shown::default() };
    for shown in [owner, time, Shown::default()] {
        let bench = Bench::new(1000, [live("posts/a", "179"), live("posts/b", "180")], [other(shown)]);
        let outcome = delete(&bench).await.unwrap();
        let reason = match outcome {
            Outcome::NotAttempted { reason } => reason,
            other => panic!("{other:?}"),
        };
        assert!(reason.contains("media 179 are not this post"), "{reason}");
        assert!(bench.book.written.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_post_that_does_not_answer_is_looked_for_before_anything_is_announced() {
    let denied = || Answer::Shown(None);
    let both = || [live("posts/a", "179"), live("posts/b", "180")];
    let missing = Bench::new(1000, both(), [denied()].into_iter().chain(gone()));
    assert!(matches!(delete(&missing).await.unwrap(), Outcome::Deleted(_)));
    assert_eq!(last(&missing), (Stage::Deleted, Some(DeletionOutcome::Deleted)));
    let outage = Bench::new(1000, both(), [denied(), THERE]);
    assert!(matches!(delete(&outage).await.unwrap(), Outcome::Pending { .. }));
    assert!(outage.book.written.lock().unwrap().is_empty());
}

/// Announced at second 1000 by another run.
fn announced() -> Record {
    announced_until(at(1180))
}

fn announced_until(lease_until: jiff::Timestamp) -> Record {
    let entry = Deletion { at: at(1000), lease_until, outcome: None };
    attempt::noted(live("posts/a", "179"), |live| live.deletions.push(entry))
}

async fn settle(second: i64, is_ordered: bool, answers: impl IntoIterator<Item = Answer>) -> (Ended, Bench) {
    let bench = Bench::new(second, [announced(), live("posts/b", "180")], answers);
    let ended = deleter(&bench).settle(announced(), is_ordered, None).await.unwrap();
    (ended, bench)
}

#[tokio::test]
async fn an_announced_deletion_is_found_done() {
    let (ended, bench) = settle(1010, false, gone()).await;
    assert!(matches!(ended, Ended::Gone(_)), "{ended:?}");
    assert_eq!(last(&bench), (Stage::Deleted, Some(DeletionOutcome::Deleted)));
}

#[tokio::test]
async fn a_post_that_answers_after_the_lease_was_not_deleted() {
    let (ended, bench) = settle(1010, false, [THERE, THERE]).await;
    assert!(matches!(ended, Ended::Withdrawn), "{ended:?}");
    assert_eq!(last(&bench), (Stage::Published, Some(DeletionOutcome::Withdrawn)));
    let (ended, bench) = settle(5000, true, [THERE]).await;
    assert!(matches!(ended, Ended::Ordered), "{ended:?}");
    assert_eq!(last(&bench), (Stage::Published, None), "until it is sent again");
}

#[tokio::test]
async fn an_outage_settles_nothing() {
    let answers = [DENIED, listed(&[]), DENIED];
    let (ended, bench) = settle(5000, false, answers).await;
    assert!(matches!(ended, Ended::Undecided), "{ended:?}");
    assert_eq!(last(&bench), (Stage::Published, None));
}
