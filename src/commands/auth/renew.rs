//! `auth exchange` and `auth refresh`.

use crate::cli::{AuthToken, Global};
use crate::exit::Exit;
use crate::session::credentials;
use igsync_instagram::{App, Client, Error, Issued};
use igsync_model::config::Login;

use super::super::{Ended, Failure, Ports, Ui};
use super::{TokenSession, check_stdout, failed, introduce, print_token};

/// Short to long.
pub(super) async fn exchange(global: &Global, args: &AuthToken, ports: &Ports, ui: &Ui) -> Ended {
    let session = TokenSession::open(global, ports, ui).await?;
    let account = session.account(args.account.as_deref())?;
    check_stdout(ui, args.show)?;
    let app = needed_app(account.login, ports)?;
    let client = session.client(account, ports).await?;
    let issued = client.exchange_token(&app).await.map_err(|error| not_exchanged(account.login, &error))?;
    finish(&session, &client, account.login, issued, ports, ui).await
}

/// Old to new.
pub(super) async fn refresh(global: &Global, args: &AuthToken, ports: &Ports, ui: &Ui) -> Ended {
    let session = TokenSession::open(global, ports, ui).await?;
    let account = session.account(args.account.as_deref())?;
    check_stdout(ui, args.show)?;
    let app = match account.login {
        Login::Instagram => None,
        Login::Facebook => Some(needed_app(account.login, ports)?),
    };
    let client = session.client(account, ports).await?;
    let issued = match &app {
        None => client.refresh_token().await.map_err(|error| not_refreshed(&error))?,
        Some(app) => client.exchange_token(app).await.map_err(|error| not_exchanged(account.login, &error))?,
    };
    finish(&session, &client, account.login, issued, ports, ui).await
}

async fn finish(session: &TokenSession, old: &Client, login: Login, issued: Issued, ports: &Ports, ui: &Ui) -> Ended {
    print_token(&issued, old.server_now(), session, ports, ui)?;
    if let Ok(client) = credentials::client(login, issued.token.clone(), &session.settings, &session.transport, ports) {
        introduce(&credentials::proven(client.after(old.token()), ports), ui).await;
    }
    ui.terminal.say("store it in place of the old one, for example: gh secret set IGSYNC_ACCESS_TOKEN");
    Ok(Exit::Done)
}

/// The app of the environment, or what has to be set.
pub(super) fn needed_app(login: Login, ports: &Ports) -> Result<App, Failure> {
    let has_id = ports.env.get("IGSYNC_APP_ID").is_some();
    let (needed, whose) = match login {
        Login::Instagram => ("IGSYNC_APP_SECRET", "the Instagram app secret (not the Facebook one)"),
        Login::Facebook => ("IGSYNC_APP_ID and IGSYNC_APP_SECRET", "the Facebook app id and secret"),
    };
    credentials::app(ports).filter(|_| has_id || login == Login::Instagram).ok_or_else(|| {
        Failure::message(
            Exit::Failure,
            format!("{needed} must be set for this"),
            format!("copy {whose} from the app's dashboard at developers.facebook.com"),
        )
    })
}

fn not_exchanged(login: Login, error: &Error) -> Failure {
    let Some(api) = error.api().filter(|api| !api.known().account_level) else { return failed(error) };
    let help = match login {
        Login::Instagram => {
            "a short-lived token can be exchanged within its hour, with the secret of the Instagram app; \
             a long-lived one is renewed with `igsync auth refresh`"
        }
        Login::Facebook => {
            "check IGSYNC_APP_ID and IGSYNC_APP_SECRET: they must belong to the app that issued the token"
        }
    };
    Failure::message(Exit::Account, api, help)
}

/// Meta does not document how it says that a token is too young.
fn not_refreshed(error: &Error) -> Failure {
    let Some(api) = error.api().filter(|api| !matches!(api.known().code, Some(102 | 190)) && !api.is_throttle()) else {
        return failed(error);
    };
    let help = "a token can be refreshed when it is long-lived, at least 24 hours old and not expired; \
                a newer one is valid for about 60 days anyway; exchange a short-lived one with `igsync auth exchange`";
    Failure::message(Exit::Account, api, help)
}
