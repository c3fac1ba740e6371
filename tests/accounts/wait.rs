//! `--wait`: what falls due while a run goes on, on a clock that no one has to wait for.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync_apply::{Signal, stop_channel};
use igsync_ports::Clock;
use igsync_sandbox::Options;
use jiff::Timestamp;
use serde_json::Value;

use crate::project::{Output, Project, Server, USER};
use crate::virtual_run::{Virtual, run_on, run_until};

type Act = Box<dyn FnOnce() + Send>;

/// What people do at their desks while a run waits, by the time since it began.
#[derive(Clone, Default)]
struct Scripted {
    clock: Virtual,
    acts: Arc<Mutex<Vec<(Duration, Act)>>>,
}

impl Scripted {
    fn at(&self, seconds: u64, act: impl FnOnce() + Send + 'static) {
        let mut acts = self.acts.lock().unwrap();
        acts.push((Duration::from_secs(seconds), Box::new(act)));
        acts.sort_by_key(|(at, _)| *at);
    }
}

impl Clock for Scripted {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let end = self.clock.elapsed() + duration;
        loop {
            let mut acts = self.acts.lock().unwrap();
            let Some((at, act)) = acts.first().is_some_and(|(at, _)| *at <= end).then(|| acts.remove(0)) else { break };
            drop(acts);
            self.clock.advance(at.saturating_sub(self.clock.elapsed()));
            act();
        }
        self.clock.advance(end.saturating_sub(self.clock.elapsed()));
        tokio::task::yield_now().boxed()
    }
}

/// The virtual clock begins at noon.
fn project(config: &str, posts: &[(&str, &str)]) -> Project {
    let project = Project::empty();
    project.write("igsync.yaml", format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\n{config}"));
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    for (seed, (name, lines)) in (1..).zip(posts) {
        project.jpeg(&format!("posts/{name}.jpg"), seed);
        write(&project, name, lines, "first");
    }
    project
}

fn write(project: &Project, name: &str, lines: &str, caption: &str) {
    let text = format!("kind: image\nimage: ./{name}.jpg\ncaption: {caption} {name}\n{lines}");
    project.write(&format!("posts/{name}.yaml"), text);
}

fn at(time: &str) -> String {
    format!("publish_at: 2026-11-23T{time}Z\n")
}

/// Against a sandbox that shares the clock.
struct Scene {
    project: Project,
    server: Server,
    clock: Scripted,
}

impl Scene {
    fn new(project: Project) -> Self {
        let clock = Scripted::default();
        let server = Server::on_clock(&Options::quick(), Arc::new(clock.clone()));
        Self { project, server, clock }
    }

    fn apply(&self, flags: &str) -> Output {
        self.run(&format!("apply --yes --format json {flags}"), &[])
    }

    fn run(&self, line: &str, more: &[(&str, &str)]) -> Output {
        let url = self.server.url();
        let mut variables = variables(&url);
        variables.extend(more);
        run_on(&self.project, Arc::new(self.clock.clone()), &variables, line)
    }

    /// Applies once more. A program that another test begins at the same moment has the run lock of this process open.
    fn apply_again(&self) -> Output {
        self.apply("--wait 50m --lock-timeout 5m")
    }

    /// Applies, and presses Ctrl-C after so many seconds.
    fn interrupted(&self, seconds: u64, flags: &str) -> Output {
        let (stopper, stop) = stop_channel();
        self.clock.at(seconds, move || stopper.stop(Signal::Interrupt));
        let line = format!("apply --yes --format json {flags}");
        run_until(&self.project, Arc::new(self.clock.clone()), stop, &variables(&self.server.url()), &line)
    }

    /// `caption time` of what is live.
    fn live(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let published = self.server.published();
        published
            .iter()
            .map(|post| format!("{} {}", text(&post["caption"]), &text(&post["published_at"])[11..19]))
            .collect()
    }

    /// Does something to the content root so many seconds after the run began.
    fn edit(&self, seconds: u64, act: impl FnOnce(&std::path::Path) + Send + 'static) {
        let path = self.project.path().to_owned();
        self.clock.at(seconds, move || act(&path));
    }
}

fn variables(url: &str) -> Vec<(&str, &str)> {
    vec![("IGSYNC_GRAPH_URL", url), ("IGSYNC_ACCESS_TOKEN", "IGAA-LONG"), ("PATH", std::env!("PATH"))]
}

fn put(root: &std::path::Path, path: &str, text: &str) {
    #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
    std::fs::write(root.join(path), text).unwrap();
}

fn times(output: &Output, event: &str) -> Vec<String> {
    let events = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let named = events.filter(|line| line["event"] == event);
    named.map(|line| line["at"].as_str().unwrap()[11..19].to_owned()).collect()
}

#[test]
fn a_post_is_prepared_early_announced_shortly_before_and_published_on_its_second() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00")), ("b", ""), ("c", &at("12:51:00"))]));
    let output = scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first b 12:00:00", "first a 12:30:00"], "what is due at once, then the rest");
    assert_eq!(times(&output, "container_created"), ["12:00:00", "12:00:00"]);
    let announced = times(&output, "intent_recorded");
    assert!("12:29:40" < announced[1].as_str() && announced[1].as_str() < "12:29:56", "{announced:?}");
    assert_eq!(times(&output, "run_finished").len(), 1);
    assert!(scene.clock.clock.elapsed() < Duration::from_secs(31 * 60), "nothing more can fall due");
}

