//! Several accounts in one run: one's trouble is not the other's.

use crate::project::{Project, Server};

const ONE: &str = "17841400000000001";
const TWO: &str = "17841400000000002";

/// Two accounts with one due post each.
fn two(server: &Server) -> Project {
    let project = Project::empty().env("IGSYNC_GRAPH_URL", &server.url());
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    configure(&project, "");
    for (number, name) in ["one", "two"].iter().enumerate() {
        project.jpeg(&format!("posts/{name}.jpg"), number as u8);
        let text = format!("kind: image\nimage: ./{name}.jpg\ncaption: of {name}\naccounts: [{name}]\n");
        project.write(&format!("posts/{name}.yaml"), text);
    }
    ["POLL_INITIAL", "POLL_MAX", "SETTLE", "LOOK"]
        .iter()
        .fold(project, |project, name| project.env(&format!("IGSYNC_{name}_MS"), "20"))
}

fn configure(project: &Project, more_of_one: &str) {
    let text = format!("accounts:\n  one:\n    user_id: \"{ONE}\"\n{more_of_one}  two:\n    user_id: \"{TWO}\"\n");
    project.write("igsync.yaml", text);
}

fn live(server: &Server) -> Vec<String> {
    let mut posts: Vec<String> = server
        .published()
        .iter()
        .map(|post| format!("{} {}", post["user_id"].as_str().unwrap(), post["caption"].as_str().unwrap()))
        .collect();
    posts.sort();
    posts
}

#[test]
fn each_account_publishes_with_its_own_token() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(live(&server), [format!("{ONE} of one"), format!("{TWO} of two")]);
}

#[test]
fn an_expired_token_of_one_does_not_stop_the_other() {
    let server = Server::start();
    let project =
        two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-EXPIRED").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    project.run(["apply", "--yes"]).exits(9).says("account one was stopped").says("not attempted");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
    let project = project.env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(live(&server).len(), 2);
}

#[test]
fn a_missing_token_and_a_throttle_of_one_do_not_stop_the_other() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    project.run(["apply", "--yes"]).exits(9).says("IGSYNC_ACCESS_TOKEN_ONE");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
    let server = Server::start();
    let fault =
        format!(r#"[{{"match":{{"method":"POST","path":"/{ONE}/media"}},"fault":{{"throttle":{{"minutes":3}}}}}}]"#);
    server.fail(&fault);
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    project.run(["apply", "--yes"]).exits(10).says("3 minutes");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
}

#[test]
fn a_token_may_come_from_a_command() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    configure(&project, "    token: { command: [printf, \"IGAA-LONG\\n\"] }\n");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(live(&server).len(), 2);
    configure(&project, "    token: { command: [\"false\"] }\n");
    project.run(["auth", "accounts", "--account", "one"]).exits(9).says("the token command `false` failed");
    configure(&project, "    token: { command: [no-such-program-here] }\n");
    project.run(["auth", "accounts", "--account", "one"]).exits(9).says("could not be run");
}

#[test]
fn the_plan_runs_no_token_command() {
    let server = Server::start();
    let project = two(&server);
    configure(&project, "    token: { command: [touch, ran] }\n");
    for words in [vec!["plan"], vec!["validate"], vec!["apply", "--sandbox", "--yes"], vec!["status", "--sandbox"]] {
        project.run(words).exits(0);
    }
    assert!(!project.path().join("ran").exists());
}

#[test]
fn a_token_of_the_other_login_stops_its_account_and_is_explained() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "EAA-NOBODY").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    let output = project.run(["apply", "--yes"]).exits(9);
    output.says("the token for account one begins with EAA").says("set `login: facebook` for account one");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
}

#[test]
fn a_wrong_username_stops_its_account_before_anything_is_made() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    configure(&project, "    username: somebody\n");
    project.run(["apply", "--yes"]).exits(9).says("@harbour").says("not to @somebody");
    assert_eq!(live(&server), [format!("{TWO} of two")], "the other account goes on");
}

