//! The repository that a content root belongs to, and no other.
//!
//! A branch can bring files that look like a repository: `HEAD`, `config`, `objects/` and `refs/` in a folder are
//! one for git, which obeys the commands in its `config`. It can bring nothing called `.git`, in no spelling that a
//! file system takes for it: git refuses to track and to check out such names. So the nearest `.git` at or above the
//! content root was made by a person or by git itself (`clone`, `worktree`, `submodule`). Git is asked about it once,
//! from the folder that holds it, which keeps its own checks (owner, format); every later call names it in `GIT_DIR`
//! and `GIT_WORK_TREE`, so that git looks for nothing.
//!
//! Filters are commands that any branch can ask for in `.gitattributes`, by a name that the user has configured.
//! igsync needs the bytes as they are, so each configured command is emptied by its exact name. That holds
//! wherever attributes come from and whatever git's version is, unlike an empty source of attributes
//! (`--attr-source` leaves `info/attributes` in force, and git before 2.41 lacks it).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::bytes::{joined, os};
use super::error::Error;
use super::program::{Output, Program, failed};

/// A repository with the work tree that holds the content root.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// Both as git writes them.
    git_dir: OsString,
    work_tree: OsString,
    /// Arguments that switch the configured filters off.
    no_filters: Vec<OsString>,
    /// Someone has set up an ssh of their own.
    has_ssh_command: bool,
}

/// An empty variable: the value of a filter that is switched off. `--config-env` takes the name of a setting apart
/// at its last `=`, `-c` at the first one, which a filter's name may have.
const NOTHING: &str = "GIT_IGSYNC_NOTHING";

impl Repository {
    /// Looks at and above the content root.
    pub(super) async fn find(root: &Path, program: &Program) -> Result<Self, Error> {
        let root = fs::canonicalize(root).map_err(|error| Error::NotRun(error.to_string()))?;
        let (top, git_dir) = nearest(&root)?.ok_or(Error::NoRepository)?;
        let not_its = |why| Error::NotItsRepository { git_dir: git_dir.clone(), why };
        if root.starts_with(&git_dir) {
            return Err(not_its("the content root lies inside it"));
        }
        let ask = ["rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-toplevel"];
        let output = program.run(top, program.environment().clone(), &[], &ask, b"").await?;
        if output.stdout.starts_with(b"false\n") {
            return Err(not_its("it has no work tree here"));
        }
        if !output.succeeded() {
            return Err(failed(&ask, &output));
        }
        let mut lines = output.stdout.split(|byte| *byte == b'\n').skip(1).map(os);
        let (found, work_tree) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        if !fs::canonicalize(&found).is_ok_and(|found| found == git_dir) {
            return Err(not_its("git found another one"));
        }
        if !fs::canonicalize(&work_tree).is_ok_and(|work_tree| root.starts_with(work_tree)) {
            return Err(not_its("its work tree is elsewhere"));
        }
        let found = Self { git_dir: found, work_tree, no_filters: Vec::new(), has_ssh_command: true };
        found.without_filters(&root, program).await
    }

    /// Runs git in this repository, from `folder` of its work tree, to its end.
    pub(super) async fn run(
        &self,
        folder: &Path,
        program: &Program,
        arguments: &[impl AsRef<OsStr>],
        input: &[u8],
    ) -> Result<Output, Error> {
        let environment = program.environment().clone();
        let mut environment =
            environment.with("GIT_DIR", &self.git_dir).with("GIT_WORK_TREE", &self.work_tree).with(NOTHING, "");
        // ssh asks on the terminal by itself. Who has set up an ssh of their own knows what it does.
        let has_ssh = self.has_ssh_command || ["GIT_SSH", "GIT_SSH_COMMAND"].iter().any(|name| environment.has(name));
        if !has_ssh {
            environment = environment.with("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        program.run(folder, environment, &self.no_filters, arguments, input).await
    }

    /// Reads which filters there are, switches them off, and has git confirm it.
    async fn without_filters(mut self, root: &Path, program: &Program) -> Result<Self, Error> {
        let list = ["config", "--null", "--name-only", "--list"];
        let names =
            self.ask(root, program, &list).await?.ok_or_else(|| Error::Unreadable { command: "config".to_owned() })?;
        let names: Vec<&[u8]> = names.split(|byte| *byte == 0).collect();
        self.has_ssh_command = names.contains(&&b"core.sshcommand"[..]);
        self.no_filters = names.into_iter().filter(|name| name.starts_with(b"filter.")).map(switched_off).collect();
        if self.no_filters.is_empty() {
            return Ok(self);
        }
        // `filter.NAME.clean`, a line feed, and the value; nothing but the last value of a name counts.
        let left =
            self.ask(root, program, &["config", "--null", "--get-regexp", r"^filter\."]).await?.unwrap_or_default();
        let mut values = BTreeMap::new();
        for entry in left.split(|byte| *byte == 0) {
            let mut parts = entry.splitn(2, |byte| *byte == b'\n');
            values.insert(parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        }
        let is_command = |name: &[u8]| [&b".clean"[..], b".smudge", b".process"].iter().any(|end| name.ends_with(end));
        match values.iter().find(|(name, value)| is_command(name) && !value.is_empty()) {
            Some((name, _)) => Err(Error::Filter { name: String::from_utf8_lossy(name).into_owned() }),
            None => Ok(self),
        }
    }

    /// What git wrote; `None` where it says no by its exit code 1.
    async fn ask(&self, root: &Path, program: &Program, arguments: &[&str]) -> Result<Option<Vec<u8>>, Error> {
        let output = self.run(root, program, arguments, b"").await?;
        match output.code {
            Some(0) => Ok(Some(output.stdout)),
            Some(1) => Ok(None),
            _ => Err(failed(arguments, &output)),
        }
    }
}

/// The setting without a value, which also is how git writes "false".
fn switched_off(name: &[u8]) -> OsString {
    let mut argument = joined("--config-env=", name);
    argument.push("=");
    argument.push(NOTHING);
    argument
}

/// The folder that holds the nearest `.git`, and the repository behind that: itself, or what a file names.
pub(super) fn nearest(root: &Path) -> Result<Option<(&Path, PathBuf)>, Error> {
    for top in root.ancestors() {
        let entry = top.join(".git");
        let unusable = |why| Error::NotItsRepository { git_dir: entry.clone(), why };
        let git_dir = match fs::metadata(&entry) {
            Ok(entry) if entry.is_file() => named_by(top),
            Ok(_) => Ok(Some(entry.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(error),
        };
        let git_dir = git_dir.map_err(|_| unusable("it cannot be read"))?;
        let Some(git_dir) = git_dir.and_then(|path| fs::canonicalize(path).ok()) else {
            return Err(unusable("it names no repository"));
        };
        match fs::symlink_metadata(git_dir.join("HEAD")) {
            Ok(_) => return Ok(Some((top, git_dir))),
            // An empty folder of this name: git passes it by, too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return Err(unusable("it cannot be read")),
        }
    }
    Ok(None)
}

/// What the file `.git` of a folder names: `gitdir: PATH` and a line feed, in worktrees and submodules.
fn named_by(top: &Path) -> io::Result<Option<PathBuf>> {
    const LONGEST: u64 = 64 * 1024;
    let mut text = Vec::new();
    fs::File::open(top.join(".git"))?.take(LONGEST).read_to_end(&mut text)?;
    let path = text.strip_prefix(b"gitdir: ").unwrap_or_default();
    let end = path.iter().rposition(|byte| !b"\r\n".contains(byte));
    Ok(end.map(|end| top.join(os(&path[..=end]))))
}
