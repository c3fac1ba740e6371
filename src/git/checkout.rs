//! The repository that the content root is in, and where its record belongs.

use std::ffi::OsString;

use super::bytes::joined;
use super::command::Git;
use super::error::Error;
use super::target::{self, Facts, Target};

/// A content root in a git work tree.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub(super) git: Git,
    /// The content root from the top of the work tree: empty, or with a slash at its end.
    pub(super) prefix: Vec<u8>,
    /// The commit that is checked out; `None` before the first one.
    pub(super) head: Option<String>,
    /// The branch that is checked out; `None`: a commit is.
    pub(super) branch: Option<String>,
}

impl Checkout {
    /// Finds out what is checked out.
    pub async fn find(git: Git) -> Result<Self, Error> {
        let mut prefix = git.bytes(&["rev-parse", "--show-prefix"], b"").await?;
        prefix.pop();
        let head = git.answer(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]).await?;
        let branch = git.answer(&["symbolic-ref", "--quiet", "--short", "HEAD"]).await?;
        Ok(Self { git, prefix, head, branch })
    }

    /// The path of the lockfile in the repository.
    #[must_use]
    pub fn lockfile(&self) -> Vec<u8> {
        [&self.prefix, &b"igsync.lock"[..]].concat()
    }

    /// The lockfile as `commit` holds it, for commands that take the name of an object.
    pub(super) fn lockfile_in(&self, commit: &str) -> OsString {
        joined(&format!("{commit}:"), &self.lockfile())
    }

    /// The branch that this checkout belongs to. `variable` reads the environment. The error is for people.
    pub async fn target(
        &self,
        configured: Option<&str>,
        variable: &(dyn Fn(&str) -> Option<String> + Sync),
    ) -> Result<Target, String> {
        let facts = self.facts(configured, variable).await.map_err(|error| error.to_string())?;
        let remote = target::remote(&facts)?;
        let branch = match target::branch(&facts) {
            Some(branch) => branch,
            None => self.default_branch(&remote).await?,
        };
        Ok(Target { remote, branch })
    }

    async fn facts(
        &self,
        configured: Option<&str>,
        variable: &(dyn Fn(&str) -> Option<String> + Sync),
    ) -> Result<Facts, Error> {
        let upstream = match &self.branch {
            None => None,
            Some(branch) => {
                let of = |what: &str| format!("branch.{branch}.{what}");
                let remote = self.git.answer(&["config", "--get", &of("remote")]).await?;
                let merge = self.git.answer(&["config", "--get", &of("merge")]).await?;
                remote.zip(merge)
            }
        };
        Ok(Facts {
            head: self.branch.clone(),
            upstream,
            remotes: self.git.remotes().await?,
            configured: configured.map(str::to_owned),
            ci: target::branch_of_ci(variable),
        })
    }

    /// What the remote names as its default branch. The error is for people.
    pub async fn default_branch(&self, remote: &str) -> Result<String, String> {
        let answer = self.git.line(&["ls-remote", "--symref", "--", remote, "HEAD"], b"").await;
        let answer = answer.map_err(|error| error.to_string())?;
        let named = answer.lines().find_map(|line| line.strip_prefix("ref: refs/heads/")?.split('\t').next());
        named.map(str::to_owned).ok_or_else(|| {
            format!("a commit is checked out and no branch, and {remote} does not name a default branch")
        })
    }
}
