//! Times and sentences that pages share.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::plan_human::account_label;
use super::super::text::{plural, thousands};
use super::escape::{code, rich};
use igsync_base::id::AccountName;
use igsync_model::plan::{Barrier, Change, Mark, Plan};

/// `Tue 1 Dec 18:00 Europe/Berlin`, in the account's zone; with the year when it is another one.
pub(super) fn moment(plan: &Plan, account: &AccountName, time: Timestamp) -> String {
    let zone = plan.account(account).and_then(|account| account.timezone.clone()).unwrap_or(TimeZone::UTC);
    let (then, now) = (time.to_zoned_datetime(zone.clone()), plan.now.to_zoned_datetime(zone));
    let format = if then.year() == now.year() { "%a %-d %b %H:%M %Q" } else { "%a %-d %b %Y %H:%M %Q" };
    then.strftime(format).to_string()
}

/// When a post goes out, or what became of it, as a sentence without a stop.
pub(super) fn when(plan: &Plan, change: &Change) -> String {
    let at = change.due_at.map(|at| moment(plan, &change.account, at));
    let goes = if is_stopped(plan, &change.account) { "Would go" } else { "Goes" };
    match (change.mark(), at) {
        (Mark::Publish, Some(at)) => format!("{goes} out now, was due {at}"),
        (Mark::Publish, None) => format!("{goes} out now"),
        (Mark::Scheduled, Some(at)) if change.is_at_own_time() => format!("Goes out {at}"),
        (Mark::Scheduled, Some(at)) => format!("Goes out {at} ({})", rich(&change.reason)),
        (Mark::Late, Some(at)) => format!("Was due {at}"),
        (Mark::Resume, _) if change.publishes() => {
            format!("{goes} on where an earlier run stopped ({})", rich(&change.reason))
        }
        _ => rich(&capital(&change.reason)),
    }
}

/// Whether igsync would refuse to publish to the account.
pub(super) fn is_stopped(plan: &Plan, account: &AccountName) -> bool {
    !plan.complete || plan.refusals().next().is_some() || plan.barred().contains_key(account)
}

/// Sentences begin in lower case where they follow a colon.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Why nothing goes out to any account.
fn why(barred: &BTreeMap<AccountName, Barrier>) -> &'static str {
    let all = |barrier| barred.values().all(|other| *other == barrier);
    match () {
        () if all(Barrier::Errors) => "of errors",
        () if all(Barrier::Paused) => "publishing is paused",
        () => "igsync refuses it",
    }
}

/// The one sentence that says what merging does.
pub(super) fn headline(plan: &Plan) -> String {
    let barred = plan.barred();
    let stopped = !plan.complete || plan.refusals().next().is_some();
    let mut now: BTreeMap<&AccountName, usize> = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| change.acts() && change.publishes()) {
        *now.entry(&change.account).or_default() += 1;
    }
    let wanted = posts_to(plan, &now);
    let mut waits = 0;
    now.retain(|account, count| {
        let deferred = plan.forecast.iter().find(|at| at.at == plan.now && at.account == **account);
        let deferred = deferred.map_or(0, |at| at.deferred.min(*count));
        *count -= deferred;
        waits += deferred;
        !barred.contains_key(*account)
    });
    let mut parts = vec![match (stopped, wanted) {
        (true, Some(wanted)) => format!("Merging publishes nothing, because igsync refuses it: it would be {wanted}"),
        (true, None) => "Merging publishes nothing, and igsync refuses to continue".to_owned(),
        (false, None) => "Merging publishes nothing now".to_owned(),
        (false, Some(wanted)) => match posts_to(plan, &now) {
            Some(posts) => format!("Merging publishes {posts} now"),
            None => format!("Merging publishes nothing, because {}: it would be {wanted}", why(&barred)),
        },
    }];
    if !stopped && waits > 0 {
        parts.push(format!("{} with later runs", thousands(waits)));
    }
    // What has no turn in its queue is none of them.
    let scheduled = plan.changes.iter().filter(|change| change.mark() == Mark::Scheduled);
    let dues: Vec<_> = scheduled.filter_map(|change| Some((change.due_at?, &change.account))).collect();
    if let Some((at, account)) = dues.iter().min() {
        parts.push(format!("{} scheduled, next {}", thousands(dues.len()), moment(plan, account, *at)));
    }
    let ordered = plan.changes.iter().filter(|change| change.mark() == Mark::Delete && change.in_diff != Some(false));
    let ordered = ordered.count();
    if ordered > 0 {
        let (is, word) =
            if plan.summary.deleting > 0 && !stopped { ("deletes", "") } else { ("orders", " to be deleted") };
        let first = parts[0].replacen('M', "m", 1);
        parts[0] = format!("This {is} {}{word} on Instagram; {first}", plural(ordered, "live post"));
    }
    let edited = plan.branch_edits.as_ref().map_or(0, Vec::len);
    if edited > 0 {
        let first = parts[0].replacen('M', "m", 1).replacen("This", "this", 1);
        parts[0] = format!("This branch changes the record of {}; {first}", plural(edited, "post"));
    }
    let summary = &plan.summary;
    let asks = summary.unknown + summary.failed + summary.late;
    if asks > 0 {
        parts.push(format!("{} {} a decision", thousands(asks), if asks == 1 { "needs" } else { "need" }));
    }
    parts.join("; ")
}

/// ``2 posts to `@acme` and 1 post to `@harbour` ``
fn posts_to(plan: &Plan, counts: &BTreeMap<&AccountName, usize>) -> Option<String> {
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(account, count)| format!("{} to {}", plural(*count, "post"), code(&account_label(plan, account))))
        .collect();
    match parts.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}
