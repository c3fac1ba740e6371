//! The endpoints that issue tokens: code to token, short to long, old to new.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login>
//! and <https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived>

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::answer::Wrapped;
use super::client::{Ask, Client};
use super::endpoint::Flavour;
use super::errors::{Error, Why};
use super::retry::{self, Call, Verdict};
use super::token::{AccessToken, TokenError};

const CODE: &str = "oauth/access_token";
const EXCHANGE: &str = "access_token";
const REFRESH: &str = "refresh_access_token";

/// The app that tokens are issued to. Each login has a pair of its own.
#[derive(Clone)]
pub struct App {
    pub id: String,
    secret: SecretString,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}

impl App {
    #[must_use]
    pub fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: SecretString::from(secret) }
    }

    /// The app's own token, which may ask about other tokens.
    ///
    /// Meta: <https://developers.facebook.com/docs/graph-api/reference/debug_token>
    pub fn token(&self) -> Result<AccessToken, TokenError> {
        AccessToken::from_text(&format!("{}|{}", self.id, self.secret.expose_secret()))
    }
}

/// A token that Meta has just issued.
#[derive(Clone, Debug)]
pub struct Issued {
    pub token: AccessToken,
    /// `None`: never expires, or Meta did not say.
    pub lifetime: Option<Duration>,
    /// Where the answer has them.
    pub scopes: Option<Vec<String>>,
}

impl Issued {
    /// The token as text, for stdout and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.token.reveal()
    }
}

/// Has no `Debug`: it holds a token.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
    /// A list, or text with commas.
    #[serde(default)]
    permissions: Option<Value>,
}

impl Client {
    /// Exchanges a short-lived token for one of about 60 days. With Facebook Login any living token can be
    /// exchanged, so this is its refresh as well.
    pub async fn exchange_token(&self, app: &App) -> Result<Issued, Error> {
        let secret = app.secret.expose_secret().to_owned();
        match self.endpoint.flavour() {
            Flavour::Instagram => {
                let params = vec![("grant_type", "ig_exchange_token".to_owned()), ("client_secret", secret)];
                let ask = Ask::get(EXCHANGE, &[], params);
                self.issue(&ask, self.endpoint.bare_url(&[EXCHANGE]), app).await
            }
            Flavour::Facebook => {
                // As a form: what is secret stays out of the address.
                let params = vec![
                    ("grant_type", "fb_exchange_token".to_owned()),
                    ("client_id", app.id.clone()),
                    ("client_secret", secret),
                    ("fb_exchange_token", self.token.expose().to_owned()),
                ];
                let ask = Ask::post(CODE, &[], params);
                self.issue(&ask, self.endpoint.url(&["oauth", "access_token"]), app).await
            }
        }
    }

    /// A new token of 60 days for an Instagram Login token that is a day old and not expired. Needs no app.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token>
    pub async fn refresh_token(&self) -> Result<Issued, Error> {
        let ask = Ask::get(REFRESH, &[], vec![("grant_type", "ig_refresh_token".to_owned())]);
        self.issued(&ask, self.endpoint.bare_url(&[REFRESH]), Call::Read).await
    }

    /// Exchanges an authorization code, good for one use within the hour, for a short-lived token. The
    /// client's own token takes no part.
    pub async fn exchange_code(&self, app: &App, code: &str, redirect_uri: &str) -> Result<Issued, Error> {
        let url = match self.endpoint.flavour() {
            Flavour::Instagram => self.endpoint.code_url(),
            Flavour::Facebook => self.endpoint.url(&["oauth", "access_token"]),
        };
        let mut params = vec![
            ("client_id", app.id.clone()),
            ("client_secret", app.secret.expose_secret().to_owned()),
            ("redirect_uri", redirect_uri.to_owned()),
            // The redirect appends `#_`, which is no part of the code.
            ("code", code.trim_end_matches("#_").to_owned()),
        ];
        if self.endpoint.flavour() == Flavour::Instagram {
            params.push(("grant_type", "authorization_code".to_owned()));
        }
        self.secrets.add(code.trim_end_matches("#_"));
        self.secrets.add(app.secret.expose_secret());
        // A code works once: a second try could only tell that it is used up.
        self.issued(&Ask::post(CODE, &[], params), url, Call::Comment).await
    }

    async fn issue(&self, ask: &Ask<'_>, url: Url, app: &App) -> Result<Issued, Error> {
        self.secrets.add(app.secret.expose_secret());
        self.issued(ask, url, Call::Read).await
    }

