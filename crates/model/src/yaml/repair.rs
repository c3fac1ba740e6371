//! What a line that YAML refuses was probably meant to be. A line is advised only if the parser takes it.

use std::ops::Range;

use serde_yaml::granit_parser::{Parser, options};

use super::quotes::{in_quotes, is_advisable};

/// A longer file is not read again and again. In bytes.
const TEXT_LIMIT: usize = 64 * 1024;
/// So many lines are repaired.
const REPAIRS: usize = 10;
/// So many lines above an error are looked at.
const LINES: usize = 12;
/// What all trials of one file may read, for each byte of it and at most. In bytes.
const EFFORT: usize = 32;
const EFFORT_LIMIT: usize = 512 * 1024;

/// Fields that are never a list.
const PROSE: [&str; 5] = ["caption", "alt_text", "first_comment", "note", "audio_name"];

/// One line to be written in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// What is wrong, in bytes of the line.
    pub place: Range<usize>,
    pub message: String,
    pub label: String,
    /// The whole line, without its end.
    pub line: String,
}

/// Every line, from 0, that has to be written in another way, as far as it can be guessed. Empty: none was found.
pub(super) fn repairs(text: &str) -> Vec<(usize, Repair)> {
    let mut trial = Trial::of(text);
    let mut found = Vec::new();
    trial.repairs(&mut found);
    if found.is_empty() {
        // Several lines without their blanks are one text to YAML: no line alone is at fault.
        found = trial.blanks();
        trial.repairs(&mut found);
        if trial.first_error(trial.lines.len()).is_some() {
            return Vec::new();
        }
    }
    found.sort_by_key(|(line, _)| *line);
    found
}

/// A file whose lines can be replaced.
struct Trial {
    /// With their ends.
    lines: Vec<String>,
    /// So many bytes may still be parsed.
    effort: usize,
}

impl Trial {
    fn of(text: &str) -> Self {
        let effort = if text.len() > TEXT_LIMIT { 0 } else { (text.len() * EFFORT + 4096).min(EFFORT_LIMIT) };
        Self { lines: text.split_inclusive('\n').map(str::to_owned).collect(), effort }
    }

    /// Repairs one line after the other, as long as that helps.
    fn repairs(&mut self, found: &mut Vec<(usize, Repair)>) {
        for _ in 0..REPAIRS {
            let Some(at) = self.first_error(self.lines.len()) else { break };
            let Some((line, repair)) = self.repair(at) else { break };
            self.replace(line, &repair.line);
            // A line with two mistakes is shown once, as it is in the end.
            match found.iter_mut().find(|(known, _)| *known == line) {
                Some((_, known)) => known.line = repair.line,
                None => found.push((line, repair)),
            }
        }
    }

    /// Adds the blanks that are missing down to the first error, all at once.
    fn blanks(&mut self) -> Vec<(usize, Repair)> {
        let Some(at) = self.first_error(self.lines.len()) else { return Vec::new() };
        let blank = |line: &str| blank_added(line).or_else(|| dash_apart(line));
        // The last ones may be below the place where the parser gives up.
        let below = self.lines.len().min(at + LINES);
        let more = (at + 1..below).take_while(|line| dash_apart(body(&self.lines[*line])).is_some()).count();
        let lines =
            (at.saturating_sub(LINES)..=at + more).filter_map(|line| Some((line, blank(body(&self.lines[line]))?)));
        let found: Vec<_> = lines.collect();
        for (line, repair) in &found {
            self.replace(*line, &repair.line);
        }
        found
    }

    /// Answers with the line that was there, with its end.
    fn replace(&mut self, line: usize, text: &str) -> String {
        let end = &self.lines[line][body(&self.lines[line]).len()..];
        let whole = format!("{text}{end}");
        std::mem::replace(&mut self.lines[line], whole)
    }

