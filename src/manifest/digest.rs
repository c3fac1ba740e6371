//! Identities of content. Pure.
//!
//! A digest covers what creation sends, so that moving, reformatting or commenting a manifest changes
//! nothing, and everything that followers would see differently does. Values are written as JSON with
//! fixed fields, and fields that are not set are left out: a field added later leaves older digests alone.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::schema::{Item, MediaType, Post, Source};
use crate::id::{Digest, Kind};

/// `v1:sha256:` and the SHA-256 of `bytes` in hex.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> Digest {
    from_sha256(&Sha256::digest(bytes).into())
}

/// A SHA-256 as a digest.
#[must_use]
pub fn from_sha256(hash: &[u8; 32]) -> Digest {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(10 + 64);
    text.push_str("v1:sha256:");
    for byte in hash {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    Digest::new(text)
}

/// The identity of a URL that Meta fetches: its text, since the bytes behind it may change.
#[must_use]
pub fn of_url(url: &str) -> Digest {
    of_json(&json!(["url", url]))
}

/// The identity of everything that creation sends, except the media.
#[must_use]
pub fn text_digest(post: &Post) -> Digest {
    let items: Vec<Value> = post.items.iter().map(item_text).collect();
    let mut sent = json!({ "kind": post.kind.as_str(), "caption": post.caption, "items": items });
    put(&mut sent, "collaborators", some_list(&post.collaborators));
    put(&mut sent, "location_id", post.location_id.as_ref());
    put(&mut sent, "is_ai_generated", post.is_ai_generated);
    put(&mut sent, "is_paid_partnership", post.is_paid_partnership);
    put(&mut sent, "branded_content_sponsor_ids", some_list(&post.branded_content_sponsor_ids));
    if let Some(reel) = &post.reel {
        put(&mut sent, "share_to_feed", Some(reel.share_to_feed));
        put(&mut sent, "audio_name", reel.audio_name.as_ref());
        put(&mut sent, "audio_configuration", reel.audio_configuration.as_ref());
        put(&mut sent, "trial", reel.trial);
    }
    of_json(&json!(["text", sent]))
}

fn item_text(item: &Item) -> Value {
    let mut sent = json!({ "type": type_name(item.media_type) });
    put(&mut sent, "alt_text", item.alt_text.as_ref());
    put(&mut sent, "user_tags", some_list(&item.user_tags));
    put(&mut sent, "product_tags", some_list(&item.product_tags));
    put(&mut sent, "thumb_offset", item.thumb_offset);
    sent
}

fn type_name(media_type: MediaType) -> &'static str {
    match media_type {
        MediaType::Image => "image",
        MediaType::Video => "video",
    }
}

fn some_list<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

fn put<T: Serialize>(object: &mut Value, name: &str, value: Option<T>) {
    if let Some(value) = value {
        object[name] = json!(value);
    }
}

/// The identity of kind and media alone, the cover of a reel not included.
#[must_use]
pub fn media_digest(kind: Kind, media: &[(MediaType, Digest)]) -> Digest {
    let media: Vec<Value> = media.iter().map(|(media_type, digest)| json!([type_name(*media_type), digest])).collect();
    of_json(&json!(["media", kind.as_str(), media]))
}

/// The identity of all that creation sends.
#[must_use]
pub fn digest(text: &Digest, media: &Digest, cover: Option<&Digest>) -> Digest {
    of_json(&json!(["post", text, media, cover]))
}

/// A caption in the form in which it is compared with what Meta's listing returns: NFC, LF, outer
/// white space trimmed, without `@`, which most callers do not get back.
#[must_use]
pub fn normalise_caption(caption: &str) -> String {
    caption.replace("\r\n", "\n").replace(['@', '\r'], "").nfc().collect::<String>().trim().to_owned()
}

/// The identity of a normalised caption; an empty one identifies nothing.
#[must_use]
pub fn caption_digest(caption: &str) -> Option<Digest> {
    let caption = normalise_caption(caption);
    (!caption.is_empty()).then(|| of_json(&json!(["caption", caption])))
}

fn of_json(value: &Value) -> Digest {
    of_bytes(value.to_string().as_bytes())
}

impl Post {
    /// Fills `media_digest` and `digest` in. `file_digest` answers for local files; where it answers
    /// `None`, a file that was not read, the digests that need it stay unknown.
    pub fn with_media(&mut self, file_digest: impl Fn(&Source) -> Option<Digest>) {
        let digest_of = |source: &Source| match source {
            Source::Url(url) => Some(of_url(url)),
            Source::Local(_) => file_digest(source),
        };
        let media: Option<Vec<_>> =
            self.items.iter().map(|item| Some((item.media_type, digest_of(&item.source)?))).collect();
        self.media_digest = media.map(|media| media_digest(self.kind, &media));
        let cover = self.reel.as_ref().and_then(|reel| reel.cover.as_ref()).map(digest_of);
        self.digest = match (&self.media_digest, cover) {
            (Some(media), None) => Some(digest(&self.text_digest, media, None)),
            (Some(media), Some(Some(cover))) => Some(digest(&self.text_digest, media, Some(&cover))),
            (None, _) | (_, Some(None)) => None,
        };
    }

    /// What the digest would be if kind and media had this identity: compares a published post with
    /// its record without reading its media. `None`: a local cover would have to be read.
    #[must_use]
    pub fn digest_if_media(&self, media_digest: &Digest) -> Option<Digest> {
        let cover = match self.reel.as_ref().and_then(|reel| reel.cover.as_ref()) {
            None => None,
            Some(Source::Url(url)) => Some(of_url(url)),
            Some(Source::Local(_)) => return None,
        };
        Some(digest(&self.text_digest, media_digest, cover.as_ref()))
    }
}
