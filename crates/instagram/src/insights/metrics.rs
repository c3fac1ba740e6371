//! Which metrics there are, for which kinds, and what their answers mean.

use super::super::wire::{InsightsAnswer, MetricAnswer};
use igsync_base::id::Kind;
use igsync_base::insights::Numbers;

/// One metric, and whether posts of the feed, reels and stories have it.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) feed: bool,
    pub(super) reel: bool,
    pub(super) story: bool,
}

const fn metric(name: &'static str, feed: bool, reel: bool, story: bool) -> Metric {
    Metric { name, feed, reel, story }
}

/// The metrics that igsync shows. One that a kind does not have fails the whole call, for every row of a listing.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights>
pub(super) const METRICS: [Metric; 11] = [
    metric("views", true, true, true),
    metric("reach", true, true, true),
    metric("likes", true, true, false),
    metric("comments", true, true, false),
    metric("saved", true, true, false),
    metric("shares", true, true, true),
    metric("reposts", true, true, true),
    metric("ig_reels_avg_watch_time", false, true, false),
    metric("reels_skip_rate", false, true, false),
    metric("replies", false, false, true),
    metric(NAVIGATION, false, false, true),
];

/// How viewers of a story went on. A call of its own: beside its breakdown, metrics without one are an error.
pub(super) const NAVIGATION: &str = "navigation";
pub(super) const BREAKDOWN: &str = "story_navigation_action_type";
/// What the breakdown calls leaving.
const EXIT: &str = "tap_exit";

/// What one call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// What posts of the feed and reels have in common: safe for every row of a listing of both.
    Common,
    /// What only reels have.
    ReelOnly,
    /// The same without the newest one, which Meta calls in development.
    WatchTime,
    /// All of a reel.
    Reel,
    /// What posts from before `views` have.
    Older,
    Story,
}

impl Set {
    pub(super) fn has(self, metric: &Metric) -> bool {
        let Metric { name, feed, reel, story } = *metric;
        match self {
            Self::Common => feed && reel,
            Self::ReelOnly => reel && !feed,
            Self::WatchTime => name == "ig_reels_avg_watch_time",
            Self::Reel => reel,
            Self::Older => feed && reel && !matches!(name, "views" | "reposts"),
            Self::Story => story && name != NAVIGATION,
        }
    }

    /// Joined by commas, as `metric` takes them.
    pub(super) fn names(self) -> String {
        let names: Vec<&str> = METRICS.iter().filter(|metric| self.has(metric)).map(|metric| metric.name).collect();
        names.join(",")
    }

    /// As a field of a listing.
    pub(super) fn nested(self) -> String {
        format!("insights.metric({})", self.names())
    }

    /// What a single post is asked for: everything first, then what older ones have.
    pub(super) fn of_one(kind: Option<Kind>) -> &'static [Self] {
        match kind {
            Some(Kind::Story) => &[Self::Story],
            Some(Kind::Reel) => &[Self::Reel, Self::Common, Self::Older],
            _ => &[Self::Common, Self::Older],
        }
    }
}

/// `exits` of a story, as a field of a listing.
pub(super) fn nested_navigation() -> String {
    format!("insights.metric({NAVIGATION}).breakdown({BREAKDOWN})")
}

/// What the fields of a post say that need no permission for insights.
pub(super) fn of_fields(answer: &InsightsAnswer) -> Numbers {
    let count = |count: Option<i64>| count.and_then(|count| count.try_into().ok());
    Numbers {
        likes: count(answer.like_count),
        comments: count(answer.comments_count),
        saves: count(answer.saved_count),
        shares: count(answer.shares_count),
        reposts: count(answer.reposts_count),
        ..Numbers::default()
    }
}

