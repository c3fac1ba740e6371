//! Insights of published media: which metrics there are, and numbers that stay the same for a post.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights>

use serde_json::{Map, Value, json};

use super::container::Media;
use super::error::{BEFORE_PROFESSIONAL, FEW_VIEWERS, Refusal, UNKNOWN};
use super::time::DAY;
use super::token::{Ability, Login};
use super::view::{Eye, comments_count};
use igsync_base::id::Kind;

/// A metric and the media that have it.
struct Metric {
    name: &'static str,
    feed: bool,
    reel: bool,
    story: bool,
}

const fn metric(name: &'static str, feed: bool, reel: bool, story: bool) -> Metric {
    Metric { name, feed, reel, story }
}

const METRICS: &[Metric] = &[
    metric("views", true, true, true),
    metric("reach", true, true, true),
    metric("shares", true, true, true),
    metric("total_interactions", true, true, true),
    metric("reposts", true, true, true),
    metric("likes", true, true, false),
    metric("comments", true, true, false),
    metric("saved", true, true, false),
    metric("profile_visits", true, false, true),
    metric("follows", true, false, true),
    metric(PROFILE_ACTIVITY, true, false, true),
    metric(WATCH_TIME, false, true, false),
    metric("ig_reels_video_view_total_time", false, true, false),
    metric("reels_skip_rate", false, true, false),
    metric("replies", false, false, true),
    metric(NAVIGATION, false, false, true),
    metric("link_clicks", false, false, true),
    metric("total_likes", true, true, false),
    metric("total_comments", true, true, false),
    metric("total_views", true, true, true),
    // Only posts that are on Facebook, too; the sandbox has none.
    metric("crossposted_views", false, false, false),
    metric("facebook_views", false, false, false),
];

/// Metrics of Facebook Login alone.
const FACEBOOK_ONLY: [&str; 4] = ["link_clicks", "total_likes", "total_comments", "total_views"];
const PROFILE_ACTIVITY: &str = "profile_activity";
const NAVIGATION: &str = "navigation";
const WATCH_TIME: &str = "ig_reels_avg_watch_time";
/// Videos from before reels do not have these.
const AFTER_REELS: [&str; 2] = ["views", "reposts"];
/// So many have to have seen a story.
const FEWEST_VIEWERS: u64 = 5;

/// The breakdowns, what can be broken down by them, and into what.
const BREAKDOWNS: [(&str, &str, &[&str]); 2] = [
    ("action_type", PROFILE_ACTIVITY, &["BIO_LINK_CLICKED", "OTHER"]),
    ("story_navigation_action_type", NAVIGATION, &["TAP_FORWARD", "TAP_BACK", "TAP_EXIT", "SWIPE_FORWARD"]),
];

/// The answer for one media: `metric=reach,views`, perhaps with a breakdown.
///
/// # Errors
///
/// Code 100 for a metric that its kind does not have, whatever else was asked for; 100/2108006, 10.
pub(crate) fn answer(eye: Eye<'_>, media: &Media, metric: &str, breakdown: Option<&str>) -> Result<Value, Refusal> {
    eye.token.need(Ability::Insights)?;
    let names: Vec<&str> = metric.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(Refusal::parameter("The parameter metric is required"));
    }
    let mut wanted = Vec::new();
    for (place, name) in names.into_iter().enumerate() {
        let known = METRICS.iter().find(|metric| metric.name == name);
        let is_offered =
            |metric: &&Metric| eye.token.login != Login::Instagram || !FACEBOOK_ONLY.contains(&metric.name);
        let Some(known) = known.filter(is_offered) else {
            let all: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            return Err(Refusal::parameter(format_args!(
                "metric[{place}] must be one of the following values: {}",
                all.join(", ")
            )));
        };
        let fits = match media.kind {
            Some(_) if media.seed.old_video => known.feed && !AFTER_REELS.contains(&known.name),
            Some(Kind::Story) => known.story,
            Some(Kind::Reel) => known.reel,
            Some(Kind::Image | Kind::Carousel) => known.feed,
            None => false,
        };
        if !fits {
            let why = format!("The Media Insights API does not support the {name} metric for this media product type.");
            return Err(Refusal::parameter(why));
        }
        wanted.push(known.name);
    }
    let broken_down = breakdown.map(|breakdown| broken_down(breakdown, &wanted)).transpose()?;
    let since = eye.world.account(&media.user_id).and_then(|account| account.professional_since);
    if since.is_some_and(|since| media.published_at < since) {
        return Err((&BEFORE_PROFESSIONAL).into());
    }
    let is_story = media.kind == Some(Kind::Story);
    // Missing data are an empty set.
    if is_story && media.published_at <= eye.call.now - DAY {
        return Ok(json!({ "data": [] }));
    }
    if is_story && count(media, "reach").is_some_and(|reach| reach < FEWEST_VIEWERS) {
        return Err((&FEW_VIEWERS).into());
    }
    let rows = wanted.into_iter().filter_map(|name| row(eye, media, name, broken_down));
    Ok(json!({ "data": rows.collect::<Vec<Value>>() }))
}

