//! A content root, a sandbox on a clock of its own, and all that was seen of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use igsync_host::RealClock;
use igsync_ports::Clock;
use igsync_sandbox::{Options, Settings};
use jiff::Timestamp;
use regex::{Captures, Regex};
use serde_json::{Value, json};

use super::names::{Names, by_content, without_repetitions, without_wording};
use crate::project::{Project, Server, repository};

/// When every story begins. Times that are to be seen in its files lie outside of the days that follow.
const BEGIN: &str = "2026-12-01T12:00:00Z";

/// Instagram Login for the first account.
pub const INSTAGRAM: (&str, &str) = ("instagram", "IGAA-LONG");

/// Facebook Login for both accounts.
pub const FACEBOOK: (&str, &str) = ("facebook", "EAA-BOTH");

/// Begins with the story and continues by itself.
struct Begins(RealClock);

impl Clock for Begins {
    fn now(&self) -> Timestamp {
        BEGIN.parse::<Timestamp>().unwrap() + self.0.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.sleep(duration)
    }
}

pub struct Story {
    name: &'static str,
    pub project: Project,
    pub server: Server,
    /// How far the sandbox's clock was moved.
    ahead: Duration,
    facts: String,
    wording: String,
    /// As the lockfile was last shown.
    lockfile: String,
    names: Names,
}

impl Story {
    /// One account with Instagram Login, a header-only lockfile, no posts.
    pub fn new(name: &'static str) -> Self {
        Self::with_login(name, INSTAGRAM)
    }

    pub fn with_login(name: &'static str, (login, token): (&str, &str)) -> Self {
        let project = Project::empty();
        project.write(
            "igsync.yaml",
            "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n",
        );
        project.write("igsync.lock", "{\"igsync_lock\":1}\n");
        Self::of(name, project, (login, token))
    }

    /// A folder of the repository.
    pub fn copy_of(name: &'static str, folder: &str, login: (&str, &str)) -> Self {
        Self::of(name, Project::copy_of(folder), login)
    }

    fn of(name: &'static str, project: Project, (login, token): (&str, &str)) -> Self {
        let server = Server::on_clock(&Options::quick(), Arc::new(Begins(RealClock::new())));
        // Nothing takes time, so nothing is asked twice because of it.
        server.sandbox.configure(|settings: &mut Settings| {
            (settings.video_min_ms, settings.video_max_ms) = (0, 0);
        });
        let project = project
            .against(&server, login, token)
            .env("IGSYNC_POLL_INITIAL_MS", "1")
            .env("IGSYNC_POLL_MAX_MS", "5")
            .env("IGSYNC_SETTLE_MS", "0")
            .env("IGSYNC_LOOK_MS", "0")
            // The sandbox lives in another time than this machine.
            .env("IGSYNC_MAX_SKEW_MS", "1000000000000");
        let (facts, wording, names) = (String::new(), String::new(), Names::default());
        let lockfile = std::fs::read_to_string(project.path().join("igsync.lock")).unwrap_or_default();
        Self { name, project, server, ahead: Duration::ZERO, facts, wording, lockfile, names }
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.project = self.project.env(name, value);
        self
    }

    /// Writes a manifest `posts/KEY.yaml`.
    pub fn post(&mut self, key: &str, manifest: &str) -> &mut Self {
        self.project.write(&format!("posts/{key}.yaml"), manifest);
        self.say(&format!("posts/{key}.yaml is written"))
    }

