//! Text from outside, made safe to show: on a terminal, and in the log of a runner that obeys what it finds
//! there. The only place that knows which characters are obeyed. Pure.
//!
//! Text is cleaned where it is put into a sentence, before anything is coloured; [`Guarded`] is before the
//! streams and lets nothing else through.

mod guarded;
pub mod secrets;
pub mod tokens;

use std::borrow::Cow;
use std::fmt::Write as _;

pub use guarded::Guarded;

/// Word joiner: invisible, no white space, and part of no command.
pub const JOINER: char = '\u{2060}';

/// One line: white space collapsed, and everything that a terminal would obey shown instead of obeyed.
#[must_use]
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" ")).into_owned()
}

/// Terminal escapes, other control characters and direction overrides become harmless signs; line
/// ends and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_obeyed(c) { sign_of(c) } else { c }).collect())
}

/// As [`visible`], but every character keeps its length in bytes, so that spans stay where they are.
#[must_use]
pub fn visible_in_place(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let stand_in = |c: char| match c.len_utf8() {
        1 => '?',
        2 => '¿',
        _ => '\u{FFFD}',
    };
    let unix = text.replace("\r\n", " \n");
    Cow::Owned(unix.chars().map(|c| if is_obeyed(c) { stand_in(c) } else { c }).collect())
}

/// At most `limit` characters; what is cut off leaves an ellipsis.
#[must_use]
pub fn bounded(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// What a program or a server said, as a part of a sentence: one line of at most `limit` characters that is
/// no command of a runner, wherever it ends up.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    neutral(&bounded(&one_line(text), limit)).into_owned()
}

/// One line without escapes, control and override characters, so that what they hide is found again: a token
/// that they split is whole.
#[must_use]
pub fn stripped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if is_obeyed(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// The rest of a terminal escape. What a broken one leaves behind is plain text, which is harmless.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if chars.next_if_eq(&'[').is_some() {
        while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
        chars.next_if(|c| matches!(c, '@'..='~'));
    } else if chars.next_if_eq(&']').is_some() {
        while chars.next_if(|c| !c.is_control()).is_some() {}
    }
}

/// Breaks up what a runner would take for a command wherever a line of its log begins or ends: `::` of GitHub,
/// `##[`, Azure's `##vso[` and its like.
#[must_use]
pub fn neutral(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    let mut marks = Marks::default();
    for c in text.chars() {
        if (c == ':' && safe.ends_with(':')) || marks.completes(c) {
            safe.push(JOINER);
        }
        marks.take(c);
        safe.push(c);
    }
    Cow::Owned(safe)
}

/// [`neutral`] for one line that stays one: only what begins it, and what is found anywhere.
#[must_use]
pub fn neutral_line(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut guard = guarded::Guard::default();
    line.chars().for_each(|c| guard.push(c, &mut safe));
    safe
}

/// A file name as a shell takes it.
#[must_use]
pub fn quoted(file: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    // A name that begins with a dash would be an option.
    let file = if file.starts_with('-') { format!("./{file}") } else { file.to_owned() };
    if file.chars().all(is_plain) { file } else { format!("'{}'", file.replace('\'', "'\\''")) }
}

/// JSON whose strings hold no character that a terminal or a runner would obey: each is written as its escape,
/// which is the same value.
#[must_use]
pub fn json(text: String) -> String {
    if !text.contains(is_obeyed) && !text.contains("##") {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 64);
    let mut before = ' ';
    for c in text.chars() {
        // Outside of strings there are none of these.
        if is_obeyed(c) || (c == '#' && before == '#') {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
        before = c;
    }
    safe
}

/// Whether a terminal would act on this character instead of showing it, or lines would be read in another
/// order. Line ends and tabs are not; marks and joiners of right-to-left scripts and emoji are not either.
fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

fn sign_of(c: char) -> char {
    match u32::from(c) {
        // The pictures of the control characters are in their order.
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{FFFD}'),
        0x7F => '\u{2421}',
        _ => '\u{FFFD}',
    }
}

/// How much of `##word[` has been read. Runners find it anywhere in a line.
///
/// Azure: <https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Marks {
    #[default]
    None,
    One,
    /// Two or more, and perhaps a word.
    Two,
}

