//! What a person says about a post, as pure changes of its records. Nothing here asks Meta, and nothing
//! publishes: `resolve` and `lock` record what these functions return.

use jiff::Timestamp;

use igsync_base::feed::LivePost;
use igsync_base::id::{AccountName, AttemptId, Digest, Kind, MediaId, PostKey, UserId};
use igsync_base::net;
pub use igsync_base::net::link_code;
use igsync_model::lockfile::{Accepted, Live, Reason, Record, Stage, State, Via, effective, speaks_before};
use igsync_model::manifest::{Post, caption_digest};

use super::attempt;

/// What is recorded about one post, and the manifest it still has.
pub struct Subject<'a> {
    pub user_id: &'a UserId,
    pub key: &'a PostKey,
    /// Every attempt.
    pub attempts: &'a [Record],
    pub post: Option<&'a Post>,
    /// Written into new records made through another base than Meta's.
    pub graph: Option<String>,
}

/// What a person knows of a live post; each part may be missing.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub media_id: Option<MediaId>,
    pub permalink: Option<String>,
    /// When it went live; without it, the moment of the last announced publish or of the statement.
    pub at: Option<Timestamp>,
}

/// Why a statement is not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// Neither a record nor a manifest has this name.
    NoSuchPost,
    /// Meta itself answered the publish with another media id.
    OtherMedia(MediaId),
    IsLive(Option<MediaId>),
    NotLive,
    /// The new key has a record that counts.
    Taken(PostKey),
    /// Without a manifest there is nothing to compare with.
    NoManifest,
    /// It is live as each of these: one has to be named.
    Several(Vec<MediaId>),
    /// It is not recorded as live as this media.
    NotThisMedia(MediaId),
    /// The manifest is of another kind than the live post.
    OtherKind(Kind),
    /// It is recorded as deleted: which media are live has to be named.
    WasDeleted(Option<MediaId>),
}

type Changes = Result<Vec<Record>, Objection>;

/// New attempt ids.
pub type NewAttempt<'a> = dyn FnMut() -> AttemptId + 'a;

/// The post is live. An open attempt becomes that post; a post that igsync never sent gets an attempt of
/// its own; a media id that was found by matching is confirmed or corrected.
pub fn published(subject: &Subject<'_>, seen: &Seen, now: Timestamp, new_attempt: &mut NewAttempt<'_>) -> Changes {
    if let Some((record, live)) = live_of(subject) {
        return confirmed(record, live, seen, new_attempt);
    }
    let open = of_state(subject, Stage::is_open).cloned();
    let was_deleted = of_state(subject, |stage| stage == Stage::Deleted).filter(|_| open.is_none());
    let media_id = match was_deleted {
        Some(gone) => Some(after_deletion(gone, seen)?),
        None => None,
    };
    let seen = &Seen { media_id: media_id.flatten().or_else(|| seen.media_id.clone()), ..seen.clone() };
    let sent = open.as_ref().is_some_and(|record| !record.intents.is_empty());
    let mut record = match (open, subject.post) {
        // What was sent is what is live, whatever the manifest says by now.
        (Some(record), _) if sent => record,
        (Some(record), Some(post)) => Record {
            attempt: record.attempt,
            evidence: record.evidence,
            ..attempt::begin(post, subject.user_id, new_attempt(), subject.graph.clone())
        },
        (Some(record), None) => record,
        (None, _) => fresh(subject, new_attempt)?,
    };
    let at = seen.at.or_else(|| record.intents.iter().map(|intent| intent.at).max()).unwrap_or(now);
    record.not_ours.retain(|media| Some(media) != seen.media_id.as_ref());
    // The comment of a post that igsync did not send itself may be below it already.
    let due = subject.post.filter(|_| sent);
    // "It is live" about a post with one look-alike names that one.
    let shown =
        if let ([only], None) = (record.evidence.as_slice(), &seen.permalink) { Some(only.clone()) } else { None };
    let media_id = seen.media_id.clone().or(shown);
    record = attempt::published(record, media_id, Via::Resolved, at, due);
    if let Some(post) = subject.post {
        record = attempt::describing(record, post);
    }
    record.evidence.clear();
    Ok(vec![attempt::noted(record, |live| live.permalink.clone_from(&seen.permalink))])
}

