//! `docs/ci.md` says what the code says.

use igsync::exit::Exit;

use crate::project::repository;
use crate::yaml;

fn page() -> String {
    std::fs::read_to_string(repository().join("docs/ci.md")).unwrap()
}

#[test]
fn exit_codes_and_who_acts_are_those_of_the_summary() {
    let page = page();
    for exit in Exit::ALL {
        let words = exit.words();
        let row = page.lines().find(|line| line.starts_with(&format!("| {} |", exit as u8)));
        let row = row.unwrap_or_else(|| panic!("no row for {exit:?}"));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!((cells[3], cells[4]), (words.meaning, words.who), "{exit:?}");
        let is_green = matches!(exit, Exit::Done | Exit::Deferred);
        assert_eq!(cells[2].starts_with("green"), is_green, "{exit:?}");
    }
}

#[test]
fn inputs_and_outputs_are_those_of_the_action() {
    let (page, action) = (page(), yaml("action.yml"));
    let section = page.split("## The action").nth(1).unwrap();
    let listed: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let declared: Vec<&str> = ["inputs", "outputs"]
        .iter()
        .flat_map(|part| action[part].as_object().unwrap().keys().map(String::as_str))
        .collect();
    assert_eq!(listed, declared);
}

#[test]
fn links_and_anchors_lead_somewhere() {
    let page = page();
    let anchors: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(',', "").replace(' ', "-"))
        .collect();
    for target in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        match target.strip_prefix('#') {
            Some(anchor) => assert!(anchors.iter().any(|known| known == anchor), "{anchor} {anchors:?}"),
            None => {
                let file = target.split('#').next().unwrap();
                assert!(repository().join("docs").join(file).exists(), "{target}");
            }
        }
    }
}
