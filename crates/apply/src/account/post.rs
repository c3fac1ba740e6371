//! One prepared post: looked at, published, settled where the answer was no id, finished.

use igsync_model::lockfile::{Reason, Record};
use igsync_model::manifest::{MediaType, Post};

use super::super::attempt;
use super::super::engine::{Class, Refusal};
use super::super::failure::Failure;
use super::super::outcome::Outcome;
use super::super::prepare::{Readiness, Ready};
use super::super::protocol::Origin;
use super::super::publish::{Batch, Doubt, Sent, perhaps_live};
use super::super::settle::Settled;
use super::super::stop::Stop;
use super::AccountRun;

/// So often one run sends a publish for one post.
const MAX_PUBLISHES: usize = 5;

/// How a post continues.
enum Next {
    Again(Box<Record>),
    Ended(Outcome),
}

impl AccountRun {
    /// Containers fail for reasons that a second one does not share; it is made once.
    pub(super) async fn publish_with_one_retry(
        &self,
        next: Ready,
        batch: Batch<'_>,
        known: &mut Option<Outcome>,
    ) -> Result<Outcome, Stop> {
        let post = std::sync::Arc::clone(&next.post);
        match self.publish_one(next, batch, known).await {
            Err(Stop::Post(Failure { try_again: true, .. })) => {
                let again = self.preparer.prepare(post).await?;
                self.publish_one(again, batch, known).await
            }
            ended => ended,
        }
    }

    /// `known` is what has to be said of the post should the run end here.
    async fn publish_one(&self, ready: Ready, batch: Batch<'_>, known: &mut Option<Outcome>) -> Result<Outcome, Stop> {
        let Ready { post, record, fresh } = ready;
        let mut record = self.book.current(record);
        // After a sleep of this machine, a read gives the server's time.
        let mut must_look = !(fresh && is_quick(&post)) || self.publisher.has_slept();
        for _ in 0..MAX_PUBLISHES {
            if let Some(outcome) = self.publisher.is_blocked(&record) {
                return Ok(outcome);
            }
            if must_look && let Some(outcome) = self.wait_until_ready(&post, &record).await? {
                return Ok(outcome);
            }
            let next = match self.publisher.publish(&post, record, batch, known).await? {
                Sent::Live(record) => {
                    let outcome = Outcome::Published(record.claimed_media().cloned());
                    *known = Some(outcome.clone());
                    let record = self.finisher.announce_extras(&post, record).await?;
                    // A post that is live is known to every machine before anything else is done.
                    self.book.keep().await?;
                    self.finisher.send_extras(&post, record, Origin::ThisRun).await?;
                    return Ok(outcome);
                }
                Sent::Ended(outcome) => return Ok(outcome),
                Sent::Again(record) => Next::Again(Box::new(record)),
                Sent::Settle(record, doubt) => self.find_out(&post, record, doubt, known).await?,
            };
            match next {
                Next::Again(again) => record = *again,
                Next::Ended(outcome) => {
                    *known = Some(outcome.clone());
                    if matches!(outcome, Outcome::Published(_)) {
                        self.book.keep().await?;
                    }
                    return Ok(outcome);
                }
            }
            must_look = true;
        }
        Ok(Outcome::Pending { reason: "Meta has not accepted it yet; the next run continues".to_owned() })
    }

    /// Waits for the container. `Some` when the post cannot go out in this run.
    async fn wait_until_ready(&self, post: &Post, record: &Record) -> Result<Option<Outcome>, Stop> {
        match self.preparer.wait_until_ready(post, record).await? {
            Readiness::Ready => Ok(None),
            // The container is `PUBLISHED` before this run sent anything: an earlier run's publish arrived.
            Readiness::Live => {
                let live = self.settler.found_live(record.clone(), Some(post)).await?;
                Ok(Some(Outcome::Published(live.claimed_media().cloned())))
            }
            Readiness::Dead(failure) => self.container_failed(post, record, failure).await.map(Some),
            Readiness::Busy => Ok(Some(Outcome::Pending {
                reason: "Meta is still processing the media; the next run continues with the same container".to_owned(),
            })),
            // Meta denies its own containers on bad days: the publish itself will tell. Of one that another
            // machine has made no one here knows whether it was published already.
            Readiness::Unreadable => {
                let may_be_live = self.publisher.was_sent(record) || !self.book.is_witness_of(record);
                Ok(may_be_live.then(Outcome::undecided))
            }
        }
    }

    /// Meta could not use the media. The attempt ends; whether a new one makes sense is in the code.
    async fn container_failed(&self, post: &Post, record: &Record, mut failure: Failure) -> Result<Outcome, Stop> {
        let mut record = self.publisher.take_back(record.clone()).await?;
        if !record.intents.is_empty() {
            record = match self.settler.settle(record, Origin::ThisRun, Some(post)).await? {
                // Nothing of it is live: what is said below is why.
                Settled::Closed(record) => record,
                settled => {
                    return Ok(match next_after(settled, None)? {
                        Next::Ended(outcome) => outcome,
                        Next::Again(_) => Outcome::Pending { reason: "the next run continues".to_owned() },
                    });
                }
            };
        }
        let item = self.preparer.failed_item(&record).await?;
        if let Some(number) = item {
            failure = failure.in_item(number);
        }
        let ended = if failure.content {
            attempt::failed(record, &failure, post)
        } else {
            attempt::not_published(record, Reason::from(failure.reason.clone()))
        };
        self.book.write(ended).await?;
        Err(Stop::Post(failure))
    }

    /// Decides how to continue after any answer but an id.
    async fn find_out(
        &self,
        post: &Post,
        record: Record,
        doubt: Doubt,
        known: &mut Option<Outcome>,
    ) -> Result<Next, Stop> {
        let settled = self.settler.settle(record, Origin::ThisRun, Some(post)).await;
        match doubt {
            Doubt::NotSent(refusal) => next_after(settled?, Some(&refusal)),
            Doubt::Unclear => next_after(settled.map_err(|stop| perhaps_live(stop, known))?, None),
            Doubt::Refused(refusal) => match settled? {
                Settled::Open(record) | Settled::Closed(record) if refusal.class == Class::Content => {
                    let failure = Failure::refused("publishing", &refusal);
                    self.book.write(attempt::failed(record, &failure, post)).await?;
                    Err(Stop::Post(failure))
                }
                other => next_after(other, Some(&refusal)),
            },
        }
    }
}

fn next_after(settled: Settled, refusal: Option<&Refusal>) -> Result<Next, Stop> {
    Ok(match settled {
        Settled::Published(record) => Next::Ended(Outcome::Published(record.claimed_media().cloned())),
        Settled::Open(record) => Next::Again(Box::new(record)),
        Settled::Closed(_) => {
            return Err(Stop::Post(refusal.map_or_else(
                || Failure::new("its container is gone", "run apply again: a new container is created"),
                |refusal| Failure::refused("publishing", refusal),
            )));
        }
        Settled::Unknown(record) => Next::Ended(Outcome::unknown(&record)),
        Settled::Undecided => Next::Ended(Outcome::undecided()),
    })
}

/// A single image is ready within seconds, so its publish is its first look.
fn is_quick(post: &Post) -> bool {
    post.content.kind != igsync_base::id::Kind::Carousel
        && post.content.items.iter().all(|item| item.media_type == MediaType::Image)
}