/// What insights say. A metric that is absent, or is no number, is not known.
pub(super) fn of_metrics(metrics: &[MetricAnswer]) -> Numbers {
    let mut numbers = Numbers::default();
    for metric in metrics {
        let first = metric.values.first().and_then(|value| value.value.as_ref());
        let value = first.or_else(|| metric.total_value.as_ref()?.value.as_ref());
        let count = value.and_then(serde_json::Value::as_u64);
        match metric.name.as_str() {
            "views" => numbers.views = count,
            "reach" => numbers.reach = count,
            "likes" => numbers.likes = count,
            "comments" => numbers.comments = count,
            "saved" => numbers.saves = count,
            "shares" => numbers.shares = count,
            "reposts" => numbers.reposts = count,
            "ig_reels_avg_watch_time" => numbers.watch_ms = value.and_then(milliseconds),
            "reels_skip_rate" => {
                numbers.skip_rate = value.and_then(serde_json::Value::as_f64).filter(|rate| *rate >= 0.0);
            }
            "replies" => numbers.replies = count,
            NAVIGATION => numbers.exits = exits(metric),
            _ => {}
        }
    }
    numbers
}

/// Whole or with a fraction: both were seen.
fn milliseconds(value: &serde_json::Value) -> Option<u64> {
    let rounded = || value.as_f64().map(f64::round).filter(|time| (0.0..1e12).contains(time));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in that range it fits")]
    value.as_u64().or_else(|| rounded().map(|time| time as u64))
}

/// Only a breakdown that was given says that there were none.
fn exits(metric: &MetricAnswer) -> Option<u64> {
    let breakdown = metric.total_value.as_ref()?.breakdowns.first()?;
    let is_exit = |values: &[String]| values.iter().any(|value| value.eq_ignore_ascii_case(EXIT));
    let found = breakdown.results.iter().find(|result| is_exit(&result.dimension_values));
    match found {
        Some(result) => result.value.as_ref()?.as_u64(),
        None => (!breakdown.results.is_empty()).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_holds_only_what_its_kinds_have() {
        for metric in &METRICS {
            let Metric { name, feed, reel, story } = *metric;
            for (set, may) in [
                (Set::Common, feed && reel),
                (Set::ReelOnly, reel),
                (Set::WatchTime, reel),
                (Set::Reel, reel),
                (Set::Older, feed && reel),
                (Set::Story, story),
            ] {
                assert!(may || !set.has(metric), "{set:?} asks for {name}");
            }
        }
        assert_eq!(Set::Common.nested(), "insights.metric(views,reach,likes,comments,saved,shares,reposts)");
        assert_eq!(Set::ReelOnly.names(), "ig_reels_avg_watch_time,reels_skip_rate");
        assert_eq!(Set::Story.names(), "views,reach,shares,reposts,replies");
        assert_eq!(Set::Older.names(), "reach,likes,comments,saved,shares");
    }

    fn metrics(text: &str) -> Numbers {
        of_metrics(&serde_json::from_str::<Vec<MetricAnswer>>(text).unwrap())
    }

    #[test]
    fn both_shapes_of_a_value_are_read_and_nothing_is_made_of_none() {
        let read = metrics(
            r#"[{"name":"reach","values":[{"value":12}]},{"name":"views","total_value":{"value":30}},
                {"name":"likes","values":[]},{"name":"saved","values":[{"value":null}]},{"name":"shares","values":[{"value":-1}]},
                {"name":"ig_reels_avg_watch_time","values":[{"value":4321.5}]},{"name":"reels_skip_rate","values":[{"value":34.5}]},
                {"name":"something_new","values":[{"value":{"a":1}}]}]"#,
        );
        let expected = Numbers {
            reach: Some(12),
            views: Some(30),
            watch_ms: Some(4322),
            skip_rate: Some(34.5),
            ..Numbers::default()
        };
        assert_eq!(read, expected);
        assert_eq!(metrics("[]"), Numbers::default());
    }

    #[test]
    fn exits_come_from_the_breakdown_alone() {
        let broken_down = |results: &str| {
            metrics(&format!(
                r#"[{{"name":"navigation","total_value":{{"value":9,"breakdowns":[{{"dimension_keys":["story_navigation_action_type"],"results":[{results}]}}]}}}}]"#
            ))
            .exits
        };
        let forward = r#"{"dimension_values":["TAP_FORWARD"],"value":4}"#;
        assert_eq!(broken_down(&format!(r#"{forward},{{"dimension_values":["tap_exit"],"value":5}}"#)), Some(5));
        assert_eq!(broken_down(forward), Some(0));
        assert_eq!(broken_down(""), None);
        assert_eq!(metrics(r#"[{"name":"navigation","total_value":{"value":9}}]"#).exits, None);
    }
}
