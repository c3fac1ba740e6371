//! The page and the calendar of `igsync preview`, read by a browser, by axe and by a calendar library of others.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::{chromium, has, has_package, node, repository, run, script};

/// Texts that would do something if they were not only text.
const HOSTILE: &str = "</p></style><script>document.title='owned'</script><img src=x onerror=\\\"document.title='owned'\\\"> \
                       <svg onload=alert(1)> ]]> <!-- \u{2066}javascript:alert(1) #tag @harbour";

#[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn preview(root: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_igsync"))
        .args(["preview", "--now", "2026-10-20T09:00:00Z", "-o", "-"])
        .args(args)
        .current_dir(root)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Two accounts with every kind of post, a queue, a live post, one that is late; `text` wherever someone writes text.
fn content(root: &Path, text: &str) {
    let media = repository().join("examples/content/media");
    std::fs::create_dir_all(root.join("media")).unwrap();
    for file in std::fs::read_dir(media).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), root.join("media").join(file.file_name())).unwrap();
    }
    write(
        root,
        "igsync.yaml",
        "accounts:\n  brand: { user_id: \"17841400000000001\", username: harbour }\n  second: { user_id: \"17841400000000002\" }\n\
         default_account: brand\ntimezone: Europe/Berlin\n\
         schedule: { slots: [\"Sun,Mon 18:00\"], skip: [2026-10-28] }\n\
         media: { hosting: { url: \"https://media.example.com/{path}\" } }\n",
    );
    let live = "{\"key\":\"posts/live\",\"user_id\":\"17841400000000001\",\"account\":\"brand\",\"kind\":\"image\",\
                \"attempt\":\"00000000000000a1\",\"state\":\"published\",\"media_id\":\"17900000000000001\",\
                \"published_at\":\"2026-10-01T10:00:00Z\",\"permalink\":\"javascript:alert(1)\",\"via\":\"publish\"}\n";
    write(root, "igsync.lock", &format!("{{\"igsync_lock\":1}}\n{live}"));
    let words = format!("caption: \"{text}\"\nfirst_comment: \"{text}\"\nnote: \"{text}\"\n");
    let alt = format!("alt_text: \"{text}\"\n");
    for (name, rest) in [
        (
            "image",
            format!(
                "kind: image\nimage: ../media/espresso.jpg\n{words}{alt}user_tags: [{{ username: harbour, x: 0.25, y: 0.75 }}]\n"
            ),
        ),
        (
            "wide",
            format!(
                "kind: image\nimage: ../media/figs.jpg\n{words}publish_at: 2026-10-24 18:00\ncomment_enabled: false\n"
            ),
        ),
        ("winter", format!("kind: image\nimage: ../media/cat.jpg\n{words}publish_at: 2026-10-26 18:00\n")),
        (
            "reel",
            format!(
                "kind: reel\nvideo: ../media/sunset.mp4\ncover: ../media/sunset-cover.jpg\n{words}audio_name: \"{text}\"\nshare_to_feed: false\n"
            ),
        ),
        ("clip", format!("kind: reel\nvideo: ../media/stream.mp4\n{words}publish_at: queue\n")),
        ("second-of-the-queue", format!("kind: image\nimage: ../media/porch.jpg\n{words}publish_at: queue\n")),
        ("story", "kind: story\nimage: ../media/window.jpg\n".to_owned()),
        ("late", format!("kind: image\nimage: ../media/trail.jpg\n{words}publish_at: 2026-10-02 18:00\n")),
        ("other", format!("kind: image\nimage: ../media/meadow.jpg\n{words}accounts: [second]\n")),
        (
            "carousel",
            format!(
                "kind: carousel\n{words}items:\n  - image: ../media/music-room.jpg\n    {alt}  - video: ../media/dandelions.mp4\n  - image: ../media/brushes-portrait.jpg\n"
            ),
        ),
    ] {
        write(root, &format!("posts/{name}.yaml"), &rest);
    }
}

#[test]
fn a_browser_and_axe_find_nothing_wrong_and_hostile_texts_change_nothing() {
    let Some(chromium) = chromium() else { return };
    if !has_package("axe-core") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pages: Vec<String> = [HOSTILE, "Golden hour over the harbour, #tag and @harbour, told in a few words"]
        .iter()
        .enumerate()
        .map(|(place, text)| {
            let root = folder.path().join(place.to_string());
            content(&root, text);
            let page = preview(&root, &[]);
            assert_eq!(page, preview(&root, &[]), "the same bytes twice");
            write(folder.path(), &format!("{place}.html"), &page);
            folder.path().join(format!("{place}.html")).to_str().unwrap().to_owned()
        })
        .collect();
    let shots = std::env::var("IGSYNC_SCREENSHOTS").unwrap_or_default();
    run(node(&script("preview.mjs")).args([&pages[0], &pages[1], &chromium, &shots]));
}

#[test]
fn a_calendar_library_reads_one_event_for_each_post_at_its_moment() {
    let python = std::env::var("IGSYNC_PYTHON").unwrap_or_else(|_| "python3".into());
    if !has("icalendar from PyPI", Command::new(&python).args(["-c", "import icalendar"])) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = format!("Grüße; one, two \\\\ three: ☕☕\\nEND:VEVENT\\n{}", "long ".repeat(80));
    content(folder.path(), &text);
    let mut calendar = preview(folder.path(), &["--format", "ics"]);
    assert!(calendar.split("\r\n").all(|line| line.len() <= 75), "{calendar}");
    assert_eq!(calendar, preview(folder.path(), &["--format", "ics"]));
    write(folder.path(), "a.ics", &calendar);
    // The clocks of Berlin go back on 25 October.
    calendar.clear();
    for (name, at) in [
        ("wide", "2026-10-24T18:00"),
        ("winter", "2026-10-26T18:00"),
        ("clip", "2026-10-20"),
        ("second-of-the-queue", "2026-10-25T18:00"),
        ("image", "2026-10-20"),
        ("story", "2026-10-20"),
        ("reel", "2026-10-20"),
        ("carousel", "2026-10-20"),
        ("other", "2026-10-20"),
    ] {
        writeln!(calendar, "{name} {at}").unwrap();
    }
    write(folder.path(), "expected", &calendar);
    run(Command::new(python).arg(script("preview.py")).current_dir(folder.path()));
}
