//! The decisions on which "never twice, never lost" rests, side by side. Each is a pure function of what
//! is recorded and what was seen; everything else in this module only asks and writes.
//!
//! `docs/protocol.md` has a table for each of them.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use igsync_base::id::{AccountName, MediaId, PostKey};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::Post;
use igsync_model::plan::{Difference, Shown};

use super::attempt;
use super::by_hand::{self, NewAttempt};
use super::engine::{Media, Reading};
use super::matching::{self, Look};
use super::signs::{self, Signs};

/// The decision tables. A run holds one value of them, so a simulation can ask what a wrong one would do.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// What a reading of the container proves about every publish announced so far.
    pub container: fn(&Record, Reading, Moment) -> Step,
    /// Which media of a listing could be the post.
    pub candidates: for<'a> fn(&Record, &'a Look, &HashSet<MediaId>) -> Vec<&'a Media>,
    /// Whether a listing shows that nothing of it is live, when the container cannot speak any more.
    pub rules_out: fn(&Record, &Look, &HashSet<MediaId>) -> bool,
    /// Whether two looks prove that a live post is gone.
    pub gone: fn(Signs, Signs) -> bool,
    /// What speaks against the media of a record being its post.
    pub other_post: fn(&Shown, &Record) -> Option<Difference>,
    /// Whether an attempt continues beside the other attempts of its post.
    pub standing: fn(&Record, &[Record]) -> Standing,
    /// What is written when a post gets another key.
    pub moved: Move,
}

/// Every attempt of a post under its new key, and what stays under the old one.
pub type Move = fn(&[Record], &PostKey, Option<&Post>, Option<&AccountName>, &mut NewAttempt<'_>) -> Vec<Record>;

impl Default for Protocol {
    fn default() -> Self {
        Self {
            container: judge,
            candidates: matching::matches,
            rules_out: matching::rules_out,
            gone: signs::is_gone,
            other_post: Shown::difference,
            standing,
            moved: by_hand::moved,
        }
    }
}

/// What follows from a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Live,
    /// Proven: nothing is live, and the same container may be published again.
    NotPublished,
    /// Too early to tell.
    Wait(Duration),
    /// The container cannot tell any more.
    AskListing,
}

/// When a container was read.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the server's clock.
    pub now: Timestamp,
    /// For so long still an unclear publish may take effect.
    pub quiet_in: Duration,
    /// Until the next look, where there is nothing better to wait for.
    pub gap: Duration,
}

fn judge(record: &Record, reading: Reading, moment: Moment) -> Step {
    let Moment { now, quiet_in, gap } = moment;
    match reading {
        Reading::Live => Step::Live,
        Reading::Ready if attempt::all_refused(record) || quiet_in.is_zero() => Step::NotPublished,
        Reading::Ready => Step::Wait(quiet_in.max(Duration::from_millis(1))),
        Reading::Expired | Reading::Failed => Step::AskListing,
        Reading::Unreadable if attempt::is_past_life(record, now) => Step::AskListing,
        Reading::Working | Reading::Unreadable => Step::Wait(gap),
    }
}

/// Whether an attempt continues beside the others of its post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    GoesOn,
    /// Another attempt, which will be closed, is still open: first it is settled.
    Waits,
    /// Another attempt in this state takes its place; nothing of this one may be published.
    Superseded(Stage),
}

/// No attempt is published while another one of its post is open or live. Of two open ones the one with
/// the smaller id continues, so that two clones choose the same.
fn standing(record: &Record, attempts: &[Record]) -> Standing {
    let others = || attempts.iter().filter(|other| other.attempt != record.attempt);
    let ends_it = |other: &&Record| {
        matches!(other.stage(), Stage::Published | Stage::Ignored) || other.is_open() && other.attempt < record.attempt
    };
    match others().filter(ends_it).max_by_key(|other| other.stage()) {
        Some(other) => Standing::Superseded(other.stage()),
        None if others().any(Record::is_open) => Standing::Waits,
        None => Standing::GoesOn,
    }
}

