//! Records for tests: a plain one to start from, and generated ones of every state.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::format::Flat;
use super::reason::Reason;
use super::record::{
    Comment, Created, Deletion, DeletionOutcome, Live, PublishIntent, Record, Refusal, Sending, Stage, State, Switch,
    Via,
};
use igsync_base::content::SentFile;
use igsync_base::id::Kind;

/// A record with nothing but what every record has.
pub(crate) fn record(key: &str, attempt: &str, stage: Stage) -> Record {
    let [user_id, account] = ["17841400000000001", "brand"];
    let record = Record::new(key.into(), user_id.into(), account.into(), Kind::Image, attempt.into());
    Record { state: State::bare(stage), ..record }
}

/// A post that is live as this media.
pub(crate) fn live_as(key: &str, attempt: &str, media: &str) -> Record {
    let live = Live { media_id: Some(media.into()), ..Live::default() };
    Record { state: State::Published(live), ..record(key, attempt, Stage::Published) }
}

/// As [`record`], the way it is written.
pub(super) fn flat(key: &str, attempt: &str, stage: Stage) -> Flat {
    record(key, attempt, stage).into()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_796_000_000 + second).unwrap()
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_i64).prop_map(at)
}

fn created() -> impl Strategy<Value = Created> {
    ("c[0-2]", of(time())).prop_map(|(id, created_at)| Created { id: id.as_str().into(), created_at })
}

fn intent() -> impl Strategy<Value = PublishIntent> {
    (time(), time()).prop_map(|(at, lease_until)| PublishIntent { at, lease_until })
}

fn sending() -> impl Strategy<Value = Sending> {
    (time(), time(), "d[01]").prop_map(|(at, lease_until, text)| Sending {
        at,
        lease_until,
        text: text.as_str().into(),
    })
}

fn deletion() -> impl Strategy<Value = Deletion> {
    use DeletionOutcome::{Deleted, Live, Refused, Withdrawn};
    let outcome = proptest::sample::select(&[Withdrawn, Refused, Deleted, Live][..]);
    (time(), time(), of(outcome)).prop_map(|(at, lease_until, outcome)| Deletion { at, lease_until, outcome })
}

fn refusal() -> impl Strategy<Value = Refusal> {
    (time(), 0..2_i64, of(0..2_i64)).prop_map(|(intent_at, code, subcode)| Refusal { intent_at, code, subcode })
}

fn sent() -> impl Strategy<Value = SentFile> {
    (text(), 0..2_u64, "[ab]").prop_map(|(file, size, oid)| SentFile { file, size, oid })
}

/// Text that a careless writer would break: quotes, newlines, marks of conflicts, other scripts.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,2}",
        Just("\"\\\n\r\u{2028}\u{0}<<<<<<< ours\n=======\n>>>>>>> theirs".to_owned()),
        Just("Hafenrundfahrt 🚢 – ０".to_owned()),
        any::<String>(),
    ]
}

/// Versions of one attempt, with fields that their state has and others.
pub(super) fn any_record(key: &'static str, attempt: &'static str) -> impl Strategy<Value = Record> {
    any_flat(key, attempt).prop_map(Record::from)
}

/// Versions of one attempt as they are written, any field beside any other, from a small pool of values so that they
/// often agree and often clash.
pub(super) fn any_flat(key: &'static str, attempt: &'static str) -> impl Strategy<Value = Flat> {
    let state = proptest::sample::select(&Stage::ALL[..]);
    let comment = proptest::sample::select(
        &[Comment::Due, Comment::Intent, Comment::Unknown, Comment::Failed, Comment::Done][..],
    );
    let switch = proptest::sample::select(&[Switch::Due, Switch::Failed, Switch::Done][..]);
    let via = proptest::sample::select(&[Via::Settled, Via::Adopted, Via::Imported, Via::Publish, Via::Resolved][..]);
    let content = (state, 0..3_u32, of("d[01]"), of("m[01]"), of("t[01]"), of(text()), "[ab]");
    let progress = (
        vec(created(), 0..3),
        of(created()),
        of(vec("[0-2]", 0..3)),
        vec(intent(), 0..3),
        vec(refusal(), 0..3),
        vec("[0-3]", 0..3),
        vec("[0-3]", 0..3),
    );
    let end = (of(text()), of(0..2_i64), of(0..2_i64), of("[0-2]"), of("p[01]"), of(time()), of(via));
    let more = (
        vec(sent(), 0..2),
        of("c[01]"),
        vec(sending(), 0..3),
        of("s[01]"),
        of("o[01]"),
        of(time()),
        of(time()),
        of("l[01]"),
        (any::<bool>(), vec("a[01]", 0..3)),
    );
    let more = (more, vec(deletion(), 0..3), vec("[0-2]", 0..3));
    let rest = (of(comment), of(switch), of("k[01]"), of("https?://x"), more);
    (content, progress, end, rest).prop_map(move |(content, progress, end, rest)| {
        let (state, rev, digest, media_digest, caption_digest, file, account) = content;
        let (children, container, fingerprint, intents, refusals, not_ours, evidence) = progress;
        let (reason, code, subcode, media_id, permalink, published_at, via) = end;
        let (comment, comment_switch, moved_to, graph, more) = rest;
        let (more, deletions, slides) = more;
        let (media, cover_digest, comments, sent_digest, own_digest, slot, due_at, accepted, last) = more;
        let (reencoded, accepted_also) = last;
        let ids = |list: Vec<String>| list.iter().map(|id| id.as_str().into()).collect();
        Flat {
            account: account.as_str().into(),
            digest: digest.map(|text| text.as_str().into()),
            media_digest: media_digest.map(|text| text.as_str().into()),
            caption_digest: caption_digest.map(|text| text.as_str().into()),
            children,
            container,
            fingerprint: fingerprint.map(|list| list.iter().map(|id| id.as_str().into()).collect()),
            intents,
            refusals,
            reason: reason.map(Reason::from),
            code,
            subcode,
            media_id: media_id.map(|text| text.as_str().into()),
            permalink,
            published_at,
            via,
            comment,
            comment_switch,
            comments,
            moved_to: moved_to.map(|text| text.as_str().into()),
            not_ours: ids(not_ours),
            evidence: ids(evidence),
            trial: rev == 2,
            allow_duplicate: rev == 1,
            media,
            cover_digest: cover_digest.map(|text| text.as_str().into()),
            sent_digest: sent_digest.map(|text| text.as_str().into()),
            own_digest: own_digest.map(|text| text.as_str().into()),
            slot,
            due_at,
            accepted: accepted.map(|text| text.as_str().into()),
            reencoded,
            accepted_also: accepted_also.iter().map(|text| text.as_str().into()).collect(),
            deletions,
            slides: ids(slides),
            graph,
            file,
            rev,
            ..flat(key, attempt, state)
        }
    })
}
