//! Inside `moov`: tracks, codecs, times.

use serde::{Deserialize, Serialize};

use super::coding::Chroma;
use super::mp4::{Video, fourcc};
use super::{be16, be32, be64, coding, samples};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoTrack {
    /// `avc1` and `avc3` are H.264, `hvc1` and `hev1` HEVC.
    pub codec: String,
    /// In pixels as seen, rotation applied.
    pub width: u32,
    /// In pixels as seen, rotation applied.
    pub height: u32,
    /// Clockwise degrees: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Frames per second, averaged; `None` in fragmented files.
    pub frame_rate: Option<f64>,
    /// How colours are stored (`4:2:0`), where the codec's configuration says.
    #[serde(deserialize_with = "coding::known_chroma")]
    pub chroma: Option<Chroma>,
    /// Whether frames are whole, where the codec's configuration says.
    pub scan: Option<Scan>,
    /// Groups of pictures lean on each other; `None` where the index does not show.
    pub open_group: Option<bool>,
    /// Bits per second, averaged; `None` in fragmented files.
    pub bit_rate: Option<u64>,
}

/// How the lines of a picture are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scan {
    Progressive,
    /// The coding allows fields; whether there are any, only the pictures show.
    MayBeInterlaced,
    Interlaced,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// `mp4a` is AAC, `.mp3` MP3.
    pub codec: String,
    /// In Hz.
    pub sample_rate: u32,
    pub channels: u16,
    /// Bits per second, averaged; `None` where the index does not show.
    pub bit_rate: Option<u64>,
}

/// Whether the tracks are played other than from their start to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EditList {
    None,
    /// A pause, a skip, or both, of less than a quarter of a second: what encoders write to hide their delay.
    Delay,
    /// Parts are left out, held or repeated.
    Cuts,
}

/// Nesting and number of boxes, bounded so that a hostile file costs nothing.
const MAX_CHILDREN: usize = 256;

/// The boxes directly inside `bytes`; a broken size ends the walk.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let size = match be32(rest.get(..8)?) {
            0 => rest.len(),
            1 => usize::try_from(be64(rest.get(8..16)?)).ok()?,
            size => size as usize,
        };
        let header = if be32(rest) == 1 { 16 } else { 8 };
        // A box that is smaller than its own header would never end.
        if size < header {
            return None;
        }
        let (this, after) = (rest.get(..size)?, rest.get(size..)?);
        rest = after;
        Some((&this[4..8], this.get(header..)?))
    })
    .take(MAX_CHILDREN)
}

pub(super) fn find<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |inside, name| boxes(inside).find(|(kind, _)| kind == name).map(|(_, body)| body))
}

/// Reads `moov`. Answers with the last place in the file that it points to, in bytes.
pub(super) fn read(moov: &[u8], video: &mut Video) -> Option<u64> {
    let mut last_chunk = None;
    video.fragmented |= find(moov, &[b"mvex"]).is_some();
    let header = find(moov, &[b"mvhd"]).and_then(Times::read);
    let movie_scale = header.as_ref().map_or(1, |times| times.scale);
    if let Some(times) = header {
        let whole = match find(moov, &[b"mvex", b"mehd"]) {
            Some(mehd) => versioned(mehd, 4),
            None => times.duration,
        };
        video.duration_ms = (whole > 0).then(|| times.ms(whole));
    }
    for (_, track) in boxes(moov).filter(|(kind, _)| *kind == b"trak") {
        video.edit_list = video.edit_list.max(edit_list(track, movie_scale));
        let Some(media) = find(track, &[b"mdia"]) else { continue };
        last_chunk = last_chunk.max(samples::last_chunk(media));
        let handler = find(media, &[b"hdlr"]).and_then(|body| body.get(8..12)).unwrap_or_default();
        let Some(description) = find(media, &[b"minf", b"stbl", b"stsd"]).and_then(|body| body.get(8..)) else {
            continue;
        };
        let Some((codec, entry)) = boxes(description).next() else { continue };
        match handler {
            b"vide" if video.video.is_none() => video.video = Some(video_track(track, media, codec, entry)),
            b"soun" if video.audio.is_none() => video.audio = Some(audio_track(media, codec, entry)),
            _ => {}
        }
    }
    last_chunk
}

/// Time scale and duration of `mvhd` or `mdhd`.
pub(super) struct Times {
    /// Units per second, never 0.
    pub(super) scale: u32,
    /// In units.
    pub(super) duration: u64,
}

impl Times {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let at = if *body.first()? == 1 { 20 } else { 12 };
        let scale = be32(body.get(at..at + 4)?);
        (scale > 0).then(|| Self { scale, duration: versioned(body, at + 4) })
    }

    fn ms(&self, units: u64) -> u64 {
        let ms = u128::from(units) * 1000 / u128::from(self.scale);
        u64::try_from(ms).unwrap_or(u64::MAX)
    }
}

/// A number that is four bytes long in version 0 of a box and eight in version 1. All ones mean
/// "not known" and give 0.
fn versioned(body: &[u8], at: usize) -> u64 {
    let rest = body.get(at..).unwrap_or_default();
    if body.first() == Some(&1) {
        Some(be64(rest)).filter(|n| *n != u64::MAX).unwrap_or(0)
    } else {
        Some(be32(rest)).filter(|n| *n != u32::MAX).map_or(0, u64::from)
    }
}

