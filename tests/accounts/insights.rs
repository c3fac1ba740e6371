//! The numbers of published posts: in how few calls they are read, and what each refusal means.

use igsync_host::RealClock;
use igsync_ports::Clock as _;
use serde_json::{Value, json};

use crate::project::{Output, Project, Server, USER};

/// A post of the feed, so many hours and a half old: no age is at the edge of the next.
fn post(kind: &str, hours: i64, more: Value) -> Value {
    let at = RealClock::new().now() - jiff::SignedDuration::from_mins(hours * 60 + 30);
    let mut post = json!({ "kind": kind, "at": at });
    if kind == "carousel" {
        post["children"] = json!([{}, {}]);
    }
    if let Value::Object(more) = more {
        post.as_object_mut().unwrap().extend(more);
    }
    post
}

/// A content root whose record has every one of these posts, as `posts/0` and so on; the posts are live.
fn site(server: &Server, login: &str, token: &str, posts: &[Value]) -> Project {
    // A key is ours alone.
    let mut seeds = posts.to_vec();
    for post in &mut seeds {
        post.as_object_mut().unwrap().remove("key");
    }
    let ids = server.sandbox.seed(&json!(seeds)).unwrap();
    let project = Project::empty().against(server, login, token);
    project.write("igsync.yaml", format!("accounts:\n  harbour: {{ user_id: \"{USER}\", login: {login} }}\n"));
    project.write("posts/draft.yaml", "kind: image\nimage: https://cdn.example.com/a.jpg\ndraft: true\n");
    record(&project, server, posts, &ids);
    project
}

fn record(project: &Project, server: &Server, posts: &[Value], ids: &[String]) {
    let mut lock = "{\"igsync_lock\":1}\n".to_owned();
    for (place, (post, id)) in posts.iter().zip(ids).enumerate() {
        let key = post.get("key").cloned().unwrap_or_else(|| json!(format!("posts/{place}")));
        let record = json!({
            "key": key, "user_id": USER, "account": "harbour", "kind": post["kind"],
            "attempt": format!("a{place}"), "state": "published", "media_id": id,
            "permalink": format!("https://www.instagram.com/p/{place}/"), "published_at": post["at"],
            "via": "publish", "graph": format!("{}/", server.url()),
        });
        lock += &format!("{record}\n");
    }
    project.write("igsync.lock", lock);
}

/// What was asked since `seen` requests: the path's end, what it was asked for, and the status.
fn asked(server: &Server, seen: usize) -> Vec<(String, String, u16)> {
    let requests = server.sandbox.requests();
    let text = |request: &igsync_sandbox::RequestEntry, name: &str| request.params.get(name).map(Value::to_string);
    requests[seen..]
        .iter()
        .map(|request| {
            let end = request.path.rsplit('/').next().unwrap().to_owned();
            let what = text(request, "fields").or_else(|| text(request, "metric")).unwrap_or_default();
            (end, what, request.status.unwrap_or(0))
        })
        .collect()
}

fn count(calls: &[(String, String, u16)], end: &str) -> usize {
    calls.iter().filter(|(path, ..)| path == end).count()
}

fn read(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", output.stdout))
}

fn of<'a>(report: &'a Value, key: &str) -> &'a Value {
    let posts = report["posts"].as_array().unwrap();
    posts.iter().find(|post| post["key"] == key).unwrap_or_else(|| panic!("no {key} in {report}"))
}

