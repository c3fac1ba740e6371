//! What the command line asks of a feed: whose, from when on, and which matches a person has confirmed.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::{Import, Since};
use crate::exit::Exit;
use crate::session::Failure;
use crate::session::project::Project;
use crate::session::subject::check_account;
use igsync_model::config::Account;
use igsync_model::import::Matching;
use igsync_model::manifest::Post;

pub(super) fn account_of(project: &Project, args: &Import) -> Result<Account, Failure> {
    check_account(project, args.account.as_deref())?;
    let config = &project.config;
    let named = match &args.account {
        Some(name) => config.accounts.iter().find(|account| account.name.as_str() == name),
        None => match config.accounts.as_slice() {
            [only] => Some(only),
            _ => config.default_account.as_ref().and_then(|name| config.account(name)),
        },
    };
    named.cloned().ok_or_else(|| {
        let first = config.accounts.first().map_or_else(|| "NAME".to_owned(), |account| account.name.to_string());
        Failure::message(Exit::Usage, "there are several accounts", format!("choose one: --account {first}"))
    })
}

pub(super) fn zone_of(account: &Account) -> TimeZone {
    account.timezone.clone().unwrap_or(TimeZone::UTC)
}

/// From when on posts are asked for.
pub(super) fn since(args: &Import, account: &Account) -> Option<Timestamp> {
    Some(match args.since? {
        Since::Time(time) => time,
        Since::Day(day) => {
            let zone = zone_of(account);
            zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().unwrap_or(Timestamp::MIN)
        }
    })
}

pub(super) fn matching(args: &Import, posts: &[Arc<Post>]) -> Result<Matching, Failure> {
    if args.matching.iter().any(|name| name == "all") {
        return Ok(Matching::All);
    }
    let mut keys = BTreeSet::new();
    for name in &args.matching {
        let bare = name.strip_prefix("./").unwrap_or(name);
        let post = posts.iter().find(|post| post.key.as_str() == bare || *post.file == *bare);
        let Some(post) = post else {
            let message = format!("{name} is no manifest of this account");
            return Err(Failure::message(Exit::Usage, message, "name a key, the path of a manifest, or all"));
        };
        keys.insert(post.key.clone());
    }
    Ok(if keys.is_empty() { Matching::None } else { Matching::Keys(keys) })
}
