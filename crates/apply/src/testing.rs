//! Records, posts and listings for the unit tests of this module, and what one part needs of the world: a record
//! in memory, a service that answers from a script, a clock that no one waits for.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use jiff::Timestamp;

use igsync_base::id::{AttemptId, Digest, Kind, MediaId, PartId, PostKey, UserId};
use igsync_model::lockfile::{Created, PublishIntent, Record, Records, Stage, Via};
use igsync_model::manifest::{Content, Item, MediaType, Post, PostState, Source, caption_digest};
use igsync_model::plan::Shown;
use igsync_ports::Clock;

use super::attempt;
use super::book::{Book, Claim};
use super::context::{Context, Scope, Waits};
use super::engine::{
    Capabilities, Comments, Deleting, Engine, Filled, Filling, Finishing, Listing, Made, Media, Observed, Part,
    Presence, Publishing, Quota, Reading, Refusal, Service, Window,
};
use super::event::{Event, Observer};
use super::replan::{Replan, Withdrawn};
use super::signal;
use super::stop::Stop;

/// Seconds after a fixed moment.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_000_000 + second).unwrap()
}

pub(super) fn post(key: &str, kind: Kind, caption: &str) -> Post {
    let item = |number: usize| {
        let media_type = if kind == Kind::Reel { MediaType::Video } else { MediaType::Image };
        Item::new(number, media_type, Source::Local(format!("media/{number}.jpg").into()))
    };
    let count = if kind == Kind::Carousel { 3 } else { 1 };
    Post {
        key: key.into(),
        account: "harbour".into(),
        user_id: Some("1784".into()),
        file: Arc::from(format!("{key}.yaml")),
        line: 1,
        content: Content { caption: caption.to_owned(), ..Content::new(kind, (0..count).map(item).collect()) },
        caption_file: None,
        first_comment: None,
        note: None,
        comment_enabled: true,
        own_comment_enabled: None,
        publish_at: None,
        queued: None,
        queue_order: 0.0,
        publish_until: None,
        draft: false,
        allow_duplicate: false,
        state: PostState::Present,
        imported: None,
        text_digest: Digest::from("v1:sha256:text"),
        media_digest: Some(Digest::from("v1:sha256:media")),
        digest: Some(Digest::from("v1:sha256:all")),
        cover_digest: None,
        sent_digest: None,
        own_digest: None,
        doubled_digest: None,
        files: Vec::new(),
        conversions: Vec::new(),
        has_errors: false,
        slot: None,
        due_at: None,
    }
}

/// An attempt with a container made at second 0 and one publish announced at each of `intents`.
pub(super) fn record(kind: Kind, caption: &str, intents: &[i64]) -> Record {
    let mut record = attempt::begin(&post("posts/a", kind, caption), &"1784".into(), "a1".into(), None);
    record.caption_digest = caption_digest(caption);
    record.container = Some(Created { id: "178".into(), created_at: Some(at(0)) });
    if kind == Kind::Carousel {
        record.children =
            ["1", "2", "3"].map(|id| Created { id: id.into(), created_at: Some(at(0)) }).into_iter().collect();
    }
    for second in intents {
        record = attempt::intent(record, &["9".into()], at(*second), at(second + 120));
    }
    record
}

pub(super) fn media(id: &str, kind: Kind, caption: Option<&str>, second: i64) -> Media {
    Media {
        id: id.into(),
        caption: caption.map(str::to_owned),
        timestamp: Some(at(second)),
        kind: Some(kind),
        permalink: None,
        child_count: (kind == Kind::Carousel).then_some(3),
        slides: Vec::new(),
    }
}

/// A post that is live as this media, as the answer to its publish said at second 101.
pub(super) fn live(key: &str, media: &str) -> Record {
    let sent = Record { key: key.into(), attempt: key.into(), ..record(Kind::Image, "x", &[100]) };
    attempt::published(sent, Some(media.into()), Via::Publish, at(101), None)
}

/// The record that [`intents`](Record::intents) of a clear refusal leave.
pub(super) fn refuse_all(mut record: Record, code: i64) -> Record {
    let times: Vec<PublishIntent> = record.intents.clone();
    for intent in times {
        record.refusals.push(igsync_model::lockfile::Refusal { intent_at: intent.at, code, subcode: None });
    }
    record
}

/// The record in memory. Nothing else reads it, and every claim is granted.
#[derive(Default)]
pub(super) struct MemBook {
    records: Mutex<Records>,
    /// The state of everything that was written, in order.
    pub(super) written: Mutex<Vec<Stage>>,
}

