//! `plan --base`: what a branch touches comes first, and git runs nothing that the repository names.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::executable::executable;
use crate::project::Project;
use crate::runner::write;

fn git(folder: &Path, words: &[&str]) {
    let config = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(config).args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn post(project: &Project, name: &str, caption: &str) {
    project.write(&format!("posts/{name}.yaml"), format!("kind: image\nimage: ./{name}.jpg\n{caption}\n"));
}

/// A branch that left `main` at a commit with posts `a` to `d`.
fn branch() -> Project {
    let project = Project::with_one_image();
    project.remove("posts/one.yaml");
    for (seed, name) in [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "sub/e")] {
        project.jpeg(&format!("posts/{name}.jpg"), seed);
        let stem = name.rsplit('/').next().unwrap();
        project.write(
            &format!("posts/{name}.yaml"),
            format!("kind: image\nimage: ./{stem}.jpg\ncaption: The post {stem}\n"),
        );
    }
    project.write("posts/c.txt", "The post c\n");
    post(&project, "c", "caption_file: ./c.txt");
    project.write(".gitignore", ".igsync/\n");
    git(project.path(), &["init", "-q", "-b", "main"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "-q", "-m", "first"]);
    git(project.path(), &["checkout", "-q", "-b", "topic"]);
    project
}

fn commit(project: &Project) {
    git(project.path(), &["add", "-A"]);
    git(project.path(), &["commit", "-q", "-m", "more"]);
}

/// The keys that the branch touches, and the others.
fn touched(project: &Project, rev: &str) -> (Vec<String>, Vec<String>) {
    let output = project.run(["plan", "--format", "json", "--base", rev]).exits(0);
    let plan: Value = serde_json::from_str(&output.stdout).unwrap();
    let keys = |wanted: bool| -> Vec<String> {
        let changes = plan["changes"].as_array().unwrap().iter();
        let ours = changes.filter(|change| change["in_diff"].as_bool().unwrap() == wanted);
        ours.map(|change| change["key"].as_str().unwrap().to_owned()).collect()
    };
    (keys(true), keys(false))
}

#[test]
fn a_post_is_the_branchs_when_anything_it_uses_is() {
    let project = branch();
    let none: [&str; 0] = [];
    assert_eq!(touched(&project, "main").0, none);
    project.jpeg("posts/b.jpg", 9);
    project.write("posts/c.txt", "Another text\n");
    project.write("posts/sub/_defaults.yaml", "hashtags: [sea]\n");
    // Not committed, not even added.
    assert_eq!(touched(&project, "main").0, ["posts/b", "posts/c", "posts/sub/e"]);
    commit(&project);
    assert_eq!(
        touched(&project, "main"),
        (
            ["posts/b", "posts/c", "posts/sub/e"].map(str::to_owned).to_vec(),
            ["posts/a", "posts/d"].map(str::to_owned).to_vec(),
        )
    );
    // What main gained since is not the branch's.
    git(project.path(), &["checkout", "-q", "main"]);
    project.jpeg("posts/d.jpg", 8);
    commit(&project);
    git(project.path(), &["checkout", "-q", "topic"]);
    assert_eq!(touched(&project, "main").0, ["posts/b", "posts/c", "posts/sub/e"]);
}

