//! Which post a command is about: a key or the path of a manifest, in one account.

use std::collections::BTreeMap;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::exit::Exit;
use igsync_base::id::{AccountName, PostKey, UserId};
use igsync_model::lockfile::Records;
use igsync_model::manifest::Post;

use super::failure::Failure;
use super::project::Project;

/// One post of one account; it has a manifest, a record, or both.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub key: PostKey,
    pub account: AccountName,
    /// `None`: only the account's token knows.
    pub user_id: Option<UserId>,
    pub post: Option<Arc<Post>>,
}

/// Finds the post that `name` means. Wrong and ambiguous names are usage errors that list what there is.
pub(crate) fn find(project: &Project, records: &Records, name: &str, account: Option<&str>) -> Result<Named, Failure> {
    check_account(project, account)?;
    let name = canonical(name);
    let all = everything(project, records);
    let in_account = |named: &&Named| account.is_none_or(|account| named.account.as_str() == account);
    let by_key = all.iter().filter(in_account).filter(|named| named.key.as_str() == name);
    let mut found: Vec<&Named> = by_key.collect();
    if found.is_empty() {
        let has_path = |named: &&Named| named.post.as_ref().is_some_and(|post| *post.file == *name);
        found = all.iter().filter(in_account).filter(has_path).collect();
    }
    match found.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(no_such_post(&all, &name, account)),
        several => {
            let accounts: Vec<&str> = several.iter().map(|named| named.account.as_str()).collect();
            Err(Failure::message(
                Exit::Usage,
                format!("{name} is a post of several accounts: {}", accounts.join(", ")),
                format!("choose one: --account {}", accounts.first().unwrap_or(&"NAME")),
            ))
        }
    }
}

/// A misspelt account would otherwise look like a misspelt key.
pub(crate) fn check_account(project: &Project, account: Option<&str>) -> Result<(), Failure> {
    let Some(account) = account else { return Ok(()) };
    let known: Vec<&str> = project.config.accounts.iter().map(|known| known.name.as_str()).collect();
    if known.contains(&account) {
        return Ok(());
    }
    Err(Failure::message(
        Exit::Usage,
        format!("there is no account `{account}`"),
        format!("igsync.yaml has: {}", known.join(", ")),
    ))
}

/// The key that `name` has or would have: a manifest's path counts as its key.
pub(crate) fn key_of(project: &Project, name: &str) -> PostKey {
    let name = canonical(name);
    let by_path = project.posts.iter().find(|post| *post.file == *name);
    by_path.map_or_else(|| PostKey::new(name), |post| post.key.clone())
}

fn canonical(name: &str) -> String {
    name.strip_prefix("./").unwrap_or(name).nfc().collect()
}

/// Every post of every account, records and manifests joined.
fn everything(project: &Project, records: &Records) -> Vec<Named> {
    let mut all: BTreeMap<(String, PostKey), Named> = BTreeMap::new();
    for post in &project.posts {
        let identity = post.user_id.as_ref().map_or_else(|| format!("@{}", post.account), ToString::to_string);
        let named = Named {
            key: post.key.clone(),
            account: post.account.clone(),
            user_id: post.user_id.clone(),
            post: Some(Arc::clone(post)),
        };
        all.insert((identity, post.key.clone()), named);
    }
    for attempts in records.posts() {
        let Some(record) = attempts.first() else { continue };
        let account = project
            .config
            .accounts
            .iter()
            .find(|account| project.user_of(account).as_ref() == Some(&record.user_id))
            .map_or_else(|| record.account.clone(), |account| account.name.clone());
        all.entry((record.user_id.to_string(), record.key.clone())).or_insert_with(|| Named {
            key: record.key.clone(),
            account,
            user_id: Some(record.user_id.clone()),
            post: None,
        });
    }
    all.into_values().collect()
}

fn no_such_post(all: &[Named], name: &str, account: Option<&str>) -> Failure {
    let keys = all.iter().filter(|named| account.is_none_or(|account| named.account.as_str() == account));
    let nearest = keys
        .map(|named| named.key.as_str())
        .map(|key| (strsim::damerau_levenshtein(key, name), key))
        .min()
        .filter(|(distance, key)| *distance <= key.len() / 3);
    let help = nearest.map_or_else(
        || "`igsync plan` and `igsync lock list` show the keys".to_owned(),
        |(_, key)| format!("did you mean {key}?"),
    );
    let place = account.map_or_else(String::new, |account| format!(" of account {account}"));
    Failure::message(Exit::Usage, format!("{name} is neither a post nor a record{place}"), help)
}
