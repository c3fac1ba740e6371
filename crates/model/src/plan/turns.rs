//! When posts go out that have no time of their own, or have missed it: the slots of the queue, and the gap that an
//! account keeps between two posts.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::change::Verdict;
use super::input::{AccountView, Arrivals, Input};
use super::model::{Notice, NoticeKind};
use super::records::Entry;
use crate::lockfile::{self, Reason, Record, Stage, State};
use crate::manifest::{Post, Queued};
use crate::schedule::Calendar;
use igsync_base::id::{AccountName, Kind, PostKey};

/// Clocks of two machines differ by less.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// So many slots in a row that passed a waiting queue are no accident.
const MISSED: usize = 3;
/// No more are counted.
const COUNTED: usize = 100;

/// One post, as far as its turn is concerned.
pub(super) struct Candidate<'a> {
    pub(super) post: &'a Post,
    pub(super) entry: Option<&'a Entry<'a>>,
    pub(super) verdicts: &'a mut Vec<Verdict>,
}

/// Gives the posts of every account their turns. What a selection leaves out is not among the `candidates`: it neither
/// takes nor holds a slot. Returns what people should know of the queues.
pub(super) fn give(input: &Input<'_>, candidates: Vec<Candidate<'_>>) -> Vec<Notice> {
    let mut accounts: BTreeMap<&AccountName, Vec<Candidate<'_>>> = BTreeMap::new();
    for candidate in candidates {
        accounts.entry(&candidate.post.account).or_default().push(candidate);
    }
    let by_name: HashMap<&AccountName, &AccountView> =
        input.accounts.iter().map(|account| (&account.name, account)).collect();
    let mut notices = Vec::new();
    for (name, candidates) in accounts {
        if let Some(account) = by_name.get(name) {
            notices.extend(Turns::new(input, account).give(candidates));
        }
    }
    notices
}

/// The turns of one account.
struct Turns<'a> {
    account: &'a AccountView,
    arrivals: &'a Arrivals,
    calendar: Option<Calendar<'a>>,
    now: Timestamp,
    gap: SignedDuration,
    late_after: SignedDuration,
    /// The newest slot that any record has.
    used: Timestamp,
    /// Slots that records have, with the post and whether more than its containers exist.
    taken: Vec<(Timestamp, &'a PostKey, bool)>,
    /// Due times of posts that are live, or go out before those that are still to get a turn; in order.
    dues: Vec<Timestamp>,
    /// Due times of posts that are never moved and are still to come, in order.
    dated: Vec<Timestamp>,
}

/// A post that waits for its turn.
struct Waiting<'a> {
    candidate: Candidate<'a>,
    rank: Rank,
    /// When it had a turn and could not even be begun: others are first, and of those like it the one that waits longest.
    put_back: Option<Timestamp>,
    /// Of a post of the queue.
    place: Option<Place>,
}

/// Which of two posts with the same turn goes first: as the plan orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Late,
    Queued,
    Undated,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug)]
struct Place {
    queued: Queued,
    /// No slot before this is its: the post came into the branch then. `None`: it is in no commit yet.
    arrival: Option<Timestamp>,
    until: Timestamp,
    now: Timestamp,
}

impl Place {
    fn since(self) -> Timestamp {
        self.arrival.unwrap_or(self.now)
    }
}

/// When a post goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    slot: Option<Timestamp>,
    /// By the slot, the gap, or the present.
    due: Timestamp,
}