fn video_track(track: &[u8], media: &[u8], codec: &[u8], entry: &[u8]) -> VideoTrack {
    let (width, height) = (be16(entry.get(24..).unwrap_or_default()), be16(entry.get(26..).unwrap_or_default()));
    let rotation = find(track, &[b"tkhd"]).map_or(0, rotation);
    let (width, height) = if rotation % 180 == 90 { (height, width) } else { (width, height) };
    let coding = coding::read(entry.get(78..).unwrap_or_default());
    VideoTrack {
        codec: fourcc(codec),
        width: width.into(),
        height: height.into(),
        rotation,
        frame_rate: samples::frame_rate(media),
        chroma: coding.chroma,
        scan: coding.scan,
        open_group: samples::has_open_group(media, codec.starts_with(b"avc")),
        bit_rate: samples::bit_rate(media),
    }
}

/// The matrix of `tkhd`; only quarter turns are told apart.
fn rotation(tkhd: &[u8]) -> u16 {
    let at = if tkhd.first() == Some(&1) { 52 } else { 40 };
    let cell = |n: usize| be32(tkhd.get(at + n * 4..).unwrap_or_default()).cast_signed().signum();
    match (cell(0), cell(1), cell(3), cell(4)) {
        (0, 1, -1, 0) => 90,
        (-1, 0, 0, -1) => 180,
        (0, -1, 1, 0) => 270,
        _ => 0,
    }
}

fn audio_track(media: &[u8], codec: &[u8], entry: &[u8]) -> AudioTrack {
    let at = |n: usize| entry.get(n..).unwrap_or_default();
    // Rates that do not fit 16 bits leave 0 here; the track's time scale has them.
    let sample_rate = match be32(at(24)) >> 16 {
        0 => find(media, &[b"mdhd"]).and_then(Times::read).map_or(0, |times| times.scale),
        rate => rate,
    };
    let esds = find(at(28), &[b"esds"]);
    let channels = esds.and_then(aac_channels).unwrap_or(be16(at(16)));
    let decoder = esds.and_then(decoder);
    // What is not AAC in an MP4 may be called `mp4a` as well; only the type inside decides.
    let codec = match decoder.and_then(<[u8]>::first) {
        Some(0x69 | 0x6B) => ".mp3".into(),
        Some(0xA5) => "ac-3".into(),
        Some(0xA6) => "ec-3".into(),
        Some(kind) if codec == b"mp4a" && !matches!(kind, 0x40 | 0x66..=0x68) => format!("mp4a.{kind:02x}"),
        _ => fourcc(codec),
    };
    let written = decoder.and_then(|decoder| Some(u64::from(be32(decoder.get(9..13)?)))).filter(|rate| *rate > 0);
    AudioTrack { codec, sample_rate, channels, bit_rate: samples::bit_rate(media).or(written) }
}

/// The configuration of the decoder inside `esds`; its first byte is the type of the sound.
fn decoder(esds: &[u8]) -> Option<&[u8]> {
    let stream = descriptor(esds.get(4..)?, 3)?;
    // Id and flags; the optional parts that flags announce do not occur in files.
    descriptor(stream.get(3..)?, 4)
}

/// The channels of the AAC configuration inside `esds`. The sample entry says 2 in most MP4 files,
/// whatever the sound has.
fn aac_channels(esds: &[u8]) -> Option<u16> {
    let decoder = decoder(esds)?;
    let bits = be16(descriptor(decoder.get(13..)?, 5)?.get(..2)?);
    // Five bits of object type, four of sample rate, four of channels, unless escapes make them longer.
    let (object, rate) = (bits >> 11, (bits >> 7) & 15);
    if object == 31 || rate == 15 {
        return None;
    }
    match (bits >> 3) & 15 {
        few @ 1..=6 => Some(few),
        7 => Some(8),
        _ => None,
    }
}

/// The content of the descriptor with this tag at the beginning of `bytes`; its size takes one to
/// four bytes of seven bits each.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, mut rest) = bytes.split_first()?;
    let mut size = 0;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        size = size << 7 | usize::from(byte & 127);
        if byte & 128 == 0 {
            break;
        }
    }
    (*first == tag).then(|| rest.get(..size).unwrap_or(rest))
}

/// An edit list as far as it matters: which part of the media is played, and after which pause.
///
/// A short pause in front (an empty edit) and a few frames left out at the start are what encoders
/// write to line up sound and picture. `movie_scale`: units per second in which pauses are given.
fn edit_list(track: &[u8], movie_scale: u32) -> EditList {
    let Some(body) = find(track, &[b"edts", b"elst"]) else { return EditList::None };
    let is_long = body.first() == Some(&1);
    let count = be32(body.get(4..).unwrap_or_default()) as usize;
    let rows = body.get(8..).unwrap_or_default().chunks_exact(if is_long { 20 } else { 12 });
    let edits: Vec<(u64, i64)> = rows
        .take(count.min(MAX_CHILDREN))
        .map(|row| {
            if is_long {
                (be64(row), be64(&row[8..]).cast_signed())
            } else {
                (be32(row).into(), be32(&row[4..]).cast_signed().into())
            }
        })
        .collect();
    let scale = find(track, &[b"mdia", b"mdhd"]).and_then(Times::read).map_or(1, |times| i64::from(times.scale));
    let starts_soon = |start: i64| start == 0 || (start > 0 && start < scale / 4);
    match edits[..] {
        [] => EditList::None,
        [(_, start)] if starts_soon(start) => EditList::Delay,
        [(pause, -1), (_, start)] if pause < u64::from(movie_scale) / 4 && starts_soon(start) => EditList::Delay,
        _ => EditList::Cuts,
    }
}
