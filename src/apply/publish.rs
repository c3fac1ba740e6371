//! One publish: intent before, id right after, and the truth in between.
//!
//! The order of the calls in [`AccountRun::publish_one`] is the product's first promise; keep it on
//! one screen.

use std::time::Duration;

use crate::exit::Exit;
use crate::graph::codes::Class;
use crate::graph::wire::StatusCode;
use crate::graph::{ApiError, Error, PublishAnswer, Why};
use crate::id::{ContainerId, MediaId};
use crate::lockfile::{Record, State, Via};
use crate::manifest::{MediaType, Post};

use super::account::AccountRun;
use super::announce::Turn;
use super::attempt;
use super::context::Halt;
use super::event::Event;
use super::outcome::{Failure, Outcome};
use super::poll;
use super::protocol::{Origin, Reading, Standing};
use super::remote::Purpose;
use super::settle::Settled;
use super::waiting::WaitsFor;

/// How one post ended, or why nothing more can be sent: then the outcome says what is known of the post.
pub(super) type Ended = Result<Option<Outcome>, (Option<Outcome>, Halt)>;

/// So often one run sends a publish for one post.
const MAX_PUBLISHES: usize = 5;

/// A publish on the wire is waited for this long after the run was asked to stop.
const GRACE: Duration = Duration::from_secs(5);

impl AccountRun {
    /// Publishes one prepared post.
    pub(super) async fn publish_one(&self, post: &Post, mut record: Record, fresh: bool, turn: Turn<'_>) -> Ended {
        record = self.current(record);
        // After a sleep of this machine a look tells the server's time.
        let mut must_look = !(fresh && is_quick(post)) || self.client.has_slept();
        for _ in 0..MAX_PUBLISHES {
            if let Some(outcome) = self.is_blocked(&record) {
                return Ok(Some(outcome));
            }
            if must_look && let Some(outcome) = self.wait_until_ready(post, &record).await.map_err(quietly)? {
                return Ok(Some(outcome));
            }
            self.may_begin().map_err(quietly)?;
            // A publish that would be held back must not be announced: nobody could tell that it never left.
            if let Some(error) = self.client.barred() {
                return Err(quietly(Halt::unreachable(&error)));
            }
            if let Some(outcome) = self.has_expired(post) {
                return Ok(Some(outcome));
            }
            let Some(container) = attempt::usable_container(&record, self.client.server_now()).cloned() else {
                self.end(attempt::not_published(record, "expired")).await.map_err(quietly)?;
                return Ok(Some(Outcome::Failed(Failure::from_container(true, None))));
            };
            let Some((announced, announcement)) = self.announce(record.clone(), turn).await.map_err(quietly)? else {
                return Ok(Some(self.taken(&record).unwrap_or_else(undecided)));
            };
            record = announced;
            if self.shared.is_kept_elsewhere() {
                // Announcing took a push: the world may have moved on meanwhile.
                self.shared.go_on().map_err(quietly)?;
                if let Some(outcome) = self.has_expired(post) {
                    return Ok(Some(outcome));
                }
            }
            if !announcement.still_holds(self) {
                if !self.shared.is_unsent(&record.attempt) {
                    record = self.write(attempt::never_sent(record)).map_err(quietly)?;
                }
                must_look = true;
                continue;
            }
            self.shared.still_alone().map_err(quietly)?;
            self.shared.no_longer_unsent(&record.attempt);
            match self.send_publish(&container).await {
                Ok(media_id) => return self.is_live(post, record, media_id).await,
                Err(error) => {
                    record = match self.after_no_id(post, record, error).await? {
                        Next::Again(record) => *record,
                        Next::Ended(outcome) => return self.keep(outcome).await,
                    };
                    must_look = true;
                }
            }
        }
        Ok(Some(Outcome::Pending { reason: "Meta did not take it yet; the next run goes on".to_owned() }))
    }

    /// Sends the one call that cannot be undone. Asked to stop, it is waited for a little longer: an
    /// answer now saves a settlement later.
    async fn send_publish(&self, container: &ContainerId) -> Result<MediaId, Error> {
        let publish = self.client.publish(&self.user_id, container);
        tokio::select! {
            biased;
            answer = publish => answer,
            _ = self.shared.patience(GRACE) => Err(Error::Unclear {
                edge: "media_publish",
                why: Why::NoAnswer("the run was stopped while it was on the wire".to_owned()),
            }),
        }
    }

    /// The id is on disk before anything else is asked or said.
    async fn is_live(&self, post: &Post, record: Record, media_id: MediaId) -> Ended {
        let at = self.client.server_now();
        let outcome = Outcome::Published(Some(media_id.clone()));
        let kept = self.write(attempt::published(record, Some(media_id.clone()), Via::Publish, at, Some(post)));
        let record = kept.map_err(|halt| {
            let reason = format!("it is live as {media_id}, and that could not be written down: {}", halt.reason);
            (Some(Outcome::Unsettled { reason }), Halt { exit: Exit::Unknown, ..halt })
        })?;
        self.keep(outcome.clone()).await?;
        match self.send_extras(post, record, Origin::ThisRun).await {
            Ok(()) => Ok(Some(outcome)),
            Err(halt) => Err((Some(outcome), halt)),
        }
    }

