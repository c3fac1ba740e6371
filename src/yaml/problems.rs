//! Collects the findings of one file.

use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Finding, Rule, SourceText};
use crate::rules;

/// The findings of one file. Its text is copied only when there is a first finding, so that ten
/// thousand clean files cost nothing.
#[derive(Debug)]
pub struct Problems<'t> {
    file: Arc<str>,
    text: &'t str,
    source: Option<Arc<SourceText>>,
    findings: Vec<Finding>,
    /// The first finding over [`FINDING_LIMIT`], how many there are, and where the others go.
    more: Option<Finding>,
    count_of_more: usize,
    unseen: Option<Finding>,
}

/// A file with more findings than this has one cause: one more is shown, and counts the rest.
const FINDING_LIMIT: usize = 100;

impl<'t> Problems<'t> {
    pub fn new(file: Arc<str>, text: &'t str) -> Self {
        Self { file, text, source: None, findings: Vec::new(), more: None, count_of_more: 0, unseen: None }
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
        Arc::clone(
            self.source.get_or_insert_with(|| Arc::new(SourceText { name: file.to_string(), text: text.to_owned() })),
        )
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
        if self.findings.len() >= FINDING_LIMIT {
            self.count_of_more += 1;
            return if self.more.is_none() { self.more.insert(finding) } else { self.unseen.insert(finding) };
        }
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Reports every token that [`super::read_text`] blackened.
    pub fn report_tokens(&mut self, tokens: &[Range<usize>]) {
        for token in tokens {
            self.report(&rules::TOKEN_IN_FILE, token, "this looks like an access token or a key", "blackened here")
                .help = Some(
                "revoke it, it is in the history of this repository; igsync takes tokens and keys from the environment"
                    .into(),
            );
        }
    }

    pub fn len(&self) -> usize {
        self.findings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// The findings from the `from`th on.
    pub fn since(&mut self, from: usize) -> &mut [Finding] {
        &mut self.findings[from..]
    }

    /// All of them, up to the limit; the last one tells how many more there are.
    pub fn into_findings(mut self) -> Vec<Finding> {
        self.findings.extend(self.more.map(|first| Finding {
            message: match self.count_of_more {
                1 => first.message,
                count => format!("{} (and {} more findings in this file)", first.message, count - 1),
            },
            ..first
        }));
        self.findings
    }
}
