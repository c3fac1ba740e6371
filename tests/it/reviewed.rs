//! `plan --out` and `apply --plan`: what was reviewed goes out, and nothing else.

use serde_json::{Value, json};

use crate::project::{Output, Project, Server};

const TOKEN: &str = "IGAA-LONG";

fn start() -> (Server, Project) {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", TOKEN);
    add(&project, "two", 2);
    (server, project)
}

fn add(project: &Project, name: &str, seed: u8) {
    project.jpeg(&format!("posts/{name}.jpg"), seed);
    write(project, name, "");
}

fn write(project: &Project, name: &str, more: &str) {
    let text = format!("kind: image\nimage: ./{name}.jpg\ncaption: This is {name}\n{more}");
    project.write(&format!("posts/{name}.yaml"), text);
}

fn review(project: &Project) {
    project.run(["plan", "--out", "plan.json"]).exits(0).says("wrote plan.json: 2 posts");
}

fn apply(project: &Project) -> Output {
    project.run(["apply", "--yes", "--plan", "plan.json"])
}

fn captions(server: &Server) -> Vec<String> {
    let mut captions: Vec<String> =
        server.published().iter().map(|post| post["caption"].as_str().unwrap().to_owned()).collect();
    captions.sort();
    captions
}

fn sent(server: &Server) -> usize {
    server.sandbox.requests().iter().filter(|call| call.method == "POST").count()
}

#[test]
fn what_another_merge_brings_in_between_waits_for_its_own_review() {
    let (server, project) = start();
    review(&project);
    add(&project, "three", 3);
    let output = apply(&project).exits(0);
    output.says("1 other post is left alone: no plan file has it").ends_with("Applied: 2 published.");
    assert_eq!(captions(&server), ["The first one", "This is two"]);
    apply(&project).exits(0).ends_with("No changes.");
    project.run(["plan", "--out", "next.json"]).exits(0).says("wrote next.json: 1 post;");
    let both = project.run(["apply", "--yes", "--plan", "plan.json", "--plan", "next.json"]).exits(0);
    both.ends_with("Applied: 1 published; 2 unchanged.");
    assert_eq!(captions(&server).len(), 3);
}

#[test]
fn a_post_that_is_not_as_it_was_reviewed_ends_the_run_before_anything_is_sent() {
    type Edit = fn(&Project);
    let cases: [(Edit, &str); 7] = [
        (
            |project| project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: Other words\n"),
            "its text or what else it sends differs",
        ),
        (|project| project.jpeg("posts/two.jpg", 9), "its media differ"),
        (|project| project.remove("posts/two.yaml"), "posts/two (posts/two.yaml): its manifest is gone"),
        (|project| write(project, "two", "draft: true\n"), "it is a draft now"),
        (|project| write(project, "two", "first_comment: More of it\n"), "its first comment differs"),
        (|project| write(project, "two", "comment_enabled: false\n"), "comment_enabled was true and is false"),
        (
            |project| write(project, "two", "publish_at: 2020-01-01T10:00:00Z\n"),
            "publish_at was not set and is 2020-01-01T10:00:00Z",
        ),
    ];
    for (edit, message) in cases {
        let (server, project) = start();
        review(&project);
        edit(&project);
        let output = apply(&project).exits(6);
        let shown = format!("{}{}", output.stdout, output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(message), "{message}\n{shown}");
        assert!(shown.contains("1 post is not as it was reviewed") && !shown.contains("posts/one ("), "{shown}");
        assert_eq!((sent(&server), captions(&server).len()), (0, 0), "{message}");
        let lines = project.run(["apply", "--yes", "--plan", "plan.json", "--format", "json"]).exits(6).stdout;
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!((&last["event"], &last["mismatches"][0]["key"]), (&json!("run_refused"), &json!("posts/two")));
        // Taken back, or reviewed again, it goes out.
        project.run(["plan", "--out", "plan.json"]).exits(0);
        apply(&project);
        assert!(captions(&server).contains(&"The first one".to_owned()), "{message}");
    }
}

