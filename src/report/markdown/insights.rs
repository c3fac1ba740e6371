//! Numbers of posts for the summary of a job.

use std::fmt::Write as _;

use super::super::insights::{Report, heading};
use super::super::text::plural;
use super::escape::{code, prose};
use super::page::Limit;
use igsync_model::insights::Column;

/// A table, then what is usual, and what is missing. Rows that have no room are counted.
#[must_use]
pub fn render(report: &Report, limit: Limit) -> String {
    let columns = report.columns();
    let mut text = "### Insights\n\n".to_owned();
    if !report.rows.is_empty() {
        let names: Vec<String> = columns.iter().map(|column| heading(*column).to_lowercase()).collect();
        let _ = writeln!(text, "| post | {} |", names.join(" | "));
        let rule = |column: &Column| if column.unit().is_some() { "---:" } else { "---" };
        let rules: Vec<&str> = columns.iter().map(rule).collect();
        let _ = writeln!(text, "| --- | {} |", rules.join(" | "));
    }
    let mut end = String::from("\n");
    for line in report.usual().iter().chain(&report.reasons()) {
        let _ = writeln!(end, "- {}", prose(line));
    }
    let _ = write!(end, "\n{}\n", report.end());
    let mut left_out = report.rows.len();
    for row in &report.rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| match column {
                Column::Account => cell(&code(&report.cell(row, *column))),
                _ => report.cell(row, *column),
            })
            .collect();
        let line = format!("| {} | {} |\n", cell(&code(row.key.as_str())), cells.join(" | "));
        if !limit.has_room(&text, &[&line, &end]) {
            break;
        }
        text.push_str(&line);
        left_out -= 1;
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n{} more have no room here.", plural(left_out, "post"));
    }
    text + &end
}

/// Code in a table: a bar would end the cell even there.
fn cell(code: &str) -> String {
    code.replace('|', "\\|")
}
