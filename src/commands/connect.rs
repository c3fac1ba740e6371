//! Accounts connected one after the other.

use std::collections::HashSet;

use crate::session::Failure;
use crate::session::connect::{Accounts, Connecting};
use igsync_base::id::AccountName;

/// Connects the named accounts. One whose token is bad, or another account's, is set aside.
pub(super) async fn connect_all(
    mut connecting: Connecting<'_>,
    names: &HashSet<AccountName>,
) -> Result<Accounts, Failure> {
    let accounts = &connecting.project().config.accounts;
    for account in accounts.iter().filter(|account| names.contains(&account.name)) {
        let client = connecting.client(account).await;
        connecting.add(account, client).await?;
    }
    Ok(connecting.finish())
}
