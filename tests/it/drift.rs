//! `igsync drift`: what people do in the app is found, and nothing that an outage does is taken for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::project::{Output, Project, Server, repository};

const TOKEN: &str = "EAA-LONG";

/// Three posts that are live: an image with a description, a carousel, a reel.
fn live() -> (Server, Project) {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", TOKEN);
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: The first one\nalt_text: Fog\n");
    project.jpeg("posts/two.jpg", 2);
    project.jpeg("posts/three.jpg", 3);
    project.write(
        "posts/slides.yaml",
        "kind: carousel\ncaption: Slides\nitems:\n  - image: ./two.jpg\n  - image: ./three.jpg\n    alt_text: Cranes\n",
    );
    project.write("posts/clip.mp4", std::fs::read(repository().join("examples/content/media/sunset.mp4")).unwrap());
    project.write("posts/clip.yaml", "kind: reel\ncaption: A clip\nvideo: ./clip.mp4\ncomment_enabled: false\n");
    project.run(["apply", "--yes"]).exits(0);
    (server, project)
}

/// The media id of a post.
fn media(project: &Project, key: &str) -> String {
    let lock = project.read("igsync.lock");
    let records = lock.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found = records.filter(|record| record["key"] == key && record["state"] == "published");
    found.next().unwrap()["media_id"].as_str().unwrap().to_owned()
}

fn change(server: &Server, project: &Project, key: &str, change: &Value) {
    server.sandbox.change(&media(project, key), change).unwrap();
}

fn drift(project: &Project) -> Output {
    project.run(["drift", "--detailed-exitcode"])
}

fn first_line(output: &Output) -> &str {
    output.stdout.lines().next().unwrap_or_default()
}

