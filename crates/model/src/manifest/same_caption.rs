//! Posts that only their media tell apart. Meta links no container to its media: where the answer to a publish is
//! lost, the caption shows which post it was.

use std::collections::HashMap;

use super::digest::normalise_caption;
use super::media::Spot;
use super::schema::Post;
use igsync_base::rules;
use igsync_media::rules::Broken;

/// Of posts that are still to be published, those with the caption of another one of their account and kind, and with
/// other media; each by its place. What repeats another post, media and all, is the plan's to hold back.
pub fn same_captions<'a>(posts: impl Iterator<Item = (usize, &'a Post)>) -> Vec<(usize, (Spot<'static>, Broken))> {
    let mut alike: HashMap<_, Vec<(usize, &Post)>> = HashMap::new();
    for (place, post) in posts.filter(|(_, post)| !post.draft && !post.allow_duplicate && post.imported.is_none()) {
        let caption = normalise_caption(&post.content.caption);
        if post.media_digest.is_some() && !caption.is_empty() {
            alike.entry((&post.account, post.content.kind, caption)).or_default().push((place, post));
        }
    }
    let mut found = Vec::new();
    for group in alike.into_values().filter(|group| group.len() > 1) {
        for (place, post) in &group {
            let other = group.iter().find(|(_, other)| other.media_digest != post.media_digest);
            found.extend(other.map(|(_, other)| (*place, (spot(post), broken(other)))));
        }
    }
    found
}

fn spot(post: &Post) -> Spot<'static> {
    Spot::Field(if post.caption_file.is_some() { "caption_file" } else { "caption" })
}

fn broken(other: &Post) -> Broken {
    Broken::new(
        &rules::SAME_CAPTION,
        "another post has the same caption and other media",
        format!("also the caption of {}", other.key),
        "change one of the captions: should an answer of Meta be lost, it shows which of the posts is live; \
         `allow_duplicate: true` says that it is meant",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{PostBuilder as _, With as _, post};
    use igsync_base::id::Kind;

    fn found(posts: &[Post]) -> Vec<usize> {
        let mut found: Vec<usize> =
            same_captions(posts.iter().enumerate()).into_iter().map(|(place, _)| place).collect();
        found.sort_unstable();
        found
    }

    fn saying(key: &str, caption: &str) -> Post {
        post(key).with(|post| post.content.caption = caption.into())
    }

    #[test]
    fn both_posts_are_warned_about() {
        assert_eq!(found(&[saying("a", "Same"), saying("b", "Other"), saying("c", " Same\n")]), [0, 2]);
        let (_, broken) = &same_captions([saying("a", "Same"), saying("b", "Same")].iter().enumerate())[0].1;
        assert_eq!(broken.rule.name, "same-caption");
    }

    #[test]
    fn what_is_no_confusion_is_no_warning() {
        let a = || saying("a", "Same");
        let b = || saying("b", "Same");
        for (what, other) in [
            ("a copy", b().with(|post| post.media_digest = a().media_digest)),
            ("another kind", b().of_kind(Kind::Reel)),
            ("another account", b().with(|post| post.account = "other".into())),
            ("a draft", b().with(|post| post.draft = true)),
            ("allowed", b().with(|post| post.allow_duplicate = true)),
            ("imported", b().with(|post| post.imported = Some("5".into()))),
            ("not read", b().with(|post| post.media_digest = None)),
        ] {
            assert_eq!(found(&[a(), other]), Vec::<usize>::new(), "{what}");
        }
        assert_eq!(found(&[saying("a", ""), saying("b", " ")]), Vec::<usize>::new(), "no caption");
    }
}
