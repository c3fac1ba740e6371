//! The workflows for content repositories: what they may do, and what their steps say.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::action::{act, inputs};
use crate::executable::executable;
use crate::expr::interpolate;
use crate::project::{Project, Server, repository};
use crate::runner::{Done, Runner, write};
use crate::{workflow_files, yaml};

const OURS: [&str; 5] =
    ["igsync-apply.yml", "igsync-by-hand.yml", "igsync-comment.yml", "igsync-plan.yml", "igsync-token.yml"];

fn ours(name: &str) -> Value {
    yaml(&format!("examples/content/.github/workflows/{name}"))
}

/// In the example, whose repository is nobody's.
pub const ACTION: &str = "OWNER/REPO@0000000000000000000000000000000000000000";

/// With `IGSYNC_UPDATE_DOCS=1` the example becomes what `init` writes.
#[test]
fn init_writes_what_stands_in_the_example() {
    let project = Project::empty();
    project.run(["init", "--action", ACTION]).exits(0).says("made  .github/workflows/igsync-apply.yml");
    let folder = repository().join("examples/content/.github/workflows");
    if std::env::var_os("IGSYNC_UPDATE_DOCS").is_some() {
        for name in OURS {
            write(&folder.join(name), &project.read(&format!(".github/workflows/{name}")));
        }
    }
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, OURS);
    for name in OURS {
        let written = project.read(&format!(".github/workflows/{name}"));
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(written, text, "{name}");
    }
}

/// Nobody's account may become somebody's.
#[test]
fn without_a_known_repository_no_workflow_is_written_and_the_way_to_them_is_said() {
    let project = Project::empty();
    let output = project.run(["init"]).exits(0).says("`igsync init --action OWNER/REPO@COMMIT`");
    assert!(!output.stdout.contains(".github"), "{}", output.stdout);
    assert!(!project.path().join(".github").exists());
    project.run(["init", "--action", "acme/igsync@v1"]).exits(0).says("name a commit").says("made  .github");
    let plan = project.read(".github/workflows/igsync-plan.yml");
    assert!(plan.contains("- uses: acme/igsync@v1\n"), "{plan}");
    project.run(["init", "--action", "igsync"]).exits(64).says("OWNER/REPO@COMMIT");
    let quiet = Project::empty();
    let output = quiet.run(["init", "--no-github"]).exits(0);
    assert!(!output.stdout.contains("workflow"), "{}", output.stdout);
    quiet.run(["init", "--no-github", "--action", ACTION]).exits(64);
}

#[test]
fn workflows_publish_from_the_default_branch_of_the_repository() {
    let of = |commands: &[&[&str]]| {
        let project = Project::empty();
        for command in commands {
            git(project.path(), command);
        }
        let output = project.run(["init", "--action", ACTION]).exits(0);
        (project.read(".github/workflows/igsync-apply.yml"), output.stderr)
    };
    let (trunk, _) = of(&[&["init", "-q", "-b", "trunk"]]);
    assert!(trunk.contains("branches: [\"trunk\"]") && trunk.contains("ref: \"trunk\" #"), "{trunk}");
    let (cloned, _) = of(&[
        &["init", "-q", "-b", "feature"],
        &["commit", "-q", "--allow-empty", "-m", "one"],
        &["update-ref", "refs/remotes/origin/develop", "HEAD"],
        &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop"],
    ]);
    assert!(cloned.contains("github.ref_name == 'develop'"), "{cloned}");
    let (odd, said) = of(&[&["init", "-q", "-b", "it's-mine"]]);
    assert!(odd.contains("branches: [\"main\"]") && said.contains("main is written instead"), "{odd}\n{said}");
}

