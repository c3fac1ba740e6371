//! Waiting, and saying so: there is no other way to wait in a run.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::graph::Pause;
use crate::id::{AccountName, PostKey};

use super::account::AccountRun;
use super::context::{Halt, Shared};
use super::event::Event;

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Meta processes the media.
    Processing,
    /// A publish of this run got no clear answer and may still take effect.
    Effect,
    /// An earlier run, or another one, may still publish: its lease.
    Lease,
    /// A second look at the account, which must agree with the first.
    SecondLook,
    /// The time between two posts of an account.
    Gap,
    /// Meta says that the container is not ready, although it is.
    NotReady,
    /// Whoever has published the post may still comment on it.
    Comment,
    /// The record could not be pushed, and is pushed again.
    Push,
    /// A call failed, and is sent again.
    Retry,
    /// The limit of calls is close.
    CallLimit,
}

impl WaitsFor {
    pub const ALL: [Self; 10] = [
        Self::Processing,
        Self::Effect,
        Self::Lease,
        Self::SecondLook,
        Self::Gap,
        Self::NotReady,
        Self::Comment,
        Self::Push,
        Self::Retry,
        Self::CallLimit,
    ];

    /// For people, after "waiting until 12:00:".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Processing => "Instagram is processing it",
            Self::Effect => "its publish got no clear answer and may still take effect",
            Self::Lease => "an earlier run announced its publish and may still send it",
            Self::SecondLook => "a second look at the account must agree with the first",
            Self::Gap => "schedule.min_gap after the last post",
            Self::NotReady => "Meta says that it is not ready yet",
            Self::Comment => "the run that published it may still comment on it",
            Self::Push => "the record is pushed again",
            Self::Retry => "a call failed and is sent again",
            Self::CallLimit => "Meta's call limit is almost reached",
        }
    }
}

impl From<Pause> for WaitsFor {
    fn from(pause: Pause) -> Self {
        match pause {
            Pause::Retry => Self::Retry,
            Pause::CallLimit => Self::CallLimit,
        }
    }
}

impl Shared {
    /// Says it, then waits for so long, unless the run has to end.
    async fn wait(&self, duration: Duration, event: Event) -> Result<(), Halt> {
        self.go_on()?;
        if duration.is_zero() {
            return Ok(());
        }
        self.tell(&event)?;
        tokio::select! {
            () = self.clock.sleep(duration) => self.go_on(),
            exit = self.stop.wait() => Err(Halt::stopped(exit)),
        }
    }

    /// Waits before the record is pushed again.
    pub(super) async fn wait_for_push(&self, duration: Duration) -> Result<(), Halt> {
        let event = waiting(None, None, WaitsFor::Push, duration, self.clock.now());
        self.wait(duration, event).await
    }

    /// As [`Self::wait_for_push`], also when the run has to end: what is pushed cannot be found out again.
    pub(super) async fn insist_on_push(&self, duration: Duration) {
        // The push counts, whoever hears of it.
        let _ = self.tell(&waiting(None, None, WaitsFor::Push, duration, self.clock.now()));
        self.clock.sleep(duration).await;
    }

    /// Takes note of a wait of the client of `account`, which began at `now`.
    pub fn tell_pause(&self, account: &AccountName, pause: Pause, duration: Duration, now: Timestamp) {
        // A closed output ends the run at its next step.
        let _ = self.tell(&waiting(None, Some(account), pause.into(), duration, now));
    }
}

impl AccountRun {
    /// Waits, unless the run has to end.
    pub(super) async fn wait(&self, key: &PostKey, waits_for: WaitsFor, duration: Duration) -> Result<(), Halt> {
        let now = self.client.server_now();
        self.shared.wait(duration, waiting(Some(key), Some(&self.name), waits_for, duration, now)).await
    }

    /// As [`Self::wait`], and no longer than to the next look: what is waited for may be over sooner.
    pub(super) async fn wait_and_look(
        &self,
        key: &PostKey,
        waits_for: WaitsFor,
        at_most: Duration,
    ) -> Result<(), Halt> {
        let now = self.client.server_now();
        let event = waiting(Some(key), Some(&self.name), waits_for, at_most, now);
        self.shared.wait(at_most.min(self.shared.waits.poll_max), event).await
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