/// As which media a deleted post is live after all, as far as the person has said. Without a name it would be the one
/// that is gone.
fn after_deletion(gone: &Record, seen: &Seen) -> Result<Option<MediaId>, Objection> {
    if seen.media_id.is_some() {
        return Ok(None);
    }
    let known = gone.known_live().and_then(|live| live.permalink.as_deref()).and_then(link_code);
    match seen.permalink.as_deref().and_then(link_code) {
        None => Err(Objection::WasDeleted(gone.claimed_media().cloned())),
        Some(said) if Some(&said) == known.as_ref() => Ok(gone.claimed_media().cloned()),
        Some(_) => Ok(None),
    }
}

fn confirmed(known: &Record, live: &Live, seen: &Seen, new_attempt: &mut NewAttempt<'_>) -> Changes {
    let is_other = |media: &MediaId| seen.media_id.as_ref().is_some_and(|said| said != media);
    let mut record = known.clone();
    let mut said = live.clone();
    match (&live.media_id, live.via) {
        (Some(media), Some(Via::Publish)) if is_other(media) => return Err(Objection::OtherMedia(media.clone())),
        (_, Some(Via::Publish)) => return Ok(vec![]),
        // Two statements of one rank could be merged wrongly, so the corrected one is an attempt of its own.
        (Some(media), Some(Via::Resolved)) if is_other(media) => {
            let forget = |live: &mut Live| (live.media_id, live.permalink) = (None, None);
            let wrong = attempt::noted(known.clone(), forget).forgotten(None);
            record.attempt = new_attempt();
            said.media_id.clone_from(&seen.media_id);
            said.permalink.clone_from(&seen.permalink);
            said.slides = Vec::new().into();
            record.state = State::Published(said);
            return Ok(vec![wrong, record]);
        }
        (Some(media), _) if is_other(media) => {
            record.not_ours.push(media.clone());
            said.permalink = None;
        }
        _ => {}
    }
    said.via = Some(Via::Resolved);
    said.media_id = seen.media_id.clone().or(said.media_id);
    said.permalink = seen.permalink.clone().or(said.permalink);
    if said.media_id.is_some() {
        record.fingerprint = None;
        record.intents.clear();
        record.refusals.clear();
    }
    record.state = State::Published(said);
    Ok(if record == *known { vec![] } else { vec![record] })
}

/// The manifest describes a live post that was found: by its id where it names one, else as a guess. Its comment and
/// its comment switch are never due.
pub fn found_live(
    post: &Post,
    user_id: &UserId,
    live: &LivePost,
    attempt: AttemptId,
    graph: Option<String>,
    now: Timestamp,
) -> Record {
    let begun = attempt::begin(post, user_id, attempt, graph);
    let (via, reencoded) = match &post.imported {
        Some(_) => (Via::Imported, begun.media_digest.is_some()),
        None => (Via::Adopted, false),
    };
    let begun = Record { reencoded, allow_duplicate: false, ..begun };
    let record = attempt::published(begun, Some(live.id.clone()), via, live.at.unwrap_or(now), Some(post));
    attempt::noted(record, |known| known.permalink.clone_from(&live.permalink))
}

/// Nothing of this post is live: every open attempt ends, and what it was shown as is remembered as
/// foreign. `also` are candidates that a listing shows now.
pub fn not_published(subject: &Subject<'_>, also: &[MediaId]) -> Changes {
    let open: Vec<&Record> = subject.attempts.iter().filter(|record| record.is_open()).collect();
    if open.is_empty()
        && let Some((_, live)) = live_of(subject)
    {
        return Err(Objection::IsLive(live.media_id.clone()));
    }
    if open.is_empty() && subject.attempts.is_empty() && subject.post.is_none() {
        return Err(Objection::NoSuchPost);
    }
    let end = |record: &Record| {
        let mut ended = attempt::not_published(record.clone(), Reason::Resolved);
        let shown = std::mem::take(&mut ended.evidence);
        ended.not_ours.extend(shown.into_iter().chain(also.iter().cloned()));
        ended.not_ours.sort();
        ended.not_ours.dedup();
        ended
    };
    Ok(open.into_iter().map(end).collect())
}

