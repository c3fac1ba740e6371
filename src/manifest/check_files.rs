//! The media of a post against Meta's limits, each finding at the line that names the file.

use std::path::Path;
use std::sync::Arc;

use super::media::{Spot, locate};
use super::schema::{Item, MediaType, Post};
use crate::config::{Account, Login};
use crate::finding::{Finding, Severity};
use crate::hosting::Hosting;
use crate::id::Kind;
use crate::media::probe::{Facts, Format};
use crate::media::rules::{self as limits, Broken, Use};
use crate::path::Source;
use crate::port::Disk;
use crate::rules;

/// Every limit that the media of a post break. `facts` tells what a local file is; `None`: it could
/// not be read. Media at a URL are not looked at.
pub fn check_files(
    post: &Post,
    facts: &mut dyn FnMut(&Arc<str>) -> Option<Arc<Facts>>,
) -> Vec<(Spot<'static>, Broken)> {
    let mut broken = Vec::new();
    let mut first_size = None;
    for (index, item) in post.items.iter().enumerate() {
        let Source::Local(path) = &item.source else { continue };
        let Some(facts) = facts(path) else { continue };
        let found = limits::check(&facts, usage(post.kind, item), name(path));
        broken.extend(found.into_iter().map(|broken| (Spot::Item(index), broken)));
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
        && let Some(facts) = facts(path)
    {
        let found = limits::check(&facts, Use::Cover, name(path));
        broken.extend(found.into_iter().map(|broken| (Spot::Cover, broken)));
    }
    broken
}

/// A local file that Meta could not fetch: the account has no host. Only videos have another way in,
/// with Facebook Login.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub fn check_hosting(post: &Post, account: &Account) -> Option<(Spot<'static>, Broken)> {
    let on_this_machine = account.hosting.as_ref().and_then(Hosting::on_this_machine);
    if account.hosting.is_some() && on_this_machine.is_none() {
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
    if let Some(base) = on_this_machine {
        let broken = Broken::new(
            &rules::HOSTING_URL,
            "Meta cannot fetch this file: its address is on this machine",
            format!("hosted at {base}"),
            "host at an https address; loopback works against a sandbox alone",
        );
        return Some((spot, broken));
    }
    let broken = Broken::new(
        &rules::NO_HOSTING,
        "Meta cannot fetch this file: no host is configured",
        format!("local, and account {} has no `media.hosting`", account.name),
        "set `media.hosting` in igsync.yaml (a template, github, a bucket or a command), or write an https URL here",
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

fn usage(kind: Kind, item: &Item) -> Use {
    match (kind, item.media_type) {
        (Kind::Story, MediaType::Image) => Use::StoryImage,
        (Kind::Story, MediaType::Video) => Use::StoryVideo,
        (Kind::Carousel, MediaType::Image) => Use::CarouselImage,
        (Kind::Carousel, MediaType::Video) => Use::CarouselVideo,
        (_, MediaType::Image) => Use::Image,
        (_, MediaType::Video) => Use::Reel,
    }
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn seen_size(facts: &Facts) -> Option<(u32, u32)> {
    match &facts.format {
        Format::Jpeg(jpeg) => Some(jpeg.seen_size()),
        Format::Video(video) => video.video.as_ref().map(|track| (track.width, track.height)),
        _ => None,
    }
}
