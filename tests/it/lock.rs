//! `igsync lock`: surgery on the record, offline.

use serde_json::Value;

use crate::project::{Output, Project, Server};

fn live() -> (Server, Project) {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    (server, project)
}

fn json(output: Output) -> Value {
    serde_json::from_str(&output.exits(0).stdout).unwrap()
}

fn calls(server: &Server) -> usize {
    server.sandbox.requests().len()
}

#[test]
fn list_and_show_tell_what_is_recorded() {
    let (server, project) = live();
    let before = calls(&server);
    project.run(["lock", "list"]).exits(0).says("posts/one").ends_with("1 record: 1 published.");
    let id = server.published()[0]["media_id"].clone();
    assert_eq!(json(project.run(["lock", "list", "--format", "json"]))["records"][0]["media_id"], id);
    project.run(["lock", "show", "posts/one.yaml"]).exits(0).says(id.as_str().unwrap());
    assert_eq!(json(project.run(["lock", "show", "posts/one", "--format", "json"]))["records"][0]["media_id"], id);
    project.write("posts/new.yaml", "kind: image\nimage: ./one.jpg\ncaption: New\n");
    project.run(["lock", "show", "posts/new"]).exits(1).says("no record");
    project.run(["lock", "show", "posts/nwe"]).exits(64).says("posts/new");
    Project::with_one_image().run(["lock", "list"]).exits(0).ends_with("No records.");
    assert_eq!(calls(&server), before, "nobody is asked");
}

#[test]
fn a_record_follows_a_manifest_that_was_renamed_and_changed_at_once() {
    let (server, project) = live();
    project.remove("posts/one.yaml");
    project.jpeg("posts/other.jpg", 9);
    project.write("posts/renamed.yaml", "kind: image\nimage: ./other.jpg\ncaption: All new\n");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish, 1 orphaned.");
    let before = project.read("igsync.lock");
    project.run(["lock", "mv", "posts/one", "posts/renamed", "--dry-run"]).exits(0).says("would be moved");
    assert_eq!(project.read("igsync.lock"), before);
    project.run(["lock", "mv", "posts/one", "posts/renamed.yaml"]).exits(0).says("lock rm --graph");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited.");
    let records = json(project.run(["lock", "show", "posts/one", "--format", "json"]));
    assert_eq!(records["records"][0]["state"], "forgotten");
    assert_eq!(records["records"][0]["moved_to"], "posts/renamed", "the tombstone stays");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_record_never_moves_onto_another_one() {
    let (_server, project) = live();
    project.write("posts/two.yaml", "kind: image\nimage: ./one.jpg\ncaption: Two\n");
    project.run(["lock", "ignore", "posts/two"]).exits(0);
    project.run(["lock", "mv", "posts/one", "posts/two"]).exits(1).says("lock show posts/two");
}

#[test]
fn a_forgotten_post_is_published_again_and_that_is_said_before() {
    let (server, project) = live();
    project.run(["lock", "rm", "posts/one"]).exits(1).says("published again").says("--yes");
    project.run(["lock", "rm", "posts/one", "--dry-run"]).exits(0).says("published again");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.run(["lock", "rm", "posts/one", "--yes"]).exits(0).says("published again");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish.");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(server.published().len(), 2);
    project.run(["lock", "list"]).exits(0).ends_with("1 record: 1 published.");
}

#[test]
fn an_ignored_post_is_never_published_until_it_is_forgotten() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.run(["lock", "ignore", "posts/one", "--dry-run"]).exits(0).says("would be ignored");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish.");
    project.run(["lock", "ignore", "posts/one"]).exits(0).says("lock rm posts/one");
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
    project.run(["lock", "ignore", "posts/one"]).exits(0).says("nothing to change");
    assert!(server.published().is_empty());
    project.run(["lock", "rm", "posts/one", "--yes"]).exits(0);
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(server.published().len(), 1);
    project.run(["lock", "ignore", "posts/one"]).exits(1).says("published");
}

#[test]
fn a_post_that_was_deleted_in_the_app_is_recorded_so_and_never_goes_out_by_itself() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let project = project.env("IGSYNC_USER_ID", crate::project::USER);
    project.write("igsync.yaml", format!("accounts:\n  harbour:\n    user_id: \"{}\"\n", crate::project::USER));
    project.run(["lock", "accept", "posts/one", "--deleted"]).exits(1);
    project.run(["apply", "--yes"]).exits(0);
    let before = project.read("igsync.lock");
    project.run(["lock", "accept", "posts/one", "--deleted", "--dry-run"]).exits(0);
    assert_eq!(project.read("igsync.lock"), before);
    project.run(["lock", "accept", "posts/one", "--deleted"]).exits(0).says("--allow-duplicate posts/one");
    project.run(["lock", "accept", "posts/one", "--deleted"]).exits(0).says("nothing to change");
    project.run(["lock", "list"]).exits(0).says("deleted");
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes: 1 deleted.");
    assert_eq!(server.published().len(), 1, "nothing was sent");
    project.run(["apply", "--yes", "--no-live-check", "--allow-duplicate", "posts/one"]).exits(0);
    assert_eq!(server.published().len(), 2);
}

