//! The record beyond this machine. It is fetched and joined when a run begins; what a run is about to do
//! is put there before it is done, and what came of it right after.
//!
//! The remote is one record, replaced only over the version that was read: lock and journal at once. Of two
//! machines that want the same post the first to put its announcement has it, and the other one learns so
//! before it has sent anything.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use igsync_base::id::{AttemptId, PostKey, UserId};
use igsync_model::lockfile::{Reason, Record, Records, Stage, merge};
use igsync_ports::{RemoteError, Version};

use super::super::book::Claim;
use super::super::cause::Cause;
use super::super::context::{Context, lock, stopped};
use super::super::event::Event;
use super::super::remote::Remote;
use super::super::replan::{Replan, Withdrawn};
use super::super::stop::{Halt, Stop};
use super::journal::Journal;
use super::message;

/// The record on the remote, as one run deals with it.
pub(super) struct RemoteRecord {
    context: Arc<Context>,
    journal: Arc<Journal>,
    remote: Arc<dyn Remote>,
    /// Over which version the next text is put; `None`: it has to be fetched first. Held while something
    /// is put, so that one push at a time carries what all accounts know by then.
    turn: tokio::sync::Mutex<Option<Version>>,
    known: Mutex<Known>,
    plans: Mutex<Plans>,
}

/// What this run goes by. Nothing of it is there before a plan is made, which will be made over what is known then.
#[derive(Default)]
struct Plans {
    of_all: Option<Replan>,
    /// Made later than the one of all, for one account each.
    of_one: HashMap<UserId, Replan>,
}

#[derive(Default)]
struct Known {
    /// What is on the remote, as last seen or put.
    standing: Records,
    has_lockfile: bool,
    /// Posts that another machine has touched since this run began: they are left to it.
    touched: HashSet<(UserId, PostKey)>,
    /// Posts that a plan over what is on the remote no longer publishes, each with its reason.
    withdrawn: HashMap<(UserId, PostKey), Withdrawn>,
    /// Attempts that are announced there and whose publish has not been sent.
    unsent: HashSet<AttemptId>,
    /// Announcements that this run has made.
    own: HashSet<(AttemptId, Timestamp)>,
    /// A result could not be put yet: nothing is published until it is.
    in_doubt: bool,
}

/// What a push is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing hangs on it: asked to stop, it is given up.
    Claim,
    /// What cannot be found out again.
    Result,
    /// As `Result`, with the containers that wait for the next run. Until then they stay at home, so that
    /// no other machine takes them up while this one works on them.
    Last,
}

/// Why something could not be put.
enum Trouble {
    Stop(Stop),
    Remote(RemoteError),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A text is offered so often before a push is given up.
const TRIES: u32 = 10;

/// Two tries are at most this far apart.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Asked to stop, a run pushes results for at most this long: CI services kill a cancelled job soon after.
const LAST_WORDS: Duration = Duration::from_millis(6500);

impl RemoteRecord {
    pub(super) fn new(context: Arc<Context>, journal: Arc<Journal>, remote: Arc<dyn Remote>) -> Self {
        let (turn, known, plans) = (tokio::sync::Mutex::default(), Mutex::default(), Mutex::default());
        Self { context, journal, remote, turn, known, plans }
    }

    /// Joins what is on the remote into this machine's record, before anything is planned. Returns
    /// whether a lockfile is there.
    ///
    /// # Errors
    ///
    /// Where it could not be read; nothing has been published then.
    pub(super) async fn fetch_record(&self) -> Result<bool, Stop> {
        let fetched = self.context.ask(self.first_fetch()).await?;
        if let Err(trouble) = fetched {
            return Err(match trouble {
                Trouble::Stop(stop) => stop,
                Trouble::Remote(error) => self.context.halt_run(Halt {
                    cause: Cause::Unreadable,
                    reason: format!("cannot read the record on the remote: {error}"),
                    help: "nothing was published; fix the cause, then run apply again".to_owned(),
                }),
            });
        }
        let mut known = lock(&self.known);
        // What others did before this run began is what it plans on.
        known.touched.clear();
        self.context.has_read();
        Ok(known.has_lockfile)
    }