#[test]
fn an_update_renews_what_is_as_it_was_written_and_shows_the_rest() {
    let project = Project::empty();
    project.run(["init", "--action", ACTION]).exits(0);
    let schema = project.read(".vscode/igsync-manifest.schema.json");
    project.run(["init", "--update"]).exits(0).says("same     .github/workflows/igsync-plan.yml");
    // As another version wrote it, and as people have changed it.
    let other = "0123456789abcdef0123456789abcdef01234567";
    project.run(["init", "--update", "--action", &format!("acme/igsync@{other}")]).exits(0).says("renewed  .github");
    let token = project.read(".github/workflows/igsync-token.yml");
    assert!(token.contains(other), "{token}");
    project.write(".github/workflows/igsync-token.yml", token.replace("23 6 * * 1", "5 5 * * 5"));
    project.remove(".github/workflows/igsync-comment.yml");
    project.write("posts/example.yaml", "kind: story\nimage: ./example.jpg\ndraft: true\n");
    let output = project
        .run(["init", "--update", "--action", ACTION])
        .exits(0)
        .says("kept     .github/workflows/igsync-token.yml, which was changed since it was written")
        .says("    -    - cron: \"5 5 * * 5\"")
        .says("    +    - cron: \"23 6 * * 1\"")
        .says("missing  .github/workflows/igsync-comment.yml")
        .says("renewed  .github/workflows/igsync-apply.yml");
    assert!(!output.stdout.contains("posts/"), "what people write is theirs: {}", output.stdout);
    assert!(project.read(".github/workflows/igsync-token.yml").contains("5 5 * * 5"));
    project.write(".vscode/igsync-manifest.schema.json", schema.replacen('{', "{ \"mine\": 1,", 1));
    project.run(["init", "--update"]).exits(0).says("kept     .vscode/igsync-manifest.schema.json");
    project.run(["init"]).exits(0).says("made  .github/workflows/igsync-comment.yml");
    assert!(project.read(".github/workflows/igsync-comment.yml").starts_with("# igsync init --update renews"));
}

pub const SLOTS: &str = "timezone: Europe/Berlin\nschedule: { slots: [\"Mon,Wed 18:00\", \"Sun 00:10\"] }\n";

/// A workflow that `init` has written in this project.
fn written(project: &Project, name: &str) -> Value {
    serde_yaml::from_str(&project.read(&format!(".github/workflows/{name}"))).unwrap()
}

#[test]
fn slots_have_runs_that_wait_for_them() {
    let project = Project::empty();
    project.write("igsync.yaml", SLOTS);
    project.run(["init", "--action", ACTION]).exits(0).says("kept  igsync.yaml");
    let workflow = written(&project, "igsync-apply.yml");
    let at = |cron: &str| json!({ "cron": cron, "timezone": "Europe/Berlin" });
    let own = json!({ "cron": "7 */6 * * *" });
    let lines = ["15 17 * * 1,3", "40 17 * * 1,3", "25 23 * * 6", "50 23 * * 6"].map(at);
    assert_eq!(workflow["on"]["schedule"], json!([&lines[..], &[own]].concat()));
    assert_eq!(workflow["on"]["push"]["paths-ignore"], json!(["**/igsync.lock"]));
    let job = &workflow["jobs"]["igsync"];
    assert!(job["timeout-minutes"].as_u64() > Some(50 + 120));
    // A merge between the two runs ends the first one and drops the second one: its own run waits instead.
    for step in &job["steps"].as_array().unwrap()[1..3] {
        assert_eq!(step["with"]["args"], "--wait=50m");
    }
    // Hourly runs wait for nothing.
    let hourly = ours("igsync-apply.yml");
    assert_eq!(hourly["on"]["schedule"], json!([{ "cron": "7 * * * *" }]));
    assert!(hourly["jobs"]["igsync"]["steps"][1]["with"]["args"].is_null());
}

