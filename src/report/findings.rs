//! Findings as text with the source around them, as JSON, and as annotations of a pull request.

use std::borrow::Cow;
use std::fmt::{self, Write};

use miette::{Diagnostic, GraphicalTheme, LabeledSpan, ThemeCharacters, ThemeStyles};
use serde::Serialize;

use super::Style;
use super::excerpt::Excerpt;
use super::text::{one_line, plural, thousands, visible, wrap};
use super::workflow::{escape_data, escape_property};
use igsync_base::finding::{Brief, Finding, Severity};
use igsync_base::text::neutral_line;

mod fold;

pub(super) use fold::{CONFIGURATION, Entry, fold};

/// So many findings are shown to people: what has more has one cause.
const SHOWN: usize = 1000;

/// The findings of all files, sorted by file and place, each with the text it is about; those that are equal in many
/// places are one. Of too many, the errors are shown first of all, and the others counted.
#[must_use]
pub fn render(findings: &[Finding], style: Style) -> String {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = style.handler(theme).with_links(false);
    let (entries, left_out) = most_important(findings, SHOWN);
    let (mut folded, alone): (Vec<Entry<'_>>, Vec<Entry<'_>>) = entries.into_iter().partition(Entry::is_folded);
    let mut text = String::new();
    for file in alone.chunk_by(|a, b| a.first.file == b.first.file) {
        let file: Vec<&Finding> = file.iter().map(|entry| entry.first).collect();
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut text, &FileReport::new(&file));
        text.push('\n');
    }
    folded.sort_by_key(|entry| entry.first.severity);
    let has_more_places = folded.iter().any(|entry| entry.count > 1);
    for entry in folded {
        text.push_str(&common(&entry, style));
    }
    if has_more_places {
        text.push_str("`igsync validate --format json` lists every place\n");
    }
    text.push_str(&others(left_out));
    text
}

/// A finding of many places.
fn common(entry: &Entry<'_>, style: Style) -> String {
    let finding = entry.first;
    let (severity, paint) = match finding.severity {
        Severity::Error => ("Error", owo_colors::Style::new().red().bold()),
        Severity::Warning => ("Warning", owo_colors::Style::new().yellow().bold()),
    };
    let Brief { message, label, help } = finding.brief();
    let label = Some(one_line(&label)).filter(|label| !label.is_empty());
    let label = label.map(|label| format!(" ({label})")).unwrap_or_default();
    let (line, column) = finding.position();
    let place = format!("{}:{line}:{column}", one_line(&finding.file));
    let place = match (entry.of_configuration, entry.count) {
        (true, 1) => format!("at {CONFIGURATION}, for {place}"),
        (true, _) => format!("at {CONFIGURATION}, {}, first for {place}", entry.times()),
        (false, _) => format!("{}, first at {place}", entry.times()),
    };
    // What stops a post has to be found.
    let also = Some(other_places(entry)).filter(|_| finding.severity == Severity::Error && !entry.of_configuration);
    let help = help.map(|help| format!("help: {}", visible(&help)));
    // Warnings are many; `igsync explain` has their pages.
    let page = finding.rule.page.filter(|_| finding.severity == Severity::Error).map(|page| format!("Meta: {page}"));
    let lines = [Some(format!("{}{label}", one_line(&message))), Some(place), also, help, page];
    let mut text = format!("{}: {} {}\n", style.paint(severity, paint), finding.rule.id, finding.rule.name);
    for line in lines.iter().flatten() {
        for (part, line) in wrap(line, style.width.saturating_sub(4)).iter().enumerate() {
            let indent = if part == 0 { "  " } else { "    " };
            text.extend([indent, line, "\n"]);
        }
    }
    text + "\n"
}

/// So many other places of an error are named.
const PLACES: usize = 5;

/// `also at posts/b.yaml:2:8, posts/c.yaml:2:8 and 36 more`
fn other_places(entry: &Entry<'_>) -> String {
    let place = |finding: &&Finding| {
        let (line, column) = finding.position();
        format!("{}:{line}:{column}", one_line(&finding.file))
    };
    let named: Vec<String> = entry.others.iter().take(PLACES).map(place).collect();
    let more = entry.others.len().saturating_sub(PLACES);
    let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
    format!("also at {}{more}", named.join(", "))
}

/// Sorted by file and place, and how many are left out: the last of the warnings, then of the errors.
fn most_important(findings: &[Finding], limit: usize) -> (Vec<Entry<'_>>, usize) {
    let mut shown = fold(&sorted(findings));
    let left_out = shown.len().saturating_sub(limit);
    if left_out > 0 {
        shown.sort_by_key(|entry| entry.first.severity);
        shown.truncate(limit);
        shown.sort_by_key(|entry| place(entry.first));
    }
    (shown, left_out)
}

/// The findings that stop something, and the others as a number, for a command that is about something else.
#[must_use]
pub fn render_errors(findings: &[Finding], style: Style) -> String {
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
        findings.iter().cloned().partition(|finding| finding.severity == Severity::Error);
    let mut text = render(&errors, style);
    if !warnings.is_empty() {
        let _ = writeln!(text, "{}; `igsync validate` shows them", counts(&warnings));
    }
    text
}

fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        _ => format!("and {} more; `igsync validate PATH` shows those of one file\n", thousands(count)),
    }
}

