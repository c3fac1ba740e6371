//! A post in Meta's terms: which fields of a manifest go into which container. Pure.

use crate::graph::{self, NewContainer, PostFields, ReelFields, StoryMedia, Video};
use crate::id::{ContainerId, Kind};
use crate::manifest::{Content, Item, MediaType, ProductTag, ReelOptions, UserTag};

use crate::apply::Located;

/// The container of an image, a reel or a story.
pub(super) fn single(content: &Content, item: &Item, located: &Located, cover_url: Option<String>) -> NewContainer {
    let Item { slot: _, media_type, source: _, alt_text, user_tags, product_tags, thumb_offset } = item;
    let user_tags = self::user_tags(user_tags);
    match (content.kind, media_type) {
        (Kind::Story, MediaType::Image) => NewContainer::Story { media: StoryMedia::Image(url(located)), user_tags },
        (Kind::Story, MediaType::Video) => NewContainer::Story { media: StoryMedia::Video(video(located)), user_tags },
        (Kind::Image | Kind::Carousel, _) => NewContainer::Image {
            image_url: url(located),
            alt_text: alt_text.clone(),
            user_tags,
            product_tags: self::product_tags(product_tags),
            post: post_fields(content),
        },
        (Kind::Reel, _) => NewContainer::Reel {
            video: video(located),
            user_tags,
            product_tags: self::product_tags(product_tags),
            reel: reel_fields(&content.reel.clone().unwrap_or_default(), *thumb_offset, cover_url),
            post: post_fields(content),
        },
    }
}

/// The container of one carousel item.
pub(super) fn child(item: &Item, located: &Located) -> NewContainer {
    let Item { slot: _, media_type, source: _, alt_text, user_tags, product_tags, thumb_offset } = item;
    let (user_tags, product_tags) = (self::user_tags(user_tags), self::product_tags(product_tags));
    match media_type {
        MediaType::Image => {
            NewContainer::ImageItem { image_url: url(located), alt_text: alt_text.clone(), user_tags, product_tags }
        }
        MediaType::Video => {
            NewContainer::VideoItem { video: video(located), user_tags, product_tags, thumb_offset: *thumb_offset }
        }
    }
}

/// The container of a whole carousel.
pub(super) fn carousel(content: &Content, children: Vec<ContainerId>) -> NewContainer {
    NewContainer::Carousel { children, product_tags: Vec::new(), post: post_fields(content) }
}

fn url(located: &Located) -> String {
    match located {
        Located::Url(url) => url.clone(),
        // Only videos are uploaded, and they go through `video`.
        Located::Upload { .. } => String::new(),
    }
}

fn video(located: &Located) -> Video {
    match located {
        Located::Url(url) => Video::Url(url.clone()),
        Located::Upload { .. } => Video::Upload,
    }
}

/// Kind, items and what only a reel has go into containers by other ways.
fn post_fields(content: &Content) -> PostFields {
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
    PostFields {
        caption: (!caption.is_empty()).then(|| caption.clone()),
        collaborators: collaborators.clone(),
        location_id: location_id.clone(),
        is_ai_generated: *is_ai_generated,
        is_paid_partnership: *is_paid_partnership,
        branded_content_sponsor_ids: branded_content_sponsor_ids.clone(),
    }
}

/// The cover is sent as the address where it was found.
fn reel_fields(reel: &ReelOptions, thumb_offset: Option<u64>, cover_url: Option<String>) -> ReelFields {
    let ReelOptions { cover: _, share_to_feed, audio_name, audio_configuration, trial } = reel;
    ReelFields {
        cover_url,
        thumb_offset,
        share_to_feed: *share_to_feed,
        audio_name: audio_name.clone(),
        audio_configuration: audio_configuration.as_ref().map(|audio| serde_json::json!(audio)),
        trial_params: trial.map(|strategy| serde_json::json!({ "graduation_strategy": strategy })),
    }
}

fn user_tags(tags: &[UserTag]) -> Vec<graph::UserTag> {
    tags.iter().map(|tag| graph::UserTag { username: tag.username.clone(), x: tag.x, y: tag.y }).collect()
}

fn product_tags(tags: &[ProductTag]) -> Vec<graph::ProductTag> {
    tags.iter().map(|tag| graph::ProductTag { product_id: tag.product_id.clone(), x: tag.x, y: tag.y }).collect()
}
