//! What earlier runs left open, settled before anything else is done.

use std::sync::Arc;

use igsync_base::id::{AttemptId, PostKey};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::Post;

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

/// Finds the manifest of a record, where it still has one that wants to be published.
pub type FindPost<'a> = dyn Fn(&PostKey) -> Option<Arc<Post>> + Send + Sync + 'a;

impl AccountRun {
    /// Settles every open attempt of this account, whatever its manifest says now.
    pub async fn settle_open(&mut self, post: &FindPost<'_>) -> Settlement {
        let open = self.book.with(|records| records.open(&self.scope.user_id).cloned().collect());
        self.settle_these(open, post).await
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
                let halt = stop.into_halt();
                ended.tally.end(halt.cause);
                ended.halt = Some(halt);
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
