//! What a branch does to the record of live posts.

use crate::attack::Attack;

const FORMATS: [&str; 4] = ["human", "json", "markdown", "github"];

/// A journal line that says that the one post is live.
const FORGED: &str = r#"{"key":"posts/one","user_id":"17841400000000001","account":"harbour","kind":"image","state":"published","attempt":"forged","media_id":"17999999999999999","published_at":"2026-01-01T00:00:00Z","via":"publish"}"#;

fn journal() -> String {
    format!("{{\"igsync_lock\":1}}\n{FORGED}\n")
}

/// A content root in a repository, all of it committed on `main`; a branch is checked out.
fn branch() -> Attack {
    let attack = Attack::new();
    attack.write("content/.gitignore", ".igsync/\n");
    attack.git(&["init", "-q", "-b", "main"]);
    commit(&attack, "content");
    attack.git(&["checkout", "-q", "-b", "topic"]);
    attack
}

fn commit(attack: &Attack, path: &str) {
    attack.git(&["add", "-f", path]);
    attack.git(&["commit", "-q", "-m", "more", "--allow-empty"]);
}

#[test]
fn a_committed_journal_is_believed_by_no_command() {
    let attack = branch();
    attack.write("content/.igsync/journal.jsonl", journal());
    commit(&attack, "content/.igsync/journal.jsonl");
    let commands: &[&[&str]] = &[
        &["validate"],
        &["validate", "--format", "json"],
        &["plan"],
        &["plan", "--base", "main"],
        &["plan", "--sandbox"],
        &["apply", "--yes"],
        &["apply", "--sandbox", "--yes"],
        &["status"],
        &["status", "--sandbox"],
        &["lock", "list"],
        &["lock", "show", "posts/one"],
        &["lock", "rm", "posts/one"],
        &["lock", "accept", "posts/one", "--dry-run"],
        &["resolve", "posts/one", "--published"],
        &["sandbox", "--port", "0"],
        &["auth", "inspect"],
    ];
    for command in commands {
        let output = attack.run(command).exits(5);
        let text = format!("{command:?}: {}", output.stderr);
        assert!(text.contains("git tracks what belongs to this machine alone: .igsync/journal.jsonl"), "{text}");
        assert!(text.contains("git rm --cached -r -- .igsync`"), "{text}");
        assert!(!output.stdout.contains("17999999999999999"), "{command:?}: {}", output.stdout);
    }
    for format in FORMATS {
        let output = attack.run(&["plan", "--base", "main", "--format", format]).exits(5);
        assert!(output.stderr.contains("git rm --cached"), "{format}: {}", output.stderr);
        // The comment on the pull request is all that some reviewers see.
        let is_said = output.stdout.contains("git rm --cached");
        assert_eq!(is_said, format == "markdown", "{format}: {}", output.stdout);
    }
}

#[test]
fn whatever_git_tracks_below_the_private_folder_is_refused() {
    for path in [
        "content/.igsync/.gitignore",
        "content/.igsync/digests.jsonl",
        "content/.igsync/run.lock",
        "content/.igsync/expiry.jsonl",
        "content/.igsync/converted/a.jpg",
        "content/.igsync/sandbox/journal.jsonl",
        "content/.igsync/sandbox/requests.jsonl",
        "content/.igsync/not/known/yet",
    ] {
        let attack = branch();
        attack.write(path, "*\n");
        commit(&attack, path);
        let _ = attack.run(&["plan"]).exits(5).says("git rm --cached -r -- .igsync");
        // As the help says. The file is still there, and this machine's own now.
        attack.git(&["rm", "-q", "--cached", "-r", "--", "content/.igsync"]);
        let output = attack.run(&["plan"]);
        assert!(!output.stderr.contains("git tracks"), "{path}: {}", output.stderr);
    }
}

#[test]
fn the_private_folder_as_a_file_a_link_or_a_repository_is_refused() {
    let as_file = branch();
    as_file.write("content/.igsync", "x");
    commit(&as_file, "content/.igsync");
    let as_link = branch();
    as_link.link("content/.igsync", "../outside");
    commit(&as_link, "content/.igsync");
    let as_repository = branch();
    as_repository.write("content/.igsync/journal.jsonl", journal());
    as_repository.git(&["init", "-q", "content/.igsync"]);
    as_repository.git(&["-C", "content/.igsync", "add", "-A"]);
    as_repository.git(&["-C", "content/.igsync", "commit", "-q", "-m", "one"]);
    commit(&as_repository, "content/.igsync");
    for attack in [as_file, as_link, as_repository] {
        let _ = attack.run(&["plan"]).exits(5).says("git tracks what belongs to this machine alone: .igsync");
        let _ = attack.run(&["apply", "--sandbox", "--yes"]).exits(5);
    }
}

#[test]
fn the_command_that_is_named_works_from_where_igsync_was_started() {
    let attack = branch();
    attack.write("content/.igsync/journal.jsonl", journal());
    commit(&attack, "content/.igsync/journal.jsonl");
    let below = attack.command(&["plan"]).current_dir(attack.root().join("posts")).output().unwrap();
    assert_eq!(below.status.code(), Some(5));
    let said = String::from_utf8_lossy(&below.stderr).replace('\n', " ");
    assert!(said.contains("-r -- ../.igsync"), "{said}");
    let above = attack.command(&["-C", "content", "plan"]).current_dir(attack.outer()).output().unwrap();
    assert_eq!(above.status.code(), Some(5));
    let said = String::from_utf8_lossy(&above.stderr).replace('\n', " ");
    assert!(said.contains("git -C content rm --cached -r -- .igsync"), "{said}");
}

#[test]
fn this_machines_own_private_folder_is_no_fault() {
    let attack = branch();
    let _ = attack.run(&["apply", "--sandbox", "--yes"]).exits(0);
    assert!(attack.root().join(".igsync/sandbox/journal.jsonl").exists());
    let _ = attack.run(&["plan"]).exits(0);
    let _ = attack.run(&["plan", "--base", "main"]).exits(0);
    // Another content root's, tracked or not, is none of this one's business.
    attack.write("elsewhere/.igsync/journal.jsonl", journal());
    commit(&attack, "elsewhere");
    let _ = attack.run(&["plan"]).exits(0);
}
