//! What a branch can put where git looks for a repository, a filter, a hook or a remote.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use serde_json::Value;

use crate::attack::{Attack, picture};
use crate::project::{Output, Server, has};

const FORMATS: [&str; 4] = ["human", "json", "markdown", "github"];

/// A remote whose address is a command; the `PATH` has a trap in the place of `touch`.
const COMMAND: &str = "ext::touch owned";

/// A content root at `root` below the outer folder, which is in no repository yet.
pub fn content(root: &str) -> Attack {
    let attack = Attack::at(root);
    attack.write(&format!("{root}/igsync.lock"), "{\"igsync_lock\":1}\n");
    attack.write(
        &format!("{root}/igsync.yaml"),
        "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n",
    );
    attack.write(&format!("{root}/posts/one.jpg"), picture());
    attack.write(&format!("{root}/posts/one.yaml"), "kind: image\nimage: ./one.jpg\ncaption: The first one\n");
    attack.write(&format!("{root}/posts/two.jpg"), [picture(), vec![2]].concat());
    attack.write(&format!("{root}/posts/two.yaml"), "kind: image\nimage: ./two.jpg\ncaption: The second one\n");
    attack
}

/// Commits all of `work/` and pushes it to a bare repository beside it.
pub fn published(attack: &Attack) {
    attack.write("work/.gitignore", ".igsync/\n");
    attack.git(&["init", "-q", "--bare", "-b", "main", "origin/.git"]);
    attack.git(&["init", "-q", "-b", "main", "work"]);
    attack.git(&["-C", "work", "add", "-A"]);
    attack.git(&["-C", "work", "commit", "-q", "-m", "first"]);
    attack.git(&["-C", "work", "remote", "add", "origin", &path(attack, "origin/.git")]);
    attack.git(&["-C", "work", "push", "-q", "-u", "origin", "main"]);
}

fn path(attack: &Attack, below: &str) -> String {
    attack.outer().join(below).to_str().unwrap().to_owned()
}

