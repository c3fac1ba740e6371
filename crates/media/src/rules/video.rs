//! Videos, each finding with the command that fixes it.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use super::super::probe::{AudioTrack, EditList, Format, Scan, Video, VideoTrack};
use super::{Broken, Use, ffmpeg, ffmpeg_with, grouped, megabytes};
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

/// A moment short of a limit: encoders round the last frame up and pad the sound. In milliseconds.
const SHORT_OF: u64 = 500;

pub(super) fn check(video: &Video, len: u64, wanted: Use, file: &str) -> Vec<Broken> {
    let limits = if wanted == Use::StoryVideo { &STORY } else { &REEL };
    let mut broken = Vec::new();
    if video.truncated.is_some() || !video.has_index {
        broken.push(truncated(video));
    }
    let command = || Repair::new(video, len, limits, wanted).command(file);
    broken.extend(too_large(len, limits, &command));
    // Without its index nothing else is known.
    if !video.has_index {
        return broken;
    }
    match &video.video {
        Some(track) => picture(track, limits, &command, &mut broken),
        None => broken.push(Broken::new(
            &rules::NO_VIDEO_TRACK,
            "there is no picture in this video",
            if video.audio.is_some() { "sound only" } else { "no video track" },
            "check what was exported",
        )),
    }
    broken.extend(video.duration_ms.and_then(|ms| duration(ms, limits, &command)));
    if wanted == Use::CarouselVideo {
        broken.extend(in_carousel(video, len, &command));
    }
    if let Some(rate) = video.bit_rate(len).filter(|rate| *rate > MAX_BIT_RATE) {
        broken.push(Broken::new(
            &rules::VIDEO_BIT_RATE,
            "the video has a high bit rate",
            format!("{} bit/s on average, {} advised at most", grouped(rate), grouped(MAX_BIT_RATE)),
            command(),
        ));
    }
    if let Some(audio) = &video.audio {
        sound(audio, &command, &mut broken);
    }
    layout(video, &command, &mut broken);
    broken
}

/// What one command has to do so that nothing of a video is wrong any more. Every finding of a file names the same
/// command: what fixes one of them and leaves another is no fix.
struct Repair {
    /// Filters of the picture that change more than its coding.
    filters: Vec<String>,
    /// Options besides, each with its value.
    options: Vec<String>,
    draws: bool,
    sounds: bool,
    /// In milliseconds.
    cut_to: Option<u64>,
}

impl Repair {
    fn new(video: &Video, len: u64, limits: &Limits, wanted: Use) -> Self {
        let mut repair = Self { filters: Vec::new(), options: Vec::new(), draws: false, sounds: false, cut_to: None };
        let in_carousel = wanted == Use::CarouselVideo;
        let longest = if in_carousel { CAROUSEL_MS } else { limits.max_ms };
        let largest = if in_carousel { CAROUSEL_LEN } else { limits.documented_len };
        let duration = video.duration_ms.unwrap_or(0);
        if duration > longest {
            repair.cut_to = Some(longest - SHORT_OF);
            repair.draws = true;
        }
        if let Some(track) = &video.video {
            repair.picture(track, limits);
        }
        if len > largest {
            repair.options.push(bit_rate_for(largest, duration.min(longest)));
            repair.draws = true;
        } else if video.bit_rate(len).is_some_and(|rate| rate > MAX_BIT_RATE) {
            repair.options.push("-maxrate 20M -bufsize 10M".to_owned());
            repair.draws = true;
        }
        if video.edit_list == EditList::Cuts {
            repair.options.push("-use_editlist 0".to_owned());
            repair.draws = true;
        }
        if let Some(audio) = &video.audio {
            let is_wrong = audio.codec != "mp4a" || audio.bit_rate.is_some_and(|rate| rate > MAX_AUDIO_BIT_RATE);
            repair.sounds = is_wrong || audio.sample_rate > MAX_SAMPLE_RATE || audio.channels > MAX_CHANNELS;
            if audio.channels > MAX_CHANNELS {
                repair.options.push("-ac 2".to_owned());
            }
            if audio.sample_rate > MAX_SAMPLE_RATE {
                repair.options.push("-ar 48000".to_owned());
            }
        }
        // Sound that is cut where the picture is not would be out of step.
        repair.sounds |= repair.draws && video.audio.is_some();
        repair
    }

    fn picture(&mut self, track: &VideoTrack, limits: &Limits) {
        let is_wrong = is_foreign(track) || track.chroma.is_some_and(|chroma| chroma != "4:2:0");
        let has_fields = !matches!(track.scan, Some(Scan::Progressive) | None);
        let has_rate = track.frame_rate.is_none_or(|rate| FRAME_RATES.contains(&rate));
        let kept = kept(track, limits);
        let is_cropped = kept != (track.width, track.height);
        if has_fields {
            self.filters.push("yadif".to_owned());
        }
        if is_cropped {
            self.filters.push(format!("crop={}:{}", kept.0, kept.1));
        }
        if kept.0 > MAX_WIDTH {
            self.filters.push(format!("scale={MAX_WIDTH}:-2"));
        }
        if !has_rate {
            self.options.push("-r 30".to_owned());
        }
        if track.open_group == Some(true) {
            self.options.push("-flags +cgop".to_owned());
        }
        self.draws |= is_wrong || has_fields || !has_rate || is_cropped || kept.0 > MAX_WIDTH;
        self.draws |= track.open_group == Some(true);
    }

