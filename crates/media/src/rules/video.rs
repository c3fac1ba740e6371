//! Videos, each finding with the command that fixes it.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use super::super::probe::{AudioTrack, EditList, Scan, Video, VideoTrack};
use super::{Broken, Use, ffmpeg, grouped, megabytes};
use igsync_base::finding::Rule;
use igsync_base::rules;

/// What one place takes.
struct Limits {
    /// In bytes: above this it is refused.
    max_len: u64,
    /// In bytes, as Meta's page writes it.
    documented_len: u64,
    /// In milliseconds.
    max_ms: u64,
    /// Width to height, in thousandths.
    min_shape: u64,
    name: &'static str,
}

const REEL: Limits =
    Limits { max_len: 300 << 20, documented_len: 300_000_000, max_ms: 15 * 60_000, min_shape: 10, name: "a reel" };
const STORY: Limits =
    Limits { max_len: 100 << 20, documented_len: 100_000_000, max_ms: 60_000, min_shape: 100, name: "a story" };

/// In milliseconds.
const MIN_MS: u64 = 3_000;
/// Encoders round the last frame and pad the sound, and how strictly Meta counts is not known. In
/// milliseconds.
const ROUNDING_MS: u64 = 500;
const MAX_WIDTH: u32 = 1920;
/// Width to height, in thousandths.
const MAX_SHAPE: u64 = 10_000;
/// Frames per second. Averages of phones miss whole numbers by a little.
const FRAME_RATES: std::ops::RangeInclusive<f64> = 22.9..=60.1;
/// Bits per second.
const MAX_BIT_RATE: u64 = 25_000_000;
/// In Hz.
const MAX_SAMPLE_RATE: u32 = 48_000;
const MAX_CHANNELS: u16 = 2;
/// Bits per second: Meta's 128 kbit/s, and what encoders that were told so make of it.
const MAX_AUDIO_BIT_RATE: u64 = 140_800;
/// For videos in carousels, about which Meta's pages are silent.
const CAROUSEL_MS: u64 = 60_000;
const CAROUSEL_LEN: u64 = 100_000_000;

const ENCODE: &str = "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart";
const COPY: &str = "-c copy -movflags +faststart";

pub(super) fn check(video: &Video, len: u64, wanted: Use, file: &str) -> Vec<Broken> {
    let limits = if wanted == Use::StoryVideo { &STORY } else { &REEL };
    let mut broken = Vec::new();
    if video.truncated.is_some() || !video.has_index {
        broken.push(truncated(video));
    }
    broken.extend(too_large(len, limits));
    // Without its index nothing else is known.
    if !video.has_index {
        return broken;
    }
    match &video.video {
        Some(track) => picture(track, limits, file, &mut broken),
        None => broken.push(Broken::new(
            &rules::NO_VIDEO_TRACK,
            "there is no picture in this video",
            if video.audio.is_some() { "sound only" } else { "no video track" },
            "check what was exported",
        )),
    }
    broken.extend(video.duration_ms.and_then(|ms| duration(ms, limits, file)));
    if wanted == Use::CarouselVideo {
        broken.extend(in_carousel(video, len, file));
    }
    if let Some(rate) = video.bit_rate(len).filter(|rate| *rate > MAX_BIT_RATE) {
        broken.push(Broken::new(
            &rules::VIDEO_BIT_RATE,
            "the video has a high bit rate",
            format!("{} bit/s on average, {} advised at most", grouped(rate), grouped(MAX_BIT_RATE)),
            ffmpeg(file, "-c:v libx264 -maxrate 20M -bufsize 40M -pix_fmt yuv420p -c:a copy", "mp4"),
        ));
    }
    if let Some(audio) = &video.audio {
        sound(audio, file, &mut broken);
    }
    layout(video, file, &mut broken);
    broken
}

fn truncated(video: &Video) -> Broken {
    let label = match &video.truncated {
        Some((name, at)) => format!("the part `{name}` at byte {} runs past the end", grouped(*at)),
        None => "no index (`moov`)".into(),
    };
    let help = "copy or export it again; a recording that was interrupted has no index";
    Broken::new(&rules::MEDIA_TRUNCATED, "the video is cut off", label, help)
}

fn too_large(len: u64, limits: &Limits) -> Option<Broken> {
    if len <= limits.documented_len {
        return None;
    }
    let label = format!("{} bytes, {} allowed", grouped(len), grouped(limits.documented_len));
    let message = format!("the video is too large for {}", limits.name);
    let broken = Broken::new(&rules::VIDEO_TOO_LARGE, message, label, "encode it with a lower bit rate: -crf 23");
    // Meta writes MB and counts MiB elsewhere.
    Some(if len > limits.max_len { broken } else { broken.mild() })
}

