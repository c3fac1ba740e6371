//! The main job: what is missing goes out once, in order, and is recorded.

use serde_json::{Value, json};

use crate::project::{Output, Project, Server, USER};

const INSTAGRAM: (&str, &str) = ("instagram", "IGAA-LONG");
const FACEBOOK: (&str, &str) = ("facebook", "EAA-LONG");

/// The records of `igsync.lock`.
fn records(project: &Project) -> Vec<Value> {
    project.read("igsync.lock").lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn captions(server: &Server) -> Vec<String> {
    server.published().iter().map(|post| post["caption"].as_str().unwrap_or_default().to_owned()).collect()
}

fn apply(project: &Project) -> Output {
    project.run(["apply", "--yes"])
}

#[test]
fn the_example_goes_out_once_into_its_own_sandbox() {
    let project = Project::example();
    let before = project.files();
    let first = project.run(["apply", "--sandbox", "--yes"]).exits(0);
    assert!(!first.last_line().starts_with("No changes"), "{}", first.stdout);
    assert_eq!(project.files(), before, "only .igsync/ is written");
    let second = project.run(["apply", "--sandbox", "--yes"]).exits(0);
    assert!(second.last_line().starts_with("No changes"), "{}", second.stdout);
    let ledger = project.read(".igsync/sandbox/igsync.lock");
    let ids: std::collections::BTreeSet<String> = ledger
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["media_id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.len() >= 6, "every due post of the example has an id of its own: {ledger}");
    project.run(["plan"]).exits(0).says("sandbox");
}

#[test]
fn both_logins_publish_the_same_posts_in_plan_order() {
    let mut seen = Vec::new();
    for (login, token) in [INSTAGRAM, FACEBOOK] {
        let server = Server::start();
        let project = Project::example().against(&server, login, token);
        let text = project.read("igsync.yaml");
        project.write("igsync.yaml", text.replace("login: instagram", &format!("login: {login}")));
        let planned: Value = serde_json::from_str(&project.run(["plan", "--format", "json"]).exits(0).stdout).unwrap();
        let due: Vec<&str> = planned["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["action"] == "publish")
            .map(|change| change["key"].as_str().unwrap())
            .collect();
        apply(&project).exits(0);
        let records = records(&project);
        let published = server.published();
        let order: Vec<&str> = published
            .iter()
            .map(|post| {
                let record = records.iter().find(|record| record["media_id"] == post["media_id"]);
                record.expect("every live post is recorded")["key"].as_str().unwrap()
            })
            .collect();
        assert_eq!(order, due, "{login}");
        assert!(published.iter().all(|post| post["publish_calls"] == 1), "{published:#?}");
        assert!(records.iter().all(|record| record["user_id"] == USER && record["permalink"].is_string()));
        assert!(apply(&project).exits(0).last_line().starts_with("No changes"));
        seen.push(captions(&server));
    }
    assert_eq!(seen[0], seen[1], "the same posts through both logins");
}

#[test]
fn what_only_moves_or_looks_different_is_not_published_again() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);

    project.write("posts/one.yaml", "# reformatted\ncaption:   'The first one'\nkind:  image\nimage: one.jpg\n");
    apply(&project).exits(0).ends_with("No changes.");

    let text = project.read("igsync.yaml");
    project.write("igsync.yaml", text.replace("harbour:", "port:"));
    apply(&project).exits(0).ends_with("No changes.");

    project.rename("posts/one.yaml", "posts/autumn/eins.yaml");
    project.rename("posts/one.jpg", "posts/autumn/one.jpg");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 moved.");
    apply(&project).exits(0);
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_move_with_a_corrected_caption_is_not_published_again() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    project.remove("posts/one.yaml");
    project.write("posts/eins.yaml", "kind: image\nimage: ./one.jpg\ncaption: The very first one\n");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 moved, 1 edited.");
    apply(&project).exits(0);
    assert_eq!(captions(&server), ["The first one"]);
    project.run(["plan"]).exits(0).ends_with("No changes: 1 edited.");
}

#[test]
fn an_edit_after_publishing_is_reported_and_nothing_is_sent() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    let calls = server.sandbox.requests().len();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Another text\n");
    let output = apply(&project).exits(0).says("posts/one");
    assert_eq!(output.last_line(), "No changes: 1 edited.");
    assert_eq!(server.sandbox.requests().len(), calls, "nothing is sent");
}

