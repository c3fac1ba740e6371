//! Tokens and the accounts they reach, as text. Never holds a token.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::{one_line, plural};
use super::{Program, json_line};
use igsync_base::id::{AccountName, UserId};
use igsync_instagram::{Expiry, Identity};
use igsync_model::config::{Account, Login};

/// What is known about one account's token.
#[derive(Clone, Debug)]
pub struct TokenReport {
    pub account: AccountName,
    pub login: Login,
    pub user_id: Option<UserId>,
    pub username: Option<String>,
    pub is_valid: bool,
    /// Why it is not valid.
    pub problem: Option<String>,
    pub help: Option<String>,
    /// `None`: Meta does not show.
    pub expires: Option<Expiry>,
    pub data_access_ends: Option<Expiry>,
    /// `None`: Meta does not show.
    pub held: Option<Vec<String>>,
    /// For what the manifests want.
    pub needed: Vec<&'static str>,
    pub missing: Vec<&'static str>,
    /// The time that days are counted from.
    pub now: Timestamp,
}

impl TokenReport {
    /// A token that could not even be read from its source.
    #[must_use]
    pub fn unusable(account: &Account, problem: String, help: String, now: Timestamp) -> Self {
        Self {
            account: account.name.clone(),
            login: account.login,
            user_id: account.user_id.clone(),
            username: account.username.clone(),
            is_valid: false,
            problem: Some(problem),
            help: Some(help),
            expires: None,
            data_access_ends: None,
            held: None,
            needed: Vec::new(),
            missing: Vec::new(),
            now,
        }
    }

    /// The in-process sandbox's token, which may do everything and never ends.
    #[must_use]
    pub fn of_sandbox(account: &Account, user_id: Option<UserId>, now: Timestamp) -> Self {
        let report = Self::unusable(account, String::new(), String::new(), now);
        Self { is_valid: true, problem: None, help: None, expires: Some(Expiry::Never), user_id, ..report }
    }

    /// Days until the token or its access to data ends; `None`: never, or not reported.
    #[must_use]
    pub fn days_left(&self) -> Option<i64> {
        [self.expires, self.data_access_ends].into_iter().flatten().filter_map(|end| end.days_left(self.now)).min()
    }

    /// Works, holds what the manifests need, and lasts at least so many days as far as is known.
    #[must_use]
    pub fn is_good(&self, min_days: Option<i64>) -> bool {
        let lasts = min_days.is_none_or(|min| self.days_left().is_none_or(|days| days >= min));
        self.is_valid && self.missing.is_empty() && lasts
    }

    /// `@acme, 17841400000000001, Instagram Login`
    pub(super) fn title(&self) -> String {
        let name = self.username.as_ref().map(|name| format!("@{}, ", one_line(name))).unwrap_or_default();
        let user = self.user_id.as_ref().map(|user| format!("{user}, ")).unwrap_or_default();
        format!("{} ({name}{user}{})", self.account, login_name(self.login))
    }

    /// One row for each fact: a word and its text.
    pub(super) fn rows(&self, min_days: Option<i64>) -> Vec<(&'static str, String)> {
        let mut rows = vec![("token", self.token_line(min_days))];
        if let Some(help) = self.help.as_ref().filter(|_| !self.is_valid) {
            rows.push(("help", one_line(help)));
        }
        if let Some(end @ Expiry::At(_)) = self.data_access_ends {
            rows.push(("data", format!("access to data {}", self.end(end))));
        }
        if self.is_valid && !self.needed.is_empty() {
            rows.push(("scopes", self.scopes_line()));
        }
        rows
    }

    fn token_line(&self, min_days: Option<i64>) -> String {
        if !self.is_valid {
            return format!("not valid: {}", self.problem.as_deref().map(one_line).unwrap_or_default());
        }
        let short = min_days.filter(|min| self.days_left().is_some_and(|days| days < *min));
        let short = short.map(|min| format!(" (fewer than {min} days)")).unwrap_or_default();
        match self.expires {
            Some(end) => format!("valid, {}{short}", self.end(end)),
            None => "valid; Meta does not report when it expires".to_owned(),
        }
    }

    fn end(&self, end: Expiry) -> String {
        match end {
            Expiry::Never => "never expires".to_owned(),
            Expiry::At(at) => {
                let days = usize::try_from(end.days_left(self.now).unwrap_or_default()).unwrap_or_default();
                format!("{} left, until {}", plural(days, "day"), at.strftime("%Y-%m-%d %H:%M UTC"))
            }
        }
    }