fn picture(track: &VideoTrack, limits: &Limits, file: &str, broken: &mut Vec<Broken>) {
    if !["avc1", "avc3", "hvc1", "hev1"].contains(&track.codec.as_str()) {
        let message = "the video is neither H.264 nor HEVC";
        broken.push(Broken::new(&rules::VIDEO_CODEC, message, codec(&track.codec), ffmpeg(file, ENCODE, "mp4")));
    }
    if let Some(rate) = track.frame_rate.filter(|rate| !FRAME_RATES.contains(rate)) {
        broken.push(Broken::new(
            &rules::FRAME_RATE,
            if rate < 23.0 {
                "the video has too few frames per second"
            } else {
                "the video has too many frames per second"
            },
            format!("{rate:.2} frames per second, 23 to 60 allowed"),
            ffmpeg(file, &format!("-r 30 {ENCODE}"), "mp4"),
        ));
    }
    if track.width > MAX_WIDTH {
        broken.push(Broken::new(
            &rules::VIDEO_WIDTH,
            "the video is too wide",
            format!("{}×{}{}, {MAX_WIDTH} pixels wide at most", track.width, track.height, turned(track)),
            ffmpeg(file, &format!("-vf scale={MAX_WIDTH}:-2 {ENCODE}"), "mp4"),
        ));
    }
    let shape = u64::from(track.width) * 1000 / u64::from(track.height.max(1));
    let is_above = u64::from(track.width) * 1000 > MAX_SHAPE * u64::from(track.height);
    if shape < limits.min_shape || is_above {
        broken.push(Broken::new(
            &rules::VIDEO_SHAPE,
            format!("the video has no shape that {} can have", limits.name),
            format!("{}×{}{}", track.width, track.height, turned(track)),
            format!("{}:1000 to 10:1 is allowed; crop or pad it, 9:16 fills the screen", limits.min_shape),
        ));
    }
    if track.chroma.is_some_and(|chroma| chroma != "4:2:0") {
        broken.push(Broken::new(
            &rules::CHROMA,
            "the colours of the video are not stored as 4:2:0",
            track.chroma.unwrap_or_default(),
            ffmpeg(file, ENCODE, "mp4"),
        ));
    }
    broken.extend(scan(track, file));
    if track.open_group == Some(true) {
        broken.push(Broken::new(
            &rules::OPEN_GROUP,
            "a group of pictures depends on the one before",
            "open groups of pictures",
            ffmpeg(file, &format!("-flags +cgop {ENCODE}"), "mp4"),
        ));
    }
}

fn scan(track: &VideoTrack, file: &str) -> Option<Broken> {
    let (message, label) = match track.scan {
        Some(Scan::Interlaced) => ("the video is interlaced", "half-frames"),
        Some(Scan::MayBeInterlaced) => ("the video may be interlaced", "its coding allows half-frames"),
        Some(Scan::Progressive) | None => return None,
    };
    let broken = Broken::new(&rules::INTERLACED, message, label, ffmpeg(file, &format!("-vf yadif {ENCODE}"), "mp4"));
    Some(if track.scan == Some(Scan::Interlaced) { broken } else { broken.mild() })
}

fn turned(track: &VideoTrack) -> &'static str {
    if track.rotation % 180 == 90 { " as seen" } else { "" }
}

fn duration(ms: u64, limits: &Limits, file: &str) -> Option<Broken> {
    let rule: &'static Rule = &rules::VIDEO_DURATION;
    let label = format!("{}, {} has {}", seconds(ms), limits.name, span(limits));
    let broken = if ms < MIN_MS {
        Broken::new(rule, "the video is too short", label, "make it at least 3 seconds long")
    } else if ms > limits.max_ms {
        let help = ffmpeg(file, &format!("-t {} {ENCODE}", limits.max_ms / 1000), "mp4");
        Broken::new(rule, "the video is too long", label, format!("cut it: {help}"))
    } else {
        return None;
    };
    let off = if ms < MIN_MS { MIN_MS - ms } else { ms - limits.max_ms };
    Some(if off <= ROUNDING_MS.min(if ms < MIN_MS { 100 } else { ROUNDING_MS }) { broken.mild() } else { broken })
}

fn span(limits: &Limits) -> &'static str {
    if limits.max_ms == STORY.max_ms { "3 to 60 seconds" } else { "3 seconds to 15 minutes" }
}

