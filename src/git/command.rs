//! Git in the repository of one content root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::error::Error;
use super::program::{Output, Program, Reach, failed, name_of};
use super::repository::Repository;
use crate::process::Environment;

/// Git in the repository of one content root.
#[derive(Clone, Debug)]
pub struct Git {
    root: PathBuf,
    program: Program,
    /// Looked for with the first call.
    repository: Arc<OnceCell<Repository>>,
}

impl Git {
    /// May fetch and push. `limit` is for one call.
    #[must_use]
    pub fn new(root: &Path, limit: Duration, environment: &Environment) -> Self {
        Self::of(root, Program::new(Reach::Remotes, limit, environment))
    }

    /// Reads what this clone has.
    #[must_use]
    pub fn offline(root: &Path, limit: Duration, environment: &Environment) -> Self {
        Self::of(root, Program::new(Reach::ThisClone, limit, environment))
    }

    pub(super) fn of(root: &Path, program: Program) -> Self {
        Self { root: root.to_owned(), program, repository: Arc::default() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// The names of the remotes that this clone knows.
    pub async fn remotes(&self) -> Result<Vec<String>, Error> {
        Ok(self.line(&["remote"], b"").await?.lines().map(str::to_owned).collect())
    }

    /// The default branch of `origin` when it was cloned, else the branch that is checked out; `None`: a commit is.
    pub async fn default_branch(&self) -> Result<Option<String>, Error> {
        let of = async |name: &str| self.answer(&["symbolic-ref", "--quiet", "--short", name]).await;
        match of("refs/remotes/origin/HEAD").await? {
            Some(named) => Ok(named.strip_prefix("origin/").map(str::to_owned)),
            None => of("HEAD").await,
        }
    }

    /// Runs git to its end, whatever that is.
    pub(crate) async fn run(&self, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Result<Output, Error> {
        let repository = self.repository.get_or_try_init(|| Repository::find(&self.root, &self.program)).await?;
        repository.run(&self.root, &self.program, arguments, input).await
    }

    /// What git wrote, once it succeeded.
    pub(super) async fn bytes(&self, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Result<Vec<u8>, Error> {
        let output = self.run(arguments, input).await?;
        if output.succeeded() { Ok(output.stdout) } else { Err(failed(arguments, &output)) }
    }

    /// The one line that git wrote, once it succeeded.
    pub(super) async fn line(&self, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Result<String, Error> {
        let text = self.bytes(arguments, input).await?;
        let text = String::from_utf8(text).map_err(|_| Error::Unreadable { command: name_of(arguments) })?;
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// As [`Self::line`]; `None` where git says no by its exit code 1, or wrote nothing.
    pub(super) async fn answer(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Option<String>, Error> {
        match self.line(arguments, b"").await {
            Ok(line) => Ok(Some(line).filter(|line| !line.is_empty())),
            Err(Error::Failed { code: Some(1), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
