//! The plan as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::action::{Action, Mark, Why, Work};
use super::edited::Edited;
use super::input::AccountView;
use super::reviewed::Mismatch;
use super::shown::Counts;
use crate::lockfile::{RecordChange, Stage};
use crate::manifest::Post;
use igsync_base::id::{AccountName, Digest, Kind, MediaId, PostKey, UserId};

/// What igsync would do, sorted in the order in which it would do it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Moves first, then by due time (undated posts after dated ones), key and account.
    pub changes: Vec<Change>,
    pub summary: Summary,
    pub cost: Cost,
    pub guards: Vec<Guard>,
    /// What the branch does to the record, most important first; `None` without `--base`.
    pub branch_edits: Option<Vec<BranchEdit>>,
    /// What people should know and `apply` does not act on.
    pub notices: Vec<Notice>,
    /// How many drafts each folder holds, by its path; posts of several accounts count once for each.
    pub drafts: BTreeMap<String, usize>,
    /// One per account and due time, the present included; sorted by time.
    pub forecast: Vec<Forecast>,
    /// As they were given.
    pub accounts: Vec<AccountView>,
    /// With `--plan`: posts that are not as they were reviewed; sorted by key and account.
    pub mismatches: Vec<Mismatch>,
    /// With `--plan`: how many posts apply would act on, now or later, that no plan file has.
    pub not_reviewed: Option<usize>,
    /// Names on the command line that name no post and no record.
    pub unmatched: Vec<String>,
    /// `false`: a manifest could not be read, so moves and orphans were not computed.
    pub complete: bool,
    /// Over the sorted `(user_id, key, class, digest)` of what apply would do now or later.
    pub digest: Digest,
    /// The time that decided what is due.
    pub now: Timestamp,
    /// With `--wait`: what falls due until then is published at its time.
    pub until: Option<Timestamp>,
}

/// What igsync would do about one post, or has to say about it.
#[derive(Clone, Debug)]
pub struct Change {
    pub action: Action,
    pub key: PostKey,
    pub account: AccountName,
    pub user_id: Option<UserId>,
    pub username: Option<String>,
    pub kind: Kind,
    /// One short sentence for people: lower case, no full stop.
    pub reason: String,
    pub file: Option<Arc<str>>,
    pub line: Option<usize>,
    pub due_at: Option<Timestamp>,
    pub digest: Option<Digest>,
    pub permalink: Option<String>,
    /// Absent for orphans and for open attempts whose manifest is gone.
    pub post: Option<Arc<Post>>,
    /// The state of the record that decided.
    pub recorded: Option<Stage>,
    /// When its last publish or deletion was announced, where what that did is not known.
    pub announced_at: Option<Timestamp>,
    /// Of a duplicate: the post that it repeats, or those that it could have been under another key.
    pub repeats: Option<Repeats>,
    /// Of an edited post: what differs.
    pub edited: Option<Edited>,
    /// Of a post that is to be deleted: what is lost with it.
    pub loss: Option<Box<Loss>>,
    /// With `--base`: whether the branch changes the manifest, what it uses, or its record.
    pub in_diff: Option<bool>,
    /// What apply needs for it; zero for what apply leaves alone.
    pub cost: Cost,
}

/// What a deletion takes away, beside the link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    pub media_id: Option<MediaId>,
    pub published_at: Option<Timestamp>,
    /// `None`: the account was not asked.
    pub counts: Option<Counts>,
}

/// Why a post counts as a duplicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// The same media as this post.
    Media(PostKey),
    /// The same caption as this post, which is live and has no manifest.
    Caption(PostKey),
    /// The media of several posts whose manifests are gone, or of one that other new posts could be as well; sorted.
    Several(Vec<PostKey>),
}

impl Repeats {
    /// The other posts.
    #[must_use]
    pub fn keys(&self) -> &[PostKey] {
        match self {
            Self::Media(key) | Self::Caption(key) => std::slice::from_ref(key),
            Self::Several(keys) => keys,
        }
    }
}

/// How many of each, by the order of [`Mark`]'s declaration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub publish: usize,
    pub resume: usize,
    pub adopt: usize,
    pub moved: usize,
    pub scheduled: usize,
    pub edited: usize,
    pub duplicate: usize,
    pub delete: usize,
    pub deleted: usize,
    pub orphan: usize,
    pub late: usize,
    pub expired: usize,
    pub unknown: usize,
    pub failed: usize,
    /// Posts that need nothing; drafts are not counted.
    pub unchanged: usize,
    pub drafts: usize,
    /// Of `delete`, those that apply carries out.
    #[serde(skip)]
    pub deleting: usize,
}

