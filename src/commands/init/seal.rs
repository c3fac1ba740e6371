//! Files that igsync has written and may renew: one line of theirs says what the rest was.

use igsync_media::digest::hex;
use sha2::{Digest as _, Sha256};

/// In the line that seals a file.
const WORDS: &str = "igsync init --update renews this file while it is as it was written: sha256 ";

/// A file as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Yaml,
    /// An object on several lines.
    Json,
}

/// The text with a line that tells later whether anyone has changed it.
pub(super) fn sealed(text: &str, form: Form) -> String {
    let seal = format!("{WORDS}{}", digest(text));
    match form {
        Form::Yaml => format!("# {seal}\n{text}"),
        Form::Json => text.replacen('{', &format!("{{\n  \"$comment\": \"{seal}\","), 1),
    }
}

/// Whether a file is as it was written, by whatever version.
pub(super) fn is_as_written(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let Some(line) = text.split_inclusive('\n').find(|line| line.contains(WORDS)) else { return false };
    let rest = text.replacen(line, "", 1);
    [Form::Yaml, Form::Json].iter().any(|form| sealed(&rest, *form) == text)
}

fn digest(text: &str) -> String {
    let digest = igsync_media::digest::digest_of(&Sha256::digest(text.as_bytes()).into());
    hex(&digest).unwrap_or_default().chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_known_until_anything_of_it_changes() {
        for (text, form) in [("name: x\non: push\n", Form::Yaml), ("{\n  \"a\": 1\n}\n", Form::Json)] {
            let written = sealed(text, form);
            assert!(is_as_written(&written), "{written}");
            assert!(is_as_written(&written.replace('\n', "\r\n")), "a checkout with other line ends");
            for place in 0..written.len() {
                let mut other = written.clone().into_bytes();
                other[place] = if other[place] == b'z' { b'y' } else { b'z' };
                assert!(!is_as_written(&String::from_utf8(other).unwrap()), "{place}");
            }
            assert!(!is_as_written(text) && !is_as_written(&format!("{written}# mine\n")));
        }
        let json = sealed("{\n  \"a\": 1\n}\n", Form::Json);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["a"], 1);
    }
}
