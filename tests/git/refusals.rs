//! What apply refuses before anything is published: a checkout that is not the tip, a record that no one keeps.

use crate::machine::Site;
use crate::repo::{commit, write};

#[test]
fn an_old_checkout_is_refused_in_ci_and_names_the_way_out() {
    let site = Site::new(1);
    let old = site.machine();
    site.change("Another post", |folder| {
        write(folder, "posts/late.yaml", "draft: true\nkind: image\nimage: ./1.jpg\n");
    });
    old.apply(&["--no-push", "--allow-ephemeral-lock"])
        .exits(6)
        .says("this checkout is behind origin/main")
        .says("--allow-stale");
    assert!(site.server.published().is_empty());
    old.apply(&["--no-push", "--allow-ephemeral-lock", "--allow-stale"]).exits(0);
    assert_eq!(site.server.published().len(), 1);
}

#[test]
fn on_a_persons_machine_and_in_the_sandbox_nothing_is_compared() {
    let site = Site::new(1);
    let old = site.desk(&[]);
    site.change("Another change", |folder| write(folder, "posts/note.txt", "x\n"));
    old.apply(&["--sandbox"]).exits(0);
    let old = old.env("CI", "true");
    old.apply(&["--sandbox"]).exits(0);
    assert_eq!(site.server.published().len(), 0);
    assert!(!old.project.path().join(".git/refs/igsync").exists(), "git was asked");
}

#[test]
fn commits_that_only_record_are_merged_and_nothing_is_published_again() {
    let site = Site::new(2);
    let old = site.machine();
    let first = site.machine();
    first.apply(&["--no-push", "--allow-ephemeral-lock", "--target", "posts/1"]).exits(0);
    let lockfile = first.project.read("igsync.lock");
    site.change("Record", |folder| write(folder, "igsync.lock", &lockfile));
    // The re-run of a job: its checkout knows nothing of the record.
    old.apply(&["--no-push", "--allow-ephemeral-lock"]).exits(0).ends_with("Applied: 1 published; 1 unchanged.");
    assert_eq!(site.server.published().len(), 2);
    assert!(old.project.read("igsync.lock").contains("posts/1\""), "the merged record is written down");
}

#[test]
fn own_commits_and_pull_requests_are_not_the_tip() {
    let site = Site::new(1);
    let machine = site.machine();
    write(machine.project.path(), "posts/own.yaml", "draft: true\nkind: image\nimage: ./1.jpg\n");
    commit(machine.project.path(), "Mine");
    machine.apply(&[]).exits(6).says("this checkout has commits that origin/main does not").says("push them first");
    let machine = machine.env("GITHUB_REF", "refs/pull/3/merge");
    machine.git(&["checkout", "--quiet", "--detach"]);
    machine.apply(&[]).exits(6).says("this is a pull request").says("after the merge");
    assert!(site.server.published().is_empty());
}

#[test]
fn a_record_that_nobody_keeps_is_refused_in_ci() {
    for (config, reason) in [("git: { push: false }\n", "git.push in igsync.yaml is off"), ("", "--no-push was passed")]
    {
        let site = Site::below("", 1, config);
        let machine = site.machine();
        let no_push: &[&str] = if config.is_empty() { &["--no-push"] } else { &[] };
        machine.apply(no_push).exits(5).says(reason).says("--allow-ephemeral-lock");
        assert!(site.server.published().is_empty());
        // A plan says so offline where the files can tell, and does not fail for it.
        let plan = machine.igsync(&["plan", "--format", "json"]).exits(0);
        assert_eq!(plan.stdout.contains("ephemeral_lockfile"), !config.is_empty());
        machine.apply(&[no_push, &["--allow-ephemeral-lock"]].concat()).exits(0);
        assert_eq!(site.server.published().len(), 1);
        machine.apply(no_push).exits(0);
    }
}

#[test]
fn without_a_remote_or_a_repository_there_is_nothing_to_push_to() {
    let site = Site::new(1);
    let machine = site.machine();
    machine.git(&["remote", "remove", "origin"]);
    machine.apply(&[]).exits(5).says("this repository has no remote");
    machine.apply(&["--push"]).exits(1).says("cannot push the record").says("--no-push");
    std::fs::remove_dir_all(machine.project.path().join(".git")).unwrap();
    machine.apply(&[]).exits(5).says("not a git repository");
    let plan = machine.igsync(&["plan"]).exits(0);
    assert!(plan.stdout.contains("in no git repository"), "{}", plan.stdout);
    assert!(site.server.published().is_empty());
    machine.apply(&["--allow-ephemeral-lock"]).exits(0);
}

#[test]
fn a_remote_that_does_not_answer_is_no_keeper() {
    let site = Site::new(1);
    let machine = site.machine();
    machine.git(&["remote", "set-url", "origin", "https://user:ghp_SECRETSECRETSECRETSECRET@127.0.0.1:9/a.git"]);
    let refused = machine.apply(&[]).exits(5).says("cannot push to origin/main");
    assert!(!(refused.stderr + &refused.stdout).contains("SECRET"));
    let refused = machine.apply(&["--allow-ephemeral-lock"]).exits(6).says("cannot check whether this is the tip");
    assert!(!(refused.stderr + &refused.stdout).contains("SECRET"));
    let refused = machine.apply(&["--push"]).exits(1).says("cannot push the record");
    assert!(!(refused.stderr + &refused.stdout).contains("SECRET"));
    machine.apply(&["--allow-ephemeral-lock", "--allow-stale"]).exits(0);
    assert_eq!(site.server.published().len(), 1);
}
