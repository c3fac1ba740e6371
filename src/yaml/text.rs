//! Bytes of a file to text.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::finding::Finding;
use crate::port::{Disk, Linked};
use crate::rules;

/// The largest YAML file that is read, in bytes.
pub const FILE_LIMIT: u64 = 1024 * 1024;

/// A text file. What looks like an access token is blackened before anything else sees the text, so
/// that no message and no snippet can show it.
#[derive(Debug)]
pub struct Text {
    pub text: String,
    /// Where tokens were.
    pub tokens: Vec<Range<usize>>,
}

/// Reads a text file: UTF-8, without a byte-order mark and without NUL.
///
/// # Errors
///
/// The finding that says why the file is not readable text. The file is named `file` in it.
pub fn read_text(disk: &dyn Disk, path: &Path, file: &Arc<str>, limit: u64) -> Result<Text, Box<Finding>> {
    let bytes = disk.read(path, limit).map_err(|error| Box::new(unreadable(path, file, limit, &error)))?;
    let not_text = |offset: usize, what: &str| {
        Box::new(
            Finding::new(&rules::NOT_TEXT, Arc::clone(file), format!("the file is not text: {what} at byte {offset}"))
                .help("save it as UTF-8; names that begin with `_` or a dot are skipped, if it is no manifest"),
        )
    };
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(not_text(offset, "a NUL byte"));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|error| not_text(error.utf8_error().valid_up_to(), "no valid UTF-8"))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    let mut tokens = Vec::new();
    while let Some(token) = find_token(&text) {
        text.replace_range(token.clone(), &"X".repeat(token.len()));
        tokens.push(token);
    }
    Ok(Text { text, tokens })
}

fn unreadable(path: &Path, file: &Arc<str>, limit: u64, error: &io::Error) -> Finding {
    let file = Arc::clone(file);
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Finding::new(&rules::FILE_TOO_LARGE, file, format!("the file is larger than {} KiB", limit / 1024))
            .help("it was not read; is it a media file with the wrong name?");
    }
    if let Some(linked) = Linked::of(error) {
        let what = if linked.path == path { "this file" } else { "a folder above this file" };
        let message = format!("{what} is a symbolic link");
        return Finding::new(&rules::LINKED_FILE, file, message)
            .help("put the file itself there: links are not followed, wherever they lead");
    }
    Finding::new(&rules::UNREADABLE, file, format!("the file could not be read: {error}"))
        .help("check that it is a regular file and its permissions")
}

/// Where the text holds what looks like an access token of Meta's, or a key of an object store.
pub fn find_token(text: &str) -> Option<Range<usize>> {
    meta_token(text).or_else(|| key_id(text)).or_else(|| secret_key(text))
}

/// Whether a text is what can be an access token of Meta's. Part of a longer text, its signs may be chance: every
/// public RSA key of ssh has them.
#[must_use]
pub fn is_meta_token(text: &str) -> bool {
    let text = text.trim();
    meta_token(text) == Some(0..text.len())
}

/// AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
fn key_id(text: &str) -> Option<Range<usize>> {
    text.match_indices("AKIA").chain(text.match_indices("ASIA")).find_map(|(start, _)| {
        let is_inside = text[..start].bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let is_key = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let end = start + text[start..].bytes().take_while(is_key).count();
        let goes_on = text[end..].bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        (end - start == 20 && !is_inside && !goes_on).then_some(start..end)
    })
}

/// `secret_access_key: …` and the like: such a key has no sign of its own.
fn secret_key(text: &str) -> Option<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("secret").find_map(|(at, _)| {
        let name = lower[at..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count();
        let rest = &text[at + name..];
        let gap = rest.len() - rest.trim_start_matches([' ', '\t', '"', '\'', ':', '=']).len();
        let start = at + name + gap;
        let is_given = rest[..gap].contains([':', '=']);
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"/+=".contains(byte);
        let key = &text[start..start + text[start..].bytes().take_while(is_key).count()];
        // What was blackened already is all letters.
        let is_mixed =
            key.bytes().any(|byte| byte.is_ascii_digit()) && key.bytes().any(|byte| byte.is_ascii_alphabetic());
        (is_given && is_mixed && (32..=128).contains(&key.len())).then_some(start..start + key.len())
    })
}

fn meta_token(text: &str) -> Option<Range<usize>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    for (start, _) in text.match_indices("EAA").chain(text.match_indices("IGAA")).chain(text.match_indices("IGQV")) {
        let is_facebook = text[start..].starts_with("EAA");
        let prefix = if is_facebook { 3 } else { 4 };
        let rest = text[start + prefix..]
            .bytes()
            .take_while(|byte| if is_facebook { byte.is_ascii_alphanumeric() } else { is_word(*byte) })
            .count();
        if rest >= 20 {
            return Some(start..start + prefix + rest);
        }
    }
    None
}
