//! The media of a post against Meta's limits, each finding at the line that names the file.

use std::path::Path;
use std::sync::Arc;

use super::conversion::{self, seen_size, usage};
use super::media::{Spot, locate};
use super::schema::{Item, MediaType, Post};
use crate::config::{Account, Hosting, Login};
use crate::finding::{Finding, Severity};
use crate::id::Kind;
use crate::media::convert::{Fit, Refusal};
use crate::media::look::Files;
use crate::media::probe::Facts;
use crate::media::rules::{self as limits, Broken, Use};
use crate::path::Source;
use crate::port::Disk;
use crate::rules;

/// How the pictures of an account are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mending {
    pub fit: Option<Fit>,
}

/// Every limit that the media of a post break, as they are published: what conversion mends is not
/// broken. Media at a URL are not looked at.
pub fn check_files(post: &Post, mending: Option<Mending>, files: &mut Files<'_>) -> Vec<(Spot<'static>, Broken)> {
    let mut broken = Vec::new();
    let mut first_size = None;
    for (index, item) in post.items.iter().enumerate() {
        let Source::Local(path) = &item.source else { continue };
        let Some(facts) = files.facts(path) else { continue };
        let wanted = usage(post.kind, item.media_type);
        let facts = published(post, Spot::Item(index), wanted, mending, facts, path, files, &mut broken);
        let too_late = item.thumb_offset.and_then(|offset| limits::thumb_offset(offset, &facts));
        broken.extend(too_late.map(|broken| (Spot::ThumbOffset(index), broken)));
        if post.kind != Kind::Carousel {
            continue;
        }
        let size = seen_size(&facts);
        match (index, first_size, size) {
            (0, _, size) => first_size = size,
            (_, Some(first), Some(size)) => {
                broken.extend(limits::crop(first, size).map(|broken| (Spot::Item(index), broken)));
            }
            _ => {}
        }
    }
    if let Some(Source::Local(path)) = post.reel.as_ref().and_then(|reel| reel.cover.as_ref())
        && let Some(facts) = files.facts(path)
    {
        published(post, Spot::Cover, Use::Cover, mending, facts, path, files, &mut broken);
    }
    broken
}

/// Checks one file, and returns its facts as they are when it is published.
#[expect(clippy::too_many_arguments, reason = "one file's place, use and facts")]
fn published(
    post: &Post,
    spot: Spot<'static>,
    wanted: Use,
    mending: Option<Mending>,
    facts: Arc<Facts>,
    path: &str,
    files: &mut Files<'_>,
    broken: &mut Vec<(Spot<'static>, Broken)>,
) -> Arc<Facts> {
    let facts = match mending.map(|mending| conversion::outlook(post, spot, mending.fit, files)) {
        Some(Ok(Some(outlook))) => Arc::new(outlook.facts),
        Some(Err(refusal)) => {
            let help = match refusal {
                Refusal::Damaged(_) => "export it again".to_owned(),
                Refusal::Moves | Refusal::TooLarge(_) => format!("convert it: {}", limits::to_jpeg(name(path))),
            };
            let message = "igsync cannot convert this picture";
            broken.push((spot, Broken::new(&rules::NOT_CONVERTED, message, refusal.to_string(), help)));
            return facts;
        }
        Some(Ok(None)) | None => facts,
    };
    let found = limits::check(&facts, wanted, name(path));
    broken.extend(found.into_iter().map(|found| (spot, advised(found, mending))));
    facts
}

/// Where a setting mends a shape, that is better advice than a command.
fn advised(mut broken: Broken, mending: Option<Mending>) -> Broken {
    let is_shape = [rules::IMAGE_SHAPE.id, rules::IMAGE_TALL.id].contains(&broken.rule.id);
    if is_shape && mending.is_some_and(|mending| mending.fit.is_none()) {
        broken.help = format!("set `media: {{ fit: pad }}` or `crop` in igsync.yaml, or {}", broken.help);
    }
    broken
}

/// A local file that Meta could not fetch: the account has no host. Only videos have another way in,
/// with Facebook Login.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub fn check_hosting(post: &Post, account: &Account) -> Option<(Spot<'static>, Broken)> {
    if account.hosting.is_some() {
        return None;
    }
    let needs_host = |item: &Item| {
        let is_uploaded = account.login == Login::Facebook && item.media_type == MediaType::Video;
        matches!(item.source, Source::Local(_)) && !is_uploaded
    };
    let cover = post.reel.as_ref().and_then(|reel| reel.cover.as_ref());
    let spot = match post.items.iter().position(needs_host) {
        Some(index) => Spot::Item(index),
        None if matches!(cover, Some(Source::Local(_))) => Spot::Cover,
        None => return None,
    };
    let broken = Broken::new(
        &rules::NO_HOSTING,
        "Meta cannot fetch this file: no host is configured",
        format!("local, and account {} has no `media.hosting`", account.name),
        "set `media: { hosting: { url: \"https://cdn.example.com/{path}\" } }` in igsync.yaml, or write an https URL here",
    );
    Some((spot, broken))
}

/// A picture that has to be converted, while its host serves the file of the repository.
pub fn check_conversion_hosting(post: &Post, account: &Account) -> Option<(Spot<'static>, Broken)> {
    if !account.hosting.as_ref().is_some_and(Hosting::serves_the_repository) {
        return None;
    }
    let is_converted = |source: &Source| matches!(source, Source::Local(path) if post.conversions.iter().any(|conversion| conversion.path == *path));
    let spot = match post.items.iter().position(|item| is_converted(&item.source)) {
        Some(index) => Spot::Item(index),
        None if post.conversions.is_empty() => return None,
        None => Spot::Cover,
    };
    let broken = Broken::new(
        &rules::CONVERSION_NOT_HOSTED,
        "the host of this file has the original, and the picture has to be converted",
        "converted on this machine",
        "convert it yourself and commit the result, or use `hosting: { object_store: … }` or `command`",
    );
    Some((spot, broken))
}

/// The finding at its line of the manifest. What a `_defaults.yaml` gave has no line there.
pub fn place(disk: &dyn Disk, root: &Path, post: &Post, spot: Spot<'_>, broken: Broken) -> Finding {
    let mut finding = Finding::new(broken.rule, Arc::clone(&post.file), broken.message).help(broken.help);
    finding.severity = if post.draft { Severity::Warning } else { broken.severity };
    match locate(disk, root, post, spot) {
        Some((text, span)) => finding.at(&text, span, broken.label),
        None => Finding { message: format!("{} ({})", finding.message, broken.label), ..finding },
    }
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
