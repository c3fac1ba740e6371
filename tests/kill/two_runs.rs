//! Two processes over one content root.

use std::time::Duration;

use crate::audit::{audit, content, finish, pause, silent, start};
use crate::project::Server;

#[test]
fn of_two_runs_at_once_one_is_turned_away_or_waits() {
    for patience in ["0s", "30s"] {
        let server = Server::start();
        let project = content(&server);
        server.fail(r#"[{"match":{"method":"POST","path":"media"},"nth":1,"fault":{"delay":{"ms":700}}}]"#);
        let mut first = start(&project);
        while server.sandbox.requests().is_empty() {
            pause(Duration::from_millis(5));
        }
        let second = silent(project.command(["apply", "--yes", "--lock-timeout", patience])).status().unwrap();
        let expected = if patience == "0s" { 7 } else { 0 };
        assert_eq!(second.code(), Some(expected), "with {patience}");
        assert!(first.wait().unwrap().success());
        finish(&project);
        audit(&project, &server, patience);
    }
}

#[test]
fn many_runs_at_once_publish_every_post_once() {
    let server = Server::start();
    let project = content(&server);
    let mut runs: Vec<_> = (0..6).map(|_| start(&project)).collect();
    for run in &mut runs {
        let code = run.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 7)), "{code:?}");
    }
    finish(&project);
    audit(&project, &server, "six at once");
}

#[test]
fn the_lock_of_a_killed_run_is_free() {
    let server = Server::start();
    let project = content(&server);
    let mut run = start(&project);
    while server.sandbox.requests().is_empty() {
        pause(Duration::from_millis(2));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    finish(&project);
    audit(&project, &server, "killed holder");
}