    async fn first_fetch(&self) -> Result<(), Trouble> {
        let mut turn = self.turn.lock().await;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.fetch(&mut turn, &[]).await {
                Err(Trouble::Remote(RemoteError::Moved | RemoteError::Unclear(_))) if tries < TRIES => {}
                ended => return ended,
            }
            self.context.wait_for_push(self.pause(tries)).await?;
        }
    }

    /// Writes records that exclude other machines: announcements, and the ends of attempts that could go
    /// on elsewhere. Returns for each claim whether it was written; where another machine was faster it
    /// was not.
    ///
    /// Where there is a remote, a claim is there before it is here: what was lost to another
    /// machine must leave no trace in a journal that cannot be taken back.
    pub(super) async fn claim(&self, claims: Vec<Claim>) -> Result<Vec<bool>, Stop> {
        // No one else can continue with an attempt that only this machine knows.
        let is_private =
            |record: &Record| !is_announcement(record) && lock(&self.known).standing.same_attempt(record).is_none();
        if claims.iter().flatten().all(is_private) {
            let mut written = Vec::new();
            for claim in claims {
                written.push(self.record_if_free(claim).await?);
            }
            return Ok(written);
        }
        match self.context.ask(self.push(&claims, Purpose::Claim)).await? {
            Ok(written) => Ok(written),
            Err(Trouble::Stop(stop)) => Err(stop),
            Err(Trouble::Remote(error)) => {
                let halt = Halt {
                    cause: Cause::Incomplete,
                    reason: format!("the record could not be pushed before publishing: {error}"),
                    help: what_helps(error.is_declined(), "make the remote accept the push, then run apply again"),
                };
                // A run that waits has time to try again.
                let is_waiting = !lock(&self.plans).of_one.is_empty() && !error.is_declined();
                Err(if is_waiting { Stop::Account(halt) } else { self.context.halt_run(halt) })
            }
        }
    }

    async fn record_if_free(&self, claim: Claim) -> Result<bool, Stop> {
        let is_free = lock(&self.known).is_free(&claim);
        if is_free {
            self.journal.record(claim).await?;
        }
        Ok(is_free)
    }

    /// Puts what has happened. With nothing new it puts nothing.
    pub(super) async fn keep(&self, purpose: Purpose) -> Result<(), Stop> {
        let pushed = tokio::select! {
            biased;
            pushed = self.push(&[], purpose) => pushed,
            signal = self.context.patience(LAST_WORDS) => Err(Trouble::Stop(stopped(signal))),
        };
        let (why, cause, is_declined) = match pushed {
            Ok(_) => return Ok(()),
            Err(Trouble::Remote(error)) => (error.to_string(), Cause::Incomplete, error.is_declined()),
            Err(Trouble::Stop(stop)) => {
                let halt = stop.into_halt();
                (halt.reason, halt.cause, false)
            }
        };
        lock(&self.known).in_doubt = true;
        let halt = Halt {
            cause,
            reason: format!("the record could not be pushed: {why}"),
            help: what_helps(
                is_declined,
                "make the remote accept the push, then run apply again: it finds what is live and records it",
            ),
        };
        if purpose != Purpose::Last {
            return Err(self.context.halt_run(halt));
        }
        // Only the last try decides: until then a later one can fix it.
        let cannot_be_undone = |record: &Record| matches!(record.stage(), Stage::Published | Stage::Deleted);
        let is_lost = self.not_kept().iter().any(cannot_be_undone);
        Err(Stop::Run(if is_lost { Halt { cause: Cause::NotDurable, ..halt } } else { halt }))
    }

    /// Puts results that an earlier push could not, before anything else is published.
    pub(super) async fn catch_up(&self) -> Result<(), Stop> {
        let is_behind = lock(&self.known).in_doubt;
        if is_behind { self.keep(Purpose::Result).await } else { Ok(()) }
    }

    /// What this machine knows and the remote does not.
    pub(super) fn not_kept(&self) -> Vec<Record> {
        let known = lock(&self.known);
        let mut news = self.journal.with_records(|records| known.standing.news(records));
        news.retain(|record| is_of_use(record, Purpose::Last) || known.standing.same_attempt(record).is_some());
        news
    }