/// Whose announcement is being settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    ThisRun,
    AnEarlierRun,
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, record, refuse_all};
    use super::*;
    use igsync_base::id::Kind;
    use igsync_model::lockfile::State;

    const GAP: Duration = Duration::from_secs(3);

    fn step(record: &Record, reading: Reading, now: i64) -> Step {
        let quiet_in = Duration::from_secs(u64::try_from(160 - now).unwrap_or_default());
        judge(record, reading, Moment { now: at(now), quiet_in, gap: GAP })
    }

    #[test]
    fn a_published_container_is_live_whatever_the_time() {
        let record = record(Kind::Image, "x", &[100]);
        assert_eq!(step(&record, Reading::Live, 100), Step::Live);
    }

    #[test]
    fn a_finished_container_proves_nothing_until_the_publish_has_settled() {
        let record = record(Kind::Image, "x", &[100]);
        let finished = Reading::Ready;
        assert_eq!(step(&record, finished, 159), Step::Wait(Duration::from_secs(1)));
        assert_eq!(step(&record, finished, 160), Step::NotPublished);
    }

    #[test]
    fn a_refusal_is_proven_by_one_finished_read_unless_an_earlier_publish_was_unclear() {
        let finished = Reading::Ready;
        let refused = refuse_all(record(Kind::Image, "x", &[100]), 9007);
        assert_eq!(step(&refused, finished, 101), Step::NotPublished);
        let mut mixed = refuse_all(record(Kind::Image, "x", &[90, 100]), 9007);
        mixed.refusals.remove(0);
        assert_eq!(step(&mixed, finished, 101), Step::Wait(Duration::from_secs(59)));
    }

    #[test]
    fn a_dead_container_sends_us_to_the_listing() {
        let record = record(Kind::Image, "x", &[100]);
        for dead in [Reading::Expired, Reading::Failed] {
            assert_eq!(step(&record, dead, 100), Step::AskListing);
        }
    }

    #[test]
    fn an_unreadable_container_is_gone_only_after_its_life() {
        let record = record(Kind::Image, "x", &[100]);
        let day = 24 * 60 * 60;
        assert_eq!(step(&record, Reading::Unreadable, day), Step::Wait(GAP));
        assert_eq!(step(&record, Reading::Unreadable, day + 1), Step::AskListing);
        assert_eq!(step(&record, Reading::Working, day), Step::Wait(GAP));
    }

    fn attempt(id: &str, stage: Stage) -> Record {
        Record { attempt: id.into(), state: State::bare(stage), ..record(Kind::Image, "x", &[]) }
    }

    #[test]
    fn of_two_open_attempts_the_smaller_one_goes_on_once_the_other_is_closed() {
        let [small, large] = ["a", "b"].map(|id| attempt(id, Stage::Intent));
        let both = [small.clone(), large.clone()];
        assert_eq!(standing(&large, &both), Standing::Superseded(Stage::Intent));
        assert_eq!(standing(&small, &both), Standing::Waits);
        let closed = attempt("b", Stage::NotPublished);
        assert_eq!(standing(&small, &[small.clone(), closed]), Standing::GoesOn);
    }

    #[test]
    fn nothing_goes_on_beside_an_attempt_that_is_live_or_ignored() {
        let waiting = attempt("a", Stage::Containers);
        for state in [Stage::Published, Stage::Ignored] {
            assert_eq!(standing(&waiting, &[waiting.clone(), attempt("b", state)]), Standing::Superseded(state));
        }
        for state in [Stage::NotPublished, Stage::Failed, Stage::Deleted, Stage::Forgotten] {
            assert_eq!(standing(&waiting, &[waiting.clone(), attempt("b", state)]), Standing::GoesOn, "{state:?}");
        }
    }
}