impl Summary {
    pub(super) fn count(&mut self, change: &Change) {
        *self.counter(change.mark()) += 1;
        self.deleting += usize::from(change.action == Action::Delete);
    }

    /// How many posts have this mark.
    #[must_use]
    pub fn of(mut self, mark: Mark) -> usize {
        *self.counter(mark)
    }

    fn counter(&mut self, mark: Mark) -> &mut usize {
        match mark {
            Mark::Publish => &mut self.publish,
            Mark::Resume => &mut self.resume,
            Mark::Adopt => &mut self.adopt,
            Mark::Moved => &mut self.moved,
            Mark::Scheduled => &mut self.scheduled,
            Mark::Edited => &mut self.edited,
            Mark::Duplicate => &mut self.duplicate,
            Mark::Delete => &mut self.delete,
            Mark::Deleted => &mut self.deleted,
            Mark::Orphan => &mut self.orphan,
            Mark::Late => &mut self.late,
            Mark::Expired => &mut self.expired,
            Mark::Unknown => &mut self.unknown,
            Mark::Failed => &mut self.failed,
        }
    }

    /// Whether any of the marks that change something is there.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.publish + self.resume + self.adopt + self.moved + self.deleting > 0
    }
}

/// What carrying out the plan needs, when nothing has to be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Cost {
    pub containers: u64,
    pub publishes: u64,
    /// To the Graph API.
    pub calls: u64,
    /// Of the local files of posts that are begun. Only the whole plan has it, from whoever knows the files;
    /// 0 until then.
    pub media_bytes: u64,
}

/// What the branch of `--base` does to the record of one post. The record is igsync's own, so a branch that writes
/// it needs a person's eye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchEdit {
    pub change: RecordChange,
    /// This or a later run publishes the post, as the branch has the record.
    pub goes_out: bool,
    /// What the branch does, one sentence: lower case, no full stop.
    pub message: String,
    /// What to do instead. Commands are in backticks.
    pub help: String,
}

/// A reason to refuse the plan, shown as data by `plan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    pub kind: GuardKind,
    pub account: Option<AccountName>,
    /// The posts it is about, in plan order.
    pub keys: Vec<PostKey>,
    /// What is wrong, one sentence.
    pub message: String,
    /// The flag or setting that overrides it. Commands are in backticks and begin with `igsync`.
    pub help: String,
    /// With `--base`: whether it holds because of what the branch adds or changes.
    pub in_diff: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GuardKind {
    /// More undated due posts than `max_publish_per_run`.
    TooMany,
    /// More posts to delete than `max_delete_per_run`.
    TooManyDeletions,
    /// No `igsync.lock`, and something to publish.
    NoLockfile,
    /// No manifests, but records.
    Empty,
    /// Records of a `user_id` that the configuration no longer has.
    UnknownUser,
    /// Records made through another Graph base URL.
    OtherGraph,
    /// In CI, a lockfile that no one will keep.
    EphemeralLockfile,
    /// Publishing is paused.
    Paused,
}

impl GuardKind {
    /// Whether it refuses the posts of one account alone; the others refuse the whole run.
    #[must_use]
    pub fn is_of_account(self) -> bool {
        match self {
            Self::TooMany | Self::TooManyDeletions | Self::Paused => true,
            Self::NoLockfile | Self::Empty | Self::UnknownUser | Self::OtherGraph | Self::EphemeralLockfile => false,
        }
    }

    /// The name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::TooManyDeletions => "too_many_deletions",
            Self::NoLockfile => "no_lockfile",
            Self::Empty => "empty",
            Self::UnknownUser => "unknown_user",
            Self::OtherGraph => "other_graph",
            Self::EphemeralLockfile => "ephemeral_lockfile",
            Self::Paused => "paused",
        }
    }
}

/// Why apply leaves the posts of an account alone; the last one that holds is what people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barrier {
    /// A post that is due has errors.
    Errors,
    TooManyDeletions,
    TooMany,
    Paused,
}