    /// Offers the text until the remote takes it.
    async fn push(&self, claims: &[Claim], purpose: Purpose) -> Result<Vec<bool>, Trouble> {
        let mut turn = self.turn.lock().await;
        let mut tries = 0;
        loop {
            match self.push_once(&mut turn, claims, purpose).await {
                Err(Trouble::Remote(error @ (RemoteError::Moved | RemoteError::Unclear(_)))) => {
                    lock(&self.known).in_doubt |= purpose != Purpose::Claim && error != RemoteError::Moved;
                    tries += 1;
                    if tries == TRIES {
                        return Err(Trouble::Remote(error));
                    }
                }
                ended => return ended,
            }
            match purpose {
                Purpose::Claim => self.context.wait_for_push(self.pause(tries)).await?,
                Purpose::Result | Purpose::Last => self.context.insist_on_push(self.pause(tries)).await,
            }
        }
    }

    async fn push_once(
        &self,
        turn: &mut Option<Version>,
        claims: &[Claim],
        purpose: Purpose,
    ) -> Result<Vec<bool>, Trouble> {
        if turn.is_none() {
            self.fetch(turn, claims).await?;
        }
        let is_announcing = claims.iter().flatten().any(is_announcement);
        if is_announcing && self.remote.has_new_content().await.map_err(Trouble::Remote)? {
            // Of this account alone: what others have announced goes out.
            return Err(Trouble::Stop(Stop::Account(Halt::moved_on())));
        }
        let (free, next, message) = self.next_text(claims, purpose);
        let Some(message) = message else {
            self.take_note(claims, &free, None).await?;
            return Ok(free);
        };
        // Cancelled or unanswered, no one knows which version is there.
        let Some(over) = turn.take() else { return Err(Trouble::Remote(RemoteError::Moved)) };
        let version = self.remote.push(&over, &next, &message).await.map_err(Trouble::Remote)?;
        *turn = Some(version.clone());
        self.take_note(claims, &free, Some(next)).await?;
        // The push counts, whoever hears of it; a closed output ends the run at its next step.
        let _ = self.context.emit(&Event::RecordPushed { commit: version.to_string() });
        Ok(free)
    }

    /// Which claims are free, what is put next, and the message of that; `None`: there is nothing to put.
    fn next_text(&self, claims: &[Claim], purpose: Purpose) -> (Vec<bool>, Records, Option<String>) {
        let known = lock(&self.known);
        let free: Vec<bool> = claims.iter().map(|claim| known.is_free(claim)).collect();
        let next = self.journal.with_records(|records| {
            let is_told =
                |record: &&Record| is_of_use(record, purpose) || known.standing.same_attempt(record).is_some();
            let granted = claims.iter().zip(&free).filter(|(_, free)| **free).flat_map(|(claim, _)| claim);
            records.iter().filter(is_told).chain(granted).cloned().collect::<Records>()
        });
        let news = known.standing.news(&next);
        let message = (!news.is_empty()).then(|| message::commit(&news, &known.standing));
        (free, next, message)
    }

    /// What is on the remote is here as well before anyone else's push is built on it.
    async fn take_note(&self, claims: &[Claim], free: &[bool], standing: Option<Records>) -> Result<(), Trouble> {
        let granted = claims.iter().zip(free).filter(|(_, free)| **free).flat_map(|(claim, _)| claim);
        let granted: Vec<Record> = granted.cloned().collect();
        {
            let mut known = lock(&self.known);
            known.in_doubt = false;
            known
                .take_announced(claims.iter().zip(free).filter_map(|(claim, free)| announced(claim).filter(|_| *free)));
            if let Some(standing) = standing {
                known.standing = standing;
                known.has_lockfile = true;
            }
        }
        // In one write: a stop between two would leave announcements that only the remote knows.
        self.journal.record(granted).await?;
        Ok(())
    }

