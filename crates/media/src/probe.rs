//! What a media file is, judged by its bytes and never by its name. Facts only; which of them Meta
//! accepts is decided elsewhere.
//!
//! A probe makes a few small reads at known places: its cost does not grow with the file, but for a JPEG with something
//! behind its end, which is looked for.

mod coding;
mod icc;
mod jpeg;
mod mp4;
mod samples;
#[cfg(test)]
mod tests;
mod tracks;

use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

pub use jpeg::Jpeg;
pub(crate) use jpeg::orientation_of;
pub use mp4::{Brand, Video};
pub(crate) use mp4::{MAX_BOXES, MAX_MOOV, fourcc};
pub use tracks::{AudioTrack, EditList, Scan, VideoTrack};

/// Goes up whenever the readers may read other facts from the same bytes: what an older one has read is not trusted.
/// `every_fact_of_the_samples_is_as_this_reader_reads_it` shows such a change.
pub(super) const READER: u64 = 2;

/// The facts of one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// In bytes.
    pub len: u64,
    pub format: Format,
}

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Format {
    Jpeg(Jpeg),
    /// MP4 or MOV.
    Video(Video),
    Png,
    Gif,
    WebP,
    Heic,
    Avif,
    /// Several photographs in one file (stereo, panorama); a JPEG with a gain map is not meant.
    Mpo,
    Bmp,
    Tiff,
    /// Matroska or `WebM`.
    Matroska,
    Avi,
    /// The transport stream of broadcasting, in which camcorders write AVCHD.
    MpegTs,
    /// The text file that Git LFS leaves where the real file was not fetched.
    LfsPointer,
    /// A web page, as hosts send it instead of a missing file.
    Html,
    Empty,
    Unknown,
}

impl Format {
    /// A name for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Jpeg(_) => "JPEG",
            Self::Video(video) => match video.brand {
                Brand::QuickTime => "MOV",
                Brand::Mp4(_) => "MP4",
            },
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Mpo => "MPO",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Matroska => "Matroska/WebM",
            Self::Avi => "AVI",
            Self::MpegTs => "MPEG-TS (AVCHD)",
            Self::LfsPointer => "Git LFS pointer",
            Self::Html => "HTML",
            Self::Empty => "empty file",
            Self::Unknown => "unknown format",
        }
    }

    /// `image/jpeg`, or `None` for what is not media.
    #[must_use]
    pub fn mime(&self) -> Option<&'static str> {
        Some(match self {
            Self::Jpeg(_) | Self::Mpo => "image/jpeg",
            Self::Video(Video { brand: Brand::QuickTime, .. }) => "video/quicktime",
            Self::Video(_) => "video/mp4",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Matroska => "video/webm",
            Self::Avi => "video/x-msvideo",
            Self::MpegTs => "video/mp2t",
            Self::LfsPointer | Self::Html | Self::Empty | Self::Unknown => return None,
        })
    }
}

/// Reads the facts of one file.
///
/// # Errors
///
/// Only those of `source` itself: bytes that make no sense are facts, too.
pub fn probe(source: &mut (impl Read + Seek + ?Sized)) -> io::Result<Facts> {
    let len = source.seek(SeekFrom::End(0))?;
    let head = read_at(source, 0, 512)?;
    Ok(Facts { len, format: format(source, &head, len)? })
}

fn format(source: &mut (impl Read + Seek + ?Sized), head: &[u8], len: u64) -> io::Result<Format> {
    Ok(match head {
        [] => Format::Empty,
        [0xFF, 0xD8, 0xFF, ..] => jpeg::read(source, len)?,
        [0x89, b'P', b'N', b'G', ..] => Format::Png,
        [b'G', b'I', b'F', b'8', ..] => Format::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::WebP,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Format::Avi,
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Format::Bmp,
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Format::Tiff,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Format::Matroska,
        [_, _, _, _, kind @ ..] if kind.starts_with(b"ftyp") && is_heif(head) => heif(head),
        [_, _, _, _, kind @ ..] if is_movie(kind) => Format::Video(mp4::read(source, len)?),
        _ if is_transport_stream(head) => Format::MpegTs,
        _ if head.starts_with(b"version https://git-lfs") => Format::LfsPointer,
        _ if is_html(head) => Format::Html,
        _ => Format::Unknown,
    })
}

/// `ftyp` opens every MP4; `QuickTime` files of old begin with another box.
fn is_movie(kind: &[u8]) -> bool {
    [&b"ftyp"[..], b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].iter().any(|name| kind.starts_with(name))
}

/// Packets of 188 bytes, each begun by a `G`; on discs with four bytes of time in front.
fn is_transport_stream(head: &[u8]) -> bool {
    [(0, 188), (4, 192)].iter().any(|(at, size)| (0..2).all(|n| head.get(at + n * size) == Some(&b'G')))
}

fn brands(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = head.get(..4).map_or(0, |size| be32(size) as usize).min(head.len());
    // Byte 12 to 16 are the minor version.
    head.get(8..12).into_iter().chain(head.get(16..end).unwrap_or_default().chunks_exact(4))
}

fn is_heif(head: &[u8]) -> bool {
    let major = head.get(8..12).unwrap_or_default();
    [&b"heic"[..], b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"].contains(&major)
}

fn heif(head: &[u8]) -> Format {
    if brands(head).any(|brand| brand == b"avif" || brand == b"avis") { Format::Avif } else { Format::Heic }
}

fn is_html(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    begins(b"<!doctype html") || begins(b"<html") || begins(b"<head")
}

/// Up to `len` bytes from `at`; fewer only at the end of the file.
pub(crate) fn read_at(source: &mut (impl Read + Seek + ?Sized), at: u64, len: u64) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Big-endian; missing bytes count as zero.
fn be16(bytes: &[u8]) -> u16 {
    bytes.iter().take(2).fold(0, |sum, byte| sum << 8 | u16::from(*byte))
}

/// Big-endian; missing bytes count as zero.
pub(crate) fn be32(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Big-endian; missing bytes count as zero.
pub(crate) fn be64(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