#[test]
fn nine_hundred_posts_take_nine_calls_and_one_for_each_reel_among_others() {
    const KINDS: [&str; 2] = ["image", "carousel"];
    let server = Server::start();
    let posts: Vec<Value> = (0..900)
        .map(|n| post(if n % 30 == 7 { "reel" } else { KINDS[usize::from(n % 2 == 1)] }, n + 1, json!({})))
        .collect();
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let output = project.run(["insights", "--format", "json"]).exits(0);
    let calls = asked(&server, 0);
    assert_eq!((count(&calls, "media"), count(&calls, "insights"), calls.len()), (9, 30, 39));
    let report = read(&output);
    assert_eq!(report["accounts"][0]["calls"], 39);
    assert_eq!(report["posts"].as_array().unwrap().len(), 900);
    let reel = of(&report, "posts/7");
    assert!(reel["reach"].as_u64().unwrap() > 0 && reel["watch_time_ms"].is_u64() && reel["skip_rate"].is_f64());
    assert_eq!((&reel["missing"], &reel["watch_rate"]), (&Value::Null, &Value::Null), "its clip is not here");
    let image = of(&report, "posts/0");
    assert!(image["views"].is_u64() && image["watch_time_ms"].is_null() && image["replies"].is_null());
    let median = &report["accounts"][0]["medians"]["reel"]["share_rate"];
    assert_eq!(median["posts"], 30);
    let seen = server.sandbox.requests().len();
    project.run(["insights", "--since", "48h"]).exits(0).ends_with("Insights: 47 posts, 47 with insights, 0 without.");
    assert_eq!(asked(&server, seen).len(), 3, "one page, and two reels");
    let seen = server.sandbox.requests().len();
    project.run(["insights", "--kind", "image"]).exits(0);
    assert_eq!(asked(&server, seen).len(), 9);
    let seen = server.sandbox.requests().len();
    project
        .run(["insights", "--since", "2100-01-01"])
        .exits(0)
        .ends_with("Insights: 0 posts, 0 with insights, 0 without.");
    assert!(asked(&server, seen).is_empty(), "nothing is wanted, so nothing is asked");
}

#[test]
fn a_feed_of_reels_takes_two_calls_a_page() {
    let server = Server::start();
    let posts: Vec<Value> = (0..150).map(|n| post("reel", n + 1, json!({}))).collect();
    let project = site(&server, "facebook", "EAA-LONG", &posts);
    let report = read(&project.run(["insights", "--format", "json"]).exits(0));
    assert_eq!(asked(&server, 0).len(), 4);
    assert!(report["posts"].as_array().unwrap().iter().all(|post| post["watch_time_ms"].is_u64()));
}

#[test]
fn without_the_permission_the_counts_that_need_none_are_shown_and_it_is_named() {
    for (login, token, scope) in [
        ("instagram", "IGAA-READONLY", "instagram_business_manage_insights"),
        ("facebook", "EAA-READONLY", "instagram_manage_insights and pages_read_engagement"),
    ] {
        let server = Server::start();
        let mut posts: Vec<Value> =
            (0..120).map(|n| post("image", n + 30, json!({ "likes": n, "comments": 2 }))).collect();
        posts.push(post("story", 1, json!({})));
        let project = site(&server, login, token, &posts);
        let output = project.run(["insights", "--format", "json"]).exits(0).says(scope);
        assert!(!output.stderr.contains(token) && !output.stdout.contains(token));
        let report = read(&output);
        let one = of(&report, "posts/7");
        assert_eq!((&one["likes"], &one["comments"], &one["reach"]), (&json!(7), &json!(2), &Value::Null));
        assert_eq!(one["missing"], "no_permission");
        // The counts beside those are fields of one login.
        assert_eq!(one["shares"].is_u64(), login == "facebook");
        let account = &report["accounts"][0];
        assert_eq!(account["is_certain"], true);
        assert!(account["missing_scopes"][0].as_str().unwrap().ends_with("manage_insights"));
        let calls = asked(&server, 0);
        // One page that fails, the same without insights, the post with most likes, the other page; no stories.
        assert_eq!((count(&calls, "media"), count(&calls, "insights"), calls.len()), (3, 1, 4), "{calls:?}");
    }
}

#[test]
fn a_permission_that_nothing_shows_to_be_missing_is_in_doubt() {
    let server = Server::start();
    let project = site(&server, "instagram", "IGAA-LONG", &[post("story", 1, json!({ "metrics": { "reach": 3 } }))]);
    let output = project.run(["insights"]).exits(0).says("fewer than five have seen the stories, or the token lacks");
    assert!(output.stdout.contains("1 without"), "{}", output.stdout);
}

