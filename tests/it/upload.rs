//! Videos that go to Meta directly, and everything that can come between.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::project::{Output, Project, Server, USER, repository};

/// A content root of the fixtures, whose account uses Facebook Login.
fn content(kind: &str, server: &Server) -> Project {
    let project = Project::copy_of(&format!("tests/fixtures/content/{kind}"));
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    // A container that is never filled must not hold a test up.
    project.against(server, "facebook", "EAA-LONG").env("IGSYNC_USER_ID", USER).env("IGSYNC_POLL_BUDGET_MS", "5000")
}

fn apply(project: &Project) -> Output {
    project.run(["apply", "--yes"])
}

/// Lets the next `times` requests to the upload host fail; 0 is for ever.
fn fail_uploads(server: &Server, times: u32, fault: &Value) {
    let hits = json!({ "method": "POST", "path": "/ig-api-upload/*" });
    server.fail(&json!([{ "match": hits, "times": times, "fault": fault }]).to_string());
}

/// Lets the nth request to the upload host from now on fail.
fn fail_upload(server: &Server, nth: u32, fault: &Value) {
    let hits = json!({ "method": "POST", "path": "/ig-api-upload/*" });
    server.fail(&json!([{ "match": hits, "nth": nth, "fault": fault }]).to_string());
}

/// A first run that got `bytes` far and then could not find out where to continue.
fn half_filled(project: &Project, server: &Server, bytes: u64) {
    fail_upload(server, 1, &json!({ "interrupt_upload": { "bytes": bytes } }));
    let container = json!({ "method": "GET", "path": "/1785*" });
    let refusal = json!({ "graph_error": { "code": 3 } });
    server.fail(&json!([{ "match": container, "fault": refusal }]).to_string());
    apply(project).exits(3).says("uploading the video");
    server.repair();
}

/// Requests of this method whose path ends so.
fn count(server: &Server, method: &str, end: &str) -> usize {
    server.sandbox.requests().iter().filter(|sent| sent.method == method && sent.path.ends_with(end)).count()
}

/// The containers that were made to be filled.
fn filled(server: &Server) -> usize {
    let is_upload = |params: &serde_json::Map<String, Value>| params.get("upload_type").is_some();
    server.sandbox.requests().iter().filter(|sent| sent.method == "POST" && is_upload(&sent.params)).count()
}

/// The offsets at which bytes were sent, in order.
fn offsets(server: &Server) -> Vec<String> {
    let requests = server.sandbox.requests();
    let uploads = requests.iter().filter(|sent| sent.path.contains("/ig-api-upload/"));
    uploads.filter_map(|sent| Some(sent.params.get("offset")?.as_str()?.to_owned())).collect()
}

/// In hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    use igsync_media::digest::{digest_of, hex};
    hex(&digest_of(&Sha256::digest(bytes).into())).unwrap().to_owned()
}

/// Whether the sandbox holds exactly this file.
fn holds(server: &Server, sha256: &str) -> bool {
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    let request = format!("GET /_sandbox/media/{sha256}.mp4 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut status = String::new();
    BufReader::new(socket).read_line(&mut status).unwrap();
    status.starts_with("HTTP/1.1 200")
}

/// An apply that is watched through its events.
struct Watched {
    child: Child,
    events: std::io::Lines<BufReader<std::process::ChildStdout>>,
    /// The most memory it ever had, in KiB, as the system counts.
    peak: u64,
}

impl Watched {
    fn start(project: &Project) -> Self {
        let mut command = project.command(["apply", "--yes", "--format", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, events, peak: 0 }
    }

    /// Reads events until one is wanted; `false` at their end.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> bool {
        for line in self.events.by_ref() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            self.peak = self.peak.max(peak(self.child.id()));
            if wanted(&event) {
                return true;
            }
        }
        false
    }

    fn until_sent(&mut self, bytes: u64) -> bool {
        self.until(|event| event["event"] == "upload_progress" && event["sent_bytes"].as_u64().unwrap() >= bytes)
    }

    /// Reads to the end and returns the exit code.
    fn finish(&mut self) -> Option<i32> {
        self.until(|_| false);
        self.child.wait().unwrap().code()
    }
}

/// `VmHWM`; 0 where the system does not show, or the process is gone.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// A valid video of `len` bytes in which no two pieces are alike; its digest.
fn write_large_video(project: &Project, path: &str, len: usize) -> String {
    let head = std::fs::read(repository().join("tests/fixtures/content/reel/posts/boats.mp4")).unwrap();
    let mut rng = fastrand::Rng::with_seed(200);
    let block: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(1 << 20).collect();
    let mut bytes = head;
    let rest = len - bytes.len();
    bytes.extend(u32::try_from(rest).unwrap().to_be_bytes());
    bytes.extend(b"free");
    while bytes.len() < len {
        let number = bytes.len().to_be_bytes();
        let piece = &block[..block.len().min((len - bytes.len()).saturating_sub(number.len()))];
        bytes.extend_from_slice(piece);
        let left = len - bytes.len();
        bytes.extend_from_slice(&number[..number.len().min(left)]);
    }
    project.write(path, &bytes);
    sha256(&bytes)
}

