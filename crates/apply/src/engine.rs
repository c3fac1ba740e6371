//! The seam to a service: one account at one service. An engine sends and reads; it never writes the record and
//! never decides to publish.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use igsync_base::files::Access;
use igsync_base::id::{Kind, MediaId, PartId};
use igsync_model::manifest::{Item, Post};
use igsync_model::plan::Shown;
use igsync_ports::Progress;

use super::media::Located;

/// One account at one service.
///
/// A [`Self::publish`] that is dropped or runs out of time is [`Publishing::Unclear`].
pub trait Engine: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// The service's time: every time that is compared with one of its own.
    fn now(&self) -> Timestamp;

    /// Why the service's time cannot be right; nothing may be published by such a clock.
    fn wrong_clock(&self) -> Option<Refusal>;

    /// Whether this machine slept since the service spoke last, so that [`Self::now`] is behind.
    fn has_slept(&self) -> bool;

    /// Why the account is sent nothing more, where that is known already.
    fn barred(&self) -> Option<Refusal>;

    /// How many posts may still go out.
    fn quota(&self) -> BoxFuture<'_, Result<Quota, Refusal>>;

    /// Makes one part of a draft.
    fn make<'a>(&'a self, part: Part<'a>) -> BoxFuture<'a, Result<Made, Refusal>>;

    /// Sends a local file to the part that was made for it.
    fn fill<'a>(&'a self, filling: Filling<'a>) -> BoxFuture<'a, Result<Filled, Refusal>>;

    /// Reads one part of a draft. An error speaks of the account or the network, not of the part.
    fn observe<'a>(&'a self, part: &'a PartId) -> BoxFuture<'a, Result<Observed, Refusal>>;

    /// Publishes a draft: the one call that cannot be undone.
    fn publish<'a>(&'a self, draft: &'a PartId) -> BoxFuture<'a, Publishing>;

    fn listing(&self, window: Window) -> BoxFuture<'_, Result<Listing, Refusal>>;

    fn comment<'a>(&'a self, media: &'a MediaId, text: &'a str) -> BoxFuture<'a, Finishing>;

    /// The comments of a media, with at most `pages` calls.
    fn comments<'a>(&'a self, media: &'a MediaId, pages: u32) -> BoxFuture<'a, Result<Comments, Refusal>>;

    fn close_comments<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Finishing>;

    /// Deletes a live post, which cannot be undone either.
    ///
    /// One that is dropped or runs out of time is [`Deleting::Unclear`].
    fn delete<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Deleting>;

    /// Whether a media answers. That it does not is no proof that it is gone: `missing` says what is.
    fn exists<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Presence>;

    /// Whether the account itself answers.
    fn account_exists(&self) -> BoxFuture<'_, Presence>;

    /// Which post some media are, and how people have answered to it; `None`: the service denies that they exist.
    fn shown<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Result<Option<Shown>, Refusal>>;
}

/// What a service can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Local videos are sent to the service itself; without it everything needs a URL.
    pub uploads_video: bool,
    /// Live posts can be deleted.
    pub deletes: bool,
}

/// Why a service did not do what it was asked for. The class decides; the rest is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub class: Class,
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    /// For people: lower case, no full stop.
    pub text: String,
    pub help: String,
    /// By which the service finds the call in its own logs.
    pub trace: Option<String>,
}

impl Refusal {
    /// One without a code.
    pub fn new(class: Class, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { class, code: None, subcode: None, text: text.into(), help: help.into(), trace: None }
    }
}

/// What a refusal decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The post itself must change.
    Content,
    /// A new draft may well succeed.
    NewDraft,
    /// The draft is not ready; it is good.
    NotReady,
    /// Token, permission or a restricted account: its other posts would fail as well.
    Account,
    /// A quota or rate limit of the account.
    Later,
    Other,
}

/// The publishing quota of a rolling window. Usage lags some minutes behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Posts of the window; other apps' count as well.
    pub used: u64,
    /// Posts allowed in the window; `None` where the service did not say.
    pub total: Option<u64>,
    /// The window's length; `None` where the service did not say.
    pub window: Option<Duration>,
}

