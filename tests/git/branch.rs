//! Reading and putting the record, with the library's own hands.

use std::path::Path;
use std::time::{Duration, Instant};

use igsync::git::{Branch, Checkout, Fetched, Git, Signature};
use igsync_ports::{RemoteError, Version};

use crate::repo::{Origin, branch, commit, git, hook, inherited, push, run, state, state_branch, write};

const HEADER: &str = "{\"igsync_lock\":1}\n";

fn text(kept: &Fetched) -> &str {
    kept.text.as_deref().map_or("", |text| std::str::from_utf8(text).unwrap())
}

async fn put(branch: &Branch, over: &Version, text: &str) -> Result<Version, RemoteError> {
    branch.put(over, text.as_bytes(), "Record 1 post").await
}

#[test]
fn a_record_is_put_beside_a_dirty_work_tree_and_changes_nothing_but_the_lockfile() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    write(&clone, "README", "edited\n");
    write(&clone, "staged", "new\n");
    git(&clone, &["add", "staged"]);
    write(&clone, "untracked", "new\n");
    let before = state(&clone);
    let tip = origin.ask(&["rev-parse", "main"]);
    run(async {
        let branch = branch(&clone).await;
        let kept = branch.preflight().await.unwrap();
        assert_eq!((kept.version.0.as_str(), text(&kept)), (&*tip, HEADER));
        let version = put(&branch, &kept.version, "two\n").await.unwrap();
        assert_eq!(branch.fetch().await.unwrap(), Fetched { version: version.clone(), text: Some(b"two\n".to_vec()) });
        assert_eq!(origin.ask(&["rev-parse", "main"]), version.0);
    });
    assert_eq!(origin.ask(&["rev-parse", "main^"]), tip);
    assert_eq!(origin.ask(&["diff", "--name-status", "main^", "main"]), "M\tigsync.lock");
    assert_eq!(
        origin.ask(&["log", "-1", "--format=%an <%ae>%n%cn%n%B", "main"]),
        "Test <test@example.com>\nTest\nRecord 1 post\n\n[skip ci]"
    );
    let after = state(&clone).replace("branch.ab +0 -1", "branch.ab +0 -0");
    assert_eq!(after, before);
}

#[test]
fn of_two_machines_that_put_over_one_version_the_second_is_told_and_loses_nothing() {
    let origin = Origin::new("");
    let (first, second) = (origin.clone_of("a", &[]), origin.clone_of("b", &[]));
    run(async {
        let (first, second) = (branch(&first).await, branch(&second).await);
        let over = first.fetch().await.unwrap().version;
        assert_eq!(second.fetch().await.unwrap().version, over);
        put(&first, &over, "first\n").await.unwrap();
        assert_eq!(put(&second, &over, "second\n").await, Err(RemoteError::Moved));
        let kept = second.fetch().await.unwrap();
        assert_eq!(text(&kept), "first\n");
        put(&second, &kept.version, "both\n").await.unwrap();
        assert_eq!(text(&first.fetch().await.unwrap()), "both\n");
    });
}

#[test]
fn a_push_that_lands_while_another_is_being_received_wins() {
    let origin = Origin::new("");
    let (first, second) = (origin.clone_of("a", &[]), origin.clone_of("b", &[]));
    run(async {
        let (first, second) = (branch(&first).await, branch(&second).await);
        let over = first.fetch().await.unwrap().version;
        // While the first one's push is in the hook, the branch moves on.
        let moved = "[ -e passed ] && exit 0\ntouch passed\nunset GIT_QUARANTINE_PATH\n\
                     new=$(git commit-tree -p main -m other main^{tree}) && git update-ref refs/heads/main $new";
        origin.hook("pre-receive", &format!("export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x\nunset GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n{moved}"));
        assert_eq!(put(&first, &over, "first\n").await, Err(RemoteError::Moved));
        let kept = second.fetch().await.unwrap();
        put(&second, &kept.version, "second\n").await.unwrap();
    });
    assert_eq!(origin.ask(&["log", "--format=%s", "main"]), "Record 1 post\nother\nBegin");
}

#[test]
fn a_branch_that_was_set_back_is_not_wound_forward_again() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    write(&clone, "mistake", "x\n");
    commit(&clone, "A mistake");
    push(&clone);
    run(async {
        let branch = branch(&clone).await;
        let over = branch.fetch().await.unwrap().version;
        origin.ask(&["update-ref", "refs/heads/main", "main^"]);
        assert_eq!(put(&branch, &over, "x\n").await, Err(RemoteError::Moved));
    });
    assert_eq!(origin.ask(&["log", "--format=%s", "main"]), "Begin");
}

