//! Which accounts a post is for.

use super::written::{At, Written};
use crate::config::{Account, Config};
use crate::id::AccountName;
use crate::rules;
use crate::yaml::{Problems, closest, shown};

/// The accounts to publish on; empty: a finding says why.
pub(super) fn accounts<'c>(config: &'c Config, written: &Written, problems: &mut Problems<'_>) -> Vec<&'c Account> {
    let known: Vec<&str> = config.accounts.iter().map(|account| account.name.as_str()).collect();
    let Some(list) = &written.accounts else {
        let account = match config.accounts.as_slice() {
            [only] => Some(only),
            _ => config.default_account.as_ref().and_then(|name| config.account(name)),
        };
        // A list that could not be read is there all the same, and has its finding.
        if account.is_none() && !written.has("accounts") {
            let span = written.name_span("kind").unwrap_or(0..0);
            let message = "the post names no account, and there are several";
            problems.report(&rules::NO_ACCOUNT, &span, message, "no `accounts`").help =
                Some(format!("add `accounts: [{}]`, or set `default_account` in igsync.yaml", known.join(" or ")));
        }
        return account.into_iter().collect();
    };
    if list.value.is_empty() {
        list.report(problems, &rules::NO_ACCOUNT, "the list of accounts is empty", "no account").help =
            Some("name one, or remove `accounts`; `draft: true` keeps a post from going out".into());
    }
    let mut accounts: Vec<&Account> = Vec::with_capacity(list.value.len());
    for name in &list.value {
        match config.account(&name.value) {
            Some(account) if accounts.iter().any(|other| other.name == account.name) => {}
            Some(account) => accounts.push(account),
            None => {
                let meant = closest(name.value.as_str(), known.iter().copied());
                let label = meant.map_or_else(|| "not an account".into(), |name| format!("did you mean `{name}`?"));
                let message = format!("there is no account `{}`", shown(name.value.as_str()));
                name.report(problems, &rules::UNKNOWN_ACCOUNT, message, label).help =
                    Some(format!("igsync.yaml has: {}", known.join(", ")));
            }
        }
    }
    accounts
}

/// Accounts that a `_defaults.yaml` above does not allow.
pub(super) fn narrowed(accounts: Option<&At<Vec<At<AccountName>>>>, outer: &Written, problems: &mut Problems<'_>) {
    let (Some(accounts), Some(allowed)) = (accounts, &outer.accounts) else { return };
    for name in &accounts.value {
        if !allowed.value.iter().any(|allowed| allowed.value == name.value) {
            let file = allowed.origin.as_ref().map_or("_defaults.yaml", |source| source.name.as_str());
            name.report(
                problems,
                &rules::ACCOUNTS_WIDENED,
                format!("`{}` is not among the accounts of this folder", shown(name.value.as_str())),
                format!("not in {file}"),
            )
            .help = Some(format!("add it to `accounts` in {file}, or move the manifest"));
        }
    }
}
