//! What is before a stream: the last look at every byte.

use std::io::{self, Write};

use super::{JOINER, Marks, is_obeyed, sign_of};

/// Passes text on and lets no terminal and no runner obey it: control characters become visible, `::` at the
/// beginning of a line and `##word[` anywhere are broken up. Colour alone goes through, where it is wanted.
#[derive(Debug)]
pub struct Guarded<W> {
    inner: W,
    is_coloured: bool,
    guard: Guard,
    /// A character or an escape whose end has not come yet.
    pending: Vec<u8>,
}

/// Looks at one character after the other.
#[derive(Debug, Default)]
pub(super) struct Guard {
    line: Line,
    marks: Marks,
}

/// What the line holds so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Nothing, or what a runner skips.
    #[default]
    Start,
    /// The same, and one colon.
    Colon,
    Within,
}

/// The longest colour that is looked for, in bytes: `ESC [ 38;2;255;255;255;48;2;255;255;255 m`.
const LONGEST_COLOUR: usize = 40;

impl<W> Guarded<W> {
    /// For text without any colour.
    pub fn new(inner: W) -> Self {
        Self::coloured(inner, false)
    }

    /// Whether colour goes through; all text must have been made visible before it was coloured.
    pub fn coloured(inner: W, is_coloured: bool) -> Self {
        Self { inner, is_coloured, guard: Guard::default(), pending: Vec::new() }
    }

    /// Moves what is complete out of `pending`, made safe.
    fn take(&mut self, is_last: bool) -> String {
        let bytes = std::mem::take(&mut self.pending);
        let mut safe = String::with_capacity(bytes.len());
        let mut read = 0;
        for chunk in bytes.utf8_chunks() {
            let broken = chunk.invalid();
            read += chunk.valid().len() + broken.len();
            // What is no text completes no colour.
            let left = self.take_text(chunk.valid(), is_last || !broken.is_empty(), &mut safe);
            self.pending.extend_from_slice(&chunk.valid().as_bytes()[chunk.valid().len() - left..]);
            let may_go_on = std::str::from_utf8(broken).is_err_and(|error| error.error_len().is_none());
            if may_go_on && read == bytes.len() && !is_last {
                self.pending.extend_from_slice(broken);
            } else if !broken.is_empty() {
                self.guard.push('\u{FFFD}', &mut safe);
            }
        }
        safe
    }

    /// How many bytes at the end wait for more.
    fn take_text(&mut self, text: &str, is_last: bool, safe: &mut String) -> usize {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let colour = if c == '\u{1b}' && self.is_coloured { colour(rest) } else { Colour::None };
            let len = match colour {
                Colour::Begun if !is_last => return rest.len(),
                Colour::Whole(len) => {
                    safe.push_str(&rest[..len]);
                    len
                }
                _ => {
                    self.guard.push(c, safe);
                    c.len_utf8()
                }
            };
            rest = &rest[len..];
        }
        0
    }
}

impl Guard {
    pub(super) fn push(&mut self, c: char, safe: &mut String) {
        let c = if is_obeyed(c) { sign_of(c) } else { c };
        if (c == ':' && self.line == Line::Colon) || self.marks.completes(c) {
            safe.push(JOINER);
        }
        safe.push(c);
        self.marks.take(c);
        self.line = match (self.line, c) {
            (_, '\n') => Line::Start,
            // A runner skips white space of every script, so what is not ASCII decides nothing here.
            (Line::Start, c) if c.is_whitespace() || !c.is_ascii() => Line::Start,
            (Line::Start, ':') => Line::Colon,
            _ => Line::Within,
        };
    }
}

enum Colour {
    None,
    /// So many bytes.
    Whole(usize),
    /// More is to come.
    Begun,
}

