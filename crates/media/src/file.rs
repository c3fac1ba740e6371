//! A local file that a service fetches, and why one cannot be.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use miette::Diagnostic;
use thiserror::Error;

use super::probe;
use igsync_base::files::ReadDisk;

/// A local media file on its way to a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    /// As people know it: relative to the content root, `/`-separated.
    pub name: Arc<str>,
    /// Where the bytes are on this machine.
    pub path: PathBuf,
    /// 64 hex digits.
    pub sha256: Arc<str>,
    /// In bytes.
    pub len: u64,
    /// `image/jpeg`: what the bytes are, whatever the name says.
    pub content_type: &'static str,
    /// Made by igsync from the file of that name: no one else has these bytes.
    pub is_made_here: bool,
}

/// Why a local file cannot be published as it is.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum FileError {
    #[error("{name} was not read")]
    #[diagnostic(help("run apply again; if that does not help, please report it"))]
    NotRead { name: Arc<str> },
    #[error("cannot read {name}: {problem}")]
    #[diagnostic(help("put the file back, then run apply again"))]
    Unreadable { name: Arc<str>, problem: String },
    #[error("{name} changed while igsync was running")]
    #[diagnostic(help("run apply again: the new bytes are checked first"))]
    Changed { name: Arc<str> },
    #[error("{name} is a Git LFS pointer, not the file itself")]
    #[diagnostic(help("run `git lfs pull`; in CI check out with `lfs: true`"))]
    Pointer { name: Arc<str> },
    #[error("{name} cannot be converted: {problem}")]
    #[diagnostic(help("export it again, or commit a JPEG; `media.convert: false` publishes pictures as they are"))]
    NotConverted { name: Arc<str>, problem: String },
}

impl FileError {
    /// The file of this name gives no bytes.
    #[must_use]
    pub fn unreadable(name: &Arc<str>, error: &io::Error) -> Self {
        Self::Unreadable { name: Arc::clone(name), problem: error.to_string() }
    }
}

impl MediaFile {
    /// Looks at a file of the content root whose digest is known; a few small reads.
    pub fn look(disk: &dyn ReadDisk, name: &Arc<str>, path: PathBuf, sha256: &str) -> io::Result<Self> {
        let facts = probe::probe(&mut disk.open(&path)?)?;
        Ok(Self {
            name: Arc::clone(name),
            path,
            sha256: sha256.into(),
            len: facts.len,
            content_type: facts.format.mime().unwrap_or(UNKNOWN),
            is_made_here: false,
        })
    }

    /// The usual ending of a name for these bytes, without the dot.
    #[must_use]
    pub fn ext(&self) -> &'static str {
        match self.content_type {
            "image/jpeg" => "jpg",
            "image/png" => "png",
            "image/gif" => "gif",
            "image/webp" => "webp",
            "image/heic" => "heic",
            "image/avif" => "avif",
            "image/bmp" => "bmp",
            "image/tiff" => "tiff",
            "video/mp4" => "mp4",
            "video/quicktime" => "mov",
            "video/webm" => "webm",
            _ => "bin",
        }
    }
}

/// What HTTP says where no one knows better.
const UNKNOWN: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_testkit::MemDisk;

    const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn type_and_ending_come_from_the_bytes() {
        let disk = MemDisk::new();
        for (bytes, content_type, ext) in [
            (&b"\xFF\xD8\xFF\xE0\0\x10JFIF\0"[..], "image/jpeg", "jpg"),
            (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime", "mov"),
            (b"\0\0\0\x14ftypisom\0\0\0\0isom", "video/mp4", "mp4"),
            (b"hello", "application/octet-stream", "bin"),
        ] {
            disk.put("/site/photo.HEIC", bytes);
            let file = MediaFile::look(&disk, &"photo.HEIC".into(), "/site/photo.HEIC".into(), SHA).unwrap();
            assert_eq!((file.content_type, file.ext(), file.len), (content_type, ext, bytes.len() as u64));
        }
    }
}
