//! The branch moves on while a run is at work: other manifests, other keys, other records.

use std::path::Path;

use crate::lost::reached;
use crate::machine::{Machine, Site, post};
use crate::project::Output;
use crate::races::finish;
use crate::repo::write;

/// Holds the first push until `go` is there, then lets git decide; later ones pass.
const HOLD: &str = "\
[ -e held ] && exit 0
touch held
while [ ! -e go ]; do sleep 0.01; done";

/// Runs apply on `machine` and lets `happen` take place while its first push, that of its announcements, is received.
fn apply_while(site: &Site, machine: &Machine, hook: &str, happen: impl FnOnce()) -> Output {
    apply_more_while(site, machine, &[], hook, happen)
}

fn apply_more_while(site: &Site, machine: &Machine, more: &[&str], hook: &str, happen: impl FnOnce()) -> Output {
    let folder = site.origin.path();
    site.origin.hook("pre-receive", hook);
    let mut command = machine.command(&[&["apply", "--yes"], more].concat());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut run = command.spawn().unwrap();
    assert!(reached(&folder.join("held"), &mut run), "the run announced nothing");
    happen();
    write(&folder, "go", "");
    let output = run.wait_with_output().unwrap();
    site.origin.hook("pre-receive", "exit 0");
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn withdraw(folder: &Path, number: u8) {
    let path = format!("posts/{number}.yaml");
    let text = std::fs::read_to_string(folder.join(&path)).unwrap();
    write(folder, &path, &format!("{text}draft: true\n"));
}

fn rename(folder: &Path, from: &str, to: &str) {
    std::fs::rename(folder.join(format!("posts/{from}.yaml")), folder.join(format!("posts/{to}.yaml"))).unwrap();
}

fn live(site: &Site) -> Vec<String> {
    let mut captions: Vec<String> =
        site.server.published().iter().map(|post| post["caption"].as_str().unwrap().to_owned()).collect();
    captions.sort_unstable();
    captions
}

#[test]
fn a_post_that_was_withdrawn_meanwhile_is_not_published() {
    let site = Site::new(2);
    let output = apply_while(&site, &site.machine(), HOLD, || {
        site.change("Withdraw a post", |folder| withdraw(folder, 1));
    });
    output.exits(3).says("new commits that change more than igsync.lock");
    assert_eq!(live(&site), Vec::<String>::new(), "the run of the new commit publishes the rest");
    finish(&site, "withdrawn");
    assert_eq!(live(&site), ["Number 2 of the harbour"]);
}

#[test]
fn a_post_that_was_withdrawn_meanwhile_is_not_published_beside_a_state_branch() {
    let site = Site::below("", 2, "git: { state_branch: bot/state }\n");
    // Declined: announced again, over a content that has changed by then.
    let declined = format!("{HOLD}\nexit 1");
    let output = apply_while(&site, &site.machine(), &declined, || {
        site.change("Withdraw a post", |folder| withdraw(folder, 1));
    });
    output.exits(3).says("new commits that change more than igsync.lock");
    assert_eq!(live(&site), Vec::<String>::new());
    finish(&site, "withdrawn");
    assert_eq!(live(&site), ["Number 2 of the harbour"]);
}

#[test]
fn a_commit_beside_the_content_root_ends_nothing() {
    let site = Site::below("content/", 1, "");
    let output = apply_while(&site, &site.machine(), HOLD, || {
        site.change("Write", |folder| write(folder.parent().unwrap(), "README", "two\n"));
    });
    output.exits(0);
    site.audit(1, "main", "beside");
}

/// The machine of an old commit publishes a post under the key that it had there.
fn publish_by_an_old_checkout(old: &Machine) {
    let output = old.apply(&["--push", "--allow-stale", "--target", "posts/1"]);
    output.exits(0);
}

#[test]
fn a_post_that_is_renamed_in_one_of_two_checkouts_is_published_once() {
    for config in ["", "git: { state_branch: bot/state }\n"] {
        let site = Site::below("", 2, config);
        let old = site.desk(&[]);
        site.change("Rename a post", |folder| rename(folder, "1", "renamed"));
        let output = apply_while(&site, &site.machine(), HOLD, || publish_by_an_old_checkout(&old));
        assert!([0, 3].contains(&output.code), "{config}{output:?}");
        finish(&site, "renamed");
        assert_eq!(live(&site), ["Number 1 of the harbour", "Number 2 of the harbour"], "{config}");
    }
}

#[test]
fn a_post_that_repeats_what_went_out_meanwhile_is_held_back() {
    let site = Site::new(1);
    let old = site.desk(&[]);
    site.change("A twin, and the original withdrawn", |folder| {
        withdraw(folder, 1);
        post(folder, 2);
        let picture = "kind: image\nimage: ./1.jpg\ncaption: The same picture\n";
        write(folder, "posts/twin.yaml", picture);
    });
    let output = apply_while(&site, &site.machine(), HOLD, || publish_by_an_old_checkout(&old));
    output.exits(3).says("posts/1, which is live");
    let output = site.machine().apply(&[]);
    output.exits(3);
    assert_eq!(live(&site), ["Number 1 of the harbour", "Number 2 of the harbour"]);
}

fn order(folder: &Path, number: u8, state: &str) {
    let path = format!("posts/{number}.yaml");
    let text = std::fs::read_to_string(folder.join(&path)).unwrap();
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("state:")).collect();
    let order = format!("state: {state}\n");
    lines.push(&order);
    write(folder, &path, &lines.join("\n"));
}

