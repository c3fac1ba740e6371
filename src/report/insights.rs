//! `igsync insights`: one row per published post, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::json_line;
use super::text::{one_line, pad, plural, thousands, width};
use igsync_base::id::{AccountName, Kind, UserId};
use igsync_base::insights::Unread;
use igsync_base::text::neutral_line;
use igsync_model::insights::{Column, Medians, Missing, Row, Unit};

pub const FORMAT_VERSION: &str = "1.0";

/// What one account's token and listing gave.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    pub account: AccountName,
    pub user_id: UserId,
    /// Permissions for insights that the token lacks, or may lack.
    pub missing_scopes: &'static [&'static str],
    /// `false`: fewer than five viewers would explain it as well.
    pub is_certain: bool,
    /// Requests that it took.
    pub calls: u32,
    /// Why nothing could be read.
    pub problem: Option<String>,
}

/// Everything that was read.
#[derive(Clone, Debug)]
pub struct Report {
    /// When it was read.
    pub at: Timestamp,
    pub accounts: Vec<AccountSummary>,
    /// In the order in which they are shown.
    pub rows: Vec<Row>,
    pub medians: Medians,
}

/// Columns for people, the most useful first. The key is before all of them.
const SHOWN: [Column; 16] = [
    Column::Age,
    Column::Kind,
    Column::Reach,
    Column::Likes,
    Column::ShareRate,
    Column::SaveRate,
    Column::Views,
    Column::Comments,
    Column::WatchRate,
    Column::Saves,
    Column::Shares,
    Column::Reposts,
    Column::WatchTime,
    Column::SkipRate,
    Column::Replies,
    Column::Exits,
];

/// Columns whose numbers are shown against the median, too.
const COMPARED: [Column; 4] = [Column::Reach, Column::ShareRate, Column::SaveRate, Column::WatchRate];

/// The key is cut before a column is left out for it.
const SHORTEST_KEY: usize = 16;
const GAP: usize = 2;
const NONE: &str = "–";

impl Report {
    fn has_several_accounts(&self) -> bool {
        self.accounts.len() > 1
    }

    /// The columns that any row has something in.
    pub(super) fn columns(&self) -> Vec<Column> {
        let account = self.has_several_accounts().then_some(Column::Account);
        let is_used = |column: &Column| {
            column.unit().is_none() || self.rows.iter().any(|row| row.sample.value(*column).is_some())
        };
        let always = [Column::Age, Column::Kind, Column::Reach, Column::Likes];
        let shown = SHOWN.into_iter().filter(|column| always.contains(column) || is_used(column));
        account.into_iter().chain(shown).collect()
    }

    fn times(&self, row: &Row, column: Column) -> Option<f64> {
        self.medians.against(&row.user_id, row.kind, column, row.sample.value(column))
    }

    /// What a column shows of a row, in text that may hold what others wrote.
    pub(super) fn cell(&self, row: &Row, column: Column) -> String {
        let value = match column {
            Column::Key => return row.key.to_string(),
            Column::Account => return row.account.to_string(),
            Column::Kind => return row.kind.to_string(),
            Column::Age => row.published_at.map(|at| age(self.at, at)),
            _ => row.sample.value(column).map(|value| shown(row, column, value)),
        };
        let Some(value) = value else { return NONE.to_owned() };
        match self.times(row, column).filter(|_| COMPARED.contains(&column)) {
            Some(times) => format!("{value} {}", multiple(times)),
            None => value,
        }
    }