/// Whether `text`, which begins with an escape, begins with a colour: `ESC [ digits and semicolons m`.
fn colour(text: &str) -> Colour {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST_COLOUR)];
    if bytes.len() > 1 && bytes[1] != b'[' {
        return Colour::None;
    }
    match bytes.iter().skip(2).position(|byte| !(byte.is_ascii_digit() || *byte == b';')) {
        Some(at) if bytes[2 + at] == b'm' => Colour::Whole(2 + at + 1),
        None if bytes.len() < LONGEST_COLOUR => Colour::Begun,
        _ => Colour::None,
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let safe = self.take(false);
        self.inner.write_all(safe.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let safe = self.take(true);
        self.inner.write_all(safe.as_bytes())?;
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(coloured: bool, pieces: &[&[u8]]) -> String {
        let mut writer = Guarded::coloured(Vec::new(), coloured);
        for piece in pieces {
            writer.write_all(piece).unwrap();
        }
        writer.flush().unwrap();
        String::from_utf8(writer.inner).unwrap()
    }

    fn plain(pieces: &[&str]) -> String {
        written(false, &pieces.iter().map(|piece| piece.as_bytes()).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_in_others_text_is_none() {
        assert_eq!(plain(&["::error::x\n"]), ":\u{2060}:error::x\n");
        assert_eq!(plain(&["  \u{3000} ::error::x"]), "  \u{3000} :\u{2060}:error::x");
        assert_eq!(plain(&["a\n", "  :", ":add-mask::x"]), "a\n  :\u{2060}:add-mask::x");
        assert_eq!(plain(&["see ##", "[add-mask]x"]), "see ##\u{2060}[add-mask]x");
        assert_eq!(plain(&["see ##v", "so[task.complete]x"]), "see ##vso\u{2060}[task.complete]x");
        assert_eq!(plain(&["a\r::b"]), "a␍::b", "no line begins there");
        assert_eq!(plain(&["\u{b}::b"]), "␋:\u{2060}:b");
        assert_eq!(written(true, &[b"\x1b[1m::error::x"]), "\u{1b}[1m:\u{2060}:error::x");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "  + posts/a  image  Golden hour :: at sea #harbour [x] # [y]\n12:30 std::io\n: one\n\ttab é👩‍👧\n";
        assert_eq!(plain(&[text]), text);
        for cut in 0..text.len() {
            let (a, b) = text.as_bytes().split_at(cut);
            assert_eq!(written(true, &[a, b]), text, "cut at {cut}");
        }
    }

    #[test]
    fn nothing_but_colour_reaches_a_terminal() {
        let colours = "\u{1b}[31;1mred\u{1b}[0m \u{1b}[38;2;1;2;3mx\u{1b}[m";
        assert_eq!(written(true, &[colours.as_bytes()]), colours);
        assert_eq!(plain(&[colours]), colours.replace('\u{1b}', "␛"));
        for cut in 0..colours.len() {
            let (a, b) = colours.as_bytes().split_at(cut);
            assert_eq!(written(true, &[a, b]), colours, "cut at {cut}");
        }
        for escape in [
            "\u{1b}[2J",
            "\u{1b}[8;1H",
            "\u{1b}]0;title\u{7}",
            "\u{1b}c",
            "\u{1b}[?25l",
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}[3",
        ] {
            assert_eq!(
                written(true, &[escape.as_bytes()]),
                escape.replace('\u{1b}', "␛").replace('\u{7}', "␇"),
                "{escape:?}"
            );
        }
        assert_eq!(written(true, &["\u{9b}31m\u{202e}".as_bytes()]), "\u{FFFD}31m\u{FFFD}");
        let endless = format!("\u{1b}[{}m", "1".repeat(100));
        assert_eq!(written(true, &[endless.as_bytes()]), endless.replace('\u{1b}', "␛"));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(written(false, &[b"a\xffb\xc3"]), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(written(false, &[b"a\xc2", b"\x9bb"]), "a\u{FFFD}b", "a control character in two writes");
        assert_eq!(written(false, &[b"\xe2\x82", b"\xac"]), "€");
    }
}
