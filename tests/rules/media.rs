//! Media, from their bytes.

use crate::case::{CONFIG, Case, Content, Files, IMAGE, PICTURE, REEL, case};
use crate::testing::{Mp4, avc, full, jpeg, part, png, with_exif};

fn bytes(manifest: &str, path: &'static str, bytes: Vec<u8>) -> Files {
    vec![("posts/post.yaml", Content::Bytes(manifest.into())), (path, Content::Bytes(bytes))]
}

fn image(content: Vec<u8>) -> Files {
    bytes(IMAGE, "posts/a.jpg", content)
}

fn reel(video: &Mp4) -> Files {
    bytes(REEL, "posts/a.mp4", video.build())
}

fn reel_of(content: Vec<u8>) -> Files {
    bytes(REEL, "posts/a.mp4", content)
}

fn carousel(items: &str, path: &'static str, content: Vec<u8>) -> Files {
    bytes(&format!("kind: carousel\nitems:\n{items}"), path, content)
}

/// A video of exactly this many bytes; all but the first thousand are a hole in the file.
fn sparse(manifest: &str, video: &Mp4, len: u64) -> Files {
    let mut start = Mp4 { data: 0, ..video.clone() }.build();
    let header = start.len() - 8;
    let size = u32::try_from(len - header as u64).unwrap();
    start[header..header + 4].copy_from_slice(&size.to_be_bytes());
    vec![("posts/post.yaml", Content::Bytes(manifest.into())), ("posts/a.mp4", Content::Sparse(start, len))]
}

/// The same file with its video track called a track of text.
fn without_picture(video: &Mp4) -> Vec<u8> {
    let mut bytes = video.build();
    let at = bytes.windows(4).position(|name| name == b"vide").unwrap();
    bytes[at..at + 4].copy_from_slice(b"text");
    bytes
}

/// A picture of exactly this many bytes, filled with comments.
pub(crate) fn large_jpeg(len: usize) -> Vec<u8> {
    let picture = PICTURE.clone();
    let mut out = picture[..2].to_vec();
    let mut left = len - picture.len();
    while left > 0 {
        let part = if left > 65_537 { (left - 4).min(60_000) } else { left };
        out.extend([0xFF, 0xFE]);
        out.extend(u16::try_from(part - 2).unwrap().to_be_bytes());
        out.resize(out.len() + part - 4, b' ');
        left -= part;
    }
    out.extend(&picture[2..]);
    assert_eq!(out.len(), len);
    out
}

/// A picture with a colour profile that has these primaries (in 1/65536, as profiles hold them).
pub(crate) fn with_profile(primaries: [[u32; 3]; 3]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile.extend(3_u32.to_be_bytes());
    for (index, name) in [b"rXYZ", b"gXYZ", b"bXYZ"].into_iter().enumerate() {
        profile.extend(name);
        profile.extend(u32::try_from(168 + index * 20).unwrap().to_be_bytes());
        profile.extend(20_u32.to_be_bytes());
    }
    for primary in primaries {
        profile.extend(b"XYZ \0\0\0\0");
        profile.extend(primary.iter().flat_map(|number| number.to_be_bytes()));
    }
    let picture = PICTURE.clone();
    let size = u16::try_from(profile.len() + 16).unwrap().to_be_bytes();
    [&picture[..2], &[0xFF, 0xE2], &size, b"ICC_PROFILE\0\x01\x01", &profile, &picture[2..]].concat()
}

/// The table of samples of one size.
pub(crate) fn sizes(size: u32, count: u32) -> Vec<u8> {
    full(*b"stsz", &[&size.to_be_bytes(), &count.to_be_bytes()])
}

/// Two groups of three frames, each frame shown so many units of 1/90,000 s after it is decoded.
pub(crate) fn groups(delays: &[u32; 6]) -> Vec<u8> {
    let starts = full(*b"stss", &[&2_u32.to_be_bytes(), &1_u32.to_be_bytes(), &4_u32.to_be_bytes()]);
    let rows: Vec<u8> = delays.iter().flat_map(|delay| [1_u32.to_be_bytes(), delay.to_be_bytes()].concat()).collect();
    [starts, full(*b"ctts", &[&6_u32.to_be_bytes(), &rows])].concat()
}

/// Music over a silent video.
fn music(volume: f64) -> Files {
    let config = CONFIG.replace("login: instagram", "login: facebook");
    let manifest = format!("{REEL}audio_configuration: {{ audio_id: \"1\", video_volume: {volume} }}\n");
    let video = Mp4 { audio: None, ..Mp4::default() }.build();
    [bytes(&manifest, "posts/a.mp4", video), vec![("igsync.yaml", Content::Bytes(config.into()))]].concat()
}

fn cover(content: Vec<u8>) -> Files {
    bytes(&format!("{REEL}cover: ./cover.jpg\n"), "posts/cover.jpg", content)
}

pub(crate) const DISPLAY_P3: [[u32; 3]; 3] = [[33_758, 15_807, 0], [19_137, 45_364, 2_746], [10_296, 4_365, 51_387]];
const SRGB: [[u32; 3]; 3] = [[28_578, 14_578, 912], [25_241, 46_981, 6_362], [9_376, 3_968, 46_799]];

