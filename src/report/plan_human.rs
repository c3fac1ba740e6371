//! A plan as text for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use owo_colors::Style as Paint;

use super::marks::{presentation, used};
use super::plan_rows::rows;
use super::text::{one_line, pad, plural, rounded_bytes, thousands, wrap};
use super::{Program, Style};
use igsync_base::id::AccountName;
use igsync_model::plan::{Change, Forecast, Mark, Mismatch, Plan, Summary};

/// The whole plan, its stable last line included.
///
/// `program` is how igsync was started.
#[must_use]
pub fn render(plan: &Plan, style: Style, program: &Program) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let listed: Vec<&Change> = plan.changes.iter().filter(|change| change.is_listed()).collect();
    blocks.extend(branch_edits(plan, style, program));
    blocks.extend(headline(plan));
    blocks.extend(waits(plan).map(|line| wrap(&line, style.width).join("\n")));
    blocks.extend(rows(plan, &listed, style, program));
    blocks.extend(legend(&listed, style, program));
    blocks.extend(forecast(plan, style));
    blocks.extend(notes(plan, style, program));
    blocks.extend(drafts(plan).map(|line| wrap(&line, style.width).join("\n")));
    blocks.extend(mismatches(plan, style));
    blocks.extend(refusals(plan, style, program));
    blocks.extend(cost(plan, style));
    blocks.push(style.paint(&summary_line(&plan.summary), Paint::new().bold()));
    blocks.join("\n\n") + "\n"
}

/// The last line of every plan, word for word the same whatever the terminal.
#[must_use]
pub fn summary_line(summary: &Summary) -> String {
    let counts: Vec<String> = Mark::ALL
        .into_iter()
        .map(|mark| (summary.of(mark), presentation(mark).counted))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", thousands(count)))
        .collect();
    if counts.is_empty() {
        return "No changes.".to_owned();
    }
    let start = if summary.has_changes() { "Plan" } else { "No changes" };
    let rest = match summary.unchanged {
        0 => String::new(),
        count => format!("; {} unchanged", thousands(count)),
    };
    format!("{start}: {}{rest}.", counts.join(", "))
}

/// `Tue 1 Dec 2026 18:00 Europe/Berlin`, in the account's zone.
#[must_use]
pub fn local_time(plan: &Plan, account: &AccountName, time: Timestamp) -> String {
    in_zone(plan, account, time, "%a %-d %b %Y %H:%M %Q")
}

/// `1 Dec 18:00`, in the account's zone.
pub(super) fn short_time(plan: &Plan, account: &AccountName, time: Timestamp) -> String {
    in_zone(plan, account, time, "%-d %b %H:%M")
}

fn in_zone(plan: &Plan, account: &AccountName, time: Timestamp, format: &str) -> String {
    let zone = plan.account(account).and_then(|account| account.timezone.clone()).unwrap_or(TimeZone::UTC);
    time.to_zoned_datetime(zone).strftime(format).to_string()
}

/// `@acme`, or the account's label while its username is not known.
pub(super) fn account_label(plan: &Plan, name: &AccountName) -> String {
    one_line(&plan.account(name).map_or_else(|| name.to_string(), igsync_model::plan::AccountView::label))
}

/// So many of a branch's changes to the record are shown one by one.
pub(super) const EDITS: usize = 20;

fn branch_edits(plan: &Plan, style: Style, program: &Program) -> Option<String> {
    let edits = plan.branch_edits.as_deref().unwrap_or_default();
    let help = &edits.first()?.help;
    let title = "This branch changes what igsync has recorded:";
    let mut lines = vec![style.paint(title, Paint::new().red().bold())];
    let shown = edits.iter().take(EDITS);
    lines.extend(shown.map(|edit| point("  - ", &one_line(&edit.message), None, style, program)));
    lines.extend(more_edits(edits.len()).map(|more| format!("  - {more}")));
    let help = wrap(&program.commands(&one_line(help)), style.width.saturating_sub(2)).into_iter();
    lines.extend(help.map(|line| format!("  {}", style.paint(&line, Paint::new().cyan()))));
    Some(lines.join("\n"))
}

/// What is left out of a long list of changes to the record.
pub(super) fn more_edits(edits: usize) -> Option<String> {
    (edits > EDITS).then(|| format!("and the record of {} more", plural(edits - EDITS, "post")))
}

