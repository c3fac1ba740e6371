//! The plan as a reviewer of a pull request reads it.

use std::collections::{HashMap, HashSet};

use super::super::findings::{Entry, fold};
use super::super::marks::{presentation, used};
use super::super::plan_human::{
    EDITS, MISMATCHES, account_label, by_defaults, costs, drafts, mismatch, more_edits, over_the_cap, over_the_quota,
    summary_line,
};
use super::super::plan_rows::lost;
use super::super::text::plural;
use super::escape::{code, prose, rich};
use super::page::{Limit, Page};
use super::place::Place;
use super::post::{finding, finding_of_many, line, remedy, whole};
use super::words::{capital, headline, is_stopped, moment};
use igsync_base::finding::{Finding, Severity};
use igsync_model::plan::{BranchEdit, Change, Forecast, Mark, Plan};

/// So many findings that belong to no listed post are shown.
const FINDINGS: usize = 30;
/// So many entries of a list that needs no pictures are shown.
const ENTRIES: usize = 50;
/// So many future times are foretold.
const TIMES: usize = 10;

/// The page; its first line is one sentence that says what merging does.
#[must_use]
pub fn render(plan: &Plan, findings: &[Finding], place: &Place, limit: Limit) -> String {
    let listed: Vec<&Change> = plan.changes.iter().filter(|change| change.is_listed()).collect();
    let all: Vec<&Finding> = findings.iter().collect();
    let (common, alone): (Vec<Entry<'_>>, Vec<Entry<'_>>) = fold(&all).into_iter().partition(Entry::is_folded);
    let alone: Vec<&Finding> = alone.iter().map(|entry| entry.first).collect();
    let by_file = by_file(&listed, &alone);
    let end = end(plan, &listed);
    let mut page = Page::new(limit, &end);
    page.block(&format!("### {}", headline(plan)));
    for block in [
        branch_edits(plan),
        deletions(plan, &listed),
        refusals(plan),
        strays(&by_file, &alone, &common),
        decisions(plan, listed.iter().copied()),
        forecast(plan),
    ]
    .into_iter()
    .flatten()
    {
        page.list(&block);
    }
    let sections = sections(&listed);
    let mut left: usize = sections.iter().map(|(_, changes)| changes.len()).sum();
    for (title, changes) in sections {
        if let Some(first) = changes.first() {
            let goes = if is_stopped(plan, &first.account) { "Would go" } else { "Goes" };
            page.block(&format!("### {goes} {title}"));
        }
        for change in changes {
            let found = change.file.as_ref().and_then(|file| by_file.get(&**file)).map_or(&[][..], Vec::as_slice);
            left -= 1;
            page.post(left, || whole(plan, change, found, place), || line(plan, change));
        }
    }
    for block in [others(plan, &listed), notes(plan)].into_iter().flatten() {
        page.list(&block);
    }
    page.finish(&end, "`igsync plan` lists all of them.")
}

/// Posts that go out, those of the branch first; then those whose time is still to come.
fn sections<'a>(listed: &[&'a Change]) -> [(&'static str, Vec<&'a Change>); 4] {
    let of = |is_meant: &dyn Fn(&Change) -> bool| -> Vec<&'a Change> {
        listed.iter().copied().filter(|change| is_meant(change)).collect()
    };
    let goes_out = |change: &Change| matches!(change.mark(), Mark::Publish | Mark::Resume);
    let is_scheduled = |change: &Change| change.mark() == Mark::Scheduled;
    let is_ours = |change: &Change| change.in_diff != Some(false);
    [
        ("out now", of(&|change| goes_out(change) && is_ours(change))),
        ("out later", of(&|change| is_scheduled(change) && is_ours(change))),
        ("out now, not from this branch", of(&|change| goes_out(change) && !is_ours(change))),
        ("out later, not from this branch", of(&|change| is_scheduled(change) && !is_ours(change))),
    ]
}

fn by_file<'a>(listed: &[&Change], findings: &[&'a Finding]) -> HashMap<&'a str, Vec<&'a Finding>> {
    let is_shown = |change: &&&Change| matches!(change.mark(), Mark::Publish | Mark::Resume | Mark::Scheduled);
    let shown: HashSet<&str> = listed.iter().filter(is_shown).filter_map(|change| change.file.as_deref()).collect();
    let mut by_file: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in findings.iter().copied().filter(|finding| shown.contains(&*finding.file)) {
        by_file.entry(&*finding.file).or_default().push(finding);
    }
    for found in by_file.values_mut() {
        found.sort_by_cached_key(|finding| (finding.severity, finding.position()));
    }
    by_file
}

