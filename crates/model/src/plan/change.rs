//! One post and what is recorded about it, compared.

use jiff::{SignedDuration, Timestamp};

use super::action::{Action, Obstacle, Why};
use super::cost;
use super::edited::{Edited, is_edited};
use super::input::{AccountView, Options, Sighting};
use super::model::{Cost, Repeats};
use super::owed::Owed;
use super::records::{Entry, Index};
use super::shown::Difference;
use crate::lockfile::{Live, Reason, Record, Refused, State};
use crate::manifest::{Post, PostState};
use igsync_base::id::Kind;

/// What is to be said about one post; a published post can have a due comment and an edit at once.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) action: Action,
    pub(super) reason: String,
    pub(super) cost: Cost,
    pub(super) repeats: Option<Repeats>,
    pub(super) edited: Option<Edited>,
    /// When the post goes out, where not at its own time.
    pub(super) due_at: Option<Timestamp>,
    /// The slot of the queue.
    pub(super) slot: Option<Timestamp>,
    /// From when on a gap to the next post counts.
    pub(super) turn: Option<Timestamp>,
}

impl Verdict {
    pub(super) fn new(action: Action, reason: impl Into<String>) -> Self {
        Self {
            action,
            reason: reason.into(),
            cost: Cost::default(),
            repeats: None,
            edited: None,
            due_at: None,
            slot: None,
            turn: None,
        }
    }

    /// Whether the post goes out by it, now or later.
    pub(super) fn goes_out(&self) -> bool {
        matches!(self.action, Action::Publish | Action::Continue | Action::Wait)
    }

    /// Leaves the post alone for now.
    pub(super) fn wait(&mut self, reason: &str) {
        self.action = Action::Wait;
        self.reason = reason.into();
        self.cost = Cost::default();
    }

    fn costing(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }
}

/// The time and the settings that decide what is due.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) now: Timestamp,
    pub(super) account: Option<&'a AccountView>,
    pub(super) options: &'a Options,
    pub(super) index: &'a Index<'a>,
}

/// Where the present lies in a post's schedule.
enum Due {
    Now,
    Later,
    Late,
    Expired,
}

impl Context<'_> {
    fn due(&self, post: &Post) -> Due {
        if post.publish_until.is_some_and(|until| self.now > until) {
            return Due::Expired;
        }
        let Some(at) = post.publish_at else { return Due::Now };
        if at > self.now {
            return Due::Later;
        }
        let late_after = self.account.and_then(|account| SignedDuration::try_from(account.schedule.late_after).ok());
        // No waiting for an approval makes late what was in time when it was reviewed.
        let judged = self.options.reviewed.as_ref().and_then(|reviewed| reviewed.judged(post));
        let by = judged.map_or(self.now, |judged| judged.at.min(self.now));
        let is_late = late_after.is_some_and(|limit| by.duration_since(at) > limit);
        let is_included = self.options.include_late && judged.is_none_or(|judged| judged.include_late);
        if is_late && !is_included { Due::Late } else { Due::Now }
    }

    /// The schedule's answer, or `due` when it is time.
    fn scheduled(&self, post: &Post, due: impl FnOnce() -> Verdict) -> Verdict {
        match self.due(post) {
            Due::Now => due(),
            Due::Later => Verdict::new(Action::Wait, "not due yet"),
            Due::Late => Verdict::new(Action::Hold(Why::Late), "overdue by more than late_after"),
            Due::Expired => Verdict::new(Action::Hold(Why::Expired), "publish_until has passed"),
        }
    }
}

/// Compares one post with its record; empty means that there is nothing to do and nothing to say.
pub(super) fn verdicts(post: &Post, entry: Option<&Entry<'_>>, context: Context<'_>) -> Vec<Verdict> {
    let Some(entry) = entry else { return if wanted(post) { vec![fresh(post, context, "due now")] } else { vec![] } };
    let record = entry.record;
    if !wanted(post) {
        return unwanted(post, entry, context).into_iter().collect();
    }
    match &record.state {
        State::Containers if entry.other_intent => {
            vec![settling().costing(cost::go_on(post, record))]
        }
        State::Containers => vec![context.scheduled(post, || {
            Verdict::new(Action::Continue, "containers created, not published yet").costing(cost::go_on(post, record))
        })],
        State::Intent if !entry.other_intent && context.options.settled.contains(&record.attempt) => {
            vec![context.scheduled(post, || {
                Verdict::new(Action::Continue, "not live, its container is published again")
                    .costing(cost::go_on(post, record))
            })]
        }
        State::Intent => vec![settling().costing(cost::go_on(post, record))],
        State::Unknown(reason) => vec![unknown(reason.as_ref())],
        State::NotPublished(_) => vec![fresh(post, context, "due now, an earlier attempt left nothing live")],
        State::Failed(_) => vec![after_failure(post, record, context)],
        State::Published(live) => published(post, entry, live, context.options),
        State::Ignored => entry.other_intent.then(|| only_settling("ignored")).into_iter().collect(),
        State::Deleted => vec![after_deletion(post, record, context)],
        State::Forgotten(_) => vec![fresh(post, context, "due now")],
    }
}

