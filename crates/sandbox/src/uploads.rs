//! Videos that arrive in pieces: what came so far is kept, through a kill, too.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::machine::locked;
use super::store::MAX_FILE;
use igsync_base::files::Disk;

/// So many bytes may be lost with the process; to sync each piece would cost more than it saves.
const UNSYNCED: usize = 1 << 20;

/// Bytes of unfinished uploads, by container.
pub(crate) struct Uploads {
    /// `None`: they end with the process.
    folder: Option<PathBuf>,
    disk: Arc<dyn Disk>,
    open: Mutex<HashMap<u64, Part>>,
    /// Every byte that ever came, taken or not.
    arrived: AtomicU64,
}

#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    /// How many of them are on disk.
    kept: usize,
    /// The request whose bytes count: a newer one takes over from one whose connection is only dying.
    turn: u64,
}

impl Uploads {
    pub(crate) fn new(folder: Option<PathBuf>, disk: Arc<dyn Disk>) -> Self {
        Self { folder, disk, open: Mutex::default(), arrived: AtomicU64::new(0) }
    }

    fn path(&self, container: u64) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{container}.part")))
    }

    /// Reads what an earlier process received. Returns how many bytes that is.
    pub(crate) fn restore(&self, container: u64) -> u64 {
        let bytes = self.path(container).and_then(|path| self.disk.read(&path, MAX_FILE).ok()).unwrap_or_default();
        let kept = bytes.len();
        locked(&self.open).insert(container, Part { bytes, kept, turn: 0 });
        kept as u64
    }

    /// Begins a request that brings bytes.
    pub(crate) fn begin(&self, container: u64) -> u64 {
        let mut open = locked(&self.open);
        let part = open.entry(container).or_default();
        part.turn += 1;
        part.turn
    }

    /// Adds a piece of the request `turn` and returns how many bytes there are now; `None` when another
    /// request has begun since.
    pub(crate) fn take(&self, container: u64, turn: u64, piece: &[u8]) -> Option<u64> {
        let mut open = locked(&self.open);
        let part = open.entry(container).or_default();
        if part.turn != turn {
            return None;
        }
        part.bytes.extend_from_slice(piece);
        if part.bytes.len() - part.kept >= UNSYNCED {
            // What cannot be written is lost with the process, nothing worse.
            let _ = self.write(container, part);
        }
        Some(part.bytes.len() as u64)
    }

    /// Counts bytes that came, whatever becomes of them.
    pub(crate) fn count(&self, bytes: usize) {
        self.arrived.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Writes down what came, at the end of a request.
    pub(crate) fn keep(&self, container: u64) {
        if let Some(part) = locked(&self.open).get_mut(&container) {
            let _ = self.write(container, part);
        }
    }

    fn write(&self, container: u64, part: &mut Part) -> io::Result<()> {
        if let (Some(folder), Some(path)) = (&self.folder, self.path(container)) {
            if part.kept == 0 {
                self.disk.create_folder(folder)?;
            }
            self.disk.append(&path, &part.bytes[part.kept..])?;
        }
        part.kept = part.bytes.len();
        Ok(())
    }

    /// Hands over everything and forgets it.
    pub(crate) fn finish(&self, container: u64) -> Vec<u8> {
        let part = locked(&self.open).remove(&container).unwrap_or_default();
        if let Some(path) = self.path(container).filter(|_| part.kept > 0) {
            // A file left behind belongs to no container that could take it.
            let _ = self.disk.remove(&path);
        }
        part.bytes
    }

    pub(crate) fn received(&self, container: u64) -> u64 {
        locked(&self.open).get(&container).map_or(0, |part| part.bytes.len() as u64)
    }

    pub(crate) fn clear(&self) {
        let open: Vec<u64> = locked(&self.open).keys().copied().collect();
        for container in open {
            self.finish(container);
        }
    }
}
