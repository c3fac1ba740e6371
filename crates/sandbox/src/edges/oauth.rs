//! The token endpoints of both logins.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login>

use serde_json::{Value, json};

use super::super::auth;
use super::super::call::Call;
use super::super::error::{PERMISSION, Refusal};
use super::super::machine::Core;
use super::super::time::{DAY, HOUR, Millis, SECOND};
use super::super::token::{Ability, Login, Token};
use super::super::world::World;

/// App id and secret.
const FACEBOOK_APP: (&str, &str) = ("100000000000001", "fb-app-secret");
const INSTAGRAM_APP: (&str, &str) = ("200000000000002", "ig-app-secret");
const FACEBOOK_CODE: &str = "AUTHCODE-FB";
const INSTAGRAM_CODE: &str = "AUTHCODE-IG";

const LONG: Millis = 60 * DAY;

/// Answers when the path is one of these endpoints.
pub(super) fn answer(core: &Core, call: &Call, path: &[&str]) -> Option<Result<Value, Refusal>> {
    let mut world = core.world();
    Some(match path {
        ["oauth", "access_token"] => match call.params.text("grant_type").as_deref() {
            Some("fb_exchange_token") => exchange_facebook(&mut world, call),
            Some("client_credentials") => app_token(call),
            Some("authorization_code") => instagram_code(&mut world, call),
            _ => facebook_code(&mut world, call),
        },
        ["access_token"] => exchange_instagram(&mut world, call),
        ["refresh_access_token"] => refresh(&mut world, call),
        ["debug_token"] => debug(&world, call),
        _ => return None,
    })
}

fn required(call: &Call, name: &str) -> Result<String, Refusal> {
    call.params.text(name).ok_or_else(|| Refusal::parameter(format_args!("The parameter {name} is required")))
}

fn grant(call: &Call, wanted: &str) -> Result<(), Refusal> {
    let given = required(call, "grant_type")?;
    if given == wanted {
        Ok(())
    } else {
        Err(Refusal::parameter(format_args!("Unsupported grant_type, expected {wanted}")))
    }
}

fn app(call: &Call, (id, secret): (&str, &str)) -> Result<(), Refusal> {
    if required(call, "client_id")? != id {
        return Err(Refusal::parameter(
            "Error validating application. Cannot get application info due to a system error",
        ));
    }
    if required(call, "client_secret")? == secret {
        Ok(())
    } else {
        Err(Refusal::parameter("Error validating client secret."))
    }
}

fn bearer(token: &Token, now: Millis) -> Value {
    let left = token.expires_at.map(|at| (at - now) / SECOND);
    json!({ "access_token": token.text, "token_type": "bearer", "expires_in": left })
}

fn facebook_code(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    app(call, FACEBOOK_APP)?;
    required(call, "redirect_uri")?;
    if required(call, "code")? != FACEBOOK_CODE || !world.use_code(FACEBOOK_CODE) {
        return Err(Refusal::parameter("This authorization code has been used or is invalid."));
    }
    let token = world.issue("EAA-SHORT", "EAA-NEW", call.now, 2 * HOUR)?;
    Ok(bearer(&token, call.now))
}

/// A token of the app itself, which reads other tokens and no account.
fn app_token(call: &Call) -> Result<Value, Refusal> {
    app(call, FACEBOOK_APP)?;
    Ok(json!({ "access_token": format!("{}|{}", FACEBOOK_APP.0, FACEBOOK_APP.1), "token_type": "bearer" }))
}

/// The one endpoint with an error shape of its own.
fn instagram_code(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let flat = |message: &str| Refusal { flat: true, ..Refusal::parameter(message) };
    app(call, INSTAGRAM_APP).map_err(|_| flat("Invalid platform app"))?;
    required(call, "redirect_uri").map_err(|_| flat("Error validating redirect_uri"))?;
    // The browser appends `#_`, which is no part of the code.
    let code = call.params.text("code").unwrap_or_default();
    if code.trim_end_matches("#_") != INSTAGRAM_CODE || !world.use_code(INSTAGRAM_CODE) {
        return Err(flat("Matching code was not found or was already used"));
    }
    let token = world.issue("IGAA-SHORT", "IGAA-NEW", call.now, HOUR)?;
    let scoped = token.user_ids.first().and_then(|id| world.account(id)).map(|account| account.scoped_id.clone());
    Ok(json!({ "data": [{ "access_token": token.text, "user_id": scoped, "permissions": token.scopes.join(",") }] }))
}