#[test]
fn a_paused_account_publishes_nothing() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    let project = project.env("IGSYNC_PAUSED", "1");
    project.run(["apply", "--yes"]).exits(0).says("IGSYNC_PAUSED is set").says("publishing is paused");
    assert!(server.sandbox.requests().is_empty());
    project.run(["status"]).says("IGSYNC_PAUSED is set");
}

#[test]
fn a_paused_account_does_not_stop_the_other() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    configure(&project, "    paused: true\n");
    project.run(["apply", "--yes"]).exits(0).says("publishing to @harbour is paused");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
}

#[test]
fn too_many_posts_of_one_account_do_not_stop_the_other() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    for number in 2..8 {
        project.jpeg(&format!("posts/{number}.jpg"), number);
        let text = format!("kind: image\nimage: ./{number}.jpg\ncaption: number {number}\naccounts: [one]\n");
        project.write(&format!("posts/{number}.yaml"), text);
    }
    project
        .run(["apply", "--yes"])
        .exits(3)
        .says("7 posts without publish_at are due on @harbour, one run publishes at most 5")
        .says("account one was stopped");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
    project.run(["apply", "--yes", "--account", "one"]).exits(5).says("nothing was published: the plan was refused");
    project.run(["apply", "--yes", "--max-publish", "7"]).exits(0);
    assert_eq!(live(&server).len(), 8);
}

/// Gives an account so many undated posts; its one run publishes five.
fn crowd(project: &Project, name: &str, posts: u8) {
    for number in 0..posts {
        project.jpeg(&format!("posts/{name}-{number}.jpg"), 100 + 10 * name.len() as u8 + number);
        let text = format!("kind: image\nimage: ./{name}-{number}.jpg\ncaption: {name} {number}\naccounts: [{name}]\n");
        project.write(&format!("posts/{name}-{number}.yaml"), text);
    }
}

#[test]
fn an_error_in_a_post_that_is_due_stops_its_account() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    project.write("posts/bad.yaml", "kind: image\nimage: ./missing.jpg\ncaption: x\naccounts: [one]\n");
    project.run(["apply", "--yes"]).exits(3).says("account one was stopped");
    assert_eq!(live(&server), [format!("{TWO} of two")]);
    // The other one has too many: neither goes on.
    crowd(&project, "two", 6);
    project.run(["apply", "--yes"]).exits(5);
    project.run(["apply", "--yes", "--account", "one"]).exits(1).says("nothing was published");
    assert_eq!(live(&server).len(), 1);
}

#[test]
fn permissions_for_comments_are_known_before_any_container() {
    let server = Server::start();
    let project = two(&server)
        .env("IGSYNC_APP_ID", "100000000000001")
        .env("IGSYNC_APP_SECRET", "fb-app-secret")
        .env("IGSYNC_ACCESS_TOKEN", "EAA-READONLY")
        .env("IGSYNC_LOGIN", "facebook");
    configure(&project, "    login: facebook\n");
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: x\naccounts: [one]\nfirst_comment: y\n");
    let output = project.run(["apply", "--yes", "--account", "one"]).exits(9);
    output.says("instagram_manage_comments").says("nothing was sent");
    assert!(server.sandbox.requests().iter().all(|call| call.method == "GET" || call.path.ends_with("/debug_token")));
}

#[test]
fn instagram_login_is_asked_through_the_comments_of_a_live_post() {
    let server = Server::start();
    let project = two(&server).env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO").env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    project.jpeg("posts/next.jpg", 7);
    project
        .write("posts/next.yaml", "kind: image\nimage: ./next.jpg\ncaption: next\naccounts: [one]\nfirst_comment: y\n");
    let blind = project.env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-READONLY");
    let before = server.sandbox.requests().len();
    blind.run(["apply", "--yes"]).exits(9).says("instagram_business_manage_comments");
    assert!(server.sandbox.requests()[before..].iter().all(|call| call.method == "GET"));
    blind.env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").run(["apply", "--yes"]).exits(0);
}
