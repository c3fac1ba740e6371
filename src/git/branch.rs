//! The record on a branch of a git remote: a fast-forward-only push is lock and journal at once.
//!
//! Commits are made of objects alone and pushed by their id, so that work tree, index and branches of this clone
//! are never touched; [`super::Checkout::follow`] lets the checkout come along where that is safe.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::checkout::Checkout;
use super::command::Git;
use super::error::Error;
use super::local::Followed;
use super::message::{Signature, message, run_page};
use super::outcome::{self, Said};
use super::target::Target;
use super::tree::{self, TreeError};
use igsync_ports::{RemoteError, Version};

/// Stands for a branch that the remote does not have yet.
const ABSENT: &str = "absent";

/// What is on a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub version: Version,
    /// The lockfile; `None` where there is none yet.
    pub text: Option<Vec<u8>>,
}

/// One branch of one remote, as the keeper of one lockfile.
#[derive(Clone, Debug)]
pub struct Branch {
    checkout: Checkout,
    target: Target,
    /// Where this clone notes the remote's tip: out of the way of everyone's branches, and one for each
    /// content root, because two may run side by side.
    note: String,
    /// A branch that igsync alone writes to, and may begin.
    is_own: bool,
    signature: Signature,
    /// The CI run to name in commits.
    run: Option<String>,
    /// The newest commit that was put.
    newest: Arc<Mutex<Option<String>>>,
    /// The tip that was fetched last.
    fetched: Arc<Mutex<Option<String>>>,
}

impl Branch {
    /// The branch of the content itself.
    #[must_use]
    pub fn of_content(
        checkout: Checkout,
        target: Target,
        signature: Signature,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let mut hash = Sha256::new();
        for part in [target.remote.as_bytes(), target.branch.as_bytes(), &checkout.prefix] {
            hash.update(part);
            hash.update([0]);
        }
        let hash = hash.finalize();
        let id = hash.iter().take(8).fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
        let note = format!("refs/igsync/{id:016x}");
        let run = run_page(variable);
        Self { checkout, target, note, is_own: false, signature, run, newest: Arc::default(), fetched: Arc::default() }
    }

    /// A branch that holds nothing but records; it begins with the first of them.
    #[must_use]
    pub fn of_state(
        checkout: Checkout,
        target: Target,
        signature: Signature,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self { is_own: true, ..Self::of_content(checkout, target, signature, variable) }
    }

    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Proves that the record can be read and that the branch can be pushed to, as far as a remote tells
    /// before something is pushed: hooks and branch protection speak up only then.
    pub async fn preflight(&self) -> Result<Fetched, RemoteError> {
        let kept = self.fetch().await?;
        let commit = if kept.version.0 == ABSENT {
            tree::empty_commit(self.git(), &self.signature).await.map_err(unclear)?
        } else {
            kept.version.0.clone()
        };
        let (said, stderr) = self.push(&commit, &kept.version, true).await.map_err(unclear)?;
        match said {
            // A branch that has moved can be pushed to, too.
            Said::Taken | Said::NotSent => Ok(kept),
            _ => Err(outcome::why(&said, &stderr)),
        }
    }

    /// Replaces the lockfile that is at `over` by `text`, and changes nothing else there. When this
    /// returns a version, every later fetch of any machine sees the text or a successor.
    pub async fn put(&self, over: &Version, text: &[u8], about: &str) -> Result<Version, RemoteError> {
        let version = self.exchange(over, text, about).await?;
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(version.0.clone());
        Ok(version)
    }