fn exchange_facebook(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    app(call, FACEBOOK_APP)?;
    let old = auth::valid(world, &required(call, "fb_exchange_token")?, &call.base, call.now)?.clone();
    if old.login == Login::Instagram {
        return Err((&super::super::error::TOKEN_UNREADABLE).into());
    }
    let token = world.issue(&old.text, "EAA-NEW", call.now, LONG)?;
    Ok(bearer(&token, call.now))
}

fn instagram_token(world: &World, call: &Call) -> Result<Token, Refusal> {
    let token = auth::token(world, call)?;
    if token.login == Login::Facebook { Err((&super::super::error::TOKEN_UNREADABLE).into()) } else { Ok(token) }
}

fn exchange_instagram(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    grant(call, "ig_exchange_token")?;
    if required(call, "client_secret")? != INSTAGRAM_APP.1 {
        return Err(Refusal::parameter("Error validating client secret."));
    }
    let old = instagram_token(world, call)?;
    if old.expires_at.is_none_or(|at| at - old.issued_at > HOUR) {
        return Err(Refusal::parameter("Session key invalid. Only a short-lived token can be exchanged"));
    }
    let token = world.issue(&old.text, "IGAA-NEW", call.now, LONG)?;
    Ok(bearer(&token, call.now))
}

/// A long-lived token that is at least a day old and alive.
fn refresh(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    grant(call, "ig_refresh_token")?;
    let old = instagram_token(world, call)?;
    old.need(Ability::Read)?;
    let life = old.expires_at.map_or(LONG, |at| at - old.issued_at);
    if life <= HOUR || call.now - old.issued_at < DAY {
        return Err(PERMISSION.because("(#10) The access token must be long-lived and at least 24 hours old"));
    }
    let token = if world.settings.refresh_changes_token {
        world.issue(&old.text, "IGAA-NEW", call.now, LONG)?
    } else {
        world.renew(&old.text, call.now, LONG)?
    };
    let mut answer = bearer(&token, call.now);
    answer["permissions"] = token.scopes.join(",").into();
    Ok(answer)
}

/// For the app itself, or for a Facebook token.
fn debug(world: &World, call: &Call) -> Result<Value, Refusal> {
    let caller = call.token.as_deref().unwrap_or_default();
    if caller != format!("{}|{}", FACEBOOK_APP.0, FACEBOOK_APP.1) {
        auth::token(world, call)?;
    }
    let text = required(call, "input_token")?;
    let Some(token) = world.token(&text).filter(|token| token.login != Login::Instagram) else {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token - Cannot parse access token" });
        return Ok(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } }));
    };
    let seconds = |at: Option<Millis>| at.map_or(0, |at| at / SECOND);
    let page = world.accounts().iter().find(|account| account.page_token == token.text);
    let mut data = json!({
        "app_id": FACEBOOK_APP.0,
        "type": if page.is_some() { "PAGE" } else { "USER" },
        "application": "igsync sandbox",
        "is_valid": true,
        "issued_at": token.issued_at / SECOND,
        "expires_at": seconds(token.expires_at),
        "data_access_expires_at": (token.issued_at + 90 * DAY) / SECOND,
        "scopes": token.scopes,
        "granular_scopes": token.scopes.iter().map(|scope| json!({ "scope": scope, "target_ids": token.user_ids })).collect::<Vec<_>>(),
        "user_id": super::PERSON_ID,
    });
    if let Some(page) = page {
        data["profile_id"] = page.page_id.as_str().into();
    }
    if let Err(refusal) = auth::valid(world, &text, &call.base, call.now) {
        data["is_valid"] = false.into();
        data["error"] = json!({ "code": refusal.code, "message": refusal.message, "subcode": refusal.subcode });
    }
    Ok(json!({ "data": data }))
}
