//! A disk in memory that remembers every version of the lockfile, can be slow, and can break the protocol.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use igsync_base::files::{Access, Disk, Entry, Fill, ReadDisk, RunLock, Stat};
use igsync_model::lockfile::format;
use igsync_testkit::MemDisk;

use super::clock::SimClock;
use super::fault::WriteFault;
use super::mutant::Mutant;
use super::schedule::Schedule;

/// The disk of the simulation.
pub struct SimDisk {
    pub inner: MemDisk,
    /// Every lockfile that was ever written.
    pub versions: Mutex<Vec<Vec<u8>>>,
    clock: Arc<SimClock>,
    /// Writes that take their time.
    slow: BTreeMap<usize, WriteFault>,
    mutant: Option<Mutant>,
}

impl SimDisk {
    pub fn new(inner: MemDisk, clock: Arc<SimClock>, schedule: &Schedule) -> Self {
        let slow = schedule.writes.iter().copied().filter(|(_, fault)| !fault.harms()).collect();
        Self { inner, versions: Mutex::default(), clock, slow, mutant: schedule.mutant }
    }

    fn take_time(&self) {
        if self.slow.is_empty() {
            return;
        }
        match self.slow.get(&self.inner.write_count()) {
            Some(WriteFault::Stall(seconds)) => self.clock.stall(*seconds),
            Some(WriteFault::Sleep(seconds)) => self.clock.sleep_machine(*seconds),
            _ => {}
        }
    }

    /// The journal without the attempts that the lockfile knows.
    fn without_known(&self, journal: &[u8]) -> Vec<u8> {
        let attempt = |line: &str| {
            line.split("\"attempt\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
        };
        let lockfile = self.inner.bytes("/site/igsync.lock").unwrap_or_default();
        let known: Vec<String> = String::from_utf8_lossy(&lockfile).lines().skip(1).map(attempt).collect();
        let text = String::from_utf8_lossy(journal);
        let kept = text.split_inclusive('\n').filter(|line| !known.contains(&attempt(line)));
        kept.collect::<String>().into_bytes()
    }

    fn is_dropped(&self, bytes: &[u8]) -> bool {
        let has = |text: &str| String::from_utf8_lossy(bytes).contains(text);
        match self.mutant {
            Some(Mutant::IntentNotWritten) => has("\"state\":\"intent\""),
            Some(Mutant::DeletionNotWritten) => has("\"deletions\"") && !has("\"outcome\""),
            Some(Mutant::IdAfterPermalink) => has("\"state\":\"published\"") && !has("\"permalink\""),
            _ => false,
        }
    }
}

impl ReadDisk for SimDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.inner.read(path, limit)?;
        if self.mutant == Some(Mutant::LastLineWins) && path.ends_with("journal.jsonl") {
            return Ok(self.without_known(&bytes));
        }
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        self.inner.open(path)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.inner.stat(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonicalize(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(folder)
    }
}

impl Disk for SimDisk {
    fn is_slow(&self) -> bool {
        // Simulated time passes only where everything waits.
        false
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.create_folder(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.take_time();
        if self.is_dropped(bytes) { Ok(()) } else { self.inner.append(path, bytes) }
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        self.inner.truncate(path, len)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.take_time();
        self.inner.replace(path, bytes)?;
        if path == Path::new("/site/igsync.lock") {
            self.versions.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.to_vec());
            if self.mutant == Some(Mutant::JournalEmptied) {
                self.inner.put(path.with_file_name(".igsync/journal.jsonl"), format::HEADER);
            }
        }
        Ok(())
    }

    fn create(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
        self.inner.create(path, fill)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
        self.inner.try_lock(path, holder)
    }
}