/// A breakdown belongs to one metric; beside it others fail.
fn broken_down(breakdown: &str, wanted: &[&str]) -> Result<(&'static str, &'static [&'static str]), Refusal> {
    let known = BREAKDOWNS.iter().find(|(name, ..)| *name == breakdown);
    let (name, metric, values) =
        known.ok_or_else(|| Refusal::parameter(format_args!("breakdown {breakdown} is not known")))?;
    if wanted.iter().all(|wanted| wanted == metric) { Ok((name, values)) } else { Err((&UNKNOWN).into()) }
}

fn row(eye: Eye<'_>, media: &Media, name: &str, broken_down: Option<(&str, &[&str])>) -> Option<Value> {
    let value = value(eye, media, name)?;
    let mut row = json!({
        "name": name,
        "period": "lifetime",
        "title": name.replace('_', " "),
        "description": format!("The {} of the media.", name.replace('_', " ")),
        "id": format!("{}/insights/{name}/lifetime", media.id),
    });
    match broken_down {
        None => row["values"] = json!([{ "value": value }]),
        Some((key, parts)) => {
            let total = value.as_u64().unwrap_or(0);
            let share = total / parts.len() as u64;
            let results: Vec<Value> = (1..)
                .zip(parts)
                .map(|(n, part)| {
                    let rest = total - share * (parts.len() as u64 - 1);
                    json!({ "dimension_values": [part], "value": if n == 1 { rest } else { share } })
                })
                .collect();
            let breakdowns = json!([{ "dimension_keys": [key], "results": results }]);
            row["total_value"] = json!({ "value": total, "breakdowns": breakdowns });
        }
    }
    Some(row)
}

/// A metric as it is shown; `None`: missing data.
pub(crate) fn value(eye: Eye<'_>, media: &Media, name: &str) -> Option<Value> {
    match name {
        "comments" | "total_comments" if !media.metrics.contains_key("comments") => {
            Some(json!(comments_count(eye.world, media)))
        }
        "reels_skip_rate" => {
            let tenths = || u16::try_from(draw(media.id, name, 600, 100)).unwrap_or(0);
            let drawn = || json!(f64::from(tenths()) / 10.0);
            Some(media.metrics.get(name).cloned().unwrap_or_else(drawn)).filter(|value| !value.is_null())
        }
        _ => count(media, name).map(Value::from),
    }
}

/// A count as it was set, else one that the id makes. `None`: it was set to nothing.
pub(crate) fn count(media: &Media, name: &str) -> Option<u64> {
    let own = match name {
        "total_likes" => "likes",
        "total_views" => "views",
        "total_comments" => "comments",
        other => other,
    };
    if let Some(set) = media.metrics.get(own) {
        return set.as_u64();
    }
    let of_reach = |percent: u64| count(media, "reach").map(|reach| reach * percent / 100);
    match own {
        "reach" => Some(draw(media.id, "reach", 4_800, 200)),
        "views" => of_reach(draw(media.id, "views", 80, 110)),
        "likes" if media.seed.seeded => Some(media.seed.likes),
        "likes" => of_reach(draw(media.id, "likes", 9, 2)),
        "saved" => of_reach(draw(media.id, "saved", 3, 0)),
        "shares" => of_reach(draw(media.id, "shares", 4, 0)),
        "reposts" | "replies" | "follows" | "link_clicks" => of_reach(draw(media.id, own, 2, 0)),
        "total_interactions" => of_reach(draw(media.id, own, 9, 4)),
        "profile_visits" | PROFILE_ACTIVITY => of_reach(draw(media.id, own, 5, 0)),
        NAVIGATION => of_reach(draw(media.id, own, 60, 100)),
        WATCH_TIME => {
            let length = media.stored.as_ref().and_then(|stored| stored.duration_ms).unwrap_or(10_000);
            Some(length * draw(media.id, "watch", 60, 30) / 100)
        }
        "ig_reels_video_view_total_time" => Some(count(media, WATCH_TIME)? * count(media, "views")?),
        _ => None,
    }
}

/// A number from `least` on, always the same for one post and name.
fn draw(id: u64, name: &str, span: u64, least: u64) -> u64 {
    // FNV-1a, then a multiplication that brings the high bits down.
    let bytes = id.to_le_bytes().into_iter().chain(name.bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    least + (hash ^ (hash >> 29)) % span.max(1)
}

/// Reads what `POST /_sandbox/insights` sets: `{"reach": 12, "likes": null}`.
pub(crate) fn read(metrics: &Value) -> Result<Map<String, Value>, String> {
    let metrics = metrics.as_object().ok_or("metrics are an object of names and numbers")?;
    check(metrics)?;
    Ok(metrics.clone())
}

/// Whether these are metrics, and numbers.
pub(crate) fn check(metrics: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in metrics {
        if !METRICS.iter().any(|metric| metric.name == name) {
            return Err(format!("there is no metric {name:?}"));
        }
        if !value.is_null() && value.as_f64().is_none_or(|number| number < 0.0) {
            return Err(format!("{name} is a number, 0 or more, or null"));
        }
    }
    Ok(())
}
