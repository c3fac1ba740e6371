//! Every kind of hostile branch against every command, in a repository, as a developer and as CI run them: a `PATH` of
//! traps and strace see each program, canaries what is written outside, the bounds of [`Attack`] time and memory.

use std::fs;
use std::process::Command;

use crate::attack::{Attack, CANARY, picture};
use crate::git::{bare, content, in_ci, program, published};
use crate::project::{Output, Server};
use crate::tools::has;

const TOKEN: &str = "IGAA-LONG";

/// What a developer runs on the branch, and what CI does.
const COMMANDS: &[&[&str]] = &[
    &["validate", "--format", "json"],
    &["plan", "--format", "human", "--out", "plan.json"],
    &["plan", "--format", "json", "--base", "origin/main"],
    &["plan", "--format", "markdown", "--base", "origin/main"],
    &["plan", "--format", "github", "--base", "origin/main", "--fail-on-refusal"],
    &["plan", "--refresh", "full"],
    &["status"],
    &["apply", "--sandbox", "--yes"],
    &["apply", "--yes", "--format", "json"],
    &["resolve", "posts/one", "--not-published"],
    &["lock", "list"],
    &["lock", "mv", "posts/one", "posts/moved", "--dry-run"],
    &["fix", "--write"],
    &["new", "image", "posts/new"],
    &["preview"],
    &["init"],
    &["init", "--update"],
];

