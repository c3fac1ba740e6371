//! Accounts of the sandbox.

use serde::{Deserialize, Serialize};

use super::error::{RESTRICTED, Row, TOKEN_CHECKPOINT, UNAVAILABLE};
use super::time::Millis;

pub(crate) const ACCOUNT_1: &str = "17841400000000001";
pub(crate) const ACCOUNT_2: &str = "17841400000000002";

/// The state of an account at Meta; `POST /_sandbox/accounts` changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    #[default]
    Active,
    /// Creating and publishing answer 25/2207050.
    Restricted,
    /// Every call answers 190/459.
    Checkpointed,
    /// Every call answers 9009.
    Unavailable,
    /// Trial reels answer 100/2207081.
    NoTrials,
}

/// An Instagram professional account and the Facebook Page that it is linked to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    /// The id that publishing uses.
    pub(crate) user_id: String,
    pub(crate) username: String,
    /// What `/me` calls `id` with Instagram Login.
    pub(crate) scoped_id: String,
    pub(crate) page_id: String,
    /// The token that `/me/accounts` hands out for the Page.
    pub(crate) page_token: String,
    #[serde(default)]
    pub(crate) state: State,
    /// Posts from before then have no insights.
    #[serde(default)]
    pub(crate) professional_since: Option<Millis>,
}

/// The accounts that every world has.
pub(crate) fn at_start() -> Vec<Account> {
    [(ACCOUNT_1, "harbour", 1), (ACCOUNT_2, "lighthouse", 2)]
        .map(|(user_id, username, n)| Account {
            user_id: user_id.to_owned(),
            username: username.to_owned(),
            scoped_id: format!("{}", 26_000_000_000_000_000_u64 + n),
            page_id: format!("{}", 300_000_000_000_000_u64 + n),
            page_token: format!("EAA-PAGE-{n}"),
            state: State::Active,
            professional_since: None,
        })
        .into()
}

impl Account {
    /// An account that the configuration of an in-process run names. Its other ids are made from
    /// its own, so that they stay the same.
    pub(crate) fn extra(user_id: &str, username: &str) -> Self {
        Self {
            user_id: user_id.to_owned(),
            username: username.to_owned(),
            scoped_id: format!("26{user_id}"),
            page_id: format!("30{user_id}"),
            page_token: super::TOKEN.to_owned(),
            state: State::Active,
            professional_since: None,
        }
    }

    /// Why this account cannot do what `writes` says: read, or create and publish.
    pub(crate) fn refusal(&self, writes: bool) -> Option<&'static Row> {
        match self.state {
            State::Restricted if writes => Some(&RESTRICTED),
            State::Checkpointed => Some(&TOKEN_CHECKPOINT),
            State::Unavailable => Some(&UNAVAILABLE),
            State::Active | State::Restricted | State::NoTrials => None,
        }
    }
}
