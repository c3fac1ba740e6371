//! Accounts connected one after the other, each with what is to be said about its token before Meta is asked.

use std::collections::HashSet;

use crate::session::Failure;
use crate::session::connect::{Accounts, Connecting};
use igsync_base::id::AccountName;

use super::Ui;

/// Connects the named accounts. A wrong user ends the run; an account whose token is bad is set aside.
pub(super) async fn connect_all(
    mut connecting: Connecting<'_>,
    names: &HashSet<AccountName>,
    ui: &Ui,
) -> Result<Accounts, Failure> {
    let accounts = &connecting.project().config.accounts;
    for account in accounts.iter().filter(|account| names.contains(&account.name)) {
        let client = ui.noted(connecting.client(account).await);
        connecting.add(account, client).await?;
    }
    Ok(connecting.finish())
}
