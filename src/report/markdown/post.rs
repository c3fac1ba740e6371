//! One post as a reviewer reads it: pictures, words, tags, time, findings.

use super::super::findings::{CONFIGURATION, Entry};
use super::super::plan_human::account_label;
use super::super::plan_rows::{is_imported, ways_to_delete};
use super::escape::{block, code, rich};
use super::place::Place;
use super::words::{capital, moment, when};
use igsync_base::finding::{Brief, Finding, Severity};
use igsync_base::id::PostKey;
use igsync_base::text::bounded;
use igsync_model::lockfile::Stage;
use igsync_model::manifest::{Content, Item, MediaType, Post, ReelOptions, Source};
use igsync_model::plan::{Change, Mark, Plan, Repeats};

/// So many places of a caption are shown, and so much of each, in characters.
const PLACES: usize = 5;
const WORDS: usize = 100;

/// So wide are thumbnails, in pixels.
const THUMBNAIL: u32 = 180;

/// The whole post.
pub(super) fn whole(plan: &Plan, change: &Change, findings: &[&Finding], place: &Place) -> String {
    let mut parts = vec![format!("#### {}", title(plan, change))];
    if let Some(post) = &change.post {
        parts.push(media(&post.content, place));
    }
    parts.push(format!("**{}**", when(plan, change)));
    if let Some(post) = &change.post {
        parts.push(match post.content.caption.as_str() {
            "" => "No caption.".to_owned(),
            caption => block(caption),
        });
        parts.extend(details(plan, post));
        if let Some(comment) = &post.first_comment {
            parts.push(format!("First comment:\n\n{}", block(comment)));
        }
        if let Some(note) = &post.note {
            parts.push(format!("Note, never sent:\n\n{}", block(note)));
        }
    }
    parts.extend(reworded(change).map(|words| format!("Since it was published: {words}")));
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(|finding| self::finding(finding, false)).collect();
        parts.push(lines.join("\n"));
    }
    parts.join("\n\n")
}

/// The post in one line.
pub(super) fn line(plan: &Plan, change: &Change) -> String {
    let words = change.post.as_ref().map(|post| first_words(&post.content.caption)).filter(|words| !words.is_empty());
    let words = words.map(|words| format!(" – {}", code(&words))).unwrap_or_default();
    let reworded = reworded(change).map(|words| format!(": {words}")).unwrap_or_default();
    format!("- {}: {}{reworded}{words}", title(plan, change), when(plan, change))
}

/// Where the caption of a live post differs: the words of each place that are gone, then those that came.
fn reworded(change: &Change) -> Option<String> {
    let places = change.edited.as_ref()?.words().iter().take(PLACES).map(|place| {
        let of =
            |what: &str, words: &str| (!words.is_empty()).then(|| format!("{what} {}", code(&bounded(words, WORDS))));
        of("removed", &place.removed).into_iter().chain(of("added", &place.added)).collect::<Vec<_>>().join(", ")
    });
    let places: Vec<String> = places.collect();
    (!places.is_empty()).then(|| places.join("; "))
}

/// One finding as a list entry; `with_file` where nothing else says which file it is about.
pub(super) fn finding(finding: &Finding, with_file: bool) -> String {
    let line = finding.position().0;
    let place = if with_file { format!("{}, line {line}", code(&finding.file)) } else { format!("line {line}") };
    entry(finding, &place)
}

/// A finding of many places, or about the configuration, as a list entry.
pub(super) fn finding_of_many(many: &Entry<'_>) -> String {
    let first = many.first;
    let place = format!("{}, line {}", code(&first.file), first.position().0);
    let place = if many.of_configuration {
        format!("{} ({}, first for {place})", code(CONFIGURATION), many.times())
    } else {
        format!("{}, first in {place}", many.times())
    };
    entry(first, &place)
}

fn entry(finding: &Finding, place: &str) -> String {
    let severity = match finding.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    };
    let Brief { message, label, help } = finding.brief();
    let label = Some(label).filter(|label| !label.is_empty());
    let label = label.map(|label| format!(" ({})", rich(&label))).unwrap_or_default();
    let help = help.map(|help| format!(". {}", rich(&capital(&help)))).unwrap_or_default();
    format!("- **{severity}**, {place}: {}{label}{help} `{}`", rich(&message), finding.rule.id)
}

fn title(plan: &Plan, change: &Change) -> String {
    format!("{}, {} for {}", code(change.key.as_str()), change.kind, code(&account_label(plan, &change.account)))
}

fn first_words(caption: &str) -> String {
    super::super::text::fit(caption.lines().next().unwrap_or_default(), 60).into_owned()
}

fn media(content: &Content, place: &Place) -> String {
    let cover = content.cover().map(|cover| picture(cover, "cover", place));
    let items = content.items.iter().enumerate().map(|(index, item)| {
        let number = index + 1;
        match item.media_type {
            MediaType::Image => picture(&item.source, &format!("picture {number}"), place),
            MediaType::Video => clip(&item.source, number, place),
        }
    });
    let shown: Vec<String> = cover.into_iter().chain(items).collect();
    shown.join("\n")
}

/// Only files of the repository are shown: another host would learn who reads the page.
fn picture(source: &Source, what: &str, place: &Place) -> String {
    match source {
        Source::Local(path) => {
            let link = place.link(path);
            format!("<a href=\"{link}\"><img src=\"{link}\" width=\"{THUMBNAIL}\" alt=\"{what}\"></a>")
        }
        Source::Url(url) => format!("{what}: {}", code(url)),
    }
}