    /// The line, from 0, of the first error in the first `count` lines; the first line when no more is read.
    fn first_error(&mut self, count: usize) -> Option<usize> {
        let text = self.lines[..count].concat();
        let Some(left) = self.effort.checked_sub(text.len()) else { return Some(0) };
        self.effort = left;
        let options = options! { emit_comments: false, emit_unresolved_aliases: true };
        let error = Parser::new_from_str_with_options(&text, options).find_map(Result::err)?;
        let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
        let line = text.get(..at).unwrap_or_default().matches('\n').count();
        Some(line.min(count.saturating_sub(1)))
    }

    /// The nearest line above an error in line `at`, or that line, that is the cause of it.
    fn repair(&mut self, at: usize) -> Option<(usize, Repair)> {
        for line in (at.saturating_sub(LINES)..=at).rev() {
            let above = self.lines[..line].iter().rev().find(|line| !line.trim().is_empty());
            let indented = above.and_then(|above| as_above(body(&self.lines[line]), body(above)));
            let indented = self.in_block(line).or(indented);
            for candidate in candidates(body(&self.lines[line])).into_iter().chain(indented) {
                if is_advisable(&candidate.line) && self.helps(line, &candidate.line, at) {
                    return Some((line, candidate));
                }
            }
        }
        None
    }

    /// A line of a text as a part of the block that is begun above it.
    fn in_block(&self, line: usize) -> Option<Repair> {
        let is_field = |line: &&String| !Parts::of(body(line)).name.is_empty();
        let text = body(&self.lines[line]);
        let parts = Parts::of(body(self.lines[..line].iter().rev().find(is_field)?));
        let is_block = matches!(parts.value, "|" | "|-" | "|+" | ">" | ">-" | ">+");
        if !is_block || is_field(&&self.lines[line]) || text.trim().is_empty() {
            return None;
        }
        let lead = " ".repeat(parts.lead.len() + 2);
        let start = text.len() - text.trim_start().len();
        let place = start..start + text.trim_start().chars().next().map_or(0, char::len_utf8);
        let message = format!("the text of `{}` is indented", parts.name);
        Some(Repair { place, message, label: "not indented".into(), line: format!("{lead}{}", text.trim()) })
    }

    /// Whether the error in line `at` is gone with this line: the first one is further down then, or another one is
    /// found in between, which it had hidden.
    fn helps(&mut self, line: usize, text: &str, at: usize) -> bool {
        let written = self.replace(line, text);
        let next = self.first_error(self.lines.len());
        let is_sound = next.is_some_and(|next| next > line) && self.first_error(line + 1).is_none();
        self.lines[line] = written;
        // Where the lines down to one in between were sound, the cause is below them.
        next.is_none_or(|next| next > at) || (is_sound && (line..at).all(|above| self.first_error(above + 1).is_some()))
    }
}

/// A line without its end.
fn body(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}

/// The parts of a line `- name: value`.
struct Parts<'l> {
    /// Indentation and dashes.
    lead: &'l str,
    /// Empty: there is none.
    name: &'l str,
    /// What is between name and value.
    between: &'l str,
    value: &'l str,
}

impl<'l> Parts<'l> {
    fn of(line: &'l str) -> Self {
        let line = line.trim_end();
        let mut rest = line.trim_start_matches(is_blank);
        while let Some(behind) = rest.strip_prefix('-').filter(|behind| behind.starts_with(is_blank)) {
            rest = behind.trim_start_matches(is_blank);
        }
        let lead = &line[..line.len() - rest.len()];
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        let (name, behind) = rest.split_at(name_end);
        let mark = behind.trim_start_matches(is_blank).chars().next().filter(|c| is_colon(*c));
        let (true, Some(mark)) = (name.starts_with(|c: char| c.is_ascii_alphabetic()), mark) else {
            return Self { lead, name: "", between: "", value: rest };
        };
        let value = behind.trim_start_matches(is_blank)[mark.len_utf8()..].trim_start_matches(is_blank);
        // An address, or a letter of a drive.
        if value.starts_with("//") || name.len() == 1 {
            return Self { lead, name: "", between: "", value: rest };
        }
        Self { lead, name, between: &behind[..behind.len() - value.len()], value }
    }

