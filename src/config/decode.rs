//! `igsync.yaml` to [`Config`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::load::usual_token;
use super::schema::{Account, Config, Defaults, Fit, Git, Hosting, Login, Paused, Push, Schedule, TokenSource};
use crate::finding::Severity;
use crate::id::{AccountName, UserId};
use crate::manifest::hashtag;
use crate::rules;
use crate::yaml::{Entry, Fields, Node, Problems, Value, closest, shown};

const FIELDS: &[&str] = &[
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
const ACCOUNT_FIELDS: &[&str] =
    &["user_id", "username", "login", "token", "timezone", "defaults", "limits", "schedule", "media", "paused"];

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
        schedule: Schedule { late_after: Duration::from_secs(24 * 60 * 60), min_gap: Duration::ZERO },
        hosting: None,
        convert: false,
        fit: None,
        paused: global.paused,
    }
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
        for entry in list.entries() {
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
    let Some((name, node)) = fields.text("default_account", problems) else { return };
    let known: Vec<&str> = config.accounts.iter().map(|account| account.name.as_str()).collect();
    if known.contains(&name) {
        config.default_account = Some(AccountName::new(name));
        return;
    }
    let meant = closest(name, known.iter().copied());
    let label = meant.map_or_else(|| "not an account".into(), |name| format!("did you mean `{name}`?"));
    problems
        .report(&rules::DEFAULT_ACCOUNT, &node.span, format!("there is no account `{}`", shown(name)), label)
        .help = Some(format!("`accounts` has: {}", known.join(", ")));
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
            .report(&rules::ACCOUNT_NAME, &entry.key_span, "this cannot be an account's name", "other characters here")
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
                .report(&rules::INVALID_VALUE, &node.span, "`user_id` is an id of digits", "other characters here")
                .help = Some("it looks like 17841400000000001; the name on Instagram goes into `username`".into());
        }
    }
    account.username =
        fields.text("username", problems).map(|(text, _)| text.strip_prefix('@').unwrap_or(text).to_owned());
    let logins = [("instagram", Login::Instagram), ("facebook", Login::Facebook)];
    account.login = choice(fields, "login", &logins, problems).unwrap_or(account.login);
    account.token = token(fields, problems).unwrap_or(account.token);
    shared(fields, &mut account, sets, problems);
    account
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
        let meant = closest(text, words.iter().copied());
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
                "`token` says where the token is, never the token itself",
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
                    "`token` does not say where the token is",
                    "no `env` or `command`",
                )
                .help = Some(how.into());
            None
        }
    }
}

/// The fields that stand both at the top and in an account.
fn shared(
    fields: Fields<'_>,
    account: &mut Account,
    sets: &BTreeMap<String, Vec<String>>,
    problems: &mut Problems<'_>,
) {
    if let Some((name, node)) = fields.text("timezone", problems) {
        match TimeZone::get(name) {
            Ok(zone) => account.timezone = Some(zone),
            Err(_) => {
                problems
                    .report(
                        &rules::UNKNOWN_TIMEZONE,
                        &node.span,
                        format!("there is no time zone `{}`", shown(name)),
                        "not a zone",
                    )
                    .help = Some("write a name such as Europe/Berlin or America/New_York".into());
            }
        }
    }
    if let Some(defaults) = fields.fields("defaults", problems) {
        post_defaults(defaults, &mut account.defaults, sets, problems);
    }
    if let Some(limits) = fields.fields("limits", problems) {
        limits.reject_unknown(
            "`limits`",
            &["max_publish_per_run"],
            &[("max_publish", "max_publish_per_run")],
            problems,
        );
        if let Some((count, node)) = limits.count("max_publish_per_run", problems) {
            match u32::try_from(count) {
                Ok(count) => account.max_publish_per_run = count,
                Err(_) => {
                    problems.report(&rules::INVALID_VALUE, &node.span, "this number is too large", "too large");
                }
            }
        }
    }
    if let Some(schedule) = fields.fields("schedule", problems) {
        schedule.reject_unknown("`schedule`", &["late_after", "min_gap"], &[], problems);
        account.schedule.late_after = duration(schedule, "late_after", problems).unwrap_or(account.schedule.late_after);
        account.schedule.min_gap = duration(schedule, "min_gap", problems).unwrap_or(account.schedule.min_gap);
    }
    if let Some(media) = fields.fields("media", problems) {
        media.reject_unknown("`media`", &["hosting", "convert", "fit"], &[("host", "hosting")], problems);
        account.convert = media.flag("convert", problems).map_or(account.convert, |(flag, _)| flag);
        account.fit = choice(media, "fit", &[("pad", Fit::Pad), ("crop", Fit::Crop)], problems).or(account.fit);
        account.hosting = hosting(media, problems).or(account.hosting.take());
    }
    if let Some((flag, _)) = fields.flag("paused", problems) {
        account.paused = match account.paused {
            Some(Paused::Environment) => Some(Paused::Environment),
            _ => flag.then_some(Paused::Configuration),
        };
    }
}

