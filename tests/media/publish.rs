//! Pictures of every kind, from their files to the feed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use image::ImageFormat;
use serde_json::Value;

use crate::picture;
use crate::project::{Project, Server};
use crate::testing::{png, with_exif};

const CONVERTING: &str = "\
accounts:
  harbour:
    user_id: \"17841400000000001\"
media: { convert: true, fit: pad }
";

/// A PNG, a `WebP`, a picture on its side, a story, a picture that is too tall, and a mixed carousel.
fn every_kind() -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", CONVERTING);
    for (name, bytes) in [
        ("harbour.png", picture(1600, 2000, ImageFormat::Png)),
        ("boats.webp", picture(800, 800, ImageFormat::WebP)),
        ("side.jpg", with_exif(&picture(800, 640, ImageFormat::Jpeg), 6, true)),
        ("story.png", picture(540, 960, ImageFormat::Png)),
        ("tall.jpg", picture(400, 900, ImageFormat::Jpeg)),
    ] {
        project.write(&format!("posts/{name}"), bytes);
    }
    for (name, manifest) in [
        ("a", "kind: image\ncaption: A\nimage: harbour.png\n"),
        ("b", "kind: image\ncaption: B\nimage: side.jpg\n"),
        ("c", "kind: image\ncaption: C\nimage: tall.jpg\n"),
        ("d", "kind: story\nimage: story.png\n"),
        (
            "e",
            "kind: carousel\ncaption: E\nitems:\n  - image: boats.webp\n  - image: harbour.png\n  - image: side.jpg\n",
        ),
    ] {
        project.write(&format!("posts/{name}.yaml"), manifest);
    }
    project
}

fn plan(project: &Project) -> Value {
    serde_json::from_str(&project.run(["plan", "--format", "json"]).exits(0).stdout).unwrap()
}

#[test]
fn pictures_of_every_kind_are_published_as_jpegs_that_pass() {
    let server = Server::start();
    let project = every_kind().against(&server, "instagram", "IGAA-LONG");
    let before = project.files();

    let human = project.run(["plan"]).exits(0);
    assert!(human.stdout.contains("harbour.png → JPEG 1440×1800, "), "{}", human.stdout);
    assert!(human.stdout.contains("side.jpg → JPEG 640×800, "), "{}", human.stdout);
    let planned = plan(&project);
    let sizes: Vec<String> = planned["changes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|change| change["media"].as_array().unwrap().clone())
        .map(|media| {
            let made = &media["converted"];
            assert!(made["bytes"].as_u64().unwrap() > 1000, "{media}");
            format!("{} {}x{}", media["path"].as_str().unwrap(), made["width"], made["height"])
        })
        .collect();
    assert_eq!(
        sizes,
        [
            "posts/harbour.png 1440x1800",
            "posts/side.jpg 640x800",
            "posts/tall.jpg 720x900",
            "posts/story.png 540x960",
            "posts/boats.webp 800x800",
            // The carousel's first item is square, and nothing is cut off the others.
            "posts/harbour.png 1440x1440",
            "posts/side.jpg 800x800",
        ]
    );

    project.run(["apply", "--yes"]).exits(0);
    let published = server.published();
    assert_eq!(published.len(), 5, "{published:#?}");
    let mut sent = 0;
    for post in &published {
        for source in media_of(post) {
            let bytes = get(&source);
            sent += bytes.len();
            let decoded = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap();
            assert!((320..=1440).contains(&decoded.width()), "{source}");
            assert!(!bytes.windows(4).any(|window| window == b"Exif"), "{source}");
        }
    }
    assert_eq!(planned["cost"]["media_bytes"], sent, "the plan knew what goes out");
    assert_eq!(project.files().len(), before.len(), "the pictures of the repository stay as they are");
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
}

#[test]
fn converted_pictures_that_no_post_needs_go_away_after_a_week() {
    const WEEK: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);
    let server = Server::start();
    let project = every_kind().against(&server, "instagram", "IGAA-LONG");
    let later = "kind: image\ncaption: Z\nimage: tall.jpg\npublish_at: 2100-01-01T00:00Z\nallow_duplicate: true\n";
    let folder = project.path().join(".igsync/converted");
    let kept = || std::fs::read_dir(&folder).unwrap().count();
    let age = || {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
            let written = file.metadata().unwrap().modified().unwrap();
            file.set_modified(written - WEEK - WEEK).unwrap();
        }
    };
    project.run(["apply", "--yes", "--exclude", "posts/d"]).exits(0);
    assert_eq!(kept(), 6, "two posts share the one on its side, and each shape has its own");

    project.write("posts/z.yaml", later);
    age();
    project.run(["plan"]).exits(0);
    assert_eq!(kept(), 7, "a plan takes nothing away");
    project.run(["apply", "--yes"]).exits(0);
    // The story's, which has just gone out, and that of the post which waits for its time.
    assert_eq!(kept(), 2);
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes: 1 scheduled; 5 unchanged.");
}

/// The URLs that the emulator was given for a post.
fn media_of(post: &Value) -> Vec<String> {
    let own = post["params"]["image_url"].as_str().map(str::to_owned);
    let children = post["children"].as_array().cloned().unwrap_or_default();
    own.into_iter()
        .chain(children.iter().filter_map(|child| Some(child["params"]["image_url"].as_str()?.to_owned())))
        .collect()
}

