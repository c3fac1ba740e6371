//! What a manifest says otherwise than its live post.

use super::words::{Reworded, reworded};
use crate::lockfile::Record;
use crate::manifest::{Post, caption_digest};
use igsync_base::id::Digest;

/// What of a live post is not any more what was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// At least one.
    parts: Vec<Part>,
    /// Where the caption differs, as far as the one that was published is known.
    words: Vec<Reworded>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Caption,
    /// A picture, a video or a cover, or their order.
    Media,
    /// Anything else that creation sends. Beside another part it is not looked for.
    Fields,
    /// Nothing but what the configuration or a `_defaults.yaml` adds.
    Defaults,
}

impl Part {
    /// The names in machine-readable output.
    pub const NAMES: [&str; 4] = ["caption", "media", "fields", "defaults"];

    /// One of [`Self::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Caption => "caption",
            Self::Media => "media",
            Self::Fields => "fields",
            Self::Defaults => "defaults",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Caption => "caption",
            Self::Media => "media",
            Self::Fields => "other fields",
            Self::Defaults => "defaults",
        }
    }
}

impl Edited {
    /// `None`: the post is as it was published.
    pub(super) fn of(post: &Post, record: &Record) -> Option<Self> {
        if !is_edited(post, record) {
            return None;
        }
        let is_accepted = |now: &Option<Digest>| now.as_ref().is_some_and(|now| record.has_accepted(now));
        let are_other = |now: &Option<Digest>, sent: &Option<Digest>| {
            now.is_some() && sent.is_some() && now != sent && !is_accepted(now)
        };
        let has_other_media =
            are_other(&post.media_digest, &record.media_digest) || are_other(&post.cover_digest, &record.cover_digest);
        if !has_other_media && has_same_manifest(post, record) {
            return Some(Self::only(vec![Part::Defaults]));
        }
        let mut parts = Vec::new();
        let has_same_text = text_if_media_were_sent(post, record).is_some_and(|text| record.digest == Some(text));
        let caption = caption_digest(&post.content.caption);
        if !has_same_text && caption != record.caption_digest && !is_accepted(&caption) {
            parts.push(Part::Caption);
        }
        if has_other_media {
            parts.push(Part::Media);
        }
        if parts.is_empty() {
            parts.push(Part::Fields);
        }
        Some(Self::only(parts))
    }

    fn only(parts: Vec<Part>) -> Self {
        Self { parts, words: Vec::new() }
    }

    /// Compares the caption that was published with the one that the manifest has now.
    pub fn reword(&mut self, published: &str, now: &str) {
        self.words = reworded(published, now);
    }

    /// Where the caption differs, in order; empty where the published one is not known.
    #[must_use]
    pub fn words(&self) -> &[Reworded] {
        &self.words
    }

    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether nothing but defaults differs: one cause, of which there may be hundreds.
    #[must_use]
    pub fn is_by_defaults(&self) -> bool {
        self.parts == [Part::Defaults]
    }

    pub(super) fn reason(&self) -> String {
        if self.is_by_defaults() {
            return "published, and the defaults have changed since".to_owned();
        }
        let parts: Vec<&str> = self.parts.iter().map(|part| part.in_words()).collect();
        format!("published, then edited: {}", parts.join(" and "))
    }
}

/// Whether the manifest says by itself what it said when it was published, its cover included.
fn has_same_manifest(post: &Post, record: &Record) -> bool {
    // Where no defaults added anything, the manifest is all that was sent.
    let sent = record.own_digest.as_deref().or(record.digest.as_ref());
    let now = |media| post.own_digest_if_media(media, record.cover_digest.as_ref());
    let now = record.media_digest.as_ref().and_then(now);
    now.is_some_and(|now| sent == Some(&now) || record.has_accepted(&now))
}

/// Whether the manifest says something else than what was sent. What cannot be compared counts as
/// unchanged: a false alarm over a live post would only teach people to ignore the mark.
pub(super) fn is_edited(post: &Post, record: &Record) -> bool {
    match (effective_digest(post, record), &record.digest) {
        (Some(now), Some(sent)) => {
            let differs = scheme(&now) == scheme(sent) && now != *sent;
            differs && !record.has_accepted(&now) && !was_sent_doubled(post, record)
        }
        _ => false,
    }
}

/// Whether the manifest still says what was sent, as far as that can be told for certain.
pub(crate) fn is_as_published(post: &Post, record: &Record) -> bool {
    let now = effective_digest(post, record);
    // The digest of a manifest that was accepted is not that of what was sent.
    now.as_ref().is_some_and(|now| {
        !record.has_accepted(now) && (record.digest.as_ref() == Some(now) || was_sent_doubled(post, record))
    })
}

/// Whether the record differs from the post only by hashtags that were sent as often as they were given.
fn was_sent_doubled(post: &Post, record: &Record) -> bool {
    let (media, cover) = match &post.media_digest {
        Some(media) => (Some(media), post.cover_digest.as_ref()),
        None => (record.media_digest.as_ref(), record.cover_digest.as_ref()),
    };
    let doubled = media.and_then(|media| post.doubled_digest_if_media(media, cover));
    doubled.is_some() && doubled == record.digest
}

/// The post's digest. Media that were not read, because they are gone, count as those that were sent.
fn effective_digest(post: &Post, record: &Record) -> Option<Digest> {
    post.digest.clone().or_else(|| text_if_media_were_sent(post, record))
}

/// What the digest would be with the media that were sent.
fn text_if_media_were_sent(post: &Post, record: &Record) -> Option<Digest> {
    post.digest_if_media(record.media_digest.as_ref()?, record.cover_digest.as_ref())
}

fn scheme(digest: &Digest) -> Option<&str> {
    digest.as_str().rsplit_once(':').map(|(scheme, _)| scheme)
}