fn report(project: &Project, more: &[&str]) -> Value {
    let args = ["drift", "--format", "json"].into_iter().chain(more.iter().copied());
    let output = project.run(args);
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// What differs of each post, by its key.
fn facts(report: &Value, key: &str) -> Vec<String> {
    let posts = report["posts"].as_array().unwrap().iter().filter(|post| post["key"] == key);
    posts
        .flat_map(|post| post["differs"].as_array().unwrap())
        .map(|one| one["what"].as_str().unwrap().to_owned())
        .collect()
}

fn calls(server: &Server) -> usize {
    server.sandbox.requests().len()
}

/// An outage that denies live posts while listings go on.
fn outage(server: &Server) {
    server.fail(r#"[{"match": {"method": "GET", "path": "/179*"}, "times": 0, "fault": "unreadable"}]"#);
}

#[test]
fn what_is_live_as_it_was_published_differs_in_nothing() {
    let (server, project) = live();
    let output = drift(&project).exits(0);
    assert_eq!(output.stdout, "3 live: 3 recorded, 0 unmanaged, 0 edited, 0 missing; coverage 100 %.\n");
    let story = json!([{ "kind": "story" }]);
    server.sandbox.seed(&story).unwrap();
    drift(&project).exits(0).says("3 live: 3 recorded");
}

#[test]
fn each_kind_of_drift_is_found_and_named_with_its_way_out() {
    let (server, project) = live();
    let before = (project.read("igsync.lock"), project.read(".igsync/journal.jsonl"));
    for (key, edit, fact, said) in [
        ("posts/one", json!({ "caption": "Another \u{1b}[31mone" }), "caption", "\"The first one\""),
        (
            "posts/one",
            json!({ "alt_text": "Sun" }),
            "alt_text",
            "alt text: Instagram shows \"Sun\", published was \"Fog\"",
        ),
        ("posts/one", json!({ "alt_text": null }), "alt_text", "shows nothing"),
        ("posts/one", json!({ "comment_enabled": false }), "comments", "comments: off (meant: on)"),
        ("posts/clip", json!({ "comment_enabled": true }), "comments", "comments: on (meant: off)"),
        ("posts/one", json!({ "is_ai_generated": true }), "ai_label", "AI label: labelled (meant: not labelled)"),
        ("posts/clip", json!({ "share_to_feed": false }), "off_grid", "grid: not in the grid (meant: in the grid)"),
        ("posts/clip", json!({ "copyrighted": true }), "copyright", "copyright match"),
    ] {
        let undo = json!({
            "caption": if key == "posts/one" { "The first one" } else { "A clip" },
            "alt_text": if key == "posts/one" { json!("Fog") } else { Value::Null },
            "comment_enabled": key == "posts/one", "is_ai_generated": false, "share_to_feed": true, "copyrighted": false,
        });
        change(&server, &project, key, &edit);
        let output = drift(&project).exits(2).says(said).says(&format!("igsync lock accept {key}`"));
        assert_eq!(first_line(&output), "3 live: 3 recorded, 0 unmanaged, 1 edited, 0 missing; coverage 100 %.");
        assert!(!output.stdout.contains('\u{1b}'), "{}", output.stdout);
        assert_eq!(facts(&report(&project, &[]), key), [fact], "{edit}");
        project.run(["drift"]).exits(0);
        change(&server, &project, key, &undo);
        drift(&project).exits(0);
    }
    let slides = server.published().iter().find(|post| post["kind"] == "carousel").unwrap()["children"].clone();
    change(&server, &project, "posts/slides", &json!({ "children": [slides[0]["media_id"]] }));
    drift(&project).exits(2).says("slides: 1 (meant: 2)");
    assert_eq!((project.read("igsync.lock"), project.read(".igsync/journal.jsonl")), before, "no record was changed");
}

#[test]
fn what_one_login_does_not_show_is_no_drift() {
    let (server, project) = live();
    let project = project.env("IGSYNC_LOGIN", "instagram").env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG");
    change(&server, &project, "posts/clip", &json!({ "copyrighted": true }));
    drift(&project).exits(0);
    change(&server, &project, "posts/one", &json!({ "caption": "Another" }));
    drift(&project).exits(2).says("1 edited");
}

#[test]
fn a_post_that_is_gone_is_missing_and_an_outage_finds_none_missing() {
    let (server, project) = live();
    change(&server, &project, "posts/one", &json!({ "deleted": true }));
    outage(&server);
    let output = drift(&project).exits(0).says("not seen  posts/one");
    assert_eq!(first_line(&output), "2 live: 2 recorded, 0 unmanaged, 0 edited, 0 missing; coverage 100 %.");
    server.repair();
    let output = drift(&project).exits(2).says("missing  posts/one").says("igsync lock accept posts/one --deleted`");
    assert_eq!(first_line(&output), "2 live: 2 recorded, 0 unmanaged, 0 edited, 1 missing; coverage 100 %.");
    assert_eq!(report(&project, &[])["posts"][0]["class"], "missing");
    change(&server, &project, "posts/one", &json!({ "deleted": false, "archived": true }));
    drift(&project).exits(0).says("it answers");
}

#[test]
fn an_outage_that_empties_the_listing_and_denies_everything_finds_none_missing() {
    let (server, project) = live();
    outage(&server);
    server.fail(r#"[{"match": {"method": "GET", "path": "/media"}, "times": 0, "fault": {"http": {"status": 500}}}]"#);
    drift(&project).exits(1).says("could not ask Meta about account harbour");
    server.repair();
    for key in ["posts/one", "posts/slides", "posts/clip"] {
        change(&server, &project, key, &json!({ "archived": true }));
    }
    outage(&server);
    let output = drift(&project).exits(0);
    assert_eq!(first_line(&output), "0 live: 0 recorded, 0 unmanaged, 0 edited, 0 missing; coverage 100 %.");
    assert_eq!(report(&project, &[])["summary"]["not_seen"], 3);
}

#[test]
fn accept_makes_a_drift_silent_and_a_later_change_is_loud_again() {
    let (server, project) = live();
    change(&server, &project, "posts/one", &json!({ "caption": "Another" }));
    drift(&project).exits(2);
    project.run(["lock", "accept", "posts/one", "--dry-run"]).exits(0).says("would be accepted");
    drift(&project).exits(2);
    project.run(["lock", "accept", "posts/one"]).exits(0).says("what Instagram shows is accepted");
    drift(&project).exits(0).says("0 edited");
    project.run(["lock", "accept", "posts/one"]).exits(0).says("nothing to change");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    change(&server, &project, "posts/one", &json!({ "caption": "A third" }));
    drift(&project).exits(2).says("1 edited");
    // What is accepted is what Instagram shows now, whatever drift saw.
    change(&server, &project, "posts/one", &json!({ "caption": "A fourth" }));
    project.run(["lock", "accept", "posts/one"]).exits(0);
    drift(&project).exits(0);
    change(&server, &project, "posts/one", &json!({ "caption": "A fifth" }));
    drift(&project).exits(2);
    change(&server, &project, "posts/one", &json!({ "deleted": true }));
    let before = project.read("igsync.lock");
    project.run(["lock", "accept", "posts/one"]).exits(1).says("Instagram denies that posts/one is live");
    assert_eq!(project.read("igsync.lock"), before);
}

#[test]
fn without_a_token_the_last_drift_is_what_is_accepted() {
    let (server, project) = live();
    change(&server, &project, "posts/one", &json!({ "caption": "Another" }));
    drift(&project).exits(2);
    let project = project.env("IGSYNC_ACCESS_TOKEN", "");
    project.run(["lock", "accept", "posts/one"]).exits(0).says("as `igsync drift` saw it");
    let project = project.env("IGSYNC_ACCESS_TOKEN", TOKEN);
    drift(&project).exits(0);
    // A post without a manifest can be accepted, too.
    project.remove("posts/slides.yaml");
    project.remove("posts/one.yaml");
    change(&server, &project, "posts/slides", &json!({ "caption": "Another" }));
    drift(&project).exits(2).says("not what was published");
    project.run(["lock", "accept", "posts/slides"]).exits(0);
    drift(&project).exits(0);
    project.run(["lock", "accept", "posts/one", "--dry-run"]).exits(1).says("no manifest");
}

#[test]
fn what_no_record_has_is_counted_and_listed_on_demand() {
    let (server, project) = live();
    let posts = json!([
        { "caption": "From the app", "at": "2021-03-01T09:00:00Z" },
        { "kind": "reel", "old_video": true, "at": "2019-03-01T09:00:00Z" },
    ]);
    let ids = server.sandbox.seed(&posts).unwrap();
    let output = drift(&project).exits(0).says("2 live posts are in no record").says("igsync import");
    assert_eq!(first_line(&output), "5 live: 3 recorded, 2 unmanaged, 0 edited, 0 missing; coverage 60 %.");
    assert!(!output.stdout.contains("From the app"));
    project.run(["drift", "--unmanaged"]).exits(0).says("2021-03-01 09:00 UTC  image").says("From the app");
    let unmanaged = &report(&project, &["--unmanaged"])["unmanaged"];
    assert_eq!((&unmanaged[0]["media_id"], &unmanaged[1]["kind"]), (&json!(ids[0]), &json!("reel")));
    assert!(report(&project, &[])["unmanaged"].is_null());
    project.run(["drift", "--since", "2020-01-01"]).exits(0).says("4 live: 3 recorded, 1 unmanaged");
    project.run(["drift", "--since", "2021-03-01T09:00:01Z"]).exits(0).says("3 live: 3 recorded, 0 unmanaged");
    project.run(["drift", "--recent", "4"]).exits(0).says("4 live: 3 recorded, 1 unmanaged");
    project.run(["drift", "--since", "yesterday"]).exits(64).says("2026-11-30");
    project.run(["drift", "--since", "2020-01-01", "--recent", "4"]).exits(64);
    project.run(["drift", "--account", "nobody"]).exits(64).says("nobody");
}

#[test]
fn nine_hundred_posts_take_ten_calls_and_no_token_is_printed() {
    let (server, project) = live();
    let posts: Vec<Value> = (0..897)
        .map(|n| json!({ "caption": format!("post {n}"), "at": format!("20{:02}-01-{:02}T00:00:00Z", n % 20, n % 28 + 1) }))
        .collect();
    server.sandbox.seed(&json!(posts)).unwrap();
    // Whatever a caption holds.
    change(&server, &project, "posts/one", &json!({ "caption": format!("leaked {TOKEN}") }));
    server.sandbox.seed(&json!([{ "kind": "story" }])).unwrap();
    let before = calls(&server);
    let output = drift(&project).exits(2);
    assert_eq!(first_line(&output), "900 live: 3 recorded, 897 unmanaged, 1 edited, 0 missing; coverage 0 %.");
    let made = calls(&server) - before;
    assert!(made <= 10, "{made} calls: whose the token is, and nine pages");
    assert!(output.stdout.contains("leaked ***"), "{}", output.stdout);
    for output in [output, project.run(["drift", "--format", "json", "--unmanaged"]), project.run(["drift", "-vv"])] {
        assert!(!format!("{output:?}").contains(TOKEN), "{output:?}");
    }
    assert!(!project.read(".igsync/drift.json").contains(TOKEN));
}

#[test]
fn a_listing_that_begins_with_an_empty_page_or_fails_once_is_read_to_its_end() {
    let (server, project) = live();
    server.sandbox.configure(|switches| switches.empty_first_page = true);
    server.fail(
        r#"[{"match": {"method": "GET", "path": "/media"}, "nth": 2, "fault": {"graph_error": {
            "code": 1, "message": "Please reduce the amount of data you're asking for, then retry your request"}}}]"#,
    );
    drift(&project).exits(0).says("3 live: 3 recorded");
    let asked = server.sandbox.requests();
    let limits = asked.iter().rev().filter_map(|call| call.params.get("limit")?.as_str());
    assert_eq!(limits.take(3).collect::<Vec<_>>(), ["50", "100", "100"], "newest first");
}