#[test]
fn posts_from_before_the_account_was_professional_are_found_once_and_never_asked_again() {
    let server = Server::start();
    let posts: Vec<Value> = (0..350).map(|n| post("image", n + 1, json!({ "likes": n }))).collect();
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let since = server.sandbox.now() - jiff::SignedDuration::from_hours(131);
    control(&server, "accounts", &json!({ "user_id": USER, "professional_since": since }));
    let report = read(&project.run(["insights", "--format", "json"]).exits(0));
    let missing = |report: &Value| {
        report["posts"].as_array().unwrap().iter().filter(|post| post["missing"] == "before_professional").count()
    };
    assert_eq!(missing(&report), 220);
    assert!(of(&report, "posts/129")["reach"].is_u64() && of(&report, "posts/130")["reach"].is_null());
    assert_eq!(of(&report, "posts/300")["likes"], 300);
    assert_eq!(report["accounts"][0]["missing_scopes"], json!([]));
    let calls = asked(&server, 0);
    assert!(count(&calls, "insights") <= 8, "{}", count(&calls, "insights"));
    assert_eq!(count(&calls, "media"), 6, "four pages, one that failed, one up to the change");
    let seen = server.sandbox.requests().len();
    let again = read(&project.run(["insights", "--format", "json"]).exits(0));
    let calls = asked(&server, seen);
    assert!(calls.iter().all(|(.., status)| *status == 200), "{calls:?}");
    assert_eq!((count(&calls, "insights"), count(&calls, "media")), (0, 6));
    assert_eq!(again["posts"], report["posts"]);
    assert!(!project.read("igsync.lock").contains("until") && project.read(".igsync/insights.json").contains("until"));
    // Damage costs calls, nothing else.
    project.write(".igsync/insights.json", "{\"format_version\":1,\"accounts\":");
    assert_eq!(missing(&read(&project.run(["insights", "--format", "json"]).exits(0))), 220);
}

#[test]
fn a_row_that_fails_its_page_costs_a_few_calls_for_that_page_alone() {
    let server = Server::start();
    let mut posts: Vec<Value> = (0..250).map(|n| post("image", n + 1, json!({}))).collect();
    posts[130] = post("reel", 131, json!({ "old_video": true }));
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    // Only every tenth post is in the record.
    let lock = project.read("igsync.lock");
    let kept: Vec<&str> =
        lock.lines().enumerate().filter(|(n, _)| n % 10 == 1 || *n == 0).map(|(_, line)| line).collect();
    project.write("igsync.lock", kept.join("\n") + "\n");
    let report = read(&project.run(["insights", "--format", "json"]).exits(0));
    let calls = asked(&server, 0);
    assert_eq!(count(&calls, "media"), 7, "three pages, and one of them once more without numbers and in three parts");
    assert_eq!(count(&calls, "insights"), 2, "the old video alone, and once more with fewer metrics");
    let old = of(&report, "posts/130");
    assert!(old["reach"].is_u64() && old["views"].is_null() && old["missing"].is_null(), "{old}");
    assert!(report["posts"].as_array().unwrap().iter().all(|post| post["reach"].is_u64()));
}

#[test]
fn stories_are_read_while_they_live_and_few_viewers_are_no_missing_permission() {
    let server = Server::start();
    let posts = [
        post("image", 100, json!({})),
        post("story", 2, json!({ "metrics": { "reach": 400, "replies": 7 } })),
        post("story", 3, json!({ "metrics": { "reach": 4 } })),
        post("story", 40, json!({})),
    ];
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let output = project.run(["insights", "--format", "json"]).exits(0);
    assert!(output.stderr.is_empty(), "{}", output.stderr);
    let report = read(&output);
    let seen = of(&report, "posts/1");
    assert_eq!((&seen["reach"], &seen["replies"], &seen["likes"]), (&json!(400), &json!(7), &Value::Null));
    assert!(seen["exits"].is_u64(), "{seen}");
    assert_eq!(of(&report, "posts/2")["missing"], "few_viewers");
    assert_eq!(of(&report, "posts/3")["missing"], "story_over");
    assert!(of(&report, "posts/0")["reach"].is_u64());
    let only = project.run(["insights", "--kind", "story"]).exits(0).says("stories have insights for 24 hours only");
    assert!(only.stdout.contains("fewer than five have seen it"), "{}", only.stdout);
    let gone = site(&server, "instagram", "IGAA-LONG", &[post("image", 5, json!({ "archived": true }))]);
    let report = read(&gone.run(["insights", "--format", "json"]).exits(0));
    assert_eq!(of(&report, "posts/0")["missing"], "not_listed");
}

