//! Unpublished posts, and the media that publishing makes of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::seed::Seed;
use super::time::{DAY, Millis};
use igsync_base::id::Kind;
use igsync_instagram::wire::StatusCode;

/// A container lives this long.
pub(crate) const LIFE: Millis = DAY;

/// What a container becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Publishable by itself.
    Post(Kind),
    /// An item of a carousel.
    Child,
}

/// `IMAGE`, `VIDEO` or `CAROUSEL_ALBUM`, as published media call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MediaType {
    Image,
    Video,
    CarouselAlbum,
}

impl MediaType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
            Self::CarouselAlbum => "CAROUSEL_ALBUM",
        }
    }
}

/// Bytes that the sandbox holds, or makes when they are asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// `{sha256}.{ext}`, or `{id}.{ext}` of a seeded post; below `/_sandbox/media/`.
    pub(crate) name: String,
    /// In bytes.
    pub(crate) len: u64,
    pub(crate) duration_ms: Option<u64>,
}

/// A resumable upload under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    /// As the first request announced it, in bytes.
    pub(crate) size: Option<u64>,
    /// In bytes.
    pub(crate) received: u64,
    pub(crate) complete: bool,
}

/// What faults have done to a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// Stays `IN_PROGRESS` until it expires.
    #[serde(default)]
    pub(crate) never_ready: bool,
    /// Fails in processing with this subcode.
    #[serde(default)]
    pub(crate) processing_error: Option<i64>,
    /// Reads answer 100/33.
    #[serde(default)]
    pub(crate) unreadable: bool,
    /// So many publishes answer 9007 although it is finished.
    #[serde(default)]
    pub(crate) not_ready_publishes: u32,
    /// The media stays out of listings for that long after publishing.
    #[serde(default)]
    pub(crate) hide_ms: Millis,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Container {
    pub(crate) id: u64,
    pub(crate) user_id: String,
    pub(crate) role: Role,
    pub(crate) media_type: MediaType,
    pub(crate) caption: Option<String>,
    pub(crate) children: Vec<u64>,
    /// The parameters of the creation, without the token.
    pub(crate) params: Map<String, Value>,
    pub(crate) stored: Option<Stored>,
    pub(crate) cover: Option<Stored>,
    pub(crate) created_at: Millis,
    /// When processing ends; `None` while an upload is under way.
    pub(crate) ready_at: Option<Millis>,
    /// The subcode that processing ends with, if it fails.
    pub(crate) failure: Option<i64>,
    pub(crate) upload: Option<Upload>,
    pub(crate) media_id: Option<u64>,
    /// How often `media_publish` named this container, refused calls included.
    pub(crate) publish_calls: u32,
    #[serde(default)]
    pub(crate) marks: Marks,
}

/// The state of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) code: StatusCode,
    /// With `ERROR`.
    pub(crate) subcode: Option<i64>,
}

impl From<StatusCode> for Phase {
    fn from(code: StatusCode) -> Self {
        Self { code, subcode: None }
    }
}

impl Container {
    /// The state of the container, its children left aside.
    pub(crate) fn phase(&self, now: Millis) -> Phase {
        let failure = self.marks.processing_error.or(self.failure);
        if self.media_id.is_some() {
            StatusCode::Published.into()
        } else if now >= self.created_at + LIFE {
            StatusCode::Expired.into()
        } else if self.marks.never_ready || self.ready_at.is_none_or(|ready| now < ready) {
            StatusCode::InProgress.into()
        } else if failure.is_some() {
            Phase { code: StatusCode::Error, subcode: failure }
        } else {
            StatusCode::Finished.into()
        }
    }
}

impl Phase {
    /// The sentence beside `status_code`.
    pub(crate) fn text(self) -> String {
        match self.code {
            StatusCode::InProgress => "In Progress: Media is still being processed.".into(),
            StatusCode::Finished => "Finished: Media has been uploaded and it is ready to be published.".into(),
            StatusCode::Published => "Published: Media has been successfully published.".into(),
            StatusCode::Expired => "Expired: The container was not published within 24 hours.".into(),
            StatusCode::Error => {
                format!("Error: Media upload has failed with error code {}", self.subcode.unwrap_or(2_207_053))
            }
        }
    }
}

/// A published post, or one item of a carousel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "`media_type` is Meta's name")]
pub(crate) struct Media {
    pub(crate) id: u64,
    pub(crate) user_id: String,
    pub(crate) container: u64,
    /// `None` for an item of a carousel.
    pub(crate) kind: Option<Kind>,
    pub(crate) media_type: MediaType,
    pub(crate) caption: Option<String>,
    pub(crate) children: Vec<u64>,
    pub(crate) params: Map<String, Value>,
    pub(crate) stored: Option<Stored>,
    pub(crate) cover: Option<Stored>,
    pub(crate) published_at: Millis,
    /// Listings show it from then on.
    pub(crate) listed_at: Millis,
    pub(crate) comment_enabled: bool,
    pub(crate) deleted: bool,
    #[serde(default)]
    pub(crate) unreadable: bool,
    #[serde(default, skip_serializing_if = "Seed::is_plain")]
    pub(crate) seed: Seed,
    /// Metrics that were set, by their names; the others come from the id.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) metrics: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) media_id: u64,
    pub(crate) text: String,
    pub(crate) at: Millis,
    #[serde(default)]
    pub(crate) hidden: bool,
    #[serde(default)]
    pub(crate) deleted: bool,
}
