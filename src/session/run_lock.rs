//! One run per content root: takes the run lock, waiting as long as the person allows.

use std::time::Duration;

use crate::exit::Exit;
use igsync_base::files::RunLock;
use igsync_model::lockfile::{self, Holder, LockError, Paths};

use super::failure::Failure;
use super::note::Note;
use super::ports::Ports;

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// A request for the run lock, from the moment on at which it was made.
pub(crate) struct Claim<'a> {
    paths: &'a Paths,
    command: String,
    patience: Duration,
    ports: &'a Ports,
    began: Duration,
}

/// How one try ended.
pub(crate) enum Tried {
    Taken(RunLock),
    /// Another run has it: this says who, and is to be said before [`Claim::wait`].
    Held(Note),
}

impl<'a> Claim<'a> {
    /// `command` is the command line that a waiting run is shown as the one that it waits for.
    pub(crate) fn new(paths: &'a Paths, command: String, patience: Duration, ports: &'a Ports) -> Self {
        Self { paths, command, patience, ports, began: ports.clock.monotonic() }
    }

    /// Tries once. A lock that is held is a failure where there is no patience.
    pub(crate) fn take(&self) -> Result<Tried, Failure> {
        match lockfile::acquire(&*self.ports.disk, self.paths, &self.holder()) {
            Ok(lock) => Ok(Tried::Taken(lock)),
            Err(error @ LockError::Held { .. }) if self.left().is_zero() => Err(Failure::new(Exit::Locked, error)),
            Err(error @ LockError::Held { .. }) => {
                Ok(Tried::Held(Note::new(format!("waiting for another run: {error}"))))
            }
            Err(error) => Err(Failure::new(Exit::Failure, error)),
        }
    }

    /// Tries again until patience ends or the process is to stop.
    pub(crate) async fn wait(&self) -> Result<RunLock, Failure> {
        let ports = self.ports;
        loop {
            tokio::select! {
                () = ports.clock.sleep(RETRY.min(self.left())) => {}
                signal = ports.stop.wait() => {
                    return Err(Failure::message(signal.into(), "stopped while waiting", "run it again"));
                }
            }
            if let Tried::Taken(lock) = self.take()? {
                return Ok(lock);
            }
        }
    }

    fn left(&self) -> Duration {
        let waited = self.ports.clock.monotonic().saturating_sub(self.began);
        self.patience.saturating_sub(waited)
    }

    fn holder(&self) -> Holder {
        Holder {
            pid: std::process::id(),
            host: self.ports.env.get("HOSTNAME").unwrap_or("this machine").to_owned(),
            started_at: self.ports.clock.now(),
            command: self.command.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use igsync_apply::Signal;
    use igsync_testkit::MemDisk;

    use super::super::testing;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn who_has_the_lock_is_said_before_the_wait() {
        let disk = MemDisk::new();
        disk.put_folder("/site");
        let (ports, _stopper) = testing::ports(&disk, &[]);
        let paths = Paths::new(Path::new("/site"));
        let claim = |command: &str, patience| Claim::new(&paths, command.to_owned(), patience, &ports);
        let Ok(Tried::Taken(lock)) = claim("igsync apply", Duration::ZERO).take() else { panic!("it is free") };
        assert_eq!(
            claim("igsync resolve", Duration::ZERO).take().err().map(|failure| failure.exit),
            Some(Exit::Locked)
        );

        let waiting = claim("igsync resolve", SECOND);
        let Ok(Tried::Held(note)) = waiting.take() else { panic!("it is held, and there is time") };
        let note = note.to_string();
        assert!(note.starts_with("waiting for another run: ") && note.contains("igsync apply"), "{note}");
        assert_eq!(waiting.wait().await.err().map(|failure| failure.exit), Some(Exit::Locked));
        assert_eq!(ports.clock.monotonic(), SECOND, "no longer than there is patience");

        let waiting = claim("igsync resolve", SECOND);
        drop(lock);
        assert!(waiting.wait().await.is_ok());
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_process_is_to_stop() {
        let disk = MemDisk::new();
        disk.put_folder("/site");
        let (ports, stopper) = testing::ports(&disk, &[]);
        let paths = Paths::new(Path::new("/site"));
        let _held = Claim::new(&paths, "igsync apply".to_owned(), Duration::ZERO, &ports).take();
        let waiting = Claim::new(&paths, "igsync resolve".to_owned(), Duration::MAX, &ports);
        stopper.stop(Signal::Terminate);
        assert_eq!(waiting.wait().await.err().map(|failure| failure.exit), Some(Exit::Terminated));
    }
}
