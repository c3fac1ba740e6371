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
    #[error("the access token contains a space, a line break or another character that no token has")]
    Malformed,
}

impl AccessToken {
    /// White space around the token is dropped; inside, only visible ASCII is taken.
    pub fn from_text(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenError::Empty);
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
