//! Listings in pages: newest first, a cursor behind each.

use serde_json::{Value, json};

use super::call::Call;
use super::container::Media;
use super::error::Refusal;
use super::fields::{self, Field, Node};
use super::time::{DAY, SECOND};
use super::view::{Eye, MediaView};
use igsync_base::id::Kind;

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 100;
const CURSOR: &str = "QVFIU";
/// Older media are in no listing.
const LISTED: usize = 10_000;

/// Where a row is in its listing: the newest has the highest.
pub(crate) type Place = u128;

/// The place of what is made in the order of its ids.
pub(crate) fn place(id: u64) -> Place {
    id.into()
}

/// Posts are ordered by their time, those of one moment by their id.
fn place_of(media: &Media) -> Place {
    let at = u64::try_from(media.published_at).unwrap_or(0);
    (Place::from(at) << 64) | Place::from(media.id)
}

/// Which rows of a listing.
pub(crate) struct Window {
    limit: usize,
    after: Option<Place>,
    before: Option<Place>,
}

impl Window {
    /// A list inside another answer begins at its newest row.
    pub(crate) fn nested(limit: Option<usize>) -> Self {
        Self { limit: limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT), after: None, before: None }
    }

    pub(crate) fn read(call: &Call) -> Result<Self, Refusal> {
        let limit = call.params.number("limit")?.map(|limit| usize::try_from(limit).unwrap_or(1));
        let cursor = |name: &str| {
            let cursor = call.params.text(name).map(|cursor| {
                let id = cursor.strip_prefix(CURSOR).and_then(|hex| Place::from_str_radix(hex, 16).ok());
                id.ok_or_else(|| Refusal::parameter("Invalid cursors values"))
            });
            cursor.transpose()
        };
        Ok(Self { after: cursor("after")?, before: cursor("before")?, ..Self::nested(limit) })
    }

    /// The rows of this window, and whether there are newer and older ones.
    fn cut<N>(&self, rows: Vec<(Place, N)>) -> (bool, Vec<(Place, N)>, bool) {
        let start = match (self.after, self.before) {
            (Some(after), _) => rows.iter().filter(|(id, _)| *id >= after).count(),
            (None, Some(before)) => rows.iter().filter(|(id, _)| *id > before).count().saturating_sub(self.limit),
            (None, None) => 0,
        };
        let end = match (self.after, self.before) {
            (None, Some(before)) => rows.iter().filter(|(id, _)| *id > before).count(),
            _ => (start + self.limit).min(rows.len()),
        };
        let older = end < rows.len();
        let page = rows.into_iter().skip(start).take(end - start).collect();
        (start > 0, page, older)
    }
}

fn cursor(place: Place) -> String {
    format!("{CURSOR}{place:x}")
}

/// The answer for one page. `rows` come newest first, which is by falling place.
pub(crate) fn page<N: Node>(
    call: &Call,
    path: &str,
    window: &Window,
    rows: impl Iterator<Item = (Place, N)>,
    fields: &[Field],
) -> Result<Value, Refusal> {
    let rows: Vec<_> = rows.collect();
    let total = rows.len();
    let (newer, rows, older) = window.cut(rows);
    let data = rows.iter().map(|(_, node)| fields::select(node, fields)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({ "data": data });
    if let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) {
        answer["paging"] = json!({ "cursors": { "before": cursor(*first), "after": cursor(*last) } });
        if older {
            answer["paging"]["next"] = link(call, path, window.limit, "after", &cursor(*last)).into();
        }
        if newer {
            answer["paging"]["previous"] = link(call, path, window.limit, "before", &cursor(*first)).into();
        }
    }
    summarize(call, &mut answer, total);
    Ok(answer)
}

/// An empty page that is not the last one, as real listings have them.
pub(crate) fn empty_start(call: &Call, path: &str, window: &Window) -> Option<Value> {
    let first = window.after.is_none() && window.before.is_none();
    let next = || link(call, path, window.limit, "after", &cursor(Place::MAX));
    first.then(|| json!({ "data": [], "paging": { "next": next() } }))
}

/// Adds what `summary=true` asks for.
pub(crate) fn summarize(call: &Call, answer: &mut Value, total: usize) {
    let asked = call.params.text("summary").is_some_and(|text| text == "total_count");
    if asked || call.params.flag("summary").unwrap_or(Some(false)) == Some(true) {
        answer["summary"] = json!({ "total_count": total });
    }
}

/// A whole URL on the host that the caller used.
fn link(call: &Call, path: &str, limit: usize, direction: &str, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(token) = call.token.as_deref().filter(|_| call.token_in_params) {
        query.append_pair("access_token", token);
    }
    for name in ["fields", "since", "until", "summary"] {
        if let Some(value) = call.params.text(name) {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("limit", &limit.to_string()).append_pair(direction, cursor);
    let version = call.version.as_deref().unwrap_or(igsync_instagram::wire::NEWEST_VERSION);
    format!("{}/{version}/{path}?{}", call.base, query.finish())
}

/// The posts, or else the stories, that a listing shows now.
pub(crate) fn listing<'a>(eye: Eye<'a>, user_id: &'a str, stories: bool) -> Vec<(Place, MediaView<'a>)> {
    let now = eye.call.now;
    eye.world
        .media_of(user_id)
        .filter(|media| {
            !media.deleted
                && !media.seed.archived
                && media.listed_at <= now
                && (media.kind == Some(Kind::Story)) == stories
        })
        .filter(|media| !stories || media.published_at > now - DAY)
        .take(LISTED)
        .map(|media| (place_of(media), MediaView { eye, media }))
        .collect()
}

/// The beginning of a day like `2026-11-23`.
fn midnight(text: &str) -> Option<i64> {
    format!("{text}T00:00:00Z").parse().ok().map(jiff::Timestamp::as_millisecond)
}

/// `since` and `until`, in seconds since the epoch, as RFC 3339 or as a date.
pub(crate) fn bounds(call: &Call) -> Result<(i64, i64), Refusal> {
    let read = |name: &str, default: i64| match call.params.text(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<i64>()
            .map(|seconds| seconds.saturating_mul(SECOND))
            .ok()
            .or_else(|| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond))
            .or_else(|| midnight(&text))
            .ok_or_else(|| Refusal::parameter(format_args!("Param {name} must be a unix timestamp"))),
    };
    Ok((read("since", i64::MIN)?, read("until", i64::MAX)?))
}
