//! An engine that judges answers wrongly.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync::engine::Instagram;
use igsync_apply::{
    Capabilities, Comments, Deleting, Engine, Filled, Filling, Finishing, Listing, Made, Observed, Part, Presence,
    Publishing, Quota, Refusal, Window,
};
use igsync_base::id::{MediaId, PartId};
use igsync_model::plan::Shown;
use jiff::Timestamp;

/// Instagram, with a publish without an answer mistaken for one that was never sent.
pub struct Hasty(pub Instagram);

impl Engine for Hasty {
    fn publish<'a>(&'a self, draft: &'a PartId) -> BoxFuture<'a, Publishing> {
        async move {
            match self.0.publish(draft).await {
                Publishing::Unclear(refusal) => Publishing::NotSent(refusal),
                other => other,
            }
        }
        .boxed()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn wrong_clock(&self) -> Option<Refusal> {
        self.0.wrong_clock()
    }

    fn has_slept(&self) -> bool {
        self.0.has_slept()
    }

    fn barred(&self) -> Option<Refusal> {
        self.0.barred()
    }

    fn quota(&self) -> BoxFuture<'_, Result<Quota, Refusal>> {
        self.0.quota()
    }

    fn make<'a>(&'a self, part: Part<'a>) -> BoxFuture<'a, Result<Made, Refusal>> {
        self.0.make(part)
    }

    fn fill<'a>(&'a self, filling: Filling<'a>) -> BoxFuture<'a, Result<Filled, Refusal>> {
        self.0.fill(filling)
    }

    fn observe<'a>(&'a self, part: &'a PartId) -> BoxFuture<'a, Result<Observed, Refusal>> {
        self.0.observe(part)
    }

    fn listing(&self, window: Window) -> BoxFuture<'_, Result<Listing, Refusal>> {
        self.0.listing(window)
    }

    fn comment<'a>(&'a self, media: &'a MediaId, text: &'a str) -> BoxFuture<'a, Finishing> {
        self.0.comment(media, text)
    }

    fn comments<'a>(&'a self, media: &'a MediaId, pages: u32) -> BoxFuture<'a, Result<Comments, Refusal>> {
        self.0.comments(media, pages)
    }

    fn close_comments<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Finishing> {
        self.0.close_comments(media)
    }

    fn delete<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Deleting> {
        self.0.delete(media)
    }

    fn exists<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Presence> {
        self.0.exists(media)
    }

    fn account_exists(&self) -> BoxFuture<'_, Presence> {
        self.0.account_exists()
    }

    fn shown<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Result<Option<Shown>, Refusal>> {
        self.0.shown(media)
    }
}
