//! Whose token it is, and whether that is the account that is meant.
//!
//! A token of someone else, an id that is no account's and a name that is another's are mistakes about the account, found
//! before anything is made. They stop that account alone, and every command says the same about them.

use crate::engine::instagram::wrong_clock;
use crate::exit::Exit;
use igsync_apply::{Cause, Halt, Refusal};
use igsync_base::id::UserId;
use igsync_instagram::{Client, Error, Identity};
use igsync_model::config::Account;

use super::super::credentials::{self, account_halt};
use super::super::failure::Failure;

/// The account behind the token, which is the one that is meant. The halt says why it is not, or why Meta does not
/// say.
///
/// # Errors
///
/// Meta could not be asked.
pub(crate) async fn identify(
    client: &Client,
    account: &Account,
    expected: Option<&UserId>,
) -> Result<Result<Identity, Halt>, Error> {
    let asked = match expected {
        Some(user) => client.account(user).await.map(|found| vec![found]),
        None => client.accounts().await,
    };
    match (asked, expected) {
        (Ok(reached), _) => Ok(meant(account, expected, reached)),
        // There is something by this id, or nothing; it is no account of this token. Which ones are is worth a call.
        (Err(Error::Api(error)), Some(user)) if matches!(error.code, 100 | 803) => {
            Ok(Err(match client.accounts().await {
                Ok(reached) => not_reached(account, user, &reached),
                // Then it is not about the id, or Meta says no more.
                Err(_) => Halt { cause: Cause::Account, ..credentials::refused(account, client, &Error::Api(error)) },
            }))
        }
        (Err(error @ Error::Api(_)), _) => Ok(Err(credentials::refused(account, client, &error))),
        (Err(error), _) => Err(error),
    }
}

/// The one account that is meant, of those that the token reaches.
fn meant(account: &Account, expected: Option<&UserId>, mut reached: Vec<Identity>) -> Result<Identity, Halt> {
    let others = named(&reached);
    if let Some(user) = expected {
        let found = reached.iter().position(|found| found.user_id == *user);
        let Some(found) = found.map(|place| reached.swap_remove(place)) else {
            return Err(not_reached(account, user, &reached));
        };
        reached = vec![found];
    }
    if let Some(wanted) = &account.username {
        reached.retain(|found| found.username.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(wanted)));
        if expected.is_none() {
            reached.retain(|found| found.username.is_some());
        }
        if reached.is_empty() && !others.is_empty() {
            return Err(account_halt(
                format!("account {} is @{wanted}, but its token belongs to {others}, not to @{wanted}", account.name),
                "correct username in igsync.yaml, or use the token of the right account",
            ));
        }
    }
    let reason = match (reached.pop(), reached.is_empty()) {
        (Some(found), true) => return Ok(found),
        (None, _) => format!("the token for account {} reaches no Instagram account", account.name),
        (Some(_), false) => {
            format!("the token for account {} reaches several Instagram accounts: {others}", account.name)
        }
    };
    Err(account_halt(reason, "set user_id (or username) of the account in igsync.yaml, or use its own token"))
}

/// Why the token has nothing to do with the id of the account.
fn not_reached(account: &Account, user: &UserId, reached: &[Identity]) -> Halt {
    let name = &account.name;
    let is = account.username.as_ref().map_or_else(String::new, |name| format!(" (@{name})"));
    let is_other_id = |found: &&Identity| {
        let other = |id: &Option<String>| id.as_deref() == Some(user.as_str());
        other(&found.page_id) || other(&found.app_scoped_id)
    };
    if let Some(found) = reached.iter().find(is_other_id) {
        let of = if found.app_scoped_id.as_deref() == Some(user.as_str()) {
            "an app-scoped id".to_owned()
        } else {
            format!("the id of the Facebook Page {}", found.page.as_deref().unwrap_or_default()).trim_end().to_owned()
        };
        return account_halt(
            format!(
                "user_id {user} of account {name} is {of}; the Instagram account is {}",
                named(std::slice::from_ref(found))
            ),
            &format!("write user_id: \"{}\" in igsync.yaml", found.user_id),
        );
    }
    let belongs = match named(reached) {
        others if others.is_empty() => "its token reaches no account by that id".to_owned(),
        others => format!("its token belongs to {others}"),
    };
    account_halt(
        format!("account {name} is user {user}{is}, but {belongs}"),
        "correct user_id in igsync.yaml, or use the token of the right account",
    )
}

/// So many accounts of a token are named: an agency's may reach a thousand.
const NAMED: usize = 3;

/// `@harbour (17841400000000001), @acme (17841400000000002)`
fn named(identities: &[Identity]) -> String {
    let name = |identity: &Identity| match &identity.username {
        Some(username) => format!("@{username} ({})", identity.user_id),
        None => format!("user {}", identity.user_id),
    };
    let mut names: Vec<String> = identities.iter().take(NAMED).map(name).collect();
    if identities.len() > NAMED {
        names.push(format!("and {} more", identities.len() - NAMED));
    }
    names.join(", ")
}

/// A clock that is wrong ends the run before anything is sent, whichever of the two it is.
pub(super) fn check_clock(client: &Client) -> Result<(), Failure> {
    match client.wrong_date() {
        None => Ok(()),
        Some(wrong) => {
            let Refusal { text, help, .. } = wrong_clock(&wrong);
            Err(Failure::message(Exit::Failure, text, help))
        }
    }
}
