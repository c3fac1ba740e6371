//! `igsync.yaml` to [`Config`].

mod branch;
mod hosting;
mod shared;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use self::branch::unusable_branch;
pub(crate) use self::shared::hashtag;
use self::shared::{hashtags, shared};
use super::load::usual_token;
use super::schema::{ACCOUNT_LIMIT, Account, Config, Defaults, Git, Login, Paused, Push, TokenSource};
use crate::schedule::Schedule;
use crate::yaml::{Entry, Fields, Node, Problems, Value, listed, shown};
use igsync_base::finding::Severity;
use igsync_base::id::{AccountName, UserId};
use igsync_base::rules;

pub(super) const FIELDS: &[&str] = &[
    "accounts",
    "default_account",
    "posts",
    "timezone",
    "defaults",
    "hashtag_sets",
    "limits",
    "schedule",
    "media",
    "git",
    "rules",
    "paused",
];
pub(super) const ACCOUNT_FIELDS: &[&str] = &[
    "user_id",
    "username",
    "login",
    "token",
    "allow_delete",
    "timezone",
    "defaults",
    "limits",
    "schedule",
    "media",
    "paused",
];

/// What the environment says about every account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Global {
    pub login: Login,
    pub paused: Option<Paused>,
}

/// The configuration of a content root without `igsync.yaml`, its account still missing.
pub(super) fn empty(_: Global) -> Config {
    Config {
        accounts: Vec::new(),
        default_account: None,
        posts: None,
        hashtag_sets: BTreeMap::new(),
        git: Git { push: Push::Auto, branch: None, state_branch: None },
        rules: BTreeMap::new(),
    }
}

/// An account with nothing but defaults.
pub(super) fn account_from_defaults(name: AccountName, global: Global) -> Account {
    Account {
        user_id: None,
        username: None,
        login: global.login,
        token: usual_token(&name),
        name,
        timezone: None,
        defaults: Defaults::default(),
        max_publish_per_run: 5,
        max_delete_per_run: 1,
        allow_delete: false,
        schedule: Schedule::default(),
        hosting: None,
        convert: false,
        fit: None,
        paused: global.paused,
    }
}

/// Stands in where a post's accounts are not known, so that the rest of it can be checked: it takes
/// every field and adds nothing.
pub(crate) fn stand_in() -> Account {
    let global = Global { login: Login::Facebook, paused: None };
    Account { timezone: Some(TimeZone::UTC), ..account_from_defaults(AccountName::new(""), global) }
}

/// Reads the whole file.
pub(super) fn config(node: &Node, global: Global, problems: &mut Problems<'_>) -> Config {
    let mut config = empty(global);
    let mut base = account_from_defaults(AccountName::new("default"), global);
    if node.is_null() {
        return config;
    }
    let Some(fields) = Fields::of(node, "the configuration", problems) else { return config };
    fields.reject_unknown(
        "the configuration",
        FIELDS,
        &[("account", "accounts"), ("folders", "posts"), ("hosting", "media")],
        problems,
    );
    if let Some(sets) = fields.fields("hashtag_sets", problems) {
        for set in sets.entries() {
            let tags = hashtags(&set.value, &set.key, None, problems);
            config.hashtag_sets.insert(set.key.to_string(), tags);
        }
    }
    shared(fields, &mut base, &config.hashtag_sets, problems);
    config.posts = posts(fields, problems);
    config.git = git(fields, problems);
    config.rules = rule_severities(fields, problems);
    accounts(fields, &base, &mut config, problems);
    config
}

fn accounts(fields: Fields<'_>, base: &Account, config: &mut Config, problems: &mut Problems<'_>) {
    let list = fields.fields("accounts", problems);
    if let Some(list) = list {
        if list.entries().is_empty()
            && let Some(entry) = fields.get("accounts")
        {
            problems
                .report(&rules::EMPTY_VALUE, &entry.key_span, "`accounts` names no account", "nothing below")
                .help = Some("remove it to use the account of the environment".into());
        }
        if let Some(entry) = list.entries().get(ACCOUNT_LIMIT) {
            let message = format!("a content root has at most {ACCOUNT_LIMIT} accounts");
            let label = format!("{} here", list.entries().len());
            problems.report(&rules::INVALID_VALUE, &entry.key_span, message, label).help =
                Some("give some of them a content root of their own".into());
        }
        for entry in list.entries().iter().take(ACCOUNT_LIMIT) {
            let account = account(entry, base, &config.hashtag_sets, problems);
            let same = |other: &&Account| other.user_id.is_some() && other.user_id == account.user_id;
            if let Some(other) = config.accounts.iter().find(same) {
                let span = entry_value_span(entry, "user_id");
                problems
                    .report(
                        &rules::DUPLICATE_USER_ID,
                        &span,
                        "two accounts have the same `user_id`",
                        format!("also that of `{}`", other.name),
                    )
                    .help = Some("an account's name is only a label; keep one of them".into());
            }
            config.accounts.push(account);
        }
    } else if fields.get("accounts").is_none() {
        config.accounts.push(base.clone());
    }
    if config.accounts.iter().all(|account| !account.convert) {
        report_idle_fit(fields, problems);
    }
    let Some((name, node)) = fields.text("default_account", problems) else { return };
    let known: Vec<&str> = config.accounts.iter().map(|account| account.name.as_str()).collect();
    if known.contains(&name) {
        config.default_account = Some(AccountName::new(name));
        return;
    }
    let meant = problems.closest(name, known.iter().copied());
    let label = meant.map_or_else(|| "not an account".into(), |name| format!("did you mean `{name}`?"));
    problems
        .report(&rules::DEFAULT_ACCOUNT, &node.span, format!("there is no account `{}`", shown(name)), label)
        .help = Some(format!("`accounts` has: {}", listed(known, ", ")));
}

