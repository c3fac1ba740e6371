//! The request to end early: SIGINT or SIGTERM, seen by everything that waits or is about to begin.

use tokio::sync::watch;

/// How the run was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Says whether and how the run was asked to stop.
#[derive(Clone, Debug)]
pub struct StopSignal(watch::Receiver<Option<Signal>>);

/// Asks the run to stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Option<Signal>>);

/// A connected pair.
pub fn channel() -> (Stopper, StopSignal) {
    let (sender, receiver) = watch::channel(None);
    (Stopper(sender), StopSignal(receiver))
}

impl Stopper {
    /// The first signal decides how the run ends.
    pub fn stop(&self, signal: Signal) {
        self.0.send_if_modified(|asked| {
            let is_first = asked.is_none();
            asked.get_or_insert(signal);
            is_first
        });
    }
}

impl StopSignal {
    pub fn requested(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Ends when a stop is asked for; never, when no one can ask any more.
    pub async fn wait(&self) -> Signal {
        let mut receiver = self.0.clone();
        let asked = receiver.wait_for(Option::is_some).await.ok().and_then(|asked| *asked);
        match asked {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}
