//! `action.yml`: its steps run, its outputs, what the runner shows.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::executable::executable;
use crate::project::{Project, Server, has, repository};
use crate::runner::{Done, Runner};
use crate::{wants_release, yaml};

/// The outputs that `action.yml` promises.
const OUTPUTS: [&str; 12] = [
    "changed",
    "decision",
    "due",
    "duplicates",
    "exit_code",
    "pending",
    "plan_digest",
    "preview",
    "published",
    "published_count",
    "refused",
    "unknown",
];

pub fn steps() -> Value {
    yaml("action.yml")["runs"]["steps"].clone()
}

/// The inputs with their defaults.
pub fn inputs(given: &[(&str, &str)]) -> Value {
    let action = yaml("action.yml");
    let mut inputs: serde_json::Map<String, Value> = action["inputs"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, input)| (name.clone(), input.get("default").cloned().unwrap_or(json!(""))))
        .collect();
    for (name, value) in given {
        assert!(inputs.insert((*name).to_owned(), json!(value)).is_some(), "no input {name}");
    }
    Value::Object(inputs)
}

/// What `actions/cache` does when the program was built before.
pub fn cached(runner: &Runner, action: &str, _: &Value) -> Value {
    assert!(action.starts_with("actions/cache@"), "{action}");
    let program = runner.runner_temp().join("igsync-bin/igsync");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_igsync"), program).unwrap();
    json!({ "cache-hit": "true" })
}

/// A runner at this project, with the variables that tests need.
pub fn runner(project: &Project, server: Option<&Server>) -> Runner {
    let mut runner = Runner::new(project.path());
    runner.contexts["github"]["action_path"] = json!(repository());
    if let Some(server) = server {
        runner.set("IGSYNC_GRAPH_URL", &server.url());
        for (name, value) in [
            ("IGSYNC_POLL_INITIAL_MS", "20"),
            ("IGSYNC_POLL_MAX_MS", "100"),
            ("IGSYNC_SETTLE_MS", "50"),
            ("IGSYNC_LOOK_MS", "20"),
        ] {
            runner.set(name, value);
        }
    }
    runner
}

/// The action's step that runs igsync, or the one that ended it before. No issue is kept unless the inputs say so.
pub fn act(runner: &mut Runner, given: &[(&str, &str)]) -> Done {
    let given: Vec<(&str, &str)> = [("issue", "false")].iter().chain(given).copied().collect();
    runner.contexts["inputs"] = inputs(&given);
    let mut done = runner.run(&steps(), cached);
    done.pop().unwrap()
}

/// A checkout whose record no one pushes: these tests are about the action, not about git.
const LOCAL: &str = "--allow-ephemeral-lock --no-push --allow-stale";

fn apply(server: &Server, project: &Project, more: &str) -> Done {
    let args = format!("{} {more}", local());
    act(&mut runner(project, Some(server)), &[("command", "apply"), ("token", "IGAA-LONG"), ("args", &args)])
}