fn entry_value_span(entry: &Entry, name: &str) -> std::ops::Range<usize> {
    match &entry.value.value {
        Value::Map(entries) => entries
            .iter()
            .find(|entry| &*entry.key == name)
            .map_or_else(|| entry.key_span.clone(), |entry| entry.value.place()),
        _ => entry.key_span.clone(),
    }
}

fn account(
    entry: &Entry,
    base: &Account,
    sets: &BTreeMap<String, Vec<String>>,
    problems: &mut Problems<'_>,
) -> Account {
    let name = AccountName::new(&*entry.key);
    let fits = entry.key.len() <= 64
        && entry.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !fits || entry.key.is_empty() {
        problems
            .report(&rules::ACCOUNT_NAME, &entry.key_span, "this is not a valid account name", "invalid characters")
            .help = Some("use letters, digits, `-` and `_`; the name on Instagram goes into `username`".into());
    }
    let mut account = Account { token: usual_token(&name), name, ..base.clone() };
    if entry.value.is_null() {
        return account;
    }
    let Some(fields) = Fields::of(&entry.value, "an account", problems) else { return account };
    let wrong = [
        ("id", "user_id"),
        ("ig_user_id", "user_id"),
        ("access_token", "token"),
        ("name", "username"),
        ("handle", "username"),
    ];
    fields.reject_unknown("an account", ACCOUNT_FIELDS, &wrong, problems);
    if let Some((text, node)) = fields.text("user_id", problems) {
        if !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            account.user_id = Some(UserId::new(text));
        } else {
            problems
                .report(&rules::INVALID_VALUE, &node.span, "`user_id` is an id of digits", "invalid characters")
                .help = Some("it looks like 17841400000000001; the name on Instagram goes into `username`".into());
        }
    }
    account.username =
        fields.text("username", problems).map(|(text, _)| text.strip_prefix('@').unwrap_or(text).to_owned());
    let logins = [("instagram", Login::Instagram), ("facebook", Login::Facebook)];
    account.login = choice(fields, "login", &logins, problems).unwrap_or(account.login);
    account.token = token(fields, problems).unwrap_or(account.token);
    account.allow_delete = fields.flag("allow_delete", problems).is_some_and(|(flag, _)| flag);
    shared(fields, &mut account, sets, problems);
    // What is said for all accounts is looked at once.
    if !account.convert {
        report_idle_fit(fields, problems);
    }
    account
}

/// Reports that `apply` takes no notice of `media.fit`, at its place.
fn report_idle_fit(fields: Fields<'_>, problems: &mut Problems<'_>) {
    let Some(Value::Map(media)) = fields.get("media").map(|media| &media.value.value) else { return };
    let Some(fit) = media.iter().find(|entry| &*entry.key == "fit") else { return };
    let message = "only `igsync fix` follows `fit`: apply converts no pictures";
    problems.report(&rules::IDLE_FIT, &fit.key_span, message, "without `convert: true`").help =
        Some("add `convert: true` beside it, or remove `fit`".into());
}

