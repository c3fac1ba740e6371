//! The JSON Schema of `igsync.yaml`, for editors.

use serde_json::{Map, Value, json};

use super::HashtagsIn;

/// The schema of the configuration (draft 7).
#[must_use]
pub fn json_schema() -> Value {
    let mut properties = shared();
    let account = object("One Instagram account", account());
    properties.insert(
        "accounts".into(),
        json!({
            "type": "object",
            "minProperties": 1,
            "description": "By name; letters, digits, - and _",
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,64}$" },
            "additionalProperties": { "anyOf": [account, { "type": "null" }] },
        }),
    );
    let mut add = |name: &str, schema: Value| properties.insert(name.into(), schema);
    add("default_account", text("The account of manifests that name none"));
    add(
        "posts",
        json!({
            "type": "array",
            "items": { "type": "string", "pattern": r"^(?!\.\.(/|$))(?!/)" },
            "description": "Folders that hold manifests; default posts",
        }),
    );
    add(
        "hashtag_sets",
        json!({
            "type": "object",
            "description": "Used as set:NAME in hashtags",
            "additionalProperties": { "type": "array", "items": { "type": ["string", "number"] } },
        }),
    );
    add(
        "git",
        object(
            "How the record outlives the machine",
            fields(&[
                (
                    "push",
                    json!({
                        "enum": ["auto", "always", "never", true, false],
                        "description": "Push the record before and after publishing; auto: in CI, when the remote can be pushed to",
                    }),
                ),
                ("branch", branch("The branch of content and record; default: what is checked out or followed")),
                ("state_branch", branch("A branch that holds nothing but the record, for a protected main")),
            ]),
        ),
    );
    add(
        "rules",
        json!({
            "type": "object",
            "description": "Severity of rules of content and media, by id or name",
            "additionalProperties": false,
            "properties": rule_names(),
        }),
    );
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "igsync.yaml",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties,
    })
}

fn rule_names() -> Map<String, Value> {
    let changeable =
        igsync_base::rules::ALL.iter().filter(|rule| rule.id.starts_with("IGS2") || rule.id.starts_with("IGS3"));
    let severity = |about: &str| json!({ "enum": ["error", "warn", "off"], "description": about });
    changeable
        .flat_map(|rule| [(rule.name.to_owned(), severity(rule.about)), (rule.id.to_owned(), severity(rule.about))])
        .collect()
}

/// What is at the top and in an account.
fn shared() -> Map<String, Value> {
    let duration = |about: &str| json!({ "type": "string", "description": about });
    fields(&[
        ("timezone", text("For local times: an IANA name such as Europe/Berlin")),
        (
            "defaults",
            object(
                "For manifests that do not override them",
                fields(&[
                    ("hashtags", json!({ "type": "array", "items": { "type": ["string", "number"] } })),
                    ("hashtags_in", json!({ "enum": HashtagsIn::ALL.map(HashtagsIn::as_str) })),
                    ("share_to_feed", json!({ "type": "boolean" })),
                    ("collaborators", json!({ "type": "array", "maxItems": 3, "items": { "type": "string" } })),
                    ("location_id", json!({ "type": ["string", "integer"], "pattern": "^[0-9]+$" })),
                ]),
            ),
        ),
        (
            "limits",
            object(
                "How much one run may do",
                fields(&[
                    (
                        "max_publish_per_run",
                        json!({ "type": "integer", "minimum": 0, "description": "Posts per account; default 5" }),
                    ),
                    (
                        "max_delete_per_run",
                        json!({
                            "type": "integer",
                            "minimum": 0,
                            "description": "Live posts per account that one run may delete; default 1",
                        }),
                    ),
                ]),
            ),
        ),
        (
            "schedule",
            object(
                "When posts are late, how far apart, and when the queue is served",
                fields(&[
                    ("late_after", duration("Default 24h")),
                    ("min_gap", duration("Between the due times of two posts; default 0s")),
                    (
                        "slots",
                        list(
                            SLOT,
                            "Local times of the queue: \"Mon,Wed,Fri 18:00\", \"Mon-Fri 09:00\", \"daily 09:30\"",
                        ),
                    ),
                    ("skip", list(DAYS, "Days without slots: 2026-12-24, or 2026-12-24..2027-01-01")),
                ]),
            ),
        ),
        (
            "media",
            object(
                "Where local media become URLs",
                fields(&[
                    ("hosting", hosting()),
                    ("convert", json!({ "type": "boolean", "description": "Turn pictures into JPEGs that pass" })),
                    (
                        "fit",
                        json!({ "enum": ["pad", "crop"], "description": "How a picture of a refused shape is fixed" }),
                    ),
                ]),
            ),
        ),
        ("paused", json!({ "type": "boolean", "description": "Publish and delete nothing" })),
    ])
}

