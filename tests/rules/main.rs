//! Every rule, shown by a content root that breaks it and one that keeps it, through the real binary.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise; their fixtures are small")]

mod advice;
mod agreement;
mod cameras;
mod case;
mod configuration;
mod content;
mod docs;
mod editor;
mod fair;
mod fuzz;
mod media;
mod photos;
mod schemas;
mod start;
mod together;
mod tools;
mod written;

use igsync_testkit::media as testing;

#[path = "../it/project.rs"]
#[allow(unreachable_pub, dead_code, clippy::cast_possible_truncation, reason = "shared with the other tests")]
mod project;

use case::Case;
use igsync_base::rules;

fn cases() -> Vec<Case> {
    [written::cases(), content::cases(), media::cases(), configuration::cases()].concat()
}

/// Checks the cases whose ids begin with `prefix`; all their surprises at once.
fn check(prefix: &str) {
    let mut surprises = Vec::new();
    for case in cases().iter().filter(|case| case.rule.starts_with(prefix)) {
        let name = rules::find(case.rule).unwrap().name;
        let failing = case.run(&case.fails);
        if !failing.contains(&format!("{} {name}", case.rule)) {
            surprises.push(format!("{} {name} is not found in:\n{failing}", case.rule));
        }
        let passing = case.run(&case.passes);
        if passing.contains(&format!("{} {name}", case.rule)) || !passing.contains(": 0 errors,") {
            surprises.push(format!("{} {name} should pass:\n{passing}", case.rule));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.add_filter(r"\d+ days ago", "[N] days ago");
        settings.bind(|| insta::assert_snapshot!(format!("{}-{name}", case.rule), failing));
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n\n"));
}

#[test]
fn rules_of_yaml_and_schema() {
    check("IGS1");
}

#[test]
fn rules_of_content() {
    check("IGS2");
}

#[test]
fn rules_of_media() {
    check("IGS3");
}

#[test]
fn rules_of_configuration() {
    check("IGS4");
}

/// Rules of content and media take any severity, by id or name.
#[test]
fn the_configuration_decides_how_severe_a_rule_is() {
    let mut surprises = Vec::new();
    for case in cases().iter().filter(|case| case.rule.starts_with("IGS2") || case.rule.starts_with("IGS3")) {
        let name = rules::find(case.rule).unwrap().name;
        for (asked, by) in [("off", name), ("warn", case.rule), ("error", name)] {
            let found = severities(&case.fails.configured(by, asked), case.rule);
            let expected: &[&str] = match asked {
                "off" => &[],
                "warn" => &["warning"],
                _ => &["error"],
            };
            if found.iter().any(|severity| !expected.contains(&severity.as_str()))
                || found.is_empty() != expected.is_empty()
            {
                surprises.push(format!("{} {name}: {asked} gives {found:?}", case.rule));
            }
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// How severe the findings of a rule are.
fn severities(fixture: &case::Fixture, rule: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let output = fixture.command(folder.path(), &["validate", "--format", "json"]).output().unwrap();
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = findings["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["id"] == rule)
        .map(|finding| finding["severity"].as_str().unwrap().into())
        .collect()
}

#[test]
fn every_rule_has_its_fixtures() {
    let cases = cases();
    let missing: Vec<_> = rules::ALL.iter().filter(|rule| !cases.iter().any(|case| case.rule == rule.id)).collect();
    assert!(missing.is_empty(), "without fixtures: {missing:?}");
    assert!(cases.iter().all(|case| rules::ALL.iter().any(|rule| rule.id == case.rule)), "fixtures without a rule");
}
