//! SIGINT and SIGTERM: a clean end within the seconds that a cancelled CI job has.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use igsync_host::RealClock;
use igsync_ports::Clock;

use crate::audit::{audit, content, duration_of_a_run, finish, now, pause, start};
use crate::project::{Project, Server};

/// What GitHub leaves a cancelled job before SIGKILL.
const LIMIT: Duration = Duration::from_secs(7);

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Signals a run after `moment` and returns its exit code.
fn stopped_after(moment: Duration, name: &str, child: &mut Child) -> Option<i32> {
    pause(moment);
    if let Some(status) = child.try_wait().unwrap() {
        return status.code();
    }
    signal(child, name);
    let asked = now();
    let status = child.wait().unwrap();
    assert!(asked.elapsed() < LIMIT, "{:?} after SIG{name}", asked.elapsed());
    // Before its handlers are installed, the signal itself ends the process.
    status.code().or(status.signal().map(|number| 128 + number))
}

#[test]
fn a_signal_at_any_moment_ends_the_run_cleanly_and_the_next_one_goes_on() {
    let mut rng = fastrand::Rng::with_seed(7);
    let whole = duration_of_a_run();
    let mut stopped = 0;
    // On a busy machine a run may be over before its signal comes: as many rounds as it takes, and at least six.
    for round in 0..60 {
        let server = Server::start();
        let project = content(&server);
        for step in 0..5 {
            let (name, code) = if rng.bool() { ("INT", 130) } else { ("TERM", 143) };
            let moment = whole.mul_f64(rng.f64() * 0.9);
            let ended = stopped_after(moment, name, &mut start(&project));
            assert!(ended == Some(code) || ended == Some(0), "round {round}, step {step}: {ended:?} after SIG{name}");
            stopped += u32::from(ended == Some(code));
        }
        finish(&project);
        audit(&project, &server, &format!("round {round}"));
        if round >= 5 && stopped >= 10 {
            return;
        }
    }
    panic!("only {stopped} runs were stopped");
}

#[test]
fn a_publish_on_the_wire_is_waited_for_and_then_left_to_the_next_run() {
    let server = Server::start();
    let project = content(&server).env("IGSYNC_HTTP_TIMEOUT_MS", "60000");
    let slow = r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"slow_body":{"ms":60000}}}]"#;
    server.fail(slow);
    let mut run = start(&project);
    while server.published().is_empty() {
        pause(Duration::from_millis(5));
    }
    assert_eq!(stopped_after(Duration::from_millis(50), "TERM", &mut run), Some(143));
    project.run(["plan"]).exits(0).says("perhaps published");
    finish(&project);
    audit(&project, &server, "terminated");
}

#[test]
fn a_run_that_waits_for_a_time_ends_at_once_and_the_next_one_goes_on() {
    let server = Server::start();
    let project = content(&server);
    project.write("posts/y-later.yaml", format!("kind: image\nimage: ./later.jpg\npublish_at: {}\n", in_an_hour()));
    project.jpeg("posts/later.jpg", 77);
    let mut run = project.command(["apply", "--yes", "--wait", "2h"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("its time has not come")).expect("it says what it waits for");
    let rest = std::thread::spawn(move || lines.count());
    assert_eq!(stopped_after(Duration::ZERO, "INT", &mut run), Some(130));
    rest.join().unwrap();
    project.run(["apply", "--yes"]).exits(0);
    audit(&project, &server, "interrupted while it waited");
    project.run(["plan"]).exits(0).says("1 scheduled");
}

/// By this machine's clock, to the minute.
fn in_an_hour() -> String {
    let time = RealClock::new().now() + jiff::SignedDuration::from_hours(1);
    time.strftime("%Y-%m-%dT%H:%M:00Z").to_string()
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let server = Server::start();
    let project = content(&server).env("IGSYNC_HTTP_TIMEOUT_MS", "60000");
    let run = || start(&project);
    assert!(interrupted_twice(&server, run) < Duration::from_secs(2));
}

/// Interrupts a run twice while its first publish is on the wire; how long it goes on after the second time.
fn interrupted_twice(server: &Server, start: impl FnOnce() -> Child) -> Duration {
    server.fail(r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"slow_body":{"ms":60000}}}]"#);
    let mut run = start();
    while server.published().is_empty() {
        pause(Duration::from_millis(5));
    }
    signal(&run, "INT");
    pause(Duration::from_millis(200));
    let asked = now();
    signal(&run, "INT");
    assert_eq!(run.wait().unwrap().code(), Some(130));
    asked.elapsed()
}

/// A reader that has stopped reading: nothing more fits into the pipe.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    while rustix::io::write(&writer, b"x").is_ok() {}
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::empty()).unwrap();
    (reader, writer)
}