/// How many posts are still live.
fn left(site: &Site) -> usize {
    site.server.published().iter().filter(|post| post["deleted"] != true).count()
}

/// With the login that can delete.
fn with_facebook(machine: Machine) -> Machine {
    machine.env("IGSYNC_LOGIN", "facebook").env("IGSYNC_ACCESS_TOKEN", "EAA-LONG")
}

/// On every machine: what is deleted never comes back.
#[test]
fn a_checkout_that_lacks_the_commit_that_takes_an_order_back_deletes_nothing() {
    let site = Site::below("", 2, "    login: facebook\n    allow_delete: true\n");
    with_facebook(site.machine()).apply(&[]).exits(0);
    for keep in ["--push", "--no-push"] {
        site.change("Order a deletion", |folder| order(folder, 1, "absent"));
        let desk = with_facebook(site.desk(&[]));
        let machine = with_facebook(site.machine());
        site.change("Take it back", |folder| order(folder, 1, "present"));
        desk.apply(&["--allow-delete", keep]).exits(6).says("behind origin/main");
        machine.apply(&["--allow-delete"]).exits(6);
        assert_eq!(left(&site), 2, "{keep}");
        // Without the third key it is a run like any other.
        desk.apply(&[keep]).exits(0);
    }
    site.change("Order it again", |folder| order(folder, 1, "absent"));
    let desk = with_facebook(site.desk(&[]));
    // A commit of one's own takes nothing back.
    write(desk.project.path(), "notes.txt", "mine");
    crate::repo::commit(desk.project.path(), "A note");
    desk.apply(&["--allow-delete", "--no-push"]).exits(0).says("deleted posts/1");
    assert_eq!(left(&site), 1);
}

/// The commit comes while the run is at work.
#[test]
fn an_order_that_is_taken_back_while_it_is_announced_is_not_carried_out() {
    let site = Site::below("", 2, "    login: facebook\n    allow_delete: true\n");
    with_facebook(site.machine()).apply(&[]).exits(0);
    site.change("Order a deletion", |folder| order(folder, 1, "absent"));
    let machine = with_facebook(site.machine());
    let output = apply_more_while(&site, &machine, &["--allow-delete"], HOLD, || {
        site.change("Take it back", |folder| order(folder, 1, "present"));
    });
    output.exits(3).says("new commits that change more than igsync.lock");
    assert_eq!(left(&site), 2);
    with_facebook(site.machine()).apply(&["--allow-delete"]).exits(0);
    assert_eq!(left(&site), 2, "never after it was withdrawn");
}
