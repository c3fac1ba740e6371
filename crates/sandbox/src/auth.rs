//! Who calls, and whether they may.

use super::call::Call;
use super::error::{NO_TOKEN, PERMISSION, Refusal, TOKEN_EXPIRED, TOKEN_UNREADABLE};
use super::proof;
use super::time::{self, Millis};
use super::token::{Ability, Login, Token};
use super::world::World;

/// The caller's token, when it is one that works.
pub(crate) fn token(world: &World, call: &Call) -> Result<Token, Refusal> {
    let text = call.token.as_deref().ok_or(&NO_TOKEN)?;
    let token = valid(world, text, &call.base, call.now)?;
    let secret = if token.login == Login::Instagram { "ig-app-secret" } else { "fb-app-secret" };
    if world.settings.require_proof && !call.params.has("appsecret_proof") {
        return Err(Refusal::parameter("API calls from the server require an appsecret_proof argument"));
    }
    if proof::is_right(&call.params, text, secret, call.now) {
        Ok(token.clone())
    } else {
        Err(Refusal::parameter("Invalid appsecret_proof provided in the API argument"))
    }
}

/// # Errors
///
/// Code 190: unknown, of the other login than `base` serves, dead or expired.
pub(crate) fn valid<'a>(world: &'a World, text: &str, base: &str, now: Millis) -> Result<&'a Token, Refusal> {
    let token = world.token(text).ok_or(&TOKEN_UNREADABLE)?;
    if served(base).is_some_and(|login| token.login != Login::Both && token.login != login) {
        return Err((&TOKEN_UNREADABLE).into());
    }
    if let Some(subcode) = token.dead {
        return Err(Refusal::of(190, Some(subcode)));
    }
    if token.is_expired(now) {
        let at = token.expires_at.map(time::human).unwrap_or_default();
        return Err(TOKEN_EXPIRED.because(format!("Error validating access token: Session has expired on {at}.")));
    }
    Ok(token)
}

/// One base URL serves both logins and the token decides, unless the host name says which one it
/// is: `facebook.localhost`, `instagram.localhost`.
pub(crate) fn served(base: &str) -> Option<Login> {
    let host = base.trim_start_matches("http://");
    if host.contains("facebook") {
        Some(Login::Facebook)
    } else if host.contains("instagram") {
        Some(Login::Instagram)
    } else {
        None
    }
}

impl Token {
    /// # Errors
    ///
    /// Code 10 when the permission is missing.
    pub(crate) fn need(&self, ability: Ability) -> Result<(), Refusal> {
        if self.allows(ability) { Ok(()) } else { Err((&PERMISSION).into()) }
    }
}
