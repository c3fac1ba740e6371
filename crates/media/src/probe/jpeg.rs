//! JPEG: the segments up to the scan, and whether the file has its end.

use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use super::{Format, be16, be32, icc, read_at};

/// Segments before the scan; a real file has a few dozen at most.
const MAX_SEGMENTS: usize = 2_000;
/// A larger file is refused for its size, and not looked through for its end. In bytes.
const MAX_LOOKED_THROUGH: u64 = 128 << 20;
/// How much of a scan is looked through at a time, in bytes.
const BLOCK: u64 = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states")]
pub struct Jpeg {
    /// In pixels, as stored; 0 when the file ends before its frame header.
    pub width: u32,
    /// In pixels, as stored; 0 when the file ends before its frame header.
    pub height: u32,
    /// EXIF orientation, 1 to 8; 1 is upright, 5 to 8 lie on their side.
    pub orientation: u8,
    pub progressive: bool,
    /// The first scan holds all components: unless the picture is progressive, its rows come one after the other.
    pub interleaved: bool,
    /// 1 grey, 3 colour, 4 CMYK.
    pub components: u8,
    /// An ICC colour profile is embedded.
    pub icc_profile: bool,
    /// That profile's primaries span clearly more than sRGB: Display P3, Adobe RGB.
    pub wide_gamut: bool,
    /// The EXIF data hold a GPS section.
    pub gps: bool,
    /// The end marker is there; without it the picture is cut off.
    pub complete: bool,
}

impl Jpeg {
    /// Width and height as seen, orientation applied. In pixels.
    #[must_use]
    pub fn seen_size(&self) -> (u32, u32) {
        if self.orientation >= 5 { (self.height, self.width) } else { (self.width, self.height) }
    }
}

pub(super) fn read(source: &mut (impl Read + Seek + ?Sized), len: u64) -> io::Result<Format> {
    let mut jpeg = Jpeg {
        width: 0,
        height: 0,
        orientation: 1,
        progressive: false,
        interleaved: true,
        components: 0,
        icc_profile: false,
        wide_gamut: false,
        gps: false,
        complete: false,
    };
    let mut several = false;
    let mut at = 2;
    for _ in 0..MAX_SEGMENTS {
        let head = read_at(source, at, 4)?;
        let [0xFF, marker, ..] = head[..] else { break };
        match marker {
            // Fill bytes and markers without a length.
            0xFF => at += 1,
            0x01 | 0xD0..=0xD8 => at += 2,
            0xDA => {
                jpeg.interleaved = read_at(source, at + 4, 1)?.first() == Some(&jpeg.components);
                jpeg.complete = has_end(source, at, len)?;
                break;
            }
            0xD9 => break,
            _ => {
                let size = u64::from(be16(&head[2..]));
                if head.len() < 4 || size < 2 {
                    break;
                }
                segment(source, marker, at + 4, size - 2, &mut jpeg, &mut several)?;
                at += 2 + size;
            }
        }
    }
    Ok(if several { Format::Mpo } else { Format::Jpeg(jpeg) })
}

