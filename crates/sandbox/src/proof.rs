//! `appsecret_proof`: that the caller knows the app's secret.
//!
//! Meta: <https://developers.facebook.com/docs/facebook-login/security>

use sha2::{Digest, Sha256};

use super::params::Params;
use super::time::{Millis, SECOND};

const BLOCK: usize = 64;
/// A proof with a time is good for so long.
const LIFE: Millis = 300 * SECOND;

/// HMAC-SHA256 in hexadecimal digits.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    super::store::sha256(&[&pad(0x5c)[..], &inner[..]].concat())
}

/// Whether the proof among the parameters is right; none counts as right.
pub(super) fn is_right(params: &Params, token: &str, secret: &str, now: Millis) -> bool {
    let Some(proof) = params.text("appsecret_proof") else { return true };
    match params.text("appsecret_time") {
        None => proof == hmac(secret.as_bytes(), token.as_bytes()),
        Some(time) => {
            let at = time.parse::<Millis>().map_or(Millis::MIN, |seconds| seconds.saturating_mul(SECOND));
            let fresh = now.saturating_sub(at).saturating_abs() <= LIFE;
            fresh && proof == hmac(secret.as_bytes(), format!("{token}|{time}").as_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_that_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac(b"Jefe", b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn a_proof_with_a_time_is_good_for_five_minutes() {
        let proof = hmac(b"s", b"t|1000");
        let params = json!({ "appsecret_proof": proof, "appsecret_time": 1000 });
        let params = Params::of(params.as_object().unwrap().clone());
        assert!(is_right(&params, "t", "s", 1_299_000));
        assert!(!is_right(&params, "t", "s", 1_301_000));
        assert!(!is_right(&params, "t", "other", 1_000_000));
    }
}
