//! Videos that arrive in pieces: what came so far is kept, through a kill, too.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::machine::locked;
use super::store::MAX_FILE;
use crate::port::Disk;

/// So many bytes may be lost with the process; to sync each piece would cost more than it saves.
const UNSYNCED: usize = 1 << 20;

/// Bytes of unfinished uploads, by container.
pub(crate) struct Uploads {
    /// `None`: they end with the process.
    folder: Option<PathBuf>,
    disk: Arc<dyn Disk>,
    open: Mutex<HashMap<u64, Part>>,
}

#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    /// How many of them are on disk.
    kept: usize,
}

impl Uploads {
    pub(crate) fn new(folder: Option<PathBuf>, disk: Arc<dyn Disk>) -> Self {
        Self { folder, disk, open: Mutex::default() }
    }

    fn path(&self, container: u64) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{container}.part")))
    }

    /// Reads what an earlier process received. Returns how many bytes that is.
    pub(crate) fn restore(&self, container: u64) -> u64 {
        let bytes = self.path(container).and_then(|path| self.disk.read(&path, MAX_FILE).ok()).unwrap_or_default();
        let kept = bytes.len();
        locked(&self.open).insert(container, Part { bytes, kept });
        kept as u64
    }

    /// Adds a piece and returns how many bytes there are now.
    pub(crate) fn take(&self, container: u64, piece: &[u8]) -> u64 {
        let mut open = locked(&self.open);
        let part = open.entry(container).or_default();
        part.bytes.extend_from_slice(piece);
        if part.bytes.len() - part.kept >= UNSYNCED {
            // What cannot be written is lost with the process, nothing worse.
            let _ = self.write(container, part);
        }
        part.bytes.len() as u64
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
