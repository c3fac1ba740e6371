//! MP4 and MOV: the boxes at the top of the file; `moov` is read whole, media data never.

use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use super::tracks::{self, AudioTrack, EditList, VideoTrack};
use super::{be32, be64, read_at};

/// Boxes at the top of the file. Fragmented files have two per fragment.
pub(crate) const MAX_BOXES: usize = 4_096;
/// A `moov` of 15 minutes is about 1 MB. In bytes.
pub(crate) const MAX_MOOV: u64 = 32 << 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    pub brand: Brand,
    /// `moov` (the index) is before `mdat` (the data), so playing can begin before the end arrives.
    pub moov_first: bool,
    /// `false`: the file ends, or breaks, before its index.
    pub has_index: bool,
    /// In milliseconds; `None` where the index does not say (live fragments).
    pub duration_ms: Option<u64>,
    /// The first video track.
    pub video: Option<VideoTrack>,
    /// The first audio track.
    pub audio: Option<AudioTrack>,
    pub edit_list: EditList,
    /// Made of fragments (`moof`).
    pub fragmented: bool,
    /// The box, by its type and place in bytes, that runs past the end of the file.
    pub truncated: Option<(String, u64)>,
}

impl Video {
    /// Bits per second of the picture, averaged; where the index does not show, over the whole file of
    /// `len` bytes.
    #[must_use]
    pub fn bit_rate(&self, len: u64) -> Option<u64> {
        if let Some(rate) = self.video.as_ref().and_then(|track| track.bit_rate) {
            return Some(rate);
        }
        let ms = self.duration_ms.filter(|ms| *ms > 0)?;
        Some(len.saturating_mul(8_000) / ms)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Brand {
    /// Major brand `qt  `, or no brand at all.
    QuickTime,
    /// The major brand: `isom`, `mp42`.
    Mp4(String),
}

pub(super) fn read(source: &mut (impl Read + Seek + ?Sized), len: u64) -> io::Result<Video> {
    let mut video = Video {
        brand: Brand::QuickTime,
        moov_first: false,
        has_index: false,
        duration_ms: None,
        video: None,
        audio: None,
        edit_list: EditList::None,
        fragmented: false,
        truncated: None,
    };
    let (mut at, mut data_seen, mut last_chunk) = (0, false, None);
    for _ in 0..MAX_BOXES {
        let head = read_at(source, at, 16)?;
        if head.len() < 8 {
            break;
        }
        let kind = &head[4..8];
        let (size, header) = match be32(&head) {
            0 => (len - at, 8),
            1 => (be64(head.get(8..).unwrap_or_default()), 16),
            size => (u64::from(size), 8),
        };
        let end = at.saturating_add(size);
        if size < header || end > len {
            video.truncated = Some((fourcc(kind), at));
        }
        match kind {
            b"ftyp" => {
                let brand = read_at(source, at + header, 4)?;
                if brand != b"qt  " {
                    video.brand = Brand::Mp4(fourcc(&brand));
                }
            }
            b"mdat" => data_seen = true,
            b"moof" => video.fragmented = true,
            b"moov" if end <= len && size <= MAX_MOOV && !video.has_index => {
                video.moov_first = !data_seen;
                video.has_index = true;
                last_chunk = tracks::read(&read_at(source, at + header, size.saturating_sub(header))?, &mut video);
            }
            _ => {}
        }
        if video.truncated.is_some() {
            break;
        }
        at = end;
    }
    // Cut off between two boxes, it looks whole but for what its index points to.
    if let Some(place) = last_chunk.filter(|place| *place >= len && video.truncated.is_none()) {
        video.truncated = Some(("mdat".into(), place));
    }
    Ok(video)
}

/// Four characters, anything unprintable as `?`.
pub(crate) fn fourcc(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '?' }).collect()
}
