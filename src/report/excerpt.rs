//! The few lines of a file that a finding shows, whatever the file holds.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::text::{one_line, visible_in_place};
use igsync_base::finding::SourceText;

/// So many lines of a long place are shown …
const LINES: usize = 12;
/// … and so many characters of a long line, …
const COLUMNS: usize = 200;
/// … of which so many come before the place.
const BEFORE: usize = 40;
/// Stands for what is left out of a line.
const CUT: char = '…';

/// A place in a file with one line before and one behind it.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// In bytes of `text`.
    place: Range<usize>,
    /// The first line of `text`, and the column of the place in its file. Both from 0.
    line: usize,
    column: usize,
}

impl Excerpt {
    pub(super) fn new(source: &SourceText, span: &Range<usize>) -> Self {
        let start = source.boundary(span.start);
        let end = source.boundary(span.end).max(start);
        let first = source.line_at(start);
        let last = source.line_at(end.saturating_sub(1).max(start)).min(first + LINES - 1);
        let from = first.saturating_sub(1);
        let mut text = String::new();
        let mut place = 0..0;
        let has_next = source.line(last + 1).start < source.text.len();
        for line in from..=last + usize::from(has_next) {
            let bytes = source.line(line);
            let whole = &source.text[bytes.clone()];
            let focus = if line == first { start - bytes.start } else { 0 };
            let shown = window(whole, focus);
            if shown.start > 0 {
                text.push(CUT);
            }
            // Where a byte of the file is in the excerpt.
            let (before, window) = (text.len(), shown.clone());
            let at = |byte: usize| before + byte.clamp(window.start, window.end) - window.start;
            text.push_str(&whole[shown.clone()]);
            if line == first {
                place.start = at(focus);
            }
            if line == last {
                // A place may hold the line's own end.
                let is_behind = end > bytes.end && shown.end == whole.len();
                place.end = at((end - bytes.start).min(whole.len())) + usize::from(is_behind);
            }
            if shown.end < whole.len() {
                text.push(CUT);
            }
            text.push('\n');
        }
        let (_, column) = source.position(start);
        let text = visible_in_place(&text).into_owned();
        Self { name: one_line(&source.name), text, place, line: from, column: column - 1 }
    }

    /// In bytes of the excerpt.
    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone()
    }
}

/// The part of a line that is shown: `focus`, a byte of it, and what is around.
fn window(line: &str, focus: usize) -> Range<usize> {
    let (before, behind) = line.split_at(focus);
    let is_short = line.len() <= COLUMNS || line.char_indices().nth(COLUMNS).is_none();
    let start = match before.char_indices().rev().nth(BEFORE - 1) {
        Some((start, _)) if !is_short => start,
        _ => 0,
    };
    let room = COLUMNS - before[start..].chars().count().min(COLUMNS);
    let end = if is_short { None } else { behind.char_indices().nth(room) };
    start..end.map_or(line.len(), |(end, _)| focus + end)
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, lines_before, lines_after)?;
        // Without lines around it, it is asked for the place itself, to name it.
        let column = if lines_before == 0 { self.column } else { contents.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            self.line + contents.line(),
            column,
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The excerpt's text, the part that is marked, its first line and the column, both from 1.
    fn excerpt(text: &str, span: Range<usize>) -> (String, String, usize, usize) {
        let excerpt = Excerpt::new(&SourceText::new("posts/a.yaml", text), &span);
        let marked = excerpt.text[excerpt.place()].to_owned();
        (excerpt.text, marked, excerpt.line + 1, excerpt.column + 1)
    }

    #[test]
    fn a_short_place_is_shown_with_one_line_before_and_one_behind() {
        let text = "a\nb\nécc d\ne\nf\n";
        assert_eq!(excerpt(text, 9..10), ("b\nécc d\ne\n".into(), "d".into(), 2, 5));
        assert_eq!(excerpt(text, 0..1), ("a\nb\n".into(), "a".into(), 1, 1));
        assert_eq!(excerpt("", 0..0), ("\n".into(), String::new(), 1, 1));
        assert_eq!(excerpt("a\nb", 1..2).1, "\n", "the end of a line");
        assert_eq!(excerpt("a\nb", 70..90).1, "", "behind the end");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides_of_the_place() {
        let text = format!("k: {}HERE{}\n", "é".repeat(1000), "ü".repeat(1000));
        let start = text.find("HERE").unwrap();
        let (shown, marked, line, column) = excerpt(&text, start..start + 4);
        assert_eq!((marked.as_str(), line, column), ("HERE", 1, 1004));
        assert!(shown.starts_with("…é") && shown.ends_with("ü…\n"), "{shown}");
        assert_eq!(shown.chars().filter(|c| "éü".contains(*c)).count(), COLUMNS - 4);
        let (shown, marked, ..) = excerpt(&text, 3..text.len() - 1);
        assert_eq!(marked.chars().count(), COLUMNS - 3, "{shown}");
    }

    #[test]
    fn a_long_place_is_cut_after_some_lines() {
        let text = "line\n".repeat(1000);
        let (shown, marked, line, _) = excerpt(&text, 500..4000);
        assert_eq!(line, 100);
        assert_eq!(marked.lines().count(), LINES);
        assert_eq!(shown.lines().count(), LINES + 2);
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_text_the_excerpt_is_small(
            text in "(a{50}|é|\n|\r\n|\u{300}| |\u{1b}|🌅{40}){0,20}", start in 0_usize..900, length in 0_usize..900
        ) {
            let (shown, marked, ..) = excerpt(&text, start..start + length);
            proptest::prop_assert!(shown.lines().count() <= LINES + 3);
            proptest::prop_assert!(shown.lines().all(|line| line.chars().count() <= COLUMNS + 2), "{}", shown);
            proptest::prop_assert!(marked.len() <= length + 4, "{}", marked);
            let source = SourceText::new("a", text);
            let excerpt = Excerpt::new(&source, &(start..start + length));
            let span = SourceSpan::from((excerpt.place().start, excerpt.place().len()));
            proptest::prop_assert!(excerpt.read_span(&span, 0, 0).is_ok());
            proptest::prop_assert!(excerpt.read_span(&span, 1, 1).is_ok());
        }
    }
}
