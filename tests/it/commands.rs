//! Plan, validate and the rest of the command line.

use serde_json::Value;

use crate::project::Project;

#[test]
fn a_plan_needs_no_token_and_no_network() {
    let project = Project::with_one_image();
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish.");
    project.run(["plan", "--detailed-exitcode"]).exits(2);
    assert!(!project.path().join(".igsync/journal.jsonl").exists(), "a plan writes no record");
}

#[test]
fn now_target_and_exclude_choose_what_is_due() {
    let project = Project::with_one_image();
    project.write(
        "posts/two.yaml",
        "kind: image\nimage: ./one.jpg\ncaption: Later\npublish_at: 2031-05-01T10:00:00Z\nallow_duplicate: true\n",
    );
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish, 1 scheduled.");
    let later = ["plan", "--now", "2031-05-01T10:00:01Z"];
    project.run(later).exits(0).ends_with("Plan: 2 to publish.");
    project.run(["plan", "--target", "posts/two"]).exits(0).ends_with("No changes: 1 scheduled.");
    project.run(["plan", "--target", "posts/t*"]).exits(0).ends_with("No changes: 1 scheduled.");
    project.run(["plan", "--exclude", "posts/one.yaml"]).exits(0).ends_with("No changes: 1 scheduled.");
}

#[test]
fn a_plan_as_json_has_the_documented_fields() {
    let project = Project::with_one_image();
    let plan: Value = serde_json::from_str(&project.run(["plan", "--format", "json"]).exits(0).stdout).unwrap();
    assert_eq!(plan["format_version"], "1.0");
    assert_eq!((&plan["applyable"], &plan["complete"]), (&Value::from(true), &Value::from(true)));
    let change = &plan["changes"][0];
    assert_eq!((&change["key"], &change["action"]), (&Value::from("posts/one"), &Value::from("publish")));
    for field in ["account", "user_id", "reason", "file", "line", "digest", "media", "in_diff"] {
        assert!(change.get(field).is_some(), "{field} is missing in {change}");
    }
}

#[test]
fn a_misspelt_command_or_flag_is_a_usage_error() {
    let project = Project::empty();
    project.run(["aply"]).exits(64).says("apply");
    project.run(["plan", "--dry"]).exits(64);
    project.run([]).exits(64);
}

#[test]
fn what_is_not_built_yet_says_so() {
    let project = Project::empty();
    project.run(["show"]).exits(64).says("not built yet");
}

#[test]
fn completions_and_manual_come_from_the_command_line_itself() {
    let project = Project::empty();
    project.run(["completions", "bash"]).exits(0).says("--max-publish");
    project.run(["man"]).exits(0).says("igsync");
}
