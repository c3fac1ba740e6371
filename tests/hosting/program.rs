//! A program of the user's hosts.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use crate::content::{self, hosted_files, journal};
use crate::executable::executable;
use crate::project::Project;
use crate::servers::Files;
use crate::ways::{Api, LOGINS, publishes_everything};

fn script(project: &Project, text: &str) {
    executable(&project.path().join("scripts/host"), &format!("#!/bin/sh\n{text}"));
}

const HOSTING: &str = "{ command: [./scripts/host, --to, web] }";

#[test]
fn a_program_hosts_everything_once_and_is_told_no_secret() {
    for (login, token) in LOGINS {
        let api = Api::start();
        let project = content::repository_with(HOSTING);
        let web = tempfile::tempdir().unwrap();
        let host = Files::of(web.path());
        script(
            &project,
            &format!(
                "set -e\n[ \"$#\" = 5 ] && [ \"$1 $2\" = '--to web' ] && [ \"$PWD\" = '{root}' ]\n\
                 [ \"$3 $4 $5\" = \"$IGSYNC_MEDIA_PATH $IGSYNC_MEDIA_SHA256 $IGSYNC_MEDIA_TYPE\" ]\n\
                 echo \"$4  $3\" | sha256sum --check --quiet >&2\n\
                 case $5 in image/jpeg) ext=jpg ;; video/mp4) ext=mp4 ;; *) exit 7 ;; esac\n\
                 echo \"$4\" >>calls\nenv >>environment\ncp \"$3\" \"{web}/$4.$ext\"\n\
                 echo 'uploading...' >&2\necho\necho \"{url}/$4.$ext\"\n",
                root = project.path().canonicalize().unwrap().display(),
                web = web.path().display(),
                url = host.url(),
            ),
        );
        let project = api
            .connect(project, login, token)
            .env("IGSYNC_APP_SECRET", if login == "facebook" { "fb-app-secret" } else { "ig-app-secret" });
        let project = project.env("OTHER_TOOL", "its own business");
        publishes_everything(&api, &project, host.url());
        assert_eq!(project.read("calls").lines().count(), hosted_files(login), "once for each file");
        let environment = project.read("environment");
        assert!(environment.contains("its own business"));
        for secret in [token, "app-secret"] {
            assert!(!environment.contains(secret), "the program was told {secret}");
        }
    }
}

#[test]
fn what_a_program_does_wrong_is_named() {
    let mut told = String::new();
    for (name, text) in [
        ("it fails", "echo 'no luck with s3cr3t-of-the-tool' >&2; echo 'IGAAabcdefghij0123456789' >&2; exit 4"),
        ("it says nothing", "true"),
        ("it says too much", "echo https://a.example/1; echo https://a.example/2"),
        ("it says no address", "echo uploaded"),
        ("it says a plain address", "echo http://media.example/one.jpg"),
        ("it says a password", "echo https://me:secret@media.example/one.jpg"),
        ("it says what nobody can read", "echo https://media.example/häfen.jpg"),
        ("it never stops talking", "yes https://media.example/one.jpg"),
        ("it is not there", ""),
    ] {
        let api = Api::start();
        let project = content::one_image_with(HOSTING);
        if !text.is_empty() {
            script(&project, text);
        }
        let project = api.connect(project, "instagram", "IGAA-LONG").env("GITHUB_TOKEN", "s3cr3t-of-the-tool");
        let output = project.run(["apply", "--yes"]).exits(3);
        assert_eq!((api.containers(), journal(&project)), (0, String::new()));
        let stderr = output.stderr.trim();
        assert!(!stderr.contains("s3cr3t") && !stderr.contains("IGAAabc"), "{stderr}");
        told += &format!("# {name}\n{stderr}\n\n");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_program_is_run_by_apply_alone() {
    let api = Api::start();
    let project = content::one_image_with(HOSTING);
    script(&project, "touch ran; exit 1");
    let project = api.connect(project, "instagram", "IGAA-LONG");
    project.run(["validate"]).exits(0);
    project.run(["plan"]).exits(0);
    project.run(["apply", "--sandbox", "--yes"]).exits(0);
    assert!(!project.path().join("ran").exists());
    project.run(["apply", "--yes"]).exits(3);
    assert!(project.path().join("ran").exists());
}

#[test]
fn a_stop_ends_the_program_and_what_it_started() {
    let api = Api::start();
    let project = content::one_image_with(HOSTING);
    // Whoever lives holds the pipe open; its reader sees the end when all are gone.
    let pipe = project.path().join("alive");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    script(&project, "exec 9>alive\necho up >&9\n(sleep 60; touch survived) &\nwait\n");
    let project = api.connect(project, "instagram", "IGAA-LONG");
    let mut run = project.command(["apply", "--yes"]).spawn().unwrap();
    let mut alive = BufReader::new(fs::File::open(&pipe).unwrap());
    let mut line = String::new();
    alive.read_line(&mut line).unwrap();
    assert_eq!(line, "up\n");
    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(143));
    alive.read_to_string(&mut line).unwrap();
    assert!(!project.path().join("survived").exists(), "it was waited for, not ended");
    assert_eq!((api.containers(), journal(&project)), (0, String::new()));
}
