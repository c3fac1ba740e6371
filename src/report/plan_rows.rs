//! The list of changes: one row each, in columns while the terminal is wide enough.

use owo_colors::Style as Paint;

use super::marks::presentation;
use super::plan_human::{account_label, local_time, short_time};
use super::text::{fit, one_line, pad, plural, rounded_bytes, width, wrap};
use super::{Program, Style};
use igsync_base::text::{bounded, quoted};
use igsync_model::lockfile::Stage;
use igsync_model::manifest::Conversion;
use igsync_model::plan::{Action, Change, Mark, Obstacle, Plan, Repeats, Why};

/// The kinds' longest name, `carousel`.
const KIND_COLUMNS: usize = 8;
/// So much of a note is shown, in characters.
const NOTE: usize = 300;
/// So much of what differs in a caption, too.
const WORDS: usize = 300;
/// A caption in less room says nothing.
const LEAST_CAPTION: usize = 12;

/// One block per account and per half: what apply does now, then what it leaves alone. What the branch
/// of `--base` does not touch is below what it does.
pub(super) fn rows(plan: &Plan, listed: &[&Change], style: Style, program: &Program) -> Vec<String> {
    let mut accounts: Vec<_> = listed.iter().map(|change| &change.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let columns = Columns::of(plan, listed, style);
    let mut blocks = Vec::new();
    for account in &accounts {
        let mut title = (accounts.len() > 1).then(|| format!("{}:\n", account_label(plan, account)));
        // With `--base`, what the branch touches comes first.
        let mut others = Some("Not from this branch:\n".to_owned());
        for (ours, acts) in [(true, true), (true, false), (false, true), (false, false)] {
            let rows: Vec<String> = listed
                .iter()
                .filter(|change| change.account == **account && change.action.acts() == acts)
                .filter(|change| (change.in_diff != Some(false)) == ours)
                .map(|change| row(plan, change, columns, style, program))
                .collect();
            if !rows.is_empty() {
                let heading = if ours { None } else { others.take() }.unwrap_or_default();
                blocks.push(title.take().unwrap_or_default() + &heading + &rows.join("\n"));
            }
        }
    }
    blocks
}

#[derive(Clone, Copy)]
struct Columns {
    key: usize,
    /// Where the text after key and kind begins; 6 when it is on lines of its own.
    text: usize,
    room: usize,
    /// Of new posts, so that what is said about them is in line.
    status: usize,
    /// Whether any new post has words to show.
    captions: bool,
}

impl Columns {
    fn of(plan: &Plan, listed: &[&Change], style: Style) -> Self {
        let widest = listed.iter().map(|change| width(&one_line(change.key.as_str()))).max().unwrap_or(0);
        let key = widest.min((style.width * 2 / 5).max(12));
        let text = 4 + key + 2 + KIND_COLUMNS + 2;
        let is_narrow = style.width < text + 30;
        let text = if is_narrow { 6 } else { text };
        let new = || listed.iter().filter(|change| is_new(change));
        let status = new().map(|change| width(&status(plan, change))).max().unwrap_or(0);
        let captions = new().any(|change| change.post.as_ref().is_some_and(|post| !post.content.caption.is_empty()));
        Self { key, text, room: style.width.saturating_sub(text).max(20), status, captions }
    }

    fn is_narrow(self) -> bool {
        self.text == 6
    }
}

fn row(plan: &Plan, change: &Change, columns: Columns, style: Style, program: &Program) -> String {
    let key = one_line(change.key.as_str());
    let mark = style.paint(&change.mark().sign().to_string(), presentation(change.mark()).colour);
    let head = format!("  {mark} {} ", pad(&key, columns.key));
    let fits = width(&key) <= columns.key && !columns.is_narrow();
    let mut lines = text_of(plan, change, columns);
    lines.extend(reworded(change).iter().flat_map(|words| wrap(words, columns.room)));
    lines.extend(lost(plan, change).iter().flat_map(|lost| wrap(lost, columns.room)));
    lines.extend(conversions(change));
    lines.extend(note(change).iter().flat_map(|note| wrap(note, columns.room)));
    lines.extend(more(change, program).into_iter().map(|line| style.paint(&line, Paint::new().cyan())));
    let first = if fits {
        format!("{head} {}  {}", pad(change.kind.as_str(), KIND_COLUMNS), lines.remove(0))
    } else {
        format!("  {mark} {key}  {}", change.kind)
    };
    let indent = " ".repeat(columns.text);
    lines.into_iter().fold(first, |row, line| row + "\n" + &indent + &line)
}

/// New posts show how their captions begin.
fn is_new(change: &Change) -> bool {
    change.mark() == Mark::Publish
}

/// What there is to say, in lines that fit; a new post shows how its caption begins.
fn text_of(plan: &Plan, change: &Change, columns: Columns) -> Vec<String> {
    let status = status(plan, change);
    let left = columns.room.saturating_sub(columns.status + 2);
    match change.post.as_ref().filter(|_| is_new(change) && columns.captions) {
        Some(post) if left >= LEAST_CAPTION && !(columns.is_narrow() && post.content.caption.is_empty()) => {
            vec![format!("{}  {status}", pad(&fit(&one_line(&post.content.caption), left), left))]
        }
        _ => wrap(&status, columns.room),
    }
}

pub(super) fn status(plan: &Plan, change: &Change) -> String {
    let text = match (change.mark(), change.due_at) {
        (Mark::Publish, Some(at)) if change.reason == "due now" => {
            format!("due since {}", short_time(plan, &change.account, at))
        }
        (Mark::Scheduled, Some(at)) => {
            let due = format!("due {}", local_time(plan, &change.account, at));
            if change.is_at_own_time() { due } else { format!("{due}, {}", change.reason) }
        }
        (Mark::Late, Some(at)) => format!("was due {}", local_time(plan, &change.account, at)),
        (Mark::Expired, _) => match change.post.as_ref().and_then(|post| post.publish_until) {
            Some(until) => format!("should have gone out by {}", local_time(plan, &change.account, until)),
            None => change.reason.clone(),
        },
        _ => change.reason.clone(),
    };
    let has_errors =
        change.post.as_ref().is_some_and(|post| post.has_errors) && change.recorded != Some(Stage::Published);
    one_line(&text) + if has_errors { ", has errors" } else { "" }
}

/// `harbour.png → JPEG 1440×1800, 412 kB`: what is published instead of the file.
fn conversions(change: &Change) -> Vec<String> {
    let conversions = change.post.as_ref().filter(|post| !post.has_errors).map(|post| &post.conversions);
    let shown = |conversion: &Conversion| {
        let name = conversion.path.rsplit('/').next().unwrap_or_default();
        let (width, height) = conversion.size;
        let len = conversion.len.map_or_else(String::new, |len| format!(", {}", rounded_bytes(len)));
        format!("{} → JPEG {width}×{height}{len}", one_line(name))
    };
    conversions.into_iter().flatten().map(shown).collect()
}

/// `caption: [-Golden-] {+Blue+} … {+tomorrow+}`, as git shows words that differ.
fn reworded(change: &Change) -> Option<String> {
    let places = change.edited.as_ref()?.words().iter().map(|place| {
        let removed = (!place.removed.is_empty()).then(|| format!("[-{}-]", one_line(&place.removed)));
        let added = (!place.added.is_empty()).then(|| format!("{{+{}+}}", one_line(&place.added)));
        removed.into_iter().chain(added).collect::<Vec<_>>().join(" ")
    });
    let places: Vec<String> = places.collect();
    (!places.is_empty()).then(|| format!("caption: {}", bounded(&places.join(" … "), WORDS)))
}

/// What its author says of a post to people.
fn note(change: &Change) -> Option<String> {
    let note = change.post.as_ref()?.note.as_ref()?;
    Some(format!("note: {}", bounded(&one_line(note), NOTE)))
}

/// Where to look, and the command that settles what only a person can.
pub(super) fn more(change: &Change, program: &Program) -> Vec<String> {
    let key = quoted(&one_line(change.key.as_str()));
    match (change.mark(), change.recorded) {
        (Mark::Edited | Mark::Orphan, _) => change.permalink.iter().map(|permalink| one_line(permalink)).collect(),
        (Mark::Delete, _) => {
            let links = change.permalink.iter().map(|permalink| one_line(permalink));
            links.chain(ways_to_delete(change).iter().map(|way| program.commands(way))).collect()
        }
        // The reason says what to do: no attempt of igsync's is in doubt.
        (Mark::Unknown | Mark::Deleted, recorded) if is_imported(change) && recorded != Some(Stage::Unknown) => {
            Vec::new()
        }
        (Mark::Failed, Some(Stage::Published)) => vec![program.commands(&by_hand(&key))],
        (Mark::Unknown, _) => vec![
            format!("live: {}", program.command(&format!("resolve {key} --published"))),
            format!("not: {}", program.command(&format!("resolve {key} --not-published"))),
        ],
        (Mark::Duplicate, _) => ways_out(change, &key, program),
        (Mark::Deleted, _) => vec![format!("again: {}", program.command(&format!("apply --allow-duplicate {key}")))],
        (Mark::Resume, Some(Stage::Intent)) => vec![format!("settle: {}", program.command(&format!("resolve {key}")))],
        _ => Vec::new(),
    }
}

pub(super) fn is_imported(change: &Change) -> bool {
    change.post.as_ref().is_some_and(|post| post.imported.is_some())
}

/// What a deletion takes away: `live for 12 days, 42 likes, 3 comments`.
pub(super) fn lost(plan: &Plan, change: &Change) -> Option<String> {
    let loss = change.loss.as_ref()?;
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let age = loss.published_at.map(|at| format!("live for {}", age(plan.now.duration_since(at))));
    let counts = loss.counts.unwrap_or_default();
    let likes = counts.likes.map(|count| plural(number(count), "like"));
    let comments = counts.comments.map(|count| plural(number(count), "comment"));
    let parts: Vec<String> = [age, likes, comments].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn age(time: jiff::SignedDuration) -> String {
    let number = |count: i64| usize::try_from(count.max(0)).unwrap_or_default();
    match (time.as_hours(), time.as_hours() / 24) {
        (hours, _) if hours < 1 => "less than an hour".to_owned(),
        (hours, _) if hours < 48 => plural(number(hours), "hour"),
        (_, days) => plural(number(days), "day"),
    }
}

/// How a post is deleted that cannot be deleted from here, or as it is recorded. Commands are in backticks.
pub(super) fn ways_to_delete(change: &Change) -> Vec<String> {
    let Action::Hold(Why::Undeletable(obstacle)) = &change.action else { return Vec::new() };
    let key = quoted(&one_line(change.key.as_str()));
    let named = match obstacle {
        Obstacle::Login | Obstacle::Story | Obstacle::LiveTwice => None,
        // What is gone by hand would be recorded as the other post's deletion.
        Obstacle::NotThatPost => return vec![format!("look at its record: `igsync lock show {key}`")],
        Obstacle::NoId | Obstacle::Matched => Some(format!("name it: `igsync resolve {key} --published ID`")),
        Obstacle::Claimed => Some("forget the wrong record: `igsync lock rm KEY`".to_owned()),
    };
    named.into_iter().chain([by_hand(&key)]).collect()
}

/// What a person does who deletes a post in the app.
fn by_hand(key: &str) -> String {
    format!("by hand: delete it in the app, then `igsync lock accept {key} --deleted`")
}

/// What a person may have meant who wrote a duplicate.
fn ways_out(change: &Change, key: &str, program: &Program) -> Vec<String> {
    let renamed = match &change.repeats {
        Some(Repeats::Caption(_) | Repeats::Several(_)) => change.repeats.as_ref().and_then(|of| of.keys().first()),
        Some(Repeats::Media(_)) | None => None,
    };
    let renamed = renamed.map(|old| {
        let old = quoted(&one_line(old.as_str()));
        format!("renamed: {}", program.command(&format!("lock mv {old} {key}")))
    });
    let meant = "meant: write `allow_duplicate: true` into the manifest".to_owned();
    renamed.into_iter().chain([meant]).collect()
}
