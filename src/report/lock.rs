//! Records as text: `igsync lock` and `igsync resolve`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::json_line;
use super::text::{one_line, pad, plural, thousands, width};
use igsync_base::id::{AccountName, PostKey};
use igsync_model::lockfile::{Conflict, Record, Stage, effective};

/// One row per post, then a count of each state.
#[must_use]
pub fn list(posts: &[&[Record]]) -> String {
    let mut rows: Vec<[String; 5]> = Vec::new();
    let mut counts: Vec<(Stage, usize)> = Vec::new();
    let mut speaking: Vec<&Record> = posts.iter().filter_map(|attempts| effective(attempts)).collect();
    speaking.sort_by(|a, b| (&a.account, &a.key).cmp(&(&b.account, &b.key)));
    for record in speaking {
        match counts.iter_mut().find(|(state, _)| *state == record.stage()) {
            Some((_, count)) => *count += 1,
            None => counts.push((record.stage(), 1)),
        }
        rows.push([
            word(record.stage()).to_owned(),
            one_line(record.key.as_str()),
            one_line(record.account.as_str()),
            record.kind.to_string(),
            one_line(&end_of(record)),
        ]);
    }
    counts.sort();
    let counts: Vec<String> =
        counts.iter().map(|(state, count)| format!("{} {}", thousands(*count), word(*state))).collect();
    let total = rows.len();
    let mut text = table(&rows);
    match counts.as_slice() {
        [] => text.push_str("No records.\n"),
        counts => text.extend(["\n", &plural(total, "record"), ": ", &counts.join(", "), ".\n"]),
    }
    text
}

/// Every attempt of one post, field by field, as the lockfile names them.
#[must_use]
pub fn show(attempts: &[Record]) -> String {
    let blocks: Vec<String> = attempts
        .iter()
        .map(|record| {
            let Ok(Value::Object(fields)) = serde_json::to_value(record) else { return String::new() };
            let rows: Vec<[String; 2]> = fields
                .iter()
                .map(|(name, value)| {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    [name.clone(), one_line(&value)]
                })
                .collect();
            table(&rows)
        })
        .collect();
    blocks.join("\n")
}

/// Records as they are in the lockfile.
#[must_use]
pub fn json<'a>(records: impl Iterator<Item = &'a Record>) -> String {
    let records: Vec<&Record> = records.collect();
    json_line(&json!({ "format_version": "1.0", "records": records }))
}

/// Two live posts where one was meant.
#[must_use]
pub fn conflict(conflict: &Conflict<'_>) -> String {
    let live: Vec<String> =
        conflict.published.iter().filter_map(|record| record.claimed_media()).map(ToString::to_string).collect();
    let key = one_line(conflict.key.as_str());
    if conflict.published.iter().any(|record| record.is_only_found()) {
        let forget = |media: &String| format!("`igsync lock rm {} --media {media}`", conflict.key.argument());
        return format!(
            "warning: {key} is recorded as several live posts, {}, and they may be different ones\n  help: look at them, \
             and forget the wrong one: {}",
            live.join(" and "),
            live.iter().map(forget).collect::<Vec<_>>().join(" or ")
        );
    }
    format!("warning: {key} is live more than once, as {}\n  help: delete one of them on Instagram", live.join(" and "))
}

/// What `lock merge` did.
#[must_use]
pub fn merged(added: usize, changed: usize, had_conflicts: bool, dry_run: bool, as_json: bool) -> String {
    if as_json {
        let value = json!({
            "action": "merged", "added": added, "changed": changed, "had_conflicts": had_conflicts, "dry_run": dry_run,
        });
        return json_line(&value);
    }
    let would = if dry_run { "Would merge" } else { "Merged" };
    match (added, changed, had_conflicts) {
        (0, 0, false) => "Nothing to merge: igsync.lock has all of it already.\n".to_owned(),
        (0, 0, true) => format!("{would} both sides of the conflict.\n"),
        _ => format!("{would}: {}, {} changed.\n", plural(added, "new attempt"), thousands(changed)),
    }
}

