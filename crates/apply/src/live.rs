//! Is a post that is about to go out live already? A lost, reverted or deleted lockfile, a second clone
//! and a phone all leave the same trace: media in the account's listing that no record claims. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use igsync_base::id::{Kind, MediaId};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::{Post, caption_digest};

use super::engine::Media;
use super::matching::{Look, could_claim, has_caption, has_shape};

/// What the listing says about one post.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Live<'a> {
    Absent,
    /// Beyond doubt the same post.
    Adopt(&'a Media),
    /// Looks like the post, and another attempt that is not settled yet could be it as well.
    Contested,
    /// Looks like the post, and the evidence is not enough either way.
    Maybe(Vec<&'a Media>),
}

/// What a post is compared with.
pub(super) struct Seen<'a, 's> {
    pub(super) look: &'a Look,
    /// The media of all records.
    pub(super) claimed: &'s HashSet<MediaId>,
    /// Attempts of other posts that may own media without knowing which.
    pub(super) claimants: &'s [Record],
    /// The other posts about to go out.
    pub(super) rivals: &'s [&'s Post],
}

/// Compares one post with the listing; `added_at` shows when a manifest came into the repository, by its
/// path.
pub(super) fn check<'a>(
    post: &Post,
    attempts: &[Record],
    seen: &Seen<'a, '_>,
    added_at: &dyn Fn(&str) -> Option<Timestamp>,
) -> Live<'a> {
    // Posts without a caption leave no evidence, and stories are not in this listing.
    let Some(caption) = caption_digest(&post.content.caption) else { return Live::Absent };
    if post.content.kind == Kind::Story {
        return Live::Absent;
    }
    // What was in the feed before an announced publish was compared before that publish.
    let known: HashSet<&MediaId> =
        attempts.iter().flat_map(|record| record.not_ours.iter().chain(record.fingerprint.iter().flatten())).collect();
    let hits: Vec<&Media> = seen
        .look
        .media
        .iter()
        .filter(|media| !seen.claimed.contains(&media.id) && !known.contains(&media.id))
        .filter(|media| has_shape(media, post.content.kind, children(post)) && has_caption(media, &caption))
        .collect();
    let could_claim = |record: &&Record| hits.iter().any(|media| could_claim(record, media));
    let mut claimants = seen.claimants.iter().filter(could_claim).peekable();
    let is_claimable = claimants.peek().is_some();
    if claimants.any(|record| record.stage() == Stage::Intent) {
        return Live::Contested;
    }
    let [only] = hits.as_slice() else {
        return if hits.is_empty() { Live::Absent } else { Live::Maybe(hits) };
    };
    let has_rival = seen.rivals.iter().any(|rival| {
        rival.content.kind == post.content.kind
            && children(rival) == children(post)
            && caption_digest(&rival.content.caption).as_ref() == Some(&caption)
    });
    let earliest = post.publish_at.or_else(|| added_at(&post.file));
    let is_late_enough = match (only.timestamp, earliest) {
        // Meta's times have whole seconds.
        (Some(at), Some(earliest)) => at.as_second() >= earliest.as_second(),
        _ => false,
    };
    // An attempt with an announced publish has a listing of its own to be settled by.
    let is_under_way = attempts.iter().any(|record| record.stage() == Stage::Intent);
    if is_late_enough && !has_rival && !is_claimable && !is_under_way { Live::Adopt(only) } else { Live::Maybe(hits) }
}

/// Whether the listing has the media that a manifest names as its own.
pub(super) fn named<'a>(post: &Post, media: &MediaId, look: &'a Look) -> Live<'a> {
    let is_it = |seen: &&Media| seen.id == *media && seen.kind.is_none_or(|kind| kind == post.content.kind);
    look.media.iter().find(is_it).map_or(Live::Absent, Live::Adopt)
}

/// The children a carousel has once it is live; other kinds have none.
fn children(post: &Post) -> usize {
    if post.content.kind == Kind::Carousel { post.content.items.len() } else { 0 }
}