#[test]
fn an_update_follows_the_slots() {
    let project = Project::empty();
    project.run(["init", "--action", ACTION]).exits(0);
    project.write("igsync.yaml", SLOTS);
    project.run(["init", "--update"]).exits(0).says("renewed  .github/workflows/igsync-apply.yml").says("same     .g");
    assert!(project.read(".github/workflows/igsync-apply.yml").contains("15 17 * * 1,3"));
    project.write("igsync.yaml", SLOTS.replace("18:00", "19:00"));
    project.run(["init", "--update"]).exits(0).says("renewed  .github/workflows/igsync-apply.yml");
    let text = project.read(".github/workflows/igsync-apply.yml");
    assert!(text.contains("15 18 * * 1,3") && !text.contains("15 17"), "{text}");
    // What cannot be read changes no times.
    project.write("igsync.yaml", SLOTS.replace("Mon", "Mo"));
    project.run(["init", "--update"]).exits(1).says("igsync.yaml has errors");
    assert_eq!(project.read(".github/workflows/igsync-apply.yml"), text);
    project.write("igsync.yaml", "timezone: Europe/Berlin\n");
    project.run(["init", "--update"]).exits(0).says("renewed  .github/workflows/igsync-apply.yml");
    assert!(project.read(".github/workflows/igsync-apply.yml").contains("\"7 * * * *\""));
}

#[test]
fn a_protected_branch_has_its_record_on_another_one() {
    let project = Project::empty();
    project.run(["init", "--protected", "--no-github"]).exits(0);
    project.run(["validate"]).exits(0);
    assert!(project.read("igsync.yaml").ends_with("\ngit: { state_branch: igsync-state }\n"));
    project.run(["init", "--protected", "--no-github"]).exits(0).says("add to it: git: { state_branch: igsync-state }");
}

#[test]
fn init_below_a_repositorys_root_says_where_workflows_belong() {
    let project = Project::empty();
    assert!(Command::new("git").args(["init", "-q"]).current_dir(project.path()).status().unwrap().success());
    project.run(["init", "content", "--action", ACTION]).exits(0).says("move .github to");
    let output = project.run(["init", "--action", ACTION]).exits(0);
    assert!(!output.stdout.contains("move .github"), "{}", output.stdout);
}

#[test]
fn every_workflow_asks_for_little() {
    for path in workflow_files() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let workflow = yaml(path.strip_prefix(repository()).unwrap().to_str().unwrap());
        assert!(workflow["concurrency"]["group"].is_string(), "{name}");
        let top = &workflow["permissions"];
        assert!(*top == json!({}) || *top == json!({ "contents": "read" }), "{name}: {top}");
        for (job_name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["timeout-minutes"].is_u64(), "{name} {job_name}");
            let writes: Vec<&str> = job["permissions"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, value)| *value == "write")
                .map(|(scope, _)| scope.as_str())
                .collect();
            let allowed: &[&str] = match name.as_str() {
                "igsync-apply.yml" | "igsync-by-hand.yml" => &["contents", "issues"],
                "igsync-comment.yml" => &["pull-requests"],
                "release.yml" if job_name == "publish" => &["attestations", "contents", "id-token"],
                _ => &[],
            };
            assert_eq!(writes, allowed, "{name} {job_name}");
            let uses = job["steps"].as_array().unwrap().iter().filter_map(|step| step["uses"].as_str());
            for action in uses {
                let (_, commit) = action.split_once('@').unwrap_or_else(|| panic!("{name}: {action}"));
                let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(is_commit, "{name}: {action}");
            }
        }
    }
}

#[test]
fn pull_requests_need_no_secret() {
    for name in ["igsync-plan.yml", "igsync-comment.yml"] {
        let text = ours(name).to_string();
        assert!(!text.contains("secrets.") && !text.contains("pull_request_target"), "{name}");
    }
    let comment = ours("igsync-comment.yml").to_string();
    assert!(!comment.contains("actions/checkout") && !comment.contains("OWNER/REPO@"), "{comment}");
}

