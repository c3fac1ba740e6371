//! Answers as the API writes them: escaped slashes, its own date, usage headers, trace ids.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::time::{self, Millis};

/// In a response's extensions: no answer at all, the connection is to be closed. A server cuts the
/// socket; a transport in memory reports it as its own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// As if the connection never came up.
    Refused,
    /// Closed after the request was sent.
    Closed,
}

/// A response that represents a closed connection.
pub(crate) fn cut(how: Cut) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(how);
    response
}

/// JSON as PHP writes it.
pub(crate) fn escaped(value: &Value) -> String {
    // A slash can occur only inside strings, where its escape means the same.
    value.to_string().replace('/', "\\/")
}

pub(crate) fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

pub(crate) fn raw(status: u16, content_type: &'static str, body: impl Into<Body>, now: Millis) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::DATE, header(&time::http(now)));
    response
}

/// An answer of the control endpoints: plain JSON.
pub(crate) fn control(status: u16, value: &Value, now: Millis) -> Response<Body> {
    raw(status, "application/json", value.to_string(), now)
}

/// How much of its limits an app has used, in whole percents.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) percent: u64,
    /// Until access comes back; 0 while it is there.
    pub(crate) minutes: u64,
}

/// An answer of the API.
pub(crate) fn graph(
    status: u16,
    body: &str,
    version: &str,
    user_id: &str,
    usage: Usage,
    now: Millis,
) -> Response<Body> {
    let mut response = raw(status, "application/json; charset=UTF-8", Bytes::from(body.to_owned()), now);
    let percent = usage.percent;
    let app = json!({ "call_count": percent, "total_time": percent, "total_cputime": percent });
    let business = json!({ user_id: [{
        "type": "instagram",
        "call_count": percent,
        "total_cputime": percent,
        "total_time": percent,
        "estimated_time_to_regain_access": usage.minutes,
    }] });
    let headers = response.headers_mut();
    headers.insert("facebook-api-version", header(version));
    headers.insert("x-app-usage", header(&app.to_string()));
    headers.insert("x-business-use-case-usage", header(&business.to_string()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store, must-revalidate"));
    response
}

/// Like `AbCdEfGhIjKlMnOpQrStUvW`: never the same twice, and the same in every run.
pub(crate) fn trace(n: u64) -> String {
    let mut state = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut text = String::from("A");
    for _ in 0..22 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let digit = u8::try_from(state % 52).unwrap_or(0);
        text.push(char::from(if digit < 26 { b'A' + digit } else { b'a' + digit - 26 }));
    }
    text
}
