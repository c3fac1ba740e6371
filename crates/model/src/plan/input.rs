//! What a plan is made from.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::diff::plan;
use super::model::Plan;
use super::reviewed::Reviewed;
use super::selection::Selection;
use super::shown::Shown;
use crate::lockfile::{Live, Record, RecordChange, Records};
use crate::manifest::Post;
use crate::schedule::Schedule;
use igsync_base::id::{AccountName, AttemptId, MediaId, PostKey, UserId};

/// Everything that decides a plan; the same input gives the same plan.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Every post, drafts included, in any order.
    pub posts: &'a [Arc<Post>],
    /// Every attempt of every post, lockfile and journal merged, in any order.
    pub records: &'a [&'a Record],
    pub accounts: &'a [AccountView],
    /// Decides what is due, late and expired.
    pub now: Timestamp,
    /// `false`: some manifest could not be read, so nothing can be said about what is missing.
    pub complete: bool,
    pub selection: &'a Selection,
    pub options: &'a Options,
}

/// Everything that decides a plan but the records: what a run keeps to plan again when they have changed.
#[derive(Clone, Debug)]
pub struct Premises {
    pub posts: Vec<Arc<Post>>,
    pub accounts: Vec<AccountView>,
    pub now: Timestamp,
    pub complete: bool,
    pub selection: Selection,
    pub options: Options,
}

impl Input<'_> {
    /// With `--wait`: until when apply goes on.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let wait = self.options.wait?;
        Some(self.now.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }
}

impl Premises {
    #[must_use]
    pub fn plan(&self, records: &Records) -> Plan {
        plan(&self.over(&records.iter().collect::<Vec<_>>()))
    }

    pub(super) fn over<'a>(&'a self, records: &'a [&'a Record]) -> Input<'a> {
        Input {
            posts: &self.posts,
            records,
            accounts: &self.accounts,
            now: self.now,
            complete: self.complete,
            selection: &self.selection,
            options: &self.options,
        }
    }
}

/// One account as far as planning needs it.
#[derive(Clone, Debug)]
pub struct AccountView {
    pub name: AccountName,
    /// From the configuration, or read from the lockfile by the account's name.
    pub user_id: Option<UserId>,
    /// Without `@`.
    pub username: Option<String>,
    /// In which times are shown; `None` is UTC.
    pub timezone: Option<TimeZone>,
    pub max_publish_per_run: u32,
    pub max_delete_per_run: u32,
    /// Whether the configuration permits to delete its live posts.
    pub allow_delete: bool,
    /// Whether its login offers to delete posts at all.
    pub can_delete: bool,
    pub schedule: Schedule,
    /// Nothing is published; the sentence says by what (`IGSYNC_PAUSED is set`).
    pub paused: Option<String>,
}

impl AccountView {
    /// `@acme`, or the account's label while its username is not known.
    #[must_use]
    pub fn label(&self) -> String {
        self.username.as_ref().map_or_else(|| self.name.to_string(), |username| format!("@{username}"))
    }

    /// A time as people of the account read it, to the minute.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        let zone = self.timezone.clone().unwrap_or(TimeZone::UTC);
        at.to_zoned_datetime(zone).strftime("%a %-d %b %H:%M %Q").to_string()
    }
}

/// What the listing of an account shows of a post that is about to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Beyond doubt this post.
    Live { link: String },
    /// Perhaps this post; only a person can tell.
    Maybe { links: Vec<String> },
}

/// What the command line and the surroundings decide.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line or a fact about the surroundings"
)]
pub struct Options {
    /// `--include-late`
    pub include_late: bool,
    /// `--retry-failed`
    pub retry_failed: bool,
    /// `--allow-empty`
    pub allow_empty: bool,
    /// `--allow-new-lock`
    pub allow_new_lock: bool,
    /// `--allow-duplicate`
    pub allow_duplicate: BTreeSet<PostKey>,
    /// `--allow-delete`
    pub allow_delete: bool,
    /// `--max-publish`, for every account.
    pub max_publish: Option<u32>,
    /// `--wait`: apply goes on for so long, and publishes what falls due.
    pub wait: Option<Duration>,
    /// Whether `igsync.lock` exists.
    pub has_lockfile: bool,
    /// The sandbox keeps its own record, so the guards that protect `igsync.lock` are off.
    pub is_sandbox: bool,
    /// In CI, without anything that keeps the lockfile and without `--allow-ephemeral-lock`: why nothing does.
    pub ephemeral_lockfile: Option<String>,
    /// The Graph base URL when it is not Meta's.
    pub graph_base: Option<String>,
    /// Attempts whose settlement in this run found that nothing is live: their schedule is decided
    /// again, like that of a post whose containers wait. With them live ones whose announced deletion had no effect.
    pub settled: BTreeSet<AttemptId>,
    /// `--refresh full`: what the account shows of posts that are about to go out.
    pub live: BTreeMap<(AccountName, PostKey), Sighting>,
    /// `--refresh full`: live posts whose comments are on again although their manifests say that they are off, with
    /// their media.
    pub reopened: BTreeMap<(AccountName, PostKey), MediaId>,
    /// `--refresh`: what is shown of posts that are to be deleted.
    pub shown: BTreeMap<(AccountName, PostKey), Shown>,
    /// `--base`
    pub branch: Option<Branch>,
    /// When the posts of the queue came into the branch.
    pub arrivals: Arrivals,
    /// `--plan`: nothing else is done.
    pub reviewed: Option<Arc<Reviewed>>,
}

impl Options {
    /// Whether the comments of a live post are on again although its manifest says that they are off.
    pub(super) fn is_reopened(&self, post: &Post, live: &Live) -> bool {
        if self.reopened.is_empty() {
            return false;
        }
        let media = self.reopened.get(&(post.account.clone(), post.key.clone()));
        media.is_some() && media == live.certain_media()
    }
}

/// When posts came into the branch that is checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// There is no git, so every slot counts.
    #[default]
    Unknown,
    /// By the manifest's path. What is not among them has not been committed: it comes with the next commit.
    Known(BTreeMap<String, Timestamp>),
}

impl Arrivals {
    /// No slot from before this is the post's; `None`: it is in no commit yet.
    pub(super) fn of(&self, post: &Post) -> Option<Timestamp> {
        match self {
            Self::Unknown => Some(Timestamp::MIN),
            Self::Known(arrivals) => arrivals.get(&*post.file).copied(),
        }
    }

    pub(super) fn are_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

/// What a branch adds and changes.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// What it is compared with, as the command line names it.
    pub base: String,
    /// The files that differ from where it left the base, and what uses them; relative to the content root.
    pub files: HashSet<String>,
    /// What it does to the record.
    pub record: Vec<RecordChange>,
}
