//! Calls spent per post, on a clock that no one waits for.

use std::sync::Arc;

use igsync_sandbox::{Options, RequestEntry};

use crate::project::{Project, Server, USER, repository};
use crate::virtual_run::{Virtual, run};

/// What one kind of post cost.
#[derive(Debug, PartialEq, Eq)]
struct Spent {
    creations: usize,
    polls: usize,
    publishes: usize,
    /// Of the run and account, whatever it publishes.
    others: usize,
}

fn spent(manifest: &str, image_ms: i64, video_ms: i64) -> Spent {
    let clock = Virtual::default();
    let server = Server::on_clock(&Options::quick(), Arc::new(clock.clone()));
    server.sandbox.configure(|settings| {
        settings.image_ms = image_ms;
        (settings.video_min_ms, settings.video_max_ms) = (video_ms, video_ms);
    });
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\n"));
    for number in 0..10 {
        project.jpeg(&format!("posts/{number}.jpg"), number);
    }
    project.write("posts/v.mp4", std::fs::read(repository().join(VIDEO)).unwrap());
    project.write("posts/one.yaml", manifest);
    let url = server.url();
    let variables = [("IGSYNC_GRAPH_URL", url.as_str()), ("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")];
    let _ = run(&project, &clock, &variables, "apply --yes").exits(0);
    assert_eq!(server.published().len(), 1);
    let requests = server.sandbox.requests();
    let count = |is: &dyn Fn(&RequestEntry) -> bool| requests.iter().filter(|request| is(request)).count();
    let creations = count(&|request| request.method == "POST" && request.path.ends_with("/media"));
    let publishes = count(&|request| request.path.ends_with("/media_publish"));
    let polls = count(&|request| request.method == "GET" && request.path.contains("/v26.0/178500"));
    Spent { creations, polls, publishes, others: requests.len() - creations - publishes - polls }
}

const VIDEO: &str = "tests/fixtures/content/reel/posts/boats.mp4";
const IMAGE: &str = "kind: image\nimage: ./1.jpg\ncaption: x\n";
const REEL: &str = "kind: reel\nvideo: ./v.mp4\ncaption: x\n";

fn carousel(items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("  - {item}\n")).collect();
    format!("kind: carousel\ncaption: x\nitems:\n{items}")
}

#[track_caller]
fn assert_spent(spent: &Spent, creations: usize, polls: usize, publishes: usize) {
    assert_eq!((spent.creations, spent.polls, spent.publishes), (creations, polls, publishes), "{spent:?}");
    assert!(spent.others <= 5, "{spent:?}");
}

#[test]
fn an_image_that_is_ready_at_once_costs_two_calls() {
    assert_spent(&spent(IMAGE, 0, 0), 1, 0, 1);
}

#[test]
fn an_image_that_takes_three_seconds_costs_one_look_and_one_publish_more() {
    assert_spent(&spent(IMAGE, 3_000, 0), 1, 1, 2);
}

#[test]
fn a_reel_costs_two_calls_and_few_looks() {
    assert_spent(&spent(REEL, 0, 20_000), 1, 1, 1);
    assert_spent(&spent(REEL, 0, 60_000), 1, 3, 1);
    assert_spent(&spent(REEL, 0, 240_000), 1, 6, 1);
}

#[test]
fn a_carousel_is_judged_by_its_parent() {
    let ten: Vec<String> = (0..10).map(|number| format!("image: ./{number}.jpg")).collect();
    let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
    assert_spent(&spent(&carousel(&ten), 0, 0), 11, 1, 1);
    assert_spent(&spent(&carousel(&ten[..5]), 0, 0), 6, 1, 1);
    let mixed = ["image: ./0.jpg", "video: ./v.mp4", "image: ./1.jpg", "video: ./v.mp4", "image: ./2.jpg"];
    // Its videos are read until they are finished: the first one twice, the second one is by then.
    assert_spent(&spent(&carousel(&mixed), 0, 20_000), 6, 4, 1);
}
