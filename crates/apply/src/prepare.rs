//! Everything before a publish: files get their URLs, containers are made and filled, and waited for.

mod assemble;
mod containers;
mod place;
mod prove;
mod wait;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;

use igsync_base::id::Kind;
use igsync_model::lockfile::{Reason, Record, Stage, State, Turn};
use igsync_model::manifest::Post;

use super::attempt;
use super::book::Book;
use super::budget::{self, Allowance};
use super::context::Scope;
use super::engine::{Reading, Service};
use super::failure::Failure;
use super::media::{LocalFiles, MediaSource};
use super::parallel::{Sorted, side_by_side};
use super::stop::Stop;
use place::Placer;

pub use prove::{Judge, Proof};
pub(super) use wait::Readiness;

/// Prepares the posts of one account until they can be published.
pub(super) struct Preparer {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    placer: Placer,
    /// `None`: no one looks whether Meta could fetch the media.
    proof: Option<Proof>,
    terms: Terms,
    /// How many posts this run has published.
    spent: AtomicUsize,
}

/// How much an account prepares, and what its records say of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    pub(super) max_publish: usize,
    /// Containers and uploads at a time.
    pub(super) parallelism: usize,
    /// Written into records made through another base than Meta's.
    pub(super) graph: Option<String>,
}

/// A post whose containers exist.
pub(super) struct Ready {
    pub(super) post: Arc<Post>,
    pub(super) record: Record,
    /// Whether this process made the container: a young image may be published without a look.
    pub(super) fresh: bool,
}

impl Preparer {
    pub(super) fn new(
        scope: Scope,
        engine: Service,
        book: Arc<dyn Book>,
        media: MediaSource,
        proof: Option<Proof>,
        terms: Terms,
    ) -> Self {
        let placer = Placer::new(scope.clone(), Arc::clone(&engine), Arc::clone(&book), media);
        Self { scope, engine, book, placer, proof, terms, spent: AtomicUsize::new(0) }
    }

    /// Takes note of posts that this run has published: they count towards its cap.
    pub(super) fn spend(&self, published: usize) {
        self.spent.fetch_add(published, Ordering::Relaxed);
    }

    /// From here on the media are those of a new plan.
    pub(super) fn renew(&self, files: LocalFiles) {
        self.placer.media.renew(files);
    }

    /// How many of the posts may go out now, in their order, and why not the next: the cap of a run, the account's
    /// quota, its containers of a day.
    pub(super) async fn allowance(&self, posts: &[Arc<Post>]) -> Result<(usize, String), Stop> {
        let user = &self.scope.user_id;
        let quota = self.scope.reach(self.engine.quota()).await?;
        let now = self.engine.now();
        Ok(self.book.with(|records| {
            let open = |post: &Post| attempt::open_of(records.attempts(user, &post.key));
            let costs: Vec<usize> = posts.iter().map(|post| budget::cost(post, open(post), now)).collect();
            let all: Vec<&Record> = records.iter().collect();
            let left = self.terms.max_publish.saturating_sub(self.spent.load(Ordering::Relaxed));
            Allowance::new(left, &quota, all.iter().copied(), user, now).cut(&costs)
        }))
    }

    /// Hosts every file that the posts still need. A host that fails leaves nothing half made: there is
    /// no container yet.
    pub(super) async fn place_all(&self, posts: Vec<Arc<Post>>) -> Sorted<()> {
        // Large futures, which streams move from hand to hand.
        let place = |post: Arc<Post>| async move { self.placer.place(&post).await }.boxed_local();
        side_by_side(posts, self.terms.parallelism, place).await
    }

    /// Makes the containers of all posts side by side and gives those that can be published, in plan order.
    pub(super) async fn prepare_all(&self, posts: Vec<Arc<Post>>) -> Sorted<Ready> {
        let prepare = |post: Arc<Post>| async move { self.prepare(post).await }.boxed_local();
        side_by_side(posts, self.terms.parallelism, prepare).await
    }

    /// Content that Meta refused is not offered again until it changes.
    pub(super) async fn remember_refusal(&self, post: &Post, failure: &Failure) -> Result<(), Stop> {
        if !failure.content {
            return if failure.is_busy { Ok(()) } else { self.put_back(post).await };
        }
        let record = self.attempt_of(post);
        // An item, or the only one, was refused as it is made now, whatever was made before; the whole of a carousel as
        // its items were made.
        let is_whole = post.content.kind == Kind::Carousel && record.children.len() == post.content.items.len();
        let record = if is_whole { record } else { record.with_sent_digest(None) };
        self.book.end(attempt::failed(record, failure, post)).await
    }

