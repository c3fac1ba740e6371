//! Waiting, and saying so: there is no other way to wait in a run.

use std::time::Duration;

use jiff::Timestamp;

use igsync_base::id::{AccountName, PostKey};

use super::context::{Context, Scope, stopped};
use super::event::Event;
use super::stop::Stop;
use super::waits_for::WaitsFor;

impl Context {
    /// Says it, then waits for so long, unless the run has to end.
    async fn wait(&self, duration: Duration, event: Event) -> Result<(), Stop> {
        self.go_on()?;
        if duration.is_zero() {
            return Ok(());
        }
        self.emit(&event)?;
        tokio::select! {
            () = self.clock.sleep(duration) => self.go_on(),
            signal = self.asked_to_stop() => Err(stopped(signal)),
        }
    }

    /// Waits for something of a whole account, unless the run has to end. `now` is the service's time.
    pub(super) async fn wait_for_account(
        &self,
        account: &AccountName,
        waits_for: WaitsFor,
        duration: Duration,
        now: Timestamp,
    ) -> Result<(), Stop> {
        self.wait(duration, waiting(None, Some(account), waits_for, duration, now)).await
    }

    /// Waits before the push of the record is tried again.
    pub(super) async fn wait_for_push(&self, duration: Duration) -> Result<(), Stop> {
        let event = waiting(None, None, WaitsFor::Push, duration, self.clock.now());
        self.wait(duration, event).await
    }

    /// As [`Self::wait_for_push`], also when the run has to end: what is pushed cannot be found out again.
    pub(super) async fn insist_on_push(&self, duration: Duration) {
        // The push counts, whoever hears of it.
        let _ = self.emit(&waiting(None, None, WaitsFor::Push, duration, self.clock.now()));
        self.clock.sleep(duration).await;
    }

    /// Takes note of a wait of the engine of `account`, which began at `now`.
    pub fn emit_pause(&self, account: &AccountName, waits_for: WaitsFor, duration: Duration, now: Timestamp) {
        // A closed output ends the run at its next step.
        let _ = self.emit(&waiting(None, Some(account), waits_for, duration, now));
    }
}

impl Scope {
    /// Waits, unless the run has to end. `now` is the service's time.
    pub(super) async fn wait(
        &self,
        key: &PostKey,
        waits_for: WaitsFor,
        duration: Duration,
        now: Timestamp,
    ) -> Result<(), Stop> {
        self.run.wait(duration, waiting(Some(key), Some(&self.name), waits_for, duration, now)).await
    }

    /// Waits for `chunk` of the time that is left until a post goes out, and says until when that is.
    pub(super) async fn wait_for_its_time(
        &self,
        key: &PostKey,
        time: Timestamp,
        now: Timestamp,
        chunk: Duration,
    ) -> Result<(), Stop> {
        let left = Duration::try_from(time.duration_since(now)).unwrap_or_default();
        self.run.wait(chunk, waiting(Some(key), Some(&self.name), WaitsFor::ItsTime, left, now)).await
    }

    /// Waits before what decides is read again that could not be read.
    pub(super) async fn wait_to_look_again(
        &self,
        key: Option<&PostKey>,
        duration: Duration,
        now: Timestamp,
    ) -> Result<(), Stop> {
        self.run.wait(duration, waiting(key, Some(&self.name), WaitsFor::Retry, duration, now)).await
    }

    /// As [`Self::wait`], and no longer than to the next look: what is waited for may be over sooner.
    pub(super) async fn wait_and_look(
        &self,
        key: &PostKey,
        waits_for: WaitsFor,
        at_most: Duration,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let event = waiting(Some(key), Some(&self.name), waits_for, at_most, now);
        self.run.wait(at_most.min(self.waits.poll_max), event).await
    }
}

fn waiting(
    key: Option<&PostKey>,
    account: Option<&AccountName>,
    waits_for: WaitsFor,
    duration: Duration,
    now: Timestamp,
) -> Event {
    Event::Waiting {
        key: key.cloned(),
        account: account.cloned(),
        waits_for,
        wait_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        until: now.saturating_add(duration).unwrap_or(Timestamp::MAX),
    }
}