impl<'a> Turns<'a> {
    fn new(input: &Input<'a>, account: &'a AccountView) -> Self {
        let signed = |time| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let mut turns = Self {
            account,
            arrivals: &input.options.arrivals,
            calendar: Calendar::of(&account.schedule, account.timezone.as_ref()),
            now: input.now,
            gap: signed(account.schedule.min_gap),
            late_after: signed(account.schedule.late_after),
            used: Timestamp::MIN,
            taken: Vec::new(),
            dues: Vec::new(),
            dated: Vec::new(),
        };
        if account.schedule.min_gap.is_zero() && turns.calendar.is_none() {
            return turns;
        }
        for record in input.records.iter().filter(|record| account.user_id.as_ref() == Some(&record.user_id)) {
            // A clock that was ahead has used no slot.
            // Nor has a post of which nothing was made: the slot is for those behind it.
            if let Some(slot) = record.slot().filter(|slot| *slot <= input.now && !is_not_begun(record)) {
                turns.used = turns.used.max(slot);
                let has_moved = matches!(record.state, State::Forgotten(Some(_)));
                turns.taken.extend((!has_moved).then_some((slot, &record.key, record.stage() != Stage::Containers)));
            }
            // Another machine's clock may be a little ahead of this one's, and not by more.
            let is_known = |due: &Timestamp| due.duration_since(input.now) <= SKEW;
            turns.dues.extend(last_due(record).filter(is_known).filter(|_| !turns.gap.is_zero()));
        }
        turns.dues.sort_unstable();
        turns
    }

    fn give(mut self, candidates: Vec<Candidate<'a>>) -> Option<Notice> {
        let (mut free, mut queue) = (Vec::new(), Vec::new());
        for candidate in candidates {
            match self.sort(candidate) {
                Some(waiting) if waiting.place.is_some() => queue.push(waiting),
                Some(waiting) => free.push(waiting),
                None => {}
            }
        }
        self.dated.sort_unstable();
        free.sort_by(|a, b| {
            let key = |waiting: &Waiting<'a>| (waiting.put_back, waiting.rank, waiting.candidate.post.publish_at);
            key(a).cmp(&key(b)).then_with(|| a.candidate.post.key.cmp(&b.candidate.post.key))
        });
        queue.sort_by(by_order);
        let missed = self.missed(&queue);
        self.deal(free, queue);
        missed
    }

