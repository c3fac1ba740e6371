//! `igsync init`: what a content repository needs, next to whatever is there.

mod rhythm;
mod seal;
mod workflows;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::{ActionRef, Global, Init, is_plain};
use crate::exit::Exit;
use crate::report::text::visible;
use crate::session::base::default_branch;
use igsync_base::files::{Disk, named, named_from};
use igsync_base::finding::Severity;
use igsync_base::text::quoted;
use igsync_media::convert;
use igsync_model::config::{self, Env};
use igsync_model::lockfile;
use igsync_model::manifest;

use super::new::{SCHEMA, is_there, save};
use super::schema::text;
use super::{Ended, Failure, Ports, Ui, write_stdout};
use rhythm::Rhythm;
use seal::{Form, is_as_written, sealed};
use workflows::{Target, action_in, branch_in, environment_in, of_this_build, render};

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
# Written by `igsync preview`.
igsync-preview.html
igsync-preview.ics
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

const RECOMMENDED: &str = "{\n  \"recommendations\": [\"redhat.vscode-yaml\"]\n}\n";

/// On a branch of its own the record needs no push to a branch with rules.
const STATE_BRANCH: &str = "git: { state_branch: igsync-state }";

/// A file of a content repository.
struct File {
    name: &'static str,
    bytes: Vec<u8>,
    path: PathBuf,
    /// It can be renewed as long as no one has changed it.
    is_sealed: bool,
}

pub(super) async fn run(global: &Global, args: &Init, ports: &Ports, ui: &Ui) -> Ended {
    let disk = &*ports.disk;
    let root = root(global, args.folder.as_deref(), ports);
    let action = args.action.clone().or_else(of_this_build).or_else(|| named_before(disk, &root));
    if let Some(action) = args.action.as_ref().filter(|action| !action.is_commit()) {
        ui.terminal.say(&format!(
            "warning: what {} names can become other code, which your workflows would give the token to; name a commit: \
             --action OWNER/REPO@COMMIT",
            action.uses
        ));
    }
    let workflows = match action.filter(|_| !args.no_github) {
        Some(action) => {
            let (branch, environment) = (branch(&root, ports, ui).await, environment(args, disk, &root));
            let rhythm = rhythm(disk, &root)?;
            render(&Target { action: &action, branch: &branch, environment: environment.as_deref(), rhythm })
        }
        None => Vec::new(),
    };
    let is_without = workflows.is_empty();
    let files = files(&root, args.protected, workflows)?;
    if args.update {
        return update(&files, disk, ui);
    }
    // All or none: a link in the way of one file is no reason to leave half of them.
    let kept: Vec<bool> = files.iter().map(|file| is_there(disk, &file.path)).collect::<Result<_, Failure>>()?;
    let mut said = String::new();
    for (file, is_kept) in files.iter().zip(kept) {
        // What is there is someone's work.
        if !is_kept {
            save(disk, &file.path, &file.bytes)?;
        }
        let _ = writeln!(said, "{}  {}", if is_kept { "kept" } else { "made" }, file.name);
        if is_kept && file.name == "igsync.yaml" && args.protected {
            let _ = writeln!(said, "      add to it: {STATE_BRANCH}");
        }
    }
    said.push('\n');
    said.push_str(&about_workflows(&root, is_without, args, ports));
    said.push_str(&next_steps(global, args.folder.as_deref(), ui));
    write_stdout(ui, &said)?;
    Ok(Exit::Done)
}

