//! What a token is and may do, as far as Meta reports it.

use jiff::Timestamp;
use serde::Deserialize;

use super::client::{Ask, Client};
use super::endpoint::Flavour;
use super::errors::{ApiError, Error};
use super::retry::Call;
use super::text::clean;
use super::token::AccessToken;

const EDGE: &str = "debug_token";

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Never,
    At(Timestamp),
}

impl Expiry {
    /// Meta writes 0 for never.
    fn from_unix(seconds: i64) -> Option<Self> {
        if seconds == 0 { Some(Self::Never) } else { Timestamp::from_second(seconds).ok().map(Self::At) }
    }

    /// Whole days left at `now`, rounded down; `None` for ever.
    #[must_use]
    pub fn days_left(self, now: Timestamp) -> Option<i64> {
        match self {
            Self::Never => None,
            Self::At(at) => Some(at.duration_since(now).as_secs().div_euclid(86_400)),
        }
    }
}

/// What Meta knows about a token. With Instagram Login it is only whether the token works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    pub is_valid: bool,
    /// Why it is not.
    pub problem: Option<ApiError>,
    /// `USER`, `PAGE`, `SYSTEM_USER`.
    pub kind: Option<String>,
    /// `None`: not reported.
    pub expires: Option<Expiry>,
    /// Reads fail from then on, though the token lives: 90 days after the person was last seen.
    pub data_access_ends: Option<Expiry>,
    /// `None`: not reported.
    pub scopes: Option<Vec<String>>,
}

impl TokenFacts {
    /// Facts of a token of which only this is known.
    #[must_use]
    pub fn of_validity(problem: Option<ApiError>) -> Self {
        let is_valid = problem.is_none();
        Self { is_valid, problem, kind: None, expires: None, data_access_ends: None, scopes: None }
    }
}

#[derive(Deserialize)]
struct DebugAnswer {
    data: DebugData,
}

#[derive(Deserialize)]
struct DebugData {
    #[serde(default)]
    is_valid: bool,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    expires_at: Option<i64>,
    #[serde(default)]
    data_access_expires_at: Option<i64>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    error: Option<DebugError>,
}

#[derive(Deserialize)]
struct DebugError {
    code: i64,
    #[serde(default)]
    subcode: Option<i64>,
    #[serde(default)]
    message: String,
}

impl Client {
    /// Asks about `token` with this client's own token: the app's, or `token` itself, for which Meta
    /// answers when its owner is a developer of the app. Facebook Login only.
    ///
    /// Meta: <https://developers.facebook.com/docs/graph-api/reference/debug_token>
    pub async fn debug_token(&self, token: &AccessToken) -> Result<TokenFacts, Error> {
        debug_assert_eq!(self.endpoint.flavour(), Flavour::Facebook, "Instagram Login has no debug_token");
        // A form that names its method: the token stays out of the address.
        self.secrets.add(token.expose());
        let params = vec![("method", "get".to_owned()), ("input_token", token.expose().to_owned())];
        let answer: DebugAnswer = self.retried(Call::Read, &Ask::post(EDGE, &[EDGE], params)).await?;
        let data = answer.data;
        let clean = |text: &str| clean(text, &self.secrets);
        Ok(TokenFacts {
            is_valid: data.is_valid,
            problem: data.error.map(|error| ApiError {
                edge: EDGE,
                http_status: 200,
                code: error.code,
                subcode: error.subcode,
                message: clean(&error.message),
                ..ApiError::default()
            }),
            kind: data.kind.as_deref().map(clean),
            expires: data.expires_at.and_then(Expiry::from_unix),
            data_access_ends: data.data_access_expires_at.and_then(Expiry::from_unix),
            scopes: data.scopes.map(|scopes| scopes.iter().map(|scope| clean(scope)).collect()),
        })
    }

    /// As [`Self::debug_token`], about this client's own token.
    pub async fn debug_self(&self) -> Result<TokenFacts, Error> {
        self.debug_token(&self.token).await
    }

    /// The token this client calls with.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, TOKEN, answer, client, token};
    use super::*;

    async fn facts(body: &str) -> TokenFacts {
        let script = Script::of([answer(200, body).into()]);
        let facts = client(&script).debug_token(&token()).await.unwrap();
        assert!(!script.sent()[0].url.contains(TOKEN), "{}", script.sent()[0].url);
        facts
    }

    #[tokio::test]
    async fn a_page_token_never_expires_and_its_data_access_does() {
        let facts = facts(
            r#"{"data":{"type":"PAGE","is_valid":true,"expires_at":0,"data_access_expires_at":1800000000,
                "scopes":["instagram_basic"]}}"#,
        )
        .await;
        assert!(facts.is_valid && facts.problem.is_none());
        assert_eq!(
            (facts.expires, facts.expires.unwrap().days_left(Timestamp::UNIX_EPOCH)),
            (Some(Expiry::Never), None)
        );
        let ends = facts.data_access_ends.unwrap();
        assert_eq!(ends.days_left(Timestamp::from_second(1_800_000_000 - 7 * 86_400).unwrap()), Some(7));
        assert_eq!(ends.days_left(Timestamp::from_second(1_800_000_001).unwrap()), Some(-1));
        assert_eq!(facts.scopes.unwrap(), ["instagram_basic"]);
    }

    #[tokio::test]
    async fn a_dead_token_says_why() {
        let facts = facts(&format!(
            r#"{{"data":{{"is_valid":false,"scopes":[],"error":{{"code":190,"subcode":463,"message":"expired {TOKEN}"}}}}}}"#
        ))
        .await;
        let problem = facts.problem.unwrap();
        assert_eq!((problem.known().meaning, problem.message.as_str()), ("the token has expired", "expired ***"));
        assert!(!facts.is_valid && facts.expires.is_none());
    }
}
