//! Videos that ffmpeg made, read by igsync and by ffprobe.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use igsync_media::probe::{Facts, Format, probe};
use igsync_media::rules::{Use, check};
use serde_json::Value;

/// One file of the matrix: what ffmpeg is told, and the rules that the file breaks as a reel.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    video: &'static str,
    audio: &'static str,
    more: &'static str,
    pub(crate) breaks: &'static [&'static str],
}

const H264: &str = "-c:v libx264 -pix_fmt yuv420p";
const AAC: &str = "-c:a aac";
const FAST: &str = "-movflags +faststart";

const fn row(
    name: &'static str,
    video: &'static str,
    audio: &'static str,
    more: &'static str,
    breaks: &'static [&'static str],
) -> Row {
    Row { name, video, audio, more, breaks }
}

pub(crate) const MATRIX: &[Row] = &[
    row("plain.mp4", H264, AAC, FAST, &[]),
    row("plain.mov", H264, AAC, FAST, &[]),
    row("late.mp4", H264, AAC, "", &["index-last"]),
    row("late.mov", H264, AAC, "", &["index-last"]),
    row("silent.mp4", H264, "-an", FAST, &[]),
    row("hevc.mp4", "-c:v libx265 -pix_fmt yuv420p -tag:v hvc1 -x265-params log-level=none", AAC, FAST, &[]),
    row("hev1.mp4", "-c:v libx265 -pix_fmt yuv420p -x265-params log-level=none", AAC, FAST, &[]),
    row("mpeg4.mp4", "-c:v mpeg4", AAC, FAST, &["video-codec"]),
    row("vp9.mp4", "-c:v libvpx-vp9 -cpu-used 8", AAC, FAST, &["video-codec"]),
    row("vp9.webm", "-c:v libvpx-vp9 -cpu-used 8", "-an", "", &["video-container"]),
    row("film.mkv", H264, AAC, "", &["video-container"]),
    row("slow.mp4", "-c:v libx264 -pix_fmt yuv420p -r 22", AAC, FAST, &["frame-rate"]),
    row("film.mp4", "-c:v libx264 -pix_fmt yuv420p -r 24000/1001", AAC, FAST, &[]),
    row("sixty.mp4", "-c:v libx264 -pix_fmt yuv420p -r 60", AAC, FAST, &[]),
    row("fast.mp4", "-c:v libx264 -pix_fmt yuv420p -r 120", AAC, FAST, &["frame-rate"]),
    row("chroma.mp4", "-c:v libx264 -pix_fmt yuv422p", AAC, FAST, &["video-chroma"]),
    row("chroma444.mp4", "-c:v libx264 -pix_fmt yuv444p", AAC, FAST, &["video-chroma"]),
    row("hevc422.mp4", "-c:v libx265 -pix_fmt yuv422p -x265-params log-level=none", AAC, FAST, &["video-chroma"]),
    row("wide.mp4", "-vf scale=1922:64 -c:v libx264 -pix_fmt yuv420p", AAC, FAST, &["video-width", "video-shape"]),
    row("mp3.mp4", H264, "-c:a libmp3lame", FAST, &["audio-codec"]),
    row("ac3.mp4", H264, "-c:a ac3", FAST, &["audio-codec"]),
    row("opus.mp4", H264, "-c:a libopus -ar 48000", FAST, &["audio-codec"]),
    row("pcm.mov", H264, "-c:a pcm_s16le", FAST, &["audio-codec"]),
    row("rate.mp4", H264, "-c:a aac -ar 96000", FAST, &["audio-rate"]),
    row("surround.mp4", H264, "-c:a aac -ac 6", FAST, &["audio-channels", "audio-bit-rate"]),
    row("mono.mp4", H264, "-c:a aac -ac 1", FAST, &[]),
    row("pieces.mp4", H264, AAC, "-movflags +frag_keyframe+empty_moov", &["fragmented"]),
    row("short.mp4", H264, AAC, "-movflags +faststart -t 2", &["video-duration"]),
    row("fields.mp4", "-c:v libx264 -pix_fmt yuv420p -flags +ildct+ilme", AAC, FAST, &["interlaced"]),
    row("fields.mov", "-c:v libx264 -pix_fmt yuv420p -flags +ildct+ilme", AAC, FAST, &["interlaced"]),
    row(
        "open.mp4",
        "-c:v libx264 -pix_fmt yuv420p -x264-params open-gop=1:keyint=15:bframes=3:b-adapt=0:scenecut=0",
        AAC,
        FAST,
        &["open-gop"],
    ),
    row(
        "closed.mp4",
        "-c:v libx264 -pix_fmt yuv420p -x264-params keyint=15:bframes=3:b-adapt=0:scenecut=0",
        AAC,
        FAST,
        &[],
    ),
    row("loud.mp4", H264, "-c:a aac -ac 2 -b:a 256k", FAST, &["audio-bit-rate"]),
    row("sound.mp4", "-vn", AAC, FAST, &["no-video-track"]),
];

/// `None`: the program is not here, and the test skips visibly unless `.ci/run` forbids it.
pub(crate) fn tool(name: &str) -> Option<()> {
    let runs = Command::new(name).arg("-version").output().is_ok_and(|output| output.status.success());
    crate::project::has(name, runs).then_some(())
}

pub(crate) fn make(folder: &Path, row: &Row) -> std::path::PathBuf {
    let path = folder.join(row.name);
    let words = |text: &'static str| text.split_whitespace();
    let output = Command::new("ffmpeg")
        .args("-v error -f lavfi -i testsrc=size=128x228:rate=30 -f lavfi -i sine=r=44100 -t 3.2".split(' '))
        .args(words(row.video))
        .args(words(row.audio))
        .args(words(row.more))
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", row.name, String::from_utf8_lossy(&output.stderr));
    path
}

