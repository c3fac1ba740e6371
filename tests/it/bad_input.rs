//! Ugly content roots: one clear diagnostic, the right exit code, nothing sent, never a panic.

use std::fs;

use crate::project::{Output, Project};

/// Validates and applies a project whose only fault is the one the test made.
fn refused(project: &Project, about: &str) -> Output {
    let server = crate::project::Server::start();
    let validated = project.run(["validate"]).exits(1).says(about);
    let url = server.url();
    let output = project
        .command(["apply", "--yes"])
        .env("IGSYNC_GRAPH_URL", &url)
        .env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let writes: Vec<_> = server.sandbox.requests().into_iter().filter(|request| request.method != "GET").collect();
    assert!(writes.is_empty(), "nothing is sent: {writes:?}");
    assert!(!validated.stderr.contains("panicked"), "{}", validated.stderr);
    assert_eq!(count(&validated, "error"), 1, "one diagnostic:\n{}\n{}", validated.stdout, validated.stderr);
    validated
}

/// How many findings of a severity `validate` counts on its last line.
fn count(output: &Output, severity: &str) -> usize {
    let line = output.last_line();
    line.split([',', ':', '.'])
        .find(|part| part.contains(severity))
        .and_then(|part| part.split_whitespace().next())
        .and_then(|number| number.replace(',', "").parse().ok())
        .unwrap_or_else(|| panic!("no count of {severity} in {line:?}"))
}

#[test]
fn a_missing_media_file() {
    let project = Project::with_one_image();
    project.remove("posts/one.jpg");
    refused(&project, "one.jpg");
}

#[test]
fn an_unknown_field() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaptoin: Hello\n");
    refused(&project, "caption");
}

#[test]
fn a_wrong_type() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ndraft: sometimes\n");
    refused(&project, "draft");
}

#[test]
fn tabs() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\nuser_tags:\n\t- username: a\n");
    refused(&project, "tab");
}

#[test]
fn a_binary_file() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", [0x89, b'P', b'N', b'G', 0, 255, 254, 0]);
    refused(&project, "posts/one.yaml");
}

#[test]
fn fifty_megabytes_of_yaml() {
    let project = Project::with_one_image();
    fs::File::create(project.path().join("posts/one.yaml")).unwrap().set_len(50 << 20).unwrap();
    refused(&project, "posts/one.yaml");
}

#[test]
fn an_alias_bomb() {
    let project = Project::with_one_image();
    let mut text = String::from("kind: image\nimage: ./one.jpg\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    project.write("posts/one.yaml", text);
    refused(&project, "posts/one.yaml");
}

#[test]
fn a_hundred_thousand_brackets() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", format!("kind: image\nimage: {}", "[".repeat(100_000)));
    refused(&project, "posts/one.yaml");
}

#[test]
fn media_outside_the_root() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ../../one.jpg\n");
    refused(&project, "leaves the content root");
}

#[cfg(unix)]
#[test]
fn media_through_a_symlink_that_leaves_the_root() {
    let outside = Project::with_one_image();
    let project = Project::with_one_image();
    project.remove("posts/one.jpg");
    std::os::unix::fs::symlink(outside.path().join("posts/one.jpg"), project.path().join("posts/one.jpg")).unwrap();
    refused(&project, "one.jpg");
}

#[test]
fn two_keys_that_differ_by_case() {
    let project = Project::with_one_image();
    project.write("posts/two.yaml", "kind: image\nid: posts/ONE\nimage: ./one.jpg\n");
    refused(&project, "posts/ONE");
}

#[test]
fn an_empty_folder_has_nothing_to_do() {
    let project = Project::empty();
    project.run(["validate"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
    assert!(project.files().is_empty());
}

#[test]
fn a_damaged_lockfile_is_named_by_its_line_and_left_alone() {
    let project = Project::with_one_image();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n{\"key\":\"posts/on");
    project.run(["plan"]).exits(1).says("igsync.lock").says("line 2");
    project.write("igsync.lock", "");
    project.run(["plan"]).exits(1).says("igsync.lock");
    project.write("igsync.lock", "{\"igsync_lock\":7}\n");
    project.run(["plan"]).exits(1).says("newer igsync");
    assert_eq!(project.read("igsync.lock"), "{\"igsync_lock\":7}\n");
}

#[test]
fn a_mistake_in_the_text_does_not_hide_a_missing_file() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./nope.jpg\ncaption: Golden hour #sunset\n");
    let output = project.run(["validate"]).exits(1).says("nope.jpg").says("cut short");
    assert_eq!(count(&output, "error"), 2);
}