#[test]
fn a_first_comment_is_posted_once_and_comments_are_switched_off() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.write(
        "posts/one.yaml",
        "kind: image\nimage: ./one.jpg\ncaption: Hello\nfirst_comment: Details in the bio\ncomment_enabled: false\n",
    );
    apply(&project).exits(0);
    apply(&project).exits(0);
    let comments = server
        .sandbox
        .requests()
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/comments"))
        .count();
    assert_eq!(comments, 1);
    let record = &records(&project)[0];
    assert_eq!((&record["comment"], &record["comment_switch"]), (&Value::from("done"), &Value::from("done")));
}

/// `posts/one` is live and its first comment is due, as a run leaves it that is killed in between. `forge` changes
/// its record, and is given the media of `posts/two`; returns what the next run says.
fn with_a_comment_due(forge: impl Fn(&mut Value, &Value)) -> (Server, Project, Output) {
    with_a_comment_due_on("The first one", forge)
}

/// As [`with_a_comment_due`], where the manifest says `caption` by now.
fn with_a_comment_due_on(caption: &str, forge: impl Fn(&mut Value, &Value)) -> (Server, Project, Output) {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second\n");
    apply(&project).exits(0);
    let fields = "first_comment: Details\ncomment_enabled: false\n";
    project.write("posts/one.yaml", format!("kind: image\nimage: ./one.jpg\ncaption: {caption}\n{fields}"));
    let mut records = records(&project);
    let two = records.iter().find(|record| record["key"] == "posts/two").unwrap()["media_id"].clone();
    let one = records.iter_mut().find(|record| record["key"] == "posts/one").unwrap();
    (one["comment"], one["comment_switch"]) = ("due".into(), "due".into());
    forge(one, &two);
    let lines = records.iter().map(|record| format!("{record}\n")).collect::<Vec<_>>().concat();
    project.write("igsync.lock", format!("{{\"igsync_lock\":1}}\n{lines}"));
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    let output = apply(&project);
    (server, project, output)
}

/// Calls that write to live media: comments and comment switches.
fn writes_to_media(server: &Server) -> Vec<String> {
    let requests = server.sandbox.requests();
    let is_write = |path: &str| path.ends_with("/comments") || path.rsplit('/').next().unwrap().starts_with("179");
    requests
        .iter()
        .filter(|request| request.method == "POST" && is_write(&request.path))
        .map(|r| r.path.clone())
        .collect()
}

#[test]
fn what_a_record_says_is_due_goes_to_the_media_of_its_post() {
    let (server, project, output) = with_a_comment_due(|_, _| {});
    output.exits(0);
    assert_eq!(writes_to_media(&server).len(), 2);
    apply(&project).exits(0);
    assert_eq!(writes_to_media(&server).len(), 2, "nothing is due any more");
}

#[test]
fn a_forged_record_sends_no_comment_and_no_switch_to_media_of_its_choice() {
    // Media of another post, which its own record names as well.
    let (server, _, output) = with_a_comment_due(|one, two| one["media_id"] = two.clone());
    output.exits(0).says("the record of posts/two names the same media");
    assert_eq!(writes_to_media(&server), Vec::<String>::new());
    // Media that are not the account's, whether published just now or long ago.
    let (server, _, output) = with_a_comment_due(|one, _| one["media_id"] = "17900000000009999".into());
    output.exits(0).says("does not list media 17900000000009999");
    assert_eq!(writes_to_media(&server), Vec::<String>::new());
    let (server, project, output) = with_a_comment_due(|one, _| {
        one["media_id"] = "17900000000009999".into();
        one["published_at"] = "2020-01-01T00:00:00Z".into();
    });
    output.exits(0).says("turn comments off, in the app");
    assert_eq!(writes_to_media(&server), Vec::<String>::new());
    let calls = server.sandbox.requests().len();
    apply(&project).exits(0);
    assert_eq!(server.sandbox.requests().len(), calls, "nothing is due any more");
    // The account's own media, made elsewhere: a forger copies its kind and caption, but people have reviewed another.
    let (server, _, output) = with_a_comment_due_on("Another text", |_, _| {});
    output.exits(0).says("the manifest no longer has the kind and caption");
    assert_eq!(writes_to_media(&server), Vec::<String>::new());
    // The account's own media, with another caption than the record's, or of another kind.
    for (field, other) in [("caption_digest", format!("v1:sha256:{}", "0".repeat(64))), ("kind", "reel".to_owned())] {
        let (server, _, output) = with_a_comment_due(|one, _| one[field] = other.clone().into());
        output.exits(0).says("a kind or caption that differs");
        assert_eq!(writes_to_media(&server), Vec::<String>::new(), "{field}");
    }
}

