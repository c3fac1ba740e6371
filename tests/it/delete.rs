//! `state: absent`: live posts are deleted with all three keys, and never otherwise.

use serde_json::{Value, json};

use crate::project::{Output, Project, Server};

/// The media ids of the two posts, each in the other's line.
fn swap_ids(project: &Project) {
    let id = |key: &str| records(project, key)[0]["media_id"].as_str().unwrap().to_owned();
    let (one, two) = (id("posts/one"), id("posts/two"));
    let lock = project.read("igsync.lock").replace(&one, "ID").replace(&two, &one).replace("ID", &two);
    project.write("igsync.lock", lock);
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
}

const CONFIG: &str = "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n    login: facebook\n    allow_delete: true\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n";

/// Two posts that are live; the first is ordered to be deleted.
fn ordered() -> (Server, Project) {
    ordered_by(CONFIG, "EAA-LONG")
}

fn ordered_by(config: &str, token: &str) -> (Server, Project) {
    let server = Server::start();
    let login = if token.starts_with("EAA") { "facebook" } else { "instagram" };
    let project = Project::with_one_image().against(&server, login, token);
    project.write("igsync.yaml", config);
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second one\n");
    project.run(["apply", "--yes"]).exits(0);
    order(&project, "absent");
    (server, project)
}

fn order(project: &Project, state: &str) {
    let text = format!("kind: image\nimage: ./one.jpg\ncaption: The first one\nstate: {state}\n");
    project.write("posts/one.yaml", text);
}

fn apply(project: &Project) -> Output {
    project.run(["apply", "--yes", "--allow-delete"])
}

fn records(project: &Project, key: &str) -> Vec<Value> {
    lines(&project.read("igsync.lock")).filter(|record| record["key"] == key).collect()
}

fn lines(lock: &str) -> impl Iterator<Item = Value> {
    lock.lines().skip(1).map(|line| serde_json::from_str(line).unwrap())
}

