//! Secrets, taken out of foreign text in whatever form they are said back.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

/// So many characters of a secret in a row are an echo of it.
const PART: usize = 8;

/// Proofs of an app's secret are good for minutes, and each request has its own: the newest count.
const PROOFS: usize = 64;

/// How often a text may have been encoded.
const ENCODINGS: usize = 3;

/// What must not be seen. Keeps no secret, only keyed hashes of their parts.
#[derive(Default)]
pub struct Secrets {
    hasher: RandomState,
    known: RwLock<Known>,
}

/// Hashes of the parts of a secret.
#[derive(Default)]
struct Parts {
    /// By the length of the part.
    telling: BTreeMap<usize, HashSet<u64>>,
    /// Runs of digits, which alone say nothing: ids have as many.
    digits: HashSet<u64>,
}

impl Parts {
    fn extend(&mut self, other: Self) {
        for (length, hashes) in other.telling {
            self.telling.entry(length).or_default().extend(hashes);
        }
        self.digits.extend(other.digits);
    }
}

#[derive(Default)]
struct Known {
    lasting: Parts,
    proofs: VecDeque<Parts>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

impl Secrets {
    /// From now on `secret` is hidden.
    pub fn add(&self, secret: &str) {
        let parts = self.parts(secret);
        self.known.write().unwrap_or_else(PoisonError::into_inner).lasting.extend(parts);
    }

    /// As [`Self::add`], for something of which each request has a new one.
    pub fn add_proof(&self, proof: &str) {
        let parts = self.parts(proof);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.proofs.truncate(PROOFS - 1);
        known.proofs.push_front(parts);
    }

    fn parts(&self, secret: &str) -> Parts {
        // As a text is seen: what is no ASCII character counts as any other such.
        let bytes = &Seen::of(secret).bytes[..];
        let length = bytes.len().min(PART);
        let mut parts = Parts::default();
        if length == 0 {
            return parts;
        }
        let is_number = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        for part in bytes.windows(length) {
            let hash = self.hasher.hash_one(part);
            if is_number(part) && !is_number(bytes) {
                parts.digits.insert(hash);
            } else {
                parts.telling.entry(length).or_default().insert(hash);
            }
        }
        parts
    }

    /// `text` without every part of a secret: as it is, percent-encoded, escaped as in JSON, or with characters in
    /// between that no one sees.
    pub fn hide(&self, text: &str) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // By the bytes of `text`. What one decoding takes apart another one shows.
        let mut is_hidden = vec![false; text.len()];
        let mut seen = Seen::of(text);
        for _ in 0..=ENCODINGS {
            for (at, _) in self.marked(&seen.bytes, &known).iter().enumerate().filter(|(_, is_secret)| **is_secret) {
                // What no one sees between two places belongs to the earlier one.
                let end = seen.places.get(at + 1).map_or(text.len(), |next| next.start);
                is_hidden[seen.places[at].start..end].fill(true);
            }
            let decoded = seen.decoded();
            if decoded.bytes.len() == seen.bytes.len() {
                break;
            }
            seen = decoded;
        }
        let mut shown = String::with_capacity(text.len());
        let mut done = 0;
        for run in is_hidden.chunk_by(|a, b| a == b) {
            shown.push_str(if run[0] { "***" } else { &text[done..done + run.len()] });
            done += run.len();
        }
        shown
    }
}

impl Secrets {
    /// Which bytes belong to a secret.
    fn marked(&self, bytes: &[u8], known: &Known) -> Vec<bool> {
        let mut is_secret = vec![false; bytes.len()];
        let all = || known.proofs.iter().chain([&known.lasting]);
        for (length, hashes) in all().flat_map(|parts| &parts.telling) {
            for (at, part) in bytes.windows(*length).enumerate() {
                if hashes.contains(&self.hasher.hash_one(part)) {
                    is_secret[at..at + length].fill(true);
                }
            }
        }
        // Digits beside a part that tells belong to it, on both sides.
        let mut places: Vec<usize> = Vec::new();
        if is_secret.contains(&true) {
            let is_known = |part: &[u8]| all().any(|parts| parts.digits.contains(&self.hasher.hash_one(part)));
            let digits = bytes.windows(PART).enumerate().filter(|(_, part)| part.iter().all(u8::is_ascii_digit));
            places = digits.filter(|(_, part)| is_known(part)).map(|(at, _)| at).collect();
        }
        for at in places.iter().chain(places.iter().rev()) {
            let place = &mut is_secret[*at..*at + PART];
            if place.contains(&true) {
                place.fill(true);
            }
        }
        is_secret
    }
}

/// A text as it is seen, or with some encodings taken away, and where each byte of that stands.
struct Seen {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Seen {
    fn of(text: &str) -> Self {
        let mut seen = Self { bytes: Vec::new(), places: Vec::new() };
        for (at, c) in text.char_indices() {
            if seen.bytes.is_empty() || !is_invisible(c) {
                // No secret has another character than ASCII.
                seen.bytes.push(u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(0xFF));
                seen.places.push(at..at + c.len_utf8());
            }
        }
        seen
    }

    /// With one encoding taken away.
    fn decoded(&self) -> Self {
        let mut decoded = Self { bytes: Vec::new(), places: Vec::new() };
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let (byte, length) = encoded(&self.bytes[at..]).unwrap_or((*byte, 1));
            decoded.bytes.push(byte);
            decoded.places.push(self.places[at].start..self.places[at + length - 1].end);
            at += length;
        }
        decoded
    }
}

