//! What the creation of a post says: the digest covers it, an engine sends it, reports show it.
//!
//! Whoever writes it out takes it apart without `..`, so that the compiler names every place that a new field must go
//! to. What is done with a post before and after its creation is not here: a manifest has it.

use serde::{Deserialize, Serialize};

use crate::id::Kind;
use crate::path::Source;

/// What a post is, to those who see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub kind: Kind,
    /// One for image, reel and story; two to ten for a carousel.
    pub items: Vec<Item>,
    /// The effective caption: defaults and hashtags included, NFC, LF, outer white space trimmed.
    /// Empty means none.
    pub caption: String,
    pub collaborators: Vec<String>,
    pub location_id: Option<String>,
    pub is_ai_generated: Option<bool>,
    pub is_paid_partnership: Option<bool>,
    pub branded_content_sponsor_ids: Vec<String>,
    /// `Some` for reels.
    pub reel: Option<ReelOptions>,
}

impl Content {
    /// How much text it holds, in bytes; the sources of media, which posts share, are left out.
    #[must_use]
    pub fn text_len(&self) -> usize {
        let Self {
            kind: _,
            items,
            caption,
            collaborators,
            location_id,
            is_ai_generated: _,
            is_paid_partnership: _,
            branded_content_sponsor_ids,
            reel,
        } = self;
        let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let sum = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
        let reel = reel.as_ref().map_or(0, |reel| len(&reel.audio_name));
        let items: usize = items.iter().map(Item::text_len).sum();
        caption.len() + len(location_id) + sum(collaborators) + sum(branded_content_sponsor_ids) + reel + items
    }
}

/// One picture or video of a post, in the order in which followers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its place in `items` of the manifest, from 0.
    pub slot: usize,
    pub media_type: MediaType,
    pub source: Source,
    pub alt_text: Option<String>,
    pub user_tags: Vec<UserTag>,
    pub product_tags: Vec<ProductTag>,
    /// In milliseconds from the start of the video.
    pub thumb_offset: Option<u64>,
}

impl Item {
    fn text_len(&self) -> usize {
        let Self { slot: _, media_type: _, source: _, alt_text, user_tags, product_tags, thumb_offset: _ } = self;
        let users: usize = user_tags.iter().map(|tag| tag.username.len()).sum();
        let products: usize = product_tags.iter().map(|tag| tag.product_id.len()).sum();
        alt_text.as_ref().map_or(0, String::len) + users + products
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    Image,
    Video,
}

/// Field names are the Graph API's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserTag {
    /// Without `@`.
    pub username: String,
    /// 0.0 to 1.0 from the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// 0.0 to 1.0 from the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
}

/// Field names are the Graph API's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductTag {
    pub product_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
}

/// What only a reel has.
#[derive(Clone, Debug, PartialEq)]
pub struct ReelOptions {
    pub cover: Option<Source>,
    /// Always sent: Meta does not document its default.
    pub share_to_feed: bool,
    pub audio_name: Option<String>,
    pub audio_configuration: Option<Audio>,
    pub trial: Option<GraduationStrategy>,
}

/// `audio_configuration`, Facebook Login only. Field names are the Graph API's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audio {
    pub audio_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_volume: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_volume: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub should_loop_audio: Option<bool>,
}

/// How a trial reel leaves its trial (`trial_params.graduation_strategy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GraduationStrategy {
    Manual,
    SsPerformance,
}

/// A local file of a published post: by this it is known again without being read.
///
/// A lockfile can say anything here: nothing is opened by this name, and it decides about the mark `*` alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentFile {
    /// Relative to the content root, `/`-separated.
    pub file: String,
    /// In bytes; of a file in Git LFS that of the file, not of its pointer.
    pub size: u64,
    /// Git's id of the blob, 40 or 64 hex digits; of a file in Git LFS the digest that its pointer names.
    pub oid: String,
}

impl Content {
    /// Media of a kind, and nothing else said.
    #[must_use]
    pub fn new(kind: Kind, items: Vec<Item>) -> Self {
        Self {
            kind,
            items,
            caption: String::new(),
            collaborators: Vec::new(),
            location_id: None,
            is_ai_generated: None,
            is_paid_partnership: None,
            branded_content_sponsor_ids: Vec::new(),
            reel: (kind == Kind::Reel).then(ReelOptions::default),
        }
    }

    /// Every media file with its place: the items, then a reel's cover.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.items.iter().map(|item| &item.source).chain(self.cover())
    }

    /// The cover of a reel.
    #[must_use]
    pub fn cover(&self) -> Option<&Source> {
        self.reel.as_ref()?.cover.as_ref()
    }
}

impl Item {
    /// A picture or a video, and nothing said of it.
    #[must_use]
    pub fn new(slot: usize, media_type: MediaType, source: Source) -> Self {
        Self {
            slot,
            media_type,
            source,
            alt_text: None,
            user_tags: Vec::new(),
            product_tags: Vec::new(),
            thumb_offset: None,
        }
    }
}

impl Default for ReelOptions {
    fn default() -> Self {
        Self { cover: None, share_to_feed: true, audio_name: None, audio_configuration: None, trial: None }
    }
}
