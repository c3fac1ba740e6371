//! What a branch does to the record, on the lines of a pull request.

use std::fmt::Write as _;

use super::text::one_line;
use super::workflow::{escape_data, escape_property};
use igsync_model::plan::Plan;

/// GitHub shows ten errors of a step; these leave some for findings.
const ANNOTATIONS: usize = 4;

/// Workflow commands, one for each post; what is left over is lines of the log. Nothing without `--base`.
///
/// `folder` leads from the repository's root to the content root: empty, or ending in `/`.
#[must_use]
pub fn github(plan: &Plan, folder: &str) -> String {
    let edits = plan.branch_edits.as_deref().unwrap_or_default();
    let file = escape_property(&format!("{folder}igsync.lock"));
    let mut text = String::new();
    for edit in edits.iter().take(ANNOTATIONS) {
        let line = edit.change.line.unwrap_or(1);
        let message = escape_data(&format!("{}\n{}", one_line(&edit.message), one_line(&edit.help)));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "::error file={file},line={line},title=igsync record::{message}");
    }
    for edit in edits.iter().skip(ANNOTATIONS) {
        // Words in front: a line that begins with `::` would be a command.
        let _ = writeln!(text, "also {}", one_line(&edit.message));
    }
    text
}
