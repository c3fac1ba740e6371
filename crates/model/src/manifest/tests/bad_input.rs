use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use igsync_base::files::{Access, Entry, ReadDisk, Stat};
use igsync_host::RealClock;
use igsync_ports::Clock as _;

/// A disk on which one path cannot be read.
struct Locked(PathBuf);

impl Locked {
    fn check(&self, path: &Path) -> io::Result<()> {
        if path == self.0 { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }
}

impl ReadDisk for Locked {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.check(path).and_then(|()| RealDisk.read(path, limit))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        RealDisk.open(path)
    }
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        RealDisk.stat(path)
    }
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        RealDisk.canonicalize(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.check(folder).and_then(|()| RealDisk.list(folder))
    }
}

fn rule_of(loaded: &Loaded) -> &'static str {
    assert_eq!(loaded.findings.len(), 1, "{:#?}", loaded.findings);
    loaded.findings[0].rule.name
}

#[test]
fn every_unreadable_manifest_gives_one_finding_and_an_incomplete_answer() {
    let jpeg: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0x10];
    let brackets = "[".repeat(100_000);
    let cases: [(&[u8], &str); 7] = [
        (b"kind: image\n\timage: a.jpg\n", "tab-indentation"),
        (jpeg, "not-text"),
        (b"kind: im\0age\n", "not-text"),
        (brackets.as_bytes(), "yaml-too-complex"),
        (b"kind: \"image\n", "yaml-syntax"),
        (b"<<<<<<< HEAD\nkind: image\n=======\n", "yaml-syntax"),
        (b"kind: image\nimage: a\ncaption: Note: this\n", "yaml-syntax"),
    ];
    for (bytes, rule) in cases {
        let root = Root::new(&[]);
        root.write("posts/post.yaml", bytes);
        let loaded = root.load();
        assert_eq!(rule_of(&loaded), rule);
        assert!(!loaded.complete && loaded.posts.is_empty() && loaded.manifests == 1);
    }
}

#[test]
fn several_documents_and_duplicate_keys_are_one_finding_each() {
    assert_eq!(rule_of(&load_one("kind: image\nimage: a\n---\nkind: image\n")), "several-documents");
    assert_eq!(rule_of(&load_one("kind: image\nimage: a\nkind: reel\n")), "duplicate-field");
    assert_eq!(rule_of(&load_one("just text\n")), "wrong-type");
    assert_eq!(rule_of(&load_one("")), "missing-field");
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let root = Root::new(&[("posts/a.yaml", "")]);
    fs::OpenOptions::new().write(true).open(root.path().join("posts/a.yaml")).unwrap().set_len(50_000_000).unwrap();
    let clock = RealClock::new();
    assert_eq!(rule_of(&root.load()), "file-too-large");
    assert!(clock.monotonic() < Duration::from_secs(2));
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let level =
        |level: usize| format!("a{}: &a{} [{}]", level + 1, level + 1, vec![format!("*a{level}"); 10].join(", "));
    let bomb = format!("a0: &a0 [x, x, x]\n{}\n", (0..9).map(level).collect::<Vec<_>>().join("\n"));
    let clock = RealClock::new();
    assert_eq!(rule_of(&load_one(&bomb)), "yaml-too-complex");
    assert!(clock.monotonic() < Duration::from_secs(2));
}

#[test]
fn an_empty_folder_is_a_warning_that_says_what_to_do() {
    let loaded = Root::new(&[]).load();
    assert_eq!(rule_of(&loaded), "no-manifests");
    assert!(loaded.complete && loaded.posts.is_empty());
}

