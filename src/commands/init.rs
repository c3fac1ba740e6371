//! `igsync init`: what a content repository needs, next to whatever is there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::exit::Exit;
use igsync_base::files::{named, named_from};
use igsync_base::text::quoted;
use igsync_media::convert;
use igsync_model::config;
use igsync_model::lockfile;
use igsync_model::manifest;

use super::new::{SCHEMA, is_there, save};
use super::schema::text;
use super::{Ended, Failure, Ports, Ui, write_stdout};

const CONFIG: &str = "\
# The account's token comes from the environment (IGSYNC_ACCESS_TOKEN), never from a file.
# Without `accounts` there is one account, named `default`. With several:
# accounts:
#   brand:
#     user_id: \"17841400000000001\"
#     login: instagram # or facebook

# For times without a zone in manifests.
# timezone: Europe/Berlin

limits:
  max_publish_per_run: 5

# Meta fetches pictures and clips from a public address; {path} is the file's path in this folder.
# Others: github (a public repository), { object_store: { bucket: … } }, { command: [./host] }
# media:
#   hosting: { url: \"https://cdn.example.com/{path}\" }
";

const GITIGNORE: &str = "\
# igsync's journal, run lock, caches and sandbox data belong to one machine.
.igsync/
# What is left of a file whose writing was killed.
.igsync-*.tmp
";

const GITATTRIBUTES: &str = "\
# One line per attempt: lines of both branches are kept, and igsync joins them.
igsync.lock text eol=lf merge=union
*.jpg binary
*.mp4 binary
";

const EXAMPLE: &str = "\
# yaml-language-server: $schema=../.vscode/igsync-manifest.schema.json
kind: image
image: ./example.jpg
alt_text: A gradient from blue to orange, like a sky in the evening
caption: |
  The first post.
hashtags: [hello]
draft: true # checked, never published; remove it when the post is ready
";

const EDITOR: &str = r#"{
  "yaml.schemas": {
    "./.vscode/igsync-manifest.schema.json": ["posts/**/*.yaml", "posts/**/*.yml", "!**/_defaults.yaml"],
    "./.vscode/igsync-defaults.schema.json": "**/_defaults.yaml",
    "./.vscode/igsync-config.schema.json": "igsync.yaml"
  }
}
"#;

/// The same bytes are in `examples/content`, which a published crate does not hold.
const WORKFLOWS: [(&str, &str); 4] = [
    (".github/workflows/igsync-plan.yml", include_str!("init/igsync-plan.yml")),
    (".github/workflows/igsync-comment.yml", include_str!("init/igsync-comment.yml")),
    (".github/workflows/igsync-apply.yml", include_str!("init/igsync-apply.yml")),
    (".github/workflows/igsync-token.yml", include_str!("init/igsync-token.yml")),
];

pub(super) fn run(global: &Global, folder: Option<&Path>, ports: &Ports, ui: &Ui) -> Ended {
    let root = root(global, folder, ports);
    let picture = convert::example().map_err(|error| Failure::message(Exit::Failure, error, "run it again"))?;
    let mut said = String::new();
    let mut files: Vec<(&str, Vec<u8>)> = vec![
        ("igsync.yaml", CONFIG.into()),
        ("igsync.lock", lockfile::format::HEADER.into()),
        ("posts/example.yaml", EXAMPLE.into()),
        ("posts/example.jpg", picture),
        (".gitignore", GITIGNORE.into()),
        (".gitattributes", GITATTRIBUTES.into()),
        (SCHEMA, text(&manifest::json_schema()).into_bytes()),
        (".vscode/igsync-defaults.schema.json", text(&manifest::defaults_json_schema()).into_bytes()),
        (".vscode/igsync-config.schema.json", text(&config::json_schema()).into_bytes()),
        (".vscode/settings.json", EDITOR.into()),
    ];
    files.extend(WORKFLOWS.map(|(name, text)| (name, text.into())));
    let files = files.into_iter().map(|(name, bytes)| (name, bytes, root.join(name)));
    let files: Vec<(&str, Vec<u8>, PathBuf)> = files.collect();
    // All or none: a link in the way of one file is no reason to leave half of them.
    let kept: Vec<bool> =
        files.iter().map(|(_, _, path)| is_there(&*ports.disk, path)).collect::<Result<_, Failure>>()?;
    for ((name, bytes, path), is_kept) in files.iter().zip(kept) {
        // What is there is someone's work.
        if !is_kept {
            save(&*ports.disk, path, bytes)?;
        }
        let _ = writeln!(said, "{}  {name}", if is_kept { "kept" } else { "made" });
    }
    let place = folder.map_or_else(String::new, |folder| {
        let folder = global.chdir.as_ref().map_or_else(|| folder.to_owned(), |above| above.join(folder));
        format!(" -C {}", quoted(&folder.to_string_lossy()))
    });
    let command = |what: &str| ui.terminal.program.command(&format!("{what}{place}"));
    let (next, from, fix) = (command("apply --sandbox"), command("new --from FOLDER"), command("fix --write"));
    said.push('\n');
    if let Some(top) = repository_above(&root, ports) {
        let _ = writeln!(
            said,
            "GitHub reads workflows at the root of a repository only: move .github to {}, and give each step of igsync \
             `directory:` with the path from there to this folder.",
            top.display()
        );
    }
    let _ = write!(
        said,
        "The workflows publish what is merged into main once the environment `instagram` has the secret \
         IGSYNC_ACCESS_TOKEN; docs/ci.md of igsync describes each step.\n\
         Next: {next}, once posts/example.yaml is no longer a draft; then git add, git commit.\n\
         For your own photos and clips: {from} makes drafts, {fix} makes files that pass from those that do not.\n"
    );
    write_stdout(ui, &said)?;
    Ok(Exit::Done)
}

/// The folder that is to be a content root; it need not exist.
fn root(global: &Global, folder: Option<&Path>, ports: &Ports) -> PathBuf {
    let disk = &*ports.disk;
    let start = global.chdir.as_deref().unwrap_or(Path::new("."));
    let start = disk.canonicalize(start).unwrap_or_else(|_| named(disk, start));
    folder.map_or_else(|| start.clone(), |folder| named_from(disk, &start, folder))
}

/// The root of the repository, where it is not the content root itself.
fn repository_above(root: &Path, ports: &Ports) -> Option<PathBuf> {
    let root = ports.disk.canonicalize(root).ok()?;
    let top = root.ancestors().find(|folder| ports.disk.stat(&folder.join(".git")).is_ok())?;
    (top != root).then(|| top.to_owned())
}
