//! `igsync schema`: JSON Schemas of what people write and of what programs read.

use serde_json::Value;

use crate::cli::Schema;
use crate::exit::Exit;
use crate::report;
use igsync_model::config;
use igsync_model::lockfile;
use igsync_model::manifest;

use super::{Ended, Ui, judge};

pub(super) fn run(of: Schema, ui: &Ui) -> Ended {
    let schema = match of {
        Schema::Manifest => manifest::json_schema(),
        Schema::Defaults => manifest::defaults_json_schema(),
        Schema::Config => config::json_schema(),
        Schema::Lock => lockfile::json_schema(),
        Schema::Plan => report::json_schema::plan(),
        Schema::Events => report::json_schema::events(),
        Schema::Findings => report::json_schema::findings(),
        Schema::Fix => report::json_schema::fix(),
        Schema::Drift => report::json_schema::drift(),
        Schema::Insights => report::json_schema::insights(),
        Schema::Import => report::json_schema::import(),
    };
    judge(ui.terminal.write_as_it_is(&text(&schema)))?;
    Ok(Exit::Done)
}

/// Indented, with a final newline.
pub(super) fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}
