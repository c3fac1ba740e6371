//! `docs/protocol.md` names tests; each of them exists.

use std::fs;

use crate::project::repository;

fn sources() -> String {
    ["src", "crates", "tests"]
        .into_iter()
        .flat_map(|folder| walkdir::WalkDir::new(repository().join(folder)))
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|entry| fs::read_to_string(entry.path()).unwrap())
        .collect()
}

#[test]
fn every_test_that_the_protocol_names_exists() {
    let text = fs::read_to_string(repository().join("docs/protocol.md")).unwrap();
    let sources = sources();
    let name = regex::Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){3,})`").unwrap();
    let named: Vec<&str> = name.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(named.len() > 30, "{named:?}");
    for test in named {
        let head = format!("fn {test}(");
        let place = sources.find(&head).unwrap_or_else(|| panic!("there is no test {test}"));
        let before: Vec<&str> = sources[..place].lines().rev().take(8).collect();
        assert!(before.iter().any(|line| line.contains("test")), "{test} is no test");
    }
}

#[test]
fn every_command_in_the_protocol_is_one() {
    use clap::CommandFactory;
    let text = fs::read_to_string(repository().join("docs/protocol.md")).unwrap();
    let mut cli = igsync::cli::Cli::command();
    cli.build();
    let command = regex::Regex::new("`igsync ([a-z]+)(?: ([a-z]+))?").unwrap();
    for found in command.captures_iter(&text) {
        let command = cli.find_subcommand(&found[1]).unwrap_or_else(|| panic!("igsync {}", &found[1]));
        if let Some(inner) = found.get(2).filter(|_| command.has_subcommands()) {
            assert!(command.find_subcommand(inner.as_str()).is_some(), "{}", &found[0]);
        }
    }
}