/// One part of a draft that is to be made.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// A whole post of one item, with the URL of its cover.
    Single { post: &'a Post, item: &'a Item, located: &'a Located, cover: Option<&'a str> },
    /// One item of a carousel.
    Child { item: &'a Item, located: &'a Located },
    /// A carousel of these children.
    Whole { post: &'a Post, children: &'a [PartId] },
}

/// A part that was made.
#[derive(Clone, Debug)]
pub struct Made {
    pub id: PartId,
    /// By the service's time.
    pub created_at: Timestamp,
    /// Where its bytes go; `None`: it needs none.
    pub address: Option<Address>,
}

/// Where the bytes of a part go.
#[derive(Clone, Debug)]
pub struct Address(pub url::Url);

/// A local file on its way to the part that was made for it.
pub struct Filling<'a> {
    pub part: &'a PartId,
    /// As making it gave it; `None`: an earlier run made it, and some bytes may be there.
    pub address: Option<&'a Address>,
    /// Of the whole file, in bytes.
    pub len: u64,
    /// Opens the file at its beginning.
    pub open: &'a (dyn Fn() -> io::Result<Box<dyn Access>> + Send + Sync),
    pub progress: Option<Progress>,
}

/// How an upload ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// The part takes no more bytes. [`Engine::observe`] says whether they are a video.
    Complete,
    /// This part will never hold this file, and another one may: why.
    Useless(String),
}

/// What one read of a draft said. Printed in events by the words that Instagram uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reading {
    #[serde(rename = "IN_PROGRESS")]
    Working,
    #[serde(rename = "FINISHED")]
    Ready,
    #[serde(rename = "PUBLISHED")]
    Live,
    /// The service could not use the media.
    #[serde(rename = "ERROR")]
    Failed,
    #[serde(rename = "EXPIRED")]
    Expired,
    /// The service denies that it exists, which it also does for live ones on bad days.
    Unreadable,
}

impl Reading {
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        *self == Self::Unreadable
    }
}

/// A reading, and why a draft that failed did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub reading: Reading,
    pub why: Option<Refusal>,
}

/// What an answer to a publish proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publishing {
    Live(MediaId),
    /// Nothing has left this machine.
    NotSent(Refusal),
    /// A well-formed refusal.
    Refused(Refusal),
    /// Nothing: it may be live or not.
    Unclear(Refusal),
}

/// How a call ended that finishes a live post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finishing {
    Done,
    Refused(Refusal),
    /// It may have taken effect or not.
    Unclear(Refusal),
}

/// What an answer to a deletion proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleting {
    Gone,
    /// Nothing has left this machine.
    NotSent(Refusal),
    /// A well-formed refusal: the post is still there.
    Refused(Refusal),
    /// The service denies the post: it is gone already, or may not be deleted.
    Denied(Refusal),
    /// Nothing: it may be gone or not.
    Unclear(Refusal),
}

/// What a read of something says about its existence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    There,
    /// The service denies that it exists, which it also does for live ones on bad days.
    Denied,
    /// It could not be read, which says nothing.
    Unclear(Refusal),
}

/// Which part of the account's media is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest, so many.
    Newest(u32),
    /// Back to this time, with at most so many calls.
    BackTo { since: Timestamp, pages: u32 },
    /// Live stories, with at most so many calls.
    Stories { pages: u32 },
}

/// What the account lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Newest first.
    pub media: Vec<Media>,
    /// Read to the end or past the time that was asked for.
    pub is_complete: bool,
}

/// What is written under a media.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    pub texts: Vec<String>,
    /// Read to the end.
    pub is_complete: bool,
}

/// One published post as the listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub id: MediaId,
    /// `None` where the listing does not show.
    pub caption: Option<String>,
    pub timestamp: Option<Timestamp>,
    /// `None`: not one of our kinds, or not told.
    pub kind: Option<Kind>,
    pub permalink: Option<String>,
    /// Of a carousel; `None` where the listing does not show.
    pub child_count: Option<usize>,
    /// Of a carousel, in its order; empty where the listing does not show.
    pub slides: Vec<MediaId>,
}

/// An engine, shared by the parts of one account's run.
pub(super) type Service = Arc<dyn Engine>;
