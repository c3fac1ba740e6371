//! Settings that only the environment has: where the API is, and how long to wait.

use std::time::Duration;

use url::Url;

use super::env::Env;
use igsync_base::finding::Finding;
use igsync_base::net::{has_user, is_loopback, is_private_line};
use igsync_base::rules;

/// Where the API is, and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Instead of Meta's host, without a slash at the end.
    pub graph_url: Option<Url>,
    /// Instead of Meta's upload host.
    pub upload_url: Option<Url>,
    /// `v26.0`; `None`: the newest known.
    pub graph_version: Option<String>,
    /// Before the first look at a container; `None` lets its kind decide.
    pub poll_initial: Option<Duration>,
    pub poll_max: Duration,
    /// All waiting for one container.
    pub poll_budget: Duration,
    pub http_timeout: Duration,
    /// For one call of git.
    pub git_timeout: Duration,
    /// For one run of a token command.
    pub token_timeout: Duration,
    /// A container must stay unpublished for this long to prove that a publish did not happen.
    pub settle: Duration,
    /// Between two looks at the listing.
    pub look: Duration,
    /// How far the server's clock and this machine's may differ; `None`: the server's is its own.
    pub max_skew: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            graph_url: None,
            upload_url: None,
            graph_version: None,
            poll_initial: None,
            poll_max: Duration::from_secs(60),
            poll_budget: Duration::from_secs(30 * 60),
            http_timeout: Duration::from_secs(60),
            git_timeout: Duration::from_secs(120),
            token_timeout: Duration::from_secs(30),
            settle: Duration::from_secs(60),
            look: Duration::from_secs(60),
            max_skew: Some(MAX_SKEW),
        }
    }
}

/// Longer waits than a day are a mistake: containers live 24 hours.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How far a machine's clock may go wrong without a decision about time going wrong with it.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

/// The clock of an emulator may be moved by years.
const CENTURY_MS: u64 = 100 * 365 * DAY_MS;

impl Settings {
    /// Reads the variables; a value that cannot be used is a finding and leaves the default.
    pub(super) fn from_env(env: &Env, findings: &mut Vec<Finding>) -> Self {
        let mut settings = Self {
            graph_url: base_url(env, "IGSYNC_GRAPH_URL", findings),
            upload_url: base_url(env, "IGSYNC_UPLOAD_URL", findings),
            graph_version: version(env, findings),
            ..Self::default()
        };
        let mut poll_initial = Duration::MAX;
        let mut max_skew = MAX_SKEW;
        for (name, allowed, field) in [
            ("IGSYNC_POLL_INITIAL_MS", 1..=DAY_MS, &mut poll_initial),
            ("IGSYNC_POLL_MAX_MS", 1..=DAY_MS, &mut settings.poll_max),
            ("IGSYNC_POLL_BUDGET_MS", 1..=DAY_MS, &mut settings.poll_budget),
            ("IGSYNC_HTTP_TIMEOUT_MS", 1..=DAY_MS, &mut settings.http_timeout),
            ("IGSYNC_GIT_TIMEOUT_MS", 1..=DAY_MS, &mut settings.git_timeout),
            ("IGSYNC_TOKEN_TIMEOUT_MS", 1..=DAY_MS, &mut settings.token_timeout),
            ("IGSYNC_SETTLE_MS", 0..=DAY_MS, &mut settings.settle),
            ("IGSYNC_LOOK_MS", 0..=DAY_MS, &mut settings.look),
            ("IGSYNC_MAX_SKEW_MS", 0..=CENTURY_MS, &mut max_skew),
        ] {
            let Some(text) = env.get(name) else { continue };
            match text.parse() {
                Ok(ms) if allowed.contains(&ms) => *field = Duration::from_millis(ms),
                _ => {
                    let (least, most) = (allowed.start(), allowed.end());
                    findings.push(unusable(name, &format!("write a number of milliseconds from {least} to {most}")));
                }
            }
        }
        settings.max_skew = Some(max_skew);
        // A test that makes the longest wait short means the first one, too.
        settings.poll_initial = (poll_initial < Duration::MAX).then(|| poll_initial.min(settings.poll_max));
        settings
    }

    /// Whether the API is on this machine, which also allows plain http for media.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.graph_url.as_ref().is_some_and(is_loopback)
    }
}

fn base_url(env: &Env, name: &str, findings: &mut Vec<Finding>) -> Option<Url> {
    let text = env.get(name)?;
    let help = match Url::parse(text) {
        Ok(url) if url.query().is_some() || url.fragment().is_some() || has_user(&url) => {
            "write the base alone, without user, query or fragment"
        }
        Ok(url) if is_private_line(&url) => return Some(url),
        Ok(url) if url.scheme() == "http" => {
            "plain http is for this machine only (127.0.0.1, localhost); write https://"
        }
        _ => "write an address such as http://127.0.0.1:8787",
    };
    findings.push(unusable(name, help));
    None
}

fn version(env: &Env, findings: &mut Vec<Finding>) -> Option<String> {
    let text = env.get("IGSYNC_GRAPH_VERSION")?;
    let digits = text.strip_prefix('v').unwrap_or(text);
    let is_number = |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        Some((major, minor)) if is_number(major) && is_number(minor) => Some(format!("v{digits}")),
        _ => {
            findings.push(unusable("IGSYNC_GRAPH_VERSION", "write a version such as v26.0"));
            None
        }
    }
}

/// The value is not shown: it may be a secret in the wrong place.
pub(super) fn unusable(name: &str, help: &str) -> Finding {
    Finding::new(&rules::ENVIRONMENT, "environment", format!("{name} has an invalid value")).help(help)
}