fn hosting() -> Value {
    let strings = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    let repository = json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$" });
    let store = fields(&[
        ("bucket", text("Its name")),
        ("prefix", text("Folder in the bucket")),
        ("region", text("Default: AWS_REGION, else us-east-1")),
        (
            "endpoint",
            text(
                "https address of an S3-compatible service; default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS itself",
            ),
        ),
        (
            "path_style",
            json!({ "type": "boolean", "description": "host/bucket/name instead of bucket.host/name; default true with an endpoint" }),
        ),
        ("public_url", text("The public address of the bucket")),
        ("presign", text("Lifetime of signed links, 1h to 7d; default 12h")),
    ]);
    let mut store = object(
        "A bucket of S3 or of a compatible service; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        store,
    );
    store["required"] = json!(["bucket"]);
    let github = json!({
        "description": "Raw files of the pushed commit, from owner/name or the remote origin",
        "anyOf": [repository, object("A repository on github.com", fields(&[("repository", repository.clone())])), { "type": "null" }],
    });
    let ways = fields(&[
        ("url", text("A template for files that are already there: https://…/{path}; also {commit}, {sha256}, {ext}")),
        ("github", github),
        ("object_store", store),
        ("command", strings),
    ]);
    let mut ways = object("One way", ways);
    ways["minProperties"] = json!(1);
    ways["maxProperties"] = json!(1);
    json!({ "anyOf": [{ "enum": ["github"] }, ways] })
}

fn account() -> Map<String, Value> {
    let mut properties = shared();
    properties.extend(fields(&[
        ("user_id", json!({ "type": ["string", "integer"], "pattern": "^[0-9]{1,32}$", "description": "Read once with the token when absent" })),
        ("username", text("Verified before the first call")),
        ("login", json!({ "enum": ["instagram", "facebook"], "description": "Which of Meta's two login flavours the token comes from" })),
        ("allow_delete", json!({
            "type": "boolean",
            "description": "Whether `state: absent` may delete live posts, with apply --allow-delete; default false",
        })),
        ("token", json!({
            "description": "Where the token is, never the token itself",
            "oneOf": [
                { "type": "object", "required": ["env"], "additionalProperties": false, "properties": { "env": { "type": "string" } } },
                { "type": "object", "required": ["command"], "additionalProperties": false, "properties": { "command": { "type": "array", "items": { "type": "string" }, "minItems": 1 } } },
            ],
        })),
    ]));
    properties
}

/// `Mon,Wed,Fri 18:00`
const SLOT: &str = r"^[A-Za-z][A-Za-z, –-]* [0-9]{1,2}:[0-9]{2}$";
/// `2026-12-24..2027-01-01`
const DAYS: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$";

fn fields(list: &[(&str, Value)]) -> Map<String, Value> {
    list.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect()
}

fn branch(about: &str) -> Value {
    json!({ "type": ["string", "null"], "minLength": 1, "description": about })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

/// A list of texts of one form.
fn list(pattern: &str, about: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string", "pattern": pattern }, "description": about })
}

fn object(about: &str, properties: Map<String, Value>) -> Value {
    let properties = Value::Object(properties);
    json!({ "type": "object", "description": about, "additionalProperties": false, "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_exactly_the_fields_of_the_reader() {
        let names = |schema: &Value| {
            schema["properties"].as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>()
        };
        let schema = json_schema();
        let account = &schema["properties"]["accounts"]["additionalProperties"]["anyOf"][0];
        let read = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names(&schema), read(crate::config::decode::FIELDS));
        assert_eq!(names(account), read(crate::config::decode::ACCOUNT_FIELDS));
    }
}