#[test]
fn without_anything_to_wait_for_a_run_ends_at_once() {
    let scene = Scene::new(project("", &[("a", &at("13:30:00"))]));
    scene.apply("--wait 50m").exits(0);
    assert!(scene.live().is_empty());
    assert_eq!(scene.clock.clock.elapsed(), Duration::ZERO);
    assert_eq!(scene.server.sandbox.requests().len(), 0);
}

#[test]
fn what_is_changed_five_seconds_before_its_minute_never_goes_out_in_its_old_form() {
    let before = 30 * 60 - 5;
    let live_after = |change: Box<dyn FnOnce(&std::path::Path) + Send>| {
        let scene = Scene::new(project("", &[("a", &at("12:30:00")), ("z", "draft: true\n")]));
        scene.edit(before, change);
        scene.apply("--wait 50m").exits(0);
        scene.live()
    };
    let manifest = |lines: &str, caption: &str| format!("kind: image\nimage: ./a.jpg\ncaption: {caption} a\n{lines}");
    let rewritten = |text: String| -> Box<dyn FnOnce(&std::path::Path) + Send> {
        Box::new(move |root| put(root, "posts/a.yaml", &text))
    };
    let none: [&str; 0] = [];
    assert_eq!(live_after(rewritten(manifest("draft: true\n", "first"))), none);
    assert_eq!(live_after(Box::new(|root| std::fs::remove_file(root.join("posts/a.yaml")).unwrap())), none);
    let paused = format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\npaused: true\n");
    assert_eq!(live_after(Box::new(move |root| put(root, "igsync.yaml", &paused))), none);
    assert_eq!(live_after(rewritten(manifest(&at("12:40:00"), "first"))), ["first a 12:40:00"], "at its new time");
    assert_eq!(live_after(rewritten(manifest(&at("14:00:00"), "first"))), none, "the next run's");
    let edited = live_after(rewritten(manifest(&at("12:30:00"), "second")));
    assert!(edited.len() == 1 && edited[0].starts_with("second a 12:30:"), "once, in its new form: {edited:?}");
    let commented = live_after(rewritten(manifest(&format!("first_comment: hello\n{}", at("12:30:00")), "first")));
    assert!(commented.len() == 1 && commented[0].starts_with("first a 12:30:"), "with its comment: {commented:?}");
}

#[test]
fn another_picture_under_the_same_name_is_what_goes_out() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00"))]));
    let other = Project::empty();
    other.jpeg("x.jpg", 99);
    let bytes = std::fs::read(other.path().join("x.jpg")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
    scene.edit(600, move |root| std::fs::write(root.join("posts/a.jpg"), bytes).unwrap());
    scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first a 12:30:00"]);
    scene.apply("").exits(0).ends_with_no_edit();
}