    /// A picture post with a picture of its own.
    pub fn image(&mut self, key: &str, more: &str) -> &mut Self {
        let seed = key.bytes().fold(0_u16, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        self.picture(&format!("posts/{key}.jpg"), seed);
        let name = key.rsplit('/').next().unwrap_or(key);
        self.post(key, &format!("kind: image\nimage: ./{name}.jpg\ncaption: This is {key}\n{more}"))
    }

    /// A committed picture, 320 by 400; different seeds give different bytes.
    pub fn picture(&self, path: &str, seed: u16) {
        let bytes = std::fs::read(repository().join("tests/fixtures/content/image/posts/harbour.jpg")).unwrap();
        let comment = [&[0xFF, 0xFE, 0, 4][..], &seed.to_be_bytes()].concat();
        self.project.write(path, [&bytes[..2], &comment, &bytes[2..]].concat());
    }

    /// A file of `tests/fixtures/content`.
    pub fn fixture(&self, from: &str, to: &str) {
        let bytes = std::fs::read(repository().join("tests/fixtures/content").join(from)).unwrap();
        self.project.write(to, bytes);
    }

    /// Notes what is done from outside.
    pub fn say(&mut self, what: &str) -> &mut Self {
        self.facts.push_str(&format!("# {what}\n"));
        self
    }

    pub fn remove(&mut self, path: &str) -> &mut Self {
        self.project.remove(path);
        self.say(&format!("{path} is removed"))
    }

    pub fn rename(&mut self, from: &str, to: &str) -> &mut Self {
        self.project.rename(from, to);
        self.say(&format!("{from} becomes {to}"))
    }

    /// Both halves of the record go back to nothing.
    pub fn lose_record(&mut self) -> &mut Self {
        std::fs::remove_dir_all(self.project.path().join(".igsync")).unwrap();
        self.set_lockfile("{\"igsync_lock\":1}\n", "the record is lost")
    }

    pub fn set_lockfile(&mut self, text: &str, why: &str) -> &mut Self {
        self.project.write("igsync.lock", text);
        text.clone_into(&mut self.lockfile);
        self.say(why)
    }

    /// Puts a record that the igsync of commit 7599b51 has written in the place of the one that led here; what
    /// both name are the same objects of the sandbox. With `lines`, its run was killed after it had written so many
    /// lines into the journal, so that the lockfile knows the containers only.
    pub fn take_record(&mut self, name: &str, lines: Option<usize>) -> &mut Self {
        let journal = ".igsync/journal.jsonl";
        let old = |file: &str| {
            let path = repository().join("tests/fixtures/records").join(name).join(file);
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let (mut lockfile, mut kept) = (old("igsync.lock"), old("journal.jsonl"));
        let mine = self.project.read("igsync.lock") + &self.project.read(journal);
        let here: HashMap<String, String> = objects(&format!("{lockfile}{kept}")).zip(objects(&mine)).collect();
        if let Some(lines) = lines {
            kept = kept.split_inclusive('\n').take(lines).collect();
            lockfile = kept.split_inclusive('\n').take(2).collect();
        }
        let url = format!("{}/", self.server.url());
        let [lockfile, kept] = [lockfile, kept].map(|text| {
            let text = object().replace_all(&text, |found: &Captures<'_>| here[&found[0]].clone());
            text.replace("http://127.0.0.1:1/", &url)
        });
        self.project.write(journal, kept);
        self.set_lockfile(&lockfile, &format!("the record is {name}, written by 7599b51"))
    }

    /// Replaces all failures of Meta by these; none with `[]`.
    pub fn faults(&mut self, faults: &Value) -> &mut Self {
        self.server.repair();
        self.server.fail(&faults.to_string());
        self.say(&format!("faults {faults}"))
    }

    /// One failure of the next matching request.
    pub fn fault(&mut self, method: &str, path: &str, fault: &Value) -> &mut Self {
        self.faults(&json!([{ "match": { "method": method, "path": path }, "fault": fault }]))
    }

    pub fn hours_pass(&mut self, hours: u64) -> &mut Self {
        let by = Duration::from_secs(hours * 60 * 60);
        self.server.sandbox.advance(by).unwrap();
        self.ahead += by;
        self.say(&format!("{hours} h pass"))
    }

    pub fn plan(&mut self, flags: &str) -> &mut Self {
        let now = self.now();
        self.run(&format!("plan {flags}"), &format!("plan --format json --now {now} {flags}"))
    }

    pub fn apply(&mut self, flags: &str) -> &mut Self {
        let now = self.now();
        let line = format!("apply --yes --format json --parallelism 1 --now {now} {flags}");
        self.run(&format!("apply {flags}"), &line)
    }

    /// Any other command; what it prints is kept where it is JSON.
    pub fn igsync(&mut self, line: &str) -> &mut Self {
        self.run(line, line)
    }

    fn now(&self) -> Timestamp {
        BEGIN.parse::<Timestamp>().unwrap() + self.ahead
    }

    fn run(&mut self, shown: &str, line: &str) -> &mut Self {
        let output = self.project.run(line.split_whitespace());
        let head = format!("$ igsync {}\n", shown.trim_end());
        self.wording.push_str(&head);
        let stdout = if output.stdout.starts_with(['{', '[']) { by_account(&output.stdout) } else { String::new() };
        let stdout = without_wording(&stdout, &mut self.wording);
        self.facts.push_str(&format!("\n{head}{stdout}exit {}\n", output.code));
        self.show_lockfile();
        self
    }

    fn show_lockfile(&mut self) {
        let now = std::fs::read_to_string(self.project.path().join("igsync.lock")).unwrap_or_default();
        if now != self.lockfile {
            self.facts.push_str(&format!("igsync.lock:\n{}", by_content(&now)));
            self.lockfile = now;
        }
    }

    /// Shows what followers see, and compares everything with the committed files.
    #[track_caller]
    pub fn ends(&mut self) {
        self.facts.push_str("\nlive:\n");
        let mut live = self.server.published();
        live.sort_by_key(|post| post["user_id"].to_string());
        for post in live {
            let seen: Vec<String> =
                ["kind", "user_id", "caption", "publish_calls", "comments", "comment_enabled", "media_id"]
                    .iter()
                    .map(|field| format!("\"{field}\":{}", post[*field]))
                    .collect();
            self.facts.push_str(&format!("{{{}}}\n", seen.join(",")));
        }
        let facts = without_repetitions(&self.names.settle(&self.facts));
        let wording = self.names.settle(&self.wording);
        compare("", self.name, &facts);
        compare("wording", self.name, &wording);
    }
}

/// The id of a container or of media.
fn object() -> &'static Regex {
    static OBJECT: OnceLock<Regex> = OnceLock::new();
    OBJECT.get_or_init(|| Regex::new(r"\b17(?:85|90)\d{13}\b").unwrap())
}

/// What a record names, each once.
fn objects(record: &str) -> impl Iterator<Item = String> {
    let ids: BTreeSet<String> = object().find_iter(record).map(|found| found.as_str().to_owned()).collect();
    ids.into_iter()
}

/// Accounts are worked on side by side: their events follow each other in the order of their names.
fn by_account(output: &str) -> String {
    if !output.starts_with("{\"event\"") {
        return output.to_owned();
    }
    let account = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        let is_end = event["event"] == "run_finished";
        (is_end, event["account"].as_str().map(str::to_owned))
    };
    // How often a run waits, and how long, depends on the machine.
    let is_wait = |line: &&str| line.starts_with("{\"event\":\"waiting\"");
    let mut lines: Vec<&str> = output.split_inclusive('\n').filter(|line| !is_wait(line)).collect();
    lines.sort_by_key(|line| account(line));
    lines.concat()
}

#[track_caller]
fn compare(folder: &str, name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => std::path::Path::new("../golden").join(folder),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