#[test]
fn only_the_branch_as_it_is_now_is_applied_and_never_cancelled() {
    for (name, group, events) in [
        ("igsync-apply.yml", "igsync-apply", &["push", "schedule"][..]),
        ("igsync-by-hand.yml", "igsync-by-hand-${{ github.run_id }}", &["workflow_dispatch"]),
    ] {
        let workflow = ours(name);
        assert_eq!(workflow["concurrency"], json!({ "group": group, "cancel-in-progress": false }));
        let job = &workflow["jobs"]["igsync"];
        assert_eq!(job["environment"], Value::Null);
        assert_eq!(job["permissions"], json!({ "contents": "write", "issues": "write" }));
        assert_eq!(job["steps"][0]["with"], json!({ "ref": "main", "fetch-depth": 0 }));
        let found: Vec<&str> = workflow["on"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, events);
    }
    assert_eq!(ours("igsync-apply.yml")["on"]["push"]["paths-ignore"], json!(["**/igsync.lock"]));
}

/// What the workflow would give igsync that people start, for these inputs.
fn dispatched(given: &Value) -> (String, Vec<String>) {
    let apply = ours("igsync-by-hand.yml");
    let contexts = json!({ "inputs": given, "secrets": { "IGSYNC_ACCESS_TOKEN": "" } });
    let steps = apply["jobs"]["igsync"]["steps"].as_array().unwrap();
    let wanted = |step: &&Value| {
        step["if"].as_str().is_some_and(|condition| crate::expr::is_true(&crate::expr::evaluate(condition, &contexts)))
    };
    let chosen: Vec<&Value> = steps.iter().filter(|step| step["uses"].is_string()).filter(wanted).collect();
    assert_eq!(chosen.len(), 1, "{given}");
    let with = &chosen[0]["with"];
    let args = interpolate(with["args"].as_str().unwrap(), &contexts);
    (
        with["command"].as_str().unwrap().to_owned(),
        args.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    )
}

#[test]
fn people_without_a_terminal_can_apply_and_resolve() {
    let none: [&str; 0] = [];
    assert_eq!(dispatched(&json!({ "command": "apply" })), ("apply".to_owned(), none.map(str::to_owned).to_vec()));
    let (command, args) = dispatched(&json!({ "command": "apply", "include_late": true, "max_publish": "9" }));
    assert_eq!((command.as_str(), args), ("apply", vec!["--include-late".to_owned(), "--max-publish=9".to_owned()]));
    let (_, args) = dispatched(&json!({ "command": "apply", "allow_duplicate": "posts/a b" }));
    assert_eq!(args, ["--allow-duplicate=posts/a b"]);
    assert_eq!(dispatched(&json!({ "command": "apply", "allow_delete": true })).1, ["--allow-delete"]);
    for (outcome, flags) in [
        ("ask Meta again", vec!["--", "posts/a b"]),
        ("it is there", vec!["--published", "--", "posts/a b"]),
        ("it is not there", vec!["--not-published", "--", "posts/a b"]),
    ] {
        let (command, args) = dispatched(&json!({ "command": "resolve", "key": "posts/a b", "outcome": outcome }));
        assert_eq!((command.as_str(), args), ("resolve", flags.into_iter().map(str::to_owned).collect()));
    }
    // What the workflow says is what igsync understands.
    let project = Project::with_one_image();
    let mut runner = crate::action::runner(&project, None);
    let (_, args) = dispatched(&json!({ "command": "resolve", "key": "posts/one", "outcome": "it is there" }));
    let args = format!("--no-push\n{}\n", args.join("\n"));
    let done = act(&mut runner, &[("command", "resolve"), ("args", &args)]).exits(0);
    assert!(done.stdout.contains("posts/one: published"), "{done:?}");
    assert_eq!(done.outputs["changed"], "true");
    assert_eq!(inputs(&[("command", "resolve")])["args"], "");
}

