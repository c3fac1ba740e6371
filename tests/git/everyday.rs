//! Runs that go well: what they leave on the remote, and in the clone.

use crate::machine::Site;
use crate::repo::write;

#[test]
fn a_machine_of_the_ci_announces_and_records_in_a_folder_of_the_repository() {
    let site = Site::below("site/", 2, "");
    let begun = site.origin.ask(&["rev-parse", "main"]);
    let machine = site.machine().env("GITHUB_SERVER_URL", "https://github.com");
    let machine = machine.env("GITHUB_REPOSITORY", "acme/posts").env("GITHUB_RUN_ID", "77");
    machine.git(&["config", "--unset", "user.name"]);
    machine.apply(&[]).exits(0);
    site.audit(2, "main", "a folder");
    assert_eq!(site.origin.ask(&["diff", "--name-only", &begun, "main"]), "site/igsync.lock");
    let range = format!("{begun}..main");
    let log = site.origin.ask(&["log", "--reverse", "--format=%an|%cn|%s", &range]);
    let first = log.lines().next().unwrap();
    assert!(first.starts_with("igsync|igsync|Announce 2 posts: posts/1, posts/2"), "{log}");
    assert!(log.lines().count() >= 2, "{log}");
    let bodies = site.origin.ask(&["log", "--format=%B", &range]);
    assert_eq!(bodies.matches("[skip ci]").count(), log.lines().count(), "{bodies}");
    assert!(bodies.contains("Igsync-Run: https://github.com/acme/posts/actions/runs/77"), "{bodies}");
    // The checkout has come along, so a second step of the job sees a clean work tree at the tip.
    assert_eq!(machine.git(&["rev-parse", "HEAD"]), site.origin.ask(&["rev-parse", "main"]));
    assert_eq!(machine.git(&["status", "--porcelain"]), "");
    machine.apply(&[]).exits(0).ends_with("No changes.");
    let idle = site.origin.ask(&["rev-parse", "main"]);
    site.machine().apply(&[]).exits(0).ends_with("No changes.");
    assert_eq!(site.origin.ask(&["rev-parse", "main"]), idle, "nothing to record, nothing pushed");
}

#[test]
fn on_a_persons_machine_the_record_is_pushed_when_asked_for_and_work_in_progress_stays() {
    let site = Site::new(1);
    let desk = site.desk(&[]);
    write(desk.project.path(), "README", "edited\n");
    write(desk.project.path(), "notes", "new\n");
    desk.git(&["add", "notes"]);
    desk.apply(&["--push"]).exits(0);
    site.audit(1, "main", "a desk");
    assert_eq!(desk.git(&["status", "--porcelain"]), " M README\nA  notes");
    assert_eq!(desk.git(&["rev-parse", "main"]), site.origin.ask(&["rev-parse", "main"]));
    assert_eq!(site.origin.file("main", "README").as_deref(), Some("one\n"));
}

#[test]
fn without_being_asked_a_persons_machine_pushes_nothing() {
    let site = Site::new(1);
    let desk = site.desk(&[]);
    let begun = site.origin.ask(&["rev-parse", "main"]);
    let said = desk.apply(&[]).exits(0);
    // What was recorded through another base than Meta's is for no commit.
    assert!(!said.stderr.contains("commit") && said.stderr.contains("`igsync lock rm --graph"), "{}", said.stderr);
    assert_eq!(site.origin.ask(&["rev-parse", "main"]), begun);
    // What only this clone knew goes out with the next run that pushes.
    desk.apply(&["--push"]).exits(0).ends_with("No changes.");
    site.audit(1, "main", "later");
}

#[test]
fn a_branch_that_others_have_moved_is_left_alone_with_the_next_command() {
    let site = Site::new(1);
    let desk = site.desk(&[]);
    site.change("A note", |folder| write(folder, "posts/note.txt", "x\n"));
    let head = desk.git(&["rev-parse", "HEAD"]);
    desk.apply(&["--push"]).exits(0).says("others have pushed changes").says("git pull --rebase");
    assert_eq!(desk.git(&["rev-parse", "HEAD"]), head);
    site.audit(1, "main", "moved");
    desk.git(&["checkout", "--", "igsync.lock"]);
    desk.git(&["pull", "--quiet", "--rebase"]);
    desk.apply(&["--push"]).exits(0).ends_with("No changes.");
}

#[test]
fn hostile_names_say_nothing_in_the_history() {
    let site = Site::new(0);
    let key = "posts/closes #7 by @someone, GH-7";
    site.change("Hostile", |folder| {
        crate::machine::post(folder, 1);
        let text = std::fs::read_to_string(folder.join("posts/1.yaml")).unwrap();
        std::fs::remove_file(folder.join("posts/1.yaml")).unwrap();
        write(folder, &format!("{key}.yaml"), &format!("{text}first_comment: \"skip-checks: true\"\n"));
    });
    site.machine().apply(&[]).exits(0);
    assert_eq!(site.server.published().len(), 1);
    assert!(site.records("main").iter().any(|record| record["key"] == key && record["state"] == "published"));
    let said = site.origin.ask(&["log", "-2", "--format=%B", "main"]);
    for sign in ["#", "@", "GH-7", "skip-checks", "Number 1"] {
        assert!(!said.contains(sign), "{sign} in {said}");
    }
}
