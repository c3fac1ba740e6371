//! Whether the first comment and the comment switch that a record calls due may be sent to its media: pure
//! comparison of the record with the account's own listing.
//!
//! A record is a line in git. A branch that forges one could choose the media that is written to.

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{MediaId, PostKey};
use igsync_model::lockfile::{Comment, Live, Record, Switch};
use igsync_model::manifest::{Post, caption_digest};

use super::matching::{Look, has_caption};

/// A listing may lag behind a publish, but not for a day.
const LAG: SignedDuration = SignedDuration::from_hours(24);

/// Why nothing is sent to the media of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The record of another post names the same media.
    Claimed(PostKey),
    /// The listing could not be read.
    NotRead,
    /// Not listed, which the next run may find otherwise.
    NotYet,
    /// Not listed a day after publishing, by a listing that says all.
    NotListed,
    /// Listed with another kind or caption than the record's.
    AnotherPost,
    /// The manifest has another kind or caption by now.
    Edited,
}

impl Doubt {
    /// Whether no later run can find it otherwise.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Claimed(_) | Self::NotRead | Self::NotYet => false,
            Self::NotListed | Self::AnotherPost | Self::Edited => true,
        }
    }

    /// For people: what was not sent, why, and what to do.
    pub(super) fn explain(&self, media: &MediaId) -> String {
        let waits = "its first comment and comment switch wait";
        match self {
            Self::Claimed(other) => format!(
                "{waits}: the record of {other} names the same media {media}; forget the wrong one with \
                 `igsync lock rm {}`",
                other.argument()
            ),
            Self::NotRead => format!("{waits} for the next run: the account's media could not be read"),
            Self::NotYet => format!("{waits} for the next run: the account does not list media {media} yet"),
            Self::NotListed => format!(
                "its first comment and comment switch were not sent: the account does not list media {media} \
                 among those of the last week; add the comment, or turn comments off, in the app"
            ),
            Self::AnotherPost => format!(
                "its first comment and comment switch were not sent: media {media} has a kind or caption that differs \
                 from the record; add the comment, or turn comments off, in the app"
            ),
            Self::Edited => format!(
                "its first comment and comment switch were not sent: the manifest no longer has the kind and caption \
                 of media {media}; add the comment, or turn comments off, in the app"
            ),
        }
    }
}

/// Whether anything is still to be sent.
pub(super) fn anything(live: &Live) -> bool {
    matches!(live.comment, Some(Comment::Due | Comment::Intent)) || live.comment_switch == Some(Switch::Due)
}

/// Whether a manifest, which is what people have reviewed, still says what the record calls published. Whoever
/// forges a record can copy kind and caption of any post that is live, but not change the manifest unseen.
pub(super) fn is_as_reviewed(post: &Post, record: &Record) -> bool {
    post.content.kind == record.kind && caption_digest(&post.content.caption) == record.caption_digest
}

/// Compares the media of a record with the account's media of the last days.
pub(super) fn doubt(record: &Record, id: &MediaId, look: &Look, now: Timestamp) -> Option<Doubt> {
    let Some(media) = look.media.iter().find(|media| media.id == *id) else {
        let is_fresh = record.published_at().is_some_and(|at| now.duration_since(at) < LAG);
        return Some(if is_fresh || !look.reaches_back { Doubt::NotYet } else { Doubt::NotListed });
    };
    let is_of_kind = media.kind.is_none_or(|kind| kind == record.kind);
    // Where the listing has no captions at all, its kind and that it is listed have to do.
    let has_captions = look.media.iter().any(|media| media.caption.is_some());
    let says_the_same = match (&media.caption, &record.caption_digest) {
        (Some(_), Some(caption)) => has_caption(media, caption),
        (Some(text), None) => text.trim().is_empty(),
        (None, caption) => caption.is_none() || !has_captions,
    };
    (!(is_of_kind && says_the_same)).then_some(Doubt::AnotherPost)
}

/// Writes off what is still to be sent.
pub(super) fn give_up(live: &mut Live) {
    match live.comment {
        Some(Comment::Due) => live.comment = Some(Comment::Failed),
        Some(Comment::Intent) => live.comment = Some(Comment::Unknown),
        Some(Comment::Unknown | Comment::Failed | Comment::Done) | None => {}
    }
    if live.comment_switch == Some(Switch::Due) {
        live.comment_switch = Some(Switch::Failed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::attempt;
    use super::super::engine::Media;
    use super::super::testing::{at, media, post, record};
    use super::*;
    use igsync_base::id::Kind;
    use igsync_model::lockfile::Via;

    fn live(key: &str) -> Record {
        let mut sent = record(Kind::Image, "x", &[100]);
        sent.key = key.into();
        let live = attempt::published(sent, Some("179".into()), Via::Publish, at(101), None);
        attempt::noted(live, |live| live.comment = Some(Comment::Due))
    }

    fn judge(media: Vec<Media>, second: i64) -> Option<Doubt> {
        let look = Look { media, reaches_back: true };
        doubt(&live("posts/a"), &"179".into(), &look, at(second))
    }

    #[test]
    fn only_listed_media_of_this_kind_and_caption_are_written_to() {
        let listed = |kind, caption| vec![media("7", kind, Some("x"), 90), media("179", kind, caption, 101)];
        assert_eq!(judge(listed(Kind::Image, Some("x")), 200), None);
        assert_eq!(judge(listed(Kind::Reel, Some("x")), 200), Some(Doubt::AnotherPost));
        assert_eq!(judge(listed(Kind::Image, Some("y")), 200), Some(Doubt::AnotherPost));
        assert_eq!(judge(listed(Kind::Image, Some("")), 200), Some(Doubt::AnotherPost));
    }

    #[test]
    fn media_that_are_not_listed_are_waited_for_a_day() {
        assert_eq!(judge(Vec::new(), 200), Some(Doubt::NotYet));
        let a_day_later = 101 + 24 * 60 * 60;
        assert_eq!(judge(Vec::new(), a_day_later), Some(Doubt::NotListed));
        let part = Look { media: Vec::new(), reaches_back: false };
        assert_eq!(doubt(&live("posts/a"), &"179".into(), &part, at(a_day_later)), Some(Doubt::NotYet));
    }

    #[test]
    fn a_post_without_caption_is_not_one_with_a_caption_where_captions_are_listed() {
        let mute = || media("179", Kind::Image, None, 101);
        assert_eq!(judge(vec![mute(), media("178", Kind::Image, Some("y"), 90)], 200), Some(Doubt::AnotherPost));
        assert_eq!(judge(vec![mute()], 200), None, "a listing without captions says nothing about them");
    }

    #[test]
    fn a_manifest_that_says_something_else_is_no_reason_to_write_to_media() {
        assert!(is_as_reviewed(&post("posts/a", Kind::Image, "x"), &live("posts/a")));
        for edited in [post("posts/a", Kind::Image, "y"), post("posts/a", Kind::Reel, "x")] {
            assert!(!is_as_reviewed(&edited, &live("posts/a")));
        }
    }

    #[test]
    fn what_is_given_up_is_never_due_again() {
        let mut over = live("posts/a").live().unwrap().clone();
        over.comment_switch = Some(Switch::Due);
        assert!(anything(&over));
        give_up(&mut over);
        assert_eq!((over.comment, over.comment_switch), (Some(Comment::Failed), Some(Switch::Failed)));
        assert!(!anything(&over));
    }
}
