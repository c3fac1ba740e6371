//! The steps of one attempt as pure transitions of its record; each result goes to the ledger as it is.

use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use igsync_base::id::{AttemptId, MediaId, PartId, UserId};
use igsync_model::lockfile::{
    Comment, Created, Live, PublishIntent, Reason, Record, Refusal, Refused, Stage, State, Switch, Turn, Via,
};
use igsync_model::manifest::{Post, caption_digest, comment_digest};

use super::engine;
use super::failure::Failure;

/// A container lives this long.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub(super) const CONTAINER_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// No publish is begun with a container that has less than this left to live.
const LAST_USE: SignedDuration = SignedDuration::from_hours(23);

/// The first record of a new attempt to publish `post`.
pub(super) fn begin(post: &Post, user_id: &UserId, attempt: AttemptId, graph: Option<String>) -> Record {
    Record {
        digest: post.digest.clone(),
        media_digest: post.media_digest.clone(),
        caption_digest: caption_digest(&post.content.caption),
        graph,
        file: Some(post.file.to_string()),
        trial: post.content.reel.as_ref().is_some_and(|reel| reel.trial.is_some()),
        allow_duplicate: post.allow_duplicate,
        turn: Turn::of(post.slot, post.due_at),
        ..Record::new(post.key.clone(), user_id.clone(), post.account.clone(), post.content.kind, attempt)
    }
}

/// Notes of what the containers of an attempt are made, before another one with media of its own is recorded: settings
/// may be others by the time at which they are refused. Where they have changed in between, what was sent is neither form.
pub(super) fn made_of(record: Record, post: &Post) -> Record {
    let is_first = record.container.is_none() && record.children.is_empty();
    let sent = match (record.sent_digest(), &post.sent_digest) {
        _ if post.digest != record.digest => return record,
        (None, now) if is_first => now.clone(),
        (Some(before), Some(now)) if before != now => Some(comment_digest(&format!("{before} and {now}"))),
        _ => return record,
    };
    record.with_sent_digest(sent)
}

/// An attempt that an earlier run has begun, at the turn that the post has now. `None`: it has it already.
pub(super) fn at_turn(record: &Record, post: &Post) -> Option<Record> {
    let turn = Turn::of(post.slot.or(record.slot()), post.due_at.or(record.due_at()));
    (turn != record.turn && record.stage() == Stage::Containers).then(|| Record { turn, ..record.clone() })
}

/// Announces a publish; written before it is sent.
pub(super) fn intent(mut record: Record, fingerprint: &[MediaId], at: Timestamp, lease_until: Timestamp) -> Record {
    record.state = State::Intent;
    record.fingerprint.get_or_insert_with(|| fingerprint.to_vec());
    let (at, lease_until) = (whole(at, Unit::Millisecond), whole(lease_until, Unit::Millisecond));
    // A refusal names its announcement by the time, and the server's clock begins each of its seconds again with
    // every answer: two of one second would be one, and a refusal of the first would speak for both.
    let next = record.intents.iter().map(|intent| later(intent.at, Duration::from_millis(1))).max();
    let at = next.map_or(at, |next| next.max(at));
    record.intents.push(PublishIntent { at, lease_until });
    record
}

/// The attempt as it was before its publish was announced. To plan with, never to be written.
pub(super) fn unannounced(record: Record) -> Record {
    Record { state: State::Containers, intents: Vec::new(), refusals: Vec::new(), fingerprint: None, ..record }
}

/// Notes a well-formed refusal of the last announced publish.
pub(super) fn refused(mut record: Record, refused: &engine::Refusal) -> Record {
    if let Some(last) = record.intents.last() {
        let (code, subcode) = (refused.code.unwrap_or(NO_CODE), refused.subcode);
        record.refusals.push(Refusal { intent_at: last.at, code, subcode });
    }
    record
}

