//! Whether a live post was edited: the same answer on every machine, and no media read for it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use igsync::exit::Exit;
use serde_json::{Value, json};

use crate::media::{Counting, Counts};
use crate::ports::run_over;
use crate::project::{Project, Server};

const REEL: &str = "tests/fixtures/content/reel/posts/boats.mp4";

/// One post of each shape is live, and the record is committed.
fn published(server: &Server) -> Project {
    let project = Project::with_one_image().against(server, "instagram", "IGAA-LONG");
    project.write(".gitignore", ".igsync/\n");
    for number in 2..=5 {
        project.jpeg(&format!("media/{number}.jpg"), number);
    }
    project.write(
        "posts/many.yaml",
        "kind: carousel\ncaption: Many\nitems:\n  - image: ../media/2.jpg\n  - image: ../media/3.jpg\n",
    );
    project.write("posts/boats.mp4", fs::read(crate::project::repository().join(REEL)).unwrap());
    project.write("posts/reel.yaml", "kind: reel\nvideo: ./boats.mp4\ncover: ../media/4.jpg\ncaption: Boats\n");
    project.commit();
    project.run(["apply", "--yes"]).exits(0);
    project.commit();
    project
}

/// What a plan says of each edited post, and its last line.
fn edits(project: &Project) -> (BTreeSet<String>, String) {
    let plan: Value = serde_json::from_str(&project.run(["plan", "--format", "json"]).exits(0).stdout).unwrap();
    let edited = plan["changes"].as_array().unwrap().iter().filter(|change| change["action"] == "edited");
    let edited = edited.map(|change| format!("{} {}", change["key"].as_str().unwrap(), change["differs"]));
    (edited.collect(), project.run(["plan"]).exits(0).last_line().to_owned())
}

/// The records of `igsync.lock` by key.
fn record(project: &Project, key: &str) -> Value {
    let records = project.read("igsync.lock");
    let mut records = records.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.find(|record| record["key"] == key).unwrap_or_else(|| panic!("{key} is not recorded"))
}

/// Rewrites each record of `igsync.lock`.
fn rewrite(project: &Project, change: impl Fn(&mut Value)) {
    let text = project.read("igsync.lock");
    let rewritten = text.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if record.get("key").is_some() {
            change(&mut record);
        }
        record.to_string() + "\n"
    });
    project.write("igsync.lock", rewritten.collect::<String>());
}

/// Git takes nothing for granted that it found in the tick in which it wrote the index. Gives the index a later time,
/// as in a clone of more than a few files.
#[expect(clippy::disallowed_methods, reason = "the time of a file is that of this machine")]
fn let_the_clock_tick(project: &Project) {
    use std::os::unix::fs::MetadataExt as _;
    let changed = |file: &fs::Metadata| (file.ctime(), file.ctime_nsec());
    let written = |file: &fs::Metadata| changed(file).min((file.mtime(), file.mtime_nsec()));
    let of = |path: &std::path::Path| fs::symlink_metadata(path).unwrap();
    let media = walkdir::WalkDir::new(project.path()).into_iter().filter_map(Result::ok);
    let media = media.filter(|entry| entry.path().extension().is_some_and(|ext| ext == "jpg" || ext == "mp4"));
    let last = media.map(|entry| changed(&of(entry.path()))).max().unwrap();
    let index = project.path().join(".git/index");
    while written(&of(&index)) <= last {
        fs::File::options().append(true).open(&index).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
    }
}

/// Plans over a disk that counts.
fn counted_plan(project: &Project, server: &Server) -> (Counts, String) {
    let disk = Counting::default();
    let root = project.path().to_str().unwrap();
    let (exit, text) = run_over(Arc::new(disk.clone()), root, &server.url(), "plan");
    assert_eq!(exit, Exit::Done, "{text}");
    (disk.take(), text.lines().last().unwrap_or_default().to_owned())
}