fn git(folder: &Path, words: &[&str]) {
    let config = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
    let output = Command::new("git").args(config).args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository at GitHub: a bare one with this project's files on `main`.
fn hosted(project: &Project) -> tempfile::TempDir {
    let remote = tempfile::tempdir().unwrap();
    git(remote.path(), &["init", "-q", "--bare", "-b", "main"]);
    git(project.path(), &["init", "-q", "-b", "main"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "-q", "-m", "one"]);
    git(project.path(), &["push", "-q", remote.path().to_str().unwrap(), "main"]);
    remote
}

/// One run of the apply workflow on a new machine: its last step that was not skipped.
fn merged(remote: &Path, server: &Server) -> Done {
    let (_machine, mut runner) = machine(remote, server, "igsync-apply.yml");
    let steps = ours("igsync-apply.yml")["jobs"]["igsync"]["steps"].clone();
    let [_, due, apply, person] = &*steps.as_array().unwrap().clone() else { panic!("{steps}") };
    assert!(due["with"]["token"].is_null() && due["with"]["command"] == "plan", "{due}");
    let planned = act(&mut runner, &[("command", "plan")]);
    let contexts = json!({ "steps": { "due": { "outputs": planned.outputs } } });
    let is_wanted =
        |step: &Value| crate::expr::is_true(&crate::expr::evaluate(step["if"].as_str().unwrap(), &contexts));
    if is_wanted(apply) {
        assert!(!is_wanted(person));
        return act(&mut runner, &[("command", "apply"), ("token", "IGAA-LONG")]);
    }
    if is_wanted(person) { Done { code: 3, ..planned } } else { planned }
}

/// One run that a person starts with these inputs.
fn started(remote: &Path, server: &Server, by_hand: &Value) -> Done {
    let (_machine, mut runner) = machine(remote, server, "igsync-by-hand.yml");
    let (command, args) = dispatched(by_hand);
    act(&mut runner, &[("command", &command), ("token", "IGAA-LONG"), ("args", &args.join("\n"))])
}

/// A new machine with the branch that a workflow checks out.
fn machine(remote: &Path, server: &Server, workflow: &str) -> (Project, Runner) {
    let machine = Project::empty();
    let workflow = ours(workflow);
    let steps = workflow["jobs"]["igsync"]["steps"].as_array().unwrap();
    assert!(steps[0]["uses"].as_str().unwrap().starts_with("actions/checkout@"));
    let branch = steps[0]["with"]["ref"].as_str().unwrap();
    let clone = Command::new("git")
        .args(["clone", "-q", "--branch", branch, remote.to_str().unwrap(), "."])
        .current_dir(machine.path())
        .status()
        .unwrap();
    assert!(clone.success());
    let mut runner = crate::action::runner(&machine, Some(server));
    runner.set("GITHUB_REF", "refs/heads/main");
    (machine, runner)
}

#[test]
fn the_token_is_used_only_where_something_is_due_and_what_waits_for_a_person_stays_red() {
    let (server, project) = (Server::start(), Project::with_one_image());
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: One\npublish_at: 2099-01-01T10:00:00Z\n");
    let remote = hosted(&project);
    let waits = merged(remote.path(), &server).exits(0);
    assert_eq!((&*waits.outputs["due"], &*waits.outputs["refused"], &*waits.outputs["pending"]), ("0", "0", "1"));
    assert!(server.sandbox.requests().is_empty(), "no one was asked");
    let say = |text: &str| {
        project.write("posts/one.yaml", text);
        git(project.path(), &["commit", "-qam", "again"]);
        git(project.path(), &["push", "-q", remote.path().to_str().unwrap(), "main"]);
    };
    say("kind: image\nimage: ./one.jpg\ncaption: One\npublish_at: 2020-01-01T10:00:00Z\n");
    let late = merged(remote.path(), &server).exits(3);
    assert_eq!((&*late.outputs["due"], &*late.outputs["refused"]), ("0", "1"));
    assert!(server.sandbox.requests().is_empty(), "no one was asked");
    say("kind: image\nimage: ./one.jpg\ncaption: One\n");
    assert_eq!(merged(remote.path(), &server).exits(0).outputs["published_count"], "1");
}

/// The workflows that `init --environment` writes, by their names.
pub fn with_environment() -> Project {
    let project = Project::empty();
    let action = "acme/igsync@0123456789abcdef0123456789abcdef01234567";
    project.write("igsync.yaml", SLOTS);
    project.run(["init", "--action", action, "--environment", "go-live"]).exits(0).says("the environment `go-live`");
    project
}

#[test]
fn what_is_approved_is_what_was_planned_and_nothing_that_came_since() {
    let written = with_environment();
    let workflow: Value = serde_yaml::from_str(&written.read(".github/workflows/igsync-apply.yml")).unwrap();
    let [plan, apply] = [&workflow["jobs"]["plan"], &workflow["jobs"]["igsync"]];
    assert!(!plan.to_string().contains("secrets.") && plan["environment"].is_null());
    assert_eq!((&apply["environment"], &apply["needs"]), (&json!("go-live"), &json!("plan")));
    assert_eq!(workflow["concurrency"], json!({ "group": "igsync-apply", "cancel-in-progress": false }));

    let (server, project) = (Server::start(), Project::with_one_image());
    let remote = hosted(&project);
    let args = |job: &Value, command: &str, runner: &Runner| {
        let steps = job["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["with"]["command"] == command).unwrap();
        interpolate(step["with"]["args"].as_str().unwrap(), &runner.contexts)
    };
    let (_planner, mut runner) = machine(remote.path(), &server, "igsync-apply.yml");
    let words = args(plan, "plan", &runner);
    let planned = act(&mut runner, &[("command", "plan"), ("args", &words)]).exits(0);
    assert_eq!(planned.outputs["due"], "1");
    let file = std::fs::read_to_string(runner.runner_temp().join("igsync-plan.json")).unwrap();
    assert!(file.contains(&format!("\"digest\": \"{}\"", planned.outputs["plan_digest"])));

    // Another pull request is merged while the approval waits.
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: Two\n");
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "-qm", "two"]);
    git(project.path(), &["push", "-q", remote.path().to_str().unwrap(), "main"]);
    let approved = |file: &str| {
        let (_machine, mut runner) = machine(remote.path(), &server, "igsync-apply.yml");
        let folder = runner.runner_temp().join("igsync-reviewed");
        std::fs::create_dir(&folder).unwrap();
        crate::runner::write(&folder.join("igsync-plan.json"), file);
        let args = args(apply, "apply", &runner);
        act(&mut runner, &[("command", "apply"), ("token", "IGAA-LONG"), ("args", &args)])
    };
    let first = approved(&file).exits(0);
    assert!(first.summary.contains("posts/one") && !first.summary.contains("posts/two"), "{}", first.summary);
    assert_eq!(server.published().len(), 1);
    assert_eq!(approved(&file).exits(0).outputs["published_count"], "0", "approved again");

    // A post that was changed since ends the run before anything is sent.
    let (_planner, mut runner) = machine(remote.path(), &server, "igsync-apply.yml");
    let words = args(plan, "plan", &runner);
    act(&mut runner, &[("command", "plan"), ("args", &words)]).exits(0);
    let file = std::fs::read_to_string(runner.runner_temp().join("igsync-plan.json")).unwrap();
    git(project.path(), &["pull", "-q", "--rebase", remote.path().to_str().unwrap(), "main"]);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: Other words\n");
    git(project.path(), &["commit", "-qam", "other words"]);
    git(project.path(), &["push", "-q", remote.path().to_str().unwrap(), "main"]);
    let stale = approved(&file).exits(6);
    assert!(stale.summary.contains("Not as it was reviewed: posts/two"), "{}", stale.summary);
    assert_eq!(server.published().len(), 1);
}