impl MemBook {
    pub(super) fn of(records: impl IntoIterator<Item = Record>) -> Arc<Self> {
        Arc::new(Self { records: Mutex::new(records.into_iter().collect()), written: Mutex::default() })
    }
}

impl Book for MemBook {
    fn look(&self, look: &mut dyn FnMut(&Records)) {
        look(&self.records.lock().unwrap());
    }

    fn record(&self, records: Vec<Record>) -> BoxFuture<'_, Result<(), Stop>> {
        self.written.lock().unwrap().extend(records.iter().map(Record::stage));
        self.records.lock().unwrap().extend(records);
        async { Ok(()) }.boxed()
    }

    fn claim(&self, claims: Vec<Claim>) -> BoxFuture<'_, Result<Vec<bool>, Stop>> {
        let granted = vec![true; claims.len()];
        let written = self.record(claims.into_iter().flatten().collect());
        async { written.await.map(|()| granted) }.boxed()
    }

    fn keep(&self) -> BoxFuture<'_, Result<(), Stop>> {
        async { Ok(()) }.boxed()
    }

    fn catch_up(&self) -> BoxFuture<'_, Result<(), Stop>> {
        self.keep()
    }

    fn fold(&self) -> BoxFuture<'_, Result<(), Stop>> {
        self.keep()
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn is_own(&self, _: &Record) -> bool {
        true
    }

    fn is_touched(&self, _: &UserId, _: &PostKey) -> bool {
        false
    }

    fn withdrawn(&self, _: &UserId, _: &PostKey) -> Option<Withdrawn> {
        None
    }

    fn is_unsent(&self, _: &AttemptId) -> bool {
        false
    }

    fn no_longer_unsent(&self, _: &AttemptId) -> bool {
        false
    }

    fn has_announced(&self, _: &Record) -> bool {
        true
    }

    fn read_again<'a>(&'a self, _: &'a UserId) -> BoxFuture<'a, Result<bool, Stop>> {
        async { Ok(false) }.boxed()
    }

    fn follow_plan_of(&self, _: &UserId, _: Replan) {}

    fn standing_of(&self, _: &Record) -> Option<Record> {
        None
    }
}

/// Hears everything and keeps nothing.
struct Deaf;

impl Observer for Deaf {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}

/// A run with this clock that no one stops.
pub(super) fn context(clock: Arc<dyn Clock>) -> Arc<Context> {
    let (_, stop) = signal::channel();
    let second = Duration::from_secs;
    let waits = Waits {
        poll_initial: None,
        poll_max: second(60),
        poll_budget: second(1200),
        settle: second(60),
        look: second(60),
        http_timeout: second(60),
        max_skew: None,
    };
    Arc::new(Context::new(clock, stop, waits, Box::new(Deaf), fastrand::Rng::with_seed(1)))
}

/// Moves only by sleeping, and then at once.
pub(super) struct MemClock(Mutex<Timestamp>);

impl MemClock {
    /// At that many seconds after the fixed moment.
    pub(super) fn new(second: i64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(at(second))))
    }
}

impl Clock for MemClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.now().duration_since(at(-1_000_000)).unsigned_abs()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += duration;
        async {}.boxed()
    }
}

/// What the service in memory answers to one call.
pub(super) enum Answer {
    Made(&'static str),
    Read(Reading),
    Publish(Publishing),
    List(Vec<Media>),
    /// All that are there.
    Comments(&'static [&'static str]),
    Finish(Finishing),
    Exists(Presence),
    /// No listing.
    Refused(Refusal),
    Delete(Deleting),
    Shown(Option<Shown>),
}

/// A service that answers each call with the next answer of its script. Another call than the script's panics.
pub(super) struct MemEngine {
    clock: Arc<MemClock>,
    book: Arc<MemBook>,
    script: Mutex<VecDeque<Answer>>,
}

impl MemEngine {
    fn next(&self) -> Answer {
        self.script.lock().unwrap().pop_front().expect("a call beyond the script")
    }

    /// The answers that no call has asked for.
    pub(super) fn left(&self) -> usize {
        self.script.lock().unwrap().len()
    }
}

/// Takes the answer that the call is for.
macro_rules! answer {
    ($engine:expr, $kind:pat => $value:expr) => {
        match $engine.next() {
            $kind => async move { $value }.boxed(),
            _ => panic!("the script has the answer to another call"),
        }
    };
}

