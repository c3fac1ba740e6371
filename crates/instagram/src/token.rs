//! The access token: in memory only, never in text.

use std::fmt::{self, Write};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::endpoint::Flavour;

/// An access token. Has no `Display`, its `Debug` shows nothing, and its memory is wiped on drop.
#[derive(Clone)]
pub struct AccessToken(SecretString);

/// Why a text is no token; never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the access token is empty")]
    Empty,
    #[error("the access token is in quotes")]
    Quoted,
    #[error("the access token has a name and `=` in front of it")]
    Named,
    #[error("the access token is inside JSON")]
    Json,
    #[error("the access token has a word such as `Bearer` in front of it")]
    Prefixed,
    #[error("the access token contains a space, a line break or another character that no token has")]
    Malformed,
}

impl TokenError {
    /// What to put in its place.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Quoted => "write the token without the quotes: where it is stored, they are part of it",
            Self::Named => "store what is behind the `=` alone",
            Self::Json => "store the value of `access_token` alone, without quotes",
            Self::Prefixed => "store the token alone; igsync makes the header itself",
            Self::Empty | Self::Malformed => "put a fresh token into the account's token source",
        }
    }
}

/// What was pasted around a token that is otherwise one.
fn wrapped(text: &str) -> Option<TokenError> {
    const QUOTES: [char; 7] = ['"', '\'', '`', '\u{201C}', '\u{201D}', '\u{2018}', '\u{2019}'];
    if text.starts_with(['{', '[']) {
        return Some(TokenError::Json);
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) && !text.contains('=') {
        return Some(TokenError::Quoted);
    }
    let is_name = |name: &str| {
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    // A token may end in `=`, as Base64 does.
    if text.split_once('=').is_some_and(|(name, rest)| is_name(name) && !rest.trim_matches('=').is_empty()) {
        return Some(TokenError::Named);
    }
    let word = text.split_once(' ').map(|(word, _)| word.trim_end_matches(':').to_ascii_lowercase());
    let is_header = word.is_some_and(|word| ["bearer", "oauth", "token", "authorization"].contains(&&*word));
    is_header.then_some(TokenError::Prefixed)
}

impl AccessToken {
    /// White space around the token is dropped; inside, only visible ASCII is taken.
    pub fn from_text(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if let Some(wrapped) = wrapped(text) {
            return Err(wrapped);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Malformed);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// Which login flavour the token's beginning speaks for. Observed, not documented: good for a hint only.
    #[must_use]
    pub fn looks_like(&self) -> Option<Flavour> {
        let text = self.expose();
        if text.starts_with("EAA") {
            Some(Flavour::Facebook)
        } else if text.starts_with("IG") {
            Some(Flavour::Instagram)
        } else {
            None
        }
    }

    /// A name for this token that can be recorded: 128 bits of its SHA-256. A token is random text of
    /// more bits than that, so no one can search for it, and no salt is needed.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::new().chain_update("igsync token\0").chain_update(self.expose()).finalize();
        hash.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The one way out of memory: a token that Meta has just issued, on its way to stdout.
    pub(super) fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// For the authorization header and the redaction of foreign text; nowhere else.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_token_is_dropped() {
        assert_eq!(AccessToken::from_text(" EAAabc\r\n").unwrap().expose(), "EAAabc");
    }

    #[test]
    fn a_text_that_is_no_token_is_refused_without_showing_it() {
        assert_eq!(AccessToken::from_text(" \n").unwrap_err(), TokenError::Empty);
        for text in ["EAA secret", "EAA\nsecret", "EAAsécret", "EAA\u{0}secret", "EAA\u{7f}"] {
            let error = AccessToken::from_text(text).unwrap_err();
            assert_eq!(error, TokenError::Malformed, "{text:?}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }

    #[test]
    fn what_was_pasted_around_a_token_is_named_and_the_token_is_not() {
        for (text, expected) in [
            ("\"EAAsecret\"", TokenError::Quoted),
            ("'IGAAsecret'", TokenError::Quoted),
            ("\u{201C}EAAsecret\u{201D}", TokenError::Quoted),
            ("EAAsecret'", TokenError::Quoted),
            ("IGSYNC_ACCESS_TOKEN=EAAsecret", TokenError::Named),
            ("export IGSYNC_ACCESS_TOKEN=\"EAAsecret\"", TokenError::Named),
            ("access_token=EAAsecret", TokenError::Named),
            ("{\"access_token\": \"EAAsecret\"}", TokenError::Json),
            ("[\"EAAsecret\"]", TokenError::Json),
            ("Bearer EAAsecret", TokenError::Prefixed),
            ("Authorization: Bearer EAAsecret", TokenError::Prefixed),
        ] {
            let error = AccessToken::from_text(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!format!("{error} {error:?} {}", error.help()).contains("secret"));
        }
        for token in ["EAAabc==", "IGQVJabc=", "123|abc-d_e.f"] {
            assert!(AccessToken::from_text(token).is_ok(), "{token}");
        }
    }

    #[test]
    fn the_beginning_of_a_token_hints_at_its_login() {
        for (text, expected) in [
            ("EAAB1", Some(Flavour::Facebook)),
            ("IGQVJ", Some(Flavour::Instagram)),
            ("IGAA1", Some(Flavour::Instagram)),
            ("123|abc", None),
        ] {
            assert_eq!(AccessToken::from_text(text).unwrap().looks_like(), expected, "{text}");
        }
    }

    #[test]
    fn a_fingerprint_knows_the_token_again_and_does_not_hold_it() {
        let fingerprint = |text: &str| AccessToken::from_text(text).unwrap().fingerprint();
        assert_eq!(fingerprint(" EAAsecret\n"), fingerprint("EAAsecret"));
        assert_ne!(fingerprint("EAAsecret"), fingerprint("EAAsecreT"));
        assert_eq!(fingerprint("EAAsecret").len(), 32);
    }

    #[test]
    fn debug_shows_no_token() {
        assert_eq!(format!("{:?}", AccessToken::from_text("EAAsecret").unwrap()), "AccessToken(***)");
    }
}
