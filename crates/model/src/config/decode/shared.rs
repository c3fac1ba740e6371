//! The settings that exist both at the top level and per account.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::super::schema::{Account, Defaults, Fit, HashtagsIn, Paused};
use super::choice;
use super::hosting::hosting;
use crate::schedule::{Days, Schedule, Slot, Unreadable};
use crate::yaml::{Fields, Node, Problems, listed, shown};
use igsync_base::rules;

/// The fields that exist both at the top level and per account.
pub(super) fn shared(
    fields: Fields<'_>,
    account: &mut Account,
    sets: &BTreeMap<String, Vec<String>>,
    problems: &mut Problems<'_>,
) {
    if let Some((name, node)) = fields.text("timezone", problems) {
        match TimeZone::get(name) {
            Ok(zone) => account.timezone = Some(zone),
            Err(_) => {
                problems
                    .report(
                        &rules::UNKNOWN_TIMEZONE,
                        &node.span,
                        format!("there is no time zone `{}`", shown(name)),
                        "not a zone",
                    )
                    .help = Some("write a name such as Europe/Berlin or America/New_York".into());
            }
        }
    }
    if let Some(defaults) = fields.fields("defaults", problems) {
        post_defaults(defaults, &mut account.defaults, sets, problems);
    }
    if let Some(limits) = fields.fields("limits", problems) {
        limits.reject_unknown(
            "`limits`",
            &["max_publish_per_run", "max_delete_per_run"],
            &[("max_publish", "max_publish_per_run"), ("max_delete", "max_delete_per_run")],
            problems,
        );
        for (name, limit) in [
            ("max_publish_per_run", &mut account.max_publish_per_run),
            ("max_delete_per_run", &mut account.max_delete_per_run),
        ] {
            let Some((count, node)) = limits.count(name, problems) else { continue };
            match u32::try_from(count) {
                Ok(count) => *limit = count,
                Err(_) => {
                    problems.report(&rules::INVALID_VALUE, &node.span, "this number is too large", "too large");
                }
            }
        }
    }
    if let Some(schedule) = fields.fields("schedule", problems) {
        self::schedule(schedule, &mut account.schedule, problems);
    }
    if let Some(media) = fields.fields("media", problems) {
        media.reject_unknown("`media`", &["hosting", "convert", "fit"], &[("host", "hosting")], problems);
        account.convert = media.flag("convert", problems).map_or(account.convert, |(flag, _)| flag);
        account.fit = choice(media, "fit", &[("pad", Fit::Pad), ("crop", Fit::Crop)], problems).or(account.fit);
        account.hosting = hosting(media, problems).or(account.hosting.take());
    }
    if let Some((flag, _)) = fields.flag("paused", problems) {
        account.paused = match account.paused {
            Some(Paused::Environment) => Some(Paused::Environment),
            _ => flag.then_some(Paused::Configuration),
        };
    }
}

fn schedule(fields: Fields<'_>, schedule: &mut Schedule, problems: &mut Problems<'_>) {
    let meant = [("slot", "slots"), ("times", "slots"), ("queue", "slots"), ("holidays", "skip"), ("gap", "min_gap")];
    fields.reject_unknown("`schedule`", &["late_after", "min_gap", "slots", "skip"], &meant, problems);
    schedule.late_after = duration(fields, "late_after", problems).unwrap_or(schedule.late_after);
    schedule.min_gap = duration(fields, "min_gap", problems).unwrap_or(schedule.min_gap);
    if let Some(slots) = each(fields, "slots", Slot::parse, problems) {
        schedule.slots = slots;
    }
    if let Some(skip) = each(fields, "skip", Days::parse, problems) {
        schedule.skip = skip;
    }
}

/// Every entry of a list, parsed; what cannot be is reported and left out. `None`: the list is not there.
fn each<T>(
    fields: Fields<'_>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, Unreadable>,
    problems: &mut Problems<'_>,
) -> Option<Vec<T>> {
    let mut parsed = Vec::new();
    for (text, node) in fields.texts(name, problems)? {
        match parse(text) {
            Ok(value) => parsed.push(value),
            Err(Unreadable { message, help }) => {
                problems.report(&rules::SCHEDULE, &node.span, message, "cannot be read").help = Some(help);
            }
        }
    }
    Some(parsed)
}