fn segment(
    source: &mut (impl Read + Seek + ?Sized),
    marker: u8,
    at: u64,
    size: u64,
    jpeg: &mut Jpeg,
    several: &mut bool,
) -> io::Result<()> {
    match marker {
        // Every frame header but the tables that share its range of numbers.
        0xC0..=0xCF if ![0xC4, 0xC8, 0xCC].contains(&marker) => {
            if let [_, h1, h2, w1, w2, components, ..] = read_at(source, at, 6)?[..] {
                jpeg.height = be16(&[h1, h2]).into();
                jpeg.width = be16(&[w1, w2]).into();
                jpeg.components = components;
                jpeg.progressive = matches!(marker, 0xC2 | 0xC6 | 0xCA | 0xCE);
            }
        }
        0xE1 => {
            let bytes = read_at(source, at, size)?;
            if let Some(tiff) = bytes.strip_prefix(b"Exif\0\0") {
                exif(tiff, jpeg);
            }
        }
        0xE2 => {
            let start = read_at(source, at, 12)?;
            if start == b"ICC_PROFILE\0" {
                jpeg.icc_profile = true;
                // Two bytes number the piece; the primaries are in the first.
                jpeg.wide_gamut |= icc::is_wide(&read_at(source, at + 14, size.saturating_sub(14))?);
            }
            if start.starts_with(b"MPF\0") {
                *several |= is_multi_picture(&read_at(source, at + 4, size.saturating_sub(4))?);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether the picture has its end marker. It need not end the file: phones append clips, gain maps and more.
///
/// Goes from marker to marker, beginning at the first scan: the end of an EXIF thumbnail or of an appended picture is
/// not this one's.
fn has_end(source: &mut (impl Read + Seek + ?Sized), scan: u64, len: u64) -> io::Result<bool> {
    if len > MAX_LOOKED_THROUGH || (len >= scan + 2 && read_at(source, len - 2, 2)? == [0xFF, 0xD9]) {
        return Ok(true);
    }
    let mut at = scan;
    for _ in 0..MAX_SEGMENTS {
        let head = read_at(source, at, 4)?;
        match head[..] {
            [0xFF, 0xD9, ..] => return Ok(true),
            [0xFF, 0xFF, ..] => at += 1,
            [0xFF, 0x01 | 0xD0..=0xD8, ..] => at += 2,
            [0xFF, marker, high, low] => {
                at += 2 + u64::from(be16(&[high, low])).max(2);
                if marker == 0xDA {
                    let Some(next) = behind_scan(source, at)? else { return Ok(false) };
                    at = next;
                }
            }
            _ => return Ok(false),
        }
    }
    Ok(false)
}

/// The marker that ends the coded picture from `from` on. Inside of it a byte of ones is followed by a zero, or is part
/// of a restart marker.
fn behind_scan(source: &mut (impl Read + Seek + ?Sized), from: u64) -> io::Result<Option<u64>> {
    let mut at = from;
    loop {
        // A marker may lie across two blocks.
        let block = read_at(source, at, BLOCK + 1)?;
        let ends = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
        if let Some(place) = block.windows(2).position(ends) {
            return Ok(Some(at + place as u64));
        }
        if block.len() as u64 <= BLOCK {
            return Ok(None);
        }
        at += BLOCK;
    }
}

/// The entries of the first directory of a TIFF block: `(tag, count, value bytes)`.
struct Directory<'a> {
    tiff: &'a [u8],
    little: bool,
    at: usize,
    left: u16,
}

impl<'a> Directory<'a> {
    fn first(tiff: &'a [u8]) -> Option<Self> {
        let little = match tiff.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let mut directory = Self { tiff, little, at: 0, left: 0 };
        let start = directory.number(4, 4)? as usize;
        directory.left = u16::try_from(directory.number(start, 2)?).ok()?;
        directory.at = start + 2;
        Some(directory)
    }

    /// `len` is 2 or 4 bytes.
    fn number(&self, at: usize, len: usize) -> Option<u32> {
        let mut bytes = self.tiff.get(at..at.checked_add(len)?)?.to_vec();
        if self.little {
            bytes.reverse();
        }
        Some(be32(&bytes))
    }
}

impl Directory<'_> {
    fn orientation(&self, at: usize) -> Option<u8> {
        self.number(at, 2).filter(|number| (1..=8).contains(number)).and_then(|number| u8::try_from(number).ok())
    }
}

impl Iterator for Directory<'_> {
    /// Tag, count, and where its four bytes of value are.
    type Item = (u32, u32, usize);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let entry = (self.number(self.at, 2)?, self.number(self.at + 4, 4)?, self.at + 8);
        self.at += 12;
        Some(entry)
    }
}

fn exif(tiff: &[u8], jpeg: &mut Jpeg) {
    let Some(mut directory) = Directory::first(tiff) else { return };
    while let Some((tag, _, value)) = directory.next() {
        match tag {
            0x0112 => jpeg.orientation = directory.orientation(value).unwrap_or(jpeg.orientation),
            0x8825 => jpeg.gps = true,
            _ => {}
        }
    }
}

/// The orientation that the EXIF data of any picture say, 1 to 8.
pub(crate) fn orientation_of(tiff: &[u8]) -> u8 {
    let Some(mut directory) = Directory::first(tiff) else { return 1 };
    while let Some((tag, _, value)) = directory.next() {
        if tag == 0x0112 {
            return directory.orientation(value).unwrap_or(1);
        }
    }
    1
}

/// Whether the multi-picture index lists a stereo pair, a panorama or several angles. Gain maps and
/// previews use the same index and leave the file an ordinary JPEG.
fn is_multi_picture(tiff: &[u8]) -> bool {
    let Some(mut directory) = Directory::first(tiff) else { return false };
    while let Some((tag, count, value)) = directory.next() {
        if tag == 0xB002 {
            let Some(start) = directory.number(value, 4) else { return false };
            let entries = (count / 16).min(64) as usize;
            return (0..entries).any(|n| {
                directory.number(start as usize + n * 16, 4).is_some_and(|kind| kind & 0x00FF_0000 == 0x0002_0000)
            });
        }
    }
    false
}
