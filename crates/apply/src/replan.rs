//! A plan made again, over a record that other machines have changed since the first one was made.

use std::collections::{HashMap, HashSet};

use igsync_base::id::{PostKey, UserId};
use igsync_model::lockfile::{Record, Records, Stage};
use igsync_model::plan::{Action, Change, Plan, Premises, Work};

use super::outcome::Outcome;

/// A post of an account.
type PostId = (UserId, PostKey);

/// What a run set out to publish, and everything but the records that decided it.
pub(super) struct Replan {
    planned: HashSet<PostId>,
    /// What it set out to delete.
    deleting: HashSet<PostId>,
    premises: Premises,
}

impl Replan {
    pub(super) fn new(plan: &Plan, premises: Premises) -> Self {
        let (planned, deleting) = (worked(plan, Work::Publish).collect(), worked(plan, Work::Delete).collect());
        Self { planned, deleting, premises }
    }

    /// The posts that a plan over `known` no longer publishes, or no longer deletes. One that other machines see
    /// announced, by what is `standing` on the remote, goes on: whoever plans later leaves it alone. What else was begun
    /// here keeps no one from a post, so it is as if it were not; of its record only that the post may repeat another one
    /// counts.
    pub(super) fn withdrawn(&self, known: &Records, standing: &Records) -> HashMap<PostId, Withdrawn> {
        let is_private = |record: &Record| {
            matches!(record.stage(), Stage::Containers | Stage::Intent) && standing.same_attempt(record).is_none()
        };
        let (begun, seen): (Vec<&Record>, Vec<&Record>) = known.iter().partition(|record| is_private(record));
        let mut premises = self.premises.clone();
        let allowed = begun.into_iter().filter(|record| record.allow_duplicate);
        premises.options.allow_duplicate.extend(allowed.map(|record| record.key.clone()));
        let records: Records = seen.into_iter().cloned().collect();
        let is_announced =
            |(user, key): &PostId| standing.attempts(user, key).iter().any(|record| record.stage() == Stage::Intent);
        let plan = premises.plan(&records);
        let publishes: HashSet<PostId> = worked(&plan, Work::Publish).collect();
        let mut deletes: HashSet<PostId> = worked(&plan, Work::Delete).collect();
        // What is announced is to be settled by others; whose announcement it is the claim tells.
        let is_being_deleted = |(user, key): &PostId| standing.attempts(user, key).iter().any(Record::is_being_deleted);
        deletes.extend(worked(&plan, Work::Settle).filter(is_being_deleted));
        let withdrawn = self.planned.iter().filter(|post| !is_announced(post) && !publishes.contains(*post));
        let kept = self.deleting.iter().filter(|post| !deletes.contains(*post));
        withdrawn.chain(kept).map(|post| (post.clone(), Withdrawn::of(&plan, post))).collect()
    }
}

/// Why a post is no longer published by this run.
#[derive(Clone, Debug)]
pub(super) struct Withdrawn {
    reason: String,
    /// Another run has published this very post.
    is_live: bool,
}

impl Withdrawn {
    fn of(plan: &Plan, (user, key): &PostId) -> Self {
        let is_its = |change: &&Change| change.user_id.as_ref() == Some(user) && change.key == *key;
        let change = plan.changes.iter().find(is_its);
        let why = change.map_or("nothing is to be done about it any more", |change| &change.reason);
        let is_live = change.is_some_and(|change| {
            matches!(change.action, Action::Move { .. }) && change.recorded == Some(Stage::Published)
        });
        Self { reason: format!("another run has changed the record meanwhile: {why}"), is_live }
    }

    /// How the post ends in this run.
    pub(super) fn outcome(self) -> Outcome {
        let Self { reason, is_live } = self;
        if is_live { Outcome::Elsewhere { reason } } else { Outcome::Pending { reason } }
    }
}

fn worked(plan: &Plan, work: Work) -> impl Iterator<Item = PostId> {
    let worked = plan.changes.iter().filter(move |change| change.work() == Some(work));
    worked.filter_map(|change| Some((change.user_id.clone()?, change.key.clone())))
}