#[test]
fn two_hundred_megabytes_with_ten_interruptions_arrive_once() {
    const LEN: usize = 200_000_000;
    let server = Server::start();
    let project = content("reel", &server);
    let digest = write_large_video(&project, "posts/boats.mp4", LEN);
    // Ten stretches of random length, each ended by an interruption. After the third, sixth and ninth the
    // whole process is killed, after the others the connection breaks.
    let mut rng = fastrand::Rng::with_seed(4711);
    let (mut peak, mut sent) = (0, 0);
    let mut broken = |nth: u32, sent: &mut u64| {
        let bytes = rng.u64(1_000_000..18_000_000);
        *sent += bytes;
        if nth > 0 {
            fail_upload(&server, nth, &json!({ "interrupt_upload": { "bytes": bytes } }));
        }
    };
    for round in 0..3 {
        for nth in [1, 2, 0] {
            broken(nth, &mut sent);
        }
        let mut run = Watched::start(&project);
        assert!(run.until_sent(sent), "round {round}: {sent} bytes");
        run.child.kill().unwrap();
        run.finish();
        peak = peak.max(run.peak);
    }
    broken(1, &mut sent);
    let mut last = Watched::start(&project);
    assert_eq!(last.finish(), Some(0));
    peak = peak.max(last.peak);
    let cuts = server.sandbox.requests().iter().filter(|sent| sent.faults == ["interrupt_upload"]).count();
    assert_eq!(cuts, 7);

    assert_eq!((filled(&server), server.published().len()), (1, 1), "one container, one post");
    assert!(holds(&server, &digest), "the bytes that arrived are the file's");
    let arrived = server.sandbox.uploaded_bytes();
    let len = u64::try_from(LEN).unwrap();
    println!("200 MB, ten interruptions: {arrived} bytes arrived for {len}, {peak} KiB at most");
    assert!(arrived * 100 <= len * 105, "{arrived} bytes arrived for {len}");
    assert!(peak < 64 * 1024, "{peak} KiB");
    assert!(peak > 0 || !cfg!(target_os = "linux"), "nothing was measured");
}

