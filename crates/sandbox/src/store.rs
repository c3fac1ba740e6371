//! The media that the sandbox holds, by their digest.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use sha2::{Digest, Sha256};

use super::container::Stored;
use super::seed;
use igsync_base::files::Disk;
use igsync_media::probe::{Facts, Format};

/// The largest file taken, in bytes: above every limit of Meta's, so that those can be met.
pub(crate) const MAX_FILE: u64 = 400 << 20;

pub(crate) struct Store {
    folder: Option<PathBuf>,
    disk: Arc<dyn Disk>,
    /// All files when there is no folder, else none.
    memory: Mutex<HashMap<String, Bytes>>,
}

/// A name as `/_sandbox/media/` takes it: 64 hexadecimal digits, a dot, a short extension.
pub(crate) fn is_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(digest, ext)| {
        digest.len() == 64
            && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            && (1..=5).contains(&ext.len())
            && ext.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The extension that fits the bytes.
fn extension(format: &Format) -> &'static str {
    match format.mime() {
        Some("image/jpeg") => "jpg",
        Some("image/png") => "png",
        Some("image/webp") => "webp",
        Some("video/quicktime") => "mov",
        Some("video/mp4") => "mp4",
        _ => "bin",
    }
}

impl Store {
    /// Files go below `folder`, which exists; without one they stay in memory.
    pub(crate) fn new(folder: Option<PathBuf>, disk: Arc<dyn Disk>) -> Self {
        Self { folder, disk, memory: Mutex::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Bytes> {
        if !is_name(name) {
            return seed::file(name);
        }
        match &self.folder {
            Some(folder) => self.disk.read(&folder.join(name), MAX_FILE).ok().map(Bytes::from),
            None => self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned(),
        }
    }

    /// Keeps a file under a name whose digest was checked.
    pub(crate) fn put(&self, name: &str, bytes: Bytes) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes);
            return Ok(());
        };
        let path = folder.join(name);
        let known = self.disk.stat(&path).is_ok_and(|stat| stat.len == bytes.len() as u64);
        if known { Ok(()) } else { self.disk.replace(&path, &bytes) }
    }

    /// Keeps a file under its own digest.
    pub(crate) fn keep(&self, bytes: Bytes, facts: &Facts) -> io::Result<Stored> {
        let name = format!("{}.{}", sha256(&bytes), extension(&facts.format));
        self.put(&name, bytes)?;
        let duration_ms = match &facts.format {
            Format::Video(video) => video.duration_ms,
            _ => None,
        };
        Ok(Stored { name, len: facts.len, duration_ms })
    }
}
