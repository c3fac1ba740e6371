//! The issue that asks for decisions: opened, changed, left as it is, closed. GitHub's part is played by a `gh` that
//! keeps issues in a file and asks them with `jq`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::action::{cached, inputs, runner, steps};
use crate::executable::executable;
use crate::expr::{evaluate, is_true};
use crate::project::{Project, Server};
use crate::runner::{Done, Runner, write};
use crate::{tool, yaml};

const GH: &str = r#"#!/bin/sh
set -eu
here=$(dirname "$0")
printf '%s\n' "$*" >>"$here/log"
[ "$GH_TOKEN" = ghs_token ]
if [ -f "$here/forbidden" ]; then echo 'HTTP 403: Resource not accessible by integration' >&2; exit 1; fi
method=GET filter=. title='' body=/dev/null state=open path=''
while [ $# -gt 0 ]; do
  case "$1" in
    --method) method=$2; shift ;;
    --jq) filter=$2; shift ;;
    -f | -F) case "$2" in title=*) title=${2#title=} ;; body=@*) body=${2#body=@} ;; state=*) state=${2#state=} ;; esac; shift ;;
    repos/acme/feed/issues*) path=$1 ;;
  esac
  shift
done
issues=$here/issues.json
case "$method" in
  GET) jq '[.[] | select(.state == "open")]' "$issues" | jq -r "$filter" ;;
  POST)
    jq --arg title "$title" --rawfile body "$body" '. + [{ number: (length + 1), state: "open", title: $title, body: $body, user: { login: "github-actions[bot]" } }]' "$issues" >"$issues.new"
    mv "$issues.new" "$issues" ;;
  PATCH)
    jq --argjson number "${path##*/}" --arg state "$state" --rawfile body "$body" 'map(if .number == $number then .state = $state | (if $body == "" then . else .body = $body end) else . end)' "$issues" >"$issues.new"
    mv "$issues.new" "$issues" ;;
esac
"#;

/// A repository at GitHub with its issues.
struct Github {
    folder: tempfile::TempDir,
}

