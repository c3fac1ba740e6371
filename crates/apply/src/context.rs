//! What every part of a run is given: the clock, the waits, the output, the decision tables, and the ways to end
//! early. It knows no record and no service.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use igsync_base::files::RunLock;
use igsync_base::id::{AccountName, AttemptId, PostKey, UserId};
use igsync_ports::Clock;

use super::cause::Cause;
use super::engine::{Engine, Refusal};
use super::event::{Event, Observer, PostRef};
use super::outcome::{Outcome, Tally};
use super::protocol::Protocol;
use super::signal::{Signal, StopSignal};
use super::stop::{Halt, Stop};

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

/// One run, as all accounts and parts of it know it.
pub struct Context {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) waits: Waits,
    pub(super) protocol: Protocol,
    stop: StopSignal,
    observer: Mutex<Box<dyn Observer>>,
    dice: Mutex<fastrand::Rng>,
    halted: Mutex<Option<Halt>>,
    /// When the request to stop first arrived.
    stopped_at: OnceLock<Duration>,
    /// What keeps other runs from the same content root; `None`: nothing is published.
    lock: Option<RunLock>,
    /// When the records of earlier runs were last read, by the monotonic clock.
    read_at: Mutex<Duration>,
}

impl Context {
    /// `dice` makes the attempt ids.
    pub fn new(
        clock: Arc<dyn Clock>,
        stop: StopSignal,
        waits: Waits,
        observer: Box<dyn Observer>,
        dice: fastrand::Rng,
    ) -> Self {
        Self {
            lock: None,
            read_at: Mutex::new(clock.monotonic()),
            clock,
            waits,
            protocol: Protocol::default(),
            stop,
            observer: Mutex::new(observer),
            dice: Mutex::new(dice),
            halted: Mutex::new(None),
            stopped_at: OnceLock::new(),
        }
    }

    /// Holds the run lock as long as this run lives.
    #[must_use]
    pub fn holding(self, lock: RunLock) -> Self {
        Self { lock: Some(lock), ..self }
    }

    /// Fails once another run can hold the lock as well. Asked right before anything is published, when its
    /// announcement is on disk: another run has either not begun, or reads the announcement.
    pub(super) fn still_alone(&self) -> Result<(), Stop> {
        let Some(lock) = &self.lock else { return Ok(()) };
        match lock.0.is_in_place() {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.halt_run(lost_lock(".igsync/run.lock was removed or replaced"))),
            Err(error) => Err(self.halt_run(lost_lock(&error.to_string()))),
        }
    }

    /// The same run by other rules.
    #[must_use]
    pub fn with_protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Announces a fact that has been recorded.
    pub fn emit(&self, event: &Event) -> Result<(), Stop> {
        lock(&self.observer).event(event).map_err(|error| {
            self.halt_run(Halt {
                cause: Cause::Incomplete,
                reason: format!("the output could not be written: {error}"),
                help: "run apply again; everything that happened is recorded".to_owned(),
            })
        })
    }

    pub fn new_attempt(&self) -> AttemptId {
        let mut rng = lock(&self.dice);
        AttemptId::new(std::iter::repeat_with(|| rng.lowercase()).take(16).collect::<String>())
    }

    /// A number from 0 to 1, for what two machines must not do alike.
    pub(super) fn jitter(&self) -> f64 {
        lock(&self.dice).f64()
    }

    /// Fails once the run has to end; asked before anything new is begun.
    pub fn go_on(&self) -> Result<(), Stop> {
        if let Some(signal) = self.stop.requested() {
            return Err(stopped(signal));
        }
        lock(&self.halted).clone().map_or(Ok(()), |halt| Err(Stop::Run(halt)))
    }

    /// Ends when the run is asked to stop.
    pub(super) async fn asked_to_stop(&self) -> Signal {
        self.stop.wait().await
    }

    /// Waits for an answer; a stop is heard after a moment's grace, because nothing hangs on a read.
    pub async fn ask<T>(&self, call: impl Future<Output = T>) -> Result<T, Stop> {
        self.go_on()?;
        tokio::select! {
            biased;
            answer = call => Ok(answer),
            signal = self.patience(READ_GRACE) => Err(stopped(signal)),
        }
    }

    /// Ends so long after the run was asked to stop.
    pub(super) async fn patience(&self, grace: Duration) -> Signal {
        let signal = self.stop.wait().await;
        let since = *self.stopped_at.get_or_init(|| self.clock.monotonic());
        self.clock.sleep((since + grace).saturating_sub(self.clock.monotonic())).await;
        signal
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
    pub fn halt_run(&self, halt: Halt) -> Stop {
        Stop::Run(lock(&self.halted).get_or_insert(halt).clone())
    }
}

/// The account that a part works for, and the run around it.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) run: Arc<Context>,
    pub(super) name: AccountName,
    pub(super) user_id: UserId,
}

impl Deref for Scope {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.run
    }
}

impl Scope {
    pub(super) fn post_ref(&self, key: &PostKey) -> PostRef {
        PostRef { key: key.clone(), account: self.name.clone() }
    }

    /// Fails once the run has to end, another run may be at work, or the service's clock is in doubt; asked before
    /// anything is made or published.
    pub(super) fn may_begin(&self, engine: &dyn Engine) -> Result<(), Stop> {
        self.go_on()?;
        self.still_alone()?;
        match engine.wrong_clock() {
            None => Ok(()),
            Some(Refusal { text, help, .. }) => {
                Err(self.halt_run(Halt { cause: Cause::Incomplete, reason: text, help }))
            }
        }
    }

    /// Waits for an answer without which this account cannot continue.
    pub(super) async fn reach<T>(&self, call: impl Future<Output = Result<T, Refusal>>) -> Result<T, Stop> {
        self.ask(call).await?.map_err(|refusal| Stop::unreachable(&refusal))
    }

    /// Announces and counts the end of one post.
    pub(super) fn finish(&self, key: &PostKey, outcome: &Outcome, tally: &mut Tally) -> Result<(), Stop> {
        tally.count(outcome);
        if !matches!(outcome, Outcome::Changed) {
            tally.ended.insert((self.name.clone(), key.clone()));
        }
        outcome.event(self.post_ref(key)).map_or(Ok(()), |event| self.emit(&event))
    }
}

/// A call that is under way may end within this time after a stop.
const READ_GRACE: Duration = Duration::from_secs(2);

/// A panic elsewhere must not keep the record from being written.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lost_lock(why: &str) -> Halt {
    Halt {
        cause: Cause::Incomplete,
        reason: format!("the run lock was lost, so another run may be active: {why}"),
        help: "nothing more was published; run apply again, and never remove or replace that file: a process \
               that died holds no lock"
            .to_owned(),
    }
}

/// The end of a run that was asked to stop.
pub(super) fn stopped(signal: Signal) -> Stop {
    Stop::Run(Halt {
        cause: Cause::Asked(signal),
        reason: "the run was asked to stop".to_owned(),
        help: "run the same command again to continue".to_owned(),
    })
}