    async fn issued(&self, ask: &Ask<'_>, url: Url, call: Call) -> Result<Issued, Error> {
        let mut attempt = 1;
        let answer = loop {
            match self.exchange::<Wrapped<TokenAnswer>>(ask, url.clone()).await {
                Ok(answer) => break answer.into_one(ask.edge)?,
                Err(error) => match retry::decide(call, &error, attempt) {
                    Verdict::Retry(pace) => self.pause(pace, attempt).await,
                    _ => return Err(error),
                },
            }
            attempt += 1;
        };
        let token = AccessToken::from_text(&answer.access_token)
            .map_err(|error| Error::Unclear { edge: ask.edge, why: Why::Malformed(error.to_string()) })?;
        let lifetime = answer.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).filter(|s| *s > 0);
        Ok(Issued {
            token,
            lifetime: lifetime.map(Duration::from_secs),
            scopes: answer.permissions.as_ref().map(scopes),
        })
    }
}

fn scopes(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::String(text) => text.split(',').collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    // Words of Meta's: anything else could do harm on a terminal.
    let is_word = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    texts.into_iter().map(str::trim).filter(is_word).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Endpoint;
    use super::super::testing::{Script, TOKEN, answer, client, client_of};
    use super::*;

    const LONG: &str = r#"{"access_token":"NEWTOKEN","token_type":"bearer","expires_in":5183944}"#;

    fn app() -> App {
        App::new("100", "canary-secret")
    }

    fn instagram(script: &Script) -> Client {
        client_of(script, Endpoint::new(Flavour::Instagram, None, None, None).unwrap())
    }

    #[tokio::test]
    async fn facebook_exchanges_by_form_so_that_no_address_holds_a_secret() {
        let script = Script::of([answer(200, LONG).into()]);
        let issued = client(&script).exchange_token(&app()).await.unwrap();
        assert_eq!((issued.reveal(), issued.lifetime.unwrap().as_secs()), ("NEWTOKEN", 5_183_944));
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/oauth/access_token");
        assert!(sent.body.contains("grant_type=fb_exchange_token&client_id=100&client_secret=canary-secret"));
        assert!(!format!("{issued:?} {:?}", app()).contains("NEWTOKEN"));
    }

    #[tokio::test]
    async fn instagrams_token_endpoints_have_no_version_and_the_token_in_the_header() {
        let script = Script::of([answer(200, LONG).into(), answer(200, LONG).into()]);
        let client = instagram(&script);
        client.exchange_token(&app()).await.unwrap();
        client.refresh_token().await.unwrap();
        let sent = script.sent();
        let expected = "https://graph.instagram.com/access_token?grant_type=ig_exchange_token&client_secret=";
        assert!(sent[0].url.starts_with(expected), "{}", sent[0].url);
        assert_eq!(sent[1].url, "https://graph.instagram.com/refresh_access_token?grant_type=ig_refresh_token");
        assert!(sent.iter().all(|sent| !sent.url.contains(TOKEN)));
    }

    #[tokio::test]
    async fn a_code_is_sent_once_without_its_tail_and_both_answers_are_read() {
        for body in [
            r#"{"data":[{"access_token":"NEWTOKEN","user_id":"26","permissions":"instagram_business_basic,b"}]}"#,
            r#"{"access_token":"NEWTOKEN","user_id":26,"permissions":["instagram_business_basic","b"]}"#,
        ] {
            let script = Script::of([answer(200, body).into()]);
            let issued = instagram(&script).exchange_code(&app(), "THECODE#_", "https://a.example/").await.unwrap();
            assert_eq!(issued.scopes.unwrap(), ["instagram_business_basic", "b"]);
            let sent = &script.sent()[0];
            assert_eq!(sent.url, "https://api.instagram.com/oauth/access_token");
            assert!(sent.body.contains("code=THECODE&grant_type=authorization_code"), "{}", sent.body);
        }
    }

    #[tokio::test]
    async fn the_refusal_of_a_code_is_read_and_tells_no_secret() {
        let body =
            r#"{"error_type":"OAuthException","code":400,"error_message":"Matching code THECODE canary-secret"}"#;
        let script = Script::of([answer(400, body).into()]);
        let error = instagram(&script).exchange_code(&app(), "THECODE", "https://a.example/").await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("Matching code ***") && !shown.contains("canary"), "{shown}");
    }
}
