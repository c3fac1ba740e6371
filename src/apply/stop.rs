//! The wish to end early: SIGINT or SIGTERM, seen by everything that waits or is about to begin.

use tokio::sync::watch;

use crate::exit::Exit;

/// Says whether and how the run was asked to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Option<Exit>>);

/// Asks the run to stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Option<Exit>>);

/// A connected pair.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(None);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// The first signal decides the exit code.
    pub fn stop(&self, exit: Exit) {
        self.0.send_if_modified(|wish| {
            let is_first = wish.is_none();
            wish.get_or_insert(exit);
            is_first
        });
    }
}

impl Stop {
    pub fn requested(&self) -> Option<Exit> {
        *self.0.borrow()
    }

    /// Ends when a stop is asked for; never, when nobody can ask any more.
    pub async fn wait(&self) -> Exit {
        let mut receiver = self.0.clone();
        match receiver.wait_for(Option::is_some).await {
            Ok(wish) => wish.unwrap_or(Exit::Interrupted),
            Err(_) => std::future::pending().await,
        }
    }
}
