//! Whose token it is, and whether that is the account that is meant.

use crate::engine::instagram::wrong_clock;
use crate::exit::Exit;
use igsync_apply::{Halt, Refusal};
use igsync_base::id::UserId;
use igsync_instagram::{Client, Error, Identity};
use igsync_model::config::Account;

use super::super::credentials::account_halt;
use super::super::failure::Failure;

/// `None`: the token reaches several accounts, and the configuration does not say which is meant.
pub(crate) async fn identity_of(
    client: &Client,
    account: &Account,
    expected: Option<&UserId>,
) -> Result<Option<Identity>, Error> {
    if let Some(user) = expected {
        return client.account(user).await.map(Some);
    }
    let mut reached = client.accounts().await?;
    if let Some(wanted) = &account.username {
        reached.retain(|found| found.username.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(wanted)));
    }
    Ok(if reached.len() == 1 { reached.pop() } else { None })
}

pub(super) fn several_accounts(account: &Account) -> Halt {
    account_halt(
        format!("the token for account {} does not identify a single Instagram account", account.name),
        "set user_id (or username) of the account in igsync.yaml",
    )
}

pub(super) fn check_identity(account: &Account, expected: Option<&UserId>, identity: &Identity) -> Result<(), Failure> {
    if let Some(expected) = expected
        && *expected != identity.user_id
    {
        return Err(Failure::message(
            Exit::Refused,
            format!("the token for account {} belongs to user {}, not to {expected}", account.name, identity.user_id),
            "correct user_id in igsync.yaml, or use the token of the right account",
        ));
    }
    match (&account.username, &identity.username) {
        (Some(wanted), Some(found)) if !wanted.eq_ignore_ascii_case(found) => Err(Failure::message(
            Exit::Refused,
            format!("the token for account {} belongs to @{found}, not to @{wanted}", account.name),
            "correct username in igsync.yaml, or use the token of the right account",
        )),
        _ => Ok(()),
    }
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
