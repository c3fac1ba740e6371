//! Posts that were there before the first call: a feed of years, put there at once. They never were containers.

mod bytes;
mod change;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::container::{Media, MediaType, Stored};
use super::insights;
use super::time::Millis;
use igsync_base::id::Kind;

pub(crate) use bytes::file;
pub(crate) use change::Change;

/// How long the media of the sandbox's only clip is. In milliseconds.
const CLIP_MS: u64 = 4_000;

/// What a post has that did not come with its creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Seed {
    /// It was put there; no call has published it.
    pub(crate) seeded: bool,
    pub(crate) likes: u64,
    /// Beside those that were made here.
    pub(crate) comments: u64,
    /// `VIDEO` in the feed, from before reels.
    pub(crate) old_video: bool,
    pub(crate) audio: Option<Audio>,
    /// Its bytes are not given out.
    pub(crate) copyrighted: bool,
    /// In no listing; read by its id, it is still there.
    pub(crate) archived: bool,
}

impl Seed {
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The bytes of copyrighted media, and of reels with licensed sound, are not given out.
    pub(crate) fn has_bytes(&self) -> bool {
        !self.copyrighted && self.audio != Some(Audio::Music)
    }
}

/// `media_audio_type`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Audio {
    Music,
    OriginalSound,
}

impl Audio {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Music => "MUSIC",
            Self::OriginalSound => "ORIGINAL_SOUND",
        }
    }
}

/// One post as `POST /_sandbox/posts` describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct NewPost {
    kind: Kind,
    caption: Option<String>,
    /// Now, where it is not said.
    at: Option<jiff::Timestamp>,
    alt_text: Option<String>,
    /// Of a story.
    media_type: Format,
    /// Of a carousel.
    children: Vec<NewSlide>,
    share_to_feed: bool,
    comment_enabled: bool,
    is_ai_generated: bool,
    likes: u64,
    comments: u64,
    /// Of its insights; the others come from its id.
    metrics: Map<String, Value>,
    copyrighted: bool,
    /// A reel that is a video from before reels.
    old_video: bool,
    audio: Option<Audio>,
    archived: bool,
}

impl Default for NewPost {
    fn default() -> Self {
        Self {
            kind: Kind::Image,
            caption: None,
            at: None,
            alt_text: None,
            media_type: Format::Image,
            children: Vec::new(),
            share_to_feed: true,
            comment_enabled: true,
            is_ai_generated: false,
            likes: 0,
            comments: 0,
            metrics: Map::new(),
            copyrighted: false,
            old_video: false,
            audio: None,
            archived: false,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Image,
    Video,
}

impl From<Format> for MediaType {
    fn from(format: Format) -> Self {
        match format {
            Format::Image => Self::Image,
            Format::Video => Self::Video,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewSlide {
    media_type: Format,
    alt_text: Option<String>,
    copyrighted: bool,
}

/// Reads `[{…}]`, or `{"user_id":…, "posts":[{…}]}` for another account than the first one.
///
/// # Errors
///
/// A sentence about the first entry that makes no sense.
pub(crate) fn read(body: &Value, now: Millis) -> Result<(Option<&str>, Vec<NewPost>), String> {
    let (user_id, posts) = match body {
        Value::Object(map) => (map.get("user_id").and_then(Value::as_str), map.get("posts")),
        other => (None, Some(other)),
    };
    let posts = posts.and_then(Value::as_array).ok_or("posts are an array of objects")?;
    let read = posts.iter().enumerate().map(|(n, post)| one(post, now).map_err(|why| format!("post {n}: {why}")));
    Ok((user_id, read.collect::<Result<_, _>>()?))
}

fn one(value: &Value, now: Millis) -> Result<NewPost, String> {
    let post = NewPost::deserialize(value).map_err(|error| error.to_string())?;
    let is_carousel = post.kind == Kind::Carousel;
    if is_carousel != (2..=10).contains(&post.children.len()) {
        return Err("a carousel has 2 to 10 children, and no other kind has any".into());
    }
    insights::check(&post.metrics)?;
    if (post.old_video || post.audio.is_some()) && post.kind != Kind::Reel {
        return Err("only a reel has audio or is an old video".into());
    }
    if post.at.is_some_and(|at| at.as_millisecond() > now) {
        return Err("at is in the future".into());
    }
    Ok(post)
}

impl NewPost {
    /// How many ids it takes.
    pub(crate) fn len(&self) -> usize {
        1 + self.children.len()
    }

    /// The post and its slides under these ids, its own first.
    pub(crate) fn media(self, user_id: &str, ids: &[u64], now: Millis) -> Vec<Media> {
        let at = self.at.map_or(now, jiff::Timestamp::as_millisecond);
        let media_type = match self.kind {
            Kind::Carousel => MediaType::CarouselAlbum,
            Kind::Reel => MediaType::Video,
            Kind::Image => MediaType::Image,
            Kind::Story => self.media_type.into(),
        };
        let mut params = flags(self.alt_text.as_deref());
        if self.kind == Kind::Reel {
            params.insert("share_to_feed".into(), self.share_to_feed.into());
        }
        if self.is_ai_generated {
            params.insert("is_ai_generated".into(), true.into());
        }
        let seed = Seed {
            seeded: true,
            likes: self.likes,
            comments: self.comments,
            old_video: self.old_video,
            audio: self.audio,
            copyrighted: self.copyrighted,
            archived: self.archived,
        };
        let Some((id, slides)) = ids.split_first() else { return Vec::new() };
        let blank = |id: u64, media_type| blank(id, user_id, media_type, at);
        let post = Media {
            kind: Some(self.kind),
            caption: self.caption,
            children: slides.to_vec(),
            metrics: self.metrics,
            params,
            comment_enabled: self.comment_enabled,
            seed,
            ..blank(*id, media_type)
        };
        let slides = self.children.into_iter().zip(slides).map(|(slide, id)| Media {
            params: flags(slide.alt_text.as_deref()),
            seed: Seed { seeded: true, copyrighted: slide.copyrighted, ..Seed::default() },
            ..blank(*id, slide.media_type.into())
        });
        std::iter::once(post).chain(slides).collect()
    }
}

fn flags(alt_text: Option<&str>) -> Map<String, Value> {
    alt_text.map(|text| ("alt_text".to_owned(), json!(text))).into_iter().collect()
}

fn blank(id: u64, user_id: &str, media_type: MediaType, at: Millis) -> Media {
    Media {
        id,
        user_id: user_id.to_owned(),
        container: 0,
        kind: None,
        media_type,
        caption: None,
        children: Vec::new(),
        params: Map::new(),
        stored: stored(id, media_type),
        cover: (media_type == MediaType::Video).then(|| picture(id)),
        published_at: at,
        listed_at: at,
        comment_enabled: true,
        deleted: false,
        unreadable: false,
        seed: Seed::default(),
        metrics: Map::new(),
    }
}

/// What an album shows is what its slides show.
fn stored(id: u64, media_type: MediaType) -> Option<Stored> {
    match media_type {
        MediaType::Image => Some(picture(id)),
        MediaType::Video => {
            let len = bytes::clip(id).len() as u64;
            Some(Stored { name: format!("{id}.mp4"), len, duration_ms: Some(CLIP_MS) })
        }
        MediaType::CarouselAlbum => None,
    }
}

/// A picture that is made when it is asked for.
pub(crate) fn picture(id: u64) -> Stored {
    Stored { name: format!("{id}.jpg"), len: bytes::picture(id).len() as u64, duration_ms: None }
}
