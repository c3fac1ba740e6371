//! Posts and records compared as the flags of plan and apply ask for.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cli::Scope;
use crate::exit::Exit;
use crate::session::project::Project;
use crate::session::{Failure, Ports};
use igsync_base::id::{AccountName, AttemptId, PostKey};
use igsync_model::config::{Account, Login, Paused};
use igsync_model::plan::{AccountView, Options, Plan, Premises, Selection};

/// By what time posts are due: what the person says, else the server's where it was asked, else this machine's.
/// The sandbox in this process knows no time of its own that posts were dated by.
pub(super) fn due_by(project: &Project, scope: &Scope, server: Option<Timestamp>, ports: &Ports) -> Timestamp {
    let server = server.filter(|_| !project.sandbox);
    scope.now.or(server).unwrap_or_else(|| ports.clock.now())
}

/// Compares posts and records as the flags ask for. `settled` are the attempts that this run has proven
/// not to be live; posts are due by `now`.
pub(super) fn make(
    project: &Project,
    scope: &Scope,
    settled: BTreeSet<AttemptId>,
    now: Timestamp,
) -> Result<Plan, Failure> {
    check_names(project, scope)?;
    Ok(premises(project, scope, settled, now).plan(&project.snapshot.records))
}

/// Everything that decides a plan but the records.
pub(super) fn premises(project: &Project, scope: &Scope, settled: BTreeSet<AttemptId>, now: Timestamp) -> Premises {
    let accounts: Vec<AccountView> = project.config.accounts.iter().map(|account| view(project, account)).collect();
    let names = scope.account.iter().map(|name| AccountName::from(name.as_str()));
    let selection = Selection::new(names, &scope.target, &scope.exclude);
    Premises {
        posts: project.posts.clone(),
        accounts,
        now,
        complete: project.complete,
        selection,
        options: Options {
            include_late: scope.include_late,
            retry_failed: scope.retry_failed,
            allow_empty: scope.allow_empty,
            allow_new_lock: scope.allow_new_lock,
            allow_delete: scope.allow_delete,
            allow_duplicate: scope.allow_duplicate.iter().map(|key| PostKey::from(key.as_str())).collect(),
            max_publish: scope.max_publish,
            wait: scope.wait,
            has_lockfile: project.snapshot.has_lockfile,
            is_sandbox: project.sandbox,
            ephemeral_lockfile: project.ephemeral.clone(),
            graph_base: project.settings.graph_url.as_ref().map(ToString::to_string).filter(|_| !project.sandbox),
            settled,
            live: project.live.clone(),
            reopened: project.reopened.clone(),
            shown: project.shown.clone(),
            branch: project.branch.clone(),
            arrivals: project.arrivals.clone(),
            reviewed: project.reviewed.clone(),
        },
    }
}

/// Accounts whose live posts this run may delete, where a manifest orders it.
pub(super) fn may_delete(project: &Project, scope: &Scope) -> BTreeSet<AccountName> {
    let may = |account: &&Account| scope.allow_delete && account.allow_delete && account.paused.is_none();
    project.config.accounts.iter().filter(may).map(|account| account.name.clone()).collect()
}

fn view(project: &Project, account: &Account) -> AccountView {
    AccountView {
        name: account.name.clone(),
        user_id: project.user_of(account),
        username: account.username.clone(),
        timezone: account.timezone.clone(),
        max_publish_per_run: account.max_publish_per_run,
        max_delete_per_run: account.max_delete_per_run,
        allow_delete: account.allow_delete,
        can_delete: account.login == Login::Facebook,
        schedule: account.schedule.clone(),
        paused: account.paused.map(|paused| match paused {
            Paused::Configuration => "`paused: true` is set in igsync.yaml".to_owned(),
            Paused::Environment => "IGSYNC_PAUSED is set".to_owned(),
        }),
    }
}

/// A misspelt account would otherwise silently select nothing.
fn check_names(project: &Project, scope: &Scope) -> Result<(), Failure> {
    for key in &scope.allow_duplicate {
        if !project.posts.iter().any(|post| post.key.as_str() == key) {
            return Err(Failure::message(
                Exit::Usage,
                format!("--allow-duplicate: there is no post `{key}`"),
                "name a post by its key, as `igsync plan` prints it",
            ));
        }
    }
    for name in &scope.account {
        if !project.config.accounts.iter().any(|account| account.name.as_str() == name) {
            let known: Vec<&str> = project.config.accounts.iter().map(|account| account.name.as_str()).collect();
            return Err(Failure::message(
                Exit::Usage,
                format!("there is no account `{name}`"),
                format!("igsync.yaml has: {}", known.join(", ")),
            ));
        }
    }
    Ok(())
}