fn post_defaults(
    fields: Fields<'_>,
    defaults: &mut Defaults,
    sets: &BTreeMap<String, Vec<String>>,
    problems: &mut Problems<'_>,
) {
    let known = ["hashtags", "share_to_feed", "collaborators", "location_id"];
    fields.reject_unknown("`defaults`", &known, &[("tags", "hashtags"), ("location", "location_id")], problems);
    if let Some(entry) = fields.get("hashtags") {
        defaults.hashtags = Some(hashtags(&entry.value, "hashtags", Some(sets), problems));
    }
    defaults.share_to_feed = fields.flag("share_to_feed", problems).map(|(flag, _)| flag).or(defaults.share_to_feed);
    if let Some(names) = fields.texts("collaborators", problems) {
        if names.len() > 3 {
            let place = names[3].1.place();
            problems
                .report(
                    &rules::TOO_MANY_COLLABORATORS,
                    &place,
                    "too many collaborators",
                    format!("{} here, 3 allowed", names.len()),
                )
                .help = Some(format!("remove at least {}", names.len() - 3));
        }
        defaults.collaborators =
            Some(names.iter().map(|(name, _)| name.strip_prefix('@').unwrap_or(name).to_owned()).collect());
    }
    if let Some((id, node)) = fields.text("location_id", problems) {
        if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
            defaults.location_id = Some(id.to_owned());
        } else {
            problems
                .report(&rules::INVALID_VALUE, &node.span, "`location_id` is an id of digits", "other characters here")
                .help = Some("use the id of a Facebook Page that has a location".into());
        }
    }
}

/// A list of hashtags as written; `sets`: where `set:NAME` may point.
fn hashtags(
    node: &Node,
    name: &str,
    sets: Option<&BTreeMap<String, Vec<String>>>,
    problems: &mut Problems<'_>,
) -> Vec<String> {
    let Some(nodes) = node.list(name, problems) else { return Vec::new() };
    let mut tags = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(text) = node.text(name, problems) else { continue };
        match (text.strip_prefix("set:"), sets) {
            (Some(set), Some(sets)) if !sets.contains_key(set) => {
                let known: Vec<&str> = sets.keys().map(String::as_str).collect();
                problems
                    .report(
                        &rules::UNKNOWN_HASHTAG_SET,
                        &node.span,
                        format!("there is no hashtag set `{}`", shown(set)),
                        "not a set",
                    )
                    .help = Some(format!(
                    "`hashtag_sets` has: {}",
                    if known.is_empty() { "none".into() } else { known.join(", ") }
                ));
            }
            (Some(_), Some(_)) => tags.push(text.to_owned()),
            (_, _) if hashtag(text).is_some() => tags.push(text.to_owned()),
            (_, _) => {
                problems
                    .report(
                        &rules::INVALID_HASHTAG,
                        &node.span,
                        format!("`{}` is not one hashtag", shown(text)),
                        "not one word",
                    )
                    .help =
                    Some("a hashtag has no spaces and no `#`, `@` or `,` inside; give each its own entry".into());
            }
        }
    }
    tags
}