fn facts(path: &Path) -> Facts {
    probe(&mut File::open(path).unwrap()).unwrap()
}

fn broken(facts: &Facts) -> Vec<&'static str> {
    check(facts, Use::Reel, "a.mp4").into_iter().map(|broken| broken.rule.name).collect()
}

fn ffprobe(path: &Path) -> Value {
    let arguments = ["-v", "error", "-of", "json", "-show_format", "-show_streams"];
    let output = Command::new("ffprobe").args(arguments).arg(path).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// igsync's facts beside ffprobe's, for what both tell.
fn compare(name: &str, facts: &Facts, told: &Value) {
    let Format::Video(video) = &facts.format else { return };
    let stream = |kind: &str| told["streams"].as_array().unwrap().iter().find(|stream| stream["codec_type"] == kind);
    assert_eq!(video.video.is_some(), stream("video").is_some(), "{name}: picture");
    if let (Some(track), Some(stream)) = (&video.video, stream("video")) {
        let rotation = stream["side_data_list"][0]["rotation"].as_i64().unwrap_or(0);
        let (width, height) = (stream["width"].as_u64(), stream["height"].as_u64());
        let seen = if rotation % 180 == 0 { (width, height) } else { (height, width) };
        assert_eq!((Some(track.width.into()), Some(track.height.into())), seen, "{name}: size");
        assert_eq!(track.codec, stream["codec_tag_string"].as_str().unwrap(), "{name}: codec");
        let (frames, second) = stream["avg_frame_rate"].as_str().unwrap().split_once('/').unwrap();
        let rate: f64 = frames.parse::<f64>().unwrap() / second.parse::<f64>().unwrap();
        assert!(
            track.frame_rate.is_none_or(|ours| (ours - rate).abs() < 0.05),
            "{name}: {:?} {rate}",
            track.frame_rate
        );
        let pixels = stream["pix_fmt"].as_str().unwrap_or_default();
        let chroma = ["420", "422", "444"].into_iter().find(|chroma| pixels.contains(chroma)).unwrap_or(pixels);
        assert!(track.chroma.is_none_or(|ours| ours.replace(':', "") == chroma), "{name}: {:?} {pixels}", track.chroma);
    }
    assert_eq!(video.audio.is_some(), stream("audio").is_some(), "{name}: sound");
    if let (Some(track), Some(stream)) = (&video.audio, stream("audio")) {
        assert_eq!(Some(track.sample_rate.to_string().as_str()), stream["sample_rate"].as_str(), "{name}: rate");
        // Only AAC says how many there are.
        let is_aac = stream["codec_name"] == "aac";
        assert!(!is_aac || Some(u64::from(track.channels)) == stream["channels"].as_u64(), "{name}: channels");
    }
    if let Some(ms) = video.duration_ms {
        let seconds: f64 = told["format"]["duration"].as_str().unwrap().parse().unwrap();
        let ours = std::time::Duration::from_millis(ms).as_secs_f64();
        assert!((ours - seconds).abs() < 0.1, "{name}: {ours} s, ffprobe {seconds} s");
    }
}

#[test]
fn files_of_ffmpeg_get_the_right_verdicts_and_ffprobe_agrees() {
    if tool("ffmpeg").and(tool("ffprobe")).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut surprises = Vec::new();
    for row in MATRIX {
        let path = make(folder.path(), row);
        let whole = facts(&path);
        if broken(&whole) != row.breaks {
            surprises.push(format!("{}: {:?}, expected {:?}", row.name, broken(&whole), row.breaks));
        }
        compare(row.name, &whole, &ffprobe(&path));
        // Half of it: no longer a whole video, whatever it was.
        let bytes = std::fs::read(&path).unwrap();
        let half = probe(&mut std::io::Cursor::new(&bytes[..bytes.len() / 2])).unwrap();
        let is_movie = matches!(half.format, Format::Video(_));
        if is_movie && !broken(&half).contains(&"media-truncated") {
            surprises.push(format!("half of {}: {:?}", row.name, broken(&half)));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn a_turned_video_is_measured_as_it_is_seen() {
    if tool("ffmpeg").and(tool("ffprobe")).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let upright = make(folder.path(), &row("upright.mp4", H264, AAC, FAST, &[]));
    for turn in ["90", "180", "270"] {
        let turned = folder.path().join(format!("turned-{turn}.mp4"));
        // Written into the track's matrix: older ffmpegs cannot turn without encoding.
        let (a, b): (i32, i32) = match turn {
            "90" => (0, 0x1_0000),
            "180" => (-0x1_0000, 0),
            _ => (0, -0x1_0000),
        };
        let mut bytes = std::fs::read(&upright).unwrap();
        let matrix = bytes.windows(4).position(|name| name == b"tkhd").unwrap() + 4 + 40;
        for (cell, value) in [(0, a), (1, b), (3, -b), (4, a)] {
            bytes[matrix + cell * 4..matrix + cell * 4 + 4].copy_from_slice(&value.to_be_bytes());
        }
        File::create(&turned).unwrap().write_all(&bytes).unwrap();
        compare(turn, &facts(&turned), &ffprobe(&turned));
        let Format::Video(video) = facts(&turned).format else { panic!("no video") };
        let track = video.video.unwrap();
        assert_eq!(track.width > track.height, turn != "180", "{turn}");
    }
}
