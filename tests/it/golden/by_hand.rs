//! What a person does to the record.

use serde_json::json;

use super::story::{INSTAGRAM, Story};

#[test]
fn a_post_that_went_out_by_phone_is_recorded() {
    let mut story = Story::new("resolve_by_phone");
    story
        .image("one", "first_comment: First!\n")
        .image("two", "")
        .igsync("resolve posts/one --published 17900000000000099 --format json")
        .igsync("resolve posts/two.yaml --published --format json --dry-run")
        .igsync("resolve posts/two.yaml --published --format json")
        .igsync("lock list --format json")
        .plan("")
        .igsync("resolve posts/one --published 17900000000000088 --format json")
        .igsync("lock show posts/two --format json")
        .plan("")
        .ends();
}

#[test]
fn a_link_is_recorded_and_its_id_found() {
    let mut story = Story::new("resolve_by_link");
    story.image("one", "").apply("");
    let lockfile = story.project.read("igsync.lock");
    let record: serde_json::Value = serde_json::from_str(lockfile.lines().nth(1).unwrap()).unwrap();
    let link = record["permalink"].as_str().unwrap();
    story
        .lose_record()
        .igsync(&format!("resolve posts/one --published {link}?igsh=abc --format json"))
        .plan("")
        .igsync("resolve posts/one --published 1 --format json")
        .igsync("resolve posts/one --not-published --format json")
        .ends();
}

#[test]
fn an_open_post_is_resolved_either_way() {
    let blocked = json!({ "graph_error": { "code": 4, "subcode": 2_207_051 } });
    for (name, line) in [
        ("resolve_open_published", "resolve posts/one --published --format json"),
        ("resolve_open_not_published", "resolve posts/one --not-published --format json"),
        ("resolve_open_bare", "resolve posts/one --format json"),
    ] {
        let mut story = Story::with_login(name, INSTAGRAM);
        story
            .image("one", "first_comment: First!\n")
            .fault("POST", "media_publish", &blocked)
            .apply("")
            .faults(&json!([]))
            .hours_pass(1)
            .igsync(line)
            .plan("")
            .ends();
    }
}

#[test]
fn records_are_moved_removed_ignored_and_accepted() {
    let mut story = Story::new("lock_surgery");
    story.image("one", "").image("two", "").image("three", "draft: true\n").apply("");
    story
        .igsync("lock mv posts/one posts/renamed")
        .igsync("lock mv posts/renamed posts/two")
        .plan("")
        .rename("posts/one.yaml", "posts/renamed.yaml")
        .plan("")
        .post("two", "kind: image\nimage: ./two.jpg\ncaption: As corrected in the app\n")
        .igsync("lock accept posts/two --dry-run")
        .igsync("lock accept posts/two")
        .plan("")
        .image("three", "")
        .igsync("lock ignore posts/three")
        .plan("")
        .apply("")
        .igsync("lock rm posts/three --yes")
        .igsync("lock rm posts/two --yes")
        .igsync("lock show posts/two --format json")
        .plan("")
        .apply("")
        .ends();
}

#[test]
fn lockfiles_of_two_branches_are_merged() {
    let mut story = Story::new("lock_merge");
    story.image("one", "").image("two", "").igsync("resolve posts/one --published 17900000000000001");
    let ours = story.project.read("igsync.lock");
    story.lose_record().igsync("resolve posts/two --published 17900000000000002");
    let theirs = story.project.read("igsync.lock");
    story.project.write("ours.lock", &ours);
    story
        .igsync("lock merge ours.lock --dry-run")
        .igsync("lock merge ours.lock")
        .igsync("lock merge ours.lock")
        .plan("");
    let lines = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
    let header = "{\"igsync_lock\":1}";
    let both = format!("{header}\n<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", lines(&ours), lines(&theirs));
    story
        .lose_record()
        .set_lockfile(&both, "git left its conflict markers")
        .plan("")
        .igsync("lock merge")
        .plan("")
        .ends();
}

#[test]
fn a_post_that_is_live_twice_is_named() {
    let mut story = Story::new("live_twice");
    story.image("one", "").igsync("resolve posts/one --published 17900000000000001");
    // Of two statements the earlier one speaks, and these are made within a second.
    let live = regex::Regex::new(r#""published_at":"[^"]*""#).unwrap();
    let ours =
        live.replace(&story.project.read("igsync.lock"), r#""published_at":"2026-11-01T12:00:00Z""#).into_owned();
    story.project.write("ours.lock", ours);
    story.lose_record().igsync("resolve posts/one --published 17900000000000002");
    story.igsync("lock merge ours.lock").plan("").ends();
}
