//! Identities of content. Pure.
//!
//! A digest covers what creation sends, so that moving, reformatting or commenting a manifest changes
//! nothing, and everything that followers would see differently does. Values are written as JSON with
//! fixed fields, and fields that are not set are left out: a field added later leaves older digests alone.

use std::borrow::Cow;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::schema::Post;
use igsync_base::content::{Audio, Content, GraduationStrategy, Item, MediaType, ProductTag, ReelOptions, UserTag};
use igsync_base::id::{Digest, Kind};
use igsync_base::path::Source;

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
    of_json(&("url", url))
}

/// What creation sends except the media, in the order that is hashed. New fields go to the end.
#[derive(Serialize)]
struct Sent<'a> {
    kind: &'a str,
    caption: &'a str,
    items: Vec<SentItem<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    collaborators: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    location_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_ai_generated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_paid_partnership: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    branded_content_sponsor_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    share_to_feed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_configuration: Option<&'a Audio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<GraduationStrategy>,
}

#[derive(Serialize)]
struct SentItem<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_text: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    user_tags: &'a [UserTag],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    product_tags: &'a [ProductTag],
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_offset: Option<u64>,
}

/// The identity of everything that creation sends, except the media.
#[must_use]
pub fn text_digest(content: &Content) -> Digest {
    let Content {
        kind,
        items,
        caption,
        collaborators,
        location_id,
        is_ai_generated,
        is_paid_partnership,
        branded_content_sponsor_ids,
        reel,
    } = content;
    // Sources are media: see `media_digest` and `digest`.
    let items = items.iter().map(|item| {
        let Item { slot: _, media_type, source: _, alt_text, user_tags, product_tags, thumb_offset } = item;
        SentItem {
            r#type: type_name(*media_type),
            alt_text: alt_text.as_deref(),
            user_tags,
            product_tags,
            thumb_offset: *thumb_offset,
        }
    });
    let (share_to_feed, audio_name, audio_configuration, trial) = match reel {
        Some(ReelOptions { cover: _, share_to_feed, audio_name, audio_configuration, trial }) => {
            (Some(*share_to_feed), audio_name.as_deref(), audio_configuration.as_ref(), *trial)
        }
        None => (None, None, None, None),
    };
    let sent = Sent {
        kind: kind.as_str(),
        caption,
        items: items.collect(),
        collaborators,
        location_id: location_id.as_deref(),
        is_ai_generated: *is_ai_generated,
        is_paid_partnership: *is_paid_partnership,
        branded_content_sponsor_ids,
        share_to_feed,
        audio_name,
        audio_configuration,
        trial,
    };
    of_json(&("text", sent))
}

fn type_name(media_type: MediaType) -> &'static str {
    match media_type {
        MediaType::Image => "image",
        MediaType::Video => "video",
    }
}

/// The identity of kind and media alone, the cover of a reel not included.
#[must_use]
pub fn media_digest(kind: Kind, media: &[(MediaType, Digest)]) -> Digest {
    let media: Vec<_> = media.iter().map(|(media_type, digest)| (type_name(*media_type), digest)).collect();
    of_json(&("media", kind.as_str(), media))
}

/// The identity of all that creation sends.
#[must_use]
pub fn digest(text: &Digest, media: &Digest, cover: Option<&Digest>) -> Digest {
    of_json(&("post", text, media, cover))
}

