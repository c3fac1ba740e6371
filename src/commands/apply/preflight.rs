//! Permissions that publishing itself does not need, asked for before any container is made: a post
//! that went out without its first comment cannot be fixed by a later run of the same token.

use crate::session::connect::Clients;
use crate::session::credentials::flavour;
use crate::session::project::Project;
use crate::session::token::{debug, needs};
use igsync_apply::{Cause, Halt, Run};
use igsync_base::id::{MediaId, UserId};
use igsync_instagram::{Client, scopes};
use igsync_model::config::{Account, Login};
use igsync_model::plan::Plan;

use super::super::{Ports, Ui};

/// What a token lacks.
#[derive(Default)]
struct Lacking {
    /// Why the account is left alone.
    account: Option<Halt>,
    /// Why nothing of it is deleted.
    deletion: Option<String>,
}

/// Sets accounts aside whose token lacks a permission that this run needs. Without the one that only deletions need, only
/// those are left out.
pub(super) async fn check(plan: &Plan, project: &Project, run: &mut Run, clients: &Clients, ports: &Ports, ui: &Ui) {
    // The in-process sandbox's own token may do everything.
    if project.sandbox {
        return;
    }
    run.ask_each(async |account| {
        let name = account.name();
        let lacks = match project.config.account(name).zip(clients.get(name)) {
            Some((configured, client)) => {
                let lacks = missing(configured, client, account.user_id(), plan, project, ports, ui).await;
                if let Some(why) = lacks.deletion {
                    account.bar_deletions(why);
                }
                lacks.account
            }
            None => None,
        };
        lacks.map_or(Ok(()), Err)
    })
    .await;
}

async fn missing(
    account: &Account,
    client: &Client,
    user: &UserId,
    plan: &Plan,
    project: &Project,
    ports: &Ports,
    ui: &Ui,
) -> Lacking {
    let work = plan.changes.iter().filter(|change| change.account == account.name && change.work().is_some());
    let needs = needs(work.filter_map(|change| change.post.as_deref()), &account.name);
    if needs == scopes::Needs::default() {
        return Lacking::default();
    }
    let lacking = match account.login {
        Login::Facebook => {
            // A Meta that cannot be reached is noticed by the next call, which cannot do without.
            let facts = debug(account, client, &project.settings, ports).await.ok().flatten();
            let ends = facts.iter().flat_map(|facts| [facts.expires, facts.data_access_ends]).flatten();
            ui.actions.token(account.name.as_str(), ends.filter_map(|end| end.days_left(ports.clock.now())).min());
            let held = facts.filter(|facts| facts.is_valid).and_then(|facts| facts.scopes);
            held.map(|held| scopes::missing(flavour(account.login), needs, &held))
        }
        Login::Instagram => may_comment(client, user, project)
            .await
            .map(|may| if may { Vec::new() } else { scopes::missing(flavour(account.login), needs, &[]).split_off(2) }),
    };
    let Some(lacking) = lacking else {
        let wanted = scopes::needed(flavour(account.login), needs).join(", ");
        ui.terminal.say(&format!(
            "note: Meta does not report whether the token for {} has the permissions that this run needs: {wanted}",
            account.name
        ));
        return Lacking::default();
    };
    let (deletion, others): (Vec<&str>, Vec<&str>) = lacking.into_iter().partition(|scope| *scope == scopes::DELETION);
    let deletion = (!deletion.is_empty()).then(|| {
        let key = "`igsync lock accept KEY --deleted`";
        format!(
            "the token for {} lacks {}, so nothing is deleted; get a token with this permission (auth login), or delete \
             the post in the app and record that with {key}",
            account.name,
            scopes::DELETION
        )
    });
    let account = (needs.comments && !others.is_empty()).then(|| Halt {
        cause: Cause::Account,
        reason: format!(
            "the token for {} lacks {}, which first comments and comment switches need; nothing was sent",
            account.name,
            others.join(", ")
        ),
        help: "get a token with this permission (auth login), or remove first_comment and comment_enabled".to_owned(),
    });
    Lacking { account, deletion }
}

/// Instagram Login reports no permissions, but reading the comments of a post takes the one that writing
/// them takes. `None`: there is no post to ask about, or the answer says nothing.
async fn may_comment(client: &Client, user: &UserId, project: &Project) -> Option<bool> {
    let records = project.snapshot.records.iter();
    let live = records.filter(|record| record.user_id == *user).filter_map(|record| record.live());
    let newest: &MediaId =
        live.filter(|live| live.media_id.is_some()).max_by_key(|live| live.published_at)?.media_id.as_ref()?;
    match client.comments(newest, 1).await {
        Ok(_) => Some(true),
        Err(error) => match error.codes() {
            Some((10 | 200..=299, _)) => Some(false),
            _ => None,
        },
    }
}
