//! What import must leave alone: the keys, files and manifests of others, what is not whole, and secrets.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::{calls, is_manifest, is_published, project, proxy, relative, report, seeded, written};
use crate::project::{Project, Server};

fn said(caption: &str, at: &str) -> Value {
    json!({ "caption": caption, "at": at })
}

/// The media id, state and key of each record.
fn recorded(project: &Project) -> BTreeSet<(String, String, String)> {
    let field = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let text = project.read("igsync.lock");
    let records = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.map(|record| (field(&record, "key"), field(&record, "state"), field(&record, "media_id"))).collect()
}

fn keys(project: &Project) -> Vec<String> {
    recorded(project).into_iter().map(|(key, ..)| key).collect()
}

#[test]
fn manifests_are_written_where_manifests_are_looked_for() {
    for (config, post, expected) in [
        ("", "summer/a", "imported/2024/2024-01-01-old-"),
        ("posts: [content]\n", "content/a", "content/imported/2024/2024-01-01-old-"),
        ("", "posts/a", "posts/imported/2024/2024-01-01-old-"),
    ] {
        let server = Server::start();
        server.sandbox.seed(&json!([said("Old", "2024-01-01T10:00:00Z")])).unwrap();
        let project = project(&server);
        std::fs::remove_dir_all(project.path().join("posts")).unwrap();
        project.write("igsync.yaml", project.read("igsync.yaml") + config);
        project.jpeg(&format!("{post}.jpg"), 1);
        let coming = "kind: image\nimage: ./a.jpg\ncaption: Coming\npublish_at: 2031-06-01T10:00:00Z\n";
        project.write(&format!("{post}.yaml"), coming);
        project.run(["import", "--write"]).exits(0);
        assert!(keys(&project)[0].starts_with(expected), "{:?}", keys(&project));
        project.run(["plan"]).exits(0).ends_with("No changes: 1 scheduled; 1 unchanged.");
    }
}

#[test]
fn nothing_is_written_where_it_would_hide_other_manifests() {
    let server = Server::start();
    server.sandbox.seed(&json!([said("Old", "2024-01-01T10:00:00Z")])).unwrap();
    let project = project(&server);
    std::fs::remove_dir_all(project.path().join("posts")).unwrap();
    project.jpeg("summer/a.jpg", 1);
    project.write("summer/a.yaml", "kind: image\nimage: ./a.jpg\ncaption: Coming\n");
    let before = project.files();
    let run = project.run(["import", "--write", "--to", "posts/{slug}-{shortcode}"]);
    run.exits(1).says("other posts, or none: summer/a.yaml");
    assert_eq!(project.files(), before, "nothing is left written");
}

#[test]
fn what_anything_else_has_is_never_taken() {
    let server = Server::start();
    let old = |caption: &str| said(caption, "2024-01-01T10:00:00Z");
    server.sandbox.seed(&json!([old("Golden"), old("Orphan"), old("Sunset"), old("Loose"), old("Free")])).unwrap();
    let project = project(&server);
    for (n, (name, fields)) in [
        ("orphan", "caption: Another one\n"),
        ("x", "id: posts/golden\ncaption: Mine\npublish_at: 2031-01-01T10:00:00Z\n"),
    ]
    .into_iter()
    .enumerate()
    {
        project.jpeg(&format!("posts/{name}.jpg"), n as u8);
        project.write(&format!("posts/{name}.yaml"), format!("kind: image\nimage: ./{name}.jpg\n{fields}"));
    }
    project.run(["apply", "--yes"]).exits(0);
    project.remove("posts/orphan.yaml");
    project.remove("posts/orphan.jpg");
    // The picture of a coming post, and one that no manifest names yet.
    project.jpeg("posts/sunset.jpg", 8);
    let tomorrow = "kind: image\nimage: ./sunset.jpg\ncaption: Tomorrow\npublish_at: 2031-01-02T10:00:00Z\n";
    project.write("posts/tomorrow.yaml", tomorrow);
    project.jpeg("posts/loose.jpg", 9);
    project.run(["import", "--write", "--to", "posts/{slug}"]).exits(0);
    let codes: Vec<String> = keys(&project).into_iter().filter(|key| key.starts_with("posts/")).collect();
    for taken in ["golden", "sunset", "loose"] {
        let with_code = format!("posts/{taken}-");
        assert!(codes.iter().any(|key| key.starts_with(&with_code)), "{codes:?}");
        assert!(!codes.contains(&format!("posts/{taken}")), "{codes:?}");
    }
    let orphans = codes.iter().filter(|key| key.starts_with("posts/orphan")).count();
    assert!(orphans == 2 && codes.contains(&"posts/free".to_owned()), "{codes:?}");
    project.run(["plan"]).exits(0).says("2 scheduled");
    project.run(["validate"]).exits(0);
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(is_published(&server), 1);
}