fn clip(source: &Source, number: usize, place: &Place) -> String {
    match source {
        Source::Local(path) => format!("[clip {number}]({})", place.link(path)),
        Source::Url(url) => format!("clip {number}: {}", code(url)),
    }
}

/// Everything beside the words: who is tagged, what is described, what is set.
fn details(plan: &Plan, post: &Post) -> Option<String> {
    let mut lines = of_content(&post.content);
    if !post.comment_enabled {
        lines.push("- Comments are off".to_owned());
    }
    if let Some(until) = post.publish_until {
        lines.push(format!("- Not after {}", moment(plan, &post.account, until)));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Kind and caption are shown before.
fn of_content(content: &Content) -> Vec<String> {
    let Content {
        kind: _,
        items,
        caption: _,
        collaborators,
        location_id,
        is_ai_generated,
        is_paid_partnership,
        branded_content_sponsor_ids,
        reel,
    } = content;
    let mut lines = Vec::new();
    let many = items.len() > 1;
    for (index, item) in items.iter().enumerate() {
        lines.extend(of_item(item, many.then_some(index + 1)));
    }
    if !collaborators.is_empty() {
        let names: Vec<String> = collaborators.iter().map(|name| code(&format!("@{name}"))).collect();
        lines.push(format!("- Invited as collaborators: {}", names.join(", ")));
    }
    if let Some(location) = location_id {
        lines.push(format!("- Place: {}", code(location)));
    }
    if *is_paid_partnership == Some(true) {
        lines.push("- Labelled as paid partnership".to_owned());
    }
    if !branded_content_sponsor_ids.is_empty() {
        let ids: Vec<String> = branded_content_sponsor_ids.iter().map(|id| code(id)).collect();
        lines.push(format!("- Sponsors: {}", ids.join(", ")));
    }
    if *is_ai_generated == Some(true) {
        lines.push("- Labelled as made with AI".to_owned());
    }
    lines.extend(reel.iter().flat_map(of_reel));
    lines
}

fn of_reel(reel: &ReelOptions) -> Vec<String> {
    let ReelOptions { cover: _, share_to_feed, audio_name, audio_configuration, trial } = reel;
    let mut lines = Vec::new();
    if !share_to_feed {
        lines.push("- Only in the Reels tab".to_owned());
    }
    if trial.is_some() {
        lines.push("- A trial: shown to people who do not follow yet".to_owned());
    }
    lines.extend(audio_name.as_ref().map(|name| format!("- Name of the sound: {}", code(name))));
    lines.extend(audio_configuration.as_ref().map(|music| format!("- Music: {}", code(&music.audio_id))));
    lines
}

/// The still of a video is not shown.
fn of_item(item: &Item, number: Option<usize>) -> Vec<String> {
    let Item { slot: _, media_type: _, source: _, alt_text, user_tags, product_tags, thumb_offset: _ } = item;
    let of = number.map(|number| format!(" in {number}")).unwrap_or_default();
    let mut lines = Vec::new();
    if !user_tags.is_empty() {
        let names: Vec<String> = user_tags.iter().map(|tag| code(&format!("@{}", tag.username))).collect();
        lines.push(format!("- Tagged{of}: {}", names.join(", ")));
    }
    if !product_tags.is_empty() {
        let ids: Vec<String> = product_tags.iter().map(|tag| code(&tag.product_id)).collect();
        lines.push(format!("- Products{of}: {}", ids.join(", ")));
    }
    if let Some(text) = alt_text {
        lines.push(format!("- Alt text{of}: {}", code(text)));
    }
    lines
}

/// What an entry that apply leaves alone needs from a person.
pub(super) fn remedy(change: &Change) -> String {
    let key = change.key.argument();
    match change.mark() {
        Mark::Unknown if is_imported(change) && change.recorded != Some(Stage::Unknown) => rich(
            "`igsync apply --refresh full` records it where it is live; else remove the manifest, or its `imported`",
        ),
        Mark::Unknown => rich(&format!(
            "check the account: `igsync resolve {key} --published` if it is there, \
             `igsync resolve {key} --not-published` if it is not"
        )),
        Mark::Failed if change.recorded == Some(Stage::Published) => rich(&format!(
            "delete it in the app, then `igsync lock accept {key} --deleted`; or run apply with `--retry-failed`"
        )),
        Mark::Failed => "change the post, or run apply with `--retry-failed`".to_owned(),
        Mark::Late => "run apply with `--include-late`, change its `publish_at`, or set `draft: true`".to_owned(),
        Mark::Duplicate => match &change.repeats {
            Some(repeats @ (Repeats::Caption(_) | Repeats::Several(_))) => {
                let old = repeats.keys().first().map(PostKey::argument).unwrap_or_default();
                rich(&format!(
                    "renamed: `igsync lock mv {old} {key}`, or keep the old key with `id:`; meant: `allow_duplicate: true` in the manifest"
                ))
            }
            Some(Repeats::Media(_)) | None => {
                rich("if it is meant, write `allow_duplicate: true` into the manifest; else remove it")
            }
        },
        Mark::Deleted => rich(&format!(
            "remove the manifest or set `draft: true`; `igsync apply --allow-duplicate {key}` publishes it again"
        )),
        Mark::Edited => rich(&format!("Instagram cannot change a post: `igsync lock accept {key}` keeps what is live")),
        Mark::Orphan => rich(&format!("delete the post on Instagram, then `igsync lock rm {key}`")),
        Mark::Expired => "move `publish_until`, or remove the post".to_owned(),
        Mark::Delete => rich(&ways_to_delete(change).join("; ")),
        Mark::Publish | Mark::Resume | Mark::Adopt | Mark::Moved | Mark::Scheduled => String::new(),
    }
}
