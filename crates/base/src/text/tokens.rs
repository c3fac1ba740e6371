//! Where a text holds what looks like an access token of Meta's, or a key of an object store. Each word is looked
//! at once: a megabyte made of nothing but their beginnings costs no more than any other.

use std::ops::Range;

/// What is behind the sign of Meta's tokens is at least so long. In bytes.
const TOKEN_LENGTH: usize = 20;
/// `AKIA` or `ASIA` and 16 more.
///
/// AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
const KEY_ID_LENGTH: usize = 20;
/// A secret key of an object store. In bytes.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 32..=128;

/// The places of all tokens and keys, in order; none overlaps another.
#[must_use]
pub fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(before) = text.as_bytes()[at..].iter().position(|byte| is_word(*byte)) {
        let start = at + before;
        let end = start + length(&text.as_bytes()[start..], is_word);
        let word = &text[start..end];
        found.extend(meta_tokens(word).map(|token| start + token.start..start + token.end));
        let mut part_start = start;
        for part in word.split(['_', '-']) {
            found.extend(is_key_id(part).then(|| part_start..part_start + part.len()));
            part_start += part.len() + 1;
        }
        if names_secret(word) {
            found.extend(secret_key(text, end));
        }
        at = end;
    }
    joined(found)
}

/// Whether a text is what can be an access token of Meta's. Part of a longer text, its signs may be chance: every
/// public RSA key of ssh has them.
#[must_use]
pub fn is_meta_token(text: &str) -> bool {
    let text = text.trim();
    text.bytes().all(is_word) && meta_tokens(text).next() == Some(0..text.len())
}

/// The text with something else in each of these places, made from the length in bytes of what was there.
#[must_use]
pub fn without(text: &str, places: &[Range<usize>], stand_in: impl Fn(usize) -> String) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    for place in places {
        clean.push_str(&text[at..place.start]);
        clean.push_str(&stand_in(place.len()));
        at = place.end;
    }
    clean.push_str(&text[at..]);
    clean
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// How many bytes from the beginning on are of this sort.
fn length(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is_part(*byte)).unwrap_or(bytes.len())
}

/// Those of Instagram Login may hold `_` and `-`, so that the first one takes the rest of the word. Those of Facebook
/// Login end there, unless one of the others has begun.
fn meta_tokens(word: &str) -> impl Iterator<Item = Range<usize>> {
    let starts = ["IGAA", "IGQV"].into_iter().filter_map(|sign| word.find(sign));
    let instagram = starts.min().filter(|start| word.len() - start >= 4 + TOKEN_LENGTH).unwrap_or(word.len());
    let mut at = 0;
    let facebook = word.split(['_', '-']).filter_map(move |part| {
        let (part_start, part_end) = (at, at + part.len());
        at = part_end + 1;
        let start = part_start + part.find("EAA")?;
        let end = if instagram < part_end { word.len() } else { part_end };
        (end - start >= 3 + TOKEN_LENGTH).then_some(start..end)
    });
    facebook.chain((instagram < word.len()).then_some(instagram..word.len()))
}

fn is_key_id(part: &str) -> bool {
    part.len() == KEY_ID_LENGTH
        && (part.starts_with("AKIA") || part.starts_with("ASIA"))
        && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn names_secret(word: &str) -> bool {
    word.as_bytes().windows(6).any(|name| name.eq_ignore_ascii_case(b"secret"))
}

/// `secret_access_key: …` and the like, read behind the name that ends at `name_end`: such a key has no sign of
/// its own.
fn secret_key(text: &str, name_end: usize) -> Option<Range<usize>> {
    let behind = &text.as_bytes()[name_end..];
    let gap = length(behind, |byte| b" \t\"':=".contains(&byte));
    let is_given = behind[..gap].iter().any(|byte| b":=".contains(byte));
    // What is longer is no key, and is not read to its end again and again.
    let rest = &behind[gap..];
    let rest = &rest[..rest.len().min(SECRET_LENGTHS.end() + 1)];
    let key = &rest[..length(rest, |byte| byte.is_ascii_alphanumeric() || b"/+=".contains(&byte))];
    let is_mixed = key.iter().any(u8::is_ascii_digit) && key.iter().any(u8::is_ascii_alphabetic);
    let start = name_end + gap;
    (is_given && is_mixed && SECRET_LENGTHS.contains(&key.len())).then_some(start..start + key.len())
}

/// Sorted, and what overlaps made one.
fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| (place.start, place.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for place in places {
        match apart.last_mut().filter(|last| place.start < last.end) {
            Some(last) => last.end = last.end.max(place.end),
            None => apart.push(place),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first one.
    fn found(text: &str) -> Option<&str> {
        tokens(text).first().map(|place| &text[place.clone()])
    }

    #[test]
    fn tokens_are_found_by_their_shape() {
        assert_eq!(tokens("token: EAAGm0PX4ZCpsBAKZC1234567890"), std::slice::from_ref(&(7..35)));
        assert!(found("IGQVJabcdefghij_klmno-pqrs").is_some());
        assert!(found("IGAAabcdefghij0123456789").is_some());
        assert_eq!(tokens("id: AKIAIGSYNCTEST000001\n"), std::slice::from_ref(&(4..24)));
        assert_eq!(found("ASIAIGSYNCTEST000001x, xAKIAIGSYNCTEST000001, AKIA-short"), None);
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for text in [
            format!("secret_access_key: {secret}"),
            format!("{{\"SecretKey\" : \"{secret}\"}}"),
            format!("AWS_SECRET='{secret}'"),
            format!("secret=secret: {secret}"),
        ] {
            assert_eq!(found(&text), Some(secret), "{text}");
        }
        assert_eq!(found(&format!("the secret of {secret}, secret_access_key: {}", "X".repeat(40))), None);
        assert_eq!(found("EAA short, IGAA, EAAabc-def-ghi-jkl-mno-pqr-stu"), None);
    }

    #[test]
    fn a_token_is_found_inside_a_word_and_beside_another() {
        let token = "EAAG0123456789abcdefghij";
        assert_eq!(found(&format!("access_token-é{token}é")), Some(token));
        assert_eq!(found(&format!("x{token}")), Some(token));
        assert_eq!(tokens(&format!("{token}_{token}")), [0..24, 25..49]);
        assert_eq!(tokens(&format!("IGAA-{token}-rest")), std::slice::from_ref(&(0..34)), "one hides in the other");
        assert_eq!(tokens("EAAIGAA_0123456789abcdefghi"), std::slice::from_ref(&(0..27)), "one begins in the other");
        assert_eq!(tokens(&format!("secret: /{token}/0")).len(), 1);
    }

    #[test]
    fn what_is_taken_out_leaves_the_rest_where_it_is() {
        let text = "é AKIAIGSYNCTEST000001, EAAG0123456789abcdefghij.";
        let places = tokens(text);
        assert_eq!(without(text, &places, |_| "***".to_owned()), "é ***, ***.");
        let black = without(text, &places, |length| "X".repeat(length));
        assert_eq!(black.len(), text.len());
        assert!(tokens(&black).is_empty(), "{black}");
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_left_that_looks_like_a_token(
            text in "(EAA|IGAA|IGQV|AKIA|ASIA|secret|: |=|_|-|/|é|X|[A-Z0-9]{16}|[a-z0-9]{5}|[a-z0-9]{20}){0,12}"
        ) {
            let places = tokens(&text);
            proptest::prop_assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start), "{places:?}");
            let black = without(&text, &places, |length| "X".repeat(length));
            proptest::prop_assert!(tokens(&black).is_empty(), "{} became {}", text, black);
        }
    }
}