    fn scopes_line(&self) -> String {
        match &self.held {
            None => format!("not reported by Meta; needed: {}", self.needed.join(", ")),
            Some(_) if !self.missing.is_empty() => format!("missing: {}", self.missing.join(", ")),
            Some(_) => format!("complete: {}", self.needed.join(", ")),
        }
    }

    /// As `--format json` has it.
    #[must_use]
    pub fn json(&self) -> Value {
        let time = |end: Option<Expiry>| match end {
            Some(Expiry::At(at)) => json!(at),
            Some(Expiry::Never) => json!("never"),
            None => Value::Null,
        };
        json!({
            "account": self.account,
            "login": self.login,
            "user_id": self.user_id,
            "username": self.username,
            "valid": self.is_valid,
            "problem": self.problem,
            "help": self.help.as_ref().filter(|_| !self.is_valid),
            "expires_at": time(self.expires),
            "data_access_expires_at": time(self.data_access_ends),
            "days_left": self.days_left(),
            "scopes": self.held,
            "scopes_needed": self.needed,
            "scopes_missing": self.missing,
        })
    }
}

/// One block per account.
#[must_use]
pub fn tokens(reports: &[TokenReport], min_days: Option<i64>) -> String {
    let mut text = String::new();
    for report in reports {
        let _ = writeln!(text, "{}", report.title());
        for (word, line) in report.rows(min_days) {
            let _ = writeln!(text, "  {word:<8}{line}");
        }
    }
    let good = reports.iter().filter(|report| report.is_good(min_days)).count();
    let _ = writeln!(text, "{good} of {} good.", plural(reports.len(), "token"));
    text
}

#[must_use]
pub fn tokens_json(reports: &[TokenReport]) -> String {
    let tokens: Vec<Value> = reports.iter().map(TokenReport::json).collect();
    json_line(&json!({ "format_version": "1.0", "tokens": tokens }))
}

/// The accounts that a token reaches.
#[must_use]
pub fn accounts(found: &[Identity]) -> String {
    let mut text = String::new();
    for identity in found {
        let _ = writeln!(text, "{}", owner(identity));
    }
    let _ = writeln!(text, "{}.", plural(found.len(), "account"));
    text
}

#[must_use]
pub fn accounts_json(found: &[Identity]) -> String {
    let rows: Vec<Value> = found
        .iter()
        .map(|identity| {
            json!({
                "user_id": identity.user_id,
                "username": identity.username,
                "app_scoped_id": identity.app_scoped_id,
                "account_type": identity.account_type,
                "page": identity.page,
                "tasks": identity.tasks,
                "can_publish": can_publish(identity),
            })
        })
        .collect();
    json_line(&json!({ "format_version": "1.0", "accounts": rows }))
}

/// One account in one line.
#[must_use]
pub fn owner(identity: &Identity) -> String {
    let name =
        identity.username.as_deref().map_or_else(|| "(no name)".to_owned(), |name| format!("@{}", one_line(name)));
    let mut line = format!("{name}  user_id {}", identity.user_id);
    if let Some(scoped) = &identity.app_scoped_id {
        let _ = write!(line, "  (app-scoped id {scoped}: never use it in igsync)");
    }
    if let Some(page) = &identity.page {
        let _ = write!(line, "  Page {}", one_line(page));
    }
    if let Some(kind) = &identity.account_type {
        let _ = write!(line, "  {}", one_line(kind).to_lowercase());
    }
    if can_publish(identity) == Some(false) {
        line.push_str("  cannot publish: the Page task CREATE_CONTENT is missing");
    }
    line
}

/// `None` where tasks are not reported.
fn can_publish(identity: &Identity) -> Option<bool> {
    let has = |task: &str| identity.tasks.iter().any(|held| held == task);
    (!identity.tasks.is_empty()).then(|| has("MANAGE") || has("CREATE_CONTENT"))
}

/// What is said about a new token, beside it.
#[must_use]
pub fn issued(until: Option<Timestamp>, now: Timestamp) -> String {
    until.map_or_else(
        || "a new token that does not expire by itself".to_owned(),
        |until| {
            let days = usize::try_from(until.duration_since(now).as_secs() / 86_400).unwrap_or_default();
            format!("a new token, valid for {}, until {}", plural(days, "day"), until.strftime("%Y-%m-%d %H:%M UTC"))
        },
    )
}

