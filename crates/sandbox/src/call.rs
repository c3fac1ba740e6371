//! One request as the endpoints see it.

use axum::http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;

use super::container::Marks;
use super::error::Refusal;
use super::params::Params;
use super::time::Millis;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    /// The path without version and empty parts, decoded.
    pub(crate) path: Vec<String>,
    /// `v26.0`, as the path has it.
    pub(crate) version: Option<String>,
    pub(crate) params: Params,
    pub(crate) token: Option<String>,
    /// `access_token` was among the parameters, so links may repeat it.
    pub(crate) token_in_params: bool,
    /// `http://127.0.0.1:8787`: this sandbox as the caller names it.
    pub(crate) base: String,
    /// When the call takes effect.
    pub(crate) now: Millis,
    /// What faults do to the object that this call makes.
    pub(crate) marks: Marks,
}

/// `v26.0`
pub(crate) fn is_version(part: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    part.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(a, b)| digits(a) && digits(b))
}

/// The oldest version that is alive.
///
/// Meta: <https://developers.facebook.com/docs/graph-api/changelog/versions>
const OLDEST: (u32, &str) = (21, "v21.0");

/// The version that answers: a dead one is served as the oldest that lives.
pub(crate) fn served_version(version: &str) -> &str {
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST.0) { OLDEST.1 } else { version }
}

/// The parts of a path, decoded, empty ones left out: `//v26.0//me/` is `v26.0`, `me`.
pub(crate) fn parts(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}

/// The sandbox's own origin in the words of the caller.
pub(crate) fn base(headers: &HeaderMap, uri: &Uri) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or(uri.authority().map(axum::http::uri::Authority::as_str));
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)));
    format!("http://{}", host.unwrap_or("127.0.0.1"))
}

/// The token of `Authorization: Bearer …` or `OAuth …`.
pub(crate) fn header_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    known.then(|| token.trim().to_owned())
}

impl Call {
    /// # Errors
    ///
    /// Code 100 for a JSON body that is no object, and for a method that the API does not know.
    pub(crate) fn read(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        now: Millis,
    ) -> Result<Self, Refusal> {
        let mut params = Params::default();
        params.add_encoded(uri.query().unwrap_or_default().as_bytes());
        let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = content.contains("json") || (content.is_empty() && body.trim_ascii_start().starts_with(b"{"));
        if is_json && !body.trim_ascii().is_empty() {
            params.add_json(body)?;
        } else if content.starts_with("multipart/") {
            params.add_multipart(body, content)?;
        } else {
            params.add_encoded(body);
        }
        let mut path = parts(uri.path());
        let version = path.first().is_some_and(|part| is_version(part)).then(|| path.remove(0));
        let from_params = params.take("access_token").and_then(|value| value.as_str().map(str::to_owned));
        let token_in_params = from_params.is_some();
        let word = params.take("method").and_then(|value| value.as_str().map(str::to_owned));
        Ok(Self {
            verb: verb(method, word.as_deref())?,
            path,
            version,
            params,
            token: from_params.or_else(|| header_token(headers)),
            token_in_params,
            base: base(headers, uri),
            now,
            marks: Marks::default(),
        })
    }
}

/// A POST may name another method in a parameter.
fn verb(method: &Method, word: Option<&str>) -> Result<Verb, Refusal> {
    match (method.as_str(), word.map(str::to_ascii_lowercase).as_deref()) {
        ("POST", Some("delete")) | ("DELETE", _) => Ok(Verb::Delete),
        ("POST", Some("get")) | ("GET" | "HEAD", _) => Ok(Verb::Get),
        ("POST", _) => Ok(Verb::Post),
        (other, _) => Err(Refusal::parameter(format_args!("Unsupported method {other}"))),
    }
}
