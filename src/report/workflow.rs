//! What a GitHub runner obeys: workflow commands in the log, and files that hold a step's outputs.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::text::{one_line, visible};

/// A command that GitHub shows as an annotation of the run.
#[must_use]
pub fn annotation(level: &str, message: &str) -> String {
    format!("::{level} title=igsync::{}\n", escape_data(message))
}

pub(super) fn escape_data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
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

/// Passes text on to the log of a runner and breaks up what it would take for a command: `::` at the
/// beginning of a line, and `##[` anywhere.
#[derive(Debug)]
pub struct Neutral<W> {
    inner: W,
    /// What stands in the line so far.
    at: At,
    hashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Nothing, or white space alone.
    Start,
    /// White space and one colon.
    Colon,
    Within,
}

/// Word joiner: invisible, and no white space.
const JOINER: &[u8] = "\u{2060}".as_bytes();

impl<W> Neutral<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, at: At::Start, hashes: 0 }
    }

    fn neutral(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes.len() + JOINER.len());
        for &byte in bytes {
            if (byte == b':' && self.at == At::Colon) || (byte == b'[' && self.hashes >= 2) {
                text.extend_from_slice(JOINER);
            }
            text.push(byte);
            self.hashes = if byte == b'#' { self.hashes.saturating_add(1) } else { 0 };
            self.at = match (self.at, byte) {
                (_, b'\n' | b'\r') => At::Start,
                // A runner skips white space of every script, so other bytes decide nothing here.
                (At::Start, byte) if byte.is_ascii_whitespace() || byte == 0x0B || !byte.is_ascii() => At::Start,
                (At::Start, b':') => At::Colon,
                _ => At::Within,
            };
        }
        text
    }
}

impl<W: Write> Write for Neutral<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = self.neutral(bytes);
        self.inner.write_all(&text)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neutral(pieces: &[&str]) -> String {
        let mut writer = Neutral::new(Vec::new());
        for piece in pieces {
            writer.write_all(piece.as_bytes()).unwrap();
        }
        String::from_utf8(writer.inner).unwrap()
    }

    #[test]
    fn a_command_in_others_text_is_none() {
        assert_eq!(neutral(&["::error::x\n"]), ":\u{2060}:error::x\n");
        assert_eq!(neutral(&["  \u{3000} ::error::x"]), "  \u{3000} :\u{2060}:error::x");
        assert_eq!(neutral(&["a\n", "  :", ":add-mask::x"]), "a\n  :\u{2060}:add-mask::x");
        assert_eq!(neutral(&["see ##", "[add-mask]x"]), "see ##\u{2060}[add-mask]x");
        assert_eq!(neutral(&["a\r::b"]), "a\r:\u{2060}:b");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "  + posts/a  image  Golden hour :: at sea #harbour [x] # [y]\n12:30 std::io\n: one\n";
        assert_eq!(neutral(&[text]), text);
    }

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
        assert_eq!(annotation("notice", "100% a\n::error::b"), "::notice title=igsync::100%25 a%0A::error::b\n");
    }
}