/// The journal of this machine knows the attempt, and a line that calls it confirmed by hand outranks it.
#[test]
fn a_forged_line_of_an_own_attempt_sends_nothing_to_media_of_its_choice() {
    let server = Server::start();
    let other = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    other.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Made elsewhere\n");
    apply(&other).exits(0);
    let foreign = records(&other)[0].clone();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Mine\n");
    apply(&project).exits(0);
    let fields = "first_comment: Details\ncomment_enabled: false\n";
    project.write("posts/one.yaml", format!("kind: image\nimage: ./one.jpg\ncaption: Mine\n{fields}"));
    let mut one = records(&project)[0].clone();
    for (name, value) in [("via", "resolved"), ("comment", "due"), ("comment_switch", "due")] {
        one[name] = value.into();
    }
    for name in ["media_id", "caption_digest", "digest"] {
        one[name] = foreign[name].clone();
    }
    project.write("igsync.lock", format!("{{\"igsync_lock\":1}}\n{one}\n"));
    apply(&project).says("the manifest no longer has the kind and caption");
    assert_eq!(writes_to_media(&server), Vec::<String>::new());
}

#[test]
fn a_lost_publish_answer_is_settled_by_reading_the_container() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    server.fail(r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":"lose_answer"}]"#);
    apply(&project).exits(0);
    apply(&project).exits(0).ends_with("No changes.");
    let published = server.published();
    assert_eq!(published.len(), 1);
    assert_eq!(records(&project)[0]["media_id"], published[0]["media_id"], "the id is found by matching");
}

#[test]
fn events_are_one_json_object_a_line() {
    let project = Project::example();
    let output = project.run(["apply", "--sandbox", "--yes", "--format", "json"]).exits(0);
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((names[0], *names.last().unwrap()), ("run_started", "run_finished"));
    for expected in ["post_started", "container_created", "intent_recorded", "post_published", "post_enriched"] {
        assert!(names.contains(&expected), "{expected} is missing in {names:?}");
    }
    let first = |name| names.iter().position(|event| *event == name).unwrap();
    assert!(first("intent_recorded") < first("post_published"));
}

#[test]
fn nothing_goes_out_without_a_yes() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.run(["apply"]).exits(1).says("--yes");
    assert_eq!(server.published().len(), 0);
}

#[test]
fn guards_refuse_with_the_flag_that_overrides_them() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.remove("igsync.lock");
    apply(&project).exits(5).says("--allow-new-lock");
    project.run(["apply", "--yes", "--allow-new-lock", "--max-publish", "0"]).exits(5).says("--max-publish");
    assert_eq!(server.published().len(), 0);
    project.run(["apply", "--yes", "--allow-new-lock"]).exits(0);
    assert_eq!(server.published().len(), 1);

    project.write("posts/again.yaml", "kind: image\nimage: ./one.jpg\ncaption: Once more\n");
    apply(&project).exits(3).says("has the media of posts/one, which is live").says("allow_duplicate: true");
    assert_eq!(server.published().len(), 1);
    project
        .run(["apply", "--yes", "--allow-duplicate", "posts/agian"])
        .exits(64)
        .says("there is no post `posts/agian`");
    project.run(["apply", "--yes", "--allow-duplicate", "posts/again"]).exits(0);
    assert_eq!(server.published().len(), 2);
}

#[test]
fn a_run_that_holds_the_lock_is_named_and_left_alone() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    std::fs::create_dir_all(project.path().join(".igsync")).unwrap();
    let lock = std::fs::File::create(project.path().join(".igsync/run.lock")).unwrap();
    lock.lock().unwrap();
    apply(&project).exits(7);
    drop(lock);
    apply(&project).exits(0);
}

#[test]
fn an_expired_token_ends_the_run_before_anything_is_made() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-EXPIRED");
    apply(&project).exits(9).says("190");
    assert!(server.published().is_empty());
}

