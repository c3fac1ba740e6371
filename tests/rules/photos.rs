//! From a folder of photos and clips to drafts, and what is said of many alike.

use crate::project::Project;
use crate::testing::{Mp4, jpeg, with_exif};

/// A photo as phones take them: 3:4, turned by its EXIF data, with a place and a time.
fn photo() -> Vec<u8> {
    let turned = with_exif(&jpeg(1600, 1200), 6, true);
    with_time(&turned, "2026:07:14 18:32:05", "+02:00")
}

/// With EXIF data that say when it was taken, before all others.
fn with_time(jpeg: &[u8], time: &str, offset: &str) -> Vec<u8> {
    let ascii = |text: &str| [text.as_bytes(), b"\0"].concat();
    let (time, offset) = (ascii(time), ascii(offset));
    let entry = |tag: u16, kind: u16, count: usize, value: usize| {
        let (count, value) = (u32::try_from(count).unwrap(), u32::try_from(value).unwrap());
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    };
    // Two directories of one and two entries; the texts are behind them.
    let texts = 8 + 2 + 12 + 4 + 2 + 24 + 4;
    let tiff = [
        b"MM\0\x2a\0\0\0\x08".to_vec(),
        vec![0, 1],
        entry(0x8769, 4, 1, 26),
        vec![0; 4],
        vec![0, 2],
        entry(0x9003, 2, time.len(), texts),
        entry(0x9011, 2, offset.len(), texts + time.len()),
        vec![0; 4],
        time,
        offset,
    ]
    .concat();
    let body = [b"Exif\0\0".to_vec(), tiff].concat();
    let len = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &len, &body, &jpeg[2..]].concat()
}

fn project() -> Project {
    let project = Project::empty();
    project.run(["init"]).exits(0);
    project.remove("posts/example.yaml");
    project
}

#[test]
fn a_folder_becomes_one_draft_for_each_picture_and_clip() {
    let project = project();
    project.write("media/IMG_2.JPG", photo());
    project.write("media/IMG_10.jpg", jpeg(1080, 1080));
    project.write("media/IMG_2.MOV", Mp4::default().build());
    project.write("media/notes.txt", "not a picture");
    project.write("media/.hidden.jpg", jpeg(1080, 1080));
    let made = project.run(["new", "--from", "media"]).exits(0).stdout;
    assert_eq!(made, "posts/IMG_2.yaml\nposts/IMG_2.MOV.yaml\nposts/IMG_10.yaml\n");
    let picture = project.read("posts/IMG_2.yaml");
    for line in ["kind: image", "image: ../media/IMG_2.JPG", "# taken 2026-07-14 18:32:05+02:00", "draft: true "] {
        assert!(picture.lines().any(|found| found.starts_with(line)), "{line} in:\n{picture}");
    }
    assert!(picture.contains("alt_text: \"\" # describe the picture"), "{picture}");
    let clip = project.read("posts/IMG_2.MOV.yaml");
    assert!(clip.contains("kind: reel\n") && clip.contains("\nvideo: ../media/IMG_2.MOV\n"), "{clip}");
    assert!(!clip.contains("alt_text"), "{clip}");
    project.run(["validate"]).exits(0).says("Checked 3 manifests: 0 errors,");
}

#[test]
fn names_of_every_sort_are_written_so_that_they_read_back() {
    let project = project();
    let names = [
        "a b.jpg",
        "#1 50% off.jpg",
        "it's \"me\".jpg",
        "café.jpg",
        "cafe\u{301} 2.jpg",
        "日本 🌅.jpg",
        "[x] {y}.jpg",
        "- a.jpg",
        "&b *c !d.jpg",
        "key: value.jpg",
        "_DSC0001.jpg",
        "back\u{202f}PM.jpg",
        "true.jpg",
    ];
    for name in names {
        project.write(&format!("posts/2026/{name}"), jpeg(1080, 1080));
    }
    project.run(["new", "--from", "posts/2026"]).exits(0);
    // A file that is not found is a finding, in a draft too.
    let found = project.run(["validate", "--format", "json"]).exits(0).stdout;
    assert!(!found.contains("missing-file") && !found.contains("IGS1"), "{found}");
    project.run(["validate"]).exits(0).says(&format!("Checked {} manifests: 0 errors,", names.len()));
    assert!(project.read("posts/2026/DSC0001.yaml").contains("image: ./_DSC0001.jpg\n"));
}