/// A caption in the form in which it is compared with what Meta's listing returns: NFC, LF, outer
/// white space trimmed, without `@`, which most callers do not get back.
#[must_use]
pub fn normalise_caption(caption: &str) -> String {
    let lines = if caption.contains('\r') {
        Cow::Owned(caption.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(caption)
    };
    lines.replace('@', "").nfc().collect::<String>().trim().to_owned()
}

/// The identity of a normalised caption; an empty one identifies nothing.
#[must_use]
pub fn caption_digest(caption: &str) -> Option<Digest> {
    let caption = normalise_caption(caption);
    (!caption.is_empty()).then(|| of_json(&("caption", caption)))
}

/// The identity of a caption without white space at the ends of its lines, which Instagram does not keep: to compare
/// what a manifest says with what is live, and never recorded.
#[must_use]
pub fn plain_caption_digest(caption: &str) -> Option<Digest> {
    caption_digest(&normalise_caption(caption).lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}

/// The digest of a first comment as records hold it, however Meta writes it back.
#[must_use]
pub fn comment_digest(text: &str) -> Digest {
    of_json(&("comment", normalise_caption(text)))
}

/// The identity of some values, whatever their names.
pub(crate) fn of_json(value: &impl Serialize) -> Digest {
    of_bytes(&serde_json::to_vec(value).expect("texts, numbers and lists always fit into JSON"))
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
            self.content.items.iter().map(|item| Some((item.media_type, digest_of(&item.source)?))).collect();
        self.media_digest = media.map(|media| media_digest(self.content.kind, &media));
        let cover = self.content.cover().map(|cover| (cover, digest_of(cover)));
        self.cover_digest = match &cover {
            Some((Source::Local(_), digest)) => digest.clone(),
            Some((Source::Url(_), _)) | None => None,
        };
        self.digest = match (&self.media_digest, cover) {
            (Some(media), None) => Some(digest(&self.text_digest, media, None)),
            (Some(media), Some((_, Some(cover)))) => Some(digest(&self.text_digest, media, Some(&cover))),
            (None, _) | (_, Some((_, None))) => None,
        };
    }

    /// Fills `sent_digest` in, once `digest` and `conversions` are known. `host`: where the files that need one are
    /// hosted, in any words that change with it.
    pub fn with_sending(&mut self, host: Option<&str>) {
        let mut conversions = self.conversions.iter().peekable();
        let mut work = |source: &Source| match source {
            Source::Local(path) => conversions.next_if(|conversion| conversion.path == *path).map(|made| &*made.work),
            Source::Url(_) => None,
        };
        let works: Vec<Option<&str>> = self.content.sources().map(&mut work).collect();
        let is_local = self.content.sources().any(|source| matches!(source, Source::Local(_)));
        self.sent_digest =
            self.digest.as_ref().filter(|_| is_local).map(|digest| of_json(&("sent", digest, works, host)));
    }

    /// What the digest would be if kind and media, and a local cover, had these identities: compares a published post
    /// with its record without reading its media. `None`: a local cover would have to be read.
    #[must_use]
    pub fn digest_if_media(&self, media_digest: &Digest, cover_digest: Option<&Digest>) -> Option<Digest> {
        self.digest_of(&self.text_digest, media_digest, cover_digest)
    }

    /// The same, as older versions would have published it.
    #[must_use]
    pub fn doubled_digest_if_media(&self, media_digest: &Digest, cover_digest: Option<&Digest>) -> Option<Digest> {
        self.digest_of(self.doubled_digest.as_ref()?, media_digest, cover_digest)
    }

    /// The same, if it were published without any defaults.
    #[must_use]
    pub fn own_digest_if_media(&self, media_digest: &Digest, cover_digest: Option<&Digest>) -> Option<Digest> {
        self.digest_of(self.own_text(), media_digest, cover_digest)
    }

    /// What the digest would be without any defaults, where they add something and the media are known.
    #[must_use]
    pub fn whole_own_digest(&self) -> Option<Digest> {
        self.digest_of(self.own_digest.as_ref()?, self.media_digest.as_ref()?, self.cover_digest.as_ref())
    }

    /// Identity of what the manifest says by itself, except the media.
    #[must_use]
    pub(super) fn own_text(&self) -> &Digest {
        self.own_digest.as_ref().unwrap_or(&self.text_digest)
    }

    fn digest_of(&self, text: &Digest, media: &Digest, local_cover: Option<&Digest>) -> Option<Digest> {
        let cover = match self.content.cover() {
            None => None,
            Some(Source::Url(url)) => Some(of_url(url)),
            Some(Source::Local(_)) => Some(local_cover?.clone()),
        };
        Some(digest(text, media, cover.as_ref()))
    }
}
