//! Foreign text made fit for a terminal and a log.

use super::token::AccessToken;

/// In characters; Meta's own messages are shorter.
const LONGEST: usize = 400;

/// One line without escapes, control and override characters, without the token, and of bounded length.
pub(super) fn clean(text: &str, token: &AccessToken) -> String {
    let plain = strip(text);
    let mut plain = plain.trim().replace(token.expose(), "***");
    if let Some((cut, _)) = plain.char_indices().nth(LONGEST) {
        plain.truncate(cut);
        plain.push('…');
    }
    plain
}

fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            // Reordering characters can make a message read as another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        clean(text, &AccessToken::from_text("EAAsecret").unwrap())
    }

    #[test]
    fn terminal_escapes_and_control_characters_are_gone() {
        assert_eq!(cleaned("\u{1b}[31;1mred\u{1b}[0m\r\nnext\u{7}\u{9b}"), "red  next");
        assert_eq!(cleaned("a\u{1b}]0;title\u{7}b\u{202e}c\u{2066}d"), "abcd");
        assert_eq!(cleaned("\u{1b}"), "");
    }

    #[test]
    fn an_echoed_token_is_gone_even_when_split_by_control_characters() {
        assert_eq!(cleaned("bad token EAAsecret!"), "bad token ***!");
        assert_eq!(cleaned("bad token EAA\u{0}sec\u{1b}[0mret"), "bad token ***");
    }

    proptest::proptest! {
        #[test]
        fn no_text_gets_through_with_controls_or_the_token(text in r"([\x00-\x7f]|\PC|EAAsecret|EAA|secret|\x1b\[|\x1b\]){0,40}") {
            let cleaned = cleaned(&text);
            proptest::prop_assert!(!cleaned.chars().any(char::is_control), "{cleaned:?}");
            proptest::prop_assert!(!cleaned.contains("EAAsecret"), "{cleaned:?}");
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let long = cleaned(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), 401);
        assert!(long.ends_with('…'));
    }
}