#[test]
fn what_is_resolved_by_hand_is_kept_for_the_next_run() {
    for branch in ["main", "bot/state"] {
        let (server, project) = (Server::start(), Project::with_one_image());
        if branch != "main" {
            let config = project.read("igsync.yaml");
            project.write("igsync.yaml", format!("{config}git:\n  state_branch: {branch}\n"));
        }
        let remote = hosted(&project);
        let by_hand = json!({ "command": "resolve", "key": "posts/one", "outcome": "it is there" });
        let resolved = started(remote.path(), &server, &by_hand).exits(0);
        assert_eq!(resolved.outputs["changed"], "true");
        let kept = ["show", &format!("{branch}:igsync.lock")];
        let kept = Command::new("git").args(kept).current_dir(remote.path()).output().unwrap();
        assert!(String::from_utf8(kept.stdout).unwrap().contains("\"via\":\"resolved\""), "{branch}");
        merged(remote.path(), &server).exits(0);
        assert!(server.published().is_empty(), "{branch}");
    }
}

#[test]
fn a_merge_publishes_once_and_leaves_its_record_on_main() {
    let (server, project) = (Server::start(), Project::with_one_image());
    let remote = hosted(&project);
    let first = merged(remote.path(), &server).exits(0);
    assert_eq!((&*first.outputs["published_count"], &*first.outputs["changed"]), ("1", "true"));
    let lock = Command::new("git").args(["show", "main:igsync.lock"]).current_dir(remote.path()).output().unwrap();
    assert!(String::from_utf8(lock.stdout).unwrap().contains("\"state\":\"published\""), "{first:?}");
    // Another machine, which has nothing of the first one: an old run that is started again.
    let again = merged(remote.path(), &server).exits(0);
    assert_eq!((&*again.outputs["published_count"], &*again.outputs["changed"]), ("0", "false"));
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_main_that_takes_no_push_publishes_nothing() {
    let (server, project) = (Server::start(), Project::with_one_image());
    let remote = hosted(&project);
    let hook = remote.path().join("hooks/pre-receive");
    executable(&hook, "#!/bin/sh\necho 'protected branch hook declined' >&2\nexit 1\n");
    let done = merged(remote.path(), &server);
    assert_ne!(done.code, 0, "{done:?}");
    assert_eq!((&*done.outputs["published_count"], &*done.outputs["exit_code"]), ("0", &*done.code.to_string()));
    assert!(done.summary.contains(&format!("Exit {}", done.code)), "{}", done.summary);
    assert!(server.published().is_empty());
}

/// A stand-in for `gh` that records what it is asked and answers from files.
fn gh(runner: &mut Runner, folder: &Path, number: &str, comment: &str) {
    executable(
        &folder.join("gh"),
        &format!(
            "#!/bin/sh\nprintf '%s\\n' \"$*\" >>{log}\ncase \"$*\" in *'/pulls '*) echo '{number}' ;; *'/artifacts '*) echo '77' ;; *--paginate*) echo '{comment}' ;; esac\n",
            log = folder.join("log").display()
        ),
    );
    runner.set("PATH", &format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
}

/// Runs the follow-up with the plan that a pull request's run left; gives the asked calls and the comment.
fn comment_on(plan: &str, from: &str, branch: &str, number: &str, comment: &str) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = Runner::new(folder.path());
    gh(&mut runner, folder.path(), number, comment);
    runner.contexts["github"]["event"] = json!({ "workflow_run": {
        "id": 1, "event": "pull_request", "head_branch": branch, "head_sha": "0123456789",
        "head_repository": { "full_name": from, "owner": { "login": from.split('/').next() } },
    }});
    let steps = ours("igsync-comment.yml")["jobs"]["comment"]["steps"].clone();
    let done = runner.run(&steps, |_, action, with| {
        assert!(action.starts_with("actions/download-artifact@"));
        let folder = Path::new(with["path"].as_str().unwrap());
        std::fs::create_dir_all(folder).unwrap();
        write(&folder.join("igsync-plan.md"), plan);
        Value::Null
    });
    done.into_iter().next_back().unwrap().exits(0);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!folder.path().join("owned").exists());
    let text = std::fs::read_to_string(runner.runner_temp().join("comment.md")).unwrap_or_default();
    (log.lines().map(str::to_owned).collect(), text)
}

