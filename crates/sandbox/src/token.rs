//! Access tokens of the fixed world, and what they allow.

use serde::{Deserialize, Serialize};

use super::account::{ACCOUNT_1, ACCOUNT_2};
use super::time::{DAY, HOUR, Millis};

/// Which login a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Login {
    Facebook,
    Instagram,
    /// The in-process run's own token: everything both logins can do, on every account.
    Both,
}

/// What a call does, as far as permissions tell calls apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    Read,
    Publish,
    Comment,
    Delete,
    Pages,
    Insights,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) login: Login,
    /// The accounts it reaches, the first being its own. Empty: every account.
    pub(crate) user_ids: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued_at: Millis,
    /// `None`: never.
    pub(crate) expires_at: Option<Millis>,
    /// The subcode of 190 that it answers since it was made invalid.
    pub(crate) dead: Option<i64>,
}

const FACEBOOK: &[&str] = &[
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_contents",
    "instagram_manage_insights",
    "pages_read_engagement",
    "pages_show_list",
];
/// As tokens from before December 2025 are.
const WITHOUT_DELETE: [&str; 5] = [
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "pages_read_engagement",
    "pages_show_list",
];
const INSTAGRAM: &[&str] = &[
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_comments",
    "instagram_business_manage_insights",
];

impl Token {
    pub(crate) fn allows(&self, ability: Ability) -> bool {
        let (facebook, instagram) = match ability {
            Ability::Read => ("instagram_basic", "instagram_business_basic"),
            Ability::Publish => ("instagram_content_publish", "instagram_business_content_publish"),
            Ability::Comment => ("instagram_manage_comments", "instagram_business_manage_comments"),
            Ability::Delete => ("instagram_manage_contents", ""),
            Ability::Pages => ("pages_show_list", ""),
            Ability::Insights => ("instagram_manage_insights", "instagram_business_manage_insights"),
        };
        let has = |wanted: &str| self.scopes.iter().any(|scope| scope == wanted);
        match self.login {
            Login::Both => true,
            Login::Facebook => has(facebook) && (ability != Ability::Insights || has("pages_read_engagement")),
            Login::Instagram => has(instagram),
        }
    }

    pub(crate) fn reaches(&self, user_id: &str) -> bool {
        self.user_ids.is_empty() || self.user_ids.iter().any(|id| id == user_id)
    }

    pub(crate) fn is_expired(&self, now: Millis) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// The tokens that exist when a world begins at `now`.
pub(crate) fn at_start(now: Millis) -> Vec<Token> {
    let (one, two, both) = (&[ACCOUNT_1][..], &[ACCOUNT_2][..], &[ACCOUNT_1, ACCOUNT_2][..]);
    let (fb, ig) = (Login::Facebook, Login::Instagram);
    let row = |text: &str, login, users: &[&str], scopes: &[&str], age: Millis, life: Option<Millis>| Token {
        text: text.to_owned(),
        login,
        user_ids: users.iter().map(ToString::to_string).collect(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        issued_at: now - age,
        expires_at: life.map(|life| now - age + life),
        dead: None,
    };
    let long = Some(60 * DAY);
    vec![
        row(super::TOKEN, Login::Both, &[], &[FACEBOOK, INSTAGRAM].concat(), 0, None),
        row("EAA-LONG", fb, one, FACEBOOK, 2 * DAY, long),
        row("EAA-BOTH", fb, both, FACEBOOK, 2 * DAY, long),
        row("EAA-SHORT", fb, one, FACEBOOK, 0, Some(2 * HOUR)),
        row("EAA-EXPIRED", fb, one, FACEBOOK, 61 * DAY, long),
        row("EAA-READONLY", fb, one, &["instagram_basic", "pages_read_engagement", "pages_show_list"], 2 * DAY, long),
        row("EAA-NO-DELETE", fb, one, &WITHOUT_DELETE, 2 * DAY, long),
        row("EAA-PAGE-1", fb, one, FACEBOOK, 2 * DAY, None),
        row("EAA-PAGE-2", fb, two, FACEBOOK, 2 * DAY, None),
        row("IGAA-LONG", ig, one, INSTAGRAM, 2 * DAY, long),
        row("IGAA-TWO", ig, two, INSTAGRAM, 2 * DAY, long),
        row("IGAA-SHORT", ig, one, INSTAGRAM, 0, Some(HOUR)),
        row("IGAA-FRESH", ig, one, INSTAGRAM, HOUR, long),
        row("IGAA-EXPIRED", ig, one, INSTAGRAM, 61 * DAY, long),
        row("IGAA-READONLY", ig, one, &["instagram_business_basic"], 2 * DAY, long),
    ]
}