/// An entry whose manifest is gone.
pub(super) fn without_manifest(entry: &Entry<'_>, options: &Options) -> Option<Verdict> {
    let record = entry.record;
    match &record.state {
        State::Published(live) if is_half_deleted(record, live, options) => Some(settling_deletion()),
        // No manifest was ever meant to be there.
        State::Published(_) if record.is_record_only() => None,
        State::Published(_) => Some(Verdict::new(Action::Hold(Why::Orphan), "the manifest is gone, the post is live")),
        State::Unknown(reason) => Some(unknown(reason.as_ref())),
        State::Intent => Some(
            Verdict::new(Action::Settle, "perhaps published, its manifest is gone; apply only checks")
                .costing(cost::settle()),
        ),
        // Nothing of these is live, and nothing will be.
        State::Containers
        | State::NotPublished(_)
        | State::Failed(_)
        | State::Deleted
        | State::Ignored
        | State::Forgotten(_) => None,
    }
}

/// Nothing continues from this attempt, but what it did has to be known.
pub(super) fn only_settling(was: &str) -> Verdict {
    let reason = format!("perhaps published before it was {was}; apply only checks");
    Verdict::new(Action::Settle, reason).costing(cost::settle())
}

/// A post whose record has the media id that its manifest names: what is said of any live post, and no way back from
/// what it became since.
pub(super) fn after_import(post: &Post, entry: &Entry<'_>, context: Context<'_>) -> Vec<Verdict> {
    if !wanted(post) {
        return unwanted(post, entry, context).into_iter().collect();
    }
    match &entry.record.state {
        State::Published(live) => published(post, entry, live, context.options),
        State::Unknown(reason) => vec![unknown(reason.as_ref())],
        State::Intent => vec![only_settling("called imported")],
        State::Deleted => {
            vec![Verdict::new(Action::Hold(Why::Deleted), "deleted on Instagram, its manifest is still here")]
        }
        State::Containers | State::NotPublished(_) | State::Failed(_) | State::Ignored | State::Forgotten(_) => {
            entry.other_intent.then(|| only_settling("called imported")).into_iter().collect()
        }
    }
}

/// Whether the manifest asks for a live post.
pub(super) fn wanted(post: &Post) -> bool {
    !post.draft && post.state == PostState::Present
}

/// A draft, or a post that is to be deleted, with a record.
fn unwanted(post: &Post, entry: &Entry<'_>, context: Context<'_>) -> Option<Verdict> {
    let record = entry.record;
    match &record.state {
        State::Unknown(reason) => Some(unknown(reason.as_ref())),
        State::Intent => Some(only_settling("withdrawn")),
        State::Published(live) if is_half_deleted(record, live, context.options) => Some(settling_deletion()),
        State::Published(live) if !post.draft => Some(ordered_away(post, entry, live, context)),
        State::Published(_)
        | State::Containers
        | State::NotPublished(_)
        | State::Failed(_)
        | State::Deleted
        | State::Ignored
        | State::Forgotten(_) => None,
    }
}

/// So often one deletion is sent before a person has to look.
const MOST_REFUSALS: usize = 3;

/// Whether a deletion may have been sent, and no one has found out yet.
fn is_half_deleted(record: &Record, live: &Live, options: &Options) -> bool {
    live.is_being_deleted() && !options.settled.contains(&record.attempt)
}

fn settling_deletion() -> Verdict {
    Verdict::new(Action::Settle, "perhaps deleted, apply checks first").costing(cost::settle_deletion())
}

