//! Posts and records for tests, made with few words.

#![allow(clippy::unwrap_used, clippy::return_self_not_must_use, reason = "only tests use it")]

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use jiff::Timestamp;

use super::input::{AccountView, Branch, Options, Premises};
use super::selection::Selection;
use super::{Plan, plan};
use crate::lockfile::{Created, Live, PublishIntent, Record, RecordChange, Stage, State, Via};
use crate::manifest::{Content, Item, MediaType, Post, PostState, Source, caption_digest};
use crate::schedule::Schedule;
use igsync_base::id::{AccountName, AttemptId, Digest, Kind, MediaId, PostKey, UserId};

pub const USER: &str = "17841400000000001";
/// Tuesday noon in UTC.
pub const NOW: &str = "2026-12-01T12:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A digest that says what it represents.
pub fn digest(text: &str) -> Digest {
    Digest::new(format!("v1:sha256:{text}"))
}

/// An image with the media `media` and the caption `caption`.
pub fn post(key: &str) -> Post {
    Post {
        key: PostKey::from(key),
        account: AccountName::from("brand"),
        user_id: Some(UserId::from(USER)),
        file: Arc::from(format!("{key}.yaml")),
        line: 1,
        content: Content {
            caption: format!("Caption of {key}"),
            ..Content::new(Kind::Image, vec![item("media.jpg", MediaType::Image)])
        },
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
        text_digest: digest(&format!("text of {key}")),
        media_digest: Some(digest(&format!("media of {key}"))),
        digest: Some(digest(&format!("all of {key}"))),
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

pub fn item(path: &str, media_type: MediaType) -> Item {
    Item::new(0, media_type, Source::Local(Arc::from(path)))
}

/// Changes a value in passing.
pub trait With: Sized {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl With for Post {}
impl With for Record {}
impl With for World {}

/// Posts that differ from [`post`].
pub trait PostBuilder: Sized {
    fn due(self, time: &str) -> Self;
    fn of_kind(self, kind: Kind) -> Self;
    fn edited(self) -> Self;
}

impl PostBuilder for Post {
    fn due(self, time: &str) -> Self {
        self.with(|post| post.publish_at = Some(at(time)))
    }

    fn of_kind(self, kind: Kind) -> Self {
        self.with(|post| {
            let items = match kind {
                Kind::Image | Kind::Story => vec![item("media.jpg", MediaType::Image)],
                Kind::Reel => vec![item("media.mp4", MediaType::Video)],
                Kind::Carousel => vec![item("one.jpg", MediaType::Image), item("two.jpg", MediaType::Image)],
            };
            post.content = Content { caption: post.content.caption.clone(), ..Content::new(kind, items) };
        })
    }

    /// Other words, the same media.
    fn edited(self) -> Self {
        self.with(|post| {
            post.digest = Some(digest(&format!("all of {}, edited", post.key)));
            post.content.caption.push_str(", edited");
        })
    }
}

/// A record of `post(key)` in a state, with the fields that the state has.
pub fn record(key: &str, stage: Stage) -> Record {
    let post = post(key);
    let reached = |from: Stage| stage.rank() >= from.rank();
    let live = Live {
        media_id: Some(MediaId::from("17900000000000001")),
        permalink: Some("https://www.instagram.com/p/abc/".to_owned()),
        published_at: Some(at("2026-12-01T10:00:06Z")),
        via: Some(Via::Publish),
        ..Live::default()
    };
    Record {
        state: if stage == Stage::Published { State::Published(live) } else { State::bare(stage) },
        digest: post.digest,
        media_digest: post.media_digest,
        caption_digest: caption_digest(&format!("Caption of {key}")),
        container: Some(Created { id: "17800000000000001".into(), created_at: Some(at("2026-12-01T10:00:00Z")) }),
        fingerprint: reached(Stage::Intent).then(Vec::new),
        intents: if reached(Stage::Intent) {
            vec![PublishIntent { at: at("2026-12-01T10:00:05Z"), lease_until: at("2026-12-01T10:01:05Z") }]
        } else {
            Vec::new()
        },
        file: Some(format!("{key}.yaml")),
        ..Record::new(post.key, UserId::from(USER), post.account, post.content.kind, AttemptId::from("a1"))
    }
}

/// A branch that touches these files, and these records.
pub fn branch<const N: usize>(files: [&str; N], record: impl IntoIterator<Item = RecordChange>) -> Branch {
    let files = files.map(str::to_owned).into();
    Branch { base: "origin/main".to_owned(), files, record: record.into_iter().collect() }
}

/// A post that is live, of which this differs.
pub fn live(key: &str, change: impl FnOnce(&mut Live)) -> Record {
    record(key, Stage::Published).with(|record| change(record.live_mut().unwrap()))
}

pub fn account(name: &str, user_id: &str, username: &str) -> AccountView {
    AccountView {
        name: name.into(),
        user_id: Some(user_id.into()),
        username: Some(username.to_owned()),
        timezone: Some(jiff::tz::TimeZone::get("Europe/Berlin").unwrap()),
        max_publish_per_run: 5,
        max_delete_per_run: 1,
        allow_delete: false,
        can_delete: true,
        schedule: Schedule::default(),
        paused: None,
    }
}

/// Everything that decides a plan; by default one account, noon on a Tuesday, and a lockfile.
#[derive(Debug)]
pub struct World {
    premises: Premises,
    /// In the order in which they were written; versions of one attempt are not merged.
    pub records: Vec<Record>,
}

impl Deref for World {
    type Target = Premises;

    fn deref(&self) -> &Premises {
        &self.premises
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Premises {
        &mut self.premises
    }
}

pub fn world(posts: impl IntoIterator<Item = Post>, records: impl IntoIterator<Item = Record>) -> World {
    let premises = Premises {
        posts: posts.into_iter().map(Arc::new).collect(),
        accounts: vec![account("brand", USER, "acme")],
        now: at(NOW),
        complete: true,
        selection: Selection::all(),
        options: Options { has_lockfile: true, ..Options::default() },
    };
    World { premises, records: records.into_iter().collect() }
}

impl World {
    pub fn plan(&self) -> Plan {
        plan(&self.over(&self.records.iter().collect::<Vec<_>>()))
    }

    /// `mark key` of every change, in order.
    pub fn marks(&self) -> Vec<String> {
        self.plan().changes.iter().map(|change| format!("{} {}", change.mark().sign(), change.key)).collect()
    }
}