#[test]
fn a_fully_refreshed_plan_counts_what_differs_and_changes_no_record() {
    let (server, project) = live();
    project.run(["plan", "--refresh", "full"]).exits(0).ends_with("No changes.");
    change(&server, &project, "posts/one", &json!({ "caption": "Another" }));
    change(&server, &project, "posts/slides", &json!({ "deleted": true }));
    let before = project.files();
    let plan = project.run(["plan", "--refresh", "full"]).exits(0).ends_with("No changes.");
    assert!(
        plan.stderr.contains("harbour: 1 edited on Instagram, 1 not listed: `igsync drift` shows"),
        "{}",
        plan.stderr
    );
    assert_eq!(project.files(), before);
    assert!(!project.run(["plan"]).stderr.contains("Instagram"));
}

#[test]
fn a_report_is_markdown_that_mentions_no_one() {
    let (server, project) = live();
    change(&server, &project, "posts/one", &json!({ "caption": "@everyone ](x) <img> `" }));
    let output = project.run(["drift", "--format", "markdown"]).exits(0);
    insta::assert_snapshot!(output.stdout, @r#"
    **Drift**: 3 live: 3 recorded, 0 unmanaged, 1 edited, 0 missing; coverage 100 %.

    - edited: `posts/one` `https://www.instagram.com/p/_l_SFesAm/`
      - caption: Instagram shows \"everyone \]\(x\) &lt;img&gt; \`\", published was \"The first one\"
      - what is live is right: `igsync lock accept posts/one`
    "#);
}

#[test]
fn an_account_that_cannot_be_asked_is_named_and_ends_with_its_exit_code() {
    let (_server, project) = live();
    let project = project.env("IGSYNC_ACCESS_TOKEN", "EAA-EXPIRED");
    drift(&project).exits(9).says("could not ask Meta about account harbour");
    Project::empty().run(["drift"]).exits(1).says("init");
}

#[test]
fn the_built_in_sandbox_is_compared_with_its_own_record() {
    let project = Project::with_one_image();
    project.run(["apply", "--sandbox", "--yes"]).exits(0);
    let output = project.run(["drift", "--sandbox"]).exits(0);
    assert_eq!(output.stdout, "1 live: 1 recorded, 0 unmanaged, 0 edited, 0 missing; coverage 100 %.\n");
    assert!(!project.path().join(".igsync/drift.json").exists(), "nothing is left beside the real record");
}

#[test]
fn what_was_accepted_is_known_to_be_live_by_its_caption_and_stays_silent_with_another_login() {
    let server = Server::start();
    let posts = json!([{ "caption": "Low tide", "at": "2026-11-20T10:00:00Z" }, { "at": "2026-11-19T10:00:00Z" }]);
    let ids = server.sandbox.seed(&posts).unwrap();
    let project = Project::with_one_image().against(&server, "facebook", TOKEN);
    project.remove("posts/one.yaml");
    project.run(["import", "--record-only"]).exits(0);
    for (id, caption) in [(&ids[0], "Low tide, sold out"), (&ids[1], "Now with words")] {
        server.sandbox.change(id, &json!({ "caption": caption, "copyrighted": true })).unwrap();
    }
    drift(&project).exits(2).says("2 edited");
    for id in &ids {
        project.run(["lock", "accept", &format!("imported/{id}")]).exits(0).says("what Instagram shows is accepted");
    }
    drift(&project).exits(0);
    project.run(["lock", "accept", &format!("imported/{}", ids[0])]).exits(0).says("nothing to change");
    for caption in ["Low tide", "Low tide, sold out", "Now with words"] {
        project.write("posts/one.yaml", format!("kind: image\nimage: ./one.jpg\ncaption: {caption}\n"));
        project.run(["plan"]).exits(0).ends_with("No changes: 1 duplicate.");
    }
    project.remove("posts/one.yaml");
    let project = project.env("IGSYNC_LOGIN", "instagram").env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG");
    drift(&project).exits(0);
}

#[test]
fn an_accepted_manifest_makes_no_drift() {
    let (_server, project) = live();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: The first\nalt_text: Fog\n");
    drift(&project).exits(0);
    project.run(["lock", "accept", "posts/one"]).exits(0);
    project.run(["plan"]).exits(0).ends_with("No changes.");
    drift(&project).exits(0);
}

#[test]
fn comments_that_are_on_again_are_switched_off_where_the_manifest_says_so() {
    let (server, project) = live();
    project.write("posts/quiet/_defaults.yaml", "comment_enabled: false\n");
    project.jpeg("posts/quiet/hall.jpg", 4);
    project.write("posts/quiet/hall.yaml", "kind: image\nimage: ./hall.jpg\ncaption: A hall\n");
    project.run(["apply", "--yes"]).exits(0);
    for key in ["posts/clip", "posts/quiet/hall"] {
        change(&server, &project, key, &json!({ "comment_enabled": true }));
    }
    let before = project.read("igsync.lock");
    project.run(["plan", "--refresh", "full"]).exits(0).says("^ posts/clip").says("its comments are on again");
    project.run(["plan"]).exits(0).says("No changes");
    let began = calls(&server);
    let output = project.run(["apply", "--yes", "--refresh", "full"]).exits(0).says("Plan: 1 to resume");
    assert!(!output.stdout.contains("hall"), "what only a default says is left alone: {output:?}");
    let sent: Vec<String> = server.sandbox.requests()[began..]
        .iter()
        .filter(|request| request.method == "POST" && !request.path.ends_with("/debug_token"))
        .map(|request| request.path.clone())
        .collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].ends_with(&media(&project, "posts/clip")), "{sent:?}");
    drift(&project).exits(2).says("1 edited").says("posts/quiet/hall").says("comments: on (meant: off)");
    assert_eq!(project.read("igsync.lock"), before, "nothing is new to the record");
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0).says("No changes");
}

