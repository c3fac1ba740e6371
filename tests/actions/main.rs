//! `action.yml`, the workflows and the release, carried out as a runner would: every `run:` text is read
//! from its file and run in its shell, with the runner's environment and files. No step is copied here.
//!
//! A program that is missing is a visible skip, and a failure where `IGSYNC_TEST_REQUIRE_TOOLS` is set.

#![cfg(unix)]
#![expect(unreachable_pub, clippy::unwrap_used, reason = "tests stop at the first surprise; their texts are small")]

mod action;
mod base;
mod docs;
mod download;
mod executable;
mod expr;
mod hostile;
mod issue;
mod lint;
mod page;
#[path = "../it/project.rs"]
#[allow(dead_code, clippy::cast_possible_truncation, reason = "shared with the other test binaries")]
mod project;
mod release;
mod runner;
mod workflows;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// A YAML file of the repository.
fn yaml(path: &str) -> Value {
    let text = std::fs::read_to_string(project::repository().join(path)).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every workflow of the repository, those for content repositories included.
fn workflow_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = [".github/workflows", "examples/content/.github/workflows"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(project::repository().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    files
}

/// `None`: the program is not here, and the test skips visibly unless `.ci/run` forbids it.
fn tool(program: impl Into<PathBuf>, ask: &str) -> Option<PathBuf> {
    let program = program.into();
    let runs = Command::new(&program).arg(ask).output().is_ok_and(|output| output.status.success());
    project::has(&program.display().to_string(), runs).then_some(program)
}

/// Building for release takes minutes: only where `IGSYNC_TEST_RELEASE` asks for it.
fn wants_release() -> bool {
    let wants = std::env::var_os("IGSYNC_TEST_RELEASE").is_some();
    if !wants {
        project::skipped("IGSYNC_TEST_RELEASE is not set, nothing is built for release");
    }
    wants
}
