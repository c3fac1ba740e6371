//! Links, hidden and ignored files, and what a branch commits below `.igsync/`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::attack::{Attack, CANARY, picture};
use crate::project::Output;

/// Every way to look at a content root and to change it, but for the sandbox, which does not end by itself.
const COMMANDS: &[&[&str]] = &[
    &["validate"],
    &["validate", "--format", "json"],
    &["plan"],
    &["plan", "--format", "json"],
    &["plan", "--format", "markdown"],
    &["apply", "--sandbox", "--yes"],
    &["apply", "--yes"],
    &["status"],
    &["resolve", "posts/one", "--not-published"],
    &["lock", "list"],
    &["lock", "ignore", "posts/one"],
];

impl Attack {
    /// Files and links of the content root with their bytes; a link has its target.
    fn inside(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = walkdir::WalkDir::new(self.root()).into_iter().filter_map(Result::ok);
        let entries = entries.filter(|entry| !entry.file_type().is_dir());
        let bytes = |path: &PathBuf| match fs::read_link(path) {
            Ok(target) => target.into_os_string().into_encoded_bytes(),
            Err(_) => fs::read(path).unwrap_or_default(),
        };
        entries.map(walkdir::DirEntry::into_path).map(|path| (path.clone(), bytes(&path))).collect()
    }

    /// Runs `igsync`; besides what [`Attack::run`] sees to, nothing that it writes holds the canary.
    #[track_caller]
    fn tries(&self, arguments: &[&str]) -> Output {
        let before = self.inside();
        let output = self.run(arguments);
        for (path, bytes) in self.inside().into_iter().filter(|(path, bytes)| before.get(path) != Some(bytes)) {
            assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{arguments:?} wrote it to {}", path.display());
        }
        output
    }

    /// The same for a command that must change nothing inside either.
    #[track_caller]
    fn refuses(&self, arguments: &[&str], link: &str) -> Output {
        let before = self.inside();
        let output = self.tries(arguments).exits(5).says("is a symbolic link").says(link);
        assert_eq!(before, self.inside(), "{arguments:?} wrote something");
        output
    }

