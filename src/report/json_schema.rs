//! JSON Schemas (draft 7) of what igsync prints for programs.
//!
//! They are open: fields are only ever added, and a program that checks an answer of a newer igsync with
//! an older schema must not fail. Tests close them and hold them against what is really printed.

use serde_json::{Map, Value, json};

use igsync_apply::WaitsFor;
use igsync_base::id::Kind;
use igsync_base::rules;
use igsync_instagram as graph;
use igsync_model::drift::Fact;
use igsync_model::import::Class;
use igsync_model::insights::{Column, Missing, Unit};
use igsync_model::lockfile::Effect;
use igsync_model::plan::Part;

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
            ("format_version", json!({ "const": super::insights::FORMAT_VERSION })),
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
            ("mode", json!({ "enum": super::import::Mode::NAMES })),
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
        ("format_version", json!({ "const": super::plan_json::FORMAT_VERSION })),
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

fn guard() -> Value {
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
            ("note", about(text(), "Only where the manifest has one: for people, never sent; untrusted text")),
        ],
    );
    change
}

/// One line of what `apply --format json` prints.
#[must_use]
pub fn events() -> Value {
    let post = || vec![("key", text()), ("account", text())];
    let of_post = |more: &[(&'static str, Value)]| [post(), more.to_vec()].concat();
    let id = text;
    let status: Vec<&str> = graph::wire::StatusCode::ALL.iter().map(|code| code.as_str()).collect();
    let reason = || [("reason", about(text(), "One sentence"))];
    let mut events = [
        event("run_started", &[("to_publish", count()), ("to_resume", count()), ("plan_digest", text())]),
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
        event(
            "run_finished",
            &[
                ("published", count()),
                ("failed", count()),
                ("unknown", count()),
                ("unsettled", about(count(), "Perhaps live; the next run checks")),
                ("deferred", count()),
                ("not_attempted", count()),
                ("exit_code", exit_code()),
                ("elapsed_ms", count()),
            ],
        ),
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
    may_have("post_failed", &[("code", whole()), ("subcode", whole()), ("fbtrace_id", text())]);
    json!({
        "$schema": DRAFT,
        "title": "One event of igsync apply",
        "description": "One JSON object per line; a program must skip events that it does not know",
        "oneOf": events,
    })
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

/// What each line has beside its event.
fn stamp(event: &mut Value) {
    require(event, "at", about(time(), "By this machine's clock"));
    let first = [("run_id", about(text(), "On the first line")), ("format_version", json!({ "const": "1.0" }))];
    optional(event, &first);
}

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

fn event(name: &str, fields: &[(&'static str, Value)]) -> Value {
    object(&[&[("event", json!({ "const": name }))], fields].concat())
}

/// An object that has all of these fields.
fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = fields.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

/// One more field that every such object has.
fn require(object: &mut Value, name: &str, of: Value) {
    object["properties"][name] = of;
    if let Some(required) = object["required"].as_array_mut() {
        required.push(name.into());
    }
}

fn exit_code() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 255 })
}

/// Fields that may be absent.
fn optional(object: &mut Value, fields: &[(&str, Value)]) {
    for (name, of) in fields {
        object["properties"][*name] = of.clone();
    }
}

fn titled(title: &str, of: Value) -> Value {
    let mut schema = json!({ "$schema": DRAFT, "title": title });
    if let (Value::Object(schema), Value::Object(of)) = (&mut schema, of) {
        schema.extend(of);
    }
    schema
}

fn about(mut of: Value, about: &str) -> Value {
    of["description"] = about.into();
    of
}

/// Or null.
fn maybe(mut of: Value) -> Value {
    of["type"] = json!([of["type"], "null"]);
    of
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn kind() -> Value {
    json!({ "enum": Kind::ALL.map(Kind::as_str) })
}
