//! Files of the pushed commit: the `github` preset and `{commit}`.

use std::process::Command;

use igsync_sandbox::Options;
use serde_json::Value;

use crate::content::{self, journal};
use crate::project::{Output, Project};
use crate::ways::{Api, LOGINS, addresses, publishes_everything};

/// A sandbox that takes foreign https addresses for good: github.com is not to be had here.
fn api() -> Api {
    Api::with(&Options { assume_https: true, ..Options::quick() })
}

fn git(project: &Project, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(project.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn commit(project: &Project) -> String {
    git(project, &["add", "--all"]);
    git(project, &["commit", "--quiet", "--message", "Content"]);
    git(project, &["rev-parse", "HEAD"])
}

/// What a push leaves behind here.
fn pushed(project: &Project) {
    git(project, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
}

fn repository(project: &Project, origin: &str) {
    git(project, &["init", "--quiet", "--initial-branch", "main"]);
    git(project, &["remote", "add", "origin", origin]);
}

#[test]
fn the_raw_address_of_the_pushed_commit_is_used() {
    for (login, token) in LOGINS {
        let api = api();
        let project = content::repository_with("github");
        repository(&project, "git@github.com:acme/content.git");
        let head = commit(&project);
        pushed(&project);
        let project = api.connect(project, login, token);
        publishes_everything(&api, &project, &format!("https://raw.githubusercontent.com/acme/content/{head}/"));
        let published = Value::from(api.server.published()).to_string();
        assert!(
            published.contains(&format!("/{head}/media/H%C3%A4fen%20%26%20Meer%20%231%20100%25%3F.jpg")),
            "{published}"
        );
    }
}

#[test]
fn the_content_may_be_a_folder_of_the_repository() {
    let api = api();
    let whole = Project::empty();
    repository(&whole, "https://x-access-token:canary-secret@github.com/acme/site");
    let inner = content::one_image_with("{ github: }");
    for (path, bytes) in inner.files() {
        let name = path.strip_prefix(inner.path()).unwrap().to_str().unwrap().to_owned();
        whole.write(&format!("social/instagram/{name}"), bytes);
    }
    let head = commit(&whole);
    pushed(&whole);
    let whole = api.connect(whole, "instagram", "IGAA-LONG");
    let output = whole.run(["apply", "--yes", "-C", "social/instagram"]).exits(0);
    assert!(!format!("{output:?}").contains("canary-secret"));
    assert_eq!(
        addresses(&api.server.published()),
        [format!("https://raw.githubusercontent.com/acme/site/{head}/social/instagram/posts/one.jpg")]
    );
}

#[test]
fn the_commit_of_a_template_is_the_pushed_one() {
    let api = api();
    let project = content::one_image_with("{ url: \"https://cdn.example.com/{commit}/{path}\" }");
    repository(&project, "/srv/git/content.git");
    let head = commit(&project);
    let project = api.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(3).says("is not pushed").says("git push");
    assert_eq!((api.containers(), journal(&project)), (0, String::new()));
    pushed(&project);
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(addresses(&api.server.published()), [format!("https://cdn.example.com/{head}/posts/one.jpg")]);
}

/// The last words of a run that made nothing.
fn refused(api: &Api, project: &Project) -> String {
    let Output { stderr, .. } = project.run(["apply", "--yes"]).exits(3);
    assert_eq!((api.containers(), journal(project)), (0, String::new()));
    stderr.replace(project.path().canonicalize().unwrap().to_str().unwrap(), "[root]").trim().to_owned()
}

#[test]
fn what_is_not_at_github_is_named() {
    let mut told = String::new();
    let mut tell = |name: &str, text: String| told += &format!("# {name}\n{text}\n\n");
    let api = api();
    let project = api.connect(content::one_image_with("github"), "instagram", "IGAA-LONG");
    tell("no repository", refused(&api, &project));
    git(&project, &["init", "--quiet", "--initial-branch", "main"]);
    tell("no origin", refused(&api, &project));
    git(&project, &["remote", "add", "origin", "https://me:canary@gitlab.example/acme/content.git"]);
    tell("another server", refused(&api, &project));
    git(&project, &["remote", "set-url", "origin", "https://github.com/acme/content.git"]);
    tell("no commit", refused(&api, &project));
    let old = commit(&project);
    let text = refused(&api, &project);
    tell("not pushed", text.replace(&old[..10], "[commit]"));
    pushed(&project);
    project.jpeg("posts/one.jpg", 9);
    tell("changed since", refused(&api, &project));
    git(&project, &["add", "posts/one.jpg"]);
    tell("changed and staged", refused(&api, &project));
    project.jpeg("posts/other.jpg", 10);
    project.write("posts/one.yaml", "kind: image\nimage: ./other.jpg\ncaption: The first one\n");
    tell("not added", refused(&api, &project));
    assert!(!told.contains("canary"), "{told}");
    insta::assert_snapshot!(told);

    commit(&project);
    pushed(&project);
    project.run(["apply", "--yes"]).exits(0);
}

#[test]
fn a_pointer_of_git_lfs_leads_to_the_real_bytes() {
    let api = api();
    let project = content::one_image_with("{ github: { repository: acme/mirror } }");
    repository(&project, "https://gitlab.example/acme/content.git");
    let bytes = std::fs::read(project.path().join("posts/one.jpg")).unwrap();
    let digest = hex(&bytes);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {}\n", bytes.len());
    project.write("posts/one.jpg", pointer);
    let head = commit(&project);
    pushed(&project);
    project.write("posts/one.jpg", &bytes);
    let project = api.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(
        addresses(&api.server.published()),
        [format!("https://media.githubusercontent.com/media/acme/mirror/{head}/posts/one.jpg")]
    );
}

#[test]
fn a_private_repository_is_a_finding_where_the_job_says_so() {
    let api = api();
    let project = content::one_image_with("github");
    let event = |private: bool| format!("{{\"repository\":{{\"full_name\":\"acme/content\",\"private\":{private}}}}}");
    project.write("event.json", event(true));
    let at = project.path().join("event.json").to_str().unwrap().to_owned();
    let project = api.connect(project, "instagram", "IGAA-LONG").env("GITHUB_EVENT_PATH", &at);
    let output = project.run(["validate"]).exits(1).says("IGS4006");
    insta::assert_snapshot!(output.stdout.trim());
    project.run(["apply", "--yes"]).exits(1);
    project.write("event.json", event(false));
    project.run(["validate"]).exits(0);
    project.write("event.json", "not json");
    project.run(["validate"]).exits(0);
    content::configure(&project, "{ github: acme/public-mirror }");
    project.write("event.json", event(true));
    project.run(["validate"]).exits(0);
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