/// Every attempt gets a new key, each with its tombstone under the old one. All of it belongs into one
/// durable write: half a move would publish the post again.
pub fn moved(
    attempts: &[Record],
    to: &PostKey,
    post: Option<&Post>,
    account: Option<&AccountName>,
    new_attempt: &mut NewAttempt<'_>,
) -> Vec<Record> {
    let mut records = Vec::new();
    for old in attempts.iter().filter(|record| record.stage() != Stage::Forgotten) {
        let [mut copy, tombstone] = old.clone().moved(to.clone(), new_attempt());
        if let Some(account) = account {
            copy.account = account.clone();
        }
        if let Some(post) = post {
            copy.file = Some(post.file.to_string());
            copy = attempt::describing(copy, post);
        }
        copy.rev = copy.rev.saturating_add(1);
        records.extend([copy, tombstone]);
    }
    records
}

/// As [`moved`], unless the new key has a record of its own that counts.
pub fn renamed(
    subject: &Subject<'_>,
    to: &PostKey,
    there: &[Record],
    post: Option<&Post>,
    new_attempt: &mut NewAttempt<'_>,
) -> Changes {
    let counts = |record: &Record| record.is_open() || matches!(record.stage(), Stage::Published | Stage::Ignored);
    if there.iter().any(counts) {
        return Err(Objection::Taken(to.clone()));
    }
    let records = moved(subject.attempts, to, post, post.map(|post| &post.account), new_attempt);
    if records.is_empty() { Err(Objection::NoSuchPost) } else { Ok(records) }
}

/// Nothing that is recorded about the post counts any more; with `media` nothing that says that it is live as that.
pub fn removed(subject: &Subject<'_>, media: Option<&MediaId>) -> Changes {
    let counting = subject.attempts.iter().filter(|record| record.stage() != Stage::Forgotten);
    let is_meant = |record: &&Record| media.is_none_or(|media| record.claimed_media() == Some(media));
    let records: Vec<Record> = counting.filter(is_meant).cloned().map(|record| record.forgotten(None)).collect();
    if let Some(media) = media.filter(|_| records.is_empty()) {
        return Err(Objection::NotThisMedia(media.clone()));
    }
    if records.is_empty() { Err(Objection::NoSuchPost) } else { Ok(records) }
}

/// The post is never published. Containers that wait are given up; what may have been sent is still
/// found out by later runs.
pub fn ignored(subject: &Subject<'_>, new_attempt: &mut NewAttempt<'_>) -> Changes {
    if let Some((_, live)) = live_of(subject) {
        return Err(Objection::IsLive(live.media_id.clone()));
    }
    if of_state(subject, |state| state == Stage::Ignored).is_some() {
        return Ok(vec![]);
    }
    let waiting = subject.attempts.iter().filter(|record| record.stage() == Stage::Containers);
    let mut records: Vec<Record> =
        waiting.map(|record| attempt::not_published(record.clone(), Reason::Ignored)).collect();
    records.push(Record { state: State::Ignored, ..fresh(subject, new_attempt)? });
    Ok(records)
}