    fn command(&self, file: &str) -> String {
        let mut options = Vec::new();
        if self.draws {
            // The coding takes even numbers of rows and columns: what is cropped after this is rounded to them.
            let filters = self.filters.iter().map(String::as_str).chain(["format=yuv420p", "crop=iw:ih"]);
            options.push(format!("-vf {} -c:v libx264", filters.collect::<Vec<_>>().join(",")));
        } else {
            options.push(if self.sounds { "-c:v copy" } else { "-c copy" }.to_owned());
        }
        if self.sounds {
            options.push("-c:a aac -b:a 128k".to_owned());
        }
        options.extend(self.options.iter().cloned());
        options.extend(self.cut_to.map(|ms| format!("-t {}.{}", ms / 1000, ms % 1000 / 100)));
        options.push("-movflags +faststart".to_owned());
        ffmpeg(file, &options.join(" "), "mp4")
    }
}

/// Options that keep a video of so many milliseconds below so many bytes.
fn bit_rate_for(largest: u64, ms: u64) -> String {
    // Sound takes 128 kbit/s, and an encoder hits what it is told by a few percent.
    let most = (largest * 8 / ms.max(MIN_MS)).saturating_sub(128).min(MAX_BIT_RATE / 1000) * 8 / 10;
    format!("-b:v {most}k -maxrate {most}k -bufsize {most}k")
}

fn is_foreign(track: &VideoTrack) -> bool {
    !["avc1", "avc3", "hvc1", "hev1"].contains(&track.codec.as_str())
}

/// The largest part of the picture that has a shape which is allowed, as seen.
fn kept(track: &VideoTrack, limits: &Limits) -> (u32, u32) {
    let (width, height) = (u64::from(track.width), u64::from(track.height));
    let part = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX);
    if width * 1000 > MAX_SHAPE * height {
        (part(MAX_SHAPE * height / 1000), track.height)
    } else if width * 1000 < limits.min_shape * height {
        (track.width, part(width * 1000 / limits.min_shape))
    } else {
        (track.width, track.height)
    }
}

fn truncated(video: &Video) -> Broken {
    let label = match &video.truncated {
        Some((name, at)) => format!("the part `{name}` at byte {} runs past the end", grouped(*at)),
        None => "no index (`moov`)".into(),
    };
    let help = "copy or export it again; a recording that was interrupted has no index";
    Broken::new(&rules::MEDIA_TRUNCATED, "the video is cut off", label, help)
}

fn too_large(len: u64, limits: &Limits, command: &dyn Fn() -> String) -> Option<Broken> {
    if len <= limits.documented_len {
        return None;
    }
    let label = format!("{} bytes, {} allowed", grouped(len), grouped(limits.documented_len));
    let message = format!("the video is too large for {}", limits.name);
    let help = format!("encode it with a lower bit rate: {}", command());
    let broken = Broken::new(&rules::VIDEO_TOO_LARGE, message, label, help);
    // Meta writes MB and counts MiB elsewhere.
    Some(if len > limits.max_len { broken } else { broken.mild() })
}

fn picture(track: &VideoTrack, limits: &Limits, command: &dyn Fn() -> String, broken: &mut Vec<Broken>) {
    if is_foreign(track) {
        let message = "the video is neither H.264 nor HEVC";
        broken.push(Broken::new(&rules::VIDEO_CODEC, message, codec(&track.codec), command()));
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
            command(),
        ));
    }
    if track.width > MAX_WIDTH {
        broken.push(Broken::new(
            &rules::VIDEO_WIDTH,
            "the video is too wide",
            format!("{}×{}{}, {MAX_WIDTH} pixels wide at most", track.width, track.height, turned(track)),
            command(),
        ));
    }
    let shape = u64::from(track.width) * 1000 / u64::from(track.height.max(1));
    let is_above = u64::from(track.width) * 1000 > MAX_SHAPE * u64::from(track.height);
    if shape < limits.min_shape || is_above {
        broken.push(Broken::new(
            &rules::VIDEO_SHAPE,
            format!("the video has no shape that {} can have", limits.name),
            format!("{}×{}{}", track.width, track.height, turned(track)),
            format!("{}:1000 to 10:1 is allowed, 9:16 fills the screen; crop it: {}", limits.min_shape, command()),
        ));
    }
    if track.chroma.is_some_and(|chroma| chroma != "4:2:0") {
        broken.push(Broken::new(
            &rules::CHROMA,
            "the colours of the video are not stored as 4:2:0",
            track.chroma.unwrap_or_default(),
            command(),
        ));
    }
    broken.extend(scan(track, command));
    if track.open_group == Some(true) {
        broken.push(Broken::new(
            &rules::OPEN_GROUP,
            "a group of pictures depends on the one before",
            "open groups of pictures",
            command(),
        ));
    }
}

