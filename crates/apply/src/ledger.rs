//! The record of a run: what is recorded here, and what is brought to where other machines read it.

mod journal;
mod message;
mod remote;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use igsync_base::id::{AttemptId, PostKey, UserId};
use igsync_model::lockfile::{self, Record, Records};

use super::book::{Book, Claim};
use super::context::Context;
use super::remote::Remote;
use super::replan::{Replan, Withdrawn};
use super::stop::Stop;
use journal::Journal;
use remote::{Purpose, RemoteRecord};

/// The record of one run, shared by all of its accounts.
pub struct Ledger {
    context: Arc<Context>,
    journal: Arc<Journal>,
    /// The record where other machines read it, if anywhere.
    remote: Option<RemoteRecord>,
}

impl Ledger {
    pub fn new(context: Arc<Context>, store: lockfile::Ledger) -> Self {
        let journal = Arc::new(Journal::new(Arc::clone(&context), store));
        Self { context, journal, remote: None }
    }

    /// Keeps the record where other machines read it as well.
    #[must_use]
    pub fn kept_at(self, remote: Option<Arc<dyn Remote>>) -> Self {
        let remote = remote.map(|to| RemoteRecord::new(Arc::clone(&self.context), Arc::clone(&self.journal), to));
        Self { remote, ..self }
    }

    /// The run whose record it is.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Joins what is on the remote into this machine's record, before anything is planned. Returns
    /// whether a lockfile is there.
    ///
    /// # Errors
    ///
    /// Where it could not be read; nothing has been published then.
    pub async fn fetch_record(&self) -> Result<bool, Stop> {
        match &self.remote {
            Some(remote) => remote.fetch_record().await,
            None => Ok(false),
        }
    }

    /// What is published from here on, and how to ask whether that is still right once other machines have changed
    /// the record.
    pub(super) fn follow_plan(&self, replan: Replan) {
        if let Some(remote) = &self.remote {
            remote.follow_plan(replan);
        }
    }

    /// Looks at the records without holding them.
    pub fn with_records<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        self.journal.with_records(look)
    }

    /// Writes several records down at once: all of them reach the disk, or none.
    pub async fn record_all(&self, records: Vec<Record>) -> Result<(), Stop> {
        self.journal.record(records).await
    }

    /// Takes over what another machine has recorded.
    pub async fn take_over(&self, others: &Records) -> Result<(), Stop> {
        self.journal.take_over(others.clone()).await
    }

    /// Copies the journal into the lockfile and puts what the remote does not know yet.
    ///
    /// # Errors
    ///
    /// Where one of them failed; the other one was tried all the same.
    pub async fn keep_all(&self) -> Result<(), Stop> {
        let folded = self.journal.fold().await;
        let kept = match &self.remote {
            Some(remote) => remote.keep(Purpose::Last).await,
            None => Ok(()),
        };
        kept.and(folded)
    }

    /// Copies the journal into the lockfile: what is written after this may rely on it.
    pub async fn fold_now(&self) -> Result<(), Stop> {
        self.journal.fold().await
    }

    /// What this machine knows and the remote does not.
    pub fn not_kept(&self) -> Vec<Record> {
        self.remote.as_ref().map_or_else(Vec::new, RemoteRecord::not_kept)
    }

    /// Whether the lockfile is another one than when the run began.
    pub fn has_changed_lockfile(&self) -> bool {
        self.journal.has_folded()
    }

    /// Whether other machines read the record.
    pub fn is_shared(&self) -> bool {
        Book::is_shared(self)
    }
}

impl Book for Ledger {
    fn look(&self, look: &mut dyn FnMut(&Records)) {
        self.journal.with_records(look);
    }