#[test]
fn a_broken_connection_costs_nothing_at_any_stage() {
    let size = std::fs::metadata(repository().join("tests/fixtures/content/reel/posts/boats.mp4")).unwrap().len();
    let broken: Vec<(&str, Value)> = vec![
        ("before anything is read", json!("close_before")),
        ("after no byte", json!({ "interrupt_upload": { "bytes": 0 } })),
        ("after one byte", json!({ "interrupt_upload": { "bytes": 1 } })),
        ("before the last byte", json!({ "interrupt_upload": { "bytes": size - 1 } })),
        ("after the last byte", json!({ "interrupt_upload": { "bytes": size } })),
        ("in place of the answer", json!("lose_answer")),
        ("an error page", json!({ "http": { "status": 502, "body": "<html>Bad gateway</html>" } })),
        ("too busy", json!({ "http": { "status": 429, "body": "" } })),
        (
            "the host says that it may be tried again",
            json!({ "http": { "status": 400, "body": r#"{"debug_info":{"retriable":true,"type":"X","message":"m"}}"# } }),
        ),
    ];
    for (about, fault) in broken {
        let server = Server::start();
        let project = content("reel", &server);
        fail_uploads(&server, 1, &fault);
        apply(&project).exits(0);
        assert_eq!((filled(&server), server.published().len()), (1, 1), "{about}");
        apply(&project).exits(0).ends_with("No changes.");
    }
}

#[test]
fn every_kind_of_video_goes_on_where_it_stopped() {
    for kind in ["reel", "story", "carousel"] {
        let server = Server::start();
        let project = content(kind, &server);
        fail_uploads(&server, 1, &json!({ "interrupt_upload": { "bytes": 5000 } }));
        apply(&project).exits(0);
        assert_eq!(offsets(&server), ["0", "5000"], "{kind}");
        assert_eq!(filled(&server), 1, "{kind}");

        // And in a later run, when the first one gave up.
        let server = Server::start();
        let project = content(kind, &server);
        half_filled(&project, &server, 5000);
        apply(&project).exits(0);
        assert_eq!(offsets(&server).last().unwrap(), "5000", "{kind}");
        assert_eq!(filled(&server), 1, "{kind}: the same container");
    }
}

#[test]
fn what_the_upload_host_refuses_for_good_is_not_sent_again() {
    let server = Server::start();
    let project = content("reel", &server);
    let refusal = r#"{"debug_info":{"retriable":false,"type":"ProcessingFailedError","message":"no moov atom"}}"#;
    fail_uploads(&server, 0, &json!({ "http": { "status": 400, "body": refusal } }));
    apply(&project).exits(3).says("no moov atom");
    assert_eq!(count(&server, "POST", ""), 2, "one container, one try");
    server.repair();
    apply(&project).exits(0);
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_token_that_may_not_upload_ends_the_account() {
    for status in [400, 401] {
        let server = Server::start();
        let project = content("reel", &server);
        let body = r#"{"debug_info":{"retriable":false,"type":"NotAuthorizedError","message":"User not authorized"}}"#;
        fail_uploads(&server, 0, &json!({ "http": { "status": status, "body": body } }));
        apply(&project).exits(9).says("NotAuthorizedError");
        server.repair();
        apply(&project).exits(0);
        assert_eq!((filled(&server), server.published().len()), (1, 1), "the container is used again");
    }
}

#[test]
fn a_container_that_holds_other_bytes_gives_way_to_a_new_one() {
    let server = Server::start();
    let project = content("reel", &server);
    half_filled(&project, &server, 0);
    let too_many = r#"{"status_code":"IN_PROGRESS","video_status":{"uploading_phase":{"bytes_transferred":99999999}}}"#;
    let container = json!({ "method": "GET", "path": "/1785*" });
    server.fail(&json!([{ "match": container, "fault": { "http": { "status": 200, "body": too_many } } }]).to_string());
    apply(&project).exits(0);
    assert_eq!((filled(&server), server.published().len()), (2, 1));
    apply(&project).exits(0).ends_with("No changes.");
}

/// Puts another clip in the place of the reel's.
fn replace_clip(project: &Project) -> Vec<u8> {
    let other = std::fs::read(repository().join("tests/fixtures/content/story/posts/evening.mp4")).unwrap();
    project.write("posts/boats.mp4", &other);
    other
}

#[test]
fn a_video_that_changes_between_runs_begins_anew() {
    let server = Server::start();
    let project = content("reel", &server);
    half_filled(&project, &server, 5000);
    let other = replace_clip(&project);
    apply(&project).exits(0);
    assert_eq!(offsets(&server).last().unwrap(), "0");
    assert!(holds(&server, &sha256(&other)));
    assert_eq!((filled(&server), server.published().len()), (2, 1));
}

#[test]
fn a_video_that_changes_while_it_is_sent_is_never_published() {
    let server = Server::start();
    let project = content("reel", &server);
    // The sandbox reads late, so that the change comes in between.
    fail_uploads(&server, 1, &json!({ "delay": { "ms": 1500 } }));
    let mut run = Watched::start(&project);
    assert!(run.until_sent(1));
    let other = replace_clip(&project);
    assert_eq!(run.finish(), Some(3));
    assert!(server.published().is_empty());
    apply(&project).exits(0);
    assert!(holds(&server, &sha256(&other)));
    assert_eq!((filled(&server), server.published().len()), (2, 1));
}

#[test]
fn a_container_that_died_half_filled_gives_way_to_a_new_one() {
    let server = Server::start();
    let project = content("reel", &server);
    half_filled(&project, &server, 5000);
    server.sandbox.advance(Duration::from_secs(25 * 3600)).unwrap();
    let project = project.env("IGSYNC_MAX_SKEW_MS", "100000000");
    apply(&project).exits(0);
    assert_eq!((filled(&server), server.published().len()), (2, 1));
}

#[cfg(unix)]
#[test]
fn a_signal_during_an_upload_ends_the_run_soon_and_the_next_one_goes_on() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let server = Server::start();
        let project = content("reel", &server);
        fail_upload(&server, 1, &json!({ "interrupt_upload": { "bytes": 5000 } }));
        fail_upload(&server, 2, &json!({ "delay": { "ms": 60_000 } }));
        let mut run = Watched::start(&project);
        // The second part is on its way, and no one reads it.
        assert!(run.until_sent(1) && run.until_sent(1));
        let process = run.child.id().to_string();
        assert!(std::process::Command::new("kill").args([&format!("-{name}"), &process]).status().unwrap().success());
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(run.finish()));
        assert_eq!(ended.recv_timeout(Duration::from_secs(7)), Ok(Some(code)), "SIG{name}");
        server.repair();
        apply(&project).exits(0);
        assert_eq!(offsets(&server).last().unwrap(), "5000");
        assert_eq!((filled(&server), server.published().len()), (1, 1));
    }
}
