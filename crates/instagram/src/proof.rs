//! `appsecret_proof`: shows that a request comes from the app's owner and not from a stolen token.

use std::fmt;
use std::fmt::Write as _;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::token::{AccessToken, TokenError};

/// The secret of a Facebook app. Has no `Display`, its `Debug` shows nothing.
#[derive(Clone)]
pub struct AppSecret(SecretString);

impl AppSecret {
    /// White space around the secret is dropped; inside, only visible ASCII is taken.
    pub fn from_text(text: &str) -> Result<Self, TokenError> {
        AccessToken::from_text(text).map(|text| Self(SecretString::from(text.expose())))
    }

    /// For the redaction of foreign text; nowhere else.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The two parameters of one request; Meta takes them for five minutes. In the query also of a
    /// `POST`: in its form they can be overlooked.
    ///
    /// Meta: <https://developers.facebook.com/docs/facebook-login/security>
    pub(super) fn prove(&self, token: &AccessToken, now: Timestamp) -> [(&'static str, String); 2] {
        let time = now.as_second().to_string();
        let message = SecretString::from(format!("{}|{time}", token.expose()));
        let proof = hmac_sha256(self.0.expose_secret().as_bytes(), message.expose_secret().as_bytes());
        let mut hex = String::new();
        for byte in proof {
            let _ = write!(hex, "{byte:02x}");
        }
        [("appsecret_proof", hex), ("appsecret_time", time)]
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(***)")
    }
}

/// RFC 2104; too small for a dependency.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    #[test]
    fn the_published_examples_of_hmac_hold() {
        // RFC 4231, cases 2 and 6.
        let short = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn the_proof_is_over_token_and_time() {
        let secret = AppSecret::from_text("fb-app-secret").unwrap();
        let token = AccessToken::from_text("EAA-LONG").unwrap();
        let [proof, time] = secret.prove(&token, "2026-11-23T15:16:15.9Z".parse().unwrap());
        assert_eq!(time, ("appsecret_time", "1795446975".to_owned()));
        assert_eq!(proof, ("appsecret_proof", hex(&hmac_sha256(b"fb-app-secret", b"EAA-LONG|1795446975"))));
        assert_eq!(format!("{secret:?}"), "AppSecret(***)");
    }
}
