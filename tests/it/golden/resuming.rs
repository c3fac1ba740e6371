//! Runs that end half-way in every state, and what the next run makes of it.

use serde_json::json;

use super::story::{FACEBOOK, INSTAGRAM, Story};

/// A story whose first run ends when it looks at the container of `posts/boats`, a reel.
pub fn with_containers(name: &'static str) -> Story {
    let mut story = Story::new(name);
    story.fixture("reel/posts/boats.mp4", "posts/boats.mp4");
    story
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\n")
        .fault("GET", "/1785*", &json!({ "graph_error": { "code": 190 } }))
        .apply("")
        .faults(&json!([]))
        .plan("");
    story
}

#[test]
fn containers_are_used_again() {
    let mut story = with_containers("containers_resumed");
    story.apply("").plan("").ends();
}

#[test]
fn containers_of_an_edited_post_are_discarded() {
    let mut story = with_containers("containers_edited");
    story.post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Other boats\n").plan("").apply("").ends();
}

#[test]
fn containers_of_a_withdrawn_post_are_discarded() {
    let mut story = with_containers("containers_withdrawn");
    story
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\ndraft: true\n")
        .plan("")
        .apply("")
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\n")
        .apply("")
        .ends();
}

#[test]
fn containers_that_expired_are_made_anew() {
    let mut story = with_containers("containers_expired");
    story.hours_pass(25).plan("").apply("").ends();
}

#[test]
fn containers_of_a_moved_post_move_along() {
    let mut story = with_containers("containers_moved");
    story.rename("posts/boats.yaml", "posts/ships.yaml").plan("").apply("").ends();
}

#[test]
fn containers_of_a_post_that_became_late_wait() {
    let mut story = Story::new("containers_late");
    story.fixture("reel/posts/boats.mp4", "posts/boats.mp4");
    story
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\npublish_at: 2026-11-30T13:00:00Z\n")
        .fault("GET", "/1785*", &json!({ "graph_error": { "code": 190 } }))
        .apply("")
        .faults(&json!([]))
        .hours_pass(2)
        .plan("")
        .apply("")
        .apply("--include-late")
        .ends();
}

#[test]
fn the_first_children_of_a_carousel_are_used_again() {
    let mut story = Story::new("children_resumed");
    for file in ["one.jpg", "two.mp4", "three.jpg", "tour.yaml"] {
        story.fixture(&format!("carousel/posts/{file}"), &format!("posts/{file}"));
    }
    let second = json!({ "match": { "method": "POST", "path": "/media" }, "nth": 3, "fault": { "graph_error": { "code": 190 } } });
    story.faults(&json!([second])).apply("").faults(&json!([])).plan("").apply("").ends();
}

#[test]
fn a_half_filled_container_is_filled_by_the_next_run() {
    let mut story = Story::with_login("upload_resumed", FACEBOOK);
    story.fixture("reel/posts/boats.mp4", "posts/boats.mp4");
    story
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\n")
        .faults(&json!([
            { "match": { "method": "POST", "path": "/ig-api-upload/*" }, "fault": { "interrupt_upload": { "bytes": 5000 } } },
            { "match": { "method": "GET", "path": "/1785*" }, "fault": { "graph_error": { "code": 3 } } },
        ]))
        .apply("")
        .faults(&json!([]))
        .plan("")
        .apply("")
        .ends();
}

#[test]
fn a_container_with_other_bytes_gives_way() {
    let mut story = Story::with_login("upload_spoilt", FACEBOOK);
    story.fixture("reel/posts/boats.mp4", "posts/boats.mp4");
    let too_many = r#"{"status_code":"IN_PROGRESS","video_status":{"uploading_phase":{"bytes_transferred":99999999}}}"#;
    story
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\n")
        .faults(&json!([
            { "match": { "method": "POST", "path": "/ig-api-upload/*" }, "fault": { "interrupt_upload": { "bytes": 0 } } },
            { "match": { "method": "GET", "path": "/1785*" }, "fault": { "graph_error": { "code": 3 } } },
        ]))
        .apply("")
        .fault("GET", "/1785*", &json!({ "http": { "status": 200, "body": too_many } }))
        .apply("")
        .ends();
}

