//! No token, secret or code is ever seen, but for a new token on the stdout that asked for it.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use igsync_host::{HttpOptions, HttpTransport};
use igsync_ports::{Request, Response, Transport, TransportError};

use crate::project::{Output, Project, Server, USER};
use crate::virtual_run::{Virtual, run_through, with_input};

/// What must not be seen: every token, secret and code of the sandbox begins or ends so, and the
/// tokens that it does not know are marked.
const SECRETS: [&str; 5] = ["IGAA-", "EAA-", "app-secret", "AUTHCODE-", "canary"];

fn find(text: &str) -> Option<&'static str> {
    SECRETS.into_iter().find(|secret| text.contains(secret))
}

struct Watched {
    project: Project,
    runs: usize,
}

impl Watched {
    /// A project whose every source holds a secret; `-vv` and the finest trace are on.
    fn new(server: &Server, login: &str, token: &str, secret: &str, app: &str) -> Self {
        let project = Project::with_one_image().against(server, login, token);
        project.write("igsync.yaml", format!("accounts:\n  harbour: {{ user_id: \"{USER}\", login: {login} }}\n"));
        project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: x\nfirst_comment: y\n");
        let project = project.env("IGSYNC_APP_ID", app).env("IGSYNC_APP_SECRET", secret).env("IGSYNC_LOG", "trace");
        Self { project, runs: 0 }
    }

    #[track_caller]
    fn check(&mut self, words: &[&str], input: &str) -> Output {
        self.runs += 1;
        let output = with_input(&self.project, words, input);
        assert_eq!(find(&output.stderr), None, "{words:?}\n{}", output.stderr);
        let is_new_token = words[0] == "auth" && ["login", "exchange", "refresh"].contains(&words[1]);
        if !is_new_token {
            assert_eq!(find(&output.stdout), None, "{words:?}\n{}", output.stdout);
        }
        output
    }

    /// Every command that speaks with Meta, and those that do not.
    fn check_all(&mut self) {
        for words in COMMANDS {
            self.check(words, "");
        }
        self.check_files();
    }

    fn check_files(&self) {
        for entry in walkdir::WalkDir::new(self.project.path()).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() {
                let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
                assert_eq!(find(&text), None, "{}", entry.path().display());
            }
        }
    }
}

const COMMANDS: [&[&str]; 16] = [
    &["validate", "--format", "json"],
    &["plan"],
    &["plan", "--format", "json"],
    &["status"],
    &["status", "--format", "json"],
    &["auth", "inspect"],
    &["auth", "inspect", "--format", "json"],
    &["auth", "accounts"],
    &["auth", "accounts", "--format", "json"],
    &["auth", "refresh"],
    &["auth", "exchange"],
    &["apply", "--yes", "--format", "json"],
    &["apply", "--yes"],
    &["drift", "--unmanaged"],
    &["drift", "--unmanaged", "--format", "json"],
    &["status"],
];

/// Every command at once, each in a project of its own: where no one answers they all wait.
fn check_side_by_side(project: impl Fn() -> Watched + Sync) {
    std::thread::scope(|scope| {
        for words in COMMANDS {
            let project = &project;
            scope.spawn(move || {
                let mut watched = project();
                watched.check(words, "");
                watched.check_files();
            });
        }
    });
}

const FACEBOOK: (&str, &str) = ("fb-app-secret", "100000000000001");
const INSTAGRAM: (&str, &str) = ("ig-app-secret", "200000000000002");

#[test]
fn nothing_is_seen_while_all_goes_well() {
    for (login, token, (secret, app)) in [
        ("instagram", "IGAA-LONG", INSTAGRAM),
        ("facebook", "EAA-LONG", FACEBOOK),
        ("instagram", "IGAA-SHORT", INSTAGRAM),
    ] {
        let server = Server::start();
        let mut watched = Watched::new(&server, login, token, secret, app);
        watched.check_all();
        assert_eq!(server.published().len(), 1, "{login}");
        watched.check(&["auth", "login"], &format!("{token}\n")).exits(0);
        let code = if login == "facebook" { "AUTHCODE-FB" } else { "AUTHCODE-IG" };
        let words = ["auth", "login", "--redirect-uri", "https://brand.example/"];
        watched.check(&words, &format!("https://brand.example/?code={code}#_\n")).exits(0);
        watched.check(&words, &format!("https://brand.example/?code={code}\n")).exits(9);
    }
}