/// What no branch should do.
fn branch_edits(plan: &Plan) -> Option<String> {
    let edits = plan.branch_edits.as_deref().unwrap_or_default();
    let help = &edits.first()?.help;
    let point = |edit: &BranchEdit| {
        // The base's own link leads to the post; the branch's leads anywhere.
        let link = edit.change.before.as_ref().and_then(|before| before.known_live()?.permalink.as_deref());
        let link = link.filter(|link| is_instagram(link)).map(|link| format!(" ([look](<{link}>))"));
        format!("- {}{}", prose(&capital(&edit.message)), link.unwrap_or_default())
    };
    let mut points: Vec<String> = edits.iter().take(EDITS).map(point).collect();
    points.extend(more_edits(edits.len()).map(|more| format!("- {more}")));
    let points: Vec<String> = points.iter().map(|point| format!("> {point}")).collect();
    Some(format!(
        "> [!CAUTION]\n> **This branch changes what igsync has recorded**\n>\n{}\n>\n> To do: {}",
        points.join("\n"),
        rich(&capital(help))
    ))
}

/// What cannot be undone has to be seen before anything else.
fn deletions(plan: &Plan, listed: &[&Change]) -> Option<String> {
    let ordered: Vec<&&Change> = listed.iter().filter(|change| change.mark() == Mark::Delete).collect();
    let point = |change: &&&Change| {
        let lost = lost(plan, change).map(|lost| format!("; {}", rich(&lost))).unwrap_or_default();
        let link = change.permalink.as_deref().filter(|link| is_instagram(link));
        let link = link.map(|link| format!(" ([look](<{link}>))")).unwrap_or_default();
        let remedy = Some(remedy(change)).filter(|remedy| !remedy.is_empty());
        let remedy = remedy.map(|remedy| format!(". To do: {remedy}")).unwrap_or_default();
        format!("> {}{lost}{link}{remedy}", line(plan, change))
    };
    let mut points: Vec<String> = ordered.iter().take(ENTRIES).map(point).collect();
    if ordered.len() > ENTRIES {
        points.push(format!("> - and {} more: `igsync plan` lists all", ordered.len() - ENTRIES));
    }
    let what = plural(ordered.len(), "live post");
    (!points.is_empty()).then(|| {
        format!(
            "> [!CAUTION]\n> **{what} to be deleted from Instagram for ever**, by a run that is started with \
             `--allow-delete`\n>\n{}",
            points.join("\n")
        )
    })
}

pub(super) fn refusals(plan: &Plan) -> Option<String> {
    let mut points = Vec::new();
    if !plan.complete {
        points.push("- Some manifests could not be read. Fix what is listed below".to_owned());
    }
    for account in plan.accounts_with_errors() {
        let label = code(&account_label(plan, &account));
        points.push(format!("- Posts that are due on {label} have errors. Fix what is listed below"));
    }
    let mismatches = plan.mismatches.iter().take(MISMATCHES);
    points.extend(mismatches.map(|one| format!("- Not as it was reviewed: {}", rich(&mismatch(one)))));
    points.extend(plan.guards.iter().map(|guard| {
        let message = rich(&capital(&guard.message));
        format!("- {message}. To continue: {}", rich(&guard.help))
    }));
    if points.is_empty() {
        return None;
    }
    let points: Vec<String> = points.iter().map(|point| format!("> {point}")).collect();
    Some(format!("> [!CAUTION]\n> **igsync refuses to publish**\n>\n{}", points.join("\n")))
}

/// What many posts have in common, every error, and warnings that belong to no post below: configuration, manifests
/// that are no posts.
fn strays(by_file: &HashMap<&str, Vec<&Finding>>, alone: &[&Finding], common: &[Entry<'_>]) -> Option<String> {
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let is_stray = |finding: &&&Finding| is_error(finding) || !by_file.contains_key(&*finding.file);
    let mut strays: Vec<&Finding> = alone.iter().filter(is_stray).copied().collect();
    strays.sort_by_cached_key(|finding| (finding.severity, finding.file.clone(), finding.position()));
    let mut common: Vec<&Entry<'_>> = common.iter().collect();
    common.sort_by_key(|entry| entry.first.severity);
    let has_errors = strays.iter().copied().chain(common.iter().map(|entry| entry.first)).any(is_error);
    let lines = common.iter().map(|entry| finding_of_many(entry));
    let mut lines: Vec<String> = lines.chain(strays.iter().map(|found| finding(found, true))).collect();
    if lines.len() > FINDINGS {
        let more = lines.len() - FINDINGS;
        lines.truncate(FINDINGS);
        lines.push(format!("- and {more} more: `igsync validate` lists all"));
    }
    let title = if has_errors { "Errors" } else { "Notes" };
    (!lines.is_empty()).then(|| format!("### {title}\n\n{}", lines.join("\n")))
}

/// What no run decides by itself.
pub(super) fn decisions<'a>(plan: &Plan, changes: impl Iterator<Item = &'a Change>) -> Option<String> {
    let asks = |change: &&Change| matches!(change.mark(), Mark::Unknown | Mark::Failed | Mark::Late | Mark::Duplicate);
    list(plan, "Needs a decision", changes.filter(asks))
}

