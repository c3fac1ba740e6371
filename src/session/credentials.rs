//! Secrets of the environment: where an account's token and the app's secret come from, and the client
//! that is made with them.

use std::sync::Arc;

use crate::engine::instagram::refusal;
use crate::process::{self, Call, Environment, Limits, Problem, Secrets, TalksTo};
use igsync_apply::{Cause, Halt};
use igsync_base::text::tokens::is_meta_token;
use igsync_instagram::{AccessToken, App, AppSecret, Client, Endpoint, Error, Flavour, Timing};
use igsync_model::config::{Account, Config, Hosting, Login, Settings, TokenSource};
use igsync_ports::Transport;

use super::ports::Ports;

/// The way to the API of one account, with the token that its source holds.
pub(crate) async fn connect(
    account: &Account,
    config: &Config,
    settings: &Settings,
    transport: &Arc<dyn Transport>,
    ports: &Ports,
) -> Result<Client, Halt> {
    let text = token_text(account, config, settings, ports).await?;
    let token = AccessToken::from_text(&text)
        .map_err(|error| account_halt(format!("account {}: {error}", account.name), error.help()))?;
    if is_of_the_other_login(account, &token) {
        return Err(of_the_other_login(account));
    }
    client(account.login, token, settings, transport, ports).map(|client| proven(client, ports))
}

/// Proves every call where the app's secret is known.
pub(crate) fn proven(client: Client, ports: &Ports) -> Client {
    match ports.env.get("IGSYNC_APP_SECRET").map(AppSecret::from_text) {
        Some(Ok(secret)) => client.with_app_secret(secret),
        _ => client,
    }
}

/// A client for this token; proves nothing.
pub(crate) fn client(
    login: Login,
    token: AccessToken,
    settings: &Settings,
    transport: &Arc<dyn Transport>,
    ports: &Ports,
) -> Result<Client, Halt> {
    let (base, upload) = (settings.graph_url.clone(), settings.upload_url.clone());
    let endpoint = Endpoint::new(flavour(login), base, upload, settings.graph_version.clone())
        .map_err(|error| account_halt(error, "correct IGSYNC_GRAPH_URL"))?;
    let timing = Timing { call_timeout: settings.http_timeout, max_skew: settings.max_skew, ..Timing::default() };
    Ok(Client::new(endpoint, token, Arc::clone(transport), Arc::clone(&ports.clock), timing))
}

/// The app of the environment. Facebook Login needs both parts, Instagram Login the secret alone.
pub(crate) fn app(ports: &Ports) -> Option<App> {
    let secret = ports.env.get("IGSYNC_APP_SECRET")?;
    Some(App::new(ports.env.get("IGSYNC_APP_ID").unwrap_or_default(), secret))
}

/// A token that says by its first letters that no host of this login takes it: no call is needed to know.
fn of_the_other_login(account: &Account) -> Halt {
    let (begins, theirs, ours) = match account.login {
        Login::Instagram => ("EAA", "facebook", "instagram"),
        Login::Facebook => ("IG", "instagram", "facebook"),
    };
    account_halt(
        format!(
            "the token for account {} begins with {begins}, as those of `login: {theirs}` do, and the account has \
             `login: {ours}`",
            account.name
        ),
        &format!("set `login: {theirs}` for account {}, or use a token of the other login", account.name),
    )
}

/// The end of an account's run when the token was refused, with the reason that Meta does not give.
pub(crate) fn refused(account: &Account, client: &Client, error: &Error) -> Halt {
    let halt = Halt::unreachable(&refusal(error));
    let is_unreadable = error.codes().is_some_and(|(code, _)| code == 190);
    if !is_unreadable || !is_of_the_other_login(account, client.token()) {
        return halt;
    }
    let (this, other) = match account.login {
        Login::Instagram => ("Instagram", "facebook"),
        Login::Facebook => ("Facebook", "instagram"),
    };
    let help = format!("set `login: {other}` for account {}, or use a token of {this} Login", account.name);
    Halt { help, ..halt }
}

