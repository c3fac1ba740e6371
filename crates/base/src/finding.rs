//! One thing that is wrong in a file: which rule, where, and what to do about it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::id::Kind;
use crate::text::bounded;

/// Whether a finding stops its post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// A rule as data; the list of all of them is [`crate::rules`].
#[derive(Debug)]
pub struct Rule {
    /// `IGS1xxx` YAML and schema, `IGS2xxx` content, `IGS3xxx` media, `IGS4xxx` configuration.
    pub id: &'static str,
    /// The name people use in `rules:` of `igsync.yaml`: `caption-too-long`.
    pub name: &'static str,
    pub severity: Severity,
    /// What the rule says, one sentence.
    pub about: &'static str,
    /// The kinds it can be about; all of them for rules that know no kinds.
    pub kinds: &'static [Kind],
    /// The limit with its unit, where there is one.
    pub limit: Option<&'static str>,
    /// Meta's page, where the rule is Meta's.
    pub page: Option<&'static str>,
    /// What was seen, where the rule does not rest on Meta's pages (alone).
    pub observed: Option<&'static str>,
    /// What to do, one sentence: lower case, no full stop.
    pub remedy: &'static str,
}

impl Rule {
    /// A rule of igsync's own about all kinds.
    #[must_use]
    pub const fn new(id: &'static str, name: &'static str, severity: Severity, about: &'static str) -> Self {
        Self { id, name, severity, about, kinds: &Kind::ALL, limit: None, page: None, observed: None, remedy: "" }
    }
}

/// A file as findings show it.
#[derive(Debug)]
pub struct SourceText {
    /// Relative to the content root, `/`-separated.
    pub name: String,
    pub text: String,
    /// Where its lines begin, found out with the first question: findings ask again and again.
    lines: OnceLock<Vec<usize>>,
}

impl SourceText {
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// Line and column, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.boundary(offset);
        let line = self.line_at(offset);
        (line + 1, self.text[self.line(line).start..offset].chars().count() + 1)
    }

    /// This byte, or the one before it that begins a character; at most the end of the text.
    #[must_use]
    pub fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The line, from 0, that this byte is in.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.starts().partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of a line, from 0, without its line feed; empty behind the last one.
    #[must_use]
    pub fn line(&self, line: usize) -> Range<usize> {
        let start = self.starts().get(line).copied().unwrap_or(self.text.len());
        let end = self.starts().get(line + 1).map_or(self.text.len(), |next| next - 1);
        start..end
    }

    fn starts(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(newline, _)| newline + 1)).collect()
        })
    }
}

/// One broken rule at one place.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static Rule,
    /// The rule's own, unless the configuration or a draft says otherwise.
    pub severity: Severity,
    /// Nothing makes more than a warning of it, whatever `rules` says: what it is about is live.
    pub is_mild: bool,
    /// Relative to the content root, `/`-separated.
    pub file: Arc<str>,
    /// The text that `span` points into; absent when the file could not be read as text.
    pub source: Option<Arc<SourceText>>,
    /// In bytes of `source`.
    pub span: Option<Range<usize>>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What is at the place, with its numbers.
    pub label: String,
    /// What to do next.
    pub help: Option<String>,
}

impl Finding {
    /// A finding with the rule's own severity and nothing but a message.
    #[must_use]
    pub fn new(rule: &'static Rule, file: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            is_mild: false,
            file: file.into(),
            source: None,
            span: None,
            message: message.into(),
            label: String::new(),
            help: None,
        }
    }

    /// Places the finding in its file.
    #[must_use]
    pub fn at(mut self, source: &Arc<SourceText>, span: Range<usize>, label: impl Into<String>) -> Self {
        self.source = Some(Arc::clone(source));
        self.span = Some(span);
        self.label = label.into();
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Line and column of the place, both from 1; the file's beginning when there is none.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        match (&self.source, &self.span) {
            (Some(source), Some(span)) => source.position(span.start),
            _ => (1, 1),
        }
    }
}

/// What a finding says, short enough to be shown: a value of another may be a megabyte.
#[derive(Clone, Debug)]
pub struct Brief<'a> {
    pub message: Cow<'a, str>,
    pub label: Cow<'a, str>,
    pub help: Option<Cow<'a, str>>,
}

/// The longest message and label that are shown, in characters.
const MESSAGE_LENGTH: usize = 300;
/// The longest help; it may hold a command with a path. In characters.
const HELP_LENGTH: usize = 1000;

impl Finding {
    #[must_use]
    pub fn brief(&self) -> Brief<'_> {
        Brief {
            message: bounded(&self.message, MESSAGE_LENGTH),
            label: bounded(&self.label, MESSAGE_LENGTH),
            help: self.help.as_deref().map(|help| bounded(help, HELP_LENGTH)),
        }
    }
}

/// By file and place. The same finding twice, as a post of two accounts has it, stays once.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| place(a).cmp(&place(b)));
    findings.dedup_by(|a, b| place(a) == place(b));
}

fn place(finding: &Finding) -> (&str, usize, &str, &str, &str) {
    let start = finding.span.as_ref().map_or(0, |span| span.start);
    (&finding.file, start, finding.rule.id, &finding.message, &finding.label)
}
