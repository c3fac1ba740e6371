//! What creation sends, as Meta's parameters.

use serde::Serialize;
use serde_json::{Value, json};

use igsync_base::content::{Content, Item, ReelOptions};
use igsync_base::id::ContainerId;

/// A container to be made: what is said of its media, and where Meta finds them. Each kind sends the fields Meta takes
/// for it and no others. URLs are public and ASCII; user names have no `@`.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
#[derive(Clone, Debug, PartialEq)]
pub enum NewContainer<'a> {
    Image {
        image_url: String,
        item: &'a Item,
        content: &'a Content,
    },
    Reel {
        video: Video,
        cover_url: Option<String>,
        item: &'a Item,
        content: &'a Content,
    },
    Story {
        media: StoryMedia,
        item: &'a Item,
    },
    /// A picture of a carousel.
    ImageItem {
        image_url: String,
        item: &'a Item,
    },
    /// A video of a carousel.
    VideoItem {
        video: Video,
        item: &'a Item,
    },
    Carousel {
        /// 2 to 10, in order, all finished.
        children: Vec<ContainerId>,
        content: &'a Content,
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

impl NewContainer<'_> {
    pub(super) fn is_over_others(&self) -> bool {
        matches!(self, Self::Carousel { .. })
    }

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
pub fn params(new: &NewContainer<'_>) -> Vec<(&'static str, String)> {
    let mut params = Params::default();
    match new {
        NewContainer::Image { image_url, item, content } => {
            params.text("image_url", image_url);
            params.picture(item);
            params.content(content);
        }
        NewContainer::Reel { video, cover_url, item, content } => {
            params.text("media_type", "REELS");
            params.video(video);
            params.clip(item, cover_url.as_ref());
            params.reel(content.reel.as_ref().unwrap_or(&ReelOptions::default()));
            params.content(content);
        }
        NewContainer::Story { media, item } => {
            params.text("media_type", "STORIES");
            match media {
                StoryMedia::Image(url) => params.text("image_url", url),
                StoryMedia::Video(video) => params.video(video),
            }
            params.story(item);
        }
        NewContainer::ImageItem { image_url, item } => {
            params.text("image_url", image_url);
            params.text("is_carousel_item", "true");
            params.picture(item);
        }
        NewContainer::VideoItem { video, item } => {
            params.text("media_type", "VIDEO");
            params.video(video);
            params.text("is_carousel_item", "true");
            params.clip(item, None);
        }
        NewContainer::Carousel { children, content } => {
            params.text("media_type", "CAROUSEL");
            params.list("children", children);
            params.content(content);
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

    fn picture(&mut self, item: &Item) {
        let Item { slot: _, media_type: _, source: _, alt_text, user_tags, product_tags, thumb_offset: _ } = item;
        self.some("alt_text", alt_text.as_ref());
        self.list("user_tags", user_tags);
        self.list("product_tags", product_tags);
    }

    fn clip(&mut self, item: &Item, cover_url: Option<&String>) {
        let Item { slot: _, media_type: _, source: _, alt_text: _, user_tags, product_tags, thumb_offset } = item;
        self.list("user_tags", user_tags);
        self.list("product_tags", product_tags);
        self.some("cover_url", cover_url);
        self.some("thumb_offset", thumb_offset.as_ref());
    }

    fn story(&mut self, item: &Item) {
        let Item { slot: _, media_type: _, source: _, alt_text: _, user_tags, product_tags: _, thumb_offset: _ } = item;
        self.list("user_tags", user_tags);
    }

    /// The cover goes with the video.
    fn reel(&mut self, reel: &ReelOptions) {
        let ReelOptions { cover: _, share_to_feed, audio_name, audio_configuration, trial } = reel;
        self.some("share_to_feed", Some(share_to_feed));
        self.some("audio_name", audio_name.as_ref());
        self.some("audio_configuration", audio_configuration.as_ref().map(|audio| json!(audio)).as_ref());
        self.some("trial_params", trial.map(|strategy| json!({ "graduation_strategy": strategy })).as_ref());
    }

    /// What image, reel and carousel share.
    fn content(&mut self, content: &Content) {
        let Content {
            kind: _,
            items: _,
            caption,
            collaborators,
            location_id,
            is_ai_generated,
            is_paid_partnership,
            branded_content_sponsor_ids,
            reel: _,
        } = content;
        self.some("caption", Some(caption).filter(|caption| !caption.is_empty()));
        self.list("collaborators", collaborators);
        self.some("location_id", location_id.as_ref());
        self.some("is_ai_generated", is_ai_generated.as_ref());
        self.some("is_paid_partnership", is_paid_partnership.as_ref());
        self.list("branded_content_sponsor_ids", branded_content_sponsor_ids);
    }
}

#[cfg(test)]
mod tests;
