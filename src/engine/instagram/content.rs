//! A post in Meta's terms: which fields of a manifest go into which container. Pure.

use crate::graph::{self, NewContainer, PostFields, ReelFields, StoryMedia, Video};
use crate::id::{ContainerId, Kind};
use crate::manifest::{Item, MediaType, Post, ProductTag, UserTag};

use crate::apply::Located;

/// The container of an image, a reel or a story.
pub(super) fn single(post: &Post, item: &Item, located: &Located, cover_url: Option<String>) -> NewContainer {
    let user_tags = user_tags(&item.user_tags);
    match (post.kind, item.media_type) {
        (Kind::Story, MediaType::Image) => NewContainer::Story { media: StoryMedia::Image(url(located)), user_tags },
        (Kind::Story, MediaType::Video) => NewContainer::Story { media: StoryMedia::Video(video(located)), user_tags },
        (Kind::Image | Kind::Carousel, _) => NewContainer::Image {
            image_url: url(located),
            alt_text: item.alt_text.clone(),
            user_tags,
            product_tags: product_tags(&item.product_tags),
            post: post_fields(post),
        },
        (Kind::Reel, _) => NewContainer::Reel {
            video: video(located),
            user_tags,
            product_tags: product_tags(&item.product_tags),
            reel: reel_fields(post, item, cover_url),
            post: post_fields(post),
        },
    }
}

/// The container of one carousel item.
pub(super) fn child(item: &Item, located: &Located) -> NewContainer {
    let (user_tags, product_tags) = (user_tags(&item.user_tags), product_tags(&item.product_tags));
    match item.media_type {
        MediaType::Image => NewContainer::ImageItem {
            image_url: url(located),
            alt_text: item.alt_text.clone(),
            user_tags,
            product_tags,
        },
        MediaType::Video => {
            NewContainer::VideoItem { video: video(located), user_tags, product_tags, thumb_offset: item.thumb_offset }
        }
    }
}

/// The container of a whole carousel.
pub(super) fn carousel(post: &Post, children: Vec<ContainerId>) -> NewContainer {
    NewContainer::Carousel { children, product_tags: Vec::new(), post: post_fields(post) }
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

fn post_fields(post: &Post) -> PostFields {
    PostFields {
        caption: (!post.caption.is_empty()).then(|| post.caption.clone()),
        collaborators: post.collaborators.clone(),
        location_id: post.location_id.clone(),
        is_ai_generated: post.is_ai_generated,
        is_paid_partnership: post.is_paid_partnership,
        branded_content_sponsor_ids: post.branded_content_sponsor_ids.clone(),
    }
}

fn reel_fields(post: &Post, item: &Item, cover_url: Option<String>) -> ReelFields {
    let Some(reel) = &post.reel else { return ReelFields { share_to_feed: true, ..ReelFields::default() } };
    ReelFields {
        cover_url,
        thumb_offset: item.thumb_offset,
        share_to_feed: reel.share_to_feed,
        audio_name: reel.audio_name.clone(),
        audio_configuration: reel.audio_configuration.as_ref().map(|audio| serde_json::json!(audio)),
        trial_params: reel.trial.map(|strategy| serde_json::json!({ "graduation_strategy": strategy })),
    }
}

fn user_tags(tags: &[UserTag]) -> Vec<graph::UserTag> {
    tags.iter().map(|tag| graph::UserTag { username: tag.username.clone(), x: tag.x, y: tag.y }).collect()
}

fn product_tags(tags: &[ProductTag]) -> Vec<graph::ProductTag> {
    tags.iter().map(|tag| graph::ProductTag { product_id: tag.product_id.clone(), x: tag.x, y: tag.y }).collect()
}
