//! Giving the files of a run their URLs, before anything is made at Meta.

use std::sync::Mutex;

use futures_util::stream::{self, StreamExt};

use crate::id::Kind;
use crate::manifest::{Item, MediaType, Post, Source, Spot};

use super::account::{AccountRun, Work};
use super::attempt;
use super::context::lock;
use super::event::Event;
use super::media::Located;
use super::outcome::{Outcome, Tally};
use super::stop::Stop;

/// A file that a container of a post is still to be made from.
pub(super) struct Needed<'a> {
    pub spot: Spot<'static>,
    pub source: &'a Source,
    pub media_type: MediaType,
}

impl AccountRun {
    /// Hosts every file that the posts still need. A host that fails leaves nothing half made: there is
    /// no container yet. Posts whose files have no URL get their outcome and leave `waiting`.
    pub(super) async fn place_media(&self, waiting: &mut Vec<Work>, tally: &mut Tally) -> Result<(), Stop> {
        let stopped: &Mutex<Option<Stop>> = &Mutex::default();
        let placed: Vec<_> = stream::iter(waiting.clone())
            .map(|work| async move {
                // What stops the account stops it before the next post is begun.
                let before = lock(stopped).clone();
                let placed = match before {
                    Some(stop) => Err(stop),
                    // A large future, which streams move from hand to hand.
                    None => Box::pin(self.place(&work.post)).await,
                };
                if let Err(stop @ (Stop::Account(_) | Stop::Run(_))) = &placed {
                    lock(stopped).get_or_insert_with(|| stop.clone());
                }
                (work.post, placed)
            })
            .buffered(self.parallelism.max(1))
            .collect()
            .await;
        let mut stopped = None;
        for (post, placed) in placed {
            match placed {
                Ok(()) => {}
                Err(Stop::Post(failure)) => {
                    waiting.retain(|work| work.post.key != post.key);
                    self.finish(&post.key, &Outcome::Failed(failure), tally)?;
                }
                Err(stop) => stopped = stopped.or(Some(stop)),
            }
        }
        stopped.map_or(Ok(()), Err)
    }

    async fn place(&self, post: &Post) -> Result<(), Stop> {
        self.shared.go_on()?;
        self.shared.tell(&Event::PostStarted { post: self.post_ref(&post.key), kind: post.kind })?;
        for Needed { spot, source, media_type } in self.still_needed(post) {
            self.locate(post, source, media_type).await.map_err(|stop| match spot {
                Spot::Item(index) if post.kind == Kind::Carousel => stop.in_item(index + 1),
                _ => stop,
            })?;
        }
        Ok(())
    }

    /// The files that no living container holds yet.
    pub(super) fn still_needed<'a>(&self, post: &'a Post) -> Vec<Needed<'a>> {
        let now = self.client.server_now();
        let attempts = self.shared.attempts(&self.user_id, &post.key);
        let open = attempts.iter().filter(|record| record.state.is_open()).min_by(|a, b| a.attempt.cmp(&b.attempt));
        if open.is_some_and(|record| attempt::usable_container(record, now).is_some()) {
            return Vec::new();
        }
        let made = open.map_or(&[][..], |record| &record.children);
        // A carousel with one child that is too old begins anew.
        let made = if made.iter().all(|child| attempt::is_usable(child, now)) { made.len() } else { 0 };
        let items = post.items.iter().skip(made);
        let item =
            |item: &'a Item| Needed { spot: Spot::Item(item.slot), source: &item.source, media_type: item.media_type };
        let mut needed: Vec<_> = items.map(item).collect();
        let cover = post.reel.as_ref().and_then(|reel| reel.cover.as_ref());
        needed.extend(cover.map(|source| Needed { spot: Spot::Cover, source, media_type: MediaType::Image }));
        needed
    }

    /// Puts one file where Meta can fetch it. A host that fails every file ends the account's run.
    pub(super) async fn locate(&self, post: &Post, source: &Source, media_type: MediaType) -> Result<Located, Stop> {
        let progress = |len| (len >= WORTH_TELLING).then(|| self.progress(post, len));
        let located = self.shared.ask(self.media.locate(post, source, media_type, &progress)).await?;
        located.map_err(|error| Stop::host(&error))
    }
}

/// Smaller files reach their host before anybody wonders. In bytes.
const WORTH_TELLING: u64 = 8 << 20;