/// The ids of a live carousel's slides, in their order.
fn slides(server: &Server) -> Vec<Value> {
    let published = server.published();
    let carousel = published.iter().find(|post| post["kind"] == "carousel").unwrap();
    carousel["children"].as_array().unwrap().iter().map(|slide| slide["media_id"].clone()).collect()
}

#[test]
fn the_order_of_the_slides_that_igsync_has_published_is_known_from_the_closing_listing() {
    let (server, project) = live();
    let slides = slides(&server);
    let record = |project: &Project| -> Value {
        let lock = project.read("igsync.lock");
        serde_json::from_str(lock.lines().find(|line| line.contains("posts/slides")).unwrap()).unwrap()
    };
    assert_eq!(record(&project)["slides"], json!(slides));
    drift(&project).exits(0);
    change(&server, &project, "posts/slides", &json!({ "children": [slides[1], slides[0]] }));
    let output = drift(&project).exits(2);
    output.says("slides").says("2, 1");
    project.run(["lock", "accept", "posts/slides"]).exits(0);
    drift(&project).exits(0);
    // A record of an older igsync has none: their number is all that is compared.
    let lock = project.read("igsync.lock");
    project.write("igsync.lock", lock.replace(&format!(",\"slides\":{}", json!(slides)), ""));
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    change(&server, &project, "posts/slides", &json!({ "children": [slides[0], slides[1]] }));
    assert_eq!(record(&project)["slides"], Value::Null);
    drift(&project).exits(0);
    // The listing after the next publish shows them.
    project.jpeg("posts/four.jpg", 4);
    project.write("posts/four.yaml", "kind: image\nimage: ./four.jpg\ncaption: The fourth\n");
    let before = calls(&server);
    project.run(["apply", "--yes", "--format", "json"]).exits(0);
    let with_slides = calls(&server) - before;
    assert_eq!(record(&project)["slides"], json!(slides));
    project.jpeg("posts/five.jpg", 5);
    project.write("posts/five.yaml", "kind: image\nimage: ./five.jpg\ncaption: The fifth\n");
    let before = calls(&server);
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(calls(&server) - before, with_slides, "they cost no call");
}

