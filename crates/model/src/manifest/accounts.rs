//! Which accounts a post is for, and what a `_defaults.yaml` above does not leave to it.

use std::collections::HashSet;

use super::written::{At, List, Written};
use crate::config::{Account, Config};
use crate::yaml::{Problems, listed, shown};
use igsync_base::id::AccountName;
use igsync_base::rules;

/// The accounts to publish on; empty: a finding says why.
pub(super) fn accounts<'c>(config: &'c Config, written: &Written, problems: &mut Problems<'_>) -> Vec<&'c Account> {
    let known = || config.accounts.iter().map(|account| account.name.as_str());
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
                Some(format!("add `accounts: [{}]`, or set `default_account` in igsync.yaml", listed(known(), " or ")));
        }
        return account.into_iter().collect();
    };
    if list.value.is_empty() {
        list.report(problems, &rules::NO_ACCOUNT, "the list of accounts is empty", "no account").help =
            Some("name one, or remove `accounts`; `draft: true` keeps a post from going out".into());
    }
    let mut accounts: Vec<&Account> = Vec::with_capacity(list.value.len());
    let mut seen: HashSet<&AccountName> = HashSet::with_capacity(list.value.len());
    let mut all_known = None;
    for name in list.value.iter() {
        match config.account(&name.value) {
            Some(account) if seen.insert(&account.name) => accounts.push(account),
            Some(_) => {}
            None => {
                let meant = problems.closest(name.value.as_str(), known());
                let label = meant.map_or_else(|| "not an account".into(), |name| format!("did you mean `{name}`?"));
                let message = format!("there is no account `{}`", shown(name.value.as_str()));
                name.report(problems, &rules::UNKNOWN_ACCOUNT, message, label).help =
                    Some(format!("igsync.yaml has: {}", all_known.get_or_insert_with(|| listed(known(), ", "))));
            }
        }
    }
    accounts
}

/// Accounts that a `_defaults.yaml` above does not allow.
pub(super) fn narrowed(accounts: Option<&List<AccountName>>, outer: &Written, problems: &mut Problems<'_>) {
    let (Some(accounts), Some(allowed)) = (accounts, &outer.accounts) else { return };
    let names: HashSet<&AccountName> = allowed.value.iter().map(|allowed| &allowed.value).collect();
    for name in accounts.value.iter() {
        if !names.contains(&name.value) {
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

/// Keeps a draft what a `_defaults.yaml` above calls one: its one line holds a whole campaign back.
pub(super) fn stays_draft(written: &mut Written, outer: &Written, problems: &mut Problems<'_>) {
    let Some(above) = outer.draft.as_ref().filter(|draft| draft.value) else { return };
    if let Some(own @ At { value: false, .. }) = &written.draft {
        let file = above.origin.as_ref().map_or("_defaults.yaml", |source| source.name.as_str());
        let label = format!("`draft: true` in {file}");
        own.report(problems, &rules::DRAFT_LIFTED, "the folder of this manifest holds drafts only", label).help =
            Some(format!("remove `draft: true` from {file} to release all of them, or move the manifest"));
        written.draft = Some(above.clone());
    }
}