    /// Notes what goes out at a time of its own, and returns what has to wait for a turn.
    fn sort(&mut self, candidate: Candidate<'a>) -> Option<Waiting<'a>> {
        let post = candidate.post;
        if candidate.verdicts.iter().any(|verdict| verdict.action == Action::Adopt) {
            self.adopt(post, candidate.verdicts);
            return None;
        }
        let waits = candidate.verdicts.iter().find(|verdict| verdict.goes_out())?;
        let is_announced = candidate.entry.is_some_and(|entry| matches!(entry.record.state, State::Intent));
        let is_now = !matches!(waits.action, Action::Wait);
        if let Some(queued) = post.queued {
            if is_announced {
                self.go(self.now);
                return None;
            }
            if post.has_errors {
                pass_over(candidate.verdicts, "in the queue, passed over");
                return None;
            }
            let until = post.publish_until.unwrap_or(Timestamp::MAX);
            let place = Place { queued, arrival: self.arrivals.of(post), until, now: self.now };
            let calendar = self.calendar.as_ref();
            let newest = calendar.and_then(|calendar| calendar.newest(self.used, self.free(self.now)));
            let put_back = put_back(candidate.entry).filter(|turn| turn.slot == newest).and_then(|turn| turn.slot);
            return Some(Waiting { candidate, rank: Rank::Queued, put_back, place: Some(place) });
        }
        if self.gap.is_zero() || post.content.kind == Kind::Story {
            return None;
        }
        let is_late = |at: Timestamp| is_now && self.now.duration_since(at) > self.late_after;
        match post.publish_at {
            _ if is_announced => self.go(self.now),
            Some(at) if !is_now => self.dated.push(at),
            Some(at) if !is_late(at) => {
                self.go(at);
                give_turn(candidate.verdicts, Turn { slot: None, due: at }, self.now, true);
            }
            at => {
                let rank = if at.is_some() { Rank::Late } else { Rank::Undated };
                let put_back = put_back(candidate.entry).and_then(|turn| turn.due_at);
                return Some(Waiting { candidate, rank, put_back, place: None });
            }
        }
        None
    }

    /// A post that is live already has had its turn: the newest slot, where it is free.
    fn adopt(&mut self, post: &Post, verdicts: &mut [Verdict]) {
        let newest = |calendar: &Calendar<'_>| calendar.newest(self.used, self.now);
        let slot = post.queued.and(self.calendar.as_ref()).and_then(newest);
        let due = slot.or(post.publish_at).unwrap_or(self.now);
        self.used = slot.map_or(self.used, |slot| self.used.max(slot));
        if post.content.kind != Kind::Story {
            self.go(due);
        }
        for verdict in verdicts.iter_mut().filter(|verdict| verdict.action == Action::Adopt) {
            verdict.slot = slot;
            verdict.due_at = slot;
            verdict.turn = (!self.gap.is_zero()).then_some(due);
        }
    }

    /// Gives one turn after the other, each to the post that goes out first.
    fn deal(&mut self, free: Vec<Waiting<'a>>, mut queue: Vec<Waiting<'a>>) {
        let keeps_gap = !self.gap.is_zero();
        let mut free = free.into_iter().peekable();
        loop {
            let of_free = free.peek().map(|waiting| (self.free(self.now), waiting.rank));
            let of_queue = self.next_of_queue(&mut queue);
            let goes_first = |turn: &Turn| of_free.is_none_or(|free| (turn.due.max(self.now), Rank::Queued) < free);
            if let Some((index, turn)) = of_queue.filter(|(_, turn)| goes_first(turn)) {
                let waiting = queue.remove(index);
                self.used = turn.slot.map_or(self.used, |slot| self.used.max(slot));
                self.go(turn.due);
                give_turn(waiting.candidate.verdicts, turn, self.now, keeps_gap);
                if waiting.place.is_some_and(|place| place.arrival.is_none()) {
                    for verdict in waiting.candidate.verdicts.iter_mut().filter(|verdict| verdict.goes_out()) {
                        verdict.reason = "joins the queue when it is committed".into();
                    }
                }
            } else if let (Some((due, _)), Some(waiting)) = (of_free, free.next()) {
                self.go(due);
                give_turn(waiting.candidate.verdicts, Turn { slot: None, due }, self.now, keeps_gap);
            } else {
                break;
            }
        }
        for waiting in queue {
            let reason = match (&self.calendar, waiting.place) {
                (None, _) => "in the queue, and the account has no slots",
                (Some(_), Some(place)) if place.until < Timestamp::MAX => {
                    "in the queue, publish_until passes before its turn"
                }
                _ => "in the queue, and no slot is left for it",
            };
            pass_over(waiting.candidate.verdicts, reason);
        }
    }

    /// The post of the queue that goes out next, by its place in it.
    fn next_of_queue(&self, queue: &mut [Waiting<'a>]) -> Option<(usize, Turn)> {
        let calendar = self.calendar.as_ref().filter(|_| !queue.is_empty())?;
        if let Some(found) = self.begun(queue) {
            return Some(found);
        }
        let at = self.free(self.now);
        let passed = calendar.newest(self.used, at).filter(|slot| !self.is_late(*slot, at));
        if let Some(found) = passed.and_then(|slot| taker(calendar, queue, slot, self.free(slot))) {
            return Some(found);
        }
        let mut after = at.max(self.used);
        loop {
            let slot = calendar.next(after)?;
            let due = self.free(slot);
            // While the gap lasts a newer slot may pass, and that is taken then.
            let slot = calendar.newest(slot, due).unwrap_or(slot);
            if let Some(found) = taker(calendar, queue, slot, due) {
                return Some(found);
            }
            // What can never have a turn holds no one up.
            let still = queue.iter().filter_map(|waiting| waiting.place).filter(|place| place.until >= due);
            let earliest = still.map(|place| earliest(calendar, place)).min()?;
            let before = earliest.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(earliest);
            after = slot.max(before);
        }
    }

    /// A post of which an earlier run has made containers keeps the slot that it got then.
    fn begun(&self, queue: &[Waiting<'a>]) -> Option<(usize, Turn)> {
        let at = self.free(self.now);
        queue.iter().enumerate().find_map(|(index, waiting)| {
            let record = waiting.candidate.entry?.record;
            let post = waiting.candidate.post;
            let is_same = record.key == post.key && (post.digest.is_none() || record.digest == post.digest);
            let slot = record.slot().filter(|_| is_same).filter(|_| matches!(record.state, State::Containers))?;
            let due = self.free(slot);
            // Another checkout may have served the slot meanwhile, or have begun to.
            let is_taken = |(other, key, is_more): &(Timestamp, &PostKey, bool)| {
                *other == slot && **key != post.key && (*is_more || **key < post.key)
            };
            let is_free = slot <= self.now && !self.taken.iter().any(is_taken);
            let is_its = is_free && !self.is_late(slot, at) && due <= waiting.place?.until;
            is_its.then_some((index, Turn { slot: Some(slot), due }))
        })
    }

    /// Whether a slot that passed is too old to be taken at `at`. Time spent waiting for the gap does not count.
    fn is_late(&self, slot: Timestamp, at: Timestamp) -> bool {
        at.duration_since(slot).saturating_sub(self.waited(slot, at)) > self.late_after
    }

    /// For how much of the time between two moments the gap let nothing out.
    fn waited(&self, from: Timestamp, until: Timestamp) -> SignedDuration {
        let (mut waited, mut end) = (SignedDuration::ZERO, until);
        for due in self.dated.iter().rev().chain(self.dues.iter().rev()).filter(|due| **due < until) {
            let start = from.max(*due);
            let held = self.after(*due).min(end).duration_since(start);
            if held.is_positive() {
                waited = waited.saturating_add(held);
                end = start;
            }
            if *due <= from {
                break;
            }
        }
        waited
    }

    /// The earliest time from `from` on at which the gap has passed.
    fn free(&self, from: Timestamp) -> Timestamp {
        if self.gap.is_zero() {
            return from;
        }
        let mut time = self.dues.last().map_or(from, |last| from.max(self.after(*last)));
        for dated in &self.dated {
            if *dated > time {
                break;
            }
            time = time.max(self.after(*dated));
        }
        time
    }

    /// When the gap after a post has passed.
    fn after(&self, due: Timestamp) -> Timestamp {
        due.saturating_add(self.gap).unwrap_or(Timestamp::MAX)
    }

    /// Notes that a post is due at `due`.
    fn go(&mut self, due: Timestamp) {
        let come = self.dated.partition_point(|dated| *dated <= due);
        self.dues.extend(self.dated.drain(..come).chain([due]));
        self.dues.sort_unstable();
    }

    /// Says so where slots have passed although posts were waiting.
    fn missed(&self, queue: &[Waiting<'a>]) -> Option<Notice> {
        let calendar = self.calendar.as_ref()?;
        let may_be_served = |waiting: &&Waiting<'_>| {
            waiting.place.is_some_and(|place| place.arrival.is_some() && earliest(calendar, place) <= self.now)
        };
        let head = queue.iter().find(may_be_served).filter(|_| self.account.paused.is_none())?;
        let place = head.place?;
        let known = [Some(self.used), self.arrivals.are_known().then(|| earliest(calendar, place))];
        let since = known.into_iter().flatten().max().filter(|since| *since > Timestamp::MIN)?;
        let taken = calendar.newest(since, self.now).is_some_and(|slot| !self.is_late(slot, self.now));
        let is_held = |slot: &Timestamp| self.dues.iter().any(|due| due <= slot && *slot < self.after(*due));
        let slots = std::iter::successors(calendar.next(since), |slot| calendar.next(*slot));
        let missed = slots.take_while(|slot| *slot <= self.now).filter(|slot| !is_held(slot)).take(COUNTED).count();
        let missed = missed.saturating_sub(usize::from(taken));
        let last = calendar.newest(since, self.now)?;
        (missed >= MISSED).then(|| Notice {
            kind: NoticeKind::QueueMissed,
            key: head.candidate.post.key.clone(),
            account: self.account.name.clone(),
            message: format!(
                "{} slots of {} have passed while its queue was waiting, the last at {}",
                if missed >= COUNTED { format!("{COUNTED} or more") } else { missed.to_string() },
                self.account.label(),
                self.account.local(last),
            ),
            help: "no run came in time to serve them: check that the scheduled workflow runs, and how often; missed slots \
                   are not made up"
                .into(),
        })
    }
}

/// The first post in the order of the queue that may take a slot.
fn taker(calendar: &Calendar<'_>, queue: &[Waiting<'_>], slot: Timestamp, due: Timestamp) -> Option<(usize, Turn)> {
    let may_take = |place: Place| {
        place.since() <= slot && due <= place.until && place.queued.from.is_none_or(|from| calendar.day(slot) >= from)
    };
    let index = queue.iter().position(|waiting| waiting.place.is_some_and(may_take))?;
    Some((index, Turn { slot: Some(slot), due }))
}

/// The first moment at which a place may be served.
fn earliest(calendar: &Calendar<'_>, place: Place) -> Timestamp {
    let from = place.queued.from.map(|day| calendar.start(day).unwrap_or(Timestamp::MAX));
    from.map_or(place.since(), |from| place.since().max(from))
}

fn by_order(a: &Waiting<'_>, b: &Waiting<'_>) -> Ordering {
    let by_turn = a.put_back.cmp(&b.put_back);
    let (a, b) = (a.candidate.post, b.candidate.post);
    by_turn.then_with(|| a.queue_order.total_cmp(&b.queue_order)).then_with(|| a.key.cmp(&b.key))
}

/// The turn of a post of which nothing could be made.
fn put_back(entry: Option<&Entry<'_>>) -> Option<lockfile::Turn> {
    let record = entry?.record;
    record.turn.as_deref().copied().filter(|_| is_not_begun(record))
}

fn is_not_begun(record: &Record) -> bool {
    matches!(record.state, State::NotPublished(Some(Reason::NotBegun)))
}

/// From when on the gap to the next post counts, of a post that is live or may be; stories do not count.
fn last_due(record: &Record) -> Option<Timestamp> {
    let sent_at = match &record.state {
        _ if record.kind == Kind::Story => return None,
        State::Published(live) => live.published_at,
        State::Intent => record.intents.last().map(|intent| intent.at),
        _ => return None,
    };
    record.due_at().or(record.slot()).or(sent_at)
}

/// Lets a post go out at its turn: now, or later.
fn give_turn(verdicts: &mut [Verdict], turn: Turn, now: Timestamp, keeps_gap: bool) {
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.goes_out()) {
        verdict.slot = turn.slot;
        verdict.turn = keeps_gap.then_some(turn.due);
        verdict.due_at = Some(turn.due).filter(|due| turn.slot.is_some() || *due > now);
        if turn.due > now {
            let reason = match turn.slot {
                Some(slot) if slot == turn.due => "in the queue",
                Some(_) => "in the queue, waits for min_gap",
                None => "waits for min_gap",
            };
            verdict.wait(reason);
        } else if turn.slot.is_some() && verdict.action == Action::Publish {
            verdict.reason = "due now, its slot in the queue".into();
        }
    }
}

/// Leaves a post of the queue without a turn.
fn pass_over(verdicts: &mut [Verdict], reason: &str) {
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.goes_out()) {
        verdict.wait(reason);
    }
}
