//! A local file that somebody has to fetch.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::media::probe;
use crate::port::Disk;

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
    /// Made by igsync from the file of that name: nobody else has these bytes.
    pub is_made_here: bool,
}

impl MediaFile {
    /// Looks at a file of the content root whose digest is known; a few small reads.
    pub fn look(disk: &dyn Disk, name: &Arc<str>, path: PathBuf, sha256: &str) -> io::Result<Self> {
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

/// What HTTP says where nobody knows better.
const UNKNOWN: &str = "application/octet-stream";

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub(crate) const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    /// A picture of three bytes that no disk holds.
    pub(crate) fn picture(name: &str) -> MediaFile {
        MediaFile {
            name: name.into(),
            path: PathBuf::from("/site").join(name),
            sha256: SHA.into(),
            len: 3,
            content_type: "image/jpeg",
            is_made_here: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::SHA;
    use super::*;
    use crate::port::MemDisk;

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
