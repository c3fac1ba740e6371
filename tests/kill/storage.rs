//! Records that get lost, come back, or cannot be written.

use std::fs;
use std::process::Command;

use crate::audit::{audit, connected, content, finish, silent};
use crate::project::{Project, Server};

#[test]
fn without_its_journal_the_lockfile_is_enough() {
    let server = Server::start();
    let project = content(&server);
    finish(&project);
    fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    finish(&project);
    audit(&project, &server, "no .igsync");
}

#[test]
fn without_its_lockfile_the_journal_is_enough() {
    let server = Server::start();
    let project = content(&server);
    finish(&project);
    let whole = project.read("igsync.lock");
    project.remove("igsync.lock");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    finish(&project);
    assert_eq!(project.read("igsync.lock"), whole);
    audit(&project, &server, "no igsync.lock");
}

#[test]
fn a_reverted_lockfile_publishes_nothing_again() {
    let server = Server::start();
    let project = content(&server);
    let empty = project.read("igsync.lock");
    finish(&project);
    project.write("igsync.lock", &empty);
    finish(&project);
    assert_ne!(project.read("igsync.lock"), empty, "it is folded again although there is nothing else to do");
    audit(&project, &server, "reverted");
}

/// Runs `apply` under a limit of 512-byte blocks for every file it writes.
fn limited(project: &Project, blocks: u32) -> Option<i32> {
    let igsync = project.command(["apply", "--yes"]);
    let mut command = Command::new("sh");
    // The signal of the limit would kill; without it the write fails, as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" apply --yes");
    command.arg("-c").arg(script).arg(igsync.get_program()).current_dir(project.path()).env_clear();
    for (name, value) in igsync.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    silent(command).status().unwrap().code()
}

#[test]
fn a_disk_that_fills_up_stops_publishing_and_the_next_run_completes() {
    let mut stopped = 0;
    for blocks in [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16] {
        let server = Server::start();
        let project = content(&server);
        let ended = limited(&project, blocks);
        assert!(matches!(ended, Some(0 | 1 | 3 | 4)), "{blocks} blocks: {ended:?}");
        if ended != Some(0) {
            stopped += 1;
            let sent =
                server.published().iter().map(|post| post["publish_calls"].as_u64().unwrap_or_default()).sum::<u64>();
            let journal = fs::read_to_string(project.path().join(".igsync/journal.jsonl")).unwrap_or_default();
            let known = journal.matches("\"state\":\"intent\"").count() as u64;
            assert!(sent <= known, "{blocks} blocks: {sent} publishes were sent, {known} announced");
        }
        finish(&project);
        audit(&project, &server, &format!("{blocks} blocks"));
    }
    assert!(stopped >= 4, "the limit stopped only {stopped} runs");
}

#[test]
fn a_journal_torn_anywhere_is_read_to_its_last_whole_record() {
    let server = Server::start();
    let project = content(&server);
    finish(&project);
    let journal = fs::read(project.path().join(".igsync/journal.jsonl")).unwrap();
    let lockfile = project.read("igsync.lock");
    for cut in (0..journal.len()).step_by(97) {
        project.write(".igsync/journal.jsonl", &journal[..cut]);
        project.write("igsync.lock", &lockfile);
        project.run(["plan"]).exits(0).ends_with("No changes.");
    }
    finish(&project);
    audit(&project, &server, "torn");
}

#[test]
fn a_second_clone_with_an_old_lockfile_publishes_nothing_that_can_be_seen_to_be_live() {
    let server = Server::start();
    let first = content(&server);
    let second = content(&server);
    finish(&first);
    // Neither clone is a git checkout: no one knows when the manifests were written, so look-alikes block.
    let output = second.run(["apply", "--yes"]).exits(4).says("resolve posts/a-boats");
    assert!(output.stdout.contains("unknown"), "{}", output.stdout);
    let with_caption = |server: &Server| {
        server.published().iter().filter(|post| !post["caption"].as_str().unwrap_or_default().is_empty()).count()
    };
    assert_eq!(with_caption(&server), 3, "only the story, which no listing shows, goes out again");

    let third = connected(Project::empty(), &server);
    for (path, bytes) in first.files() {
        third.write(path.strip_prefix(first.path()).unwrap().to_str().unwrap(), bytes);
    }
    third.write("igsync.lock", "{\"igsync_lock\":1}\n");
    third.remove("posts/c-morning.yaml");
    // A manifest that says from when on it may be live needs no git.
    for name in ["a-boats", "b-harbour", "d-tour"] {
        let path = format!("posts/{name}.yaml");
        let text = third.read(&path) + "publish_at: 2020-01-01T00:00:00Z\n";
        third.write(&path, text);
    }
    third.run(["apply", "--yes", "--include-late"]).exits(0);
    assert_eq!(with_caption(&server), 3, "what is live is adopted");
    third.run(["lock", "list"]).exits(0).ends_with("3 records: 3 published.");
}