/// Files that a branch can commit and that look like a repository without a work tree.
pub fn bare(attack: &Attack, at: &str, url: &str) {
    attack.write(&format!("{at}/HEAD"), "ref: refs/heads/main\n");
    attack.write(&format!("{at}/objects/.keep"), "");
    attack.write(&format!("{at}/refs/.keep"), "");
    attack.write(
        &format!("{at}/config"),
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\tfsmonitor = touch owned\n\
             \tpager = touch owned\n\tsshCommand = touch owned\n\thooksPath = hooks\n\
             [remote \"origin\"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
             [protocol \"ext\"]\n\tallow = always\n[log]\n\tshowSignature = true\n[gpg]\n\tprogram = touch\n\
             [filter \"x\"]\n\tclean = touch owned\n\tprocess = touch owned\n"
        ),
    );
}

/// The environment of a job that publishes to `server`.
pub fn in_ci(attack: Attack, server: &Server) -> Attack {
    attack
        .env("CI", "true")
        .env("IGSYNC_GRAPH_URL", &server.url())
        .env("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")
        .env("IGSYNC_POLL_INITIAL_MS", "20")
        .env("IGSYNC_POLL_MAX_MS", "100")
        .env("IGSYNC_SETTLE_MS", "50")
        .env("IGSYNC_LOOK_MS", "20")
}

/// What a branch of a bare repository holds under `file`.
fn held(attack: &Attack, repository: &str, file: &str) -> Option<String> {
    let output = Command::new("git")
        .args(["--git-dir", &path(attack, repository), "cat-file", "blob", &format!("main:{file}")])
        .output()
        .unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Everything that reads a branch: `validate`, and `plan` in every format, with and without `--base`.
fn looks(attack: &Attack, base: &str) -> Vec<Output> {
    let mut outputs = vec![attack.run(&["validate"])];
    for format in FORMATS {
        outputs.push(attack.run(&["plan", "--format", format]));
        outputs.push(attack.run(&["plan", "--format", format, "--base", base]));
    }
    outputs
}

/// Whether each post is the branch's own, by key.
fn in_diff(output: &Output) -> Vec<(String, bool)> {
    let plan: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let changes = plan["changes"].as_array().unwrap().iter();
    changes.map(|change| (change["key"].as_str().unwrap().to_owned(), change["in_diff"].as_bool().unwrap())).collect()
}

fn own(keys: &[(&str, bool)]) -> Vec<(String, bool)> {
    keys.iter().map(|(key, is_own)| ((*key).to_owned(), *is_own)).collect()
}

#[test]
fn what_looks_like_a_repository_is_none() {
    // In the content root, in a folder above it, beside the real `.git`, and in the folder of the posts.
    for (root, fake) in [
        ("work/site", "work/site"),
        ("work/between/site", "work/between"),
        ("work/site", "work"),
        ("work/site", "work/site/posts"),
    ] {
        let attack = content(root);
        bare(&attack, fake, COMMAND);
        published(&attack);
        let server = Server::start();
        let attack = in_ci(attack, &server);
        for output in looks(&attack, "origin/main") {
            output.exits(0);
        }
        let lockfile = format!("{}/igsync.lock", root.strip_prefix("work/").unwrap());
        let at_origin = || held(&attack, "origin/.git", &lockfile).unwrap();
        attack.run(&["resolve", "posts/two", "--published"]).exits(0);
        assert!(at_origin().contains("posts/two"), "{root} {fake}: {}", at_origin());
        attack.run(&["apply", "--yes"]).exits(0);
        assert!(at_origin().contains("\"via\":\"publish\""), "{root} {fake}: {}", at_origin());
        attack.run(&["lock", "rm", "posts/two", "--yes", "--push"]).exits(0);
        assert_eq!(server.published().len(), 1, "{root} {fake}");
        attack.assert_no_program_started();
    }
}

#[test]
fn a_record_never_goes_to_the_remote_of_an_embedded_repository() {
    for (root, fake) in [("work/site", "work/site"), ("work/between/site", "work/between"), ("work/a/b/c", "work/a")] {
        let attack = content(root);
        attack.git(&["init", "-q", "--bare", "-b", "main", "thief/.git"]);
        bare(&attack, fake, &path(&attack, "thief/.git"));
        published(&attack);
        // The thief has the branch as well, so nothing but the address tells the two apart.
        attack.git(&["-C", "work", "push", "-q", &path(&attack, "thief/.git"), "main"]);
        let server = Server::start();
        let attack = in_ci(attack, &server);
        attack.run(&["apply", "--yes"]).exits(0);
        let lockfile = format!("{}/igsync.lock", root.strip_prefix("work/").unwrap());
        assert!(held(&attack, "origin/.git", &lockfile).unwrap().contains("published"), "{root} {fake}");
        assert_eq!(held(&attack, "thief/.git", &lockfile).unwrap(), "{\"igsync_lock\":1}\n", "{root} {fake}");
    }
}

#[test]
fn without_a_real_repository_there_is_none() {
    for fake in ["work/site", "work"] {
        let attack = content("work/site");
        bare(&attack, fake, COMMAND);
        let server = Server::start();
        let attack = in_ci(attack, &server);
        attack.run(&["validate"]).exits(0);
        attack.run(&["plan"]).exits(0);
        attack.run(&["plan", "--base", "main"]).exits(64);
        attack.run(&["apply", "--yes"]).exits(5).says("git");
        attack.run(&["resolve", "posts/one", "--published", "--push"]).exits(1);
        attack.run(&["lock", "ignore", "posts/one", "--push"]).exits(1);
        assert_eq!(server.published().len(), 0);
    }
}

/// Adds settings that git's own command line could not write.
fn configure(attack: &Attack, bytes: &[u8]) {
    let file = attack.outer().join("work/.git/config");
    let mut config = fs::read(&file).unwrap();
    config.extend(bytes);
    attack.write("work/.git/config", config);
}

/// Sets the time of the index far back: every file then counts as written after it, and git compares contents.
fn backdate_the_index(attack: &Attack) {
    let index = fs::File::options().write(true).open(attack.outer().join("work/.git/index")).unwrap();
    index.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
}

/// Attributes that ask for the filter `name`, and a section of the configuration for it.
fn filter(name: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let quoted = |byte: &u8| if b"\"\\".contains(byte) { vec![b'\\', *byte] } else { vec![*byte] };
    let written: Vec<u8> = name.iter().flat_map(quoted).collect();
    let commands = b"clean = touch owned\nsmudge = touch owned\nrequired\n";
    ([b"* filter=", name, b"\n"].concat(), [b"[filter \"", &written[..], b"\"]\n", commands].concat())
}

#[test]
fn a_filter_of_the_real_configuration_runs_in_no_plan() {
    // A name as attributes have it: they may hold any byte but white space.
    let names: [&[u8]; 7] = [b"plain", b"\xff", b"a=b", b"a.b", b"UPPER", b"'\"\\", "h\u{e4}fen".as_bytes()];
    for name in names {
        let attack = content("work/site");
        let (attributes, section) = filter(name);
        attack.write("work/site/posts/.gitattributes", attributes);
        published(&attack);
        configure(&attack, &section);
        for process in [&b""[..], b"process = touch owned\n"] {
            configure(&attack, process);
            backdate_the_index(&attack);
            attack.run(&["validate"]).exits(0);
            let output = attack.run(&["plan", "--format", "json", "--base", "origin/main"]).exits(0);
            assert_eq!(in_diff(&output), own(&[("posts/one", false), ("posts/two", false)]));
        }
    }
}

#[test]
fn a_filter_is_switched_off_wherever_it_is_configured_and_asked_for() {
    for way in ["the branch's own file", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG"]
    {
        let attack = content("work/site");
        let (attributes, section) = filter(b"x");
        published(&attack);
        attack.write("work/.git/info/attributes", &attributes);
        attack.write("settings", if way == "GIT_CONFIG_GLOBAL" { &section[..] } else { b"" });
        let settings = path(&attack, "settings");
        let attack = match way {
            "GIT_CONFIG_COUNT" => {
                attack.env(way, "1").env("GIT_CONFIG_KEY_0", "filter.x.clean").env("GIT_CONFIG_VALUE_0", "touch owned")
            }
            "GIT_CONFIG_PARAMETERS" => attack.env(way, "'filter.x.clean=touch owned'"),
            "GIT_CONFIG_GLOBAL" => attack.env(way, &settings),
            // Only `git config` obeys it: the rest would be hidden from who looks for filters.
            "GIT_CONFIG" => {
                configure(&attack, &section);
                attack.env(way, &settings)
            }
            _ => {
                attack.write("work/site/settings", &section);
                configure(&attack, b"[include]\n\tpath = ../site/settings\n");
                attack
            }
        };
        backdate_the_index(&attack);
        let output = attack.run(&["plan", "--format", "json", "--base", "origin/main"]).exits(0);
        assert_eq!(in_diff(&output), own(&[("posts/one", false), ("posts/two", false)]), "{way}");
    }
}

/// Settings for whatever git could be told to run, in a file of the branch that the real configuration includes.
fn everything(attack: &Attack) {
    attack.write(
        "work/site/settings",
        "[core]\n\tfsmonitor = touch owned\n\tpager = touch owned\n\teditor = touch owned\n\tsshCommand = touch owned\n\
         \tgitProxy = touch owned\n\taskPass = touch owned\n\thooksPath = site/hooks\n\
         \talternateRefsCommand = touch owned\n\
         [pager]\n\tdiff-index = touch owned\n\tls-files = touch owned\n[diff]\n\texternal = touch owned\n\
         [diff \"x\"]\n\tcommand = touch owned\n\ttextconv = touch owned\n\
         [filter \"x\"]\n\tclean = touch owned\n\tprocess = touch owned\n\
         [alias]\n\trev-parse = !touch owned\n\tconfig = !touch owned\n\tdiff-files = !touch owned\n\
         [credential]\n\thelper = !touch owned\n[log]\n\tshowSignature = true\n[gpg]\n\tprogram = touch\n\
         [submodule]\n\trecurse = true\n[fetch]\n\trecurseSubmodules = true\n[push]\n\tgpgSign = if-asked\n\
         [commit]\n\tgpgSign = true\n",
    );
    attack.write("work/.gitattributes", "* diff=x filter=x\n");
    attack.write(
        "work/.gitmodules",
        "[submodule \"x\"]\n\tpath = x\n\turl = ext::touch owned\n\tupdate = !touch owned\n\tfetchRecurseSubmodules = true\n",
    );
    for hook in ["post-index-change", "reference-transaction", "pre-push", "fsmonitor-watchman", "post-checkout"] {
        let hook = format!("work/site/hooks/{hook}");
        attack.write(&hook, "#!/bin/sh\ntouch owned\n");
        let mut permissions = fs::metadata(attack.outer().join(&hook)).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        fs::set_permissions(attack.outer().join(&hook), permissions).unwrap();
    }
}

#[test]
fn nothing_that_the_real_configuration_names_runs_in_a_plan() {
    let attack = content("work/site");
    everything(&attack);
    attack.write("work/site/igsync.yaml", STATE_BRANCH);
    published(&attack);
    attack.git(&["-C", "work", "tag", "first"]);
    attack.write("work/site/posts/two.txt", "");
    attack.git(&["-C", "work", "add", "-A"]);
    attack.git(&["-C", "work", "commit", "-q", "-m", "second"]);
    attack.git(&["-C", "work", "push", "-q", "origin", "main", "main:igsync-state"]);
    configure(&attack, b"[include]\n\tpath = ../site/settings\n");
    // A partial clone, which fetches what it lacks: here by a command.
    configure(
        &attack,
        b"[extensions]\n\tpartialClone = origin\n[protocol \"ext\"]\n\tallow = always\n\
          [remote \"origin\"]\n\tpromisor = true\n\tpartialCloneFilter = blob:none\n\turl = ext::touch owned\n\
          [url \"ext::touch owned \"]\n\tinsteadOf = /\n",
    );
    backdate_the_index(&attack);
    attack.write("work/site/posts/new.yaml", "kind: image\nimage: ./one.jpg\ncaption: New\n");
    for output in looks(&attack, "origin/main") {
        output.exits(0);
    }
    // The record on its branch, and what the branch is compared with, are not in this clone.
    remove_object(&attack, "origin/igsync-state:site/igsync.lock");
    attack.run(&["plan"]).exits(0).says("igsync-state");
    attack.run(&["validate"]).exits(0);
    remove_object(&attack, "first:site/posts");
    attack.run(&["plan", "--base", "first"]).exits(1).says("could not compare");
}

const STATE_BRANCH: &str = "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  \
     hosting: { url: \"https://cdn.example.com/{path}\" }\ngit:\n  state_branch: igsync-state\n";

/// Takes an object from the clone, as a partial clone has it.
fn remove_object(attack: &Attack, name: &str) {
    let mut git = Command::new("git");
    let id = git.args(["--git-dir", &path(attack, "work/.git"), "rev-parse", name]).output().unwrap();
    let id = String::from_utf8(id.stdout).unwrap();
    let (folder, file) = id.trim().split_at(2);
    fs::remove_file(attack.outer().join("work/.git/objects").join(folder).join(file)).unwrap();
}

#[test]
fn a_hook_of_another_repository_does_not_lead_a_plan_there() {
    let attack = content("work/site");
    published(&attack);
    attack.write("other/posts/else.yaml", "kind: image\n");
    attack.git(&["init", "-q", "-b", "main", "other"]);
    attack.git(&["-C", "other", "add", "-A"]);
    attack.git(&["-C", "other", "commit", "-q", "-m", "other"]);
    attack.write("work/site/posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Edited\n");
    let [git_dir, index, work_tree] = ["other/.git", "other/.git/index", "other"].map(|below| path(&attack, below));
    let attack = attack
        .env("GIT_DIR", &git_dir)
        .env("GIT_INDEX_FILE", &index)
        .env("GIT_WORK_TREE", &work_tree)
        .env("GIT_OBJECT_DIRECTORY", &format!("{git_dir}/objects"))
        .env("GIT_COMMON_DIR", &git_dir)
        .env("GIT_PREFIX", "posts/")
        .env("GIT_NAMESPACE", "other")
        .env("GIT_ICASE_PATHSPECS", "1")
        .env("GIT_TRACE", "1");
    let output = attack.run(&["plan", "--format", "json", "--base", "origin/main"]).exits(0);
    assert_eq!(in_diff(&output), own(&[("posts/one", true), ("posts/two", false)]));
    let server = Server::start();
    let attack = in_ci(attack, &server);
    attack.run(&["resolve", "posts/one", "--published"]).exits(0);
    assert!(held(&attack, "origin/.git", "site/igsync.lock").unwrap().contains("posts/one"));
}

/// Runs `igsync` in another folder than the content root of the attack.
fn run_in(attack: &Attack, folder: &OsStr, arguments: &[&str]) -> Output {
    let output = attack.command(arguments).current_dir(attack.outer().join(folder)).output().unwrap();
    attack.assert_no_program_started();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Output { code: output.status.code().unwrap_or(-1), stdout, stderr }
}

#[test]
fn a_worktree_and_a_submodule_have_a_repository_of_their_own() {
    let attack = content("source/site");
    attack.git(&["init", "-q", "-b", "main", "source"]);
    attack.git(&["-C", "source", "add", "-A"]);
    attack.git(&["-C", "source", "commit", "-q", "-m", "first"]);
    attack.git(&["-C", "source", "worktree", "add", "-q", "-b", "topic", "../worktree"]);
    attack.git(&["init", "-q", "-b", "main", "outer"]);
    attack.git(&["-C", "outer", "submodule", "--quiet", "add", "../source", "sub"]);
    attack.git(&["-C", "outer", "commit", "-q", "-m", "outer"]);
    // The main repository of worktrees may have no work tree of its own.
    attack.git(&["-C", "source", "config", "core.bare", "true"]);
    for folder in ["worktree/site", "outer/sub/site"] {
        attack.write(&format!("{folder}/posts/two.yaml"), "kind: image\nimage: ./two.jpg\ncaption: Edited\n");
        let output = run_in(&attack, OsStr::new(folder), &["plan", "--format", "json", "--base", "main"]).exits(0);
        assert_eq!(in_diff(&output), own(&[("posts/one", false), ("posts/two", true)]), "{folder}");
    }
    for (folder, why) in [("source/site", "no work tree"), ("source/.git/info", "lies inside it")] {
        attack.write(&format!("{folder}/posts/keep"), "");
        run_in(&attack, OsStr::new(folder), &["plan", "--base", "main"]).exits(1).says(why);
    }
    // What a `.git` names is the repository or nothing: the search does not continue to the folder above.
    attack.write("work/.git", "gitdir: ../gone\n");
    fs::create_dir_all(attack.outer().join("work/site")).unwrap();
    fs::rename(attack.outer().join("source/site/posts"), attack.outer().join("work/site/posts")).unwrap();
    attack.git(&["init", "-q", "-b", "main", "."]);
    attack.git(&["commit", "-q", "--allow-empty", "-m", "above"]);
    run_in(&attack, OsStr::new("work/site"), &["plan", "--base", "main"]).exits(1).says("names no repository");
}

#[test]
fn gits_own_doubt_about_the_owner_of_a_repository_holds() {
    let attack = content("work/site");
    published(&attack);
    let server = Server::start();
    let attack = in_ci(attack, &server).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    attack.run(&["plan", "--base", "origin/main"]).exits(1).says("dubious ownership");
    attack.run(&["apply", "--yes"]).exits(5).says("dubious ownership");
    assert_eq!(server.published().len(), 0);
}

#[test]
fn a_name_that_is_no_text_reaches_git_as_it_is() {
    let name = OsStr::from_bytes(b"b\xff");
    let attack = content("work/site");
    let (root, inner) = (attack.root().to_owned(), attack.root().join(name));
    fs::create_dir(&inner).unwrap();
    for entry in ["igsync.lock", "igsync.yaml", "posts"] {
        fs::rename(root.join(entry), inner.join(entry)).unwrap();
    }
    // Beside every folder on the way, too.
    for folder in [&inner, &root, &attack.outer().join("work")] {
        fs::copy(inner.join("posts/one.jpg"), folder.join(OsStr::from_bytes(b"\xfe.jpg"))).unwrap();
    }
    published(&attack);
    let server = Server::start();
    let attack = in_ci(attack, &server);
    let output = run_in(&attack, inner.as_os_str(), &["plan", "--format", "json", "--base", "origin/main"]).exits(0);
    assert_eq!(in_diff(&output), own(&[("posts/one", false), ("posts/two", false)]));
    run_in(&attack, inner.as_os_str(), &["apply", "--yes"]).exits(0);
    let mut git = Command::new("git");
    let list = git.args(["--git-dir", &path(&attack, "origin/.git"), "ls-tree", "-r", "-z", "--name-only", "main"]);
    let files = list.output().unwrap().stdout;
    let mut files: Vec<&[u8]> = files.split(|byte| *byte == 0).collect();
    files.sort_unstable();
    let expected: [&[u8]; 11] = [
        b"",
        b".gitignore",
        b"\xfe.jpg",
        b"site/\xfe.jpg",
        b"site/b\xff/\xfe.jpg",
        b"site/b\xff/igsync.lock",
        b"site/b\xff/igsync.yaml",
        b"site/b\xff/posts/one.jpg",
        b"site/b\xff/posts/one.yaml",
        b"site/b\xff/posts/two.jpg",
        b"site/b\xff/posts/two.yaml",
    ];
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(files, expected);
    attack.assert_no_program_started();
}

#[test]
fn a_program_of_the_branch_is_not_taken_for_git() {
    let attack = content("work/site");
    for folder in ["work/site", "work/site/bin"] {
        attack.write(&format!("{folder}/git"), "");
        fs::remove_file(attack.outer().join(folder).join("git")).unwrap();
        fs::copy(attack.outer().join("traps/touch"), attack.outer().join(folder).join("git")).unwrap();
    }
    published(&attack);
    let rest = std::env::var("PATH").unwrap();
    for start in ["", ".", "bin", "./bin"] {
        let output = attack.command(&["plan", "--base", "origin/main"]).env("PATH", format!("{start}:{rest}")).output();
        assert_eq!(output.unwrap().status.code(), Some(0), "{start:?}");
        attack.assert_no_program_started();
    }
}

#[test]
fn a_plan_starts_no_program_but_git() {
    if !has("strace", Command::new("strace").arg("-V").output().is_ok()) {
        return;
    }
    let attack = content("work/site");
    everything(&attack);
    published(&attack);
    configure(&attack, b"[include]\n\tpath = ../site/settings\n");
    backdate_the_index(&attack);
    let started = |arguments: &[&str]| -> Vec<String> {
        let log = attack.outer().join("work/.git/started");
        let plan = attack.command(arguments);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", "trace=execve,execveat", "-e", "signal=none", "-s", "4000", "-o"]).arg(&log);
        strace.arg(plan.get_program()).args(plan.get_args()).current_dir(attack.root()).env_clear();
        strace.envs(plan.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = strace.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let log = fs::read_to_string(log).unwrap();
        // `PID execve("/usr/bin/git", ["git", …], …) = 0`; what was looked for and not found has ended otherwise.
        let started = log.lines().filter(|line| line.ends_with(" = 0"));
        let is_ours = |line: &&str| !["/sh", "/igsync"].iter().any(|name| program(line).ends_with(name));
        started.filter(is_ours).map(str::to_owned).collect()
    };
    // What git tracks below `.igsync/` is asked before anything there is believed, what it ignores before anything is
    // read, and nothing else.
    let asks_only_for_files = |lines: &[String]| {
        let names = |line: &&String| program(line).ends_with("/git") && line.contains("\"ls-files\"");
        let asks = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
        let (ignored, submodules) = (asks("\"--ignored\""), asks("\"--stage\""));
        lines.iter().filter(names).count() == lines.len() && (ignored, submodules) == (1, 1) && lines.len() <= 3
    };
    for format in FORMATS {
        let plain = started(&["plan", "--format", format]);
        assert!(asks_only_for_files(&plain), "{plain:#?}");
        let based = started(&["plan", "--format", format, "--base", "origin/main"]);
        assert!(based.len() > 1 && based.iter().all(|line| program(line).ends_with("/git")), "{based:#?}");
    }
    let validate = started(&["validate"]);
    assert!(asks_only_for_files(&validate), "{validate:#?}");
}

/// The path of the program that a line of strace is about.
pub fn program(line: &str) -> &str {
    line.split('"').nth(1).unwrap()
}

/// Gives the newest commit a signature, which only a program could check.
fn sign(attack: &Attack) {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["--git-dir", &path(attack, "work/.git")]).args(arguments);
        git
    };
    let commit = String::from_utf8(git(&["cat-file", "commit", "HEAD"]).output().unwrap().stdout).unwrap();
    let signed = commit.replacen(
        "\n\n",
        "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n eA==\n -----END PGP SIGNATURE-----\n\n",
        1,
    );
    attack.write("work/.git/signed", signed);
    let made = git(&["hash-object", "-t", "commit", "-w", &path(attack, "work/.git/signed")]).output().unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    assert!(git(&["update-ref", "HEAD", made.trim()]).status().unwrap().success());
}

#[test]
fn apply_speaks_to_remotes_and_runs_nothing_else() {
    let attack = content("work/site");
    everything(&attack);
    published(&attack);
    attack.git(&["-C", "work", "tag", "first"]);
    let server = Server::start();
    let attack = in_ci(attack, &server);
    attack.run(&["apply", "--yes", "--target", "posts/one"]).exits(0);
    // Live without a record: git is asked when the manifest came, and the commit that brought it is signed.
    fs::remove_dir_all(attack.root().join(".igsync")).unwrap();
    attack.git(&["-C", "work", "reset", "-q", "--hard", "first"]);
    sign(&attack);
    attack.git(&["-C", "work", "push", "-q", "-f", "origin", "main"]);
    configure(&attack, b"[include]\n\tpath = ../site/settings\n");
    attack.run(&["apply", "--yes"]).exits(0);
    let lockfile = held(&attack, "origin/.git", "site/igsync.lock").unwrap();
    assert!(lockfile.contains("\"via\":\"adopted\"") && lockfile.contains("\"via\":\"publish\""), "{lockfile}");
    assert_eq!(server.published().len(), 2);
}
