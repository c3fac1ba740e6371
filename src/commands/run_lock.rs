//! One run per content root: takes the run lock, waiting as long as the person allows.

use std::time::Duration;

use crate::exit::Exit;
use crate::lockfile::{self, Holder, LockError, Paths};
use crate::port::RunLock;

use super::{Failure, Ports, Ui};

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// `command` is what a waiting run is told that this one does.
pub(super) async fn acquire(
    paths: &Paths,
    patience: Duration,
    command: &str,
    ports: &Ports,
    ui: &Ui,
) -> Result<RunLock, Failure> {
    let began = ports.clock.monotonic();
    let mut told = false;
    loop {
        let error = match lockfile::acquire(&*ports.disk, paths, &holder(command, ports, ui)) {
            Ok(lock) => return Ok(lock),
            Err(error @ LockError::Held { .. }) => error,
            Err(error) => return Err(Failure::new(Exit::Failure, error)),
        };
        let waited = ports.clock.monotonic().saturating_sub(began);
        if waited >= patience {
            return Err(Failure::new(Exit::Locked, error));
        }
        if !told {
            told = true;
            ui.terminal.say(&format!("waiting for another run: {error}"));
        }
        tokio::select! {
            () = ports.clock.sleep(RETRY.min(patience.saturating_sub(waited))) => {}
            signal = ports.stop.wait() => return Err(Failure::message(signal.into(), "stopped while waiting", "run it again")),
        }
    }
}

/// What a waiting run is told about this one.
fn holder(command: &str, ports: &Ports, ui: &Ui) -> Holder {
    Holder {
        pid: std::process::id(),
        host: ports.env.get("HOSTNAME").unwrap_or("this machine").to_owned(),
        started_at: ports.clock.now(),
        command: format!("{} {command}", ui.terminal.program),
    }
}