#[test]
fn slides_that_the_listing_shows_late_are_recorded_by_a_later_run() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", TOKEN);
    project.remove("posts/one.yaml");
    project.jpeg("posts/two.jpg", 2);
    project
        .write("posts/slides.yaml", "kind: carousel\ncaption: S\nitems:\n  - image: ./one.jpg\n  - image: ./two.jpg\n");
    server.sandbox.configure(|settings| settings.listing_lag_ms = 15_000);
    project.run(["apply", "--yes"]).exits(0);
    assert!(!project.read("igsync.lock").contains("\"slides\""));
    server.sandbox.configure(|settings| settings.listing_lag_ms = 0);
    server.sandbox.advance(Duration::from_secs(20)).unwrap();
    project.jpeg("posts/three.jpg", 3);
    project.write("posts/three.yaml", "kind: image\nimage: ./three.jpg\ncaption: Third\n");
    project.run(["apply", "--yes"]).exits(0);
    assert!(project.read("igsync.lock").contains(&format!("\"slides\":{}", json!(slides(&server)))));
}

#[test]
fn comments_of_an_imported_post_are_switched_off_where_its_manifest_says_so_since() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", TOKEN);
    project.remove("posts/one.yaml");
    server.sandbox.seed(&json!([{ "caption": "Years ago", "at": "2022-01-01T10:00:00Z" }])).unwrap();
    project.run(["import", "--write"]).exits(0);
    let mut files = project.files().into_iter().map(|(path, _)| path.to_str().unwrap().to_owned());
    let is_yaml = |file: &String| std::path::Path::new(file).extension().is_some_and(|extension| extension == "yaml");
    let file = files.find(|file| file.contains("posts/imported/") && is_yaml(file)).unwrap();
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0).says("No changes");
    project.write(&file, format!("{}comment_enabled: false\n", project.read(&file)));
    project.run(["apply", "--yes"]).exits(0).says("No changes");
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0).says("1 to resume");
    project.run(["drift", "--detailed-exitcode"]).exits(0);
}