    /// A post that is live is known to every machine before anything else is done.
    async fn keep(&self, outcome: Outcome) -> Ended {
        if matches!(outcome, Outcome::Published(_))
            && let Err(halt) = self.shared.keep(Purpose::Result).await
        {
            return Err((Some(outcome), halt));
        }
        Ok(Some(outcome))
    }

    /// Decides how to go on after any answer but an id.
    async fn after_no_id(&self, post: &Post, record: Record, error: Error) -> Result<Next, (Option<Outcome>, Halt)> {
        match (self.shared.protocol.answer)(&error) {
            PublishAnswer::NotSent => {
                let record = self.write(attempt::never_sent(record)).map_err(quietly)?;
                let settled = self.settle(record, Origin::ThisRun, Some(post)).await.map_err(quietly)?;
                Ok(Self::next_after(settled, Some(&error)))
            }
            PublishAnswer::Unclear => {
                if let Some(halt) = Halt::for_account(&error) {
                    return Err(perhaps_live(halt));
                }
                let settled = self.settle(record, Origin::ThisRun, Some(post)).await.map_err(perhaps_live)?;
                Ok(Self::next_after(settled, None))
            }
            PublishAnswer::NotReady(refusal) => {
                let times = u32::try_from(record.refusals.len()).unwrap_or(u32::MAX);
                if times > 0 {
                    let pause = poll::after_not_ready(times, &self.shared.waits);
                    self.wait(&post.key, WaitsFor::NotReady, pause).await.map_err(quietly)?;
                }
                self.write(attempt::refused(record, &refusal))
                    .map(|record| Next::Again(Box::new(record)))
                    .map_err(quietly)
            }
            PublishAnswer::Refused(refusal) => {
                let record = self.write(attempt::refused(record, &refusal)).map_err(quietly)?;
                if let Some(halt) = Halt::for_account(&error) {
                    return Err((None, halt));
                }
                self.after_refusal(post, record, &refusal, &error).await
            }
        }
    }

    /// A refusal counts once the container has been read back.
    async fn after_refusal(
        &self,
        post: &Post,
        record: Record,
        refusal: &ApiError,
        error: &Error,
    ) -> Result<Next, (Option<Outcome>, Halt)> {
        let settled = self.settle(record, Origin::ThisRun, Some(post)).await.map_err(quietly)?;
        let is_content = refusal.known().class == Class::FixContent;
        match settled {
            Settled::Open(record) | Settled::Closed(record) if is_content => {
                let failure = Failure::from_answer("publishing", error);
                self.write(attempt::failed(record, failure.reason.clone(), failure.code, failure.subcode))
                    .map_err(quietly)?;
                Ok(Next::Ended(Outcome::Failed(failure)))
            }
            other => Ok(Self::next_after(other, Some(error))),
        }
    }

    fn next_after(settled: Settled, error: Option<&Error>) -> Next {
        match settled {
            Settled::Published(record) => Next::Ended(Outcome::Published(record.media_id)),
            Settled::Open(record) => Next::Again(Box::new(record)),
            Settled::Closed(_) => Next::Ended(Outcome::Failed(error.map_or_else(
                || Failure::new("its container is gone", "run apply again: a new container is made"),
                |error| Failure::from_answer("publishing", error),
            ))),
            Settled::Unknown(record) => Next::Ended(Outcome::Unknown { reason: record.reason.unwrap_or_default() }),
            Settled::Undecided(_) => Next::Ended(undecided()),
        }
    }