fn post_defaults(
    fields: Fields<'_>,
    defaults: &mut Defaults,
    sets: &BTreeMap<String, Vec<String>>,
    problems: &mut Problems<'_>,
) {
    let known = ["hashtags", "hashtags_in", "share_to_feed", "collaborators", "location_id"];
    fields.reject_unknown("`defaults`", &known, &[("tags", "hashtags"), ("location", "location_id")], problems);
    if let Some(entry) = fields.get("hashtags") {
        defaults.hashtags = Some(hashtags(&entry.value, "hashtags", Some(sets), problems));
    }
    let places = HashtagsIn::ALL.map(|place| (place.as_str(), place));
    defaults.hashtags_in = choice(fields, "hashtags_in", &places, problems).or(defaults.hashtags_in);
    defaults.share_to_feed = fields.flag("share_to_feed", problems).map(|(flag, _)| flag).or(defaults.share_to_feed);
    if let Some(names) = fields.texts("collaborators", problems) {
        if names.len() > 3 {
            let place = names[3].1.place();
            problems
                .report(
                    &rules::TOO_MANY_COLLABORATORS,
                    &place,
                    "too many collaborators",
                    format!("{} here, 3 allowed", names.len()),
                )
                .help = Some(format!("remove at least {}", names.len() - 3));
        }
        defaults.collaborators =
            Some(names.iter().map(|(name, _)| name.strip_prefix('@').unwrap_or(name).to_owned()).collect());
    }
    if let Some((id, node)) = fields.text("location_id", problems) {
        if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
            defaults.location_id = Some(id.to_owned());
        } else {
            problems
                .report(&rules::INVALID_VALUE, &node.span, "`location_id` is an id of digits", "invalid characters")
                .help = Some("use the id of a Facebook Page that has a location".into());
        }
    }
}

/// A list of hashtags as written; `sets`: where `set:NAME` may point.
pub(super) fn hashtags(
    node: &Node,
    name: &str,
    sets: Option<&BTreeMap<String, Vec<String>>>,
    problems: &mut Problems<'_>,
) -> Vec<String> {
    let Some(nodes) = node.list(name, problems) else { return Vec::new() };
    let mut tags = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(text) = node.text(name, problems) else { continue };
        match (text.strip_prefix("set:"), sets) {
            (Some(set), Some(sets)) if !sets.contains_key(set) => {
                problems
                    .report(
                        &rules::UNKNOWN_HASHTAG_SET,
                        &node.span,
                        format!("there is no hashtag set `{}`", shown(set)),
                        "not a set",
                    )
                    .help = Some(match sets.len() {
                    0 => "`hashtag_sets` has: none".to_owned(),
                    _ => format!("`hashtag_sets` has: {}", listed(sets.keys().map(String::as_str), ", ")),
                });
            }
            (Some(_), Some(_)) => tags.push(text.to_owned()),
            (_, _) if hashtag(text).is_some() => tags.push(text.to_owned()),
            (_, _) => {
                problems
                    .report(
                        &rules::INVALID_HASHTAG,
                        &node.span,
                        format!("`{}` is not one hashtag", shown(text)),
                        "not one word",
                    )
                    .help =
                    Some("a hashtag has no spaces and no `#`, `@` or `,` inside; give each its own entry".into());
            }
        }
    }
    tags
}

/// `24h`, `1h 30m`, `90s`.
pub(super) fn duration(fields: Fields<'_>, name: &str, problems: &mut Problems<'_>) -> Option<Duration> {
    let (text, node) = fields.text(name, problems)?;
    // Friendly durations know no days, whose length changes with the season; here a day is 24 hours.
    let parsed = match text.strip_suffix('d').map(str::trim).and_then(|days| days.parse::<u32>().ok()) {
        Some(days) => Some(Duration::from_secs(u64::from(days) * 24 * 60 * 60)),
        None => text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok()),
    };
    if parsed.is_none() {
        problems
            .report(&rules::INVALID_VALUE, &node.span, format!("`{name}` is a length of time"), "not a length of time")
            .help = Some("write 24h, 90s, 1h 30m or 2d".into());
    }
    parsed
}

/// With exactly one `#` in front; `None`: not one word.
pub(crate) fn hashtag(text: &str) -> Option<String> {
    let word = text.strip_prefix('#').unwrap_or(text);
    let is_word =
        !word.is_empty() && !word.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '@' | ','));
    is_word.then(|| format!("#{word}"))
}
