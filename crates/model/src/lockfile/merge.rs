//! How two versions of one attempt become one. Pure, and the same whichever comes first: commutative,
//! associative and idempotent, so that journal, lockfile and branches can meet in any order.

use std::cmp::Ordering;

use super::format::Flat;
use super::record::{Comment, Created, Deletion, Record, Sending, Stage};

/// Joins two versions of one attempt. The higher rank wins as a whole, because each later state carries
/// what the earlier ones knew, but for deletions, which are joined whatever the ranks: a move or a command on one branch
/// knows nothing of a deletion on another. Equal ranks are joined field by field, as they are written, and no value is
/// lost to a null.
///
/// Both must have the same `(user_id, key, attempt)`.
#[must_use]
pub fn merge(a: Record, b: Record) -> Record {
    debug_assert!(a.is_same_attempt(&b), "only versions of one attempt merge");
    match a.stage().rank().cmp(&b.stage().rank()) {
        Ordering::Greater => with_deletions(a, &b),
        Ordering::Less => with_deletions(b, &a),
        Ordering::Equal if a == b => normal(a),
        Ordering::Equal => join(&a.into(), &b.into()).into(),
    }
}

fn with_deletions(winner: Record, other: &Record) -> Record {
    let theirs = other.deletions();
    if theirs.is_empty() {
        return normal(winner);
    }
    let mut flat = Flat::from(winner);
    flat.deletions = deletions(&flat.deletions, theirs);
    normal(flat.into())
}

/// The record as [`merge`] leaves it, and as it is read once it was written: its lists in their one order, and no
/// field of its state kept twice.
#[must_use]
pub(super) fn normal(mut record: Record) -> Record {
    let has_lists = record.live().is_some_and(|live| !live.comments.is_empty() || !live.deletions.is_empty());
    if has_lists || !record.rest.is_nothing() {
        let mut flat = Flat::from(record);
        sort_as_set(&mut flat.comments);
        flat.comments = sendings(flat.comment, flat.comments);
        flat.deletions = deletions(&flat.deletions, &[]);
        record = flat.into();
    }
    sort_as_set(&mut record.intents);
    sort_as_set(&mut record.refusals);
    sort_as_set(&mut record.not_ours);
    sort_as_set(&mut record.evidence);
    if let Some(accepted) = &mut record.accepted {
        sort_as_set(&mut accepted.also);
    }
    record
}

/// Fields that only make sense together come from one side: state and its reason, the digests, the live
/// media and its link. Every such choice is the maximum of a total order, so any grouping of joins agrees.
fn join(a: &Flat, b: &Flat) -> Flat {
    let ending = greater(a, b, compare_endings(a, b));
    let content = greater(a, b, compare_contents(a, b));
    let by_live = compare_live(a, b);
    let live = greater(a, b, by_live);
    let (permalink, published_at, slides) = if by_live == Ordering::Equal {
        (a.permalink.as_ref().max(b.permalink.as_ref()), a.published_at.max(b.published_at), (&a.slides).max(&b.slides))
    } else {
        // The link of one media must never be beside the id of another.
        (live.permalink.as_ref(), live.published_at, &live.slides)
    };
    let (file, account) = match a.rev.cmp(&b.rev) {
        Ordering::Equal => (a.file.as_ref().max(b.file.as_ref()), (&a.account).max(&b.account)),
        by_rev => (greater(a, b, by_rev).file.as_ref(), &greater(a, b, by_rev).account),
    };
    let comment = a.comment.max(b.comment);
    Flat {
        key: a.key.clone(),
        user_id: a.user_id.clone(),
        account: account.clone(),
        kind: a.kind.max(b.kind),
        state: ending.state,
        digest: content.digest.clone(),
        media_digest: content.media_digest.clone(),
        caption_digest: content.caption_digest.clone(),
        attempt: a.attempt.clone(),
        children: join_children(&a.children, &b.children),
        container: [&a.container, &b.container].into_iter().flatten().max_by(|a, b| newer(a, b)).cloned(),
        fingerprint: a.fingerprint.as_ref().max(b.fingerprint.as_ref()).cloned(),
        intents: union(&a.intents, &b.intents),
        refusals: union(&a.refusals, &b.refusals),
        reason: ending.reason.clone(),
        code: ending.code,
        subcode: ending.subcode,
        media_id: live.media_id.clone(),
        permalink: permalink.cloned(),
        published_at,
        via: live.via,
        comment,
        comment_switch: a.comment_switch.max(b.comment_switch),
        comments: sendings(comment, union(&a.comments, &b.comments)),
        moved_to: ending.moved_to.clone(),
        not_ours: union(&a.not_ours, &b.not_ours),
        graph: a.graph.as_ref().max(b.graph.as_ref()).cloned(),
        file: file.cloned(),
        rev: a.rev.max(b.rev),
        evidence: union(&a.evidence, &b.evidence),
        trial: a.trial || b.trial,
        allow_duplicate: a.allow_duplicate || b.allow_duplicate,
        media: content.media.clone(),
        cover_digest: content.cover_digest.clone(),
        sent_digest: ending.sent_digest.clone(),
        own_digest: content.own_digest.clone(),
        slot: a.slot.max(b.slot),
        due_at: a.due_at.max(b.due_at),
        accepted: content.accepted.clone(),
        reencoded: content.reencoded,
        accepted_also: union(&a.accepted_also, &b.accepted_also),
        deletions: deletions(&a.deletions, &b.deletions),
        slides: slides.clone(),
    }
}

