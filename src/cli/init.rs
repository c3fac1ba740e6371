//! What `igsync init` takes.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct Init {
    /// The folder, instead of the current one; existing files are kept
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Where the workflows take igsync's action from; a REF that is a commit can never become other code
    #[arg(long, value_name = "OWNER/REPO@REF", value_parser = action)]
    pub action: Option<ActionRef>,
    /// Leave the workflows out
    #[arg(long, conflicts_with = "action")]
    pub no_github: bool,
    /// Keep the secret in this environment of GitHub, and publish only what was planned before its reviewers approved
    #[arg(long, value_name = "NAME", conflicts_with = "no_github", value_parser = environment)]
    pub environment: Option<String>,
    /// Keep the record on the branch igsync-state, for a default branch with rules that no run may push past
    #[arg(long)]
    pub protected: bool,
    /// Renew the schemas and workflows that are as they were written; show what differs in the others
    #[arg(long)]
    pub update: bool,
}

/// An action of a repository, as a step's `uses` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRef {
    /// `OWNER/REPO@REF`
    pub uses: String,
    /// The version that a commit is of.
    pub version: Option<String>,
}

impl ActionRef {
    /// `None`: not of this form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (repository, reference) = text.split_once('@')?;
        let (owner, name) = repository.split_once('/')?;
        let is_word = |word: &str, more: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c) || more.contains(c))
        };
        let is_whole = is_word(owner, "") && is_word(name, "/") && is_word(reference, "/");
        is_whole.then(|| Self { uses: text.to_owned(), version: None })
    }

    /// Whether it names code that cannot change.
    #[must_use]
    pub fn is_commit(&self) -> bool {
        let reference = self.uses.split_once('@').map_or("", |(_, reference)| reference);
        reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// Whether the name of a branch or an environment may stand in a workflow as it is: between quotes, and in an expression.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

fn environment(text: &str) -> Result<String, String> {
    is_plain(text).then(|| text.to_owned()).ok_or_else(|| "write a name of letters, digits and -_./".to_owned())
}

fn action(text: &str) -> Result<ActionRef, String> {
    ActionRef::parse(text).ok_or_else(|| "write the repository and a commit of it: OWNER/REPO@COMMIT".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_repository_and_a_ref() {
        for (text, is_commit) in [
            ("acme/igsync@v0.1.0", false),
            ("acme/igsync/sub@main", false),
            ("acme/igsync@0123456789abcdef0123456789abcdef01234567", true),
            ("acme/igsync@0123456789abcdef0123456789abcdef0123456", false),
        ] {
            assert_eq!(ActionRef::parse(text).map(|action| action.is_commit()), Some(is_commit), "{text}");
        }
        for text in [
            "",
            "igsync",
            "acme/igsync",
            "@v1",
            "acme/@v1",
            "/igsync@v1",
            "a/b@c d",
            "a/b@c\nd",
            "a/b@${{ x }}",
            "a/b@v1 # x",
        ] {
            assert_eq!(ActionRef::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_branch_that_would_end_its_quotes_is_not_written() {
        for branch in ["main", "release/2026.1", "feature_x-1"] {
            assert!(is_plain(branch));
        }
        for branch in ["", "it's", "a b", "${{ x }}", "a\"b", "a\nb", "#x"] {
            assert!(!is_plain(branch), "{branch:?}");
        }
    }
}
