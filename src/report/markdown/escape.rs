//! Text of others, made harmless in Markdown.

use super::super::text::{one_line, typed, visible, width};
use igsync_base::text::{JOINER, neutral_line};

/// Code does not wrap on GitHub, so long lines are wrapped here.
const COLUMNS: usize = 96;
/// Marks a line that continues from the one above.
const GOES_ON: &str = "↳ ";

/// A short value as inline code. It holds whatever the value holds and ends where it should.
pub(super) fn code(text: &str) -> String {
    let text = neutral_line(&one_line(text));
    if text.is_empty() {
        return "` `".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A long text as a block of code, every line end kept. Must begin a line of its own.
pub(super) fn block(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    let mut lines = String::new();
    for line in text.lines().flat_map(wrapped) {
        lines.push_str(&neutral_line(&line));
        lines.push('\n');
    }
    format!("{fence}text\n{lines}{fence}")
}

/// A sentence that may hold values of others. Must not begin a line.
pub(super) fn prose(text: &str) -> String {
    let text: Vec<char> = one_line(text).chars().collect();
    let mut safe = String::new();
    // Where the run of letters and digits begins that continues to here.
    let mut word = 0;
    for (place, c) in text.iter().copied().enumerate() {
        if !c.is_ascii_alphanumeric() {
            word = place + 1;
        }
        let before = place.checked_sub(1).map_or(' ', |before| text[before]);
        let after = text.get(place + 1).copied().unwrap_or(' ');
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '!' | '^' | '"' | '\'' => {
                safe.extend(['\\', c]);
            }
            _ => safe.push(c),
        }
        let breaks = match c {
            // Mentions, issues, formulas.
            '@' | '#' | '$' => true,
            // Schemes and emoji.
            ':' => !after.is_whitespace(),
            // `GH-1` and other references.
            '-' => before.is_alphabetic() && after.is_ascii_digit(),
            // `www.` begins a link, and seven hexadecimal digits name a commit.
            '.' => before.eq_ignore_ascii_case(&'w'),
            _ => place == word + 3 && is_commit(&text[word..]),
        };
        if breaks {
            safe.push(JOINER);
        }
    }
    safe
}

/// A sentence with commands in backticks; what is to be typed at its end is code, too.
pub(super) fn rich(text: &str) -> String {
    match typed(text) {
        Some((words, typed)) => format!("{}{}", sentence(words), code(typed)),
        None => sentence(text),
    }
}

fn sentence(text: &str) -> String {
    let sentence = |part: &str| {
        let blank = |is_there: bool| if is_there { " " } else { "" };
        let (before, after) = (part.starts_with(' '), part.len() > 1 && part.ends_with(' '));
        format!("{}{}{}", blank(before), prose(part), blank(after))
    };
    let parts = text.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 1 { code(part) } else { sentence(part) }).collect()
}

/// Whether the text begins with what could be the abbreviated id of a commit. Numbers alone are left whole: people
/// copy media ids.
fn is_commit(text: &[char]) -> bool {
    let word: Vec<char> = text.iter().copied().take(65).take_while(char::is_ascii_alphanumeric).collect();
    (7..=64).contains(&word.len())
        && word.iter().all(char::is_ascii_hexdigit)
        && word.iter().any(|c| !c.is_ascii_digit())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Breaks at blanks where there are any, else anywhere.
fn wrapped(line: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut now = String::new();
    let mut pieces = line.split_inclusive(' ').flat_map(|word| pieces_of(word, COLUMNS)).peekable();
    while let Some(piece) = pieces.next() {
        now.push_str(&piece);
        if let Some(next) = pieces.peek()
            && width(&now) + width(next.trim_end()) > COLUMNS
        {
            lines.push(std::mem::replace(&mut now, GOES_ON.to_owned()));
        }
    }
    lines.push(now);
    lines
}

fn pieces_of(word: &str, columns: usize) -> Vec<String> {
    if width(word) <= columns {
        return vec![word.to_owned()];
    }
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(columns / 2).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_code_ends_where_it_should() {
        assert_eq!(code("posts/a"), "`posts/a`");
        assert_eq!(code("a `` b ` c"), "```a `` b ` c```");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(code("two\nlines"), "`two lines`");
        assert_eq!(code(""), "` `");
    }

    #[test]
    fn a_line_to_write_is_code() {
        assert_eq!(rich("So write: caption: \"a `b` #c\""), "So write: ``caption: \"a `b` #c\"``");
        assert_eq!(rich("crop it: `ffmpeg -i a_b.jpg -vf crop=3:4`"), "crop it: `ffmpeg -i a_b.jpg -vf crop=3:4`");
        assert_eq!(rich("Write: a: b"), "Write: `a: b`");
        assert_eq!(rich("if `x`, write: a: \"*b\""), "if `x`, write: `a: \"*b\"`");
    }

    #[test]
    fn a_block_is_closed_by_nothing_in_it() {
        assert_eq!(block("a\n```\n@everyone"), "````text\na\n```\n@everyone\n````");
        assert_eq!(
            block("::error::x\n  ::set-output::\nsee ::a"),
            "```text\n:\u{2060}:error::x\n  :\u{2060}:set-output::\nsee ::a\n```"
        );
        assert_eq!(block("##[add-mask]x"), "```text\n##\u{2060}[add-mask]x\n```");
    }

    #[test]
    fn a_long_line_goes_on_below() {
        let text = "word ".repeat(30);
        let shown = block(text.trim());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 4, "{shown}");
        assert!(lines[2].starts_with("↳ word"), "{shown}");
        assert!(lines.iter().all(|line| width(line) <= COLUMNS), "{shown}");
        let unbroken = block(&"語".repeat(200));
        assert!(unbroken.lines().all(|line| width(line) <= COLUMNS + 2), "{unbroken}");
        assert_eq!(unbroken.matches('語').count(), 200);
    }

    #[test]
    fn a_sentence_mentions_nobody_and_links_nothing() {
        assert_eq!(prose("@acme fixes #1"), "@\u{2060}acme fixes #\u{2060}1");
        assert_eq!(prose("GH-12 a/b#3"), "GH-\u{2060}12 a/b#\u{2060}3");
        assert_eq!(prose("https://evil.example"), "https:\u{2060}//evil.example");
        assert_eq!(prose("www.evil.example"), "www.\u{2060}evil.example");
        assert_eq!(prose("![x](y) <img> &amp;"), "\\!\\[x\\]\\(y\\) &lt;img&gt; &amp;amp;");
        assert_eq!(prose("at deadbeef1"), "at dead\u{2060}beef1");
        assert_eq!(prose("media 17900000000000001, 2026-12-01"), "media 17900000000000001, 2026-12-01");
    }

    #[test]
    fn commands_stay_commands() {
        assert_eq!(rich("say `igsync resolve a` or @b"), "say `igsync resolve a` or @\u{2060}b");
        assert_eq!(rich("odd ` one @b"), "odd `one @b`");
    }
}