/// All that is made where nothing is.
fn files(root: &Path, is_protected: bool, workflows: Vec<(&'static str, String)>) -> Result<Vec<File>, Failure> {
    let picture = convert::example().map_err(|error| Failure::message(Exit::Failure, error, "run it again"))?;
    let config = if is_protected { format!("{CONFIG}\n{STATE_BRANCH}\n") } else { CONFIG.to_owned() };
    let schema = |schema: &serde_json::Value| sealed(&text(schema), Form::Json).into_bytes();
    let theirs: [(&'static str, Vec<u8>); 8] = [
        ("igsync.yaml", config.into()),
        ("igsync.lock", lockfile::format::HEADER.into()),
        ("posts/example.yaml", EXAMPLE.into()),
        ("posts/example.jpg", picture),
        (".gitignore", GITIGNORE.into()),
        (".gitattributes", GITATTRIBUTES.into()),
        (".vscode/settings.json", EDITOR.into()),
        (".vscode/extensions.json", RECOMMENDED.into()),
    ];
    let ours = [
        (SCHEMA, schema(&manifest::json_schema())),
        (".vscode/igsync-defaults.schema.json", schema(&manifest::defaults_json_schema())),
        (".vscode/igsync-config.schema.json", schema(&config::json_schema())),
    ];
    let workflows = workflows.into_iter().map(|(name, text)| (name, sealed(&text, Form::Yaml).into_bytes()));
    let file = |is_sealed| move |(name, bytes)| File { name, bytes, path: root.join(name), is_sealed };
    let ours = ours.into_iter().chain(workflows).map(file(true));
    Ok(theirs.into_iter().map(file(false)).chain(ours).collect())
}

/// Renews what is as it was written. What people have changed is theirs, and shown beside what it would be.
fn update(files: &[File], disk: &dyn Disk, ui: &Ui) -> Ended {
    let mut said = String::new();
    let mut is_any_missing = false;
    for File { name, bytes, path, .. } in files.iter().filter(|file| file.is_sealed) {
        let new = String::from_utf8_lossy(bytes);
        let old = if is_there(disk, path)? { Some(disk.read(path, LARGEST)) } else { None };
        let old = match old {
            None => {
                is_any_missing = true;
                let _ = writeln!(said, "missing  {name}");
                continue;
            }
            Some(Ok(old)) => String::from_utf8_lossy(&old).into_owned(),
            Some(Err(error)) => {
                let message = format!("{name} cannot be read: {error}");
                return Err(Failure::of_file(&error, message, "make it a file that can be read, or remove it"));
            }
        };
        if old == new {
            let _ = writeln!(said, "same     {name}");
        } else if is_as_written(&old) {
            save(disk, path, bytes)?;
            let _ = writeln!(said, "renewed  {name}");
        } else {
            let _ = writeln!(said, "kept     {name}, which was changed since it was written; as it would be now:");
            said.push_str(&difference(&old, &new));
        }
    }
    if is_any_missing {
        said.push_str("`igsync init` makes what is missing.\n");
    }
    write_stdout(ui, &ui.terminal.program.commands(&said))?;
    Ok(Exit::Done)
}

/// In bytes, of a file that is compared.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What would have to change in a file, line by line.
fn difference(old: &str, new: &str) -> String {
    let changes = similar::TextDiff::from_lines(old, new);
    let mut text = String::new();
    for hunk in changes.unified_diff().context_radius(2).iter_hunks() {
        for line in hunk.to_string().lines() {
            let _ = writeln!(text, "    {}", visible(line));
        }
    }
    text
}

/// The branch from which the workflows publish.
async fn branch(root: &Path, ports: &Ports, ui: &Ui) -> String {
    const USUAL: &str = "main";
    let place = root.ancestors().find(|folder| ports.disk.stat(folder).is_ok()).unwrap_or(root);
    let known = match before(&*ports.disk, root, "igsync-apply.yml").as_deref().and_then(branch_in) {
        Some(branch) => Some(branch),
        None => default_branch(place, ports).await,
    };
    let branch = known.unwrap_or_else(|| USUAL.to_owned());
    if is_plain(&branch) {
        return branch;
    }
    ui.terminal.say(&format!(
        "warning: the branch {} has characters that a workflow cannot hold as they are: main is written instead",
        visible(&branch)
    ));
    USUAL.to_owned()
}

/// When the workflows are to publish by themselves: as the configuration says that is there.
fn rhythm(disk: &dyn Disk, root: &Path) -> Result<Rhythm, Failure> {
    // A link is refused, not read.
    is_there(disk, &root.join("igsync.yaml"))?;
    let loaded = config::load(disk, root, None, &Env::default());
    if loaded.findings.iter().any(|finding| finding.severity == Severity::Error) {
        let message = "igsync.yaml has errors: when the workflow is to run is not known";
        return Err(Failure::message(Exit::Failure, message, "`igsync validate` shows them"));
    }
    Ok(Rhythm::of(&loaded.config))
}

/// A workflow that is there already.
fn before(disk: &dyn Disk, root: &Path, name: &str) -> Option<String> {
    let text = disk.read(&root.join(".github/workflows").join(name), LARGEST).ok()?;
    String::from_utf8(text).ok()
}

/// The action that the workflows take already.
fn named_before(disk: &dyn Disk, root: &Path) -> Option<ActionRef> {
    action_in(&before(disk, root, "igsync-plan.yml")?)
}

/// The environment that holds the secret: as the command line says, else as the workflows say already.
fn environment(args: &Init, disk: &dyn Disk, root: &Path) -> Option<String> {
    let before = || before(disk, root, "igsync-apply.yml").as_deref().and_then(environment_in);
    args.environment.clone().or_else(before)
}

/// What is to be said of the workflows.
fn about_workflows(root: &Path, is_without: bool, args: &Init, ports: &Ports) -> String {
    if is_without {
        return if args.no_github {
            String::new()
        } else {
            "The workflows are left out: this build does not know in which repository its action is. \
             `igsync init --action OWNER/REPO@COMMIT` writes them, with the repository that you take igsync from.\n"
                .to_owned()
        };
    }
    let mut said = String::new();
    if let Some(top) = repository_above(root, ports) {
        let _ = writeln!(
            said,
            "GitHub reads workflows at the root of a repository only: move .github to {}, and give each step of igsync \
             `directory:` with the path from there to this folder.",
            top.display()
        );
    }
    let who = match environment(args, &*ports.disk, root) {
        Some(name) => format!("the environment `{name}`"),
        None => "the repository".to_owned(),
    };
    let _ = writeln!(
        said,
        "The workflows publish what is merged once {who} has the secret IGSYNC_ACCESS_TOKEN; docs/ci.md of igsync describes \
         each step."
    );
    said
}

fn next_steps(global: &Global, folder: Option<&Path>, ui: &Ui) -> String {
    let place = folder.map_or_else(String::new, |folder| {
        let folder = global.chdir.as_ref().map_or_else(|| folder.to_owned(), |above| above.join(folder));
        format!(" -C {}", quoted(&folder.to_string_lossy()))
    });
    let command = |what: &str| ui.terminal.program.command(&format!("{what}{place}"));
    let (next, from, fix) = (command("apply --sandbox"), command("new --from FOLDER"), command("fix --write"));
    format!(
        "Next: {next}, once posts/example.yaml is no longer a draft; then git add, git commit.\n\
         For your own photos and clips: {from} makes drafts, {fix} makes files that pass from those that do not.\n"
    )
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
