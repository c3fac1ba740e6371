//! What a manifest says, decoded and with every default applied. One [`Post`] per manifest and account.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::id::{AccountName, Digest, Kind, PostKey, UserId};
use crate::path::Source;

/// What the user wants to exist: one manifest for one account.
#[derive(Clone, Debug)]
pub struct Post {
    pub key: PostKey,
    pub account: AccountName,
    /// `None` until the token has been asked who it is and the lockfile does not know either.
    pub user_id: Option<UserId>,
    /// The manifest, relative to the content root, `/`-separated.
    pub file: Arc<str>,
    /// The line of the manifest that a message about the whole post points at, from 1.
    pub line: usize,
    pub kind: Kind,
    /// One for image, reel and story; two to ten for a carousel.
    pub items: Vec<Item>,
    /// The effective caption: defaults and hashtags included, NFC, LF, outer white space trimmed.
    /// Empty means none.
    pub caption: String,
    /// The file that the caption was read from, relative to the content root.
    pub caption_file: Option<Arc<str>>,
    pub collaborators: Vec<String>,
    pub location_id: Option<String>,
    /// `Some` for reels.
    pub reel: Option<ReelOptions>,
    pub is_ai_generated: Option<bool>,
    pub is_paid_partnership: Option<bool>,
    pub branded_content_sponsor_ids: Vec<String>,
    /// Posted right after publishing.
    pub first_comment: Option<String>,
    /// `false` is set after publishing and after the first comment.
    pub comment_enabled: bool,
    /// Not before.
    pub publish_at: Option<Timestamp>,
    /// Not after.
    pub publish_until: Option<Timestamp>,
    pub draft: bool,
    pub state: PostState,
    /// SHA-256 of everything that creation sends except the media bytes ([`crate::manifest`] joins
    /// it with the media digests).
    pub text_digest: Digest,
    /// Identity of kind and media. `None`: some media file was not read.
    pub media_digest: Option<Digest>,
    /// Identity of all that creation sends. `None`: some media file was not read.
    pub digest: Option<Digest>,
    /// Whether a finding of severity error stands against this post.
    pub has_errors: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostState {
    Present,
    /// Delete the live post.
    Absent,
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

impl Post {
    /// Every media file of the post with its place: the items, then a reel's cover.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.items.iter().map(|item| &item.source).chain(self.reel.iter().filter_map(|reel| reel.cover.as_ref()))
    }
}
