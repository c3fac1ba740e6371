//! Mistakes about an account: known before anything is made, the same words everywhere, and never a post's fault.

use crate::project::{Project, Server, USER};

const PAGE: &str = "300000000000001";
const TWO: &str = "17841400000000002";

/// One account with these lines of configuration, one due post, and a token.
fn project(server: &Server, login: &str, account: &str, token: &str) -> Project {
    let project = Project::with_one_image().against(server, login, token);
    project.write("igsync.yaml", format!("accounts:\n  harbour: {{ login: {login}, {account} }}\n"));
    project
}

/// `apply`, `plan --refresh` and `status` say this of the account, end with 9 or 1, blame no post and make nothing.
#[track_caller]
fn is_refused(server: &Server, project: &Project, said: &[&str]) {
    let apply = project.run(["apply", "--yes"]).exits(9);
    let status = project.run(["status"]).exits(9);
    let inspect = project.run(["auth", "inspect"]).exits(9);
    for (command, output) in [("apply", &apply), ("status", &status), ("auth inspect", &inspect)] {
        let all = format!("{}{}", output.stdout, output.stderr);
        // Texts are broken into lines.
        let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in said {
            assert!(words.contains(text), "{command}: {text:?} is missing\n{all}");
        }
        assert!(
            !words.contains("failed posts/one") && !words.contains("EAA-LONG") && !words.contains("IGAA-"),
            "{all}"
        );
    }
    assert!(apply.stdout.contains("1 not attempted"), "{}", apply.stdout);
    let is_made = |method: &str| method == "POST";
    assert!(
        !server.sandbox.requests().iter().any(|request| is_made(&request.method) && request.path.contains("media"))
    );
    assert!(!project.read("igsync.lock").contains("posts/one"), "nothing is recorded of it");
}

#[test]
fn the_id_of_the_page_is_named_as_such_with_the_right_one() {
    let server = Server::start();
    let project = project(&server, "facebook", &format!("user_id: \"{PAGE}\""), "EAA-LONG");
    is_refused(&server, &project, &[PAGE, "the id of the Facebook Page", USER]);
}

#[test]
fn a_token_of_another_page_names_both_accounts() {
    let server = Server::start();
    let other = project(&server, "facebook", &format!("user_id: \"{TWO}\", username: acme"), "EAA-LONG");
    is_refused(&server, &other, &[TWO, "@acme", "@harbour", USER]);
    let none = project(&server, "facebook", "user_id: \"17841499999999999\"", "EAA-LONG");
    is_refused(&server, &none, &["17841499999999999", "@harbour", USER]);
    let other = project(&server, "instagram", &format!("user_id: \"{TWO}\""), "IGAA-LONG");
    is_refused(&server, &other, &[TWO, "@harbour", USER]);
}

#[test]
fn an_app_scoped_id_is_named_as_such() {
    let server = Server::start();
    let project = project(&server, "instagram", "user_id: \"26000000000000001\"", "IGAA-LONG");
    is_refused(&server, &project, &["26000000000000001", "an app-scoped id", USER]);
}

#[test]
fn a_username_that_the_token_is_not_names_both() {
    let server = Server::start();
    for (login, token) in [("instagram", "IGAA-LONG"), ("facebook", "EAA-LONG")] {
        let without_id = project(&server, login, "username: somebody", token);
        is_refused(&server, &without_id, &["@somebody", "@harbour"]);
        let with_id = project(&server, login, &format!("user_id: \"{USER}\", username: somebody"), token);
        is_refused(&server, &with_id, &["@somebody", "@harbour"]);
    }
    let several = project(&server, "facebook", "username: somebody", "EAA-BOTH");
    is_refused(&server, &several, &["@somebody", "@harbour"]);
}

#[test]
fn a_token_of_the_other_login_is_known_before_any_call() {
    let server = Server::start();
    for (login, other, token) in [("instagram", "facebook", "EAA-LONG"), ("facebook", "instagram", "IGAA-LONG")] {
        let project = project(&server, login, &format!("user_id: \"{USER}\""), token);
        let set = format!("set `login: {other}`");
        is_refused(&server, &project, &[&set]);
        project.run(["auth", "accounts"]).exits(9).says(&set);
    }
    assert!(server.sandbox.requests().is_empty(), "{:?}", server.sandbox.requests());
}

#[test]
fn what_was_pasted_around_a_token_is_named_before_any_call() {
    let server = Server::start();
    for (token, said) in [
        ("\"EAA-LONG\"", "in quotes"),
        ("'EAA-LONG'", "in quotes"),
        ("IGSYNC_ACCESS_TOKEN=EAA-LONG", "a name and `=`"),
        ("{\"access_token\":\"EAA-LONG\"}", "inside JSON"),
        ("Bearer EAA-LONG", "such as `Bearer`"),
        ("EAA-LONG EAA-LONG", "contains a space"),
    ] {
        let project = project(&server, "facebook", &format!("user_id: \"{USER}\""), token);
        is_refused(&server, &project, &[said]);
    }
    assert!(server.sandbox.requests().is_empty());
    // Blanks and a line break around it are no part of it.
    let project = project(&server, "facebook", &format!("user_id: \"{USER}\""), "  EAA-LONG\n");
    project.run(["apply", "--yes"]).exits(0);
}
