//! `insights` of posts: nested in listings, one by one where a listing fails.
//!
//! A metric that one row does not have, and a row that has none at all, fail a whole page. So a page is asked for what
//! posts of the feed and reels have in common, which is everything but two numbers of reels. Those come nested too where a
//! page holds nothing but reels, else reel by reel.

mod metrics;
mod reader;
mod refusal;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::answer::is_id;
use super::client::{Ask, Client};
use super::errors::Error;
use super::listing::{MEDIA, kind_of};
use super::time::meta_time;
use super::wire::{InsightsAnswer, Page};
use igsync_base::id::{Kind, MediaId, UserId};
use igsync_base::insights::{Numbers, Unread};
use metrics::Set;
use reader::Reader;

#[cfg(test)]
mod tests;

/// Which numbers are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub user: &'a UserId,
    /// The posts that are to be shown. Others are read as far as they come along with them.
    pub posts: &'a BTreeMap<MediaId, Kind>,
    /// The listing is read back to this time.
    pub since: Timestamp,
    /// What earlier runs were refused for ever.
    pub refused: &'a Refusals,
}

/// Posts from before an account was professional: they never get insights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Each of them, as Meta said it.
    pub posts: BTreeSet<MediaId>,
    /// Every post up to this time: Meta's refusal is about the time at which the account changed.
    pub until: Option<Timestamp>,
}

impl Refusals {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.posts.is_empty() && self.until.is_none()
    }

    /// Whether nothing has to be asked about this post.
    #[must_use]
    pub fn has(&self, id: &MediaId, at: Option<Timestamp>) -> bool {
        self.posts.contains(id) || at.zip(self.until).is_some_and(|(at, until)| at <= until)
    }
}

/// One live post and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct PostNumbers {
    pub id: MediaId,
    /// `None`: a kind that igsync does not publish, or does not know.
    pub kind: Option<Kind>,
    /// Server time of the publish.
    pub at: Option<Timestamp>,
    pub numbers: Numbers,
    /// Why insights are missing. `None`: they were read, or were not asked for.
    pub unread: Option<Unread>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insights {
    /// Newest first, stories behind the others.
    pub posts: Vec<PostNumbers>,
    /// Those that were given, and new ones.
    pub refused: Refusals,
    /// Whether the token may read insights; `None`: nothing showed it.
    pub is_permitted: Option<bool>,
    /// Requests that it took.
    pub calls: u32,
}

impl Client {
    /// The numbers of an account's posts.
    ///
    /// # Errors
    ///
    /// What would fail every other call as well: no answer, a bad token, a throttle. A missing permission is none.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights>
    pub async fn insights(&self, wanted: Wanted<'_>) -> Result<Insights, Error> {
        let mut reader = Reader::new(self, wanted);
        reader.read_feed().await?;
        reader.read_stories().await?;
        Ok(reader.finish())
    }

    /// The numbers of the newest posts, stories aside, with exactly one call. It fails as a whole where one of them has
    /// no insights, or the token may not read any.
    pub async fn newest_numbers(&self, user: &UserId, limit: u32) -> Result<Vec<PostNumbers>, Error> {
        let path = [user.as_str(), "media"];
        let fields = format!("{FIELDS},{}", Set::Common.nested());
        let ask = Ask::get(MEDIA, &path, vec![("fields", fields), ("limit", limit.to_string())]);
        let page: Page<InsightsAnswer> = self.once(&ask).await?;
        Ok(posts_of(page.data).collect())
    }
}

/// What every row is asked for; both logins have it.
const FIELDS: &str = "id,timestamp,media_type,media_product_type,like_count,comments_count";

/// What the rows of a listing say; one whose id is no id of Meta's is left out.
fn posts_of(data: Vec<InsightsAnswer>) -> impl Iterator<Item = PostNumbers> {
    data.into_iter().filter(|answer| is_id(&answer.id)).map(post_of)
}

fn post_of(answer: InsightsAnswer) -> PostNumbers {
    let nested = answer.insights.as_ref().map(|insights| insights.data.as_slice()).unwrap_or_default();
    let mut numbers = metrics::of_metrics(nested);
    let kind = kind_of(answer.media_type.as_deref(), answer.media_product_type.as_deref());
    // The counts of stories are of what they do not have.
    if kind != Some(Kind::Story) {
        numbers.fill(&metrics::of_fields(&answer));
    }
    PostNumbers {
        kind,
        at: answer.timestamp.as_deref().and_then(meta_time),
        id: MediaId::new(answer.id),
        numbers,
        unread: None,
    }
}
