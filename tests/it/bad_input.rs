//! Ugly content roots: one clear diagnostic, the right exit code, nothing sent, never a panic.

use std::fs;

use crate::project::{Output, Project};

/// Validates and applies a project whose only fault is the one the test made.
fn refused(project: &Project, about: &str) -> Output {
    let server = crate::project::Server::start();
    let validated = project.run(["validate"]).exits(1).says(about);
    let url = server.url();
    let output = project
        .command(["apply", "--yes"])
        .env("IGSYNC_GRAPH_URL", &url)
        .env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let writes: Vec<_> = server.sandbox.requests().into_iter().filter(|request| request.method != "GET").collect();
    assert!(writes.is_empty(), "nothing is sent: {writes:?}");
    assert!(!validated.stderr.contains("panicked"), "{}", validated.stderr);
    assert_eq!(count(&validated, "error"), 1, "one diagnostic:\n{}\n{}", validated.stdout, validated.stderr);
    validated
}

/// How many findings of a severity `validate` counts on its last line.
fn count(output: &Output, severity: &str) -> usize {
    let line = output.last_line();
    line.split([',', ':', '.'])
        .find(|part| part.contains(severity))
        .and_then(|part| part.split_whitespace().next())
        .and_then(|number| number.replace(',', "").parse().ok())
        .unwrap_or_else(|| panic!("no count of {severity} in {line:?}"))
}

#[test]
fn a_missing_media_file() {
    let project = Project::with_one_image();
    project.remove("posts/one.jpg");
    refused(&project, "one.jpg");
}

#[test]
fn an_unknown_field() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaptoin: Hello\n");
    refused(&project, "caption");
}

#[test]
fn a_wrong_type() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ndraft: sometimes\n");
    refused(&project, "draft");
}

#[test]
fn tabs() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\nuser_tags:\n\t- username: a\n");
    refused(&project, "tab");
}

/// What was not understood could have said `paused: true`, or another account.
#[test]
fn a_configuration_with_a_mistake_publishes_nothing() {
    for text in [
        "pausd: true\n",
        "paused: [\n",
        "posts: posts\n",
        "accounts: { a: { user_id: x } }\n",
        "limits: {}\nlimits: {}\n",
    ] {
        let project = Project::with_one_image();
        project.write("igsync.yaml", text);
        project.write("posts/one.yaml", "kind: image\nimage: https://example.com/a.jpg\n");
        refused(&project, "igsync.yaml");
    }
}

#[test]
fn a_binary_file() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", [0x89, b'P', b'N', b'G', 0, 255, 254, 0]);
    refused(&project, "posts/one.yaml");
}

#[test]
fn fifty_megabytes_of_yaml() {
    let project = Project::with_one_image();
    fs::File::create(project.path().join("posts/one.yaml")).unwrap().set_len(50 << 20).unwrap();
    refused(&project, "posts/one.yaml");
}

#[test]
fn an_alias_bomb() {
    let project = Project::with_one_image();
    let mut text = String::from("kind: image\nimage: ./one.jpg\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    project.write("posts/one.yaml", text);
    refused(&project, "posts/one.yaml");
}

#[test]
fn a_hundred_thousand_brackets() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", format!("kind: image\nimage: {}", "[".repeat(100_000)));
    refused(&project, "posts/one.yaml");
}

#[test]
fn media_outside_the_root() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ../../one.jpg\n");
    refused(&project, "leaves the content root");
}

#[cfg(unix)]
#[test]
fn media_through_a_symlink_that_leaves_the_root() {
    let outside = Project::with_one_image();
    let project = Project::with_one_image();
    project.remove("posts/one.jpg");
    std::os::unix::fs::symlink(outside.path().join("posts/one.jpg"), project.path().join("posts/one.jpg")).unwrap();
    refused(&project, "one.jpg");
}

#[test]
fn two_keys_that_differ_by_case() {
    let project = Project::with_one_image();
    project.write("posts/two.yaml", "kind: image\nid: posts/ONE\nimage: ./one.jpg\n");
    refused(&project, "posts/ONE");
}

