//! How the schemas are written: one short name for each shape that they are made of.

use serde_json::{Map, Value, json};

use igsync_base::id::Kind;

pub(super) const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// An object that has all of these fields.
pub(super) fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = fields.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

/// One more field that every such object has.
pub(super) fn require(object: &mut Value, name: &str, of: Value) {
    object["properties"][name] = of;
    if let Some(required) = object["required"].as_array_mut() {
        required.push(name.into());
    }
}

/// Fields that may be absent.
pub(super) fn optional(object: &mut Value, fields: &[(&str, Value)]) {
    for (name, of) in fields {
        object["properties"][*name] = of.clone();
    }
}

pub(super) fn titled(title: &str, of: Value) -> Value {
    let mut schema = json!({ "$schema": DRAFT, "title": title });
    if let (Value::Object(schema), Value::Object(of)) = (&mut schema, of) {
        schema.extend(of);
    }
    schema
}

pub(super) fn about(mut of: Value, about: &str) -> Value {
    of["description"] = about.into();
    of
}

/// Or null.
pub(super) fn maybe(mut of: Value) -> Value {
    of["type"] = json!([of["type"], "null"]);
    of
}

pub(super) fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn flag() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

pub(super) fn kind() -> Value {
    json!({ "enum": Kind::ALL.map(Kind::as_str) })
}

pub(super) fn exit_code() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 255 })
}
