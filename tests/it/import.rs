//! Live posts into the record and into manifests: nothing is published by it, and nothing is lost or written twice.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::project::{Project, Server, USER};

mod careful;

const HOSTING: &str = "media: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n";

/// A content root of an account whose posts are on this sandbox.
fn project(server: &Server) -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write(
        "igsync.yaml",
        format!("accounts: {{ harbour: {{ user_id: \"{USER}\" }} }}\ntimezone: Europe/Berlin\nlimits: {{ max_publish_per_run: 1000 }}\n{HOSTING}"),
    );
    project.write("posts/.keep", "");
    project.against(server, "instagram", "IGAA-LONG")
}

/// A feed of years: every kind, some without captions, some equal ones, some whose bytes are not given out.
fn feed(posts: usize) -> Value {
    let post = |n: usize| {
        let at = jiff::Timestamp::from_second(1_500_000_000 + i64::try_from(n).unwrap() * 86_400).unwrap().to_string();
        let mut post = match n % 9 {
            0 => json!({ "kind": "reel", "share_to_feed": n.is_multiple_of(2) }),
            1 => json!({ "kind": "carousel", "children": [{ "alt_text": "- first" }, { "media_type": "video" }] }),
            2 if n % 90 == 2 => json!({ "kind": "carousel", "children": vec![json!({}); 10] }),
            3 => json!({ "copyrighted": n % 30 == 3 }),
            4 => json!({ "kind": "reel", "old_video": true }),
            5 => json!({ "comment_enabled": false, "is_ai_generated": true, "alt_text": "Sun: over #cranes" }),
            _ => json!({}),
        };
        post["at"] = at.into();
        if n % 9 != 7 {
            post["caption"] = match n % 10 {
                0 => "Happy New Year!".to_owned(),
                1 => format!("- {n}: \"Golden hour\" # sunset\t \n\n---\nkey: value\n"),
                2 => format!("{n} {}", "#tag ".repeat(35)),
                _ => format!("Golden hour number {n} 🚢"),
            }
            .into();
        }
        post
    };
    Value::Array((0..posts).map(post).collect())
}

fn seeded(posts: usize) -> (Server, Project) {
    let server = Server::start();
    server.sandbox.seed(&feed(posts)).unwrap();
    let project = project(&server);
    (server, project)
}

fn calls(server: &Server) -> usize {
    server.sandbox.requests().len()
}

fn is_published(server: &Server) -> usize {
    server.published().iter().filter(|post| post["publish_calls"].as_u64().is_some_and(|calls| calls != 0)).count()
}

fn report(project: &Project, args: &[&str]) -> Value {
    let args = ["import", "--format", "json"].iter().chain(args).copied();
    serde_json::from_str(&project.run(args).exits(0).stdout).unwrap()
}

/// The files of manifests and media with their bytes; a run may be making more of them.
fn written(project: &Project) -> BTreeSet<(String, Vec<u8>)> {
    let all = walkdir::WalkDir::new(project.path().join("posts/imported")).into_iter().filter_map(Result::ok);
    let files =
        all.filter(|entry| entry.file_type().is_file() && !entry.file_name().to_string_lossy().contains(".tmp"));
    files.filter_map(|entry| Some((entry.path().display().to_string(), std::fs::read(entry.path()).ok()?))).collect()
}

fn is_manifest(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "yaml")
}

/// A path of a file in the content root, as igsync names it.
fn relative(project: &Project, path: &str) -> String {
    path.strip_prefix(&project.path().display().to_string()).unwrap().trim_start_matches('/').to_owned()
}

#[test]
fn nine_hundred_posts_are_recorded_in_a_dozen_calls_and_are_no_change() {
    let (server, project) = seeded(900);
    project.run(["plan", "--refresh", "full"]).exits(0).says("`igsync import` shows them");
    let shown = report(&project, &[]);
    assert_eq!((&shown["summary"]["new"], &shown["summary"]["recorded"]), (&json!(900), &json!(0)));
    assert_eq!(project.read("igsync.lock"), "{\"igsync_lock\":1}\n", "it is only shown");
    let before = calls(&server);
    project.run(["import", "--record-only"]).exits(0).ends_with("Recorded: 900 posts.");
    assert!(calls(&server) - before <= 12, "{} calls", calls(&server) - before);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert_eq!(project.read("igsync.lock").lines().count(), 901);
    let again = report(&project, &["--record-only"]);
    assert_eq!((&again["summary"]["known"], &again["summary"]["recorded"]), (&json!(900), &json!(0)));
    assert_eq!(is_published(&server), 0);
}