fn headline(plan: &Plan) -> Option<String> {
    let mut by_account: BTreeMap<&AccountName, BTreeMap<Mark, usize>> = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| change.acts()) {
        *by_account.entry(&change.account).or_default().entry(change.mark()).or_default() += 1;
    }
    let publishes_only = |counts: &BTreeMap<Mark, usize>| counts.keys().all(|mark| *mark == Mark::Publish);
    let clause = |(account, counts): (&AccountName, BTreeMap<Mark, usize>)| {
        let parts: Vec<String> = counts
            .iter()
            .filter_map(|(mark, count)| Some(format!("{} {}", presentation(*mark).verb?, plural(*count, "post"))))
            .collect();
        let to = if publishes_only(&counts) { "to" } else { "on" };
        format!("{} {to} {}", listing(&parts), account_label(plan, account))
    };
    let only_publishes = by_account.values().all(publishes_only);
    let mut clauses: Vec<String> = by_account.into_iter().map(clause).collect();
    if only_publishes {
        for clause in clauses.iter_mut().skip(1) {
            *clause = clause.replacen("publish ", "", 1);
        }
    }
    let will = if plan.applyable() { "will" } else { "would" };
    (!clauses.is_empty()).then(|| format!("igsync {will} {}", listing(&clauses)))
}

/// What `--wait` adds.
fn waits(plan: &Plan) -> Option<String> {
    let until = plan.until?;
    let mut times: Vec<String> = Vec::new();
    for change in plan.awaited() {
        let at = change.due_at.map(|at| short_time(plan, &change.account, at)).unwrap_or_default();
        times.push(format!("{} at {at}", one_line(change.key.as_str())));
    }
    if times.is_empty() {
        let account = plan.accounts.first()?;
        return Some(format!(
            "Nothing falls due until {}, so apply does not wait.",
            local_time(plan, &account.name, until)
        ));
    }
    let more = times.len().saturating_sub(AWAITED);
    times.truncate(AWAITED);
    times.extend((more > 0).then(|| format!("{more} more")));
    Some(format!("Apply waits, and publishes at their times: {}.", listing(&times)))
}

/// So many posts that are waited for are named.
const AWAITED: usize = 10;

