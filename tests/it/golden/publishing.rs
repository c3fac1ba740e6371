//! Every kind through both logins, and all that a manifest can say.

use super::story::{FACEBOOK, INSTAGRAM, Story};
use serde_json::json;

/// Plans, publishes, and finds nothing more to do.
fn publish(mut story: Story) {
    story.plan("").apply("").apply("").ends();
}

fn image(name: &'static str, login: (&str, &str)) {
    let mut story = Story::with_login(name, login);
    story.image("harbour", "alt_text: A blue and orange gradient\n");
    publish(story);
}

fn with_files(name: &'static str, login: (&str, &str), kind: &str, files: &[&str]) {
    let story = Story::with_login(name, login);
    for file in files {
        story.fixture(&format!("{kind}/posts/{file}"), &format!("posts/{file}"));
    }
    publish(story);
}

const REEL: &[&str] = &["boats.mp4", "boats.yaml"];
const CAROUSEL: &[&str] = &["one.jpg", "two.mp4", "three.jpg", "tour.yaml"];
const STORY: &[&str] = &["evening.mp4", "evening.yaml", "morning.jpg", "morning.yaml"];

#[test]
fn an_image_with_instagram_login() {
    image("image_instagram", INSTAGRAM);
}

#[test]
fn an_image_with_facebook_login() {
    image("image_facebook", FACEBOOK);
}

#[test]
fn a_reel_with_instagram_login() {
    with_files("reel_instagram", INSTAGRAM, "reel", REEL);
}

#[test]
fn a_reel_with_facebook_login() {
    with_files("reel_facebook", FACEBOOK, "reel", REEL);
}

#[test]
fn a_carousel_with_instagram_login() {
    with_files("carousel_instagram", INSTAGRAM, "carousel", CAROUSEL);
}

#[test]
fn a_carousel_with_facebook_login() {
    with_files("carousel_facebook", FACEBOOK, "carousel", CAROUSEL);
}

/// Meta's text has the items finished before their carousel is made.
#[test]
fn a_carousel_whose_items_have_to_be_finished() {
    let mut story = Story::new("carousel_unfinished");
    story.server.sandbox.configure(|settings| settings.refuse_unready_children = true);
    tour(&mut story).apply("").ends();
}

#[test]
fn a_carousel_with_an_item_that_died() {
    let mut story = Story::new("carousel_dead_item");
    story.server.sandbox.configure(|settings| settings.refuse_unready_children = true);
    let dead = json!({ "processing_error": { "subcode": 2_207_032 } });
    tour(&mut story)
        .faults(&json!([{ "match": { "method": "POST", "path": "/media" }, "nth": 1, "fault": dead }]))
        .apply("")
        .ends();
}

fn tour(story: &mut Story) -> &mut Story {
    for file in ["one.jpg", "two.mp4", "three.jpg", "tour.yaml"] {
        story.fixture(&format!("carousel/posts/{file}"), &format!("posts/{file}"));
    }
    story
}

#[test]
fn stories_with_instagram_login() {
    with_files("stories_instagram", INSTAGRAM, "story", STORY);
}

#[test]
fn stories_with_facebook_login() {
    with_files("stories_facebook", FACEBOOK, "story", STORY);
}

#[test]
fn every_field_of_an_image() {
    let mut story = Story::with_login("fields_image", FACEBOOK);
    let fields = "\
alt_text: A blue and orange gradient
user_tags: [{ username: harbour, x: 0.25, y: 0.75 }, { username: \"@lighthouse\", x: 0.5, y: 0.5 }]
collaborators: [lighthouse]
location_id: 300000000000001
product_tags: [{ product_id: 12345, x: 0.1, y: 0.2 }]
is_ai_generated: true
is_paid_partnership: true
branded_content_sponsor_ids: [17841400000000002]
hashtags: [quay, \"#boats\"]
note: for the colleagues
";
    story.image("all", &fields.replace("note: for the colleagues\n", ""));
    publish(story);
}

#[test]
fn every_field_of_a_reel() {
    let mut story = Story::with_login("fields_reel", FACEBOOK);
    story.fixture("reel/posts/boats.mp4", "posts/boats.mp4");
    story.picture("posts/cover.jpg", 7);
    let manifest = "\
kind: reel
video: ./boats.mp4
caption: Boats
cover: ./cover.jpg
share_to_feed: false
audio_name: The harbour at six
collaborators: [lighthouse]
user_tags: [{ username: lighthouse }]
";
    story.post("all", manifest).post(
        "trial",
        "kind: reel\nvideo: ./boats.mp4\ncaption: A trial\nthumb_offset: 500\ntrial_params: { graduation_strategy: MANUAL }\nallow_duplicate: true\n",
    );
    publish(story);
}

#[test]
fn several_accounts_with_defaults_sets_a_draft_and_a_date() {
    let story = Story::copy_of("several_accounts", "tests/fixtures/content/mixed", FACEBOOK);
    publish(story);
}

#[test]
fn hashtags_from_everywhere() {
    let mut story = Story::new("hashtags");
    let configuration = story.project.read("igsync.yaml")
        + "defaults: { hashtags: [harbour] }\nhashtag_sets: { sea: [sea, boats], hills: [hiking] }\n";
    story.project.write("igsync.yaml", configuration);
    story.project.write("posts/winter/_defaults.yaml", "hashtags: [\"set:hills\", slowwinter]\n");
    story
        .image("configured", "")
        .image("none", "hashtags: []\n")
        .image("set", "hashtags: [\"set:sea\", \"#quay\"]\n")
        .image("winter/folder", "")
        .image("winter/own", "hashtags: [own]\n");
    publish(story);
}

#[test]
fn media_on_other_hosts() {
    let mut story = Story::new("urls");
    story.server.sandbox.configure(|settings| settings.assume_https = true);
    story
        .post("far", "kind: image\nimage: https://media.example.com/a.jpg\ncaption: From elsewhere\n")
        .post("reel", "kind: reel\nvideo: https://media.example.com/b.mp4\ncaption: A clip from elsewhere\n");
    publish(story);
}

#[test]
fn converted_pictures() {
    let mut story = Story::new("converted");
    let configuration =
        "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia: { convert: true, fit: pad }\n";
    story.project.write("igsync.yaml", configuration);
    for (file, name) in [("square.png", "square"), ("tall.png", "tall")] {
        story.fixture(&format!("convert/{file}"), &format!("posts/{file}"));
        story.post(name, &format!("kind: image\nimage: ./{file}\ncaption: A {name} one\n"));
    }
    story.post("both", "kind: carousel\ncaption: Both\nitems: [{ image: ./square.png }, { image: ./tall.png }]\n");
    story.apply("--allow-duplicate posts/both").plan("").ends();
}

#[test]
fn a_first_comment_and_the_comment_switch() {
    let mut story = Story::new("comment_and_switch");
    story
        .image("both", "first_comment: Details in the bio\ncomment_enabled: false\n")
        .image("comment", "first_comment: First!\n")
        .image("closed", "comment_enabled: false\n");
    publish(story);
}

#[test]
fn dated_posts_before_undated_ones() {
    let mut story = Story::new("order");
    story
        .image("10", "")
        .image("9", "")
        .image("later", "publish_at: 2026-11-30T20:00:00Z\n")
        .image("earlier", "publish_at: 2026-11-30 19:00[Europe/Berlin]\n");
    publish(story);
}

#[test]
fn a_draft_is_never_published_and_goes_out_once_it_is_none() {
    let mut story = Story::new("draft");
    story.image("one", "draft: true\n").plan("").apply("").image("one", "").apply("").image("one", "draft: true\n");
    publish(story);
}
