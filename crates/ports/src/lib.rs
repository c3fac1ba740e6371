//! The doors to the world: one HTTP request ([`Transport`]), time ([`Clock`]) and files ([`Disk`](igsync_base::files::Disk)); and how a place
//! beyond this machine refuses a record ([`RemoteError`]). A test that owns them all owns everything that can fail.

mod body;
mod fetch;
mod remote;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

pub use body::{Body, Progress};
pub use fetch::{Claim, Expected, FetchError, Fetched, Sink};
pub use remote::{RemoteError, Version};

/// One HTTP request, as far as igsync needs to shape it.
pub struct Request {
    pub method: Method,
    pub url: url::Url,
    /// Names in lower case. A value may be a secret: never log it.
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
    /// The whole exchange must end within this time.
    pub timeout: Duration,
    /// A larger answer is cut off with [`TransportError::Unreadable`]. In bytes.
    pub answer_limit: u64,
}

/// Without what may be secret: header values and the URL's query.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("headers", &headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
}

impl Method {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One whole answer; redirects are answers, never followed.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Why no answer can be used. What may have happened at the other end is the difference that counts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// The connection never came up: the other end has seen nothing of this request.
    #[error("no connection: {0}")]
    NotSent(String),
    /// Sent in part or whole, then nothing usable came back: the effect is unknown.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// An answer began and could not be read to its end: the effect is unknown.
    #[error("the answer could not be read: {0}")]
    Unreadable(String),
}

/// Sends one request and returns one answer. No retries, no redirects, no cookies.
pub trait Transport: Send + Sync {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// Reads a file that strangers must be able to read: as it is packed, through no proxy, from public
    /// addresses or this machine. The body goes to `sink` in pieces, up to `answer_limit`.
    fn fetch<'a>(&'a self, request: Request, sink: Sink<'a>) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        Box::pin(async move {
            let mut head = self.send(request).await?;
            let _ = sink(&std::mem::take(&mut head.body));
            Ok(Fetched { head, body: Ok(()) })
        })
    }
}

/// Time, read and waited for.
pub trait Clock: Send + Sync {
    /// The wall clock of this machine. Times compared with Meta's use the server's clock instead.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary fixed point; never goes back.
    fn monotonic(&self) -> Duration;

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}