/// How to come by a token without a browser's redirect.
#[must_use]
pub fn steps_by_hand(login: Login) -> String {
    match login {
        Login::Instagram => "\
Instagram Login, no Facebook Page needed:
  1. Make the Instagram account a professional one (Business or Creator) in the Instagram app.
  2. developers.facebook.com > My Apps > Create App > use case \"Manage messaging & content on Instagram\".
  3. In the app: Instagram > API setup with Instagram login > add the account > Generate token.
     Allow instagram_business_basic, instagram_business_content_publish, and
     instagram_business_manage_comments for first comments.
  4. Paste that token here. It is valid for 60 days."
            .to_owned(),
        Login::Facebook => "\
Facebook Login, through the Page that the Instagram account is linked to:
  1. Link the professional Instagram account to a Facebook Page that you manage.
  2. developers.facebook.com > My Apps > Create App > use case \"Manage everything on your Page\" or Business.
  3. Tools > Graph API Explorer: choose the app, add instagram_basic, instagram_content_publish,
     pages_read_engagement, pages_show_list (and instagram_manage_comments), Generate Access Token.
  4. Paste that token here. It is valid for an hour or two; with IGSYNC_APP_ID and IGSYNC_APP_SECRET set
     it is exchanged at once for one of 60 days."
            .to_owned(),
    }
}

/// How to sign in through the browser.
#[must_use]
pub fn steps_by_browser(login: Login, app_id: &str, redirect: &str, state: &str, version: &str) -> String {
    let (base, scopes) = match login {
        Login::Instagram => (
            "https://www.instagram.com/oauth/authorize".to_owned(),
            "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_comments",
        ),
        Login::Facebook => (
            format!("https://www.facebook.com/{version}/dialog/oauth"),
            "instagram_basic,instagram_content_publish,instagram_manage_comments,pages_read_engagement,pages_show_list",
        ),
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", app_id)
        .append_pair("redirect_uri", redirect)
        .append_pair("response_type", "code")
        .append_pair("scope", scopes)
        .append_pair("state", state)
        .finish();
    format!(
        "1. Open this address in a browser and sign in:\n   {base}?{query}\n\
         2. Allow everything that is asked for; the browser then goes to the redirect URI.\n\
         3. Paste the whole address that it shows, within the hour."
    )
}

/// What to do with a token that works.
#[must_use]
pub fn next_steps(account: &Account, found: &[Identity], is_new: bool, program: &Program) -> String {
    let mut lines = vec!["the token works; next:".to_owned()];
    if account.user_id.is_none()
        && let [only] = found
    {
        lines.push(format!("  igsync.yaml: user_id: \"{}\" for account {}", only.user_id, account.name));
    }
    let which = if is_new { "the token on stdout" } else { "the token" };
    lines.push(format!(
        "  keep {which} as IGSYNC_ACCESS_TOKEN (a CI secret, never a file): gh secret set IGSYNC_ACCESS_TOKEN"
    ));
    lines.push(format!("  renew it every month: {}", program.command("auth refresh")));
    lines.push(format!("  then: {}", program.command("plan")));
    lines.join("\n")
}

fn login_name(login: Login) -> &'static str {
    match login {
        Login::Instagram => "Instagram Login",
        Login::Facebook => "Facebook Login",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(expires: Option<i64>, data: Option<i64>) -> TokenReport {
        let at = |day: i64| Expiry::At(Timestamp::from_second(day * 86_400).unwrap());
        TokenReport {
            account: "brand".into(),
            login: Login::Facebook,
            user_id: Some("1784".into()),
            username: Some("acme".into()),
            is_valid: true,
            problem: None,
            help: None,
            expires: expires.map(at),
            data_access_ends: data.map(at),
            held: Some(Vec::new()),
            needed: vec!["instagram_basic"],
            missing: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_sooner_of_token_and_data_access_counts() {
        assert_eq!(report(Some(60), Some(12)).days_left(), Some(12));
        assert_eq!(report(None, None).days_left(), None);
        assert!(report(Some(7), None).is_good(Some(7)));
        assert!(!report(Some(60), Some(6)).is_good(Some(7)), "a page token can lose its data as well");
        assert!(report(None, None).is_good(Some(7)), "what is not told is no failure");
        assert!(!TokenReport { missing: vec!["instagram_basic"], ..report(None, None) }.is_good(None));
    }

    #[test]
    fn a_report_reads_well() {
        let dead = TokenReport {
            is_valid: false,
            problem: Some("the token has expired".to_owned()),
            help: Some("make a new one".to_owned()),
            ..report(None, None)
        };
        insta::assert_snapshot!(tokens(&[report(Some(60), Some(12)), dead], Some(14)), @r"
        brand (@acme, 1784, Facebook Login)
          token   valid, 60 days left, until 1970-03-02 00:00 UTC (fewer than 14 days)
          data    access to data 12 days left, until 1970-01-13 00:00 UTC
          scopes  complete: instagram_basic
        brand (@acme, 1784, Facebook Login)
          token   not valid: the token has expired
          help    make a new one
        0 of 2 tokens good.
        ");
    }
}
