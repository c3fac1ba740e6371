//! Foreign text made fit for a terminal and a log.

use igsync_base::text::secrets::Secrets;
use igsync_base::text::{bounded, stripped};

/// In characters; Meta's own messages are shorter.
const LONGEST: usize = 400;

/// One line without escapes, control and override characters, without any secret, and of bounded length.
/// They are taken out and not shown: a secret that they split has to be found.
pub(super) fn clean(text: &str, secrets: &Secrets) -> String {
    clean_to(LONGEST, text, secrets)
}

/// As [`clean`], with at most so many characters.
pub(super) fn clean_to(longest: usize, text: &str, secrets: &Secrets) -> String {
    let plain = stripped(text);
    // What is cut off in the end is looked at for secrets too, but not megabytes of it.
    let plain = bounded(plain.trim(), 4 * LONGEST);
    bounded(&secrets.hide(&plain), longest).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        let secrets = Secrets::default();
        secrets.add("EAAsecret");
        clean(text, &secrets)
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
