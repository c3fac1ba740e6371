//! `auth login`: step by step to a working token.

use crate::cli::{AuthLogin, Global, LoginArg};
use crate::exit::Exit;
use crate::report;
use crate::session::credentials;
use igsync_instagram::{AccessToken, Client, Identity, Issued};
use igsync_model::config::{Account, Login};

use super::super::{Ended, Failure, Ports, Ui};
use super::renew::needed_app;
use super::{TokenSession, check_stdout, failed, print_token};

pub(super) async fn run(global: &Global, args: &AuthLogin, ports: &Ports, ui: &Ui) -> Ended {
    let session = TokenSession::open(global, ports, ui).await?;
    let mut account = session.account(args.account.as_deref())?.clone();
    match args.login {
        Some(LoginArg::Instagram) => account.login = Login::Instagram,
        Some(LoginArg::Facebook) => account.login = Login::Facebook,
        None => {}
    }
    let (given, issued) = match &args.redirect_uri {
        Some(redirect) => by_browser(&session, &account, redirect, args.show, ports, ui).await?,
        None => by_hand(&session, &account, args.show, ports, ui).await?,
    };
    let token = issued.as_ref().map_or_else(|| given.clone(), |issued| issued.token.clone());
    let client = credentials::client(account.login, token, &session.settings, &session.transport, ports)
        .map_err(Failure::halted)?;
    let client = credentials::proven(client.after(&given), ports);
    if let Some(issued) = &issued {
        print_token(issued, client.server_now(), &session, ports, ui)?;
    }
    let found = client.accounts().await.map_err(|error| {
        let halt = credentials::refused(&account, &client, &error);
        Failure::halted(halt)
    })?;
    for identity in &found {
        ui.terminal.say(&report::auth::owner(identity));
    }
    check_owner(&account, &found)?;
    ui.terminal.say(&report::auth::next_steps(&account, &found, issued.is_some(), &ui.terminal.program));
    Ok(Exit::Done)
}

/// The person brings a token, the first of the two; a short-lived one is exchanged at once where the app's secret is known.
async fn by_hand(
    session: &TokenSession,
    account: &Account,
    show: bool,
    ports: &Ports,
    ui: &Ui,
) -> Result<(AccessToken, Option<Issued>), Failure> {
    ui.terminal.say(&report::auth::steps_by_hand(account.login));
    let token = ask(ui, "access token (hidden as you type)")?;
    let token = AccessToken::from_text(&token).map_err(|error| Failure::message(Exit::Failure, error, error.help()))?;
    if credentials::is_of_the_other_login(account, &token) {
        let (here, other) = match account.login {
            Login::Instagram => ("instagram", "facebook"),
            Login::Facebook => ("facebook", "instagram"),
        };
        let text =
            format!("warning: this looks like a token of the other login; this account uses {here} (--login {other})");
        ui.terminal.say(&text);
    }
    let Some(app) = credentials::app(ports) else { return Ok((token, None)) };
    check_stdout(ui, show)?;
    let client = new_client(session, account, token.clone(), ports)?;
    match client.exchange_token(&app).await {
        Ok(issued) => Ok((token, Some(issued))),
        // It may be long-lived already: whether it works is found out next.
        Err(error) if error.api().is_some_and(|api| !api.bars_account()) => {
            ui.terminal.say("note: Meta did not exchange this token, so it is used as it is");
            Ok((token, None))
        }
        Err(error) => {
            let halt = credentials::refused(account, &client, &error);
            Err(Failure::halted(halt))
        }
    }
}