/// The manifest as it stands describes what is live; of a post that is live more than once, as `media`.
pub fn accepted(subject: &Subject<'_>, media: Option<&MediaId>) -> Changes {
    let live = live_as(subject, media)?;
    let Some(live) = live.into_iter().reduce(|best, record| if speaks_before(record, best) { record } else { best })
    else {
        let is_nothing = subject.attempts.is_empty() && subject.post.is_none();
        if let Some(gone) = of_state(subject, |stage| stage == Stage::Deleted) {
            return Err(Objection::WasDeleted(gone.claimed_media().cloned()));
        }
        return Err(if is_nothing { Objection::NoSuchPost } else { Objection::NotLive });
    };
    let Some(post) = subject.post else { return Err(Objection::NoManifest) };
    if post.content.kind != live.kind {
        return Err(Objection::OtherKind(live.kind));
    }
    let by_text = || post.digest_if_media(live.media_digest.as_ref()?, live.cover_digest.as_ref());
    let Some(digest) = post.digest.clone().or_else(by_text) else { return Ok(vec![]) };
    if live.digest.is_none() {
        // Nothing is known of what was sent, so that this is all there is to compare with.
        let described = attempt::describing(Record { rev: live.rev.saturating_add(1), ..live.clone() }, post);
        return Ok(if described.digest.is_some() { vec![described] } else { vec![] });
    }
    if live.digest.as_ref() == Some(&digest) || live.has_accepted(&digest) {
        return Ok(vec![]);
    }
    // The manifest with the media that are live, too: it is compared so where its own are gone.
    let own = || post.own_digest_if_media(live.media_digest.as_ref()?, live.cover_digest.as_ref());
    let caption = caption_digest(&post.content.caption).filter(|caption| live.caption_digest.as_ref() != Some(caption));
    let media = post.media_digest.clone().filter(|media| live.media_digest.as_ref() != Some(media));
    let cover = post.cover_digest.clone().filter(|cover| live.cover_digest.as_ref() != Some(cover));
    let has_other_media = media.is_some() || cover.is_some();
    let accepted = [Some(digest.clone()), by_text(), own(), caption, media, cover].into_iter().flatten();
    let records = accepting(live, accepted.chain(has_other_media.then(|| sent(live)).into_iter().flatten()));
    // By these files a plan knows that it has nothing to read.
    let with_files = |record: Record| Record {
        digest: Some(digest.clone()),
        media_digest: post.media_digest.clone(),
        cover_digest: post.cover_digest.clone(),
        media: post.files.clone(),
        own_digest: post.whole_own_digest().map(Box::new),
        rev: record.rev.saturating_add(1),
        ..record
    };
    Ok(if has_other_media { records.into_iter().map(with_files).collect() } else { records })
}

/// What is known of the media that are live, before others are accepted for them.
fn sent(live: &Record) -> Vec<Digest> {
    let known = [&live.digest, &live.media_digest, &live.cover_digest];
    known.into_iter().flatten().cloned().collect()
}

/// The post was deleted on Instagram by a person. Of one that is live more than once, `media` says which of them. Recorded
/// as a deletion of igsync's is: who reads of it by the media knows it under any key.
pub fn deleted(subject: &Subject<'_>, media: Option<&MediaId>, now: Timestamp) -> Changes {
    let live = live_as(subject, media)?;
    if !live.is_empty() || of_state(subject, |state| state == Stage::Deleted).is_some() {
        let ended = |record: &Record| attempt::noted(record.clone(), |live| live.deletions.note_gone(now));
        return Ok(live.into_iter().map(|record| ended(record).deleted()).collect());
    }
    let is_nothing = subject.attempts.is_empty() && subject.post.is_none();
    Err(if is_nothing { Objection::NoSuchPost } else { Objection::NotLive })
}

/// The attempts that are live as `media`; without it all, which then have to be one post.
pub fn live_as<'a>(subject: &Subject<'a>, media: Option<&MediaId>) -> Result<Vec<&'a Record>, Objection> {
    let live = || subject.attempts.iter().filter(|record| record.stage() == Stage::Published);
    let Some(media) = media else {
        let mut known: Vec<MediaId> = live().filter_map(Record::claimed_media).cloned().collect();
        known.sort();
        known.dedup();
        return if known.len() > 1 { Err(Objection::Several(known)) } else { Ok(live().collect()) };
    };
    let named: Vec<&Record> = live().filter(|record| record.claimed_media() == Some(media)).collect();
    if named.is_empty() { Err(Objection::NotThisMedia(media.clone())) } else { Ok(named) }
}

