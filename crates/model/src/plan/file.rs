//! The plan file: what was reviewed, as `plan --out` writes it and `apply --plan` reads it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::action::{Action, Class};
use super::change::wanted;
use super::diff::digest_of;
use super::model::{Change, Plan};
use crate::manifest::Post;
use igsync_base::id::{AccountName, Digest, MediaId, PostKey, UserId};

/// A build reads no other: it would not compare what it does not know.
const FORMAT_VERSION: &str = "1.0";

/// Stands at the start of a plan file, and of nothing else that igsync writes.
pub const MARK: &str = "\"include_late\":";

/// What one plan lets apply do, now or later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    pub format_version: String,
    /// When the plan was made: what was late is decided by it.
    pub at: Timestamp,
    /// Whether late posts were meant to go out.
    pub include_late: bool,
    /// That of the plan, over all items.
    pub digest: Digest,
    /// In the order of the plan.
    pub items: Vec<PlanItem>,
}

/// One post of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanItem {
    pub user_id: UserId,
    pub account: AccountName,
    pub key: PostKey,
    pub class: Class,
    /// The manifest; `None`: none asked for the post, and only what an earlier run did with it is found out.
    pub file: Option<String>,
    /// Of all that its creation sends.
    pub digest: Option<Digest>,
    /// Of its media alone: with it a difference is known to be theirs.
    pub media_digest: Option<Digest>,
    /// What becomes of its pictures before they are sent, in their order.
    pub conversions: Vec<String>,
    pub first_comment: Option<String>,
    pub comment_enabled: bool,
    /// A time, `queue`, or `queue from` a day.
    pub publish_at: Option<String>,
    pub allow_duplicate: bool,
    /// What is deleted.
    pub media_id: Option<MediaId>,
}

/// Why a plan cannot be written to a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unwritable {
    #[error("a manifest cannot be read, so there is no whole plan to review")]
    Incomplete,
    #[error("the user_id of {} is in neither igsync.yaml nor the record, so its posts cannot be in a plan file", .0)]
    NoUser(AccountName),
}

impl Unwritable {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Incomplete => "fix what `igsync validate` reports".to_owned(),
            Self::NoUser(name) => {
                format!("write it to igsync.yaml, as accounts.{name}.user_id; `igsync auth accounts` shows it")
            }
        }
    }
}

/// Why a file is no plan that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("is no plan file, or it is damaged: {0}")]
    Damaged(String),
    #[error("has format {0}, which this igsync does not know")]
    Newer(String),
}

impl PlanFile {
    /// # Errors
    ///
    /// The plan is not whole, or it has a post of an account whose user is not known.
    pub fn of(plan: &Plan, include_late: bool) -> Result<Self, Unwritable> {
        if !plan.complete {
            return Err(Unwritable::Incomplete);
        }
        let items = plan.changes.iter().filter_map(PlanItem::of).collect::<Result<_, _>>()?;
        Ok(Self {
            format_version: FORMAT_VERSION.to_owned(),
            at: plan.now,
            include_late,
            digest: plan.digest.clone(),
            items,
        })
    }

    /// # Errors
    ///
    /// It is something else, not all of it is there, or another build's.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Version {
            format_version: String,
        }
        let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
        let version = serde_json::from_str::<Version>(text).map_err(damaged)?.format_version;
        if version != FORMAT_VERSION {
            return Err(Unreadable::Newer(version));
        }
        let file: Self = serde_json::from_str(text).map_err(damaged)?;
        let identity = |item: &PlanItem| (item.user_id.clone(), item.key.clone(), item.class.name());
        let names: BTreeSet<_> = file.items.iter().map(identity).collect();
        if file.digest != file.own_digest() || names.len() != file.items.len() {
            return Err(Unreadable::Damaged("its digest is not that of its items".to_owned()));
        }
        Ok(file)
    }

    /// The text of the file.
    #[must_use]
    pub fn render(&self) -> String {
        // Strings, numbers and times: there is nothing in it that JSON cannot hold.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    fn own_digest(&self) -> Digest {
        let lines =
            self.items.iter().map(|item| (item.user_id.as_str().into(), &item.key, item.class, item.digest.as_ref()));
        digest_of(lines)
    }
}

impl PlanItem {
    /// `None`: apply never does anything about it as things are.
    fn of(change: &Change) -> Option<Result<Self, Unwritable>> {
        let class = change.action.class()?;
        let Some(user_id) = change.user_id.clone() else {
            return Some(Err(Unwritable::NoUser(change.account.clone())));
        };
        let post = change.post.as_deref();
        let is_asked_for = |post: &&Post| wanted(post) || change.action == Action::Delete;
        Some(Ok(Self {
            user_id,
            account: change.account.clone(),
            key: change.key.clone(),
            class,
            file: post.filter(is_asked_for).map(|post| post.file.to_string()),
            digest: change.digest.clone(),
            media_digest: post.and_then(|post| post.media_digest.clone()),
            conversions: post.map(converted).unwrap_or_default(),
            first_comment: post.and_then(|post| post.first_comment.clone()),
            comment_enabled: post.is_some_and(|post| post.comment_enabled),
            publish_at: post.and_then(as_written),
            allow_duplicate: post.is_some_and(|post| post.allow_duplicate),
            media_id: change.loss.as_ref().and_then(|loss| loss.media_id.clone()),
        }))
    }
}

/// `photo.png: re-encoded as JPEG`, of each picture that is converted.
pub(super) fn converted(post: &Post) -> Vec<String> {
    post.conversions.iter().map(|conversion| format!("{}: {}", conversion.path, conversion.work)).collect()
}

/// When a post goes out, as its manifest says: no slot that a plan gave it.
pub(super) fn as_written(post: &Post) -> Option<String> {
    match post.queued {
        Some(queued) => Some(queued.from.map_or_else(|| "queue".to_owned(), |day| format!("queue from {day}"))),
        None => post.publish_at.map(|at| at.to_string()),
    }
}