/// One of a few words.
fn choice<T: Copy>(
    fields: Fields<'_>,
    name: &str,
    choices: &[(&'static str, T)],
    problems: &mut Problems<'_>,
) -> Option<T> {
    let (text, node) = fields.text(name, problems)?;
    let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let meant = problems.closest(text, words.iter().copied());
        let label = meant.map_or_else(|| "not one of them".into(), |word| format!("did you mean `{word}`?"));
        problems
            .report(&rules::INVALID_VALUE, &node.span, format!("`{name}` cannot be `{}`", shown(text)), label)
            .help = Some(format!("write {}", words.join(" or ")));
    }
    found
}

fn token(fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<TokenSource> {
    let node = &fields.get("token")?.value;
    let how = "write { env: NAME_OF_A_VARIABLE } or { command: [program, argument] }";
    if node.scalar().is_some() {
        problems
            .report(
                &rules::WRONG_TYPE,
                &node.span,
                "`token` names where the token is, never the token itself",
                "text here",
            )
            .help = Some(how.into());
        return None;
    }
    let source = Fields::of(node, "`token`", problems)?;
    source.reject_unknown(
        "`token`",
        &["env", "command"],
        &[("environment", "env"), ("cmd", "command"), ("variable", "env")],
        problems,
    );
    match (source.get("env"), source.get("command")) {
        (Some(_), None) => source.text("env", problems).map(|(name, _)| TokenSource::Env(vec![name.to_owned()])),
        (None, Some(command)) => {
            let words: Vec<String> =
                source.texts("command", problems)?.iter().map(|(text, _)| (*text).to_owned()).collect();
            if words.first().is_none_or(String::is_empty) {
                problems.report(&rules::EMPTY_VALUE, &command.key_span, "the command is empty", "no program").help =
                    Some(how.into());
                return None;
            }
            Some(TokenSource::Command(words))
        }
        (Some(_), Some(second)) => {
            problems
                .report(
                    &rules::CONFLICTING_FIELDS,
                    &second.key_span,
                    "`env` and `command` exclude each other",
                    "the second one",
                )
                .help = Some("keep one of them".into());
            None
        }
        (None, None) => {
            problems
                .report(
                    &rules::MISSING_FIELD,
                    &node.place(),
                    "`token` does not name where the token is",
                    "no `env` or `command`",
                )
                .help = Some(how.into());
            None
        }
    }
}

fn posts(fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let mut folders = Vec::new();
    for (text, node) in fields.texts("posts", problems)? {
        match igsync_base::path::folder(text) {
            Ok(folder) => folders.push(folder),
            Err(refused) => {
                let (message, label, help) = if refused.rule.id == rules::HIDDEN_FILE.id {
                    ("folders of manifests are not hidden", "hidden", "name a folder that does not begin with a dot")
                } else {
                    let help = "write a path relative to the content root, with `/`";
                    ("folders of manifests are inside the content root", "leads outside", help)
                };
                problems.report(&rules::POSTS_FOLDER, &node.span, message, label).help = Some(help.into());
            }
        }
    }
    Some(folders)
}

fn git(fields: Fields<'_>, problems: &mut Problems<'_>) -> Git {
    let mut git = Git { push: Push::Auto, branch: None, state_branch: None };
    let Some(fields) = fields.fields("git", problems) else { return git };
    fields.reject_unknown("`git`", &["push", "branch", "state_branch"], &[], problems);
    if let Some(entry) = fields.get("push") {
        git.push = match entry.value.as_bool() {
            Some(true) => Push::Always,
            Some(false) => Push::Never,
            None => {
                let words = [("auto", Push::Auto), ("always", Push::Always), ("never", Push::Never)];
                choice(fields, "push", &words, problems).unwrap_or(Push::Auto)
            }
        };
    }
    git.branch = branch(fields, "branch", problems);
    git.state_branch = branch(fields, "state_branch", problems);
    if git.state_branch.is_some()
        && git.state_branch == git.branch
        && let Some(entry) = fields.get("state_branch")
    {
        problems
            .report(
                &rules::CONFLICTING_FIELDS,
                &entry.value.span,
                "`state_branch` is the branch of the content",
                "the same as `branch`",
            )
            .help = Some("name a branch that only igsync writes to, or leave state_branch out".into());
    }
    git
}

/// A branch by its short name; null is none.
fn branch(fields: Fields<'_>, name: &str, problems: &mut Problems<'_>) -> Option<String> {
    if fields.get(name)?.value.is_null() {
        return None;
    }
    let (text, node) = fields.text(name, problems)?;
    let Some(why) = unusable_branch(text) else { return Some(text.to_owned()) };
    problems
        .report(&rules::INVALID_VALUE, &node.place(), format!("`{name}` is not a branch name"), "not a branch")
        .help = Some(why.into());
    None
}

fn rule_severities(fields: Fields<'_>, problems: &mut Problems<'_>) -> BTreeMap<&'static str, Option<Severity>> {
    let mut severities = BTreeMap::new();
    let Some(fields) = fields.fields("rules", problems) else { return severities };
    for entry in fields.entries() {
        let Some(rule) = rules::find(&entry.key) else {
            let meant = problems.closest(&entry.key, rules::ALL.iter().map(|rule| rule.name));
            let label = meant.map_or_else(|| "not a rule".into(), |name| format!("did you mean `{name}`?"));
            problems
                .report(
                    &rules::UNKNOWN_RULE,
                    &entry.key_span,
                    format!("there is no rule `{}`", shown(&entry.key)),
                    label,
                )
                .help = Some("rules have ids such as IGS2101 and names such as caption-too-long".into());
            continue;
        };
        if rule.id.starts_with("IGS1") || rule.id.starts_with("IGS4") {
            problems
                .report(
                    &rules::UNKNOWN_RULE,
                    &entry.key_span,
                    format!("the rule `{}` cannot be changed", rule.name),
                    "always an error",
                )
                .help = Some("rules of content (IGS2…) and media (IGS3…) can".into());
            continue;
        }
        let words = [("error", Some(Severity::Error)), ("warn", Some(Severity::Warning)), ("off", None)];
        if let Some(severity) = choice(fields, &entry.key, &words, problems) {
            severities.insert(rule.id, severity);
        }
    }
    severities
}