#[test]
fn a_picture_is_never_taken_for_the_slide_of_another_post() {
    let server = Server::start();
    server
        .sandbox
        .seed(&json!([
            { "kind": "carousel", "caption": "Multi", "at": "2024-01-01T10:00:00Z", "children": [{}, {}, {}] },
            said("One", "2024-01-01T12:00:00Z"),
            said("Two", "2024-01-01T13:00:00Z"),
        ]))
        .unwrap();
    let project = project(&server);
    let done = report(&project, &["--write", "--to", "posts/{yyyy-mm-dd}"]);
    assert_eq!((&done["summary"]["manifests"], &done["summary"]["media"]), (&json!(3), &json!(5)), "{done}");
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn names_depend_neither_on_how_many_posts_are_asked_for_nor_on_what_is_there() {
    let server = Server::start();
    let greeting = |year: u16| said("Happy New Year!", &format!("{year}-01-01T10:00:00Z"));
    server.sandbox.seed(&json!([greeting(2024), greeting(2025), greeting(2026)])).unwrap();
    let whole = project(&server);
    whole.run(["import", "--write", "--to", "posts/{slug}"]).exits(0);
    let parts = project(&server);
    for limit in [&["--limit", "1"][..], &["--since", "2025-01-01"], &[]] {
        parts.run([&["import", "--write", "--to", "posts/{slug}"][..], limit].concat()).exits(0);
    }
    assert_eq!(recorded(&parts), recorded(&whole));
    parts.write("other.lock", whole.read("igsync.lock"));
    parts.run(["lock", "merge", "other.lock"]).exits(0);
    parts.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn a_manifest_that_was_not_written_is_written_whatever_was_published_since() {
    let server = Server::start();
    server.sandbox.seed(&json!([said("Happy New Year!", "2024-01-01T10:00:00Z")])).unwrap();
    let project = project(&server);
    let to = ["import", "--write", "--to", "posts/cafe\u{301}/{slug}"];
    project.run(to).exits(0);
    project.remove("posts/caf\u{e9}/happy-new-year.yaml");
    server.sandbox.seed(&json!([said("Happy New Year!", "2025-01-01T10:00:00Z")])).unwrap();
    project.run(to).exits(0);
    assert!(project.path().join("posts/caf\u{e9}/happy-new-year.yaml").exists());
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn text_with_a_secret_of_the_run_is_in_no_file() {
    let server = Server::start();
    let secret = "9f86d081884c7d659a2feaa0c55ad015";
    server
        .sandbox
        .seed(&json!([
            { "caption": format!("my {secret} and IGAA-LONG"), "at": "2024-01-01T10:00:00Z" },
            { "caption": "fine", "alt_text": "IGAA-LONG", "at": "2024-01-02T10:00:00Z" },
        ]))
        .unwrap();
    let project = project(&server).env("IGSYNC_APP_SECRET", secret).env("IGSYNC_APP_ID", "200000000000002");
    let run = project.run(["import", "--write"]).exits(3).says("a secret of this run is in its text");
    assert_eq!(keys(&project).iter().filter(|key| key.starts_with("imported/")).count(), 2, "recorded alone");
    let files = project.files().into_iter().filter(|(path, _)| !path.ends_with("igsync.yaml"));
    let texts = files.map(|(path, bytes)| format!("{}{}", path.display(), String::from_utf8_lossy(&bytes)));
    for text in texts.chain([run.stdout.clone(), run.stderr.clone()]) {
        assert!(!text.contains(secret) && !text.contains("IGAA-LONG"), "{text}");
        assert!(!text.to_lowercase().contains("igaa-long"), "{text}");
    }
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn a_laptop_behind_the_machine_that_publishes_reads_its_record_first() {
    let (server, ci) = seeded(3);
    ci.jpeg("posts/a.jpg", 1);
    ci.write("posts/a.yaml", "kind: image\nimage: ./a.jpg\ncaption: Kay\n");
    ci.write(".gitignore", "/.igsync/\n");
    ci.commit();
    let laptop = ci.fresh_clone().against(&server, "instagram", "IGAA-LONG");
    server.fail(
        r#"[{"match": {"method": "POST", "path": "/media_publish"}, "fault": {"lose_answer": {}}},
        {"match": {"method": "GET", "path": "/1785*"}, "times": 50, "fault": {"http": {"status": 500}}}]"#,
    );
    let ci = ci.env("IGSYNC_POLL_BUDGET_MS", "200").env("IGSYNC_HTTP_TIMEOUT_MS", "2000");
    let _ = ci.run(["apply", "--yes"]);
    assert!(ci.read("igsync.lock").contains("\"state\":\"intent\""), "{}", ci.read("igsync.lock"));
    ci.commit();
    server.repair();
    for args in [&[][..], &["--record-only", "--match", "all"]] {
        let done = report(&laptop, args);
        assert_eq!((&done["summary"]["contested"], &done["summary"]["matched"]), (&json!(1), &json!(0)), "{done}");
    }
    assert!(laptop.read("igsync.lock").contains("\"state\":\"intent\""), "{}", laptop.read("igsync.lock"));
    // A branch that is on the laptop alone: the record is on the one that it came from.
    let branch = ci.fresh_clone().against(&server, "instagram", "IGAA-LONG");
    branch.git(&["checkout", "--quiet", "-b", "import"]);
    assert_eq!(report(&branch, &[])["summary"]["contested"], 1);
    std::fs::rename(ci.path().join(".git"), ci.path().join("gone")).unwrap();
    laptop.run(["import"]).exits(5).says("cannot be read");
}

#[test]
fn without_a_remote_there_is_nothing_to_read_first() {
    let (_server, project) = seeded(3);
    let project = project.env("CI", "true");
    project.run(["import", "--record-only", "--no-push"]).exits(0).ends_with("Recorded: 3 posts.");
    project.write(".gitignore", "/.igsync/\n");
    project.commit();
    project.run(["import", "--record-only", "--no-push"]).exits(0);
    project.run(["import", "--record-only"]).exits(1).says("--no-push");
}

#[test]
fn rules_that_are_raised_are_about_what_is_to_be_published() {
    let raised = "rules: { missing-alt-text: error, many-hashtags: error }\n";
    let server = Server::start();
    server.sandbox.seed(&json!([said("Old #a #b #c #d #e #f #g", "2024-01-01T10:00:00Z")])).unwrap();
    let project = project(&server);
    project.jpeg("posts/k.jpg", 1);
    project.write("posts/k.yaml", "kind: image\nimage: ./k.jpg\ncaption: Kay\n");
    project.run(["apply", "--yes"]).exits(0);
    project.write("igsync.yaml", project.read("igsync.yaml") + raised);
    project.run(["import", "--write"]).exits(0).says("Written: 1 manifest");
    project.run(["validate"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.jpeg("posts/new.jpg", 2);
    project.write("posts/new.yaml", "kind: image\nimage: ./new.jpg\ncaption: New\n");
    project.run(["validate"]).exits(1).says("missing-alt-text");
}

#[test]
fn files_that_were_fetched_are_known_as_git_will_know_them() {
    let (_server, project) = seeded(2);
    project.write(".gitignore", "/.igsync/\n");
    project.commit();
    project.run(["import", "--write"]).exits(0);
    project.commit();
    let media: Vec<Value> = project
        .read("igsync.lock")
        .lines()
        .skip(1)
        .flat_map(|line| serde_json::from_str::<Value>(line).unwrap()["media"].as_array().cloned().unwrap_or_default())
        .collect();
    assert!(media.len() >= 2, "{media:?}");
    for file in media {
        let blob = project.git(&["rev-parse", &format!("HEAD:{}", file["file"].as_str().unwrap())]);
        assert_eq!(file["oid"], blob.trim());
    }
}

#[test]
fn the_sandbox_lacks_none_of_the_imported_posts() {
    let (_server, project) = seeded(2);
    project.run(["import", "--write"]).exits(0);
    project.jpeg("posts/new.jpg", 1);
    project.write("posts/new.yaml", "kind: image\nimage: ./new.jpg\ncaption: New\n");
    project.run(["apply", "--sandbox", "--yes"]).exits(0).says("1 published");
}

#[test]
fn the_line_that_undoes_an_import_names_what_it_has_recorded() {
    let server = Server::start();
    server.sandbox.seed(&json!([said("Hello", "2024-01-01T10:00:00Z")])).unwrap();
    let project = project(&server);
    project.jpeg("posts/h.jpg", 1);
    project.write("posts/h.yaml", "kind: image\nimage: ./h.jpg\ncaption: Hello\npublish_at: 2024-01-01T09:00:00Z\n");
    for how in ["--record-only", "--write"] {
        let run = project.run(["import", how]).exits(0);
        assert!(!run.stderr.contains("undo"), "a match is no import: {}", run.stderr);
        project.run(["lock", "rm", "posts/h", "--yes"]).exits(0);
    }
    server
        .sandbox
        .seed(&json!([said("token IGAA-LONG", "2024-03-01T10:00:00Z"), said("fine", "2024-03-02T10:00:00Z")]))
        .unwrap();
    let run = project.run(["import", "--write", "--match", "all"]).exits(3);
    assert!(
        run.stderr.contains("`igsync lock rm 'posts/imported/**'`, and `igsync lock rm 'imported/*'`"),
        "{}",
        run.stderr
    );
    for glob in ["posts/imported/**", "imported/*"] {
        project.run(["lock", "rm", glob, "--yes"]).exits(0).says("Forgot 1 imported post.");
    }
}

/// Says of no picture how long it is, and sends a half of it.
fn halve(mut socket: TcpStream, to: SocketAddr, _log: &Mutex<Vec<String>>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut upstream = TcpStream::connect(to).unwrap();
    upstream.write_all(text.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    if text.starts_with("GET /_sandbox/media/") {
        let body = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let half = body + (answer.len() - body) / 2;
        answer = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", &answer[body..half]].concat();
    }
    let _ = socket.write_all(&answer);
}

#[test]
fn a_half_of_a_picture_is_no_picture() {
    let server = Server::start();
    server.sandbox.seed(&json!([said("Old", "2024-01-01T10:00:00Z")])).unwrap();
    let (base, _) = proxy(&server, halve);
    let cut = project(&server).env("IGSYNC_GRAPH_URL", &base);
    cut.run(["import", "--write"]).exits(3).says("what came is cut off");
    assert_eq!(written(&cut).len(), 1, "the manifest alone");
    assert!(!cut.read("igsync.lock").contains("reencoded"));
}

#[test]
fn what_a_killed_run_was_about_to_write_is_removed() {
    let (_server, project) = seeded(2);
    project.run(["import", "--write"]).exits(0);
    let (manifest, _) = written(&project).into_iter().find(|(path, _)| is_manifest(path)).unwrap();
    let folder = relative(&project, &manifest).rsplit_once('/').unwrap().0.to_owned();
    project.write(&format!("{folder}/.igsync-0123456789ab.tmp"), "half");
    project.run(["import", "--write"]).exits(0);
    assert!(!project.path().join(&folder).join(".igsync-0123456789ab.tmp").exists());
    assert!(project.path().join(&folder).exists());
}

#[test]
fn first_comments_and_collaborators_are_read_where_they_are_asked_for() {
    let server = Server::start();
    let project = project(&server).against(&server, "facebook", "EAA-LONG");
    // One that igsync has published shows what it was published with.
    project.jpeg("posts/one.jpg", 1);
    project.write(
        "posts/one.yaml",
        "kind: image\nimage: ./one.jpg\ncaption: The first\ncollaborators: [lighthouse]\nfirst_comment: \"#sea #fog\"\n",
    );
    project.run(["apply", "--yes"]).exits(0);
    server.sandbox.seed(&json!([{ "caption": "Without any" }])).unwrap();
    for file in ["posts/one.yaml", "posts/one.jpg", "igsync.lock"] {
        project.remove(file);
    }
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("posts/_defaults.yaml", "first_comment: By default\ncollaborators: [buoy]\n");
    let before = calls(&server);
    project.run(["import", "--write", "--comments", "--collaborators"]).exits(0).says("paid partnership");
    let extra: Vec<String> = server.sandbox.requests()[before..].iter().map(|request| request.path.clone()).collect();
    let of = |edge: &str| extra.iter().filter(|path| path.ends_with(edge)).count();
    assert_eq!((of("/comments"), of("/collaborators")), (1, 2), "none where there is no comment: {extra:?}");
    let manifests: Vec<String> = written(&project)
        .into_iter()
        .filter(|(path, _)| is_manifest(path))
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect();
    let [one, other] = &*manifests else { panic!("{manifests:?}") };
    let (one, other) = if one.contains("The first") { (one, other) } else { (other, one) };
    assert!(one.contains("first_comment: \"#sea #fog\"\n") && one.contains("collaborators: [lighthouse]\n"), "{one}");
    assert!(other.contains("first_comment: \"\"\n") && other.contains("collaborators: []\n"), "{other}");
    assert!(!one.contains("collaborators, products"), "{one}");
    project.run(["plan", "--refresh", "full"]).exits(0).ends_with("No changes.");
    let sent = calls(&server);
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0);
    let sent = server.sandbox.requests()[sent..].iter().filter(|request| request.path.ends_with("/comments")).count();
    assert_eq!(sent, 0, "no comment is ever due by an import");
    let instagram = project.against(&server, "instagram", "IGAA-LONG");
    instagram.run(["import", "--write", "--collaborators"]).exits(64).says("leave out --collaborators");
    for option in ["--comments", "--collaborators", "--no-media"] {
        instagram.run(["import", "--record-only", option]).exits(64).says("--record-only");
    }
}
