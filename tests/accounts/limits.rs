//! Quota, containers of a day, throttles.

use std::time::Duration;

use igsync_sandbox::Options;
use serde_json::Value;

use crate::project::{Output, Project, Server, USER};

/// Thirty due posts of one account, in the order of their names.
fn thirty(server: &Server) -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\n"));
    for number in 1..=30 {
        post(&project, number);
    }
    whose_clock_moves(project.against(server, "instagram", "IGAA-LONG"))
}

/// Days pass at the sandbox, and none here.
fn whose_clock_moves(project: Project) -> Project {
    project.env("IGSYNC_MAX_SKEW_MS", "1000000000")
}

fn post(project: &Project, number: u8) {
    project.jpeg(&format!("posts/{number:02}.jpg"), number);
    let text = format!("kind: image\nimage: ./{number:02}.jpg\ncaption: number {number}\n");
    project.write(&format!("posts/{number:02}.yaml"), text);
}

fn with_quota(quota_total: usize) -> Server {
    Server::with(&Options { quota_total, ..Options::quick() })
}

fn apply(project: &Project) -> Output {
    project.run(["apply", "--yes", "--max-publish", "50", "--format", "json"])
}

fn live(server: &Server) -> Vec<String> {
    server.published().iter().map(|post| post["caption"].as_str().unwrap().replace("number ", "")).collect()
}

fn numbers(range: std::ops::RangeInclusive<u8>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn events(output: &Output, name: &str) -> Vec<String> {
    let events = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["event"] == name).map(|event| event["key"].as_str().unwrap().to_owned()).collect()
}

fn calls(server: &Server) -> usize {
    server.sandbox.requests().len()
}

#[test]
fn thirty_posts_against_a_quota_of_25() {
    let server = with_quota(25);
    let project = thirty(&server);
    let first = apply(&project).exits(10);
    assert_eq!(live(&server), numbers(1..=25), "in plan order");
    let deferred = ["posts/26", "posts/27", "posts/28", "posts/29", "posts/30"];
    assert_eq!(events(&first, "post_deferred"), deferred);
    let creations =
        server.sandbox.requests().iter().filter(|call| call.path.ends_with("/media") && call.method == "POST").count();
    assert_eq!(creations, 25, "no container is made for what cannot go out");
    apply(&project).exits(10);
    assert_eq!(live(&server).len(), 25);
    server.sandbox.advance(Duration::from_secs(86_400)).unwrap();
    apply(&project).exits(0);
    assert_eq!(live(&server), numbers(1..=30), "exactly the five, once each");
    apply(&project).exits(0).ends_with_no_changes();
}

#[test]
fn posts_of_other_apps_count() {
    let server = with_quota(25);
    // Another tool publishes ten posts first.
    let other = thirty(&server);
    other.run(["apply", "--yes", "--max-publish", "10", "--target", "posts/0*"]).exits(0);
    let project = thirty(&server);
    for number in 1..=9 {
        project.write(
            &format!("posts/{number:02}.yaml"),
            format!("kind: image\nimage: ./{number:02}.jpg\ncaption: again {number}\n"),
        );
    }
    let output = apply(&project).exits(10);
    assert_eq!(live(&server).len(), 25);
    assert_eq!(events(&output, "post_deferred").len(), 14);
    server.sandbox.advance(Duration::from_secs(86_400)).unwrap();
    apply(&project).exits(0);
    assert_eq!(live(&server).len(), 39);
}

#[test]
fn what_the_report_lags_behind_is_known_from_the_record() {
    let server = Server::with(&Options { quota_total: 25, quota_lag: Duration::from_secs(3600), ..Options::quick() });
    let project = thirty(&server);
    project.run(["apply", "--yes", "--max-publish", "20", "--target", "posts/0*", "--target", "posts/1*"]).exits(0);
    assert_eq!(live(&server).len(), 19);
    let before = calls(&server);
    let output = apply(&project).exits(10);
    assert_eq!(live(&server), numbers(1..=25));
    assert_eq!(events(&output, "post_deferred").len(), 5);
    let creations = server.sandbox.requests()[before..]
        .iter()
        .filter(|call| call.path.ends_with("/media") && call.method == "POST")
        .count();
    assert_eq!(creations, 6, "though Meta still reports nothing used");
}