#[test]
fn rates_stand_against_the_accounts_own_median_and_rows_are_sorted() {
    let server = Server::start();
    let metrics = |reach: u64, shares: u64| json!({ "metrics": { "reach": reach, "shares": shares, "saved": 0 } });
    let mut posts: Vec<Value> =
        [(100, 1), (100, 2), (100, 3), (100, 4), (100, 5)].map(|(r, s)| post("image", 9, metrics(r, s))).into();
    posts.push(post("image", 1, metrics(0, 0)));
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let report = read(&project.run(["insights", "--format", "json", "--sort", "share_rate"]).exits(0));
    let keys: Vec<&str> =
        report["posts"].as_array().unwrap().iter().map(|post| post["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["posts/4", "posts/3", "posts/2", "posts/1", "posts/0", "posts/5"]);
    assert_eq!(of(&report, "posts/4")["share_rate"], 0.05);
    assert_eq!(of(&report, "posts/4")["against_median"]["share_rate"], 1.6667);
    let unseen = of(&report, "posts/5");
    assert_eq!((&unseen["reach"], &unseen["share_rate"]), (&json!(0), &Value::Null), "nothing is divided by 0");
    let table = project.run(["insights", "--sort", "reach"]).exits(0);
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 80), "{}", table.stdout);
    assert!(table.stdout.contains("5.0 % 1.7×"), "{}", table.stdout);
    project.run(["insights", "--sort", "impressions"]).exits(64).says("share_rate");
    project.run(["insights", "--since", "yesterday"]).exits(64).says("30d");
    project.run(["insights", "--kind", "video"]).exits(64).says("reel");
    project.run(["insights", "--account", "nobody"]).exits(64).says("harbour");
}

#[test]
fn what_others_wrote_is_no_formula_no_markdown_and_no_command() {
    let server = Server::start();
    let keys = ["=HYPERLINK(\"http://e.example\",1)", "@a, \"b\"", "posts/a|b`c\u{1b}[31m", "::error::x", "-1+1"];
    let posts: Vec<Value> = keys.iter().map(|key| post("image", 3, json!({ "key": key }))).collect();
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let csv = project.run(["insights", "--format", "csv"]).exits(0).stdout;
    assert!(csv.ends_with("\r\n") && csv.matches("\r\n").count() == 6 && csv.matches('\n').count() == 6, "{csv}");
    assert!(csv.contains(",\"'=HYPERLINK(\"\"http://e.example\"\",1)\","), "{csv}");
    assert!(csv.contains(",\"'@a, \"\"b\"\"\",") && csv.contains(",'-1+1,"), "{csv}");
    assert!(!csv.contains('\u{1b}') && !csv.contains("::error"), "{csv}");
    let columns = csv.lines().next().unwrap().matches(',').count();
    assert_eq!(columns, 7 + 28 - 1);
    let page = project.run(["insights", "--format", "markdown"]).exits(0).stdout;
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(rows.len(), 7, "{page}");
    let bars = |row: &str| row.replace("\\|", "").matches('|').count();
    assert!(rows.iter().all(|row| bars(row) == bars(rows[0])), "{page}");
    assert!(page.contains("`=HYPERLINK") && !page.contains('\u{1b}') && !page.contains("\n::"), "{page}");
    let table = project.run(["insights"]).exits(0).stdout;
    assert!(!table.contains('\u{1b}') && !table.contains("\n::"), "{table}");
}

