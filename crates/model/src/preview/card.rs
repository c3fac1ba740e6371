//! One post that goes out.

use super::frame::slide;
use super::{Card, Input, Media, Slide, fold, goes_out, identity};
use crate::manifest::Post;
use crate::plan::Change;

pub(super) fn card<'a>(input: Input<'a>, change: &'a Change, post: &'a Post, media: &dyn Media) -> Card<'a> {
    let slides = post.content.items.iter().map(|item| {
        let frame = slide(post, item, media);
        let place = |(x, y)| frame.size.and_then(|size| frame.crop.place(size, (x, y)));
        let tags = item.user_tags.iter().map(|tag| tag.x.zip(tag.y).and_then(place)).collect();
        Slide { item, frame, tags }
    });
    Card {
        change,
        post,
        at: goes_out(input.plan, change),
        id: identity(post.user_id.as_ref(), &post.account, &post.key),
        slides: slides.collect(),
        fold: fold(&post.content.caption),
    }
}
