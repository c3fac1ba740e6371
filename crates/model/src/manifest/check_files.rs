//! The media of a post against Meta's limits, each finding at the line that names the file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::conversion::{self, ConvertSettings, seen_size, usage};
use super::media::{Files, Spot, locate};
use super::schema::Post;
use crate::config::{Account, Hosting, Login};
use igsync_base::content::{Item, MediaType};
use igsync_base::files::ReadDisk;
use igsync_base::finding::{Finding, Rule, Severity};
use igsync_base::id::Kind;
use igsync_base::path::Source;
use igsync_base::rules;
use igsync_media::convert::{Fit, Refusal};
use igsync_media::probe::Facts;
use igsync_media::rules::{self as limits, Broken, Use};

/// What is wrong with the local media of a post: files that cannot be used, and every limit that the
/// others break as they are published; what conversion fixes is not broken. For posts that are still to be
/// published: media of published ones may be gone. Media at a URL are not looked at. `is_guess`: the
/// manifest does not say its kind.
pub fn check_files(
    post: &Post,
    is_guess: bool,
    convert_settings: Option<ConvertSettings>,
    files: &mut Files<'_>,
) -> Vec<(Spot<'static>, Broken)> {
    let mut broken = Vec::new();
    let mut first_size = None;
    for item in &post.content.items {
        let Source::Local(path) = &item.source else { continue };
        let spot = Spot::Item(item.slot);
        let wanted = match usage(post.content.kind, item.media_type) {
            // It may be a story, whose picture has any shape.
            Use::Image if is_guess => Use::StoryImage,
            wanted => wanted,
        };
        let (facts, found) = check_file(post, spot, path, wanted, convert_settings, files);
        broken.extend(found.into_iter().map(|broken| (spot, broken)));
        let Some(facts) = facts else { continue };
        let too_late = item.thumb_offset.and_then(|offset| limits::thumb_offset(offset, &facts));
        broken.extend(too_late.map(|broken| (Spot::ThumbOffset(item.slot), broken)));
        if let Some(audio) = post.content.reel.as_ref().and_then(|reel| reel.audio_configuration.as_ref()) {
            let loud = limits::silent_volume(audio.video_volume, &facts);
            broken.extend(loud.map(|broken| (Spot::Field("audio_configuration"), broken)));
        }
        if post.content.kind != Kind::Carousel {
            continue;
        }
        let size = seen_size(&facts);
        match (item.slot, first_size, size) {
            (0, _, size) => first_size = size,
            (_, Some(first), Some(size)) => {
                broken.extend(limits::crop(first, size).map(|broken| (spot, broken)));
            }
            _ => {}
        }
    }
    if let Some(Source::Local(path)) = post.content.cover() {
        let (_, found) = check_file(post, Spot::Cover, path, Use::Cover, convert_settings, files);
        broken.extend(found.into_iter().map(|broken| (Spot::Cover, broken)));
    }
    broken
}

/// The facts of one file as it is published, `None` when it cannot be used, and what is wrong with it.
fn check_file(
    post: &Post,
    spot: Spot<'static>,
    path: &Arc<str>,
    wanted: Use,
    convert_settings: Option<ConvertSettings>,
    files: &mut Files<'_>,
) -> (Option<Arc<Facts>>, Vec<Broken>) {
    let facts = match files.look(path) {
        Ok(facts) => facts,
        Err(refused) => {
            let folder = post.file.rsplit_once('/').map_or("", |(folder, _)| folder);
            return (None, vec![files.named_in(folder, path, refused)]);
        }
    };
    let check = |facts: &Facts| limits::check(facts, wanted, path);
    let found = check(&facts);
    let Some(ConvertSettings { fit }) = convert_settings else {
        let found = if found.is_empty() { found } else { settled(found, post, spot, path, wanted, files) };
        return (Some(facts), found);
    };
    let advise = |found: Vec<Broken>| found.into_iter().map(|broken| advised(broken, fit)).collect();
    match conversion::conversion_plan(post, spot, fit, files) {
        Ok(Some(plan)) => {
            let found = advise(check(&plan.facts));
            (Some(Arc::new(plan.facts)), found)
        }
        Ok(None) => (Some(facts), advise(found)),
        Err(refusal) => (Some(facts), vec![not_converted(&refusal, path)]),
    }
}

/// What is wrong with a file that is published as it is. What conversion would settle says so.
fn settled(
    found: Vec<Broken>,
    post: &Post,
    spot: Spot<'static>,
    path: &Arc<str>,
    wanted: Use,
    files: &mut Files<'_>,
) -> Vec<Broken> {
    let plan = conversion::conversion_plan(post, spot, None, files);
    let left = match &plan {
        Ok(Some(plan)) => limits::check(&plan.facts, wanted, path),
        Ok(None) | Err(_) => Vec::new(),
    };
    let is_left = |broken: &Broken| left.iter().any(|left| left.rule.id == broken.rule.id);
    let found = found.into_iter().map(|broken| match &plan {
        Ok(Some(_)) if !is_left(&broken) => {
            let by_setting = "and so does `media: { convert: true }` in igsync.yaml";
            Broken { help: format!("`igsync fix --write` settles this, {by_setting}; or {}", broken.help), ..broken }
        }
        Err(refusal) if broken.rule.id == rules::NOT_JPEG.id => Broken { help: by_hand(refusal, path), ..broken },
        _ => advised(broken, None),
    });
    found.collect()
}