fn others(plan: &Plan, listed: &[&Change]) -> Option<String> {
    let rest = |change: &&&Change| {
        matches!(change.mark(), Mark::Adopt | Mark::Moved | Mark::Edited | Mark::Deleted | Mark::Orphan | Mark::Expired)
    };
    list(plan, "Nothing is published for these", listed.iter().filter(rest).copied())
}

fn list<'a>(plan: &Plan, title: &str, changes: impl Iterator<Item = &'a Change>) -> Option<String> {
    let changes: Vec<&Change> = changes.collect();
    let mut lines: Vec<String> = changes
        .iter()
        .take(ENTRIES)
        .map(|change| {
            let link = change.permalink.as_deref().filter(|link| is_instagram(link));
            let link = link.map(|link| format!(" ([look](<{link}>))")).unwrap_or_default();
            let remedy = Some(remedy(change)).filter(|remedy| !remedy.is_empty());
            let remedy = remedy.map(|remedy| format!(". To do: {remedy}")).unwrap_or_default();
            format!("{} **{}**{link}{remedy}", line(plan, change), change.mark().name())
        })
        .collect();
    if changes.len() > ENTRIES {
        lines.push(format!("- and {} more: `igsync plan` lists all", changes.len() - ENTRIES));
    }
    (!lines.is_empty()).then(|| format!("### {title}\n\n{}", lines.join("\n")))
}

/// A link that Meta gave; anything else in a lockfile is not made clickable.
pub(in crate::report) fn is_instagram(link: &str) -> bool {
    link.starts_with("https://www.instagram.com/")
        && link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._-".contains(&byte))
}

fn forecast(plan: &Plan) -> Option<String> {
    // What goes out now is above, and a refused run defers nothing.
    let is_news = |at: &&Forecast| {
        let is_crowded = over_the_cap(plan, at).is_some() || over_the_quota(plan, at).is_some();
        at.at != plan.now || (is_crowded && plan.guards.is_empty())
    };
    let times: Vec<_> = plan.forecast.iter().filter(is_news).collect();
    let mut lines: Vec<String> = times
        .iter()
        .take(TIMES)
        .map(|at| {
            let when = if at.at == plan.now { "Now".to_owned() } else { moment(plan, &at.account, at.at) };
            let to = code(&account_label(plan, &at.account));
            let warnings = [over_the_cap(plan, at), over_the_quota(plan, at)].into_iter().flatten();
            let entry = format!("- {when}: {} to {to}", plural(at.posts, "post"));
            warnings.fold(entry, |entry, warning| entry + "\n  - " + &rich(&warning))
        })
        .collect();
    if times.len() > TIMES {
        lines.push(format!("- and {} later times", times.len() - TIMES));
    }
    (!lines.is_empty()).then(|| format!("### What is coming\n\n{}", lines.join("\n")))
}

fn notes(plan: &Plan) -> Option<String> {
    let unmatched = plan.unmatched.iter().map(|name| format!("- No post is named {}", code(name)));
    let notices = plan.notices.iter().map(|notice| format!("- {}: {}", prose(&notice.message), rich(&notice.help)));
    let defaults = by_defaults(plan).map(|message| format!("- {message}"));
    let drafts = drafts(plan).map(|drafts| format!("- {}", prose(&drafts)));
    let lines: Vec<String> = unmatched.chain(defaults).chain(notices).chain(drafts).collect();
    (!lines.is_empty()).then(|| format!("### Notes\n\n{}", lines.join("\n")))
}

/// The plan's last line, and the words of the page explained.
fn end(plan: &Plan, listed: &[&Change]) -> String {
    let mut words: Vec<String> = used(listed)
        .into_iter()
        .map(|mark| format!("- **{}**: {}", mark.name(), presentation(mark).explanation))
        .collect();
    words.extend(costs(plan).map(|costs| format!("- **cost**: {costs}")));
    let summary = summary_line(&plan.summary);
    if words.is_empty() {
        return summary;
    }
    format!("{summary}\n\n<details><summary>What the words mean</summary>\n\n{}\n\n</details>", words.join("\n"))
}