#[test]
fn nothing_is_overwritten_and_nothing_is_written_by_half() {
    let project = project();
    for name in ["a", "b", "c"] {
        project.write(&format!("media/{name}.jpg"), jpeg(1080, 1080));
    }
    project.write("posts/b.yaml", "kind: image\nimage: ../media/b.jpg\n");
    let before = project.files();
    project
        .run(["new", "--from", "media/a.jpg", "media/b.jpg"])
        .exits(1)
        .says("posts/b.yaml exists; nothing was written");
    project.run(["new", "--from", "media/a.jpg", "media/gone.jpg"]).exits(1).says("cannot be opened");
    project.write("media/notes.txt", "x");
    project.run(["new", "--from", "media/a.jpg", "media/notes.txt"]).exits(1).says("neither a picture nor a clip");
    project.remove("media/notes.txt");
    project.run(["new", "--from", "media/a.jpg", "--carousel"]).exits(1).says("2 to 10 items");
    let outside = tempfile::NamedTempFile::new().unwrap();
    project.run(["new", "--from", outside.path().to_str().unwrap()]).exits(1).says("outside the content root");
    assert_eq!(project.files(), before);
    project.run(["new", "--from", "media/a.jpg", "media/c.jpg", "media/a.jpg"]).exits(0).ends_with("posts/c.yaml");
    // A folder is asked for what is new in it, and `fix` makes nothing new.
    project.write("media/d.jpg", jpeg(1080, 1080));
    project.write("media/d.igsync.jpg", jpeg(1080, 1080));
    project.write("media/d.png.igsync-2.jpg", jpeg(1080, 1080));
    project.run(["new", "--from", "media"]).exits(0).says("3 of them have manifests already").ends_with("posts/d.yaml");
    project.run(["new"]).exits(64);
    project.run(["new", "image", "x", "--from", "media"]).exits(64);
    project.run(["new", "image", "x", "--carousel"]).exits(64);
}

#[test]
fn a_content_root_without_a_folder_of_posts_stays_one() {
    let project = Project::empty();
    project.write("igsync.yaml", "");
    project.write("summer/a.yaml", "kind: image\nimage: https://cdn.example.com/a.jpg\n");
    project.write("summer/b.jpg", jpeg(1080, 1080));
    project.run(["new", "--from", "summer"]).exits(0).ends_with("summer/b.yaml");
    project.run(["new", "image", "winter/c"]).exits(0).ends_with("winter/c.yaml");
    project.run(["validate"]).exits(0).says("Checked 3 manifests:");
}

#[test]
fn several_files_can_be_one_carousel() {
    let project = project();
    project.write("posts/one.jpg", photo());
    project.write("posts/two.mp4", Mp4::default().build());
    project.run(["new", "--from", "posts/two.mp4", "posts/one.jpg", "--carousel"]).exits(0).ends_with("posts/two.yaml");
    let text = project.read("posts/two.yaml");
    let items =
        "items:\n  - video: ./two.mp4\n    # taken 2026-07-14 18:32:05+02:00\n  - image: ./one.jpg\n    alt_text: \"\"";
    assert!(text.contains("kind: carousel\n") && text.contains(items), "{text}");
    project.run(["validate"]).exits(0).says("Checked 1 manifest: 0 errors,");
}

#[test]
fn forty_photos_of_one_phone_say_what_they_have_in_common_once() {
    let project = project();
    for n in 0..40 {
        project.write(&format!("media/IMG_{n:04}.jpg"), photo());
    }
    project.run(["new", "--from", "media"]).exits(0);
    let human = project.run(["validate"]).exits(0).stdout;
    assert!(human.lines().count() <= 40, "{} lines:\n{human}", human.lines().count());
    assert!(human.contains("40 times in 40 files, first at posts/IMG_0000.yaml:"), "{human}");
    let json = project.run(["validate", "--format", "json"]).exits(0).stdout;
    let of = |rule: &str| json.matches(&format!("\"name\": \"{rule}\"")).count();
    assert_eq!((of("gps-position"), of("image-tall"), of("no-hosting")), (40, 40, 40), "{json:.1000}");
    // They go out as posts: the plan names errors whole, and warnings by their number.
    project.write("igsync.yaml", "media: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n");
    for n in 0..40 {
        let path = format!("posts/IMG_{n:04}.yaml");
        let text = project.read(&path);
        project.write(
            &path,
            text.replace("draft: true", "draft: false").replace("caption: \"\"", &format!("caption: {n}")),
        );
    }
    project.write("posts/wrong.yaml", "kind: image\nimage: ./gone.jpg\n");
    let plan = project.run(["plan"]).exits(1).stderr;
    assert!(plan.contains("there is no file posts/gone.jpg") && !plan.contains("gps-position"), "{plan}");
    let counted = plan.lines().find(|line| line.contains("warnings; `")).unwrap_or_default();
    assert!(counted.ends_with(" warnings; `igsync validate` shows them"), "{plan}");
    assert!(plan.lines().count() < 30, "{plan}");
    let page = project.run(["plan", "--format", "markdown"]).exits(1).stdout;
    assert_eq!(page.matches("the picture reveals where it was taken").count(), 1, "{page}");
    let github = project.run(["validate", "--format", "github"]).exits(1).stdout;
    assert_eq!(github.matches("title=IGS3109").count(), 1, "{github}");
}