#[test]
fn recorded_numbers_are_appended_and_nothing_else_is_overwritten() {
    let server = Server::start();
    let posts = [post("image", 9, json!({ "metrics": { "reach": 12 } })), post("story", 40, json!({}))];
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let lock = project.read("igsync.lock");
    for _ in 0..2 {
        project.run(["insights", "--record", "numbers.jsonl"]).exits(0).says("recorded: 1 line in numbers.jsonl");
    }
    let lines: Vec<Value> =
        project.read("numbers.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "the story has no numbers");
    assert_eq!((&lines[0]["key"], &lines[0]["reach"]), (&json!("posts/0"), &json!(12)));
    assert!(lines[0]["at"].is_string() && lines[0]["media_id"].is_string() && lines[0].get("replies").is_none());
    // A run that was cut off leaves half a line.
    project.write("numbers.jsonl", project.read("numbers.jsonl") + "{\"at\":\"20");
    project.run(["insights", "--record", "numbers.jsonl"]).exits(0);
    assert_eq!(project.read("numbers.jsonl").lines().count(), 4);
    let seen = server.sandbox.requests().len();
    for file in ["igsync.lock", "igsync.yaml", "posts/draft.yaml"] {
        let before = project.read(file);
        project.run(["insights", "--record", file]).exits(1).says("something else than recorded insights");
        assert_eq!(project.read(file), before);
    }
    project.run(["insights", "--record", "no/such/folder.jsonl"]).exits(1).says("a folder that exists");
    #[cfg(unix)]
    {
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("numbers.jsonl");
        std::os::unix::fs::symlink(&target, project.path().join("link.jsonl")).unwrap();
        project.run(["insights", "--record", "link.jsonl"]).exits(5).says("symbolic link");
        assert!(!target.exists());
    }
    assert_eq!(asked(&server, seen).len(), 0, "a file that cannot be used is known before any call");
    assert_eq!(project.read("igsync.lock"), lock, "no number goes into the lockfile");
}

#[test]
fn what_fails_every_call_ends_the_account_with_its_exit_code() {
    let server = Server::start();
    let posts = [post("image", 9, json!({}))];
    site(&server, "facebook", "EAA-EXPIRED", &posts).run(["insights"]).exits(9).says("expired");
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    server.fail(r#"[{"match":{"path":"/media"},"fault":{"throttle":{"minutes":7}}}]"#);
    let output = project.run(["insights", "--format", "json"]).exits(10).says("7 minutes");
    assert!(read(&output)["accounts"][0]["problem"].as_str().unwrap().contains("too many"), "{}", output.stdout);
    server.fail(
        r#"[{"match":{"path":"/media"},"fault":{"graph_error":{"code":190,"subcode":463,"message":"bad \u001b[31m IGAA-LONG"}}}]"#,
    );
    let echoed = project.run(["insights", "--format", "json"]).exits(9);
    let said = format!("{}{}", echoed.stdout, echoed.stderr);
    assert!(said.contains("***") && !said.contains("IGAA-LONG") && !said.contains('\u{1b}'), "{said}");
    let away = project.env("IGSYNC_GRAPH_URL", "http://127.0.0.1:9");
    away.run(["insights"]).exits(1).says("could not connect");
    Project::with_one_image().run(["insights"]).exits(0).ends_with("Insights: 0 posts, 0 with insights, 0 without.");
}

#[test]
fn a_username_is_verified_before_anything_is_read() {
    let server = Server::start();
    let project = site(&server, "instagram", "IGAA-LONG", &[post("image", 9, json!({}))]);
    let configure = |name: &str| {
        let text = format!("accounts:\n  harbour: {{ user_id: \"{USER}\", username: {name} }}\n");
        project.write("igsync.yaml", text);
    };
    configure("somebody");
    project.run(["insights"]).exits(9).says("not to @somebody");
    configure("harbour");
    project.run(["insights"]).exits(0).ends_with("Insights: 1 post, 1 with insights, 0 without.");
}

#[test]
fn the_status_shows_reach_and_likes_of_the_last_five_with_one_more_call() {
    let server = Server::start();
    let metrics = |n: i64| json!({ "likes": n, "metrics": { "reach": 100 * n } });
    let posts: Vec<Value> = (1..=7).map(|n| post("image", n, metrics(n))).collect();
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let output = project.run(["status"]).exits(0).says("reach 100, likes 1").says("reach 500, likes 5");
    assert_eq!(output.stdout.matches("  last ").count(), 5, "{}", output.stdout);
    let calls = asked(&server, 0);
    assert_eq!(count(&calls, "media"), 1, "{calls:?}");
    let report = read(&project.run(["status", "--format", "json"]).exits(0));
    assert_eq!(
        (&report["accounts"][0]["last"][1]["reach"], &report["accounts"][0]["last"][1]["likes"]),
        (&json!(200), &json!(2))
    );
    let seen = server.sandbox.requests().len();
    let readonly = site(&server, "instagram", "IGAA-READONLY", &posts);
    readonly.run(["status"]).exits(0).says("reach –, likes –");
    assert_eq!(count(&asked(&server, seen), "media"), 1);
}

/// `POST /_sandbox/{what}`
fn control(server: &Server, what: &str, body: &Value) {
    use std::io::{Read, Write};
    let body = body.to_string();
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /_sandbox/{what} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The page shows what the program prints, and names what it knows. `IGSYNC_UPDATE_DOCS=1 cargo test --test accounts docs`
/// writes it.
#[test]
fn the_docs_page_shows_what_the_program_prints() {
    use igsync_model::insights::{Column, Missing};
    let server = Server::start();
    let metrics = |reach: i64, shares: i64, saved: i64| json!({ "reach": reach, "views": reach * 2, "shares": shares, "saved": saved, "reposts": 1 });
    let mut posts: Vec<Value> = (1..=6)
        .map(|n| {
            post("image", 24 * 7 * n + 1, json!({ "likes": 30 + 9 * n, "metrics": metrics(900 + 70 * n, 8 + n, 12) }))
        })
        .collect();
    let mut reel = metrics(4_812, 204, 96);
    reel["ig_reels_avg_watch_time"] = json!(5_200);
    posts.insert(0, post("reel", 30, json!({ "likes": 310, "metrics": reel })));
    posts.push(post("story", 200, json!({})));
    for (post, key) in
        posts.iter_mut().zip(["boats", "tour", "figs", "fog", "cranes", "espresso", "harbour", "evening"])
    {
        post["key"] = json!(format!("posts/{key}"));
    }
    let project = site(&server, "instagram", "IGAA-LONG", &posts);
    let printed = project.run(["insights"]).exits(0).stdout;
    let columns: String = Column::ALL
        .iter()
        .map(|column| {
            let kinds: Vec<&str> = igsync_base::id::Kind::ALL
                .into_iter()
                .filter(|kind| column.is_of(*kind))
                .map(igsync_base::id::Kind::as_str)
                .collect();
            let kinds = if kinds.len() == 4 { "all".to_owned() } else { kinds.join(", ") };
            format!("| `{}` | {} | {kinds} |\n", column.name(), igsync::report::insights::about(*column))
        })
        .collect();
    let missing: String = Missing::all()
        .map(|missing| format!("| `{}` | {} |\n", missing.as_str(), igsync::report::insights::why(missing)))
        .collect();
    let page_of = |page: &str, mark: &str, inside: &str| {
        let (before, rest) = page.split_once(&format!("<!-- {mark} -->\n")).unwrap();
        let (_, after) = rest.split_once(&format!("<!-- /{mark} -->")).unwrap();
        format!("{before}<!-- {mark} -->\n{inside}<!-- /{mark} -->{after}")
    };
    let path = crate::project::repository().join("docs/insights.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let page = page_of(&written, "output", &format!("```text\n$ igsync insights\n{printed}```\n"));
    let page = page_of(&page, "columns", &format!("| name | what | kinds |\n|---|---|---|\n{columns}"));
    let page = page_of(&page, "missing", &format!("| in JSON | meaning |\n|---|---|\n{missing}"));
    if std::env::var_os("IGSYNC_UPDATE_DOCS").is_some() {
        #[expect(clippy::disallowed_methods, reason = "a text file of the repository, on request")]
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        page,
        "write it with IGSYNC_UPDATE_DOCS=1 and read the difference"
    );
}
