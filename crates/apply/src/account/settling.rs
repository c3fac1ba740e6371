//! What earlier runs left open, settled before anything else is done.

use std::sync::Arc;

use igsync_base::id::{AttemptId, PostKey};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::Post;

use super::super::delete as deletion;
use super::super::event::Event;
use super::super::orders::Orders;
use super::super::outcome::{Outcome, Tally};
use super::super::protocol::Origin;
use super::super::settle::Settled;
use super::super::stop::{Halt, Stop};
use super::AccountRun;

/// What settling before acting found.
#[derive(Debug, Default)]
pub struct Settlement {
    pub tally: Tally,
    /// Attempts that are proven not to be live and stay open.
    pub not_live: Vec<AttemptId>,
    /// Whether Meta did not answer for every attempt: a later run asks again.
    pub is_undecided: bool,
    pub halt: Option<Halt>,
}

impl Settlement {
    fn stop(&mut self, stop: Stop) {
        let halt = stop.into_halt();
        self.tally.end(halt.cause);
        self.halt = Some(halt);
    }
}

/// Finds the manifest of a record, where it still has one that wants to be published.
pub type FindPost<'a> = dyn Fn(&PostKey) -> Option<Arc<Post>> + Send + Sync + 'a;

/// Whether the manifest of a record orders to delete its post, and this run may.
pub type IsOrderedAway<'a> = dyn Fn(&PostKey) -> bool + Send + Sync + 'a;

impl AccountRun {
    /// Settles every open attempt of this account and every deletion whose end is not known, whatever the manifests say
    /// now. `orders` is asked once more of posts whose deletion this run may send again.
    pub(in super::super) async fn settle_open(
        &mut self,
        post: &FindPost<'_>,
        is_ordered: &IsOrderedAway<'_>,
        orders: Option<&Orders<'_>>,
    ) -> Settlement {
        let open = self.book.with(|records| records.open(&self.scope.user_id).cloned().collect());
        let mut ended = self.settle_these(open, post).await;
        if ended.halt.is_none() {
            let deleting = self.book.with(|records| records.being_deleted(&self.scope.user_id).cloned().collect());
            if let Err(stop) = self.settle_deletions(deleting, (is_ordered, orders), &mut ended).await {
                ended.stop(stop);
            }
        }
        ended
    }

    async fn settle_deletions(
        &mut self,
        deleting: Vec<Record>,
        (is_ordered, orders): (&IsOrderedAway<'_>, Option<&Orders<'_>>),
        ended: &mut Settlement,
    ) -> Result<(), Stop> {
        for record in deleting {
            self.scope.go_on()?;
            let (key, attempt) = (record.key.clone(), record.attempt.clone());
            let outcome = match self.deleter.settle(record, is_ordered(&key), orders).await? {
                deletion::Ended::Gone(media) => Outcome::Deleted(media),
                deletion::Ended::Ordered => {
                    ended.not_live.push(attempt);
                    continue;
                }
                deletion::Ended::Withdrawn => {
                    let reason = "a deletion that an earlier run announced had no effect, and is not sent again";
                    let post = self.scope.post_ref(&key);
                    self.scope.emit(&Event::PostWarning { post, reason: reason.to_owned() })?;
                    continue;
                }
                deletion::Ended::Undecided => {
                    self.undecided.insert(key.clone());
                    ended.is_undecided = true;
                    Outcome::PerhapsDeleted { reason: "it is not known yet whether it is deleted".to_owned() }
                }
            };
            self.scope.finish(&key, &outcome, &mut ended.tally)?;
        }
        Ok(())
    }

    /// Settles the open attempts of one post.
    pub async fn settle_post(&mut self, key: &PostKey, post: &FindPost<'_>) -> Settlement {
        let mut open = self.book.attempts(&self.scope.user_id, key);
        open.retain(Record::is_open);
        self.settle_these(open, post).await
    }

    async fn settle_these(&mut self, open: Vec<Record>, post: &FindPost<'_>) -> Settlement {
        let mut ended = Settlement::default();
        for record in open {
            if let Err(stop) = self.settle_one(record, post, &mut ended).await {
                ended.stop(stop);
                break;
            }
        }
        ended
    }

    async fn settle_one(&mut self, record: Record, post: &FindPost<'_>, ended: &mut Settlement) -> Result<(), Stop> {
        self.scope.go_on()?;
        let wanted = post(&record.key);
        let key = record.key.clone();
        if record.stage() == Stage::Containers {
            return match self.settler.tidy(record, wanted.as_deref()).await? {
                Some(live) => {
                    self.scope.finish(&key, &Outcome::Published(live.claimed_media().cloned()), &mut ended.tally)
                }
                None => Ok(()),
            };
        }
        let outcome = match self.settler.settle(record, Origin::AnEarlierRun, wanted.as_deref()).await? {
            Settled::Published(record) => Outcome::Published(record.claimed_media().cloned()),
            Settled::Open(record) => {
                ended.not_live.push(record.attempt.clone());
                self.settler.tidy(record, wanted.as_deref()).await?;
                return Ok(());
            }
            Settled::Closed(_) => return Ok(()),
            Settled::Unknown(record) => Outcome::unknown(&record),
            Settled::Undecided => {
                self.undecided.insert(key.clone());
                ended.is_undecided = true;
                Outcome::Unsettled { reason: "its container cannot be read yet".to_owned() }
            }
        };
        self.scope.finish(&key, &outcome, &mut ended.tally)
    }
}
