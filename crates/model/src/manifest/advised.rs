//! The lines that messages say to write, typed on trial: what would be refused again is not shown.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::accounts::accounts;
use super::assemble::{is_no_hashtag, split};
use super::decode::{Context, decode};
use super::fields::{instead, takes};
use super::written::Written;
use crate::yaml::{self, Mark, Problems};
use igsync_base::finding::{Finding, Severity};
use igsync_base::rules;

/// A longer file is not read again. In bytes.
const TEXT_LIMIT: usize = 64 * 1024;
/// What a line becomes by its advice may have another mistake, so many times.
const ROUNDS: usize = 5;

/// Shows for every line what is accepted in the end, and words where there is no such line. To be called with the findings of one file, before its values are compared with each other.
pub(super) fn settle(context: &Context<'_>, problems: &mut Problems<'_>) {
    let is_small = problems.text().len() <= TEXT_LIMIT;
    let mut trial = Trial::of(problems.text());
    let first = trial.advice(problems.since(Mark::default()));
    if first.is_empty() {
        return;
    }
    let wanted: HashSet<usize> = first.keys().copied().collect();
    let file = Arc::clone(problems.file());
    if is_small {
        trial.type_in(first, context, &file);
    } else {
        trial.is_broken = true;
    }
    let mut shown = HashSet::new();
    problems.revise(|finding| {
        let Some(line) = line_of(finding).filter(|line| wanted.contains(line)) else { return true };
        let refusal = trial.refused.get(&line);
        let typed = trial.typed.get(&line).filter(|advice| !advice.line.is_empty());
        let is_accepted = typed.is_some() && refusal.is_none() && !trial.is_broken;
        let Some(help) = finding.help.as_deref().filter(|help| help.contains(WRITE)) else {
            return !is_accepted || !MENDED.contains(&finding.rule.id);
        };
        let Some(typed) = typed.filter(|_| is_accepted) else {
            finding.help = Some(in_words(finding, refusal));
            return true;
        };
        finding.help = Some(typed.help(help));
        shown.insert((line, finding.rule.id, finding.message.clone()))
    });
}

/// What is there twice, or not at all, because its line is written in another way than it is meant.
const MENDED: [&str; 3] = [rules::DUPLICATE_FIELD.id, rules::EMPTY_VALUE.id, rules::MISSING_FIELD.id];

/// In front of every line that is advised.
const WRITE: &str = "write: ";

/// A line to write.
struct Advice {
    /// What is said in front of it.
    words: String,
    /// The whole line, with its indentation.
    line: String,
}

impl Advice {
    /// `first`: a help text that began to say what this says in the end.
    fn help(&self, first: &str) -> String {
        let own = first.split_once(WRITE).map_or("", |(words, _)| words);
        let has_both = told_column(own).is_some() && told_column(&self.words).is_some();
        let own = if has_both || own == self.words { "" } else { own };
        format!("{own}{}{WRITE}{}", self.words, self.line.trim())
    }

    /// What a help text says to do with the line `old`.
    fn of(help: &str, old: &str) -> Option<Self> {
        // It is not typed, but what is below it is read.
        if help.starts_with("remove this line") {
            return Some(Self { words: String::new(), line: String::new() });
        }
        let (words, new) = help.split_once(WRITE)?;
        let blanks = told_column(words).unwrap_or_else(|| old.len() - old.trim_start_matches(' ').len());
        Some(Self { words: words.to_owned(), line: " ".repeat(blanks) + new })
    }
}

/// How many blanks these words want in front of the line.
fn told_column(words: &str) -> Option<usize> {
    if words.contains("in the first column") {
        return Some(0);
    }
    let blanks = words.split_once("indent it by ")?.1.split(' ').next()?.parse().ok();
    blanks.filter(|blanks| *blanks <= TEXT_LIMIT)
}

/// A file as it is when the advice is followed.
struct Trial {
    lines: Vec<String>,
    typed: BTreeMap<usize, Advice>,
    /// Lines with an error, and what is said about it.
    refused: BTreeMap<usize, Option<String>>,
    /// It is not YAML any more.
    is_broken: bool,
}

impl Trial {
    fn of(text: &str) -> Self {
        let lines = text.split('\n').map(str::to_owned).collect();
        Self { lines, typed: BTreeMap::new(), refused: BTreeMap::new(), is_broken: false }
    }

    /// The first advice for each line.
    fn advice<'f>(&self, findings: impl IntoIterator<Item = &'f Finding>) -> BTreeMap<usize, Advice> {
        let mut advice = BTreeMap::new();
        for finding in findings {
            let Some(line) = line_of(finding).filter(|line| !advice.contains_key(line)) else { continue };
            let help = finding.help.as_deref().unwrap_or_default();
            advice.extend(self.lines.get(line).and_then(|old| Some((line, Advice::of(help, old)?))));
        }
        advice
    }

    /// Follows the advice until nothing more is advised.
    fn type_in(&mut self, first: BTreeMap<usize, Advice>, context: &Context<'_>, file: &Arc<str>) {
        let mut next = first;
        for _ in 0..ROUNDS {
            for (line, advice) in std::mem::take(&mut next) {
                self.lines[line].clone_from(&advice.line);
                // What is said at first, each finding has for itself.
                let words = if self.typed.contains_key(&line) { advice.words } else { String::new() };
                self.typed.insert(line, Advice { words, line: advice.line });
            }
            let text = self.lines.join("\n");
            let mut problems = Problems::new(Arc::clone(file), &text);
            let node = yaml::parse(&mut problems);
            if let Some(node) = &node {
                let written = decode(node, context, &mut problems);
                check(&written, context, &mut problems);
            }
            let errors = || problems.since(Mark::default()).filter(|finding| finding.severity == Severity::Error);
            self.refused = errors().filter_map(|error| Some((line_of(error)?, error.help.clone()))).collect();
            next = self.advice(errors());
            if next.is_empty() {
                self.is_broken = node.is_none();
                return;
            }
        }
    }
}

/// What would be refused about one value alone, later.
fn check(written: &Written, context: &Context<'_>, problems: &mut Problems<'_>) {
    let kind = written.kind.as_ref().map(|kind| kind.value).filter(|_| context.defaults.is_none());
    for (name, span) in &written.present {
        if let Some(kind) = kind.filter(|kind| !takes(*kind, name)) {
            problems.report(&rules::FIELD_NOT_FOR_KIND, span, "", "").help = instead(kind, name).map(str::to_owned);
        }
    }
    let hashtags = written.hashtags.as_ref().map_or(&[][..], |list| &list.value);
    for tag in hashtags.iter().filter(|tag| is_no_hashtag(tag)) {
        let line = split(tag, hashtags, problems).map(|line| format!("{WRITE}{line}"));
        problems.report(&rules::INVALID_HASHTAG, &tag.span, "", "").help =
            line.or_else(|| Some(rules::INVALID_HASHTAG.remedy.into()));
    }
    if written.accounts.is_some() {
        accounts(context.config, written, problems);
    }
}

/// The line, from 0, that a finding is about.
fn line_of(finding: &Finding) -> Option<usize> {
    let span = finding.span.as_ref()?;
    finding.source.as_ref().map(|source| source.line_at(span.start))
}

/// What to do where no line can be shown. `refusal`: what is said about the line when it is typed.
fn in_words(finding: &Finding, refusal: Option<&Option<String>>) -> String {
    let then = refusal.and_then(Option::as_deref).filter(|help| !help.contains(WRITE));
    match then {
        Some(then) if then != finding.rule.remedy => format!("{}; {then}", finding.rule.remedy),
        _ => finding.rule.remedy.to_owned(),
    }
}
