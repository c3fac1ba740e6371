//! `media.hosting`: where local media become URLs.

use std::ops::Range;
use std::time::Duration;

use miette::Diagnostic as _;
use url::Url;

use super::super::hosting::{Hosting, Link, ObjectStore, Repository, template};
use super::shared::duration;
use crate::yaml::{Fields, Node, Problems, shown};
use igsync_base::finding::Rule;
use igsync_base::net::{has_user, is_private_line};
use igsync_base::rules;

const WAYS: &[&str] = &["url", "github", "object_store", "command"];

const EXAMPLES: &str = "write github, { url: \"https://cdn.example.com/{path}\" }, { object_store: { bucket: … } } or { command: [program] }";

/// Signed links live a week at most.
///
/// AWS: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html>
const LONGEST_LINK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Meta fetches when it gets round to it, and a run may wait for half an hour.
const SHORTEST_LINK: Duration = Duration::from_secs(60 * 60);

const USUAL_LINK: Duration = Duration::from_secs(12 * 60 * 60);

/// The way that the configuration names; `None` when it names none that can be used.
pub(super) fn hosting(media: Fields<'_>, problems: &mut Problems<'_>) -> Option<Hosting> {
    let node = &media.get("hosting")?.value;
    if let Some(preset) = node.scalar().filter(|_| !node.is_null()) {
        if preset == "github" {
            return Some(Hosting::Github(None));
        }
        invalid(&node.span, format!("there is no hosting `{}`", shown(preset)), "not a preset", EXAMPLES, problems);
        return None;
    }
    let ways = Fields::of(node, "`hosting`", problems)?;
    let wrong_names = [
        ("s3", "object_store"),
        ("r2", "object_store"),
        ("minio", "object_store"),
        ("bucket", "object_store"),
        ("base_url", "url"),
        ("template", "url"),
        ("cmd", "command"),
        ("script", "command"),
    ];
    let meant = ways.reject_unknown("`hosting`", WAYS, &wrong_names, problems);
    let named: Vec<_> = ways.entries().iter().filter(|entry| WAYS.contains(&&*entry.key)).collect();
    match named.as_slice() {
        [] if meant.is_empty() => {
            let label = "no `url`, `github`, `object_store` or `command`";
            report(
                &rules::MISSING_FIELD,
                &node.place(),
                "`hosting` names no place for the files",
                label,
                EXAMPLES,
                problems,
            );
            None
        }
        [] => None,
        [one] => match &*one.key {
            "url" => url(ways, problems),
            "github" => github(&one.value, problems),
            "object_store" => object_store(&one.value, problems),
            _ => command(ways, &one.key_span, problems),
        },
        [.., second] => {
            let message = "media are hosted in one way";
            report(&rules::CONFLICTING_FIELDS, &second.key_span, message, "one more", "keep one of them", problems);
            None
        }
    }
}

fn url(ways: Fields<'_>, problems: &mut Problems<'_>) -> Option<Hosting> {
    let (text, node) = ways.text("url", problems)?;
    match template::check(text) {
        Ok(()) => Some(Hosting::Url(text.to_owned())),
        Err(error) => {
            let help = error.help().map_or_else(String::new, |help| help.to_string());
            report(&rules::HOSTING_URL, &node.span, error.to_string(), "this template", &help, problems);
            None
        }
    }
}

/// `github:` alone, `github: owner/name` or `github: { repository: owner/name }`.
fn github(node: &Node, problems: &mut Problems<'_>) -> Option<Hosting> {
    if node.is_null() {
        return Some(Hosting::Github(None));
    }
    let (text, span) = if let Some(text) = node.scalar() {
        (text, &node.span)
    } else {
        let fields = Fields::of(node, "`github`", problems)?;
        fields.reject_unknown("`github`", &["repository"], &[("repo", "repository")], problems);
        if fields.get("repository").is_none() {
            return Some(Hosting::Github(None));
        }
        let (text, node) = fields.text("repository", problems)?;
        (text, &node.span)
    };
    let repository = Repository::parse(text);
    if repository.is_none() {
        let message = format!("`{}` is not a repository on github.com", shown(text));
        invalid(span, message, "not owner/name", "write owner/name, such as acme/content", problems);
    }
    Some(Hosting::Github(Some(repository?)))
}

const NO_KEYS: &str = "remove it; igsync reads AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the environment (a real key that was committed has to be revoked)";

/// What people try to write into the file, and must not.
const KEYS: &[&str] = &[
    "access_key",
    "access_key_id",
    "account_key",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "credentials",
    "key",
    "key_id",
    "password",
    "secret",
    "secret_access_key",
    "secret_key",
    "session_token",
    "token",
];

const STORE_FIELDS: &[&str] = &["bucket", "prefix", "region", "endpoint", "path_style", "public_url", "presign"];

