//! What is done before the time of a post has come: its containers, and the end of those that are of no more use.

use std::collections::HashMap;
use std::sync::Arc;

use igsync_base::id::{AttemptId, PostKey};
use igsync_model::lockfile::{PublishIntent, Reason, Record, Records, Stage};
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

/// The announcements of attempts that this run has proven to have had no effect, as they were then.
pub(in super::super) type SettledIntents = HashMap<AttemptId, Vec<PublishIntent>>;

/// What became of open attempts.
#[derive(Debug, Default)]
pub(in super::super) struct Tidied {
    /// Announced, to no effect, and still wanted.
    pub(in super::super) going_on: Vec<AttemptId>,
    /// Live after all.
    pub(in super::super) live: Vec<Record>,
}

impl AccountRun {
    /// Makes the containers of posts whose time is still to come, as far as quota and cap allow. Content that Meta
    /// refuses has its outcome at once, and is returned; what fails for another reason is tried again.
    pub(in super::super) async fn prepare_early(&self, posts: Vec<Arc<Post>>) -> (Tally, Option<Halt>, Vec<PostKey>) {
        let task = |post: &Arc<Post>| Task { work: Work::Publish, post: Arc::clone(post) };
        let mut queue = Queue::of(posts.iter().map(task).collect());
        let mut refused = Vec::new();
        let halt = self.prepare_queue(&mut queue, &mut refused).await.err().map(Stop::into_halt);
        (queue.tally, halt, refused)
    }

    /// Whether the open attempt of a post has all of its containers.
    pub(in super::super) fn has_container(&self, key: &PostKey) -> bool {
        let attempts = self.book.attempts(&self.scope.user_id, key);
        attempt::open_of(&attempts).is_some_and(|record| record.container.is_some())
    }

    async fn prepare_queue(&self, queue: &mut Queue, refused: &mut Vec<PostKey>) -> Result<(), Stop> {
        self.scope.may_begin(&*self.engine)?;
        let (allowed, _) = self.preparer.allowance(&queue.all()).await?;
        queue.waiting.truncate(allowed);
        let placed = self.preparer.place_all(queue.all()).await;
        self.keep_refusals(placed.failed, queue, refused).await?;
        placed.stopped.map_or(Ok(()), Err)?;
        for answer in self.preparer.ask_hosts(&queue.all()).await? {
            let key = answer.key().clone();
            if self.preparer.judge(answer)?.is_some() {
                queue.take(&key);
            }
        }
        let prepared = self.preparer.prepare_all(queue.all()).await;
        self.keep_refusals(prepared.failed, queue, refused).await?;
        prepared.stopped.map_or(Ok(()), Err)?;
        self.book.fold().await
    }

    async fn keep_refusals(
        &self,
        failed: Vec<(Arc<Post>, Failure)>,
        queue: &mut Queue,
        refused: &mut Vec<PostKey>,
    ) -> Result<(), Stop> {
        for (post, failure) in failed {
            if failure.content {
                self.preparer.remember_refusal(&post, &failure).await?;
                refused.push(post.key.clone());
                self.end(queue, &post.key, &Outcome::Failed(failure))?;
            }
            queue.take(&post.key);
        }
        Ok(())
    }

    /// Ends the open attempts of which it is certain that nothing of them is live and that are not to go on: their posts
    /// were changed or withdrawn. `settled` has what this run has proven to have had no effect; an announcement that came
    /// later is no part of it.
    pub(in super::super) async fn tidy_unsent(
        &self,
        settled: &SettledIntents,
        post: &FindPost<'_>,
    ) -> Result<Tidied, Stop> {
        let is_certain = |record: &Record| match record.stage() {
            Stage::Containers => true,
            Stage::Intent => attempt::count_sent(record) == 0 || settled.get(&record.attempt) == Some(&record.intents),
            _ => false,
        };
        let open: Vec<Record> = self.book.with(|records| records.open(&self.scope.user_id).cloned().collect());
        let open: Vec<Record> = open.into_iter().filter(is_certain).collect();
        let mut tidied = Tidied::default();
        for record in open {
            let wanted = post(&record.key);
            let (attempt, is_announced) = (record.attempt.clone(), record.stage() == Stage::Intent);
            tidied.live.extend(self.settler.tidy(record, wanted.as_deref()).await?);
            let still_open =
                |records: &Records| records.open(&self.scope.user_id).any(|record| record.attempt == attempt);
            if is_announced && self.book.with(still_open) {
                tidied.going_on.push(attempt);
            }
        }
        Ok(tidied)
    }

    /// Ends what was begun of a post early and no one else knows of: to the next run it would be a post that goes on.
    pub(in super::super) async fn give_up_early(&self, key: &PostKey) -> Result<(), Stop> {
        let is_begun = |record: &Record| {
            matches!(record.stage(), Stage::Containers | Stage::Intent) && attempt::count_sent(record) == 0
        };
        for record in self.book.attempts(&self.scope.user_id, key) {
            if is_begun(&record) && self.book.is_own(&record) && self.book.standing_of(&record).is_none() {
                self.book.write(attempt::not_published(record, Reason::Superseded)).await?;
            }
        }
        Ok(())
    }

    /// Takes over the media of a new plan.
    pub(in super::super) fn renew(&self, files: LocalFiles) {
        self.preparer.renew(files);
    }
}
