//! Keys that are not what they look like: a reviewer reads a key on a page and must know which post it is.
//!
//! Unicode: <https://www.unicode.org/reports/tr39/> (confusables), <https://www.unicode.org/reports/tr24/> (scripts)

use unicode_casefold::UnicodeCaseFold;
use unicode_script::{Script, UnicodeScript};

/// What is wrong with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A character that is not seen, or an unusual blank.
    Unseen(char),
    /// A letter that looks like a Latin one, in a word with letters of another script.
    Mixed(char),
}

/// Scripts whose letters look like each other's.
const ALIKE: [Script; 6] =
    [Script::Latin, Script::Cyrillic, Script::Greek, Script::Armenian, Script::Cherokee, Script::Coptic];

/// The first character of a key that is not what it looks like. A word wholly in one script is fine.
pub(super) fn doubt(key: &str) -> Option<Doubt> {
    if key.is_ascii() {
        return None;
    }
    let characters: Vec<char> = key.chars().collect();
    let unseen = (0..characters.len()).find(|place| is_unseen(&characters, *place));
    if let Some(place) = unseen {
        return Some(Doubt::Unseen(characters[place]));
    }
    let is_part = |c: char| c.is_alphanumeric() || c.script() == Script::Inherited;
    key.split(|c| !is_part(c)).find_map(mixed).map(Doubt::Mixed)
}

/// A name without the characters that no key has because no one sees them.
#[must_use]
pub fn without_unseen(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    (0..characters.len()).filter(|place| !is_unseen(&characters, *place)).map(|place| characters[place]).collect()
}

fn is_unseen(characters: &[char], place: usize) -> bool {
    let c = characters[place];
    let is_blank = (c.is_whitespace() && !matches!(c, ' ' | '\u{3000}')) || c == '\u{2800}';
    is_blank || (prototype(c).is_empty() && !belongs(characters, place))
}

/// Joiners and variation selectors that a script or an emoji needs.
fn belongs(characters: &[char], place: usize) -> bool {
    let is_foreign = |c: Option<&char>| c.is_some_and(|c| !c.is_ascii() && !ALIKE.contains(&c.script()));
    let before = place.checked_sub(1).and_then(|before| characters.get(before));
    match characters[place] {
        '\u{200C}' | '\u{200D}' => is_foreign(before) && is_foreign(characters.get(place + 1)),
        '\u{FE0E}' | '\u{FE0F}' => is_foreign(before) && before.is_some_and(|c| !c.is_alphanumeric()),
        _ => false,
    }
}

/// A letter that looks Latin and is not, in a word with letters of another of these scripts.
fn mixed(word: &str) -> Option<char> {
    let looks_latin = |c: char| {
        let prototype = prototype(c);
        !prototype.is_empty() && prototype.chars().all(|c| c.is_ascii_alphabetic())
    };
    let is_other = |c: char, script: Script| c.is_alphabetic() && ALIKE.contains(&c.script()) && c.script() != script;
    word.chars().find(|c| {
        let script = c.script();
        let is_letter = !c.is_ascii() && c.is_alphabetic() && script != Script::Latin;
        is_letter && looks_latin(*c) && word.chars().any(|other| is_other(other, script))
    })
}

/// What a character looks like; empty: nothing.
fn prototype(c: char) -> String {
    unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect()
}

/// A key as it looks. Two keys with one look and different [`Look::foreign`] characters are mistaken for each other;
/// what differs in ASCII alone (`1` and `l`) is everyday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub skeleton: String,
    /// The characters that are not ASCII, in order.
    pub foreign: String,
}

impl Look {
    pub(super) fn of(key: &str) -> Self {
        // Letters may look alike in one case only, so that it is left aside last.
        let skeleton: String = unicode_security::skeleton(key).collect();
        let foreign = key.case_fold().filter(|c| !c.is_ascii()).collect();
        Self { skeleton: skeleton.case_fold().collect(), foreign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_of_any_script_are_fine() {
        for key in [
            "posts/harbour",
            "posts/2026-Straße_für ähnliche.Größen",
            "posts/гавань",
            "posts/λιμάνι-2026",
            "posts/iPhone-обзор",
            "posts/Δt",
            "posts/港の夕日",
            "posts/KT이벤트",
            "posts/می\u{200C}خواهم",
            "posts/नमस्ते",
            "posts/☀\u{FE0F}👩\u{200D}🚀",
            "posts/夕\u{3000}日",
            "posts/kız",
        ] {
            assert_eq!(doubt(key), None, "{key}");
        }
    }

    #[test]
    fn what_is_not_seen_is_named() {
        for unseen in
            "\u{200B}\u{200D}\u{200E}\u{202E}\u{2060}\u{AD}\u{FEFF}\u{3164}\u{E0041}\u{A0}\u{2003}\u{2800}".chars()
        {
            assert_eq!(
                doubt(&format!("posts/har{unseen}bour")),
                Some(Doubt::Unseen(unseen)),
                "U+{:04X}",
                u32::from(unseen)
            );
        }
        assert_eq!(doubt("posts/1\u{FE0F}"), Some(Doubt::Unseen('\u{FE0F}')));
        assert_eq!(doubt("posts/гавань\u{200C}"), Some(Doubt::Unseen('\u{200C}')));
    }

    #[test]
    fn a_letter_of_another_script_inside_a_word_is_named() {
        for (key, letter) in [
            ("posts/hаrbour", 'а'),
            ("posts/harbοur", 'ο'),
            ("posts/οк", 'ο'),
            ("posts/hɑrbоur", 'о'),
            ("posts/harb\u{585}ur", '\u{585}'),
            ("posts/harb\u{1D428}ur", '\u{1D428}'),
            ("posts/х-ray/wifi_раrоl", 'р'),
        ] {
            assert_eq!(doubt(key), Some(Doubt::Mixed(letter)), "{key}");
        }
    }

    #[test]
    fn keys_that_look_the_same_have_one_look() {
        for (one, other) in
            [("сора", "copa"), ("a\u{200B}b", "ab"), ("ΑΒ", "AB"), ("hаrbour", "Harbour"), ("コーヒー", "コ一ヒ一")]
        {
            let (one, other) = (Look::of(one), Look::of(other));
            assert_eq!(one.skeleton, other.skeleton);
            assert_ne!(one.foreign, other.foreign);
        }
        for (one, other) in [("p1", "pl"), ("für1", "fürl"), ("modern", "modem")] {
            let (one, other) = (Look::of(one), Look::of(other));
            assert_eq!((one.skeleton, one.foreign), (other.skeleton, other.foreign), "told apart in ASCII alone");
        }
        assert_ne!(Look::of("für").skeleton, Look::of("fur").skeleton);
    }
}
