//! Commands in the help of findings are part of the rule: each is run on a file that breaks it. The result passes, and
//! breaks no other rule.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use igsync_media::probe::{Facts, probe};
use igsync_media::rules::{Broken, Use, check};
use igsync_testkit::media::{avc, part};
use serde_json::Value;

use crate::case::{CONFIG, IMAGE};
use crate::project::Project;
use crate::testing::{Mp4, jpeg, moving_png, with_exif};
use crate::tools::{MATRIX, make, tool};

fn facts(path: &Path) -> Facts {
    probe(&mut File::open(path).unwrap()).unwrap()
}

fn names(broken: &[Broken]) -> Vec<&'static str> {
    broken.iter().map(|broken| broken.rule.name).collect()
}

/// What is in backticks and begins with this program.
fn commands<'h>(help: &'h str, program: &str) -> Vec<&'h str> {
    let quoted = help.split('`').skip(1).step_by(2);
    quoted.filter(|command| command.split(' ').next() == Some(program)).collect()
}

/// What the shell gets, run in `folder`; gives the name of the result.
fn run(folder: &Path, command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    command.rsplit(' ').next().unwrap().to_owned()
}

/// Everything that ffmpeg is told to do about a file. Says what is wrong with the results.
fn follow(folder: &Path, name: &str, usage: Use, surprises: &mut Vec<String>) {
    let found = check(&facts(&folder.join(name)), usage, name);
    let mut told: Vec<&str> = found.iter().flat_map(|broken| commands(&broken.help, "ffmpeg")).collect();
    told.dedup();
    if told.is_empty() {
        surprises.push(format!("{name} as {usage:?} breaks {:?}, and nothing is told", names(&found)));
    }
    for command in told {
        let result = run(folder, command);
        let left = check(&facts(&folder.join(&result)), usage, &result);
        if !left.is_empty() {
            let labels: Vec<&str> = left.iter().map(|broken| broken.label.as_str()).collect();
            surprises.push(format!("{name} as {usage:?}: {command} leaves {:?} {labels:?}", names(&left)));
        }
        std::fs::remove_file(folder.join(result)).unwrap();
    }
}

