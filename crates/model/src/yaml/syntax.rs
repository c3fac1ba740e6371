//! What the parser says, in words that help.

use std::ops::Range;

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::problems::Problems;
use super::repair::{Repair, code_of, repairs};
use igsync_base::rules;

/// Reports a syntax error at its place.
pub(super) fn report(error: &ScanError, problems: &mut Problems<'_>) {
    let text = problems.text();
    let mut start = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let span = start..text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let indentation: &str = &text[line_start..];
    let indentation = &indentation[..indentation.len() - indentation.trim_start_matches([' ', '\t']).len()];

    if is_tab(error.kind()) || indentation.contains('\t') {
        let tab = text[line_start..].find('\t').map_or(span, |tab| line_start + tab..line_start + tab + 1);
        problems.report(&rules::TAB_INDENTATION, &tab, "YAML does not allow tabs here", "a tab").help =
            Some("indent with spaces".into());
        return;
    }
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        problems.report(&rules::YAML_TOO_COMPLEX, &span, "the file is nested deeper than any post needs", "too deep");
        return;
    }
    if let Some(marker) = conflict(text) {
        problems.report(&rules::YAML_SYNTAX, &marker, "git left a conflict in this file", "a marker of git").help =
            Some("keep one of the two versions and remove the lines that git added".into());
        return;
    }
    if report_lines(problems) {
        return;
    }
    if let Some((line, name)) = stray_line(text, start) {
        let message = format!("not valid YAML: a line that is no part of `{name}`");
        problems.report(&rules::YAML_SYNTAX, &line, message, "not indented").help =
            Some(format!("write the whole text below `{name}: |`, each line indented by two spaces"));
        return;
    }
    let finding = problems.report(&rules::YAML_SYNTAX, &span, format!("not valid YAML: {}", message(error)), "here");
    finding.help = Some(help(error.kind()).to_owned());
}

/// Reports every line that has to be written in another way; `false`: none is known.
pub(super) fn report_lines(problems: &mut Problems<'_>) -> bool {
    let found = repairs(problems.text());
    for (line, repair) in &found {
        // What is wrong with it may have been said already.
        if !problems.has_finding_in(*line) {
            report_line(*line, repair, problems);
        }
    }
    !found.is_empty()
}

/// Reports one line of the file, from 0, with what to write instead.
pub(super) fn report_line(line: usize, repair: &Repair, problems: &mut Problems<'_>) {
    let start = problems.source().line(line).start;
    let place = start + repair.place.start..start + repair.place.end;
    let message = format!("not valid YAML: {}", repair.message);
    let old = problems.text().get(start..).unwrap_or_default();
    let (old, new) = (blanks_before(old), blanks_before(&repair.line));
    // Who types a line leaves the blanks in front of it as they are.
    let words = match new {
        _ if new == old => String::new(),
        0 => "begin it in the first column; ".into(),
        1 => "indent it by 1 blank; ".into(),
        new => format!("indent it by {new} blanks; "),
    };
    problems.report(&rules::YAML_SYNTAX, &place, message, repair.label.clone()).help =
        Some(format!("{words}write: {}", repair.line.trim()));
}

/// The first line of a text that follows a field `name: text` in the first column, down to the error at `start`.
fn stray_line(text: &str, start: usize) -> Option<(Range<usize>, &str)> {
    let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let mut stray = None;
    let mut place = end;
    for line in text[..end].split('\n').rev() {
        let begin = place - line.len();
        if let Some((name, value)) = line.split_once(": ").filter(|_| is_name_first(line)) {
            let is_text = value.trim_start().starts_with(|c: char| c.is_alphanumeric());
            return stray.filter(|_| is_text).map(|stray| (stray, name));
        }
        // A list, a comment or a part of a group is another matter.
        if line.starts_with([' ', '#', '}', ']']) || line.starts_with("- ") || line.trim_end().ends_with(':') {
            return None;
        }
        if !line.trim().is_empty() {
            stray = Some(begin..begin + line.trim_end().len());
        }
        place = begin.saturating_sub(1);
    }
    None
}

fn is_name_first(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn blanks_before(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The first line of a conflict that git could not merge.
fn conflict(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').find_map(|line| {
        let place = start..start + line.trim_end().len();
        start += line.len();
        (line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")).then_some(place)
    })
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    )
}

fn message(error: &ScanError) -> String {
    match error.kind() {
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            format!("an invisible character, {}", code_of(*character))
        }
        ErrorKind::UnexpectedCharacter { character } => {
            format!("a value cannot begin with `{}`", character.escape_debug())
        }
        ErrorKind::MappingValueNotAllowed => "a second `: ` in one line".into(),
        ErrorKind::CommentInterceptedScalar => "a comment in the middle of a text".into(),
        ErrorKind::UnclosedQuotedScalar => "a quote that is never closed".into(),
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::InvalidIndentation => "a line that is neither `name: value` nor indented as a part of one".into(),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => {
            "`\\` in double quotes begins an escape, and there is none like this".into()
        }
        ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::ExpectedFlowMappingSeparator => "brackets or commas that do not fit together".into(),
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            "text after a closing quote".into()
        }
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::InvalidFlowScalarIndent => {
            "the next line of a text is not indented".into()
        }
        ErrorKind::InvalidBlockScalarIndent => "the first line of a block is indented less than those below it".into(),
        // Its own words would say less.
        _ => "this line does not fit to the lines above it".into(),
    }
}

fn help(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnexpectedCharacter { .. } => "put the value in quotes: \"…\"",
        ErrorKind::MappingValueNotAllowed => {
            "put the value in quotes: \"…\"; a text of several lines goes below `|`, indented"
        }
        ErrorKind::CommentInterceptedScalar => {
            "` #` begins a comment; put the text in quotes, or write it as a block below `|`"
        }
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected => {
            "fields of one group begin in the same column; a text of several lines goes below `|`, indented"
        }
        _ => {
            "each line is `name: value`; a text with special characters goes in quotes, one of several lines below `|`, \
             indented"
        }
    }
}
