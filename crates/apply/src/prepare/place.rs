//! Giving the files of a run their URLs, before anything is made at Meta.

use std::sync::Arc;

use igsync_base::id::Kind;
use igsync_model::manifest::{Item, MediaType, Post, Source, Spot};
use igsync_ports::Progress;

use super::super::attempt;
use super::super::book::Book;
use super::super::context::Scope;
use super::super::engine::Service;
use super::super::event::Event;
use super::super::media::{Located, MediaSource};
use super::super::stop::Stop;

/// A file that a container of a post is still to be made from.
pub(super) struct Needed<'a> {
    pub spot: Spot<'static>,
    pub source: &'a Source,
    pub media_type: MediaType,
}

/// Puts files where Meta can fetch them.
pub(super) struct Placer {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    pub(super) media: MediaSource,
}

impl Placer {
    pub(super) fn new(scope: Scope, engine: Service, book: Arc<dyn Book>, media: MediaSource) -> Self {
        Self { scope, engine, book, media }
    }

    /// Gives every file that the post still needs its URL.
    pub(super) async fn place(&self, post: &Post) -> Result<(), Stop> {
        self.scope.go_on()?;
        self.scope.emit(&Event::PostStarted { post: self.scope.post_ref(&post.key), kind: post.content.kind })?;
        for Needed { spot, source, media_type } in self.still_needed(post) {
            self.locate(post, source, media_type).await.map_err(|stop| match spot {
                Spot::Item(index) if post.content.kind == Kind::Carousel => stop.in_item(index + 1),
                _ => stop,
            })?;
        }
        Ok(())
    }

    /// The files that no living container holds yet.
    pub(super) fn still_needed<'a>(&self, post: &'a Post) -> Vec<Needed<'a>> {
        let now = self.engine.now();
        let attempts = self.book.attempts(&self.scope.user_id, &post.key);
        let open = attempt::open_of(&attempts);
        if open.is_some_and(|record| attempt::usable_container(record, now).is_some()) {
            return Vec::new();
        }
        let made = open.map_or(&[][..], |record| &record.children);
        // A carousel with one child that is too old begins again.
        let made = if made.iter().all(|child| attempt::is_usable(child, now)) { made.len() } else { 0 };
        let items = post.content.items.iter().skip(made);
        let item =
            |item: &'a Item| Needed { spot: Spot::Item(item.slot), source: &item.source, media_type: item.media_type };
        let mut needed: Vec<_> = items.map(item).collect();
        let cover = post.content.cover();
        needed.extend(cover.map(|source| Needed { spot: Spot::Cover, source, media_type: MediaType::Image }));
        needed
    }

    /// Puts one file where Meta can fetch it. A host that fails every file ends the account's run.
    pub(super) async fn locate(&self, post: &Post, source: &Source, media_type: MediaType) -> Result<Located, Stop> {
        let progress = |len| (len >= WORTH_TELLING).then(|| self.progress(post, len));
        let located = self.scope.ask(self.media.locate(post, source, media_type, &progress)).await?;
        located.map_err(Stop::host)
    }

    /// Announces bytes as they leave; a failing output ends the run at its next step, not the upload.
    pub(super) fn progress(&self, post: &Post, total_bytes: u64) -> Progress {
        let (run, post) = (Arc::clone(&self.scope.run), self.scope.post_ref(&post.key));
        Arc::new(move |sent_bytes| {
            let _ = run.emit(&Event::UploadProgress { post: post.clone(), sent_bytes, total_bytes });
        })
    }
}

/// Smaller files reach their host before anyone wonders. In bytes.
const WORTH_TELLING: u64 = 8 << 20;