#[test]
fn a_push_whose_answer_was_lost_is_found_by_the_next_fetch() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    // The branch is moved, then the receiving end dies before it can say so.
    origin.hook(
        "reference-transaction",
        "[ \"$1\" = committed ] || exit 0\n[ -e died ] && exit 0\ntouch died\nkill -9 $PPID",
    );
    run(async {
        let branch = branch(&clone).await;
        let over = branch.fetch().await.unwrap().version;
        let version = put(&branch, &over, "arrived\n").await.unwrap();
        assert_eq!(branch.fetch().await.unwrap().version, version);
    });
    assert!(origin.path().join("died").exists());
}

#[test]
fn what_a_remote_declines_is_final_only_when_it_says_so() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    run(async {
        let branch = branch(&clone).await;
        let over = branch.fetch().await.unwrap().version;
        origin.hook("pre-receive", "echo 'come back later'; exit 1");
        let Err(RemoteError::Unclear(said)) = put(&branch, &over, "x\n").await else { panic!("not unclear") };
        assert!(said.contains("come back later") && said.contains("pre-receive hook declined"), "{said}");
        origin.hook("pre-receive", "echo 'GH006: Protected branch update failed for refs/heads/main.'; exit 1");
        let Err(RemoteError::Refused(said)) = put(&branch, &over, "x\n").await else { panic!("not refused") };
        assert!(said.contains("Protected branch update failed"), "{said}");
        assert_eq!(branch.fetch().await.unwrap().version, over);
    });
}

#[test]
fn a_branch_of_its_own_begins_with_the_first_record_and_holds_nothing_else() {
    let origin = Origin::new("site/");
    let (first, second) = (origin.clone_of("a", &[]), origin.clone_of("b", &[]));
    run(async {
        let first = state_branch(&first.join("site"), "bot/state").await;
        let second = state_branch(&second.join("site"), "bot/state").await;
        let nothing = first.preflight().await.unwrap();
        assert_eq!(nothing.text, None);
        assert_eq!(second.preflight().await.unwrap(), nothing);
        assert_eq!(origin.ask(&["branch", "--list"]), "* main", "a rehearsal leaves nothing behind");
        put(&first, &nothing.version, "first\n").await.unwrap();
        assert_eq!(put(&second, &nothing.version, "second\n").await, Err(RemoteError::Moved));
        let kept = second.fetch().await.unwrap();
        put(&second, &kept.version, "both\n").await.unwrap();
    });
    assert_eq!(origin.ask(&["ls-tree", "-r", "--name-only", "bot/state"]), "site/igsync.lock");
    assert_eq!(origin.ask(&["rev-list", "--count", "bot/state"]), "2");
    assert_eq!(origin.file("bot/state", "site/igsync.lock").as_deref(), Some("both\n"));
    assert_eq!(origin.file("main", "site/igsync.lock").as_deref(), Some(HEADER));
}

#[test]
fn a_content_root_in_a_folder_keeps_its_neighbours() {
    let origin = Origin::new("");
    let seed = origin.clone_of("b", &[]);
    write(&seed, "brands/one/igsync.yaml", "");
    write(&seed, "brands/one/posts/ä \"quoted\".yaml", "draft: true\n");
    write(&seed, "brands/two/run.sh", "#!/bin/sh\n");
    git(&seed, &["add", "--all"]);
    git(&seed, &["update-index", "--chmod=+x", "brands/two/run.sh"]);
    commit(&seed, "Two brands");
    push(&seed);
    let before = origin.ask(&["ls-tree", "-r", "main"]);
    let clone = origin.clone_of("a", &["--depth=1"]);
    run(async {
        let branch = branch(&clone.join("brands/one")).await;
        let kept = branch.fetch().await.unwrap();
        assert_eq!(kept.text, None, "that folder has no lockfile yet");
        put(&branch, &kept.version, HEADER).await.unwrap();
    });
    let after = origin.ask(&["ls-tree", "-r", "main"]);
    let new: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
    assert_eq!(new.len(), 1, "{after}");
    assert!(new[0].ends_with("\tbrands/one/igsync.lock"));
    assert_eq!(after.lines().count(), before.lines().count() + 1);
}

#[test]
fn shallow_detached_and_partial_clones_put_records_too() {
    let origin = Origin::new("");
    for (name, options) in
        [("shallow", &["--depth=1"][..]), ("partial", &["--filter=blob:none"]), ("sparse", &["--sparse"])]
    {
        origin.ask(&["config", "uploadpack.allowFilter", "true"]);
        let clone = origin.clone_of(name, options);
        git(&clone, &["checkout", "--quiet", "--detach"]);
        run(async {
            let checkout = crate::repo::checkout(&clone).await;
            // Detached, the CI or the remote itself names the branch.
            let target = checkout.target(None, &|_| None).await.unwrap();
            assert_eq!(target.to_string(), "origin/main");
            let branch = Branch::of_content(checkout, target, Signature::default(), &|_| None);
            let kept = branch.preflight().await.unwrap();
            put(&branch, &kept.version, &format!("{name}\n")).await.unwrap();
        });
        assert_eq!(origin.file("main", "igsync.lock").unwrap(), format!("{name}\n"));
        assert_eq!(origin.ask(&["ls-tree", "--name-only", "main"]), "README\nigsync.lock");
    }
}

