//! A post in Meta's terms: which container is made for which of its media. Pure.

use igsync_base::id::{ContainerId, Kind};
use igsync_instagram::{NewContainer, StoryMedia, Video};
use igsync_model::manifest::{Content, Item, MediaType};

use igsync_apply::Located;

/// The container of an image, a reel or a story.
pub(super) fn single<'a>(
    content: &'a Content,
    item: &'a Item,
    located: &Located,
    cover_url: Option<String>,
) -> NewContainer<'a> {
    match (content.kind, item.media_type) {
        (Kind::Story, MediaType::Image) => NewContainer::Story { media: StoryMedia::Image(url(located)), item },
        (Kind::Story, MediaType::Video) => NewContainer::Story { media: StoryMedia::Video(video(located)), item },
        (Kind::Image | Kind::Carousel, _) => NewContainer::Image { image_url: url(located), item, content },
        (Kind::Reel, _) => NewContainer::Reel { video: video(located), cover_url, item, content },
    }
}

/// The container of one carousel item.
pub(super) fn child<'a>(item: &'a Item, located: &Located) -> NewContainer<'a> {
    match item.media_type {
        MediaType::Image => NewContainer::ImageItem { image_url: url(located), item },
        MediaType::Video => NewContainer::VideoItem { video: video(located), item },
    }
}

/// The container of a whole carousel.
pub(super) fn carousel(content: &Content, children: Vec<ContainerId>) -> NewContainer<'_> {
    NewContainer::Carousel { children, content }
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
