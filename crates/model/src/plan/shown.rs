//! What the service shows of a live post that is to be deleted, compared with its record: a line of the lockfile that
//! names other media must not delete them.

use jiff::{SignedDuration, Timestamp};

use crate::lockfile::{Record, Via};
use crate::manifest::caption_digest;
use igsync_base::id::UserId;
use igsync_base::net::link_code;

/// How people have answered to a live post. `None`: not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub likes: Option<u64>,
    pub comments: Option<u64>,
}

/// What one read of a live post tells. `None`: not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub counts: Counts,
    pub permalink: Option<String>,
    /// When it went live, by the service's clock.
    pub at: Option<Timestamp>,
    /// Whose post it is.
    pub owner: Option<UserId>,
    /// As the service sent it: to be compared, never to be shown.
    pub caption: Option<String>,
}

/// Why the media that a record names are not taken for its post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Owner(UserId),
    Link {
        shown: String,
        recorded: String,
    },
    Time {
        shown: Timestamp,
        recorded: Timestamp,
    },
    /// Its time agrees, and it says something else.
    Caption,
    /// Neither its link nor its time can be compared.
    Nothing,
}

/// A record has its time from the answer to the publish, the service from the publish itself.
const APART: SignedDuration = SignedDuration::from_mins(10);

impl Shown {
    /// What speaks against these media being the post that is recorded; `None`: they are that post. Its link alone proves
    /// it, for no other post has it. Where the record has none, time and caption have to agree; of a post that a person
    /// has named by its id nothing but the person's word is known.
    #[must_use]
    pub fn difference(&self, record: &Record) -> Option<Difference> {
        let live = record.live()?;
        if let Some(owner) = self.owner.as_ref().filter(|owner| **owner != record.user_id) {
            return Some(Difference::Owner(owner.clone()));
        }
        if let Some((shown, recorded)) = self.permalink.as_ref().zip(live.permalink.as_ref()) {
            let is_same = match (link_code(shown), link_code(recorded)) {
                (Some(shown), Some(recorded)) => shown == recorded,
                _ => shown == recorded,
            };
            let (shown, recorded) = (shown.clone(), recorded.clone());
            return (!is_same).then_some(Difference::Link { shown, recorded });
        }
        if live.via == Some(Via::Resolved) && live.permalink.is_none() {
            return None;
        }
        match self.at.zip(live.published_at) {
            Some((shown, recorded)) if shown.duration_since(recorded).abs() > APART => {
                Some(Difference::Time { shown, recorded })
            }
            Some(_) => self.says_something_else(record).then_some(Difference::Caption),
            None => Some(Difference::Nothing),
        }
    }

    fn says_something_else(&self, record: &Record) -> bool {
        let Some(shown) = self.caption.as_deref().and_then(caption_digest) else { return false };
        record.caption_digest.as_ref() != Some(&shown) && !record.has_accepted(&shown)
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Owner(owner) => write!(f, "it belongs to the account {owner}"),
            Self::Link { shown, recorded } => write!(f, "it is {shown}, and the record says {recorded}"),
            Self::Time { shown, recorded } => {
                write!(f, "it is live since {shown:.0}, and the record says {recorded:.0}")
            }
            Self::Caption => f.write_str("it has another caption, and the record has no link to compare"),
            Self::Nothing => f.write_str("Instagram shows neither its link nor its time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{With as _, live as live_record};
    use super::*;
    use crate::lockfile::Accepted;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn shown(link: Option<&str>, second: Option<i64>) -> Shown {
        Shown { permalink: link.map(str::to_owned), at: second.map(at), ..Shown::default() }
    }

    fn live(link: Option<&str>, second: Option<i64>, via: Via) -> Record {
        live_record("posts/a", |live| {
            (live.permalink, live.published_at, live.via) = (link.map(str::to_owned), second.map(at), Some(via));
        })
        .with(|record| record.user_id = "1".into())
    }

    const LINK: &str = "https://www.instagram.com/p/C9x/";
    const OTHER: &str = "https://www.instagram.com/p/C9y/";

    fn differs(shown: &Shown, record: &Record) -> Option<Difference> {
        shown.difference(record)
    }

    #[test]
    fn the_link_decides_however_it_is_written() {
        let reel = shown(Some("https://www.instagram.com/reel/C9x/"), Some(1));
        assert_eq!(differs(&reel, &live(Some(LINK), Some(900_000), Via::Publish)), None);
        let other = shown(Some(OTHER), Some(1));
        let difference = differs(&other, &live(Some(LINK), Some(1), Via::Resolved)).unwrap();
        assert_eq!(difference, Difference::Link { shown: OTHER.into(), recorded: LINK.into() });
    }

    #[test]
    fn another_accounts_post_is_another_whatever_else_agrees() {
        let theirs = Shown { owner: Some("2".into()), ..shown(Some(LINK), Some(1)) };
        let mine = live(Some(LINK), Some(1), Via::Publish);
        assert_eq!(differs(&theirs, &mine), Some(Difference::Owner("2".into())));
        assert_eq!(differs(&Shown { owner: Some("1".into()), ..theirs }, &mine), None);
    }

    #[test]
    fn without_a_link_the_times_have_to_agree() {
        let published = live(None, Some(10_000), Via::Publish);
        assert_eq!(differs(&shown(Some(LINK), Some(10_500)), &published), None);
        assert_eq!(differs(&shown(None, Some(9_500)), &published), None);
        let apart = Difference::Time { shown: at(11_000), recorded: at(10_000) };
        assert_eq!(differs(&shown(Some(LINK), Some(11_000)), &published), Some(apart));
        assert_eq!(differs(&shown(None, None), &published), Some(Difference::Nothing));
        assert_eq!(differs(&shown(Some(LINK), None), &live(None, None, Via::Imported)), Some(Difference::Nothing));
    }

    #[test]
    fn without_a_link_the_caption_has_to_agree_as_well() {
        let with = |caption: &str| Shown { caption: Some(caption.to_owned()), ..shown(Some(LINK), Some(10_100)) };
        let published = live(None, Some(10_000), Via::Publish);
        assert_eq!(differs(&with("Caption of posts/a"), &published), None);
        assert_eq!(differs(&with("Somebody's own"), &published), Some(Difference::Caption));
        let accepted = published.clone().with(|record| {
            let also = caption_digest("Somebody's own").into_iter().collect();
            record.accepted = Accepted::of(None, also);
        });
        assert_eq!(differs(&with("Somebody's own"), &accepted), None);
        assert_eq!(
            differs(&with("Somebody's own"), &live(Some(LINK), Some(1), Via::Publish)),
            None,
            "the link proves it"
        );
    }

    #[test]
    fn a_person_who_has_named_the_id_is_believed() {
        assert_eq!(differs(&shown(Some(LINK), Some(1)), &live(None, Some(900_000), Via::Resolved)), None);
    }
}