#[test]
fn a_folder_or_file_that_cannot_be_read_makes_the_answer_incomplete() {
    let root =
        Root::new(&[("posts/a.yaml", "kind: image\nimage: a\n"), ("posts/sub/b.yaml", "kind: image\nimage: a\n")]);
    for path in ["posts/sub", "posts/sub/b.yaml"] {
        let disk = Locked(root.path().join(path));
        let loaded = load(&disk, root.path(), &root.config(), Options::default());
        assert_eq!(rule_of(&loaded), "unreadable");
        assert_eq!(&*loaded.findings[0].file, path);
        assert!(!loaded.complete && loaded.posts.len() == 1);
    }
    let disk = Locked(root.path().to_owned());
    assert!(!load(&disk, root.path(), &root.config(), Options::default()).complete);
}

#[test]
fn unreadable_defaults_make_the_answer_incomplete() {
    let root = Root::new(&[("posts/a.yaml", "kind: image\nimage: a\n"), ("posts/_defaults.yaml", "a: [\n")]);
    let loaded = root.load();
    assert_eq!(rule_of(&loaded), "yaml-syntax");
    assert!(!loaded.complete && loaded.posts[0].has_errors);
}

#[cfg(unix)]
#[test]
fn links_are_followed_neither_to_media_nor_to_manifests() {
    use std::os::unix::fs::symlink;

    let outside = Root::new(&[("secret.jpg", "x"), ("m.yaml", "kind: image\nimage: a\n"), ("f/n.yaml", "x")]);
    let root = Root::new(&[("posts/a.yaml", "kind: image\nimage: link.jpg\n"), ("posts/real.jpg", "x")]);
    let posts = root.path().join("posts");
    symlink(outside.path().join("secret.jpg"), posts.join("link.jpg")).unwrap();
    let loaded = root.load();
    let findings = media_findings(&root, &loaded);
    assert_eq!(lines(&Loaded { findings, ..loaded }), ["linked-file|link.jpg|a link"]);

    fs::remove_file(posts.join("link.jpg")).unwrap();
    symlink("real.jpg", posts.join("link.jpg")).unwrap();
    let loaded = root.load();
    let findings = media_findings(&root, &loaded);
    assert_eq!(lines(&Loaded { findings, ..loaded }), ["linked-file|link.jpg|a link"], "nor inside it");

    symlink(outside.path().join("m.yaml"), posts.join("m.yaml")).unwrap();
    symlink(outside.path().join("f"), posts.join("f")).unwrap();
    let loaded = root.load();
    assert_eq!(lines(&loaded), ["linked-folder|-|", "linked-manifest|-|"]);
    assert!(!loaded.complete && loaded.posts.len() == 1);
}

#[test]
fn mutated_manifests_never_panic() {
    let seed = "kind: carousel\nid: x\ncaption: |\n  Ü ber # no\nhashtags: [a, set:b]\nitems:\n  - image: ./a.jpg\n    user_tags: [{ username: a, x: 0.4, y: 1 }]\n  - video: b\n    thumb_offset: 3\npublish_at: 2026-12-01 18:00\naccounts: [default]\n";
    let pieces = [
        "\t",
        "#",
        " #",
        ": ",
        "- ",
        "~",
        "true",
        "\"",
        "{",
        "]",
        "é",
        "\n",
        "-1",
        "9e999",
        "../",
        "https://",
        "@",
        "[Europe/Berlin]",
    ];
    let root = Root::new(&[]);
    let config = root.config();
    let mut random = fastrand::Rng::with_seed(11);
    for round in 0..300 {
        let mut text = seed.to_owned();
        for _ in 0..random.usize(1..5) {
            let mut at = random.usize(0..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if random.bool() {
                text.insert_str(at, pieces[random.usize(0..pieces.len())]);
            } else {
                let end = text[at..].char_indices().nth(random.usize(0..8)).map_or(text.len(), |(index, _)| at + index);
                text.replace_range(at..end, "");
            }
        }
        root.write(&format!("posts/{round}.yaml"), text.as_bytes());
    }
    let loaded = load(&RealDisk, root.path(), &config, Options::default());
    assert_eq!(loaded.manifests, 300);
    let _ = lines(&loaded);
}
