//! `--refresh`: what Meta is asked before a plan is made, and that asking is all it does.

use std::process::Stdio;
use std::time::Duration;

use crate::project::{Project, Server};

/// A run that was killed after its publish had taken effect.
fn left_open() -> (Server, Project) {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    server.fail(r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"slow_body":{"ms":20000}}}]"#);
    let mut run = project.command(["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while server.published().is_empty() {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    (server, project)
}

#[test]
fn a_refreshed_plan_finds_out_what_is_open_and_writes_nothing() {
    let (server, project) = left_open();
    let before = project.files();
    project.run(["plan", "--refresh", "pending"]).exits(0).ends_with("No changes.");
    assert_eq!(project.files(), before);
    project.run(["plan"]).exits(0).says("perhaps published");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_plan_that_could_not_be_refreshed_says_so() {
    let (_server, project) = left_open();
    let project = project.env("IGSYNC_ACCESS_TOKEN", "IGAA-EXPIRED");
    project
        .run(["plan", "--refresh", "pending"])
        .exits(1)
        .says("could not ask Meta about account")
        .says("perhaps published");
}

#[test]
fn an_apply_that_plans_from_files_still_settles_before_it_sends() {
    let (server, project) = left_open();
    project.run(["apply", "--yes", "--refresh", "none"]).exits(0);
    assert_eq!(server.published().len(), 1);
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the sandbox publishes at the time of this machine")]
fn a_fully_refreshed_plan_shows_what_is_live_already() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let due = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    project.write("posts/one.yaml", project.read("posts/one.yaml") + &format!("publish_at: {due}\n"));
    let empty = project.read("igsync.lock");
    project.run(["apply", "--yes"]).exits(0);
    project.write("igsync.lock", empty);
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    let before = project.files();
    project.run(["plan", "--refresh", "full", "--detailed-exitcode"]).exits(2).says("live already as");
    assert_eq!(project.files(), before);
    project.run(["apply", "--yes", "--refresh", "full", "--no-live-check"]).exits(64);
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0).says("live already as").says("1 adopted");
    assert_eq!(server.published().len(), 1);
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
}