#[test]
fn one_comment_is_kept_up_to_date() {
    let (calls, text) = comment_on("### Merging publishes 1 post\n", "acme/feed", "topic", "7", "");
    let link = "[The coming feed as a page](https://github.com/acme/feed/actions/runs/1/artifacts/77), for 30 days.";
    assert_eq!(text, format!("<!-- igsync plan -->\n{link}\n\n### Merging publishes 1 post\n"));
    assert!(calls[0].contains("head=acme:topic"), "{calls:?}");
    assert!(calls[1].contains("repos/acme/feed/actions/runs/1/artifacts -f name=igsync-preview.html"), "{calls:?}");
    assert!(calls[3].starts_with("api --method POST repos/acme/feed/issues/7/comments"), "{calls:?}");
    let (calls, _) = comment_on("x", "acme/feed", "topic", "7", "42");
    assert!(calls[3].starts_with("api --method PATCH repos/acme/feed/issues/comments/42"), "{calls:?}");
    let (calls, text) = comment_on("x", "acme/feed", "topic", "", "");
    assert_eq!((calls.len(), text.as_str()), (1, ""), "nobody waits for this plan any more");
}

#[test]
fn a_fork_is_named_and_obeyed_in_nothing() {
    let (calls, text) = comment_on("$(touch owned)", "mallory/feed", "$(touch owned)", "7", "");
    assert!(text.contains("> This text was made by code of the fork mallory/feed."), "{text}");
    assert!(calls[0].contains("head=mallory:$(touch owned)"), "{calls:?}");
    let (_, text) = comment_on(&"x".repeat(100_000), "mallory/feed", "a", "7", "");
    assert!(text.len() < 65_536);
}

