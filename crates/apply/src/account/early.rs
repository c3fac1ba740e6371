//! What is done before the time of a post has come: its containers, and the end of those that are of no more use.

use std::sync::Arc;

use igsync_base::id::AttemptId;
use igsync_model::lockfile::{Record, Records, Stage};
use igsync_model::manifest::Post;
use igsync_model::plan::Work;

use super::super::attempt;
use super::super::failure::Failure;
use super::super::media::LocalFiles;
use super::super::outcome::{Outcome, Tally};
use super::super::stop::{Halt, Stop};
use super::AccountRun;
use super::FindPost;
use super::Queue;
use super::Task;

impl AccountRun {
    /// Makes the containers of posts whose time is still to come, as far as quota and cap allow. Content that Meta
    /// refuses has its outcome at once; what fails for another reason is tried again at its time.
    pub(in super::super) async fn prepare_early(&self, posts: Vec<Arc<Post>>) -> (Tally, Option<Halt>) {
        let task = |post: &Arc<Post>| Task { work: Work::Publish, post: Arc::clone(post) };
        let mut queue = Queue::of(posts.iter().map(task).collect());
        let halt = self.prepare_queue(&mut queue).await.err().map(Stop::into_halt);
        (queue.tally, halt)
    }

    async fn prepare_queue(&self, queue: &mut Queue) -> Result<(), Stop> {
        self.scope.may_begin(&*self.engine)?;
        let (allowed, _) = self.preparer.allowance(&queue.all()).await?;
        queue.waiting.truncate(allowed);
        let placed = self.preparer.place_all(queue.all()).await;
        self.keep_refusals(placed.failed, queue).await?;
        placed.stopped.map_or(Ok(()), Err)?;
        for answer in self.preparer.ask_hosts(&queue.all()).await? {
            let key = answer.key().clone();
            if self.preparer.judge(answer)?.is_some() {
                queue.take(&key);
            }
        }
        let prepared = self.preparer.prepare_all(queue.all()).await;
        self.keep_refusals(prepared.failed, queue).await?;
        prepared.stopped.map_or(Ok(()), Err)?;
        self.book.fold().await
    }

    async fn keep_refusals(&self, failed: Vec<(Arc<Post>, Failure)>, queue: &mut Queue) -> Result<(), Stop> {
        for (post, failure) in failed {
            if failure.content {
                self.preparer.remember_refusal(&post, &failure).await?;
                self.end(queue, &post.key, &Outcome::Failed(failure))?;
            }
            queue.take(&post.key);
        }
        Ok(())
    }

    /// Ends the open attempts of which it is certain that nothing was sent and that are not to go on: their posts were
    /// changed or withdrawn. Returns those that were announced and go on.
    pub(in super::super) async fn tidy_unsent(&self, post: &FindPost<'_>) -> Result<Vec<AttemptId>, Stop> {
        let is_unsent = |record: &Record| match record.stage() {
            Stage::Containers => true,
            Stage::Intent => attempt::count_sent(record) == 0 && self.book.is_own(record),
            _ => false,
        };
        let open: Vec<Record> = self.book.with(|records| records.open(&self.scope.user_id).cloned().collect());
        let open: Vec<Record> = open.into_iter().filter(is_unsent).collect();
        let mut going_on = Vec::new();
        for record in open {
            let wanted = post(&record.key);
            let (attempt, is_announced) = (record.attempt.clone(), record.stage() == Stage::Intent);
            self.settler.tidy(record, wanted.as_deref()).await?;
            let still_open =
                |records: &Records| records.open(&self.scope.user_id).any(|record| record.attempt == attempt);
            if is_announced && self.book.with(still_open) {
                going_on.push(attempt);
            }
        }
        Ok(going_on)
    }

    /// Takes over the media of a new plan.
    pub(in super::super) fn renew(&self, files: LocalFiles) {
        self.preparer.renew(files);
    }
}
