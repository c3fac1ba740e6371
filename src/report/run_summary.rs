//! The stable last line of a run that acted.

use std::collections::HashSet;

use super::text::thousands;
use igsync_apply::Tally;
use igsync_base::id::{AccountName, PostKey};
use igsync_model::plan::{Action, Change, Mark, Plan};

/// `Applied: 3 published, 1 moved, 2 scheduled; 9,993 unchanged. Left alone: 1 edited.` Every count that is not
/// zero, in the order of the plan's line: first what the run did and what it leaves to later ones, then what waits
/// for a person. Each post is counted once: one that is moved and published is published, one that is moved and
/// edited is moved.
#[must_use]
pub fn render(tally: &Tally, plan: &Plan) -> String {
    let moves = Moves::of(plan);
    let marked = |mark: Mark| plan.changes.iter().filter(|change| change.mark() == mark && !moves.has(change)).count();
    // What was waited for has its outcome.
    let has_ended = |change: &&Change| {
        change.mark() == Mark::Scheduled
            && !moves.has(change)
            && tally.ended.contains(&(change.account.clone(), change.key.clone()))
    };
    let waited_for = plan.changes.iter().filter(has_ended).count();
    let done = listed(&[
        (tally.published, "published"),
        (tally.adopted, "adopted"),
        (tally.deleted, "deleted"),
        (tally.moved.saturating_sub(moves.at_work), "moved"),
        (marked(Mark::Scheduled).saturating_sub(waited_for), "scheduled"),
        (tally.unknown, "unknown"),
        (tally.unsettled, "perhaps live"),
        (tally.failed, "failed"),
        (tally.deferred, "deferred"),
        (tally.not_attempted, "not attempted"),
    ]);
    let left = listed(&[
        (marked(Mark::Edited), "edited"),
        (marked(Mark::Duplicate), "duplicate"),
        // What this run was to delete has an outcome.
        (plan.changes.iter().filter(|change| change.mark() == Mark::Delete && !change.acts()).count(), "not deleted"),
        (marked(Mark::Deleted), "deleted"),
        (marked(Mark::Orphan), "orphaned"),
        (marked(Mark::Late), "late"),
        (marked(Mark::Expired), "expired"),
        // Those that this run could not settle are among them.
        (marked(Mark::Unknown).saturating_sub(tally.unknown), "unknown"),
        (marked(Mark::Failed), "failed"),
    ]);
    let unchanged = match plan.summary.unchanged {
        0 => String::new(),
        count => format!("; {} unchanged", thousands(count)),
    };
    let left = left.map_or_else(String::new, |left| format!(" Left alone: {left}."));
    match done {
        Some(done) => format!("Applied: {done}{unchanged}.{left}\n"),
        None if left.is_empty() => "Applied: nothing left to do.\n".to_owned(),
        None => format!("Applied: nothing{unchanged}.{left}\n"),
    }
}

/// `3 published, 1 moved`; `None`: all are zero.
fn listed(counts: &[(usize, &str)]) -> Option<String> {
    let parts = counts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, word)| format!("{} {word}", thousands(*count))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The posts that have another key than before.
struct Moves<'p> {
    posts: HashSet<(&'p AccountName, &'p PostKey)>,
    /// How many of them have an outcome of their own, too.
    at_work: usize,
}

impl<'p> Moves<'p> {
    fn of(plan: &'p Plan) -> Self {
        let moves = plan.changes.iter().filter(|change| matches!(change.action, Action::Move { .. }));
        let posts: HashSet<_> = moves.map(|change| (&change.account, &change.key)).collect();
        let is_at_work = |change: &&Change| change.work().is_some() && posts.contains(&(&change.account, &change.key));
        let at_work = plan.changes.iter().filter(is_at_work).count();
        Self { posts, at_work }
    }

    fn has(&self, change: &Change) -> bool {
        self.posts.contains(&(&change.account, &change.key))
    }
}
