//! The JSON Schema of a manifest, for editors: per kind its fields, with descriptions.

use serde_json::{Map, Value, json};

use super::fields::{FIELDS, Field, Form, ITEM_FIELDS, Taken, named};
use crate::config::HashtagsIn;
use igsync_base::id::Kind;

/// The schema of a manifest (draft 7, which editors know best).
///
/// The kind decides which fields there are, so that an editor offers a story no `caption`.
#[must_use]
pub fn json_schema() -> Value {
    let kinds: Vec<Value> = Kind::ALL.iter().map(|kind| for_kind(*kind)).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "igsync manifest",
        "description": "One post for Instagram",
        "type": "object",
        "required": ["kind"],
        "properties": named("kind").map(property).into_iter().collect::<Map<String, Value>>(),
        "allOf": kinds,
    })
}

/// The schema of a `_defaults.yaml`: fields that several posts can share.
#[must_use]
pub fn defaults_json_schema() -> Value {
    let shared = FIELDS.iter().filter(|field| field.shared).map(property);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "igsync _defaults.yaml",
        "description": "Fields for all manifests of this folder and below; the nearest wins",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": shared.collect::<Map<String, Value>>(),
    })
}

fn for_kind(kind: Kind) -> Value {
    let properties: Map<String, Value> =
        FIELDS.iter().filter(|field| field.kinds.contains(&kind)).map(property).collect();
    let mut then = json!({ "additionalProperties": false, "properties": properties });
    match kind {
        Kind::Image => then["required"] = json!(["image"]),
        Kind::Reel => then["required"] = json!(["video"]),
        Kind::Carousel => then["required"] = json!(["items"]),
        Kind::Story => {
            then["anyOf"] = json!([{ "required": ["image"] }, { "required": ["video"] }]);
            then["if"] = json!({ "required": ["image", "video"] });
            then["then"] = json!({ "properties": { "video": only_without("image") } });
        }
    }
    if kind != Kind::Story {
        // Said of the second field itself, so that an editor marks it and not the whole post.
        then["if"] = json!({ "required": ["caption", "caption_file"] });
        then["then"] = json!({ "properties": { "caption_file": only_without("caption") } });
    }
    if kind == Kind::Reel {
        then["properties"]["product_tags"]["items"] = product(false);
    }
    if kind == Kind::Image {
        then["properties"]["user_tags"]["items"]["required"] = json!(["username", "x", "y"]);
    }
    json!({
        "if": { "required": ["kind"], "properties": { "kind": { "const": kind.as_str() } } },
        "then": then,
    })
}

/// What nothing fits: a field that excludes another one.
fn only_without(other: &str) -> Value {
    json!({ "not": {}, "errorMessage": format!("not together with {other}") })
}

fn property(field: &Field) -> (String, Value) {
    let mut schema = shape(field.form);
    let needs = if field.on_instagram_login == Taken::No { "; needs login: facebook" } else { "" };
    schema["description"] = format!("{}{needs}", field.about).into();
    (field.name.to_owned(), schema)
}

/// What a field takes, without its description.
fn shape(form: Form) -> Value {
    match form {
        Form::Kind => json!({ "enum": Kind::ALL.map(Kind::as_str) }),
        Form::Media => patterned(SOURCE, "a path with /, relative to this file, or an https URL"),
        Form::File => patterned(PATH, "a path with /, relative to this file"),
        Form::Key => {
            let mut id = patterned(r"^\S(.*\S)?$", "a short text without space at its ends");
            id["type"] = json!(TEXT);
            id["maxLength"] = 200.into();
            id
        }
        Form::Items => json!({ "type": "array", "minItems": 2, "maxItems": 10, "items": item() }),
        // Code points, as JSON Schema counts.
        Form::Text(Some(max)) => json!({ "type": TEXT, "maxLength": max }),
        Form::Text(None) => json!({ "type": TEXT }),
        Form::Hashtags => {
            let mut hashtag = patterned(HASHTAG, "one word; each hashtag has its own entry");
            hashtag["type"] = json!(TEXT);
            json!({ "type": "array", "items": hashtag, "maxItems": 30 })
        }
        Form::Place => json!({ "enum": HashtagsIn::ALL.map(HashtagsIn::as_str) }),
        Form::UserTags => json!({ "type": "array", "maxItems": 20, "items": tag("username", &username(), true) }),
        Form::ProductTags => json!({ "type": "array", "maxItems": 5, "items": product(true) }),
        Form::Usernames => json!({ "type": "array", "maxItems": 3, "items": username() }),
        Form::Sponsors => json!({ "type": "array", "maxItems": 2, "items": id() }),
        Form::Id => id(),
        Form::Milliseconds => json!({ "type": "integer", "minimum": 0 }),
        Form::Audio => audio(),
        Form::Trial => json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["graduation_strategy"],
            "properties": { "graduation_strategy": { "enum": ["MANUAL", "SS_PERFORMANCE"] } },
        }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Accounts => json!({ "type": "array", "minItems": 1, "items": { "type": TEXT } }),
        Form::Time => patterned(TIME, "a day and a time: 2026-12-01T18:00:00+01:00"),
        Form::Due => {
            let queue = patterned(r"^queue( from \d{4}-\d{2}-\d{2})?$", "queue, or queue from 2026-12-10");
            json!({ "anyOf": [patterned(TIME, "a day and a time: 2026-12-01T18:00:00+01:00"), queue] })
        }
        Form::Number => json!({ "type": "number" }),
        Form::State => json!({ "enum": ["present"] }),
    }
}

