//! Where the app folds a caption.

/// The app shows about two lines, of about so many characters.
const SHOWN: usize = 125;
const LINES: usize = 2;

/// Where a caption is folded, in bytes: behind its second line, or before the word that is too long for about 125
/// characters. `None`: all of it is shown. Instagram states no number; phones differ with their width.
#[must_use]
pub fn fold(caption: &str) -> Option<usize> {
    let by_lines = caption.match_indices('\n').nth(LINES - 1).map(|(at, _)| at);
    let by_length = caption.char_indices().nth(SHOWN).map(|(end, _)| {
        let word = caption[..end].rfind(char::is_whitespace).filter(|at| *at > 0);
        // A text without blanks is cut anywhere.
        word.unwrap_or(end)
    });
    let at = by_lines.into_iter().chain(by_length).min()?;
    let at = caption[..at].trim_end().len();
    (!caption[at..].trim().is_empty()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_folded_behind_two_lines_or_125_characters() {
        assert_eq!(fold("short"), None);
        assert_eq!(fold("one\ntwo"), None);
        assert_eq!(fold("one\ntwo\nthree"), Some(7));
        assert_eq!(fold("one\n\nthree"), Some(3), "an empty line is a line");
        let words = "word ".repeat(40);
        assert_eq!(fold(words.trim_end()), Some(124));
        assert_eq!(fold(&"x".repeat(125)), None);
        assert_eq!(fold(&"x".repeat(126)), Some(125));
        assert_eq!(fold(&"☕".repeat(126)), Some(125 * 3), "cut between characters");
    }
}