impl Engine for MemEngine {
    fn capabilities(&self) -> Capabilities {
        Capabilities { uploads_video: true, deletes: true }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn wrong_clock(&self) -> Option<Refusal> {
        None
    }

    fn has_slept(&self) -> bool {
        false
    }

    fn barred(&self) -> Option<Refusal> {
        None
    }

    fn quota(&self) -> BoxFuture<'_, Result<Quota, Refusal>> {
        async { Ok(Quota { used: 0, total: None, window: None }) }.boxed()
    }

    fn make<'a>(&'a self, _: Part<'a>) -> BoxFuture<'a, Result<Made, Refusal>> {
        let created_at = self.now();
        answer!(self, Answer::Made(id) => Ok(Made { id: id.into(), created_at, address: None }))
    }

    fn fill<'a>(&'a self, _: Filling<'a>) -> BoxFuture<'a, Result<Filled, Refusal>> {
        async { Ok(Filled::Complete) }.boxed()
    }

    fn observe<'a>(&'a self, _: &'a PartId) -> BoxFuture<'a, Result<Observed, Refusal>> {
        answer!(self, Answer::Read(reading) => Ok(Observed { reading, why: None }))
    }

    fn publish<'a>(&'a self, _: &'a PartId) -> BoxFuture<'a, Publishing> {
        let announced = self.book.written.lock().unwrap().last() == Some(&Stage::Intent);
        assert!(announced, "a publish is sent that was not written down as announced");
        answer!(self, Answer::Publish(publishing) => publishing)
    }

    fn listing(&self, _: Window) -> BoxFuture<'_, Result<Listing, Refusal>> {
        match self.next() {
            Answer::List(media) => async move { Ok(Listing { media, is_complete: true }) }.boxed(),
            Answer::Refused(refusal) => async move { Err(refusal) }.boxed(),
            _ => panic!("the script has the answer to another call"),
        }
    }

    fn comment<'a>(&'a self, _: &'a MediaId, _: &'a str) -> BoxFuture<'a, Finishing> {
        answer!(self, Answer::Finish(finishing) => finishing)
    }

    fn comments<'a>(&'a self, _: &'a MediaId, _: u32) -> BoxFuture<'a, Result<Comments, Refusal>> {
        answer!(self, Answer::Comments(texts) => {
            Ok(Comments { texts: texts.iter().map(|text| (*text).to_owned()).collect(), is_complete: true })
        })
    }

    fn close_comments<'a>(&'a self, _: &'a MediaId) -> BoxFuture<'a, Finishing> {
        answer!(self, Answer::Finish(finishing) => finishing)
    }

    fn delete<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Deleting> {
        let book: &dyn Book = &*self.book;
        let is_announced = book.with(|records| {
            records.iter().any(|record| record.is_being_deleted() && record.claimed_media() == Some(media))
        });
        assert!(is_announced, "a deletion is sent that was not written down as announced");
        answer!(self, Answer::Delete(deleting) => deleting)
    }

    fn exists<'a>(&'a self, _: &'a MediaId) -> BoxFuture<'a, Presence> {
        answer!(self, Answer::Exists(presence) => presence)
    }

    fn account_exists(&self) -> BoxFuture<'_, Presence> {
        answer!(self, Answer::Exists(presence) => presence)
    }

    fn shown<'a>(&'a self, _: &'a MediaId) -> BoxFuture<'a, Result<Option<Shown>, Refusal>> {
        answer!(self, Answer::Shown(shown) => Ok(shown))
    }
}

/// What one part of an account's run is built from, and nothing of the other parts.
pub(super) struct Bench {
    pub(super) scope: Scope,
    pub(super) engine: Arc<MemEngine>,
    pub(super) book: Arc<MemBook>,
}

impl Bench {
    /// At that many seconds after the fixed moment.
    pub(super) fn new(
        second: i64,
        records: impl IntoIterator<Item = Record>,
        script: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let clock = MemClock::new(second);
        let run = context(Arc::clone(&clock) as _);
        let scope = Scope { run, name: "harbour".into(), user_id: "1784".into() };
        let book = MemBook::of(records);
        let script = Mutex::new(script.into_iter().collect());
        let engine = Arc::new(MemEngine { clock, book: Arc::clone(&book), script });
        Self { scope, engine, book }
    }

    pub(super) fn parts(&self) -> (Scope, Service, Arc<dyn Book>) {
        (self.scope.clone(), Arc::clone(&self.engine) as _, Arc::clone(&self.book) as _)
    }

    /// The record of the post under test.
    pub(super) fn record(&self) -> Record {
        let book: &dyn Book = &*self.book;
        book.attempts(&self.scope.user_id, &"posts/a".into()).remove(0)
    }
}