fn ffmpeg(folder: &Path, words: &str, name: &str) {
    let arguments = words.split_whitespace();
    let output = Command::new("ffmpeg").args(["-v", "error"]).args(arguments).arg(folder.join(name)).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_clip_passes_after_its_command() {
    if tool("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut surprises = Vec::new();
    let without_command = ["short.mp4", "sound.mp4"];
    for row in MATRIX.iter().filter(|row| !row.breaks.is_empty() && !without_command.contains(&row.name)) {
        // Names differ in their endings alone, and a result is named after its source.
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), row);
        follow(folder.path(), row.name, Use::Reel, &mut surprises);
    }
    let source =
        |seconds: &str| format!("-f lavfi -i testsrc=size=128x228:rate=30 -f lavfi -i sine=r=44100 -t {seconds}");
    let coded = "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart";
    ffmpeg(folder, &format!("{} {coded}", source("61")), "minute.mp4");
    follow(folder, "minute.mp4", Use::StoryVideo, &mut surprises);
    follow(folder, "minute.mp4", Use::CarouselVideo, &mut surprises);
    ffmpeg(folder, &format!("-f lavfi -i color=size=32x58:rate=23 -t 901 -preset ultrafast {coded}"), "long.mp4");
    follow(folder, "long.mp4", Use::Reel, &mut surprises);
    // A key frame every second: what comes before the cut is left out by an edit list.
    ffmpeg(folder, &format!("{} -g 30 {coded}", source("7")), "whole.mp4");
    let whole = folder.join("whole.mp4").to_str().unwrap().to_owned();
    ffmpeg(folder, &format!("-ss 1.9 -i {whole} -c copy -movflags +faststart"), "cut.mp4");
    follow(folder, "cut.mp4", Use::Reel, &mut surprises);
    let noise = "-f lavfi -i nullsrc=size=320x568:rate=30 -vf noise=alls=100:allf=t -t 3.2 -preset ultrafast -qp 0";
    ffmpeg(folder, &format!("{noise} {coded}"), "noise.mp4");
    follow(folder, "noise.mp4", Use::Reel, &mut surprises);
    ffmpeg(folder, &format!("-f lavfi -i testsrc=size=60x720:rate=30 -t 3.2 {coded}"), "narrow.mp4");
    follow(folder, "narrow.mp4", Use::StoryVideo, &mut surprises);
    // Too large by what readers skip.
    for (name, usage) in [("large.mp4", Use::StoryVideo), ("item.mp4", Use::CarouselVideo)] {
        ffmpeg(folder, &format!("{} {coded}", source("5")), name);
        let mut file = File::options().append(true).open(folder.join(name)).unwrap();
        file.write_all(&[&(110_u32 << 20).to_be_bytes()[..], b"free"].concat()).unwrap();
        let len = file.metadata().unwrap().len();
        file.set_len(len - 8 + (110 << 20)).unwrap();
        follow(folder, name, usage, &mut surprises);
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn a_clip_of_any_container_and_size_passes_after_its_command() {
    if tool("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut surprises = Vec::new();
    for (name, options) in [
        ("a.gif", "-f lavfi -i testsrc=size=129x227:rate=10 -t 1"),
        (
            "b.avi",
            "-f lavfi -i testsrc=size=129x227:rate=12 -f lavfi -i sine=r=96000 -t 4 -c:v mpeg4 -c:a ac3 -ar 48000 -ac 6",
        ),
        ("c.ts", "-f lavfi -i testsrc=size=720x576:rate=25 -t 4 -c:v mpeg2video -flags +ildct+ilme"),
        ("d.mkv", "-f lavfi -i testsrc=size=2001x113:rate=90 -t 4 -c:v ffv1"),
        ("e.webm", "-f lavfi -i testsrc=size=131x229:rate=20 -t 4 -c:v libvpx-vp9 -cpu-used 8"),
    ] {
        ffmpeg(folder, options, name);
        let found = check(&facts(&folder.join(name)), Use::Reel, name);
        assert_eq!(names(&found), ["video-container"], "{name}");
        if name == "d.mkv" {
            // What shape it has shows only in the result.
            let result = run(folder, commands(&found[0].help, "ffmpeg")[0]);
            assert_eq!(names(&check(&facts(&folder.join(&result)), Use::Reel, &result)), ["video-shape"]);
            follow(folder, &result, Use::Reel, &mut surprises);
            continue;
        }
        follow(folder, name, Use::Reel, &mut surprises);
    }
    // Odd numbers of rows and columns need a coding that allows them.
    let mut random = Numbers(7);
    for n in 0..8 {
        let (width, height) = (random.odd(65, 301), random.odd(65, 301));
        let name = format!("odd-{n}.mp4");
        let source = format!("-f lavfi -i testsrc=size={width}x{height}:rate=90 -f lavfi -i sine -t 3.2");
        ffmpeg(folder, &format!("{source} -c:v libx264 -pix_fmt yuv444p -c:a ac3"), &name);
        follow(folder, &name, Use::Reel, &mut surprises);
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// The same numbers each time.
struct Numbers(u64);

impl Numbers {
    /// An odd number between two.
    fn odd(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (least + (self.0 >> 33) % (most - least)) | 1
    }
}

#[test]
fn a_picture_of_any_odd_size_passes_after_its_command() {
    if tool("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut surprises = Vec::new();
    let mut random = Numbers(1);
    let mut followed = 0;
    for n in 0..60 {
        let (width, height) = match n % 3 {
            0 => (random.odd(101, 1900), random.odd(101, 1900)),
            // Just too tall, and just too wide.
            1 => (1081 + 2 * n, (1081 + 2 * n) * 4 / 3 + 2),
            _ => ((401 + n) * 191 / 100 + 2, 401 + n),
        };
        let name = format!("odd-{n}.jpg");
        // The colours of every second pixel only, as cameras keep them: ffmpeg rounds crops of these.
        let picture = format!("-f lavfi -i testsrc=size={width}x{height}:rate=1 -frames:v 1 -pix_fmt yuvj420p -q:v 3");
        ffmpeg(folder, &picture, &name);
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let orientation = u8::try_from(n % 8 + 1).unwrap();
        let turned = if n % 4 == 0 { bytes } else { with_exif(&bytes, orientation, false) };
        File::create(folder.join(&name)).unwrap().write_all(&turned).unwrap();
        for usage in [Use::Image, Use::Cover] {
            if !check(&facts(&folder.join(&name)), usage, &name).is_empty() {
                follow(folder, &name, usage, &mut surprises);
                followed += 1;
            }
        }
    }
    assert!(followed > 60, "{followed}");
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// Four colours in four corners: whatever the camera's way up, the command leaves them where they are seen.
#[test]
fn a_picture_on_its_side_is_upright_after_its_command() {
    if tool("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let corners = |picture: &image::RgbImage| {
        let (right, bottom) = (picture.width() - 9, picture.height() - 9);
        [(8, 8), (right, 8), (8, bottom), (right, bottom)].map(|(x, y)| {
            let image::Rgb(colour) = *picture.get_pixel(x, y);
            colour.map(|value| value > 127)
        })
    };
    for orientation in 1..=8 {
        let seen = (400, 1000);
        let stored = if orientation >= 5 { (seen.1, seen.0) } else { seen };
        let picture = image::RgbImage::from_fn(stored.0, stored.1, |x, y| {
            image::Rgb(match (x < stored.0 / 2, y < stored.1 / 2) {
                (true, true) => [255, 0, 0],
                (false, true) => [0, 255, 0],
                (true, false) => [0, 0, 255],
                (false, false) => [255, 255, 0],
            })
        });
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        let bytes = with_exif(&bytes.into_inner(), orientation, false);
        File::create(folder.join("a.jpg")).unwrap().write_all(&bytes).unwrap();
        let help = &check(&facts(&folder.join("a.jpg")), Use::Image, "a.jpg")[0].help;
        let result = run(folder, commands(help, "ffmpeg")[0]);
        let result = image::open(folder.join(result)).unwrap();
        assert_eq!((result.width(), result.height()), (400, 500));
        let mut upright = image::DynamicImage::ImageRgb8(picture);
        upright.apply_orientation(image::metadata::Orientation::from_exif(orientation).unwrap());
        assert_eq!(corners(&result.to_rgb8()), corners(&upright.to_rgb8()), "{orientation}");
        std::fs::remove_file(folder.join("a-fixed.jpg")).unwrap();
    }
}

#[test]
fn a_picture_of_another_format_passes_after_its_command() {
    if tool("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut surprises = Vec::new();
    for name in ["a.gif", "b.bmp", "c.tiff"] {
        ffmpeg(folder, "-f lavfi -i testsrc=size=2001x1999:rate=1 -frames:v 1", name);
        follow(folder, name, Use::Image, &mut surprises);
    }
    ffmpeg(folder, "-f lavfi -i testsrc=size=2001x1999:rate=1 -frames:v 1 -c:v libaom-av1 -cpu-used 8", "d.avif");
    File::create(folder.join("e.jpg")).unwrap().write_all(&stereo(&jpeg(1501, 1501))).unwrap();
    for name in ["d.avif", "e.jpg"] {
        assert_eq!(names(&check(&facts(&folder.join(name)), Use::Image, name)), ["not-jpeg"], "{name}");
        follow(folder, name, Use::Image, &mut surprises);
    }
    let large = crate::media::large_jpeg(8_500_000);
    File::create(folder.join("large.jpg")).unwrap().write_all(&large).unwrap();
    follow(folder, "large.jpg", Use::Image, &mut surprises);
    // Above what igsync converts.
    ffmpeg(folder, "-f lavfi -i color=size=9000x7600:rate=1 -frames:v 1 -compression_level 1", "huge.png");
    let project = Project::empty();
    project.write("igsync.yaml", CONFIG);
    project.write("posts/post.yaml", IMAGE.replace("a.jpg", "huge.png"));
    std::fs::copy(folder.join("huge.png"), project.path().join("posts/huge.png")).unwrap();
    let help = helps(&project).remove(0);
    // From the content root, as every path in a message.
    let result = run(project.path(), commands(&help, "ffmpeg")[0]);
    assert_eq!(names(&check(&facts(&project.path().join(&result)), Use::Image, &result)), [""; 0]);
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// A JPEG that says of itself that it is the first of a stereo pair.
fn stereo(jpeg: &[u8]) -> Vec<u8> {
    let mut block = b"MPF\0MM\0\x2a\0\0\0\x08\0\x01\xB0\x02\0\x07\0\0\0\x20\0\0\0\x1a\0\0\0\0".to_vec();
    for kind in [0x0003_0000_u32, 0x0002_0002] {
        block.extend(kind.to_be_bytes());
        block.extend([0; 12]);
    }
    let size = u16::try_from(block.len() + 2).unwrap();
    [&jpeg[..2], &[0xFF, 0xE2], &size.to_be_bytes(), &block, &jpeg[2..]].concat()
}

#[test]
fn a_photo_of_a_phone_passes_after_the_command_for_linux() {
    let runs = |name: &str| Command::new(name).arg("--version").output().is_ok();
    if !crate::project::has("heif-convert", runs("heif-convert") && runs("heif-enc")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    File::create(folder.join("a.jpg")).unwrap().write_all(&jpeg(640, 800)).unwrap();
    let made = Command::new("heif-enc").args(["-o", "photo 1.heic", "a.jpg"]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let found = check(&facts(&folder.join("photo 1.heic")), Use::Image, "photo 1.heic");
    assert_eq!(names(&found), ["not-jpeg"]);
    assert_eq!(commands(&found[0].help, "sips").len(), 1);
    run(folder, commands(&found[0].help, "heif-convert")[0]);
    assert_eq!(names(&check(&facts(&folder.join("photo 1.jpg")), Use::Image, "a.jpg")), [""; 0]);
}

fn helps(project: &Project) -> Vec<String> {
    let findings: Value = serde_json::from_str(&project.run(["validate", "--format", "json"]).stdout).unwrap();
    let findings = findings["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["help"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Of every fixture that breaks a rule of media.
#[test]
fn a_command_is_code_wherever_it_is_shown_and_has_no_invisible_character() {
    let mut seen = 0;
    for case in crate::cases().iter().filter(|case| case.rule.starts_with("IGS3") || case.rule == "IGS2605") {
        let root = tempfile::tempdir().unwrap();
        let output =
            |args: &[&str]| String::from_utf8(case.fails.command(root.path(), args).output().unwrap().stdout).unwrap();
        let findings: Value = serde_json::from_str(&output(&["validate", "--format", "json"])).unwrap();
        let markdown = output(&["plan", "--format", "markdown"]);
        for finding in findings["findings"].as_array().unwrap() {
            let help = finding["help"].as_str().unwrap_or_default();
            let outside: String = help.split('`').step_by(2).collect();
            for program in ["ffmpeg", "sips", "heif-convert", "magick", "exiftool", "igsync "] {
                assert!(!outside.contains(program), "{}: {program} is no code in {help}", case.rule);
            }
            for program in ["ffmpeg", "sips", "heif-convert", "magick", "igsync"] {
                for command in commands(help, program) {
                    assert!(command.is_ascii(), "{command}");
                    assert!(markdown.contains(&format!("`{command}`")), "{}: {command} in {markdown}", case.rule);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

/// What igsync does itself is said where it is the answer, and nowhere else.
#[test]
fn a_finding_that_fix_settles_says_so() {
    let says = |path: &str, bytes: Vec<u8>, manifest: &str| {
        let project = Project::empty();
        project.write("igsync.yaml", CONFIG);
        project.write(path, bytes);
        project.write("posts/post.yaml", manifest);
        let told = helps(&project).iter().any(|help| help.contains("`igsync fix --write`"));
        let before = helps(&project).len();
        let _ = project.run(["fix", "--write"]);
        (told, helps(&project).len() < before)
    };
    let clip = |video: Mp4| video.build();
    let picture = |bytes: Vec<u8>| says("posts/a.jpg", bytes, IMAGE);
    let reel = |bytes: Vec<u8>| says("posts/a.mp4", bytes, "kind: reel\nvideo: a.mp4\n");
    let late = Mp4 { moov_first: false, ..Mp4::default() };
    let both = (true, true);
    let neither = (false, false);
    assert_eq!(picture(crate::testing::png(400, 400)), both);
    assert_eq!(picture(jpeg(1500, 1500)), both, "the width");
    assert_eq!(picture(with_exif(&jpeg(400, 400), 1, true)), both, "the position");
    assert_eq!(picture(crate::media::large_jpeg(8_500_000)), both, "the size");
    assert_eq!(picture(crate::media::with_profile(crate::media::DISPLAY_P3)), both, "the colours");
    assert_eq!(reel(clip(late.clone())), both);
    assert_eq!(picture(jpeg(400, 700)), neither, "the shape");
    assert_eq!(picture(moving_png()), neither);
    let chroma = Mp4 { configuration: avc(122, 2, true), ..Mp4::default() };
    assert_eq!(reel(clip(chroma)), neither);
    assert_eq!(reel([clip(Mp4::default()), part(*b"moof", &[&[0; 8]])].concat()), neither);
}
