//! The plan as a value.

use std::sync::Arc;

use jiff::Timestamp;

use crate::id::{AccountName, AttemptId, Digest, Kind, PostKey, UserId};
use crate::manifest::Post;

/// What igsync would do, sorted in the order in which it would do it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub summary: Summary,
    pub cost: Cost,
    pub guards: Vec<Guard>,
    /// `false`: a manifest could not be read, so moves and orphans were not computed.
    pub complete: bool,
    /// Over the sorted `(user_id, key, action, digest)` of what apply would do.
    pub digest: Digest,
    /// The time that decided what is due.
    pub now: Timestamp,
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
}

/// The marks of contract §6, in the order of its table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `+` Nothing recorded: apply creates containers and publishes.
    Publish,
    /// `^` Containers, an open attempt or a due comment exist: apply settles, then goes on.
    Resume(AttemptId),
    /// `=` Found live: apply records it and publishes nothing.
    Adopt,
    /// `>` The manifest has a new key: apply renames the record.
    Moved { from: PostKey },
    /// `@` Due in the future.
    Scheduled,
    /// `*` Published, then edited; Meta cannot change it.
    Edited,
    /// `-` The live post is to be deleted.
    Delete,
    /// `o` The manifest is gone, the post is live.
    Orphan,
    /// `z` Due for longer than `late_after`.
    Late,
    /// `e` `publish_until` has passed.
    Expired,
    /// `!` A complete settlement could not tell; blocked until resolved.
    Unknown,
    /// `x` Refused for its content and unchanged since.
    Failed,
}

/// How many of each, by the order of [`Action`]'s declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub publish: usize,
    pub resume: usize,
    pub adopt: usize,
    pub moved: usize,
    pub scheduled: usize,
    pub edited: usize,
    pub delete: usize,
    pub orphan: usize,
    pub late: usize,
    pub expired: usize,
    pub unknown: usize,
    pub failed: usize,
    /// Posts that need nothing; drafts are not counted.
    pub unchanged: usize,
    pub drafts: usize,
}

/// What carrying out the plan needs, at least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub containers: u64,
    pub publishes: u64,
    pub calls: u64,
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
    /// The flag or setting that overrides it.
    pub help: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GuardKind {
    /// More undated due posts than `max_publish_per_run`.
    TooMany,
    /// No `igsync.lock`, and something to publish.
    NoLockfile,
    /// The same media or caption is live, open, ignored or orphaned on this account.
    PossibleRepost,
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
