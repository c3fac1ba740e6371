//! The checkout after the record was pushed from beside it.

use super::branch::Branch;
use super::checkout::Checkout;
use super::error::Error;

/// What became of the checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The branch that is checked out is where the remote's is, and the lockfile is no longer "modified".
    Moved,
    /// Nothing was touched, for this reason.
    Left(&'static str),
}

impl Checkout {
    /// Moves what is checked out to `commit`, which was pushed to `branch`, where nothing can be lost: only the
    /// lockfile differs, on disk it is what the commit holds, and nothing else was staged for it.
    pub async fn follow(&self, branch: &Branch, commit: &str) -> Result<Followed, Error> {
        if self.branch.as_ref().is_some_and(|name| *name != branch.target().branch) {
            return Ok(Followed::Left("another branch is checked out"));
        }
        let head = self.git.answer(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]).await?;
        let Some(head) = head else { return Ok(Followed::Left("nothing is checked out")) };
        if head == commit {
            return Ok(Followed::Moved);
        }
        if !self.is_ancestor(&head, commit).await? {
            return Ok(Followed::Left("the checkout has commits of its own"));
        }
        let lockfile = self.lockfile();
        if self.changed(&head, commit).await?.iter().any(|path| *path != lockfile) {
            return Ok(Followed::Left("others have pushed changes"));
        }
        let wanted = self.git.line(&["rev-parse".into(), "--verify".into(), self.lockfile_in(commit)], b"").await?;
        let on_disk = self.git.line(&["hash-object", "--no-filters", "--", "igsync.lock"], b"").await?;
        if on_disk != wanted {
            return Ok(Followed::Left("igsync.lock on disk is different"));
        }
        let staged = ["diff-index", "--cached", "--name-only", &head, "--", "igsync.lock"];
        if self.git.answer(&staged).await?.is_some() {
            return Ok(Followed::Left("a different igsync.lock is staged"));
        }
        self.git.line(&["update-index", "--add", "--", "igsync.lock"], b"").await?;
        self.git.line(&["update-ref", "-m", "igsync: the record was pushed", "HEAD", commit, &head], b"").await?;
        Ok(Followed::Moved)
    }
}