    /// What the account's own posts usually have, a sentence for each kind.
    pub(super) fn usual(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for account in &self.accounts {
            for kind in Kind::ALL {
                let median = |column| self.medians.get(&account.user_id, kind, column);
                let parts: Vec<String> = COMPARED
                    .into_iter()
                    .filter_map(|column| Some((column, median(column)?)))
                    .map(|(column, median)| format!("{} {}", words(column), in_unit(column, median.value)))
                    .collect();
                let Some(posts) = COMPARED.into_iter().filter_map(median).map(|median| median.posts).max() else {
                    continue;
                };
                let of = plural(posts, noun(kind));
                let whose =
                    if self.has_several_accounts() { format!(" of {}", account.account) } else { String::new() };
                lines.push(format!("median of {of}{whose}: {}", parts.join(", ")));
            }
        }
        lines
    }

    /// Why insights are missing, a sentence for each reason.
    pub(super) fn reasons(&self) -> Vec<String> {
        let mut counts: BTreeMap<Missing, usize> = BTreeMap::new();
        for missing in self.rows.iter().filter_map(|row| row.missing) {
            *counts.entry(missing).or_default() += 1;
        }
        counts.into_iter().map(|(missing, count)| format!("{}: {}", plural(count, "post"), why(missing))).collect()
    }

    /// The last line, which stays as it is.
    #[must_use]
    pub fn end(&self) -> String {
        let without = self.rows.iter().filter(|row| row.missing.is_some()).count();
        let with = self.rows.len() - without;
        format!(
            "Insights: {}, {} with insights, {} without.",
            plural(self.rows.len(), "post"),
            thousands(with),
            thousands(without)
        )
    }
}

/// For a terminal of so many columns.
#[must_use]
pub fn human(report: &Report, columns: usize) -> String {
    let mut text = String::new();
    if !report.rows.is_empty() {
        let all = report.columns();
        let keys: Vec<String> = report.rows.iter().map(|row| one_line(row.key.as_str())).collect();
        let natural = keys.iter().map(|key| width(key)).max().unwrap_or(0).max("POST".len());
        let mut room = columns.saturating_sub(natural.min(SHORTEST_KEY));
        let mut table: Vec<(Vec<String>, usize)> = Vec::new();
        for column in all {
            let cells: Vec<String> = std::iter::once(heading(column).to_owned())
                .chain(report.rows.iter().map(|row| one_line(&report.cell(row, column))))
                .collect();
            let widest = cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
            let Some(rest) = room.checked_sub(widest + GAP) else { break };
            room = rest;
            table.push((cells, widest));
        }
        let key_width = natural.min(natural.min(SHORTEST_KEY) + room);
        for line in 0..=keys.len() {
            let key = line.checked_sub(1).map_or_else(|| "POST".to_owned(), |place| tail(&keys[place], key_width));
            let mut row = pad(&key, key_width);
            for (cells, widest) in &table {
                let _ = write!(row, "  {}", pad(&cells[line], *widest));
            }
            let _ = writeln!(text, "{}", row.trim_end());
        }
        text.push('\n');
        for line in report.usual().iter().chain(&report.reasons()) {
            let _ = writeln!(text, "{}", one_line(line));
        }
    }
    let _ = writeln!(text, "{}", report.end());
    text
}

/// For programs.
#[must_use]
pub fn json(report: &Report) -> String {
    let accounts: Vec<Value> = report
        .accounts
        .iter()
        .map(|account| {
            json!({
                "account": account.account,
                "user_id": account.user_id,
                "missing_scopes": account.missing_scopes,
                "is_certain": account.is_certain,
                "calls": account.calls,
                "problem": account.problem,
                "medians": medians(report, account),
            })
        })
        .collect();
    let posts: Vec<Value> = report.rows.iter().map(|row| post(report, row)).collect();
    json_line(&json!({
        "format_version": FORMAT_VERSION,
        "at": report.at,
        "accounts": accounts,
        "posts": posts,
    }))
}

