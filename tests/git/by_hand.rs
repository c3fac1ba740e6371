//! What people say of the record, kept where the next machine reads it.

use crate::machine::{Machine, Site};
use crate::repo::write;

const STATE: &str = "git: { state_branch: bot/state }\n";

fn states(site: &Site, key: &str) -> Vec<String> {
    let records = site.records(site.branch());
    let mine = records.iter().filter(|record| record["key"] == key);
    mine.map(|record| record["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_machine_of_the_ci_keeps_what_was_resolved() {
    for config in ["", STATE] {
        let site = Site::below("site/", 3, config);
        let main = site.origin.ask(&["rev-parse", "main"]);
        let machine = site.machine();
        let said = machine.igsync(&["resolve", "posts/1", "--published"]).exits(0).says("posts/1: published");
        assert!(!said.stderr.contains("git commit"), "{}", said.stderr);
        machine.igsync(&["lock", "ignore", "posts/2"]).exits(0);
        assert_eq!(
            (states(&site, "posts/1"), states(&site, "posts/2")),
            (vec!["published".into()], vec!["ignored".into()])
        );
        let message = site.origin.ask(&["log", "-1", "--format=%B", site.branch()]);
        assert!(message.contains("posts/2") && message.contains("[skip ci]"), "{message}");
        if config.is_empty() {
            assert_eq!(machine.git(&["rev-parse", "HEAD"]), site.origin.ask(&["rev-parse", "main"]), "it came along");
            assert_eq!(machine.git(&["status", "--porcelain"]), "");
        } else {
            assert_eq!(site.origin.ask(&["rev-parse", "main"]), main, "main takes no record");
        }
        // The next machine publishes what is left; forgetting reaches it, too.
        site.machine().apply(&[]).exits(0);
        assert_eq!(site.server.published().len(), 1);
        site.machine().igsync(&["lock", "rm", "posts/2", "--yes"]).exits(0);
        site.machine().apply(&[]).exits(0);
        assert_eq!(site.server.published().len(), 2, "{config}");
    }
}

#[test]
fn what_others_have_recorded_is_joined_before_anything_is_said() {
    let site = Site::new(2);
    let old = site.machine();
    site.machine().apply(&[]).exits(0);
    // The old checkout knows nothing of the two posts: it is told, and overwrites nothing.
    let media = site.server.published()[0]["media_id"].as_str().unwrap().to_owned();
    let key = site.records("main").iter().find(|record| record["media_id"] == *media).unwrap()["key"].clone();
    let other = if key == "posts/1" { "posts/2" } else { "posts/1" };
    old.igsync(&["resolve", other, "--published", &media]).exits(1).says("is recorded as the post");
    old.igsync(&["resolve", "posts/1", "--not-published"]).exits(1).says("is recorded as published");
    old.igsync(&["lock", "ignore", "posts/1"]).exits(1).says("is recorded as published");
    site.audit(2, "main", "nothing was changed");
}

/// A machine that looks without changing anything.
fn shows(machine: &Machine, words: &[&str], key: &str) -> bool {
    machine.igsync(words).stdout.contains(key)
}

#[test]
fn commands_that_look_read_the_branch_of_the_record() {
    let site = Site::below("", 2, STATE);
    let desk = site.desk(&[]);
    assert!(shows(&desk, &["plan"], "posts/1"));
    desk.igsync(&["plan"]).exits(0).says("`git fetch origin bot/state` fetches it");
    site.machine().igsync(&["resolve", "posts/1", "--published"]).exits(0);
    // A plan and a list ask no one, so they know it after a fetch; the status fetches.
    assert!(shows(&desk, &["plan"], "posts/1"));
    assert!(!shows(&desk, &["lock", "list"], "posts/1"));
    assert!(shows(&desk, &["status"], "posts/1"));
    assert!(shows(&desk, &["resolve", "posts/1", "--dry-run"], "posts/1: published"));
    desk.git(&["fetch", "--quiet"]);
    assert!(shows(&desk, &["lock", "list"], "posts/1"));
    assert!(!shows(&desk, &["plan"], "posts/1"));
    // Media of what is published may be gone.
    std::fs::remove_file(desk.project.path().join("posts/1.jpg")).unwrap();
    desk.igsync(&["validate"]).exits(0);
}

#[test]
fn a_person_publishes_nothing_over_a_branch_that_cannot_be_read() {
    let site = Site::below("", 1, STATE);
    site.machine().apply(&[]).exits(0);
    let desk = site.desk(&[]);
    std::fs::remove_file(desk.project.path().join("posts/1.jpg")).unwrap();
    let idle = desk.apply(&[]).exits(0).ends_with("No changes.");
    assert!(!idle.stderr.contains("posts/1"), "media of what is live are not looked at: {}", idle.stderr);
    let alone = site.desk(&["--single-branch"]);
    let url = format!("file://{}", site.origin.path().with_file_name("moved.git").display());
    alone.git(&["remote", "set-url", "origin", &url]);
    alone.apply(&[]).exits(6).says("cannot read the record on branch bot/state").says("--allow-stale");
    for words in [&["status"][..], &["lock", "ignore", "posts/1"]] {
        alone.igsync(words).says("note: the record could not be fetched");
    }
    assert_eq!(site.server.published().len(), 1);
}

#[test]
fn what_cannot_be_pushed_is_handed_over_and_can_be_said_again() {
    let site = Site::new(1);
    site.origin.hook("pre-receive", "echo 'not today'; exit 1");
    let machine = site.machine();
    let output = machine.igsync(&["-q", "resolve", "posts/1", "--published"]).exits(8).says("hook declined");
    let lines = output.stderr.split_inclusive('\n').filter(|line| line.starts_with('{')).collect::<String>();
    let desk = site.desk(&[]);
    write(desk.project.path(), "lost.jsonl", &lines);
    desk.igsync(&["lock", "merge", "lost.jsonl"]).exits(0);
    assert!(desk.project.read("igsync.lock").contains("\"via\":\"resolved\""));
    // An apply with nothing to do has the same to say.
    let idle = machine.apply(&["-q"]).exits(8);
    assert!(idle.stderr.contains(&lines), "{}", idle.stderr);
    site.origin.hook("pre-receive", "exit 0");
    machine.igsync(&["resolve", "posts/1"]).exits(0);
    assert_eq!(states(&site, "posts/1"), ["published"]);
}

#[test]
fn on_a_machine_that_vanishes_nothing_is_said_that_nobody_keeps() {
    let site = Site::new(1);
    let machine = site.machine();
    machine.git(&["remote", "remove", "origin"]);
    let refused = machine.igsync(&["resolve", "posts/1", "--published"]).exits(1);
    refused.says("this repository has no remote").says("--no-push");
    assert!(!machine.project.read("igsync.lock").contains("posts/1"));
    let machine = machine.env("IGSYNC_GRAPH_URL", "");
    let said = machine.igsync(&["resolve", "posts/1", "--published", "--no-push"]).exits(0);
    said.says("git add igsync.lock && git commit");
    machine.igsync(&["lock", "accept", "posts/1", "--push"]).exits(1).says("cannot push the record");
    // A configuration that is only half understood may mean another branch.
    let main = site.origin.ask(&["rev-parse", "main"]);
    let broken = site.machine();
    let config = broken.project.read("igsync.yaml");
    write(broken.project.path(), "igsync.yaml", &format!("{config}git: {{ state_brnach: bot/state }}\n"));
    broken.igsync(&["lock", "ignore", "posts/1"]).exits(1).says("igsync.yaml has errors");
    broken.igsync(&["lock", "ignore", "posts/1", "--push"]).exits(1).says("igsync.yaml has errors");
    assert_eq!(site.origin.ask(&["rev-parse", "main"]), main);
    let off = Site::below("", 1, "git: { push: false }\n").machine().env("IGSYNC_GRAPH_URL", "");
    off.igsync(&["lock", "ignore", "posts/1"]).exits(0).says("git add igsync.lock && git commit");
}

#[test]
fn a_person_pushes_what_they_say_when_asked() {
    for config in ["", STATE] {
        let site = Site::below("", 1, config);
        let desk = site.desk(&[]).env("IGSYNC_GRAPH_URL", "");
        let main = site.origin.ask(&["rev-parse", "main"]);
        let next = if config.is_empty() { "git add igsync.lock && git commit" } else { "`igsync lock merge --push`" };
        desk.igsync(&["lock", "ignore", "posts/1"]).exits(0).says(next);
        assert_eq!(site.origin.ask(&["rev-parse", "main"]), main);
        // What only this clone knew goes along.
        desk.igsync(&["lock", "show", "posts/1"]).exits(0);
        desk.igsync(&["lock", "merge", "--push"]).exits(0);
        assert_eq!(states(&site, "posts/1"), ["ignored"], "{config}");
    }
}
