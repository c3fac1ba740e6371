//! What the account's own listing says about a post: the looks that settling, naming and the live check compare.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{Kind, MediaId, UserId};
use igsync_model::lockfile::{Record, Stage};

use super::book::Book;
use super::context::Scope;
use super::engine::{Service, Window};
use super::matching::Look;
use super::stop::Stop;
use super::waits_for::WaitsFor;

/// Looks at one account's listing, and compares with its records.
#[derive(Clone)]
pub(super) struct Evidence {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
}

impl Evidence {
    pub(super) fn new(scope: &Scope, engine: &Service, book: &Arc<dyn Book>) -> Self {
        Self { scope: scope.clone(), engine: Arc::clone(engine), book: Arc::clone(book) }
    }

    /// One reading of the media that could be this post's.
    pub(super) async fn look_for(&self, record: &Record) -> Result<Look, Stop> {
        let since = record.intents.iter().map(|intent| intent.at).min();
        if record.kind == Kind::Story {
            let stories = self.scope.reach(self.engine.listing(Window::Stories { pages: STORY_PAGES })).await?;
            return Ok(Look { media: stories.media, reaches_back: false });
        }
        self.back_to(since.unwrap_or_else(|| self.engine.now()), PAGES_OF_A_DAY).await
    }

    /// The listing before the first publish. It is read back to the newest post that the record knows, and a
    /// week at least, so that a record that lost lines, at its end or before, is noticed; without any record,
    /// to its end. A week is one page for all but the busiest accounts. `is_whole`: to its end whatever is recorded.
    pub(super) async fn listing(&self, is_whole: bool) -> Result<Look, Stop> {
        if is_whole {
            return self.back_to(Timestamp::MIN, ALL_PAGES).await;
        }
        let newest = self.book.with(|records| {
            let mine = records.iter().filter(|record| record.user_id == self.scope.user_id);
            mine.filter_map(Record::published_at).max()
        });
        let week_ago = self.engine.now() - SignedDuration::from_hours(7 * 24);
        self.back_to(newest.map_or(Timestamp::MIN, |newest| newest.min(week_ago)), ALL_PAGES).await
    }

    async fn back_to(&self, since: Timestamp, pages: u32) -> Result<Look, Stop> {
        let listing = self.scope.reach(self.engine.listing(Window::BackTo { since, pages })).await?;
        Ok(Look { media: listing.media, reaches_back: listing.is_complete })
    }

    /// The only candidate that two looks agree on.
    pub(super) async fn second_look(&self, record: &Record, first: &Look) -> Result<Option<MediaId>, Stop> {
        let before = self.candidates(record, first);
        let [only] = before.as_slice() else { return Ok(None) };
        let look = self.scope.waits.look;
        self.scope.wait(&record.key, WaitsFor::SecondLook, look, self.engine.now()).await?;
        let second = self.look_for(record).await?;
        let after = self.candidates(record, &second);
        Ok((after.as_slice() == [only.clone()] && !self.has_rival(record)).then(|| only.clone()))
    }

    pub(super) fn candidates(&self, record: &Record, look: &Look) -> Vec<MediaId> {
        let candidates = (self.scope.protocol.candidates)(record, look, &self.claimed());
        candidates.into_iter().map(|media| media.id.clone()).collect()
    }

    pub(super) fn is_ruled_out(&self, record: &Record, look: &Look) -> bool {
        (self.scope.protocol.rules_out)(record, look, &self.known_to_be_others())
    }

    /// The media of all records of the account.
    pub(super) fn claimed(&self) -> HashSet<MediaId> {
        let user: &UserId = &self.scope.user_id;
        self.book.with(|records| records.claimed_media(user).into_iter().cloned().collect())
    }

    /// The media of which it is certain whose they are. One that was only found, adopted or imported may as well be the
    /// post that is looked for.
    fn known_to_be_others(&self) -> HashSet<MediaId> {
        let mine = |record: &&Record| record.user_id == self.scope.user_id;
        let certain = |record: &Record| record.known_live()?.proven_media().cloned();
        self.book.with(|records| records.iter().filter(mine).filter_map(certain).collect())
    }

    /// Another attempt that could claim the same media: its publish was announced, or would have been where
    /// no one here has read of it.
    fn has_rival(&self, record: &Record) -> bool {
        let is_alike = |other: &&Record| {
            other.user_id == record.user_id
                && other.attempt != record.attempt
                && other.kind == record.kind
                && other.caption_digest == record.caption_digest
                && (other.is_open() || other.live().is_some_and(|live| live.media_id.is_none()))
        };
        let alike: Vec<Record> = self.book.with(|records| records.iter().filter(is_alike).cloned().collect());
        alike.iter().any(|other| {
            !other.intents.is_empty() || other.stage() == Stage::Containers && !self.book.is_witness_of(other)
        })
    }
}

/// Stories of one day: 100 a page.
const STORY_PAGES: u32 = 3;

/// How far back the listing is read for one post, which is at most a day old: 100 media a page.
const PAGES_OF_A_DAY: u32 = 20;

/// All that Meta lists: 10,000 media at 100 a page.
const ALL_PAGES: u32 = 100;