#[test]
fn what_went_out_in_between_is_skipped() {
    let (server, project) = start();
    review(&project);
    project.run(["apply", "--yes", "--target", "posts/one"]).exits(0).ends_with("Applied: 1 published.");
    apply(&project).exits(0).ends_with("Applied: 1 published; 1 unchanged.");
    assert_eq!(captions(&server), ["The first one", "This is two"]);
}

#[test]
fn an_approval_that_comes_days_later_makes_nothing_late() {
    let (server, project) = start();
    project.remove("posts/one.yaml");
    write(&project, "two", "publish_at: 2026-12-01T12:00:00Z\n");
    project.run(["plan", "--now", "2026-12-01T09:00:00Z", "--out", "plan.json"]).exits(0);
    let later = ["apply", "--yes", "--now", "2026-12-05T09:00:00Z"];
    project.run(later).exits(3).says("1 late");
    project.run(later.into_iter().chain(["--plan", "plan.json"])).exits(0).ends_with("Applied: 1 published.");
    assert_eq!(captions(&server), ["This is two"]);
}

#[test]
fn a_file_that_is_no_whole_plan_of_this_build_is_refused() {
    let (server, project) = start();
    apply(&project).exits(1).says("the plan file plan.json cannot be read").says("igsync plan --out plan.json");
    review(&project);
    let text = project.read("plan.json");
    for (damaged, said) in [
        (text[..text.len() / 2].to_owned(), "damaged"),
        (text.replace("posts/two", "posts/six"), "damaged"),
        (text.replace("\"1.0\"", "\"1.1\""), "has format 1.1, which this igsync does not know"),
        ("\u{0}\u{1}".to_owned(), "damaged"),
        (String::new(), "damaged"),
    ] {
        project.write("plan.json", damaged);
        let error = apply(&project).exits(1).says(said).stderr;
        assert!(error.lines().all(|line| line.len() < 300), "{error}");
    }
    assert_eq!(sent(&server), 0);
}

#[test]
fn a_plan_file_replaces_plan_files_and_nothing_else() {
    let (_server, project) = start();
    let manifest = project.read("posts/one.yaml");
    project.run(["plan", "--out", "posts/one.yaml"]).exits(1).says("it is not a plan file").says("--out");
    assert_eq!(project.read("posts/one.yaml"), manifest);
    review(&project);
    review(&project);
    project.run(["plan", "--out", "nowhere/plan.json"]).exits(1).says("cannot be written");
}

#[test]
fn a_plan_of_an_account_that_no_one_has_identified_is_not_written() {
    let project = Project::with_one_image();
    project.write(
        "igsync.yaml",
        "accounts:\n  harbour: {}\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n",
    );
    let output = project.run(["plan", "--out", "plan.json"]).exits(1);
    output
        .says("no plan file was written: the user_id of harbour is in neither igsync.yaml")
        .says("accounts.harbour.user_id");
    assert!(!project.path().join("plan.json").exists());
}

#[test]
fn what_was_announced_is_found_out_whatever_was_reviewed() {
    let (server, project) = start();
    // The publish goes through, and its answer is an error.
    let blocked = json!({ "graph_error": { "code": 4, "subcode": 2_207_051, "effect": true } });
    let fault = json!([{ "match": { "method": "POST", "path": "media_publish" }, "nth": 1, "fault": blocked }]);
    server.fail(&fault.to_string());
    project.run(["apply", "--yes", "--target", "posts/one"]).exits(9).says("perhaps live");
    project.remove("posts/two.yaml");
    project.write("posts/none.yaml", "kind: image\nimage: ./two.jpg\ncaption: None\ndraft: true\n");
    project.write(
        "empty.json",
        json!({
            "format_version": "1.0", "at": "2026-12-01T09:00:00Z", "include_late": false,
            "digest": "v1:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "items": [],
        })
        .to_string(),
    );
    project.run(["apply", "--yes", "--plan", "empty.json"]).exits(0).says("published");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert_eq!(captions(&server), ["The first one"]);
}