/// Once it is known how a comment ended, nothing is left to be settled.
fn sendings(comment: Option<Comment>, announced: Vec<Sending>) -> Vec<Sending> {
    if comment > Some(Comment::Intent) { Vec::new() } else { announced }
}

/// Each announcement once, with how it ended where that is known.
pub(super) fn deletions(a: &[Deletion], b: &[Deletion]) -> Vec<Deletion> {
    let mut joined = union(a, b);
    // Sorted by their outcome last, the unknown one first.
    joined.dedup_by(|later, kept| {
        let is_same = (later.at, later.lease_until) == (kept.at, kept.lease_until);
        if is_same {
            kept.outcome = later.outcome;
        }
        is_same
    });
    joined
}

fn greater<'r>(a: &'r Flat, b: &'r Flat, order: Ordering) -> &'r Flat {
    if order == Ordering::Less { b } else { a }
}

/// State and all that explains it. Rank 6 states are rewritten by command, and there the later rewrite wins; of two at
/// once one that only forgets, and so publishes again, yields.
fn compare_endings(a: &Flat, b: &Flat) -> Ordering {
    let by_rev = if a.state.rank() == Stage::Forgotten.rank() { a.rev.cmp(&b.rev) } else { Ordering::Equal };
    by_rev.then_with(|| {
        let says_more = |r: &Flat| r.state != Stage::Forgotten || r.moved_to.is_some();
        let key = |r: &Flat| (says_more(r), r.state, r.code, r.subcode);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.moved_to.cmp(&b.moved_to))
            .then_with(|| a.reason.cmp(&b.reason))
            .then_with(|| a.sent_digest.cmp(&b.sent_digest))
    })
}

/// What was sent. `caption_digest: None` means "no caption", so it must stay beside its own `digest`; and the files
/// beside the digest that was made of them.
fn compare_contents(a: &Flat, b: &Flat) -> Ordering {
    (a.rev.cmp(&b.rev))
        // An import that has the bytes knows more than one that has left them out.
        .then_with(|| a.reencoded.cmp(&b.reencoded))
        .then_with(|| a.digest.cmp(&b.digest))
        .then_with(|| a.media_digest.cmp(&b.media_digest))
        .then_with(|| a.caption_digest.cmp(&b.caption_digest))
        .then_with(|| a.cover_digest.cmp(&b.cover_digest))
        .then_with(|| a.own_digest.cmp(&b.own_digest))
        .then_with(|| a.accepted.cmp(&b.accepted))
        .then_with(|| a.media.cmp(&b.media))
}

/// What is known of the live post: a known media id beats none, a better source a weaker one.
fn compare_live(a: &Flat, b: &Flat) -> Ordering {
    let key = |r: &Flat| (r.media_id.is_some(), r.via);
    key(a).cmp(&key(b)).then_with(|| a.media_id.cmp(&b.media_id))
}

fn join_children(a: &[Created], b: &[Created]) -> Vec<Created> {
    let (longer, shorter) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut joined = longer.to_vec();
    for (known, other) in joined.iter_mut().zip(shorter) {
        if newer(other, known) == Ordering::Greater {
            known.clone_from(other);
        }
    }
    joined
}

fn newer(a: &Created, b: &Created) -> Ordering {
    a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id))
}

fn union<T: Ord + Clone>(a: &[T], b: &[T]) -> Vec<T> {
    let mut joined = [a, b].concat();
    sort_as_set(&mut joined);
    joined
}

fn sort_as_set<T: Ord>(list: &mut Vec<T>) {
    if !list.is_sorted_by(|a, b| a < b) {
        list.sort_unstable();
        list.dedup();
    }
}

#[cfg(test)]
mod branches;
#[cfg(test)]
mod tests;
