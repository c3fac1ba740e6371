//! Foreign text made fit for a terminal and a log.

use super::token::AccessToken;
use crate::text::{bounded, stripped};

/// In characters; Meta's own messages are shorter.
const LONGEST: usize = 400;

/// One line without escapes, control and override characters, without the token, and of bounded length.
/// They are taken out and not shown: a token that they split has to be found.
pub(super) fn clean(text: &str, token: &AccessToken) -> String {
    let plain = stripped(text);
    bounded(&plain.trim().replace(token.expose(), "***"), LONGEST).into_owned()
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