/// What is done to the laptop, how, and the edits that a plan sees.
type Case = (&'static str, fn(&Project), &'static [&'static str]);

#[test]
fn a_fresh_clone_says_what_the_laptop_says() {
    let server = Server::start();
    let laptop = published(&server);
    let none = (BTreeSet::new(), "No changes.".to_owned());
    assert_eq!((edits(&laptop), edits(&laptop.fresh_clone())), (none.clone(), none.clone()));

    let cases: [Case; 10] = [
        ("other bytes", |p| p.jpeg("posts/one.jpg", 99), &[r#"posts/one ["media"]"#]),
        (
            "another picture",
            |p| p.write("posts/one.yaml", "kind: image\nimage: ../media/5.jpg\ncaption: The first one\n"),
            &[r#"posts/one ["media"]"#],
        ),
        (
            "another order",
            |p| {
                let text = p.read("posts/many.yaml").replace("2.jpg", "x").replace("3.jpg", "2.jpg");
                p.write("posts/many.yaml", text.replace("/x", "/3.jpg"));
            },
            &[r#"posts/many ["media"]"#],
        ),
        ("one item of many", |p| p.jpeg("media/3.jpg", 99), &[r#"posts/many ["media"]"#]),
        ("the cover", |p| p.jpeg("media/4.jpg", 99), &[r#"posts/reel ["media"]"#]),
        (
            "the caption below a cover",
            |p| p.write("posts/reel.yaml", p.read("posts/reel.yaml").replace("Boats", "Ships")),
            &[r#"posts/reel ["caption"]"#],
        ),
        (
            "caption and picture",
            |p| p.write("posts/one.yaml", "kind: image\nimage: ../media/5.jpg\ncaption: Another one\n"),
            &[r#"posts/one ["caption","media"]"#],
        ),
        (
            "another field",
            |p| p.write("posts/one.yaml", p.read("posts/one.yaml") + "alt_text: A wall\n"),
            &[r#"posts/one ["fields"]"#],
        ),
        (
            "a renamed picture",
            |p| {
                p.rename("posts/one.jpg", "media/renamed.jpg");
                p.write("posts/one.yaml", "kind: image\nimage: ../media/renamed.jpg\ncaption: The first one\n");
            },
            &[],
        ),
        ("a touched picture", |p| p.write("posts/one.jpg", fs::read(p.path().join("posts/one.jpg")).unwrap()), &[]),
    ];
    for (what, change, expected) in cases {
        change(&laptop);
        let expected = match expected.len() {
            0 => none.clone(),
            _ => (
                expected.iter().map(|edit| (*edit).to_owned()).collect(),
                "No changes: 1 edited; 2 unchanged.".to_owned(),
            ),
        };
        assert_eq!(edits(&laptop), expected, "{what}, before it is committed");
        laptop.commit();
        assert_eq!(edits(&laptop), expected, "{what}, on the laptop");
        assert_eq!(edits(&laptop.fresh_clone()), expected, "{what}, in a fresh clone");
        fs::remove_dir_all(laptop.path().join(".igsync")).unwrap();
        assert_eq!(edits(&laptop), expected, "{what}, on a laptop that remembers nothing");
        laptop.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }
    assert_eq!(server.published().len(), 3, "nothing was published for it");
}

#[test]
fn the_record_names_the_files_as_git_does() {
    let server = Server::start();
    let project = published(&server);
    let file = |path: &str| {
        let len = fs::metadata(project.path().join(path)).unwrap().len();
        json!({ "file": path, "size": len, "oid": project.git(&["hash-object", path]).trim() })
    };
    assert_eq!(record(&project, "posts/one")["media"], json!([file("posts/one.jpg")]));
    assert_eq!(record(&project, "posts/many")["media"], json!([file("media/2.jpg"), file("media/3.jpg")]));
    assert_eq!(record(&project, "posts/reel")["media"], json!([file("posts/boats.mp4"), file("media/4.jpg")]));

    // What git does not have yet has the same names.
    project.jpeg("posts/new.jpg", 7);
    project.write("posts/new.yaml", "kind: image\nimage: ./new.jpg\ncaption: New\n");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(record(&project, "posts/new")["media"], json!([file("posts/new.jpg")]));

    // Posted by phone.
    project.jpeg("posts/phone.jpg", 8);
    project.write("posts/phone.yaml", "kind: image\nimage: ./phone.jpg\ncaption: By phone\n");
    project.run(["resolve", "posts/phone", "--published", "17900000000000099"]).exits(0);
    assert_eq!(record(&project, "posts/phone")["media"], json!([file("posts/phone.jpg")]));

    // What is accepted is what is recorded.
    project.jpeg("posts/one.jpg", 98);
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited; 4 unchanged.");
    project.run(["lock", "accept", "posts/one"]).exits(0);
    assert_eq!(record(&project, "posts/one")["media"], json!([file("posts/one.jpg")]));
    project.commit();
    let clone = project.fresh_clone();
    let_the_clock_tick(&clone);
    let (counts, last) = counted_plan(&clone, &server);
    assert_eq!((counts.bytes, &*last), (0, "No changes."), "{counts:?}");
}

#[test]
fn a_plan_in_a_fresh_clone_reads_no_media() {
    const POSTS: usize = 1000;
    let server = Server::start();
    let project = published(&server);
    let one = record(&project, "posts/one");
    let manifest = project.read("posts/one.yaml");
    let picture = fs::read(project.path().join("posts/one.jpg")).unwrap();
    let mut lines = String::new();
    for number in 0..POSTS {
        let mut copy = one.clone();
        copy["key"] = json!(format!("posts/{number}"));
        copy["file"] = json!(format!("posts/{number}.yaml"));
        copy["attempt"] = json!(format!("a{number}"));
        copy["media_id"] = json!(format!("{}", 18_000_000_000_000_000 + number));
        copy["media"][0]["file"] = json!(format!("posts/{number}.jpg"));
        lines += &(copy.to_string() + "\n");
        project.write(&format!("posts/{number}.jpg"), &picture);
        project.write(&format!("posts/{number}.yaml"), manifest.replace("one.jpg", &format!("{number}.jpg")));
    }
    project.write("igsync.lock", project.read("igsync.lock") + &lines);
    project.commit();

    let clone = project.fresh_clone();
    let_the_clock_tick(&clone);
    let (counts, last) = counted_plan(&clone, &server);
    assert_eq!((counts.bytes, counts.opened.len(), &*last), (0, 0, "No changes."), "{counts:?}");

    // The one that has changed is the one that is read.
    clone.jpeg("posts/7.jpg", 99);
    let (counts, last) = counted_plan(&clone, &server);
    let opened: Vec<_> = counts.opened.keys().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!((opened, &*last), (vec!["7.jpg".into()], "No changes: 1 edited; 1,002 unchanged."));

    // Without git there is nothing but the bytes, and those only once.
    fs::remove_dir_all(clone.path().join(".git")).unwrap();
    let (counts, last) = counted_plan(&clone, &server);
    assert_eq!((counts.opened.len(), &*last), (POSTS + 4, "No changes: 1 edited; 1,002 unchanged."));
    let (counts, _) = counted_plan(&clone, &server);
    assert_eq!(counts.opened.len(), 0, "{counts:?}");
}

#[test]
fn a_record_of_an_older_igsync_has_its_media_read_once_per_machine() {
    let server = Server::start();
    let project = published(&server);
    rewrite(&project, |record| {
        record.as_object_mut().unwrap().retain(|name, _| name != "media" && name != "cover_digest");
    });
    project.jpeg("media/3.jpg", 99);
    project.commit();
    let clone = project.fresh_clone();
    let_the_clock_tick(&clone);
    let (first, last) = counted_plan(&clone, &server);
    assert_eq!((first.opened.len(), &*last), (5, "No changes: 1 edited; 2 unchanged."), "{first:?}");
    let (second, last) = counted_plan(&clone, &server);
    assert_eq!((second.opened.len(), &*last), (0, "No changes: 1 edited; 2 unchanged."), "{second:?}");
}

#[test]
fn media_that_are_gone_or_cannot_be_read_are_no_edit() {
    let server = Server::start();
    let project = published(&server);
    project.remove("posts/one.jpg");
    project.remove("media/4.jpg");
    fs::create_dir(project.path().join("media/4.jpg")).unwrap();
    assert_eq!(edits(&project), (BTreeSet::new(), "No changes.".to_owned()));
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Another one\n");
    let (edited, last) = edits(&project);
    assert_eq!(last, "No changes: 1 edited; 2 unchanged.");
    assert_eq!(edited, [r#"posts/one ["caption"]"#.to_owned()].into());
}

/// What a record says of files decides what is not read, and nothing else.
#[test]
fn no_file_is_opened_by_the_name_that_a_record_gives_it() {
    let server = Server::start();
    let project = published(&server);
    let elsewhere = Project::empty();
    elsewhere.jpeg("secret.jpg", 1);
    let secret = elsewhere.path().join("secret.jpg");
    let names = [secret.to_str().unwrap(), "../secret.jpg", "", "posts/one.jpg\u{0}", &"x/".repeat(50_000)];
    for name in names {
        for (oid, size) in [("", 0), ("sha256:\u{202e}", u64::MAX), (&*"f".repeat(40), 5)] {
            rewrite(&project, |record| record["media"] = json!([{ "file": name, "size": size, "oid": oid }]));
            let (counts, last) = counted_plan(&project, &server);
            assert_eq!(last, "No changes.", "{} {oid} {size}", name.len());
            assert!(counts.opened.keys().all(|path| path.starts_with(project.path().canonicalize().unwrap())));
        }
    }
    rewrite(&project, |record| {
        record["media"] = (0..100_000).map(|n| json!({ "file": "posts/one.jpg", "size": n, "oid": "" })).collect();
    });
    assert_eq!(counted_plan(&project, &server).1, "No changes.");
}

/// A picture whose blob is the pointer of Git LFS; the filter is one of the test's own.
#[test]
fn a_picture_in_lfs_is_known_by_its_pointer() {
    let server = Server::start();
    let project = published(&server);
    let store = Project::empty();
    let clean = format!(
        "sh -c 'cat >{0}/new; oid=$(sha256sum {0}/new | cut -d\" \" -f1); size=$(wc -c <{0}/new); mv {0}/new {0}/$oid; \
         printf \"version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n\" $oid $size'",
        store.path().display()
    );
    let smudge = format!("sh -c 'cat {}/$(sed -n s/^oid.sha256://p)'", store.path().display());
    let filters = |project: &Project, smudge: &str| {
        project.git(&["config", "filter.lfs.clean", &clean]);
        project.git(&["config", "filter.lfs.smudge", smudge]);
    };
    filters(&project, &smudge);
    project.write(".gitattributes", "*.jpg filter=lfs\n");
    project.jpeg("posts/big.jpg", 9);
    project.write("posts/big.yaml", "kind: image\nimage: ./big.jpg\ncaption: Big\n");
    project.commit();
    project.run(["apply", "--yes"]).exits(0);
    let oid = record(&project, "posts/big")["media"][0]["oid"].as_str().unwrap().to_owned();
    assert!(project.git(&["show", "HEAD:posts/big.jpg"]).contains(&oid) && oid.starts_with("sha256:"), "{oid}");
    project.commit();

    for (smudge, len) in [(&*smudge, fs::metadata(project.path().join("posts/big.jpg")).unwrap().len()), ("cat", 130)] {
        let clone = project.fresh_clone();
        filters(&clone, smudge);
        clone.remove("posts/big.jpg");
        clone.git(&["checkout", "--quiet", "--", "posts/big.jpg"]);
        let_the_clock_tick(&clone);
        let found = fs::metadata(clone.path().join("posts/big.jpg")).unwrap().len();
        assert!(found.abs_diff(len) < 10, "{found}");
        let (counts, last) = counted_plan(&clone, &server);
        assert_eq!(last, "No changes.");
        assert!(!counts.opened.keys().any(|path| path.ends_with("posts/big.jpg")), "{counts:?}");
    }
}

/// Posts with and without hashtags of their own, published under these defaults.
fn under_defaults(server: &Server, configured: &str, of_folder: &str) -> Project {
    let project = Project::empty().against(server, "instagram", "IGAA-LONG");
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    for (number, more) in [(1, ""), (2, ""), (3, ""), (4, "hashtags: [own]\n")] {
        project.jpeg(&format!("posts/{number}.jpg"), number);
        let manifest = format!("kind: image\nimage: ./{number}.jpg\ncaption: Number {number}\n{more}");
        project.write(&format!("posts/{number}.yaml"), manifest);
    }
    set_defaults(&project, configured, of_folder);
    project.run(["apply", "--yes"]).exits(0);
    project.commit();
    project
}

/// Of the configuration and of the folder; an empty text is none.
fn set_defaults(project: &Project, configured: &str, of_folder: &str) {
    let accounts = "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia: { hosting: github }\n";
    let defaults = if configured.is_empty() { String::new() } else { format!("defaults: {{ {configured} }}\n") };
    project.write("igsync.yaml", format!("{accounts}{defaults}"));
    project.write("posts/_defaults.yaml", of_folder);
}

#[test]
fn posts_that_differ_only_by_defaults_are_one_count() {
    let cases = [
        ("added", ("", ""), ("hashtags: [harbour]", "")),
        ("changed", ("hashtags: [harbour]", ""), ("hashtags: [sea]", "")),
        ("removed", ("hashtags: [harbour]", ""), ("", "")),
        ("added to the folder", ("", ""), ("", "hashtags: [harbour]\n")),
        ("changed in the folder", ("", "hashtags: [harbour]\n"), ("", "hashtags: [sea]\n")),
        ("moved into the folder, and changed", ("hashtags: [harbour]", ""), ("", "hashtags: [sea]\n")),
    ];
    for (what, before, after) in cases {
        let server = Server::start();
        let project = under_defaults(&server, before.0, before.1);
        project.run(["plan"]).exits(0).ends_with("No changes.");
        set_defaults(&project, after.0, after.1);
        project.commit();
        for project in [&project, &project.fresh_clone()] {
            let (edited, last) = edits(project);
            assert_eq!(last, "No changes: 3 edited; 1 unchanged.", "{what}");
            let all: BTreeSet<String> = (1..=3).map(|number| format!(r#"posts/{number} ["defaults"]"#)).collect();
            assert_eq!(edited, all, "{what}");
            let human = project.run(["plan"]).exits(0).says("3 differ only by defaults");
            assert!(!human.stdout.contains("posts/1"), "{what}: {}", human.stdout);
            let markdown = project.run(["plan", "--format", "markdown"]).exits(0).says("3 differ only by defaults");
            assert!(!markdown.stdout.contains("posts/1"), "{what}: {}", markdown.stdout);
        }
        // An edit of a manifest is an edit, whatever the defaults are.
        project.write("posts/2.yaml", project.read("posts/2.yaml").replace("Number", "No."));
        project.jpeg("posts/3.jpg", 99);
        let expected = [r#"posts/1 ["defaults"]"#, r#"posts/2 ["caption"]"#, r#"posts/3 ["caption","media"]"#];
        assert_eq!(edits(&project).0, expected.map(str::to_owned).into(), "{what}");
        project.run(["plan"]).exits(0).says("1 differs only by defaults").says("posts/2");
        // What is accepted is compared with the defaults of now.
        project.run(["lock", "accept", "posts/1"]).exits(0);
        set_defaults(&project, "hashtags: [elsewhere]", "");
        assert!(edits(&project).0.contains(r#"posts/1 ["defaults"]"#), "{what}");
    }
}

#[test]
fn another_cover_is_an_edit_and_no_default() {
    let server = Server::start();
    let project = Project::empty().against(&server, "instagram", "IGAA-LONG");
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("posts/boats.mp4", fs::read(crate::project::repository().join(REEL)).unwrap());
    let reel = |cover: &str| {
        project.write("posts/boats.yaml", format!("kind: reel\nvideo: ./boats.mp4\ncaption: Boats\n{cover}"));
    };
    set_defaults(&project, "hashtags: [harbour]", "");
    reel("cover: https://cdn.example.com/1.jpg\n");
    project.run(["resolve", "posts/boats", "--published", "17900000000000009"]).exits(0);
    for cover in ["cover: https://cdn.example.com/2.jpg\n", ""] {
        reel(cover);
        assert_eq!(edits(&project).0, [r#"posts/boats ["fields"]"#.to_owned()].into(), "{cover:?}");
    }
    reel("cover: https://cdn.example.com/1.jpg\n");
    set_defaults(&project, "hashtags: [sea]", "");
    assert_eq!(edits(&project).0, [r#"posts/boats ["defaults"]"#.to_owned()].into());
}

#[test]
fn the_plan_shows_the_words_that_differ_from_the_caption_that_was_published() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.write(".gitignore", ".igsync/\n");
    project.jpeg("media/2.jpg", 2);
    let golden = "kind: image\nimage: ../media/2.jpg\ncaption: Golden hour over the harbour\n";
    project.write("posts/hour.yaml", golden);
    project.write("posts/text.md", "Down at the quay");
    project.write("posts/_defaults.yaml", "hashtags: [sea]\n");
    project.jpeg("media/3.jpg", 3);
    project.write("posts/file.yaml", "kind: image\nimage: ../media/3.jpg\ncaption_file: ./text.md\n");
    project.commit();
    project.run(["apply", "--yes"]).exits(0);
    // Versions that were never live lie between the one that is and the one of now.
    project.write("posts/hour.yaml", golden.replace("Golden", "Silver"));
    project.write("posts/text.md", "Up at the quay");
    project.commit();
    project.write("posts/hour.yaml", golden.replace("Golden", "Blue").replace("the", "our old"));
    project.write("posts/text.md", "Down at the quay, `again`");
    let text = project.run(["plan"]).exits(0).stdout;
    assert!(text.contains("caption: [-Golden-] {+Blue+} … [-the-] {+our old+}"), "{text}");
    assert!(text.contains("caption: [-quay-] {+quay, `again`+}"), "{text}");
    let plan: Value = serde_json::from_str(&project.run(["plan", "--format", "json"]).exits(0).stdout).unwrap();
    let of =
        |key: &str| plan["changes"].as_array().unwrap().iter().find(|change| change["key"] == key).unwrap().clone();
    let places = json!([{ "removed": "Golden", "added": "Blue" }, { "removed": "the", "added": "our old" }]);
    assert_eq!(of("posts/hour")["reworded"], places);
    let page = project.run(["plan", "--format", "markdown"]).exits(0).stdout;
    assert!(page.contains("removed `Golden`, added `Blue`; removed `the`, added `our old`"), "{page}");
    // Apply shows the same plan, whether it has something else to do or not.
    let words = "caption: [-Golden-] {+Blue+} … [-the-] {+our old+}";
    project.run(["apply", "--yes"]).exits(0).says(words);
    project.jpeg("media/4.jpg", 4);
    project.write("posts/new.yaml", "kind: image\nimage: ../media/4.jpg\ncaption: Another\n");
    project.run(["apply", "--yes"]).exits(0).says(words).says("1 published");
    // Without the history nothing is guessed.
    fs::remove_dir_all(project.path().join(".git")).unwrap();
    let text = project.run(["plan"]).exits(0).stdout;
    assert!(text.contains("published, then edited: caption") && !text.contains("[-"), "{text}");
}