/// By kind, then by column.
fn medians(report: &Report, account: &AccountSummary) -> Value {
    let mut kinds = Map::new();
    for kind in Kind::ALL {
        let columns: Map<String, Value> = Column::numbers()
            .filter_map(|column| Some((column, report.medians.get(&account.user_id, kind, column)?)))
            .map(|(column, median)| {
                (column.name().to_owned(), json!({ "value": rounded(median.value), "posts": median.posts }))
            })
            .collect();
        if !columns.is_empty() {
            kinds.insert(kind.as_str().to_owned(), Value::Object(columns));
        }
    }
    Value::Object(kinds)
}

fn post(report: &Report, row: &Row) -> Value {
    let mut post = json!({
        "key": row.key,
        "account": row.account,
        "media_id": row.media_id,
        "permalink": row.permalink,
        "kind": row.kind,
        "published_at": row.published_at,
        "duration_ms": row.sample.duration_ms,
        "missing": row.missing.map(Missing::as_str),
    });
    let mut against = Map::new();
    for column in Column::numbers() {
        post[column.name()] = number(row, column);
        against.extend(report.times(row, column).map(|times| (column.name().to_owned(), json!(rounded(times)))));
    }
    post["against_median"] = Value::Object(against);
    post
}

fn number(row: &Row, column: Column) -> Value {
    match row.sample.count(column) {
        Some(count) => json!(count),
        None => json!(row.sample.value(column).map(rounded)),
    }
}

