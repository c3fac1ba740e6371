//! Which published media could be a post of ours: pure comparison of a record with a listing.
//!
//! Meta links no container to its media, so a lost answer is settled by evidence: time, kind, number
//! of children and caption. Everything here errs on the side of "cannot tell".

use std::collections::HashSet;

use jiff::Timestamp;

use igsync_base::id::{Digest, Kind, MediaId};
use igsync_model::lockfile::Record;
use igsync_model::manifest::caption_digest;

use super::attempt::CONTAINER_LIFE;
use super::engine::Media;

/// What the listing of an account said at one moment.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub media: Vec<Media>,
    /// The listing was read to its end or to a time before the first intent.
    pub reaches_back: bool,
}

/// The media that meet every condition of a match with `record`.
pub(super) fn matches<'a>(record: &Record, look: &'a Look, claimed: &HashSet<MediaId>) -> Vec<&'a Media> {
    let Some(caption) = &record.caption_digest else { return Vec::new() };
    // Without an announced publish no time speaks for the media: last year's greeting would do.
    if record.intents.is_empty() {
        return Vec::new();
    }
    unclaimed_since_intent(record, look, claimed)
        .filter(|media| has_caption(media, caption) && has_shape(media, record.kind, child_count(record)))
        .collect()
}

/// Whether `media` could also be the post of `record`.
pub(super) fn could_claim(record: &Record, media: &Media) -> bool {
    let (from, until) = window(record);
    is_within(media.timestamp, from, until)
        && !record.not_ours.contains(&media.id)
        && record.caption_digest.as_ref().is_some_and(|caption| has_caption(media, caption))
        && has_shape(media, record.kind, child_count(record))
}

/// Whether the listing shows that nothing of this post is live.
pub(super) fn rules_out(record: &Record, look: &Look, claimed: &HashSet<MediaId>) -> bool {
    is_evidence(record, look) && !could_be_live(record, look, claimed)
}

/// Whether anything in the listing could be this post if its caption is left out of account.
fn could_be_live(record: &Record, look: &Look, claimed: &HashSet<MediaId>) -> bool {
    unclaimed_since_intent(record, look, claimed).any(|media| may_have_shape(media, record.kind, child_count(record)))
}

/// Whether the listing is evidence at all for this record: stories are not in it, trial reels may
/// not be, and without captions it tells nothing.
fn is_evidence(record: &Record, look: &Look) -> bool {
    record.kind != Kind::Story
        && !record.trial
        && look.reaches_back
        && (look.media.is_empty() || look.media.iter().any(|media| media.caption.is_some()))
}

fn unclaimed_since_intent<'a>(
    record: &Record,
    look: &'a Look,
    claimed: &HashSet<MediaId>,
) -> impl Iterator<Item = &'a Media> {
    let (from, until) = window(record);
    let excluded: HashSet<&MediaId> =
        record.fingerprint.iter().flatten().chain(&record.not_ours).chain(claimed).collect();
    look.media
        .iter()
        .filter(|media| !excluded.contains(&media.id))
        .filter(|media| is_within(media.timestamp, from, until))
        .collect::<Vec<_>>()
        .into_iter()
}

/// When the post of `record` can have gone live: from its first announcement to its container's end. A
/// published record has forgotten the container's age, but not when it was announced.
fn window(record: &Record) -> (Option<Timestamp>, Option<Timestamp>) {
    let first_intent = record.intents.iter().map(|intent| intent.at).min();
    let made = record.container.as_ref().and_then(|container| container.created_at);
    (first_intent, made.or(first_intent).map(|from| from.saturating_add(CONTAINER_LIFE).unwrap_or(from)))
}

/// Meta's times have whole seconds, so the lower bound is cut to them. An unknown time may be any.
fn is_within(at: Option<Timestamp>, from: Option<Timestamp>, until: Option<Timestamp>) -> bool {
    at.is_none_or(|at| {
        from.is_none_or(|from| at.as_second() >= from.as_second()) && until.is_none_or(|until| at <= until)
    })
}

fn child_count(record: &Record) -> usize {
    record.children.len()
}

/// Whether the listing's caption is the one we sent, however Meta wrote it back.
pub(super) fn has_caption(media: &Media, caption: &Digest) -> bool {
    media.caption.as_deref().and_then(caption_digest).as_ref() == Some(caption)
}