/// A number without quotes is text, too: `caption: 2026`.
const TEXT: [&str; 2] = ["string", "number"];
/// A path relative to the manifest.
const PATH: &str = r"^[^\\\x00-\x1f/][^\\\x00-\x1f]*$";
/// The same, or a URL from which media can be fetched.
const SOURCE: &str = r"^(https://[!-~]+|http://(([A-Za-z0-9-]+\.)*localhost|127\.[0-9.]+|\[::1\])[!-~]*|(?![A-Za-z][A-Za-z0-9+.-]*://)[^\\\x00-\x1f/][^\\\x00-\x1f]*)$";
const HASHTAG: &str = r"^(set:.+|#?[^\s#@,]+)$";
const USERNAME: &str = r"^@?[A-Za-z0-9._]{1,30}$";
/// Only that there is a day and a time: the rest needs a calendar.
const TIME: &str = r"^[+-]?[0-9][0-9-]*[Tt ][0-9]";

/// A text of some form; `message` is what editors say where it does not fit.
fn patterned(pattern: &str, message: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "patternErrorMessage": message })
}

fn username() -> Value {
    let mut name = patterned(USERNAME, "1 to 30 letters, digits, dots and underscores");
    name["description"] = "The account, with or without @".into();
    // A name of digits alone needs no quotes.
    name["type"] = json!(["string", "integer"]);
    name
}

/// Products have a place on pictures only.
fn product(on_picture: bool) -> Value {
    let mut product = id();
    product["description"] = "The product's id".into();
    tag("product_id", &product, on_picture)
}

fn id() -> Value {
    json!({ "type": ["string", "integer"], "pattern": "^[0-9]*$" })
}

fn item() -> Value {
    let properties: Map<String, Value> = ITEM_FIELDS.iter().filter_map(|name| named(name)).map(property).collect();
    let mut products = properties["product_tags"].clone();
    products["items"] = product(false);
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "anyOf": [{ "required": ["image"] }, { "required": ["video"] }],
        "allOf": [
            { "if": { "required": ["image", "video"] }, "then": { "properties": { "video": only_without("image") } } },
            {
                "if": { "required": ["video"] },
                "then": { "properties": {
                    "alt_text": { "not": {}, "errorMessage": "on images only" },
                    "product_tags": products,
                } },
                "else": { "properties": {
                    "thumb_offset": { "not": {}, "errorMessage": "on videos only" },
                    "user_tags": { "items": { "required": ["x", "y"] } },
                } },
            },
        ],
    })
}

fn tag(name: &str, of: &Value, has_place: bool) -> Value {
    let axis = |about: &str| json!({ "type": "number", "minimum": 0, "maximum": 1, "description": about });
    let mut tag = json!({
        "type": "object",
        "additionalProperties": false,
        "required": [name],
        "properties": { name: of },
    });
    if has_place {
        tag["properties"]["x"] = axis("From the left, 0.0 to 1.0; on images");
        tag["properties"]["y"] = axis("From the top, 0.0 to 1.0; on images");
    }
    tag
}

fn audio() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["audio_id"],
        "properties": {
            "audio_id": { "type": ["string", "integer"], "description": "The track's id" },
            "audio_volume": { "type": "number" },
            "video_volume": { "type": "number" },
            "should_loop_audio": { "type": "boolean" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_described() {
        for field in FIELDS {
            assert!(!field.about.is_empty() && !field.kinds.is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn a_story_is_offered_no_caption() {
        let schema = json_schema();
        let story = schema["allOf"]
            .as_array()
            .unwrap()
            .iter()
            .find(|rule| rule["if"]["properties"]["kind"]["const"] == "story");
        let fields = story.unwrap()["then"]["properties"].as_object().unwrap();
        assert!(fields.contains_key("image") && fields.contains_key("publish_at") && !fields.contains_key("caption"));
        assert!(story.unwrap()["then"]["additionalProperties"] == false);
    }
}
