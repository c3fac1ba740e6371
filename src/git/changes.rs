//! What differs between the working tree and another commit, read without running anything but git itself.

use std::collections::HashSet;

use super::command::Git;
use super::error::Error;
use super::program::failed;

/// Why the changes of a branch are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangesError {
    #[error("git finds no such commit in this repository")]
    NoCommit,
    #[error("this checkout and that commit have no commit in common in this clone")]
    NothingInCommon,
    #[error(transparent)]
    Git(#[from] Error),
}

/// Where a branch left its base, and where the base is by now: full ids of commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    pub left_at: String,
    pub tip: String,
}

/// No rename detection, no program, one name for each file, from the content root.
const NAMES: [&str; 6] =
    ["--name-only", "-z", "--no-ext-diff", "--no-textconv", "--relative", "--ignore-submodules=all"];

impl Git {
    /// Where this checkout left `rev`.
    pub async fn fork(&self, rev: &str) -> Result<Fork, ChangesError> {
        let tip = self.commit(rev).await?.ok_or(ChangesError::NoCommit)?;
        let left_at = self.answer(&["merge-base", &tip, "HEAD"]).await?.ok_or(ChangesError::NothingInCommon)?;
        Ok(Fork { left_at, tip })
    }

    /// The files that differ between the working tree and the commit where it left the base, from the content root.
    /// Files whose names are no UTF-8 are left out: no manifest and no media file of a post is called so.
    pub async fn changed_since(&self, fork: &Fork) -> Result<HashSet<String>, ChangesError> {
        let committed = [&["diff-index", "--cached", "--no-renames"][..], &NAMES, &[&fork.left_at]].concat();
        // A file that is not staged, with the same size and a doubtful time, is compared by its content.
        let unstaged = [&["diff-files"][..], &NAMES].concat();
        let untracked = ["ls-files", "-z", "--others", "--exclude-standard"];
        let mut files = HashSet::new();
        for arguments in [&committed[..], &unstaged, &untracked] {
            let text = self.bytes(arguments, b"").await?;
            let paths = text.split(|byte| *byte == 0).filter(|path| !path.is_empty());
            files.extend(paths.filter_map(|path| String::from_utf8(path.to_vec()).ok()));
        }
        Ok(files)
    }

    /// The full id of the commit that a person named; `None`: git knows none.
    async fn commit(&self, rev: &str) -> Result<Option<String>, Error> {
        if rev.is_empty() || rev.starts_with('-') || rev.contains(char::is_control) {
            return Ok(None);
        }
        let asked = format!("{rev}^{{commit}}");
        let ask = ["rev-parse", "--verify", "--quiet", "--end-of-options", &asked];
        let output = self.run(&ask, b"").await?;
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let is_id = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok((output.succeeded() && is_id).then_some(id))
    }

    /// `igsync.lock` of the content root in a commit. `None`: it has none. What this clone lacks is an error, and no
    /// evidence that nothing is there.
    pub async fn lockfile_at(&self, commit: &str) -> Result<Option<Vec<u8>>, ChangesError> {
        // `mode type id`, a tab, the name.
        let entry = self.bytes(&["ls-tree", "-z", commit, "igsync.lock"], b"").await?;
        let about = entry.split(|byte| *byte == b'\t').next().unwrap_or_default();
        let about = String::from_utf8_lossy(about).into_owned();
        match about.split(' ').nth(2) {
            Some(id) => Ok(Some(self.bytes(&["cat-file", "blob", id], b"").await?)),
            None => Ok(None),
        }
    }

    /// `igsync.lock` of the content root on a branch of `origin`, as it was last fetched. `None`: it is not here.
    pub async fn fetched_lockfile(&self, branch: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = format!("refs/remotes/origin/{branch}:./igsync.lock");
        let Some(id) = self.answer(&["rev-parse", "--verify", "--quiet", "--end-of-options", &path]).await? else {
            return Ok(None);
        };
        // By its id: no attributes, and so no filter, apply.
        let read = ["cat-file", "blob", &id];
        let output = self.run(&read, b"").await?;
        if output.succeeded() { Ok(Some(output.stdout)) } else { Err(failed(&read, &output)) }
    }
}
