//! All findings come in one run: no mistake waits until another one is fixed.

use serde_json::Value;

use crate::case::{CONFIG, PICTURE};
use crate::project::Project;
use crate::testing::{Mp4, jpeg};

/// `file:line name` of every finding, in the order of the answer.
fn findings(project: &Project) -> Vec<String> {
    let output = project.run(["validate", "--format", "json"]).exits(1);
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let line = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{}:{} {}", text("file"), finding["line"], text("name"))
    };
    findings["findings"].as_array().unwrap().iter().map(line).collect()
}

fn project() -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", CONFIG);
    project.write("posts/a.jpg", &*PICTURE);
    project.write("posts/tall.jpg", jpeg(400, 700));
    project.write("posts/late.mp4", Mp4 { moov_first: false, duration_ms: 2_000, ..Mp4::default() }.build());
    project
}

#[test]
fn mistakes_of_every_layer_are_told_at_once() {
    let project = project();
    project.write("igsync.yaml", format!("{CONFIG}timezone: Berlin\n"));
    project.write(
        "posts/a.yaml",
        "kind: reel\n\
         video: ./late.mp4\n\
         cover: ./gone.jpg\n\
         draft: maybe\n\
         captoin: Hello\n\
         first_comment: Golden hour #sunset\n\
         publish_at: 2030-03-31T02:30[Europe/Berlin]\n\
         user_tags: [{ username: two words }]\n\
         collaborators: [a, b, c, d]\n\
         accounts: [harbor]\n\
         thumb_offset: 9000\n",
    );
    assert_eq!(
        findings(&project),
        [
            "igsync.yaml:7 unknown-timezone",
            "posts/a.yaml:2 video-duration",
            "posts/a.yaml:2 index-last",
            "posts/a.yaml:3 missing-file",
            "posts/a.yaml:4 wrong-type",
            "posts/a.yaml:5 unknown-field",
            "posts/a.yaml:6 text-cut",
            "posts/a.yaml:7 time-does-not-exist",
            "posts/a.yaml:8 invalid-username",
            "posts/a.yaml:9 too-many-collaborators",
            "posts/a.yaml:10 unknown-account",
            "posts/a.yaml:11 cover-wins",
            "posts/a.yaml:11 thumb-offset",
        ]
    );
}

#[test]
fn every_item_of_a_carousel_is_judged_whatever_its_neighbours_are() {
    let project = project();
    project.write(
        "posts/a.yaml",
        "kind: carousel\nitems:\n  - image: ./tall.jpg\n  - photo: ./a.jpg\n  - image: ./gone.jpg\n  - video: ./late.mp4\n  - image: ../../a.jpg\n",
    );
    assert_eq!(
        findings(&project),
        [
            "posts/a.yaml:3 image-shape",
            "posts/a.yaml:4 unknown-field",
            "posts/a.yaml:5 missing-file",
            "posts/a.yaml:6 video-duration",
            "posts/a.yaml:6 index-last",
            "posts/a.yaml:7 path-outside",
        ]
    );
}

#[test]
fn a_file_with_the_key_of_another_is_checked_too() {
    let project = project();
    project.write("posts/a.yaml", "kind: image\nimage: ./a.jpg\n");
    project.write("posts/a.yml", "kind: image\nimage: ./tall.jpg\n");
    assert_eq!(findings(&project), ["posts/a.yml:1 key-clash", "posts/a.yml:2 image-shape"]);
}

/// A post of two accounts has each mistake once.
#[test]
fn a_finding_stands_once() {
    let project = project();
    let two = "accounts:\n  harbour: { user_id: \"17841400000000001\" }\n  studio: { user_id: \"17841400000000002\" }\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n";
    project.write("igsync.yaml", two);
    project.write("posts/a.yaml", "kind: image\nimage: ./gone.jpg\naccounts: [harbour, studio]\n");
    assert_eq!(findings(&project), ["posts/a.yaml:2 missing-file"]);
}

/// What manifests take from the configuration is not held against them.
#[test]
fn a_configuration_that_cannot_be_read_is_the_only_finding_about_it() {
    let project = project();
    project.write("igsync.yaml", "accounts: [\n");
    project.write(
        "posts/a.yaml",
        "kind: image\nimage: ./tall.jpg\naccounts: [harbour]\nhashtags: [\"set:sea\"]\npublish_at: 2030-12-01 18:00\n",
    );
    assert_eq!(findings(&project), ["igsync.yaml:1 yaml-syntax", "posts/a.yaml:2 image-shape"]);
}

#[test]
fn a_damaged_record_hides_no_findings() {
    let project = project();
    project.write("posts/a.yaml", "kind: image\nimage: ./tall.jpg\n");
    project.write("igsync.lock", "{\"igsync_lock\":1}\n{\"key\":\"posts/on");
    project.run(["validate"]).exits(1).says("image-shape").says("line 2");
}

/// Where no kind is named, only what holds for all kinds is reported.
#[test]
fn a_picture_without_a_kind_may_have_the_shape_of_a_story() {
    let project = project();
    project.write("posts/a.yaml", "image: ./tall.jpg\n");
    assert_eq!(findings(&project), ["posts/a.yaml:1 missing-field"]);
    project.write("posts/a.yaml", "kind: photo\nimage: ./tall.jpg\n");
    assert_eq!(findings(&project), ["posts/a.yaml:1 invalid-value", "posts/a.yaml:2 image-shape"]);
}
