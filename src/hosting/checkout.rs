//! What git knows about the files of the content root, asked of git itself.

use std::path::Path;
use std::time::Duration;

use super::Error;
use crate::git::Git;
use crate::process::Environment;
use igsync_model::config::Repository;

/// A content root that should be in a git checkout.
#[derive(Clone, Debug)]
pub(super) struct Checkout(Git);

/// A file as a commit holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Committed {
    /// The bytes that lie in the folder. `path`: from the top of the repository, `/`-separated.
    Same {
        path: String,
    },
    /// A Git LFS pointer to these bytes.
    Pointer {
        path: String,
    },
    Different,
    Absent,
}

/// Git reads local files here; more is a fault of the disk.
const PATIENCE: Duration = Duration::from_secs(60);

impl Checkout {
    pub(super) fn at(root: &Path, environment: &Environment) -> Self {
        Self(Git::new(root, PATIENCE, environment))
    }

    /// The commit that is checked out, if every other machine can have it: a branch of a remote holds it.
    pub(super) async fn pushed_head(&self) -> Result<String, Error> {
        let head = self.ask(&["rev-parse", "--verify", "--quiet", "HEAD"]).await?.ok_or(Error::NoCommit)?;
        let holders = ["for-each-ref", "--count=1", "--contains", head.as_str(), "refs/remotes"];
        match self.ask(&holders).await? {
            Some(_) => Ok(head),
            None => Err(Error::NotPushed { commit: head.chars().take(10).collect() }),
        }
    }

    /// The repository behind the remote `origin`.
    pub(super) async fn origin(&self) -> Result<Repository, Error> {
        let address = self.ask(&["remote", "get-url", "origin"]).await?.ok_or(Error::NoOrigin)?;
        // The address itself may hold a password.
        Repository::of_remote(&address).ok_or(Error::NotOnGithub)
    }

    /// What `commit` holds under the name of a file; `len` and `sha256` are those of the file.
    pub(super) async fn committed(&self, commit: &str, name: &str, len: u64, sha256: &str) -> Result<Committed, Error> {
        let Some(line) = self.ask(&["ls-tree", "-l", "-z", "--full-name", commit, "--", name]).await? else {
            return Ok(Committed::Absent);
        };
        let Some(entry) = Entry::parse(&line) else { return Ok(Committed::Absent) };
        if entry.len == len {
            let is_same = self.ask(&["diff", "--no-ext-diff", "--name-only", commit, "--", name]).await?.is_none();
            return Ok(if is_same { Committed::Same { path: entry.path } } else { Committed::Different });
        }
        if entry.len > LARGEST_POINTER {
            return Ok(Committed::Different);
        }
        let blob = self.ask(&["cat-file", "blob", &entry.blob]).await?.unwrap_or_default();
        let is_pointer = pointed_to(&blob).is_some_and(|found| found == sha256);
        Ok(if is_pointer { Committed::Pointer { path: entry.path } } else { Committed::Different })
    }

    /// The answer of git; `None`: it has none, or says no.
    async fn ask(&self, arguments: &[&str]) -> Result<Option<String>, Error> {
        let output = self.0.run(arguments, b"").await.map_err(|error| Error::NoGit { problem: error.to_string() })?;
        if !output.succeeded() {
            // The rest of the run would say nothing better.
            return match output.stderr.lines().find(|line| line.starts_with("fatal: ")) {
                Some(fatal) if fatal.contains("bad object") => Err(Error::NoGit { problem: fatal.to_owned() }),
                _ => Ok(None),
            };
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let text = text.trim_matches(['\0', '\n', '\r']);
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }
}

/// One line of `git ls-tree -l`.
struct Entry {
    blob: String,
    len: u64,
    path: String,
}

impl Entry {
    /// `100644 blob 5716ca59… 12345\tposts/harbour.jpg`
    fn parse(line: &str) -> Option<Self> {
        let (facts, path) = line.split_once('\t')?;
        let mut facts = facts.split_ascii_whitespace();
        let (mode, kind, blob, len) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
        // A link's blob is the name that it leads to.
        (kind == "blob" && mode.starts_with("100"))
            .then(|| Some(Self { blob: blob.to_owned(), len: len.parse().ok()?, path: path.to_owned() }))?
    }
}

/// In bytes.
///
/// Git LFS: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
const LARGEST_POINTER: u64 = 1024;

/// The digest that a Git LFS pointer names.
fn pointed_to(blob: &str) -> Option<&str> {
    blob.strip_prefix("version https://git-lfs.github.com/spec/v1\n")?
        .lines()
        .find_map(|line| line.strip_prefix("oid sha256:"))
        .filter(|oid| oid.len() == 64)
}