    fn value_start(&self) -> usize {
        self.lead.len() + self.name.len() + self.between.len()
    }

    /// Why name and value are not seen as such.
    fn trouble(&self) -> Option<String> {
        let invisible =
            self.lead.chars().chain(self.between.chars()).find(|c| is_blank(*c) && !matches!(c, ' ' | '\t'));
        if let Some(c) = invisible {
            return Some(format!("an invisible character, {}, is in place of a space", code_of(c)));
        }
        match self.between.trim_end().chars().next_back() {
            None => None,
            Some(':') if self.between.ends_with(' ') || self.between.ends_with('\t') || self.value.is_empty() => None,
            Some(':') => Some(format!("a space is missing after `{}:`", self.name)),
            Some(c) => Some(format!("`{}` is followed by `{c}` instead of `:`", self.name)),
        }
    }
}

/// What is white space to people and not to YAML is one, too; so is what nobody sees.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_invisible(c)
}

/// Whether people see nothing, or a blank, where YAML sees a character of a text.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{180e}' | '\u{2000}'
            ..='\u{200d}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
    )
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '=' | '\u{ff1a}' | '\u{fe55}' | '\u{a789}')
}

pub(super) fn code_of(c: char) -> String {
    let name = match c {
        '\u{b}' => " (vertical tab)",
        '\u{c}' => " (form feed)",
        '\u{1b}' => " (escape)",
        '\u{a0}' | '\u{202f}' => " (no-break space)",
        '\u{200b}' => " (zero-width space)",
        '\u{feff}' => " (byte-order mark)",
        _ => "",
    };
    format!("U+{:04X}{name}", u32::from(c))
}

/// What a line may have been meant to be, the likeliest first.
fn candidates(line: &str) -> Vec<Repair> {
    let mut found = Vec::new();
    found.extend(printable(line));
    found.extend(dash_apart(line));
    let parts = Parts::of(line);
    let lead = indentation(parts.lead);
    let name = if parts.name.is_empty() { String::new() } else { format!("{}: ", parts.name) };
    let write = |value: &str| format!("{lead}{name}{value}").trim_end().to_owned();
    let trouble = parts.trouble();
    if let Some(message) = &trouble {
        let place = name_place(&parts);
        found.push(Repair { place, message: message.clone(), label: "here".into(), line: write(parts.value) });
    }
    if parts.name.is_empty() && !parts.lead.contains('-') {
        return found;
    }
    for (value, message) in meant(parts.name, parts.value) {
        let place = parts.value_start()..line.trim_end().len();
        let message = trouble.clone().unwrap_or(message);
        found.push(Repair { place, message, label: "this value".into(), line: write(&value) });
    }
    found
}

/// A field with the indentation of the line above it.
fn as_above(line: &str, above: &str) -> Option<Repair> {
    let parts = Parts::of(line);
    let is_field = parts.name.starts_with(|c: char| c.is_ascii_lowercase()) && parts.trouble().is_none();
    // Its column is another one when it is an entry of a list.
    let is_entry = dash_apart(above).is_some();
    if !is_field || is_entry || !parts.lead.trim_matches([' ', '\t']).is_empty() {
        return None;
    }
    let wanted = Parts::of(above).lead.replace('-', " ");
    let message = "this line is not indented as the one above it".to_owned();
    let text = format!("{wanted}{}", line.trim());
    (wanted != parts.lead).then(|| Repair {
        place: name_place(&parts),
        message,
        label: "wrong column".into(),
        line: text,
    })
}

