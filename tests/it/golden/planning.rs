//! What a plan says without asking anyone, and what apply then refuses.

use super::story::{FACEBOOK, Story};

#[test]
fn every_time_of_a_schedule() {
    let mut story = Story::new("schedule");
    story
        .image("undated", "")
        .image("due", "publish_at: 2026-11-30T18:00:00Z\n")
        .image("late", "publish_at: 2026-11-20T18:00:00Z\n")
        .image("scheduled", "publish_at: 2027-01-05T18:00:00Z\n")
        .image("expired", "publish_until: 2026-11-25T18:00:00Z\n")
        .image("draft", "draft: true\n")
        .plan("--detailed-exitcode")
        .apply("")
        .plan("--detailed-exitcode")
        .plan("--include-late --detailed-exitcode")
        .apply("--include-late")
        .ends();
}

#[test]
fn edited_moved_and_orphaned_posts() {
    let mut story = Story::new("moves");
    for key in ["edited", "moved", "both", "orphan", "same"] {
        story.image(key, "");
    }
    story
        .apply("")
        .post("edited", "kind: image\nimage: ./edited.jpg\ncaption: Other words\n")
        .rename("posts/moved.yaml", "posts/autumn/moved.yaml")
        .rename("posts/moved.jpg", "posts/autumn/moved.jpg")
        .remove("posts/both.yaml")
        .post("became", "kind: image\nimage: ./both.jpg\ncaption: Moved and edited\n")
        .remove("posts/orphan.yaml")
        .plan("")
        .apply("")
        .plan("")
        .ends();
}

#[test]
fn a_selection_of_posts() {
    let mut story = Story::new("selection");
    story.image("one", "").image("two", "").image("three", "");
    story
        .plan("--target posts/t*")
        .plan("--exclude posts/two")
        .plan("--account harbour --target posts/nothing")
        .apply("--target posts/two")
        .apply("--exclude posts/one.yaml")
        .ends();
}

#[test]
fn the_examples_digests() {
    let mut story = Story::copy_of("examples", "examples/content", FACEBOOK);
    story.plan("").ends();
}

#[test]
fn a_missing_lockfile_is_refused() {
    let mut story = Story::new("guard_no_lockfile");
    story.image("one", "").remove("igsync.lock");
    story.plan("").apply("").apply("--allow-new-lock").ends();
}

#[test]
fn too_many_undated_posts_are_refused() {
    let mut story = Story::new("guard_too_many");
    story.image("one", "").image("two", "").image("three", "publish_at: 2026-11-30T18:00:00Z\n");
    story.plan("--max-publish 1").apply("--max-publish 1").apply("--max-publish 3").ends();
}

#[test]
fn posts_that_repeat_others_are_left_alone() {
    let mut story = Story::new("guard_repost");
    story
        .image("one", "")
        .apply("")
        .post("media", "kind: image\nimage: ./one.jpg\ncaption: The same picture\n")
        .image("caption", "")
        .post("caption", "kind: image\nimage: ./caption.jpg\ncaption: This is one\n")
        .plan("")
        .apply("")
        .apply("--allow-duplicate posts/media --allow-duplicate posts/caption")
        .ends();
}

#[test]
fn a_move_with_several_candidates_waits_for_a_person() {
    let mut story = Story::new("guard_ambiguous");
    story.image("one", "").apply("").remove("posts/one.yaml");
    for key in ["first", "second"] {
        story.post(key, &format!("kind: image\nimage: ./one.jpg\ncaption: The {key} claim\n"));
    }
    story.plan("").apply("").igsync("lock mv posts/one posts/first").plan("").ends();
}

#[test]
fn a_content_root_without_manifests_is_refused() {
    let mut story = Story::new("guard_empty");
    story.image("one", "").apply("").remove("posts/one.yaml");
    story.plan("").apply("").apply("--allow-empty").ends();
}

#[test]
fn records_of_an_unknown_user_are_refused() {
    let mut story = Story::new("guard_unknown_user");
    story.image("one", "").apply("");
    let configuration = story.project.read("igsync.yaml").replace("17841400000000001", "17841400000000002");
    story.project.write("igsync.yaml", configuration);
    story.say("the account has another user_id").plan("").apply("").ends();
}

#[test]
fn records_made_elsewhere_are_refused() {
    let mut story = Story::new("guard_other_graph");
    story.image("one", "").image("two", "").apply("--target posts/one");
    let elsewhere = story.project.read("igsync.lock").replace(&story.server.url(), "http://127.0.0.1:1");
    story.lose_record().set_lockfile(&elsewhere, "the record was made elsewhere").plan("").apply("").ends();
}

#[test]
fn a_lockfile_that_nothing_keeps_is_refused_in_ci() {
    let mut story = Story::new("guard_ephemeral").env("CI", "true");
    story.image("one", "").plan("").apply("").apply("--allow-ephemeral-lock").ends();
}

#[test]
fn a_pause_is_kept() {
    let mut story = Story::new("guard_paused").env("IGSYNC_PAUSED", "1");
    story.image("one", "").plan("").apply("").ends();
}

#[test]
fn findings_end_a_run() {
    let mut story = Story::new("findings");
    let tags = (0..31).map(|number| format!("#tag{number}")).collect::<Vec<_>>().join(" ");
    story
        .post("tags", &format!("kind: image\nimage: ./gone.jpg\ncaption: '{tags}'\n"))
        .igsync("validate --format json")
        .plan("")
        .apply("")
        .post("kind", "kind: photo\nimage: ./gone.jpg\n")
        .igsync("validate --format json")
        .plan("")
        .apply("")
        .ends();
}

#[test]
fn an_account_with_errors_is_left_alone_and_the_other_goes_on() {
    let mut story = Story::with_login("findings_of_one_account", FACEBOOK);
    let configuration = "accounts:\n  harbour: { user_id: \"17841400000000001\" }\n  lighthouse: { user_id: \"17841400000000002\" }\ndefault_account: harbour\nmedia: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n";
    story.project.write("igsync.yaml", configuration);
    story
        .image("good", "accounts: [lighthouse]\n")
        .post("bad", "kind: image\nimage: ./gone.jpg\n")
        .plan("")
        .apply("")
        .plan("")
        .ends();
}
