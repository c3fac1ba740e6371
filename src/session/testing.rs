//! Ports for tests: a disk in memory, a clock that moves by sleeping, no network.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use igsync_apply::{Stopper, stop_channel};
use igsync_ports::{Clock, TransportError};
use igsync_testkit::MemDisk;

use super::ports::{Ports, Random};

/// Over `disk`, with these variables. The run continues while the second value lives.
pub(super) fn ports(disk: &MemDisk, variables: &[(&str, &str)]) -> (Ports, Stopper) {
    let (stopper, stop) = stop_channel();
    let ports = Ports {
        disk: Arc::new(disk.clone()),
        clock: Arc::new(SleepClock::default()),
        transport: Box::new(|| Err(TransportError::NotSent("a test has no network".to_owned()))),
        env: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        stop,
        random: Random::with_seed(1),
    };
    (ports, stopper)
}

/// Begins at the epoch, and moves by what is slept.
#[derive(Default)]
struct SleepClock(Mutex<Duration>);

impl Clock for SleepClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            *self.0.lock().unwrap() += duration;
            tokio::task::yield_now().await;
        })
    }
}
