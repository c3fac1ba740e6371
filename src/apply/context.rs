//! What every part of a run shares: the ledger, the observer, the clock, and the ways to end early.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::graph::Error;
use crate::graph::codes::Class;
use crate::id::{AttemptId, PostKey, UserId};
use crate::lockfile::{Ledger, Record, Records};
use crate::port::{Clock, Disk, Remote};

use super::event::{Event, Observer};
use super::outcome::Failure;
use super::protocol::Protocol;
use super::remote::Keeper;
use super::signal::{Signal, StopSignal};
use super::stop::{Cause, Halt, Stop};

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
}

/// What all accounts of a run share.
pub struct Shared {
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    pub stop: StopSignal,
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
}

impl Shared {
    #[expect(clippy::too_many_arguments, reason = "one call, in the command that wires the run")]
    pub fn new(
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
        stop: StopSignal,
        waits: Waits,
        root: PathBuf,
        ledger: Ledger,
        observer: Box<dyn Observer>,
        attempt_ids: fastrand::Rng,
    ) -> Self {
        Self {
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

    /// The same run by other rules.
    #[must_use]
    pub fn with_protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Writes a record down; when this returns it has reached the disk.
    pub fn record(&self, record: &Record) -> Result<(), Stop> {
        lock(&self.ledger).record(record.clone()).map_err(|error| self.halt_run(storage(&error)))
    }

    /// Writes several records down at once: all of them reach the disk, or none.
    pub fn record_all(&self, records: Vec<Record>) -> Result<(), Stop> {
        lock(&self.ledger).record_all(records).map_err(|error| self.halt_run(storage(&error)))
    }

    /// Takes over what another machine has recorded.
    pub fn take_over(&self, others: &Records) -> Result<(), Stop> {
        lock(&self.ledger).take_over(others).map_err(|error| self.halt_run(storage(&error)))
    }

    /// Copies the journal into the lockfile.
    pub fn fold(&self) -> Result<(), Stop> {
        lock(&self.ledger).fold().map(drop).map_err(|error| self.halt_run(storage(&error)))
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
    pub fn tell(&self, event: &Event) -> Result<(), Stop> {
        lock(&self.observer).event(event).map_err(|error| {
            self.halt_run(Halt {
                cause: Cause::Incomplete,
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
    pub fn go_on(&self) -> Result<(), Stop> {
        if let Some(signal) = self.stop.requested() {
            return Err(stopped(signal));
        }
        lock(&self.halted).clone().map_or(Ok(()), |halt| Err(Stop::Run(halt)))
    }

    /// Waits, unless the run has to end.
    pub async fn wait(&self, duration: Duration) -> Result<(), Stop> {
        self.go_on()?;
        tokio::select! {
            () = self.clock.sleep(duration) => self.go_on(),
            signal = self.stop.wait() => Err(stopped(signal)),
        }
    }

    /// Waits for an answer; a stop is heard after a moment's grace, because nothing hangs on a read.
    pub async fn ask<T>(&self, call: impl Future<Output = T>) -> Result<T, Stop> {
        self.go_on()?;
        tokio::select! {
            biased;
            answer = call => Ok(answer),
            signal = self.patience(GRACE) => Err(stopped(signal)),
        }
    }

    /// Ends so long after the run was asked to stop.
    pub(super) async fn patience(&self, grace: Duration) -> Signal {
        let signal = self.stop.wait().await;
        let since = *self.stopped_at.get_or_init(|| self.clock.monotonic());
        self.clock.sleep((since + grace).saturating_sub(self.clock.monotonic())).await;
        signal
    }

    /// Ends the run for every account.
    pub fn halt_run(&self, halt: Halt) -> Stop {
        Stop::Run(lock(&self.halted).get_or_insert(halt).clone())
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

/// The end of a run that was asked to stop.
pub(super) fn stopped(signal: Signal) -> Stop {
    Stop::Run(Halt {
        cause: Cause::Asked(signal),
        reason: "the run was asked to stop".to_owned(),
        help: "run apply again to go on".to_owned(),
    })
}

fn storage(error: &crate::lockfile::Error) -> Halt {
    Halt {
        cause: Cause::Incomplete,
        reason: error.to_string(),
        help: "nothing more was published; make the folder writable, then run apply again".to_owned(),
    }
}

impl Halt {
    /// The end of an account's run when `error` concerns the whole account.
    pub fn for_account(error: &Error) -> Option<Self> {
        if !error.is_account_level() {
            return None;
        }
        let is_wait = error.api().is_some_and(|api| api.known().class == Class::QuotaWait);
        let cause = if is_wait { Cause::Deferred } else { Cause::Account };
        let help = match error.api().and_then(|api| api.regain_minutes) {
            Some(minutes) => format!("run apply again in {minutes} minutes: every earlier call makes it longer"),
            None => error.help().to_owned(),
        };
        Some(Self { cause, reason: error.to_string(), help })
    }

    /// The end of an account's run because Meta could not be asked.
    pub fn unreachable(error: &Error) -> Self {
        Self::for_account(error).unwrap_or_else(|| Self {
            cause: Cause::Incomplete,
            reason: error.to_string(),
            help: error.help().to_owned(),
        })
    }
}

impl Stop {
    /// The end of an account's run because Meta could not be asked.
    pub(super) fn unreachable(error: &Error) -> Self {
        Self::Account(Halt::unreachable(error))
    }

    /// What an answer to a step of one post says: the end of the account's run where it concerns the whole account.
    pub(super) fn from_answer(step: &str, error: &Error) -> Self {
        Halt::for_account(error).map_or_else(|| Self::Post(Failure::from_answer(step, error)), Self::Account)
    }

    /// What a host says that could not give a file its URL.
    pub(super) fn host(error: &crate::hosting::Error) -> Self {
        let (reason, help) = (error.to_string(), error.advice());
        if error.is_shared() {
            Self::Account(Halt { cause: Cause::Incomplete, reason, help })
        } else {
            Self::Post(Failure::new(reason, help))
        }
    }
}