/// Notes that the last announced publish never left this machine.
pub(super) fn never_sent(mut record: Record) -> Record {
    if let Some(last) = record.intents.last() {
        record.refusals.push(Refusal { intent_at: last.at, code: NEVER_SENT, subcode: None });
    }
    record
}

/// The announced publishes of which it is not known that they never left this machine.
pub(super) fn count_sent(record: &Record) -> usize {
    let stayed = |at| record.refusals.iter().any(|refusal| refusal.intent_at == at && refusal.code == NEVER_SENT);
    record.intents.iter().filter(|intent| !stayed(intent.at)).count()
}

/// Stands for the code of a refusal that has none.
const NO_CODE: i64 = -1;

/// Stands for a code where no connection came up; Meta has no code 0.
const NEVER_SENT: i64 = 0;

/// The post is live. `post` is `None` when its manifest is gone: then there is no comment to send.
pub(super) fn published(
    record: Record,
    media_id: Option<MediaId>,
    via: Via,
    at: Timestamp,
    post: Option<&Post>,
) -> Record {
    // It can be refused no more.
    let mut record = record.with_sent_digest(None);
    // The ages of the containers count no more.
    for container in record.container.iter_mut().chain(&mut record.children) {
        container.created_at = None;
    }
    if media_id.is_some() {
        // Nothing is left to be settled, so nothing is needed to settle it with.
        record.fingerprint = None;
        record.intents.clear();
        record.refusals.clear();
        record.evidence.clear();
    }
    // Media that was adopted or imported may carry its comment already. Media found by matching gets none before a
    // person has confirmed it, but what is due is remembered: only this moment's manifest decides.
    let owed = post.filter(|_| !matches!(via, Via::Adopted | Via::Imported));
    let known = record.known_live().cloned().unwrap_or_default();
    let (comment, comment_switch) = owed.map_or((known.comment, known.comment_switch), |post| {
        let comment = post.first_comment.as_ref().map(|_| Comment::Due);
        (comment, (!post.comment_enabled).then_some(Switch::Due))
    });
    let (published_at, via) = (Some(whole(at, Unit::Second)), Some(via));
    record.state = State::Published(Live { media_id, published_at, via, comment, comment_switch, ..known });
    match post {
        Some(post) => describing(record, post),
        None => record,
    }
}

/// Notes what a plan needs to say later what was edited, where this manifest still is what was sent: by which names git
/// knows its files, and what it says without defaults. Of a live post of which nothing is known but that it is live, the
/// manifest that a person has given it says what it is.
pub(super) fn describing(mut record: Record, post: &Post) -> Record {
    if record.digest.is_none() && record.live().is_some() && record.kind == post.content.kind {
        record.digest.clone_from(&post.digest);
        record.media_digest = record.media_digest.or_else(|| post.media_digest.clone());
        record.caption_digest = record.caption_digest.or_else(|| caption_digest(&post.content.caption));
        record.reencoded = post.imported.is_some() && record.media_digest.is_some();
    }
    if post.digest.is_none() || post.digest != record.digest {
        return record;
    }
    record.own_digest = post.whole_own_digest().map(Box::new);
    if !post.files.is_empty() {
        record.media.clone_from(&post.files);
        record.cover_digest.clone_from(&post.cover_digest);
    }
    record
}

/// Notes what is known of a live post by now. Anything else stays as it is.
pub(super) fn noted(mut record: Record, note: impl FnOnce(&mut Live)) -> Record {
    if let Some(live) = record.live_mut() {
        note(live);
    }
    record
}

/// Nothing is live, and the container is dead, discarded or superseded.
pub(super) fn not_published(mut record: Record, reason: Reason) -> Record {
    record.state = State::NotPublished(Some(reason));
    record
}

/// Refused for its content: nothing happens until what would be sent changes. Where it is not recorded of what the
/// containers were made, `post` is as it was sent.
pub(super) fn failed(record: Record, why: &Failure, post: &Post) -> Record {
    let Failure { reason, code, subcode, .. } = why;
    let as_now = || post.sent_digest.clone().filter(|_| post.digest == record.digest);
    let sent_digest = record.sent_digest().cloned().or_else(as_now);
    let mut record = record.with_sent_digest(None);
    let reason = Some(reason.clone().into());
    record.state = State::Failed(Refused { reason, code: *code, subcode: *subcode, sent_digest });
    record
}

