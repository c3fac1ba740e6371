//! One picture as it will be seen: what it is drawn from, and which part of it.

use std::sync::Arc;

use super::face;
use crate::manifest::{Item, MediaType, Post};
use igsync_base::id::Kind;
use igsync_base::path::Source;
use igsync_media::convert::{Shot, Target};
use igsync_media::crop::{self, Crop, FULL, Part, Ratio};

/// What is known of media files.
pub trait Media {
    /// `None`: there is no such file here, or it is no media file that may be read.
    fn seen(&self, path: &str) -> Option<Seen>;
}

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Width and height as seen, in pixels.
    pub size: Option<(u32, u32)>,
    /// Of a clip, in milliseconds.
    pub duration_ms: Option<u64>,
    pub is_clip: bool,
}

/// One picture as it will be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub still: Still,
    pub crop: Crop,
    /// The whole picture as it is published, in pixels; `None`: not known.
    pub size: Option<(u32, u32)>,
}

/// What a picture is drawn from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Still {
    /// A picture in the content root, and what conversion makes of it.
    File { path: Arc<str>, target: Option<Target> },
    /// What an account shows of a live post: a signed link that is never written.
    Listed(Arc<str>),
    /// A clip, whose frames are not drawn.
    Clip { duration_ms: Option<u64> },
    /// At another host, which is not asked.
    Elsewhere(Arc<str>),
    /// The file is not here.
    Missing,
}

impl Frame {
    /// The part that is seen, in pixels of the picture as it is published.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        self.size.map(|size| self.crop.part(size))
    }

    /// The shape in which it is seen.
    #[must_use]
    pub fn ratio(&self) -> Option<Ratio> {
        self.part().filter(|part| part.width > 0 && part.height > 0).map(|part| Ratio(part.width, part.height))
    }

    /// As a small picture of at most this size.
    #[must_use]
    pub fn shot(&self, most: (u32, u32)) -> Shot {
        Shot { crop: self.crop.clone(), most }
    }

    /// As a tile of the grid.
    #[must_use]
    pub fn tile(self) -> Self {
        Self { crop: self.crop.to(crop::TILE), ..self }
    }
}

/// A picture or clip of a post, whole.
fn whole(post: &Post, source: &Source, media: &dyn Media) -> Frame {
    let still = |still| Frame { still, crop: Crop::whole(), size: None };
    let path = match source {
        Source::Url(url) => return still(Still::Elsewhere(Arc::clone(url))),
        Source::Local(path) => path,
    };
    let Some(seen) = media.seen(path) else { return still(Still::Missing) };
    if seen.is_clip {
        return Frame { size: seen.size, ..still(Still::Clip { duration_ms: seen.duration_ms }) };
    }
    let conversion = post.conversions.iter().find(|conversion| conversion.path == *path);
    Frame {
        still: Still::File { path: Arc::clone(path), target: conversion.map(|conversion| conversion.target) },
        crop: Crop::whole(),
        size: conversion.map(|conversion| conversion.size).or(seen.size),
    }
}

/// What stands for a post: a reel's cover, else its first picture or clip, as the post shows it.
pub(super) fn first(post: &Post, media: &dyn Media) -> Frame {
    let Some((source, is_cover)) = face(post) else {
        return Frame { still: Still::Missing, crop: Crop::whole(), size: None };
    };
    let frame = whole(post, source, media);
    if is_cover || post.content.kind == Kind::Reel { Frame { crop: frame.crop.to(FULL), ..frame } } else { frame }
}

/// One slide as it is seen in its post. Instagram crops every item of a carousel to the shape of the first.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub(super) fn slide(post: &Post, item: &Item, media: &dyn Media) -> Frame {
    let frame = match item.media_type {
        MediaType::Video if post.content.kind == Kind::Reel => return first(post, media),
        MediaType::Image | MediaType::Video => whole(post, &item.source, media),
    };
    if post.content.kind != Kind::Carousel {
        return frame;
    }
    let shape = post.content.items.first().and_then(|item| whole(post, &item.source, media).size);
    match shape {
        Some((width, height)) => Frame { crop: frame.crop.to(Ratio(width, height)), ..frame },
        None => frame,
    }
}
