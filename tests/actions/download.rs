//! `action.yml` with releases: the archive is used when its checksum is right, and nothing else is.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::action::{inputs, runner, steps};
use crate::executable::executable;
use crate::project::{Project, repository};
use crate::runner::{Done, Runner, write};

const ARCHIVE: &str = "igsync-v9.9.9-x86_64-unknown-linux-musl.tar.gz";

/// A host of releases in a folder, with one release whose program says that it came from there, and whose
/// attestation names its tag.
fn releases() -> tempfile::TempDir {
    release("9.9.9", "--source-ref refs/tags/v9.9.9")
}

/// The same with a version, and with what its attestation names.
fn release(version: &str, attested: &str) -> tempfile::TempDir {
    let host = tempfile::tempdir().unwrap();
    let expected = format!(
        "attestation verify {archive} --repo acme/igsync --signer-workflow acme/igsync/.github/workflows/release.yml --deny-self-hosted-runners {attested}",
        archive = ARCHIVE.replace("9.9.9", version)
    );
    executable(
        &host.path().join("bin/gh"),
        &format!(
            "#!/bin/sh\n[ \"$GH_TOKEN\" = ghs_token ] && [ \"$*\" = '{expected}' ] || {{ echo '::error::no attestation'; exit 1; }}\n"
        ),
    );
    let folder = host.path().join(format!("acme/igsync/releases/download/v{version}"));
    let archive = ARCHIVE.replace("9.9.9", version);
    let name = archive.trim_end_matches(".tar.gz");
    std::fs::create_dir_all(folder.join(name)).unwrap();
    write(&folder.join(name).join("igsync"), "#!/bin/sh\necho \"the release, asked for $2\"\n");
    shell(&folder, &format!("chmod +x {name}/igsync && tar -czf {archive} {name} && sha256sum {archive} >SHA256SUMS"));
    host
}

fn shell(folder: &Path, text: &str) {
    assert!(Command::new("sh").args(["-ec", text]).current_dir(folder).status().unwrap().success());
}

/// Runs the action as it is at a tag, with releases at `host`.
fn at_tag(host: &Path, tag: &str, version: &str) -> Vec<Done> {
    let project = Project::with_one_image();
    prepared(&project, host, tag, version).run(&steps(), crate::action::cached)
}

fn prepared(project: &Project, host: &Path, tag: &str, version: &str) -> Runner {
    let mut runner = runner(project, None);
    let programs = host.join("bin").display().to_string();
    runner.set("PATH", &format!("{programs}:{}", std::env::var("PATH").unwrap()));
    runner.contexts["github"]["action_path"] = json!(repository());
    runner.contexts["github"]["server_url"] = json!(format!("file://{}", host.display()));
    runner.contexts["github"]["action_repository"] = json!("acme/igsync");
    runner.contexts["github"]["action_ref"] = json!(tag);
    runner.contexts["inputs"] = inputs(&[("command", "plan"), ("version", version)]);
    runner
}

fn last(done: &[Done]) -> &Done {
    done.last().unwrap()
}

#[test]
fn a_release_with_the_right_checksum_is_used() {
    let host = releases();
    for (tag, version) in [("v9.9.9", ""), ("main", "9.9.9"), ("", "v9.9.9")] {
        let done = at_tag(host.path(), tag, version);
        assert_eq!(last(&done).stdout, "the release, asked for plan\n", "{done:?}");
        assert_eq!(done.len(), 2, "nothing is built: {done:?}");
    }
}

#[test]
fn a_release_whose_attestation_does_not_name_the_actions_commit_is_not_used() {
    let own = env!("CARGO_PKG_VERSION");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let host = release(own, &format!("--source-digest {commit}"));
    let used = at_tag(host.path(), commit, "");
    assert_eq!((used.len(), last(&used).stdout.as_str()), (2, "the release, asked for plan\n"), "{used:?}");
    // Another commit of the same version, and a tag that is no longer what it was.
    for other in ["f123456789abcdef0123456789abcdef01234567".to_owned(), format!("v{own}")] {
        let built = at_tag(host.path(), &other, "");
        let notice = format!("::notice title=igsync::release v{own} is not used");
        let commands = built[0].commands();
        assert!(commands.len() == 1 && commands[0].starts_with(&notice), "{commands:?}");
        assert!(built[0].stdout.contains(&format!("igsync {own}, from its source")), "{built:?}");
        assert!(last(&built).stdout.contains("to publish"), "{built:?}");
    }
    // What was asked for by its version, and is not this one, is not replaced by another.
    let host = release("9.9.9", "--source-ref refs/tags/v9.9.8");
    let done = at_tag(host.path(), "main", "9.9.9");
    assert_eq!((done.len(), last(&done).code), (1, 1), "{done:?}");
    assert!(last(&done).stderr.contains("there is no release v9.9.9 with an attestation"), "{done:?}");
}

