//! The requests that came in, without their tokens. They outlive the process, but for the last few
//! when it is killed.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use igsync_base::files::Disk;

/// Older entries are dropped.
const KEPT: usize = 20_000;
/// Longer texts are cut in the log. In characters.
const MAX_TEXT: usize = 4_000;
/// So many entries are written at once.
const BATCH: usize = 64;
const MAX_FILE: u64 = 256 << 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// RFC 3339, by the sandbox's clock.
    pub at: String,
    pub method: String,
    /// With the version, as it came.
    pub path: String,
    /// Query and body parameters, secrets left out.
    pub params: Map<String, Value>,
    /// `None`: the connection was closed without an answer.
    pub status: Option<u16>,
    pub code: Option<i64>,
    pub error_subcode: Option<i64>,
    /// What was wrong, in the words of the answer.
    #[serde(default)]
    pub message: Option<String>,
    /// The faults that touched it.
    pub faults: Vec<String>,
}

pub(crate) struct Log {
    entries: VecDeque<Entry>,
    /// How many there ever were.
    count: u64,
    /// Lines that are not yet on disk.
    unwritten: Vec<u8>,
    waiting: usize,
    /// `None`: nothing is kept.
    path: Option<PathBuf>,
    disk: Arc<dyn Disk>,
}

impl Log {
    /// Goes on with the log at `path`, as far as it can be read.
    pub(crate) fn new(path: Option<PathBuf>, disk: Arc<dyn Disk>) -> Self {
        let mut log = Self { entries: VecDeque::new(), count: 0, unwritten: Vec::new(), waiting: 0, path, disk };
        let bytes = log.path.as_ref().and_then(|path| log.disk.read(path, MAX_FILE).ok()).unwrap_or_default();
        let mut lines = 0;
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice(line) {
                log.push(entry);
                lines += 1;
            }
        }
        let torn = bytes.last().is_some_and(|byte| *byte != b'\n');
        if lines > KEPT || torn {
            log.rewrite();
        }
        log
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.count += 1;
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        if self.path.is_some() && serde_json::to_writer(&mut self.unwritten, &entry).is_ok() {
            self.unwritten.push(b'\n');
            self.waiting += 1;
        }
        self.push(entry);
        if self.waiting >= BATCH {
            self.flush();
        }
    }

    /// Writes what is not yet on disk. A log that cannot be written hinders no one.
    pub(crate) fn flush(&mut self) {
        if let Some(path) = self.path.as_ref().filter(|_| self.waiting > 0) {
            let _ = self.disk.append(path, &self.unwritten);
            self.unwritten.clear();
            self.waiting = 0;
        }
    }

    fn rewrite(&mut self) {
        let Some(path) = &self.path else { return };
        let mut text = Vec::new();
        for entry in &self.entries {
            if serde_json::to_writer(&mut text, entry).is_ok() {
                text.push(b'\n');
            }
        }
        let _ = self.disk.replace(path, &text);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// How many requests there ever were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The entries after the first `count`, the newest `limit` of them, oldest first.
    pub(crate) fn since(&self, count: u64, limit: usize) -> impl DoubleEndedIterator<Item = &Entry> {
        let new = usize::try_from(self.count.saturating_sub(count)).unwrap_or(usize::MAX);
        self.entries.iter().skip(self.entries.len().saturating_sub(new.min(limit)))
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.unwritten.clear();
        self.waiting = 0;
        self.rewrite();
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Parameters fit to be shown: no token, no secret, no endless text.
pub(crate) fn harmless(params: &Map<String, Value>) -> Map<String, Value> {
    const SECRETS: &[&str] =
        &["access_token", "appsecret_proof", "batch", "client_secret", "code", "fb_exchange_token", "input_token"];
    let shown = params.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str()));
    shown
        .map(|(name, value)| match value {
            Value::String(text) if text.len() > MAX_TEXT => {
                (name.clone(), Value::from(text.chars().take(MAX_TEXT).collect::<String>()))
            }
            other => (name.clone(), other.clone()),
        })
        .collect()
}
