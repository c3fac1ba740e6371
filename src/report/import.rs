//! What `igsync import` found, and what it wrote.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json_line;
use super::text::{one_line, plural, rounded_bytes, thousands};
use igsync_base::id::{AccountName, Kind, MediaId, PostKey, UserId};

/// What was found and written.
pub struct Done {
    pub account: AccountName,
    pub user_id: UserId,
    pub mode: Mode,
    pub posts: Vec<Row>,
    /// Requests that reading the feed took.
    pub calls: u32,
    /// Whether the feed was read to its end, or as far back as was asked for.
    pub is_complete: bool,
    pub fetched: usize,
    /// In bytes.
    pub bytes: u64,
    /// Files that are not as they should be, each with the reason.
    pub left: Vec<(String, String)>,
    /// A manifest was not written, or a file could not be fetched.
    pub is_incomplete: bool,
    /// What Instagram gives of no post.
    pub not_read_back: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Show,
    RecordOnly,
    Write,
}

impl Mode {
    pub const NAMES: [&'static str; 3] = ["show", "record_only", "write"];

    fn name(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::RecordOnly => "record_only",
            Self::Write => "write",
        }
    }
}

/// One live post.
pub struct Row {
    pub media_id: MediaId,
    pub kind: Option<Kind>,
    pub at: Option<Timestamp>,
    pub permalink: Option<String>,
    /// One of [`igsync_model::import::Class::NAMES`].
    pub class: &'static str,
    /// The post that it is, could be, or now is.
    pub keys: Vec<PostKey>,
    /// Of a match: it is only shown until a person confirms it.
    pub needs_match: bool,
    /// Of a match: its manifest says when it goes out.
    pub has_time: bool,
    pub is_recorded: bool,
    /// The manifest that was written, from the content root.
    pub file: Option<String>,
}

impl Done {
    fn count(&self, class: &str) -> usize {
        self.posts.iter().filter(|row| row.class == class).count()
    }

    /// How many posts this run has recorded.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.posts.iter().filter(|row| row.is_recorded).count()
    }

    fn manifests(&self) -> usize {
        self.posts.iter().filter(|row| row.file.is_some()).count()
    }
}

/// One JSON object.
#[must_use]
pub fn json(done: &Done) -> String {
    let row = |row: &Row| {
        json!({
            "media_id": row.media_id,
            "class": row.class,
            "key": row.keys.first(),
            "keys": row.keys,
            "kind": row.kind,
            "published_at": row.at,
            "permalink": row.permalink,
            "needs_match": row.needs_match,
            "recorded": row.is_recorded,
            "file": row.file,
        })
    };
    let left: Vec<Value> = done.left.iter().map(|(file, reason)| json!({ "file": file, "reason": reason })).collect();
    json_line(&json!({
        "format_version": "1.0",
        "account": done.account,
        "user_id": done.user_id,
        "mode": done.mode.name(),
        "calls": done.calls,
        "complete": done.is_complete,
        "posts": done.posts.iter().map(row).collect::<Vec<_>>(),
        "left": left,
        "summary": {
            "known": done.count("known"),
            "contested": done.count("contested"),
            "matched": done.count("matched"),
            "ambiguous": done.count("ambiguous"),
            "new": done.count("new"),
            "other_kind": done.count("other_kind"),
            "recorded": done.recorded(),
            "manifests": done.manifests(),
            "media": done.fetched,
            "media_bytes": done.bytes,
            "left": done.left.len(),
        },
    }))
}

/// So many posts of a class are shown one by one.
const SHOWN: usize = 20;

/// What a person should look at, then counts.
#[must_use]
pub fn human(done: &Done) -> String {
    let mut text = String::new();
    for (class, heading) in [
        ("matched", "Manifests that are live already"),
        ("ambiguous", "Left alone, because it is not certain which post they are"),
        ("contested", "Left alone, because an open attempt may own them"),
        ("other_kind", "Left alone, of a kind that igsync does not know"),
    ] {
        let rows: Vec<&Row> = done.posts.iter().filter(|row| row.class == class).collect();
        section(&mut text, heading, &rows);
    }
    if done.mode != Mode::Show {
        let rows: Vec<&Row> = done.posts.iter().filter(|row| row.file.is_some()).collect();
        section(&mut text, "Manifests written", &rows);
    }
    // Writing to a string cannot fail.
    for (file, reason) in done.left.iter().take(SHOWN) {
        let _ = writeln!(text, "not written: {}: {}", one_line(file), one_line(reason));
    }
    if done.left.len() > SHOWN {
        let _ = writeln!(text, "and {} more", thousands(done.left.len() - SHOWN));
    }
    if !done.left.is_empty() {
        text.push('\n');
    }
    let classes = [
        ("known", "known"),
        ("contested", "contested"),
        ("matched", "matched"),
        ("ambiguous", "ambiguous"),
        ("new", "new"),
        ("other_kind", "of another kind"),
    ];
    let counts = classes.iter().map(|(class, word)| (done.count(class), word)).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, word)| format!("{} {word}", thousands(count))).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    let _ = writeln!(text, "{}{counts}.", plural(done.posts.len(), "live post"));
    let media = format!("{} ({})", plural(done.fetched, "media file"), rounded_bytes(done.bytes));
    let _ = match done.mode {
        Mode::Show => writeln!(text, "Nothing was written."),
        Mode::RecordOnly => writeln!(text, "Recorded: {}.", plural(done.recorded(), "post")),
        Mode::Write => writeln!(
            text,
            "Recorded: {}. Written: {}, {media}.",
            plural(done.recorded(), "post"),
            plural(done.manifests(), "manifest"),
        ),
    };
    text
}

fn section(text: &mut String, heading: &str, rows: &[&Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "{heading}:");
    for row in rows.iter().take(SHOWN) {
        let place = row.permalink.clone().unwrap_or_else(|| row.media_id.to_string());
        let keys: Vec<String> = row.keys.iter().map(|key| one_line(key.as_str())).collect();
        let note = match (row.needs_match, row.has_time) {
            (false, _) => "",
            (true, false) => " (has no time: --match records it)",
            (true, true) => " (not all posts since its time were read: --match records it)",
        };
        let of = row.file.clone().map_or_else(|| keys.join(", "), |file| one_line(&file));
        let _ = writeln!(text, "  {} {of}{note}", one_line(&place));
    }
    if rows.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", thousands(rows.len() - SHOWN));
    }
    text.push('\n');
}
