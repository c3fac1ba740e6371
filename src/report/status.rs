//! `igsync status`: one block per account.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::auth::TokenReport;
use super::json_line;
use super::text::{one_line, plural, thousands};
use igsync_base::id::{Kind, MediaId, PostKey};
use igsync_instagram::Quota;

/// One account as it stands.
#[derive(Clone, Debug)]
pub struct AccountStatus {
    pub token: TokenReport,
    /// `None`: it could not be asked.
    pub quota: Option<Quota>,
    /// Of the record, the newest first.
    pub last: Vec<Line>,
    pub unknown: Vec<Line>,
    /// Attempts under way.
    pub open: Vec<Line>,
    pub late: usize,
    pub failed: usize,
    /// Posts that apply would publish now.
    pub due: usize,
    /// The next post after that.
    pub next: Option<Line>,
    /// Slots that have passed while the queue was waiting, in words.
    pub missed: Option<String>,
    /// Why nothing is published.
    pub paused: Option<String>,
}

/// One post in a line.
#[derive(Clone, Debug)]
pub struct Line {
    pub key: PostKey,
    pub kind: Kind,
    pub at: Option<Timestamp>,
    /// A link, or the reason of a state.
    pub text: Option<String>,
    /// Of a live post.
    pub media_id: Option<MediaId>,
    pub reach: Option<u64>,
    pub likes: Option<u64>,
}

impl Line {
    /// Of which nothing more is known.
    #[must_use]
    pub fn of(key: PostKey, kind: Kind) -> Self {
        Self { key, kind, at: None, text: None, media_id: None, reach: None, likes: None }
    }

    /// As [`Self::shown`], with the numbers of a live post.
    fn with_numbers(&self) -> String {
        let number = |number: Option<u64>| {
            number.and_then(|number| usize::try_from(number).ok()).map_or_else(|| "–".to_owned(), thousands)
        };
        format!("{}  reach {}, likes {}", self.shown(), number(self.reach), number(self.likes))
    }

    fn json(&self, time: &str, text: &str) -> Value {
        json!({ "key": self.key, "kind": self.kind.as_str(), time: self.at, text: self.text })
    }

    fn shown(&self) -> String {
        let at = self.at.map(|at| format!("{}  ", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
        let text = self.text.as_deref().map(|text| format!("  {}", one_line(text))).unwrap_or_default();
        format!("{at}{}  {}{text}", one_line(self.key.as_str()), self.kind)
    }
}

/// All accounts, for people.
#[must_use]
pub fn render(accounts: &[AccountStatus], min_days: Option<i64>) -> String {
    let mut text = String::new();
    for account in accounts {
        let _ = writeln!(text, "{}", account.token.title());
        for (word, line) in account.rows(min_days) {
            let _ = writeln!(text, "  {word:<9}{line}");
        }
    }
    let sum = |count: fn(&AccountStatus) -> usize| accounts.iter().map(count).sum::<usize>();
    let bad = accounts.iter().filter(|account| !account.token.is_good(min_days)).count();
    let _ = writeln!(
        text,
        "Status: {}, {} to renew, {} unknown, {} open, {} late, {} failed, {} due now.",
        plural(accounts.len(), "account"),
        plural(bad, "token"),
        sum(|account| account.unknown.len()),
        sum(|account| account.open.len()),
        sum(|account| account.late),
        sum(|account| account.failed),
        sum(|account| account.due),
    );
    text
}

impl AccountStatus {
    fn rows(&self, min_days: Option<i64>) -> Vec<(&'static str, String)> {
        let mut rows = self.token.rows(min_days);
        if let Some(paused) = &self.paused {
            rows.push(("paused", one_line(paused)));
        }
        if let Some(quota) = &self.quota {
            let total = quota.total.map_or_else(|| "?".to_owned(), |total| total.to_string());
            rows.push(("quota", format!("{} of {total} posts in 24 hours", quota.used)));
        }
        let mut list = |word, lines: &[Line]| {
            rows.extend(lines.iter().map(|line| (word, line.shown())));
        };
        list("unknown", &self.unknown);
        list("open", &self.open);
        rows.extend(self.last.iter().map(|line| ("last", line.with_numbers())));
        rows.extend(self.next.iter().map(|line| ("next", line.shown())));
        rows.extend(self.missed.iter().map(|missed| ("queue", one_line(missed))));
        let counts = [(self.due, "due now"), (self.late, "late"), (self.failed, "failed")];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        rows.push(("posts", if counts.is_empty() { "nothing due".to_owned() } else { counts.join(", ") }));
        rows
    }

    fn json(&self) -> Value {
        let mut account = self.token.json();
        let quota = self.quota.as_ref().map(|quota| {
            json!({
                "used": quota.used,
                "total": quota.total,
                "window_s": quota.window.map(|window| window.as_secs()),
            })
        });
        account["paused"] = json!(self.paused);
        account["quota"] = json!(quota);
        let list = |lines: &[Line], time: &str, text: &str| -> Value {
            lines.iter().map(|line| line.json(time, text)).collect()
        };
        account["last"] = list(&self.last, "published_at", "permalink");
        for (value, line) in account["last"].as_array_mut().into_iter().flatten().zip(&self.last) {
            value["reach"] = json!(line.reach);
            value["likes"] = json!(line.likes);
        }
        account["unknown"] = list(&self.unknown, "announced_at", "reason");
        account["open"] = list(&self.open, "announced_at", "state");
        account["next"] = self.next.as_ref().map_or(Value::Null, |next| next.json("due_at", "reason"));
        account["queue_missed"] = json!(self.missed);
        account["due"] = json!(self.due);
        account["late"] = json!(self.late);
        account["failed"] = json!(self.failed);
        account
    }
}

/// All accounts, for programs.
#[must_use]
pub fn json(accounts: &[AccountStatus], exit_code: u8) -> String {
    let accounts: Vec<Value> = accounts.iter().map(AccountStatus::json).collect();
    json_line(&json!({ "format_version": "1.0", "exit_code": exit_code, "accounts": accounts }))
}
