//! Names for files made of what strangers wrote: safe on every system, and never a path.

use unicode_normalization::UnicodeNormalization as _;

/// Longer slugs are cut at a word. In bytes.
const LONGEST: usize = 40;

/// Instagram's own are far shorter.
const LONGEST_CODE: usize = 64;

/// The words of a text as a part of a file name: ASCII letters and digits in lower case, with `-` between words. Empty
/// where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut slug = String::new();
        // So much of a text makes a slug that is long enough, whatever it consists of.
        for word in text.split(|c: char| c.is_whitespace()).take(200) {
            let word = plain(word);
            let joined = slug.len() + word.len() + usize::from(!slug.is_empty());
            if word.is_empty() {
                continue;
            }
            if joined > LONGEST {
                if slug.is_empty() {
                    slug = word.chars().take(LONGEST).collect();
                }
                break;
            }
            if !slug.is_empty() {
                slug.push('-');
            }
            slug.push_str(&word);
        }
        Self(slug.trim_matches('-').to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One word without accents and marks. At most a little longer than a slug.
fn plain(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars().take(4 * LONGEST).nfkd() {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' => out.push(c.to_ascii_lowercase()),
            'ß' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' => out.push('d'),
            // Accents, and what belongs to a word: `don't` is one.
            '\u{300}'..='\u{36f}' | '\'' | '’' => {}
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    out.trim_matches('-').to_owned()
}

/// The code by which Instagram names a post in its links: `https://www.instagram.com/p/CODE/`.
#[must_use]
pub fn shortcode(permalink: &str) -> Option<String> {
    let path = permalink.split(['?', '#']).next()?;
    let mut parts = path.split('/').filter(|part| !part.is_empty()).skip_while(|part| !is_kind(part));
    let code = parts.nth(1)?;
    let fits = code.len() <= LONGEST_CODE
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    fits.then(|| code.to_owned())
}

fn is_kind(part: &str) -> bool {
    matches!(part, "p" | "reel" | "reels" | "tv")
}

/// A part of a path that a system would read as something else, or that igsync passes over, as an ordinary name.
pub(super) fn safe_part(part: &str) -> String {
    let mut out: String = part
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .take(LONGEST_PART)
        .collect();
    out.truncate(out.trim_end_matches('.').len());
    let base = out.split('.').next().unwrap_or_default().to_ascii_lowercase();
    if out.is_empty() || out.starts_with(['.', '_', '-']) || is_device(&base) {
        out.insert_str(0, "post-");
    }
    out
}

/// With an ending it is still below what file systems take. In bytes.
const LONGEST_PART: usize = 120;

/// Names of Windows' devices, which no file can have.
fn is_device(base: &str) -> bool {
    let numbered = |name: &str| base.strip_prefix(name).is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']));
    matches!(base, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slug(text: &str) -> String {
        Slug::of(text).0
    }

    #[test]
    fn a_slug_has_the_first_words() {
        assert_eq!(slug("Golden hour over the harbour."), "golden-hour-over-the-harbour");
        assert_eq!(slug("Größe, café & Łódź: don't"), "grosse-cafe-lodz-dont");
        assert_eq!(slug("ＦＵＬＬ ｗｉｄｔｈ ①"), "full-width-1");
        assert_eq!(slug("one two three four five six seven eight nine ten"), "one-two-three-four-five-six-seven-eight");
        assert_eq!(slug(&"x".repeat(300)), "x".repeat(LONGEST));
        assert_eq!(slug("🚢🚢 Закат\n\n"), "");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
    }

    #[test]
    fn a_code_is_the_part_behind_the_kind() {
        for (link, expected) in [
            ("https://www.instagram.com/p/C9x-_Z/", Some("C9x-_Z")),
            ("https://www.instagram.com/acme/reel/C9x/?igsh=a", Some("C9x")),
            ("http://127.0.0.1:8787/p/C9x", Some("C9x")),
            ("https://www.instagram.com/acme/", None),
            ("https://www.instagram.com/p/", None),
            ("https://www.instagram.com/p/a%2Fb/", None),
            ("https://www.instagram.com/p/../x", None),
        ] {
            assert_eq!(shortcode(link).as_deref(), expected, "{link}");
        }
    }

    #[test]
    fn names_that_systems_or_igsync_read_otherwise_are_changed() {
        for (part, expected) in [
            ("nul", "post-nul"),
            ("COM1.x", "post-COM1.x"),
            ("_a", "post-_a"),
            (".a", "post-.a"),
            ("-a", "post--a"),
            ("", "post-"),
            ("a...", "a"),
            ("a/b\\c:d", "a-b-c-d"),
            ("contest", "contest"),
        ] {
            assert_eq!(safe_part(part), expected, "{part}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_text_a_slug_is_a_plain_word(text in "(\\PC|[\u{0}-\u{7f}\u{2028}\u{feff}]){0,400}") {
            let slug = slug(&text);
            prop_assert!(slug.len() <= LONGEST);
            prop_assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
        }
    }
}