#[test]
fn nothing_is_seen_at_any_level_of_the_log() {
    for level in ["error", "warn", "info", "debug", "igsync=trace,warn"] {
        let server = Server::start();
        // Waiting and trying again is reported, too.
        server.fail(r#"[{"match":{"path":"/media"},"times":1,"fault":{"http":{"status":500,"body":"EAA-LONG"}}}]"#);
        let mut watched = Watched::new(&server, "facebook", "EAA-LONG", FACEBOOK.0, FACEBOOK.1);
        watched.project = watched.project.env("IGSYNC_LOG", level);
        let seen = watched.check(&["apply", "--yes"], "").stderr;
        assert_eq!(seen.contains("DEBUG"), level == "debug" || level.contains("trace"), "{level}\n{seen}");
        for words in [&["auth", "inspect"][..], &["auth", "refresh"], &["status", "--format", "json"]] {
            watched.check(words, "");
        }
        watched.check_files();
    }
}

#[test]
fn nothing_is_seen_of_tokens_that_are_refused() {
    for (login, token) in [
        ("instagram", "IGAA-EXPIRED"),
        ("facebook", "EAA-EXPIRED"),
        ("facebook", "EAA-READONLY"),
        ("instagram", "EAAcanary"),
        ("facebook", "IGcanary"),
        ("facebook", "broken canary token"),
    ] {
        let server = Server::start();
        let mut watched = Watched::new(&server, login, token, "canary-secret", "100000000000001");
        watched.check_all();
        watched.check(&["auth", "login"], &format!("{token}\n"));
        watched
            .check(&["auth", "login", "--redirect-uri", "https://brand.example/"], "https://x.example/?code=canary\n");
        assert!(server.published().is_empty(), "{login} {token}");
    }
}

#[test]
fn nothing_is_seen_when_the_server_says_it_back() {
    let instagram =
        ("instagram", "IGAA-LONG", INSTAGRAM, &["/me", "/access_token", "/refresh_access_token", "/media"][..]);
    let facebook =
        ("facebook", "EAA-LONG", FACEBOOK, &["/debug_token", "/oauth/access_token", "/17841400000000001"][..]);
    for (login, token, (secret, app), paths) in [instagram, facebook] {
        for path in paths {
            let server = Server::start();
            let message = format!("cannot parse {token} with {secret}");
            let fault = serde_json::json!([{ "match": { "path": path }, "times": 0,
                "fault": { "graph_error": { "code": 190, "message": message } } }]);
            server.fail(&fault.to_string());
            Watched::new(&server, login, token, secret, app).check_all();
        }
    }
}

#[test]
fn nothing_is_seen_when_nobody_answers() {
    let gone = Server::start();
    let url = gone.url();
    drop(gone);
    let broken = Server::start();
    broken.fail(r#"[{"match":{},"times":0,"fault":{"http":{"status":500,"body":"<html>"}}}]"#);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            check_side_by_side(|| {
                let mut watched = Watched::new(&broken, "facebook", "EAAcanary", "canary-secret", "100000000000001");
                watched.project = watched.project.env("IGSYNC_GRAPH_URL", &url);
                watched
            });
        });
        scope.spawn(|| {
            check_side_by_side(|| Watched::new(&broken, "facebook", "EAA-LONG", "canary-secret", "100000000000001"));
        });
    });
}

/// Sends like the real one, and panics at one request with all that it knows of it.
struct Panics {
    inner: HttpTransport,
    at: usize,
    sent: AtomicUsize,
}

impl Transport for Panics {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        assert!(self.sent.fetch_add(1, Ordering::Relaxed) != self.at, "{request:?}");
        self.inner.send(request)
    }
}

#[test]
fn nothing_is_seen_of_a_panic_at_any_request() {
    let seen = Arc::new(Mutex::new(String::new()));
    let keeper = Arc::clone(&seen);
    std::panic::set_hook(Box::new(move |info| {
        keeper.lock().unwrap().push_str(&format!("{info}\n{}\n", std::backtrace::Backtrace::force_capture()));
    }));
    let mut panics = 0;
    for line in ["apply --yes", "status", "auth refresh", "auth exchange", "auth inspect", "auth accounts"] {
        for at in 0..20 {
            let server = Server::start();
            let watched = Watched::new(&server, "facebook", "EAA-LONG", FACEBOOK.0, FACEBOOK.1);
            let url = server.url();
            let variables = [
                ("IGSYNC_GRAPH_URL", url.as_str()),
                ("IGSYNC_ACCESS_TOKEN", "EAA-LONG"),
                ("IGSYNC_APP_ID", FACEBOOK.1),
                ("IGSYNC_APP_SECRET", FACEBOOK.0),
            ];
            let run = std::panic::AssertUnwindSafe(|| {
                let transport = move || -> Result<Arc<dyn Transport>, TransportError> {
                    let inner = HttpTransport::new(&HttpOptions::default())?;
                    Ok(Arc::new(Panics { inner, at, sent: AtomicUsize::new(0) }))
                };
                run_through(&watched.project, &Virtual::default(), Box::new(transport), &variables, line)
            });
            let ended = std::panic::catch_unwind(run);
            watched.check_files();
            if ended.is_ok() {
                break;
            }
            panics += 1;
        }
    }
    drop(std::panic::take_hook());
    let seen = seen.lock().unwrap();
    assert!(panics >= 12 && seen.matches("authorization").count() >= 12, "{panics} panics\n{seen}");
    // The backtraces name this file.
    let found = SECRETS.into_iter().filter(|secret| *secret != "canary").find(|secret| seen.contains(secret));
    assert_eq!(found, None, "{seen}");
}

#[test]
fn the_search_finds_what_is_there() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let output = project.run(["auth", "refresh"]).exits(0);
    assert_eq!(find(&output.stdout), Some("IGAA-"));
    for line in ["authorization: Bearer EAAcanary", "client_secret=ig-app-secret", "code=AUTHCODE-FB"] {
        assert!(find(line).is_some(), "{line}");
    }
}