#[test]
fn what_is_sent_to_close_comments_may_be_refused_or_lost() {
    let (server, project) = live();
    change(&server, &project, "posts/clip", &json!({ "comment_enabled": true }));
    let path = format!("/{}", media(&project, "posts/clip"));
    let fault = json!([{ "match": { "method": "POST", "path": path }, "times": 1, "fault": { "graph_error": { "code": 100 } } }]);
    server.fail(&fault.to_string());
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0).says("comments could not be switched off");
    server.repair();
    project.run(["apply", "--yes", "--refresh", "full"]).exits(0);
    drift(&project).exits(0);
}

#[test]
fn a_feed_that_cannot_be_read_ends_every_command_that_reads_it_alike() {
    let (server, project) = live();
    let fault = r#"[{"match":{"method":"GET","path":"/media"},"times":0,"fault":{"http":{"status":500,"body":"x"}}}]"#;
    server.fail(fault);
    for command in ["import", "drift", "insights"] {
        let output = project.run([command]).exits(1).says("run the same command again");
        assert!(output.stdout.is_empty(), "nothing was read: {output:?}");
    }
    server.repair();
    let foreign = project.env("IGSYNC_LOGIN", "instagram").env("IGSYNC_ACCESS_TOKEN", "IGAA-TWO");
    for command in ["import", "drift", "insights"] {
        let output = foreign.run([command]).exits(9).says("its token belongs to");
        assert!(output.stdout.is_empty(), "nothing was read: {output:?}");
    }
}