/// Why a post is blocked, with the links a person needs to decide.
pub(super) fn explain(media: &[&Media]) -> String {
    let seen: Vec<String> =
        media.iter().map(|media| media.permalink.clone().unwrap_or_else(|| media.id.to_string())).collect();
    format!("it may be live already: {}", seen.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, media, post, record};
    use super::*;
    use igsync_model::lockfile::State;

    fn verdict(post: &Post, attempts: &[Record], seen: Vec<Media>, rivals: &[&Post], added: Option<i64>) -> String {
        verdict_beside(&[], post, attempts, seen, rivals, added)
    }

    fn verdict_beside(
        claimants: &[Record],
        post: &Post,
        attempts: &[Record],
        media: Vec<Media>,
        rivals: &[&Post],
        added: Option<i64>,
    ) -> String {
        let look = Look { media, reaches_back: true };
        let claimed = HashSet::from(["claimed".into()]);
        let seen = Seen { look: &look, claimed: &claimed, claimants, rivals };
        match check(post, attempts, &seen, &|_| added.map(at)) {
            Live::Contested => "contested".to_owned(),
            Live::Absent => "absent".to_owned(),
            Live::Adopt(media) => format!("adopt {}", media.id),
            Live::Maybe(media) => format!("maybe {}", media.len()),
        }
    }

    #[test]
    fn one_media_for_one_manifest_is_adopted_when_it_is_younger_than_the_manifest() {
        let post = post("posts/a", Kind::Image, "x");
        let seen = || vec![media("5", Kind::Image, Some("x"), 100)];
        assert_eq!(verdict(&post, &[], seen(), &[], Some(100)), "adopt 5");
        assert_eq!(verdict(&post, &[], seen(), &[], Some(101)), "maybe 1");
        assert_eq!(verdict(&post, &[], seen(), &[], None), "maybe 1", "without git nobody knows");
    }

    #[test]
    fn publish_at_counts_before_the_commit() {
        let mut post = post("posts/a", Kind::Image, "x");
        post.publish_at = Some(at(50));
        let seen = || vec![media("5", Kind::Image, Some("x"), 100)];
        assert_eq!(verdict(&post, &[], seen(), &[], Some(101)), "adopt 5");
        post.publish_at = Some(at(101));
        assert_eq!(verdict(&post, &[], seen(), &[], Some(1)), "maybe 1");
    }

    #[test]
    fn two_of_anything_is_only_a_maybe() {
        let post = post("posts/a", Kind::Image, "x");
        let twin = super::super::testing::post("posts/b", Kind::Image, "x");
        let one = || media("5", Kind::Image, Some("x"), 100);
        let two = vec![one(), media("6", Kind::Image, Some("x"), 100)];
        assert_eq!(verdict(&post, &[], two, &[], Some(1)), "maybe 2");
        assert_eq!(verdict(&post, &[], vec![one()], &[&twin], Some(1)), "maybe 1");
    }

    #[test]
    fn media_that_another_attempt_could_claim_are_never_adopted() {
        let twin = post("posts/b", Kind::Image, "x");
        let sent = record(Kind::Image, "x", &[100]);
        let nameless = Record { state: State::bare(Stage::Published), ..sent.clone() };
        let other = Record { state: State::bare(Stage::Published), ..record(Kind::Image, "y", &[100]) };
        let beside = |claimant: &Record| {
            let seen = vec![media("5", Kind::Image, Some("x"), 101)];
            verdict_beside(std::slice::from_ref(claimant), &twin, &[], seen, &[], Some(1))
        };
        assert_eq!(beside(&nameless), "maybe 1", "its own id is not known");
        assert_eq!(beside(&sent), "contested", "the next run knows more");
        assert_eq!(beside(&other), "adopt 5");
    }

    #[test]
    fn what_is_claimed_refused_by_a_person_or_of_another_shape_is_absent() {
        let post = post("posts/a", Kind::Image, "x");
        let refused = Record { not_ours: vec!["5".into()], ..record(Kind::Image, "x", &[]) };
        let seen = vec![
            media("5", Kind::Image, Some("x"), 100),
            media("claimed", Kind::Image, Some("x"), 100),
            media("6", Kind::Reel, Some("x"), 100),
        ];
        assert_eq!(verdict(&post, &[refused], seen, &[], Some(1)), "absent");
    }

    #[test]
    fn posts_without_caption_and_stories_leave_no_evidence() {
        let seen = || vec![media("5", Kind::Image, Some(""), 100), media("6", Kind::Story, Some("x"), 100)];
        assert_eq!(verdict(&post("posts/a", Kind::Image, ""), &[], seen(), &[], Some(1)), "absent");
        assert_eq!(verdict(&post("posts/a", Kind::Story, ""), &[], seen(), &[], Some(1)), "absent");
    }

    #[test]
    fn an_announced_publish_is_never_settled_by_adoption() {
        let post = post("posts/a", Kind::Image, "x");
        let under_way = record(Kind::Image, "x", &[100]);
        let seen = |id: &str| vec![media(id, Kind::Image, Some("x"), 101)];
        assert_eq!(verdict(&post, std::slice::from_ref(&under_way), seen("5"), &[], Some(1)), "maybe 1");
        assert_eq!(verdict(&post, &[under_way], seen("9"), &[], Some(1)), "absent", "9 was there before the publish");
    }
}
