//! Text fitted into lines and columns, and numbers with their nouns.

use std::borrow::Cow;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use igsync_base::text::{one_line, visible, visible_in_place};

/// In terminal columns.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` wide; what is cut off leaves an ellipsis.
#[must_use]
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut room = columns.saturating_sub(1);
    let mut short = String::new();
    for c in text.chars() {
        let Some(rest) = room.checked_sub(c.width().unwrap_or(0)) else { break };
        room = rest;
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    if columns > 0 {
        short.push('…');
    }
    Cow::Owned(short)
}

/// Padded with blanks to `columns`.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Breaks at blanks, but never inside a command and never inside a word: commands, keys and URLs are copied.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for unit in units(text) {
        let unit = unit.trim_end_matches(' ');
        match lines.last_mut().filter(|line| width(line) + 1 + width(unit) <= columns) {
            Some(line) => *line = format!("{line} {unit}"),
            None => lines.push(unit.to_owned()),
        }
    }
    lines
}

/// What begins the end of a help text that is to be typed: the lines of a manifest, which may hold backticks.
const TYPED: [&str; 2] = ["write:", "Write:"];

/// What has to stay on one line: a word, or a command with its arguments. The blanks behind it come along.
pub(super) fn units(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (mut end, mut in_command) = (0, false);
        for word in rest.split_inclusive(' ') {
            if end == 0 && TYPED.contains(&word.trim_end()) {
                end = rest.len();
                break;
            }
            end += word.len();
            in_command ^= word.matches('`').count() % 2 == 1;
            // Several blanks are one gap.
            if !in_command && !rest[end..].starts_with(' ') {
                break;
            }
        }
        let (unit, others) = rest.split_at(end);
        rest = others;
        (!unit.is_empty()).then_some(unit)
    })
}

/// A text, and what at its end is to be typed as it is; `None`: there is nothing.
pub(super) fn typed(text: &str) -> Option<(&str, &str)> {
    let mut start = 0;
    for unit in units(text) {
        let (word, rest) = unit.split_once(' ').unwrap_or((unit, ""));
        if TYPED.contains(&word) && !rest.is_empty() {
            return Some(text.split_at(start + word.len() + 1));
        }
        start += unit.len();
    }
    None
}

/// `1,234,567`
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 post`, `2,000 posts`
#[must_use]
pub fn plural(count: usize, noun: &str) -> String {
    let ending = match count {
        1 => "",
        _ if noun.ends_with("sh") => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", thousands(count))
}

/// `350 ms`, `4 s`, `2 min 5 s`, `1 h 10 min`
#[must_use]
pub fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `812 B`, `3.4 MB`
#[must_use]
pub fn bytes(count: u64) -> String {
    let unit = |size: u64, name: &str| format!("{}.{} {name}", count / size, count % size * 10 / size);
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => unit(1_000, "kB"),
        1_000_000..1_000_000_000 => unit(1_000_000, "MB"),
        _ => unit(1_000_000_000, "GB"),
    }
}

/// `412 kB`, `1.4 MB`: for a glance.
#[must_use]
pub fn rounded_bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} kB", count.div_ceil(1_000)),
        _ => bytes(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("golden hour", 11), "golden hour");
        assert_eq!(fit("golden hour", 8), "golden…");
        assert_eq!(fit("日本語の港", 6), "日本…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn numbers_and_nouns_read_well() {
        assert_eq!(thousands(9993), "9,993");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(plural(1, "post"), "1 post");
        assert_eq!(plural(2, "publish"), "2 publishes");
        assert_eq!(elapsed(Duration::from_millis(350)), "350 ms");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(bytes(3_456_789), "3.4 MB");
    }

    #[test]
    fn lines_break_at_blanks_and_never_inside_a_command() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("then `igsync lock rm a` it", 12), ["then", "`igsync lock rm a`", "it"]);
        assert_eq!(
            wrap("convert it: `ffmpeg -i a.png -q:v 2 a.jpg`", 12),
            ["convert it:", "`ffmpeg -i a.png -q:v 2 a.jpg`"]
        );
        assert_eq!(units("a  b `c  d").collect::<Vec<_>>(), ["a  ", "b ", "`c  d"]);
        assert_eq!(units("").count() + units("   ").count(), 1);
    }

    #[test]
    fn what_is_to_be_typed_is_told_from_the_words_before_it() {
        assert_eq!(typed("so write: caption: \"x\""), Some(("so write: ", "caption: \"x\"")));
        assert_eq!(typed("use `ffmpeg -i`, or write: a: b"), Some(("use `ffmpeg -i`, or write: ", "a: b")));
        for words in ["", "you write: ", "crop it: ffmpeg -i a.jpg b.jpg", "`ffmpeg -i a b`"] {
            assert_eq!(typed(words), None, "{words}");
        }
    }
}
