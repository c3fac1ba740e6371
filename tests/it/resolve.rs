//! `igsync resolve`: what a person says settles a post, and nothing is ever published by it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::project::{Output, Project, Server};

const INSTAGRAM: (&str, &str) = ("instagram", "IGAA-LONG");

/// The one attempt that the lockfile holds last for `posts/one`.
fn records(project: &Project) -> Vec<Value> {
    project.read("igsync.lock").lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn record(project: &Project, state: &str) -> Value {
    let all = records(project);
    all.iter().find(|record| record["state"] == state).unwrap_or_else(|| panic!("no {state} in {all:#?}")).clone()
}

fn apply(project: &Project) -> Output {
    project.run(["apply", "--yes", "--allow-new-lock"])
}

/// A post that is live, and whose record got lost; no one knows when its manifest was written.
fn maybe_live() -> (Server, Project) {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    project.remove("igsync.lock");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    apply(&project).exits(4);
    assert_eq!(server.published().len(), 1);
    (server, project)
}

#[test]
fn a_look_alike_that_a_person_confirms_is_the_post() {
    let (server, project) = maybe_live();
    project.run(["plan"]).exits(0).says("resolve posts/one --published").says("resolve posts/one --not-published");
    project.run(["resolve", "posts/one", "--published"]).exits(0).says("posts/one: published").says("lock rm --graph");
    let record = record(&project, "published");
    assert_eq!(record["media_id"], server.published()[0]["media_id"]);
    assert_eq!(record["via"], "resolved");
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_look_alike_that_a_person_rules_out_is_never_taken_for_the_post_again() {
    let (server, project) = maybe_live();
    let id = server.published()[0]["media_id"].clone();
    project.run(["resolve", "posts/one", "--not-published"]).exits(0).says(id.as_str().unwrap());
    assert_eq!(record(&project, "not_published")["not_ours"], Value::from(vec![id]));
    apply(&project).exits(0);
    assert_eq!(server.published().len(), 2, "the post goes out beside its look-alike");
    apply(&project).exits(0).ends_with("No changes.");
}

#[test]
fn an_unknown_outcome_stays_blocked_until_it_is_resolved() {
    let (server, project) = maybe_live();
    apply(&project).exits(4);
    project.run(["resolve", "posts/one"]).exits(4).says("resolve posts/one --published");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_post_that_went_out_by_phone_is_recorded_by_id_without_any_call() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.run(["resolve", "posts/one.yaml", "--published", "17900000000000099"]).exits(0);
    assert!(server.sandbox.requests().is_empty());
    let record = record(&project, "published");
    assert_eq!((&record["media_id"], &record["via"]), (&Value::from("17900000000000099"), &Value::from("resolved")));
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn a_link_as_the_app_shares_it_finds_the_media_id() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    let live = record(&project, "published");
    let link = live["permalink"].as_str().unwrap().replace("www.instagram.com/", "www.instagram.com/harbour/");
    let link = format!("{link}?igsh=abc");
    project.write("posts/two.yaml", "kind: image\nimage: ./one.jpg\ncaption: Another\n");
    project.run(["resolve", "posts/two", "--published", &link]).exits(1).says("recorded as the post posts/one");
    project.run(["lock", "rm", "posts/one", "--yes"]).exits(0);
    project.run(["resolve", "posts/two", "--published", &link]).exits(0);
    let two = records(&project).into_iter().find(|record| record["key"] == "posts/two").unwrap();
    assert_eq!((&two["media_id"], &two["permalink"]), (&live["media_id"], &live["permalink"]));
}

#[test]
fn a_link_without_a_token_is_kept_and_its_id_filled_in_later() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    let live = record(&project, "published");
    project.run(["lock", "rm", "posts/one", "--yes"]).exits(0);
    project.remove("igsync.lock");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    let link = live["permalink"].as_str().unwrap();
    let offline = project
        .command(["resolve", "posts/one", "--published", link])
        .env_remove("IGSYNC_ACCESS_TOKEN")
        .output()
        .unwrap();
    assert_eq!(offline.status.code(), Some(0), "{}", String::from_utf8_lossy(&offline.stderr));
    let kept = record(&project, "published");
    assert_eq!((&kept["media_id"], &kept["permalink"]), (&Value::Null, &live["permalink"]));
    project.run(["resolve", "posts/one"]).exits(0);
    let filled = record(&project, "published");
    assert_eq!((&filled["media_id"], &filled["via"]), (&live["media_id"], &Value::from("resolved")));
}

#[test]
fn a_comment_waits_until_a_person_confirms_media_that_was_found_by_matching() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Hello\nfirst_comment: First\n");
    server.fail(r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":"lose_answer"}]"#);
    apply(&project).exits(0);
    assert_eq!(record(&project, "published")["via"], "settled");
    assert_eq!(comments(&server), 0);
    project.run(["plan"]).exits(0).says("resolve posts/one --published");
    project.run(["resolve", "posts/one", "--published"]).exits(0).says("the next apply sends");
    apply(&project).exits(0);
    assert_eq!(comments(&server), 1);
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!((comments(&server), server.published().len()), (1, 1));
}

fn comments(server: &Server) -> usize {
    let requests = server.sandbox.requests();
    requests.iter().filter(|request| request.method == "POST" && request.path.ends_with("/comments")).count()
}

#[test]
fn an_id_that_meta_itself_answered_is_not_overwritten() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    project.run(["resolve", "posts/one", "--published", "1"]).exits(1).says("Meta answered");
    project.run(["resolve", "posts/one", "--not-published"]).exits(1).says("lock rm posts/one");
    project.run(["resolve", "posts/one", "--published"]).exits(0).says("nothing to change");
    project.run(["resolve", "posts/one"]).exits(0).says("nothing is open");
}

