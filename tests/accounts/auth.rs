//! The token flows of both logins, and every refusal.

use std::time::Duration;

use serde_json::Value;

use crate::project::{Output, Project, Server, USER};
use crate::virtual_run::with_input;

const IG_SECRET: &str = "ig-app-secret";
const FB_SECRET: &str = "fb-app-secret";

/// A content root with one account of this login, its token in the environment.
fn project(server: &Server, login: &str, token: &str) -> Project {
    let project = Project::with_one_image().against(server, login, token);
    let text = format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\n    login: {login}\n");
    project.write("igsync.yaml", text);
    project
}

fn with_app(project: Project, login: &str) -> Project {
    let (id, secret) =
        if login == "facebook" { ("100000000000001", FB_SECRET) } else { ("200000000000002", IG_SECRET) };
    project.env("IGSYNC_APP_ID", id).env("IGSYNC_APP_SECRET", secret)
}

/// The new token is alone on stdout; it works.
fn new_token(server: &Server, login: &str, output: &Output) -> String {
    let token = output.stdout.strip_suffix('\n').unwrap().to_owned();
    assert!(token.starts_with(if login == "facebook" { "EAA-NEW" } else { "IGAA-NEW" }), "{token}");
    assert!(!output.stderr.contains(&token), "{}", output.stderr);
    project(server, login, &token).run(["auth", "accounts"]).exits(0).says("@harbour");
    token
}

#[test]
fn a_short_token_becomes_a_long_one_in_both_logins() {
    for (login, short) in [("instagram", "IGAA-SHORT"), ("facebook", "EAA-SHORT")] {
        let server = Server::start();
        let output = with_app(project(&server, login, short), login).run(["auth", "exchange"]).exits(0);
        new_token(&server, login, &output);
        let output = output.says("60 days").says("@harbour").says(USER);
        assert!(!output.stderr.contains("canary"));
    }
}

#[test]
fn an_exchange_says_what_it_lacks_and_why_it_was_refused() {
    let server = Server::start();
    project(&server, "instagram", "IGAA-SHORT")
        .run(["auth", "exchange"])
        .exits(1)
        .says("IGSYNC_APP_SECRET must be set");
    project(&server, "facebook", "EAA-SHORT")
        .env("IGSYNC_APP_SECRET", FB_SECRET)
        .run(["auth", "exchange"])
        .exits(1)
        .says("IGSYNC_APP_ID and IGSYNC_APP_SECRET");
    assert!(server.sandbox.requests().is_empty(), "nothing is asked without them");
    for (login, token) in [("instagram", "IGAA-LONG"), ("instagram", "IGAA-EXPIRED"), ("facebook", "EAA-EXPIRED")] {
        let output = with_app(project(&server, login, token), login).run(["auth", "exchange"]).exits(9);
        assert!(output.stdout.is_empty(), "{}", output.stdout);
    }
    let wrong = project(&server, "facebook", "EAA-SHORT").env("IGSYNC_APP_ID", "100000000000001");
    wrong
        .env("IGSYNC_APP_SECRET", "wrong")
        .run(["auth", "exchange"])
        .exits(9)
        .says("IGSYNC_APP_ID and IGSYNC_APP_SECRET");
}

#[test]
fn instagram_refreshes_what_is_a_day_old_and_not_expired() {
    let server = Server::start();
    let output = project(&server, "instagram", "IGAA-LONG").run(["auth", "refresh"]).exits(0).says("60 days");
    new_token(&server, "instagram", &output);
    project(&server, "instagram", "IGAA-FRESH").run(["auth", "refresh"]).exits(9).says("24 hours");
    project(&server, "instagram", "IGAA-SHORT").run(["auth", "refresh"]).exits(9).says("auth exchange");
    project(&server, "instagram", "IGAA-EXPIRED").run(["auth", "refresh"]).exits(9).says("the token has expired");
    server.sandbox.advance(Duration::from_secs(86_400)).unwrap();
    project(&server, "instagram", "IGAA-FRESH").run(["auth", "refresh"]).exits(0);
}

#[test]
fn facebook_refreshes_by_exchanging_again() {
    let server = Server::start();
    let output = with_app(project(&server, "facebook", "EAA-LONG"), "facebook").run(["auth", "refresh"]).exits(0);
    new_token(&server, "facebook", &output);
    with_app(project(&server, "facebook", "EAA-EXPIRED"), "facebook").run(["auth", "refresh"]).exits(9).says("expired");
}