#[test]
fn an_accepted_edit_is_listed_no_more() {
    let (server, project) = live();
    project.run(["lock", "accept", "posts/one"]).exits(0).says("nothing to change");
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: As corrected in the app\n");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited.");
    project.run(["lock", "accept", "posts/one", "--dry-run"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited.");
    project.run(["lock", "accept", "posts/one"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert_eq!(server.published().len(), 1);
    project.write("posts/two.yaml", "kind: image\nimage: ./one.jpg\ncaption: Two\n");
    project.run(["lock", "accept", "posts/two"]).exits(1).says("resolve posts/two --published");
}

#[test]
fn lockfiles_of_two_branches_become_one() {
    let project = Project::with_one_image();
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: Two\n");
    let empty = project.read("igsync.lock");
    project.run(["resolve", "posts/one", "--published", "17900000000000001"]).exits(0);
    let ours = project.read("igsync.lock");
    project.write("igsync.lock", &empty);
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.run(["resolve", "posts/two", "--published", "17900000000000002"]).exits(0);
    let theirs = project.read("igsync.lock");

    project.write("ours.lock", &ours);
    project.run(["lock", "merge", "ours.lock", "--dry-run"]).exits(0).says("Would merge: 1 new attempt");
    assert_eq!(project.read("igsync.lock"), theirs);
    project.run(["lock", "merge", "ours.lock"]).exits(0).says("Merged: 1 new attempt");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.run(["lock", "merge", "ours.lock"]).exits(0).says("Nothing to merge");
    let merged = project.read("igsync.lock");

    let lines = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
    let conflict = format!("{empty}<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", lines(&ours), lines(&theirs));
    project.write("igsync.lock", conflict);
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.run(["lock", "merge"]).exits(0).says("both sides");
    assert_eq!(project.read("igsync.lock"), merged);
    project.run(["lock", "merge", "nowhere.lock"]).exits(1).says("nowhere.lock");
}

#[test]
fn two_live_posts_of_one_manifest_are_named() {
    let project = Project::with_one_image();
    project.run(["resolve", "posts/one", "--published", "17900000000000001"]).exits(0);
    let ours = project.read("igsync.lock");
    project.write("ours.lock", ours);
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.run(["resolve", "posts/one", "--published", "17900000000000002"]).exits(0);
    project.run(["lock", "merge", "ours.lock"]).exits(0).says("live more than once");
}

#[test]
fn surgery_waits_for_no_run() {
    let project = Project::with_one_image();
    std::fs::create_dir_all(project.path().join(".igsync")).unwrap();
    let lock = std::fs::File::create(project.path().join(".igsync/run.lock")).unwrap();
    lock.lock().unwrap();
    project.run(["lock", "ignore", "posts/one"]).exits(7);
    project.run(["resolve", "posts/one", "--published"]).exits(7);
    project.run(["lock", "list"]).exits(0);
    project.run(["lock", "ignore", "posts/one", "--dry-run"]).exits(0);
}

#[test]
fn what_another_clone_began_does_not_go_on_once_it_is_ignored() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let header = project.read("igsync.lock");
    server.fail(r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"graph_error":{"code":190,"effect":false}}}]"#);
    project.run(["apply", "--yes"]).exits(9);
    let began = project.read("igsync.lock");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.write("igsync.lock", header);
    project.run(["lock", "ignore", "posts/one"]).exits(0);
    project.write("began.lock", began);
    project.run(["lock", "merge", "began.lock"]).exits(0).says("1 new attempt");
    project.run(["plan"]).exits(0).says("before it was ignored");
    project.run(["apply", "--yes"]).exits(0);
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
    assert!(server.published().is_empty(), "its container was never published");
}

/// A post of the account that is live since `minutes`, and a manifest that says the same.
fn posted_by_hand(minutes: i64) -> (Server, Project) {
    let server = Server::start();
    let at = now() - jiff::SignedDuration::from_mins(minutes);
    server.sandbox.seed(&serde_json::json!([{ "caption": "Low tide", "at": at.to_string() }])).unwrap();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.remove("posts/one.yaml");
    (server, project)
}

