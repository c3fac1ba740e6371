//! `igsync schema`: JSON Schemas of what people write and of what programs read.

use serde_json::{Value, json};

use crate::cli::Schema;
use crate::exit::Exit;
use crate::{config, manifest, rules};

use super::{Ended, World, write_stdout};

pub(super) fn run(of: Schema, world: &World) -> Ended {
    let schema = match of {
        Schema::Manifest => manifest::json_schema(),
        Schema::Defaults => manifest::defaults_json_schema(),
        Schema::Config => config::json_schema(),
        Schema::Findings => findings(),
    };
    write_stdout(world, &text(&schema))?;
    Ok(Exit::Done)
}

/// Indented, with a final newline.
pub(super) fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// What `validate --format json` prints.
fn findings() -> Value {
    let ids: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
    let number = json!({ "type": "integer", "minimum": 1 });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "igsync findings",
        "type": "object",
        "required": ["format_version", "findings"],
        "properties": {
            "format_version": { "const": "1.0" },
            "findings": {
                "type": "array",
                "description": "Sorted by file and place",
                "items": {
                    "type": "object",
                    "required": ["file", "line", "column", "end_line", "end_column", "id", "name", "severity", "message", "label", "help", "url"],
                    "properties": {
                        "file": { "type": "string", "description": "Relative to the content root, with /" },
                        "line": number,
                        "column": { "type": "integer", "minimum": 1, "description": "In characters" },
                        "end_line": number,
                        "end_column": { "type": "integer", "minimum": 1, "description": "Just behind the last character" },
                        "id": { "enum": ids },
                        "name": { "type": "string", "description": "The rule's name, as rules: of igsync.yaml takes it" },
                        "severity": { "enum": ["error", "warning"] },
                        "message": { "type": "string", "description": "What is wrong" },
                        "label": { "type": "string", "description": "What stands there, with its numbers" },
                        "help": { "type": ["string", "null"], "description": "What to do next" },
                        "url": { "type": ["string", "null"], "description": "Meta's page" },
                    },
                },
            },
        },
    })
}
