//! One run per content root.

use std::fmt;

use jiff::Timestamp;
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::store::{self, Paths};
use igsync_base::files::{Disk, RunLock};
use igsync_base::text::excerpt;

/// Who holds the run lock, for the people who wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub started_at: Timestamp,
    /// As it was typed.
    pub command: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, started_at, command } = self;
        write!(f, "process {pid} on {host}, `{command}`, since {started_at}")
    }
}

#[derive(Debug, Error, Diagnostic)]
pub enum LockError {
    /// Exit 7, once the time to wait is over.
    #[error("another run holds the run lock: {holder}")]
    #[diagnostic(help(
        "wait for it to end (apply does with --lock-timeout 5m), then run the same command again; a process that died holds no lock"
    ))]
    Held { holder: String },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] store::Error),
}

/// Takes the run lock without waiting. It is held until the value is dropped or the process dies.
pub fn acquire(disk: &dyn Disk, paths: &Paths, holder: &Holder) -> Result<RunLock, LockError> {
    paths.prepare(disk)?;
    let path = paths.run_lock();
    let text = serde_json::to_string(holder).expect("a holder is text and numbers");
    match disk.try_lock(&path, &text) {
        Ok(Ok(lock)) => Ok(lock),
        Ok(Err(other)) => Err(LockError::Held { holder: describe(&other) }),
        Err(error) => Err(store::Error::io(&path, "locked", error).into()),
    }
}

fn describe(text: &str) -> String {
    let known = serde_json::from_str::<Holder>(text).map(|holder| holder.to_string());
    let name = known.unwrap_or_else(|_| if text.trim().is_empty() { "an unknown process".into() } else { text.into() });
    excerpt(&name, 300)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use igsync_testkit::MemDisk;

    fn holder(pid: u32) -> Holder {
        Holder {
            pid,
            host: "harbour".into(),
            started_at: "2026-12-01T17:00:00Z".parse().unwrap(),
            command: "igsync apply --yes".into(),
        }
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        let disk = MemDisk::new();
        let paths = Paths::new(Path::new("/site"));
        disk.put_folder("/site");
        let first = acquire(&disk, &paths, &holder(7)).unwrap();
        let error = acquire(&disk, &paths, &holder(8)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "another run holds the run lock: process 7 on harbour, `igsync apply --yes`, since 2026-12-01T17:00:00Z"
        );
        drop(first);
        acquire(&disk, &paths, &holder(8)).unwrap();
    }

    #[test]
    fn the_lock_of_a_dead_process_is_free() {
        let disk = MemDisk::new();
        disk.put_folder("/site");
        let paths = Paths::new(Path::new("/site"));
        let _dead = acquire(&disk, &paths, &holder(7)).unwrap();
        disk.crash();
        disk.revive();
        acquire(&disk, &paths, &holder(8)).unwrap();
    }

    #[test]
    fn the_sandbox_has_its_own_lock() {
        let disk = MemDisk::new();
        disk.put_folder("/site");
        let _real = acquire(&disk, &Paths::new(Path::new("/site")), &holder(7)).unwrap();
        acquire(&disk, &Paths::sandbox(Path::new("/site")), &holder(8)).unwrap();
    }

    #[test]
    fn what_an_unknown_holder_wrote_cannot_reach_the_terminal_raw() {
        assert_eq!(describe("\u{1b}[2Jhello\n"), "␛[2Jhello");
        assert_eq!(describe(""), "an unknown process");
    }
}
