//! `igsync auth`: making, renewing and checking tokens. A new token leaves through stdout, alone.

mod accounts;
mod inspect;
mod login;
mod renew;

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{Auth, Global};
use crate::exit::Exit;
use crate::report;
use crate::session::root::ContentRoot;
use crate::session::{credentials, expiry};
use igsync_instagram::{Client, Error, Issued};
use igsync_model::config::{Account, Config, Settings};
use igsync_model::lockfile::Paths;
use igsync_ports::Transport;

use super::{Ended, Failure, Ports, Ui, write_stdout};

pub(super) use inspect::{chosen, facts};

pub(super) async fn run(global: &Global, args: &Auth, ports: &Ports, ui: &Ui) -> Ended {
    match args {
        Auth::Login(args) => login::run(global, args, ports, ui).await,
        Auth::Exchange(args) => renew::exchange(global, args, ports, ui).await,
        Auth::Refresh(args) => renew::refresh(global, args, ports, ui).await,
        Auth::Inspect(args) => inspect::run(global, args, ports, ui).await,
        Auth::Accounts(args) => accounts::run(global, args, ports, ui).await,
    }
}

/// What token commands need of a content root: its configuration, and not its posts.
struct TokenSession {
    config: Config,
    settings: Settings,
    paths: Paths,
    transport: Arc<dyn Transport>,
}

impl TokenSession {
    async fn open(global: &Global, ports: &Ports, ui: &Ui) -> Result<Self, Failure> {
        let root = ContentRoot::open_anywhere(&global.place(), false, ports).await?;
        if !root.is_configured() {
            let text = report::findings::render(root.findings(), ui.terminal.style_err());
            ui.terminal.say(text.trim_end());
            return Err(Failure::message(Exit::Failure, "the configuration has errors", "fix the findings above"));
        }
        let (config, settings) = (root.config().clone(), root.settings().clone());
        Ok(Self { config, settings, paths: root.paths, transport: ports.open_transport()? })
    }

    /// The named account, or the only one there can be meant.
    fn account(&self, name: Option<&str>) -> Result<&Account, Failure> {
        let accounts = &self.config.accounts;
        let found = match (name, &self.config.default_account, accounts.as_slice()) {
            (Some(name), _, _) => accounts.iter().find(|account| account.name.as_str() == name),
            (None, _, [only]) => Some(only),
            (None, Some(default), _) => self.config.account(default),
            (None, None, _) => None,
        };
        found.ok_or_else(|| {
            let known: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
            let known = format!("igsync.yaml has: {}", known.join(", "));
            match name {
                Some(name) => Failure::message(Exit::Usage, format!("there is no account `{name}`"), known),
                None => {
                    Failure::message(Exit::Usage, "there are several accounts: choose one with --account NAME", known)
                }
            }
        })
    }

    async fn client(&self, account: &Account, ports: &Ports) -> Result<Client, Failure> {
        let connected = credentials::connect(account, &self.config, &self.settings, &self.transport, ports);
        connected.await.map_err(Failure::halted)
    }
}

/// A call that failed, with the exit code of its cause.
fn failed(error: &Error) -> Failure {
    let exit = if error.api().is_some() { Exit::Account } else { Exit::Failure };
    Failure::message(exit, error, error.help())
}

/// Asked before the call: a token that no one may see is lost.
fn check_stdout(ui: &Ui, show: bool) -> Result<(), Failure> {
    if show || !ui.terminal.shows_stdout() {
        return Ok(());
    }
    Err(Failure::message(
        Exit::Usage,
        "the new token would be printed to this terminal",
        "pipe it to where you store it (… | gh secret set IGSYNC_ACCESS_TOKEN), or add --show",
    ))
}

/// Writes a new token to stdout, and what is known about it to stderr.
fn print_token(issued: &Issued, now: Timestamp, session: &TokenSession, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
    write_stdout(ui, &format!("{}\n", issued.reveal()))?;
    let until = issued.lifetime.and_then(|lifetime| now.checked_add(lifetime).ok());
    if let Some(until) = until
        && session.paths.prepare(&*ports.disk).is_ok()
    {
        // Without the note a later `inspect` knows less, nothing worse.
        let _ = expiry::remember(&*ports.disk, &session.paths.expiry(), &issued.token, until);
    }
    ui.terminal.say(&report::auth::issued(until, now));
    Ok(())
}

/// Says whose token it is. The token is out already, so a failure is only said.
async fn introduce(client: &Client, ui: &Ui) {
    match client.accounts().await {
        Ok(found) => found.iter().for_each(|identity| ui.terminal.say(&report::auth::owner(identity))),
        Err(error) => ui.terminal.say(&format!("note: could not check whose token it is: {error}")),
    }
}