/// A line of the text `name:value`, or with another mark than a colon, as it should be; no other mistake is looked for.
pub(super) fn blank_added(line: &str) -> Option<Repair> {
    let parts = Parts::of(line);
    let message = parts.trouble().filter(|_| !parts.name.is_empty())?;
    let lead = indentation(parts.lead);
    let line = format!("{lead}{}: {}", parts.name, parts.value).trim_end().to_owned();
    is_advisable(&line).then(|| Repair { place: name_place(&parts), message, label: "here".into(), line })
}

/// An entry `-text` of a list, as it should be.
pub(super) fn dash_apart(line: &str) -> Option<Repair> {
    let text = line.trim_end().trim_start_matches(' ');
    let lead = &line[..line.len() - line.trim_start_matches(' ').len()];
    let entry = text.strip_prefix('-').filter(|entry| !entry.is_empty() && !entry.starts_with(['-', ' ', '\t']))?;
    let message = "a space is missing after `-`".to_owned();
    let line = format!("{lead}- {entry}");
    is_advisable(&line).then(|| Repair { place: lead.len()..lead.len() + 1, message, label: "here".into(), line })
}

/// With a blank for each character that looks like one, and without those that nobody sees.
fn indentation(lead: &str) -> String {
    let has_width = |c: char| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    lead.chars().filter(|c| has_width(*c)).map(|c| if is_invisible(c) { ' ' } else { c }).collect()
}

fn name_place(parts: &Parts<'_>) -> Range<usize> {
    let start = if parts.name.is_empty() { 0 } else { parts.lead.len() };
    let end = parts.value_start().max(start);
    start..if end > start { end } else { end + parts.value.chars().next().map_or(0, char::len_utf8) }
}

