//! Which program and which output is given which secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::attack::{Attack, picture};
use crate::project::{Server, has, skipped};
use crate::servers::Proxy;

/// Variables of a job, and what they hold. None of these may reach a program that igsync starts.
const HIDDEN: [(&str, &str); 9] = [
    ("IGSYNC_ACCESS_TOKEN", "token-of-nobody-in-particular"),
    ("IGSYNC_ACCESS_TOKEN_REMOVED", "token-of-an-account-that-was-removed"),
    ("IGSYNC_APP_SECRET", "secret-of-the-app"),
    // As the configuration names them.
    ("HARBOUR_KEY", "IGAA-LONG"),
    ("STUDIO_WORD", "token-of-the-studio-account"),
    // The same under names that no one has told igsync.
    ("INPUT_TOKEN", "token-of-the-studio-account"),
    ("ALL_SECRETS", "{\"studio\":\"token-of-the-studio-account\"}"),
    ("SOMEBODY_ELSES", "IGAAabcdefghij0123456789klmnop"),
    ("AWS_SECRET_ACCESS_KEY", "key-of-the-object-store"),
];

/// What programs may need: theirs, and not igsync's.
const LEFT: [(&str, &str); 4] = [
    ("GITHUB_TOKEN", "ghs_token_of_the_job"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "token-to-ask-for-tokens"),
    ("VAULT_TOKEN", "token-of-the-vault"),
    ("SSH_KNOWN_HOSTS", "host ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC0123456789abcdefghij"),
];

/// A content root with the posts of one account, in a repository whose remote is beside it. `harbour` says where the
/// account's token comes from and how its media are hosted.
fn content(harbour: &str) -> Attack {
    let attack = Attack::at("work/site");
    attack.write("work/site/igsync.lock", "{\"igsync_lock\":1}\n");
    attack.write(
        "work/site/igsync.yaml",
        format!(
            "default_account: harbour\naccounts:\n  harbour:\n    user_id: \"17841400000000001\"\n{harbour}  \
             quay:\n    user_id: \"17841400000000003\"\n    token: {{ env: HARBOUR_KEY }}\n  \
             studio:\n    user_id: \"17841400000000002\"\n    token: {{ env: STUDIO_WORD }}\n    \
             media: {{ hosting: {{ object_store: {{ bucket: acme-media, public_url: \"https://cdn.example.com\" }} }} }}\n"
        ),
    );
    attack.write("work/site/posts/one.jpg", picture());
    attack.write("work/site/posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: The first one\n");
    attack
}

/// `token:` and `media:` of the account, as its token's variable and a template have it.
const ORDINARY: &str =
    "    token: { env: HARBOUR_KEY }\n    media: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n";

fn repository(attack: &Attack) {
    attack.write("work/.gitignore", ".igsync/\nseen\n");
    attack.git(&["init", "-q", "--bare", "-b", "main", "origin/.git"]);
    attack.git(&["init", "-q", "-b", "main", "work"]);
    attack.git(&["-C", "work", "add", "-A"]);
    attack.git(&["-C", "work", "commit", "-q", "-m", "first"]);
    attack.git(&["-C", "work", "remote", "add", "origin", attack.outer().join("origin/.git").to_str().unwrap()]);
    attack.git(&["-C", "work", "push", "-q", "-u", "origin", "main"]);
}

/// With all of those variables, in CI, against `server`.
fn in_job(mut attack: Attack, server: &Server) -> Attack {
    for (name, value) in HIDDEN.into_iter().chain(LEFT) {
        attack = attack.env(name, value);
    }
    attack
        .env("CI", "true")
        .env("IGSYNC_GRAPH_URL", &server.url())
        .env("IGSYNC_HTTP_TIMEOUT_MS", "2000")
        .env("IGSYNC_POLL_INITIAL_MS", "20")
        .env("IGSYNC_POLL_MAX_MS", "100")
        .env("IGSYNC_SETTLE_MS", "50")
        .env("IGSYNC_LOOK_MS", "20")
}

/// A program outside the content root that notes its environment in it, then runs `then`.
fn spy(attack: &Attack, name: &str, then: &str) -> PathBuf {
    let path = attack.outer().join(name);
    let seen = attack.root().join("seen");
    let script = format!("#!/bin/sh\n/usr/bin/env >> '{}'\n{then}\n", seen.display());
    // Written by one process of its own: a file that is open for writing cannot be run.
    let mut shell = Command::new("/bin/sh");
    let made = shell.args(["-c", "printf %s \"$2\" >\"$1\" && chmod 755 \"$1\"", "sh"]).arg(&path).arg(script).status();
    assert!(made.unwrap().success());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o111, 0o111);
    path
}

