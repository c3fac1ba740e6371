//! Finding out what an unclear publish did. Settling never publishes.
//!
//! The container's own status comes first, because it is the only direct evidence; the listing of the
//! account is asked where the status cannot speak any more.

use std::collections::HashSet;
use std::time::Duration;

use crate::graph::Error;
use crate::graph::wire::StatusCode;
use crate::id::{ContainerId, Kind, MediaId};
use crate::lockfile::{Record, State, Via};
use crate::manifest::Post;

use super::account::AccountRun;
use super::attempt;
use super::context::Halt;
use super::event::Event;
use super::matching::Look;
use super::poll;
use super::protocol::{Moment, Origin, Reading, Step};
use super::quiet::Quiet;
use super::waiting::WaitsFor;

/// What a settlement found; the record is already written.
#[derive(Clone, Debug)]
pub enum Settled {
    /// Live.
    Published(Record),
    /// Nothing is live; the attempt stays open and the same container may be published.
    Open(Record),
    /// Nothing is live, and the container is dead.
    Closed(Record),
    /// The evidence is ambiguous.
    Unknown(Record),
    /// Could not be told yet, nothing is lost: the attempt stays as it is and a later run asks again.
    Undecided(Record),
}

impl AccountRun {
    /// Finds out what the publishes announced in `record` did, and records it.
    pub async fn settle(&self, record: Record, origin: Origin, post: Option<&Post>) -> Result<Settled, Halt> {
        let Some(container) = record.container.clone() else {
            // Without a container nothing was ever sent.
            let is_unknown = record.state == State::Unknown;
            return if is_unknown { self.settle_sighting(record).await } else { Ok(Settled::Open(record)) };
        };
        let (waits, began) = (&self.shared.waits, self.shared.clock.monotonic());
        let quiet = Quiet::of(&record, origin, &self.leases(), waits.settle, self.shared.read_at(), began);
        let give_up_at = began + waits.poll_budget.min(MAX_WAIT);
        for look in 0.. {
            let reading = self.read(&container.id).await?;
            let (now, monotonic) = (self.client.server_now(), self.shared.clock.monotonic());
            let quiet_in = quiet.left(now, monotonic);
            let gap = poll::gap(record.kind, false, look, &self.shared.waits);
            self.tell_polled(&record, &container.id, reading)?;
            match (self.shared.protocol.container)(&record, reading, Moment { now, quiet_in, gap }) {
                Step::Live => return self.found_live(record, post).map(Settled::Published),
                Step::NotPublished => return self.confirm_not_published(record, post).await,
                Step::AskListing => return self.settle_by_listing(record, post).await,
                // What only has to be waited for has an end of its own.
                Step::Wait(_) if monotonic >= give_up_at && !is_ready(reading) => {
                    return self.last_look(record, post).await;
                }
                Step::Wait(duration) => self.wait_and_look(&record.key, waits_for(reading, origin), duration).await?,
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// A live check saw media that could be the post. Once all of them are known to be other posts the doubt is
    /// gone, and the next live check looks anew. Media that were only matched take no doubt away, and neither does
    /// a post with the same files: it may be this one under another key.
    async fn settle_sighting(&self, record: Record) -> Result<Settled, Halt> {
        let is_other = |other: &&Record| {
            other.user_id == record.user_id
                && other.key != record.key
                && other.state == State::Published
                && other.media_digest.is_some()
                && other.media_digest != record.media_digest
        };
        let others: HashSet<MediaId> = self.shared.with_records(|records| {
            records.iter().filter(is_other).filter_map(Record::certain_media).cloned().collect()
        });
        if record.evidence.is_empty() || !record.evidence.iter().all(|media| others.contains(media)) {
            return Ok(Settled::Unknown(record));
        }
        let closed = attempt::not_published(record, "another_post");
        self.end(closed.clone()).await?;
        Ok(Settled::Closed(closed))
    }

    /// Reads a container; only what speaks about the account or the network ends the run.
    pub async fn read(&self, container: &ContainerId) -> Result<Reading, Halt> {
        Ok(self.read_status(container).await?.0)
    }

    /// As [`Self::read`], with the error subcode that Meta put into the status text.
    pub(super) async fn read_status(&self, container: &ContainerId) -> Result<(Reading, Option<i64>), Halt> {
        match self.shared.ask(self.client.container_status(container)).await? {
            Ok(status) => Ok((Reading::Status(status.code), status.subcode)),
            Err(error) if error.is_account_level() => Err(Halt::unreachable(&error)),
            Err(error) if is_denied(&error) => Ok((Reading::Unreadable, None)),
            Err(error) => Err(Halt::unreachable(&error)),
        }
    }

    pub(super) fn found_live(&self, record: Record, post: Option<&Post>) -> Result<Record, Halt> {
        let at = record.intents.iter().map(|intent| intent.at).max().unwrap_or_else(|| self.client.server_now());
        self.write(attempt::published(record, None, Via::Settled, at, post))
    }

    /// The status says that nothing was published. Where an answer was unclear the listing is asked
    /// as well: believing a wrong status would publish the post twice.
    async fn confirm_not_published(&self, record: Record, post: Option<&Post>) -> Result<Settled, Halt> {
        if attempt::all_refused(&record) {
            return Ok(Settled::Open(record));
        }
        let first = self.look_for(&record).await?;
        let found = self.candidates(&record, &first).len();
        if found == 0 {
            return Ok(Settled::Open(record));
        }
        match self.second_look(&record, &first).await? {
            Some(media) => self.bind(record, media, post).map(Settled::Published),
            None => self.cannot_tell(record, "maybe_live", &first),
        }
    }

    /// The container is expired, failed or gone: only the listing is left.
    async fn settle_by_listing(&self, record: Record, post: Option<&Post>) -> Result<Settled, Halt> {
        let first = self.look_for(&record).await?;
        if !self.candidates(&record, &first).is_empty()
            && let Some(media) = self.second_look(&record, &first).await?
        {
            return self.bind(record, media, post).map(Settled::Published);
        }
        if attempt::all_refused(&record) {
            return self.write(attempt::not_published(record, "container_gone")).map(Settled::Closed);
        }
        if self.is_ruled_out(&record, &first) {
            self.wait(&record.key, WaitsFor::SecondLook, self.shared.waits.look).await?;
            let second = self.look_for(&record).await?;
            if self.is_ruled_out(&record, &second) {
                return self.write(attempt::not_published(record, "container_gone")).map(Settled::Closed);
            }
        }
        self.cannot_tell(record, "container_gone_and_listing_not_conclusive", &first)
    }

    /// What looked like the post goes into the record: the person who decides is shown it.
    fn cannot_tell(&self, record: Record, reason: &str, look: &Look) -> Result<Settled, Halt> {
        let evidence = self.candidates(&record, look);
        let unknown = Record { evidence, ..attempt::unknown(record.clone(), reason) };
        // Every run asks again; only what it learns is worth a line.
        if unknown == record { Ok(Settled::Unknown(record)) } else { self.write(unknown).map(Settled::Unknown) }
    }

    /// The container stayed unreadable or busy for as long as this run waits.
    async fn last_look(&self, record: Record, post: Option<&Post>) -> Result<Settled, Halt> {
        let first = self.look_for(&record).await?;
        if !self.candidates(&record, &first).is_empty()
            && let Some(media) = self.second_look(&record, &first).await?
        {
            return self.bind(record, media, post).map(Settled::Published);
        }
        Ok(Settled::Undecided(record))
    }

    /// One reading of the media that could be this post's.
    pub async fn look_for(&self, record: &Record) -> Result<Look, Halt> {
        let since = record.intents.iter().map(|intent| intent.at).min();
        if record.kind == Kind::Story {
            let stories = self.ask(self.client.stories(&self.user_id, STORY_PAGES)).await?;
            return Ok(Look { media: stories.media, reaches_back: false });
        }
        let since = since.unwrap_or_else(|| self.client.server_now());
        let listing = self.ask(self.client.back_to(&self.user_id, since, LISTING_PAGES)).await?;
        Ok(Look { media: listing.media, reaches_back: listing.is_complete })
    }

    /// The only candidate that two looks agree on.
    pub async fn second_look(&self, record: &Record, first: &Look) -> Result<Option<MediaId>, Halt> {
        let before = self.candidates(record, first);
        let [only] = before.as_slice() else { return Ok(None) };
        self.wait(&record.key, WaitsFor::SecondLook, self.shared.waits.look).await?;
        let second = self.look_for(record).await?;
        let after = self.candidates(record, &second);
        Ok((after.as_slice() == [only.clone()] && !self.has_rival(record)).then(|| only.clone()))
    }

    pub fn candidates(&self, record: &Record, look: &Look) -> Vec<MediaId> {
        (self.shared.protocol.candidates)(record, look, &self.claimed())
            .into_iter()
            .map(|media| media.id.clone())
            .collect()
    }

    fn is_ruled_out(&self, record: &Record, look: &Look) -> bool {
        (self.shared.protocol.rules_out)(record, look, &self.claimed())
    }

    /// Another attempt that could claim the same media: its publish was announced, or would have been where
    /// nobody here has read of it.
    fn has_rival(&self, record: &Record) -> bool {
        let is_alike = |other: &&Record| {
            other.user_id == record.user_id
                && other.attempt != record.attempt
                && other.kind == record.kind
                && other.caption_digest == record.caption_digest
                && (other.state.is_open() || other.state == State::Published && other.media_id.is_none())
        };
        let alike: Vec<Record> = self.shared.with_records(|records| records.iter().filter(is_alike).cloned().collect());
        alike.iter().any(|other| {
            !other.intents.is_empty() || other.state == State::Containers && !self.shared.is_witness_of(other)
        })
    }

    pub fn claimed(&self) -> HashSet<MediaId> {
        self.shared.with_records(|records| records.claimed_media(&self.user_id).into_iter().cloned().collect())
    }

    fn bind(&self, record: Record, media: MediaId, post: Option<&Post>) -> Result<Record, Halt> {
        let at = record.intents.iter().map(|intent| intent.at).max().unwrap_or_else(|| self.client.server_now());
        self.write(attempt::published(record, Some(media), Via::Settled, at, post))
    }

    pub fn write(&self, record: Record) -> Result<Record, Halt> {
        self.shared.record(&record)?;
        Ok(record)
    }

    fn tell_polled(&self, record: &Record, container: &ContainerId, reading: Reading) -> Result<(), Halt> {
        let made = record.container.as_ref().and_then(|container| container.created_at);
        let waited = made.map_or(Duration::ZERO, |made| self.client.server_now().duration_since(made).unsigned_abs());
        self.shared.tell(&Event::ContainerPolled {
            post: self.post_ref(&record.key),
            container: container.clone(),
            status: match reading {
                Reading::Status(code) => Some(code),
                Reading::Unreadable => None,
            },
            waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn is_ready(reading: Reading) -> bool {
    reading == Reading::Status(StatusCode::Finished)
}

/// What the next reading of a container is waited for.
fn waits_for(reading: Reading, origin: Origin) -> WaitsFor {
    match origin {
        _ if !is_ready(reading) => WaitsFor::Processing,
        Origin::AnEarlierRun => WaitsFor::Lease,
        Origin::ThisRun => WaitsFor::Effect,
    }
}

/// Waiting longer than a container lives proves nothing more.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Stories of one day: 100 a page.
const STORY_PAGES: u32 = 3;

/// How far back a listing is read: 100 media a page.
const LISTING_PAGES: u32 = 20;

/// Whether Meta denies the object, for whatever reason; trouble of Meta's own is no denial.
fn is_denied(error: &Error) -> bool {
    error.codes().is_some_and(|(code, _)| !matches!(code, -1 | 1 | 2))
}