/// A story whose only publish so far got this answer.
pub fn with_answer(name: &'static str, login: (&str, &str), answer: &serde_json::Value, more: &str) -> Story {
    let mut story = Story::with_login(name, login);
    story.image("one", more).fault("POST", "media_publish", answer).apply("").faults(&json!([]));
    story
}

/// Stops the account; whether the post is live is not shown.
pub fn blocked(is_live: bool) -> serde_json::Value {
    json!({ "graph_error": { "code": 4, "subcode": 2_207_051, "effect": is_live } })
}

#[test]
fn a_refused_publish_is_sent_again_by_the_next_run() {
    let mut story = with_answer("intent_refused", INSTAGRAM, &json!({ "graph_error": { "code": 190 } }), "");
    story.plan("").apply("").ends();
}

#[test]
fn a_lost_answer_is_settled_in_the_same_run() {
    let comment = "first_comment: First!\ncomment_enabled: false\n";
    let mut story = with_answer("lost_answer", INSTAGRAM, &json!("lose_answer"), comment);
    story.plan("").apply("").igsync("resolve posts/one --published --format json").plan("").apply("").plan("").ends();
}

#[test]
fn a_publish_without_effect_is_sent_again_in_the_same_run() {
    let mut story = with_answer("no_effect", INSTAGRAM, &json!({ "http": { "status": 500 } }), "");
    story.plan("").ends();
}

#[test]
fn a_container_that_is_not_ready_is_published_later_in_the_same_run() {
    let mut story = Story::new("not_ready");
    story
        .image("one", "")
        .fault("POST", "/media", &json!({ "not_ready_after_finished": { "count": 2 } }))
        .apply("")
        .ends();
}

#[test]
fn an_unclear_publish_that_was_live_is_found() {
    let mut story = with_answer("intent_was_live", INSTAGRAM, &blocked(true), "");
    story.plan("").plan("--refresh pending").apply("").apply("").ends();
}

#[test]
fn an_unclear_publish_that_was_not_live_goes_out_again_with_the_same_container() {
    let mut story = with_answer("intent_was_not_live", INSTAGRAM, &blocked(false), "");
    story.hours_pass(1).plan("").plan("--refresh pending").apply("").ends();
}

#[test]
fn an_unclear_publish_of_a_container_that_is_gone_is_ruled_out_by_the_listing() {
    let mut story = with_answer("intent_container_gone", INSTAGRAM, &blocked(false), "");
    story.hours_pass(25).plan("").apply("").ends();
}

#[test]
fn an_unclear_publish_is_settled_before_an_edit_counts() {
    let edited = "kind: image\nimage: ./one.jpg\ncaption: Other words\n";
    let mut story = with_answer("intent_live_and_edited", INSTAGRAM, &blocked(true), "");
    story.hours_pass(1).post("one", edited).plan("").apply("").plan("").ends();
    let mut story = with_answer("intent_not_live_and_edited", INSTAGRAM, &blocked(false), "");
    story.hours_pass(1).post("one", edited).plan("").apply("").plan("").ends();
}

#[test]
fn an_unclear_publish_is_settled_although_its_manifest_is_gone() {
    let mut story = with_answer("intent_live_and_gone", INSTAGRAM, &blocked(true), "");
    story.image("two", "").hours_pass(1).remove("posts/one.yaml").plan("").apply("").plan("").ends();
    let mut story = with_answer("intent_not_live_and_gone", INSTAGRAM, &blocked(false), "");
    story.image("two", "").hours_pass(1).remove("posts/one.yaml").plan("").apply("").plan("").ends();
}

