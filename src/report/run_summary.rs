//! The stable last line of a run that acted.

use super::text::thousands;
use igsync_apply::Tally;
use igsync_model::plan::Plan;

/// `Applied: 3 published, 1 moved, 2 scheduled; 9,993 unchanged.` Every count that is not zero, in
/// the order of the plan's line.
#[must_use]
pub fn render(tally: &Tally, plan: &Plan) -> String {
    let counts = [
        (tally.published, "published"),
        (tally.adopted, "adopted"),
        (tally.moved, "moved"),
        (plan.summary.scheduled, "scheduled"),
        (plan.summary.edited, "edited"),
        (plan.summary.duplicate, "duplicate"),
        (plan.summary.deleted, "deleted"),
        (plan.summary.orphan, "orphaned"),
        (plan.summary.late, "late"),
        (plan.summary.expired, "expired"),
        (tally.unknown.max(plan.summary.unknown), "unknown"),
        (tally.unsettled, "perhaps live"),
        (tally.failed + plan.summary.failed, "failed"),
        (tally.deferred, "deferred"),
        (tally.not_attempted, "not attempted"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", thousands(*count)))
        .collect();
    let unchanged = match plan.summary.unchanged {
        0 => String::new(),
        count => format!("; {} unchanged", thousands(count)),
    };
    match parts.as_slice() {
        [] => "Applied: nothing left to do.\n".to_owned(),
        parts => format!("Applied: {}{unchanged}.\n", parts.join(", ")),
    }
}
