//! Pieces that the feed and the page of a post share.

use maud::{Markup, html};
use serde_json::Value;

use super::super::container::{Media, MediaType, Stored};
use super::super::params::Params;
use igsync_base::id::Kind;

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

pub(super) fn kind_name(media: &Media) -> String {
    match media.kind {
        Some(Kind::Image) => "Photo".into(),
        Some(Kind::Reel) => "Reel".into(),
        Some(Kind::Story) => "Story".into(),
        Some(Kind::Carousel) => format!("Carousel of {}", media.children.len()),
        None => "Item of a carousel".into(),
    }
}
