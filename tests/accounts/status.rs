//! One screen per account, and exit codes for a health check.

use serde_json::Value;

use crate::project::{Project, Server, USER};

fn project(server: &Server, token: &str) -> Project {
    let project = Project::with_one_image().against(server, "facebook", token);
    let project = project.env("IGSYNC_APP_ID", "100000000000001").env("IGSYNC_APP_SECRET", "fb-app-secret");
    project.write("igsync.yaml", format!("accounts:\n  harbour: {{ user_id: \"{USER}\", login: facebook }}\n"));
    project
}

#[test]
fn a_healthy_account_fits_one_screen_and_exits_0() {
    let server = Server::start();
    let project = project(&server, "EAA-LONG");
    project.jpeg("posts/later.jpg", 9);
    project.write(
        "posts/later.yaml",
        "kind: image\nimage: ./later.jpg\ncaption: later\npublish_at: 2031-01-01T10:00:00Z\n",
    );
    project.run(["status"]).exits(0).says("0 of 50 posts").says("1 due now").says("2031-01-01 10:00 UTC  posts/later");
    project.run(["apply", "--yes"]).exits(0);
    let before = project.files();
    let output = project.run(["status"]).exits(0).says("1 of 50 posts").says("nothing due");
    assert!(output.stdout.lines().count() < 20, "{}", output.stdout);
    assert!(output.stdout.contains("posts/one  image  https://"), "{}", output.stdout);
    let output =
        output.ends_with("Status: 1 account, 0 tokens to renew, 0 unknown, 0 open, 0 late, 0 failed, 0 due now.");
    assert!(output.stderr.is_empty(), "{}", output.stderr);
    assert_eq!(project.files(), before, "nothing is written");
    let json: Value = serde_json::from_str(&project.run(["status", "--format", "json"]).exits(0).stdout).unwrap();
    let account = &json["accounts"][0];
    assert_eq!((&account["quota"]["used"], &account["quota"]["total"]), (&Value::from(1), &Value::from(50)));
    assert_eq!(account["last"][0]["key"], "posts/one");
    assert_eq!(account["next"]["key"], "posts/later");
    assert_eq!(json["exit_code"], 0);
}

#[test]
fn the_exit_code_tells_what_to_look_at() {
    let server = Server::start();
    project(&server, "EAA-EXPIRED").run(["status"]).exits(9).says("the token has expired").says("1 token to renew");
    project(&server, "EAA-LONG").run(["status", "--min-days", "90"]).exits(9);
    let late = project(&server, "EAA-LONG");
    late.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: x\npublish_at: 2020-01-01T00:00:00Z\n");
    late.run(["status"]).exits(3).says("1 late");
    let unknown = project(&server, "EAA-LONG");
    let record = format!(
        r#"{{"key":"posts/one","user_id":"{USER}","account":"harbour","kind":"image","state":"unknown","attempt":"a1","reason":"maybe_live","graph":"{}/"}}"#,
        server.url()
    );
    unknown.write("igsync.lock", format!("{{\"igsync_lock\":1}}\n{record}\n"));
    unknown.run(["status"]).exits(4).says("maybe_live").says("1 unknown");
    let away =
        Project::with_one_image().env("IGSYNC_GRAPH_URL", "http://127.0.0.1:9").env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG");
    away.run(["status"]).exits(3).says("could not connect");
    Project::with_one_image().run(["status"]).exits(9).says("is not set");
}

#[test]
fn a_throttled_account_is_asked_nothing_more() {
    let server = Server::start();
    server.fail(r#"[{"match":{"path":"/debug_token"},"fault":{"throttle":{"minutes":7}}}]"#);
    let _ = project(&server, "EAA-LONG").run(["status"]);
    assert!(server.sandbox.requests().len() <= 3);
}

#[test]
fn the_sandbox_has_a_status_too() {
    let project = Project::example();
    project.run(["status", "--sandbox"]).exits(0).says("0 of 50 posts");
}