/// Every command that reads or writes posts or their record.
const NEED_CONTENT: [&[&str]; 10] = [
    &["plan"],
    &["plan", "--sandbox", "--format", "json"],
    &["apply", "--yes"],
    &["apply", "--sandbox", "--yes", "--allow-new-lock", "--allow-empty"],
    &["validate"],
    &["status"],
    &["new", "image", "harbour"],
    &["resolve", "posts/harbour"],
    &["lock", "list"],
    &["lock", "merge"],
];

#[test]
fn a_folder_without_content_ends_every_command_and_names_init() {
    for empty in [Project::empty(), Project::empty()] {
        for args in NEED_CONTENT {
            let output = empty.run(args.iter().copied()).exits(1).says("`igsync init`");
            assert!(
                output.stderr.contains("neither igsync.yaml, igsync.lock nor posts/"),
                "{args:?}: {}",
                output.stderr
            );
        }
        assert!(empty.files().is_empty() && !empty.path().join(".igsync").exists());
        empty.run(["init"]).exits(0);
        empty.run(["plan"]).exits(0);
    }
}

#[test]
fn nothing_of_a_foreign_repository_is_read_as_a_manifest() {
    let project = Project::empty();
    for number in 0..911 {
        project
            .write(&format!("charts/{}/{number}.yaml", number % 7), "apiVersion: v1\nkind: Deployment\nspec: [a, b]\n");
    }
    for args in NEED_CONTENT {
        let output = project.run(args.iter().copied()).exits(1);
        assert!(output.stderr.lines().count() < 10, "{args:?}: {}", output.stderr);
    }
    // Manifests that lie elsewhere: both ways to them work as they are printed.
    project.jpeg("marketing/social/one.jpg", 1);
    project.write("marketing/social/one.yaml", "kind: image\nimage: ./one.jpg\n");
    let output = project.run(["plan"]).exits(1).says("`posts: [marketing/social]`").says("-C marketing/social");
    assert!(output.stderr.lines().count() < 10, "{}", output.stderr);
    project.write("igsync.yaml", "posts: [marketing/social]\n");
    project.run(["validate"]).says("Checked 1 manifest");
    project.remove("igsync.yaml");
    project.write("marketing/social/igsync.lock", "{\"igsync_lock\":1}\n");
    project.run(["apply", "--yes"]).exits(1).says("-C marketing/social for the content root below");
    project.run(["validate", "-C", "marketing/social"]).says("Checked 1 manifest");
}

#[test]
fn a_folder_named_posts_is_content_enough() {
    let project = Project::empty();
    project.jpeg("posts/2026/one.jpg", 1);
    project.write("posts/2026/one.yaml", "kind: image\nimage: https://cdn.example.com/one.jpg\n");
    project.run(["plan"]).exits(0).says("posts/2026/one");
    // Inside of it the keys are the same.
    let mut inside = project.command(["plan"]);
    let output = inside.current_dir(project.path().join("posts/2026")).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("posts/2026/one"));
    project.run(["plan", "-C", "posts"]).exits(1).says("`igsync init -C posts`");
}

#[test]
fn what_needs_no_content_works_without() {
    let project = Project::empty().env("IGSYNC_ACCESS_TOKEN", "x");
    project.run(["schema", "plan"]).exits(0);
    project.run(["explain", "exit:1"]).exits(0);
    // A token can be looked at before there is a content root. The base is closed: nothing answers.
    let output = project.run(["auth", "inspect"]);
    assert!(!output.stderr.contains("content root"), "{}", output.stderr);
}

#[test]
fn a_damaged_lockfile_is_named_by_its_line_and_left_alone() {
    let project = Project::with_one_image();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n{\"key\":\"posts/on");
    project.run(["plan"]).exits(1).says("igsync.lock").says("line 2");
    project.write("igsync.lock", "");
    project.run(["plan"]).exits(1).says("igsync.lock");
    project.write("igsync.lock", "{\"igsync_lock\":7}\n");
    project.run(["plan"]).exits(1).says("newer igsync");
    assert_eq!(project.read("igsync.lock"), "{\"igsync_lock\":7}\n");
}

