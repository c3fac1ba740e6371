//! What a run says while it goes on.

use serde_json::{Value, json};

use igsync_apply::WaitsFor;
use igsync_instagram as graph;

use super::finding;
use super::notation::{DRAFT, about, count, exit_code, flag, kind, list, maybe, object, optional, require, text, time};
use super::plan::guard;

/// One line of what `apply --format json` prints.
#[must_use]
pub fn events() -> Value {
    let post = || vec![("key", text()), ("account", text())];
    let of_post = |more: &[(&'static str, Value)]| [post(), more.to_vec()].concat();
    let id = text;
    let status: Vec<&str> = graph::wire::StatusCode::ALL.iter().map(|code| code.as_str()).collect();
    let reason = || [("reason", about(text(), "One sentence"))];
    let mut events = [
        event(
            "run_started",
            &[("to_publish", count()), ("to_resume", count()), ("plan_digest", text()), ("to_delete", count())],
        ),
        event("post_started", &of_post(&[("kind", kind())])),
        event("container_created", &of_post(&[("container", id())])),
        event("container_polled", &of_post(&[("container", id()), ("waited_ms", count())])),
        event(
            "waiting",
            &[
                ("waits_for", json!({ "enum": WaitsFor::ALL })),
                ("wait_ms", count()),
                ("until", about(time(), "By the server's clock; of the whole run, by this machine's")),
            ],
        ),
        event("upload_progress", &of_post(&[("sent_bytes", count()), ("total_bytes", count())])),
        event("intent_recorded", &of_post(&[("container", id())])),
        event("post_published", &of_post(&[("media_id", about(maybe(id()), "null: live, id not known yet"))])),
        event("post_enriched", &of_post(&[("permalink", text())])),
        event("post_adopted", &of_post(&[("media_id", id())])),
        event("post_deleted", &of_post(&[("media_id", about(id(), "It was live as this"))])),
        event(
            "url_refused",
            &of_post(&[
                ("url", about(text(), "Without what may be a secret")),
                ("problem", about(text(), "A name that does not change: one of docs/media.md, or of a rule")),
                ("file", about(text(), "The manifest, relative to the content root")),
                ("line", json!({ "type": "integer", "minimum": 1 })),
                ("reason", about(text(), "One sentence")),
                ("help", text()),
            ]),
        ),
        event("post_failed", &of_post(&[("reason", text()), ("help", text())])),
        event(
            "post_unknown",
            &of_post(&[
                ("reason", about(text(), "One sentence")),
                ("settles_itself", about(flag(), "true: the next run checks; false: blocked until a person decides")),
                ("help", about(text(), "The command that settles it")),
            ]),
        ),
        event("post_deferred", &of_post(&reason())),
        event(
            "post_duplicate",
            &of_post(&[&reason()[..], &[("repeats", about(list(&text()), "The other posts"))]].concat()),
        ),
        event("not_attempted", &of_post(&reason())),
        event("post_warning", &of_post(&reason())),
        event(
            "account_stopped",
            &[("account", text()), ("reason", about(text(), "One sentence")), ("help", about(text(), "What to do"))],
        ),
        event("record_pushed", &[("commit", text())]),
        run_finished(),
        run_refused(),
    ];
    events.iter_mut().for_each(stamp);
    let mut may_have = |name: &str, fields: &[(&str, Value)]| {
        if let Some(event) = events.iter_mut().find(|event| event["properties"]["event"]["const"] == name) {
            optional(event, fields);
        }
    };
    let whole = || json!({ "type": "integer" });
    may_have(
        "container_created",
        &[("item", json!({ "type": "integer", "minimum": 1, "description": "Of a carousel" }))],
    );
    may_have(
        "url_refused",
        &[("item", json!({ "type": "integer", "minimum": 1, "description": "Of several; absent for a cover" }))],
    );
    may_have("container_polled", &[("status", json!({ "enum": status, "description": "Absent: unreadable" }))]);
    may_have(
        "waiting",
        &[
            ("key", about(text(), "Absent where it is not about one post")),
            ("account", about(text(), "Absent where it is about the whole run")),
        ],
    );
    may_have(
        "run_started",
        &[("not_reviewed", about(count(), "With --plan: posts left alone, because no plan file has them"))],
    );
    may_have(
        "run_refused",
        &[("mismatches", about(list(&mismatch()), "With --plan: posts that are not as they were reviewed"))],
    );
    may_have("post_failed", &[("code", whole()), ("subcode", whole()), ("fbtrace_id", text())]);
    json!({
        "$schema": DRAFT,
        "title": "One event of igsync apply",
        "description": "One JSON object per line; a program must skip events that it does not know",
        "oneOf": events,
    })
}

fn run_finished() -> Value {
    event(
        "run_finished",
        &[
            ("published", count()),
            ("failed", count()),
            ("unknown", count()),
            ("unsettled", about(count(), "Perhaps live; the next run checks")),
            ("deferred", count()),
            ("not_attempted", count()),
            ("deleted", about(count(), "No longer live")),
            ("exit_code", exit_code()),
            ("elapsed_ms", count()),
        ],
    )
}

fn run_refused() -> Value {
    event(
        "run_refused",
        &[
            ("reason", about(text(), "Why the run ended before it acted, one sentence")),
            ("help", about(maybe(text()), "What to do")),
            ("guards", about(list(&guard()), "As in a plan")),
            ("findings", about(list(&finding()), "The errors, as `validate` prints them")),
            ("exit_code", exit_code()),
        ],
    )
}

fn mismatch() -> Value {
    object(&[
        ("key", text()),
        ("account", text()),
        ("file", about(text(), "The manifest, relative to the content root; where it is gone, as it was")),
        ("line", maybe(json!({ "type": "integer", "minimum": 1 }))),
        ("message", about(text(), "What differs, a clause")),
    ])
}

/// What each line has beside its event.
fn stamp(event: &mut Value) {
    require(event, "at", about(time(), "By this machine's clock"));
    let first = [("run_id", about(text(), "On the first line")), ("format_version", json!({ "const": "1.0" }))];
    optional(event, &first);
}

fn event(name: &str, fields: &[(&'static str, Value)]) -> Value {
    object(&[&[("event", json!({ "const": name }))], fields].concat())
}