/// A complete settlement could not tell.
pub(super) fn unknown(mut record: Record, reason: Reason) -> Record {
    record.state = State::Unknown(Some(reason));
    record
}

/// Cuts a time down: no one reads nanoseconds in a lockfile, and Meta's times have whole seconds.
pub(super) fn whole(at: Timestamp, unit: Unit) -> Timestamp {
    at.round(TimestampRound::new().smallest(unit).mode(RoundMode::Trunc)).unwrap_or(at)
}

/// `time` after `at`, or the end of time.
pub(super) fn later(at: Timestamp, time: Duration) -> Timestamp {
    at.saturating_add(time).unwrap_or(Timestamp::MAX)
}

/// Of the open attempts of one post the one that continues: that with the smallest id, so that two clones choose the
/// same.
pub(super) fn open_of(attempts: &[Record]) -> Option<&Record> {
    attempts.iter().filter(|record| record.is_open()).min_by(|a, b| a.attempt.cmp(&b.attempt))
}

/// The container that is published, while it is young enough to be used.
pub(super) fn usable_container(record: &Record, now: Timestamp) -> Option<&PartId> {
    record.container.as_ref().filter(|container| is_usable(container, now)).map(|container| &container.id)
}

/// Whether a container can still be published or made part of a carousel.
pub(super) fn is_usable(container: &Created, now: Timestamp) -> bool {
    container.created_at.is_some_and(|made| now.duration_since(made) < LAST_USE)
}

/// Whether the container is past its life; without a known birth it counts as alive.
pub(super) fn is_past_life(record: &Record, now: Timestamp) -> bool {
    record
        .container
        .as_ref()
        .and_then(|container| container.created_at)
        .is_some_and(|made| now.duration_since(made) > CONTAINER_LIFE)
}

/// Whether every publish that was announced got a well-formed refusal.
pub(super) fn all_refused(record: &Record) -> bool {
    record.intents.iter().all(|intent| record.refusals.iter().any(|refusal| refusal.intent_at == intent.at))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, post, record, refuse_all};
    use super::*;
    use igsync_base::id::Kind;

    #[test]
    fn what_is_refused_is_what_was_made_whatever_ended_the_attempt() {
        let of = |sent: &str| Post { sent_digest: Some(sent.into()), ..post("posts/a", Kind::Image, "x") };
        let begun = begin(&of("A"), &"1784".into(), "a1".into(), None);
        let made = made_of(begun, &of("A"));
        let why = Failure::new("refused", "");
        let sent = |record: Record| failed(record, &why, &of("B")).sent_digest().cloned();
        assert_eq!(sent(made.clone()), Some("A".into()));
        assert_eq!(sent(not_published(made.clone(), Reason::Expired)), Some("A".into()));
        assert_eq!(
            sent(begin(&of("B"), &"1784".into(), "a2".into(), None)),
            Some("B".into()),
            "nothing was made before"
        );
        let mixed = sent(made_of(made.clone(), &of("B")));
        assert!(mixed.is_some() && mixed != Some("A".into()) && mixed != Some("B".into()));
        assert_eq!(published(made, None, Via::Publish, at(1), None).sent_digest(), None);
    }

    #[test]
    fn two_announcements_of_one_moment_are_told_apart() {
        let refused = refuse_all(record(Kind::Story, "", &[100]), NEVER_SENT);
        let again = intent(refused, &[], at(100), at(220));
        assert_eq!(again.intents.len(), 2);
        assert!(again.intents[0].at < again.intents[1].at);
        assert!(!all_refused(&again), "the refusal of the first says nothing about the second");
        assert_eq!(count_sent(&again), 1);
    }
}
