//! Small content roots with a post of every kind, and what must be true of them in the end.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::project::{Output, Project, Server};

/// The captions that are to be live in the end, in plan order. The story has none.
pub const CAPTIONS: [&str; 4] =
    ["Boats coming home.", "Golden hour over the harbour.", "", "Three steps along the quay."];

/// Image, reel, carousel and story, with a first comment.
pub fn content(server: &Server) -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n");
    let fixture = |path: &str| std::fs::read(format!("{}/tests/fixtures/content/{path}", env!("CARGO_MANIFEST_DIR")));
    for (from, to) in [
        ("reel/posts/boats.mp4", "posts/boats.mp4"),
        ("image/posts/harbour.jpg", "posts/harbour.jpg"),
        ("story/posts/morning.jpg", "posts/morning.jpg"),
        ("carousel/posts/one.jpg", "posts/one.jpg"),
        ("carousel/posts/three.jpg", "posts/three.jpg"),
    ] {
        project.write(to, fixture(from).unwrap());
    }
    project.write("posts/a-boats.yaml", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats coming home.\n");
    project.write(
        "posts/b-harbour.yaml",
        "kind: image\nimage: ./harbour.jpg\ncaption: Golden hour over the harbour.\nfirst_comment: First!\n",
    );
    project.write("posts/c-morning.yaml", "kind: story\nimage: ./morning.jpg\n");
    project.write(
        "posts/d-tour.yaml",
        "kind: carousel\ncaption: Three steps along the quay.\nitems:\n  - image: ./one.jpg\n  - image: ./three.jpg\n",
    );
    connected(project, server)
}

/// The environment of a run against `server`, with every wait as short as a test can have it.
pub fn connected(project: Project, server: &Server) -> Project {
    project
        .env("IGSYNC_GRAPH_URL", &server.url())
        .env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")
        .env("IGSYNC_POLL_INITIAL_MS", "10")
        .env("IGSYNC_POLL_MAX_MS", "50")
        .env("IGSYNC_POLL_BUDGET_MS", "5000")
        .env("IGSYNC_SETTLE_MS", "50")
        .env("IGSYNC_LOOK_MS", "20")
        .env("IGSYNC_HTTP_TIMEOUT_MS", "500")
}

/// `igsync apply` without a word.
pub fn start(project: &Project) -> Child {
    silent(project.command(["apply", "--yes", "--allow-new-lock"])).spawn().unwrap()
}

pub fn silent(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits; nothing in these tests depends on how exactly.
pub fn pause(time: Duration) {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

#[expect(clippy::disallowed_methods, reason = "how long the real program takes is what is measured")]
pub fn now() -> Instant {
    Instant::now()
}

/// How long an undisturbed run takes at best: other tests may keep the machine busy meanwhile.
pub fn duration_of_a_run() -> Duration {
    let measure = |_| {
        let server = Server::start();
        let project = content(&server);
        let began = now();
        assert!(start(&project).wait().unwrap().success());
        let took = began.elapsed();
        finish(&project);
        audit(&project, &server, "undisturbed");
        took
    };
    (0..3).map(measure).min().unwrap()
}

/// Runs `apply` until it has nothing left to do.
#[track_caller]
pub fn finish(project: &Project) -> Output {
    for _ in 0..8 {
        let output = project.run(["apply", "--yes", "--allow-new-lock"]);
        if output.code == 0 && output.last_line().starts_with("No changes") {
            return output;
        }
        assert!([0, 3].contains(&output.code), "exit {}\n{}\n{}", output.code, output.stdout, output.stderr);
    }
    panic!("apply does not come to an end: {}", project.read(".igsync/journal.jsonl"));
}

/// Every post is live once, every recorded id is right, no comment was sent twice.
#[track_caller]
pub fn audit(project: &Project, server: &Server, about: &str) {
    let live = server.published();
    let mut captions: Vec<&str> = live.iter().map(|post| post["caption"].as_str().unwrap_or_default()).collect();
    captions.sort_unstable();
    let mut wanted = CAPTIONS;
    wanted.sort_unstable();
    assert_eq!(captions, wanted, "{about}: every post is live once\n{live:#?}");
    let records: Vec<Value> =
        project.read("igsync.lock").lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    for post in &live {
        let caption = post["caption"].as_str().unwrap_or_default();
        let key = match caption {
            "Boats coming home." => "posts/a-boats",
            "Golden hour over the harbour." => "posts/b-harbour",
            "" => "posts/c-morning",
            _ => "posts/d-tour",
        };
        let mine: Vec<&Value> =
            records.iter().filter(|record| record["key"] == key && record["state"] == "published").collect();
        assert_eq!(mine.len(), 1, "{about}: {key} is published by one attempt: {records:#?}");
        let id = &mine[0]["media_id"];
        assert!(id.is_null() || *id == post["media_id"], "{about}: {key} has a wrong id: {id}");
    }
    let comments = server
        .sandbox
        .requests()
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/comments"))
        .count();
    assert!(comments <= 1, "{about}: {comments} comments");
}