/// Without characters that no text may hold.
fn printable(line: &str) -> Option<Repair> {
    let is_refused =
        |c: char| (c.is_control() && !matches!(c, '\t' | '\u{85}')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    let (start, c) = line.char_indices().find(|(_, c)| is_refused(*c))?;
    let clean: String = line
        .chars()
        .filter_map(|c| match c {
            '\u{b}' | '\u{c}' => Some(' '),
            c => (!is_refused(c)).then_some(c),
        })
        .collect();
    let message = format!("an invisible character, {}", code_of(c));
    let place = start..start + c.len_utf8();
    Some(Repair { place, message, label: "not allowed in text".into(), line: clean.trim_end().to_owned() })
}

/// A value in quotes, or with quotes inside, and why it needs them.
fn meant(name: &str, value: &str) -> Vec<(String, String)> {
    let Some(first) = value.chars().next() else { return Vec::new() };
    let whole = |message: &str| vec![(in_quotes(value), message.to_owned())];
    let behind = &value[first.len_utf8()..];
    let is_single = behind.is_empty() || behind.starts_with([' ', '\t']);
    match first {
        '"' | '\'' => {
            let (text, message) = between_quotes(value, first);
            vec![(in_quotes(&text), message.to_owned())]
        }
        '[' | '{' => {
            let read = if first == '[' { "a list" } else { "a group of fields" };
            let mut meant: Vec<_> = entries(value).into_iter().collect();
            meant.extend(whole(&format!("a text that begins with `{first}` is read as {read}")));
            // One that is not closed and has a single entry is rather a text, and so is that of a field of text.
            if PROSE.contains(&name) || (!value.ends_with([']', '}']) && !behind.contains([',', ':'])) {
                meant.reverse();
            }
            meant
        }
        '|' | '>' => {
            vec![(in_quotes(behind.trim_start()), format!("the text of a block begins on the line below `{first}`"))]
        }
        '`' => whole("a value cannot begin with a backtick"),
        '@' | '%' | ',' | ']' | '}' => whole(&format!("a value cannot begin with `{first}`")),
        '*' => whole("a text that begins with `*` is read as a reference to an anchor"),
        '&' => whole("a text that begins with `&` is read as the name of an anchor"),
        '!' => whole("a text that begins with `!` is read as a tag"),
        '-' if is_single => whole("a text that begins with `- ` is read as a list"),
        '?' if is_single => whole("a text that begins with `? ` is read as the name of a field"),
        '#' => whole("`#` begins a comment"),
        _ if value.contains(": ") || value.ends_with(':') => whole("a second `: ` in one line"),
        _ if value.contains(" #") => whole("` #` begins a comment"),
        _ => whole("this text needs quotes"),
    }
}

/// The text that someone meant who began it with a quote, and what is wrong with it.
fn between_quotes(value: &str, quote: char) -> (String, &'static str) {
    let behind = &value[1..];
    let inside_ends = if quote == '"' {
        "a quote inside a text in double quotes ends it"
    } else {
        "an apostrophe inside a text in single quotes ends it"
    };
    let Some(inner) = behind.strip_suffix(quote) else {
        return if behind.contains(quote) {
            (value.to_owned(), "text after a closing quote")
        } else {
            (behind.to_owned(), "a quote that is never closed")
        };
    };
    let first = inner.find(quote).filter(|at| !inner[..*at].ends_with('\\'));
    let Some(first) = first else {
        let message =
            if quote == '"' && inner.contains('\\') { "`\\` begins an escape in double quotes" } else { inside_ends };
        return (unescaped(inner, quote), message);
    };
    // In `"Hello" and "bye"` both pairs are the text's own.
    let closes = inner[..first].ends_with(|c: char| !c.is_whitespace())
        && inner[first + 1..].starts_with(|c: char| c.is_whitespace() || ",.;:!?".contains(c));
    let text = if closes { value.to_owned() } else { unescaped(inner, quote) };
    (text, inside_ends)
}

fn unescaped(text: &str, quote: char) -> String {
    if quote == '"' { text.replace("\\\"", "\"") } else { text.replace("''", "'") }
}

/// A list or a group of fields on one line, with quotes around the entries that need them and closed at its end.
fn entries(value: &str) -> Option<(String, String)> {
    let mut out = String::new();
    let mut open = Vec::new();
    let mut message = None;
    let mut rest = value;
    // Whether the next entry needs a comma in front of it.
    let mut is_complete = false;
    while let Some(c) = rest.chars().next() {
        if is_complete && !", \t:]}".contains(c) {
            message.get_or_insert_with(|| "a comma is missing between two entries".to_owned());
            out.truncate(out.trim_end().len());
            out.push_str(", ");
        }
        is_complete = match c {
            '"' | '\'' | ']' | '}' => true,
            ' ' | '\t' => is_complete,
            _ => false,
        };
        let len = match c {
            '"' | '\'' => rest[1..].find(c)? + 2,
            ',' | ' ' | '\t' | ':' => 1,
            '[' | '{' => {
                open.push(if c == '[' { ']' } else { '}' });
                1
            }
            ']' | '}' => {
                // What is behind the last one is no part of it.
                (open.pop() == Some(c)).then_some(1)?
            }
            _ => rest.find([',', ']', '}', '[', '{']).into_iter().chain(rest.find(": ")).min().unwrap_or(rest.len()),
        };
        let (entry, behind) = rest.split_at(len);
        let text = entry.trim_end();
        if "@`%#*&!|>".contains(c) || text.contains(" #") {
            message.get_or_insert_with(|| match c {
                '#' => "`#` begins a comment".to_owned(),
                _ if text.contains(" #") => "` #` begins a comment".to_owned(),
                _ => format!("a value cannot begin with `{c}`"),
            });
            out.push_str(&in_quotes(text));
            out.push_str(&entry[text.len()..]);
        } else {
            out.push_str(entry);
        }
        rest = behind;
        if open.is_empty() && !rest.trim().is_empty() {
            return None;
        }
    }
    if let Some(last) = open.last() {
        message.get_or_insert_with(|| format!("a bracket is not closed: `{last}` is missing"));
        out.extend(open.iter().rev());
    }
    message.map(|message| (out, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines to write, with their numbers from 1.
    fn repaired(text: &str) -> Vec<(usize, String)> {
        repairs(text).into_iter().map(|(line, repair)| (line + 1, repair.line)).collect()
    }

    #[test]
    fn the_line_at_fault_is_found_and_no_other() {
        let long = "kind: image\ncaption: \"Golden\n  hour\"\nimage: a.jpg\nalt_text: @x\ndraft: true\n";
        assert_eq!(repaired(long), [(5, "alt_text: \"@x\"".into())]);
        let never_closed = "kind: image\ncaption: \"Golden hour\nimage: a.jpg\nalt_text: \"x\"\n";
        assert_eq!(repaired(never_closed), [(2, "caption: \"Golden hour\"".into())]);
        assert_eq!(repaired("kind:image\nimage: a.jpg\n"), [(1, "kind: image".into())]);
        assert_eq!(repaired("kind: image\r\nimage: %a\r\n"), [(2, "image: \"%a\"".into())]);
        for sound in ["", "kind: image\n", "a: [b,\n  c]\n"] {
            assert_eq!(repaired(sound), []);
        }
    }

    #[test]
    fn all_lines_at_fault_are_found_at_once() {
        let text =
            "kind: image\nimage:./a.jpg\ncaption: \"She said \"hello\"\"\nhashtags: [#a, #b]\nalt_text: 'It's here'\n";
        let expected = [
            (2, "image: ./a.jpg"),
            (3, "caption: 'She said \"hello\"'"),
            (4, "hashtags: [\"#a\", \"#b\"]"),
            (5, "alt_text: \"It's here\""),
        ];
        assert_eq!(repaired(text), expected.map(|(line, text)| (line, text.to_owned())));
        let no_blank = repaired("kind:image\nimage:./a.jpg\ncaption: \"She said \"hello\"\"\nhashtags: [#a]\n");
        assert_eq!(no_blank.len(), 4, "{no_blank:?}");
        let twice = repaired("kind:image\nimage:./a.jpg\ncaption:\"She said \"hello\"\"\nalt_text: x\n");
        assert_eq!(twice[2], (3, "caption: 'She said \"hello\"'".into()), "{twice:?}");
    }

    #[test]
    fn what_cannot_be_guessed_is_left_alone() {
        for text in ["kind: image\ncaption: Golden\n  Note: this\n", "a: b\nover the harbour\nc: d\n", "}\n"] {
            assert_eq!(repaired(text), [], "{text}");
        }
        assert_eq!(repaired(&format!("{}\nkind:image\na: b\n", "# x\n".repeat(20_000))), []);
    }

    #[test]
    fn quotes_that_belong_to_the_text_stay() {
        for (value, text) in [
            ("\"She said \"hello\"\"", "She said \"hello\""),
            ("\"Hello\" and \"bye\"", "\"Hello\" and \"bye\""),
            ("\"Hello\" she said", "\"Hello\" she said"),
            ("\"Hello", "Hello"),
            ("'It's here'", "It's here"),
            ("'Hello' and 'bye'", "'Hello' and 'bye'"),
            ("\"a \\\" b \" c\"", "a \" b \" c"),
        ] {
            let quote = value.chars().next().unwrap();
            assert_eq!(between_quotes(value, quote).0, text, "{value}");
        }
    }

    #[test]
    fn entries_of_a_list_get_the_quotes_that_they_need() {
        for (value, written) in [
            ("[#a, #b]", "[\"#a\", \"#b\"]"),
            ("[{username: @a, x: 0.5}]", "[{username: \"@a\", x: 0.5}]"),
            ("[@a, b", "[\"@a\", b]"),
            ("{a: [b", "{a: [b]}"),
        ] {
            assert_eq!(entries(value).unwrap().0, written, "{value}");
        }
        for whole in ["[Ad] sale", "[a, b]", "{a: b}"] {
            assert_eq!(entries(whole), None, "{whole}");
        }
    }
}
