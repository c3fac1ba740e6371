//! Listings in pages: newest first, a cursor behind each.

use serde_json::{Value, json};

use super::call::Call;
use super::error::Refusal;
use super::fields::{self, Field, Node};
use super::time::{DAY, SECOND};
use super::view::{Eye, MediaView};
use crate::id::Kind;

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 100;
const CURSOR: &str = "QVFIU";

/// Which rows of a listing.
pub(crate) struct Window {
    limit: usize,
    after: Option<u64>,
}

impl Window {
    /// A list inside another answer begins at its newest row.
    pub(crate) fn nested(limit: Option<usize>) -> Self {
        Self { limit: limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT), after: None }
    }

    pub(crate) fn read(call: &Call) -> Result<Self, Refusal> {
        let limit = call.params.number("limit")?.map(|limit| usize::try_from(limit).unwrap_or(1));
        let after = call.params.text("after").map(|cursor| {
            let id = cursor.strip_prefix(CURSOR).and_then(|hex| u64::from_str_radix(hex, 16).ok());
            id.ok_or_else(|| Refusal::parameter("Invalid cursors values"))
        });
        Ok(Self { after: after.transpose()?, ..Self::nested(limit) })
    }
}

/// The answer for one page. `rows` come newest first, which is by falling id.
pub(crate) fn page<N: Node>(
    call: &Call,
    path: &str,
    window: &Window,
    rows: impl Iterator<Item = (u64, N)>,
    fields: &[Field],
) -> Result<Value, Refusal> {
    let mut rows = rows.filter(|(id, _)| window.after.is_none_or(|after| *id < after)).peekable();
    let mut data = Vec::new();
    let (mut first, mut last) = (0, 0);
    while data.len() < window.limit {
        let Some((id, node)) = rows.next() else { break };
        if data.is_empty() {
            first = id;
        }
        last = id;
        data.push(fields::select(&node, fields)?);
    }
    if data.is_empty() {
        return Ok(json!({ "data": [] }));
    }
    let cursor = |id: u64| format!("{CURSOR}{id:x}");
    let mut paging = json!({ "cursors": { "before": cursor(first), "after": cursor(last) } });
    if rows.peek().is_some() {
        paging["next"] = next(call, path, window.limit, &cursor(last)).into();
    }
    Ok(json!({ "data": data, "paging": paging }))
}

/// A whole URL on the host that the caller used.
fn next(call: &Call, path: &str, limit: usize, after: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(token) = call.token.as_deref().filter(|_| call.token_in_params) {
        query.append_pair("access_token", token);
    }
    for name in ["fields", "since", "until"] {
        if let Some(value) = call.params.text(name) {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("limit", &limit.to_string()).append_pair("after", after);
    let version = call.version.as_deref().unwrap_or(crate::graph::wire::NEWEST_VERSION);
    format!("{}/{version}/{path}?{}", call.base, query.finish())
}

/// The posts, or else the stories, that a listing shows now.
pub(crate) fn listing<'a>(eye: Eye<'a>, user_id: &'a str, stories: bool) -> Vec<(u64, MediaView<'a>)> {
    let now = eye.call.now;
    eye.world
        .media_of(user_id)
        .filter(|media| !media.deleted && media.listed_at <= now && (media.kind == Some(Kind::Story)) == stories)
        .filter(|media| !stories || media.published_at > now - DAY)
        .map(|media| (media.id, MediaView { eye, media }))
        .collect()
}

/// `since` and `until`, in seconds since the epoch or as RFC 3339.
pub(crate) fn bounds(call: &Call) -> Result<(i64, i64), Refusal> {
    let read = |name: &str, default: i64| match call.params.text(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<i64>()
            .map(|seconds| seconds.saturating_mul(SECOND))
            .ok()
            .or_else(|| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond))
            .ok_or_else(|| Refusal::parameter(format_args!("Param {name} must be a unix timestamp"))),
    };
    Ok((read("since", i64::MIN)?, read("until", i64::MAX)?))
}
