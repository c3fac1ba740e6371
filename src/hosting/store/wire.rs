//! The library's requests through our own door.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};

use crate::hosting::patience;
use igsync_ports::{Body, Method, Request, Transport, TransportError};

/// Lends one [`Transport`] to the library.
#[derive(Clone)]
pub(super) struct Connector {
    transport: Arc<dyn Transport>,
    timeout: Duration,
}

impl Connector {
    /// `timeout`: for a request that carries nothing.
    pub(super) fn new(transport: Arc<dyn Transport>, timeout: Duration) -> Self {
        Self { transport, timeout }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// An error document of S3 is far smaller. In bytes.
const ANSWER_LIMIT: u64 = 1 << 20;

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect().await?.to_bytes().to_vec();
        let mut headers = Vec::new();
        let mut content_type = "application/octet-stream";
        for (name, value) in &parts.headers {
            let value = value.to_str().map_err(|_| unusable(format!("the value of {name} is not text")))?;
            match name.as_str() {
                "content-type" => content_type = known(CONTENT_TYPES, value)?,
                // Both follow from the request itself.
                "content-length" | "host" | "user-agent" => {}
                name => headers.push((known(HEADERS, name)?, value.to_owned())),
            }
        }
        let timeout = patience(self.timeout, bytes.len() as u64);
        let has_type = parts.headers.contains_key("content-type");
        let body = if bytes.is_empty() && !has_type { Body::Empty } else { Body::Bytes { content_type, bytes } };
        let request = Request {
            method: method(&parts.method)?,
            url: parts.uri.to_string().parse().map_err(|_| unusable("not an address".to_owned()))?,
            headers,
            body,
            timeout,
            answer_limit: ANSWER_LIMIT,
        };
        let answer = self.transport.send(request).await.map_err(failure)?;
        let mut response = http::Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        response.body(answer.body.into()).map_err(|error| HttpError::new(HttpErrorKind::Decode, error))
    }
}

/// What the library sends, as names that live as long as the program.
const HEADERS: &[&str] = &[
    "accept",
    "authorization",
    "cache-control",
    "content-encoding",
    "if-match",
    "if-none-match",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
];

const CONTENT_TYPES: &[&str] = &[
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/xml",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "video/webm",
];

/// A header that is dropped would break the signature, so an unknown one is an error.
fn known(list: &'static [&'static str], text: &str) -> Result<&'static str, HttpError> {
    list.iter().find(|known| **known == text).copied().ok_or_else(|| unusable(format!("`{text}` is new to igsync")))
}

fn method(method: &http::Method) -> Result<Method, HttpError> {
    match method.as_str() {
        "GET" => Ok(Method::Get),
        "HEAD" => Ok(Method::Head),
        "POST" => Ok(Method::Post),
        "PUT" => Ok(Method::Put),
        "DELETE" => Ok(Method::Delete),
        other => Err(unusable(format!("`{other}` is new to igsync"))),
    }
}

fn unusable(problem: String) -> HttpError {
    HttpError::new_boxed(HttpErrorKind::Unknown, problem.into())
}

/// Whether the library tries again depends on the kind: everything that is sent here may be repeated.
fn failure(error: TransportError) -> HttpError {
    let kind = match &error {
        TransportError::NotSent(_) => HttpErrorKind::Connect,
        TransportError::NoAnswer(_) | TransportError::Unreadable(_) => HttpErrorKind::Request,
    };
    HttpError::new(kind, error)
}