/// What the spies have seen holds nothing of igsync's, and what is theirs.
#[track_caller]
fn assert_seen_nothing(attack: &Attack, about: &str) {
    let seen = fs::read_to_string(attack.root().join("seen")).unwrap_or_else(|_| panic!("{about}: no spy was started"));
    for (name, secret) in HIDDEN {
        assert!(!seen.contains(secret), "{about}: {name} was seen\n{seen}");
        assert!(!seen.lines().any(|line| line.starts_with(&format!("{name}="))), "{about}: {name}\n{seen}");
    }
    for (name, value) in LEFT {
        assert!(seen.contains(&format!("{name}={value}\n")), "{about}: {name} is missing\n{seen}");
    }
    fs::remove_file(attack.root().join("seen")).unwrap();
}

#[test]
fn git_and_what_it_starts_see_no_secret_of_igsync() {
    let attack = content(ORDINARY);
    repository(&attack);
    let server = Server::start();
    let attack = in_job(attack, &server);
    // Git itself, in the place of the real one.
    let real = Command::new("/bin/sh").args(["-c", "command -v git"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    spy(&attack, "traps/git", &format!("exec {} \"$@\"", real.trim()));
    for (arguments, code) in [
        (&["plan", "--base", "origin/main"][..], 0),
        (&["resolve", "posts/one", "--published"], 0),
        (&["lock", "rm", "posts/one", "--yes", "--push"], 0),
        (&["apply", "--yes"], 0),
    ] {
        attack.run(arguments).exits(code);
        assert_seen_nothing(&attack, &format!("{arguments:?}"));
    }
    assert_eq!(server.published().len(), 1);
    fs::remove_file(attack.outer().join("traps/git")).unwrap();
    // What the user's own configuration makes git start on its way to a remote.
    let spy = spy(&attack, "ssh-of-the-user", "exit 1");
    let spy = spy.to_str().unwrap();
    for (name, value, url) in [
        ("core.sshCommand", spy, "ssh://git@host.invalid/a.git"),
        ("remote.origin.uploadpack", spy, attack.outer().join("origin/.git").to_str().unwrap()),
        ("protocol.ext.allow", "always", &format!("ext::{spy} %S")),
    ] {
        attack.git(&["-C", "work", "config", name, value]);
        attack.git(&["-C", "work", "remote", "set-url", "origin", url]);
        let _ = attack.run(&["lock", "ignore", "posts/one", "--push"]).exits(1);
        assert_seen_nothing(&attack, name);
        attack.git(&["-C", "work", "config", "--unset", name]);
    }
}

#[test]
fn a_token_command_sees_no_token_at_all() {
    let attack = content(PASSWORD_MANAGER);
    repository(&attack);
    let server = Server::start();
    let attack = in_job(attack, &server);
    spy(&attack, "password-manager", "echo IGAA-LONG");
    for arguments in
        [&["status", "--account", "harbour"][..], &["auth", "inspect", "--account", "harbour"], &["apply", "--yes"]]
    {
        attack.run(arguments).exits(0);
        assert_seen_nothing(&attack, &format!("{arguments:?}"));
    }
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_hosting_program_sees_its_own_settings_and_no_token() {
    let attack =
        content("    token: { env: HARBOUR_KEY }\n    media: { hosting: { command: [../../uploader, --to, web] } }\n");
    repository(&attack);
    let server = Server::start();
    // A sandbox that is known for one hosts by itself.
    let front = Proxy::hiding_controls(&server.url());
    let attack = in_job(attack, &server).env("IGSYNC_GRAPH_URL", front.url());
    spy(&attack, "uploader", "exit 1");
    attack.run(&["apply", "--yes"]).exits(3);
    let seen = fs::read_to_string(attack.root().join("seen")).unwrap();
    assert!(seen.contains("IGSYNC_MEDIA_PATH=/") && seen.contains("IGSYNC_MEDIA_TYPE=image/jpeg"), "{seen}");
    assert_seen_nothing(&attack, "hosting.command");
}

/// The account's token comes from a program beside the repository.
const PASSWORD_MANAGER: &str = "    token: { command: [../../password-manager, read] }\n    \
     media: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n";

#[test]
fn a_token_command_that_does_not_end_is_ended_with_all_that_it_has_started() {
    let attack = content(PASSWORD_MANAGER);
    let server = Server::start();
    // Whoever lives holds the pipe open; its reader sees the end when all are gone.
    let pipe = attack.root().join("alive");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    spy(&attack, "password-manager", "exec 9>alive\necho up >&9\n(sleep 600) &\nsleep 600");
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    let attack = in_job(attack, &server).env("IGSYNC_TOKEN_TIMEOUT_MS", "500");
    let output = attack.run(&["status", "--account", "harbour"]).exits(9);
    let said = "the token command `../../password-manager` printed no token within 0.5 s and was stopped";
    output.says(said).says("run the command by hand");
    assert_eq!(reader.join().unwrap(), "up\n");
}

#[test]
fn a_token_command_that_never_stops_talking_is_ended() {
    let attack = content(PASSWORD_MANAGER);
    let server = Server::start();
    spy(&attack, "password-manager", "while :; do echo IGAA-LONG; done");
    let attack = in_job(attack, &server);
    attack.run(&["status", "--account", "harbour"]).exits(9).says("printed more than 64 KiB and was stopped");
}

/// Runs its arguments at a terminal of their own, answers one question, and ends as they do.
const TERMINAL: &str = r"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen, answered = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if b'Password: ' in seen and not answered:
        os.write(terminal, b'open sesame\n')
        answered = True
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(status))
";

#[test]
fn a_password_manager_asks_at_the_terminal() {
    let python = Command::new("/bin/sh").args(["-c", "command -v python3"]).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    if !has("python3", !python.trim().is_empty()) {
        return;
    }
    let attack = content(PASSWORD_MANAGER);
    let server = Server::start();
    spy(
        &attack,
        "password-manager",
        "printf 'Password: ' >/dev/tty; read word </dev/tty; [ \"$word\" = 'open sesame' ] && echo IGAA-LONG",
    );
    let attack = in_job(attack, &server);
    let status = attack.command(&["status", "--account", "harbour"]);
    let mut terminal = Command::new(python.trim());
    // Python is found and runs as usual; igsync has the environment of the attack.
    terminal.args(["-c", TERMINAL, "/usr/bin/env", "-i"]).current_dir(attack.root());
    terminal.args(status.get_envs().filter_map(|(name, value)| Some([name, value?].join("=".as_ref()))));
    terminal.arg(status.get_program()).args(status.get_args());
    let output = terminal.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("harbour") && !said.contains("IGAA-LONG"), "{said}");
    assert_seen_nothing(&attack, "at a terminal");
}

/// Allows as large a core dump as the system does, and ends with 99 where it allows none.
const CORES_ALLOWED: &str = "ulimit -S -c $(ulimit -H -c); [ $(ulimit -S -c) != 0 ] || exit 99";

/// A core dump holds the token: whatever the shell allows, igsync leaves none, and neither does what it starts.
#[test]
#[cfg(target_os = "linux")]
fn a_crash_leaves_no_core_dump() {
    let hosting = "    token: { env: HARBOUR_KEY }\n    media: { hosting: { command: [../../uploader, --to, web] } }\n";
    for (harbour, program, says, command) in [
        (PASSWORD_MANAGER, "password-manager", "IGAA-LONG", &["status", "--account", "harbour"][..]),
        (hosting, "uploader", "nothing", &["apply", "--yes"]),
    ] {
        let attack = content(harbour);
        repository(&attack);
        let server = Server::start();
        let front = Proxy::hiding_controls(&server.url());
        let seen = attack.root().join("seen");
        let look = format!("/bin/grep -h 'core file' /proc/$PPID/limits /proc/$$/limits >> '{}'", seen.display());
        spy(&attack, program, &format!("{look}; echo {says}"));
        let attack = in_job(attack, &server).env("IGSYNC_GRAPH_URL", front.url());
        if attack.run_within(CORES_ALLOWED, command).code == 99 {
            return skipped("no core dump is allowed here");
        }
        let seen = fs::read_to_string(seen).unwrap();
        let sizes = seen.lines().filter_map(|line| line.strip_prefix("Max core file size"));
        let soft: Vec<_> = sizes.map(|sizes| sizes.split_whitespace().next()).collect();
        assert!(soft.len() >= 2 && soft.iter().all(|limit| *limit == Some("0")), "{program}: {soft:?}");
    }
}

/// A user that owns nothing.
const NOBODY: &str = "65534";

#[test]
#[cfg(target_os = "linux")]
fn a_child_reads_no_secret_from_its_parent() {
    let attack = content(PASSWORD_MANAGER);
    let server = Server::start();
    let seen = attack.root().join("seen");
    let look = format!("/bin/cat /proc/$PPID/environ >> '{}'; echo IGAA-LONG", seen.display());
    spy(&attack, "password-manager", &look);
    // The super-user may read everything, so another one has to look.
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let igsync = attack.outer().join("igsync");
    fs::copy(env!("CARGO_BIN_EXE_igsync"), &igsync).unwrap();
    assert!(Command::new("chmod").args(["-R", "a+rwX"]).arg(attack.outer()).status().unwrap().success());
    let attack = in_job(attack, &server);
    let status = attack.command(&["status", "--account", "harbour"]);
    let mut run = if is_root { Command::new("/usr/bin/setpriv") } else { Command::new(&igsync) };
    if is_root {
        if !has("setpriv", fs::exists("/usr/bin/setpriv").unwrap()) {
            return;
        }
        run.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&igsync);
    }
    run.args(["status", "--account", "harbour"]).current_dir(attack.root()).env_clear();
    run.envs(status.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_seen_nothing(&attack, "the parent's environment");
}