#[test]
fn a_mistyped_id_can_be_corrected_by_saying_it_again() {
    let project = Project::with_one_image();
    project.run(["resolve", "posts/one", "--published", "17900000000000099"]).exits(0);
    project.run(["resolve", "posts/one", "--published", "17900000000000011"]).exits(0);
    assert_eq!(record(&project, "published")["media_id"], "17900000000000011");
    assert_eq!(records(&project).len(), 2, "the wrong statement stays as a tombstone");
    project.run(["plan"]).exits(0).ends_with("No changes.");
}

#[test]
fn bare_resolve_settles_what_a_killed_run_left_open() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    let slow = r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"slow_body":{"ms":20000}}}]"#;
    server.fail(slow);
    let mut run = project.command(["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while server.published().is_empty() {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    project.run(["plan"]).exits(0).says("settle: igsync resolve posts/one");
    project.run(["resolve", "posts/one", "--dry-run"]).exits(0).says("would ask");
    let output = project.run(["resolve", "posts/one", "--format", "json"]).exits(0);
    let outcome: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&outcome["state"], &outcome["changed"]), (&Value::from("published"), &Value::from(true)));
    assert_eq!(outcome["media_id"], server.published()[0]["media_id"]);
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_dry_run_writes_nothing() {
    let (_server, project) = maybe_live();
    let before = (project.read("igsync.lock"), project.read(".igsync/journal.jsonl"));
    for arguments in [vec!["--published"], vec!["--not-published"], vec![]] {
        let arguments = ["resolve", "posts/one", "--dry-run"].into_iter().chain(arguments);
        project.run(arguments).exits(0);
    }
    assert_eq!((project.read("igsync.lock"), project.read(".igsync/journal.jsonl")), before);
}

#[test]
fn names_that_mean_nothing_or_too_much_are_usage_errors() {
    let project = Project::with_one_image();
    project.run(["resolve", "posts/onne", "--published"]).exits(64).says("posts/one");
    project.run(["resolve", "posts/one", "--published", "yesterday"]).exits(64).says("link");
    project.run(["resolve", "posts/one", "--published", "--not-published"]).exits(64);
    project.run(["resolve", "posts/one", "--account", "nobody"]).exits(64).says("harbour");
    project.write(
        "igsync.yaml",
        "accounts:\n  a: { user_id: \"17841400000000001\" }\n  b: { user_id: \"17841400000000002\" }\ndefault_account: a\nmedia: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n",
    );
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: x\naccounts: [a, b]\n");
    project.run(["resolve", "posts/one", "--published"]).exits(64).says("several accounts: a, b");
    project.run(["resolve", "posts/one", "--published", "--account", "b"]).exits(0);
    assert_eq!(record(&project, "published")["user_id"], "17841400000000002");
}

#[test]
fn a_renamed_post_is_not_recorded_a_second_time() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", "EAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    project.rename("posts/one.yaml", "posts/new.yaml");
    let before = project.read("igsync.lock");
    for published in [vec!["--published"], vec!["--published", "17900000000000001"]] {
        let arguments = ["resolve", "posts/new"].into_iter().chain(published);
        project
            .run(arguments)
            .exits(1)
            .says("posts/new has no record yet: it has the media of posts/one")
            .says("igsync resolve posts/one --published");
    }
    assert_eq!(project.read("igsync.lock"), before);
    project.run(["plan"]).exits(0).ends_with("Plan: 1 moved.");
}