impl Github {
    /// `None`: this test cannot run here.
    fn new() -> Option<Self> {
        tool("jq", "--version")?;
        let github = Self { folder: tempfile::tempdir().unwrap() };
        executable(&github.path("gh"), GH);
        github.set(&json!([]));
        Some(github)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn set(&self, issues: &Value) {
        write(&self.path("issues.json"), &issues.to_string());
    }

    fn issues(&self) -> Vec<Value> {
        serde_json::from_str(&std::fs::read_to_string(self.path("issues.json")).unwrap()).unwrap()
    }

    /// The texts of the open issues.
    fn open(&self) -> Vec<String> {
        let issues = self.issues();
        let open = issues.iter().filter(|issue| issue["state"] == "open");
        open.map(|issue| issue["body"].as_str().unwrap().to_owned()).collect()
    }

    /// The calls since the last time.
    fn calls(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        write(&self.path("log"), "");
        log.lines().map(str::to_owned).collect()
    }

    /// One run of the action: its step that runs igsync, and all that its steps tell the runner.
    fn run(&self, runner: &mut Runner, event: &str, given: &[(&str, &str)]) -> (Done, Vec<String>) {
        runner.contexts["inputs"] = inputs(given);
        runner.contexts["github"]["event_name"] = json!(event);
        (runner.contexts["job"], runner.contexts["steps"]) = (json!({}), json!({}));
        runner.set("GITHUB_EVENT_NAME", event);
        runner.set("GITHUB_RUN_ID", "77");
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        runner.set("PATH", &path);
        let done = runner.run(&steps(), |runner, action, with| {
            if runner.runner_temp().join("igsync-bin/igsync").exists() {
                return Value::Null;
            }
            cached(runner, action, with)
        });
        let said = done.iter().flat_map(|done| done.commands().into_iter().map(str::to_owned)).collect();
        for beside in done.iter().filter(|done| done.name != "Run igsync") {
            assert_eq!((beside.code, beside.summary.as_str()), (0, ""), "{beside:?}");
        }
        (done.into_iter().find(|done| done.name == "Run igsync").unwrap(), said)
    }

    /// `plan` where it is asked to keep the issue, on a new machine.
    fn plan(&self, project: &Project, event: &str) -> Done {
        self.run(&mut runner(project, None), event, &[("command", "plan"), ("issue", "true")]).0
    }
}

const LATE: &str = "kind: image\nimage: ./one.jpg\ncaption: One\npublish_at: 2020-01-01T10:00:00Z\n";

fn with_late_post() -> Project {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", LATE);
    project
}

#[test]
fn one_issue_is_opened_changed_left_alone_and_closed() {
    let Some(github) = Github::new() else { return };
    let project = with_late_post();
    let done = github.plan(&project, "push").exits(0);
    assert_eq!((&*done.outputs["decision"], &*done.outputs["due"]), ("new", "0"));
    let issues = github.issues();
    assert_eq!((issues.len(), &issues[0]["title"]), (1, &json!("igsync needs a decision")));
    let first = github.open()[0].clone();
    assert!(first.starts_with("<!-- igsync decisions in . -->\n<!-- list "), "{first}");
    assert!(first.contains("`posts/one`") && first.contains("`--include-late`"), "{first}");
    assert!(first.contains("*Actions → igsync by hand → Run workflow*: tick *include late*"), "{first}");
    assert!(first.contains("[The run](https://github.com/acme/feed/actions/runs/77)"), "{first}");

    // The same again: nothing is written.
    github.calls();
    for (event, decision) in [("schedule", "known"), ("push", "new")] {
        assert_eq!(github.plan(&project, event).exits(0).outputs["decision"], decision);
        let calls = github.calls();
        assert!(calls.iter().all(|call| call.contains("--method GET")), "{calls:?}");
    }
    assert_eq!(github.open(), std::slice::from_ref(&first));

    project.write("posts/two.yaml", LATE.replace("One", "Two").replace("2020", "2021"));
    assert_eq!(github.plan(&project, "schedule").exits(0).outputs["decision"], "new");
    let open = github.open();
    assert_eq!((github.issues().len(), open.len()), (1, 1));
    assert!(open[0].contains("`posts/two`") && open[0] != first, "{open:?}");

    for post in ["posts/one.yaml", "posts/two.yaml"] {
        project.write(post, project.read(post).replace("publish_at: 202", "publish_at: 209"));
    }
    assert_eq!(github.plan(&project, "schedule").exits(0).outputs["decision"], "none");
    assert_eq!((github.open().len(), github.issues().len()), (0, 1));
    // Nothing to close any more; and when something waits again, it is another issue.
    github.calls();
    github.plan(&project, "schedule").exits(0);
    assert!(github.calls().iter().all(|call| call.contains("--method GET")));
    project.write("posts/one.yaml", LATE);
    github.plan(&project, "schedule").exits(0);
    assert_eq!((github.open().len(), github.issues().len()), (1, 2));
}

#[test]
fn a_run_by_the_clock_is_red_only_for_news() {
    let Some(github) = Github::new() else { return };
    let (server, project) = (Server::start(), Project::with_one_image());
    let mut runner = runner(&project, Some(&server));
    let args = "--allow-ephemeral-lock --no-push --allow-stale";
    let given = [("command", "apply"), ("token", "IGAA-LONG"), ("args", args)];
    github.run(&mut runner, "push", &given).0.exits(0);
    assert!(github.issues().is_empty());
    // The record is lost: is it the post that is live?
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    let (done, _) = github.run(&mut runner, "schedule", &given);
    let done = done.exits(4);
    assert_eq!(done.outputs["decision"], "new");
    let text = &github.open()[0];
    assert!(text.contains("resolve posts/one --published") && text.contains("*key* `posts/one`"), "{text}");
    let (done, said) = github.run(&mut runner, "schedule", &given);
    let done = done.exits(0);
    assert_eq!((&*done.outputs["exit_code"], &*done.outputs["decision"]), ("4", "known"));
    assert!(said.iter().any(|line| line.starts_with("::notice title=igsync::the same points")), "{said:?}");
    // A merge is someone's, who looks at its colour.
    github.run(&mut runner, "push", &given).0.exits(4);
    // Once the issue is closed by hand and nothing is decided, it is news again.
    let mut issues = github.issues();
    issues[0]["state"] = json!("closed");
    github.set(&json!(issues));
    github.run(&mut runner, "schedule", &given).0.exits(4);
    assert_eq!(github.open().len(), 1);
}

#[test]
fn it_can_be_turned_off_and_a_part_of_the_posts_decides_nothing() {
    let Some(github) = Github::new() else { return };
    let project = with_late_post();
    let plan = |more: &[(&str, &str)]| {
        let given: Vec<_> = [("command", "plan")].iter().chain(more).copied().collect();
        github.run(&mut runner(&project, None), "schedule", &given).0.exits(0)
    };
    plan(&[]);
    plan(&[("issue", "false")]);
    let given = [("command", "apply"), ("issue", "false"), ("token", "IGAA-LONG")];
    github.run(&mut runner(&project, None), "schedule", &given);
    assert!(github.calls().is_empty());
    for args in ["--target posts/one", "--exclude posts/two", "--account harbour"] {
        assert_eq!(plan(&[("issue", "true"), ("args", args)]).outputs["decision"], "", "{args}");
    }
    // What is due is apply's.
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: Two\n");
    assert_eq!(plan(&[("issue", "true")]).outputs["decision"], "");
    assert!(github.issues().is_empty());
}

#[test]
fn without_the_permission_the_run_ends_as_it_would() {
    let Some(github) = Github::new() else { return };
    let project = with_late_post();
    github.plan(&project, "push");
    write(&github.path("forbidden"), "");
    let given = [("command", "plan"), ("issue", "true")];
    let (done, said) = github.run(&mut runner(&project, None), "schedule", &given);
    assert_eq!(done.exits(0).outputs["decision"], "new", "nothing is known of an issue that cannot be read");
    let warned = said.iter().any(|line| line.starts_with("::warning title=igsync::the open issues could not be read"));
    assert!(warned && said.iter().any(|line| line.contains("issues: write")), "{said:?}");
    let (server, project) = (Server::start(), Project::with_one_image());
    project.remove("igsync.lock");
    let given = [("command", "apply"), ("token", "IGAA-LONG")];
    github.run(&mut runner(&project, Some(&server)), "schedule", &given).0.exits(5);
}

#[test]
fn issues_of_others_are_left_alone_and_doubles_are_closed() {
    let Some(github) = Github::new() else { return };
    let project = with_late_post();
    github.plan(&project, "push");
    let ours = github.issues().remove(0);
    let with = |more: Value| {
        let mut issue = ours.clone();
        issue.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        issue
    };
    github.set(&json!([
        with(json!({ "number": 1, "user": { "login": "mallory" } })),
        with(json!({ "number": 2, "pull_request": {} })),
        with(json!({ "number": 3, "title": "igsync needs a decision!" })),
        with(json!({ "number": 4, "body": "<!-- igsync decisions in other -->\n" })),
        with(json!({ "number": 5, "body": null })),
        with(json!({ "number": 9 })),
        with(json!({ "number": 10 })),
    ]));
    project.write("posts/one.yaml", LATE.replace("2020", "2099"));
    github.plan(&project, "push");
    let closed: Vec<Value> = github
        .issues()
        .iter()
        .filter(|issue| issue["state"] == "closed")
        .map(|issue| issue["number"].clone())
        .collect();
    assert_eq!(closed, [9, 10]);
    github.set(&json!([with(json!({ "number": 10 })), with(json!({ "number": 9 }))]));
    project.write("posts/one.yaml", LATE);
    github.plan(&project, "push");
    let open: Vec<Value> =
        github.issues().iter().filter(|issue| issue["state"] == "open").map(|issue| issue["number"].clone()).collect();
    assert_eq!(open, [9], "the oldest is kept");
}

#[test]
fn names_of_posts_and_folders_command_nothing() {
    let Some(github) = Github::new() else { return };
    let project = Project::with_one_image();
    project.remove("posts/one.yaml");
    let bad = "$(touch owned) `touch owned` @everyone <!-- --> closes #1";
    project.jpeg("posts/bad.jpg", 3);
    let text = LATE.replace("./one.jpg", "./bad.jpg").replace("One", "\"@everyone ::error::x\"");
    project.write("posts/bad.yaml", format!("id: '{bad}'\n{text}"));
    let mut machine = runner(&project, None);
    let (done, said) = github.run(&mut machine, "push", &[("command", "plan"), ("issue", "true")]);
    done.exits(0);
    let of_the_plan = "::warning file=posts/bad.yaml,";
    assert!(said.iter().all(|line| line.starts_with(of_the_plan)), "{said:?}");
    assert!(!project.path().join("owned").exists());
    let text = github.open().remove(0);
    let point = text.lines().find(|line| line.starts_with("- ")).unwrap();
    assert!(point.starts_with(&format!("- ``{bad}``")), "{point}");
    let second = text.lines().nth(1).unwrap();
    assert!(second.starts_with("<!-- list ") && second.len() == "<!-- list  -->".len() + 32, "{second}");
    // A folder as a workflow may name it.
    let folder = "a b/$(touch owned)\" -->";
    let content = project.path().join(folder);
    std::fs::create_dir_all(content.join("posts")).unwrap();
    for file in ["igsync.yaml", "igsync.lock", "posts/bad.yaml"] {
        write(&content.join(file), &project.read(file));
    }
    std::fs::copy(project.path().join("posts/bad.jpg"), content.join("posts/bad.jpg")).unwrap();
    let given = [("command", "plan"), ("issue", "true"), ("directory", folder)];
    github.run(&mut runner(&project, None), "push", &given).0.exits(0);
    let open = github.open();
    assert_eq!(open.len(), 2, "each folder has its own");
    assert!(open[1].starts_with("<!-- igsync decisions in a_b/__touch_owned___--_ -->\n"), "{}", open[1]);
    assert!(!Path::new("owned").exists() && !project.path().join("owned").exists());
}

#[test]
fn the_workflow_waits_for_a_person_in_red_only_once() {
    let workflow = yaml("examples/content/.github/workflows/igsync-apply.yml");
    let steps = workflow["jobs"]["igsync"]["steps"].as_array().unwrap();
    let condition = steps[3]["if"].as_str().unwrap();
    let is_red = |decision: &str| {
        let outputs = json!({ "due": "0", "refused": "1", "decision": decision });
        is_true(&evaluate(condition, &json!({ "steps": { "due": { "outputs": outputs } } })))
    };
    assert_eq!((is_red("new"), is_red("known"), is_red("")), (true, false, true));
    assert_eq!(steps[1]["with"]["issue"], true);
}
