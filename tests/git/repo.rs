//! Bare repositories on disk, and clones of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::executable::executable;
use igsync::git::{Branch, Checkout, Git, Signature, Target};
use igsync::process::{Environment, Secrets};

/// A remote that all machines share.
pub struct Origin {
    folder: tempfile::TempDir,
}

impl Origin {
    /// A bare repository whose `main` holds `README` and a header-only lockfile, below `prefix`.
    pub fn new(prefix: &str) -> Self {
        let origin = Self { folder: tempfile::tempdir().unwrap() };
        git(origin.folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "origin.git"]);
        let seed = origin.clone_of("seed", &[]);
        write(&seed, &format!("{prefix}igsync.lock"), "{\"igsync_lock\":1}\n");
        write(&seed, "README", "one\n");
        commit(&seed, "Begin");
        push(&seed);
        origin
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    /// A fresh clone, as a new machine makes it.
    pub fn clone_of(&self, name: &str, options: &[&str]) -> PathBuf {
        let path = self.folder.path().join(name);
        self.clone_into(&path, options);
        path
    }

    pub fn clone_into(&self, path: &Path, options: &[&str]) {
        // A path would be copied whole, whatever depth is asked for.
        let url = format!("file://{}", self.path().display());
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        arguments.extend([&*url, path.to_str().unwrap()]);
        git(self.folder.path(), &arguments);
        git(path, &["config", "user.name", "Test"]);
        git(path, &["config", "user.email", "test@example.com"]);
    }

    /// A file as `main` or another branch holds it.
    pub fn file(&self, branch: &str, path: &str) -> Option<String> {
        let output = command(&self.path(), &["cat-file", "blob", &format!("{branch}:{path}")]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    pub fn ask(&self, arguments: &[&str]) -> String {
        git(&self.path(), arguments)
    }

    /// Lets `script` run as a hook of the bare repository.
    pub fn hook(&self, name: &str, script: &str) {
        hook(&self.path().join("hooks"), name, script);
    }
}

pub fn hook(folder: &Path, name: &str, script: &str) {
    executable(&folder.join(name), &format!("#!/bin/sh\n{script}\n"));
}

pub fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
    fs::write(path, text).unwrap();
}

/// Git without anyone's settings.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).env_clear();
    for (name, value) in environment() {
        command.env(name, value);
    }
    command
}

pub fn environment() -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
    vec![
        ("PATH", path),
        ("HOME", "/nonexistent".to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
    ]
}

/// Runs git and returns what it wrote.
#[track_caller]
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[track_caller]
pub fn commit(folder: &Path, message: &str) -> String {
    git(folder, &["add", "--all"]);
    let who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    git(folder, &[&who[..], &["commit", "--quiet", "--message", message]].concat());
    git(folder, &["rev-parse", "HEAD"])
}

#[track_caller]
pub fn push(folder: &Path) {
    git(folder, &["push", "--quiet", "origin", "HEAD"]);
}

/// What git says of a clone and must not change: status, index, branches, HEAD.
pub fn state(clone: &Path) -> String {
    ["status --porcelain=v2 --branch", "ls-files --stage", "for-each-ref refs/heads refs/tags", "rev-parse HEAD"]
        .map(|line| git(clone, &line.split(' ').collect::<Vec<_>>()))
        .join("\n")
}

/// Runs something of the library to its end.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The variables of the test itself.
pub fn inherited() -> Environment {
    Environment::without(&Secrets::default())
}

pub async fn checkout(root: &Path) -> Checkout {
    Checkout::find(Git::new(root, Duration::from_secs(30), &inherited())).await.unwrap()
}

/// The branch that keeps the record for the content root `root`.
pub async fn branch(root: &Path) -> Branch {
    let checkout = checkout(root).await;
    let target = checkout.target(None, &|_| None).await.unwrap();
    Branch::of_content(checkout, target, Signature::default(), &|_| None)
}

pub async fn state_branch(root: &Path, name: &str) -> Branch {
    let target = Target { remote: "origin".to_owned(), branch: name.to_owned() };
    Branch::of_state(checkout(root).await, target, Signature::default(), &|_| None)
}
