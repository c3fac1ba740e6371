//! Records, posts and listings for the unit tests of this module.

use std::sync::Arc;

use jiff::Timestamp;

use crate::graph::Media;
use crate::id::{Digest, Kind};
use crate::lockfile::{Created, PublishIntent, Record};
use crate::manifest::{Item, MediaType, Post, PostState, Source, caption_digest};

use super::attempt;

/// Seconds after a fixed moment.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_000_000 + second).unwrap()
}

pub(super) fn post(key: &str, kind: Kind, caption: &str) -> Post {
    let item = |number: usize| Item {
        slot: number,
        media_type: if kind == Kind::Reel { MediaType::Video } else { MediaType::Image },
        source: Source::Local(format!("media/{number}.jpg").into()),
        alt_text: None,
        user_tags: Vec::new(),
        product_tags: Vec::new(),
        thumb_offset: None,
    };
    let count = if kind == Kind::Carousel { 3 } else { 1 };
    Post {
        key: key.into(),
        account: "harbour".into(),
        user_id: Some("1784".into()),
        file: Arc::from(format!("{key}.yaml")),
        line: 1,
        kind,
        items: (0..count).map(item).collect(),
        caption: caption.to_owned(),
        caption_file: None,
        collaborators: Vec::new(),
        location_id: None,
        reel: None,
        is_ai_generated: None,
        is_paid_partnership: None,
        branded_content_sponsor_ids: Vec::new(),
        first_comment: None,
        comment_enabled: true,
        publish_at: None,
        publish_until: None,
        draft: false,
        state: PostState::Present,
        text_digest: Digest::from("v1:sha256:text"),
        media_digest: Some(Digest::from("v1:sha256:media")),
        digest: Some(Digest::from("v1:sha256:all")),
        has_errors: false,
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
    }
}

/// The record that [`intents`](Record::intents) of a clear refusal leave.
pub(super) fn refuse_all(mut record: Record, code: i64) -> Record {
    let times: Vec<PublishIntent> = record.intents.clone();
    for intent in times {
        record.refusals.push(crate::lockfile::Refusal { intent_at: intent.at, code, subcode: None });
    }
    record
}