/// `24h`, `1h 30m`, `90s`.
fn duration(fields: Fields<'_>, name: &str, problems: &mut Problems<'_>) -> Option<Duration> {
    let (text, node) = fields.text(name, problems)?;
    // Friendly durations know no days, whose length changes with the season; here a day is 24 hours.
    let parsed = match text.strip_suffix('d').map(str::trim).and_then(|days| days.parse::<u32>().ok()) {
        Some(days) => Some(Duration::from_secs(u64::from(days) * 24 * 60 * 60)),
        None => text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok()),
    };
    if parsed.is_none() {
        problems
            .report(&rules::INVALID_VALUE, &node.span, format!("`{name}` is a length of time"), "not a length of time")
            .help = Some("write 24h, 90s, 1h 30m or 2d".into());
    }
    parsed
}

fn hosting(fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Hosting> {
    let node = &fields.get("hosting")?.value;
    let not_built = |problems: &mut Problems<'_>, span: &std::ops::Range<usize>, name: &str| {
        problems
            .report(&rules::HOSTING_NOT_BUILT, span, format!("`hosting: {name}` is not built yet"), "not available")
            .help = Some(
            "today `hosting: { url: \"https://cdn.example.com/{path}\" }` works, for files that are already there"
                .into(),
        );
    };
    if let Some(preset) = node.scalar().filter(|_| !node.is_null()) {
        if preset == "github" {
            not_built(problems, &node.span, preset);
        } else {
            problems
                .report(
                    &rules::INVALID_VALUE,
                    &node.span,
                    format!("there is no hosting `{}`", shown(preset)),
                    "not a preset",
                )
                .help = Some("write { url: \"https://cdn.example.com/{path}\" }".into());
        }
        return None;
    }
    let hosting = Fields::of(node, "`hosting`", problems)?;
    hosting.reject_unknown(
        "`hosting`",
        &["url", "object_store", "command"],
        &[("s3", "object_store"), ("base_url", "url")],
        problems,
    );
    for name in ["object_store", "command"] {
        if let Some(entry) = hosting.get(name) {
            not_built(problems, &entry.key_span, name);
        }
    }
    let (template, node) = hosting.text("url", problems)?;
    match template_problem(template) {
        None => Some(Hosting::Url(template.to_owned())),
        Some(help) => {
            problems
                .report(&rules::HOSTING_URL, &node.span, "this template gives no usable URL", "this template")
                .help = Some(help.into());
            None
        }
    }
}

fn template_problem(template: &str) -> Option<&'static str> {
    let mut filled = template.to_owned();
    for placeholder in ["{path}", "{commit}", "{sha256}", "{ext}"] {
        filled = filled.replace(placeholder, "x");
    }
    if filled.contains(['{', '}']) {
        return Some("placeholders are {path}, {commit}, {sha256} and {ext}");
    }
    if !template.contains("{path}") && !template.contains("{sha256}") {
        return Some("without {path} or {sha256} every file would get the same URL");
    }
    match url::Url::parse(&filled) {
        Ok(url) if !template.is_ascii() || !url.username().is_empty() || url.password().is_some() => {
            Some("write ASCII characters, and no user or password")
        }
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && crate::manifest::is_loopback(&url)) => None,
        _ => Some("write https://host/{path}"),
    }
}

fn posts(fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let mut folders = Vec::new();
    for (text, node) in fields.texts("posts", problems)? {
        match crate::manifest::folder(text) {
            Ok(folder) => folders.push(folder),
            Err(()) => {
                problems
                    .report(
                        &rules::POSTS_FOLDER,
                        &node.span,
                        "folders of manifests are inside the content root",
                        "leads outside",
                    )
                    .help = Some("write a path relative to the content root, with `/`".into());
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
    let mut branch = |name: &str| {
        let is_null = fields.get(name).is_some_and(|entry| entry.value.is_null());
        if is_null { None } else { fields.text(name, problems).map(|(text, _)| text.to_owned()) }
    };
    git.branch = branch("branch");
    git.state_branch = branch("state_branch");
    git
}

fn rule_severities(fields: Fields<'_>, problems: &mut Problems<'_>) -> BTreeMap<&'static str, Option<Severity>> {
    let mut severities = BTreeMap::new();
    let Some(fields) = fields.fields("rules", problems) else { return severities };
    for entry in fields.entries() {
        let Some(rule) = rules::find(&entry.key) else {
            let meant = closest(&entry.key, rules::ALL.iter().map(|rule| rule.name));
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