impl Output {
    #[track_caller]
    fn ends_with_no_edit(&self) {
        assert!(!self.stdout.contains("edited"), "{}", self.stdout);
    }
}

#[test]
fn a_manifest_that_cannot_be_read_for_a_while_stops_no_one() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00"))]));
    scene.edit(300, |root| put(root, "posts/b.yaml", "kind: [image\n"));
    scene.edit(400, |root| std::fs::remove_file(root.join("posts/b.yaml")).unwrap());
    scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first a 12:30:00"]);
}

#[test]
fn what_comes_while_a_run_waits_goes_out_as_well() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00"))]));
    let other = Project::empty();
    other.jpeg("n.jpg", 77);
    scene.edit(600, move |root| {
        std::fs::copy(other.path().join("n.jpg"), root.join("posts/n.jpg")).unwrap();
        let text = "kind: image\nimage: ./n.jpg\ncaption: new n\npublish_at: 2026-11-23T12:20:00Z\n";
        put(root, "posts/n.yaml", text);
    });
    scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["new n 12:20:00", "first a 12:30:00"]);
}

#[test]
fn slots_of_the_queue_are_met() {
    let config = "timezone: UTC\nschedule: { slots: [\"daily 12:10\", \"daily 12:20\", \"daily 12:30\"] }\n";
    let queued = "publish_at: queue\n";
    let scene = Scene::new(project(config, &[("a", queued), ("b", queued), ("c", queued), ("d", queued)]));
    scene.apply("--wait 45m").exits(0);
    assert_eq!(
        scene.live(),
        [
            "first a 12:00:00", // yesterday's last slot
            "first b 12:10:00",
            "first c 12:20:00",
            "first d 12:30:00",
        ]
    );
}

#[test]
fn a_cap_holds_over_the_whole_run_and_a_gap_is_kept() {
    let posts = [("a", at("12:10:00")), ("b", at("12:20:00")), ("c", at("12:30:00"))];
    let posts: Vec<(&str, &str)> = posts.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    let scene = Scene::new(project("", &posts));
    scene.apply("--wait 45m --max-publish 2").exits(10);
    assert_eq!(scene.live(), ["first a 12:10:00", "first b 12:20:00"]);
    let gap = Scene::new(project("schedule: { min_gap: 20m }\n", &[("a", ""), ("b", ""), ("c", "")]));
    gap.apply("--wait 30m").exits(0);
    assert_eq!(gap.live(), ["first a 12:00:00", "first b 12:20:00"]);
}

#[test]
fn what_was_not_reviewed_does_not_go_out_although_a_run_by_a_plan_waits() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00")), ("b", &at("12:40:00")), ("c", "")]));
    let file = scene.project.path().join("plan.json");
    let file = file.to_str().unwrap();
    scene.run(&format!("plan --out {file}"), &[]).exits(0);
    scene.edit(600, |root| {
        put(root, "posts/a.yaml", &format!("kind: image\nimage: ./a.jpg\ncaption: second a\n{}", at("12:30:00")));
        put(root, "posts/d.yaml", &format!("kind: image\nimage: ./a.jpg\ncaption: first d\n{}", at("12:35:00")));
    });
    scene.apply(&format!("--wait 50m --plan {file}"));
    assert_eq!(scene.live(), ["first c 12:00:00", "first b 12:40:00"]);
    let later = scene.apply(&format!("--wait 50m --plan {file}")).exits(6);
    assert!(later.stdout.contains("its text or what else it sends differs"), "{}", later.stdout);
    assert_eq!(scene.live().len(), 2);
}

