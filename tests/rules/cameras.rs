//! Files of real cameras, phones and editors: the test files of the Python package `hachoir`.
//!
//! `IGSYNC_CAMERA_FILES` names the folder that holds them; `.ci/run` fetches the package. The verdicts are
//! literals, written from what ffprobe and exiftool say about each file.

use std::fs::File;
use std::path::PathBuf;

use igsync_media::probe::{EditList, Format, probe};
use igsync_media::rules::{Use, check};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("IGSYNC_CAMERA_FILES").map(PathBuf::from).filter(|folder| folder.is_dir());
    crate::project::has("folder of files of cameras (IGSYNC_CAMERA_FILES)", folder.is_some());
    folder
}

/// File, as what it is used, and the rules that it breaks.
const VERDICTS: &[(&str, Use, &[&str])] = &[
    // A phone: 144×176, with a position.
    ("gps.jpg", Use::Image, &["image-width", "gps-position"]),
    ("gps.jpg", Use::StoryImage, &["gps-position"]),
    // An editor: 124×100, EXIF and Photoshop's own blocks.
    ("jpeg.exif.photoshop.jpg", Use::Image, &["image-width"]),
    // Four components, for print.
    ("green_fire.jpg", Use::StoryImage, &["image-colour"]),
    // A photograph of 600×400.
    ("usa_railroad.jpg", Use::Image, &[]),
    ("usa_railroad.jpg", Use::Reel, &["wrong-media-type"]),
    ("logo-kubuntu.png", Use::Image, &["not-jpeg"]),
    // A camera of 2005: Motion JPEG and PCM in a MOV, whose pictures were cut off for the package.
    ("pentax_320x240.mov", Use::Reel, &["media-truncated", "video-codec", "audio-codec"]),
    // MPEG-4 Visual; its edit lists leave nothing out.
    ("quicktime.mp4", Use::Reel, &["video-codec"]),
    ("quicktime.mp4", Use::Image, &["wrong-media-type"]),
    // A camcorder's AVCHD.
    ("Panasonic_AG_HMC_151.MTS", Use::Reel, &["video-container"]),
];

#[test]
fn files_of_cameras_get_the_right_verdicts() {
    let Some(folder) = folder() else { return };
    let mut surprises = Vec::new();
    for (name, wanted, expected) in VERDICTS {
        let facts = probe(&mut File::open(folder.join(name)).unwrap()).unwrap();
        let broken: Vec<_> = check(&facts, *wanted, name).into_iter().map(|broken| broken.rule.name).collect();
        if broken != *expected {
            surprises.push(format!("{name} as {wanted:?}: {broken:?}, expected {expected:?}"));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn facts_of_cameras_are_those_of_ffprobe() {
    let Some(folder) = folder() else { return };
    let facts = |name: &str| probe(&mut File::open(folder.join(name)).unwrap()).unwrap().format;
    let Format::Video(video) = facts("quicktime.mp4") else { panic!("no video") };
    assert_eq!((video.duration_ms, video.edit_list, video.moov_first), (Some(4_966), EditList::Delay, true));
    let (track, sound) = (video.video.unwrap(), video.audio.unwrap());
    assert_eq!((track.codec.as_str(), track.width, track.height), ("mp4v", 190, 240));
    assert!((track.frame_rate.unwrap() - 30.0).abs() < 0.01);
    assert_eq!((sound.codec.as_str(), sound.sample_rate, sound.channels), ("mp4a", 32_000, 2));
    // ffprobe: 341,948 and 48,679 bit/s.
    let near = |ours: Option<u64>, theirs: u64| ours.unwrap().abs_diff(theirs) < theirs / 100;
    assert!(near(track.bit_rate, 341_948) && near(sound.bit_rate, 48_679), "{track:?} {sound:?}");
    let Format::Jpeg(jpeg) = facts("gps.jpg") else { panic!("no picture") };
    assert_eq!((jpeg.width, jpeg.height, jpeg.gps), (144, 176, true));
}

/// The smallest HEIC that is one, kept in the repository.
#[test]
fn a_heic_is_called_by_its_name() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/media/exif.heic");
    let facts = probe(&mut File::open(path).unwrap()).unwrap();
    let broken = check(&facts, Use::Image, "exif.heic");
    assert_eq!(broken[0].message, "the picture is a HEIC, and Instagram accepts JPEG only");
}