#[test]
fn a_quota_that_ends_early_defers_and_keeps_the_container() {
    let server = Server::with(&Options { quota_total: 25, quota_lag: Duration::from_secs(3600), ..Options::quick() });
    let other = thirty(&server);
    other.run(["apply", "--yes", "--max-publish", "24", "--target", "posts/0*", "--target", "posts/1*"]).exits(0);
    let project = thirty(&server);
    for number in 1..=30 {
        project.write(
            &format!("posts/{number:02}.yaml"),
            format!("kind: image\nimage: ./{number:02}.jpg\ncaption: again {number}\n"),
        );
    }
    let output = apply(&project).exits(10);
    assert_eq!(live(&server).len(), 25, "the posts of the other app were not reported yet");
    assert_eq!(
        events(&output, "post_published").len() + events(&output, "post_deferred").len(),
        30,
        "each has its outcome"
    );
    server.sandbox.advance(Duration::from_secs(86_400)).unwrap();
    apply(&project).exits(0);
    assert_eq!(live(&server).len(), 19 + 30, "once each");
}

#[test]
fn a_throttle_ends_every_call_to_the_account_and_says_when_to_come_back() {
    for (path, method) in [("/media", "POST"), ("/media_publish", "POST"), ("/content_publishing_limit", "GET")] {
        let server = with_quota(50);
        let project = thirty(&server);
        let text = r#"[{"match":{"method":"METHOD","path":"PATH"},"nth":NTH,"fault":{"throttle":{"minutes":19}}}]"#;
        let nth = if method == "GET" { "1" } else { "3" };
        server.fail(&text.replace("METHOD", method).replace("PATH", path).replace("NTH", nth));
        let output = apply(&project).exits(10).says("19 minutes");
        let requests = server.sandbox.requests();
        let at = requests.iter().position(|call| call.code == Some(80_002)).unwrap();
        // Containers are made four at a time: those on the wire cannot be called back.
        let after = requests.len() - at - 1;
        assert!(after <= 3, "{path}: {after} calls after the throttle");
        if path != "/media" {
            assert_eq!(after, 0, "{path}");
        }
        let counted: usize = ["post_published", "post_deferred", "not_attempted", "post_failed"]
            .iter()
            .map(|name| events(&output, name).len())
            .sum();
        assert_eq!(counted, 30, "{path}: every post has its outcome");
        assert_eq!(events(&output, "post_published").len(), live(&server).len());
        apply(&project).exits(0);
        assert_eq!(live(&server), numbers(1..=30), "{path}: completed later, once each");
    }
}

#[test]
fn the_containers_of_a_day_end_before_the_quota_does() {
    let server = with_quota(100);
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\n"));
    project.jpeg("posts/filler.jpg", 0);
    // Eleven containers each: 36 of them need 396, and the day has 400.
    for number in 1..=38 {
        project.jpeg(&format!("posts/{number:02}.jpg"), number);
        let items = "  - image: ./filler.jpg\n".repeat(9);
        let text = format!("kind: carousel\ncaption: number {number}\nitems:\n  - image: ./{number:02}.jpg\n{items}");
        project.write(&format!("posts/{number:02}.yaml"), text);
    }
    let project = whose_clock_moves(project.against(&server, "instagram", "IGAA-LONG"));
    let creations = || {
        let requests = server.sandbox.requests();
        requests.iter().filter(|call| call.path.ends_with("/media") && call.method == "POST").count()
    };
    let first = apply(&project).exits(10);
    assert_eq!((creations(), live(&server)), (396, numbers(1..=36)), "in plan order");
    assert_eq!(events(&first, "post_deferred"), ["posts/37", "posts/38"]);
    assert!(first.stdout.contains("396 of 400"), "{}", first.stdout);
    // The record knows what this day has used, in a run that made none itself.
    apply(&project).exits(10);
    assert_eq!(creations(), 396);
    server.sandbox.advance(Duration::from_secs(86_400)).unwrap();
    apply(&project).exits(0);
    assert_eq!((creations(), live(&server)), (396 + 22, numbers(1..=38)), "exactly the two, once each");
    apply(&project).exits(0).ends_with_no_changes();
}

trait Ends {
    fn ends_with_no_changes(self);
}

impl Ends for Output {
    fn ends_with_no_changes(self) {
        let events: Vec<Value> = self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.last().unwrap()["published"], 0, "{}", self.stdout);
    }
}
