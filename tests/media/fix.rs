//! `igsync fix`: files that pass beside those that do not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::ImageFormat;
use serde_json::Value;

use crate::picture;
use crate::project::{Project, Server, has};
use crate::testing::{Mp4, jpeg, part, with_exif};

/// A host that serves the repository, so that nothing can be converted on the way.
const CONFIG: &str = "\
accounts:
  harbour: { user_id: \"17841400000000001\" }
media: { hosting: { url: \"https://cdn.example.com/{path}\" } }
";

fn late(brand: [u8; 4]) -> Vec<u8> {
    Mp4 { moov_first: false, brand, ..Mp4::default() }.build()
}

/// A clip with its index last and a box behind it that fills it up, without what that box holds.
fn late_and_long(len: u32) -> Vec<u8> {
    let clip = late(*b"isom");
    let rest = len - u32::try_from(clip.len()).unwrap();
    [&clip[..], &rest.to_be_bytes(), b"free"].concat()
}

fn project(config: &str, files: &[(&str, Vec<u8>)]) -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", config);
    for (path, bytes) in files {
        project.write(path, bytes);
    }
    project
}

/// A PNG, a motion photo on its side, a clip with its index last, and a carousel of all three.
fn phone() -> Project {
    let motion = Mp4 { data: 100_000, ..Mp4::default() }.build();
    let files = [
        ("media/harbour.png", picture(400, 500, ImageFormat::Png)),
        ("media/side.jpg", [with_exif(&picture(800, 640, ImageFormat::Jpeg), 6, true), motion].concat()),
        ("media/boats.mov", late(*b"qt  ")),
        ("media/good.jpg", jpeg(640, 800)),
    ];
    let project = project(CONFIG, &files);
    project.write("posts/a.yaml", "# the harbour\r\nkind: image\r\nimage: ../media/harbour.png # from the pier\r\n");
    project.write("posts/b.yaml", "kind: reel\nvideo: '../media/boats.mov'\ncaption: boats.mov\n");
    project.write(
        "posts/c.yaml",
        "kind: carousel\nitems:\n  - { image: \"../media/side.jpg\" }\n  - image: ../media/good.jpg\n  - video: ../media/boats.mov\n",
    );
    project
}

fn bytes(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    project.files().into_iter().collect()
}

fn errors(project: &Project) -> Vec<String> {
    let output = project.run(["validate", "--format", "json"]);
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let errors = findings["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    errors
        .map(|finding| format!("{} {}", finding["file"].as_str().unwrap(), finding["name"].as_str().unwrap()))
        .collect()
}

#[test]
fn everything_passes_afterwards_and_nothing_was_overwritten() {
    let project = phone();
    let before = bytes(&project);
    let listed = project.run(["fix"]).exits(1);
    insta::assert_snapshot!(listed.stdout, @r"
      media/harbour.png → media/harbour.igsync.jpg  JPEG 400×500
      media/boats.mov → media/boats.igsync.mp4      index first, 5 kB
      media/side.jpg → media/side.igsync.jpg        JPEG 640×800

    nothing was written: add `--write`
    Fix: 3 files to make, 3 manifests to change.
    ");
    assert_eq!(bytes(&project), before, "it was only asked");

    project.run(["fix", "--write"]).exits(0).ends_with("Fix: 3 files made, 3 manifests changed.");
    assert_eq!(errors(&project), [""; 0]);
    let after = bytes(&project);
    let manifests = ["posts/a.yaml", "posts/b.yaml", "posts/c.yaml"].map(|path| project.path().join(path));
    for (path, old) in &before {
        assert!(manifests.contains(path) || after[path] == *old, "{}", path.display());
    }
    let made: Vec<&Path> = after.keys().filter(|path| !before.contains_key(*path)).map(PathBuf::as_path).collect();
    let names = ["boats.igsync.mp4", "harbour.igsync.jpg", "side.igsync.jpg"];
    assert_eq!(made, names.map(|name| project.path().join("media").join(name)));
    assert_eq!(
        project.read("posts/a.yaml"),
        "# the harbour\r\nkind: image\r\nimage: ../media/harbour.igsync.jpg # from the pier\r\n"
    );
    assert_eq!(project.read("posts/b.yaml"), "kind: reel\nvideo: '../media/boats.igsync.mp4'\ncaption: boats.mov\n");
    assert_eq!(
        project.read("posts/c.yaml"),
        "kind: carousel\nitems:\n  - { image: \"../media/side.igsync.jpg\" }\n  - image: ../media/good.jpg\n  - video: ../media/boats.igsync.mp4\n"
    );
    project.run(["fix", "--write"]).exits(0).ends_with("Fix: nothing to do.");
    assert_eq!(bytes(&project), after);
}

#[test]
fn a_picture_comes_out_as_conversion_makes_it() {
    let server = Server::start();
    let converting = phone().against(&server, "instagram", "IGAA-LONG");
    converting
        .write("igsync.yaml", "accounts:\n  harbour: { user_id: \"17841400000000001\" }\nmedia: { convert: true }\n");
    converting.run(["plan", "--exclude", "posts/b", "--exclude", "posts/c"]).exits(1);
    let kept = std::fs::read_dir(converting.path().join(".igsync/converted")).unwrap();
    let converted: Vec<Vec<u8>> = kept.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    let project = phone();
    project.run(["fix", "--write", "posts/a.yaml"]).exits(0);
    let fixed = std::fs::read(project.path().join("media/harbour.igsync.jpg")).unwrap();
    assert!(converted.contains(&fixed));
    assert!(!project.path().join("media/side.igsync.jpg").exists(), "only what was asked for");
}

#[test]
fn a_path_names_manifests_folders_or_media() {
    for path in ["posts/b.yaml", "media/boats.mov"] {
        let project = phone();
        project.run(["fix", "--write", path]).exits(0);
        assert!(project.path().join("media/boats.igsync.mp4").exists(), "{path}");
        assert!(!project.path().join("media/harbour.igsync.jpg").exists(), "{path}");
    }
    let project = phone();
    project.run(["fix", "--write", "media"]).exits(0).ends_with("Fix: 3 files made, 3 manifests changed.");
    project.run(["fix", "--write", "post"]).exits(1).says("no post names it");
}

#[test]
fn a_name_that_is_taken_is_left_to_whoever_has_it() {
    let files = [
        ("posts/a.png", picture(330, 330, ImageFormat::Png)),
        ("posts/a.webp", picture(330, 400, ImageFormat::WebP)),
        ("posts/a.igsync.jpg", b"someone's own".to_vec()),
        ("posts/a.png.igsync.jpg", b"someone's own".to_vec()),
    ];
    let project = project(CONFIG, &files);
    project.write("posts/one.yaml", "kind: image\nimage: a.png\n");
    project.write("posts/two.yaml", "kind: image\nimage: a.webp\n");
    // A story may be wider than the feed keeps it, so that two results come from one source.
    project.write("posts/three.yaml", "kind: story\nimage: a.png\n");
    project.run(["fix", "--write"]).exits(0);
    assert_eq!(project.read("posts/a.igsync.jpg") + &project.read("posts/a.png.igsync.jpg"), "someone's own".repeat(2));
    assert_eq!(project.read("posts/one.yaml"), "kind: image\nimage: a.png.igsync-2.jpg\n");
    assert_eq!(project.read("posts/two.yaml"), "kind: image\nimage: a.webp.igsync.jpg\n");
    assert_eq!(project.read("posts/three.yaml"), "kind: story\nimage: a.png.igsync-2.jpg\n");
    assert_eq!(errors(&project), [""; 0]);
}

#[test]
fn a_host_that_serves_the_repository_works_afterwards() {
    let project = phone();
    project.write("igsync.yaml", CONFIG.replace("media: {", "media: { convert: true,"));
    let before = errors(&project);
    assert!(before.contains(&"posts/a.yaml conversion-not-hosted".to_owned()), "{before:?}");
    project.run(["fix", "--write"]).exits(0).ends_with("Fix: 3 files made, 3 manifests changed.");
    assert_eq!(errors(&project), [""; 0]);
}

/// A branch may bring links: none is followed, and none is replaced.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.png");
    let png = picture(330, 330, ImageFormat::Png);
    let project = project(CONFIG, &[("posts/a.png", png.clone())]);
    std::fs::copy(project.path().join("posts/a.png"), &secret).unwrap();
    for (link, target) in [("a.igsync.jpg", "nowhere"), ("a.png.igsync.jpg", "secret.png"), ("b.png", "secret.png")] {
        symlink(outside.path().join(target), project.path().join("posts").join(link)).unwrap();
    }
    symlink(outside.path(), project.path().join("posts/album")).unwrap();
    project.write("posts/a.yaml", "kind: image\nimage: a.png\n");
    project.write("posts/b.yaml", "kind: image\nimage: b.png\n");
    project.write("posts/c.yaml", "kind: image\nimage: album/secret.png\n");
    project.run(["fix", "--write"]).exits(1).says("linked-file");
    assert_eq!(project.read("posts/a.yaml"), "kind: image\nimage: a.png.igsync-2.jpg\n");
    let there: Vec<_> = std::fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(there, std::slice::from_ref(&secret));
    assert_eq!(std::fs::read(secret).unwrap(), png);
}

#[test]
fn what_an_earlier_run_made_is_found_again() {
    let project = phone();
    let before = bytes(&project);
    project.run(["fix", "--write"]).exits(0);
    let made = bytes(&project);
    // As if that run had been killed before it came to the manifests.
    for name in ["a", "b", "c"] {
        let path = format!("posts/{name}.yaml");
        project.write(&path, &before[&project.path().join(&path)]);
    }
    project.run(["fix"]).exits(1).says("there already");
    project.run(["fix", "--write"]).exits(0);
    assert_eq!(bytes(&project), made);
}

#[test]
fn what_is_left_is_named() {
    let files = [
        ("posts/tall.png", picture(330, 700, ImageFormat::Png)),
        ("posts/photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec()),
        ("posts/pieces.mp4", [Mp4::default().build(), part(*b"moof", &[&[0; 8]])].concat()),
    ];
    let project = project(CONFIG, &files);
    // All but its beginning is a hole in the file.
    project.write("posts/huge.mp4", late_and_long(301 << 20));
    std::fs::File::options()
        .write(true)
        .open(project.path().join("posts/huge.mp4"))
        .unwrap()
        .set_len(301 << 20)
        .unwrap();
    project.write("posts/d.yaml", "kind: reel\nvideo: huge.mp4\n");
    project.write("posts/a.yaml", "kind: image\nimage: tall.png\ndraft: true\n");
    project.write("posts/b.yaml", "kind: image\nimage: photo.heic\n");
    project.write("posts/c.yaml", "kind: reel\nvideo: pieces.mp4\n");
    let output = project.run(["fix", "--write"]).exits(1);
    let output = output.says("not-jpeg").says("sips -s format jpeg posts/photo.heic");
    output
        .says("posts/pieces.mp4: it is made of fragments")
        .says("posts/huge.mp4: it is larger than 300 MiB")
        .says("posts/tall.png: the result would not pass either: the picture is too tall; `media.fit` changes shapes")
        .ends_with("Fix: nothing that igsync can do; 4 errors left.");
    project.write("igsync.yaml", CONFIG.replace("media: {", "media: { convert: true, fit: pad,"));
    project.run(["fix", "--write", "posts/a.yaml"]).exits(0);
    assert_eq!(project.read("posts/a.yaml"), "kind: image\nimage: tall.igsync.jpg\ndraft: true\n");
    project.run(["fix", "--write", "posts/c.yaml"]).exits(0).ends_with("Fix: nothing to do.");
}

#[test]
fn recorded_posts_are_left_alone_unless_asked_for() {
    let server = Server::start();
    server.sandbox.configure(|settings| settings.accept_moov_last = true);
    let project = phone().against(&server, "instagram", "IGAA-LONG");
    project.write("igsync.yaml", format!("{CONFIG}rules: {{ index-last: warn }}\n"));
    project.remove("posts/a.yaml");
    project.remove("posts/c.yaml");
    project.run(["apply", "--yes"]).exits(0);
    let before = bytes(&project);
    project
        .run(["fix", "--write"])
        .exits(0)
        .says("1 manifest of recorded posts; add `--all`")
        .ends_with("Fix: nothing to do.");
    assert_eq!(bytes(&project), before);
    project.run(["fix", "--write", "--all"]).exits(0).says("`igsync lock accept posts/b`");
    assert_eq!(project.read("posts/b.yaml"), "kind: reel\nvideo: '../media/boats.igsync.mp4'\ncaption: boats.mov\n");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited.");
    project.run(["lock", "accept", "posts/b"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn a_post_that_has_moved_or_repeats_another_keeps_its_media() {
    let server = Server::start();
    let config = "accounts:\n  harbour: { user_id: \"17841400000000001\" }\nmedia: { convert: true }\n";
    let files =
        [("posts/w.png", picture(400, 500, ImageFormat::Png)), ("posts/i.png", picture(300, 300, ImageFormat::Png))];
    let project = project(config, &files).against(&server, "instagram", "IGAA-LONG");
    project.write("posts/w.yaml", "kind: image\nimage: w.png\n");
    project.run(["apply", "--yes"]).exits(0).says("1 published");
    // Another manifest of it, and one that a person has kept from being published.
    project.write("posts/again.yaml", "kind: image\nimage: w.png\n");
    project.write("posts/i.yaml", "kind: image\nimage: i.png\n");
    project.run(["lock", "ignore", "posts/i"]).exits(0);
    let fixed = project.run(["fix", "--write"]);
    fixed.says("posts/again.yaml").says("its media are those of posts/w, which is recorded");
    for (file, text) in [("posts/again.yaml", "w.png"), ("posts/i.yaml", "i.png"), ("posts/w.yaml", "w.png")] {
        assert_eq!(project.read(file), format!("kind: image\nimage: {text}\n"), "{file}");
    }
    project.run(["apply", "--yes"]).exits(3).says("1 duplicate");
    // Renamed and not yet planned.
    project.remove("posts/again.yaml");
    project.rename("posts/w.yaml", "posts/renamed.yaml");
    project.run(["fix", "--write"]).exits(0).says("its media are those of posts/w");
    project.run(["apply", "--yes"]).exits(0).says("1 moved");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_manifest_that_cannot_be_changed_alone_is_left_to_a_person() {
    let project = project(CONFIG, &[("posts/a.png", picture(330, 330, ImageFormat::Png))]);
    let manifest = "kind: image\nimage: &picture a.png\nalt_text: *picture\n";
    project.write("posts/a.yaml", manifest);
    project.run(["fix", "--write"]).exits(1).says("name a.igsync.jpg in it yourself");
    assert_eq!(project.read("posts/a.yaml"), manifest);
}

#[test]
fn a_dry_run_makes_no_file_for_a_manifest_that_has_to_be_changed_by_hand() {
    let project = project(CONFIG, &[("posts/c.mov", late(*b"qt  "))]);
    project.write("posts/c.yaml", "kind: reel\nvideo: &v c.mov\n");
    for more in [&[][..], &["--write"]] {
        let output = project.run([&["fix"], more].concat()).exits(1);
        output.says("left as it is: posts/c.yaml").says("yourself");
        assert!(!project.path().join("posts/c.igsync.mp4").exists(), "{more:?}");
    }
}

#[test]
fn programs_read_what_was_done() {
    let project = phone();
    let output = project.run(["fix", "--write", "--format", "json"]).exits(0);
    let done: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(done["files"][0]["result"], "media/harbour.igsync.jpg");
    assert_eq!(done["files"][0]["width"], 400);
    assert_eq!(done["manifests"], serde_json::json!(["posts/a.yaml", "posts/b.yaml", "posts/c.yaml"]));
    assert_eq!((done["written"].as_bool(), done["remaining"].as_array().map(Vec::len)), (Some(true), Some(0)));
}

/// Ends with SIGKILL as soon as there is half a file.
#[test]
fn a_run_that_is_killed_leaves_nothing_half_written() {
    let late = Mp4 { moov_first: false, data: 40 << 20, ..Mp4::default() }.build();
    let project = project(CONFIG, &[("posts/a.mp4", late)]);
    project.write("posts/a.yaml", "kind: reel\nvideo: a.mp4\n");
    let before = bytes(&project);
    let mut run = project.command(["fix", "--write"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let is_writing = || {
        let names = std::fs::read_dir(project.path().join("posts")).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().contains("igsync"))
    };
    while !is_writing() && run.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let result = project.path().join("posts/a.igsync.mp4");
    let whole = 40 << 20;
    assert!(!result.exists() || std::fs::metadata(&result).unwrap().len() > whole, "half a clip has a name");
    assert_eq!(bytes(&project)[&project.path().join("posts/a.mp4")], before[&project.path().join("posts/a.mp4")]);
    project.run(["fix", "--write"]).exits(0);
    assert_eq!(project.read("posts/a.yaml"), "kind: reel\nvideo: a.igsync.mp4\n");
    assert_eq!(errors(&project), [""; 0]);
}

/// What ffmpeg decodes of a file: a hash of every frame of every track, with its time.
fn decoded(path: &Path) -> String {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v", "-map", "0:a?", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_clip_is_decoded_to_the_same_picture_and_sound() {
    if !has("ffmpeg", Command::new("ffmpeg").arg("-version").output().is_ok_and(|output| output.status.success())) {
        return;
    }
    let clips = [
        ("plain.mp4", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
        ("plain.mov", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
        ("hevc.mov", "-c:v libx265 -pix_fmt yuv420p -tag:v hvc1 -x265-params log-level=none -c:a aac"),
        (
            "delayed.mp4",
            "-c:v libx264 -bf 3 -pix_fmt yuv420p -c:a aac -metadata title=boats -metadata location=+48+11/",
        ),
        ("tracks.mp4", "-map 0:v -map 1:a -map 1:a -c:v libx264 -pix_fmt yuv420p -c:a aac -timecode 01:00:00:00"),
    ];
    let project = project(CONFIG, &[]);
    for (name, options) in clips {
        let path = project.path().join(name);
        let output = Command::new("ffmpeg")
            .args("-v error -f lavfi -i testsrc=size=128x228:rate=30 -f lavfi -i sine=r=44100 -t 3.2".split(' '))
            .args(options.split(' '))
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        project.write(&format!("posts/{name}.yaml"), format!("kind: reel\nvideo: ../{name}\n"));
    }
    project.run(["fix", "--write"]).exits(0);
    for (name, _) in clips {
        let manifest = project.read(&format!("posts/{name}.yaml"));
        let result = project.path().join(manifest.trim().rsplit('/').next().unwrap());
        assert!(result.to_str().unwrap().ends_with(".igsync.mp4"), "{manifest}");
        let (before, after) = (decoded(&project.path().join(name)), decoded(&result));
        assert!(before.lines().count() > 200, "{name}: {before}");
        assert_eq!(before, after, "{name}");
        let (before, after) =
            (std::fs::metadata(project.path().join(name)).unwrap(), std::fs::metadata(result).unwrap());
        assert_eq!(before.len(), after.len(), "{name}");
    }
    assert_eq!(errors(&project), [""; 0]);
}
