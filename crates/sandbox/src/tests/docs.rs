//! `docs/sandbox.md` says what the code says.

use std::collections::BTreeSet;

use super::*;
use crate::switches::Settings;
use crate::{error, fault};

const DOCUMENT: &str = include_str!("../../../../docs/sandbox.md");

/// The code-quoted first two cells of each table row below a heading.
fn rows(heading: &str) -> Vec<(String, String)> {
    let section = DOCUMENT.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.split('|').skip(1);
            (cell(cells.next().unwrap_or_default()), cell(cells.next().unwrap_or_default()))
        })
        .collect()
}

/// The switches of a sandbox, as a document writes their values.
fn settings(options: &Options) -> BTreeSet<(String, String)> {
    let all = serde_json::to_value(options.settings()).unwrap();
    let written = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    all.as_object().unwrap().iter().map(|(name, value)| (name.clone(), written(value))).collect()
}

#[test]
fn every_switch_stands_in_the_document_with_its_default_and_its_strict_value() {
    let (fair, strict) = (settings(&Options::fair()), settings(&Options::strict()));
    // Those of the strict profile come first.
    let rows = rows("Switches");
    let (first, all) = rows.split_at(rows.len() - fair.len());
    assert_eq!(all.iter().cloned().collect::<BTreeSet<_>>(), fair);
    assert_eq!(first.iter().cloned().collect::<BTreeSet<_>>(), strict.difference(&fair).cloned().collect());
    assert_eq!(serde_json::to_value(Settings::default()).unwrap().as_object().unwrap().len(), fair.len());
}

#[test]
fn every_fault_stands_in_the_document() {
    let documented: BTreeSet<String> = rows("Faults").into_iter().map(|(name, _)| name).collect();
    let known: BTreeSet<String> = fault::NAMES.iter().map(ToString::to_string).collect();
    assert_eq!(documented, known);
    for name in fault::NAMES {
        let plan = super::super::parse_faults(&json!([{ "fault": name }])).unwrap();
        assert_eq!(plan[0].fault.name(), *name);
    }
}

#[test]
fn every_row_of_the_error_table_stands_in_the_document() {
    let documented: Vec<(String, String)> = rows("Errors");
    let known: Vec<(String, String)> = error::ALL
        .iter()
        .map(|row| {
            let subcode = row.subcode.map(|subcode| format!("/{subcode}")).unwrap_or_default();
            (row.name.to_owned(), format!("{}{subcode}", row.code))
        })
        .collect();
    assert_eq!(documented, known);
}
