//! Which branch of which remote. Pure: facts in, a decision out.

use std::fmt;

/// A branch of a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in this clone, such as `origin`.
    pub remote: String,
    /// Without `refs/heads/`.
    pub branch: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.remote, self.branch)
    }
}

impl Target {
    pub(super) fn full_name(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }
}

/// What decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The branch that is checked out; `None`: a commit is.
    pub head: Option<String>,
    /// Remote and full name of the branch that this one follows.
    pub upstream: Option<(String, String)>,
    pub remotes: Vec<String>,
    /// `git.branch`
    pub configured: Option<String>,
    /// The branch that the CI says it runs for.
    pub ci: Option<String>,
}

/// The remote that this clone works with.
pub(super) fn remote(facts: &Facts) -> Result<String, String> {
    let has = |name: &str| facts.remotes.iter().any(|remote| remote == name);
    if let Some((remote, _)) = facts.upstream.as_ref().filter(|(remote, _)| has(remote)) {
        return Ok(remote.clone());
    }
    match facts.remotes.as_slice() {
        [] => Err("this repository has no remote".to_owned()),
        [only] => Ok(only.clone()),
        _ if has("origin") => Ok("origin".to_owned()),
        several => Err(format!(
            "this branch follows none of the remotes {}; choose one with `git branch --set-upstream-to`",
            several.join(", ")
        )),
    }
}

/// The branch that the checkout belongs to; `None`: only the remote's default branch is left.
pub(super) fn branch(facts: &Facts) -> Option<String> {
    if facts.configured.is_some() {
        return facts.configured.clone();
    }
    let followed = facts.upstream.as_ref().filter(|(remote, _)| facts.remotes.contains(remote));
    let followed = followed.and_then(|(_, name)| name.strip_prefix("refs/heads/")).map(str::to_owned);
    // A detached checkout of GitHub, GitLab and others still runs for a branch.
    let of_ci = || facts.ci.clone().filter(|_| facts.head.is_none());
    followed.or_else(|| facts.head.clone()).or_else(of_ci)
}

/// The branch that a CI says it runs for; none on pull requests, tags and elsewhere.
pub(super) fn branch_of_ci(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(reference) = variable("GITHUB_REF") {
        return reference.strip_prefix("refs/heads/").map(str::to_owned);
    }
    ["CI_COMMIT_BRANCH", "BITBUCKET_BRANCH", "BUILDKITE_BRANCH"].into_iter().find_map(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(head: Option<&str>, remotes: &[&str]) -> Facts {
        Facts {
            head: head.map(str::to_owned),
            remotes: remotes.iter().map(|name| (*name).to_owned()).collect(),
            ..Facts::default()
        }
    }

    #[test]
    fn the_remote_is_the_followed_one_or_the_only_one_or_origin() {
        assert_eq!(remote(&facts(Some("main"), &["hub"])).unwrap(), "hub");
        assert_eq!(remote(&facts(Some("main"), &["fork", "origin"])).unwrap(), "origin");
        assert!(remote(&facts(Some("main"), &["a", "b"])).unwrap_err().contains("a, b"));
        assert!(remote(&facts(None, &[])).unwrap_err().contains("no remote"));
        let mut followed = facts(Some("main"), &["fork", "origin"]);
        followed.upstream = Some(("fork".into(), "refs/heads/main".into()));
        assert_eq!(remote(&followed).unwrap(), "fork");
        // A branch that follows another branch of this very clone.
        followed.upstream = Some((".".into(), "refs/heads/main".into()));
        assert_eq!(remote(&followed).unwrap(), "origin");
    }

    #[test]
    fn the_branch_is_the_configured_followed_or_checked_out_one_then_what_the_ci_says() {
        let mut facts = facts(None, &["origin"]);
        assert_eq!(branch(&facts), None);
        facts.ci = Some("of-ci".into());
        assert_eq!(branch(&facts).as_deref(), Some("of-ci"));
        facts.head = Some("here".into());
        assert_eq!(branch(&facts).as_deref(), Some("here"));
        facts.upstream = Some(("origin".into(), "refs/heads/there".into()));
        assert_eq!(branch(&facts).as_deref(), Some("there"));
        facts.configured = Some("main".into());
        assert_eq!(branch(&facts).as_deref(), Some("main"));
    }

    #[test]
    fn a_pull_request_runs_for_no_branch() {
        let of = |name: &'static str, value: &'static str| {
            branch_of_ci(&move |asked: &str| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(of("GITHUB_REF", "refs/heads/release/2"), Some("release/2".into()));
        assert_eq!(of("GITHUB_REF", "refs/pull/7/merge"), None);
        assert_eq!(of("GITHUB_REF", "refs/tags/v1"), None);
        assert_eq!(of("CI_COMMIT_BRANCH", "main"), Some("main".into()));
    }
}