/// Something to know about one post that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub key: PostKey,
    pub account: AccountName,
    /// What is the case, one sentence.
    pub message: String,
    /// What to do about it. Commands are in backticks and begin with `igsync`.
    pub help: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeKind {
    /// Two attempts of one post went live.
    LiveTwice,
    /// A post is live, and another attempt of it ended unknown.
    MaybeLiveTwice,
    /// A comment is due, but the media was found by matching and no person has confirmed it.
    CommentWaits,
    /// Slots have passed while the queue was waiting.
    QueueMissed,
    /// A post is ordered to be deleted that never went out.
    NothingToDelete,
}

impl NoticeKind {
    /// The name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LiveTwice => "live_twice",
            Self::MaybeLiveTwice => "maybe_live_twice",
            Self::CommentWaits => "comment_waits",
            Self::QueueMissed => "queue_missed",
            Self::NothingToDelete => "nothing_to_delete",
        }
    }
}

/// How many posts of an account are due at one time, against what one run publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    pub account: AccountName,
    pub at: Timestamp,
    /// Due at that time; at the present: everything that is due.
    pub posts: usize,
    /// `max_publish_per_run`
    pub cap: u32,
    /// Of `posts`, how many wait for a later run.
    pub deferred: usize,
    /// Publishes in the 24 hours that end then, these included: what Meta's quota counts.
    pub in_24h: usize,
}

impl Change {
    /// How it is shown.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.action.mark()
    }

    /// Whether apply does something about it now.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.action.acts()
    }

    /// What the run of its account does about it now; `None`: nothing.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        self.action.work().filter(|_| self.acts())
    }

    /// Whether apply would make the post visible.
    #[must_use]
    pub fn publishes(&self) -> bool {
        self.cost.publishes > 0
    }

    /// Whether a run that waits until then publishes it at its time.
    #[must_use]
    pub fn is_awaited(&self, until: Timestamp) -> bool {
        self.action == Action::Wait && self.due_at.is_some_and(|due| due <= until)
    }

    /// Whether a live post is ordered to be deleted that cannot be deleted from here: a person has to.
    #[must_use]
    pub fn is_undeletable(&self) -> bool {
        matches!(self.action, Action::Hold(Why::Undeletable(_)))
    }

    /// Whether it is due at the time that its manifest names, and neither in a slot nor after a gap.
    #[must_use]
    pub fn is_at_own_time(&self) -> bool {
        self.post.as_ref().is_some_and(|post| post.slot.is_none() && post.publish_at == self.due_at)
    }

    /// Whether its manifest names a live post that is in no record as yet: the account's listing decides.
    #[must_use]
    pub fn is_import_without_record(&self) -> bool {
        let is_imported = self.post.as_ref().is_some_and(|post| post.imported.is_some());
        is_imported && self.recorded.is_none() && self.action == Action::Hold(Why::Unknown)
    }

    /// Whether it is a duplicate whose time has come, so that the run is not done while it is one.
    #[must_use]
    pub fn is_due_duplicate(&self, now: Timestamp) -> bool {
        // One of the queue would have its turn no sooner than on its day.
        let queued = self.post.as_ref().and_then(|post| post.queued);
        let has_come =
            queued.and_then(|queued| queued.from).is_none_or(|day| day <= TimeZone::UTC.to_datetime(now).date());
        self.action == Action::Hold(Why::Duplicate) && has_come && self.due_at.is_none_or(|at| at <= now)
    }

    /// Whether it is shown one by one. With `--base`, what the branch did not touch and apply leaves
    /// alone is only counted.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_for_programs() && !self.is_by_defaults()
    }

    /// Whether nothing but defaults changed since the post was published: such posts are one count for people.
    #[must_use]
    pub fn is_by_defaults(&self) -> bool {
        self.edited.as_ref().is_some_and(Edited::is_by_defaults)
    }

    /// As [`Self::is_listed`], with those that are one count for people.
    #[must_use]
    pub fn is_for_programs(&self) -> bool {
        !(matches!(self.action, Action::Hold(Why::Edited | Why::Orphan)) && self.in_diff == Some(false))
    }
}

/// Later no container is left by which a run could find out.
const FOUND_OUT_WITHIN: SignedDuration = SignedDuration::from_hours(26);

