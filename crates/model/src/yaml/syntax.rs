//! What the parser says, in words that help.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::problems::Problems;
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
    let finding = problems.report(&rules::YAML_SYNTAX, &span, format!("not valid YAML: {}", message(error)), "here");
    finding.help = help(error.kind()).map(str::to_owned);
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
        ErrorKind::UnexpectedCharacter { character } => {
            format!("a value cannot begin with `{}`", character.escape_debug())
        }
        ErrorKind::MappingValueNotAllowed => "a second `: ` in one line".into(),
        ErrorKind::CommentInterceptedScalar => "a comment in the middle of a text".into(),
        ErrorKind::UnclosedQuotedScalar => "a quote that is never closed".into(),
        _ => error.kind().to_string(),
    }
}

fn help(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::MappingValueNotAllowed => {
            Some("put the value in quotes: \"…\"")
        }
        ErrorKind::CommentInterceptedScalar => {
            Some("` #` begins a comment; put the text in quotes, or write it as a block below `|`")
        }
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected => {
            Some("fields of one group begin in the same column; a text of several lines goes below `|`, indented")
        }
        _ => None,
    }
}
