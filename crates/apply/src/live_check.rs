//! Comparing posts that are about to go out with the account's listing: before anyone has agreed to publish
//! them, and once more right before they are.

use std::sync::Arc;

use jiff::Timestamp;

use igsync_base::id::{MediaId, PostKey};
use igsync_model::import::attempt_for;
use igsync_model::lockfile::{Reason, Record, State, Via};
use igsync_model::manifest::Post;
use igsync_model::plan::Sighting;

use super::attempt;
use super::book::Book;
use super::by_hand::claimed_by;
use super::context::Scope;
use super::engine::{Media, Service};
use super::evidence::Evidence;
use super::live::{self, Claims, Live, Seen};
use super::matching::Look;
use super::outcome::Outcome;
use super::stop::Stop;

/// When a manifest (by its path) came into the repository; `None` where no one knows.
pub type AddedAt = Arc<dyn Fn(&str) -> Option<Timestamp> + Send + Sync>;

/// Knows posts of one account that are live already.
pub(super) struct LiveCheck {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    evidence: Evidence,
    /// The earliest time at which a post can be live.
    added_at: AddedAt,
    /// Written into records made through another base than Meta's.
    graph: Option<String>,
}

impl LiveCheck {
    pub(super) fn new(
        scope: Scope,
        engine: Service,
        book: Arc<dyn Book>,
        added_at: AddedAt,
        graph: Option<String>,
    ) -> Self {
        let evidence = Evidence::new(&scope, &engine, &book);
        Self { scope, engine, book, evidence, added_at, graph }
    }

    /// The listing before the first publish; what is imported may be of any age.
    pub(super) async fn listing(&self, posts: &[Arc<Post>]) -> Result<Look, Stop> {
        self.evidence.listing(posts.iter().any(|post| post.imported.is_some())).await
    }

    /// Which media the records of the account have.
    pub(super) fn claims(&self) -> Claims {
        self.book.with(|records| Claims::of(records.iter().filter(|record| record.user_id == self.scope.user_id)))
    }

    /// Compares as the check right before publishing does. Records nothing.
    pub(super) async fn sightings(&self, posts: &[Arc<Post>]) -> Result<Vec<(PostKey, Sighting)>, Stop> {
        if posts.is_empty() {
            return Ok(Vec::new());
        }
        let (look, claims) = (self.listing(posts).await?, self.claims());
        let seen = |post: &Arc<Post>| {
            let sighting = match self.compare(post, posts, &look, &claims) {
                Live::Absent | Live::Contested => return None,
                Live::Adopt(media) => Sighting::Live { link: link(media) },
                Live::Maybe(media) => Sighting::Maybe { links: media.into_iter().map(link).collect() },
            };
            Some((post.key.clone(), sighting))
        };
        Ok(posts.iter().filter_map(seen).collect())
    }

    /// Records what a person or a lost lockfile's run has published already. `None`: the post is not live.
    pub(super) async fn adopt(
        &self,
        post: &Post,
        posts: &[Arc<Post>],
        look: &Look,
        claims: &Claims,
    ) -> Result<Option<Outcome>, Stop> {
        Ok(Some(match self.compare(post, posts, look, claims) {
            Live::Absent => return Ok(None),
            Live::Adopt(media) => {
                let at = media.timestamp.unwrap_or_else(|| self.engine.now());
                let id = media.id.clone();
                let (begun, via) = match &post.imported {
                    None => (self.attempt_of(post), Via::Adopted),
                    Some(_) => (self.imported(post, &id), Via::Imported),
                };
                let record = attempt::published(begun, Some(id), via, at, Some(post));
                let linked = attempt::noted(record, |live| live.permalink.clone_from(&media.permalink));
                let now = self.engine.now();
                let seen = self.book.with(|records| records.seen_live(linked, now));
                self.book.write(seen).await?;
                Outcome::Adopted(media.id.clone())
            }
            Live::Contested => Outcome::Pending {
                reason: "the live post may be another post that is not settled yet; the next run decides".to_owned(),
            },
            Live::Maybe(media) => {
                let mut record = attempt::unknown(self.attempt_of(post), Reason::MaybeLive);
                record.evidence = media.iter().map(|media| media.id.clone()).collect::<Vec<MediaId>>();
                self.book.write(record).await?;
                Outcome::Unknown { reason: live::explain(&media) }
            }
        }))
    }

    fn compare<'a>(&self, post: &Post, posts: &[Arc<Post>], look: &'a Look, claims: &Claims) -> Live<'a> {
        if let Some(media) = &post.imported {
            let is_anothers =
                self.book.with(|records| claimed_by(records.iter(), &self.scope.user_id, &post.key, media).is_some());
            return if is_anothers { Live::Absent } else { live::named(post, media, look) };
        }
        let attempts = self.book.attempts(&self.scope.user_id, &post.key);
        let rivals: Vec<&Post> = posts.iter().filter(|other| other.key != post.key).map(|other| &**other).collect();
        let claimants = self.claimants(&post.key);
        let seen = Seen { look, claims, claimants: &claimants, rivals: &rivals };
        live::check(post, &attempts, &seen, &*self.added_at)
    }

    /// Records of other posts that may own media without knowing which.
    fn claimants(&self, key: &PostKey) -> Vec<Record> {
        self.book.with(|records| {
            let mine = records.iter().filter(|record| record.user_id == self.scope.user_id && record.key != *key);
            mine.filter(|record| match &record.state {
                State::Published(live) => live.media_id.is_none(),
                State::Intent | State::Unknown(_) => true,
                _ => false,
            })
            .cloned()
            .collect()
        })
    }

    /// The first record of a post that its manifest calls imported.
    fn imported(&self, post: &Post, media: &MediaId) -> Record {
        let attempts = self.book.attempts(&self.scope.user_id, &post.key);
        let attempt = attempt_for(&self.scope.user_id, media, &attempts);
        let begun = attempt::begin(post, &self.scope.user_id, attempt, self.graph.clone());
        Record { reencoded: begun.media_digest.is_some(), allow_duplicate: false, ..begun }
    }

    fn attempt_of(&self, post: &Post) -> Record {
        self.book.attempt_of(&self.scope.user_id, post, self.graph.as_deref(), &self.scope)
    }
}

fn link(media: &Media) -> String {
    media.permalink.clone().unwrap_or_else(|| media.id.to_string())
}
