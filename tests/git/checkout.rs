//! How a checkout relates to the remote's tip, and how it comes along after a push.

use igsync::git::{Followed, Tip};

use crate::repo::{Origin, branch, checkout, commit, git, push, run, state, write};

/// The tip as a machine sees it that fetches now.
async fn compared(root: &std::path::Path) -> Tip {
    let tip = branch(root).await.tip().await.unwrap().unwrap();
    checkout(root).await.compare(&tip).await.unwrap()
}

#[test]
fn a_checkout_is_the_tip_or_behind_ahead_or_apart() {
    let origin = Origin::new("site/");
    for (depth, name) in [(&["--depth=1"][..], "shallow"), (&[], "whole")] {
        let old = origin.clone_of(name, depth);
        let root = old.join("site");
        let other = origin.clone_of(&format!("{name}-other"), &[]);
        let others_push = |path: &str| {
            write(&other, path, &format!("{name}\n"));
            let made = commit(&other, path);
            push(&other);
            made
        };
        assert_eq!(run(compared(&root)), Tip::Same);
        others_push("site/igsync.lock");
        assert_eq!(run(compared(&root)), Tip::BehindByRecord, "{name}");
        // What is outside the content root is never published from there.
        others_push("elsewhere/code");
        assert_eq!(run(compared(&root)), Tip::BehindByRecord, "{name}");
        others_push("site/posts/new.yaml");
        assert_eq!(run(compared(&root)), Tip::Behind, "{name}");
        write(&old, "site/posts/mine.yaml", "x\n");
        commit(&old, "Mine");
        assert_eq!(run(compared(&root)), Tip::Apart, "{name}");
        git(&old, &["fetch", "--quiet"]);
        git(&old, &["reset", "--quiet", "--hard", "origin/main"]);
        write(&old, "site/posts/mine.yaml", "x\n");
        commit(&old, "Mine");
        assert_eq!(run(compared(&root)), Tip::Ahead, "{name}");
    }
}

#[test]
fn a_checkout_that_differs_only_by_the_record_comes_along() {
    let origin = Origin::new("site/");
    for detached in [false, true] {
        let clone = origin.clone_of(if detached { "detached" } else { "branch" }, &[]);
        if detached {
            git(&clone, &["checkout", "--quiet", "--detach"]);
        }
        let root = clone.join("site");
        let text = format!("{{\"igsync_lock\":1}}\n{detached}\n");
        // Work in progress stays as it is.
        write(&clone, "README", "edited\n");
        write(&clone, "staged", "x\n");
        git(&clone, &["add", "staged"]);
        run(async {
            let branch = branch(&root).await;
            let over = branch.fetch().await.unwrap().version;
            write(&root, "igsync.lock", &text);
            let version = branch.put(&over, text.as_bytes(), "Record").await.unwrap();
            let followed = checkout(&root).await.follow(&branch, &version.0).await.unwrap();
            assert_eq!(followed, Followed::Moved);
            assert_eq!(git(&clone, &["rev-parse", "HEAD"]), version.0);
        });
        assert_eq!(
            git(&clone, &["status", "--porcelain"]),
            "A  staged\n M README".lines().rev().collect::<Vec<_>>().join("\n")
        );
        let head = git(&clone, &["rev-parse", "--abbrev-ref", "HEAD"]);
        assert_eq!(head, if detached { "HEAD" } else { "main" });
    }
}

#[test]
fn a_checkout_is_left_alone_where_something_could_be_lost() {
    let origin = Origin::new("");
    let text = "{\"igsync_lock\":1}\nx\n";
    let left = |name: &str, prepare: &dyn Fn(&std::path::Path), why: &'static str| {
        let clone = origin.clone_of(name, &[]);
        run(async {
            let branch = branch(&clone).await;
            let over = branch.fetch().await.unwrap().version;
            write(&clone, "igsync.lock", &format!("{text}{name}\n"));
            let version = branch.put(&over, format!("{text}{name}\n").as_bytes(), "Record").await.unwrap();
            prepare(&clone);
            let before = state(&clone);
            let followed = checkout(&clone).await.follow(&branch, &version.0).await.unwrap();
            assert_eq!(followed, Followed::Left(why), "{name}");
            assert_eq!(state(&clone), before, "{name}");
        });
    };
    left(
        "own",
        &|clone| _ = git(clone, &["commit", "--quiet", "--allow-empty", "-m", "Mine"]),
        "the checkout has commits of its own",
    );
    left("other", &|clone| write(clone, "igsync.lock", "edited\n"), "igsync.lock on disk is different");
    left(
        "staged",
        &|clone| {
            let text = std::fs::read_to_string(clone.join("igsync.lock")).unwrap();
            write(clone, "igsync.lock", "mine\n");
            git(clone, &["add", "igsync.lock"]);
            write(clone, "igsync.lock", &text);
        },
        "a different igsync.lock is staged",
    );
    left("branch", &|clone| _ = git(clone, &["checkout", "--quiet", "-b", "feature"]), "another branch is checked out");
    let behind = origin.clone_of("behind", &[]);
    let other = origin.clone_of("pusher", &[]);
    write(&other, "new", "x\n");
    commit(&other, "New");
    push(&other);
    run(async {
        let branch = branch(&behind).await;
        let over = branch.fetch().await.unwrap().version;
        write(&behind, "igsync.lock", text);
        let version = branch.put(&over, text.as_bytes(), "Record").await.unwrap();
        let followed = checkout(&behind).await.follow(&branch, &version.0).await.unwrap();
        assert_eq!(followed, Followed::Left("others have pushed changes"));
    });
}