#[test]
fn the_record_on_a_branch_of_its_own_counts() {
    let project = branch();
    project.write(
        "igsync.yaml",
        "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\ngit:\n  state_branch: igsync-state\n",
    );
    commit(&project);
    // What an apply has put there: post `a` is live. The branch of the content knows nothing of it.
    project.run(["resolve", "posts/a", "--published"]).exits(0);
    git(project.path(), &["add", "igsync.lock"]);
    git(project.path(), &["commit", "-q", "-m", "record"]);
    git(project.path(), &["update-ref", "refs/remotes/origin/igsync-state", "HEAD"]);
    git(project.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    let keys = |arguments: &[&str]| {
        let output = project.run([&["plan", "--format", "json"], arguments].concat()).exits(0);
        let plan: Value = serde_json::from_str(&output.stdout).unwrap();
        plan["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(!keys(&["--base", "main"]).contains(&"posts/a".to_owned()));
    assert!(!keys(&[]).contains(&"posts/a".to_owned()));
    let recorded = project.run(["lock", "list"]).exits(0);
    assert!(recorded.stdout.contains("posts/a"), "{}", recorded.stdout);
    git(project.path(), &["update-ref", "-d", "refs/remotes/origin/igsync-state"]);
    let note =
        "the record is on branch igsync-state, which is not in this clone: `git fetch origin igsync-state` fetches it";
    project.run(["plan"]).exits(0).says(note);
    assert!(keys(&[]).contains(&"posts/a".to_owned()));
}

#[test]
fn the_branch_comes_first_for_people() {
    let project = branch();
    post(&project, "d", "caption: Another caption");
    commit(&project);
    let shown = project.run(["plan", "--base", "main"]).exits(0).stdout;
    let place = |key: &str| shown.find(key).unwrap_or_else(|| panic!("{key} in {shown}"));
    assert!(
        place("posts/d") < place("Not from this branch:") && place("Not from this branch:") < place("posts/a"),
        "{shown}"
    );
    assert!(!project.run(["plan"]).exits(0).stdout.contains("Not from this branch"));
}

#[test]
fn a_content_root_below_the_repositorys_root_sees_its_own_files() {
    let outer = branch();
    let inner = Project::with_one_image();
    std::fs::create_dir(outer.path().join("content")).unwrap();
    for (path, bytes) in inner.files() {
        outer.write(&format!("content/{}", path.strip_prefix(inner.path()).unwrap().display()), bytes);
    }
    git(outer.path(), &["add", "-A"]);
    git(outer.path(), &["commit", "-q", "-m", "content"]);
    let output = outer.run(["plan", "-C", "content", "--format", "json", "--base", "main"]).exits(0);
    let plan: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(plan["changes"][0]["in_diff"], true, "{}", output.stdout);
}

#[test]
fn a_revision_that_is_none_is_refused() {
    let project = branch();
    let owned = format!("--base=--output={}", project.path().join("owned").display());
    for (argument, code) in [
        ("--base=nothing", 64),
        ("--base=-h", 64),
        ("--base=--upload-pack=touch owned", 64),
        (owned.as_str(), 64),
        ("--base=", 64),
        ("--base=main:igsync.lock", 64),
        ("--base=a\nb", 64),
    ] {
        let output = project.run(["plan", argument]);
        assert_eq!(output.code, code, "{argument}: {}", output.stderr);
        assert!(output.stderr.contains("git finds no commit"), "{argument}: {}", output.stderr);
    }
    assert!(!project.path().join("owned").exists());
    git(project.path(), &["checkout", "-q", "--orphan", "alone"]);
    git(project.path(), &["commit", "-q", "-m", "alone"]);
    project.run(["plan", "--base", "main"]).exits(1).says("fetch-depth: 0");
    let bare = Project::with_one_image();
    bare.run(["plan", "--base", "main"]).exits(64);
}

#[test]
fn nothing_that_the_repository_names_is_run() {
    let project = branch();
    let owned = project.path().join("owned");
    let touch = format!("touch {}", owned.display());
    // A program each for whatever git could be told to run.
    let program = project.path().join("evil.sh");
    write(&program, &format!("#!/bin/sh\n{touch}\ncat\n"));
    let program = format!("sh {}", program.display());
    project.write(".gitattributes", "* diff=evil filter=evil\n*.yaml diff=evil filter=evil\n");
    let settings = [
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "core.fsmonitor",
        "core.pager",
        "pager.diff",
        "core.editor",
        "core.sshCommand",
        "alias.diff-index",
        "alias.rev-parse",
        "core.askPass",
        "credential.helper",
    ];
    for name in settings {
        git(project.path(), &["config", name, &program]);
    }
    let hooks = project.path().join(".git/hooks");
    for hook in ["post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout", "reference-transaction"] {
        let path = hooks.join(hook);
        executable(&path, &format!("#!/bin/sh\n{touch}\n"));
    }
    post(&project, "a", "caption: Edited and not committed");
    let file = project.path().join("posts/b.yaml");
    // The same bytes at another time: git would have to compare the content.
    write(&file, &project.read("posts/b.yaml"));
    let output = project.run(["plan", "--format", "json", "--base", "main"]).exits(0);
    assert!(!owned.exists(), "git ran a program of the repository");
    assert!(output.stdout.contains("\"in_diff\": true"), "{}", output.stdout);
    // The trap works: a plain diff steps into it.
    let _ = Command::new("git").args(["diff", "main"]).current_dir(project.path()).output().unwrap();
    assert!(owned.exists());
}

#[test]
fn without_the_flag_a_plan_asks_git_only_for_names_of_files() {
    let project = branch();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("ran");
    executable(&folder.path().join("git"), &format!("#!/bin/sh\necho \"$*\" >>{}\n", log.display()));
    let path = folder.path().display().to_string();
    let project = project.env("PATH", &path);
    let asked = || std::fs::read_to_string(&log).unwrap_or_default();
    let commands: [&[&str]; 3] = [&["plan"], &["validate"], &["plan", "--format", "markdown"]];
    for arguments in commands {
        let private = project.path().join(".igsync");
        let _ = std::fs::remove_dir_all(&private);
        let asks = |expected: &[&str]| {
            project.run(arguments.iter().copied()).exits(0);
            let lines = asked();
            let ends = lines.lines().map(|line| line.split_once(" ls-files ").map_or(line, |(_, asked)| asked));
            assert_eq!(ends.collect::<Vec<_>>(), expected, "{arguments:?}");
            std::fs::remove_file(&log).unwrap();
        };
        let names = ["-z --others --ignored --exclude-standard --directory -- .", "-z --stage --debug -- ."];
        asks(&names);
        std::fs::create_dir_all(&private).unwrap();
        asks(&["-z -- .igsync", names[0], names[1]]);
    }
    let _ = project.run(["plan", "--base", "main"]);
    assert!(asked().contains("merge-base") || asked().contains("rev-parse"), "{}", asked());
    // Without a repository there is nothing to ask.
    std::fs::remove_file(&log).unwrap();
    std::fs::remove_dir_all(project.path().join(".git")).unwrap();
    project.run(["plan"]).exits(0);
    assert_eq!(asked(), "");
}