fn now() -> jiff::Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a post is posted by hand on this machine's clock")]
    jiff::Timestamp::now()
}

fn publishes(server: &Server) -> u64 {
    server.published().iter().filter_map(|post| post["publish_calls"].as_u64()).sum()
}

#[test]
fn what_was_imported_does_not_hide_that_a_post_may_be_live_already() {
    let (server, project) = posted_by_hand(3);
    let due = now() - jiff::SignedDuration::from_mins(1);
    project.write("posts/tide.yaml", format!("kind: image\nimage: ./one.jpg\ncaption: Low tide\npublish_at: {due}\n"));
    project.run(["import", "--record-only"]).exits(0);
    project.run(["apply", "--yes"]).exits(4).says("it may be live already");
    assert_eq!(publishes(&server), 0);
    project.run(["resolve", "posts/tide", "--not-published"]).exits(0);
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(publishes(&server), 1, "a person has said that it is another one");
}

#[test]
fn what_was_imported_and_forgotten_does_not_hide_it_either() {
    let (server, project) = posted_by_hand(3);
    project.run(["import", "--record-only"]).exits(0);
    project.run(["lock", "rm", "imported/*", "--yes"]).exits(0);
    project.write("posts/tide.yaml", "kind: image\nimage: ./one.jpg\ncaption: Low tide\n");
    project.run(["apply", "--yes", "--refresh", "full"]).exits(4).says("may be live already");
    assert_eq!(publishes(&server), 0);
}

#[test]
fn a_glob_leaves_what_a_person_has_written() {
    let (server, project) = posted_by_hand(3);
    project.run(["import", "--record-only"]).exits(0);
    let id = server.published()[0]["media_id"].as_str().unwrap().to_owned();
    project.write("posts/tide.yaml", "kind: image\nimage: ./one.jpg\ncaption: Low tide\n");
    project.run(["lock", "mv", &format!("imported/{id}"), "posts/tide"]).exits(0);
    project.run(["lock", "rm", "posts/**", "--yes"]).exits(1).says("matches no imported post");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    // What it says, and its media, are known from now on: an edit is seen, and a new name, too.
    project.write("posts/tide.yaml", "kind: image\nimage: ./one.jpg\ncaption: Low tide\nalt_text: Mud\n");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited.");
    project.write("posts/tide.yaml", "kind: image\nimage: ./one.jpg\ncaption: Low tide\n");
    project.rename("posts/tide.yaml", "posts/low-tide.yaml");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 moved.");
    project
        .run(["lock", "accept", "posts/low-tide", "--deleted"])
        .exits(1)
        .says("igsync lock accept posts/tide --deleted");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(publishes(&server), 0);
}

#[test]
fn what_was_live_before_an_edit_was_accepted_is_still_a_repetition() {
    let (server, project) = live();
    let original = std::fs::read(project.path().join("posts/one.jpg")).unwrap();
    project.jpeg("posts/one.jpg", 7);
    project.run(["lock", "accept", "posts/one"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.write("posts/two.jpg", original);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: Two\n");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 duplicate; 1 unchanged.");
    project.remove("posts/two.yaml");
    project.rename("posts/one.yaml", "posts/renamed.yaml");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 moved.");
    project.rename("posts/renamed.yaml", "posts/one.yaml");
    project.write("posts/one.yaml", "kind: story\nimage: ./one.jpg\n");
    project.run(["lock", "accept", "posts/one"]).exits(1).says("is of kind image");
    assert_eq!(publishes(&server), 1);
}

#[test]
fn an_imported_post_that_was_deleted_is_no_unknown_and_a_slip_is_taken_back() {
    let (server, project) = posted_by_hand(3);
    project.run(["import", "--write", "--to", "posts/{slug}"]).exits(0);
    let id = server.published()[0]["media_id"].as_str().unwrap().to_owned();
    let accepted = project.run(["lock", "accept", "posts/low-tide", "--deleted"]).exits(0).says("remove it");
    accepted.says(&format!("igsync resolve posts/low-tide --published {id}`"));
    project.run(["plan"]).exits(0).ends_with("No changes: 1 deleted.");
    project.run(["apply", "--yes"]).exits(0);
    project.run(["import", "--write"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes: 1 deleted.");
    project.rename("posts/low-tide.yaml", "posts/tide.yaml");
    assert!(!project.run(["plan"]).exits(0).stdout.contains("unknown"));
    project.rename("posts/tide.yaml", "posts/low-tide.yaml");
    project.run(["resolve", "posts/low-tide", "--published", &id]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert_eq!(publishes(&server), 0);
}