/// What the branch does, and how it is called when something goes wrong.
type Row = (&'static str, fn(&Attack));

/// Commits everything, what is ignored too.
fn commit(attack: &Attack) {
    attack.git(&["-C", "work", "add", "-A", "--force"]);
    attack.git(&["-C", "work", "commit", "-q", "--allow-empty", "-m", "hostile"]);
}

fn linked(attack: &Attack, path: &str, target: &str) {
    let _ = fs::remove_file(attack.root().join(path));
    attack.link(&format!("work/site/{path}"), target);
}

fn two(attack: &Attack, manifest: &str) {
    attack.write("work/site/posts/two.yaml", manifest);
}

fn record(attack: &Attack, state: &str, more: &str) {
    let line = format!(
        r#"{{"key":"posts/one","user_id":"17841400000000001","account":"harbour","kind":"image","state":"{state}","attempt":"forged"{more}}}"#
    );
    attack.write("work/site/igsync.lock", format!("{{\"igsync_lock\":1}}\n{line}\n"));
}

const LINKS: &[Row] = &[
    ("a link for the list of requests", |attack| {
        linked(attack, ".igsync/sandbox/requests.jsonl", "../../../../outside/profile");
    }),
    ("a link for the sandbox's media", |attack| linked(attack, ".igsync/sandbox/media", "../../../../outside")),
    ("a link for the sandbox's uploads", |attack| linked(attack, ".igsync/sandbox/uploads", "../../../../outside")),
    ("a link for the configuration", |attack| linked(attack, "igsync.yaml", "../../outside/secret.txt")),
    ("a link for defaults", |attack| linked(attack, "posts/_defaults.yaml", "../../../outside/secret.txt")),
    ("a link for a manifest", |attack| linked(attack, "posts/two.yaml", "../../../outside/secret.txt")),
    ("a linked folder of workflows", |attack| linked(attack, ".github", "../../outside")),
    ("a linked folder of posts", |attack| linked(attack, "posts/new", "../../../outside")),
    ("a link for the ignore file", |attack| linked(attack, ".gitignore", "../../outside/profile")),
    ("a link for the page", |attack| linked(attack, "igsync-preview.html", "../../outside/profile")),
    ("a link for a plan file", |attack| linked(attack, "plan.json", "../../outside/profile")),
];

const FILES: &[Row] = &[
    ("git's own files as a caption", |attack| {
        two(attack, "kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption_file: ../../.git/config\n");
    }),
    ("a hidden file as a caption", |attack| {
        attack.write("work/site/.env", CANARY);
        two(attack, "kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption_file: ../.env\n");
    }),
    ("a file outside as media", |attack| two(attack, "kind: image\nimage: ../../../outside/secret.txt\n")),
    ("a committed journal", |attack| {
        attack.write(
            "work/site/.igsync/journal.jsonl",
            "{\"igsync_lock\":1}\n{\"key\":\"posts/one\",\"user_id\":\"17841400000000001\",\"account\":\"harbour\",\"kind\":\"image\",\"state\":\"published\",\"attempt\":\"forged\",\"media_id\":\"17999999999999999\"}\n",
        );
    }),
    ("committed converted pictures", |attack| attack.write("work/site/.igsync/converted/x.jpg", picture())),
    ("a committed sandbox", |attack| attack.write("work/site/.igsync/sandbox/state.json", "{}")),
];

const REPOSITORIES: &[Row] = &[
    ("a repository in the content root", |attack| bare(attack, "work/site", "ext::touch owned")),
    ("a repository in the folder of the posts", |attack| bare(attack, "work/site/posts", "ext::touch owned")),
    ("a filter for every file", |attack| attack.write("work/.gitattributes", "* filter=x diff=x merge=x\n")),
];

const RECORDS: &[Row] = &[
    ("a record without lines", |attack| attack.write("work/site/igsync.lock", "{\"igsync_lock\":1}\n")),
    ("a forged live post", |attack| record(attack, "published", r#","media_id":"17999999999999999","via":"publish""#)),
    ("a forged comment", |attack| {
        record(
            attack,
            "published",
            r#","media_id":"17999999999999999","via":"publish","comment":"due","comment_switch":"due""#,
        );
    }),
    ("a link with a script", |attack| {
        record(attack, "published", r#","media_id":"1","permalink":"javascript:alert(1)//\u001b[2J::error::x""#);
    }),
    ("conflict markers", |attack| {
        attack.write("work/site/igsync.lock", "{\"igsync_lock\":1}\n<<<<<<< a\n=======\n>>>>>>> b\n");
    }),
];

const TEXTS: &[Row] = &[
    ("commands in texts and names", |attack| {
        let text = "\"\\e[31m\\n::error::x\\n##vso[task.complete]\\n$(touch owned)\\u202e\"";
        two(attack, &format!("kind: image\nimage: ./two.jpg\ncaption: {text}\nfirst_comment: {text}\n"));
        attack.write(
            "work/site/posts/::error::$(touch owned).yaml",
            "kind: image\nimage: ./two.jpg\nallow_duplicate: true\n",
        );
    }),
    ("beginnings of tokens", |attack| {
        two(attack, &format!("kind: image\nimage: ./two.jpg\ncaption: {}\n", "AKIA".repeat(50_000)));
    }),
    ("keys that look alike", |attack| {
        attack.write("work/site/posts/o\u{200b}ne.yaml", "kind: image\nimage: ./two.jpg\nallow_duplicate: true\n");
    }),
    ("thousands of hard patterns", |attack| {
        attack.write("work/site/.gitignore", "*a*a*a*a*a*a*a*b\n".repeat(5_001));
    }),
];

#[test]
fn links_lead_no_command_out() {
    against_every_command(LINKS);
}

#[test]
fn files_of_a_branch_are_neither_shown_nor_believed_by_any_command() {
    against_every_command(FILES);
}

#[test]
fn repositories_in_a_branch_start_no_program_of_any_command() {
    against_every_command(REPOSITORIES);
}

#[test]
fn a_forged_record_publishes_nothing_by_any_command() {
    against_every_command(RECORDS);
}

#[test]
fn texts_of_a_branch_command_no_command() {
    against_every_command(TEXTS);
}

fn against_every_command(rows: &[Row]) {
    for (what, change) in rows {
        let mut unchanged = None;
        for arguments in COMMANDS {
            let (attack, server) = unchanged.take().unwrap_or_else(|| hostile(*change));
            // In CI the branch is merged by now.
            if arguments.contains(&"apply") {
                attack.git(&["-C", "work", "push", "-q", "origin", "topic:main"]);
                attack.git(&["-C", "work", "branch", "-q", "--set-upstream-to", "origin/main"]);
            }
            let output = traced(&attack, what, arguments);
            assert!((0..=10).contains(&output.code), "{what}: {arguments:?}: {output:?}");
            for text in [&output.stdout, &output.stderr] {
                assert!(!text.contains(TOKEN) && !text.contains('\u{1b}'), "{what}: {arguments:?}: {text}");
            }
            // The sandbox knows tokens of its own, this one among them.
            let is_sandbox = |entry: &walkdir::DirEntry| entry.path().ends_with(".igsync/sandbox");
            let written = walkdir::WalkDir::new(attack.outer()).into_iter().filter_entry(|entry| !is_sandbox(entry));
            for written in written.filter_map(Result::ok) {
                let bytes = fs::read(written.path()).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&bytes).contains(TOKEN), "{what}: {arguments:?}: {written:?}");
            }
            let live = server.published();
            assert!(live.len() <= 3 && (live.is_empty() || arguments[0] == "apply"), "{what}: {arguments:?}: {live:?}");
            assert!(!format!("{live:?}").contains(CANARY), "{what}: {arguments:?}: {live:?}");
            if matches!(arguments[0], "validate" | "plan" | "status") {
                unchanged = Some((attack, server));
            }
        }
    }
}

/// A branch with this change, checked out, in the environment of CI with a server for Meta.
fn hostile(change: fn(&Attack)) -> (Attack, Server) {
    let attack = content("work/site");
    published(&attack);
    attack.git(&["-C", "work", "checkout", "-q", "-b", "topic"]);
    change(&attack);
    commit(&attack);
    let server = Server::start();
    (in_ci(attack, &server), server)
}

/// Runs `igsync` under strace where that is there: it starts git, and git no program but its own.
fn traced(attack: &Attack, what: &str, arguments: &[&str]) -> Output {
    if !has("strace", Command::new("strace").arg("-V")) {
        return attack.run(arguments);
    }
    let log = attack.outer().join("work/.git/started");
    let output = attack.run_under(
        &[
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=execve,execveat",
            "-e",
            "signal=none",
            "-s",
            "300",
            "-o",
            log.to_str().unwrap(),
        ],
        arguments,
    );
    let started = fs::read_to_string(&log).unwrap();
    assert!(started.contains("/igsync\""), "strace saw nothing: {started}");
    fs::remove_file(&log).unwrap();
    let is_ours = |line: &&str| {
        let path = program(line);
        ["/igsync", "/git"].iter().any(|name| path.ends_with(name)) || path.contains("/git-core/")
    };
    // `/bin/sh` is what sets the limits of the run, and what git speaks to a remote on this machine through.
    let is_shell = |line: &&str| program(line).ends_with("/sh") && (line.contains("ulimit") || line.contains("git-"));
    let foreign: Vec<&str> = started
        .lines()
        .filter(|line| line.ends_with(" = 0"))
        .filter(|line| !is_ours(line) && !is_shell(line))
        .collect();
    assert!(foreign.is_empty(), "{what}: {arguments:?} started {foreign:#?}");
    output
}
