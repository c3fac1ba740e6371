//! The JSON Schema of one line of `igsync.lock`. Nothing here is read by igsync itself.

use serde_json::{Map, Value, json};

use super::record::Stage;
use igsync_base::id::Kind;

/// The schema of one line of the lockfile or the journal (draft 7): JSON Lines have no schema of their own.
///
/// Closed, because igsync refuses a line with a field that it does not know.
#[must_use]
pub fn json_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "One line of igsync.lock",
        "description": "The first line is the header, each other line one attempt to publish one post",
        "oneOf": [
            { "$ref": "#/definitions/header" },
            { "$ref": "#/definitions/record" },
            {
                "description": "Several records that belong together; in .igsync/journal.jsonl only",
                "type": "array",
                "minItems": 1,
                "items": { "$ref": "#/definitions/record" },
            },
        ],
        "definitions": {
            "header": object(&["igsync_lock"], &[("igsync_lock", json!({ "const": super::format::VERSION }))]),
            "record": record(),
            "id": { "type": "string", "minLength": 1 },
            "digest": { "type": "string", "minLength": 1 },
            "time": { "type": "string", "format": "date-time" },
            "container": {
                "description": "With its age while that counts, then the bare id",
                "oneOf": [
                    reference("id"),
                    object(&["id", "created_at"], &[("id", reference("id")), ("created_at", reference("time"))]),
                ],
            },
        },
    })
}

fn record() -> Value {
    let ids = || json!({ "type": "array", "items": reference("id") });
    let intent = object(&["at", "lease_until"], &[("at", reference("time")), ("lease_until", reference("time"))]);
    let sending = object(
        &["at", "lease_until", "text"],
        &[("at", reference("time")), ("lease_until", reference("time")), ("text", reference("digest"))],
    );
    let outcome = about(
        json!({ "enum": ["withdrawn", "refused", "deleted", "live"] }),
        "Absent: it may have been sent, and what it did is not known. live: no deletion, a person has said since that the \
         post is live",
    );
    let deletion = object(
        &["at", "lease_until"],
        &[("at", reference("time")), ("lease_until", reference("time")), ("outcome", outcome)],
    );
    let refusal =
        object(&["intent_at", "code"], &[("intent_at", reference("time")), ("code", whole()), ("subcode", whole())]);
    let sent = object(
        &["file", "size", "oid"],
        &[
            ("file", about(text(), "Relative to the content root")),
            ("size", about(whole(), "In bytes")),
            ("oid", about(text(), "Git's id of the blob, or the digest that a Git LFS pointer names")),
        ],
    );
    object(
        &["key", "user_id", "account", "kind", "state", "attempt"],
        &[
            ("key", reference("id")),
            ("user_id", json!({ "type": "string", "pattern": "^[0-9]+$" })),
            ("account", about(text(), "A label; the user_id is the identity")),
            ("kind", json!({ "enum": Kind::ALL.map(Kind::as_str) })),
            ("state", json!({ "enum": Stage::ALL })),
            ("digest", about(reference("digest"), "What creation sent")),
            ("media_digest", about(reference("digest"), "Kind and media alone")),
            ("caption_digest", about(reference("digest"), "The normalised caption")),
            ("attempt", reference("id")),
            ("children", json!({ "type": "array", "items": reference("container") })),
            ("container", reference("container")),
            ("fingerprint", about(ids(), "The newest media before the first publish")),
            ("intents", json!({ "type": "array", "items": intent })),
            ("refusals", json!({ "type": "array", "items": refusal })),
            ("reason", text()),
            ("code", about(whole(), "Meta's code of the failure")),
            ("subcode", about(whole(), "Meta's subcode of the failure")),
            ("media_id", about(reference("id"), "Absent in a published record: live, id not known yet")),
            ("permalink", json!({ "type": "string", "format": "uri" })),
            ("published_at", reference("time")),
            ("via", json!({ "enum": ["settled", "adopted", "imported", "publish", "resolved"] })),
            ("comment", json!({ "enum": ["due", "intent", "unknown", "failed", "done"] })),
            (
                "comments",
                about(
                    json!({ "type": "array", "items": sending }),
                    "Every sending of the first comment that was announced",
                ),
            ),
            ("comment_switch", json!({ "enum": ["due", "failed", "done"] })),
            ("moved_to", reference("id")),
            ("not_ours", about(ids(), "Media that a person ruled out")),
            ("graph", about(text(), "The Graph base URL, when it was not Meta's")),
            ("file", about(text(), "The manifest, relative to the content root")),
            ("rev", json!({ "type": "integer", "minimum": 1 })),
            ("evidence", about(ids(), "Media that could be this post")),
            ("trial", json!({ "const": true })),
            ("allow_duplicate", about(json!({ "const": true }), "It was to go out although it repeats another post")),
            ("media", about(json!({ "type": "array", "items": sent }), "The local media as they were published")),
            (
                "sent_digest",
                about(
                    reference("digest"),
                    "Of containers, or of a refused post: what was sent, conversion and host included",
                ),
            ),
            (
                "own_digest",
                about(reference("digest"), "What digest would have been without defaults, where they added something"),
            ),
            ("slot", about(reference("time"), "Of a post of the queue: the slot that it was given")),
            ("accepted", about(reference("digest"), "What Instagram showed when a person accepted that it differs")),
            (
                "accepted_also",
                about(
                    json!({ "type": "array", "items": reference("digest") }),
                    "What a person has accepted of manifests and of what Instagram shows, beside what was sent",
                ),
            ),
            ("due_at", about(reference("time"), "Where a gap is kept: when the post was due")),
            ("cover_digest", about(reference("digest"), "The local cover of a reel as it was published")),
            ("reencoded", about(json!({ "type": "boolean" }), "The media are as Instagram has encoded them anew")),
            (
                "deletions",
                about(
                    json!({ "type": "array", "items": deletion }),
                    "Every deletion of the live post that was announced before it was sent",
                ),
            ),
            ("slides", about(ids(), "Of a carousel that is live: its slides in their order")),
        ],
    )
}

fn object(required: &[&str], properties: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = properties.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn whole() -> Value {
    json!({ "type": "integer" })
}

/// Draft 7 ignores what is beside a `$ref`.
fn about(of: Value, about: &str) -> Value {
    if of.get("$ref").is_some() {
        return json!({ "description": about, "allOf": [of] });
    }
    let mut of = of;
    of["description"] = about.into();
    of
}
