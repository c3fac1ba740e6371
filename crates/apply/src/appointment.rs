//! A publish that is waited for: announced shortly before its time, judged once more by what is written then, and sent
//! when its time has come.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use igsync_base::id::{AccountName, AttemptId, PostKey, UserId};
use igsync_model::lockfile::{Record, Records, Stage};
use igsync_model::manifest::Post;
use igsync_model::plan::{Plan, Premises, Work};

use super::announcement::before_its_time;
use super::attempt;
use super::book::Book;
use super::cause::Cause;
use super::context::Scope;
use super::engine::Engine;
use super::media::LocalFiles;
use super::stop::{Halt, Stop};
use super::waits_for::WaitsFor;

/// What a run that waits asks of the content root.
pub trait Lookout: Send + Sync {
    /// Reads manifests, media and configuration again.
    ///
    /// # Errors
    ///
    /// They no longer say what is to be published: why.
    fn read(&self) -> BoxFuture<'_, Result<Reread, Halt>>;
}

/// Everything that decides a plan but the records and the time, as it is written now.
pub struct Reread {
    pub premises: Premises,
    /// The media files of the posts as they are now.
    pub files: LocalFiles,
}

impl Reread {
    /// The plan of an account by the time `now`. What was begun here and no one else knows of keeps no one from a post, so
    /// it is as if it were not, as whenever a plan is made again; of its record only that the post may repeat another one
    /// counts. `announced` is as it was before its announcement.
    pub(super) fn plan(&self, now: Timestamp, book: &dyn Book, user: &UserId, announced: Option<&Record>) -> Plan {
        let open: Vec<Record> = book.with(|records| records.open(user).cloned().collect());
        let is_announced = |record: &Record| {
            // Unless someone has said more of it meanwhile.
            announced.is_some_and(|announced| {
                announced.attempt == record.attempt
                    && record.stage() == Stage::Intent
                    && announced.intents == record.intents
            })
        };
        let is_unsent = |record: &Record| match record.stage() {
            Stage::Containers => true,
            Stage::Intent => attempt::count_sent(record) == 0 || is_announced(record),
            _ => false,
        };
        let is_private = |record: &Record| book.is_own(record) && book.standing_of(record).is_none();
        let private: HashSet<AttemptId> =
            open.iter().filter(|record| is_unsent(record) && is_private(record)).map(|it| it.attempt.clone()).collect();
        let mut premises = Premises { now, ..self.premises.clone() };
        let allowed = open.iter().filter(|record| private.contains(&record.attempt) && record.allow_duplicate);
        premises.options.allow_duplicate.extend(allowed.map(|record| record.key.clone()));
        let seen: Records = book.with(|records| {
            let seen = records.iter().filter(|record| !private.contains(&record.attempt)).cloned();
            seen.map(|record| if is_announced(&record) { attempt::unannounced(record) } else { record }).collect()
        });
        premises.plan(&seen)
    }
}

/// When the posts of one account go out that a run waits for, and what says right before it whether they still do.
pub(super) struct Appointment<'a> {
    lookout: &'a dyn Lookout,
    /// By the service's time.
    times: HashMap<PostKey, Timestamp>,
}

/// What the last look said of a post that is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    GoesOut,
    /// It is no longer to be published as it was announced; nothing was sent.
    HasChanged,
}

impl<'a> Appointment<'a> {
    /// The posts of `account` that `plan` publishes.
    pub(super) fn of(plan: &Plan, account: &AccountName, lookout: &'a dyn Lookout) -> Self {
        let mine = plan.changes.iter().filter(|change| change.account == *account && change.work().is_some());
        // Without a time of its own a post goes out when the plan says: a gap ends then.
        let times = mine.map(|change| (change.key.clone(), change.due_at.unwrap_or(plan.now))).collect();
        Self { lookout, times }
    }

    /// Waits until it is time to announce a post.
    pub(super) async fn wait_to_announce(&self, scope: &Scope, engine: &dyn Engine, key: &PostKey) -> Result<(), Stop> {
        let (announced, _) = before_its_time(&scope.waits);
        self.wait(scope, engine, key, announced).await
    }

    /// Waits for the time of a post that is announced as `record`, and asks once more whether it goes out.
    pub(super) async fn keep(
        &self,
        scope: &Scope,
        engine: &dyn Engine,
        book: &dyn Book,
        post: &Post,
        record: &Record,
    ) -> Result<Verdict, Stop> {
        let Some(at) = self.times.get(&post.key).copied() else { return Ok(Verdict::GoesOut) };
        let (_, last_read) = before_its_time(&scope.waits);
        self.wait(scope, engine, &post.key, last_read).await?;
        let mut written = match self.read(scope, book).await {
            // What cannot be read keeps the post back; it is looked at again.
            Err(Stop::Account(halt)) if halt.cause == Cause::Incomplete => return Ok(Verdict::HasChanged),
            read => read?,
        };
        // Only of this attempt is it known here that nothing was sent.
        written.premises.options.settled.clear();
        // A plan leaves an announced post to whoever has announced it, which is this run.
        let plan = written.plan(at, book, &scope.user_id, Some(record));
        // The container holds what its record says.
        if record.digest != post.digest || !goes_out(&plan, &scope.name, post) {
            return Ok(Verdict::HasChanged);
        }
        self.wait(scope, engine, &post.key, Duration::ZERO).await?;
        Ok(Verdict::GoesOut)
    }

    /// Everything that decides, as it is now.
    async fn read(&self, scope: &Scope, book: &dyn Book) -> Result<Reread, Stop> {
        if book.read_again(&scope.user_id).await? {
            return Err(Stop::Account(Halt::moved_on()));
        }
        scope.ask(self.lookout.read()).await?.map_err(Stop::Account)
    }

    /// Waits until so long before the time of a post; for one without a time it is always late enough.
    async fn wait(&self, scope: &Scope, engine: &dyn Engine, key: &PostKey, before: Duration) -> Result<(), Stop> {
        let Some(at) = self.times.get(key) else { return Ok(()) };
        let now = engine.now();
        let left = Duration::try_from(at.duration_since(now)).unwrap_or_default().saturating_sub(before);
        scope.wait(key, WaitsFor::ItsTime, left, now).await
    }
}

/// Whether `plan` publishes a post as it was announced: what was sent to Instagram, and what follows the publish.
fn goes_out(plan: &Plan, account: &AccountName, post: &Post) -> bool {
    if plan.refusals().next().is_some() || plan.barred().contains_key(account) || !plan.complete {
        return false;
    }
    let mut its = plan.changes.iter().filter(|change| change.account == *account && change.key == post.key);
    let Some(written) = its.find(|change| change.work() == Some(Work::Publish)).and_then(|change| change.post.as_ref())
    else {
        return false;
    };
    written.digest == post.digest
        && written.first_comment == post.first_comment
        && written.comment_enabled == post.comment_enabled
        && written.publish_until == post.publish_until
}
