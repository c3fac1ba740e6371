//! A plan made again, over a record that other machines have changed since the first one was made.

use std::collections::{HashMap, HashSet};

use igsync_base::id::{PostKey, UserId};
use igsync_model::lockfile::{Record, Records, Stage};
use igsync_model::plan::{Change, Plan, Premises, Work};

/// A post of an account.
type PostId = (UserId, PostKey);

/// What a run set out to publish, and everything but the records that decided it.
pub(super) struct Replan {
    planned: HashSet<PostId>,
    premises: Premises,
}

impl Replan {
    pub(super) fn new(plan: &Plan, premises: Premises) -> Self {
        Self { planned: published(plan).collect(), premises }
    }

    /// The posts that a plan over these records no longer publishes, each with its reason. `records` are those that
    /// other machines see. A post that is announced there is announced: whoever plans later sees it.
    pub(super) fn withdrawn(&self, records: &Records) -> HashMap<PostId, String> {
        let is_announced = |post: &PostId| records.attempts(&post.0, &post.1).iter().any(is_announced);
        let open: Vec<&PostId> = self.planned.iter().filter(|post| !is_announced(post)).collect();
        // A container alone keeps no one else from the post: with it a repeated or renamed post would seem to be
        // under way.
        let is_begun = |record: &&Record| record.stage() == Stage::Containers && self.planned.contains(&id(record));
        let seen: Records = records.iter().filter(|record| !is_begun(record)).cloned().collect();
        let plan = self.premises.plan(&seen);
        let publishes: HashSet<PostId> = published(&plan).collect();
        let withdrawn = open.into_iter().filter(|post| !publishes.contains(*post));
        withdrawn.map(|post| (post.clone(), reason(&plan, post))).collect()
    }
}

fn published(plan: &Plan) -> impl Iterator<Item = PostId> {
    let publishing = plan.changes.iter().filter(|change| change.work() == Some(Work::Publish));
    publishing.filter_map(|change| Some((change.user_id.clone()?, change.key.clone())))
}

fn id(record: &Record) -> PostId {
    (record.user_id.clone(), record.key.clone())
}

fn is_announced(record: &Record) -> bool {
    record.stage() == Stage::Intent
}

fn reason(plan: &Plan, (user, key): &PostId) -> String {
    let is_its = |change: &&Change| change.user_id.as_ref() == Some(user) && change.key == *key;
    let why = plan.changes.iter().find(is_its).map_or("it is no longer to be published", |change| &change.reason);
    format!("another run has changed the record meanwhile: {why}")
}
