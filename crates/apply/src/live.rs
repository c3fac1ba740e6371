//! Is a post that is about to go out live already? A lost, reverted or deleted lockfile, a second clone
//! and a phone all leave the same trace: media in the account's listing that no record claims. Pure.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{Kind, MediaId, PostKey};
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
    pub(super) claims: &'s Claims,
    /// Attempts of other posts that may own media without knowing which.
    pub(super) claimants: &'s [Record],
    /// The other posts about to go out.
    pub(super) rivals: &'s [&'s Post],
}

/// Which records have which media, as far as that keeps another post from being one of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(HashMap<MediaId, Vec<(PostKey, Claim)>>);

/// What a record's media id says about posts that look like that media; the greater, the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// The record counts no more. Its own post may be published once more; another one may be this very media.
    Past,
    /// The media were only adopted or imported, or are said to be deleted: another post may be them as well.
    Found,
    /// The publish answered with them, a person said so, or what was announced was found by every sign of a match.
    Certain,
}

impl Claims {
    /// Of the records of one account.
    pub(super) fn of<'r>(records: impl Iterator<Item = &'r Record>) -> Self {
        let mut claims: HashMap<MediaId, Vec<(PostKey, Claim)>> = HashMap::new();
        for record in records {
            let Some(media) = record.claimed_media() else { continue };
            let claim = match record.stage() {
                // It is known under the key that it has moved to.
                Stage::Forgotten if record.moved_to().is_some() => continue,
                Stage::Forgotten => Claim::Past,
                Stage::Published if !record.is_only_found() => Claim::Certain,
                _ => Claim::Found,
            };
            claims.entry(media.clone()).or_default().push((record.key.clone(), claim));
        }
        Self(claims)
    }

    /// `None`: no record keeps the post from being this media.
    fn against(&self, key: &PostKey, media: &MediaId) -> Option<Claim> {
        let speaks = |(claimant, claim): &&(PostKey, Claim)| *claim > Claim::Past || claimant == key;
        let claims = self.0.get(media)?.iter().filter(speaks);
        // What was forgotten on purpose goes out again.
        claims.map(|(_, claim)| if *claim == Claim::Past { Claim::Certain } else { *claim }).max()
    }
}

/// How long before its time a person may have posted something by hand, and then imported it.
const POSTED_EARLY: SignedDuration = SignedDuration::from_hours(24);

/// As [`POSTED_EARLY`], where no one knows when the manifest was written.
const POSTED_EARLY_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether media that a record of another post has found are older than this post can be: last year's greeting.
fn is_clearly_older(media: &Media, post: &Post, added_at: Option<Timestamp>) -> bool {
    let earliest = match (added_at, post.publish_at) {
        (Some(added), due) => added.min(due.unwrap_or(added)).checked_sub(POSTED_EARLY),
        (None, Some(due)) => due.checked_sub(POSTED_EARLY_AT_MOST),
        // Nothing is known of its age, but a person has seen what it repeats.
        (None, None) => return post.allow_duplicate,
    };
    media.timestamp.zip(earliest.ok()).is_some_and(|(at, earliest)| at < earliest)
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
    let looks_like_it =
        |media: &&Media| has_shape(media, post.content.kind, children(post)) && has_caption(media, &caption);
    let mut is_found_by_others = false;
    let mut hits: Vec<&Media> = Vec::new();
    for media in seen.look.media.iter().filter(|media| !known.contains(&media.id)).filter(looks_like_it) {
        match seen.claims.against(&post.key, &media.id) {
            Some(Claim::Certain) => {}
            Some(_) if is_clearly_older(media, post, added_at(&post.file)) => {}
            claim => {
                is_found_by_others |= claim.is_some();
                hits.push(media);
            }
        }
    }
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
    let is_beyond_doubt = is_late_enough && !has_rival && !is_claimable && !is_under_way && !is_found_by_others;
    if is_beyond_doubt { Live::Adopt(only) } else { Live::Maybe(hits) }
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
    use igsync_model::lockfile::{State, Via};

    /// A record of `posts/a`.
    fn live_as(media: &str, via: Via) -> Record {
        let live = igsync_model::lockfile::Live {
            media_id: Some(media.into()),
            via: Some(via),
            ..igsync_model::lockfile::Live::default()
        };
        Record { key: "posts/a".into(), state: State::Published(live), ..record(Kind::Image, "x", &[]) }
    }

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
        let other = Record { key: "posts/other".into(), ..live_as("claimed", Via::Publish) };
        let claims = Claims::of([&other].into_iter());
        let seen = Seen { look: &look, claims: &claims, claimants, rivals };
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

    const DAY: i64 = 24 * 60 * 60;

    /// What is said of a post that one media looks like, which the record has.
    fn beside(known: &Record, post: &Post, seen_at: i64, added: Option<i64>) -> String {
        let look = Look { media: vec![media("5", Kind::Image, Some("x"), seen_at)], reaches_back: true };
        let claims = Claims::of([known].into_iter());
        let seen = Seen { look: &look, claims: &claims, claimants: &[], rivals: &[] };
        match check(post, &[], &seen, &|_| added.map(at)) {
            Live::Absent => "absent",
            Live::Maybe(_) => "maybe",
            Live::Adopt(_) => "adopt",
            Live::Contested => "contested",
        }
        .to_owned()
    }

    #[test]
    fn what_another_record_has_only_found_may_be_the_post() {
        let mut post = post("posts/b", Kind::Image, "x");
        post.publish_at = Some(at(120));
        for via in [Via::Imported, Via::Adopted] {
            let found = live_as("5", via);
            assert_eq!(beside(&found, &post, 0, Some(10)), "maybe", "{via:?}: posted by hand two minutes early");
            assert_eq!(beside(&found, &post, 0, None), "maybe");
            assert_eq!(beside(&found, &post, -1 - DAY, Some(0)), "absent", "older than the manifest");
            assert_eq!(beside(&found, &post, -2 * DAY, None), "maybe", "no one knows when it was written");
            assert_eq!(beside(&found, &post, -8 * DAY, None), "absent");
        }
        for via in [Via::Publish, Via::Resolved, Via::Settled] {
            assert_eq!(beside(&live_as("5", via), &post, 0, Some(10)), "absent", "{via:?}: it is that post");
        }
        post.publish_at = None;
        assert_eq!(beside(&live_as("5", Via::Imported), &post, -9 * DAY, None), "maybe");
        post.allow_duplicate = true;
        assert_eq!(beside(&live_as("5", Via::Imported), &post, -9 * DAY, None), "absent");
    }

    #[test]
    fn what_was_forgotten_keeps_only_its_own_post_from_being_it() {
        let forgotten = live_as("5", Via::Imported).forgotten(None);
        assert_eq!(beside(&forgotten, &post("posts/b", Kind::Image, "x"), 0, None), "maybe", "as if it had no record");
        assert_eq!(beside(&forgotten, &post("posts/b", Kind::Image, "x"), 0, Some(0)), "adopt");
        assert_eq!(beside(&forgotten, &post("posts/a", Kind::Image, "x"), 0, None), "absent", "it goes out again");
        let moved = live_as("5", Via::Publish).forgotten(Some("posts/c".into()));
        assert_eq!(beside(&moved, &post("posts/a", Kind::Image, "x"), 0, None), "maybe", "c speaks for it");
    }
}