#[test]
fn a_lockfile_that_is_no_file_at_the_remote_is_refused() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    git(&clone, &["rm", "--quiet", "igsync.lock"]);
    std::os::unix::fs::symlink("README", clone.join("igsync.lock")).unwrap();
    commit(&clone, "A link");
    push(&clone);
    run(async {
        let branch = branch(&clone).await;
        let Err(RemoteError::Refused(said)) = branch.fetch().await else { panic!("a link was read") };
        assert_eq!(said, "igsync.lock is not a regular file on the remote");
    });
}

#[test]
fn hooks_signing_and_other_settings_of_the_user_do_not_run() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    for name in ["pre-push", "reference-transaction", "post-index-change", "pre-commit", "fsmonitor"] {
        hook(&clone.join(".git/hooks"), name, "echo ran >> \"$(git rev-parse --show-toplevel)/ran\"; exit 1");
    }
    for (name, value) in [
        ("commit.gpgSign", "true"),
        ("push.gpgSign", "true"),
        ("gpg.program", "/nonexistent"),
        ("core.fsmonitor", ".git/hooks/fsmonitor"),
        ("push.followTags", "true"),
        ("push.default", "nothing"),
        ("push.recurseSubmodules", "only"),
        ("fetch.prune", "true"),
        ("color.ui", "always"),
        ("i18n.commitEncoding", "ISO-8859-1"),
    ] {
        git(&clone, &["config", name, value]);
    }
    let tip = origin.ask(&["rev-parse", "main"]);
    run(async {
        let branch = branch(&clone).await;
        let kept = branch.preflight().await.unwrap();
        let message = "Record «ä»";
        branch.put(&kept.version, b"x\n", message).await.unwrap();
    });
    assert_eq!(origin.ask(&["log", "-1", "--format=%s|%G?", "main"]), "Record «ä»|N");
    assert_eq!(origin.ask(&["rev-parse", "main^"]), tip);
    assert!(!clone.join("ran").exists());
}

#[test]
fn a_remote_that_hangs_is_given_up_and_its_programs_are_ended() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    let pid = clone.join("pid");
    hook(&clone, "hang", &format!("echo $$ > {}\nexec sleep 600", pid.display()));
    git(&clone, &["config", "remote.origin.uploadpack", clone.join("hang").to_str().unwrap()]);
    #[expect(clippy::disallowed_methods, reason = "the real time limit is what is measured")]
    let began = Instant::now();
    run(async {
        let checkout = Checkout::find(Git::new(&clone, Duration::from_millis(700), &inherited())).await.unwrap();
        let target = checkout.target(None, &|_| None).await.unwrap();
        let branch = Branch::of_content(checkout, target, Signature::default(), &|_| None);
        let Err(RemoteError::Unclear(said)) = branch.fetch().await else { panic!("an answer") };
        assert_eq!(said, "git fetch gave no answer within 0.7 s");
    });
    assert!(began.elapsed() < Duration::from_secs(60));
    let pid = std::fs::read_to_string(pid).unwrap();
    // A killed process is gone in a moment, or a zombie until its parent looks.
    let is_alive = || {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while is_alive() {
        assert!(began.elapsed() < Duration::from_secs(60), "the program of the remote still runs");
        std::thread::yield_now();
    }
}

#[test]
fn the_token_in_an_address_is_never_shown() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    git(&clone, &["remote", "set-url", "origin", "http://x-access-token:ghs_SECRETSECRETSECRET12@127.0.0.1:9/a.git"]);
    run(async {
        let branch = branch(&clone).await;
        let error = branch.fetch().await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("SECRET") && !said.contains("x-access-token"), "{said}");
        assert!(said.contains("127.0.0.1"), "{said}");
    });
}

#[test]
fn a_branch_that_the_remote_lacks_is_named_with_the_remedy() {
    let origin = Origin::new("");
    let clone = origin.clone_of("a", &[]);
    git(&clone, &["checkout", "--quiet", "-b", "feature"]);
    run(async {
        let Err(RemoteError::Refused(said)) = branch(&clone).await.fetch().await else { panic!("a branch") };
        assert_eq!(said, "origin has no branch feature; push it once: git push origin HEAD:feature");
    });
}
