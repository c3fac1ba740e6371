//! Names and texts that try to be something else on a screen or in a log: escapes, control characters, direction
//! overrides, and commands of the runners of GitHub and Azure.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Command;

use serde_json::{Value, json};

use crate::attack::{Attack, picture};

/// A colour that no report of igsync uses: where it comes out, someone else painted.
const FOREIGN_COLOUR: &str = "\u{1b}[38;5;199m";

/// Fits into a file name.
fn payload() -> String {
    format!(
        "x{FOREIGN_COLOUR}\u{1b}[8mhid\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[1;1H\r\u{8}\u{7f}\u{9b}31m\u{85}\u{202e}gpj\u{2066}\u{2028}##vso[task.complete]##[error]y"
    )
}

/// The same, with lines that would begin a command.
fn lines() -> String {
    format!("{}\n::error::forged\n  ::set-output name=changed::true\n##[group]z\n\u{b}::add-mask::a", payload())
}

/// A text in quotes, for YAML and JSON: nothing in it stops a parser.
fn in_yaml(text: &str) -> String {
    let escaped = |c: char| match c {
        ' '..='~' if c != '"' && c != '\\' => c.to_string(),
        c => format!("\\u{:04x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// With and without colour, for a terminal, in a log of GitHub and in one of Azure.
const PLACES: &[(&str, Option<(&str, &str)>)] =
    &[("always", None), ("never", Some(("GITHUB_ACTIONS", "true"))), ("always", Some(("TF_BUILD", "True")))];

/// What a person, a terminal and a runner may get to see: all of it is visible.
#[track_caller]
fn assert_tame(what: &str, is_coloured: bool, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: no text: {error}\n{bytes:?}"));
    assert!(!text.contains(FOREIGN_COLOUR), "{what}: a foreign colour\n{text:?}");
    assert!(!text.contains("\u{1b}[8m"), "{what}: hidden text\n{text:?}");
    let plain = without_colour(text);
    assert!(is_coloured || plain == text, "{what}: coloured although it should not be\n{text:?}");
    let is_obeyed = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    assert_eq!(plain.find(is_obeyed), None, "{what}: a character that is obeyed\n{plain:?}");
    for (number, line) in plain.lines().enumerate() {
        let start = line.trim_start();
        let is_ours = [
            "::error file=",
            "::warning file=",
            "::error title=igsync",
            "::warning title=igsync",
            "::notice title=igsync",
        ];
        let is_command = start.starts_with("::") && !is_ours.iter().any(|ours| start.starts_with(ours));
        assert!(!is_command, "{what}: line {number} is a command\n{line:?}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{what}: line {number} is a command\n{line:?}");
    }
}

/// Without `ESC [ … m`.
fn without_colour(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let digits = after.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        if let Some(behind) = after[digits..].strip_prefix('m') {
            rest = behind;
        } else {
            plain.push_str("\u{1b}[");
            rest = after;
        }
    }
    plain + rest
}

/// Runs one command line in all [`PLACES`].
#[track_caller]
fn assert_all_tame(attack: &Attack, arguments: &[&str]) {
    for (colour, runner) in PLACES {
        let line = [&["--color", colour], arguments].concat();
        let output = attack.command(&line).envs(*runner).output().unwrap();
        let what = format!("{line:?} {runner:?}, exit {:?}", output.status.code());
        assert!(output.status.code().is_some_and(|code| code != 101), "{what}: {output:?}");
        // Without findings there is nothing to annotate.
        let may_be_silent = arguments.contains(&"github");
        assert!(may_be_silent || output.stdout.len() + output.stderr.len() > 0, "{what} says nothing");
        assert_tame(&format!("{what}, stdout"), *colour == "always", &output.stdout);
        assert_tame(&format!("{what}, stderr"), *colour == "always", &output.stderr);
    }
}

#[track_caller]
fn assert_findings_tame(attack: &Attack) {
    for format in ["human", "json", "github"] {
        assert_all_tame(attack, &["validate", "--format", format]);
    }
}

#[track_caller]
fn assert_plan_tame(attack: &Attack) {
    for format in ["human", "json", "markdown", "github"] {
        assert_all_tame(attack, &["plan", "--format", format]);
    }
}

/// Posts whose files, media and folders have hostile names.
fn with_hostile_names() -> Attack {
    let attack = Attack::new();
    let name = payload();
    attack.write(&format!("content/posts/{name}.jpg"), picture());
    let text = in_yaml(&lines());
    let manifest = format!(
        "kind: image
allow_duplicate: true
image: ./one.jpg
caption: {text}
alt_text: {text}
"
    );
    attack.write("content/posts/plain.yaml", &manifest);
    attack.write(&format!("content/posts/{name}.yaml"), &manifest);
    let nested = format!(
        "kind: image
image: {}
",
        in_yaml(&format!("../{name}.jpg"))
    );
    attack.write(&format!("content/posts/{name}/{name}.yaml"), nested);
    attack.write(&format!("content/posts/::error::{name}.yaml"), "kind: image\nimage: ./none.jpg\n");
    attack.write("content/posts/line\n::error::forged.yaml", "kind: image\nimage: ./none.jpg\n");
    attack
}

#[test]
fn file_names_are_shown_and_never_obeyed() {
    let attack = with_hostile_names();
    assert_findings_tame(&attack);
    assert_plan_tame(&attack);
    assert_all_tame(&attack, &["apply", "--sandbox", "--yes"]);
    assert_all_tame(&attack, &["apply", "--sandbox", "--yes", "--format", "json"]);
    assert_all_tame(&attack, &["apply", "--yes"]);
}

#[test]
fn keys_of_the_record_are_shown_and_never_obeyed() {
    let attack = Attack::new();
    let key = format!("posts/{}", lines());
    let record = json!({
        "key": key, "user_id": "17841400000000001", "account": payload(), "kind": "image", "state": "unknown", "attempt": "a1",
        "digest": "v1:sha256:0", "reason": lines(), "file": format!("{key}.yaml"), "permalink": format!("https://www.instagram.com/p/{}", payload()),
    });
    attack.write("content/igsync.lock", format!("{{\"igsync_lock\":1}}\n{record}\n"));
    assert_plan_tame(&attack);
    for line in [
        &["lock", "list"][..],
        &["lock", "list", "--format", "json"],
        &["lock", "show", &key],
        &["lock", "show", &key, "--format", "json"],
        &["lock", "rm", &key, "--dry-run"],
        &["lock", "mv", &key, &key, "--dry-run"],
        &["lock", "show", &payload()],
        &["resolve", &key],
        &["resolve", &key, "--not-published"],
        &["resolve", &key, "--published", &payload()],
        &["status", "--sandbox"],
        &["apply", "--sandbox", "--yes"],
    ] {
        assert_all_tame(&attack, line);
    }
}

/// Whatever a shell would run, split or expand in a key that a command for copying names. One of them is an option.
const KEYS_FOR_A_SHELL: &[&str] =
    &["posts/a $(touch PWNED) b", "posts/it's; touch PWNED #", "posts/$HOME*", "posts/x&&touch PWNED|", "--help"];

#[test]
fn a_command_for_copying_names_the_key_and_runs_nothing_else() {
    for state in ["unknown", "published", "ignored"] {
        let attack = Attack::new();
        let record = |key: &&str| {
            let record = json!({
                "key": key, "user_id": "17841400000000001", "account": "harbour", "kind": "image", "state": state,
                "attempt": key, "digest": "v1:sha256:0", "media_id": "17900000000000001",
            });
            format!("{record}\n")
        };
        let records: String = KEYS_FOR_A_SHELL.iter().map(record).collect();
        attack.write("content/igsync.lock", format!("{{\"igsync_lock\":1}}\n{records}"));
        let path = attack.root().display().to_string();
        let mut lines = vec![
            vec!["plan"],
            vec!["plan", "--format", "markdown"],
            vec!["plan", "--format", "json"],
            vec!["-C", &path, "plan"],
            vec!["status", "--sandbox"],
        ];
        for key in KEYS_FOR_A_SHELL {
            lines.push(vec!["resolve", "--dry-run", "--", key]);
            lines.push(vec!["resolve", "--dry-run", "--published", "1", "--", key]);
            lines.push(vec!["resolve", "--dry-run", "--not-published", "--", key]);
            lines.push(vec!["lock", "mv", "--dry-run", "--", "posts/one", key]);
            lines.push(vec!["lock", "ignore", "--dry-run", "--", key]);
        }
        let mut named = 0;
        for line in lines {
            let output = attack.command(&line).output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            for command in commands_in(&String::from_utf8(text).unwrap()) {
                assert_names_a_key(&command, &format!("{line:?} {state}"));
                named += 1;
            }
        }
        assert!(named > KEYS_FOR_A_SHELL.len(), "{state}: only {named} commands");
    }
}

/// The commands in backticks, and those that follow `live: `, `not: ` and `settle: `, that have a key to name. `KEY` is for the reader to fill in.
fn commands_in(text: &str) -> Vec<String> {
    let in_backticks = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let bare = |line: &str| {
        let line = line.trim();
        ["live: ", "not: ", "settle: "].iter().find_map(|word| line.strip_prefix(word)).map(str::to_owned)
    };
    let takes_a_key = |command: &String| {
        command.starts_with("igsync ")
            && !command.contains(" KEY")
            && ["resolve ", "lock rm ", "lock show ", "lock accept ", "lock mv "]
                .iter()
                .any(|verb| command.contains(verb))
    };
    in_backticks.chain(text.lines().filter_map(bare)).filter(takes_a_key).collect()
}

/// A shell that gets `command` calls `igsync` once, with one of the keys as one argument, and writes no file.
#[track_caller]
fn assert_names_a_key(command: &str, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("igsync() {{ printf '<%s>' \"$@\"; echo; }}\n{command}\n");
    let mut shell = Command::new("/bin/sh");
    let output = shell.arg("-c").arg(script).current_dir(folder.path()).env("HOME", "/nowhere").output().unwrap();
    let called = String::from_utf8_lossy(&output.stdout);
    let is_named = |key: &&str| called.contains(&format!("<{key}>")) || called.contains(&format!("<./{key}>"));
    let is_one_call = called.lines().count() == 1;
    assert!(is_one_call && KEYS_FOR_A_SHELL.iter().any(is_named), "{what}: {command}\n{called}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "{what}: {command} wrote a file");
}

#[test]
fn what_is_wrong_in_a_file_is_quoted_and_never_obeyed() {
    let raw = payload();
    let escaped = in_yaml(&lines());
    let manifests = [
        format!("kind: {escaped}\n"),
        format!("{escaped}: 1\nkind: image\n"),
        format!("kind: image\nimage: {escaped}\ncaption: {escaped}\n"),
        format!("kind: image\nimage: https://u:p@{raw}/\n"),
        format!("kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption: {raw}\n"),
        format!(
            "kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption: |\n  a\n  {}\n",
            raw.replace('\u{7f}', "")
        ),
        format!(
            "kind: image\nallow_duplicate: true\nimage: ./one.jpg\npublish_at: {escaped}\ncollaborators: [{escaped}]\nhashtags: [{escaped}]\n"
        ),
        format!(
            "kind: image\nallow_duplicate: true\nimage: ./one.jpg\nid: {escaped}\naccounts: [{escaped}]\nlocation_id: {escaped}\n"
        ),
        format!(
            "kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption_file: {escaped}\nuser_tags: [{{username: {escaped}, x: {escaped}}}]\n"
        ),
        format!("kind: [\n{raw}\n"),
        format!("kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption: !{raw} x\n"),
        format!("kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption: *{raw}\n"),
        format!("kind: image\n---\n{raw}: &{raw} x\n"),
    ];
    let attack = Attack::new();
    for (number, manifest) in manifests.iter().enumerate() {
        attack.write(&format!("content/posts/bad{number}.yaml"), manifest);
    }
    attack.write("content/posts/latin.yaml", b"kind: image\ncaption: \x9b31m\x1b[31m\n");
    attack.write("content/posts/_defaults.yaml", format!("{escaped}: {escaped}\n"));
    assert_findings_tame(&attack);
    assert_plan_tame(&attack);
    assert_all_tame(&attack, &["apply", "--sandbox", "--yes"]);
}

#[test]
fn what_is_wrong_in_the_configuration_is_quoted_and_never_obeyed() {
    let escaped = in_yaml(&lines());
    for configuration in [
        format!("{escaped}: 1\n"),
        format!(
            "accounts: {{ {escaped}: {{ user_id: {escaped}, username: {escaped}, login: {escaped}, token: {{ env: {escaped} }} }} }}\n"
        ),
        format!("accounts: {{ a: {{ user_id: \"1\", token: {{ command: [{escaped}] }} }} }}\n"),
        format!("timezone: {escaped}\nposts: [{escaped}]\ndefault_account: {escaped}\n"),
        format!("media: {{ hosting: {{ url: {escaped} }} }}\n"),
        format!("media: {{ hosting: {{ command: [{escaped}] }} }}\n"),
        format!("media: {{ hosting: {{ object_store: {{ bucket: {escaped}, endpoint: {escaped} }} }} }}\n"),
        format!("git: {{ branch: {escaped}, push: {escaped}, state_branch: {escaped} }}\n"),
        format!("rules: {{ {escaped}: {escaped} }}\nhashtag_sets: {{ {escaped}: [{escaped}] }}\n"),
        format!("limits: {{ max_publish_per_run: {escaped} }}\nschedule: {{ late_after: {escaped} }}\n"),
        format!("defaults: {{ hashtags: [{escaped}], collaborators: [{escaped}] }}\n"),
        format!("{}\n", payload()),
    ] {
        let attack = Attack::new();
        attack.write("content/igsync.yaml", &configuration);
        for line in [
            &["validate"][..],
            &["validate", "--format", "github"],
            &["plan", "--format", "markdown"],
            &["plan", "--format", "json"],
            &["status"],
            &["auth", "inspect"],
            &["apply", "--yes"],
        ] {
            assert_all_tame(&attack, line);
        }
    }
}

#[test]
fn arguments_are_quoted_and_never_obeyed() {
    let (payload, lines) = (payload(), lines());
    let attack = Attack::new();
    for line in [
        &[lines.as_str()][..],
        &["plan", &payload],
        &["plan", &format!("--{lines}")],
        &["plan", "--format", &lines],
        &["plan", "--now", &lines],
        &["plan", "--target", &lines],
        &["plan", "--account", &lines],
        &["plan", "--base", &lines],
        &["plan", "--max-publish", &payload],
        &["apply", "--yes", "--lock-timeout", &lines],
        &["validate", &payload],
        &["-C", &payload, "plan"],
        &["-C", &lines, "init"],
        &["--config", &payload, "plan"],
        &["explain", &lines],
        &["completions", &lines],
        &["schema", &lines],
        &["new", &lines, &lines],
        &["new", "image", &lines],
        &["resolve", &lines],
        &["resolve", "posts/one", "--published", &format!("https://www.instagram.com/p/{payload}")],
        &["lock", &lines],
        &["lock", "show", &lines],
        &["lock", "merge", &payload],
        &["auth", "inspect", "--account", &lines],
        &["sandbox", "--port", &lines],
        &["sandbox", "--faults", &payload],
    ] {
        assert_all_tame(&attack, line);
    }
}

#[test]
fn the_environment_is_quoted_and_never_obeyed() {
    for name in [
        "IGSYNC_GRAPH_URL",
        "IGSYNC_UPLOAD_URL",
        "IGSYNC_GRAPH_VERSION",
        "IGSYNC_USER_ID",
        "IGSYNC_LOGIN",
        "IGSYNC_LOG",
        "IGSYNC_POLL_MAX_MS",
        "IGSYNC_ACCESS_TOKEN",
        "GITHUB_REPOSITORY",
        "GITHUB_SERVER_URL",
        "GITHUB_SHA",
        "GITHUB_EVENT_PATH",
        "HOME",
        "TERM",
        "COLUMNS",
        "LANG",
    ] {
        let attack = Attack::new().env(name, &lines());
        for line in [&["plan"][..], &["plan", "--format", "markdown"], &["status"], &["apply", "--yes"]] {
            assert_all_tame(&attack, line);
        }
    }
    let attack = Attack::new().env("IGSYNC_LOG", "igsync=trace");
    attack
        .write(&format!("content/posts/{}.yaml", payload()), "kind: image\nallow_duplicate: true\nimage: ./one.jpg\n");
    assert_all_tame(&attack, &["-vv", "apply", "--sandbox", "--yes"]);
}

#[test]
fn a_damaged_record_is_quoted_and_never_obeyed() {
    let escaped = in_yaml(&lines());
    for lock in [
        format!("{{\"igsync_lock\":1}}\n{{{escaped}:1}}\n"),
        format!("{{\"igsync_lock\":1}}\n{{\"key\":{escaped},\"state\":{escaped}}}\n"),
        format!("{{\"igsync_lock\":{escaped}}}\n"),
        format!("{{\"igsync_lock\":1}}\n<<<<<<< {}\n{{}}\n", payload()),
        format!("{{\"igsync_lock\":1}}\n{}\n", payload()),
    ] {
        let attack = Attack::new();
        attack.write("content/igsync.lock", &lock);
        for line in [&["plan"][..], &["lock", "list"], &["apply", "--yes"], &["status"]] {
            assert_all_tame(&attack, line);
        }
        fs::create_dir_all(attack.root().join(".igsync")).unwrap();
        attack.write("content/igsync.lock", "{\"igsync_lock\":1}\n");
        attack.write("content/.igsync/journal.jsonl", &lock);
        assert_all_tame(&attack, &["plan"]);
    }
}

/// Answers every request with the same bytes.
fn server(answer: String) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { return };
            let mut head = [0; 4096];
            let _ = socket.read(&mut head);
            let _ = socket.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn what_a_server_says_is_quoted_and_never_obeyed() {
    let body = |code: i64, subcode: i64| {
        json!({ "error": {
            "message": lines(), "type": payload(), "code": code, "error_subcode": subcode, "fbtrace_id": payload(),
            "error_user_title": lines(), "error_user_msg": lines(),
        } })
        .to_string()
    };
    let identity = json!({ "id": "17841400000000001", "user_id": "17841400000000001", "username": payload(), "account_type": payload() });
    let answers = [
        (400, body(100, 33)),
        (401, body(190, 463)),
        (400, body(36000, 1)),
        (403, body(10, 0)),
        (500, lines()),
        (200, identity.to_string()),
        (200, format!("<html>{}", lines())),
    ];
    for (status, body) in answers {
        let head = format!("HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close\r\n");
        let url = server(format!("{head}x-app-usage: {{\"x\u{9b}\"\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        let attack = Attack::new()
            .env("IGSYNC_GRAPH_URL", &url)
            .env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")
            .env("IGSYNC_HTTP_TIMEOUT_MS", "2000")
            .env("IGSYNC_POLL_BUDGET_MS", "50")
            .env("IGSYNC_POLL_MAX_MS", "10")
            .env("IGSYNC_SETTLE_MS", "10")
            .env("IGSYNC_LOOK_MS", "10");
        for line in [
            &["status"][..],
            &["auth", "inspect"],
            &["auth", "accounts"],
            &["apply", "--yes"],
            &["apply", "--yes", "--format", "json"],
        ] {
            assert_all_tame(&attack, line);
        }
    }
}

/// A remote that rejects every push and says why in its own words.
#[test]
fn what_git_says_is_quoted_and_never_obeyed() {
    let attack = Attack::new()
        .env("CI", "true")
        .env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")
        .env("IGSYNC_GRAPH_URL", "http://127.0.0.1:9");
    attack.git(&["init", "-q", "-b", "main", "."]);
    attack.git(&["add", "content"]);
    attack.git(&["commit", "-q", "-m", &lines()]);
    attack.git(&["clone", "-q", "--bare", ".", "remote.git"]);
    attack.write("said", lines());
    attack.write(
        "remote.git/hooks/pre-receive",
        format!("#!/bin/sh\n/bin/cat '{}' >&2\nexit 1\n", attack.outer().join("said").display()),
    );
    assert!(
        Command::new("chmod")
            .arg("755")
            .arg(attack.outer().join("remote.git/hooks/pre-receive"))
            .status()
            .unwrap()
            .success()
    );
    attack.git(&["remote", "add", "origin", attack.outer().join("remote.git").to_str().unwrap()]);
    attack.git(&["fetch", "-q", "origin"]);
    for line in
        [&["apply", "--yes", "--push"][..], &["plan", "--base", "origin/main"], &["lock", "rm", "posts/one", "--push"]]
    {
        assert_all_tame(&attack, line);
    }
    attack.git(&["remote", "set-url", "origin", &format!("https://user:secret@127.0.0.1:9/{}", payload())]);
    assert_all_tame(&attack, &["apply", "--yes", "--push"]);
}

/// The values that programs read are those of the files, however they are written.
#[test]
fn json_keeps_every_character() {
    let attack = Attack::new();
    let caption = lines().replace('\r', "");
    let manifest = format!("kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption: {}\n", in_yaml(&caption));
    attack.write("content/posts/plain.yaml", manifest);
    let output = attack.command(&["plan", "--format", "json"]).output().unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let change = plan["changes"].as_array().unwrap().iter().find(|change| change["key"] == "posts/plain").unwrap();
    assert_eq!(change["caption"], caption.trim());
}

/// The check sees what it looks for.
#[test]
fn the_check_of_these_tests_bites() {
    for bad in [
        "\u{1b}[2J",
        "\u{1b}[38;5;199mx",
        "a\rb",
        "\u{9b}1m",
        "\u{202e}",
        "\u{7f}",
        "::error::x",
        "a\n  ::warning::x",
        "x ##vso[a]",
        "x ##[a]",
        "\u{1b}[1m::error::x",
    ] {
        assert!(std::panic::catch_unwind(|| assert_tame("bad", true, bad.as_bytes())).is_err(), "{bad:?}");
    }
    assert!(std::panic::catch_unwind(|| assert_tame("bad", false, b"\x1b[1mx")).is_err());
    assert_tame("good", true, b"\x1b[1mx\x1b[0m a::b\n::error file=x,line=1::y\n");
}