/// Whether kind and child count are known and equal.
pub(super) fn has_shape(media: &Media, kind: Kind, children: usize) -> bool {
    media.kind == Some(kind) && (kind != Kind::Carousel || media.child_count == Some(children))
}

/// As [`has_shape`], where what the listing leaves out counts as possible.
fn may_have_shape(media: &Media, kind: Kind, children: usize) -> bool {
    media.kind.is_none_or(|seen| seen == kind)
        && (kind != Kind::Carousel || media.child_count.is_none_or(|seen| seen == children))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{media, record};
    use super::*;

    fn look(media: Vec<Media>) -> Look {
        Look { media, reaches_back: true }
    }

    fn ids(record: &Record, media: Vec<Media>, claimed: &[&str]) -> Vec<String> {
        let claimed = claimed.iter().map(|id| MediaId::from(*id)).collect();
        matches(record, &look(media), &claimed).into_iter().map(|media| media.id.to_string()).collect()
    }

    #[test]
    fn a_match_agrees_in_time_kind_and_caption() {
        let record = record(Kind::Image, "Golden hour with @ana", &[100]);
        let seen = vec![
            media("early", Kind::Image, Some("Golden hour with ana"), 99),
            media("late", Kind::Image, Some("Golden hour with ana"), 24 * 60 * 60 + 1),
            media("reel", Kind::Reel, Some("Golden hour with ana"), 101),
            media("other", Kind::Image, Some("Golden hour"), 101),
            media("mute", Kind::Image, None, 101),
            media("it", Kind::Image, Some("Golden hour with ana"), 101),
        ];
        assert_eq!(ids(&record, seen, &[]), ["it"], "Meta removes the @ of mentions");
    }

    #[test]
    fn nothing_matches_an_attempt_that_announced_no_publish() {
        let seen = vec![media("it", Kind::Image, Some("x"), 101)];
        assert_eq!(ids(&record(Kind::Image, "x", &[]), seen, &[]), Vec::<String>::new());
    }

    #[test]
    fn known_and_claimed_media_are_no_match() {
        let mut record = record(Kind::Image, "x", &[100]);
        record.not_ours = vec!["7".into()];
        let seen = ["7", "8", "9"].map(|id| media(id, Kind::Image, Some("x"), 101)).to_vec();
        assert_eq!(ids(&record, seen, &["8"]), Vec::<String>::new(), "9 is in the fingerprint");
    }

    #[test]
    fn a_published_record_matches_nothing_that_came_a_day_after_its_announcement() {
        let mut record = record(Kind::Image, "x", &[100]);
        record.container = Some(igsync_model::lockfile::Created { id: "178".into(), created_at: None });
        let day = 24 * 60 * 60;
        let seen =
            vec![media("late", Kind::Image, Some("x"), 101 + day), media("it", Kind::Image, Some("x"), 100 + day)];
        assert_eq!(ids(&record, seen, &[]), ["it"]);
    }

    #[test]
    fn a_carousel_matches_by_its_number_of_children() {
        let record = record(Kind::Carousel, "x", &[100]);
        let mut four = media("four", Kind::Carousel, Some("x"), 101);
        four.child_count = Some(4);
        let mut silent = media("silent", Kind::Carousel, Some("x"), 101);
        silent.child_count = None;
        assert_eq!(ids(&record, vec![four, silent.clone()], &[]), Vec::<String>::new());
        assert!(could_be_live(&record, &look(vec![silent]), &HashSet::new()), "silence rules nothing out");
    }

    #[test]
    fn a_post_without_caption_matches_nothing_but_could_be_anything() {
        let record = record(Kind::Image, "", &[100]);
        let seen = look(vec![media("5", Kind::Image, Some("a person's own post"), 101)]);
        assert!(matches(&record, &seen, &HashSet::new()).is_empty());
        assert!(could_be_live(&record, &seen, &HashSet::new()));
    }

    #[test]
    fn a_listing_is_evidence_only_when_it_reaches_back_and_shows_captions() {
        let image = record(Kind::Image, "x", &[100]);
        assert!(is_evidence(&image, &look(vec![])));
        assert!(!is_evidence(&image, &Look { media: vec![], reaches_back: false }));
        assert!(!is_evidence(&image, &look(vec![media("5", Kind::Image, None, 1)])));
        assert!(!is_evidence(&record(Kind::Story, "", &[100]), &look(vec![])));
        let trial = Record { trial: true, ..record(Kind::Reel, "x", &[100]) };
        assert!(!is_evidence(&trial, &look(vec![])));
    }
}
