//! What happened, as facts in the past tense. Fields are only ever added; units are in the names.

use std::collections::BTreeSet;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use igsync_base::id::{AccountName, Digest, Kind, MediaId, PartId, PostKey};

use super::cause::Cause;
use super::engine::Reading;
use super::waits_for::WaitsFor;

/// Takes facts one at a time. An error (a closed pipe) ends the run before the next publish.
pub trait Observer: Send {
    /// # Errors
    ///
    /// Where the fact could not be recorded.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// The post an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PostRef {
    pub key: PostKey,
    pub account: AccountName,
}

/// How many posts ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub published: usize,
    pub failed: usize,
    pub unknown: usize,
    /// May be live, and the next run finds out.
    pub unsettled: usize,
    pub deferred: usize,
    pub not_attempted: usize,
    /// No longer live.
    pub deleted: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    RunStarted {
        to_publish: usize,
        to_resume: usize,
        plan_digest: Digest,
        to_delete: usize,
        /// With `--plan`: left alone, because no plan file has them.
        #[serde(skip_serializing_if = "Option::is_none")]
        not_reviewed: Option<usize>,
    },
    PostStarted {
        #[serde(flatten)]
        post: PostRef,
        kind: Kind,
    },
    ContainerCreated {
        #[serde(flatten)]
        post: PostRef,
        container: PartId,
        /// The carousel item from 1; absent for the container that is published.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<usize>,
    },
    /// Sent on every poll, so a long video never looks like a hang.
    ContainerPolled {
        #[serde(flatten)]
        post: PostRef,
        container: PartId,
        /// Absent while the container is unreadable.
        #[serde(skip_serializing_if = "Reading::is_unreadable")]
        status: Reading,
        waited_ms: u64,
    },
    /// The run does nothing about this until then at the latest, unless it is asked to stop.
    Waiting {
        /// Absent where it is not about one post.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<PostKey>,
        /// Absent where it is about the whole run.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<AccountName>,
        waits_for: WaitsFor,
        wait_ms: u64,
        /// By the server's clock; of the whole run, by this machine's.
        until: Timestamp,
    },
    UploadProgress {
        #[serde(flatten)]
        post: PostRef,
        sent_bytes: u64,
        total_bytes: u64,
    },
    IntentRecorded {
        #[serde(flatten)]
        post: PostRef,
        container: PartId,
    },
    PostPublished {
        #[serde(flatten)]
        post: PostRef,
        /// Absent when the post is live and its id is not known yet.
        media_id: Option<MediaId>,
    },
    PostEnriched {
        #[serde(flatten)]
        post: PostRef,
        permalink: String,
    },
    PostAdopted {
        #[serde(flatten)]
        post: PostRef,
        media_id: MediaId,
    },
    /// It is no longer live.
    PostDeleted {
        #[serde(flatten)]
        post: PostRef,
        media_id: MediaId,
    },
    /// Meta could not fetch this URL, or would refuse what is there.
    UrlRefused {
        #[serde(flatten)]
        post: PostRef,
        /// The carousel item from 1; absent for a post with one file, and for a cover.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<usize>,
        /// Without what may be a secret.
        url: String,
        /// A name that does not change.
        problem: &'static str,
        file: String,
        line: usize,
        reason: String,
        help: String,
    },
    PostFailed {
        #[serde(flatten)]
        post: PostRef,
        reason: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        subcode: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        fbtrace_id: Option<String>,
        help: String,
    },
    /// It may be live, and no one can tell yet.
    PostUnknown {
        #[serde(flatten)]
        post: PostRef,
        reason: String,
        /// The next run finds out before it sends anything; `false`: blocked until a person decides.
        settles_itself: bool,
        /// The command that settles it.
        help: String,
    },
    /// Left for a later run: quota, rate limit or cap.
    PostDeferred {
        #[serde(flatten)]
        post: PostRef,
        reason: String,
    },
    /// Left alone because it repeats another post of its account, and its time has come.
    PostDuplicate {
        #[serde(flatten)]
        post: PostRef,
        reason: String,
        /// The other posts.
        repeats: Vec<PostKey>,
    },
    NotAttempted {
        #[serde(flatten)]
        post: PostRef,
        reason: String,
    },
    /// Something beside the post went wrong; the post itself stands.
    PostWarning {
        #[serde(flatten)]
        post: PostRef,
        reason: String,
    },
    /// Nothing more is sent for this account in this run; the others continue.
    AccountStopped {
        account: AccountName,
        reason: String,
        help: String,
    },
    RecordPushed {
        commit: String,
    },
    RunFinished {
        #[serde(flatten)]
        counts: Counts,
        /// Why it is not done; what that makes of the exit code is for the reports.
        #[serde(skip)]
        causes: BTreeSet<Cause>,
        elapsed_ms: u64,
    },
}