/// `2 errors, 1 warning`; empty without findings.
#[must_use]
pub fn counts(findings: &[Finding]) -> String {
    counts_of(&findings.iter())
}

fn counts_of<'f>(findings: &(impl Iterator<Item = &'f Finding> + Clone)) -> String {
    let count = |severity| findings.clone().filter(|finding| finding.severity == severity).count();
    let parts = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| plural(*count, noun)).collect();
    parts.join(", ")
}

fn sorted(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| place(finding));
    sorted
}

fn place(finding: &Finding) -> (&str, usize, &str) {
    (&finding.file, finding.span.as_ref().map_or(0, |span| span.start), finding.rule.id)
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
        Self {
            title: format!("{} in {}", counts_of(&findings.iter().copied()), one_line(name)),
            severity: findings.iter().map(|finding| finding.severity).min().unwrap_or(Severity::Warning),
            findings: findings.iter().map(|finding| OneFinding::new(finding)).collect(),
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
    source: Option<Excerpt>,
}

impl OneFinding {
    fn new(finding: &Finding) -> Self {
        let Brief { message, label, help } = finding.brief();
        let source = match (&finding.source, &finding.span) {
            (Some(source), Some(span)) => Some(Excerpt::new(source, span)),
            _ => None,
        };
        let label = source.as_ref().map(|source| {
            let text = Some(one_line(&label)).filter(|label| !label.is_empty());
            LabeledSpan::new(text, source.place().start, source.place().len())
        });
        let page = finding.rule.page.map(|page| format!("Meta: {page}"));
        let help: Vec<String> = help.map(|help| visible(&help).into_owned()).into_iter().chain(page).collect();
        Self {
            code: format!("{} {}", finding.rule.id, finding.rule.name),
            message: one_line(&message),
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
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.label.clone().map(|label| Box::new(std::iter::once(label)) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

/// One finding for programs. Fields are only ever added; lines and columns count from 1, columns in
/// characters.
#[derive(Debug, Serialize)]
pub(super) struct FindingJson<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    id: &'static str,
    name: &'static str,
    severity: Severity,
    message: Cow<'a, str>,
    label: Cow<'a, str>,
    help: Option<Cow<'a, str>>,
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
    let findings = sorted(findings).into_iter().map(json_of).collect();
    let json = FindingsJson { format_version: "1.0", findings };
    let text = serde_json::to_string_pretty(&json).expect("strings and numbers always serialise");
    igsync_base::text::json(text) + "\n"
}

pub(super) fn json_of(finding: &Finding) -> FindingJson<'_> {
    let ((line, column), (end_line, end_column)) = (finding.position(), end_of(finding));
    let Brief { message, label, help } = finding.brief();
    FindingJson {
        file: &finding.file,
        line,
        column,
        end_line,
        end_column,
        id: finding.rule.id,
        name: finding.rule.name,
        severity: finding.severity,
        message,
        label,
        help,
        url: finding.rule.page,
    }
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
/// it shows. What is left over is in the log, as lines of text, and is counted when it is too much.
///
/// `folder` leads from the repository's root to the content root: empty, or ending in `/`.
///
/// GitHub: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
#[must_use]
pub fn github(findings: &[Finding], folder: &str) -> String {
    let (mut entries, left_out) = most_important(findings, SHOWN);
    entries.sort_by_key(|entry| entry.first.severity);
    let mut shown = String::new();
    let mut rest = String::new();
    let mut left = [ANNOTATIONS; 2];
    for entry in entries {
        let finding = entry.first;
        let left = &mut left[usize::from(finding.severity == Severity::Warning)];
        if *left > 0 {
            *left -= 1;
            shown.push_str(&annotation(&entry, folder));
            continue;
        }
        let (line, column) = finding.position();
        let place = one_line(&format!("{folder}{}:{line}:{column}", finding.file));
        let times = if entry.count > 1 { format!(" ({})", entry.times()) } else { String::new() };
        // Words in front: a line that begins with `::` would be a command.
        let also = format!("also {place}: {} {}{times}", finding.rule.id, one_line(&finding.brief().message));
        let _ = writeln!(rest, "{}", neutral_line(&also));
    }
    shown + &rest + &others(left_out)
}

fn annotation(entry: &Entry<'_>, folder: &str) -> String {
    let finding = entry.first;
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let (name, (line, column), (end_line, end_column)) = if entry.of_configuration {
        (CONFIGURATION, (1, 1), (1, 1))
    } else {
        (&*finding.file, finding.position(), end_of(finding))
    };
    // Columns are only taken on one line.
    let columns = if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
    let file = escape_property(&format!("{folder}{name}"));
    let title = escape_property(&format!("{} {}", finding.rule.id, finding.rule.name));
    let Brief { message, label, help } = finding.brief();
    let times = entry.is_folded().then(|| {
        let (line, column) = finding.position();
        format!("{}, first at {folder}{}:{line}:{column}", entry.times(), finding.file).into()
    });
    let lines = [Some(message), Some(label), times, help].into_iter().flatten().filter(|line| !line.is_empty());
    let message = escape_data(&lines.collect::<Vec<_>>().join("\n"));
    format!("::{command} file={file},line={line},endLine={end_line}{columns},title={title}::{message}\n")
}

#[cfg(test)]
mod tests;