fn object_store(node: &Node, problems: &mut Problems<'_>) -> Option<Hosting> {
    let fields = Fields::of(node, "`object_store`", problems)?;
    let before = problems.mark();
    let wrong_names = [
        ("name", "bucket"),
        ("container", "bucket"),
        ("path", "prefix"),
        ("folder", "prefix"),
        ("key_prefix", "prefix"),
        ("endpoint_url", "endpoint"),
        ("force_path_style", "path_style"),
        ("url", "public_url"),
        ("base_url", "public_url"),
        ("public", "public_url"),
        ("presigned", "presign"),
        ("expires", "presign"),
        ("expires_in", "presign"),
    ];
    fields.reject_unknown("`object_store`", STORE_FIELDS, &wrong_names, problems);
    let is_key = |span: &Range<usize>| {
        fields.entries().iter().any(|entry| entry.key_span == *span && KEYS.contains(&&*entry.key))
    };
    for finding in problems.since_mut(before).iter_mut().filter(|finding| finding.span.as_ref().is_some_and(is_key)) {
        "keys stay in the environment".clone_into(&mut finding.label);
        finding.help = Some(NO_KEYS.to_owned());
    }
    let bucket = bucket(fields, node, problems);
    let prefix = prefix(fields, problems);
    let region = word(fields, "region", problems);
    let endpoint = base(fields, "endpoint", problems);
    let path_style = fields.flag("path_style", problems).map(|(flag, _)| flag);
    let link = link(fields, problems);
    if problems.since(before).next().is_some() {
        return None;
    }
    Some(Hosting::ObjectStore(Box::new(ObjectStore {
        bucket: bucket?,
        prefix,
        region,
        endpoint,
        path_style,
        link: link?,
    })))
}

fn bucket(fields: Fields<'_>, node: &Node, problems: &mut Problems<'_>) -> Option<String> {
    if fields.get("bucket").is_none() {
        let help = "write { bucket: acme-media }";
        report(&rules::MISSING_FIELD, &node.place(), "`object_store` needs a bucket", "no `bucket`", help, problems);
        return None;
    }
    let (text, node) = fields.text("bucket", problems)?;
    let is_name = (3..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !text.contains("..")
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !is_name {
        let help = "a bucket is named by 3 to 63 letters, digits, `-` and `.`; a folder in it goes into `prefix`";
        invalid(&node.span, format!("`{}` is not a bucket name", shown(text)), "not a name", help, problems);
    }
    is_name.then(|| text.to_owned())
}

fn prefix(fields: Fields<'_>, problems: &mut Problems<'_>) -> String {
    if fields.get("prefix").is_none() {
        return String::new();
    }
    let Some((text, node)) = fields.text("prefix", problems) else { return String::new() };
    let folder = text.trim_matches('/');
    let is_plain = folder.len() <= 512
        && folder.split('/').all(|part| !part.is_empty() && !part.chars().all(|c| c == '.'))
        && folder.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if !is_plain && !folder.is_empty() {
        let help = "write letters, digits, `-`, `_`, `.` and `/`, such as instagram/media";
        invalid(&node.span, "`prefix` is a folder in the bucket", "invalid characters", help, problems);
    }
    folder.to_owned()
}

fn word(fields: Fields<'_>, name: &str, problems: &mut Problems<'_>) -> Option<String> {
    let (text, node) = fields.text(name, problems)?;
    let is_word = !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_word {
        let message = format!("`{name}` is one word");
        invalid(&node.span, message, "invalid characters", "write it like eu-central-1, or auto", problems);
    }
    is_word.then(|| text.to_owned())
}

/// An address to which names are appended.
fn base(fields: Fields<'_>, name: &str, problems: &mut Problems<'_>) -> Option<Url> {
    let (text, node) = fields.text(name, problems)?;
    let help = match Url::parse(text) {
        Ok(url) if has_user(&url) => "remove user and password",
        Ok(url) if url.query().is_some() || url.fragment().is_some() => "remove what follows `?` or `#`",
        Ok(url) if is_private_line(&url) => return Some(url),
        Ok(url) if url.scheme() == "http" => "write https://; plain http is for this machine only",
        _ => "write it like https://media.example.com",
    };
    invalid(&node.span, format!("`{name}` is an https address"), "this address", help, problems);
    None
}

fn link(fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Link> {
    match (fields.get("public_url"), fields.get("presign")) {
        (Some(_), Some(second)) => {
            let help = "keep `public_url` for a bucket that anyone may read, `presign` for a private one";
            let message = "`public_url` and `presign` exclude each other";
            report(&rules::CONFLICTING_FIELDS, &second.key_span, message, "the second one", help, problems);
            None
        }
        (Some(_), None) => base(fields, "public_url", problems).map(Link::Public),
        (None, Some(entry)) => {
            let life = duration(fields, "presign", problems)?;
            if (SHORTEST_LINK..=LONGEST_LINK).contains(&life) {
                return Some(Link::Presigned(life));
            }
            let help = "write 1h to 7d: Meta may fetch late, and no signed link lives longer than a week";
            invalid(&entry.value.span, "this is not a valid lifetime for a link", "outside 1h to 7d", help, problems);
            None
        }
        (None, None) => Some(Link::Presigned(USUAL_LINK)),
    }
}

fn command(ways: Fields<'_>, key: &Range<usize>, problems: &mut Problems<'_>) -> Option<Hosting> {
    let words: Vec<String> = ways.texts("command", problems)?.iter().map(|(text, _)| (*text).to_owned()).collect();
    if words.first().is_none_or(String::is_empty) {
        let help = "write { command: [./scripts/host-media] }; it is run without a shell";
        report(&rules::EMPTY_VALUE, key, "the command is empty", "no program", help, problems);
        return None;
    }
    Some(Hosting::Command(words))
}

fn invalid(span: &Range<usize>, message: impl Into<String>, label: &str, help: &str, problems: &mut Problems<'_>) {
    report(&rules::INVALID_VALUE, span, message, label, help, problems);
}

fn report(
    rule: &'static Rule,
    span: &Range<usize>,
    message: impl Into<String>,
    label: &str,
    help: &str,
    problems: &mut Problems<'_>,
) {
    problems.report(rule, span, message, label).help = Some(help.to_owned());
}