/// A live post whose manifest says `absent`.
fn ordered_away(post: &Post, entry: &Entry<'_>, live: &Live, context: Context<'_>) -> Verdict {
    if entry.other_intent {
        return Verdict::new(Action::Settle, "live, but another attempt may have been sent too")
            .costing(cost::settle());
    }
    let record = entry.record;
    if let Some(obstacle) = obstacle(post, entry, live, context) {
        let reason = format!("state: absent, {}", in_words(obstacle, post, record, live, context));
        return Verdict::new(Action::Hold(Why::Undeletable(obstacle)), reason);
    }
    if live.refused_deletions() >= MOST_REFUSALS && !context.options.retry_failed {
        return Verdict::new(Action::Hold(Why::Failed), "Instagram has refused three times to delete it");
    }
    let is_allowed = context.account.is_some_and(|account| account.allow_delete);
    let missing = match (is_allowed, context.options.allow_delete) {
        (true, true) => {
            return Verdict::new(Action::Delete, "state: absent, the post is live").costing(cost::delete());
        }
        (false, true) => "`allow_delete: true` of its account in igsync.yaml",
        (true, false) => "--allow-delete",
        (false, false) => "`allow_delete: true` of its account in igsync.yaml, and --allow-delete",
    };
    Verdict::new(Action::Hold(Why::Locked), format!("state: absent, and left alone without {missing}"))
}

/// Why it cannot be deleted from here. What is deleted by mistake never comes back, so only media of which it is
/// certain that they are this post, and no other one, are touched.
fn obstacle(post: &Post, entry: &Entry<'_>, live: &Live, context: Context<'_>) -> Option<Obstacle> {
    let record = entry.record;
    if post.content.kind == Kind::Story || record.kind == Kind::Story {
        return Some(Obstacle::Story);
    }
    if !context.account.is_some_and(|account| account.can_delete) {
        return Some(Obstacle::Login);
    }
    if entry.other_live.is_some() || entry.other_unknown {
        return Some(Obstacle::LiveTwice);
    }
    let Some(media) = &live.media_id else { return Some(Obstacle::NoId) };
    if context.index.is_claimed_twice(media) {
        return Some(Obstacle::Claimed);
    }
    if live.certain_media().is_none() {
        return Some(Obstacle::Matched);
    }
    difference(post, record, context).map(|_| Obstacle::NotThatPost)
}

/// What the account shows of the media, where it was asked, that speaks against their being this post.
fn difference(post: &Post, record: &Record, context: Context<'_>) -> Option<Difference> {
    if context.options.shown.is_empty() {
        return None;
    }
    let shown = context.options.shown.get(&(post.account.clone(), post.key.clone()))?;
    shown.difference(record)
}

fn in_words(obstacle: Obstacle, post: &Post, record: &Record, live: &Live, context: Context<'_>) -> String {
    let media = live.media_id.as_ref().map_or_else(String::new, |media| format!(" {media}"));
    match obstacle {
        Obstacle::Login => {
            let whose = context.account.map_or_else(|| "its account".to_owned(), super::AccountView::label);
            format!("but Instagram Login ({whose}) cannot delete posts")
        }
        Obstacle::Story => "but igsync deletes no stories".to_owned(),
        Obstacle::NoId => "but it is not known as which media it is live".to_owned(),
        Obstacle::Matched => format!("but its media id{media} was only found by comparing, and may be another post's"),
        Obstacle::Claimed => format!("but another post is recorded with the same media id{media}"),
        Obstacle::LiveTwice => "but it is live twice, or may be".to_owned(),
        Obstacle::NotThatPost => {
            let why = difference(post, record, context).map_or_else(String::new, |why| format!(": {why}"));
            format!("but media{media} are not this post{why}")
        }
    }
}

/// What to say of a post that the account shows already.
pub(super) fn sighted(sighting: &Sighting) -> Verdict {
    match sighting {
        Sighting::Live { link } => {
            let reason = format!("live already as {link}, apply records it and publishes nothing");
            Verdict::new(Action::Adopt, reason).costing(cost::settle())
        }
        Sighting::Maybe { links } => {
            let reason = format!("may be live already, check it: {}", links.join(", "));
            Verdict::new(Action::Hold(Why::Unknown), reason)
        }
    }
}

fn fresh(post: &Post, context: Context<'_>, reason: &str) -> Verdict {
    context.scheduled(post, || Verdict::new(Action::Publish, reason).costing(cost::publish(post)))
}

