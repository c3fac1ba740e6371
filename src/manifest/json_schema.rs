//! The JSON Schema of a manifest, for editors: per kind its fields, with descriptions.

use serde_json::{Map, Value, json};

use super::fields::{FIELDS, Field};
use crate::id::Kind;

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
        "properties": { "kind": kind_field() },
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

fn kind_field() -> Value {
    json!({ "description": describe("kind"), "enum": Kind::ALL.map(Kind::as_str) })
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
        then["properties"]["product_tags"] = products(false);
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
    (field.name.to_owned(), typed(field.name))
}

/// The type of a field with its description.
fn typed(name: &str) -> Value {
    let mut schema = match name {
        "kind" => return kind_field(),
        "image" | "video" | "cover" => patterned(SOURCE, "a path with /, relative to this file, or an https URL"),
        "caption_file" => patterned(PATH, "a path with /, relative to this file"),
        "id" => {
            let mut id = patterned(r"^\S(.*\S)?$", "a short text without space at its ends");
            id["type"] = json!(TEXT);
            id["maxLength"] = 200.into();
            id
        }
        "items" => json!({ "type": "array", "minItems": 2, "maxItems": 10, "items": item() }),
        // Code points, as JSON Schema counts.
        "caption" => json!({ "type": TEXT, "maxLength": 2200 }),
        "alt_text" => json!({ "type": TEXT, "maxLength": 1000 }),
        "hashtags" => {
            let mut hashtag = patterned(HASHTAG, "one word; each hashtag has its own entry");
            hashtag["type"] = json!(TEXT);
            json!({ "type": "array", "items": hashtag, "maxItems": 30 })
        }
        "user_tags" => json!({ "type": "array", "maxItems": 20, "items": tag("username", &username(), true) }),
        "product_tags" => products(true),
        "collaborators" => json!({ "type": "array", "maxItems": 3, "items": username() }),
        "branded_content_sponsor_ids" => json!({ "type": "array", "maxItems": 2, "items": id() }),
        "location_id" => id(),
        "thumb_offset" => json!({ "type": "integer", "minimum": 0 }),
        "audio_configuration" => audio(),
        "trial_params" => json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["graduation_strategy"],
            "properties": { "graduation_strategy": { "enum": ["MANUAL", "SS_PERFORMANCE"] } },
        }),
        "share_to_feed" | "is_ai_generated" | "is_paid_partnership" | "comment_enabled" | "draft" => {
            json!({ "type": "boolean" })
        }
        "accounts" => json!({ "type": "array", "minItems": 1, "items": { "type": TEXT } }),
        "publish_at" | "publish_until" => patterned(TIME, "a day and a time: 2026-12-01T18:00:00+01:00"),
        "state" => json!({ "enum": ["present"] }),
        _ => json!({ "type": TEXT }),
    };
    schema["description"] = describe(name).into();
    schema
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
fn products(on_picture: bool) -> Value {
    let mut product = id();
    product["description"] = "The product's id".into();
    json!({ "type": "array", "maxItems": 5, "items": tag("product_id", &product, on_picture), "description": describe("product_tags") })
}

fn id() -> Value {
    json!({ "type": ["string", "integer"], "pattern": "^[0-9]*$" })
}

fn item() -> Value {
    let properties: Map<String, Value> =
        super::fields::ITEM_FIELDS.iter().map(|name| ((*name).to_owned(), typed(name))).collect();
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
                    "product_tags": products(false),
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

/// One sentence per field, as an editor shows it.
fn describe(name: &str) -> &'static str {
    match name {
        "kind" => "What the post is: image, reel, carousel or story",
        "id" => "The post's key instead of its path; keeps it the same post when the file is renamed",
        "image" => "A JPEG: a path relative to this file, or an https URL",
        "video" => "An MP4 or MOV: a path relative to this file, or an https URL",
        "items" => "2 to 10 images and videos, in this order; all are cropped to the shape of the first",
        "caption" => "The text: at most 2,200 characters, hashtags included",
        "caption_file" => "A file that holds the caption",
        "hashtags" => "Appended to the caption; with or without #; set:NAME takes a set of igsync.yaml",
        "alt_text" => "What can be seen, for people who cannot: at most 1,000 characters",
        "user_tags" => "Accounts tagged in the picture or video; x and y on images only",
        "collaborators" => "Up to 3 accounts that are asked to share the post as theirs",
        "location_id" => "The id of a Facebook Page that has a location",
        "product_tags" => "Up to 5 products; needs login: facebook",
        "cover" => "The cover of a reel, a JPEG; wins over thumb_offset",
        "thumb_offset" => "The still of the video, in milliseconds from its start",
        "share_to_feed" => "Whether the reel is also in the feed; default true",
        "audio_name" => "A name for the reel's own sound; can be given once",
        "audio_configuration" => "Music from Instagram's library; needs login: facebook",
        "trial_params" => "Shows the reel to non-followers first",
        "is_ai_generated" => "Labels the post as made with AI",
        "is_paid_partnership" => "Labels the post as a paid partnership",
        "branded_content_sponsor_ids" => "Up to 2 ids of professional accounts that pay for the post",
        "first_comment" => "Posted right after publishing",
        "comment_enabled" => "false switches comments off after publishing",
        "publish_at" => "Not before: 2026-12-01T18:00:00+01:00, or 2026-12-01T18:00[Europe/Berlin], or local time",
        "publish_until" => "Not after, in the forms of publish_at",
        "draft" => "true: checked, never published",
        "accounts" => "Names from igsync.yaml; one post per account",
        "state" => "present; absent, which deletes the live post, is not built yet",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_described() {
        for field in FIELDS {
            assert!(!describe(field.name).is_empty(), "{}", field.name);
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
