use std::io::Cursor;

use super::super::probe::probe;
use super::*;
use igsync_testkit::media::{Mp4, jpeg, png, with_exif};

fn names(bytes: &[u8], wanted: Use) -> Vec<&'static str> {
    let facts = probe(&mut Cursor::new(bytes)).unwrap();
    check(&facts, wanted, "a.jpg").into_iter().map(|broken| broken.rule.name).collect()
}

#[test]
fn one_row_decides_the_shape_of_a_picture() {
    let shapes = [
        (1080, 1440, "image-tall"),
        (1080, 1441, "image-shape"),
        (1080, 1350, ""),
        (1080, 1351, "image-tall"),
        (955, 500, ""),
        (956, 500, "image-shape"),
    ];
    for (width, height, expected) in shapes {
        let found = names(&jpeg(width, height), Use::Image);
        assert_eq!(found.first().copied().unwrap_or_default(), expected, "{width}×{height}");
        assert_eq!(names(&jpeg(width, height), Use::StoryImage), [""; 0], "stories have no documented shape");
    }
}

#[test]
fn a_picture_is_measured_as_it_is_seen() {
    assert_eq!(names(&with_exif(&jpeg(1080, 700), 6, false), Use::Image), ["image-shape"]);
    assert_eq!(names(&with_exif(&jpeg(1080, 1080), 6, true), Use::Image), ["gps-position"]);
}

#[test]
fn what_is_no_jpeg_is_called_by_its_name() {
    let facts = probe(&mut Cursor::new(png(8, 8))).unwrap();
    let broken = &check(&facts, Use::Image, "sea view.png")[0];
    assert_eq!(broken.message, "the picture is a PNG, and Instagram accepts JPEG only");
    assert_eq!(broken.help, "export it as JPEG");
    let facts = Facts { len: 9, format: Format::Heic };
    assert_eq!(
        check(&facts, Use::Image, "sea view.heic")[0].help,
        "convert it, on macOS: `sips -s format jpeg 'sea view.heic' --out 'sea view.jpg'`; \
         on Linux: `heif-convert 'sea view.heic' 'sea view.jpg'`; on Windows: `magick 'sea view.heic' 'sea view.jpg'`"
    );
    assert_eq!(names(b"<!doctype html>", Use::Image), ["not-media"]);
    assert_eq!(names(b"version https://git-lfs.github.com/spec/v1", Use::Reel), ["lfs-pointer"]);
    assert_eq!(names(&Mp4::default().build(), Use::Image), ["wrong-media-type"]);
    assert_eq!(names(&jpeg(400, 400), Use::Reel), ["wrong-media-type"]);
}

#[test]
fn a_story_is_shorter_than_a_reel() {
    let minute = |ms| Mp4 { duration_ms: ms, ..Mp4::default() }.build();
    assert_eq!(names(&minute(61_000), Use::StoryVideo), ["video-duration"]);
    assert_eq!(names(&minute(61_000), Use::Reel), [""; 0]);
    assert_eq!(names(&minute(61_000), Use::CarouselVideo), ["carousel-video"]);
    assert_eq!(names(&minute(2_000), Use::Reel), ["video-duration"]);
    assert_eq!(names(&minute(901_000), Use::Reel), ["video-duration"]);
}

#[test]
fn a_tenth_of_a_second_too_long_only_warns() {
    let facts = probe(&mut Cursor::new(Mp4 { duration_ms: 60_100, ..Mp4::default() }.build())).unwrap();
    assert_eq!(check(&facts, Use::StoryVideo, "a.mp4")[0].severity, Severity::Warning);
}

#[test]
fn the_first_item_of_a_carousel_crops_the_others() {
    assert!(crop((1080, 1080), (1080, 1080)).is_none());
    assert!(crop((1080, 1080), (1080, 1081)).is_none(), "a row is nothing");
    assert_eq!(crop((1080, 1080), (1080, 1350)).unwrap().label, "1080×1350, about 20 % cut off");
    assert!(crop((0, 0), (1, 1)).is_none());
}

#[test]
fn every_finding_of_a_clip_names_the_one_command_that_fixes_them_all() {
    let audio = Some((*b"ac-3", 96_000, 6));
    let clip = Mp4 { width: 1921, height: 101, frames_per_second: 90, moov_first: false, audio, ..Mp4::default() };
    let facts = probe(&mut Cursor::new(clip.build())).unwrap();
    let found = check(&facts, Use::Reel, "a.mp4");
    let command = "`ffmpeg -i a.mp4 -vf crop=1010:101,format=yuv420p,crop=iw:ih -c:v libx264 -c:a aac -b:a 128k -r 30 \
                   -ac 2 -ar 48000 -movflags +faststart a-fixed.mp4`";
    assert_eq!(found.len(), 7, "{found:?}");
    assert!(found.iter().all(|broken| broken.help.ends_with(command)), "{found:#?}");
}

#[test]
fn a_command_never_overwrites_its_input_and_survives_odd_names() {
    assert_eq!(ffmpeg("a.mp4", "-c copy", "mp4"), "`ffmpeg -i a.mp4 -c copy a-fixed.mp4`");
    assert_eq!(ffmpeg("it's.mov", "-c copy", "mp4"), "`ffmpeg -i 'it'\\''s.mov' -c copy 'it'\\''s.mp4'`");
    assert_eq!(ffmpeg("-y.mov", "-c copy", "mp4"), "`ffmpeg -i ./-y.mov -c copy ./-y.mp4`");
}