#[test]
fn a_wrong_username_is_noticed_before_anything_is_made() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    let text = project.read("igsync.yaml");
    project.write("igsync.yaml", text.replace("harbour:\n", "harbour:\n    username: somebody\n"));
    apply(&project).exits(9).says("somebody");
    assert!(server.published().is_empty());
}

#[test]
fn an_upload_that_was_cut_short_goes_on_in_the_next_run_with_the_same_container() {
    let server = Server::start();
    let project = Project::copy_of("tests/fixtures/content/reel").against(&server, FACEBOOK.0, FACEBOOK.1);
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    let project = project.env("IGSYNC_USER_ID", USER);
    // Every part of the first run breaks off, so the run gives up with some bytes sent.
    let cut = |bytes: u32, times: u32| {
        let fault = serde_json::json!({ "interrupt_upload": { "bytes": bytes } });
        let matching = serde_json::json!({ "method": "POST", "path": "/ig-api-upload/*" });
        server.fail(&serde_json::json!([{ "match": matching, "times": times, "fault": fault }]).to_string());
    };
    cut(1000, 1);
    cut(0, 0);
    apply(&project).exits(3);
    server.repair();
    let made = |server: &Server| {
        let is_creation = |path: &str| path.ends_with("/media");
        server
            .sandbox
            .requests()
            .iter()
            .filter(|request| request.method == "POST" && is_creation(&request.path))
            .count()
    };
    assert_eq!((made(&server), server.published().len()), (1, 0));
    apply(&project).exits(0);
    assert_eq!(server.published().len(), 1);
    assert_eq!(made(&server), 1, "the same container is filled and published");
}

#[test]
fn a_refused_picture_waits_for_a_change_and_the_others_go_out() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second one\n");
    server.fail(
        r#"[{"match":{"method":"POST","path":"/media"},"nth":1,"fault":{"graph_error":{"code":36003,"subcode":2207009}}}]"#,
    );
    apply(&project).exits(3).says("36003").says("aspect");
    assert_eq!(server.published().len(), 1, "one failed post does not stop the other");
    let calls = server.sandbox.requests().len();
    let second = apply(&project).exits(3);
    assert_eq!(second.last_line(), "No changes: 1 failed; 1 unchanged.");
    assert_eq!(server.sandbox.requests().len(), calls, "nothing is asked again");
    apply_with(&project, "--retry-failed").exits(0);
    assert_eq!(server.published().len(), 2);
}

fn apply_with(project: &Project, flag: &str) -> Output {
    project.run(["apply", "--yes", flag])
}

#[test]
fn an_error_for_a_post_that_is_live_is_found_out_by_the_next_run() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    let blocked = json!({ "graph_error": { "code": 4, "subcode": 2_207_051, "effect": true } });
    let fault = json!([{ "match": { "method": "POST", "path": "media_publish" }, "nth": 1, "fault": blocked }]);
    server.fail(&fault.to_string());
    let first = apply(&project).exits(9);
    assert!(first.stderr.contains("2207051"), "{}", first.stderr);
    assert!((first.stdout.clone() + &first.stderr).contains("perhaps live"), "{}{}", first.stdout, first.stderr);
    assert_eq!((records(&project)[0]["state"].as_str(), server.published().len()), (Some("intent"), 1));
    project.run(["plan"]).exits(0).says("settle: igsync resolve posts/one");
    apply(&project).exits(0).says("published");
    let record = records(&project).remove(0);
    assert_eq!((&record["via"], &record["media_id"]), (&json!("settled"), &server.published()[0]["media_id"]));
    apply(&project).exits(0).ends_with("No changes.");
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_container_that_is_live_although_nothing_was_announced_is_told() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, INSTAGRAM.0, INSTAGRAM.1);
    apply(&project).exits(0);
    // The lockfile as it was before the publish, no journal, and a manifest that wants no container any more.
    let journal = project.read(".igsync/journal.jsonl");
    let waiting = journal.lines().find(|line| line.contains("\"state\":\"containers\"")).unwrap();
    project.write("igsync.lock", format!("{}\n{waiting}\n", journal.lines().next().unwrap()));
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Other words\n");
    let told = project.run(["apply", "--yes", "--format", "json"]).exits(0);
    assert!(told.stdout.contains("\"post_published\""), "{}", told.stdout);
    let record = records(&project).remove(0);
    assert_eq!((record["state"].as_str(), record["via"].as_str()), (Some("published"), Some("settled")));
    assert_eq!(server.published().len(), 1);
}
