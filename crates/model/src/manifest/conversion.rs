//! What conversion is asked to make of a post's pictures.

use std::sync::Arc;

use super::media::{Files, Spot};
use super::schema::{Conversion, Post};
use igsync_base::content::{Item, MediaType};
use igsync_base::id::Kind;
use igsync_base::path::Source;
use igsync_media::convert::{ConversionPlan, Fit, Refusal, Target};
use igsync_media::probe::{Facts, Format};
use igsync_media::rules::Use;

/// How the pictures of an account are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertSettings {
    pub fit: Option<Fit>,
}

/// What an item is for.
#[must_use]
pub fn usage(kind: Kind, media_type: MediaType) -> Use {
    match (kind, media_type) {
        (Kind::Story, MediaType::Image) => Use::StoryImage,
        (Kind::Story, MediaType::Video) => Use::StoryVideo,
        (Kind::Carousel, MediaType::Image) => Use::CarouselImage,
        (Kind::Carousel, MediaType::Video) => Use::CarouselVideo,
        (_, MediaType::Image) => Use::Image,
        (_, MediaType::Video) => Use::Reel,
    }
}

/// The picture of an item or a cover, and what it is to become; `None` for videos and URLs.
pub fn conversion_target<'p>(
    post: &'p Post,
    spot: Spot<'_>,
    fit: Option<Fit>,
    files: &mut Files<'_>,
) -> Option<(&'p Arc<str>, Target)> {
    let (source, usage, index) = match spot {
        Spot::Item(index) => {
            let item = post.content.items.iter().find(|item| item.slot == index)?;
            if item.media_type != MediaType::Image {
                return None;
            }
            (&item.source, usage(post.content.kind, item.media_type), index)
        }
        Spot::Cover => (post.content.cover()?, Use::Cover, 0),
        Spot::ThumbOffset(_) | Spot::Field(_) => return None,
    };
    let Source::Local(path) = source else { return None };
    let first = if post.content.kind == Kind::Carousel && index > 0 { first_size(post, fit, files) } else { None };
    Some((path, Target { usage, fit, first }))
}

/// The size of a carousel's first item as it is published.
fn first_size(post: &Post, fit: Option<Fit>, files: &mut Files<'_>) -> Option<(u32, u32)> {
    let first: &Item = post.content.items.iter().find(|item| item.slot == 0)?;
    let Source::Local(path) = &first.source else { return None };
    let facts = files.look(path).ok()?;
    let becomes = conversion_target(post, Spot::Item(0), fit, files)
        .and_then(|(_, target)| files.conversion_plan(path, &target).ok().flatten());
    becomes.map(|conversion_plan| conversion_plan.size()).or_else(|| seen_size(&facts))
}

/// Width and height as seen, in pixels.
pub(super) fn seen_size(facts: &Facts) -> Option<(u32, u32)> {
    match &facts.format {
        Format::Jpeg(jpeg) => Some(jpeg.seen_size()),
        Format::Video(video) => video.video.as_ref().map(|track| (track.width, track.height)),
        _ => None,
    }
}

/// What becomes of one picture; `None`: it is sent as it is.
pub(super) fn conversion_plan(
    post: &Post,
    spot: Spot<'_>,
    fit: Option<Fit>,
    files: &mut Files<'_>,
) -> Result<Option<ConversionPlan>, Refusal> {
    match conversion_target(post, spot, fit, files) {
        Some((path, target)) => files.conversion_plan(path, &target),
        None => Ok(None),
    }
}

/// Every picture of the post that is converted before it is published. What cannot be converted is for
/// the checks to say.
#[must_use]
pub fn conversions(post: &Post, fit: Option<Fit>, files: &mut Files<'_>) -> Vec<Conversion> {
    let items = post.content.items.iter().map(|item| Spot::Item(item.slot));
    items
        .chain([Spot::Cover])
        .filter_map(|spot| {
            let (path, target) = conversion_target(post, spot, fit, files)?;
            let plan = files.conversion_plan(path, &target).ok()??;
            Some(Conversion { path: Arc::clone(path), target, work: plan.work(), size: plan.size(), len: None })
        })
        .collect()
}