#[test]
fn a_caption_that_differs_far_behind_its_beginning_is_shown_there() {
    let (server, project) = live();
    let long = "Golden hour over the harbour. ".repeat(9);
    project.jpeg("posts/long.jpg", 9);
    project.write("posts/long.yaml", format!("kind: image\nimage: ./long.jpg\ncaption: \"{long}old price\"\n"));
    project.run(["apply", "--yes"]).exits(0);
    change(&server, &project, "posts/long", &json!({ "caption": format!("{long}new price") }));
    drift(&project)
        .exits(2)
        .says("Instagram shows \"… the harbour. new price\", published was \"… the harbour. old price\"");
}

#[test]
fn a_caption_with_line_breaks_of_any_kind_is_imported_as_it_is() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", TOKEN);
    project.remove("posts/one.yaml");
    let captions = ["one\rtwo", "one\r\ntwo", "one\u{2028}two\u{85}three", "\rone\r"];
    let posts: Vec<_> = captions.iter().map(|caption| json!({ "caption": caption })).collect();
    server.sandbox.seed(&json!(posts)).unwrap();
    project.run(["import", "--write"]).exits(0);
    drift(&project).exits(0);
    project.run(["plan"]).exits(0).says("No changes");
}

#[test]
fn of_several_that_are_not_listed_one_that_answers_shows_that_the_others_are_gone() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", TOKEN);
    project.remove("posts/one.yaml");
    let posts =
        json!([{ "caption": "a", "at": "2024-01-01T10:00:00Z" }, { "caption": "b", "at": "2024-01-02T10:00:00Z" }]);
    let ids = server.sandbox.seed(&posts).unwrap();
    project.run(["import", "--record-only"]).exits(0);
    server.sandbox.change(&ids[0], &json!({ "archived": true })).unwrap();
    server.sandbox.change(&ids[1], &json!({ "deleted": true })).unwrap();
    drift(&project)
        .exits(2)
        .says(&format!("not seen  imported/{}", ids[0]))
        .says("it answers: archived, perhaps")
        .says(&format!("missing  imported/{}", ids[1]));
}