fn not_converted(refusal: &Refusal, path: &str) -> Broken {
    Broken::new(
        &rules::NOT_CONVERTED,
        "igsync cannot convert this picture",
        refusal.to_string(),
        by_hand(refusal, path),
    )
}

/// What a person does where igsync does not convert a picture.
fn by_hand(refusal: &Refusal, path: &str) -> String {
    match refusal {
        Refusal::Damaged(_) | Refusal::Profile => "export it again, as JPEG".to_owned(),
        // Which programs read one that moves differs from release to release.
        Refusal::Moves => "export one of its frames as JPEG".to_owned(),
        Refusal::TooLarge(_) | Refusal::TooHeavy(_) => format!("convert it: {}", limits::to_jpeg(path)),
    }
}

/// Where igsync or a setting fixes something, that is better advice than a command.
fn advised(broken: Broken, fit: Option<Fit>) -> Broken {
    let is = |rule: &Rule| rule.id == broken.rule.id;
    let better = if is(&rules::INDEX_LAST) {
        "`igsync fix --write` settles this, with the same picture and sound"
    } else if is(&rules::IMAGE_SHAPE) && fit.is_none() {
        "set `media: { convert: true, fit: pad }`, or `fit: crop`, in igsync.yaml"
    } else {
        return broken;
    };
    Broken { help: format!("{better}; or {}", broken.help), ..broken }
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
    let spot = hosted(post, account)?;
    if let Some(base) = on_this_machine {
        let broken = Broken::new(
            &rules::HOSTING_URL,
            "Meta cannot fetch this file: its address is on this machine",
            format!("hosted at {base}"),
            "use an https address; loopback works only against a sandbox",
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

/// Where the first local file is named that Meta fetches, so that it needs a host.
fn hosted(post: &Post, account: &Account) -> Option<Spot<'static>> {
    let needs_host = |item: &Item| {
        let is_uploaded = account.login == Login::Facebook && item.media_type == MediaType::Video;
        matches!(item.source, Source::Local(_)) && !is_uploaded
    };
    match post.content.items.iter().find(|item| needs_host(item)) {
        Some(item) => Some(Spot::Item(item.slot)),
        None if matches!(post.content.cover(), Some(Source::Local(_))) => Some(Spot::Cover),
        None => None,
    }
}

/// Where the files of a post are hosted, as [`Hosting::identity`] says it; `None`: it needs no host, or has none.
#[must_use]
pub fn host_of(post: &Post, account: &Account) -> Option<String> {
    hosted(post, account).and(account.hosting.as_ref()).map(Hosting::identity)
}

/// A picture that has to be converted, while its host serves the file of the repository.
pub fn check_conversion_hosting(post: &Post, account: &Account) -> Option<(Spot<'static>, Broken)> {
    if account.hosting.as_ref().is_none_or(Hosting::uploads) || post.conversions.is_empty() {
        return None;
    }
    let is_converted = |source: &Source| matches!(source, Source::Local(path) if post.conversions.iter().any(|conversion| conversion.path == *path));
    let item = post.content.items.iter().find(|item| is_converted(&item.source));
    let broken = Broken::new(
        &rules::CONVERSION_NOT_HOSTED,
        "the host of this file serves the original, but the picture has to be converted",
        "converted on this machine",
        "`igsync fix --write` makes the picture beside the original, and the manifest names it: commit both; \
         or use `hosting: { object_store: … }` or `command`",
    );
    Some((item.map_or(Spot::Cover, |item| Spot::Item(item.slot)), broken))
}

/// A post whose time has passed by more than the configuration allows: it would not go out.
pub fn check_late(post: &Post, account: &Account, now: Timestamp) -> Option<(Spot<'static>, Broken)> {
    let late_after = account.schedule.late_after;
    let due = post.publish_at?;
    let late = Duration::try_from(now.duration_since(due)).ok().filter(|late| *late > late_after)?;
    let broken = Broken::new(
        &rules::ALREADY_LATE,
        "`publish_at` has passed: apply skips the post",
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
pub fn place(disk: &dyn ReadDisk, root: &Path, post: &Post, spot: Spot<'_>, broken: Broken) -> Finding {
    let mut finding = Finding::new(broken.rule, Arc::clone(&post.file), broken.message).help(broken.help);
    let is_never_sent = post.draft || post.imported.is_some() && broken.rule.id != rules::COPIED_IMPORT.id;
    finding.severity = if is_never_sent { Severity::Warning } else { broken.severity };
    match locate(disk, root, post, spot) {
        Some((text, span)) => finding.at(&text, span, broken.label),
        None => Finding { message: format!("{} ({})", finding.message, broken.label), ..finding },
    }
}