    /// Starts `igsync sandbox`; the address that it says it listens on, none when it ends before.
    fn sandbox(&self, arguments: &[&str]) -> (Running, Option<String>) {
        let mut command = self.command(&[&["sandbox", "--port", "0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (
            Running(child),
            line.trim_end().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).map(str::to_owned),
        )
    }
}

struct Running(Child);

impl Running {
    /// How it ended by itself, and what it said.
    fn ended(&mut self) -> (i32, String) {
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap().code().unwrap(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One request over plain HTTP; the whole answer.
fn get(address: &str, path: &str) -> String {
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

const MEDIA_NAME: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.jpg";

#[test]
fn a_link_anywhere_in_the_private_folder_is_refused() {
    let media = format!(".igsync/sandbox/media/{MEDIA_NAME}");
    for (link, target) in [
        (".igsync", "../outside"),
        (".igsync/.gitignore", "../../outside/profile"),
        (".igsync/journal.jsonl", "../../outside/profile"),
        (".igsync/run.lock", "../../outside/profile"),
        (".igsync/digests.jsonl", "../../outside/profile"),
        (".igsync/expiry.jsonl", "../../outside/profile"),
        (".igsync/converted", "../../outside"),
        (".igsync/sandbox", "../../outside"),
        (".igsync/sandbox/requests.jsonl", "../../../outside/profile"),
        (".igsync/sandbox/state.jsonl", "../../../outside/profile"),
        (".igsync/sandbox/igsync.lock", "../../../outside/profile"),
        (".igsync/sandbox/uploads", "../../../outside"),
        (".igsync/sandbox/media", "../../../outside"),
        (media.as_str(), "../../../../outside/secret.txt"),
        (".igsync/of/no/meaning", "/dev/null"),
        (".igsync/dangling", "../../outside/new"),
        (".igsync/inside", "../posts"),
    ] {
        let attack = Attack::new();
        attack.link(&format!("content/{link}"), target);
        for command in [&["validate"][..], &["apply", "--sandbox", "--yes"]] {
            let _ = attack.refuses(command, link).says("git rm --cached ");
        }
    }
}

#[test]
fn every_command_refuses_a_link_in_the_private_folder() {
    for (link, target) in [(".igsync/sandbox/requests.jsonl", "../../../outside/profile"), (".igsync", "../outside")] {
        let attack = Attack::new();
        attack.link(&format!("content/{link}"), target);
        for command in COMMANDS {
            let _ = attack.refuses(command, link);
        }
        let (mut sandbox, address) = attack.sandbox(&[]);
        assert_eq!(address, None);
        let (code, said) = sandbox.ended();
        assert!(code == 5 && said.contains(link), "{code}\n{said}");
    }
}

#[test]
fn the_sandbox_refuses_links_in_the_folder_that_it_is_given() {
    let attack = Attack::new();
    attack.link("content/data/requests.jsonl", "../../outside/profile");
    attack.link("content/media/media", "../../outside");
    attack.link("content/folder", "../outside");
    for data in ["data", "media", "folder", "folder/new", "./data/../folder"] {
        let (mut sandbox, address) = attack.sandbox(&["--data", data]);
        assert_eq!(address, None, "{data}");
        let (code, said) = sandbox.ended();
        assert!(code == 5 && said.contains("is a symbolic link"), "{data}: {code}\n{said}");
    }
    assert!(!attack.outer().join("outside/new").exists() && !attack.outer().join("outside/media").exists());
}

#[test]
fn the_sandbox_serves_and_writes_no_link_that_comes_later() {
    let attack = Attack::new();
    let (_sandbox, address) = attack.sandbox(&[]);
    let address = address.unwrap();
    attack.link(&format!("content/.igsync/sandbox/media/{MEDIA_NAME}"), "../../../../outside/secret.txt");
    attack.link("content/.igsync/sandbox/requests.jsonl", "../../../outside/profile");
    let answer = get(&address, &format!("/_sandbox/media/{MEDIA_NAME}"));
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(!answer.contains(CANARY));
    // More than a batch of the log.
    for _ in 0..70 {
        get(&address, "/v25.0/me?fields=id&access_token=SANDBOX");
    }
    assert_eq!(fs::read_to_string(attack.outer().join("outside/profile")).unwrap(), "# a start-up file\n");
}

#[test]
fn a_linked_lockfile_is_refused() {
    for target in ["../outside/profile", "posts/one.yaml", "../outside/new"] {
        let attack = Attack::new();
        fs::remove_file(attack.root().join("igsync.lock")).unwrap();
        attack.link("content/igsync.lock", target);
        for command in COMMANDS.iter().filter(|command| command[1..] != ["--sandbox", "--yes"]) {
            let _ = attack.refuses(command, "igsync.lock");
        }
    }
    let attack = Attack::new();
    attack.link("content/other.lock", "../outside/secret.txt");
    attack.link("content/folder", "../outside");
    for file in ["other.lock", "folder/secret.txt"] {
        let _ = attack.tries(&["lock", "merge", file]).exits(5).says("is a symbolic link");
    }
}

#[test]
fn init_writes_through_no_link() {
    for (link, target) in [
        ("posts", "../outside"),
        (".github", "../outside"),
        (".github/workflows", "../../outside"),
        (".vscode", "../outside"),
        ("posts/example.yaml", "../../outside/new"),
        ("igsync.yaml", "../outside/profile"),
        (".gitignore", "../outside/new"),
        ("igsync.lock", "../outside/secret.txt"),
    ] {
        let attack = Attack::at("content");
        attack.link(&format!("content/{link}"), target);
        let _ = attack.refuses(&["init", "--action", "acme/igsync@v1"], link);
    }
}

#[test]
fn init_makes_no_folder_through_a_link() {
    let attack = Attack::at("content");
    attack.link("content/site", "../outside");
    for folder in ["site", "site/deep", "./new/../site"] {
        let _ = attack.refuses(&["init", folder], "site");
    }
    // What is not below the current folder is the user's own.
    attack.link("mine", "content");
    let _ = attack.tries(&["init", "../mine/new"]).exits(0);
    assert!(attack.root().join("new/igsync.yaml").is_file());
    attack.git(&["init", "--quiet"]);
    let _ = attack.tries(&["init", "../mine/newer"]).exits(5).says("mine is a symbolic link");
}

#[test]
fn new_writes_through_no_link() {
    for (link, target) in [
        ("posts/2026", "../../outside"),
        ("posts/2026/07", "../../../outside"),
        ("posts/2026/07/harbour.yaml", "../../../../outside/new"),
        ("posts/2026/07/harbour.yaml", "../../one.yaml"),
    ] {
        let attack = Attack::new();
        attack.link(&format!("content/{link}"), target);
        let _ = attack.refuses(&["new", "image", "2026/07/harbour"], link);
    }
    let attack = Attack::new();
    attack.link("content/feed", "../outside");
    attack.write("content/igsync.yaml", "posts: [feed]\n");
    let _ = attack.refuses(&["new", "image", "harbour"], "feed");
}

#[test]
fn no_line_of_a_linked_configuration_is_shown() {
    for link in
        ["igsync.yaml", "posts/_defaults.yaml", "_defaults.yaml", ".gitignore", "posts/.gitignore", "posts/one.yaml"]
    {
        for target in ["outside/secret.txt", "outside/nowhere", "content/posts/one.jpg", "outside"] {
            let attack = Attack::new();
            let _ = fs::remove_file(attack.root().join(link));
            attack.link(&format!("content/{link}"), attack.outer().join(target));
            for command in COMMANDS.iter().filter(|command| ["validate", "plan"].contains(&command[0])) {
                let output = attack.tries(command).says("symbolic link").says(link);
                let finds = !command.contains(&"plan");
                assert!(!finds || output.code == 1, "{link}: {output:?}");
            }
            let validated = attack.tries(&["validate"]).exits(1);
            assert!(validated.stdout.ends_with(": 1 error, 0 warnings.\n"), "{link}: {}", validated.stdout);
            let _ = attack.tries(&["apply", "--sandbox", "--yes"]).exits(1);
        }
    }
}

#[test]
fn a_configuration_that_is_named_is_read_through_no_link_of_a_branch() {
    let attack = Attack::new();
    attack.link("content/ci.yaml", "../outside/secret.txt");
    attack.link("content/ci", "../outside");
    for config in ["ci.yaml", "ci/secret.txt", "../content/ci.yaml"] {
        for command in ["validate", "plan", "apply"] {
            let _ = attack.tries(&["--config", config, command]).says("symbolic link");
        }
        let _ = attack.tries(&["--config", config, "validate"]).exits(1);
    }
    // A link of the user's own, beside the content root and in no repository.
    attack.write(
        "mine/real.yaml",
        "accounts:\n  harbour:\n    user_id: \"1\"\nposts: [posts]\nrules: { no-hosting: off }\n",
    );
    attack.link("linked.yaml", "mine/real.yaml");
    let _ = attack.tries(&["--config", "../linked.yaml", "validate"]).exits(0);
    attack.git(&["init", "--quiet"]);
    let _ = attack.tries(&["--config", "../linked.yaml", "validate"]).exits(1).says("symbolic link");
}

/// Manifests whose file is the link `content/LINK`.
const LINKED: &[(&str, &str)] = &[
    ("posts/x.jpg", "kind: image\nimage: ./x.jpg\n"),
    ("posts/x.jpg", "kind: story\nimage: x.jpg\n"),
    ("posts/x.jpg", "kind: carousel\nitems:\n  - image: ./one.jpg\n  - image: ./x.jpg\n"),
    ("posts/x.mp4", "kind: reel\nvideo: ./x.mp4\n"),
    ("posts/x.jpg", "kind: reel\nvideo: https://cdn.example.com/a.mp4\ncover: ./x.jpg\n"),
    ("posts/x.txt", "kind: image\nimage: ./one.jpg\ncaption_file: ./x.txt\n"),
];

#[test]
fn no_caption_and_no_media_is_read_through_a_link() {
    for (link, manifest) in LINKED {
        for target in ["outside/secret.txt", "outside/nowhere", "outside", "content/posts/one.jpg"] {
            let attack = Attack::new();
            attack.write("content/posts/two.yaml", manifest);
            attack.link(&format!("content/{link}"), attack.outer().join(target));
            let said = format!("{link} is a symbolic link");
            let _ = attack.tries(&["validate"]).exits(1).says(&said).says("posts/two.yaml:");
            let _ = attack.tries(&["plan", "--format", "markdown"]).says("symbolic link");
            let _ = attack.tries(&["apply", "--sandbox", "--yes"]).says("symbolic link");
        }
    }
}

#[test]
fn no_caption_and_no_media_is_read_through_a_linked_folder() {
    let attack = Attack::new();
    attack.link("content/media", "../outside");
    attack.link("content/inner", "posts");
    attack.write("content/posts/two.yaml", "kind: image\nimage: ../media/secret.txt\n");
    attack.write("content/posts/three.yaml", "kind: image\nimage: ../inner/one.jpg\n");
    attack.write("content/posts/four.yaml", "kind: image\nimage: ./one.jpg\ncaption_file: ../media/secret.txt\n");
    let validated = attack.tries(&["validate", "--format", "json"]).exits(1);
    assert_eq!(validated.stdout.matches("IGS1037").count(), 3, "{}", validated.stdout);
    let _ = validated.says("media is a symbolic link").says("inner is a symbolic link");
}

/// Places of a caption in a manifest of `posts/`, each with a file that no post may use.
const HIDDEN: &[(&str, &str)] = &[
    (".git/config", "../.git/config"),
    (".git/config", "./sub/../../.git//config"),
    (".env", "../.env"),
    (".igsync/journal.jsonl", "../.igsync/journal.jsonl"),
    ("posts/.notes.txt", ".notes.txt"),
    ("media/.drafts/deep/note.txt", "../media/.drafts/deep/note.txt"),
    (".GIT/config", "../.GIT/config"),
    ("\u{200d}.git/config", "../\u{200d}.git/config"),
];

/// Manifests that name PLACE as a caption and as each kind of media.
const USES: &[&str] = &[
    "kind: image\nallow_duplicate: true\nimage: ./one.jpg\ncaption_file: PLACE\n",
    "kind: image\nimage: PLACE\n",
    "kind: story\nvideo: PLACE\n",
    "kind: carousel\nitems:\n  - image: ./one.jpg\n  - video: PLACE\n",
    "kind: reel\nvideo: https://cdn.example.com/a.mp4\ncover: PLACE\n",
];

#[test]
fn nothing_hidden_is_read() {
    for (file, place) in HIDDEN {
        let attack = Attack::new();
        attack.write(&format!("content/{file}"), CANARY);
        for manifest in USES {
            attack.write("content/posts/two.yaml", manifest.replace("PLACE", place));
            let _ = attack.tries(&["validate"]).exits(1).says("IGS1038 hidden-file").says("posts/two.yaml:");
        }
        attack.write("content/posts/two.yaml", USES[0].replace("PLACE", place));
        for format in ["human", "json", "markdown", "github"] {
            let _ = attack.tries(&["plan", "--format", format]);
        }
        // The journal is read as a journal.
        if !file.starts_with(".igsync") {
            let _ = attack.tries(&["apply", "--sandbox", "--yes", "--target", "posts/two"]).exits(1);
        }
    }
}

#[test]
fn nothing_that_git_ignores_is_read() {
    for (ignore, pattern, file) in [
        (".gitignore", "secrets/", "secrets/note.txt"),
        (".gitignore", "*.key", "media/deep/brand.key"),
        (".gitignore", "/media/*\n!/media/*.jpg", "media/brand.txt"),
        ("media/.gitignore", "deep", "media/deep/further/note.txt"),
        ("posts/.gitignore", "note.*", "posts/note.txt"),
    ] {
        let attack = Attack::new();
        attack.write(&format!("content/{ignore}"), format!("{pattern}\n"));
        attack.write(&format!("content/{file}"), CANARY);
        for manifest in USES {
            attack.write("content/posts/two.yaml", manifest.replace("PLACE", &format!("../{file}")));
            let said = format!("{file} is excluded by {ignore}");
            let found = attack.tries(&["validate"]).exits(1).says("IGS1039 ignored-file").says(&said);
            let _ = found.says("posts/two.yaml:");
        }
        attack.write("content/posts/two.yaml", USES[0].replace("PLACE", &format!("../{file}")));
        for command in COMMANDS {
            let _ = attack.tries(command);
        }
    }
}

#[test]
fn nothing_that_the_repository_around_ignores_is_read() {
    for (ignore, pattern) in [
        (".gitignore", "content/posts/note.txt"),
        (".gitignore", "note.*"),
        (".gitignore", "/content/**/note.txt"),
        (".git/info/exclude", "note.txt"),
    ] {
        let attack = Attack::new();
        attack.git(&["init", "-q"]);
        attack.write(ignore, format!("{pattern}\n"));
        attack.write("content/posts/note.txt", CANARY);
        attack.git(&["check-ignore", "-q", "content/posts/note.txt"]);
        attack.write("content/posts/two.yaml", USES[0].replace("PLACE", "./note.txt"));
        let _ = attack.tries(&["validate"]).exits(1).says("IGS1039 ignored-file");
        for command in COMMANDS {
            let _ = attack.tries(command);
        }
    }
    // What igsync cannot compare as git does is no pattern that excludes nothing.
    let attack = Attack::new();
    attack.write("content/posts/.gitignore", "[[:alpha:]]ote.txt\n");
    let _ = attack.tries(&["validate"]).exits(1).says("a pattern has a class");
    let _ = attack.tries(&["apply", "--sandbox", "--yes"]).exits(1);
}

/// By what only git knows how to read: its configuration, patterns of every form, and the repository's other places.
#[test]
fn nothing_that_git_alone_ignores_is_read() {
    let refuses = |attack: &Attack, place: &str| {
        attack.write("content/posts/two.yaml", USES[0].replace("PLACE", place));
        attack.git(&["add", "--force", "content/posts/two.yaml"]);
        let said = attack.tries(&["validate"]).exits(1).says("IGS1039 ignored-file").says("is ignored by git");
        let _ = said.says("git check-ignore -v -- ");
        for command in COMMANDS {
            let _ = attack.tries(command);
        }
    };
    for (pattern, file) in [
        ("[\\]]note.txt", "]note.txt"),
        // The content root itself is excluded, and what is tracked in it is not.
        ("/content/", "note.txt"),
    ] {
        let attack = repository();
        attack.write(".gitignore", format!("{pattern}\n"));
        attack.write(&format!("content/posts/{file}"), CANARY);
        attack.git(&["check-ignore", "-q", &format!("content/posts/{file}")]);
        refuses(&attack, &format!("./{file}"));
    }

    let by_configuration = repository();
    by_configuration.write("patterns", "note.txt\n");
    let patterns = by_configuration.outer().join("patterns");
    by_configuration.git(&["config", "core.excludesFile", patterns.to_str().unwrap()]);
    by_configuration.write("content/posts/note.txt", CANARY);
    refuses(&by_configuration, "./note.txt");

    let in_any_case = repository();
    in_any_case.git(&["config", "core.ignoreCase", "true"]);
    in_any_case.write(".gitignore", "NOTE.TXT\n");
    in_any_case.write("content/posts/note.txt", CANARY);
    refuses(&in_any_case, "./note.txt");

    // In a worktree `info/exclude` is elsewhere.
    let in_worktree = Attack::at("tree/content");
    in_worktree.git(&["init", "-q", "main"]);
    in_worktree.git(&["-C", "main", "commit", "-q", "--allow-empty", "-m", "x"]);
    in_worktree.git(&["-C", "main", "worktree", "add", "-q", "--force", "../tree/site"]);
    in_worktree.write("main/.git/info/exclude", "note.txt\n");
    std::fs::rename(in_worktree.outer().join("tree/site/.git"), in_worktree.outer().join("tree/.git")).unwrap();
    in_worktree.git(&["-C", "main", "worktree", "repair", "../tree"]);
    in_worktree.write(
        "tree/content/igsync.yaml",
        "accounts: { harbour: {} }\nmedia: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n",
    );
    in_worktree.write("tree/content/posts/note.txt", CANARY);
    in_worktree.write("tree/content/posts/two.yaml", USES[0].replace("PLACE", "./note.txt"));
    let _ = in_worktree.tries(&["validate"]).exits(1).says("is ignored by git");
}

/// Git says nothing of what is in another repository, or where a branch claims that there is one.
#[test]
fn nothing_in_another_repository_is_read() {
    let uses = |attack: &Attack, place: &str, said: &str| {
        attack.write("content/posts/two.yaml", USES[0].replace("PLACE", place));
        let _ = attack.tries(&["validate"]).exits(1).says("IGS1039 ignored-file").says(said);
        for command in COMMANDS {
            let _ = attack.tries(command);
        }
    };
    let nested = repository();
    nested.git(&["init", "-q", "content/posts/other"]);
    nested.write("content/posts/other/note.txt", CANARY);
    uses(&nested, "./other/note.txt", "is in another repository");

    // A submodule in the index, and no repository in its folder.
    let claimed = repository();
    claimed.write("patterns", "private/\n");
    let patterns = claimed.outer().join("patterns");
    claimed.git(&["config", "core.excludesFile", patterns.to_str().unwrap()]);
    claimed.write("content/posts/private/note.txt", CANARY);
    claimed.write("content/posts/private/three.yaml", "kind: image\nimage: ../one.jpg\ncaption: Private\n");
    let entry = format!("160000,{},content/posts/private", "1".repeat(40));
    claimed.git(&["update-index", "--add", "--cacheinfo", &entry]);
    uses(&claimed, "./private/note.txt", "is ignored by git");
    let planned = claimed.tries(&["plan", "--sandbox"]);
    assert!(!planned.stdout.contains("private/three"), "{}", planned.stdout);

    let submodule = repository();
    submodule.git(&["init", "-q", "module"]);
    submodule.write("module/shared.txt", "A caption for several teams\n");
    submodule.git(&["-C", "module", "add", "shared.txt"]);
    submodule.git(&["-C", "module", "commit", "-q", "-m", "x"]);
    submodule.git(&["submodule", "--quiet", "add", "./module", "content/posts/module"]);
    submodule.write(".git/modules/content/posts/module/info/exclude", "note.txt\n");
    submodule.write("content/posts/module/note.txt", CANARY);
    uses(&submodule, "./module/note.txt", "is ignored by git");
    submodule.write("content/posts/two.yaml", USES[0].replace("PLACE", "./module/shared.txt"));
    let _ = submodule.tries(&["validate"]).exits(0);
}

#[test]
fn a_folder_of_manifests_that_git_ignores_is_refused() {
    for (posts, pattern) in [("posts", "/content/posts/"), ("queue", "queue"), ("private/queue", "private/")] {
        for by_configuration in [false, true] {
            let attack = repository();
            attack.write(
                "content/igsync.yaml",
                format!("accounts: {{ harbour: {{}} }}\nposts: [{posts}]\nmedia: {{ hosting: {{ url: \"https://cdn.example.com/{{path}}\" }} }}\n"),
            );
            attack.write("content/one.jpg", picture());
            attack.write(&format!("content/{posts}/two.yaml"), "kind: story\nimage: https://cdn.example.com/a.jpg\n");
            attack.git(&["rm", "-q", "-r", "--cached", "content/posts"]);
            if by_configuration {
                attack.write("patterns", format!("{pattern}\n"));
                let patterns = attack.outer().join("patterns");
                attack.git(&["config", "core.excludesFile", patterns.to_str().unwrap()]);
            } else {
                attack.write(".gitignore", format!("{pattern}\n"));
            }
            let _ = attack.tries(&["validate"]).exits(1).says("leads to manifests and is ignored by git");
            let _ = attack.tries(&["apply", "--sandbox", "--yes"]).exits(1);
        }
    }
}

/// What is tracked is reviewed, whatever the patterns say.
#[test]
fn what_git_tracks_is_read_although_a_pattern_names_it() {
    let attack = repository();
    attack.write("content/posts/.gitignore", "*.jpg\n*.yaml\n/queue/\n");
    attack.write("content/posts/queue/two.yaml", "kind: image\nimage: ../two.jpg\ncaption: Two\n");
    attack.write("content/posts/two.jpg", picture());
    attack.write("content/posts/ONE.JPG", CANARY);
    attack.git(&["add", "--force", "content/posts/queue", "content/posts/two.jpg"]);
    let planned = attack.tries(&["plan", "--sandbox"]).exits(0);
    assert!(planned.stdout.contains("posts/queue/two") && planned.stdout.contains("posts/one"), "{}", planned.stdout);
}

#[test]
fn a_manifest_that_git_alone_ignores_is_no_post() {
    let attack = repository();
    attack.write("patterns", "private-*\n");
    let patterns = attack.outer().join("patterns");
    attack.git(&["config", "core.excludesFile", patterns.to_str().unwrap()]);
    attack.write("content/posts/private-two.yaml", "kind: image\nimage: ./one.jpg\ncaption: Another\n");
    let planned = attack.tries(&["plan", "--sandbox"]);
    assert!(planned.stdout.contains("posts/one") && !planned.stdout.contains("private-two"), "{}", planned.stdout);
}

/// That git gives no answer is no reason to believe that it ignores nothing.
#[test]
fn a_git_that_does_not_answer_in_time_ends_the_command() {
    let attack = repository();
    // Instead of git, a program that waits for ever.
    attack.write("slow/git", "#!/bin/sh\nexec /usr/bin/tail -f /dev/null\n");
    let slow = attack.outer().join("slow");
    std::fs::set_permissions(slow.join("git"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let attack = attack.env("PATH", slow.to_str().unwrap()).env("IGSYNC_GIT_TIMEOUT_MS", "300");
    let output = attack.run(&["validate"]).exits(5);
    assert!(output.stderr.contains("cannot find out which files git ignores"), "{}", output.stderr);
}

/// A content root in a repository that keeps all of it.
fn repository() -> Attack {
    let attack = Attack::new();
    attack.git(&["init", "-q"]);
    attack.git(&["add", "content"]);
    attack.git(&["commit", "-q", "-m", "x"]);
    attack
}

#[test]
fn settings_that_git_ignores_are_refused() {
    for (file, pattern) in
        [("igsync.yaml", "igsync.*"), ("posts/_defaults.yaml", "_*"), ("_defaults.yaml", "/_defaults.yaml")]
    {
        let attack = Attack::new();
        let is_there = attack.root().join(file).exists();
        if !is_there {
            attack.write(&format!("content/{file}"), "hashtags: [harbour]\n");
        }
        attack.write("content/.gitignore", format!("{pattern}\n"));
        let _ = attack.tries(&["validate"]).exits(1).says("IGS1039 ignored-file").says(file);
    }
}

#[test]
fn the_media_of_published_posts_are_not_looked_for() {
    let attack = Attack::new();
    let _ = attack.tries(&["apply", "--sandbox", "--yes"]).exits(0);
    fs::remove_file(attack.root().join("posts/one.jpg")).unwrap();
    let plan = &["plan", "--sandbox"][..];
    let _ = attack.tries(plan).exits(0).ends_with("No changes.");
    attack.link("content/posts/one.jpg", "../../outside/secret.txt");
    let _ = attack.tries(plan).exits(0).ends_with("No changes.");
    attack.write("content/.gitignore", "*.jpg\n.igsync/\n");
    let _ = attack.tries(plan).exits(0).ends_with("No changes.");
}
