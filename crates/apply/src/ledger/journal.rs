//! The record on this machine: lockfile and journal, written where a slow disk holds no one up, and read from
//! memory.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use igsync_base::id::AttemptId;
use igsync_model::lockfile::{self, Record, Records};

use super::super::cause::Cause;
use super::super::context::{Context, lock};
use super::super::stop::{Halt, Stop};

const AGAIN: &str = "fix the cause, then run the same command again";

/// Lockfile and journal of one run.
pub(super) struct Journal {
    context: Arc<Context>,
    /// Held while the disk writes.
    store: Arc<Mutex<lockfile::Ledger>>,
    /// What is recorded, for everyone who must not wait for the disk.
    known: Arc<Mutex<Known>>,
    is_slow: bool,
}

struct Known {
    records: Records,
    /// The attempts of this machine's journal.
    witnessed: HashSet<AttemptId>,
    has_folded: bool,
}

impl Known {
    fn of(store: &lockfile::Ledger) -> Self {
        let records = store.records().clone();
        let witnessed = records.iter().map(|record| &record.attempt).filter(|attempt| store.is_witness_of(attempt));
        Self { witnessed: witnessed.cloned().collect(), records, has_folded: store.has_folded() }
    }

    /// Lets what is new of a deletion count for every record of the same media.
    fn read_by_media(&mut self) {
        if let Some(read) = self.records.by_media() {
            self.records = read;
        }
    }
}

impl Journal {
    pub(super) fn new(context: Arc<Context>, store: lockfile::Ledger) -> Self {
        let (known, is_slow) = (Known::of(&store), store.is_slow());
        Self { context, store: Arc::new(Mutex::new(store)), known: Arc::new(Mutex::new(known)), is_slow }
    }

    /// Writes several records down at once: all of them reach the disk, or none.
    pub(super) async fn record(&self, records: Vec<Record>) -> Result<(), Stop> {
        self.on_disk(move |store, known| {
            let kept = store.record_all(records.clone());
            let mut known = lock(known);
            known.witnessed.extend(records.iter().map(|record| record.attempt.clone()));
            known.records.extend(records);
            known.read_by_media();
            kept
        })
        .await
    }

    /// Takes over what another machine has recorded.
    pub(super) async fn take_over(&self, others: Records) -> Result<(), Stop> {
        self.on_disk(move |store, known| {
            let kept = store.take_over(&others);
            let mut known = lock(known);
            known.records.merge(others);
            known.read_by_media();
            kept
        })
        .await
    }

    /// Copies the journal into the lockfile.
    pub(super) async fn fold(&self) -> Result<(), Stop> {
        self.on_disk(|store, known| {
            let folded = store.fold().map(drop);
            let mut known = lock(known);
            // What came into the lockfile meanwhile; not another copy of all the rest.
            let news = known.records.news(store.records());
            known.records.extend(news);
            known.read_by_media();
            known.has_folded = store.has_folded();
            folded
        })
        .await
    }

    /// Whether the lockfile is another one than when the run began.
    pub(super) fn has_folded(&self) -> bool {
        lock(&self.known).has_folded
    }

    pub(super) fn with_records<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        look(&lock(&self.known).records)
    }

    pub(super) fn is_witness_of(&self, attempt: &AttemptId) -> bool {
        lock(&self.known).witnessed.contains(attempt)
    }

    /// A sync takes as long as the disk likes: other posts and accounts continue meanwhile.
    async fn on_disk(
        &self,
        work: impl FnOnce(&mut lockfile::Ledger, &Mutex<Known>) -> Result<(), lockfile::Error> + Send + 'static,
    ) -> Result<(), Stop> {
        let (store, known) = (Arc::clone(&self.store), Arc::clone(&self.known));
        let work = move || work(&mut lock(&store), &known);
        let kept = if self.is_slow {
            tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
        } else {
            Ok(work())
        };
        let (reason, help) = match kept {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(lockfile::Error::Unreadable { path, problem, help })) => (format!("{path}: {problem}"), help),
            Ok(Err(lockfile::Error::Io { path, doing, source, help })) => {
                (format!("{path} could not be {doing}: {source}"), help)
            }
            Ok(Err(error)) => (error.to_string(), AGAIN.to_owned()),
            Err(error) => (error, AGAIN.to_owned()),
        };
        let help = format!("nothing more is sent or recorded; {help}");
        Err(self.context.halt_run(Halt { cause: Cause::Incomplete, reason, help }))
    }
}