/// As [`refused`], for a command that only reads: nothing was done that is to be found out.
pub(crate) fn unread(account: &Account, client: &Client, error: &Error) -> Halt {
    read_again(refused(account, client, error), error)
}

/// What helps where a read failed by nobody's fault.
pub(crate) fn read_again(halt: Halt, error: &Error) -> Halt {
    let help = "run the same command again".to_owned();
    if matches!(error, Error::Unclear { .. }) { Halt { help, ..halt } } else { halt }
}

pub(crate) fn is_of_the_other_login(account: &Account, token: &AccessToken) -> bool {
    token.looks_like().is_some_and(|looks| looks != flavour(account.login))
}

pub(crate) fn flavour(login: Login) -> Flavour {
    match login {
        Login::Instagram => Flavour::Instagram,
        Login::Facebook => Flavour::Facebook,
    }
}

/// Reads the token from where the configuration says it is.
async fn token_text(account: &Account, config: &Config, settings: &Settings, ports: &Ports) -> Result<String, Halt> {
    match &account.token {
        TokenSource::Env(names) => {
            names.iter().find_map(|name| ports.env.get(name)).map(str::to_owned).ok_or_else(|| {
                account_halt(
                    format!("account {} has no token: {} is not set", account.name, names.join(" or ")),
                    "set it to a long-lived access token, or try igsync without one: apply --sandbox",
                )
            })
        }
        TokenSource::Command(words) => run_command(account, words, config, settings).await,
    }
}

/// Names of the variables that hold secrets of igsync: no other program is given them.
pub(crate) fn secret_variables(config: &Config) -> Vec<String> {
    let tokens = config.accounts.iter().flat_map(|account| account.token_variables().iter().cloned());
    let hosting = config.accounts.iter().filter_map(|account| account.hosting.as_ref());
    let keys = hosting.flat_map(Hosting::key_variables).map(|name| (*name).to_owned());
    let own = ["IGSYNC_ACCESS_TOKEN", "IGSYNC_APP_SECRET"].map(str::to_owned);
    let mut names: Vec<String> = tokens.chain(keys).chain(own).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the programs that igsync starts are given of its environment: no token of any account, whatever its variable
/// is called, no secret of the app, no key of an object store that igsync itself writes to.
pub(crate) fn environment(config: &Config) -> Environment {
    Environment::without(&Secrets::named(secret_variables(config)).and_texts(is_meta_token))
}

/// So much is read of what a token command prints, in bytes. A token has a few hundred.
const TOKEN_OUTPUT: u64 = 64 * 1024;

async fn run_command(
    account: &Account,
    words: &[String],
    config: &Config,
    settings: &Settings,
) -> Result<String, Halt> {
    let help = "run the command by hand; it must print the token and nothing else, and exit by itself \
                (it sees no IGSYNC_ variable and no token of another account)";
    let Some((program, arguments)) = words.split_first() else {
        return Err(account_halt(format!("account {} has an empty token command", account.name), help));
    };
    let call = Call {
        program: program.into(),
        arguments: arguments.iter().map(Into::into).collect(),
        folder: None,
        environment: environment(config),
        talks_to: TalksTo::Person,
        limits: Limits { time: settings.token_timeout, output: TOKEN_OUTPUT, said: TOKEN_OUTPUT },
    };
    let output = process::run(call).await.map_err(|problem| {
        let what = match problem {
            Problem::NotStarted(error) => format!("could not be run: {error}"),
            Problem::TooSlow => {
                format!("printed no token within {} s and was stopped", settings.token_timeout.as_secs_f64())
            }
            Problem::TooMuch => format!("printed more than {} KiB and was stopped", TOKEN_OUTPUT / 1024),
            Problem::Lost(error) => format!("was lost: {error}"),
        };
        account_halt(format!("the token command `{program}` {what}"), help)
    })?;
    if !output.status.success() {
        return Err(account_halt(format!("the token command `{program}` failed ({})", output.status), help));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

pub(crate) fn account_halt(reason: impl std::fmt::Display, help: &str) -> Halt {
    Halt { cause: Cause::Account, reason: reason.to_string(), help: help.to_owned() }
}
