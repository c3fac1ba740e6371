//! What creation sends, as data, and as Meta's parameters.

use serde::Serialize;
use serde_json::Value;

use crate::id::ContainerId;

/// A container to be made. Each kind has the fields Meta takes for it and no others. URLs are public
/// and ASCII; user names have no `@`.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
#[derive(Clone, Debug, PartialEq)]
pub enum NewContainer {
    Image {
        image_url: String,
        alt_text: Option<String>,
        user_tags: Vec<UserTag>,
        product_tags: Vec<ProductTag>,
        post: PostFields,
    },
    Reel {
        video: Video,
        /// Without positions.
        user_tags: Vec<UserTag>,
        /// Without positions.
        product_tags: Vec<ProductTag>,
        reel: ReelFields,
        post: PostFields,
    },
    Story {
        media: StoryMedia,
        user_tags: Vec<UserTag>,
    },
    /// A picture of a carousel.
    ImageItem {
        image_url: String,
        alt_text: Option<String>,
        user_tags: Vec<UserTag>,
        product_tags: Vec<ProductTag>,
    },
    /// A video of a carousel.
    VideoItem {
        video: Video,
        /// Without positions.
        user_tags: Vec<UserTag>,
        /// Without positions.
        product_tags: Vec<ProductTag>,
        /// In milliseconds.
        thumb_offset: Option<u64>,
    },
    Carousel {
        /// 2 to 10, in order, all finished.
        children: Vec<ContainerId>,
        product_tags: Vec<ProductTag>,
        post: PostFields,
    },
}

/// Where a video comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Video {
    Url(String),
    /// By resumable upload; Facebook Login only.
    Upload,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoryMedia {
    Image(String),
    Video(Video),
}

/// What image, reel and carousel share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostFields {
    pub caption: Option<String>,
    pub collaborators: Vec<String>,
    pub location_id: Option<String>,
    pub is_ai_generated: Option<bool>,
    pub is_paid_partnership: Option<bool>,
    pub branded_content_sponsor_ids: Vec<String>,
}

/// What only a reel has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReelFields {
    pub cover_url: Option<String>,
    /// In milliseconds.
    pub thumb_offset: Option<u64>,
    /// Always sent: Meta does not document its default.
    pub share_to_feed: bool,
    pub audio_name: Option<String>,
    /// Facebook Login only.
    pub audio_configuration: Option<Value>,
    pub trial_params: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserTag {
    pub username: String,
    /// 0.0 to 1.0 from the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// 0.0 to 1.0 from the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductTag {
    pub product_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
}

impl NewContainer {
    pub(super) fn is_upload(&self) -> bool {
        match self {
            Self::Reel { video, .. }
            | Self::VideoItem { video, .. }
            | Self::Story { media: StoryMedia::Video(video), .. } => *video == Video::Upload,
            Self::Image { .. } | Self::Story { .. } | Self::ImageItem { .. } | Self::Carousel { .. } => false,
        }
    }
}

/// The parameters of the request, in a fixed order. Lists and objects are JSON text; what is empty or
/// not set is not sent.
#[must_use]
pub fn params(new: &NewContainer) -> Vec<(&'static str, String)> {
    let mut params = Params::default();
    match new {
        NewContainer::Image { image_url, alt_text, user_tags, product_tags, post } => {
            params.text("image_url", image_url);
            params.some("alt_text", alt_text.as_ref());
            params.list("user_tags", user_tags);
            params.list("product_tags", product_tags);
            params.post(post);
        }
        NewContainer::Reel { video, user_tags, product_tags, reel, post } => {
            params.text("media_type", "REELS");
            params.video(video);
            params.list("user_tags", user_tags);
            params.list("product_tags", product_tags);
            params.reel(reel);
            params.post(post);
        }
        NewContainer::Story { media, user_tags } => {
            params.text("media_type", "STORIES");
            match media {
                StoryMedia::Image(url) => params.text("image_url", url),
                StoryMedia::Video(video) => params.video(video),
            }
            params.list("user_tags", user_tags);
        }
        NewContainer::ImageItem { image_url, alt_text, user_tags, product_tags } => {
            params.text("image_url", image_url);
            params.text("is_carousel_item", "true");
            params.some("alt_text", alt_text.as_ref());
            params.list("user_tags", user_tags);
            params.list("product_tags", product_tags);
        }
        NewContainer::VideoItem { video, user_tags, product_tags, thumb_offset } => {
            params.text("media_type", "VIDEO");
            params.video(video);
            params.text("is_carousel_item", "true");
            params.list("user_tags", user_tags);
            params.list("product_tags", product_tags);
            params.some("thumb_offset", thumb_offset.as_ref());
        }
        NewContainer::Carousel { children, product_tags, post } => {
            params.text("media_type", "CAROUSEL");
            params.list("children", children);
            params.list("product_tags", product_tags);
            params.post(post);
        }
    }
    params.0
}

#[derive(Default)]
struct Params(Vec<(&'static str, String)>);

impl Params {
    fn text(&mut self, name: &'static str, value: &str) {
        self.0.push((name, value.to_owned()));
    }

    fn some(&mut self, name: &'static str, value: Option<&impl ToString>) {
        self.0.extend(value.map(|value| (name, value.to_string())));
    }

    fn list<T: Serialize>(&mut self, name: &'static str, values: &[T]) {
        if !values.is_empty() {
            let json: Vec<Value> = values.iter().filter_map(|value| serde_json::to_value(value).ok()).collect();
            self.0.push((name, Value::from(json).to_string()));
        }
    }

    fn video(&mut self, video: &Video) {
        match video {
            Video::Url(url) => self.text("video_url", url),
            Video::Upload => self.text("upload_type", "resumable"),
        }
    }

    fn reel(&mut self, reel: &ReelFields) {
        let ReelFields { cover_url, thumb_offset, share_to_feed, audio_name, audio_configuration, trial_params } = reel;
        self.some("cover_url", cover_url.as_ref());
        self.some("thumb_offset", thumb_offset.as_ref());
        self.some("share_to_feed", Some(share_to_feed));
        self.some("audio_name", audio_name.as_ref());
        self.some("audio_configuration", audio_configuration.as_ref());
        self.some("trial_params", trial_params.as_ref());
    }

    fn post(&mut self, post: &PostFields) {
        let PostFields {
            caption,
            collaborators,
            location_id,
            is_ai_generated,
            is_paid_partnership,
            branded_content_sponsor_ids,
        } = post;
        self.some("caption", caption.as_ref().filter(|caption| !caption.is_empty()));
        self.list("collaborators", collaborators);
        self.some("location_id", location_id.as_ref());
        self.some("is_ai_generated", is_ai_generated.as_ref());
        self.some("is_paid_partnership", is_paid_partnership.as_ref());
        self.list("branded_content_sponsor_ids", branded_content_sponsor_ids);
    }
}

#[cfg(test)]
mod tests;