    /// Reads what is on the remote and joins it in; posts that others have touched are noted.
    async fn fetch(&self, turn: &mut Option<Version>, claims: &[Claim]) -> Result<(), Trouble> {
        let pulled = self.remote.pull().await.map_err(|error| match error {
            RemoteError::Damaged(problem) => Trouble::Stop(self.context.halt_run(unreadable(&problem))),
            error => Trouble::Remote(error),
        })?;
        let has_lockfile = pulled.records.is_some();
        let standing = pulled.records.unwrap_or_default();
        // A push without an answer has arrived after all: what it claims is ours.
        let has_arrived = |claim: &&Claim| claim.iter().all(|record| is_recorded(&standing, record));
        let arrived: Vec<&Claim> = claims.iter().filter(has_arrived).collect();
        lock(&self.known).take_announced(arrived.iter().filter_map(|claim| announced(claim)));
        self.journal.record(arrived.into_iter().flatten().cloned().collect()).await?;
        // An attempt of another machine that has ended is in no one's way.
        let is_in_the_way = |record: &Record| {
            !matches!(record.stage(), Stage::NotPublished | Stage::Failed)
                || self.journal.with_records(|records| records.same_attempt(record).is_some())
        };
        let posts = |news: Vec<Record>| {
            news.into_iter().filter(is_in_the_way).map(|record| (record.user_id, record.key)).collect::<Vec<_>>()
        };
        let touched = posts(self.journal.with_records(|records| records.news(&standing)));
        // Before the records are joined in: once they are, nothing of them is news to a later call.
        lock(&self.known).touched.extend(touched);
        self.journal.take_over(standing.clone()).await?;
        let withdrawn = self.withdrawn_over(&standing);
        let mut known = lock(&self.known);
        known.withdrawn = withdrawn;
        known.standing = standing;
        known.has_lockfile = has_lockfile;
        *turn = Some(pulled.version);
        Ok(())
    }

    /// What the plan, made again over what other machines see, no longer publishes.
    fn withdrawn_over(&self, standing: &Records) -> HashMap<(UserId, PostKey), Withdrawn> {
        let plans = lock(&self.plans);
        self.journal.with_records(|records| {
            let mut withdrawn = plans.of_all.as_ref().map(|plan| plan.withdrawn(records, standing)).unwrap_or_default();
            withdrawn.retain(|(user, _), _| !plans.of_one.contains_key(user));
            for (user, plan) in &plans.of_one {
                withdrawn.extend(plan.withdrawn(records, standing).into_iter().filter(|((of, _), _)| of == user));
            }
            withdrawn
        })
    }

    /// Longer after each try, and never the same for two machines.
    fn pause(&self, tries: u32) -> Duration {
        let longest = Duration::from_millis(250) * 2_u32.saturating_pow(tries.min(16));
        longest.min(LONGEST_PAUSE).min(self.context.waits.poll_max).mul_f64(0.5 + 0.5 * self.context.jitter())
    }

    pub(super) fn follow_plan(&self, replan: Replan) {
        *lock(&self.plans) = Plans { of_all: Some(replan), of_one: HashMap::new() };
    }

    pub(super) fn follow_plan_of(&self, user_id: &UserId, replan: Replan) {
        // Others may have recorded something between the look that the plan is made of and now.
        let standing = lock(&self.known).standing.clone();
        let withdrawn = self.journal.with_records(|records| replan.withdrawn(records, &standing));
        lock(&self.plans).of_one.insert(user_id.clone(), replan);
        let mut known = lock(&self.known);
        // What an earlier plan of the account said is over.
        known.withdrawn.retain(|(user, _), _| user != user_id);
        known.withdrawn.extend(withdrawn.into_iter().filter(|((user, _), _)| user == user_id));
    }

    /// Joins what is on the remote into this machine's record, for a plan of this account that is made next. Returns
    /// whether the content that a run would be planned from has changed there.
    pub(super) async fn read_again(&self, user_id: &UserId) -> Result<bool, Stop> {
        let fetched = self.context.ask(self.first_fetch()).await?;
        let is_new = match fetched {
            Ok(()) => self.context.ask(self.remote.has_new_content()).await?.map_err(Trouble::Remote),
            Err(trouble) => Err(trouble),
        };
        match is_new {
            Ok(is_new) => {
                lock(&self.known).touched.retain(|(user, _)| user != user_id);
                self.context.has_read();
                Ok(is_new)
            }
            Err(Trouble::Stop(stop)) => Err(stop),
            Err(Trouble::Remote(error)) => Err(Stop::Account(Halt {
                cause: Cause::Incomplete,
                reason: format!("cannot read the record on the remote: {error}"),
                help: "what was waited for is the next run's; fix the cause, then run apply again".to_owned(),
            })),
        }
    }

