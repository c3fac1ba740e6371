//! Findings as text with the source around them, as JSON, and as annotations of a pull request.

use std::fmt::{self, Write};
use std::sync::Arc;

use miette::{Diagnostic, GraphicalTheme, LabeledSpan, NamedSource, ThemeCharacters, ThemeStyles};
use serde::Serialize;

use super::Style;
use super::text::{one_line, plural, visible, visible_in_place};
use super::workflow::{escape_data, escape_property};
use crate::finding::{Finding, Severity, SourceText};
use crate::text::neutral_line;

/// All findings of all files, sorted by file and place, each with the text it is about.
#[must_use]
pub fn render(findings: &[Finding], style: Style) -> String {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = style.handler(theme).with_links(false);
    let mut text = String::new();
    for file in by_file(findings) {
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut text, &FileReport::new(&file));
        text.push('\n');
    }
    text
}

/// `2 errors, 1 warning`; empty without findings.
#[must_use]
pub fn counts(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let parts = [(errors, "error"), (warnings, "warning")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| plural(*count, noun)).collect();
    parts.join(", ")
}

fn sorted(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| {
        let place = |finding: &Finding| finding.span.as_ref().map_or(0, |span| span.start);
        (&a.file, place(a), a.rule.id).cmp(&(&b.file, place(b), b.rule.id))
    });
    sorted
}

fn by_file(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    sorted(findings).chunk_by(|a, b| a.file == b.file).map(<[_]>::to_vec).collect()
}

/// The findings of one file, over its text.
struct FileReport {
    title: String,
    severity: Severity,
    findings: Vec<OneFinding>,
}

impl FileReport {
    fn new(findings: &[&Finding]) -> Self {
        let name = findings.first().map_or("", |finding| &finding.file);
        let owned: Vec<Finding> = findings.iter().map(|finding| (*finding).clone()).collect();
        let mut texts: Vec<(&Arc<SourceText>, Arc<NamedSource<String>>)> = Vec::new();
        let mut shown = Vec::new();
        for finding in findings {
            let source = finding.source.as_ref().map(|source| {
                if let Some((_, text)) = texts.iter().find(|(known, _)| Arc::ptr_eq(known, source)) {
                    return Arc::clone(text);
                }
                let text = visible_in_place(&source.text).into_owned();
                let text = Arc::new(NamedSource::new(one_line(&source.name), text));
                texts.push((source, Arc::clone(&text)));
                text
            });
            shown.push(OneFinding::new(finding, source));
        }
        Self {
            title: format!("{} in {}", counts(&owned), one_line(name)),
            severity: findings.iter().map(|finding| finding.severity).min().unwrap_or(Severity::Warning),
            findings: shown,
        }
    }
}

/// One finding as miette wants it.
struct OneFinding {
    code: String,
    message: String,
    severity: Severity,
    label: Option<LabeledSpan>,
    help: Option<String>,
    source: Option<Arc<NamedSource<String>>>,
}

impl OneFinding {
    fn new(finding: &Finding, source: Option<Arc<NamedSource<String>>>) -> Self {
        let label = finding.span.clone().filter(|_| source.is_some()).map(|span| {
            let text = Some(one_line(&finding.label)).filter(|label| !label.is_empty());
            LabeledSpan::new(text, span.start, span.end.saturating_sub(span.start))
        });
        let page = finding.rule.page.map(|page| format!("Meta: {page}"));
        let help: Vec<String> =
            finding.help.as_deref().map(|help| visible(help).into_owned()).into_iter().chain(page).collect();
        Self {
            code: format!("{} {}", finding.rule.id, finding.rule.name),
            message: one_line(&finding.message),
            severity: finding.severity,
            label,
            help: Some(help.join("\n")).filter(|help| !help.is_empty()),
            source,
        }
    }
}

macro_rules! diagnostic_basics {
    ($type:ident, $text:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.$text)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.$text)
            }
        }

        impl std::error::Error for $type {}
    };
}

diagnostic_basics!(FileReport, title);
diagnostic_basics!(OneFinding, message);