/// Four digits behind the point: more are an accident of division.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// RFC 4180, with a heading. What a spreadsheet would take for a formula begins with an apostrophe.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut names: Vec<String> = ["published_at", "key", "account", "media_id", "permalink", "kind", "missing"]
        .iter()
        .map(ToString::to_string)
        .collect();
    for column in Column::numbers() {
        names.extend([column.name().to_owned(), format!("{}_vs_median", column.name())]);
    }
    let mut text = names.join(",") + "\r\n";
    for row in &report.rows {
        let mut cells = vec![
            row.published_at.map(|at| at.to_string()).unwrap_or_default(),
            text_cell(row.key.as_str()),
            text_cell(row.account.as_str()),
            row.media_id.as_ref().map(|id| text_cell(id.as_str())).unwrap_or_default(),
            row.permalink.as_deref().map(text_cell).unwrap_or_default(),
            row.kind.to_string(),
            row.missing.map(Missing::as_str).unwrap_or_default().to_owned(),
        ];
        for column in Column::numbers() {
            let written = |value: Value| if value.is_null() { String::new() } else { value.to_string() };
            cells.push(written(number(row, column)));
            cells.push(written(json!(report.times(row, column).map(rounded))));
        }
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Text of others as one cell: nothing in it is a formula, an escape, or a command of a runner.
fn text_cell(text: &str) -> String {
    // Blanks before it would not help: they are gone in a line.
    let line = neutral_line(&one_line(text));
    let is_formula = line.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let guarded = if is_formula { format!("'{line}") } else { line };
    if guarded.contains(['"', ',']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

/// What a note says of the permission that an account's token lacks.
#[must_use]
pub fn scope_note(account: &AccountSummary) -> Option<String> {
    if account.missing_scopes.is_empty() {
        return None;
    }
    let (name, scopes) = (&account.account, account.missing_scopes.join(" and "));
    Some(if account.is_certain {
        format!(
            "note: the token for {name} may not read insights: it needs {scopes}; only counts that need no permission \
             are shown\n  help: add the permission to the app in Meta's dashboard, then get a new token with it"
        )
    } else {
        format!(
            "note: Meta withholds the insights of {name}: fewer than five have seen the stories, or the token lacks \
             {scopes}\n  help: if it stays so for posts that more have seen, get a new token with the permission"
        )
    })
}

pub(super) fn heading(column: Column) -> &'static str {
    match column {
        Column::Key => "POST",
        Column::Account => "ACCOUNT",
        Column::Age => "AGE",
        Column::Kind => "KIND",
        Column::Views => "VIEWS",
        Column::Reach => "REACH",
        Column::Likes => "LIKES",
        Column::Comments => "COMMENTS",
        Column::Saves => "SAVES",
        Column::Shares => "SHARES",
        Column::Reposts => "REPOSTS",
        Column::ShareRate => "SHARED",
        Column::SaveRate => "SAVED",
        Column::WatchTime => "WATCHED",
        Column::WatchRate => "OF CLIP",
        Column::SkipRate => "SKIPPED",
        Column::Replies => "REPLIES",
        Column::Exits => "EXITS",
    }
}

fn words(column: Column) -> &'static str {
    match column {
        Column::ShareRate => "shared",
        Column::SaveRate => "saved",
        Column::WatchRate => "watched of the clip",
        other => other.name(),
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Image => "image",
        Kind::Reel => "reel",
        Kind::Carousel => "carousel",
        Kind::Story => "live story",
    }
}

fn shown(row: &Row, column: Column, value: f64) -> String {
    match row.sample.count(column).filter(|_| column.unit() == Some(Unit::Count)) {
        Some(count) => thousands(usize::try_from(count).unwrap_or(usize::MAX)),
        None => in_unit(column, value),
    }
}

fn in_unit(column: Column, value: f64) -> String {
    match column.unit() {
        Some(Unit::Share) => format!("{:.1} %", value * 100.0),
        Some(Unit::Percent) => format!("{value:.1} %"),
        Some(Unit::Milliseconds) => format!("{:.1} s", value / 1_000.0),
        Some(Unit::Count) | None => {
            let text = format!("{value:.1}");
            let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
            let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
            if rest == "0" { whole } else { format!("{whole}.{rest}") }
        }
    }
}

/// `1.3×`
fn multiple(times: f64) -> String {
    if times < 99.95 { format!("{times:.1}×") } else { format!("{times:.0}×") }
}

/// `12 min`, `5 h`, `40 d`
fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// At most `columns` wide; of a key its end says which one it is.
fn tail(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut end = String::new();
    for c in text.chars().rev() {
        if width(&end) + width(c.encode_utf8(&mut [0; 4])) + 1 > columns {
            break;
        }
        end.insert(0, c);
    }
    format!("…{end}")
}

/// What a column holds, in a few words.
#[must_use]
pub fn about(column: Column) -> &'static str {
    match column {
        Column::Key => "the post",
        Column::Account => "its account, where there are several",
        Column::Age => "the time since it was published",
        Column::Kind => "its kind",
        Column::Views => "how often it was seen",
        Column::Reach => "how many accounts have seen it",
        Column::Likes => "likes",
        Column::Comments => "comments",
        Column::Saves => "how often it was saved",
        Column::Shares => "how often it was shared",
        Column::Reposts => "how often it was reposted",
        Column::ShareRate => "shares by reach",
        Column::SaveRate => "saves by reach",
        Column::WatchTime => "how long it was watched, on average",
        Column::WatchRate => "watch time by the duration of the clip",
        Column::SkipRate => "views that ended in the first three seconds, in percent, as Meta gives it",
        Column::Replies => "replies",
        Column::Exits => "how often a viewer left there",
    }
}

/// Why insights are missing.
#[must_use]
pub fn why(missing: Missing) -> &'static str {
    match missing {
        Missing::NoId => "its media id is not recorded; `igsync resolve KEY` finds it",
        Missing::StoryOver => "stories have insights for 24 hours only",
        Missing::NotListed => "not in the account's feed: deleted, archived, or of another account",
        Missing::Unread(Unread::BeforeProfessional) => {
            "from before the account was professional; such posts never get insights"
        }
        Missing::Unread(Unread::FewViewers) => "fewer than five have seen it",
        Missing::Unread(Unread::NoPermission) => "the token may not read insights",
        Missing::Unread(Unread::Withheld) => "fewer than five have seen it, or the token may not read insights",
        Missing::Unread(Unread::Refused) => "Meta has no insights of it",
    }
}

#[cfg(test)]
mod tests;