#[test]
fn an_unclear_publish_is_settled_although_it_is_a_draft_now() {
    let mut story = with_answer("intent_and_draft", INSTAGRAM, &blocked(false), "");
    story.image("one", "draft: true\n").hours_pass(1).plan("").apply("").plan("").ends();
}

#[test]
fn an_unclear_publish_follows_its_schedule_once_it_is_settled() {
    let mut story = with_answer("intent_and_late", INSTAGRAM, &blocked(false), "publish_at: 2026-11-30T13:00:00Z\n");
    story.hours_pass(2).plan("").apply("").apply("--include-late").ends();
}

#[test]
fn a_story_that_cannot_be_told_is_left_to_a_person() {
    let mut story = Story::new("unknown_story");
    for file in ["morning.jpg", "morning.yaml"] {
        story.fixture(&format!("story/posts/{file}"), &format!("posts/{file}"));
    }
    story
        .fault("POST", "media_publish", &blocked(false))
        .apply("")
        .faults(&json!([]))
        .hours_pass(25)
        .apply("")
        .plan("")
        .apply("")
        .igsync("resolve posts/morning --format json")
        .igsync("resolve posts/morning --not-published --format json")
        .plan("")
        .apply("")
        .ends();
}

#[test]
fn a_container_that_can_not_be_read_keeps_its_post_open() {
    let story = with_answer("intent_unreadable", INSTAGRAM, &blocked(false), "");
    let mut story = story.env("IGSYNC_POLL_BUDGET_MS", "1");
    story
        .faults(&json!([{ "match": { "method": "GET", "path": "/1785*" }, "times": 0, "fault": "unreadable" }]))
        .hours_pass(1)
        .apply("")
        .faults(&json!([]))
        .apply("")
        .ends();
}

#[test]
fn a_live_post_that_no_listing_shows_gets_its_id_later() {
    let mut story = Story::new("named_later");
    story
        .image("one", "")
        .faults(&json!([
            { "match": { "method": "POST", "path": "media_publish" }, "fault": { "hide_media": { "ms": 7_200_000 } } },
            { "match": { "method": "POST", "path": "media_publish" }, "fault": "lose_answer" },
        ]))
        .apply("")
        .faults(&json!([]))
        .plan("")
        .hours_pass(3)
        .image("two", "")
        .apply("")
        .ends();
}

#[test]
fn a_lost_record_is_adopted_where_the_date_proves_it() {
    let mut story = Story::new("adopted");
    story
        .image("one", "publish_at: 2026-11-30T18:00:00Z\n")
        .apply("")
        .lose_record()
        .plan("")
        .plan("--refresh full --detailed-exitcode")
        .apply("--refresh full")
        .lose_record()
        .apply("")
        .plan("")
        .ends();
}

#[test]
fn a_look_alike_is_left_to_a_person() {
    let mut story = Story::new("maybe_live_is_it");
    story
        .image("one", "")
        .apply("")
        .lose_record()
        .plan("--refresh full")
        .apply("")
        .plan("")
        .igsync("resolve posts/one --published --format json")
        .apply("")
        .ends();
    let mut story = Story::new("maybe_live_is_another");
    story
        .image("one", "")
        .apply("")
        .lose_record()
        .apply("")
        .igsync("resolve posts/one --not-published --format json")
        .apply("")
        .ends();
}

#[test]
fn a_container_that_is_live_although_nothing_was_announced() {
    let mut story = Story::new("live_without_intent");
    story.image("one", "").apply("");
    let journal = story.project.read(".igsync/journal.jsonl");
    let waiting = journal.lines().find(|line| line.contains("\"state\":\"containers\"")).unwrap();
    let before = format!("{}\n{waiting}\n", journal.lines().next().unwrap());
    story
        .lose_record()
        .set_lockfile(&before, "the lockfile goes back to where only the container was made")
        .post("one", "kind: image\nimage: ./one.jpg\ncaption: Other words\n")
        .plan("")
        .apply("")
        .plan("")
        .ends();
}
