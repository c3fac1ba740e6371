//! Waiting until a container can be published.

use jiff::SignedDuration;

use crate::graph::wire::StatusCode;
use crate::lockfile::Record;
use crate::manifest::{MediaType, Post};

use super::super::attempt;
use super::super::event::Event;
use super::super::poll;
use super::super::protocol::Reading;
use super::super::reading::read;
use super::super::stop::Stop;
use super::Preparer;

/// What waiting for a container gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Readiness {
    Ready,
    /// It is live already: an earlier publish arrived.
    Live,
    /// Meta could not use the media, or the container is too old. With the subcode of Meta's status text.
    Dead {
        expired: bool,
        subcode: Option<i64>,
    },
    /// Still in work after all the time that this run gives it.
    Busy,
    /// Unreadable for all that time.
    Unreadable,
}

impl Preparer {
    /// Waits for the container of a post.
    pub(in super::super) async fn wait_until_ready(&self, post: &Post, record: &Record) -> Result<Readiness, Stop> {
        let Some(container) = &record.container else { return Ok(Readiness::Ready) };
        let made = container.created_at.unwrap_or_else(|| self.client.server_now());
        let has_video = post.items.iter().any(|item| item.media_type == MediaType::Video);
        let budget = SignedDuration::try_from(self.scope.waits.poll_budget).unwrap_or(attempt::CONTAINER_LIFE);
        let begin = self.client.server_now();
        let mut age = begin.duration_since(made).unsigned_abs();
        for look in 0.. {
            let gap = poll::gap(post.kind, has_video, look, &self.scope.waits);
            // A container that has had its time already is looked at without delay.
            let rest = if look == 0 { gap.saturating_sub(age) } else { gap };
            if !rest.is_zero() {
                self.scope.wait(rest).await?;
            }
            let (reading, subcode) = read(&self.scope, &self.client, &container.id).await?;
            let now = self.client.server_now();
            age = now.duration_since(made).unsigned_abs();
            self.scope.tell(&Event::ContainerPolled {
                post: self.scope.post_ref(&post.key),
                container: container.id.clone(),
                status: match reading {
                    Reading::Status(code) => Some(code),
                    Reading::Unreadable => None,
                },
                waited_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            })?;
            let is_over = now.duration_since(begin) >= budget;
            match reading {
                Reading::Status(StatusCode::Finished) => return Ok(Readiness::Ready),
                Reading::Status(StatusCode::Published) => return Ok(Readiness::Live),
                Reading::Status(code @ (StatusCode::Error | StatusCode::Expired)) => {
                    return Ok(Readiness::Dead { expired: code == StatusCode::Expired, subcode });
                }
                Reading::Status(StatusCode::InProgress) if is_over => return Ok(Readiness::Busy),
                Reading::Unreadable if is_over => return Ok(Readiness::Unreadable),
                Reading::Status(StatusCode::InProgress) | Reading::Unreadable => {}
            }
        }
        unreachable!("the loop ends by returning")
    }
}
