//! Collects the findings of one file.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use super::fields::closest;
use super::quotes::is_advisable;
use igsync_base::finding::{Finding, Rule, SourceText};
use igsync_base::rules;

/// The findings of one file. Its text is copied only when there is a first finding, so that ten
/// thousand clean files cost nothing.
#[derive(Debug)]
pub struct Problems<'t> {
    file: Arc<str>,
    text: &'t str,
    source: Option<Arc<SourceText>>,
    findings: Vec<Finding>,
    /// The rules of the findings that are only counted, in order. Each has a finding of its own above.
    surplus: Vec<&'static Rule>,
    /// Takes the help of a finding that is only counted.
    unseen: Option<Finding>,
    /// So many names may still be compared with what was written.
    comparisons: usize,
    limit: usize,
}

/// A file with a few typing errors is helped; one with thousands, or many names to compare with, costs no more.
const COMPARISONS: usize = 5_000;

/// A moment in the collecting, for [`Problems::since`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    findings: usize,
    surplus: usize,
}

/// A file with more findings than this has one cause: further ones of the same rules are only counted.
const FINDING_LIMIT: usize = 101;

impl<'t> Problems<'t> {
    pub fn new(file: Arc<str>, text: &'t str) -> Self {
        Self {
            file,
            text,
            source: None,
            findings: Vec::new(),
            surplus: Vec::new(),
            unseen: None,
            comparisons: COMPARISONS,
            limit: FINDING_LIMIT,
        }
    }

    /// Keeps fewer findings, where there are thousands of files.
    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit: limit.clamp(1, FINDING_LIMIT), ..self }
    }

    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The file as findings carry it.
    pub fn source(&mut self) -> Arc<SourceText> {
        let (file, text) = (&self.file, self.text);
        Arc::clone(self.source.get_or_insert_with(|| Arc::new(SourceText::new(&**file, text))))
    }

    /// Adds a finding at `span`; the result takes a help text.
    pub fn report(
        &mut self,
        rule: &'static Rule,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Finding {
        let source = self.source();
        self.report_in(&source, rule, span, message, label)
    }

    /// The same in another file, for values that this one inherits.
    pub fn report_in(
        &mut self,
        source: &Arc<SourceText>,
        rule: &'static Rule,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Finding {
        let finding = Finding::new(rule, source.name.as_str(), message).at(source, span.clone(), label);
        if self.findings.len() >= self.limit && self.findings.iter().any(|known| known.rule.id == rule.id) {
            self.surplus.push(rule);
            return self.unseen.insert(finding);
        }
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// The line of a place with another text at it, without indentation, as people can type it; `None`: the place is
    /// on several lines, or the line is too long.
    pub fn line_with(&self, span: &Range<usize>, instead: &str) -> Option<String> {
        let start = self.text.get(..span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
        let behind = self.text.get(span.end..)?;
        let before = self.text.get(start..span.start)?;
        if self.text.get(span.clone())?.contains('\n') {
            return None;
        }
        let line = format!("{before}{instead}{}", behind.split('\n').next().unwrap_or_default());
        Some(line.trim().to_owned()).filter(|line| is_advisable(line))
    }

    /// [`Self::line_with`] as a help text.
    pub fn write(&self, span: &Range<usize>, instead: &str) -> Option<String> {
        self.line_with(span, instead).map(|line| format!("write: {line}"))
    }

    /// Reports every token that [`super::read_text`] blackened.
    pub fn report_tokens(&mut self, tokens: &[Range<usize>]) {
        for token in tokens {
            self.report(&rules::TOKEN_IN_FILE, token, "this looks like an access token or a key", "hidden here")
                .help = Some(
                "revoke it, it is in the history of this repository; igsync takes tokens and keys from the environment"
                    .into(),
            );
        }
    }

    /// The name that was probably meant, as [`closest`] finds it, as long as this file has not asked too often.
    pub fn closest<'a>(&mut self, written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let mut compared = 0;
        let names = names.into_iter().take(self.comparisons).inspect(|_| compared += 1);
        let meant = closest(written, names);
        self.comparisons -= compared;
        meant
    }

    /// What is found from now on is had by [`Self::since`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { findings: self.findings.len(), surplus: self.surplus.len() }
    }

    /// Whether there is a finding in this line of the file, from 0.
    pub(super) fn has_finding_in(&mut self, line: usize) -> bool {
        let source = self.source();
        let begins_there =
            |finding: &Finding| finding.span.as_ref().is_some_and(|span| source.line_at(span.start) == line);
        self.findings.iter().any(begins_there)
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// What has been found since; of findings that are only counted an earlier one of the same rule.
    pub fn since(&self, mark: Mark) -> impl Iterator<Item = &Finding> {
        let counted: HashSet<&str> = self.surplus[mark.surplus..].iter().map(|rule| rule.id).collect();
        let (before, since) = self.findings.split_at(mark.findings);
        since.iter().chain(before.iter().filter(move |finding| counted.contains(finding.rule.id)))
    }

    /// The findings since that are not only counted.
    pub fn since_mut(&mut self, mark: Mark) -> &mut [Finding] {
        &mut self.findings[mark.findings..]
    }

    /// Changes findings, and drops those for which it answers `false`; to be called before anything is marked.
    pub fn revise(&mut self, revise: impl FnMut(&mut Finding) -> bool) {
        self.findings.retain_mut(revise);
    }

    /// All of them, up to the limit; the last one of a rule with too many says how many more there are.
    pub fn into_findings(mut self) -> Vec<Finding> {
        let more = self.surplus.len();
        let is_too_much = |finding: &&mut Finding| self.surplus.first().is_some_and(|rule| rule.id == finding.rule.id);
        if let Some(last) = self.findings.iter_mut().rfind(is_too_much) {
            let noun = if more == 1 { "finding" } else { "findings" };
            let _ = write!(last.message, " (and {more} more {noun} in this file)");
        }
        self.findings
    }
}