/// Which imported posts were forgotten.
#[must_use]
pub fn forgotten_imports(posts: &BTreeSet<(AccountName, PostKey)>, dry_run: bool, as_json: bool) -> String {
    if as_json {
        let posts: Vec<Value> = posts.iter().map(|(account, key)| json!({ "account": account, "key": key })).collect();
        return json_line(&json!({ "action": "forgotten", "posts": posts, "dry_run": dry_run }));
    }
    let would = if dry_run { "Would forget" } else { "Forgot" };
    format!("{would} {}.\n", plural(posts.len(), "imported post"))
}

/// What was forgotten of one base URL.
#[must_use]
pub fn forgotten(base: &str, posts: &BTreeSet<(AccountName, PostKey)>, dry_run: bool, as_json: bool) -> String {
    if as_json {
        let posts: Vec<Value> = posts.iter().map(|(account, key)| json!({ "account": account, "key": key })).collect();
        return json_line(&json!({ "action": "forgotten", "graph": base, "posts": posts, "dry_run": dry_run }));
    }
    let would = if dry_run { "Would forget" } else { "Forgot" };
    let row = |(account, key): &(AccountName, PostKey)| {
        format!("  {} ({})\n", one_line(key.as_str()), one_line(account.as_str()))
    };
    let rows: String = posts.iter().map(row).collect();
    format!("{rows}{would} {} recorded through {}.\n", plural(posts.len(), "post"), one_line(base))
}

/// A change that a person made to the record.
#[derive(Clone, Debug)]
pub struct Done {
    /// In the past tense, one word.
    pub action: &'static str,
    pub key: PostKey,
    pub account: AccountName,
    /// What follows from it.
    pub meaning: String,
    /// Written records; 0 when everything was so already.
    pub changes: usize,
    /// Nothing was asked to change: this only reports its state.
    pub is_reading: bool,
    pub dry_run: bool,
    /// For people, on stderr.
    pub notes: Vec<String>,
    /// More fields for programs.
    pub fields: Vec<(&'static str, Value)>,
}

impl Done {
    #[must_use]
    pub fn new(action: &'static str, key: &PostKey, account: &AccountName, meaning: String) -> Self {
        Self {
            action,
            key: key.clone(),
            account: account.clone(),
            meaning,
            changes: 0,
            is_reading: false,
            dry_run: false,
            notes: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// One line.
    #[must_use]
    pub fn human(&self) -> String {
        let prefix = if self.dry_run && !self.is_reading { "would be " } else { "" };
        let key = one_line(self.key.as_str());
        if self.changes == 0 && !self.is_reading {
            return format!("{key}: nothing to change, {} already\n", self.action);
        }
        format!("{key}: {prefix}{}, {}\n", self.action, one_line(&self.meaning))
    }

    /// One object.
    #[must_use]
    pub fn json(&self) -> String {
        let mut value = json!({
            "key": self.key, "account": self.account, "action": self.action,
            "changed": self.changes > 0, "dry_run": self.dry_run,
        });
        for (name, field) in &self.fields {
            value[*name] = field.clone();
        }
        json_line(&value)
    }

    /// Fit to be between quotes in a shell: keys may hold anything.
    #[must_use]
    pub fn commit_message(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        let key = if self.key.as_str().chars().all(is_plain) { self.key.as_str() } else { "a post" };
        format!("Record {key} as {}", self.action)
    }
}

/// As people say it.
#[must_use]
pub fn word(state: Stage) -> &'static str {
    match state {
        Stage::Containers => "prepared",
        Stage::Intent => "open",
        Stage::Unknown => "unknown",
        Stage::NotPublished => "not published",
        Stage::Failed => "failed",
        Stage::Published => "published",
        Stage::Deleted => "deleted",
        Stage::Ignored => "ignored",
        Stage::Forgotten => "forgotten",
    }
}

/// Where it is, or why it is not.
fn end_of(record: &Record) -> String {
    let known = record.known_live();
    let place =
        known.and_then(|live| live.permalink.clone().or_else(|| live.media_id.as_ref().map(ToString::to_string)));
    let place = place.or_else(|| record.reason().map(ToString::to_string)).unwrap_or_default();
    match record.live().and_then(|live| live.published_at) {
        Some(at) => format!("{at} {place}").trim().to_owned(),
        None => place,
    }
}

fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> =
        (0..N).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| pad(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
