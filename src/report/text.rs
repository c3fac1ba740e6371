//! Text that came from outside, made safe and short enough to show.

use std::borrow::Cow;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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

fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

fn sign_of(c: char) -> char {
    match u32::from(c) {
        // The pictures of the control characters stand in their order.
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{FFFD}'),
        0x7F => '\u{2421}',
        _ => '\u{FFFD}',
    }
}

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

/// Programs whose command lines stand in help without backticks, always at its end.
const PROGRAMS: [&str; 2] = ["ffmpeg", "exiftool"];

/// What has to stay on one line: a word, or a command with its arguments. The blanks behind it come along.
pub(super) fn units(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (mut end, mut in_command) = (0, false);
        for word in rest.split_inclusive(' ') {
            if end == 0 && PROGRAMS.contains(&word.trim_end()) {
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

/// Names the program as it was started in each command in backticks.
#[must_use]
pub fn commands(text: &str, program: &str) -> String {
    text.replace("`igsync ", &format!("`{program} "))
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

/// `412 KB`, `1.4 MB`: for a glance.
#[must_use]
pub fn rounded_bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} KB", count.div_ceil(1_000)),
        _ => bytes(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_escape_is_shown_and_not_obeyed() {
        assert_eq!(one_line("a\u{1b}[31mred\u{7}\n\n b"), "a␛[31mred␇ b");
        assert_eq!(visible("two\nlines\r\u{9b}2J"), "two\nlines␍\u{FFFD}2J");
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
            wrap("convert it: ffmpeg -i a.png -q:v 2 a.jpg", 12),
            ["convert it:", "ffmpeg -i a.png -q:v 2 a.jpg"]
        );
        assert_eq!(units("a  b `c  d").collect::<Vec<_>>(), ["a  ", "b ", "`c  d"]);
        assert_eq!(units("").count() + units("   ").count(), 1);
    }

    #[test]
    fn commands_are_written_the_way_igsync_was_started() {
        assert_eq!(
            commands("`igsync lock rm a`, says igsync", "cargo run --release --"),
            "`cargo run --release -- lock rm a`, says igsync"
        );
    }
}
