//! What Meta refuses or loses, and the exit code that follows.

use serde_json::{Value, json};

use super::story::{FACEBOOK, Story};

/// For so long, and some time, a comment without an answer is waited for.
pub(super) const SOON_OVER: &str = "1500";

fn error(code: i64, subcode: i64) -> Value {
    json!({ "graph_error": { "code": code, "subcode": subcode } })
}

#[test]
fn refused_content_waits_for_a_change() {
    let mut story = Story::new("failed");
    story
        .image("one", "")
        .image("two", "")
        .fault("POST", "/media", &error(36003, 2_207_009))
        .apply("")
        .plan("")
        .apply("")
        .post("one", "kind: image\nimage: ./one.jpg\ncaption: Other words\n")
        .plan("")
        .apply("")
        .ends();
}

#[test]
fn refused_content_is_tried_again_on_request() {
    let mut story = Story::new("failed_retried");
    story
        .image("one", "")
        .fault("POST", "media_publish", &error(36003, 2_207_009))
        .apply("")
        .plan("--retry-failed")
        .apply("--retry-failed")
        .ends();
}

#[test]
fn a_refused_post_expires() {
    let mut story = Story::new("failed_expired");
    story
        .image("one", "publish_until: 2026-12-15T18:00:00Z\n")
        .fault("POST", "/media", &error(36003, 2_207_009))
        .apply("")
        .hours_pass(24 * 20)
        .plan("")
        .ends();
}

#[test]
fn media_that_meta_cannot_process_fail_their_post() {
    let mut story = Story::new("processing_errors");
    for key in ["content", "passing"] {
        story.fixture("reel/posts/boats.mp4", &format!("posts/{key}.mp4"));
        story.post(key, &format!("kind: reel\nvideo: ./{key}.mp4\ncaption: It is {key}\n"));
    }
    story
        .faults(&json!([
            { "match": { "method": "POST", "path": "/media" }, "nth": 1, "fault": { "processing_error": { "subcode": 2_207_026 } } },
            { "match": { "method": "POST", "path": "/media" }, "nth": 2, "fault": { "processing_error": { "subcode": 2_207_001 } } },
        ]))
        .apply("--allow-duplicate posts/passing")
        .plan("")
        .ends();
}

#[test]
fn the_item_that_fails_a_carousel_is_named() {
    let mut story = Story::new("failed_item");
    for file in ["one.jpg", "two.mp4", "three.jpg", "tour.yaml"] {
        story.fixture(&format!("carousel/posts/{file}"), &format!("posts/{file}"));
    }
    let second = json!({ "match": { "method": "POST", "path": "/media" }, "nth": 2, "fault": error(36001, 2_207_005) });
    story.faults(&json!([second])).apply("").plan("").ends();
}

#[test]
fn a_used_up_quota_leaves_the_rest_for_later() {
    let mut story = Story::new("quota");
    story.server.sandbox.configure(|settings| settings.quota_total = 1);
    story.image("one", "").image("two", "").plan("").apply("").hours_pass(25).apply("").ends();
}

#[test]
fn a_quota_that_runs_out_on_the_way_stops_the_account() {
    let mut story = Story::new("quota_refused");
    story
        .image("one", "")
        .image("two", "")
        .fault("POST", "media_publish", &error(9, 2_207_042))
        .apply("")
        .plan("")
        .faults(&json!([]))
        .hours_pass(1)
        .apply("")
        .ends();
}

#[test]
fn dated_posts_over_the_cap_go_out_later() {
    let mut story = Story::new("cap");
    for (key, hour) in [("one", 18), ("two", 19), ("three", 20)] {
        story.image(key, &format!("publish_at: 2026-11-30T{hour}:00:00Z\n"));
    }
    story.plan("--max-publish 2").apply("--max-publish 2").apply("--max-publish 2").ends();
}

#[test]
fn a_throttled_account_is_left_alone() {
    let mut story = Story::new("throttled");
    story.image("one", "").fault("POST", "/media", &json!({ "throttle": { "minutes": 30 } })).apply("").plan("").ends();
}

#[test]
fn an_expired_token_ends_the_run() {
    let mut story = Story::with_login("token_expired", ("instagram", "IGAA-EXPIRED"));
    story.image("one", "").plan("").apply("").ends();
}

#[test]
fn a_token_that_expires_on_the_way_stops_the_account() {
    let mut story = Story::new("token_expires");
    story
        .image("one", "")
        .image("two", "")
        .fault("POST", "media_publish", &json!({ "expire_token": { "subcode": 463 } }))
        .apply("")
        .plan("")
        .ends();
}

#[test]
fn a_token_without_the_permission_for_comments_makes_nothing() {
    let mut story = Story::with_login("permission", ("facebook", "EAA-READONLY"));
    story.image("one", "first_comment: First!\n").plan("").apply("").ends();
}

#[test]
fn one_account_stops_and_the_other_goes_on() {
    let mut story = Story::copy_of("one_account_stopped", "tests/fixtures/content/mixed", FACEBOOK);
    let refused = json!({ "match": { "method": "POST", "path": "/17841400000000002/media" }, "fault": { "graph_error": { "code": 190 } } });
    story.faults(&json!([refused])).apply("").plan("").ends();
}

#[test]
fn a_comment_that_gets_no_answer_is_looked_for() {
    let mut story = Story::new("comment_lost").env("IGSYNC_HTTP_TIMEOUT_MS", SOON_OVER);
    story
        .image("one", "first_comment: First!\n")
        .fault("POST", "/comments", &json!("lose_answer"))
        .apply("")
        .image("two", "first_comment: Second!\n")
        .fault("POST", "/comments", &json!({ "http": { "status": 500 } }))
        .apply("")
        .image("three", "first_comment: Third!\ncomment_enabled: false\n")
        .fault("POST", "/comments", &error(368, 1))
        .apply("")
        .plan("")
        .ends();
}

#[test]
fn a_comment_switch_is_tried_again() {
    let mut story = Story::new("switch_resumed");
    story
        .image("one", "comment_enabled: false\n")
        .faults(&json!([{ "match": { "method": "POST", "path": "/1790*" }, "times": 9, "fault": { "http": { "status": 500 } } }]))
        .apply("")
        .plan("")
        .faults(&json!([]))
        .apply("")
        .plan("")
        .ends();
}

#[test]
fn meta_that_does_not_answer_is_waited_for_or_left() {
    let mut story = Story::new("faults");
    story
        .image("one", "")
        .fault("POST", "/media", &json!({ "http": { "status": 503 } }))
        .apply("")
        .image("two", "")
        .fault("POST", "/media", &json!("lose_answer"))
        .apply("")
        .image("three", "")
        .faults(&json!([{ "match": { "method": "GET", "path": "content_publishing_limit" }, "times": 0, "fault": "close_before" }]))
        .apply("")
        .ends();
}