/// The person signs in, and brings back the address that the browser was sent to.
async fn by_browser(
    session: &TokenSession,
    account: &Account,
    redirect: &str,
    show: bool,
    ports: &Ports,
    ui: &Ui,
) -> Result<(AccessToken, Option<Issued>), Failure> {
    let app = needed_app(account.login, ports)?;
    if app.id.is_empty() {
        return Err(Failure::message(
            Exit::Failure,
            "IGSYNC_APP_ID must be set for this",
            "copy the app id of this login from the app's dashboard",
        ));
    }
    check_stdout(ui, show)?;
    // Whoever can guess it can slip a login of their own in.
    let state = getrandom::u64().map_err(|error| {
        let message = format!("the system provides no random numbers: {error}");
        Failure::message(Exit::Failure, message, "run it again")
    })?;
    let state = format!("{state:016x}");
    let version = session.settings.graph_version.as_deref().unwrap_or(igsync_instagram::wire::NEWEST_VERSION);
    ui.terminal.say(&report::auth::steps_by_browser(account.login, &app.id, redirect, &state, version));
    let answer = ask(ui, "the address that the browser then shows (hidden as you type)")?;
    let code = code_of(&answer, &state)?;
    // The code speaks for itself; the app's token only fills the place of one.
    let nobody = app.token().map_err(|error| Failure::message(Exit::Failure, error, "check the app id and secret"))?;
    let client = new_client(session, account, nobody, ports)?;
    let short = client.exchange_code(&app, &code, redirect).await.map_err(|error| {
        let help = "a code works once, within an hour, with exactly the redirect URI it was asked for: start again";
        error.api().map_or_else(|| failed(&error), |api| Failure::message(Exit::Account, api, help))
    })?;
    let client = new_client(session, account, short.token.clone(), ports)?;
    let long = client.exchange_token(&app).await.map_err(|error| failed(&error))?;
    Ok((short.token, Some(long)))
}

fn ask(ui: &Ui, prompt: &str) -> Result<String, Failure> {
    ui.terminal.ask_secret(prompt).map_err(|error| {
        Failure::message(Exit::Failure, format!("nothing could be read: {error}"), "run it on a terminal")
    })
}

fn new_client(session: &TokenSession, account: &Account, token: AccessToken, ports: &Ports) -> Result<Client, Failure> {
    credentials::client(account.login, token, &session.settings, &session.transport, ports).map_err(Failure::halted)
}

/// The code in a redirect's address, or the code itself.
fn code_of(answer: &str, state: &str) -> Result<String, Failure> {
    let begin_again = "run `igsync auth login` again and sign in once more";
    let Ok(url) = url::Url::parse(answer) else {
        let code = answer.trim_end_matches("#_");
        let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_graphic());
        return if is_code {
            Ok(code.to_owned())
        } else {
            Err(Failure::message(Exit::Failure, "the pasted text contains no code", begin_again))
        };
    };
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if value("error").is_some() {
        return Err(Failure::message(Exit::Account, "the permissions were refused in the browser", begin_again));
    }
    if value("state").is_some_and(|given| given != state) {
        return Err(Failure::message(Exit::Failure, "the address belongs to another login", begin_again));
    }
    value("code").ok_or_else(|| Failure::message(Exit::Failure, "there is no code in this address", begin_again))
}

fn check_owner(account: &Account, found: &[Identity]) -> Result<(), Failure> {
    let fits = |identity: &Identity| {
        account.user_id.as_ref().is_none_or(|user| *user == identity.user_id)
            && match (&account.username, &identity.username) {
                (Some(wanted), Some(name)) => wanted.eq_ignore_ascii_case(name),
                _ => true,
            }
    };
    if found.iter().any(fits) {
        return Ok(());
    }
    Err(Failure::message(
        Exit::Refused,
        format!("this token does not reach the account that igsync.yaml calls {}", account.name),
        "sign in with the right account, or correct user_id and username in igsync.yaml",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_the_address_or_alone() {
        for answer in ["https://a.example/?code=C1&state=s#_", "https://a.example/?code=C1#_", "C1#_", "C1"] {
            assert_eq!(code_of(answer, "s").unwrap(), "C1", "{answer}");
        }
    }

    #[test]
    fn a_refusal_and_a_foreign_state_are_said_without_the_address() {
        for (answer, exit) in [
            ("https://a.example/?error=access_denied&error_reason=user_denied&code=canary", Exit::Account),
            ("https://a.example/?code=canary&state=other", Exit::Failure),
            ("https://a.example/?x=canary", Exit::Failure),
            ("canary canary", Exit::Failure),
        ] {
            let failure = code_of(answer, "s").unwrap_err();
            assert_eq!(failure.exit, exit, "{answer}");
            assert!(!format!("{:?}", failure.report).contains("canary"), "{answer}");
        }
    }
}