impl Marks {
    /// Whether `c` makes a command of what was read.
    fn completes(self, c: char) -> bool {
        self == Self::Two && c == '['
    }

    fn take(&mut self, c: char) {
        *self = match (*self, c) {
            (Self::None, '#') => Self::One,
            (Self::One | Self::Two, '#') => Self::Two,
            (Self::Two, c) if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') => Self::Two,
            _ => Self::None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_escape_is_shown_and_not_obeyed() {
        assert_eq!(one_line("a\u{1b}[31mred\u{7}\n\n b"), "a␛[31mred␇ b");
        assert_eq!(visible("two\nlines\r\u{9b}2J"), "two\nlines␍\u{FFFD}2J");
        assert_eq!(visible("\u{0}\u{8}\u{b}\u{7f}\u{85}"), "␀␈␋␡\u{FFFD}");
    }

    #[test]
    fn a_direction_override_turns_nothing_around() {
        assert_eq!(one_line("\u{202E}gpj.exe\u{2066}"), "\u{FFFD}gpj.exe\u{FFFD}");
        assert_eq!(one_line("שלום 👩‍👩‍👧"), "שלום 👩‍👩‍👧", "marks and joiners are fine");
    }

    #[test]
    fn spans_stay_where_they_are() {
        let hostile = "a\u{1b}b\u{9b}c\u{202E}d";
        assert_eq!(visible_in_place(hostile), "a?b¿c\u{FFFD}d");
        assert_eq!(visible_in_place(hostile).len(), hostile.len());
        assert_eq!(visible_in_place("a\r\nb\r"), "a \nb?");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(bounded("éé", 2), "éé");
        assert_eq!(bounded("ééé", 2), "éé…");
        assert_eq!(excerpt("two\nlines ::x", 7), "two lin…");
    }

    #[test]
    fn what_escapes_hide_comes_together() {
        assert_eq!(stripped("EAA\u{0}sec\u{1b}[0mret"), "EAAsecret");
        assert_eq!(stripped("a\u{1b}]0;title\u{7}b\u{202e}c\u{2066}d\u{9b}\r\n"), "abcd  ");
        assert_eq!(stripped("\u{1b}"), "");
    }

    #[test]
    fn no_runner_finds_a_command() {
        assert_eq!(neutral("remote: ::error::x"), "remote: :\u{2060}:error:\u{2060}:x");
        assert_eq!(neutral(":::"), ":\u{2060}:\u{2060}:");
        assert_eq!(neutral("##[group]a"), "##\u{2060}[group]a");
        assert_eq!(neutral("a ###vso[task.setvariable]"), "a ###vso\u{2060}[task.setvariable]");
        assert_eq!(neutral("##teamcity[x ##x y[ #a[ ##a##[b"), "##teamcity\u{2060}[x ##x y[ #a[ ##a##\u{2060}[b");
        for plain in ["12:30 #sea [x] # [y]", "a # # b", "https://a.b:1/c#d[e]"] {
            assert!(matches!(neutral(plain), Cow::Borrowed(_)), "{plain}");
        }
    }

    #[test]
    fn json_means_the_same_and_holds_nothing_that_is_obeyed() {
        let value =
            serde_json::json!({ "a\u{9b}##[": ["\u{7f}\u{202e}\u{2028} ###vso[x] #[", "\u{1b}\n\t"], "b": "é👩‍👧" });
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let safe = json(text);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
            assert!(!safe.contains(is_obeyed) && !safe.contains("##"), "{safe}");
            assert_eq!(json(safe.clone()), safe);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_obeyed_is_left(text in r"([\x00-\x7f\u{80}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{2028}]|##|::|\[|vso|\PC){0,30}") {
            for safe in [visible(&text).into_owned(), one_line(&text), stripped(&text), visible_in_place(&text).into_owned()] {
                proptest::prop_assert!(!safe.contains(is_obeyed), "{safe:?}");
            }
            let safe = excerpt(&text, 20);
            proptest::prop_assert!(!safe.contains("::") && !safe.contains("##[") && !safe.contains("##vso["), "{safe:?}");
            proptest::prop_assert!(safe.chars().filter(|c| *c != JOINER).count() <= 21);
        }
    }
}
