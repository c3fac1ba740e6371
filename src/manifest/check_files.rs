//! The media of a post against Meta's limits, each finding at the line that names the file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::media::{Files, Spot, locate};
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

/// What is wrong with the local media of a post: files that cannot be used, and every limit that the
/// others break. For posts that are still to be published: media of published ones may be gone. Media
/// at a URL are not looked at. `is_guess`: the manifest does not say its kind.
pub fn check_files(post: &Post, is_guess: bool, files: &mut Files<'_>) -> Vec<(Spot<'static>, Broken)> {
    let mut broken = Vec::new();
    let mut first_size = None;
    for item in &post.items {
        let Source::Local(path) = &item.source else { continue };
        let facts = match files.look(path) {
            Ok(facts) => facts,
            Err(refused) => {
                broken.push((Spot::Item(item.slot), refused));
                continue;
            }
        };
        let wanted = match usage(post.kind, item) {
            // It may be a story, whose picture has any shape.
            Use::Image if is_guess => Use::StoryImage,
            wanted => wanted,
        };
        let found = limits::check(&facts, wanted, name(path));
        broken.extend(found.into_iter().map(|broken| (Spot::Item(item.slot), broken)));
        let too_late = item.thumb_offset.and_then(|offset| limits::thumb_offset(offset, &facts));
        broken.extend(too_late.map(|broken| (Spot::ThumbOffset(item.slot), broken)));
        if let Some(audio) = post.reel.as_ref().and_then(|reel| reel.audio_configuration.as_ref()) {
            let loud = limits::silent_volume(audio.video_volume, &facts);
            broken.extend(loud.map(|broken| (Spot::Field("audio_configuration"), broken)));
        }
        if post.kind != Kind::Carousel {
            continue;
        }
        let size = seen_size(&facts);
        match (item.slot, first_size, size) {
            (0, _, size) => first_size = size,
            (_, Some(first), Some(size)) => {
                broken.extend(limits::crop(first, size).map(|broken| (Spot::Item(item.slot), broken)));
            }
            _ => {}
        }
    }
    if let Some(Source::Local(path)) = post.reel.as_ref().and_then(|reel| reel.cover.as_ref()) {
        let found = files
            .look(path)
            .map_or_else(|refused| vec![refused], |facts| limits::check(&facts, Use::Cover, name(path)));
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
    let spot = match post.items.iter().find(|item| needs_host(item)) {
        Some(item) => Spot::Item(item.slot),
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

/// A post whose time has passed by more than the configuration allows: it would not go out.
pub fn check_late(post: &Post, account: &Account, now: Timestamp) -> Option<(Spot<'static>, Broken)> {
    let late_after = account.schedule.late_after;
    let due = post.publish_at?;
    let late = Duration::try_from(now.duration_since(due)).ok().filter(|late| *late > late_after)?;
    let broken = Broken::new(
        &rules::ALREADY_LATE,
        "`publish_at` has passed: apply leaves the post out",
        format!("{} ago, late after {}", span(late), span(late_after)),
        "choose another time, remove `publish_at`, or run `igsync apply --include-late`",
    );
    Some((Spot::Field("publish_at"), broken))
}

/// In the largest unit that says enough.
fn span(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / (24 * 60), minutes / 60) {
        (0, 0) => format!("{minutes} min"),
        (0 | 1, hours) => format!("{hours} h"),
        (days, _) => format!("{days} days"),
    }
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