/// The flags of [`LOCAL`] that this build has.
fn local() -> String {
    let help = Command::new(env!("CARGO_BIN_EXE_igsync")).args(["apply", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    LOCAL.split(' ').filter(|flag| help.contains(flag)).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_action_declares_what_it_gives() {
    let action = yaml("action.yml");
    let declared: Vec<&str> = action["outputs"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut sorted = declared.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, OUTPUTS);
    for name in declared {
        assert_eq!(action["outputs"][name]["value"], format!("${{{{ steps.run.outputs.{name} }}}}"));
    }
    let inputs: Vec<&str> = action["inputs"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(inputs, ["command", "directory", "args", "token", "version", "issue"]);
    let steps = steps();
    let run = steps.as_array().unwrap().iter().find(|step| step["id"] == "run").unwrap()["run"].as_str().unwrap();
    assert!(run.lines().last().unwrap().trim().starts_with("exec "), "the last thing must be igsync itself: {run}");
}

#[test]
fn the_action_builds_its_own_source() {
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    let target = repository().join("target");
    // A first build takes minutes; `.ci/run` has made one.
    if !wants_release() || !has("release build", target.join(&host).join("release/igsync").exists()) {
        return;
    }
    let project = Project::example();
    let mut runner = runner(&project, None);
    runner.set("CARGO_TARGET_DIR", &target.display().to_string());
    runner.contexts["inputs"] = inputs(&[("command", "apply"), ("args", "--sandbox"), ("issue", "false")]);
    let mut looked_for = Vec::new();
    let done = runner.run(&steps(), |_, action, with| {
        looked_for.push((action.to_owned(), with["key"].to_string()));
        json!({ "cache-hit": "" })
    });
    let names: Vec<&str> = done.iter().map(|done| done.name.as_str()).collect();
    assert_eq!(names, ["Find igsync", "Build igsync", "Run igsync"], "{done:?}");
    assert!(looked_for[0].1.contains("igsync-Linux-X64-"), "{looked_for:?}");
    let last = done.into_iter().next_back().unwrap().exits(0);
    assert_eq!(last.outputs["published_count"], "8");
    assert!(last.summary.starts_with("### igsync apply: 8 posts published (sandbox"), "{}", last.summary);
}

#[test]
fn a_merge_leaves_outputs_and_a_summary() {
    let (server, project) = (Server::start(), Project::with_one_image());
    let done = apply(&server, &project, "").exits(0);
    assert_eq!(done.outputs.keys().map(String::as_str).collect::<Vec<_>>(), OUTPUTS);
    let published: Value = serde_json::from_str(&done.outputs["published"]).unwrap();
    assert_eq!(published[0]["key"], "posts/one");
    assert!(published[0]["permalink"].as_str().unwrap().starts_with("https://www.instagram.com/"));
    assert_eq!((&*done.outputs["changed"], &*done.outputs["published_count"]), ("true", "1"));
    assert_eq!((&*done.outputs["exit_code"], &*done.outputs["pending"], &*done.outputs["unknown"]), ("0", "0", "0"));
    assert!(done.outputs["plan_digest"].starts_with("v1:sha256:"));
    assert!(done.summary.contains("### igsync apply: 1 post published\n"), "{}", done.summary);
    assert!(done.summary.contains("instagram.com/"), "{}", done.summary);

    let again = apply(&server, &project, "").exits(0);
    assert_eq!((&*again.outputs["changed"], &*again.outputs["published"]), ("false", "[]"));
    assert!(again.summary.contains("nothing was left to do"), "{}", again.summary);
    assert_eq!(server.published().len(), 1);
}

#[test]
fn what_waits_for_a_later_run_is_green_with_a_notice() {
    let (server, project) = (Server::start(), Project::with_one_image());
    let dated =
        |name: &str| format!("kind: image\nimage: ./{name}.jpg\ncaption: {name}\npublish_at: 2026-01-02T10:00Z\n");
    for (seed, name) in [(2, "two"), (3, "three")] {
        project.jpeg(&format!("posts/{name}.jpg"), seed);
        project.write(&format!("posts/{name}.yaml"), dated(name));
    }
    project.remove("posts/one.yaml");
    let done = apply(&server, &project, "--max-publish 1 --include-late").exits(0);
    assert_eq!(
        (&*done.outputs["exit_code"], &*done.outputs["published_count"], &*done.outputs["pending"]),
        ("10", "1", "1")
    );
    let notice =
        done.commands().iter().any(|line| line.starts_with("::notice title=igsync::1 post waits for a later run"));
    assert!(notice, "{:?}", done.commands());
    // Without the action the code speaks for itself.
    let plain = project.against(&server, "instagram", "IGAA-LONG");
    let args = format!("apply --yes --max-publish 0 --include-late {}", local());
    plain.run(args.split_whitespace()).exits(10);
}

#[test]
fn a_guard_is_red_and_said_in_the_summary() {
    let (server, project) = (Server::start(), Project::with_one_image());
    project.remove("igsync.lock");
    let done = apply(&server, &project, "").exits(5);
    assert_eq!(
        (&*done.outputs["exit_code"], &*done.outputs["changed"], &*done.outputs["pending"]),
        ("5", "false", "1")
    );
    assert!(
        done.summary.contains("igsync refuses to publish") && done.summary.contains("--allow-new-lock"),
        "{}",
        done.summary
    );
    assert!(done.summary.contains("Who acts: the reviewer"), "{}", done.summary);
    assert!(server.published().is_empty());
}

#[test]
fn an_unknown_outcome_is_red_until_somebody_says_what_it_is() {
    let (server, project) = (Server::start(), Project::with_one_image());
    apply(&server, &project, "").exits(0);
    // The record is lost, and no one knows when the manifest was written: is it the post that is live?
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    let done = apply(&server, &project, "").exits(4);
    assert_eq!((&*done.outputs["exit_code"], &*done.outputs["unknown"]), ("4", "1"));
    assert!(done.summary.contains("resolve posts/one --published"), "{}", done.summary);
    assert!(done.summary.contains("Who acts: someone who can check the account"), "{}", done.summary);
    let mut runner = runner(&project, Some(&server));
    let args = "--no-push\n--published\n--\nposts/one\n";
    let said = act(&mut runner, &[("command", "resolve"), ("token", "IGAA-LONG"), ("args", args)]).exits(0);
    assert_eq!((&*said.outputs["changed"], &*said.outputs["unknown"]), ("true", "0"));
    assert!(said.summary.contains("posts/one: published"), "{}", said.summary);
    assert_eq!(server.published().len(), 1);
}

#[test]
fn findings_stand_on_their_lines_and_a_failure_in_the_summary() {
    let project = Project::with_one_image();
    project.write("content/igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("content/posts/bad.yaml", "kind: image\ncaptoin: x\nimage: https://example.com/a.jpg\n");
    let plan =
        |args: &str| act(&mut runner(&project, None), &[("command", "plan"), ("directory", "content"), ("args", args)]);
    let done = plan("").exits(1);
    let commands = done.commands().join("\n");
    assert!(commands.starts_with("::error file=content/posts/bad.yaml,line=2,"), "{commands}");
    assert!(done.summary.starts_with("### Merging publishes nothing"), "{}", done.summary);
    assert!(done.summary.contains("**Error**, line 2"), "{}", done.summary);
    let shown = plan("--format github").exits(1);
    assert_eq!(shown.commands(), done.commands());
    assert!(shown.stdout.ends_with("\nPlan: 1 to publish.\n"), "{}", shown.stdout);
    // The page itself on stdout: said once, and no annotations that another step gives already.
    let page = plan("--format markdown").exits(1);
    assert_eq!((page.stdout.trim_end(), page.summary.as_str()), (done.summary.trim_end(), ""));
    assert!(page.commands().is_empty(), "{:?}", page.commands());

    let mut runner = runner(&project, None);
    let failed = act(&mut runner, &[("command", "resolve"), ("args", "posts/none")]);
    assert_ne!(failed.code, 0);
    assert_eq!(failed.outputs["exit_code"], failed.code.to_string());
    assert!(failed.summary.contains("posts/none"), "{}", failed.summary);
}

#[test]
fn a_token_that_ends_soon_is_a_warning() {
    let project = Project::with_one_image();
    let server = Server::start();
    project.write("igsync.yaml", "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n    login: facebook\n");
    let status = |token| {
        act(&mut runner(&project, Some(&server)), &[("command", "status"), ("token", token), ("args", "--min-days 1")])
    };
    let short = status("EAA-SHORT").exits(9);
    let warned = short
        .commands()
        .iter()
        .any(|line| line.starts_with("::warning title=igsync::the token for harbour expires in"));
    assert!(warned, "{short:?}");
    assert!(short.summary.contains("the token for harbour"), "{}", short.summary);
    let long = status("EAA-LONG").exits(0);
    assert!(long.commands().is_empty(), "{:?}", long.commands());
}

#[test]
fn words_of_args_arrive_as_they_are() {
    let project = Project::with_one_image();
    let asked = |args: &str| {
        let mut runner = runner(&project, None);
        runner.contexts["inputs"] = inputs(&[("command", "plan"), ("args", args)]);
        let mut done = runner.run(&steps(), |runner, _, _| {
            // In igsync's place, something that shows what it is given.
            executable(
                &runner.runner_temp().join("igsync-bin/igsync"),
                "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done; env | grep -c TOKEN || true",
            );
            json!({ "cache-hit": "true" })
        });
        done.pop().unwrap().exits(0).stdout
    };
    assert_eq!(asked(""), "<--chdir=.><plan>0\n");
    assert_eq!(asked("--target posts/*  --sandbox"), "<--chdir=.><plan><--target><posts/*><--sandbox>0\n");
    assert_eq!(
        asked("--target\nposts/my post\n\n--exclude=$(id)\n"),
        "<--chdir=.><plan><--target><posts/my post><--exclude=$(id)>0\n"
    );
}

#[test]
fn a_cancelled_job_stops_igsync_cleanly() {
    let (server, project) = (Server::start(), Project::with_one_image());
    server.fail(r#"[{"match":{"method":"POST","path":"/17841400000000001/media"},"times":9,"fault":"never_ready"}]"#);
    project
        .write("posts/one.yaml", "kind: carousel\nitems: [{ image: ./one.jpg }, { image: ./one.jpg }]\ncaption: x\n");
    let mut runner = runner(&project, Some(&server));
    let args = format!("{} --format json", local());
    runner.contexts["inputs"] =
        inputs(&[("command", "apply"), ("token", "IGAA-LONG"), ("args", &args), ("issue", "false")]);
    let steps = steps();
    let steps = steps.as_array().unwrap();
    let place = steps.iter().position(|step| step["id"] == "run").unwrap();
    let last = &steps[place];
    runner.run(&json!(steps[..place]), cached);
    let mut child = runner.start(last);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("container_polled") {
        let read = stdout.read_line(&mut said).unwrap();
        assert!(read > 0, "it ended by itself: {said}");
    }
    // The runner knows the shell alone.
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let rest = std::io::read_to_string(stdout).unwrap();
    let output = child.wait_with_output().unwrap();
    let done = runner.done(last, &output);
    assert_eq!(done.code, 143, "{rest}\n{done:?}");
    assert_eq!(done.outputs["exit_code"], "143");
    assert!(done.summary.contains("Exit 143"), "{}", done.summary);
    assert!(server.published().is_empty());
}

#[test]
fn a_token_reaches_igsync_alone() {
    let (server, project) = (Server::start(), Project::with_one_image());
    let done = apply(&server, &project, "").exits(0);
    let all = format!("{done:?}");
    assert!(!all.contains("IGAA-LONG"), "{all}");
    // No input, and the job's own variable stays what it is.
    let mut runner = runner(&project, Some(&server));
    runner.set("IGSYNC_ACCESS_TOKEN_HARBOUR", "IGAA-LONG");
    act(&mut runner, &[("command", "status")]).exits(0);
}

#[test]
fn wrong_inputs_say_so() {
    let project = Project::with_one_image();
    let done = act(&mut runner(&project, None), &[("command", "publish")]).exits(64);
    assert!(done.stderr.contains("one of plan, apply, resolve, status, drift"), "{}", done.stderr);
    let done = act(&mut runner(&project, None), &[("command", "plan"), ("version", "1; rm -rf /")]);
    assert_eq!((done.name.as_str(), done.code), ("Find igsync", 1));
}

#[test]
fn the_actions_folder_needs_nothing_else() {
    for path in ["action.yml", "Cargo.toml", "Cargo.lock", "src/main.rs", "crates"] {
        assert!(Path::new(&repository()).join(path).exists(), "{path}");
    }
}
