//! The configuration as a value. Global settings are already merged into each account.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::hosting::Hosting;
use crate::schedule::Schedule;
use igsync_base::finding::{Finding, Severity};
use igsync_base::id::{AccountName, UserId};
use igsync_base::rules;
pub use igsync_media::convert::Fit;

/// A content root has no more accounts: every manifest may be a post of each.
pub const ACCOUNT_LIMIT: usize = 500;

#[derive(Clone, Debug)]
pub struct Config {
    /// In the order of the file; never empty.
    pub accounts: Vec<Account>,
    pub default_account: Option<AccountName>,
    /// Folders that hold manifests, relative to the content root. `None`: `posts/`, or the whole root without it.
    pub posts: Option<Vec<String>>,
    /// `set:NAME` in `hashtags`.
    pub hashtag_sets: BTreeMap<String, Vec<String>>,
    pub git: Git,
    /// Rule id to its severity; `None` is off.
    pub rules: BTreeMap<&'static str, Option<Severity>>,
}

/// One Instagram account.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: AccountName,
    pub user_id: Option<UserId>,
    /// Verified before the first call.
    pub username: Option<String>,
    pub login: Login,
    pub token: TokenSource,
    /// For local times in manifests. `None`: such times are an error.
    pub timezone: Option<TimeZone>,
    pub defaults: Defaults,
    pub max_publish_per_run: u32,
    pub max_delete_per_run: u32,
    /// Whether live posts may be deleted at all.
    pub allow_delete: bool,
    pub schedule: Schedule,
    pub hosting: Option<Hosting>,
    /// `media.convert`.
    pub convert: bool,
    /// `media.fit`.
    pub fit: Option<Fit>,
    pub paused: Option<Paused>,
}

/// Which of Meta's two login flavours the token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// `graph.instagram.com`
    Instagram,
    /// `graph.facebook.com`
    Facebook,
}

/// Where a token comes from; never the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// The first of these variables that is set.
    Env(Vec<String>),
    /// The first line that this command prints; run without a shell.
    Command(Vec<String>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    pub hashtags: Option<Vec<String>>,
    pub hashtags_in: Option<HashtagsIn>,
    pub share_to_feed: Option<bool>,
    pub collaborators: Option<Vec<String>>,
    pub location_id: Option<String>,
}

/// Where the hashtags of a post go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashtagsIn {
    #[default]
    Caption,
    FirstComment,
}

impl HashtagsIn {
    pub const ALL: [Self; 2] = [Self::Caption, Self::FirstComment];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caption => "caption",
            Self::FirstComment => "first_comment",
        }
    }
}

/// Why nothing is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    Configuration,
    /// `IGSYNC_PAUSED`
    Environment,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    pub push: Push,
    pub branch: Option<String>,
    pub state_branch: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    Auto,
    Always,
    Never,
}

impl Config {
    #[must_use]
    pub fn account(&self, name: &AccountName) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// What `rules` says about a finding: its severity, or `None` when the rule is off. A finding that
    /// is milder than its rule, as those of drafts are, stays so.
    #[must_use]
    pub fn judge(&self, mut finding: Finding) -> Option<Finding> {
        finding.severity = self.severity_of(&finding)?;
        Some(finding)
    }

    /// The severity of a finding by `rules`; `None`: its rule is off.
    #[must_use]
    pub fn severity_of(&self, finding: &Finding) -> Option<Severity> {
        let asked = match self.rules.get(finding.rule.id) {
            Some(asked) => (*asked)?,
            None if rules::OFF_UNLESS_ASKED.iter().any(|rule| rule.id == finding.rule.id) => return None,
            None => return Some(finding.severity),
        };
        let severity = if finding.severity == finding.rule.severity { asked } else { finding.severity.max(asked) };
        Some(if finding.is_mild { severity.max(Severity::Warning) } else { severity })
    }
}