#[test]
fn a_mistake_in_the_text_does_not_hide_a_missing_file() {
    let project = Project::with_one_image();
    project.write("posts/one.yaml", "kind: image\nimage: ./nope.jpg\ncaption: Golden hour #sunset\n");
    let output = project.run(["validate"]).exits(1).says("nope.jpg").says("cut short");
    assert_eq!(count(&output, "error"), 2);
}

/// One mistake, one finding, soon, whatever lies in the folder.
#[cfg(unix)]
mod ugly {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    use super::*;

    /// What a command says: never an escape, never a panic. A command that hangs hangs the test.
    fn plainly(project: &Project, about: &str) -> Output {
        let output = refused(project, about);
        let said = output.stdout.clone() + &output.stderr;
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        output
    }

    fn pipe(project: &Project, path: &str) {
        let path = project.path().join(path);
        let _ = fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(fs::symlink_metadata(path).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let project = Project::with_one_image();
        pipe(&project, "posts/one.jpg");
        plainly(&project, "not a regular file");
        let project = Project::with_one_image();
        pipe(&project, "posts/two.yaml");
        plainly(&project, "posts/two.yaml");
        let project = Project::with_one_image();
        pipe(&project, "posts/_defaults.yaml");
        plainly(&project, "posts/_defaults.yaml");
        let project = Project::with_one_image();
        pipe(&project, "igsync.yaml");
        plainly(&project, "igsync.yaml");
    }

    #[test]
    fn a_link_to_itself_is_not_followed_for_ever() {
        let project = Project::with_one_image();
        project.remove("posts/one.jpg");
        symlink("one.jpg", project.path().join("posts/one.jpg")).unwrap();
        plainly(&project, "one.jpg");
        let project = Project::with_one_image();
        symlink("loop.yaml", project.path().join("posts/loop.yaml")).unwrap();
        plainly(&project, "loop.yaml");
        let project = Project::with_one_image();
        symlink("..", project.path().join("posts/up")).unwrap();
        project.run(["validate"]).exits(0).says("not followed");
    }

    #[test]
    fn names_are_shown_and_not_obeyed() {
        for name in ["a\nb", "red \u{1b}[31m", "::error file=x::y\r\nz", "bell\u{7}", "\u{9b}2J"] {
            let project = Project::with_one_image();
            project.write(&format!("posts/{name}.yaml"), "kind: image\nimage: ./one.jpg\nallow_duplicate: true\n");
            plainly(&project, "cannot be a key");
            let annotations = project.run(["validate", "--format", "github"]).exits(1).stdout;
            assert_eq!(annotations.lines().filter(|line| line.starts_with("::")).count(), 1, "{annotations:?}");
        }
        let project = Project::with_one_image();
        let odd = project.path().join("posts").join(OsStr::from_bytes(b"caf\xe9.yaml"));
        fs::File::create(odd).unwrap();
        plainly(&project, "not UTF-8");
    }

    /// Rights do not bind root, as which containers run their tests.
    #[test]
    fn files_without_rights_are_named() {
        use std::os::unix::fs::PermissionsExt as _;
        for file in ["posts/one.jpg", "posts/one.yaml", "igsync.yaml"] {
            let project = Project::with_one_image();
            let path = project.path().join(file);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
            if fs::File::open(&path).is_ok() {
                crate::project::skipped("rights do not bind this user");
                return;
            }
            plainly(&project, file);
        }
    }
}

#[test]
fn ten_thousand_manifests_are_checked_in_one_go() {
    let project = Project::with_one_image();
    for n in 0..10_000 {
        project.write(&format!("posts/{:03}/{n:05}.yaml", n % 100), "kind: image\nimage: ../one.jpg\n");
    }
    project.run(["validate"]).exits(0).ends_with("Checked 10,001 manifests: 0 errors, 0 warnings.");
}
