//! What a GitHub runner obeys: workflow commands in the log, and files that hold a step's outputs.

use std::fmt::Write as _;

use super::text::{one_line, visible};
use igsync_base::text::neutral;

/// A command that GitHub shows as an annotation of the run.
#[must_use]
pub fn annotation(level: &str, message: &str) -> String {
    format!("::{level} title=igsync::{}\n", escape_data(message))
}

/// The message of a command. What it quotes is no command to another runner either.
pub(super) fn escape_data(text: &str) -> String {
    neutral(&visible(text)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

pub(super) fn escape_property(text: &str) -> String {
    escape_data(&one_line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Lines for the file that `GITHUB_OUTPUT` names. No value can end early or name another output: the
/// delimiter is random, and a value that holds it is left out.
///
/// GitHub: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings>
#[must_use]
pub fn outputs(values: &[(&str, String)], random: &str) -> String {
    let delimiter = format!("igsync_{random}");
    let mut text = String::new();
    for (name, value) in values {
        if !value.contains(&delimiter) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}<<{delimiter}\n{value}\n{delimiter}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_cannot_be_broken_out_of() {
        let hostile = "x\nigsync_abc\nchanged=true\nchanged<<EOF";
        let values = [("published", "[\"a\"]".to_owned()), ("pending", hostile.to_owned())];
        assert_eq!(outputs(&values[..1], "r1"), "published<<igsync_r1\n[\"a\"]\nigsync_r1\n");
        assert_eq!(outputs(&values, "abc"), "published<<igsync_abc\n[\"a\"]\nigsync_abc\n");
        assert!(outputs(&values, "r2").ends_with("changed<<EOF\nigsync_r2\n"));
    }

    #[test]
    fn an_annotation_is_one_line() {
        assert_eq!(
            annotation("notice", "100% a\n::error::b"),
            "::notice title=igsync::100%25 a%0A:\u{2060}:error:\u{2060}:b\n"
        );
        assert_eq!(annotation("error", "##vso[a]b"), "::error title=igsync::##vso\u{2060}[a]b\n");
    }
}