/// What was deleted goes out again only where a person has asked for it since.
fn after_deletion(post: &Post, record: &Record, context: Context<'_>) -> Verdict {
    let is_asked_for =
        (post.allow_duplicate && !record.allow_duplicate) || context.options.allow_duplicate.contains(&post.key);
    if is_asked_for {
        return fresh(post, context, "due now, again after its deletion");
    }
    Verdict::new(Action::Hold(Why::Deleted), "deleted on Instagram, its manifest is still here")
}

/// Whether an earlier run has begun this very post, and left off for a reason that says nothing against it: its
/// container was too old, say.
pub(super) fn is_going_on(record: &Record) -> bool {
    matches!(&record.state, State::NotPublished(Some(reason)) if !reason.takes_back())
}

fn settling() -> Verdict {
    Verdict::new(Action::Settle, "perhaps published, apply checks first")
}

pub(super) fn unknown(reason: Option<&Reason>) -> Verdict {
    let reason = match reason {
        Some(Reason::MaybeLive) => "something like it is live already; check whether it is this post".to_owned(),
        Some(reason) => format!("it is not known whether it is live ({reason})"),
        None => "it is not known whether it is live".to_owned(),
    };
    Verdict::new(Action::Hold(Why::Unknown), reason)
}

/// A refused post waits until something is sent that was not refused before, in any of its attempts.
fn after_failure(post: &Post, record: &Record, context: Context<'_>) -> Verdict {
    if context.options.retry_failed {
        return fresh(post, context, "due now, tried again after a refusal");
    }
    let known = context.index.refused(record).iter().find_map(|attempt| match &attempt.state {
        State::Failed(refused) if is_sent_again(post, attempt, refused) => Some(refused),
        _ => None,
    });
    let Some(Refused { reason, code, subcode, .. }) = known else {
        return if is_edited(post, record) {
            fresh(post, context, "due now, changed since it was refused")
        } else {
            fresh(post, context, "due now, its media are converted or hosted differently from when it was refused")
        };
    };
    if matches!(context.due(post), Due::Expired) {
        return Verdict::new(Action::Hold(Why::Expired), "publish_until has passed");
    }
    let code = match (code, subcode) {
        (Some(code), Some(subcode)) => format!(" ({code}/{subcode})"),
        (Some(code), None) => format!(" ({code})"),
        (None, Some(subcode)) => format!(" ({subcode})"),
        (None, None) => String::new(),
    };
    let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    Verdict::new(Action::Hold(Why::Failed), format!("refused by Instagram{code}{reason}"))
}

/// Whether what was refused is what would be sent now. Of the form and the host of media that an older igsync has sent,
/// or that cannot be read now, nothing is known: they count as the same.
fn is_sent_again(post: &Post, attempt: &Record, refused: &Refused) -> bool {
    let is_same_form =
        post.sent_digest.as_ref().zip(refused.sent_digest.as_ref()).is_none_or(|(now, sent)| now == sent);
    is_same_form && !is_edited(post, attempt)
}

fn published(post: &Post, entry: &Entry<'_>, live: &Live, options: &Options) -> Vec<Verdict> {
    let record = entry.record;
    let owed = Owed::of(post, live);
    let mut verdicts = Vec::new();
    if is_half_deleted(record, live, options) {
        verdicts.push(settling_deletion());
    } else if entry.other_intent {
        verdicts.push(
            Verdict::new(Action::Settle, "live, but another attempt may have been sent too").costing(cost::settle()),
        );
    } else if !owed.is_nothing() && live.certain_media().is_some() {
        let reason = match (owed.comment, owed.switch) {
            (true, true) => "published, its first comment and comment switch are due",
            (true, false) => "published, its first comment is due",
            (false, _) => "published, its comments are still to be switched off",
        };
        verdicts.push(Verdict::new(Action::Finish, reason).costing(cost::enrich(live)));
    } else if options.is_reopened(post, live) {
        let reason = "published, its comments are on again and are switched off";
        verdicts.push(Verdict::new(Action::CloseComments, reason).costing(cost::close_comments()));
    }
    if let Some(edited) = Edited::of(post, record) {
        verdicts
            .push(Verdict { edited: Some(edited.clone()), ..Verdict::new(Action::Hold(Why::Edited), edited.reason()) });
    }
    verdicts
}
