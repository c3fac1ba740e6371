//! What values mean for each other: the rules of content and of each kind. Pure.

use std::ops::Range;

use super::fields::{instead, takes};
use super::share_links::{Shared, shared};
use super::tags_in_text;
use super::written::{At, List, Tags, Written};
use crate::config::Account;
use crate::yaml::Problems;
use igsync_base::content::MediaType;
use igsync_base::id::Kind;
use igsync_base::path::Source;
use igsync_base::rules;

/// In characters (code points).
const CAPTION_LIMIT: usize = 2200;
const HASHTAG_LIMIT: usize = 30;
/// Announced for December 2025; Meta's pages for the API still say 30.
const HASHTAG_ADVICE: usize = 5;
const MENTION_LIMIT: usize = 20;
/// In characters (code points).
const ALT_TEXT_LIMIT: usize = 1000;
/// Error 2207040 speaks of 20 tags.
const USER_TAG_LIMIT: usize = 20;
const PRODUCT_TAG_LIMIT: usize = 5;
const COLLABORATOR_LIMIT: usize = 3;
const SPONSOR_LIMIT: usize = 2;

/// Fields that the kind does not take, and media that it needs.
pub(super) fn kind(written: &Written, kind: Kind, problems: &mut Problems<'_>) {
    for (name, span) in &written.present {
        if !takes(kind, name) {
            let article = if kind == Kind::Image { "an" } else { "a" };
            problems
                .report(
                    &rules::FIELD_NOT_FOR_KIND,
                    span,
                    format!("{article} {kind} has no field `{name}`"),
                    format!("not for kind {kind}"),
                )
                .help = instead(kind, name).map(str::to_owned);
        }
    }
    let missing = |problems: &mut Problems<'_>, field: &str, help: &str| {
        let span = written.name_span("kind").unwrap_or(0..0);
        problems
            .report(&rules::MISSING_FIELD, &span, format!("{field} is missing"), format!("kind {kind} needs it"))
            .help = Some(help.into());
    };
    match kind {
        Kind::Image if written.lacks("image") => missing(problems, "`image`", "add `image: ./file.jpg`"),
        Kind::Reel if written.lacks("video") => missing(problems, "`video`", "add `video: ./file.mp4`"),
        Kind::Carousel if written.lacks("items") => {
            missing(problems, "`items`", "add `items:` with 2 to 10 images and videos");
        }
        Kind::Story => match (written.name_span("image"), written.name_span("video")) {
            (None, None) if written.lacks("image") && written.lacks("video") => {
                missing(problems, "`image` or `video`", "add one of them");
            }
            (Some(_), Some(second)) => {
                problems
                    .report(&rules::CONFLICTING_FIELDS, &second, "a story is an image or a video", "the second one")
                    .help = Some("make two stories".into());
            }
            _ => {}
        },
        _ => {}
    }
    if kind == Kind::Carousel
        && let Some(items) = &written.items
        && !(2..=10).contains(&items.value.len())
    {
        let count = items.value.len();
        items.report(problems, &rules::CAROUSEL_SIZE, "a carousel has 2 to 10 items", format!("{count} here")).help =
            Some(if count < 2 { "use kind image or reel for a single one" } else { "make it two posts" }.into());
    }
}

/// The caption as it will be sent, reported at `place`.
pub(super) fn caption(text: &str, place: &At<()>, problems: &mut Problems<'_>) {
    let characters = text.chars().count();
    let units = text.encode_utf16().count();
    if characters > CAPTION_LIMIT {
        place
            .report(
                problems,
                &rules::CAPTION_TOO_LONG,
                "the caption is too long",
                format!("{characters} characters, {CAPTION_LIMIT} allowed"),
            )
            .help = Some(format!("remove at least {} characters; hashtags count", characters - CAPTION_LIMIT));
    } else if units > CAPTION_LIMIT {
        place
            .report(
                problems,
                &rules::CAPTION_MAYBE_TOO_LONG,
                "the caption may be too long",
                format!("{units} UTF-16 units, {CAPTION_LIMIT} allowed"),
            )
            .help = Some("Meta does not state how it counts emoji; remove some text to be safe".into());
    }
    marked_words(text, "the caption", place, problems);
    odd_characters(text, "the caption", place, problems);
}