#[test]
fn a_second_signal_ends_a_run_whose_words_no_one_reads() {
    let server = Server::start();
    let project = content(&server).env("IGSYNC_HTTP_TIMEOUT_MS", "60000");
    let (_reader, writer) = full_pipe();
    let mut command = project.command(["apply", "--yes", "--allow-new-lock", "--format", "json", "-q"]);
    let run = || command.stdout(Stdio::null()).stderr(writer).spawn().unwrap();
    let longest = Duration::from_secs(4);
    assert!(interrupted_twice(&server, run) < longest, "not by itself once the publish has had its time");
    finish(&project);
    audit(&project, &server, "interrupted twice, unread");
}

/// The next line that begins like this.
fn line_that_begins(lines: &mut impl Iterator<Item = std::io::Result<String>>, start: &str) -> String {
    lines.map(Result::unwrap).find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line begins {start:?}"))
}

#[test]
fn signals_say_at_once_what_is_awaited_and_which_post_may_be_live() {
    let server = Server::start();
    let project = content(&server).env("IGSYNC_HTTP_TIMEOUT_MS", "60000");
    server.fail(r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"slow_body":{"ms":60000}}}]"#);
    let mut command = project.command(["apply", "--yes", "--allow-new-lock", "--format", "json"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap()).lines();
    while server.published().is_empty() {
        pause(Duration::from_millis(5));
    }
    signal(&run, "INT");
    let first = line_that_begins(&mut said, "interrupted: ");
    assert!(first.contains("the publish of posts/a-boats is announced"), "{first}");
    let meaning = line_that_begins(&mut said, "  Ctrl-C again exits at once: posts/a-boats may then be live");
    assert!(meaning.ends_with("the next apply finds out before it sends anything"), "{meaning}");
    assert!(run.try_wait().unwrap().is_none(), "it is said while the answer is awaited");
    signal(&run, "INT");
    let second = line_that_begins(&mut said, "exited at once: ");
    assert!(second.contains("posts/a-boats may be live"), "{second}");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let last: serde_json::Value =
        serde_json::from_slice(output.stdout.split(|byte| *byte == b'\n').nth_back(1).unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"run_finished".into(), &130.into()), "{last}");
    finish(&project);
    audit(&project, &server, "interrupted twice");
}

/// A run that waits for a container when it is stopped.
fn that_waits(server: &Server) -> Project {
    content(server).env("IGSYNC_POLL_INITIAL_MS", "60000").env("IGSYNC_POLL_MAX_MS", "60000")
}

#[test]
fn an_interruption_between_publishes_says_that_nothing_is_lost() {
    let server = Server::start();
    let project = that_waits(&server);
    let mut command = project.command(["apply", "--yes", "--allow-new-lock"]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap()).lines();
    assert_eq!(stopped_at(&server, "POST", "/media", 4, &mut run), Some(143));
    let first = line_that_begins(&mut said, "asked to stop: ");
    assert!(first.contains("nothing is being published"), "{first}");
}

/// Signals the run once the sandbox has seen `count` requests that end like this.
fn stopped_at(server: &Server, method: &str, path: &str, count: usize, run: &mut Child) -> Option<i32> {
    let seen = || {
        let requests = server.sandbox.requests();
        requests.iter().filter(|request| request.method == method && request.path.contains(path)).count()
    };
    while seen() < count {
        assert!(run.try_wait().unwrap().is_none(), "the run ended before {method} {path}");
        pause(Duration::from_millis(5));
    }
    stopped_after(Duration::from_millis(100), "TERM", run)
}

#[test]
fn a_wait_for_the_next_look_ends_at_once() {
    let server = Server::start();
    let project = that_waits(&server);
    let mut run = start(&project);
    assert_eq!(stopped_at(&server, "POST", "/media", 4, &mut run), Some(143));
    let project = project.env("IGSYNC_POLL_INITIAL_MS", "10").env("IGSYNC_POLL_MAX_MS", "50");
    finish(&project);
    audit(&project, &server, "stopped between two looks");
}

#[test]
fn an_upload_on_the_wire_is_left_to_the_next_run() {
    let server = Server::start();
    let project = content(&server).env("IGSYNC_ACCESS_TOKEN", "EAA-LONG").env("IGSYNC_HTTP_TIMEOUT_MS", "60000");
    project.write("igsync.yaml", "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n    login: facebook\n");
    server.fail(r#"[{"match":{"method":"POST","path":"ig-api-upload"},"nth":1,"fault":{"slow_body":{"ms":60000}}}]"#);
    let mut run = start(&project);
    assert_eq!(stopped_at(&server, "POST", "ig-api-upload", 1, &mut run), Some(143));
    finish(&project);
    audit(&project, &server, "stopped while it uploaded");
}
