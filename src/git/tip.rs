//! Whether the checkout is what the remote's branch holds.

use super::checkout::Checkout;
use super::error::Error;
use super::program::failed;

/// How the checkout relates to the tip of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// It is the tip.
    Same,
    /// Behind, but the content root differs in nothing but the lockfile.
    BehindByRecord,
    /// Commits with other changes are missing.
    Behind,
    /// It has commits that the branch does not have.
    Ahead,
    /// Both have commits that the other does not have.
    Apart,
}

impl Checkout {
    /// Compares what is checked out with `tip`, a commit that was fetched.
    pub async fn compare(&self, tip: &str) -> Result<Tip, Error> {
        let Some(head) = self.head.as_deref() else { return Ok(Tip::Behind) };
        if head == tip {
            return Ok(Tip::Same);
        }
        if !self.is_ancestor(head, tip).await? {
            return Ok(if self.is_ancestor(tip, head).await? { Tip::Ahead } else { Tip::Apart });
        }
        Ok(if self.differs_in_content(head, tip).await? { Tip::Behind } else { Tip::BehindByRecord })
    }

    /// Whether the content root differs between two commits in more than the lockfile.
    pub(super) async fn differs_in_content(&self, from: &str, to: &str) -> Result<bool, Error> {
        let changed = self.changed(from, to).await?;
        // Commits that touch other folders of the repository change nothing that is published from here.
        let lockfile = self.lockfile();
        Ok(changed.iter().any(|path| path.starts_with(&self.prefix) && *path != lockfile))
    }

    pub(super) async fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, Error> {
        let arguments = ["merge-base", "--is-ancestor", older, newer];
        let output = self.git.run(&arguments, b"").await?;
        match output.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(failed(&arguments, &output)),
        }
    }

    /// Paths from the top of the repository that differ between two commits.
    pub(super) async fn changed(&self, from: &str, to: &str) -> Result<Vec<Vec<u8>>, Error> {
        let arguments = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to];
        let text = self.git.bytes(&arguments, b"").await?;
        let paths = text.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(<[u8]>::to_vec).collect())
    }
}