/// A first comment as it will be sent. Meta documents no length for it, and the limits of marks hold for it as well.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-media/comments>
pub(super) fn first_comment(text: &str, place: &At<()>, problems: &mut Problems<'_>) {
    marked_words(text, "the first comment", place, problems);
    odd_characters(text, "the first comment", place, problems);
}

/// Hashtags and mentions of `what`.
fn marked_words(text: &str, what: &str, place: &At<()>, problems: &mut Problems<'_>) {
    let hashtags = tags_in_text::hashtags(text).count();
    if hashtags > HASHTAG_LIMIT {
        place
            .report(
                problems,
                &rules::TOO_MANY_HASHTAGS,
                format!("{what} has too many hashtags"),
                format!("{hashtags} hashtags, {HASHTAG_LIMIT} allowed"),
            )
            .help = Some(format!("remove at least {}", hashtags - HASHTAG_LIMIT));
    } else if hashtags > HASHTAG_ADVICE {
        place
            .report(
                problems,
                &rules::MANY_HASHTAGS,
                format!("{what} has many hashtags"),
                format!("{hashtags} hashtags, {HASHTAG_ADVICE} advised"),
            )
            .help = Some("Instagram announced a limit of 5; what it does with more is not known".into());
    }
    let mentions = tags_in_text::mentions(text).count();
    if mentions > MENTION_LIMIT {
        place
            .report(
                problems,
                &rules::TOO_MANY_MENTIONS,
                format!("{what} mentions too many accounts"),
                format!("{mentions} mentions, {MENTION_LIMIT} allowed"),
            )
            .help = Some(format!("remove at least {}", mentions - MENTION_LIMIT));
    }
}

/// Characters that make text read differently from what it is, or that no text needs.
pub(super) fn odd_characters(text: &str, what: &str, place: &At<()>, problems: &mut Problems<'_>) {
    if let Some(found) = text.chars().find(|c| ('\u{202a}'..='\u{202e}').contains(c)) {
        let message = format!("{what} holds a character that overrides the direction of text");
        place.report(problems, &rules::OVERRIDE_CHARACTERS, message, format!("U+{:04X}", u32::from(found))).help =
            Some("remove it; marks and isolates (U+200E, U+2066 to U+2069) do the same safely".into());
    }
    if let Some(found) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}')) {
        let message = format!("{what} contains a control character");
        place.report(problems, &rules::CONTROL_CHARACTERS, message, format!("U+{:04X}", u32::from(found))).help =
            Some("remove it: it is invisible, and Meta does not say what it does with it".into());
    }
}

