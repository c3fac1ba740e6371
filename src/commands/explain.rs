//! `igsync explain`: what a rule, an API code or an exit code means, and what to do.

use std::fmt::Write;

use crate::exit::{Exit, Words};
use igsync_base::finding::{Rule, Severity};
use igsync_base::id::Kind;
use igsync_base::rules;
use igsync_instagram::codes::{self, Known, Source};
use igsync_model::yaml::closest;

use super::{Ended, Failure, Ui, write_stdout};

pub(super) fn run(code: &str, ui: &Ui) -> Ended {
    let Some(text) = explain(code) else {
        let nearest = closest(&code.to_lowercase(), rules::ALL.iter().map(|rule| rule.name));
        let help = nearest.map_or_else(
            || "pass a rule (IGS2101, caption-too-long), an API code (9007, 2207052, 9007/2207027) or exit:9".into(),
            |name| format!("did you mean `{name}`?"),
        );
        return Err(Failure::message(Exit::Usage, format!("there is no rule and no code `{code}`"), help));
    };
    write_stdout(ui, &ui.terminal.program.commands(&text))?;
    Ok(Exit::Done)
}

/// A rule by id or name, a code of the API, or `exit:N`. A bare number is the API's first.
fn explain(word: &str) -> Option<String> {
    if let Some(rule) = rules::find(word).or_else(|| rules::find(&word.to_uppercase())) {
        return Some(rule_text(rule));
    }
    if let Some(number) = word.strip_prefix("exit:") {
        return exit_text(number.parse().ok()?);
    }
    if let Some(row) = codes::by_name(word) {
        return Some(codes_text(&[row]));
    }
    let (code, subcode) = word.split_once('/').unwrap_or((word, ""));
    let code: i64 = code.parse().ok()?;
    let rows: Vec<&Known> = match subcode.parse() {
        Ok(subcode) => codes::rows_for(code).into_iter().filter(|row| row.subcode == Some(subcode)).collect(),
        Err(_) => codes::rows_for(code),
    };
    let exit = u8::try_from(code).ok().and_then(exit_text);
    let parts: Vec<String> = (!rows.is_empty()).then(|| codes_text(&rows)).into_iter().chain(exit).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn rule_text(rule: &Rule) -> String {
    let is_off = rules::OFF_UNLESS_ASKED.iter().any(|off| off.id == rule.id);
    let severity = match rule.severity {
        _ if is_off => "off unless `rules:` turns it on",
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{} {}: {severity}\n\n{}\n\n", rule.id, rule.name, sentence(rule.about));
    let mut line = |name: &str, value: &str| _ = writeln!(text, "{name:<9} {value}");
    if let Some(limit) = rule.limit {
        line("Limit:", limit);
    }
    if rule.kinds.len() < Kind::ALL.len() {
        line("Kinds:", &rule.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "));
    }
    line("Remedy:", rule.remedy);
    if let Some(seen) = rule.observed {
        line("Observed:", seen);
    }
    if let Some(page) = rule.page {
        line("Meta:", page);
    }
    if rule.page.is_none() && rule.observed.is_none() {
        line("Basis:", "igsync's own rule");
    }
    text
}

fn codes_text(rows: &[&Known]) -> String {
    let mut text = String::new();
    for row in rows {
        if !text.is_empty() {
            text.push('\n');
        }
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let parts: Vec<String> =
            [number(row.code), number(row.subcode), row.name.map(str::to_owned)].into_iter().flatten().collect();
        let _ = writeln!(text, "Graph API {}: {}\n", parts.join("/"), row.meaning);
        let _ = writeln!(text, "{:<9} {}", "Remedy:", row.remedy);
        if row.account_level {
            let _ = writeln!(text, "{:<9} the whole account: its other posts would fail as well", "Stops:");
        }
        if row.source == Source::Observed {
            let _ = writeln!(text, "{:<9} in practice; Meta's pages do not list it", "Observed:");
        }
        let _ = writeln!(text, "{:<9} {}", "Meta:", row.page);
    }
    text
}

fn exit_text(number: u8) -> Option<String> {
    let exit = Exit::ALL.into_iter().find(|exit| *exit as u8 == number)?;
    let Words { meaning, next, .. } = exit.words();
    Some(format!("Exit {number}: {meaning}\n\n{:<9} {next}\n", "Next:"))
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn a_rule_is_found_by_id_and_by_name() {
        let text = explain("igs2101").unwrap();
        assert!(
            text.starts_with("IGS2101 caption-too-long: error\n\nA caption has at most 2,200 characters.\n"),
            "{text}"
        );
        assert_eq!(explain("caption-too-long").unwrap(), text);
        assert!(explain("many-hashtags").unwrap().contains("Observed:"));
    }

    #[test]
    fn a_bare_number_is_the_apis_code_first() {
        let text = explain("9").unwrap();
        let (api, exit) = (text.find("Graph API 9/2207042").unwrap(), text.find("Exit 9:").unwrap());
        assert!(api < exit, "{text}");
        assert!(explain("9007").unwrap().contains("2207027"));
        assert!(explain("2207052").unwrap().contains("9004/2207052"));
        assert!(explain("9007/2207027").is_some());
        assert!(explain("-2").is_some());
    }

    #[test]
    fn exit_codes_are_explained() {
        assert!(explain("exit:10").unwrap().starts_with("Exit 10: a quota"));
        assert!(explain("exit:11").is_none() && explain("nonsense").is_none() && explain("424242").is_none());
    }
}
