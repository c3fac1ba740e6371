//! What is read of a live feed: drift, insights, import.

use serde_json::{Value, json};

use igsync_base::id::Kind;
use igsync_model::drift::Fact;
use igsync_model::import::Class;
use igsync_model::insights::{Column, Missing, Unit};

use super::notation::{
    about, count, exit_code, flag, kind, list, maybe, object, optional, require, text, time, titled,
};

/// What `drift --format json` prints.
#[must_use]
pub fn drift() -> Value {
    let text_or_null = || maybe(text());
    let difference = object(&[
        ("what", json!({ "enum": Fact::ALL.map(Fact::name) })),
        ("recorded", about(text_or_null(), "null: nothing, or not known by its words")),
        ("live", about(text_or_null(), "What Instagram shows; untrusted text")),
    ]);
    let post = object(&[
        ("key", text()),
        ("account", text()),
        ("user_id", text()),
        ("media_id", text()),
        ("permalink", text_or_null()),
        (
            "class",
            about(
                json!({ "enum": ["edited", "missing", "not_seen"] }),
                "missing: proven by two looks; not_seen: not listed, and not proven gone",
            ),
        ),
        ("differs", list(&difference)),
    ]);
    let unmanaged = object(&[
        ("media_id", text()),
        ("account", text()),
        ("user_id", text()),
        (
            "kind",
            json!({ "enum": Kind::ALL.map(|kind| Some(kind.as_str())).into_iter().chain([None]).collect::<Vec<_>>() }),
        ),
        ("published_at", maybe(time())),
        ("permalink", text_or_null()),
        ("caption", about(text_or_null(), "Untrusted text")),
    ]);
    let account = object(&[
        ("account", text()),
        ("user_id", text()),
        ("complete", about(flag(), "The feed was read to its end, or past the range")),
        ("calls", about(count(), "Requests for the feed")),
        ("live", count()),
        ("recorded", count()),
    ]);
    let summary = object(&[
        ("live", about(count(), "Stories aside")),
        ("recorded", count()),
        ("unmanaged", about(count(), "Live, and in no record")),
        ("edited", about(count(), "Posts that differ in anything, each once")),
        ("missing", count()),
        ("not_seen", count()),
        ("coverage_percent", about(count(), "Of the live posts, how many are recorded; rounded down")),
    ]);
    let listed = json!({
        "type": ["array", "null"],
        "items": unmanaged,
        "description": "null without --unmanaged",
    });
    titled(
        "igsync drift",
        object(&[
            ("format_version", json!({ "const": "1.0" })),
            ("at", time()),
            ("exit_code", exit_code()),
            ("summary", summary),
            ("accounts", about(list(&account), "Those that could be asked")),
            ("posts", about(list(&post), "Recorded posts that differ or are not listed")),
            ("unmanaged", listed),
        ]),
    )
}

/// What `insights --format json` prints.
#[must_use]
pub fn insights() -> Value {
    let number = || json!({ "type": "number", "minimum": 0 });
    let mut post = object(&[
        ("key", text()),
        ("account", text()),
        ("media_id", maybe(text())),
        ("permalink", maybe(text())),
        ("kind", kind()),
        ("published_at", maybe(time())),
        ("duration_ms", about(maybe(count()), "Of a reel whose clip is here as it was published")),
        (
            "missing",
            json!({
                "enum": Missing::all().map(|why| why.as_str().into()).chain([Value::Null]).collect::<Vec<_>>(),
                "description": "Why insights are missing",
            }),
        ),
    ]);
    let mut against = object(&[]);
    let mut medians = object(&[]);
    for column in Column::numbers() {
        let (of, what) = match column.unit() {
            Some(Unit::Count) => (count(), "null: not known"),
            Some(Unit::Milliseconds) => (count(), "On average, in milliseconds"),
            Some(Unit::Percent) => (number(), "In percent, as Meta gives it"),
            Some(Unit::Share) | None => (number(), "A share of 1"),
        };
        require(&mut post, column.name(), about(maybe(of), what));
        optional(&mut against, &[(column.name(), number())]);
        optional(&mut medians, &[(column.name(), object(&[("value", number()), ("posts", count())]))]);
    }
    let times = "How many times the median of the account's own posts of that kind; only where there is one";
    require(&mut post, "against_median", about(against, times));
    let mut kinds = object(&[]);
    for kind in Kind::ALL {
        optional(&mut kinds, &[(kind.as_str(), medians.clone())]);
    }
    let account = object(&[
        ("account", text()),
        ("user_id", text()),
        ("missing_scopes", about(list(&text()), "Permissions for insights that the token lacks, or may lack")),
        ("is_certain", about(flag(), "false: whether they are missing is not known")),
        ("calls", about(count(), "To the Graph API")),
        ("problem", about(maybe(text()), "Why nothing could be read")),
        ("medians", about(kinds, "By kind, of at least five posts that were read")),
    ]);
    titled(
        "igsync insights",
        object(&[
            ("format_version", json!({ "const": super::super::insights::FORMAT_VERSION })),
            ("at", time()),
            ("accounts", list(&account)),
            ("posts", about(list(&post), "In the order of --sort, else the newest first")),
        ]),
    )
}

/// What `import --format json` prints.
#[must_use]
pub fn import() -> Value {
    let or_null = |of: &Value| json!({ "anyOf": [of, { "type": "null" }] });
    let post = object(&[
        ("media_id", text()),
        ("class", json!({ "enum": Class::NAMES })),
        ("key", about(or_null(&text()), "The post that it is, may be, or now is; null: none")),
        ("keys", about(list(&text()), "All of them")),
        ("kind", or_null(&json!({ "enum": Kind::ALL.map(Kind::as_str) }))),
        ("published_at", or_null(&json!({ "type": "string", "format": "date-time" }))),
        ("permalink", or_null(&text())),
        ("needs_match", about(flag(), "A match that --match would record")),
        ("recorded", about(flag(), "By this run")),
        ("file", about(or_null(&text()), "The manifest that this run wrote")),
    ]);
    let counts = Class::NAMES.into_iter().chain(["recorded", "manifests", "media", "media_bytes", "left"]);
    let counts: Vec<(&str, Value)> = counts.map(|name| (name, count())).collect();
    titled(
        "igsync import",
        object(&[
            ("format_version", json!({ "const": "1.0" })),
            ("account", text()),
            ("user_id", text()),
            ("mode", json!({ "enum": super::super::import::Mode::NAMES })),
            ("calls", about(count(), "Requests that reading the feed took")),
            ("complete", about(flag(), "false: there are older posts than those that were read")),
            ("posts", about(list(&post), "Newest first")),
            (
                "left",
                about(list(&object(&[("file", text()), ("reason", text())])), "Files that are not as they should be"),
            ),
            ("summary", object(&counts)),
        ]),
    )
}
