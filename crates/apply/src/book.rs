//! What the parts of a run ask of the record. The ledger is the record of a run; tests have one in
//! memory.

use futures_util::future::BoxFuture;

use igsync_base::id::{AttemptId, PostKey, UserId};
use igsync_model::lockfile::{Record, Records};
use igsync_model::manifest::Post;

use super::attempt;
use super::context::Context;
use super::replan::{Replan, Withdrawn};
use super::stop::Stop;

/// Records that are true only while no other machine touches their posts: all are written, or none.
pub(super) type Claim = Vec<Record>;

/// The record, here and where other machines read it.
pub(super) trait Book: Send + Sync {
    /// Shows the records without holding them for longer.
    fn look(&self, look: &mut dyn FnMut(&Records));

    /// Writes records down; all of them have reached the disk when this returns, or none.
    fn record(&self, records: Vec<Record>) -> BoxFuture<'_, Result<(), Stop>>;

    /// Writes records that exclude other machines: announcements, and the ends of attempts that could continue
    /// elsewhere. Returns for each claim whether it was written; where another machine was faster it was not.
    fn claim(&self, claims: Vec<Claim>) -> BoxFuture<'_, Result<Vec<bool>, Stop>>;

    /// Brings what has happened to every machine. Does nothing where no other machine reads the record.
    fn keep(&self) -> BoxFuture<'_, Result<(), Stop>>;

    /// Brings along what an earlier [`Self::keep`] could not, before anything else is published.
    fn catch_up(&self) -> BoxFuture<'_, Result<(), Stop>>;

    /// Copies the journal into the lockfile.
    fn fold(&self) -> BoxFuture<'_, Result<(), Stop>>;

    /// Whether other machines read the record.
    fn is_shared(&self) -> bool;

    /// Whether this machine has written this attempt down by itself.
    fn is_own(&self, record: &Record) -> bool;

    /// Whether another machine has touched a post since this run began.
    fn is_touched(&self, user_id: &UserId, key: &PostKey) -> bool;

    /// Why a plan over what other machines have recorded since this run began no longer publishes a post.
    fn withdrawn(&self, user_id: &UserId, key: &PostKey) -> Option<Withdrawn>;

    /// Whether an attempt is announced on the remote while its publish has not been sent.
    fn is_unsent(&self, attempt: &AttemptId) -> bool;

    /// From here on the publish may have been sent. Returns whether it was announced and not sent before.
    fn no_longer_unsent(&self, attempt: &AttemptId) -> bool;

    /// Whether this run has made the newest announcement that other machines see of an attempt.
    fn has_announced(&self, standing: &Record) -> bool;

    /// Reads what other machines have recorded since, for a plan of this account that is made next. Returns whether the
    /// content that they plan from is another one than when this run began.
    fn read_again<'a>(&'a self, user_id: &'a UserId) -> BoxFuture<'a, Result<bool, Stop>>;

    /// From here on this is the plan of an account: what others do to the record is judged by it.
    fn follow_plan_of(&self, user_id: &UserId, replan: Replan);

    /// The attempt as it is on the remote.
    fn standing_of(&self, record: &Record) -> Option<Record>;
}

impl dyn Book + '_ {
    /// Looks at the records without holding them.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        let (mut look, mut seen) = (Some(look), None);
        self.look(&mut |records| seen = look.take().map(|look| look(records)));
        seen.expect("every book shows its records once")
    }

    /// The records of one post, every attempt.
    pub(super) fn attempts(&self, user_id: &UserId, key: &PostKey) -> Vec<Record> {
        self.with(|records| records.attempts(user_id, key).to_vec())
    }

    /// The open attempt of a post, or a new one. `graph` is the base URL that new records name.
    pub(super) fn attempt_of(&self, user_id: &UserId, post: &Post, graph: Option<&str>, context: &Context) -> Record {
        let open = self.with(|records| attempt::open_of(records.attempts(user_id, &post.key)).cloned());
        open.unwrap_or_else(|| attempt::begin(post, user_id, context.new_attempt(), graph.map(str::to_owned)))
    }

    /// Whether a publish of this attempt would be known here: this machine has made it, or announcements reach
    /// a remote before anything is sent.
    pub(super) fn is_witness_of(&self, record: &Record) -> bool {
        self.is_shared() || self.is_own(record)
    }

    /// As it is recorded now: another machine's part may have been joined in.
    pub(super) fn current(&self, record: Record) -> Record {
        if !self.is_shared() {
            return record;
        }
        self.with(|records| records.same_attempt(&record).cloned()).unwrap_or(record)
    }

    /// Writes one record down and gives it back.
    pub(super) async fn write(&self, record: Record) -> Result<Record, Stop> {
        self.record(vec![record.clone()]).await?;
        Ok(record)
    }

    /// Ends an attempt whose container could still be published, unless another machine continues with it.
    pub(super) async fn end(&self, ended: Record) -> Result<(), Stop> {
        self.claim(vec![vec![ended]]).await.map(drop)
    }
}
