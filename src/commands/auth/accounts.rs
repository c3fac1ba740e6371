//! `auth accounts`: which Instagram accounts a token reaches.

use crate::cli::{AuthAccounts, Global, OutputFormat};
use crate::exit::Exit;
use crate::report;
use crate::session::credentials;

use super::super::{Ended, Failure, Ports, Ui, write_stdout};
use super::TokenSession;

pub(super) async fn run(global: &Global, args: &AuthAccounts, ports: &Ports, ui: &Ui) -> Ended {
    let session = TokenSession::open(global, ports, ui).await?;
    let account = session.account(args.account.as_deref())?;
    let client = session.client(account, ports).await?;
    let found = client.accounts().await.map_err(|error| {
        let halt = credentials::refused(account, &client, &error);
        Failure::halted(halt)
    })?;
    write_stdout(
        ui,
        &match args.format {
            OutputFormat::Human => report::auth::accounts(&found),
            OutputFormat::Json => report::auth::accounts_json(&found),
        },
    )?;
    if found.is_empty() {
        ui.terminal.say(
            "link the Instagram account to a Facebook Page, and give the token pages_show_list; \
             Pages that a business owns may be missing from this list",
        );
    }
    Ok(Exit::Done)
}