    /// A post that took a turn of those that wait, and could not even be begun: the ones behind it are next.
    pub(super) async fn put_back(&self, post: &Post) -> Result<(), Stop> {
        let took_turn = post.slot.is_some() || (post.due_at.is_some() && post.publish_at.is_none());
        let record = self.attempt_of(post);
        let is_begun = record.container.is_some() || !record.children.is_empty() || !record.intents.is_empty();
        if !took_turn || is_begun {
            return Ok(());
        }
        // One record is enough, however often it fails.
        let not_begun = State::NotPublished(Some(Reason::NotBegun));
        let known =
            self.book.attempts(&self.scope.user_id, &post.key).into_iter().find(|known| known.state == not_begun);
        let turn = Turn::of(post.slot, post.due_at);
        if let Some(known) = known {
            return self.book.write(Record { turn, ..known }).await.map(drop);
        }
        let record = Record { allow_duplicate: false, turn, ..record };
        self.book.end(attempt::not_published(record, Reason::NotBegun)).await
    }

    pub(super) async fn prepare(&self, post: Arc<Post>) -> Result<Ready, Stop> {
        self.scope.go_on()?;
        // No plan has it go out; should one ever, it stops here.
        if post.imported.is_some() {
            return Err(Stop::Post(Failure::new(
                "its manifest describes a live post",
                "remove `imported` to publish it",
            )));
        }
        let failure = match self.prepare_attempt(&post).await {
            Err(Stop::Post(failure)) if failure.spoilt => failure,
            prepared => return prepared.map(|(record, fresh)| Ready { post, record, fresh }),
        };
        // Nothing was announced with containers that are still being filled: to drop them loses nothing.
        let record = self.attempt_of(&post);
        if record.stage() == Stage::Containers && record.intents.is_empty() {
            self.book.write(attempt::not_published(record, Reason::UploadSpoilt)).await?;
            if failure.try_again {
                let prepared = self.prepare_attempt(&post).await;
                return prepared.map(|(record, fresh)| Ready { post, record, fresh });
            }
        }
        Err(Stop::Post(failure))
    }

    /// Makes or finds the containers of a post's open attempt, or of a new one, and fills them.
    async fn prepare_attempt(&self, post: &Post) -> Result<(Record, bool), Stop> {
        let mut record = self.attempt_of(post);
        if let Some(turned) = attempt::at_turn(&record, post) {
            record = self.book.write(turned).await?;
        }
        // Also one that is too old: it is looked at before it is given up, since a lost journal takes the
        // announcement of a publish along.
        if record.container.is_some() {
            self.finish_uploads(post, &record).await?;
            return Ok((record, false));
        }
        Ok((self.make_containers(post, record).await?, true))
    }

    fn attempt_of(&self, post: &Post) -> Record {
        self.book.attempt_of(&self.scope.user_id, post, self.terms.graph.as_deref(), &self.scope)
    }

    /// Which carousel item failed, from 1.
    pub(super) async fn failed_item(&self, record: &Record) -> Result<Option<usize>, Stop> {
        for (index, child) in record.children.iter().enumerate() {
            if self.scope.reach(self.engine.observe(&child.id)).await?.reading == Reading::Failed {
                return Ok(Some(index + 1));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Answer, Bench, post, record};
    use super::*;
    use igsync_model::manifest::Source;
    use igsync_testkit::MemDisk;

    fn preparer(bench: &Bench) -> Preparer {
        let media = MediaSource {
            uploads_video: true,
            host: None,
            root: "/site".into(),
            disk: Arc::new(MemDisk::new()),
            files: std::sync::Mutex::default(),
            converting: None,
        };
        let (scope, engine, book) = bench.parts();
        Preparer::new(scope, engine, book, media, None, Terms { max_publish: 5, parallelism: 2, graph: None })
    }

    #[tokio::test]
    async fn a_container_is_recorded_as_soon_as_it_is_made() {
        let bench = Bench::new(0, [], [Answer::Made("17889455560051444")]);
        let mut post = post("posts/a", Kind::Image, "x");
        post.content.items[0].source = Source::Url("https://cdn.example.com/1.jpg".into());
        let ready = preparer(&bench).prepare(Arc::new(post)).await.unwrap();
        assert!(ready.fresh);
        assert_eq!(bench.record().container.map(|made| made.id), Some("17889455560051444".into()));
        assert_eq!(bench.record().stage(), Stage::Containers);
    }

    #[tokio::test]
    async fn a_container_is_ready_once_it_reads_so() {
        let answers = [Answer::Read(Reading::Working), Answer::Read(Reading::Ready)];
        let (bench, record) = (Bench::new(0, [], answers), record(Kind::Image, "x", &[]));
        let ready = preparer(&bench).wait_until_ready(&post("posts/a", Kind::Image, "x"), &record).await;
        assert!(matches!(ready, Ok(Readiness::Ready)), "{ready:?}");
        assert_eq!(bench.engine.left(), 0);
    }
}