    fn record(&self, records: Vec<Record>) -> BoxFuture<'_, Result<(), Stop>> {
        self.journal.record(records).boxed()
    }

    fn claim(&self, claims: Vec<Claim>) -> BoxFuture<'_, Result<Vec<bool>, Stop>> {
        match &self.remote {
            Some(remote) => remote.claim(claims).boxed(),
            None => async move {
                let granted = vec![true; claims.len()];
                self.journal.record(claims.into_iter().flatten().collect()).await?;
                Ok(granted)
            }
            .boxed(),
        }
    }

    fn keep(&self) -> BoxFuture<'_, Result<(), Stop>> {
        match &self.remote {
            Some(remote) => remote.keep(Purpose::Result).boxed(),
            None => async { Ok(()) }.boxed(),
        }
    }

    fn catch_up(&self) -> BoxFuture<'_, Result<(), Stop>> {
        match &self.remote {
            Some(remote) => remote.catch_up().boxed(),
            None => async { Ok(()) }.boxed(),
        }
    }

    fn fold(&self) -> BoxFuture<'_, Result<(), Stop>> {
        self.journal.fold().boxed()
    }

    fn is_shared(&self) -> bool {
        self.remote.is_some()
    }

    fn is_own(&self, record: &Record) -> bool {
        self.journal.is_witness_of(&record.attempt)
    }

    fn is_touched(&self, user_id: &UserId, key: &PostKey) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.is_touched(user_id, key))
    }

    fn withdrawn(&self, user_id: &UserId, key: &PostKey) -> Option<Withdrawn> {
        self.remote.as_ref().and_then(|remote| remote.withdrawn(user_id, key))
    }

    fn is_unsent(&self, attempt: &AttemptId) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.is_unsent(attempt))
    }

    fn no_longer_unsent(&self, attempt: &AttemptId) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.no_longer_unsent(attempt))
    }

    fn has_announced(&self, standing: &Record) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.has_announced(standing))
    }

    fn read_again<'a>(&'a self, user_id: &'a UserId) -> BoxFuture<'a, Result<bool, Stop>> {
        match &self.remote {
            Some(remote) => remote.read_again(user_id).boxed(),
            // What a person has pulled lies in the lockfile.
            None => async { self.journal.fold().await.map(|()| false) }.boxed(),
        }
    }

    fn follow_plan_of(&self, user_id: &UserId, replan: Replan) {
        if let Some(remote) = &self.remote {
            remote.follow_plan_of(user_id, replan);
        }
    }

    fn standing_of(&self, record: &Record) -> Option<Record> {
        self.remote.as_ref().and_then(|remote| remote.standing_of(record))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{MemClock, context, record};
    use super::*;
    use igsync_base::id::Kind;
    use igsync_model::lockfile::Paths;
    use igsync_testkit::MemDisk;
    use igsync_testkit::mem_disk::Fault;

    fn ledger(disk: &MemDisk) -> Ledger {
        let store = lockfile::Ledger::open(Arc::new(disk.clone()), Paths::new("/site".as_ref())).unwrap();
        Ledger::new(context(MemClock::new(0)), store)
    }

    #[tokio::test]
    async fn what_is_recorded_is_on_the_disk_and_seen_by_everybody() {
        let (disk, record) = (MemDisk::new(), record(Kind::Image, "x", &[100]));
        let ledger = ledger(&disk);
        ledger.record_all(vec![record.clone()]).await.unwrap();
        assert_eq!(ledger.with_records(|records| records.same_attempt(&record).cloned()), Some(record.clone()));
        assert!(ledger.is_own(&record));
        assert_eq!(lockfile::read(&disk, &Paths::new("/site".as_ref())).unwrap().records.len(), 1);
        assert!(!ledger.has_changed_lockfile());
        ledger.keep_all().await.unwrap();
        assert!(ledger.has_changed_lockfile());
    }

    #[tokio::test]
    async fn a_disk_that_fails_ends_the_run() {
        let disk = MemDisk::new();
        let ledger = ledger(&disk);
        disk.fail_next(Fault::DiskFull);
        let kept = ledger.record_all(vec![record(Kind::Image, "x", &[100])]).await;
        assert!(matches!(kept, Err(Stop::Run(_))), "{kept:?}");
        assert!(ledger.context().go_on().is_err(), "for every account");
    }
}
