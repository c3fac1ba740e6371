//! Whether a live post is still ordered to be deleted, by everything that is written at the moment of asking. Minutes can
//! pass between a plan and its deletions: a question, a lease, the publishes before.

use jiff::Timestamp;

use igsync_base::id::{AccountName, PostKey};
use igsync_model::lockfile::Record;
use igsync_model::plan::{Plan, Work};

use super::appointment::Lookout;
use super::book::Book;
use super::cause::Cause;
use super::context::Scope;
use super::stop::{Halt, Stop};

/// What a run that deletes asks of the content root.
pub(super) struct Orders<'a> {
    pub(super) lookout: &'a dyn Lookout,
    /// By what time the plan was made; `None`: by the service's, now.
    pub(super) planned: Option<Timestamp>,
}

impl Orders<'_> {
    /// Reads manifests and configuration again, and plans over the records as they are: all three keys, the cap, the
    /// pause and every obstacle. An announcement in `record` is this run's own, or was settled by it.
    pub(super) async fn still_ordered(
        &self,
        scope: &Scope,
        book: &dyn Book,
        record: &Record,
        now: Timestamp,
    ) -> Result<bool, Stop> {
        let mut premises = scope.ask(self.lookout.read()).await?.map_err(Stop::Account)?.premises;
        premises.now = self.planned.unwrap_or(now);
        premises.options.settled.insert(record.attempt.clone());
        let plan = book.with(|records| premises.plan(records));
        if !plan.complete {
            return Err(Stop::Account(Halt {
                cause: Cause::Incomplete,
                reason: "a manifest cannot be read any more, so nothing is deleted".to_owned(),
                help: "fix what `igsync validate` reports, then run apply again".to_owned(),
            }));
        }
        Ok(orders(&plan, &scope.name, &record.key))
    }
}

fn orders(plan: &Plan, account: &AccountName, key: &PostKey) -> bool {
    let mut its = plan.changes.iter().filter(|change| change.account == *account && change.key == *key);
    plan.refusals().next().is_none()
        && !plan.barred().contains_key(account)
        && its.any(|change| change.work() == Some(Work::Delete))
}