#[test]
fn a_wait_that_cannot_be_is_refused() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00"))]));
    scene.apply("--wait 50m --now 2026-11-23T12:00:00Z").exits(64);
    let long = scene.run("apply --yes --wait 6h", &[("GITHUB_ACTIONS", "true")]).exits(64);
    assert!(long.stderr.contains("--wait 5h45m"), "{}", long.stderr);
    let plan = scene.run("plan --wait 50m --detailed-exitcode", &[]).exits(2);
    assert!(
        plan.stdout.contains("Apply waits, and publishes at their times: posts/a at 23 Nov 12:30."),
        "{}",
        plan.stdout
    );
    scene.run("plan --wait 10m --detailed-exitcode", &[]).exits(0);
}

/// A content root that a remote keeps: its own clone, and another one that someone works in.
fn with_remote(state_branch: bool) -> (Scene, Project) {
    let config =
        if state_branch { "git: { push: always, state_branch: igsync-state }\n" } else { "git: { push: always }\n" };
    let project = project(config, &[("a", &at("12:30:00"))]);
    project.write(".gitignore", ".igsync/\n");
    project.commit();
    let bare = project.path().join(".igsync-origin.git");
    project.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    project.write(".git/info/exclude", ".igsync-origin.git\n");
    project.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    project.git(&["fetch", "--quiet", "origin"]);
    project.git(&["branch", "--quiet", "--set-upstream-to=origin/main"]);
    for (name, value) in [("user.name", "Test"), ("user.email", "test@example.com")] {
        project.git(&["config", name, value]);
    }
    let desk = Project::empty();
    desk.git(&["clone", "--quiet", bare.to_str().unwrap(), "."]);
    (Scene::new(project), desk)
}