fn get(url: &str) -> Vec<u8> {
    use std::io::{Read, Write};
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    write!(socket, "GET /{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    answer.split_off(body)
}

#[test]
fn a_picture_is_drawn_once_and_again_only_when_it_changes() {
    let server = Server::start();
    let project = every_kind().against(&server, "instagram", "IGAA-LONG");
    let drawn = || {
        let folder = project.path().join(".igsync/converted");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), entry.metadata().unwrap().modified().unwrap()))
            .collect();
        files.sort();
        files
    };
    project.run(["plan"]).exits(0);
    let first = drawn();
    assert_eq!(first.len(), 7);
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(drawn(), first);
}

/// What someone makes of a converted picture.
type Altering = fn(&Project, &Path, &[u8]);

/// Whatever is found in `.igsync/converted/`, the pictures go out that were reviewed.
#[test]
fn a_converted_picture_that_was_altered_goes_out_as_its_source_says() {
    /// As long as it was, written when it was.
    fn with_another_byte(_: &Project, path: &Path, bytes: &[u8]) {
        let written = std::fs::metadata(path).unwrap().modified().unwrap();
        let mut altered = bytes.to_vec();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        overwrite(path, &altered);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(written).unwrap();
    }
    fn another(_: &Project, path: &Path, _: &[u8]) {
        overwrite(path, &picture(900, 900, ImageFormat::Jpeg));
    }
    /// The cache of digests is altered with it.
    fn another_and_its_digest(project: &Project, path: &Path, bytes: &[u8]) {
        another(project, path, bytes);
        let cache = project.path().join(".igsync/digests.jsonl");
        let found = std::fs::metadata(path).unwrap();
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let line = format!(
            "[\"{}\",{},{},{},{},\"{}\",null]\n",
            path.strip_prefix(project.path()).unwrap().display(),
            found.len(),
            nanoseconds(found.mtime(), found.mtime_nsec()),
            nanoseconds(found.ctime(), found.ctime_nsec()),
            found.ino(),
            "0".repeat(64)
        );
        overwrite(&cache, (std::fs::read_to_string(&cache).unwrap() + &line).as_bytes());
        let later = std::fs::metadata(&cache).unwrap().modified().unwrap() + std::time::Duration::from_secs(10);
        std::fs::File::options().write(true).open(&cache).unwrap().set_modified(later).unwrap();
    }
    fn overwrite(path: &Path, bytes: &[u8]) {
        use std::io::Write;
        let mut file = std::fs::File::options().write(true).truncate(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    }
    let altering: [Altering; 3] = [with_another_byte, another, another_and_its_digest];
    for alter in altering {
        let server = Server::start();
        let project = every_kind().against(&server, "instagram", "IGAA-LONG");
        project.run(["plan"]).exits(0);
        let folder = project.path().join(".igsync/converted");
        let pictures = || -> BTreeMap<PathBuf, Vec<u8>> {
            let paths = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
        };
        let drawn = pictures();
        for (path, bytes) in &drawn {
            alter(&project, path, bytes);
        }
        assert!(pictures().iter().all(|(path, bytes)| drawn[path] != *bytes));

        project.run(["apply", "--yes"]).exits(0);
        let published = server.published();
        let sources: Vec<String> = published.iter().flat_map(media_of).collect();
        assert_eq!(sources.len(), 7, "{published:#?}");
        for source in sources {
            assert!(drawn.values().any(|bytes| *bytes == get(&source)), "{source} is what nobody reviewed");
        }
        assert_eq!(pictures(), drawn, "each is what it should be again");
    }
}

#[test]
fn switching_conversion_on_changes_no_published_post() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.write("posts/side.jpg", with_exif(&picture(800, 640, ImageFormat::Jpeg), 6, false));
    project.write("posts/side.yaml", "kind: image\ncaption: On its side\nimage: side.jpg\n");
    project.run(["apply", "--yes"]).exits(0);
    let digests = project.read("igsync.lock");
    let text = project.read("igsync.yaml");
    project.write("igsync.yaml", format!("{text}  convert: true\n  fit: crop\n"));
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert_eq!(project.read("igsync.lock"), digests);
}

#[test]
fn a_file_that_only_looks_whole_is_known_before_anything_goes_out() {
    let server = Server::start();
    let project = every_kind().against(&server, "instagram", "IGAA-LONG");
    let mut damaged = png(600, 600);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    project.write("posts/harbour.png", damaged);
    project.run(["plan"]).exits(1).says("not-converted").says("posts/a.yaml:3");
    project.run(["apply", "--yes"]).exits(1).says("not-converted");
    assert_eq!(server.published().len(), 0);
}

#[test]
fn a_host_that_serves_the_repository_cannot_have_what_is_made_here() {
    let project = every_kind();
    project.write(
        "igsync.yaml",
        CONVERTING.replace("media: {", "media: { hosting: { url: \"https://cdn.example.com/{path}\" },"),
    );
    project.run(["validate"]).exits(1).says("conversion-not-hosted").says("posts/a.yaml:3");
}