#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn cases() -> Vec<Case> {
    let good = PICTURE.clone();
    let video = Mp4::default();
    let other = |change: &dyn Fn(&mut Mp4)| {
        let mut video = Mp4::default();
        change(&mut video);
        reel(&video)
    };
    let pair = "  - image: ./a.jpg\n  - image: ./b.jpg\n";
    let film = "  - image: ./a.jpg\n  - video: ./b.mp4\n";
    let story = "kind: story\nvideo: ./a.mp4\n";
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".to_vec();
    vec![
        case("IGS3001", image(pointer), image(good.clone())),
        case("IGS3002", image(b"<!DOCTYPE html><title>Sign in</title>".to_vec()), image(good.clone())),
        case("IGS3003", image(video.build()), image(good.clone())),
        case("IGS3004", image(good[..good.len() - 400].to_vec()), image(good.clone())),
        case("IGS3101", image(png(1080, 1080)), image(good.clone())),
        case("IGS3102", image(large_jpeg(8_388_609)), image(large_jpeg(8_388_608))),
        case("IGS3103", image(large_jpeg(8_000_001)), image(large_jpeg(8_000_000))),
        case("IGS3104", image(jpeg(1080, 1441)), image(jpeg(1080, 1440))),
        case("IGS3105", image(jpeg(1080, 1351)), image(jpeg(1080, 1350))),
        case("IGS3106", carousel(pair, "posts/b.jpg", jpeg(1080, 1350)), carousel(pair, "posts/b.jpg", jpeg(800, 800))),
        case("IGS3107", image(jpeg(1441, 1441)), image(jpeg(1440, 1440))),
        case("IGS3108", image(with_profile(DISPLAY_P3)), image(with_profile(SRGB))),
        case("IGS3110", cover(jpeg(1080, 1350)), cover(jpeg(1080, 1920))),
        case("IGS3109", image(with_exif(&good, 1, true)), image(with_exif(&good, 1, false))),
        case("IGS3201", reel_of(b"\x1A\x45\xDF\xA3webm and more".to_vec()), reel(&video)),
        case("IGS3202", reel_of(without_picture(&video)), reel(&video)),
        case("IGS3203", other(&|video| video.codec = *b"vp09"), other(&|video| video.codec = *b"hvc1")),
        case("IGS3204", other(&|video| video.frames_per_second = 61), other(&|video| video.frames_per_second = 60)),
        case(
            "IGS3205",
            other(&|video| (video.width, video.height) = (1921, 1080)),
            other(&|video| (video.width, video.height) = (1920, 1080)),
        ),
        case(
            "IGS3206",
            other(&|video| (video.width, video.height) = (1010, 100)),
            other(&|video| (video.width, video.height) = (1000, 100)),
        ),
        case("IGS3207", other(&|video| video.duration_ms = 2_000), other(&|video| video.duration_ms = 3_000)),
        case(
            "IGS3208",
            sparse(story, &Mp4 { duration_ms: 59_000, ..video.clone() }, 104_857_601),
            sparse(story, &Mp4 { duration_ms: 59_000, ..video.clone() }, 100_000_000),
        ),
        case(
            "IGS3209",
            sparse(REEL, &Mp4 { duration_ms: 3_000, ..video.clone() }, 9_376_000),
            sparse(REEL, &Mp4 { duration_ms: 3_000, ..video.clone() }, 9_375_000),
        ),
        case(
            "IGS3210",
            carousel(
                film,
                "posts/b.mp4",
                Mp4 { duration_ms: 61_000, width: 1080, height: 1080, ..video.clone() }.build(),
            ),
            carousel(
                film,
                "posts/b.mp4",
                Mp4 { duration_ms: 60_000, width: 1080, height: 1080, ..video.clone() }.build(),
            ),
        ),
        case("IGS3211", other(&|video| video.audio = Some((*b"ac-3", 48_000, 2))), other(&|video| video.audio = None)),
        case(
            "IGS3212",
            other(&|video| video.audio = Some((*b"mp4a", 96_000, 2))),
            other(&|video| video.audio = Some((*b"mp4a", 48_000, 2))),
        ),
        case(
            "IGS3213",
            other(&|video| video.audio = Some((*b"mp4a", 48_000, 6))),
            other(&|video| video.audio = Some((*b"mp4a", 48_000, 1))),
        ),
        case("IGS3214", other(&|video| video.moov_first = false), other(&|video| video.brand = *b"qt  ")),
        case("IGS3215", other(&|video| video.edits = vec![1500]), other(&|video| video.edits = vec![66])),
        case("IGS3216", reel_of([video.build(), part(*b"moof", &[&[0; 8]])].concat()), reel(&video)),
        case(
            "IGS3217",
            other(&|video| video.configuration = avc(122, 2, true)),
            other(&|video| video.configuration = avc(100, 1, true)),
        ),
        case(
            "IGS3218",
            bytes(&format!("{REEL}thumb_offset: 5000\n"), "posts/a.mp4", video.build()),
            bytes(&format!("{REEL}thumb_offset: 4999\n"), "posts/a.mp4", video.build()),
        ),
        case(
            "IGS3219",
            other(&|video| video.configuration = part(*b"fiel", &[&[2, 9]])),
            other(&|video| video.configuration = part(*b"fiel", &[&[1, 0]])),
        ),
        case(
            "IGS3220",
            other(&|video| video.tables[0] = groups(&[3000, 6000, 0, 9000, 0, 0])),
            other(&|video| video.tables[0] = groups(&[3000, 6000, 0, 3000, 6000, 0])),
        ),
        case(
            "IGS3221",
            // 110 samples of 800 bytes in five seconds are 140,800 bit/s.
            other(&|video| (video.audio, video.tables[1]) = (Some((*b"mp4a", 48_000, 2)), sizes(801, 110))),
            other(&|video| (video.audio, video.tables[1]) = (Some((*b"mp4a", 48_000, 2)), sizes(800, 110))),
        ),
        case("IGS3222", music(0.5), music(0.0)),
    ]
}
