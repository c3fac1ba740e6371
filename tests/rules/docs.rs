//! `docs/rules.md` is made from the rules. `IGSYNC_UPDATE_DOCS=1 cargo test --test rules` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use igsync_base::finding::{Rule, Severity};
use igsync_base::id::Kind;
use igsync_base::rules;

const INTRODUCTION: &str = "\
# Rules

Everything `igsync validate`, `plan` and `apply` check before anything is sent. `igsync explain IGS2101` shows one of them on a
terminal. The severity of content rules (`IGS2`) and media rules (`IGS3`) can be changed in `igsync.yaml`, by id or name:

```yaml
rules:
  many-hashtags: off # error | warn | off
```

A rule is an error where Meta documents a refusal, or where one was observed; the rest warn. *Basis* is the source of a rule: a page of
Meta's, an observation, or igsync itself. This page is generated; a test compares it with the program.
";

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let parts = [
        ("IGS1", "YAML and schema"),
        ("IGS2", "Content"),
        ("IGS3", "Media, from their bytes"),
        ("IGS4", "Configuration"),
    ];
    for (prefix, title) in parts {
        let _ = write!(
            page,
            "\n## {title}\n\n| id | name | severity | what | kinds | limit | what to do | basis |\n|---|---|---|---|---|---|---|---|\n"
        );
        for rule in rules::ALL.iter().filter(|rule| rule.id.starts_with(prefix)) {
            let _ = writeln!(
                page,
                "| {} | `{}` | {} | {} | {} | {} | {} | {} |",
                rule.id,
                rule.name,
                severity(rule),
                cell(rule.about),
                kinds(rule),
                rule.limit.unwrap_or("–"),
                cell(rule.remedy),
                basis(rule)
            );
        }
    }
    page += "\n## What cannot be checked in files\n\nMeta requires more than files show. A clean check does not cover these:\n\n| what | why |\n|---|---|\n";
    for unchecked in rules::UNCHECKED {
        let _ = writeln!(page, "| {} | {} |", cell(unchecked.what), cell(unchecked.why));
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        _ if rules::OFF_UNLESS_ASKED.iter().any(|off| off.id == rule.id) => "off",
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn kinds(rule: &Rule) -> String {
    if rule.kinds.len() == Kind::ALL.len() {
        return "all".into();
    }
    rule.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

fn basis(rule: &Rule) -> String {
    let page = rule.page.map(|page| format!("[Meta]({page})"));
    let seen = rule.observed.map(|seen| format!("observed: {seen}"));
    let basis: Vec<String> = page.into_iter().chain(seen).collect();
    if basis.is_empty() { "igsync".into() } else { basis.join("; ") }
}

#[test]
fn the_page_of_rules_is_what_the_program_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("IGSYNC_UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a text file of the repository, on request")]
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == page(), "docs/rules.md is old: IGSYNC_UPDATE_DOCS=1 cargo test --test rules writes it");
}
