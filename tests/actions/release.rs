//! `release.yml`: the job of this machine's target is carried out, step by step.

use std::process::Command;

use serde_json::{Value, json};

use crate::project::{has, repository, skipped};
use crate::runner::{Done, Runner, write};
use crate::{wants_release, yaml};

const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// Runs the build job for this machine's target, which makes an archive.
fn build(runner: &mut Runner) -> Option<Vec<Done>> {
    let release = yaml(".github/workflows/release.yml");
    let job = &release["jobs"]["build"];
    let rows = job["strategy"]["matrix"]["include"].as_array().unwrap();
    let row = rows.iter().find(|row| row["target"] == host().as_str());
    // A first build takes minutes; `.ci/run` has made one.
    let target = repository().join("target");
    let is_built = target.join(host()).join("release/igsync").exists();
    if !wants_release() || !has("release build", is_built) {
        return None;
    }
    let Some(row) = row else {
        skipped(&format!("no release is made on {}", host()));
        return None;
    };
    runner.contexts["matrix"] = row.clone();
    for (name, value) in job["env"].as_object().unwrap() {
        let value = crate::expr::interpolate(value.as_str().unwrap(), &runner.contexts);
        runner.set(name, &value);
    }
    runner.set("CARGO_TARGET_DIR", &target.display().to_string());
    runner.set("GITHUB_REF_NAME", TAG);
    assert_eq!(job["defaults"]["run"]["shell"], "bash");
    Some(runner.run(&job["steps"], |_, _, _| Value::Null))
}

#[test]
fn the_native_job_makes_an_archive_that_publishes() {
    let mut runner = Runner::new(&repository());
    let Some(done) = build(&mut runner) else { return };
    for step in done {
        step.exits(0);
    }
    let name = format!("igsync-{TAG}-{}", host());
    let archive = runner.runner_temp().join("dist").join(format!("{name}.tar.gz"));
    let listed = Command::new("tar").arg("-tzf").arg(&archive).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for file in
        ["igsync", "README.md", "LICENSE-MIT", "completions/igsync.bash", "completions/igsync.zsh", "man/igsync.1"]
    {
        assert!(listed.lines().any(|line| line == format!("{name}/{file}")), "{file} in {listed}");
    }

    // The second job: checksums over what the builds left, and a release of all of it.
    let release = yaml(".github/workflows/release.yml");
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    write(&folder.path().join("gh"), &format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >>{}\n", log.display()));
    let made = Command::new("chmod").arg("+x").arg(folder.path().join("gh")).status().unwrap();
    assert!(made.success());
    runner.set("PATH", &format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap()));
    for step in runner.run(&release["jobs"]["publish"]["steps"], |_, _, _| Value::Null) {
        step.exits(0);
    }
    let asked = std::fs::read_to_string(log).unwrap();
    assert!(asked.contains(&format!("release create {TAG} --repo acme/feed")), "{asked}");
    assert!(asked.contains(&format!("{name}.tar.gz SHA256SUMS")), "{asked}");

    // What the release lists is what `action.yml` would take.
    let sums = std::fs::read_to_string(runner.runner_temp().join("dist/SHA256SUMS")).unwrap();
    assert!(sums.lines().any(|line| line.len() > 66 && line.ends_with(&format!("{name}.tar.gz"))), "{sums}");
}

#[test]
fn a_tag_of_another_version_releases_nothing() {
    let release = yaml(".github/workflows/release.yml");
    let mut runner = Runner::new(&repository());
    runner.set("GITHUB_REF_NAME", "v99.0.0");
    let steps = release["jobs"]["build"]["steps"].as_array().unwrap();
    let done = runner.run(&json!([steps[1]]), |_, _, _| Value::Null);
    done.into_iter().next().unwrap().exits(1);
}

#[test]
fn every_archive_that_the_action_asks_for_is_built() {
    let release = yaml(".github/workflows/release.yml");
    let rows = release["jobs"]["build"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let built: Vec<&str> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    let action = std::fs::read_to_string(repository().join("action.yml")).unwrap();
    let asked: Vec<&str> =
        action.lines().filter_map(|line| line.split_once(") target=")?.1.split(' ').next()).collect();
    let asked: Vec<&str> = asked.into_iter().filter(|target| !target.is_empty()).collect();
    assert_eq!(asked.len(), 5);
    for target in asked {
        assert!(built.contains(&target), "{target}");
    }
}
