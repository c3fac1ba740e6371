//! Text as YAML that reads back as the same text.

use std::fmt::Write as _;

/// A longer line is not shown to be typed. In characters.
const LINE_LIMIT: usize = 500;

/// As a text in quotes, in the form that escapes the least.
#[must_use]
pub fn in_quotes(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !is_hidden(c);
    if text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(is_plain) {
        return format!("'{text}'");
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_plain(c) => out.push(c),
            // Writing to a string cannot fail.
            c if u32::from(c) <= 0xff => _ = write!(out, "\\x{:02X}", u32::from(c)),
            c => _ = write!(out, "\\u{:04X}", u32::from(c)),
        }
    }
    out.push('"');
    out
}

/// What a reader of YAML takes for a line end, or an editor does not show.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Whether a line can be shown to be typed as it is.
pub(super) fn is_advisable(line: &str) -> bool {
    line.chars().nth(LINE_LIMIT).is_none() && !line.chars().any(|c| c.is_control() && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::super::{Problems, parse};
    use super::*;

    #[test]
    fn a_text_gets_the_quotes_that_escape_the_least() {
        assert_eq!(in_quotes("Golden hour #sunset"), "\"Golden hour #sunset\"");
        assert_eq!(in_quotes("She said \"hello\""), "'She said \"hello\"'");
        assert_eq!(in_quotes("It's \"here\""), "\"It's \\\"here\\\"\"");
        assert_eq!(in_quotes("a\nb\u{b}c"), "\"a\\nb\\x0Bc\"");
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_text_it_reads_back(text in "([ -~]|\\PC|[\u{0}-\u{a0}\u{2028}\u{feff}\u{fffe}]){0,20}") {
            let yaml = format!("a: {}\n", in_quotes(&text));
            let mut problems = Problems::new("x".into(), &yaml);
            let node = parse(&mut problems);
            proptest::prop_assert!(problems.is_empty(), "{}", yaml);
            let Some(super::super::Value::Map(entries)) = node.map(|node| node.value) else { panic!("{yaml}") };
            proptest::prop_assert_eq!(entries[0].value.scalar(), Some(&*text));
        }
    }
}