/// What belongs to one picture or video. `in_carousel`: its fields were not checked against the kind.
pub(super) fn tags(media_type: MediaType, kind: Kind, tags: &Tags, problems: &mut Problems<'_>) {
    let is_video = media_type == MediaType::Video;
    if kind == Kind::Carousel {
        if let Some(alt_text) = tags.alt_text.as_ref().filter(|_| is_video) {
            alt_text.report(problems, &rules::FIELD_NOT_FOR_KIND, "a video has no `alt_text`", "on a video").help =
                Some("Instagram accepts it for images only".into());
        }
        if let Some(offset) = tags.thumb_offset.as_ref().filter(|_| !is_video) {
            offset.report(problems, &rules::FIELD_NOT_FOR_KIND, "an image has no `thumb_offset`", "on an image").help =
                Some("it chooses the still of a video".into());
        }
    }
    if let Some(alt_text) = &tags.alt_text {
        let place = At { value: (), span: alt_text.span.clone(), origin: alt_text.origin.clone() };
        odd_characters(&alt_text.value, "the alternative text", &place, problems);
        let characters = alt_text.value.chars().count();
        if characters > ALT_TEXT_LIMIT {
            let label = format!("{characters} characters, {ALT_TEXT_LIMIT} allowed");
            alt_text.report(problems, &rules::ALT_TEXT_TOO_LONG, "the alternative text is too long", label).help =
                Some(format!("remove at least {} characters", characters - ALT_TEXT_LIMIT));
        }
    }
    if let Some(list) = &tags.user_tags {
        at_most(list, USER_TAG_LIMIT, "user tags", &rules::TOO_MANY_USER_TAGS, problems);
        for tag in list.value.iter() {
            let has_position = tag.value.x.is_some() || tag.value.y.is_some();
            if is_video && kind != Kind::Story {
                if has_position {
                    tag.report(
                        problems,
                        &rules::TAG_POSITION_ON_VIDEO,
                        "a user tag on a video has no position",
                        "x or y here",
                    )
                    .help = Some("remove x and y".into());
                }
            } else if has_position || kind != Kind::Story {
                position(tag, tag.value.x, tag.value.y, problems);
            }
        }
    }
    if let Some(list) = &tags.product_tags {
        at_most(list, PRODUCT_TAG_LIMIT, "product tags", &rules::TOO_MANY_PRODUCT_TAGS, problems);
        for tag in list.value.iter() {
            if !is_video {
                position(tag, tag.value.x, tag.value.y, problems);
            } else if tag.value.x.is_some() || tag.value.y.is_some() {
                let message = "a product tag on a video has no position";
                tag.report(problems, &rules::PRODUCT_POSITION_ON_VIDEO, message, "x or y here").help =
                    Some("remove x and y".into());
            }
        }
    }
}

fn position<T>(tag: &At<T>, x: Option<f64>, y: Option<f64>, problems: &mut Problems<'_>) {
    let label = match (x, y) {
        (Some(x), Some(y)) if (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) => return,
        (Some(x), Some(y)) => format!("x {x}, y {y}"),
        (None, Some(_)) => "x is missing".into(),
        (Some(_), None) => "y is missing".into(),
        (None, None) => "x and y are missing".into(),
    };
    let line = tag.origin.is_none().then(|| with_position(&tag.span, x, y, problems)).flatten();
    let help = "x counts from the left, y from the top";
    tag.report(problems, &rules::TAG_POSITION, "a tag on an image has a position from 0.0 to 1.0", label).help =
        Some(match line {
            Some(line) => format!("{help}; write: {line}"),
            None => format!("{help}: {{ username: acme, x: 0.5, y: 0.5 }}"),
        });
}

/// The line of a tag in braces, whose first field is at `span`, with a position that is one.
fn with_position(span: &Range<usize>, x: Option<f64>, y: Option<f64>, problems: &Problems<'_>) -> Option<String> {
    let text = problems.text();
    let start = text[..span.start].trim_end().strip_suffix('{')?.len();
    let end = span.end + text[span.end..].find('}')?;
    let fields = text[start + 1..end].split(',').map(str::trim);
    let others = fields.filter(|field| !field.starts_with("x:") && !field.starts_with("y:") && !field.is_empty());
    let part = |part: Option<f64>| match part {
        Some(part) if (0.0..=1.0).contains(&part) => part,
        Some(part) if (1.0..2.0).contains(&part) => 1.0,
        // Percent.
        Some(part) if (2.0..=100.0).contains(&part) => part / 100.0,
        _ => 0.5,
    };
    let all: Vec<String> =
        others.map(str::to_owned).chain([format!("x: {}", part(x)), format!("y: {}", part(y))]).collect();
    problems.line_with(&(start..end + 1), &format!("{{ {} }}", all.join(", ")))
}

fn at_most<T>(
    list: &List<T>,
    limit: usize,
    what: &str,
    rule: &'static igsync_base::finding::Rule,
    problems: &mut Problems<'_>,
) {
    let count = list.value.len();
    if count > limit {
        list.report(problems, rule, format!("too many {what}"), format!("{count} here, {limit} allowed")).help =
            Some(format!("remove at least {}", count - limit));
    }
}

