//! Waiting until a container can be published.

use std::time::Duration;

use igsync_model::lockfile::{Created, Record};
use igsync_model::manifest::{MediaType, Post};

use super::super::engine::{Observed, Reading};
use super::super::event::Event;
use super::super::failure::Failure;
use super::super::poll;
use super::super::stop::Stop;
use super::super::waits_for::WaitsFor;
use super::Preparer;

/// What waiting for a container gave.
#[derive(Clone, Debug)]
pub(in super::super) enum Readiness {
    Ready,
    /// It is live already: an earlier publish arrived.
    Live,
    /// The service could not use the media, or the container is too old.
    Dead(Failure),
    /// Still in work after all the time that this run gives it.
    Busy,
    /// Unreadable for all that time.
    Unreadable,
}

impl Preparer {
    /// Waits for the container of a post.
    pub(in super::super) async fn wait_until_ready(&self, post: &Post, record: &Record) -> Result<Readiness, Stop> {
        let Some(container) = &record.container else { return Ok(Readiness::Ready) };
        let has_video = post.content.items.iter().any(|item| item.media_type == MediaType::Video);
        let give_up_at = self.scope.clock.monotonic() + self.scope.waits.poll_budget;
        let is_in_work = |reading| matches!(reading, Reading::Working | Reading::Unreadable);
        let observed = self.watch(post, container, has_video, give_up_at, is_in_work).await?;
        Ok(match observed.reading {
            Reading::Ready => Readiness::Ready,
            Reading::Live => Readiness::Live,
            Reading::Failed | Reading::Expired => {
                Readiness::Dead(observed.why.as_ref().map_or_else(Failure::expired, Failure::dead))
            }
            Reading::Working => Readiness::Busy,
            Reading::Unreadable => Readiness::Unreadable,
        })
    }

    /// Reads a container of a post as long as it is in work, at most until `give_up_at` by the monotonic clock.
    pub(super) async fn watch(
        &self,
        post: &Post,
        container: &Created,
        has_video: bool,
        give_up_at: Duration,
        is_in_work: impl Fn(Reading) -> bool,
    ) -> Result<Observed, Stop> {
        let made = container.created_at.unwrap_or_else(|| self.engine.now());
        let age = || self.engine.now().duration_since(made).unsigned_abs();
        for look in 0.. {
            let gap = poll::gap(post.content.kind, has_video, look, &self.scope.waits);
            // A container that has had its time already is looked at without delay.
            let rest = if look == 0 { gap.saturating_sub(age()) } else { gap };
            if !rest.is_zero() {
                self.scope.wait(&post.key, WaitsFor::Processing, rest, self.engine.now()).await?;
            }
            let observed = self.scope.reach(self.engine.observe(&container.id)).await?;
            let is_over = self.scope.clock.monotonic() >= give_up_at;
            self.scope.emit(&Event::ContainerPolled {
                post: self.scope.post_ref(&post.key),
                container: container.id.clone(),
                status: observed.reading,
                waited_ms: u64::try_from(age().as_millis()).unwrap_or(u64::MAX),
            })?;
            if is_over || !is_in_work(observed.reading) {
                return Ok(observed);
            }
        }
        unreachable!("the loop ends by returning")
    }
}