#[test]
fn the_comment_is_the_page_of_the_plan() {
    let project = Project::with_one_image();
    let git = |words: &[&str]| {
        let config = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
        assert!(Command::new("git").args(config).args(words).current_dir(project.path()).status().unwrap().success());
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second\n");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "two"]);
    let mut runner = crate::action::runner(&project, None);
    runner.set("GITHUB_BASE_REF", "main");
    runner.contexts["github"]["base_ref"] = json!("main");
    runner.contexts["github"]["event_name"] = json!("pull_request");
    let steps = ours("igsync-plan.yml")["jobs"]["plan"]["steps"].clone();
    let mut kept = BTreeMap::new();
    let mut args = String::new();
    // The action leaves the program on the path of later steps.
    let program = Path::new(env!("CARGO_BIN_EXE_igsync")).parent().unwrap();
    runner.set("PATH", &format!("{}:{}", program.display(), std::env::var("PATH").unwrap()));
    let done = runner.run(&steps, |_, action, with| {
        if action == ACTION {
            args = with["args"].as_str().unwrap().to_owned();
        } else if action.starts_with("actions/upload-artifact@") {
            assert_eq!(with["archive"], json!(false));
            let path = Path::new(with["path"].as_str().unwrap());
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            kept.insert(name, std::fs::read_to_string(path).unwrap());
        }
        Value::Null
    });
    assert_eq!(args, "--base origin/main --fail-on-refusal");
    done.into_iter().next_back().unwrap().exits(0);
    assert!(kept["igsync-preview.html"].contains("posts/two"), "the page has the coming posts");
    let page = &kept["igsync-plan.md"];
    assert!(page.starts_with("### Merging publishes 2 posts"), "{page}");
    let (two, one) = (page.find("`posts/two`").unwrap(), page.find("`posts/one`").unwrap());
    assert!(two < one, "the branch's own post comes first: {page}");
}