/// The character that `%41` or `\u0041` represents, and how many characters that takes.
fn encoded(bytes: &[u8]) -> Option<(u8, usize)> {
    let digits = match bytes {
        [b'%', first, second, ..] => [b'0', b'0', *first, *second],
        [b'\\', b'u', a, b, c, d, ..] => [*a, *b, *c, *d],
        _ => return None,
    };
    let text = std::str::from_utf8(&digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let value = u8::try_from(u32::from_str_radix(text, 16).ok()?).ok().filter(u8::is_ascii)?;
    Some((value, if bytes[0] == b'%' { 3 } else { 6 }))
}

/// Without width, or of none: a secret with such characters inside reads like the secret.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as _;

    use super::*;

    const TOKEN: &str = "EAAcanary|0123456789-x_Y.z";

    fn hidden(text: &str) -> String {
        let secrets = Secrets::default();
        secrets.add(TOKEN);
        secrets.hide(text)
    }

    fn percent(text: &str) -> String {
        text.bytes().fold(String::new(), |said, byte| said + &format!("%{byte:02X}"))
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let form = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect::<String>();
        let json: String = TOKEN.bytes().fold(String::new(), |said, byte| said + &format!("\\u{byte:04x}"));
        let invisible: String = TOKEN.chars().flat_map(|c| [c, '\u{200b}']).collect();
        for said in [TOKEN, &*form, &percent(TOKEN), &percent(&percent(TOKEN)).to_lowercase(), &json, &percent(&form)] {
            assert_eq!(hidden(&format!("a {said} b {said}")), "a *** b ***", "{said}");
        }
        assert_eq!(hidden(&format!("a {invisible}b")), "a ***b");
        assert_eq!(hidden(TOKEN), "***");
        assert_eq!(hidden(&format!("\u{200b}{TOKEN}é")), "\u{200b}***é");
    }

    #[test]
    fn a_part_of_a_secret_is_hidden() {
        assert_eq!(hidden("ends in EAAcanary|0"), "ends in ***");
        assert_eq!(hidden("…789-x_Y.z"), "…***");
        assert_eq!(hidden("EAAcana"), "EAAcana", "seven characters tell too little");
        assert_eq!(hidden("EAAcanarx|0123456789-x_Y.z"), "***x***");
    }

    #[test]
    fn ids_and_other_text_stay() {
        for text in ["media 17900123456789 é ü", "", "%", "%4", "%zz", "\\u12", "100 %", "a%20b", "01234567890"] {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn digits_beside_a_part_that_tells_belong_to_it() {
        let secrets = Secrets::default();
        secrets.add("0123456789012345EAAcanary9876543210987654");
        let hide = |text: &str| secrets.hide(text);
        assert_eq!(hide("a 0123456789012345EAAcanary9876543210987654 b"), "a *** b");
        assert_eq!(hide("9876543210987654"), "9876543210987654", "alone they could be an id");
        assert_eq!(hide("789012345EAAcanary98765"), "***");
    }

    #[test]
    fn a_secret_of_other_characters_than_ascii_is_hidden() {
        let secrets = Secrets::default();
        secrets.add("pässwörd-\u{200b}é");
        assert_eq!(secrets.hide("it is pässwörd-\u{200b}é!"), "it is ***!");
        assert_eq!(secrets.hide("passwort and passwörter"), "passwort and passwörter");
    }

    #[test]
    fn a_short_secret_is_hidden_as_a_whole() {
        let secrets = Secrets::default();
        secrets.add("abc");
        secrets.add("");
        assert_eq!(secrets.hide("an abc, ab and c"), "an ***, ab and c");
    }

    #[test]
    fn the_newest_proofs_are_hidden() {
        let secrets = Secrets::default();
        let proof = |number: usize| format!("{number:04}{}", "abcdef12".repeat(7));
        for number in 0..100 {
            secrets.add_proof(&format!("{number:03}-proof-{number:03}"));
        }
        assert_eq!(secrets.hide("099-proof-099"), "***");
        assert_eq!(secrets.hide("036-proof-036"), "***");
        secrets.add_proof(&proof(7));
        assert_eq!(secrets.hide(&proof(7)), "***");
    }

    #[test]
    fn nothing_of_a_secret_is_shown_for_debugging() {
        let secrets = Secrets::default();
        secrets.add(TOKEN);
        assert_eq!(format!("{secrets:?}"), "Secrets(***)");
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_around_it_no_part_is_shown(
            pieces in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::strategy::Just(TOKEN.to_owned()),
                    (0..TOKEN.len(), 0..TOKEN.len()).prop_map(|(a, b)| TOKEN[a.min(b)..a.max(b)].to_owned()),
                    proptest::strategy::Just(percent(TOKEN)),
                    "\\PC{0,5}",
                    "[%u\\\\0-9a-f\u{200b}é]{0,6}",
                ],
                0..8,
            ),
        ) {
            let shown = hidden(&pieces.concat());
            let is_telling = |part: &str| !part.bytes().all(|byte| byte.is_ascii_digit());
            for at in 0..=TOKEN.len() - PART {
                let part = &TOKEN[at..at + PART];
                proptest::prop_assert!(!is_telling(part) || !shown.contains(part), "{shown}");
            }
        }
    }
}