    /// Waits for the container. `Some` when the post cannot go out in this run.
    async fn wait_until_ready(&self, post: &Post, record: &Record) -> Result<Option<Outcome>, Halt> {
        let Some(container) = &record.container else { return Ok(None) };
        let made = container.created_at.unwrap_or_else(|| self.client.server_now());
        let has_video = post.items.iter().any(|item| item.media_type == MediaType::Video);
        let give_up_at = self.shared.clock.monotonic() + self.shared.waits.poll_budget;
        let mut age = self.client.server_now().duration_since(made).unsigned_abs();
        for look in 0.. {
            let gap = poll::gap(post.kind, has_video, look, &self.shared.waits);
            // A container that has had its time already is looked at without delay.
            let rest = if look == 0 { gap.saturating_sub(age) } else { gap };
            if !rest.is_zero() {
                self.wait(&post.key, WaitsFor::Processing, rest).await?;
            }
            let (reading, text) = self.read_status(&container.id).await?;
            let is_over = self.shared.clock.monotonic() >= give_up_at;
            age = self.client.server_now().duration_since(made).unsigned_abs();
            self.shared.tell(&Event::ContainerPolled {
                post: self.post_ref(&post.key),
                container: container.id.clone(),
                status: match reading {
                    Reading::Status(code) => Some(code),
                    Reading::Unreadable => None,
                },
                waited_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            })?;
            match reading {
                Reading::Status(StatusCode::Finished) => return Ok(None),
                Reading::Status(StatusCode::Published) => return self.was_live(post, record).map(Some),
                Reading::Status(StatusCode::Error | StatusCode::Expired) => {
                    return self.container_failed(post, record, reading, text).await.map(Some);
                }
                Reading::Status(StatusCode::InProgress) if is_over => {
                    return Ok(Some(Outcome::Pending {
                        reason: "Meta is still processing the media; the next run goes on with the same container"
                            .to_owned(),
                    }));
                }
                // Meta denies its own containers on bad days: the publish itself will tell. Of one that another
                // machine has made nobody here knows whether it was published already.
                Reading::Unreadable if is_over => {
                    let may_be_live = self.was_sent(record) || !self.shared.is_witness_of(record);
                    return Ok(may_be_live.then(undecided));
                }
                Reading::Status(StatusCode::InProgress) | Reading::Unreadable => {}
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// The container is `PUBLISHED` before this run sent anything: an earlier run's publish arrived.
    fn was_live(&self, post: &Post, record: &Record) -> Result<Outcome, Halt> {
        let at = record.intents.last().map_or_else(|| self.client.server_now(), |intent| intent.at);
        let record = self.write(attempt::published(record.clone(), None, Via::Settled, at, Some(post)))?;
        Ok(Outcome::Published(record.media_id))
    }

    /// Meta could not use the media. The attempt ends; whether a new one makes sense is in the code.
    async fn container_failed(
        &self,
        post: &Post,
        record: &Record,
        reading: Reading,
        subcode: Option<i64>,
    ) -> Result<Outcome, Halt> {
        let mut record = record.clone();
        if self.shared.no_longer_unsent(&record.attempt) {
            record = self.write(attempt::never_sent(record))?;
        }
        if !record.intents.is_empty() {
            record = match self.settle(record, Origin::ThisRun, Some(post)).await? {
                // Nothing of it is live: what is said below is why.
                Settled::Closed(record) => record,
                settled => {
                    return Ok(match Self::next_after(settled, None) {
                        Next::Ended(outcome) => outcome,
                        Next::Again(_) => Outcome::Pending { reason: "the next run goes on".to_owned() },
                    });
                }
            };
        }
        let item = self.failed_item(&record).await?;
        let mut failure = Failure::from_container(reading == Reading::Status(StatusCode::Expired), subcode);
        if let Some(number) = item {
            failure = failure.in_item(number);
        }
        let ended = if failure.content {
            attempt::failed(record, failure.reason.clone(), failure.code, failure.subcode)
        } else {
            attempt::not_published(record, &failure.reason)
        };
        self.write(ended)?;
        Ok(Outcome::Failed(failure))
    }

    /// Which carousel item failed, from 1.
    async fn failed_item(&self, record: &Record) -> Result<Option<usize>, Halt> {
        for (index, child) in record.children.iter().enumerate() {
            if self.read_status(&child.id).await?.0 == Reading::Status(StatusCode::Error) {
                return Ok(Some(index + 1));
            }
        }
        Ok(None)
    }

    /// What to say where another attempt of the same post stands in the way.
    fn is_blocked(&self, record: &Record) -> Option<Outcome> {
        if let Some(outcome) = self.taken(record) {
            return Some(outcome);
        }
        let reason = match self.standing(record) {
            Standing::GoesOn => return None,
            Standing::Superseded(State::Published) => "another attempt is live already",
            Standing::Superseded(State::Ignored) => "it is ignored: `igsync lock rm` lets it be published again",
            Standing::Superseded(_) | Standing::Waits => "another attempt of the same post is not settled yet",
        };
        Some(Outcome::Pending { reason: reason.to_owned() })
    }

    fn has_expired(&self, post: &Post) -> Option<Outcome> {
        let until = post.publish_until?;
        (self.client.server_now() > until).then(|| Outcome::NotAttempted {
            reason: "publish_until has passed while the media were processed".to_owned(),
        })
    }
}

/// What follows an answer without an id.
enum Next {
    Again(Box<Record>),
    Ended(Outcome),
}

/// Nothing is lost: the record stays open.
fn undecided() -> Outcome {
    Outcome::Unsettled { reason: "whether it is live could not be told yet".to_owned() }
}

/// A halt after a publish without a clear answer.
fn perhaps_live(halt: Halt) -> (Option<Outcome>, Halt) {
    let reason = format!("its publish was sent, and whether it took effect could not be read: {}", halt.reason);
    (Some(Outcome::Unsettled { reason }), halt)
}

/// A halt that says nothing about the post at hand.
fn quietly(halt: Halt) -> (Option<Outcome>, Halt) {
    (None, halt)
}

/// A single image is ready within seconds, so its publish is its first look.
fn is_quick(post: &Post) -> bool {
    post.kind != crate::id::Kind::Carousel && post.items.iter().all(|item| item.media_type == MediaType::Image)
}