    /// Moves the checkout to the newest commit that was put, where nothing can be lost. `None`: there is
    /// nothing to come along with.
    pub async fn bring_checkout_along(&self) -> Result<Option<Followed>, Error> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match newest.filter(|_| !self.is_own) {
            Some(commit) => self.checkout.follow(self, &commit).await.map(Some),
            None => Ok(None),
        }
    }

    fn git(&self) -> &Git {
        &self.checkout.git
    }

    /// Reads what is there now.
    pub async fn fetch(&self) -> Result<Fetched, RemoteError> {
        let Some(commit) = self.tip().await? else {
            return Ok(Fetched { version: Version(ABSENT.to_owned()), text: None });
        };
        let text = tree::read(self.git(), &commit, &self.checkout.lockfile()).await.map_err(unusable)?;
        Ok(Fetched { version: Version(commit), text })
    }

    /// The remote's tip, fetched; `None`: it has no such branch, and we may begin it.
    pub async fn tip(&self) -> Result<Option<String>, RemoteError> {
        match self.tip_if_any().await? {
            None if !self.is_own => Err(RemoteError::Refused(format!(
                "{} has no branch {}; push it once: git push {0} HEAD:{1}",
                self.target.remote, self.target.branch
            ))),
            tip => Ok(tip),
        }
    }

    /// The remote's tip, fetched; `None`: it has no such branch.
    pub async fn tip_if_any(&self) -> Result<Option<String>, RemoteError> {
        let refspec = format!("+{}:{}", self.target.full_name(), self.note);
        let fetch = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--",
            &self.target.remote,
            &refspec,
        ];
        let output = self.git().run(&fetch, b"").await.map_err(unclear)?;
        if output.succeeded() {
            let commit = format!("{}^{{commit}}", self.note);
            let tip = self.git().line(&["rev-parse", "--verify", &commit], b"").await.map_err(unclear)?;
            *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = Some(tip.clone());
            return Ok(Some(tip));
        }
        if !self.is_absent().await? {
            return Err(outcome::why(&Said::Nothing, &output.stderr));
        }
        Ok(None)
    }

    /// The commit that the remote's branch was at when it was fetched last.
    pub fn last_fetched(&self) -> Option<String> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the content root differs between two commits of the remote in more than the lockfile.
    pub async fn differs_in_content(&self, from: &str, to: &str) -> Result<bool, RemoteError> {
        if from == to {
            return Ok(false);
        }
        self.checkout.differs_in_content(from, to).await.map_err(unclear)
    }

    /// Whether the remote answers and has no such branch.
    async fn is_absent(&self) -> Result<bool, RemoteError> {
        let name = self.target.full_name();
        let ask = ["ls-remote", "--exit-code", "--", &self.target.remote, &name];
        let output = self.git().run(&ask, b"").await.map_err(unclear)?;
        Ok(output.code == Some(2))
    }

    /// Pushes `commit` if the branch is at `over`. The lease makes that exact: without it, a branch that
    /// someone has set back would be wound forward again.
    async fn push(&self, commit: &str, over: &Version, is_rehearsal: bool) -> Result<(Said, String), Error> {
        let name = self.target.full_name();
        let expected = if over.0 == ABSENT { "" } else { &over.0 };
        let lease = format!("--force-with-lease={name}:{expected}");
        let refspec = format!("{commit}:{name}");
        let mut arguments = vec![
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--recurse-submodules=no",
            &lease,
        ];
        if is_rehearsal {
            arguments.push("--dry-run");
        }
        arguments.extend(["--", &self.target.remote, &refspec]);
        let output = self.git().run(&arguments, b"").await?;
        let said = outcome::read(&output.stdout);
        // A line that says "taken" counts only when git agrees.
        let said = if said == Said::Taken && !output.succeeded() { Said::Nothing } else { said };
        Ok((said, output.stderr))
    }

    async fn exchange(&self, over: &Version, text: &[u8], about: &str) -> Result<Version, RemoteError> {
        let parent = (over.0 != ABSENT).then_some(over.0.as_str());
        let about = message(about, self.run.as_deref());
        let path = self.checkout.lockfile();
        let made = tree::commit(self.git(), parent, &path, text, &about, &self.signature).await;
        let commit = made.map_err(unusable)?;
        let pushed = self.push(&commit, over, false).await;
        if matches!(pushed, Ok((Said::Taken, _))) {
            return Ok(Version(commit));
        }
        // No output of the push is trusted except its success: what is there now decides.
        let tip = self.tip().await?;
        if let Some(tip) = &tip
            && self.checkout.is_ancestor(&commit, tip).await.map_err(unclear)?
        {
            return Ok(Version(commit));
        }
        if tip.as_deref() != parent {
            return Err(RemoteError::Moved);
        }
        match pushed {
            Ok((said, stderr)) => Err(outcome::why(&said, &stderr)),
            Err(error) => Err(unclear(error)),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it by value")]
fn unclear(error: Error) -> RemoteError {
    match error {
        Error::NotRun(_) => RemoteError::Refused(error.to_string()),
        _ => RemoteError::Unclear(error.to_string()),
    }
}

fn unusable(error: TreeError) -> RemoteError {
    match error {
        TreeError::Git(error) => unclear(error),
        _ => RemoteError::Refused(error.to_string()),
    }
}
