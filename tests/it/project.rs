//! A content root in a temporary folder, and a sandbox of its own on a free port.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use igsync_host::{RealClock, RealDisk};
use igsync_sandbox::{Options, Sandbox};

pub const USER: &str = "17841400000000001";

/// A content root; its environment is empty but for what a test adds.
pub struct Project {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// A copy of a folder of the repository, `.igsync/` left out.
    pub fn copy_of(folder: &str) -> Self {
        let project = Self::empty();
        copy(&repository().join(folder), project.path());
        project
    }

    /// A copy of `examples/content`.
    pub fn example() -> Self {
        Self::copy_of("examples/content")
    }

    /// One small valid image post at `posts/one.yaml`, a header-only lockfile, one account.
    pub fn with_one_image() -> Self {
        let project = Self::empty();
        project.write("igsync.lock", "{\"igsync_lock\":1}\n");
        project.write(
            "igsync.yaml",
            "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n",
        );
        project.jpeg("posts/one.jpg", 1);
        project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: The first one\n");
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git in this root, with no settings of anyone's; gives what it wrote.
    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"])
            .args(args)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Puts everything that git does not ignore into a commit.
    pub fn commit(&self) {
        if !self.path().join(".git").exists() {
            self.git(&["init", "--quiet"]);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "content"]);
    }

    /// What another machine has after a clone of the last commit, with the same environment.
    pub fn fresh_clone(&self) -> Self {
        let clone = Self { folder: tempfile::tempdir().unwrap(), env: self.env.clone() };
        clone.git(&["clone", "--quiet", self.path().to_str().unwrap(), "."]);
        clone
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
        fs::write(path, text).unwrap();
    }

    /// A small square photograph; different seeds give different bytes.
    pub fn jpeg(&self, path: &str, seed: u8) {
        // Encoding is slow in a debug build: the picture is made once, and a comment behind its start differs.
        static PICTURE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let picture = PICTURE.get_or_init(|| {
            let picture = image::RgbImage::from_fn(640, 640, |x, y| image::Rgb([(x / 3) as u8, (y / 3) as u8, 90]));
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
            bytes.into_inner()
        });
        self.write(path, [&picture[..2], &[0xFF, 0xFE, 0, 3, seed], &picture[2..]].concat());
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn rename(&self, from: &str, to: &str) {
        let to = self.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path().join(from), to).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    /// Every file below the root with its bytes, `.igsync/` left out.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = walkdir::WalkDir::new(self.path())
            .into_iter()
            .filter_entry(|entry| entry.file_name() != ".igsync")
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Points this project at a sandbox, with a token of the given login.
    pub fn against(self, server: &Server, login: &str, token: &str) -> Self {
        self.env("IGSYNC_GRAPH_URL", &server.url())
            .env("IGSYNC_LOGIN", login)
            .env("IGSYNC_ACCESS_TOKEN", token)
            .env("IGSYNC_POLL_INITIAL_MS", "20")
            .env("IGSYNC_POLL_MAX_MS", "100")
            .env("IGSYNC_SETTLE_MS", "50")
            .env("IGSYNC_LOOK_MS", "20")
    }

    /// Runs `igsync` in this root.
    #[must_use = "check how it ended"]
    pub fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Output {
        let output = self.command(args).output().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The command that [`Self::run`] runs.
    pub fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_igsync"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null());
        command
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    #[track_caller]
    pub fn ends_with(self, line: &str) -> Self {
        assert_eq!(self.last_line(), line, "last line\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "{text:?} is missing\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// A sandbox on a thread of its own, stopped when dropped.
pub struct Server {
    pub sandbox: Sandbox,
    address: std::net::SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub fn start() -> Self {
        Self::with(&Options::quick())
    }

    pub fn with(options: &Options) -> Self {
        Self::on_clock(options, Arc::new(RealClock::new()))
    }

    pub fn on_clock(options: &Options, clock: Arc<dyn igsync_ports::Clock>) -> Self {
        Self::of(Sandbox::new(options, Arc::new(RealDisk), clock).unwrap())
    }

    /// Serves a sandbox that was made otherwise.
    pub fn of(sandbox: Sandbox) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let served = sandbox.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    _ = served.serve(listener) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { sandbox, address, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    /// What is live, in publish order, as the control endpoint says it.
    pub fn published(&self) -> Vec<serde_json::Value> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let published = runtime.block_on(self.sandbox.published());
        serde_json::to_value(published).unwrap().as_array().cloned().unwrap()
    }

    /// Takes every arranged failure back.
    pub fn repair(&self) {
        use std::io::{Read, Write};
        let mut socket = std::net::TcpStream::connect(self.address).unwrap();
        socket.write_all(b"DELETE /_sandbox/faults HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Arranges failures, written as for the control endpoint.
    pub fn fail(&self, faults: &str) {
        for plan in igsync_sandbox::parse_faults(&serde_json::from_str(faults).unwrap()).unwrap() {
            self.sandbox.add_fault(plan);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a test can have what it needs. What is missing is a visible skip, and a failure where
/// `IGSYNC_TEST_REQUIRE_TOOLS` is set.
#[allow(dead_code, reason = "not every test binary needs something")]
pub fn has(what: &str, is_there: bool) -> bool {
    if !is_there {
        assert!(std::env::var_os("IGSYNC_TEST_REQUIRE_TOOLS").is_none(), "{what} is missing");
        skipped(&format!("no {what} here"));
    }
    is_there
}

/// Says why a test tests nothing. Whatever the macros print, a test that passes keeps to itself.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_entry(|entry| entry.file_name() != ".igsync") {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