/// `a, b and c`
fn listing(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn legend(listed: &[&Change], style: Style, program: &Program) -> Option<String> {
    let lines: Vec<String> = used(listed)
        .into_iter()
        .flat_map(|mark| {
            let meaning = program.commands(presentation(mark).meaning);
            let mut meaning = wrap(&meaning, style.width.saturating_sub(15)).into_iter();
            let first = meaning.next().unwrap_or_default();
            let head = format!("  {} {} {first}", mark.sign(), pad(mark.name(), 10));
            std::iter::once(head).chain(meaning.map(|line| format!("{}{line}", " ".repeat(15)))).collect::<Vec<_>>()
        })
        .map(|line| style.paint(&line, Paint::new().dimmed()))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The smallest publishing quota that Meta documents, in posts per 24 hours; the true one is asked for
/// before publishing.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit>
pub(super) const SMALLEST_QUOTA: usize = 50;

fn forecast(plan: &Plan, style: Style) -> Option<String> {
    let lines: Vec<String> = plan
        .forecast
        .iter()
        // A refused run defers nothing.
        .filter(|at| at.at != plan.now || plan.guards.is_empty())
        .flat_map(|at| [over_the_cap(plan, at), over_the_quota(plan, at)])
        .flatten()
        .map(|line| wrap(&line, style.width).join("\n"))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

pub(super) fn over_the_cap(plan: &Plan, at: &Forecast) -> Option<String> {
    let due = if at.posts == 1 { "1 post is".to_owned() } else { format!("{} are", plural(at.posts, "post")) };
    let waiting = if at.deferred == 1 { "1 waits".to_owned() } else { format!("{} wait", thousands(at.deferred)) };
    (at.deferred > 0).then(|| {
        let (when, account) = (when(plan, at), account_label(plan, &at.account));
        format!("{when}: {due} due on {account}, one run publishes at most {}, {waiting} for a later one", at.cap)
    })
}

pub(super) fn over_the_quota(plan: &Plan, at: &Forecast) -> Option<String> {
    (at.in_24h > SMALLEST_QUOTA).then(|| {
        format!(
            "{}: {} within 24 hours on {}, Meta may allow only {SMALLEST_QUOTA}; the rest goes out later",
            when(plan, at),
            plural(at.in_24h, "post"),
            account_label(plan, &at.account),
        )
    })
}

fn when(plan: &Plan, at: &Forecast) -> String {
    if at.at == plan.now { "Now".to_owned() } else { local_time(plan, &at.account, at.at) }
}

fn notes(plan: &Plan, style: Style, program: &Program) -> Option<String> {
    let unmatched = plan.unmatched.iter().map(|name| (format!("no post is named {}", one_line(name)), None));
    let notices = plan.notices.iter().map(|notice| (one_line(&notice.message), Some(notice.help.as_str())));
    let defaults = by_defaults(plan).into_iter().map(|message| (message, None));
    let left = not_reviewed(plan).into_iter().map(|message| (message, None));
    let notes = unmatched.chain(left).chain(defaults).chain(notices);
    let lines: Vec<String> = notes.map(|(message, help)| point("Note: ", &message, help, style, program)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// `640 differ only by defaults`: what is not listed one by one.
pub(super) fn by_defaults(plan: &Plan) -> Option<String> {
    let differ = |count| if count == 1 { "differs" } else { "differ" };
    match plan.differing_by_defaults() {
        0 => None,
        count => Some(format!("{} {} only by defaults", thousands(count), differ(count))),
    }
}

/// So many folders of drafts are named.
const FOLDERS: usize = 10;

/// `Drafts, checked and never published: 12 in posts/campaign, 1 in posts`
pub(super) fn drafts(plan: &Plan) -> Option<String> {
    let folder = |name: &str| if name.is_empty() { ".".to_owned() } else { one_line(name) };
    let named = plan.drafts.iter().take(FOLDERS);
    let mut named: Vec<String> =
        named.map(|(name, count)| format!("{} in {}", thousands(*count), folder(name))).collect();
    let others: usize = plan.drafts.values().skip(FOLDERS).sum();
    if others > 0 {
        named.push(format!("{} in {}", thousands(others), plural(plan.drafts.len() - FOLDERS, "other folder")));
    }
    (!named.is_empty()).then(|| format!("Drafts, checked and never published: {}", named.join(", ")))
}

/// With `--plan`: what apply would act on, now or later, and no plan file has.
pub(super) fn not_reviewed(plan: &Plan) -> Option<String> {
    match plan.not_reviewed? {
        0 => None,
        1 => Some("1 other post is left alone: no plan file has it".to_owned()),
        count => Some(format!("{} other posts are left alone: no plan file has them", thousands(count))),
    }
}

/// So many posts that are not as they were reviewed are shown one by one.
pub const MISMATCHES: usize = 20;

fn mismatches(plan: &Plan, style: Style) -> Option<String> {
    if plan.mismatches.is_empty() {
        return None;
    }
    let title = style.paint("Not as reviewed, so apply does nothing:", Paint::new().red().bold());
    let room = style.width.saturating_sub(4);
    let shown = plan.mismatches.iter().take(MISMATCHES).map(|one| wrap(&mismatch(one), room).join("\n    "));
    let more = plan.mismatches.len().saturating_sub(MISMATCHES);
    let more = (more > 0).then(|| format!("and {}", plural(more, "other post")));
    let points: Vec<String> = shown.chain(more).map(|line| format!("  - {line}")).collect();
    Some(format!("{title}\n{}", points.join("\n")))
}

/// `posts/a (posts/a.yaml:3): its media differ`
#[must_use]
pub fn mismatch(mismatch: &Mismatch) -> String {
    let line = mismatch.line.map(|line| format!(":{line}")).unwrap_or_default();
    let Mismatch { key, file, message, .. } = mismatch;
    one_line(&format!("{key} ({file}{line}): {message}"))
}

fn refusals(plan: &Plan, style: Style, program: &Program) -> Option<String> {
    let mut points: Vec<String> = Vec::new();
    if !plan.complete {
        let help = "fix what `igsync validate` reports; moved and deleted posts were not detected";
        points.push(point("  - ", "some manifests could not be read", Some(help), style, program));
    }
    for account in plan.accounts_with_errors() {
        let message = format!("posts that are due on {} have errors", account_label(plan, &account));
        points.push(point("  - ", &message, Some("fix what `igsync validate` reports"), style, program));
    }
    let guards =
        plan.guards.iter().map(|guard| point("  - ", &one_line(&guard.message), Some(&guard.help), style, program));
    points.extend(guards);
    let title = style.paint("Apply refuses:", Paint::new().red().bold());
    (!points.is_empty()).then(|| format!("{title}\n{}", points.join("\n")))
}

/// A sentence and, below it, what to do.
fn point(mark: &str, message: &str, help: Option<&str>, style: Style, program: &Program) -> String {
    let indent = " ".repeat(mark.len());
    let room = style.width.saturating_sub(mark.len());
    let mut lines: Vec<String> = wrap(message, room);
    if let Some(help) = help {
        let help = wrap(&program.commands(&one_line(help)), room).into_iter();
        lines.extend(help.map(|line| style.paint(&line, Paint::new().cyan())));
    }
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| format!("{}{line}", if place == 0 { mark } else { &indent }))
        .collect();
    lines.join("\n")
}

fn cost(plan: &Plan, style: Style) -> Option<String> {
    let text = format!("Cost: {}", costs(plan)?);
    let lines = wrap(&text, style.width).into_iter().map(|line| style.paint(&line, Paint::new().dimmed()));
    Some(lines.collect::<Vec<_>>().join("\n      "))
}

/// What carrying out the plan takes, in words; `None`: nothing.
pub(super) fn costs(plan: &Plan) -> Option<String> {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let cost = plan.cost;
    let media = match cost.media_bytes {
        0 => String::new(),
        bytes => format!(" and {} of media", rounded_bytes(bytes)),
    };
    let text = format!(
        "{}, {}, about {}{media}",
        plural(count(cost.containers), "container"),
        plural(count(cost.publishes), "publish"),
        plural(count(cost.calls), "API call"),
    );
    (cost.calls > 0).then_some(text)
}

#[cfg(test)]
mod tests;