fn seconds(ms: u64) -> String {
    match (ms / 1000, ms % 1000) {
        (whole, 0) => format!("{whole} s"),
        (whole, rest) => format!("{whole}.{rest:03} s"),
    }
}

fn in_carousel(video: &Video, len: u64, file: &str) -> Option<Broken> {
    let ms = video.duration_ms.unwrap_or(0);
    let label = match (ms > CAROUSEL_MS, len > CAROUSEL_LEN) {
        (true, _) => format!("{}, 60 s are safe", seconds(ms)),
        (false, true) => format!("{}, {} are safe", megabytes(len), megabytes(CAROUSEL_LEN)),
        (false, false) => return None,
    };
    Some(Broken::new(
        &rules::CAROUSEL_VIDEO,
        "the video may be too much for a carousel",
        label,
        format!("cut it: {}", ffmpeg(file, &format!("-t 60 {ENCODE}"), "mp4")),
    ))
}

fn sound(audio: &AudioTrack, file: &str, broken: &mut Vec<Broken>) {
    let fix =
        |options: &str| ffmpeg(file, &format!("-c:v copy -c:a aac -b:a 128k{options} -movflags +faststart"), "mp4");
    if audio.codec != "mp4a" {
        broken.push(Broken::new(&rules::AUDIO_CODEC, "the sound is not AAC", codec(&audio.codec), fix("")));
    }
    if audio.sample_rate > MAX_SAMPLE_RATE {
        let label = format!("{} Hz, {} allowed", grouped(audio.sample_rate.into()), grouped(MAX_SAMPLE_RATE.into()));
        let message = "the sound has too high a sample rate";
        broken.push(Broken::new(&rules::AUDIO_RATE, message, label, fix(" -ar 48000")));
    }
    if audio.channels > MAX_CHANNELS {
        let label = format!("{} channels, {MAX_CHANNELS} allowed", audio.channels);
        let message = "the sound is neither mono nor stereo";
        broken.push(Broken::new(&rules::AUDIO_CHANNELS, message, label, fix(" -ac 2")));
    }
    // Other codecs have a finding that fixes this, too.
    if let Some(rate) = audio.bit_rate.filter(|rate| audio.codec == "mp4a" && *rate > MAX_AUDIO_BIT_RATE) {
        let label = format!("{} bit/s on average, 128,000 documented", grouped(rate));
        broken.push(Broken::new(&rules::AUDIO_BIT_RATE, "the sound has a high bit rate", label, fix("")));
    }
}

fn layout(video: &Video, file: &str, broken: &mut Vec<Broken>) {
    if !video.moov_first && !video.fragmented {
        broken.push(Broken::new(
            &rules::INDEX_LAST,
            "the index of the video is at its end",
            "`moov` after `mdat`",
            ffmpeg(file, COPY, "mp4"),
        ));
    }
    if video.edit_list == EditList::Cuts {
        broken.push(Broken::new(
            &rules::EDIT_LIST,
            "an edit list cuts or holds parts of the video",
            "edit list",
            ffmpeg(file, &format!("-use_editlist 0 {ENCODE}"), "mp4"),
        ));
    }
    if video.fragmented {
        broken.push(Broken::new(
            &rules::FRAGMENTED,
            "the video is made of fragments; Meta does not state whether it reads those",
            "fragments (`moof`)",
            ffmpeg(file, COPY, "mp4"),
        ));
    }
}

/// A file of another container in the place of a video.
pub(super) fn container(name: &str, file: &str) -> Broken {
    Broken::new(
        &rules::VIDEO_CONTAINER,
        format!("the video is {name}, and Instagram accepts MP4 and MOV"),
        name,
        format!("convert it: {}", ffmpeg(file, ENCODE, "mp4")),
    )
}

/// A four-character code as people know it.
fn codec(fourcc: &str) -> String {
    let known = match fourcc {
        "vp08" => "VP8",
        "vp09" => "VP9",
        "av01" => "AV1",
        "mp4v" => "MPEG-4 Visual",
        "apcn" | "apch" | "apcs" | "apco" | "ap4h" | "ap4x" => "ProRes",
        "mjpa" | "mjpb" | "jpeg" => "Motion JPEG",
        "dvh1" | "dvhe" => "Dolby Vision",
        ".mp3" => "MP3",
        "ac-3" => "AC-3",
        "ec-3" => "E-AC-3",
        "Opus" => "Opus",
        "fLaC" => "FLAC",
        "alac" => "ALAC",
        "sowt" | "twos" | "lpcm" | "in24" | "fl32" | "raw " | "ipcm" => "uncompressed",
        _ => return fourcc.trim().to_owned(),
    };
    format!("{known} ({})", fourcc.trim())
}
