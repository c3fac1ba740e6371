//! `docs/adopt.md` is executed and compared. `IGSYNC_UPDATE_DOCS=1 cargo test --test it adopt` writes what the commands
//! print into its console blocks; read the difference before committing it.

use std::fs;

use serde_json::json;

use crate::project::{Project, Server, USER, repository};

/// An account with a few years of posts, and a repository in which someone has begun to describe them.
fn started(server: &Server) -> Project {
    server
        .sandbox
        .seed(&json!([
            { "caption": "Happy New Year!", "at": "2024-01-01T00:00:10Z" },
            { "caption": "Golden hour over the harbour.", "alt_text": "Sun over cranes", "at": "2024-05-01T18:00:05Z" },
            { "kind": "reel", "caption": "Boats leaving", "at": "2025-06-01T10:00:00Z" },
            { "kind": "reel", "caption": "With a song", "audio": "music", "at": "2025-07-01T10:00:00Z" },
            { "kind": "carousel", "at": "2025-08-01T10:00:00Z", "children": [{}, { "media_type": "video" }] },
            { "caption": "Low tide", "at": "2026-01-02T10:00:00Z" }
        ]))
        .unwrap();
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write(
        "igsync.yaml",
        format!(
            "accounts: {{ harbour: {{ user_id: \"{USER}\" }} }}\ntimezone: Europe/Berlin\n\
             media: {{ hosting: {{ url: \"https://cdn.example.com/{{path}}\" }} }}\n"
        ),
    );
    project.jpeg("posts/golden.jpg", 1);
    project.write(
        "posts/golden.yaml",
        "kind: image\nimage: ./golden.jpg\ncaption: Golden hour over the harbour.\npublish_at: 2024-05-01T18:00:00Z\n",
    );
    project.jpeg("posts/tide.jpg", 2);
    project.write("posts/tide.yaml", "kind: image\nimage: ./tide.jpg\ncaption: Low tide\n");
    project.against(server, "instagram", "IGAA-LONG")
}

/// What somebody does on a telephone.
fn in_the_app(server: &Server) {
    let of = |caption: &str| {
        let post = server.published().into_iter().find(|post| post["caption"] == caption).unwrap();
        post["media_id"].as_str().unwrap().to_owned()
    };
    let changes = [
        ("Golden hour over the harbour.", json!({ "caption": "Golden hour over the harbour. Sold out." })),
        ("Happy New Year!", json!({ "deleted": true })),
    ];
    for (caption, change) in changes {
        server.sandbox.change(&of(caption), &change).unwrap();
    }
}

/// What a person sees: both streams, in their order, with the links that Instagram has.
fn on_terminal(project: &Project, command: &str) -> String {
    let igsync = project.command(command.split_whitespace());
    let envs: Vec<_> =
        igsync.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(igsync.get_program()).args(igsync.get_args());
    let output = shell.current_dir(project.path()).env_clear().envs(envs).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "igsync {command}\n{text}");
    let base = regex::Regex::new(r"http://127\.0\.0\.1:\d+/")
        .unwrap()
        .replace_all(&text, "https://www.instagram.com/")
        .into_owned();
    let kept = base.lines().filter(|line| !line.starts_with("the record is of https://"));
    kept.map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(unix)]
#[test]
fn console_blocks_show_what_the_commands_print() {
    let server = Server::start();
    let project = started(&server);
    let path = repository().join("docs/adopt.md");
    let page = fs::read_to_string(&path).unwrap();
    let is_update = std::env::var_os("IGSYNC_UPDATE_DOCS").is_some();
    let mut updated = String::new();
    for (n, part) in page.split("```console\n").enumerate() {
        if n == 0 {
            updated.push_str(part);
            continue;
        }
        let (block, after) = part.split_once("```").unwrap();
        let (line, expected) = block.split_once('\n').unwrap();
        let command = line.strip_prefix("$ igsync ").unwrap();
        if command == "drift" {
            in_the_app(&server);
        }
        let printed = on_terminal(&project, command);
        if !is_update {
            assert_eq!(expected.trim_end(), printed, "`igsync {command}` of docs/adopt.md");
        }
        updated.push_str(&format!("```console\n{line}\n{printed}\n```{after}"));
    }
    if is_update {
        #[expect(clippy::disallowed_methods, reason = "a text file of the repository, on request")]
        fs::write(&path, updated).unwrap();
    }
    assert!(server.published().iter().all(|post| post["publish_calls"] == 0), "nothing is published");
}
