//! Hashtags and mentions inside a text, as Instagram takes them.

use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;

/// Hashtags of a text, each without its mark: `#sun`, `＃sun`, `#🌊`.
pub(super) fn hashtags(text: &str) -> impl Iterator<Item = &str> {
    let tags = marked(text, |c| matches!(c, '#' | '＃'), |c| is_word(c) || is_emoji(c));
    // The sign itself can be an emoji: `#` and two characters that draw a key around it.
    tags.filter(|tag| tag.starts_with(|c| !matches!(c, '\u{fe0f}' | '\u{200d}')))
}

/// Mentions of a text, each without its mark: `@acme`, but not the middle of `a@b.example`.
pub(super) fn mentions(text: &str) -> impl Iterator<Item = &str> {
    marked(text, |c| c == '@', is_word)
}

/// What two hashtags have in common that differ in the case of their letters alone.
pub(super) fn likeness(tag: &str) -> String {
    tag.trim_start_matches(['#', '＃']).case_fold().nfc().collect()
}

/// Words that begin with a mark which no word comes before.
fn marked(
    text: &str,
    is_mark: impl Fn(char) -> bool + Copy,
    is_part: impl Fn(char) -> bool + Copy,
) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut before = ' ';
    std::iter::from_fn(move || {
        while let Some(c) = rest.chars().next() {
            let behind = &rest[c.len_utf8()..];
            let is_start = is_mark(c) && !is_word(before);
            let end = if is_start { behind.find(|c| !is_part(c)).unwrap_or(behind.len()) } else { 0 };
            before = behind[..end].chars().next_back().unwrap_or(c);
            rest = &behind[end..];
            if end > 0 {
                return Some(&behind[..end]);
            }
        }
        None
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A picture, or what joins several into one.
fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '\u{200d}' | '\u{fe0f}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}'
            | '\u{231a}'..='\u{23ff}' | '\u{25aa}'..='\u{27bf}' | '\u{2934}'..='\u{2935}' | '\u{2b05}'..='\u{2b55}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtags_and_mentions_are_counted_as_words() {
        assert_eq!(hashtags("#a #b,#c (#d) # e a#f ##g").collect::<Vec<_>>(), ["a", "b", "c", "d", "g"]);
        assert_eq!(mentions("@acme mail a@b.example @_x @").collect::<Vec<_>>(), ["acme", "_x"]);
        assert_eq!(hashtags("#münchen #日本").collect::<Vec<_>>(), ["münchen", "日本"]);
    }

    #[test]
    fn a_full_width_mark_and_emoji_make_hashtags_too() {
        assert_eq!(hashtags("＃tag #🌊 #sun🌅set #❤️").collect::<Vec<_>>(), ["tag", "🌊", "sun🌅set", "❤️"]);
        assert_eq!(hashtags("#️⃣ 1 # # 🌊#sun").collect::<Vec<_>>(), ["sun"]);
    }

    #[test]
    fn the_case_of_letters_makes_no_other_hashtag() {
        assert_eq!(likeness("#Straße"), likeness("STRASSE"));
        assert_eq!(likeness("＃Cafe\u{301}"), likeness("#café"));
        assert_ne!(likeness("sea"), likeness("sea_"));
    }
}