#[test]
fn inspect_tells_validity_days_data_access_and_scopes() {
    let server = Server::start();
    let output = with_app(project(&server, "facebook", "EAA-LONG"), "facebook").run(["auth", "inspect"]).exits(0);
    output
        .says("valid, 57 days left")
        .says("access to data 87 days left")
        .says("complete: instagram_basic")
        .says("1 of 1 token good");
    let output = project(&server, "instagram", "IGAA-LONG").run(["auth", "inspect"]).exits(0);
    output.says("@harbour").says("Meta does not report when it expires").says("not reported by Meta");
    let json =
        with_app(project(&server, "facebook", "EAA-LONG"), "facebook").run(["auth", "inspect", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.exits(0).stdout).unwrap();
    let token = &json["tokens"][0];
    assert_eq!((&token["valid"], &token["days_left"]), (&Value::from(true), &Value::from(57)));
    assert_eq!((&token["user_id"], &token["username"]), (&Value::from(USER), &Value::from("harbour")));
    assert_eq!(token["scopes_missing"], Value::Array(Vec::new()));
}

#[test]
fn inspect_exits_9_for_what_a_health_check_must_notice() {
    let server = Server::start();
    for (login, token, said) in [
        ("facebook", "EAA-EXPIRED", "the token has expired"),
        ("instagram", "IGAA-EXPIRED", "the token has expired"),
        ("facebook", "EAA-READONLY", "missing: instagram_content_publish"),
        ("facebook", "EAA-GARBAGE", "not valid"),
        ("instagram", "EAA-LONG2", "login: facebook"),
    ] {
        with_app(project(&server, login, token), login).run(["auth", "inspect"]).exits(9).says(said);
    }
    let project = with_app(project(&server, "facebook", "EAA-LONG"), "facebook");
    project.run(["auth", "inspect", "--min-days", "57"]).exits(0);
    project.run(["auth", "inspect", "--min-days", "58"]).exits(9).says("fewer than 58 days");
    server.sandbox.advance(Duration::from_secs(50 * 86_400)).unwrap();
    project.run(["auth", "inspect", "--min-days", "7"]).exits(0);
    server.sandbox.advance(Duration::from_secs(86_400)).unwrap();
    project.run(["auth", "inspect", "--min-days", "7"]).exits(9);
}

#[test]
fn inspect_asks_for_what_the_manifests_need() {
    let server = Server::start();
    let project = with_app(project(&server, "facebook", "EAA-READONLY"), "facebook");
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: x\nfirst_comment: y\n");
    project.run(["auth", "inspect"]).exits(9).says("missing: instagram_content_publish, instagram_manage_comments");
}

#[test]
fn accounts_tell_the_id_that_publishing_uses_from_the_app_scoped_one() {
    let server = Server::start();
    let output = project(&server, "instagram", "IGAA-LONG").run(["auth", "accounts"]).exits(0);
    output.says("user_id 17841400000000001").says("app-scoped id 26000000000000001: never use it in igsync");
    let output = project(&server, "facebook", "EAA-BOTH").run(["auth", "accounts", "--format", "json"]).exits(0);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let ids: Vec<&str> =
        json["accounts"].as_array().unwrap().iter().map(|row| row["user_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(
        json["accounts"].as_array().unwrap().iter().all(|row| row["can_publish"] == true && row["page"].is_string())
    );
    project(&server, "instagram", "IGAA-EXPIRED").run(["auth", "accounts"]).exits(9).says("expired");
}

#[test]
fn login_takes_a_pasted_token_and_leads_on() {
    let server = Server::start();
    for (login, long, short) in [("instagram", "IGAA-LONG", "IGAA-SHORT"), ("facebook", "EAA-LONG", "EAA-SHORT")] {
        // A long-lived token is the person's own: nothing new to pass on.
        let output = with_input(&project(&server, login, "unused"), &["auth", "login"], &format!("{long}\n")).exits(0);
        assert!(output.stdout.is_empty(), "{}", output.stdout);
        output.says("@harbour").says(USER).says("auth refresh").says("Paste that token here");
        let output = with_app(project(&server, login, "unused"), login);
        let output = with_input(&output, &["auth", "login"], &format!("{short}\n")).exits(0);
        new_token(&server, login, &output);
        output.says("60 days");
    }
    let project = project(&server, "instagram", "unused");
    with_input(&project, &["auth", "login"], "\n").exits(1).says("empty");
    with_input(&project, &["auth", "login"], "IGAA-EXPIRED\n").exits(9).says("expired");
    with_input(&project, &["auth", "login"], "IGAA-TWO\n").exits(5).says("does not reach the account");
}

#[test]
fn login_through_the_browser_exchanges_the_code_once() {
    for (login, code) in [("instagram", "AUTHCODE-IG"), ("facebook", "AUTHCODE-FB")] {
        let server = Server::start();
        let project = with_app(project(&server, login, "unused"), login);
        let words = ["auth", "login", "--redirect-uri", "https://brand.example/back"];
        let output = with_input(&project, &words, &format!("https://brand.example/back?code={code}#_\n")).exits(0);
        new_token(&server, login, &output);
        let shown = output.says("response_type=code").says("60 days").says("@harbour");
        assert!(!shown.stderr.contains(code), "{}", shown.stderr);
        with_input(&project, &words, &format!("{code}\n")).exits(9).says("start again");
        with_input(&project, &words, "https://brand.example/back?error=access_denied\n").exits(9).says("refused");
    }
}

#[test]
fn a_lost_answer_of_the_code_exchange_is_not_sent_twice() {
    let server = Server::start();
    server.fail(r#"[{"match":{"path":"/oauth/access_token"},"fault":"lose_answer"}]"#);
    let project = with_app(project(&server, "instagram", "unused"), "instagram");
    let words = ["auth", "login", "--redirect-uri", "https://brand.example/back"];
    with_input(&project, &words, "AUTHCODE-IG\n").exits(1);
    assert_eq!(server.sandbox.requests().len(), 1);
}

#[test]
fn several_accounts_have_to_be_named() {
    let server = Server::start();
    let project = project(&server, "instagram", "IGAA-LONG");
    project.write("igsync.yaml", "accounts:\n  one: { user_id: \"1\" }\n  two: { user_id: \"2\" }\n");
    project.run(["auth", "refresh"]).exits(64).says("--account NAME").says("one, two");
    project.run(["auth", "refresh", "--account", "three"]).exits(64).says("one, two");
    project.run(["auth", "refresh", "--account", "two"]).exits(0);
}

#[test]
fn the_proof_is_sent_whenever_the_secret_is_set() {
    let server = Server::start();
    let project = with_app(project(&server, "facebook", "EAA-LONG"), "facebook");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(server.published().len(), 1);
    // The sandbox checks a proof that is there: a wrong secret is refused at the first call.
    let server = Server::start();
    let project = self::project(&server, "facebook", "EAA-LONG").env("IGSYNC_APP_SECRET", "wrong");
    project.run(["apply", "--yes"]).says("appsecret_proof");
    assert!(server.published().is_empty());
}

#[test]
fn an_expiry_that_was_told_once_is_remembered_without_the_token() {
    let server = Server::start();
    let project = project(&server, "instagram", "IGAA-LONG");
    let renewed = project.run(["auth", "refresh"]).exits(0);
    let token = renewed.stdout.trim().to_owned();
    let note = project.read(".igsync/expiry.jsonl");
    assert!(!note.contains("IGAA") && !note.contains(&token), "{note}");
    let project = project.env("IGSYNC_ACCESS_TOKEN", &token);
    let report: Value =
        serde_json::from_str(&project.run(["auth", "inspect", "--format", "json"]).exits(0).stdout).unwrap();
    assert!(report.to_string().contains("\"expires_at\":\"20"), "{report}");
    project.run(["auth", "inspect", "--min-days", "50"]).exits(0).says("days left");
    project.run(["auth", "inspect", "--min-days", "61"]).exits(9);
    project.run(["status", "--min-days", "61"]).exits(9);
    // Another token is another matter.
    let project = project.env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG");
    project.run(["auth", "inspect", "--min-days", "61"]).exits(0).says("issued elsewhere");
}

/// Types a token into a terminal of its own once nothing is echoed there, and prints what was shown.
const TERMINAL: &str = r#"
import os, pty, select, sys, termios
token, argv = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(argv[0], argv)
shown, typed = b"", False
while True:
    if not typed and b"hidden" in shown and not termios.tcgetattr(terminal)[3] & termios.ECHO:
        os.write(terminal, token.encode() + b"\r")
        typed = True
    if select.select([terminal], [], [], 0.02)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.stdout.buffer.write(shown)
sys.exit(status)
"#;

#[cfg(unix)]
#[test]
fn a_token_typed_on_a_terminal_is_not_shown() {
    if !crate::project::has("python3", std::process::Command::new("python3").arg("--version").output().is_ok()) {
        return;
    }
    let server = Server::start();
    let project = project(&server, "instagram", "IGAA-LONG").env("TERM", "xterm");
    let login = project.command(["auth", "login"]);
    let mut terminal = std::process::Command::new("python3");
    terminal.args(["-c", TERMINAL, "IGAA-LONG"]).arg(login.get_program()).args(login.get_args());
    terminal.current_dir(project.path()).envs(login.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = terminal.env_remove("IGSYNC_ACCESS_TOKEN").stdin(std::process::Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("hidden as you type") && shown.contains("@harbour"), "{shown}");
    assert!(!shown.contains("IGAA"), "{shown}");
}
