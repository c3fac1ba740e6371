//! `auth inspect`: is the token good, how long, and good enough for the manifests?

use jiff::Timestamp;

use crate::cli::{AuthInspect, Global, OutputFormat};
use crate::exit::Exit;
use crate::report;
use crate::report::auth::TokenReport;
use crate::session::connect::{Connector, identify};
use crate::session::load::load_anywhere;
use crate::session::project::Project;
use crate::session::token::{debug, needs, unreachable};
use crate::session::{credentials, expiry};
use igsync_instagram::scopes::{self, Needs};
use igsync_instagram::{Client, Expiry, TokenFacts};
use igsync_model::config::{Account, Login};

use super::super::{Ended, Failure, Ports, Ui, write_stdout};

pub(super) async fn run(global: &Global, args: &AuthInspect, ports: &Ports, ui: &Ui) -> Ended {
    let project = ui.noted(load_anywhere(&global.place(), ports).await)?;
    if project.configuration_errors() {
        super::super::findings::show_findings(&project, ports, ui);
        return Ok(Exit::Failure);
    }
    let connector = Connector::open(&project, ports).await?;
    let mut reports = Vec::new();
    for account in chosen(&project, &args.account)? {
        let needs = needs(project.posts.iter().map(|post| &**post), &account.name);
        let report = match connector.client(account, &project, ports).await {
            Ok(client) => facts(account, &project, &client, needs, ports).await?,
            Err(halt) => TokenReport::unusable(account, halt.reason, halt.help, ports.clock.now()),
        };
        reports.push(report);
    }
    let min_days = args.min_days.map(i64::from);
    write_stdout(
        ui,
        &match args.format {
            OutputFormat::Human => ui.terminal.program.commands(&report::auth::tokens(&reports, min_days)),
            OutputFormat::Json => report::auth::tokens_json(&reports),
        },
    )?;
    let is_bad = reports.iter().any(|report| !report.is_good(min_days));
    if min_days.is_some() && reports.iter().any(|report| report.is_valid && report.expires.is_none()) {
        ui.terminal.say(
            "note: Meta reports the expiry of an Instagram Login token only when it issues one; this token was \
             issued elsewhere, so run `auth refresh` every month: it prints the new date",
        );
    }
    Ok(if is_bad { Exit::Account } else { Exit::Done })
}

/// The named accounts, or all.
pub(in crate::commands) fn chosen<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Account>, Failure> {
    let accounts = &project.config.accounts;
    if let Some(name) = names.iter().find(|name| !accounts.iter().any(|account| account.name.as_str() == **name)) {
        let known: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
        let help = format!("igsync.yaml has: {}", known.join(", "));
        return Err(Failure::message(Exit::Usage, format!("there is no account `{name}`"), help));
    }
    let is_chosen = |account: &&Account| names.is_empty() || names.iter().any(|name| *name == *account.name.as_str());
    Ok(accounts.iter().filter(is_chosen).collect())
}

/// Everything Meta reports about the token of one account. Only a Meta that cannot be reached is an error.
pub(in crate::commands) async fn facts(
    account: &Account,
    project: &Project,
    client: &Client,
    needs: Needs,
    ports: &Ports,
) -> Result<TokenReport, Failure> {
    let (user, settings) = (project.user_of(account), &project.settings);
    let user = user.as_ref();
    let answered = match account.login {
        Login::Facebook => debug(account, client, settings, ports).await?,
        Login::Instagram => None,
    };
    let mut facts = answered.unwrap_or_else(|| TokenFacts::of_validity(None));
    let mut identity = None;
    let mut refused = None;
    if facts.is_valid {
        match identify(client, account, user).await {
            Ok(Ok(found)) => identity = Some(found),
            Ok(Err(halt)) => {
                refused = Some(halt);
                facts.is_valid = false;
            }
            Err(error) => return Err(unreachable(&error)),
        }
    }
    let (problem, help) = if let Some(halt) = refused {
        (Some(halt.reason), Some(halt.help))
    } else {
        let problem = facts.problem.as_ref();
        (problem.map(ToString::to_string), problem.map(|problem| problem.known().remedy.to_owned()))
    };
    let flavour = credentials::flavour(account.login);
    let missing = facts.scopes.as_ref().map(|held| scopes::missing(flavour, needs, held)).unwrap_or_default();
    let now: Timestamp = client.server_now();
    let noted = || expiry::recall(&*ports.disk, &project.paths.expiry(), client.token()).map(Expiry::At);
    Ok(TokenReport {
        account: account.name.clone(),
        login: account.login,
        user_id: identity.as_ref().map(|identity| identity.user_id.clone()).or_else(|| user.cloned()),
        username: identity.and_then(|identity| identity.username),
        is_valid: facts.is_valid,
        help,
        problem,
        expires: facts.expires.or_else(noted),
        data_access_ends: facts.data_access_ends,
        needed: scopes::needed(flavour, needs),
        held: facts.scopes,
        missing,
        now,
    })
}