    /// Whether this run has made the newest announcement that other machines see of an attempt.
    pub(super) fn has_announced(&self, standing: &Record) -> bool {
        let newest = standing.intents.iter().max().map(|newest| (standing.attempt.clone(), newest.at));
        newest.is_some_and(|newest| lock(&self.known).own.contains(&newest))
    }

    pub(super) fn withdrawn(&self, user_id: &UserId, key: &PostKey) -> Option<Withdrawn> {
        lock(&self.known).withdrawn.get(&(user_id.clone(), key.clone())).cloned()
    }

    /// Whether another machine has touched a post since this run began.
    pub(super) fn is_touched(&self, user_id: &UserId, key: &PostKey) -> bool {
        lock(&self.known).touched.contains(&(user_id.clone(), key.clone()))
    }

    /// Whether an attempt is announced on the remote while its publish has not been sent.
    pub(super) fn is_unsent(&self, attempt: &AttemptId) -> bool {
        lock(&self.known).unsent.contains(attempt)
    }

    /// From here on the publish may have been sent. Returns whether it was announced and not sent before.
    pub(super) fn no_longer_unsent(&self, attempt: &AttemptId) -> bool {
        lock(&self.known).unsent.remove(attempt)
    }

    /// The attempt as it is on the remote.
    pub(super) fn standing_of(&self, record: &Record) -> Option<Record> {
        lock(&self.known).standing.same_attempt(record).cloned()
    }
}

impl Known {
    /// Takes note of announcements of this run that other machines see by now.
    fn take_announced<'r>(&mut self, records: impl Iterator<Item = &'r Record>) {
        for record in records {
            self.unsent.insert(record.attempt.clone());
            self.own.extend(record.intents.iter().max().map(|newest| (record.attempt.clone(), newest.at)));
        }
    }

    fn is_free(&self, claim: &Claim) -> bool {
        claim.iter().all(|record| {
            let post = (record.user_id.clone(), record.key.clone());
            let is_withdrawn = is_announcement(record) && self.withdrawn.contains_key(&post);
            !is_withdrawn && !self.touched.contains(&post)
        })
    }
}

/// Whether something that cannot be undone is about to be sent by it: a publish, or a deletion.
fn is_announcement(record: &Record) -> bool {
    record.stage() == Stage::Intent || record.is_being_deleted()
}

/// The attempt whose publish a claim announces. A claim of several records renames a post.
fn announced(claim: &Claim) -> Option<&Record> {
    match claim.as_slice() {
        [only] if only.stage() == Stage::Intent => Some(only),
        _ => None,
    }
}

/// Whether other machines gain anything from an attempt that they do not know yet.
fn is_of_use(record: &Record, purpose: Purpose) -> bool {
    match record.stage() {
        Stage::Containers => purpose == Purpose::Last,
        // It gave way to one that they know.
        Stage::NotPublished => record.reason() != Some(&Reason::Superseded),
        _ => true,
    }
}

/// Whether exactly this version of the attempt is there.
fn is_recorded(standing: &Records, record: &Record) -> bool {
    standing.same_attempt(record) == Some(&merge(record.clone(), record.clone()))
}

/// What has to change before a push arrives. Who wrote the post can change nothing about a remote that says no; it
/// reads the same wherever the run notices it, so that it is said once.
fn what_helps(is_declined: bool, otherwise: &str) -> String {
    if is_declined {
        "whoever maintains the repository: let this run push to the branch, or set git.state_branch to another one; \
         then run apply again: it finds what is live and records it"
            .to_owned()
    } else {
        otherwise.to_owned()
    }
}

fn unreadable(problem: &str) -> Halt {
    Halt {
        cause: Cause::Unreadable,
        reason: format!("cannot read igsync.lock on the remote: {problem}"),
        help: "fix it there, or restore its last version; nothing was pushed".to_owned(),
    }
}