fn record(project: &Project) -> Value {
    let mut all = records(project, "posts/one");
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn count(server: &Server, method: &str, path: &str) -> usize {
    server.sandbox.requests().iter().filter(|call| call.method == method && call.path.ends_with(path)).count()
}

/// How many deletions were sent for this media.
fn deletions(server: &Server, media: &Value) -> usize {
    count(server, "DELETE", media.as_str().unwrap())
}

#[test]
fn a_live_post_is_deleted_with_all_three_keys() {
    let (server, project) = ordered();
    let live = record(&project);
    project
        .run(["plan"])
        .exits(0)
        .says("--allow-delete")
        .says(live["permalink"].as_str().unwrap())
        .ends_with("No changes: 1 to delete; 1 unchanged.");
    project.run(["plan", "--allow-delete", "--detailed-exitcode"]).exits(2).says("igsync will delete 1 post");
    apply(&project).exits(0).says("deleted posts/one").ends_with("Applied: 1 deleted; 1 unchanged.");
    let gone = record(&project);
    assert_eq!((&gone["state"], &gone["media_id"]), (&Value::from("deleted"), &live["media_id"]));
    assert_eq!(gone["deletions"][0]["outcome"], "deleted");
    assert_eq!(deletions(&server, &live["media_id"]), 1);
    apply(&project).exits(0).ends_with("No changes.");
    order(&project, "present");
    project.run(["plan"]).exits(0).says("d posts/one").ends_with("No changes: 1 deleted; 1 unchanged.");
    apply(&project).exits(0);
    assert_eq!(count(&server, "POST", "/media_publish"), 2, "it is not published again");
}

#[test]
fn without_a_key_nothing_is_sent_and_the_missing_one_is_named() {
    let (server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    project.run(["apply", "--yes"]).exits(0).says("left alone without --allow-delete");
    project.write("igsync.yaml", CONFIG.replace("    allow_delete: true\n", ""));
    apply(&project).exits(0).says("`allow_delete: true`");
    project.write("igsync.yaml", format!("{CONFIG}paused: true\n"));
    apply(&project).exits(0).says("paused");
    order(&project, "present");
    project.write("igsync.yaml", CONFIG);
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!(deletions(&server, &id), 0);
    assert!(record(&project).get("deletions").is_none());
}

#[test]
fn the_plan_for_programs_and_for_a_pull_request_says_what_is_lost() {
    let (_server, project) = ordered();
    let live = record(&project);
    let plan = project.run(["plan", "--allow-delete", "--refresh", "pending", "--format", "json"]).exits(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let change = &plan["changes"][0];
    assert_eq!((&change["action"], &change["deletes"]), (&Value::from("delete"), &Value::from(true)));
    assert_eq!((&change["media_id"], &change["published_at"]), (&live["media_id"], &live["published_at"]));
    assert!(change["likes"].is_u64() && change["comments"].is_u64(), "{change}");
    let page = project.run(["plan", "--format", "markdown"]).exits(0).stdout;
    let first = page.lines().next().unwrap();
    assert!(first.contains("This orders 1 live post to be deleted on Instagram"), "{first}");
    assert!(page.contains("> [!CAUTION]\n> **1 live post to be deleted from Instagram for ever**"), "{page}");
}

#[test]
fn more_deletions_than_the_cap_are_refused() {
    let (server, project) = ordered();
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second one\nstate: absent\n");
    let refused = "2 posts would be deleted on harbour, one run deletes at most 1";
    project.run(["plan", "--allow-delete", "--fail-on-refusal"]).exits(5).says(refused);
    apply(&project).exits(5).says("max_delete_per_run");
    assert_eq!(server.sandbox.requests().iter().filter(|call| call.method == "DELETE").count(), 0);
    project.write("igsync.yaml", format!("{CONFIG}limits: {{ max_delete_per_run: 2 }}\n"));
    apply(&project).exits(0).ends_with("Applied: 2 deleted.");
}

#[test]
fn with_instagram_login_a_person_deletes_in_the_app() {
    let config = CONFIG.replace("login: facebook", "login: instagram");
    let (server, project) = ordered_by(&config, "IGAA-LONG");
    let said = "lock accept posts/one --deleted";
    project.run(["plan"]).exits(0).says("but Instagram Login").says(said);
    apply(&project).exits(3).says(said);
    assert_eq!(server.sandbox.requests().iter().filter(|call| call.method == "DELETE").count(), 0);
    project.run(["lock", "accept", "posts/one", "--deleted", "--dry-run"]).exits(0).says("in the record only");
    assert_eq!(record(&project)["state"], "published");
    project.run(["lock", "accept", "posts/one", "--deleted"]).exits(0).says("posts/one: deleted");
    assert_eq!(record(&project)["state"], "deleted");
    project.run(["lock", "accept", "posts/one", "--deleted"]).exits(0).says("nothing to change, deleted already");
    apply(&project).exits(0).ends_with("No changes.");
}

#[test]
fn media_that_were_only_matched_or_are_claimed_twice_are_never_deleted() {
    let (server, project) = ordered();
    let lock = project.read("igsync.lock");
    let live = record(&project);
    let forge = |change: &dyn Fn(&str) -> String| {
        std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
        project.write("igsync.lock", change(&lock));
    };
    forge(&|lock| lock.replace("\"via\":\"publish\"", "\"via\":\"settled\""));
    apply(&project).exits(3).says("only found by comparing").says("resolve posts/one --published");
    let two = records(&project, "posts/two")[0]["media_id"].as_str().unwrap().to_owned();
    forge(&|lock| lock.replace(&two, live["media_id"].as_str().unwrap()));
    apply(&project).exits(3).says("another post is recorded with the");
    assert_eq!(server.sandbox.requests().iter().filter(|call| call.method == "DELETE").count(), 0);
}

#[test]
fn an_order_for_what_was_never_published_does_nothing() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", "EAA-LONG");
    project.write("igsync.yaml", CONFIG);
    order(&project, "absent");
    apply(&project).exits(0).says("was never published").ends_with("No changes.");
    assert!(server.sandbox.requests().is_empty());
}

#[test]
fn a_lost_answer_is_settled_by_looking_before_anything_is_sent_again() {
    let (server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    server.fail(r#"[{"match":{"method":"DELETE"},"fault":"lose_answer"}]"#);
    // All signs agree in this run already.
    apply(&project).exits(0).says("deleted posts/one");
    assert_eq!((record(&project)["state"].clone(), deletions(&server, &id)), (Value::from("deleted"), 1));
}

#[test]
fn a_deletion_that_never_arrived_is_withdrawn_once_the_order_is() {
    let (server, project) = ordered();
    let project = project.env("IGSYNC_HTTP_TIMEOUT_MS", "400");
    let id = record(&project)["media_id"].clone();
    server.fail(r#"[{"match":{"method":"DELETE"},"fault":"close_before"}]"#);
    apply(&project).exits(3).says("perhaps live");
    assert!(record(&project)["deletions"][0].get("outcome").is_none());
    project.run(["plan"]).exits(0).says("perhaps deleted");
    order(&project, "present");
    apply(&project).exits(0).says("had no effect");
    assert_eq!(record(&project)["deletions"][0]["outcome"], "withdrawn");
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!(deletions(&server, &id), 1, "never after it was withdrawn");
    let project = project.env("IGSYNC_HTTP_TIMEOUT_MS", "30000");
    order(&project, "absent");
    apply(&project).exits(0);
    assert_eq!((record(&project)["state"].clone(), deletions(&server, &id)), (Value::from("deleted"), 2));
}

#[test]
fn an_open_deletion_that_still_is_ordered_is_sent_again() {
    let (server, project) = ordered();
    let project = project.env("IGSYNC_HTTP_TIMEOUT_MS", "400");
    let id = record(&project)["media_id"].clone();
    server.fail(r#"[{"match":{"method":"DELETE"},"fault":"close_before"}]"#);
    apply(&project).exits(3);
    project.run(["apply", "--yes"]).exits(0).says("had no effect");
    server.fail(r#"[{"match":{"method":"DELETE"},"fault":"close_before"}]"#);
    apply(&project).exits(3);
    let project = project.env("IGSYNC_HTTP_TIMEOUT_MS", "30000");
    apply(&project).exits(0).says("deleted posts/one");
    assert_eq!((record(&project)["state"].clone(), deletions(&server, &id)), (Value::from("deleted"), 3));
}

#[test]
fn a_deletion_that_is_refused_three_times_waits_for_a_person() {
    let (server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    let refuse = r#"{"kind":"graph_error","code":-1,"subcode":2207085,"effect":false}"#;
    server.fail(&format!(r#"[{{"match":{{"method":"DELETE"}},"times":0,"fault":{refuse}}}]"#));
    for _ in 0..3 {
        apply(&project).exits(3).says("Meta refused to delete the post, without a reason");
    }
    apply(&project).exits(3).says("x posts/one").says("refused three times");
    assert_eq!(deletions(&server, &id), 3);
    server.repair();
    apply(&project).exits(3);
    project.run(["apply", "--yes", "--allow-delete", "--retry-failed"]).exits(0).says("deleted posts/one");
    assert_eq!(deletions(&server, &id), 4);
}

#[test]
fn a_token_without_the_permission_deletes_nothing_and_publishes_all_the_same() {
    let (server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    let without = project.env("IGSYNC_ACCESS_TOKEN", "EAA-READONLY");
    apply(&without).exits(3).says("instagram_manage_contents");
    assert_eq!(deletions(&server, &id), 0);
}

#[test]
fn a_permission_that_is_found_missing_by_the_answer_is_a_problem_of_the_token() {
    let (server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    let refuse = r#"{"kind":"graph_error","code":200,"effect":false}"#;
    server.fail(&format!(r#"[{{"match":{{"method":"DELETE"}},"fault":{refuse}}}]"#));
    apply(&project).exits(9).says("instagram_manage_contents");
    assert_eq!((&record(&project)["state"], deletions(&server, &id)), (&Value::from("published"), 1));
    assert_eq!(record(&project)["deletions"][0]["outcome"], "refused");
    apply(&project).exits(0).says("deleted posts/one");
}

#[test]
fn what_was_imported_under_its_own_id_is_deleted_and_what_was_matched_is_not() {
    let server = Server::start();
    server
        .sandbox
        .seed(&json!([
            { "caption": "Golden hour over the harbour.", "at": "2024-05-01T18:00:05Z" },
            { "caption": "Low tide", "at": "2026-01-02T10:00:00Z" }
        ]))
        .unwrap();
    let project = Project::empty().against(&server, "facebook", "EAA-LONG");
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write("igsync.yaml", CONFIG);
    project.jpeg("posts/golden.jpg", 1);
    let golden = "kind: image\nimage: ./golden.jpg\ncaption: Golden hour over the harbour.\n\
                  publish_at: 2024-05-01T18:00:00Z\n";
    project.write("posts/golden.yaml", golden);
    project.run(["import", "--write", "--no-media"]).exits(0);
    project.write("posts/golden.yaml", format!("{golden}state: absent\n"));
    apply(&project).exits(3).says("only found by comparing");
    project.write("posts/golden.yaml", golden);
    let lock = project.read("igsync.lock");
    let all = lines(&lock).find(|record| record["via"] == "imported").unwrap();
    let manifest = format!("{}.yaml", all["key"].as_str().unwrap());
    project.write(&manifest, format!("{}state: absent\n", project.read(&manifest)));
    apply(&project).exits(0).says("deleted posts/imported").ends_with("Applied: 1 deleted; 1 unchanged.");
    assert_eq!(deletions(&server, &all["media_id"]), 1);
    assert_eq!(server.sandbox.requests().iter().filter(|call| call.method == "DELETE").count(), 1);
}

#[test]
fn an_answer_that_denies_the_post_is_settled_by_looking() {
    let (server, project) = ordered();
    let deny = |effect: bool| format!(r#"{{"kind":"graph_error","code":100,"subcode":33,"effect":{effect}}}"#);
    server.fail(&format!(r#"[{{"match":{{"method":"DELETE"}},"fault":{}}}]"#, deny(false)));
    apply(&project).exits(3).says("Meta refused to delete the post");
    assert_eq!(record(&project)["deletions"][0]["outcome"], "refused");
    server.fail(&format!(r#"[{{"match":{{"method":"DELETE"}},"fault":{}}}]"#, deny(true)));
    apply(&project).exits(0).says("deleted posts/one");
    assert_eq!(record(&project)["state"], "deleted");
}

#[test]
fn the_events_of_a_deletion_name_what_is_gone() {
    let (_server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    let output = project.run(["apply", "--yes", "--allow-delete", "--format", "json"]).exits(0);
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["to_delete"], 1);
    let deleted = events.iter().find(|event| event["event"] == "post_deleted").unwrap();
    assert_eq!((&deleted["key"], &deleted["media_id"]), (&Value::from("posts/one"), &id));
    assert_eq!(events.last().unwrap()["deleted"], 1);
}

#[test]
fn what_was_deleted_by_hand_is_recorded_without_a_manifest_too() {
    let (_server, project) = ordered();
    project.remove("posts/one.yaml");
    project.run(["plan"]).exits(0).says("1 orphaned");
    project
        .run(["lock", "accept", "posts/one", "--deleted", "--format", "json"])
        .exits(0)
        .says("\"action\":\"deleted\"");
    assert_eq!(record(&project)["state"], "deleted");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    order(&project, "present");
    let removed = project.run(["lock", "rm", "posts/one", "--yes"]).exits(0).says("published again by the next apply");
    assert!(!removed.stderr.contains("what is live stays live"), "{}", removed.stderr);
    project.run(["lock", "accept", "posts/three", "--deleted"]).exits(64);
}

#[test]
fn media_that_another_line_of_the_lockfile_should_name_are_not_deleted() {
    let (server, project) = ordered();
    swap_ids(&project);
    let said = "lock show posts/one";
    project.run(["plan", "--refresh", "pending"]).exits(0).says("the record says https://").says(said);
    apply(&project).exits(3).says(said);
    // Whoever asks nothing before is told right before the call.
    let last = project.run(["apply", "--yes", "--allow-delete", "--refresh", "none"]).exits(3);
    last.says("are not this post, so nothing was sent: it is https://www.instagram.com/");
    assert_eq!(server.sandbox.requests().iter().filter(|call| call.method == "DELETE").count(), 0);
}

#[test]
fn an_order_that_is_taken_back_while_the_run_publishes_is_not_carried_out() {
    let (server, project) = ordered();
    let id = record(&project)["media_id"].clone();
    project.jpeg("posts/new.jpg", 3);
    project.write("posts/new.yaml", "kind: image\nimage: ./new.jpg\ncaption: A new one\n");
    server.fail(r#"[{"match":{"path":"*/media_publish"},"fault":{"kind":"delay","ms":1500}}]"#);
    let run = std::thread::scope(|scope| {
        let run = scope.spawn(|| apply(&project));
        let is_publishing = || count(&server, "POST", "/media_publish") == 3;
        while !is_publishing() {
            std::thread::yield_now();
        }
        order(&project, "present");
        run.join().unwrap()
    });
    run.exits(0).says("nothing orders its deletion any more");
    assert_eq!((record(&project)["state"].clone(), deletions(&server, &id)), (Value::from("published"), 0));
    assert!(record(&project).get("deletions").is_none(), "nothing was announced");
}

#[test]
fn a_deletion_on_one_branch_and_a_move_on_another_are_both_kept() {
    let (_server, project) = ordered();
    let before = project.read("igsync.lock");
    apply(&project).exits(0);
    let deleted = project.read("igsync.lock");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.write("igsync.lock", before);
    order(&project, "present");
    project.run(["lock", "mv", "posts/one", "posts/uno"]).exits(0);
    project.write("theirs.lock", deleted);
    project.run(["lock", "merge", "theirs.lock"]).exits(0);
    project.remove("theirs.lock");
    let text = project.read("posts/one.yaml");
    project.remove("posts/one.yaml");
    project.write("posts/uno.yaml", text);
    project.run(["plan"]).exits(0).says("d posts/uno").ends_with("No changes: 1 deleted; 1 unchanged.");
}

#[test]
fn by_hand_too_a_deletion_survives_a_move_on_another_branch_and_can_be_undone() {
    let (server, project) = ordered();
    order(&project, "present");
    let id = record(&project)["media_id"].as_str().unwrap().to_owned();
    let before = project.read("igsync.lock");
    project.run(["lock", "accept", "posts/one", "--deleted"]).exits(0);
    let deleted = project.read("igsync.lock");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.write("igsync.lock", before);
    project.run(["lock", "mv", "posts/one", "posts/uno"]).exits(0);
    project.write("theirs.lock", deleted);
    project.run(["lock", "merge", "theirs.lock"]).exits(0);
    let text = project.read("posts/one.yaml");
    project.remove("posts/one.yaml");
    project.write("posts/uno.yaml", text);
    project.run(["plan"]).exits(0).says("d posts/uno");
    project.run(["resolve", "posts/uno", "--published"]).exits(1).says("is recorded as deleted").says(&id);
    project.run(["resolve", "posts/uno", "--published", &id]).exits(0).says("counts as live again");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
    assert_eq!(count(&server, "POST", "/media_publish"), 2);
}

#[test]
fn a_record_that_is_forgotten_is_said_to_go_out_again() {
    let (_server, project) = ordered();
    apply(&project).exits(0);
    let removed = project.run(["lock", "rm", "posts/one", "--yes"]).exits(0);
    removed.says("it will be published again once its manifest no longer says");
    project.run(["plan"]).exits(0).says("was forgotten: there is nothing to delete");
}

/// Whoever writes a line of the lockfile can choose an id, a time and no link; the caption is what people have reviewed.
#[test]
fn a_post_that_says_something_else_is_not_deleted_by_an_id_without_a_link() {
    let (server, project) = ordered();
    let third = server.sandbox.seed(&serde_json::json!([{ "caption": "Somebody's own" }])).unwrap().remove(0);
    let lock = project.read("igsync.lock");
    let lines = lock.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if record["key"] == "posts/one" {
            record["media_id"] = third.clone().into();
            record.as_object_mut().unwrap().remove("permalink");
        }
        format!("{record}\n")
    });
    project.write("igsync.lock", lines.collect::<String>());
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    apply(&project).exits(3).says("it has another caption");
    assert_eq!(deletions(&server, &third.clone().into()), 0);
}
