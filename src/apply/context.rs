//! What every part of a run shares: the ledger, the observer, the clock, and the ways to end early.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::exit::Exit;
use crate::graph::codes::Class;
use crate::graph::{Error, Reference, WrongDate};
use crate::id::{AttemptId, PostKey, UserId};
use crate::lockfile::{Ledger, Record, Records};
use crate::port::{Clock, Disk, Remote, RunLock};

use super::event::{Event, Observer};
use super::protocol::Protocol;
use super::remote::Keeper;
use super::stop::Stop;

/// How long to wait for what. Tests and emulators set these to milliseconds.
#[derive(Clone, Debug)]
pub struct Waits {
    /// Before the first look at a container; `None` lets its kind decide.
    pub poll_initial: Option<Duration>,
    pub poll_max: Duration,
    /// From the making of a container until this run gives up on it.
    pub poll_budget: Duration,
    /// An unclear publish may still take effect for this long.
    pub settle: Duration,
    /// Between two looks at a listing that must agree.
    pub look: Duration,
    /// For one request.
    pub http_timeout: Duration,
    /// How far the server's clock and this machine's may differ; `None`: the server's is its own.
    pub max_skew: Option<Duration>,
}

/// Why nothing more is sent, for one account or for the whole run.
#[derive(Clone, Debug)]
pub struct Halt {
    /// Whether the other accounts have to stop as well.
    pub whole_run: bool,
    pub exit: Exit,
    /// For people: lower case, no full stop.
    pub reason: String,
    pub help: String,
}

/// What all accounts of a run share.
pub struct Shared {
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    pub stop: Stop,
    pub waits: Waits,
    pub protocol: Protocol,
    /// The content root.
    pub root: PathBuf,
    /// The record where other machines read it, if anywhere.
    pub(super) keeper: Option<Keeper>,
    ledger: Mutex<Ledger>,
    observer: Mutex<Box<dyn Observer>>,
    attempt_ids: Mutex<fastrand::Rng>,
    halted: Mutex<Option<Halt>>,
    /// When the wish to stop was first heard.
    stopped_at: OnceLock<Duration>,
    /// What keeps other runs from the same content root; `None`: nothing is published.
    lock: Option<RunLock>,
    /// When the records of earlier runs were last read, by the monotonic clock.
    read_at: Mutex<Duration>,
}

impl Shared {
    #[expect(clippy::too_many_arguments, reason = "one call, in the command that wires the run")]
    pub fn new(
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
        stop: Stop,
        waits: Waits,
        root: PathBuf,
        ledger: Ledger,
        observer: Box<dyn Observer>,
        attempt_ids: fastrand::Rng,
    ) -> Self {
        Self {
            lock: None,
            read_at: Mutex::new(clock.monotonic()),
            clock,
            disk,
            stop,
            waits,
            protocol: Protocol::default(),
            root,
            keeper: None,
            ledger: Mutex::new(ledger),
            observer: Mutex::new(observer),
            attempt_ids: Mutex::new(attempt_ids),
            halted: Mutex::new(None),
            stopped_at: OnceLock::new(),
        }
    }

    /// Keeps the record where other machines read it as well.
    #[must_use]
    pub fn kept_at(self, remote: Option<Arc<dyn Remote>>) -> Self {
        Self { keeper: remote.map(Keeper::new), ..self }
    }

    /// Holds the run lock as long as this run lives.
    #[must_use]
    pub fn holding(self, lock: RunLock) -> Self {
        Self { lock: Some(lock), ..self }
    }