fn push_from(desk: &std::path::Path) {
    let pull = &["pull", "--quiet", "--rebase"][..];
    for arguments in [&["add", "--all"][..], &["commit", "--quiet", "-m", "change"], pull, &["push", "--quiet"]] {
        let output = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
            .args(arguments)
            .current_dir(desk)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_run_gives_way_to_the_run_of_a_newer_commit() {
    for state_branch in [false, true] {
        for seconds in [600, 30 * 60 - 5] {
            let (scene, desk) = with_remote(state_branch);
            let path = desk.path().to_owned();
            scene.clock.at(seconds, move || {
                put(&path, "posts/a.yaml", "kind: image\nimage: ./a.jpg\ncaption: second a\n");
                push_from(&path);
            });
            let output = scene.apply("--wait 50m").exits(0);
            assert!(output.stderr.contains("the branch has moved on"), "{}", output.stderr);
            assert!(scene.live().is_empty(), "state branch: {state_branch}, {seconds} s: {:?}", scene.live());
        }
    }
}

#[test]
fn a_commit_of_the_record_alone_moves_nothing_on() {
    let (scene, desk) = with_remote(false);
    let (path, graph) = (desk.path().to_owned(), scene.server.url());
    scene.clock.at(600, move || {
        let record = format!(
            "{{\"key\":\"posts/z\",\"user_id\":\"{USER}\",\"account\":\"harbour\",\"kind\":\"image\",\
             \"state\":\"ignored\",\"attempt\":\"zzzzzzzzzzzzzzzz\",\"rev\":1,\"graph\":\"{graph}/\"}}\n"
        );
        let text = std::fs::read_to_string(path.join("igsync.lock")).unwrap() + &record;
        put(&path, "igsync.lock", &text);
        push_from(&path);
    });
    scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first a 12:30:00"]);
}

#[test]
fn a_remote_that_is_away_for_a_while_makes_no_post_late() {
    let (scene, _desk) = with_remote(false);
    let bare = scene.project.path().join(".igsync-origin.git");
    let (there, away) = (bare.clone(), bare.with_extension("away"));
    let (back, from) = (bare, away.clone());
    scene.clock.at(300, move || std::fs::rename(there, away).unwrap());
    scene.clock.at(420, move || std::fs::rename(from, back).unwrap());
    scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first a 12:30:00"]);
}

#[test]
fn a_remote_that_is_away_at_its_minute_keeps_the_post_back() {
    let (scene, _desk) = with_remote(true);
    let bare = scene.project.path().join(".igsync-origin.git");
    let away = bare.with_extension("away");
    scene.clock.at(30 * 60 - 5, move || std::fs::rename(bare, away).unwrap());
    let output = scene.apply("--wait 50m");
    assert_ne!(output.code, 0, "{}", output.stdout);
    assert!(scene.live().is_empty(), "what is written now could not be read: {:?}", scene.live());
}

#[test]
fn a_container_is_made_no_sooner_than_twenty_hours_before() {
    let tomorrow = "publish_at: 2026-11-24T11:00:00Z\n";
    let scene = Scene::new(project("", &[("a", tomorrow)]));
    let output = scene.apply("--wait 24h").exits(0);
    assert_eq!(scene.live(), ["first a 11:00:00"]);
    let made = times(&output, "container_created");
    assert!(made.len() == 1 && "15:00:00" <= made[0].as_str() && made[0].as_str() < "15:02:00", "{made:?}");
}

#[test]
fn what_expires_meanwhile_stays_at_home() {
    let lines = format!("{}publish_until: 2026-11-23T12:20:00Z\n", at("12:10:00"));
    let scene = Scene::new(project("", &[("a", &lines), ("b", &at("12:30:00"))]));
    // Away for the whole of its window: the machine slept, say.
    let clock = scene.clock.clock.clone();
    scene.clock.at(120, move || clock.advance(Duration::from_secs(20 * 60)));
    scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first b 12:30:00"]);
}

#[test]
fn a_configuration_that_is_half_saved_near_the_time_makes_a_post_late_by_seconds() {
    let scene = Scene::new(project("", &[("a", &at("12:30:00")), ("b", &at("12:31:00"))]));
    let whole = scene.project.read("igsync.yaml");
    scene.edit(30 * 60 - 5, |root| put(root, "igsync.yaml", "accounts:\n  har"));
    scene.edit(30 * 60 - 2, move |root| put(root, "igsync.yaml", &whole));
    scene.apply("--wait 50m").exits(0);
    let live = scene.live();
    assert!(
        live.len() == 2 && "first a 12:30:00" <= live[0].as_str() && live[0].as_str() < "first a 12:30:20",
        "{live:?}"
    );
    assert_eq!(live[1], "first b 12:31:00");
}

#[test]
fn what_a_colleague_has_published_and_a_pull_has_brought_goes_out_no_second_time() {
    for seconds in [600, 30 * 60 - 15, 30 * 60 - 5] {
        let scene = Scene::new(project("", &[("a", &at("12:30:00"))]));
        let graph = scene.server.url();
        let record = format!(
            "{{\"key\":\"posts/a\",\"user_id\":\"{USER}\",\"account\":\"harbour\",\"kind\":\"image\",\"state\":\"published\",\
             \"attempt\":\"zzzzzzzzzzzzzzzz\",\"media_id\":\"17900000000000077\",\"graph\":\"{graph}/\",\
             \"published_at\":\"2026-11-23T12:05:00Z\",\"via\":\"publish\"}}\n"
        );
        scene.edit(seconds, move |root| {
            let text = std::fs::read_to_string(root.join("igsync.lock")).unwrap();
            let (header, rest) = text.split_once('\n').unwrap();
            put(root, "igsync.lock", &format!("{header}\n{rest}{record}"));
        });
        let output = scene.apply("--wait 50m").exits(0);
        assert!(scene.live().is_empty(), "{seconds}: {:?}", scene.live());
        assert!(output.stdout.contains("another run has published it meanwhile"), "{}", output.stdout);
    }
}

#[test]
fn every_post_that_was_waited_for_has_one_outcome() {
    let scene = Scene::new(project("", &[("a", &at("12:10:00")), ("b", &at("12:20:00")), ("c", &at("12:30:00"))]));
    scene.edit(300, |root| std::fs::remove_file(root.join("posts/b.yaml")).unwrap());
    scene.edit(900, |root| {
        let text = std::fs::read_to_string(root.join("posts/c.yaml")).unwrap();
        put(root, "posts/c.yaml", &format!("{text}draft: true\n"));
    });
    let output = scene.apply("--wait 50m").exits(0);
    assert_eq!(scene.live(), ["first a 12:10:00"]);
    let events = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ends = ["post_published", "not_attempted", "post_failed", "post_deferred", "post_unknown"];
    let ended: Vec<String> = events
        .filter(|event| ends.contains(&event["event"].as_str().unwrap()))
        .map(|event| format!("{} {}", event["event"].as_str().unwrap(), event["key"].as_str().unwrap()))
        .collect();
    assert_eq!(ended, ["post_published posts/a", "not_attempted posts/b", "not_attempted posts/c"]);
}

/// Prepared, being announced, announced, read for the last time.
const MOMENTS: [u64; 5] = [600, 30 * 60 - 12, 30 * 60 - 8, 30 * 60 - 3, 30 * 60 - 1];

#[test]
fn ctrl_c_at_any_moment_of_a_wait_loses_nothing_and_sends_nothing_twice() {
    for seconds in MOMENTS {
        let scene = Scene::new(project("", &[("a", &at("12:30:00")), ("b", &at("12:40:00"))]));
        scene.interrupted(seconds, "--wait 50m").exits(130);
        assert!(scene.live().is_empty(), "{seconds}: nothing is sent before its time: {:?}", scene.live());
        scene.apply_again().exits(0);
        let live = scene.live();
        assert_eq!(live.len(), 2, "{seconds}: {live:?}");
        assert!(live[0].starts_with("first a 12:3") && live[1] == "first b 12:40:00", "{seconds}: {live:?}");
    }
}

#[test]
fn what_is_edited_after_a_run_was_interrupted_goes_out_in_its_new_form_alone() {
    for seconds in MOMENTS {
        let scene = Scene::new(project("", &[("a", &at("12:30:00"))]));
        scene.interrupted(seconds, "--wait 50m").exits(130);
        write(&scene.project, "a", &at("12:30:00"), "second");
        scene.apply_again().exits(0);
        let live = scene.live();
        assert!(live.len() == 1 && live[0].starts_with("second a 12:3"), "{seconds}: {live:?}");
    }
}

/// On the desk of a colleague, by the clock of the run.
fn say_from(desk: Project, scene: &Scene, seconds: u64, line: &'static str) -> Arc<Mutex<Option<Output>>> {
    let said = Arc::new(Mutex::new(None));
    let (url, clock, says) = (scene.server.url(), scene.clock.clock.clone(), Arc::clone(&said));
    scene.clock.at(seconds, move || {
        let say = move || run_on(&desk, Arc::new(clock), &variables(&url), line);
        // A command has a runtime of its own.
        *says.lock().unwrap() = Some(std::thread::spawn(say).join().unwrap());
    });
    said
}

#[test]
fn what_a_person_says_of_an_announced_post_keeps_it_from_going_out_twice() {
    for line in
        ["resolve posts/a --not-published --push", "resolve posts/a --published --push", "lock rm posts/a --yes --push"]
    {
        for seconds in MOMENTS {
            let (scene, desk) = with_remote(true);
            for (name, value) in [("user.name", "Test"), ("user.email", "test@example.com")] {
                desk.git(&["config", name, value]);
            }
            let said = say_from(desk, &scene, seconds, line);
            let first = scene.apply("--wait 50m");
            let said = said.lock().unwrap().take().unwrap();
            // Whoever speaks after the last look speaks of a post that is on its way.
            let is_heard = seconds < 30 * 60 - 4;
            let told = format!("{line} at {seconds}: {} {} | {} {}", said.code, said.stderr, first.code, first.stdout);
            let is_live = said.code == 0 && line.contains(" --published");
            let live = usize::from(!(is_live && is_heard));
            assert_eq!(scene.live().len(), live, "{told}: {:?}", scene.live());
            scene.apply_again().exits(0);
            assert_eq!(scene.live().len(), live, "{told}, then again: {:?}", scene.live());
        }
    }
}
