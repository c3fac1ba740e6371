//! A transport that answers from a script, a clock that only tests move, and the fixtures.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::client::{Client, Timing};
use super::endpoint::{Endpoint, Flavour};
use super::errors::ApiError;
use super::token::AccessToken;
use igsync_base::text::secrets::Secrets;
use igsync_ports::{Body, Clock, Method, Request, Response, Transport, TransportError};

/// A canary: must never be seen outside the authorization header.
pub(super) const TOKEN: &str = "EAAcanary0123456789";

pub(super) fn token() -> AccessToken {
    AccessToken::from_text(TOKEN).unwrap()
}

pub(super) fn secrets() -> Secrets {
    let secrets = Secrets::default();
    secrets.add(TOKEN);
    secrets
}

/// A documented answer of `tests/fixtures/graph`.
pub(super) fn fixture(name: &str) -> String {
    let path = format!("{}/../../tests/fixtures/graph/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

pub(super) struct Scripted(pub(super) Result<Response, TransportError>);

impl From<Response> for Scripted {
    fn from(response: Response) -> Self {
        Self(Ok(response))
    }
}

pub(super) fn silence() -> Scripted {
    Scripted(Err(TransportError::NoAnswer("closed".to_owned())))
}

pub(super) fn refused() -> Scripted {
    Scripted(Err(TransportError::NotSent("refused".to_owned())))
}

pub(super) fn api(code: i64, subcode: Option<i64>) -> ApiError {
    ApiError { edge: "media", http_status: 400, code, subcode, ..ApiError::default() }
}

/// One request as the transport got it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) timeout: Duration,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Scripted>,
    sent: Vec<Sent>,
}

/// Answers in order and keeps what was sent. A request beyond the script panics.
#[derive(Clone, Default)]
pub(super) struct Script {
    state: Arc<Mutex<State>>,
    pub(super) clock: Arc<TestClock>,
}

impl Script {
    pub(super) fn of(answers: impl IntoIterator<Item = Scripted>) -> Self {
        let script = Self::default();
        script.state.lock().unwrap().answers = answers.into_iter().collect();
        script
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.state.lock().unwrap().sent.clone()
    }
}

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let body = match request.body {
            Body::Empty => Vec::new(),
            Body::Bytes { bytes, .. } => bytes,
            Body::Stream { source, len, progress, .. } => {
                let mut bytes = Vec::new();
                source.take(len).read_to_end(&mut bytes).unwrap();
                if let Some(progress) = progress {
                    progress(len);
                }
                bytes
            }
        };
        let sent = Sent {
            method: request.method,
            url: request.url.to_string(),
            headers: request.headers,
            body: String::from_utf8(body).unwrap(),
            timeout: request.timeout,
        };
        let mut state = self.state.lock().unwrap();
        state.sent.push(sent);
        let answer = state.answers.pop_front().expect("a request beyond the script");
        async { answer.0 }.boxed()
    }
}

pub(super) fn client(script: &Script) -> Client {
    client_of(script, Endpoint::new(Flavour::Facebook, None, None, None).unwrap())
}

pub(super) fn client_of(script: &Script, endpoint: Endpoint) -> Client {
    let timing = Timing { jitter: false, ..Timing::default() };
    Client::new(endpoint, token(), Arc::new(script.clone()), Arc::clone(&script.clock) as _, timing)
}

/// Stands still; sleeping moves it at once.
#[derive(Default)]
pub(super) struct TestClock {
    elapsed: Mutex<Duration>,
    asleep: Mutex<Duration>,
    slept: Mutex<Vec<u128>>,
}

impl TestClock {
    pub(super) fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap() += by;
    }

    /// The monotonic clock stops meanwhile.
    pub(super) fn sleep_machine(&self, by: Duration) {
        *self.asleep.lock().unwrap() += by;
    }

    pub(super) fn slept_ms(&self) -> Vec<u128> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let begin = "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap();
        begin + *self.elapsed.lock().unwrap() + *self.asleep.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.slept.lock().unwrap().push(duration.as_millis());
        self.advance(duration);
        async {}.boxed()
    }
}