    /// Fails once another run can hold the lock as well. Asked right before anything is published, when its
    /// announcement is on disk: another run has either not begun, or reads the announcement.
    pub fn still_alone(&self) -> Result<(), Halt> {
        let Some(lock) = &self.lock else { return Ok(()) };
        match lock.0.is_in_place() {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.halt_run(Halt::lost_lock(".igsync/run.lock is gone or another file"))),
            Err(error) => Err(self.halt_run(Halt::lost_lock(&error.to_string()))),
        }
    }

    /// The same run by other rules.
    #[must_use]
    pub fn with_protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Writes a record down; when this returns it has reached the disk.
    pub fn record(&self, record: &Record) -> Result<(), Halt> {
        lock(&self.ledger).record(record.clone()).map_err(|error| self.halt_run(Halt::storage(&error)))
    }

    /// Writes several records down at once: all of them reach the disk, or none.
    pub fn record_all(&self, records: Vec<Record>) -> Result<(), Halt> {
        lock(&self.ledger).record_all(records).map_err(|error| self.halt_run(Halt::storage(&error)))
    }

    /// Takes over what another machine has recorded.
    pub fn take_over(&self, others: &Records) -> Result<(), Halt> {
        lock(&self.ledger).take_over(others).map_err(|error| self.halt_run(Halt::storage(&error)))
    }

    /// Copies the journal into the lockfile.
    pub fn fold(&self) -> Result<(), Halt> {
        lock(&self.ledger).fold().map(drop).map_err(|error| self.halt_run(Halt::storage(&error)))
    }

    /// Whether the lockfile is another one than when the run began.
    pub fn has_changed_lockfile(&self) -> bool {
        lock(&self.ledger).has_folded()
    }

    /// Looks at the records without holding them.
    pub fn with_records<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        look(lock(&self.ledger).records())
    }

    /// The records of one post, every attempt.
    pub fn attempts(&self, user_id: &UserId, key: &PostKey) -> Vec<Record> {
        self.with_records(|records| records.attempts(user_id, key).to_vec())
    }

    /// Whether a publish of this attempt would be known here: this machine has made it, or announcements stand
    /// at a remote before anything is sent.
    pub(super) fn is_witness_of(&self, record: &Record) -> bool {
        self.keeper.is_some() || lock(&self.ledger).is_witness_of(&record.attempt)
    }

    /// Announces a fact that has been recorded.
    pub fn tell(&self, event: &Event) -> Result<(), Halt> {
        lock(&self.observer).event(event).map_err(|error| {
            self.halt_run(Halt {
                whole_run: true,
                exit: Exit::Incomplete,
                reason: format!("the output could not be written: {error}"),
                help: "run apply again; everything that happened is recorded".to_owned(),
            })
        })
    }

    pub fn new_attempt(&self) -> AttemptId {
        let mut rng = lock(&self.attempt_ids);
        AttemptId::new(std::iter::repeat_with(|| rng.lowercase()).take(16).collect::<String>())
    }

    /// A number from 0 to 1, for what two machines must not do alike.
    pub(super) fn chance(&self) -> f64 {
        lock(&self.attempt_ids).f64()
    }

    /// Fails once the run has to end; asked before anything new is begun.
    pub fn go_on(&self) -> Result<(), Halt> {
        if let Some(exit) = self.stop.requested() {
            return Err(Halt::stopped(exit));
        }
        lock(&self.halted).clone().map_or(Ok(()), Err)
    }

    /// Waits for an answer; a stop is heard after a moment's grace, because nothing hangs on a read.
    pub async fn ask<T>(&self, call: impl Future<Output = T>) -> Result<T, Halt> {
        self.go_on()?;
        tokio::select! {
            biased;
            answer = call => Ok(answer),
            exit = self.patience(GRACE) => Err(Halt::stopped(exit)),
        }
    }

    /// Ends so long after the run was asked to stop.
    pub(super) async fn patience(&self, grace: Duration) -> Exit {
        let exit = self.stop.wait().await;
        let since = *self.stopped_at.get_or_init(|| self.clock.monotonic());
        self.clock.sleep((since + grace).saturating_sub(self.clock.monotonic())).await;
        exit
    }

    /// All announcements of earlier runs were made before this time of the monotonic clock.
    pub(super) fn read_at(&self) -> Duration {
        *lock(&self.read_at)
    }

    /// The records of other machines were read just now.
    pub(super) fn has_read(&self) {
        *lock(&self.read_at) = self.clock.monotonic();
    }

    /// Ends the run for every account.
    pub fn halt_run(&self, halt: Halt) -> Halt {
        lock(&self.halted).get_or_insert(halt).clone()
    }

    /// Gives the parts back at the end of a run.
    pub fn into_parts(self) -> (Ledger, Box<dyn Observer>) {
        (
            self.ledger.into_inner().unwrap_or_else(PoisonError::into_inner),
            self.observer.into_inner().unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// A call that is under way may end within this time after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// A panic elsewhere must not keep the record from being written.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Halt {
    pub fn stopped(exit: Exit) -> Self {
        Self {
            whole_run: true,
            exit,
            reason: "the run was asked to stop".to_owned(),
            help: "run apply again to go on".to_owned(),
        }
    }

    fn lost_lock(why: &str) -> Self {
        Self {
            whole_run: true,
            exit: Exit::Incomplete,
            reason: format!("the run lock was taken away, so another run may be at work: {why}"),
            help: "nothing more was published; never remove or replace that file, the lock of a process that died is \
                   free by itself; run apply again"
                .to_owned(),
        }
    }

    /// The end of a run whose clock is not known to be right.
    pub fn clock(wrong: &WrongDate) -> Self {
        let WrongDate { said, expected, by } = wrong;
        let (reason, help) = match by {
            Reference::ThisMachine => (
                format!("the clocks differ: the server says {said:.0}, this machine says {expected:.0}"),
                "set the clock of this machine; where an emulator's clock is meant to differ, set IGSYNC_MAX_SKEW_MS",
            ),
            Reference::EarlierAnswers => (
                format!("the server's clock jumped: it says {said:.0}, by its earlier answers it is {expected:.0}"),
                "nothing is published by a clock that may be wrong; run apply again",
            ),
        };
        Self { whole_run: true, exit: Exit::Incomplete, reason, help: help.to_owned() }
    }

    fn storage(error: &crate::lockfile::Error) -> Self {
        Self {
            whole_run: true,
            exit: Exit::Incomplete,
            reason: error.to_string(),
            help: "nothing more was published; make the folder writable, then run apply again".to_owned(),
        }
    }

    /// The end of an account's run when `error` concerns the whole account.
    pub fn for_account(error: &Error) -> Option<Self> {
        if !error.is_account_level() {
            return None;
        }
        let is_wait = error.api().is_some_and(|api| api.known().class == Class::QuotaWait);
        let exit = if is_wait { Exit::Deferred } else { Exit::Account };
        let help = match error.api().and_then(|api| api.regain_minutes) {
            Some(minutes) => format!("run apply again in {minutes} minutes: every earlier call makes it longer"),
            None => error.help().to_owned(),
        };
        Some(Self { whole_run: false, exit, reason: error.to_string(), help })
    }

    /// The end of an account's run because its media cannot be hosted.
    pub(super) fn host(error: &crate::hosting::Error) -> Self {
        Self { whole_run: false, exit: Exit::Incomplete, reason: error.to_string(), help: error.advice() }
    }

    /// The end of an account's run because Meta could not be asked.
    pub fn unreachable(error: &Error) -> Self {
        Self::for_account(error).unwrap_or_else(|| Self {
            whole_run: false,
            exit: Exit::Incomplete,
            reason: error.to_string(),
            help: error.help().to_owned(),
        })
    }
}