#[test]
fn manifests_and_media_are_written_once_and_are_no_change() {
    let (server, project) = seeded(60);
    let done = report(&project, &["--write"]);
    assert_eq!((&done["summary"]["manifests"], &done["summary"]["recorded"]), (&json!(60), &json!(60)), "{done}");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    let files = written(&project);
    let text = project.read("igsync.lock");
    assert!(text.contains("\"reencoded\":true"), "the bytes are Instagram's");
    let again = report(&project, &["--write"]);
    assert_eq!((&again["summary"]["manifests"], &again["summary"]["recorded"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!(written(&project), files, "run again, it writes nothing new");
    let checked = project.run(["validate", "--all", "--format", "json"]).exits(0);
    let findings: Value = serde_json::from_str(&checked.stdout).unwrap();
    let names: BTreeSet<&str> =
        findings["findings"].as_array().unwrap().iter().map(|finding| finding["name"].as_str().unwrap()).collect();
    let known: BTreeSet<&str> = ["carousel-crop", "missing-file", "too-many-hashtags"].into();
    assert_eq!(names, known, "missing media, more than 30 hashtags, and shapes that Instagram once took");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(is_published(&server), 0);
}

#[test]
fn killed_at_any_moment_it_goes_on_where_it_was() {
    // With IGSYNC_TEST_IMPORT=900 as many posts, and as many times more moments.
    let posts = std::env::var("IGSYNC_TEST_IMPORT").ok().and_then(|posts| posts.parse().ok()).unwrap_or(60);
    let (server, project) = seeded(posts);
    let mut killed = 0;
    let mut dice = fastrand::Rng::with_seed(7);
    let kills = 6.max(posts / 45);
    for kill in 0..kills {
        let moment = posts * kill * 5 / kills / 4 + dice.usize(1..9);
        let mut run =
            project.command(["import", "--write"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Until so many files are there, whole or not.
        loop {
            let parts = std::fs::read_dir(project.path().join(".igsync/import")).map_or(0, Iterator::count);
            if written(&project).len() + parts >= moment {
                let _ = run.kill();
                killed += usize::from(run.wait().unwrap().code().is_none());
                break;
            }
            if run.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::yield_now();
        }
        let before = written(&project);
        project.run(["plan"]).exits(0).says("No changes");
        assert_eq!(written(&project), before);
    }
    assert!(killed > kills / 3, "{killed}");
    let before = written(&project);
    project.run(["import", "--write"]).exits(0);
    assert!(before.is_subset(&written(&project)), "nothing is overwritten");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    let manifests = written(&project).iter().filter(|(path, _)| is_manifest(path)).count();
    let recorded = project.read("igsync.lock").lines().count();
    assert_eq!((manifests, recorded), (posts, posts + 1), "each post once");
    let left = std::fs::read_dir(project.path().join(".igsync/import")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no part is left");
    let is_temporary = |entry: &walkdir::DirEntry| entry.file_name().to_string_lossy().contains(".tmp");
    let all = walkdir::WalkDir::new(project.path().join("posts")).into_iter().filter_map(Result::ok);
    assert_eq!(all.filter(is_temporary).count(), 0);
    assert_eq!(is_published(&server), 0);
}

#[test]
fn without_any_record_and_with_every_guard_raised_nothing_is_published() {
    let (server, project) = seeded(60);
    project.run(["import", "--write"]).exits(0);
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.remove("igsync.lock");
    let manifests: Vec<String> = written(&project)
        .into_iter()
        .map(|(path, _)| {
            path.trim_start_matches(&project.path().display().to_string()).trim_start_matches('/').to_owned()
        })
        .filter(|path| is_manifest(path))
        .collect();
    for (n, manifest) in manifests.iter().take(50).enumerate() {
        // In the same folder, so that it finds its media.
        let folder = manifest.rsplit_once('/').unwrap().0;
        project.rename(manifest, &format!("{folder}/renamed-{n}.yaml"));
    }
    let config = project.read("igsync.yaml");
    project.write("igsync.yaml", format!("{config}defaults: {{ hashtags: [harbour] }}\n"));
    let raised = [
        "apply",
        "--yes",
        "--allow-new-lock",
        "--allow-empty",
        "--include-late",
        "--retry-failed",
        "--max-publish",
        "1000",
        "--no-live-check",
    ];
    let _ = project.run(raised);
    assert_eq!(is_published(&server), 0);
    let _ = project.run(["apply", "--yes", "--allow-new-lock", "--max-publish", "1000"]);
    assert_eq!(is_published(&server), 0);
    // Where it is listed it is recorded again.
    project.run(["apply", "--yes", "--allow-new-lock", "--refresh", "full"]).exits(0);
    assert_eq!(is_published(&server), 0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn two_branches_that_import_one_feed_merge_to_one_record_a_post() {
    let (server, one) = seeded(40);
    one.write(".gitignore", "/.igsync/\n");
    one.commit();
    let two = one.fresh_clone();
    let two = two.against(&server, "instagram", "IGAA-LONG");
    one.run(["import", "--write"]).exits(0);
    two.run(["import", "--record-only"]).exits(0);
    two.write("other.lock", one.read("igsync.lock"));
    two.run(["lock", "merge", "other.lock"]).exits(0);
    let merged = two.read("igsync.lock");
    let ids: BTreeSet<String> = merged
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["media_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 40);
    one.write("other.lock", merged);
    one.run(["lock", "merge", "other.lock"]).exits(0);
    one.run(["plan"]).exits(0).ends_with("No changes.");
    // Both write the same.
    let three = one.fresh_clone();
    let three = three.against(&server, "instagram", "IGAA-LONG");
    three.run(["import", "--write"]).exits(0);
    let before = one.read("igsync.lock").lines().count();
    one.write("other.lock", three.read("igsync.lock"));
    one.run(["lock", "merge", "other.lock"]).exits(0);
    assert_eq!(one.read("igsync.lock").lines().count(), before);
}

#[test]
fn records_alone_get_their_manifests_later() {
    let (_server, project) = seeded(20);
    project.run(["import", "--record-only"]).exits(0);
    let done = report(&project, &["--write"]);
    assert_eq!(done["summary"]["manifests"], 20, "{done}");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert!(!project.run(["lock", "list"]).exits(0).stdout.contains("imported/1"), "they have moved");
}

#[test]
fn undone_in_either_order_nothing_is_published() {
    for files_first in [true, false] {
        let (server, project) = seeded(10);
        let hint = project.run(["import", "--write"]).exits(0);
        let line = hint.stderr.lines().find(|line| line.starts_with("undo:")).unwrap().to_owned();
        assert!(line.contains("lock rm 'posts/imported/**'"), "{line}");
        let delete = || std::fs::remove_dir_all(project.path().join("posts/imported")).unwrap();
        if files_first {
            delete();
            let _ = project.run(["apply", "--yes"]);
        }
        project.run(["lock", "rm", "posts/imported/**", "--yes"]).exits(0).says("Forgot 10 imported posts.");
        if !files_first {
            let _ = project.run(["apply", "--yes"]);
            delete();
        }
        let _ = project.run(["apply", "--yes"]);
        assert_eq!(is_published(&server), 0);
        // And it can be done again.
        project.run(["import", "--write"]).exits(0);
        project.run(["plan"]).exits(0).ends_with("No changes.");
    }
}

#[test]
fn twenty_manifests_that_people_have_written_are_matched_and_nothing_is_published() {
    let server = Server::start();
    let post = |n: usize| json!({ "caption": format!("Written by hand {n}"), "at": "2026-01-02T10:00:00Z" });
    server.sandbox.seed(&Value::Array((0..20).map(post).collect())).unwrap();
    let project = project(&server);
    for n in 0..20_u8 {
        project.jpeg(&format!("posts/{n}.jpg"), n);
        let due = if n < 10 { "publish_at: 2026-01-01T10:00:00Z\n" } else { "" };
        project.write(
            &format!("posts/{n}.yaml"),
            format!("kind: image\nimage: ./{n}.jpg\ncaption: Written by hand {n}\n{due}"),
        );
    }
    let shown = report(&project, &[]);
    assert_eq!(shown["summary"]["matched"], 20, "{shown}");
    let done = report(&project, &["--write"]);
    assert_eq!((&done["summary"]["recorded"], &done["summary"]["manifests"]), (&json!(10), &json!(0)), "{done}");
    let done = report(&project, &["--record-only", "--match", "all"]);
    assert_eq!(done["summary"]["recorded"], 10, "{done}");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(is_published(&server), 0);
    assert!(project.run(["lock", "show", "posts/3"]).exits(0).stdout.contains("adopted"));
}

#[test]
fn one_of_two_equal_captions_is_left_alone() {
    let server = Server::start();
    let said = |at: &str| json!({ "caption": "Good morning", "at": at });
    server.sandbox.seed(&json!([said("2026-01-02T10:00:00Z"), said("2026-01-03T10:00:00Z")])).unwrap();
    let project = project(&server);
    project.jpeg("posts/a.jpg", 1);
    project.write("posts/a.yaml", "kind: image\nimage: ./a.jpg\ncaption: Good morning\n");
    let done = report(&project, &["--write", "--match", "all"]);
    assert_eq!((&done["summary"]["ambiguous"], &done["summary"]["recorded"]), (&json!(2), &json!(0)), "{done}");
    assert_eq!(project.read("igsync.lock").lines().count(), 1);
}

#[test]
fn a_greeting_that_is_scheduled_is_not_swallowed_by_last_years() {
    let server = Server::start();
    server.sandbox.seed(&json!([{ "caption": "Happy New Year!", "at": "2026-01-01T00:00:10Z" }])).unwrap();
    let project = project(&server);
    project.jpeg("posts/a.jpg", 1);
    project.write(
        "posts/a.yaml",
        "kind: image\nimage: ./a.jpg\ncaption: Happy New Year!\npublish_at: 2031-01-01T00:00:00Z\n",
    );
    let done = report(&project, &["--record-only"]);
    assert_eq!(done["summary"]["new"], 1, "{done}");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 scheduled.");
}

#[test]
fn manifests_written_the_day_after_for_last_months_posts_are_duplicates() {
    for how in ["--record-only", "--write"] {
        let server = Server::start();
        let said = |n: usize| json!({ "caption": format!("Last month {n}"), "at": "2026-01-02T10:00:00Z" });
        server.sandbox.seed(&Value::Array((0..5).map(said).collect())).unwrap();
        let project = project(&server);
        project.run(["import", how]).exits(0);
        for n in 0..5_u8 {
            project.jpeg(&format!("posts/{n}.jpg"), n);
            project
                .write(&format!("posts/{n}.yaml"), format!("kind: image\nimage: ./{n}.jpg\ncaption: Last month {n}\n"));
        }
        project.run(["plan"]).exits(0).says("No changes: 5 duplicate");
        project.run(["apply", "--yes"]).exits(3);
        assert_eq!(is_published(&server), 0);
    }
}

#[test]
fn a_copy_of_an_imported_manifest_is_an_error_that_says_what_to_remove() {
    let (server, project) = seeded(1);
    project.run(["import", "--write"]).exits(0);
    let (manifest, _) = written(&project).into_iter().find(|(path, _)| is_manifest(path)).unwrap();
    project.write("posts/imported/2017/copy.yaml", std::fs::read(manifest).unwrap());
    project.run(["validate"]).exits(1).says("copied from an imported post: remove `imported`");
    project.run(["plan"]).exits(1).says("copied from an imported post");
    let _ = project.run(["apply", "--yes"]);
    assert_eq!(is_published(&server), 0);
}

/// Between igsync and a sandbox: cuts the first file off in its middle, refuses the link of a later one once, and keeps
/// what was asked for.
fn proxy(server: &Server, relay: fn(TcpStream, SocketAddr, &Mutex<Vec<String>>)) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, to) = (listener.local_addr().unwrap(), server.address());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let log = Arc::clone(&log);
            std::thread::spawn(move || relay(socket, to, &log));
        }
    });
    (format!("http://{address}"), asked)
}

fn relay(mut socket: TcpStream, to: SocketAddr, log: &Mutex<Vec<String>>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let is_media = text.starts_with("GET /_sandbox/media/");
    let range = text.lines().find(|line| line.starts_with("range:")).unwrap_or("whole").to_owned();
    let number = {
        let mut log = log.lock().unwrap();
        if is_media {
            log.push(range);
        }
        log.len()
    };
    if is_media && number == 4 {
        let _ = socket.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return;
    }
    let mut upstream = TcpStream::connect(to).unwrap();
    upstream.write_all(text.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    let sent = if is_media && number == 1 { answer.len() / 2 } else { answer.len() };
    let _ = socket.write_all(&answer[..sent]);
}

#[test]
fn media_that_are_cut_off_are_resumed_and_links_that_have_expired_are_read_again() {
    let server = Server::start();
    server.sandbox.seed(&feed(12)).unwrap();
    let (base, asked) = proxy(&server, relay);
    let project = project(&server).env("IGSYNC_GRAPH_URL", &base);
    let done = report(&project, &["--write"]);
    assert_eq!(done["summary"]["manifests"], 12, "{done}");
    let left: Vec<&str> =
        done["left"].as_array().unwrap().iter().map(|left| left["reason"].as_str().unwrap()).collect();
    assert_eq!(left, ["Instagram gives no link to it"], "one is copyrighted");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().any(|range| range.starts_with("range: bytes=") && !range.contains("=0-")), "{asked:?}");
    let files = written(&project).iter().filter(|(path, _)| !is_manifest(path)).count();
    assert_eq!(
        (asked.len(), done["summary"]["media"].as_u64()),
        (files + 2, Some(files as u64)),
        "one more for each trouble"
    );
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn without_media_a_manifest_still_shows_what_was_edited() {
    let (_server, project) = seeded(9);
    project.run(["import", "--write", "--no-media"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    let (manifest, text) = written(&project).into_iter().find(|(path, _)| path.contains("number-6")).unwrap();
    let name = relative(&project, &manifest);
    project.write(&name, String::from_utf8(text).unwrap().replace("Golden hour number", "Golden day number"));
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited; 8 unchanged.");
    project.run(["validate"]).exits(0);
}

#[test]
fn a_first_apply_to_an_account_with_posts_names_the_command() {
    let (server, project) = seeded(3);
    project.jpeg("posts/a.jpg", 1);
    project.write("posts/a.yaml", "kind: image\nimage: ./a.jpg\ncaption: The first of ours\n");
    project.run(["apply", "--yes"]).exits(0).says("`igsync import` shows them");
    assert_eq!(is_published(&server), 1);
    project.jpeg("posts/b.jpg", 2);
    project.write("posts/b.yaml", "kind: image\nimage: ./b.jpg\ncaption: The second of ours\n");
    let second = project.run(["apply", "--yes"]).exits(0);
    assert!(!second.stderr.contains("igsync import"), "it is said once");
}

#[test]
fn what_an_open_attempt_could_own_is_left_alone_and_found_out_by_apply() {
    let (server, project) = seeded(9);
    project.jpeg("posts/a.jpg", 1);
    project.write("posts/a.yaml", "kind: image\nimage: ./a.jpg\n");
    server.fail(
        r#"[{"match": {"method": "POST", "path": "/media_publish"}, "fault": {"lose_answer": {}}},
        {"match": {"method": "GET", "path": "/1785*"}, "times": 50, "fault": {"http": {"status": 500}}}]"#,
    );
    let project = project.env("IGSYNC_POLL_BUDGET_MS", "200").env("IGSYNC_HTTP_TIMEOUT_MS", "2000");
    let _ = project.run(["apply", "--yes"]);
    assert_eq!(is_published(&server), 1, "live without a caption, and no one knows");
    assert!(project.read("igsync.lock").contains("\"state\":\"intent\""), "{}", project.read("igsync.lock"));
    for how in ["--record-only", "--write"] {
        let done = report(&project, &[how]);
        assert_eq!(done["summary"]["contested"], 1, "{done}");
        assert_eq!(done["posts"][0]["keys"], json!(["posts/a"]));
    }
    server.repair();
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(is_published(&server), 1);
    // It is live, and without a caption nothing tells its id until a person does.
    let id = report(&project, &["--record-only"])["posts"][0]["media_id"].as_str().unwrap().to_owned();
    assert_eq!(report(&project, &[])["summary"]["contested"], 1);
    project.run(["resolve", "posts/a", "--published", &id]).exits(0);
    assert_eq!(report(&project, &[])["summary"]["known"], 10);
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn a_record_that_cannot_be_read_at_its_remote_is_refused() {
    let (server, project) = seeded(1);
    project.commit();
    let config = project.read("igsync.yaml");
    project.write("igsync.yaml", format!("{config}git: {{ state_branch: igsync-state }}\n"));
    for args in [&["import"][..], &["import", "--record-only"], &["import", "--write"]] {
        project.run(args.iter().copied()).exits(5).says("cannot be read");
    }
    assert_eq!(calls(&server), 0);
}

#[test]
fn a_template_that_leaves_the_root_is_refused() {
    let (_server, project) = seeded(1);
    for to in ["../{slug}", "/tmp/{slug}", "posts/{title}"] {
        project.run(["import", "--write", "--to", to]).exits(64);
    }
    project
        .run(["import", "--write", "--to", "elsewhere/{slug}-{shortcode}"])
        .exits(3)
        .says("no manifest is looked for there");
    assert!(!project.path().join("elsewhere").exists());
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn the_schema_is_that_of_the_report() {
    let project = Project::empty();
    let schema: Value = serde_json::from_str(&project.run(["schema", "import"]).exits(0).stdout).unwrap();
    assert_eq!(schema["title"], "igsync import");
    let (_server, project) = seeded(3);
    let done = report(&project, &["--write"]);
    let fields: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(done.as_object().unwrap().keys().collect::<BTreeSet<_>>(), fields);
    let of_post: BTreeSet<&String> =
        schema["properties"]["posts"]["items"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(done["posts"][0].as_object().unwrap().keys().collect::<BTreeSet<_>>(), of_post);
}
