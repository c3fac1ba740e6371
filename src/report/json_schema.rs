//! JSON Schemas (draft 7) of what igsync prints for programs.
//!
//! They are open: fields are only ever added, and a program that checks an answer of a newer igsync with
//! an older schema must not fail. Tests close them and hold them against what is really printed.

mod events;
mod feed;
mod notation;
mod plan;

use serde_json::{Value, json};

use igsync_base::rules;

use notation::{about, count, flag, list, maybe, object, text, titled};

pub use events::events;
pub use feed::{drift, import, insights};
pub use plan::plan;

/// What `validate --format json` prints.
#[must_use]
pub fn findings() -> Value {
    let findings = object(&[
        ("format_version", json!({ "const": "1.0" })),
        ("findings", about(list(&finding()), "Sorted by file and place")),
    ]);
    titled("igsync findings", findings)
}

/// What `fix --format json` prints.
#[must_use]
pub fn fix() -> Value {
    let result = |what: &str, more: &[(&str, Value)]| {
        let fields = [
            ("source", about(text(), "Relative to the content root, with /")),
            ("result", about(text(), "The file that passes, beside its source")),
            ("what", json!({ "const": what })),
            ("is_there", about(flag(), "An earlier run had made it")),
            ("manifests", about(list(&text()), "Those that name it")),
        ];
        object(&[&fields[..], more].concat())
    };
    let picture = result("picture", &[("width", count()), ("height", count())]);
    let clip = result("clip", &[("bytes", count())]);
    let left = object(&[("file", text()), ("reason", text())]);
    titled(
        "igsync fix",
        object(&[
            ("format_version", json!({ "const": "1.0" })),
            ("written", about(flag(), "false: it was only listed what would be done")),
            ("files", list(&json!({ "anyOf": [picture, clip] }))),
            ("manifests", about(list(&text()), "Those that name the files, or would")),
            ("left", about(list(&left), "What stays as it is, with the reason")),
            ("recorded_manifests", about(count(), "Manifests of recorded posts that were left alone")),
            ("accept", about(list(&text()), "Commands that accept what is live of recorded posts")),
            ("remaining", about(list(&finding()), "Errors of media that are left")),
        ]),
    )
}

fn finding() -> Value {
    let ids: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
    let from_one = || json!({ "type": "integer", "minimum": 1 });
    object(&[
        ("file", about(text(), "Relative to the content root, with /")),
        ("line", from_one()),
        ("column", about(from_one(), "In characters")),
        ("end_line", from_one()),
        ("end_column", about(from_one(), "Just after the last character")),
        ("id", json!({ "enum": ids })),
        ("name", about(text(), "The rule's name, as in `rules:` of igsync.yaml")),
        ("severity", json!({ "enum": ["error", "warning"] })),
        ("message", about(text(), "What is wrong")),
        ("label", about(text(), "What is there, with its numbers")),
        ("help", about(maybe(text()), "What to do next")),
        ("url", about(maybe(text()), "Meta's page")),
    ])
}
