//! What the token of an account has to do, and what Meta reports about it.

use crate::exit::Exit;
use igsync_base::id::AccountName;
use igsync_instagram::scopes::Needs;
use igsync_instagram::{Client, Error, TokenFacts};
use igsync_model::config::{Account, Settings};
use igsync_model::manifest::{Post, PostState};

use super::credentials;
use super::failure::Failure;
use super::ports::Ports;

/// What these posts want of an account's token, beside publishing.
pub(crate) fn needs<'a>(posts: impl Iterator<Item = &'a Post>, account: &AccountName) -> Needs {
    let mut needs = Needs::default();
    for post in posts.filter(|post| post.account == *account && !post.draft) {
        match post.state {
            PostState::Present => needs.comments |= post.first_comment.is_some() || !post.comment_enabled,
            PostState::Absent => needs.deletion = true,
        }
    }
    needs
}

/// The app may ask about every token; without it a token may be allowed to ask about itself. `None`:
/// neither was answered.
pub(crate) async fn debug(
    account: &Account,
    client: &Client,
    settings: &Settings,
    ports: &Ports,
) -> Result<Option<TokenFacts>, Failure> {
    let app = credentials::app(ports).filter(|_| ports.env.get("IGSYNC_APP_ID").is_some());
    let asked = match app.map(|app| app.token()) {
        Some(Ok(token)) => {
            let transport = ports.open_transport()?;
            match credentials::client(account.login, token, settings, &transport, ports) {
                Ok(as_app) => credentials::proven(as_app, ports).debug_token(client.token()).await,
                Err(halt) => return Err(Failure::halted(halt)),
            }
        }
        _ => client.debug_self().await,
    };
    match asked {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if error.api().is_some() => Ok(None),
        Err(error) => Err(unreachable(&error)),
    }
}

/// A Meta that gave no usable answer.
pub(crate) fn unreachable(error: &Error) -> Failure {
    Failure::message(Exit::Failure, error, error.help())
}