fn miette_severity(severity: Severity) -> miette::Severity {
    match severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
    }
}

impl Diagnostic for FileReport {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette_severity(self.severity))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.findings.iter().map(|finding| finding as &dyn Diagnostic)))
    }
}

impl Diagnostic for OneFinding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(miette_severity(self.severity))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_deref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.label.clone().map(|label| Box::new(std::iter::once(label)) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

/// One finding for programs. Fields are only ever added; lines and columns count from 1, columns in
/// characters.
#[derive(Debug, Serialize)]
struct FindingJson<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    id: &'static str,
    name: &'static str,
    severity: Severity,
    message: &'a str,
    label: &'a str,
    help: Option<&'a str>,
    url: Option<&'static str>,
}

/// `{"format_version":"1.0","findings":[…]}`, indented, with a final newline.
#[must_use]
pub fn json(findings: &[Finding]) -> String {
    #[derive(Serialize)]
    struct FindingsJson<'a> {
        format_version: &'static str,
        findings: Vec<FindingJson<'a>>,
    }
    let findings = sorted(findings)
        .into_iter()
        .map(|finding| {
            let ((line, column), (end_line, end_column)) = (finding.position(), end_of(finding));
            FindingJson {
                file: &finding.file,
                line,
                column,
                end_line,
                end_column,
                id: finding.rule.id,
                name: finding.rule.name,
                severity: finding.severity,
                message: &finding.message,
                label: &finding.label,
                help: finding.help.as_deref(),
                url: finding.rule.page,
            }
        })
        .collect();
    let json = FindingsJson { format_version: "1.0", findings };
    let text = serde_json::to_string_pretty(&json).expect("strings and numbers always serialise");
    crate::text::json(text) + "\n"
}

/// Just after the last character; the beginning when there is no place.
fn end_of(finding: &Finding) -> (usize, usize) {
    match (&finding.source, &finding.span) {
        (Some(source), Some(span)) => source.position(span.end),
        _ => (1, 1),
    }
}

/// GitHub shows so many annotations of one severity per step and drops the others in silence.
const ANNOTATIONS: usize = 10;

/// Workflow commands that GitHub shows on the lines of a pull request: errors first, and no more than
/// it shows. What is left over stands in the log, as lines of text.
///
/// `folder` leads from the repository's root to the content root: empty, or ending in `/`.
///
/// GitHub: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
#[must_use]
pub fn github(findings: &[Finding], folder: &str) -> String {
    let mut findings = sorted(findings);
    findings.sort_by_key(|finding| finding.severity);
    let mut shown = String::new();
    let mut rest = String::new();
    let mut left = [ANNOTATIONS; 2];
    for finding in findings {
        let left = &mut left[usize::from(finding.severity == Severity::Warning)];
        if *left > 0 {
            *left -= 1;
            shown.push_str(&annotation(finding, folder));
            continue;
        }
        let (line, column) = finding.position();
        let place = one_line(&format!("{folder}{}:{line}:{column}", finding.file));
        // Words in front: a line that begins with `::` would be a command.
        let also = format!("also {place}: {} {}", finding.rule.id, one_line(&finding.message));
        let _ = writeln!(rest, "{}", neutral_line(&also));
    }
    shown + &rest
}

fn annotation(finding: &Finding, folder: &str) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let ((line, column), (end_line, end_column)) = (finding.position(), end_of(finding));
    // Columns are only taken on one line.
    let columns = if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
    let file = escape_property(&format!("{folder}{}", finding.file));
    let title = escape_property(&format!("{} {}", finding.rule.id, finding.rule.name));
    let mut message = finding.message.clone();
    for more in [&finding.label, finding.help.as_deref().unwrap_or_default()] {
        if !more.is_empty() {
            message.push('\n');
            message.push_str(more);
        }
    }
    let message = escape_data(&message);
    format!("::{command} file={file},line={line},endLine={end_line}{columns},title={title}::{message}\n")
}

#[cfg(test)]
mod tests;