/// The live post as Instagram shows it is what it is meant to be: what [`igsync_model::drift`] finds is silent until
/// something of it changes.
#[must_use]
pub fn accepted_as_shown(live: &Record, shown: Vec<Digest>) -> Vec<Record> {
    accepting(live, shown)
}

/// What was sent stays known: it is what is live, and what other posts are compared with. No `rev` is needed, so that
/// what two branches accept is accepted once both are merged.
fn accepting(live: &Record, digests: impl IntoIterator<Item = Digest>) -> Vec<Record> {
    let mut all = live.accepted_also().to_vec();
    all.extend(digests);
    all.sort();
    all.dedup();
    if all == live.accepted_also() {
        return Vec::new();
    }
    let shown = live.accepted.as_ref().and_then(|accepted| accepted.shown.clone());
    vec![Record { accepted: Accepted::of(shown, all), ..live.clone() }]
}

/// The key of another post that has this media already.
pub fn claimed_by<'a>(
    records: impl Iterator<Item = &'a Record>,
    user_id: &UserId,
    key: &PostKey,
    media: &MediaId,
) -> Option<&'a PostKey> {
    records
        .filter(|record| record.user_id == *user_id && record.key != *key && record.stage() != Stage::Forgotten)
        .find(|record| record.claimed_media() == Some(media))
        .map(|record| &record.key)
}

/// The link as a browser reads it, without what the app appends when it is shared. What was typed is not kept:
/// other programs may find another host in it.
pub fn bare_link(link: &str) -> Option<String> {
    let mut url = net::instagram_url(link)?;
    url.set_query(None);
    url.set_fragment(None);
    Some(String::from(url)).filter(|link| link.len() <= LONGEST_LINK)
}

/// Instagram's own are far shorter. In bytes.
const LONGEST_LINK: usize = 200;

/// The attempt that is live, and what is known of it.
fn live_of<'a>(subject: &Subject<'a>) -> Option<(&'a Record, &'a Live)> {
    let record = of_state(subject, |stage| stage == Stage::Published)?;
    Some((record, record.live()?))
}

/// Of several attempts that are meant, one that was announced says more than one whose containers only wait.
fn of_state<'a>(subject: &Subject<'a>, is_meant: impl Fn(Stage) -> bool) -> Option<&'a Record> {
    let says_more = |a: &Record, b: &Record| match (a.intents.is_empty(), b.intents.is_empty()) {
        (false, true) => true,
        (true, false) => false,
        _ => speaks_before(a, b),
    };
    let meant = subject.attempts.iter().filter(|record| is_meant(record.stage()));
    meant.reduce(|best, record| if says_more(record, best) { record } else { best })
}

/// The first record of a new attempt: from the manifest, else from what is recorded.
fn fresh(subject: &Subject<'_>, new_attempt: &mut NewAttempt<'_>) -> Result<Record, Objection> {
    let graph = subject.graph.clone();
    if let Some(post) = subject.post {
        return Ok(attempt::begin(post, subject.user_id, new_attempt(), graph));
    }
    let known = effective(subject.attempts).or(subject.attempts.last()).ok_or(Objection::NoSuchPost)?;
    Ok(Record {
        digest: known.digest.clone(),
        media_digest: known.media_digest.clone(),
        caption_digest: known.caption_digest.clone(),
        media: known.media.clone(),
        cover_digest: known.cover_digest.clone(),
        own_digest: known.own_digest.clone(),
        not_ours: known.not_ours.clone(),
        graph,
        file: known.file.clone(),
        rev: known.rev,
        trial: known.trial,
        allow_duplicate: known.allow_duplicate,
        ..Record::new(subject.key.clone(), subject.user_id.clone(), known.account.clone(), known.kind, new_attempt())
    })
}

#[cfg(test)]
mod tests;
