//! The page about media names exactly what the proof can find.

use std::collections::BTreeSet;

use igsync::hosting::proof::Trouble;

use crate::project::repository;

#[test]
fn the_page_lists_every_reason() {
    let page = std::fs::read_to_string(repository().join("docs/media.md")).unwrap();
    let table = page.split("## What can be wrong").nth(1).unwrap().split("\n## ").next().unwrap();
    let listed: BTreeSet<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(listed, BTreeSet::from(Trouble::NAMES));
}
