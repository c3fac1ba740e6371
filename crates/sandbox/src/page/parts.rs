//! Pieces that the feed and the page of a post share.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::super::container::{Media, MediaType, Stored};
use super::super::params::Params;
use igsync_base::id::Kind;

fn icon(path: &str) -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" { (PreEscaped(path)) }
    }
}

pub(super) fn logo() -> Markup {
    icon(
        r#"<rect x="3" y="3" width="18" height="18" rx="5.5" fill="none" stroke="currentColor" stroke-width="2"/><circle cx="12" cy="12" r="4" fill="none" stroke="currentColor" stroke-width="2"/><path d="M16.5 6.5h1.5v1.5" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>"#,
    )
}

/// What a tile of the grid is, for eyes; the link's label says it for ears.
pub(super) fn badge(kind: Option<Kind>) -> Markup {
    match kind {
        Some(Kind::Carousel) => icon(
            r#"<rect x="3" y="7" width="14" height="14" rx="3" fill="currentColor"/><path d="M8 4h10a3 3 0 0 1 3 3v10" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>"#,
        ),
        Some(Kind::Reel) => icon(
            r#"<rect x="3" y="3" width="18" height="18" rx="5" fill="none" stroke="currentColor" stroke-width="2"/><path d="M10 8.5v7l6-3.5z" fill="currentColor"/>"#,
        ),
        _ => html! {},
    }
}

pub(super) fn chevron(forward: bool) -> Markup {
    icon(if forward {
        r#"<path d="m9 5 7 7-7 7" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>"#
    } else {
        r#"<path d="m15 5-7 7 7 7" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>"#
    })
}

/// Round, with the first letter of the name.
pub(super) fn avatar(username: &str) -> Markup {
    let letter = username.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    html! { span.avatar aria-hidden="true" { (letter) } }
}

pub(super) fn link(stored: &Stored) -> String {
    format!("/_sandbox/media/{}", stored.name)
}

/// A still of a post: its picture, its cover, or the first frame of its video.
pub(super) fn still(media: &Media) -> Markup {
    html! {
        @match (&media.cover, &media.stored, media.media_type) {
            (Some(cover), ..) => { img src=(link(cover)) alt="" loading="lazy"; }
            (None, Some(stored), MediaType::Video) => {
                video src=(format!("{}#t=0.1", link(stored))) preload="metadata" muted playsinline tabindex="-1" {}
            }
            (None, Some(stored), _) => { img src=(link(stored)) alt="" loading="lazy"; }
            (None, None, _) => { span.missing { "not fetched" } }
        }
    }
}

/// The media in full: a picture with its tags, or a player.
pub(super) fn full(media: &Media) -> Markup {
    let alt = text(media, "alt_text");
    html! {
        @match (&media.stored, media.media_type) {
            (Some(stored), MediaType::Video) => {
                video src=(link(stored)) poster=[media.cover.as_ref().map(link)] controls preload="metadata"
                    playsinline loop aria-label=(alt.as_deref().unwrap_or("Video")) {}
            }
            (Some(stored), _) => {
                span.tagged {
                    img src=(link(stored)) alt=(alt.as_deref().unwrap_or("Picture without a description"));
                    @for (name, place) in user_tags(media) {
                        @if let Some((x, y)) = place {
                            span.pin data-x=(x) data-y=(y) hidden { bdi { (name) } }
                        }
                    }
                }
            }
            (None, _) => { p.missing { "This file was accepted without fetching it." } }
        }
    }
}

pub(super) fn text(media: &Media, name: &str) -> Option<String> {
    Params::of(media.params.clone()).text(name)
}

/// Who is tagged, and where in the picture, each from 0 to 1.
pub(super) fn user_tags(media: &Media) -> Vec<(String, Option<(f64, f64)>)> {
    let tags = Params::of(media.params.clone()).objects("user_tags").ok().flatten().unwrap_or_default();
    let number =
        |value: Option<&Value>| value.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
    tags.iter()
        .filter_map(|tag| {
            let name = tag.get("username")?.as_str()?.trim_start_matches('@').to_owned();
            Some((name, number(tag.get("x")).zip(number(tag.get("y")))))
        })
        .collect()
}

/// A caption or comment, with its tags and names marked.
pub(super) fn prose(text: &str) -> Markup {
    let mut parts: Vec<(bool, &str)> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['#', '@']) {
        let word = rest[at + 1..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
        let end = word.map_or(rest.len(), |len| at + 1 + len);
        let inside = rest[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let is_tag = !inside && end > at + 1;
        parts.push((false, &rest[..at]));
        parts.push((is_tag, &rest[at..end]));
        rest = &rest[end..];
    }
    parts.push((false, rest));
    html! {
        @for (is_tag, part) in parts {
            @if is_tag { span.tag { (part) } } @else { (part) }
        }
    }
}

pub(super) fn kind_name(media: &Media) -> String {
    match media.kind {
        Some(Kind::Image) => "Photo".into(),
        Some(Kind::Reel) => "Reel".into(),
        Some(Kind::Story) => "Story".into(),
        Some(Kind::Carousel) => format!("Carousel of {}", media.children.len()),
        None => "Item of a carousel".into(),
    }
}

/// The beginning of a text, for labels and titles.
pub(super) fn short(text: &str, len: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(len) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
