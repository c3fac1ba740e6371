//! How many posts fall due when.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::input::{AccountView, Options};
use super::model::{Change, Forecast};
use crate::lockfile::Record;
use igsync_base::id::AccountName;

const QUOTA_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Counts what is due now and at each later due time, per account.
pub(super) fn forecast(
    changes: &[Change],
    records: &[&Record],
    accounts: &[AccountView],
    options: &Options,
    now: Timestamp,
) -> Vec<Forecast> {
    let mut due: BTreeMap<(Timestamp, &AccountName), usize> = BTreeMap::new();
    for change in changes {
        let at = match (&change.action, change.due_at) {
            (Action::Wait, Some(at)) => at,
            _ if change.acts() && change.publishes() => now,
            _ => continue,
        };
        *due.entry((at, &change.account)).or_default() += 1;
    }
    let mut forecast = Vec::new();
    for account in accounts {
        let cap = cap(account, options);
        let mine = || records.iter().filter(|record| account.user_id.as_ref() == Some(&record.user_id));
        let published = || mine().filter_map(|record| record.live()?.published_at);
        // What is live by then, oldest first: what a day's quota sees.
        let mut times: Vec<Timestamp> = if due.keys().any(|(_, name)| **name == account.name) {
            published().filter(|at| now.duration_since(*at) < QUOTA_WINDOW).collect()
        } else {
            continue;
        };
        times.sort_unstable();
        for ((at, _), posts) in due.iter().filter(|((_, name), _)| **name == account.name) {
            times.extend(std::iter::repeat_n(*at, *posts));
            let in_24h = times.iter().rev().take_while(|time| at.duration_since(**time) < QUOTA_WINDOW).count();
            let deferred = posts.saturating_sub(usize::try_from(cap).unwrap_or(usize::MAX));
            forecast.push(Forecast { account: account.name.clone(), at: *at, posts: *posts, cap, deferred, in_24h });
        }
    }
    forecast.sort_by(|a, b| (a.at, &a.account).cmp(&(b.at, &b.account)));
    forecast
}

pub(super) fn cap(account: &AccountView, options: &Options) -> u32 {
    options.max_publish.unwrap_or(account.max_publish_per_run)
}