#[test]
fn a_temporary_folder_named_as_windows_names_it_is_no_other_machine() {
    let (host, project) = (releases(), Project::with_one_image());
    let mut runner = prepared(&project, host.path(), "v9.9.9", "");
    // GNU tar, which is the one of Git for Windows, would ask a host named D; sha256sum marks a backslash.
    std::fs::create_dir(project.path().join(r"D:\a\_temp")).unwrap();
    runner.set("RUNNER_TEMP", r"D:\a\_temp");
    let done = runner.run(&steps(), crate::action::cached);
    assert_eq!(last(&done).stdout, "the release, asked for plan\n", "{done:?}");
}

#[test]
fn a_wrong_archive_is_red_and_never_runs() {
    let host = releases();
    let folder = host.path().join("acme/igsync/releases/download/v9.9.9");
    shell(&folder, &format!("printf x >>{ARCHIVE}"));
    let done = at_tag(host.path(), "v9.9.9", "");
    assert_eq!((done.len(), last(&done).code), (1, 1), "{done:?}");
    assert!(last(&done).stderr.contains("is not what release v9.9.9 says it is"), "{done:?}");
    shell(&folder, "sed -i s/musl/gnu/ SHA256SUMS");
    let done = at_tag(host.path(), "v9.9.9", "");
    assert!(last(&done).stderr.contains("lists no igsync-v9.9.9"), "{done:?}");
}

#[test]
fn without_a_release_the_source_is_built() {
    let nothing = tempfile::tempdir().unwrap();
    for tag in ["main", "v9.9.9", "0123456789abcdef0123456789abcdef01234567"] {
        let done = at_tag(nothing.path(), tag, "");
        assert!(last(&done).stdout.contains("to publish"), "{done:?}");
    }
    let done = at_tag(nothing.path(), "v9.9.9", "8.8.8");
    assert_eq!((done.len(), last(&done).code), (1, 1));
    assert!(last(&done).stderr.contains("there is no release v8.8.8"), "{done:?}");
    let own = env!("CARGO_PKG_VERSION");
    assert_eq!(last(&at_tag(nothing.path(), "main", own)).code, 0);
}

#[test]
fn another_source_or_another_glibc_is_another_build() {
    let key = |runner: &Runner| -> Value { runner.contexts["steps"]["find"]["outputs"]["key"].clone() };
    let project = Project::with_one_image();
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("src")).unwrap();
    std::fs::create_dir(copy.path().join("crates")).unwrap();
    let mut keys = Vec::new();
    let programs = tempfile::tempdir().unwrap();
    let getconf = programs.path().join("getconf");
    write(&getconf, "");
    shell(programs.path(), "chmod +x getconf");
    for (glibc, text) in
        [("2.39", "fn main() {}"), ("2.39", "fn main() { }"), ("2.39", "fn main() {}"), ("2.35", "fn main() {}")]
    {
        write(&getconf, &format!("#!/bin/sh\necho glibc {glibc}\n"));
        write(&copy.path().join("src/main.rs"), text);
        write(&copy.path().join("Cargo.lock"), "");
        write(&copy.path().join("Cargo.toml"), "version = \"0.1.0\"\n");
        let mut runner = runner(&project, None);
        runner.set("PATH", &format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap()));
        runner.contexts["github"]["action_path"] = json!(copy.path());
        runner.contexts["inputs"] = inputs(&[("command", "plan")]);
        runner.run(&json!([steps()[0]]), |_, _, _| Value::Null);
        keys.push(key(&runner));
    }
    assert!(keys[0] == keys[2] && keys[0] != keys[1] && keys[0] != keys[3], "{keys:?}");
}
