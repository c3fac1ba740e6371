//! What a plan says.

use serde_json::{Value, json};

use igsync_model::lockfile::Effect;
use igsync_model::plan::Part;

use super::notation::{about, count, flag, kind, list, maybe, object, optional, text, time, titled};

/// What `plan --format json` prints.
#[must_use]
pub fn plan() -> Value {
    const ACTIONS: [&str; 14] = [
        "publish",
        "resume",
        "adopt",
        "moved",
        "scheduled",
        "edited",
        "duplicate",
        "delete",
        "deleted",
        "orphan",
        "late",
        "expired",
        "unknown",
        "failed",
    ];
    let counts: Vec<(&str, Value)> =
        ACTIONS.iter().chain(&["unchanged", "drafts"]).map(|name| (*name, count())).collect();
    let media_bytes = "Of the local files of posts that the run starts; a picture counts at its present size until it has \
                       been converted";
    let cost = object(&[
        ("containers", count()),
        ("publishes", count()),
        ("calls", about(count(), "To the Graph API")),
        ("media_bytes", about(count(), media_bytes)),
    ]);
    let notice = object(&[
        ("kind", text()),
        ("account", text()),
        ("key", text()),
        ("message", about(text(), "What was found")),
        ("help", text()),
    ]);
    let drafts = object(&[("folder", about(text(), "Relative to the content root")), ("posts", count())]);
    let record_changes = json!({
        "type": ["array", "null"],
        "items": record_change(),
        "description": "With --base: what the branch does to igsync.lock, and the base did not; most important first",
    });
    let forecast = object(&[
        ("account", text()),
        ("at", time()),
        ("posts", about(count(), "Due at that time")),
        ("max_publish_per_run", count()),
        ("deferred", about(count(), "Of these, how many wait for a later run")),
        ("in_24h", about(count(), "Publishes in the 24 hours that end then")),
    ]);
    let mut plan = object(&[
        ("format_version", json!({ "const": super::super::plan_json::FORMAT_VERSION })),
        ("applyable", about(flag(), "Apply would refuse nothing")),
        ("complete", about(flag(), "false: a manifest could not be read; moves and orphans are not known")),
        ("now", time()),
        ("changes", about(list(&change(&ACTIONS)), "In the order in which apply acts")),
        ("summary", object(&counts)),
        ("cost", cost),
        ("guards", list(&guard())),
        ("record_changes", record_changes),
        ("notices", list(&notice)),
        ("drafts", about(list(&drafts), "Checked and never published, per folder")),
        ("forecast", list(&forecast)),
        (
            "digest",
            about(
                text(),
                "Of what apply would publish, delete and rename, now or later: time alone does not change it",
            ),
        ),
    ]);
    let until = about(time(), "With --wait: what falls due until then is published at its time, by the same run");
    optional(&mut plan, &[("wait_until", until)]);
    titled("igsync plan", plan)
}

pub(super) fn guard() -> Value {
    object(&[
        ("kind", about(text(), "too_many, no_lockfile, paused, …: the list grows")),
        ("account", maybe(text())),
        ("keys", list(&text())),
        ("message", about(text(), "Why apply would refuse")),
        ("help", about(text(), "Which flag or setting overrides it")),
        ("in_diff", about(maybe(flag()), "With --base: whether it holds because of what the branch adds or changes")),
    ])
}

fn record_change() -> Value {
    let record = || json!({ "type": ["object", "null"] });
    let line = json!({ "type": ["integer", "null"], "minimum": 1 });
    object(&[
        ("effect", json!({ "enum": Effect::NAMES })),
        ("key", text()),
        ("user_id", text()),
        ("removed", about(count(), "How many attempts the branch drops")),
        ("added", count()),
        ("changed", count()),
        ("from", about(record(), "The attempt that counts on the base, as `igsync schema lock` describes it")),
        ("to", about(record(), "The one that counts once the branch is merged")),
        ("goes_out", about(flag(), "This or a later run publishes the post, as the branch has the record")),
        ("line", about(line, "Of what the branch writes, in igsync.lock")),
        ("message", about(text(), "What the branch does")),
        ("help", text()),
    ])
}

fn change(actions: &[&str]) -> Value {
    let mut media = object(&[("type", json!({ "enum": ["image", "video"] }))]);
    optional(
        &mut media,
        &[("path", about(text(), "Relative to the content root")), ("url", text()), ("alt_text", text())],
    );
    let mut converted = object(&[("format", json!({ "const": "jpeg" })), ("width", count()), ("height", count())]);
    optional(&mut converted, &[("bytes", about(count(), "Absent until the picture has been converted"))]);
    optional(&mut media, &[("converted", about(converted, "What is published instead of the file"))]);
    media["oneOf"] = json!([{ "required": ["path"] }, { "required": ["url"] }]);
    let mut change = object(&[
        ("key", text()),
        ("account", text()),
        ("user_id", maybe(text())),
        ("username", maybe(text())),
        ("kind", kind()),
        ("action", json!({ "enum": actions })),
        ("reason", text()),
        ("has_errors", flag()),
        ("file", about(maybe(text()), "The manifest, relative to the content root")),
        ("line", maybe(json!({ "type": "integer", "minimum": 1 }))),
        ("due_at", maybe(time())),
        ("digest", maybe(text())),
        ("permalink", maybe(text())),
        ("caption", about(maybe(text()), "As it will be sent, hashtags included; untrusted text")),
        ("media", list(&media)),
        (
            "in_diff",
            about(maybe(flag()), "With --base: whether the branch touches the manifest, what it uses, or its record"),
        ),
    ]);
    let repeats = about(list(&text()), "Only for duplicate: the keys of the other posts");
    let differs =
        about(list(&json!({ "enum": Part::NAMES })), "Only for edited: what is not any more what was published");
    let place = object(&[("removed", text()), ("added", text())]);
    let reworded = about(
        list(&place),
        "Only for edited, where git has the caption that was published: the words that stood there, and those that do now; \
         untrusted text",
    );
    optional(
        &mut change,
        &[
            ("from", about(text(), "Only for moved: the key before")),
            ("repeats", repeats),
            ("differs", differs),
            ("reworded", reworded),
            ("deletes", about(flag(), "Only for delete: apply with the same flags deletes it")),
            ("media_id", about(text(), "Only for delete, where it is known: what is lost")),
            ("published_at", about(time(), "As media_id")),
            ("likes", about(count(), "As media_id; with --refresh, where Instagram tells")),
            ("comments", about(count(), "As likes")),
            ("note", about(text(), "Only where the manifest has one: for people, never sent; untrusted text")),
        ],
    );
    change
}
