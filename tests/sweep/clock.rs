//! Simulated time.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync_ports::Clock;
use jiff::Timestamp;

use super::net::EPOCH;

/// Simulated time: it passes only while everything waits, or while the machine is busy or asleep.
pub struct SimClock {
    begin: tokio::time::Instant,
    /// In milliseconds.
    stalled: AtomicU64,
    asleep: AtomicU64,
    /// So many seconds the machine's clock is ahead of the truth.
    ahead: AtomicI64,
    /// Waits that were said and have not begun.
    said: AtomicUsize,
    silent: AtomicUsize,
}

impl SimClock {
    pub fn new() -> Self {
        Self {
            begin: tokio::time::Instant::now(),
            stalled: AtomicU64::new(0),
            asleep: AtomicU64::new(0),
            ahead: AtomicI64::new(0),
            said: AtomicUsize::new(0),
            silent: AtomicUsize::new(0),
        }
    }

    /// The true time.
    pub fn elapsed_ms(&self) -> i64 {
        let asleep = Duration::from_millis(self.asleep.load(Ordering::Relaxed));
        i64::try_from((self.monotonic() + asleep).as_millis()).unwrap_or(i64::MAX)
    }

    /// A run has said that it is going to wait.
    pub fn hear_of_a_wait(&self) {
        self.said.fetch_add(1, Ordering::Relaxed);
    }

    /// New processes begin: what was said by others counts no more.
    pub fn begin(&self) {
        self.said.store(0, Ordering::Relaxed);
    }

    /// Waits that no run had said before they began.
    pub fn silent_waits(&self) -> usize {
        self.silent.load(Ordering::Relaxed)
    }

    /// Someone sets the machine's clock.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// Something blocks for so many seconds.
    pub fn stall(&self, seconds: u32) {
        self.stalled.fetch_add(u64::from(seconds) * 1000, Ordering::Relaxed);
    }

    /// The machine sleeps for so many seconds.
    pub fn sleep_machine(&self, seconds: u32) {
        self.asleep.fetch_add(u64::from(seconds) * 1000, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::Relaxed) * 1000;
        Timestamp::from_millisecond(EPOCH + self.elapsed_ms() + ahead).expect("a time that can be written")
    }

    fn monotonic(&self) -> Duration {
        self.begin.elapsed() + Duration::from_millis(self.stalled.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let take_one = |said: usize| said.checked_sub(1);
        if self.said.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_err() {
            self.silent.fetch_add(1, Ordering::Relaxed);
        }
        pass(duration).boxed()
    }
}

/// Time passes outside of igsync: at Meta, on a wire, between two runs.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else has to ask")]
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