impl Plan {
    /// Whether apply would do something now (`--detailed-exitcode`), or wait for a post.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.changes.iter().any(|change| change.acts() || self.awaits(change))
    }

    /// With `--wait`: whether apply publishes a post later in the same run.
    #[must_use]
    pub fn awaits(&self, change: &Change) -> bool {
        let is_paused = || self.account(&change.account).is_some_and(|account| account.paused.is_some());
        self.until.is_some_and(|until| change.is_awaited(until)) && !is_paused()
    }

    /// How many posts apply would do something about now, or while it waits. What was announced and no run has
    /// found out for 26 hours is not among them: a person has to look.
    #[must_use]
    pub fn due(&self) -> usize {
        let is_due = |change: &&Change| change.acts() && !self.is_stale(change) || self.awaits(change);
        self.changes.iter().filter(is_due).count()
    }

    /// Whether runs have tried for so long to find out what a publish did that only a person can.
    fn is_stale(&self, change: &Change) -> bool {
        let is_old = |at: Timestamp| self.now.duration_since(at) > FOUND_OUT_WITHIN;
        change.action == Action::Settle && change.announced_at.is_some_and(is_old)
    }

    /// How many posts wait for a person, guards that refuse included: late, failed or unknown ones, repetitions whose
    /// time has come, attempts that no run could settle.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.changes.iter().filter(|change| self.needs_a_person(change)).count() + self.guards.len()
    }

    /// Whether no run decides by itself about a post.
    #[must_use]
    pub fn needs_a_person(&self, change: &Change) -> bool {
        matches!(change.mark(), Mark::Late | Mark::Failed | Mark::Unknown)
            || change.is_due_duplicate(self.now)
            || self.is_stale(change)
    }

    /// The posts that apply waits for, in their order.
    pub fn awaited(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| self.awaits(change))
    }

    /// Accounts that apply leaves alone while the others go on.
    #[must_use]
    pub fn barred(&self) -> BTreeMap<AccountName, Barrier> {
        let errors = self.accounts_with_errors().into_iter().map(|account| (account, Barrier::Errors));
        let guards = self.guards.iter().filter_map(|guard| {
            let barrier = match guard.kind {
                GuardKind::TooMany => Barrier::TooMany,
                GuardKind::TooManyDeletions => Barrier::TooManyDeletions,
                GuardKind::Paused => Barrier::Paused,
                _ => return None,
            };
            Some((guard.account.clone()?, barrier))
        });
        let mut barred = BTreeMap::new();
        for (account, barrier) in errors.chain(guards) {
            let worst = barred.entry(account).or_insert(barrier);
            *worst = barrier.max(*worst);
        }
        barred
    }

    /// The guards that refuse the whole run.
    pub fn refusals(&self) -> impl Iterator<Item = &Guard> {
        self.guards.iter().filter(|guard| !guard.kind.is_of_account())
    }

    /// How many published posts differ only by defaults.
    #[must_use]
    pub fn differing_by_defaults(&self) -> usize {
        self.changes.iter().filter(|change| change.is_by_defaults()).count()
    }

    /// Accounts with an error in a post that is due now: apply leaves them alone.
    #[must_use]
    pub fn accounts_with_errors(&self) -> BTreeSet<AccountName> {
        let has_errors =
            |change: &&Change| change.publishes() && change.post.as_ref().is_some_and(|post| post.has_errors);
        self.changes.iter().filter(has_errors).map(|change| change.account.clone()).collect()
    }

    /// Whether `--fail-on-refusal` fails: apply would refuse, or a post is a duplicate. With `--base` only for what the branch adds or changes,
    /// and for anything that the branch does to the record.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        match &self.branch_edits {
            None => !self.guards.is_empty() || self.summary.duplicate > 0,
            Some(edits) => {
                let is_new_duplicate =
                    |change: &Change| change.mark() == Mark::Duplicate && change.in_diff == Some(true);
                !edits.is_empty()
                    || self.guards.iter().any(|guard| guard.in_diff == Some(true))
                    || self.changes.iter().any(is_new_duplicate)
            }
        }
    }

    /// Whether apply would carry it out: complete, not refused, and with something to do.
    #[must_use]
    pub fn applyable(&self) -> bool {
        let barred = self.barred();
        self.complete
            && self.mismatches.is_empty()
            && self.refusals().next().is_none()
            && self
                .changes
                .iter()
                .any(|change| (change.acts() || self.awaits(change)) && !barred.contains_key(&change.account))
    }

    /// The account as it was given.
    #[must_use]
    pub fn account(&self, name: &AccountName) -> Option<&AccountView> {
        self.accounts.iter().find(|account| account.name == *name)
    }
}