/// Counts of people.
pub(super) fn counts(written: &Written, problems: &mut Problems<'_>) {
    if let Some(list) = &written.collaborators {
        at_most(list, COLLABORATOR_LIMIT, "collaborators", &rules::TOO_MANY_COLLABORATORS, problems);
    }
    if let Some(list) = &written.branded_content_sponsor_ids {
        at_most(list, SPONSOR_LIMIT, "sponsors", &rules::TOO_MANY_SPONSORS, problems);
    }
}

/// Media at addresses that show a page instead.
pub(super) fn share_links(written: &Written, problems: &mut Problems<'_>) {
    let items = written.items.iter().flat_map(|items| &items.value).filter_map(|item| item.media.as_ref());
    let mut report = |place: At<()>, source: &Source| {
        let Some(Shared { service, why, direct }) = shared(source) else { return };
        let line = direct.and_then(|direct| problems.line_with(&place.span, &direct));
        let help = match line {
            Some(line) => format!("write: {line}"),
            None => "download the file, put it beside the manifest and name it here".to_owned(),
        };
        let message = format!("this is {service}'s page for a shared file, not the file itself: {why}");
        place.report(problems, &rules::SHARE_LINK, message, "a share link").help = Some(help);
    };
    for item in items {
        report(At { value: (), span: item.span.clone(), origin: item.origin.clone() }, &item.value.1);
    }
    for source in [&written.image, &written.video, &written.cover].into_iter().flatten() {
        report(At { value: (), span: source.span.clone(), origin: source.origin.clone() }, &source.value);
    }
}

/// Fields that take the effect from each other.
pub(super) fn overruled(written: &Written, kind: Kind, problems: &mut Problems<'_>) {
    if let (Kind::Reel, Some(_), Some(offset)) = (kind, &written.cover, &written.tags.thumb_offset) {
        let message = "`thumb_offset` has no effect: the cover wins";
        offset.report(problems, &rules::COVER_WINS, message, "there is a `cover`").help =
            Some("remove one of them".into());
    }
    let sponsors = written.branded_content_sponsor_ids.as_ref().filter(|ids| !ids.value.is_empty());
    if let (Some(_), Some(flag)) = (sponsors, written.is_paid_partnership.as_ref().filter(|flag| !flag.value)) {
        let message = "`is_paid_partnership: false` has no effect: there are sponsors";
        flag.report(problems, &rules::PARTNERSHIP_IMPLIED, message, "becomes true by itself").help =
            Some("remove it, or the sponsors".into());
    }
}

/// An account that names itself as a sponsor.
pub(super) fn sponsors(written: &Written, account: &Account, problems: &mut Problems<'_>) {
    let ids = written.branded_content_sponsor_ids.iter().flat_map(|ids| ids.value.iter());
    for id in ids.filter(|id| account.user_id.as_ref().is_some_and(|own| own.as_str() == id.value)) {
        let message = "an account cannot sponsor its own post";
        id.report(problems, &rules::SPONSOR_IS_SELF, message, format!("this is account {}", account.name)).help =
            Some("name the account that pays, or remove this id".into());
    }
}

/// A post whose images have no alternative text.
pub(super) fn alt_text(written: &Written, kind: Kind, problems: &mut Problems<'_>) {
    let mut missing = |place: std::ops::Range<usize>| {
        problems.report(&rules::MISSING_ALT_TEXT, &place, "the image has no alternative text", "no `alt_text`").help =
            Some("describe the picture for people who cannot see it".into());
    };
    match (kind, &written.items) {
        (Kind::Image, _) if written.tags.alt_text.is_none() => {
            if let Some(image) = &written.image {
                missing(image.span.clone());
            }
        }
        (Kind::Carousel, Some(items)) => {
            for item in &items.value {
                if let Some(media) = &item.media
                    && media.value.0 == MediaType::Image
                    && item.tags.alt_text.is_none()
                {
                    missing(media.span.clone());
                }
            }
        }
        _ => {}
    }
}
