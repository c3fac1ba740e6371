//! The branches of a content root, and whether its checkout is the tip of one.

use std::sync::Arc;

use crate::exit::Exit;
use crate::git::{Branch, Checkout, Fetched, Git, Signature, Target, Tip};

use super::super::credentials;
use super::super::failure::Failure;
use super::super::ports::Ports;
use super::super::root::ContentRoot;

/// The branches that a content root has to do with.
pub(super) struct Branches {
    checkout: Checkout,
    pub(super) content: Branch,
    /// Where the record is: the branch of the content, or one of its own.
    pub(super) record: Arc<Branch>,
}

impl Branches {
    /// The error says why there is none.
    pub(super) async fn find(root: &ContentRoot, ports: &Ports) -> Result<Self, String> {
        let variable = |name: &str| ports.env.get(name).map(str::to_owned);
        let environment = credentials::environment(root.config());
        let git = Git::new(&root.path, root.settings().git_timeout, &environment);
        let settings = &root.config().git;
        let checkout = Checkout::find(git.clone()).await.map_err(|error| error.to_string())?;
        let target = checkout.target(settings.branch.as_deref(), &variable).await?;
        let is_github = ports.env.is_on("GITHUB_ACTIONS");
        let signature = Signature::of(&git, is_github).await.map_err(|error| error.to_string())?;
        let content = Branch::of_content(checkout.clone(), target.clone(), signature.clone(), &variable);
        let record = match settings.state_branch.clone().filter(|branch| *branch != target.branch) {
            Some(branch) => Branch::of_state(checkout.clone(), Target { branch, ..target }, signature, &variable),
            None => content.clone(),
        };
        Ok(Self { checkout, content, record: Arc::new(record) })
    }

    /// The record on the default branch of the remote: that of a branch which is on this machine alone is there.
    pub(super) async fn of_default(&self, root: &ContentRoot, ports: &Ports) -> Result<Branch, String> {
        let variable = |name: &str| ports.env.get(name).map(str::to_owned);
        let remote = self.content.target().remote.clone();
        let branch = self.checkout.default_branch(&remote).await?;
        let git = Git::new(&root.path, root.settings().git_timeout, &credentials::environment(root.config()));
        let is_github = ports.env.is_on("GITHUB_ACTIONS");
        let signature = Signature::of(&git, is_github).await.map_err(|error| error.to_string())?;
        Ok(Branch::of_content(self.checkout.clone(), Target { remote, branch }, signature, &variable))
    }

    /// Whether the record is on the branch of the content.
    pub(super) fn is_together(&self) -> bool {
        self.record.target() == self.content.target()
    }

    /// The commit that the content's branch is at; the error says why it is not known.
    pub(super) async fn tip(&self, fetched: Option<&Fetched>) -> Result<String, String> {
        match fetched.filter(|_| self.is_together()) {
            Some(fetched) => Ok(fetched.version.0.clone()),
            None => self.content.tip().await.map(Option::unwrap_or_default).map_err(|error| error.to_string()),
        }
    }

    /// The error: the checkout is not the tip. A text: no one can tell, because of this.
    pub(super) async fn check_tip(
        &self,
        tip: &Result<String, String>,
        ports: &Ports,
    ) -> Result<Option<String>, Failure> {
        let is_ci = ports.env.is_on("CI");
        let tip = match tip {
            // The branch is on this machine alone.
            Ok(tip) if tip.is_empty() && !is_ci => return Ok(None),
            Ok(tip) => tip,
            Err(why) => return Ok(Some(self.tip_unknown(why))),
        };
        let stands = match self.checkout.compare(tip).await {
            Ok(stands) => stands,
            Err(error) => return Ok(Some(self.tip_unknown(&error.to_string()))),
        };
        let target = self.content.target();
        let (what, help) = match stands {
            Tip::Same | Tip::BehindByRecord => return Ok(None),
            // A person's machine keeps its commits.
            Tip::Ahead if !is_ci => return Ok(None),
            _ if is_pull_request(ports) => (
                format!("this is a pull request, not the tip of {target}"),
                "publish after the merge: run apply on the branch".to_owned(),
            ),
            Tip::Behind => (
                format!("this checkout is behind {target}: commits are missing that change more than igsync.lock"),
                format!(
                    "run apply on the tip of {}; what this job would have published is still planned there",
                    target.branch
                ),
            ),
            Tip::Ahead => (
                format!("this checkout has commits that {target} does not have"),
                "push them first: records that exist only here would be lost with them".to_owned(),
            ),
            Tip::Apart => (
                format!("this checkout and {target} have diverged"),
                format!("run apply on the tip of {}, or name the right branch in git.branch", target.branch),
            ),
        };
        Err(Failure::message(
            Exit::Stale,
            format!("nothing was published: {what}"),
            format!("{help}; --allow-stale continues anyway"),
        ))
    }

    fn tip_unknown(&self, why: &str) -> String {
        format!("cannot check whether this is the tip of {}: {why}", self.content.target())
    }
}

fn is_pull_request(ports: &Ports) -> bool {
    ports.env.get("GITHUB_REF").is_some_and(|name| name.starts_with("refs/pull/"))
}