fn scan(track: &VideoTrack, command: &dyn Fn() -> String) -> Option<Broken> {
    let (message, label) = match track.scan {
        Some(Scan::Interlaced) => ("the video is interlaced", "half-frames"),
        Some(Scan::MayBeInterlaced) => ("the video may be interlaced", "its coding allows half-frames"),
        Some(Scan::Progressive) | None => return None,
    };
    let broken = Broken::new(&rules::INTERLACED, message, label, command());
    Some(if track.scan == Some(Scan::Interlaced) { broken } else { broken.mild() })
}

fn turned(track: &VideoTrack) -> &'static str {
    if track.rotation % 180 == 90 { " as seen" } else { "" }
}

fn duration(ms: u64, limits: &Limits, command: &dyn Fn() -> String) -> Option<Broken> {
    let rule: &'static Rule = &rules::VIDEO_DURATION;
    let label = format!("{}, {} has {}", seconds(ms), limits.name, span(limits));
    let broken = if ms < MIN_MS {
        Broken::new(rule, "the video is too short", label, "make it at least 3 seconds long")
    } else if ms > limits.max_ms {
        Broken::new(rule, "the video is too long", label, format!("cut it: {}", command()))
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

fn in_carousel(video: &Video, len: u64, command: &dyn Fn() -> String) -> Option<Broken> {
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
        format!("make it shorter and smaller: {}", command()),
    ))
}

fn sound(audio: &AudioTrack, command: &dyn Fn() -> String, broken: &mut Vec<Broken>) {
    if audio.codec != "mp4a" {
        broken.push(Broken::new(&rules::AUDIO_CODEC, "the sound is not AAC", codec(&audio.codec), command()));
    }
    if audio.sample_rate > MAX_SAMPLE_RATE {
        let label = format!("{} Hz, {} allowed", grouped(audio.sample_rate.into()), grouped(MAX_SAMPLE_RATE.into()));
        let message = "the sound has too high a sample rate";
        broken.push(Broken::new(&rules::AUDIO_RATE, message, label, command()));
    }
    if audio.channels > MAX_CHANNELS {
        let label = format!("{} channels, {MAX_CHANNELS} allowed", audio.channels);
        let message = "the sound is neither mono nor stereo";
        broken.push(Broken::new(&rules::AUDIO_CHANNELS, message, label, command()));
    }
    // Other codecs have a finding that fixes this, too.
    if let Some(rate) = audio.bit_rate.filter(|rate| audio.codec == "mp4a" && *rate > MAX_AUDIO_BIT_RATE) {
        let label = format!("{} bit/s on average, 128,000 documented", grouped(rate));
        broken.push(Broken::new(&rules::AUDIO_BIT_RATE, "the sound has a high bit rate", label, command()));
    }
}

fn layout(video: &Video, command: &dyn Fn() -> String, broken: &mut Vec<Broken>) {
    if !video.moov_first && !video.fragmented {
        broken.push(Broken::new(
            &rules::INDEX_LAST,
            "the index of the video is at its end",
            "`moov` after `mdat`",
            command(),
        ));
    }
    if video.edit_list == EditList::Cuts {
        broken.push(Broken::new(
            &rules::EDIT_LIST,
            "an edit list cuts or holds parts of the video",
            "edit list",
            command(),
        ));
    }
    if video.fragmented {
        broken.push(Broken::new(
            &rules::FRAGMENTED,
            "the video is made of fragments; Meta does not state whether it reads those",
            "fragments (`moof`)",
            command(),
        ));
    }
}

/// A file of another container in the place of a video. What is inside is not known, so the command does all that may
/// be needed; a GIF loops, as it does everywhere.
pub(super) fn container(format: &Format, file: &str) -> Broken {
    let name = format.name();
    let (input, cut) = if *format == Format::Gif { ("-stream_loop -1 ", " -t 15") } else { ("", "") };
    let options = format!(
        "-vf \"yadif=deint=interlaced,scale='min({MAX_WIDTH},iw)':-2,format=yuv420p,crop=iw:ih\" -r 30 -c:v libx264 \
         -maxrate 20M -bufsize 10M -c:a aac -b:a 128k -ac 2 -ar 48000{cut} -movflags +faststart"
    );
    let what = if cut.is_empty() { "convert it" } else { "make a loop of 15 seconds" };
    Broken::new(
        &rules::VIDEO_CONTAINER,
        format!("the video is {name}, and Instagram accepts MP4 and MOV"),
        name,
        format!("{what}: {}", ffmpeg_with(input, file, &options, "mp4")),
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
