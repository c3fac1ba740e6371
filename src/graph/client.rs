//! One account's way to the API: builds requests, reads answers, repeats what may be repeated.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::answer;
use super::endpoint::Endpoint;
use super::endpoint::Flavour;
use super::errors::{Error, Why};
use super::proof::AppSecret;
use super::retry::{self, Call, Pace, Verdict};
use super::text::clean;
use super::time::ServerClock;
use super::token::AccessToken;
use super::usage::Usage;
use crate::port::{Body, Clock, Method, Request, Response, Transport, TransportError};

/// Waits and limits of the client.
#[derive(Clone, Debug)]
pub struct Timing {
    /// For one exchange.
    pub call_timeout: Duration,
    /// For one exchange that carries a file.
    pub upload_timeout: Duration,
    /// The first delay of [`Pace::Soon`].
    pub soon: Duration,
    /// The first delay of [`Pace::Spaced`].
    pub spaced: Duration,
    /// No delay is longer, before jitter.
    pub longest: Duration,
    /// Adds up to the delay once more, so that many runs do not come back together.
    pub jitter: bool,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(60),
            upload_timeout: Duration::from_secs(30 * 60),
            soon: Duration::from_millis(500),
            spaced: Duration::from_secs(15),
            longest: Duration::from_secs(60),
            jitter: true,
        }
    }
}

impl Timing {
    pub(super) fn delays(&self, pace: Pace) -> impl Iterator<Item = Duration> + use<> {
        let first = match pace {
            Pace::Soon => self.soon,
            Pace::Spaced => self.spaced,
        };
        let delays = ExponentialBuilder::new().with_min_delay(first).with_max_delay(self.longest).without_max_times();
        if self.jitter { delays.with_jitter() } else { delays }.build()
    }
}

/// In bytes; a listing page of 100 media with the longest captions stays far below.
const ANSWER_LIMIT: u64 = 8 * 1024 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// The Graph API for one access token. Cheap to share behind an [`Arc`].
pub struct Client {
    pub(super) endpoint: Endpoint,
    pub(super) token: AccessToken,
    app_secret: Option<AppSecret>,
    transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) timing: Timing,
    server: ServerClock,
    usage: Mutex<Usage>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// One request before it has a host and a token.
pub(super) struct Ask<'a> {
    /// As messages name it.
    pub(super) edge: &'static str,
    pub(super) method: Method,
    /// Below the version.
    pub(super) path: &'a [&'a str],
    /// Query of a `GET`, form of a `POST`; lists and objects as JSON text.
    pub(super) params: Vec<(&'static str, String)>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(edge: &'static str, path: &'a [&'a str], params: Vec<(&'static str, String)>) -> Self {
        Self { edge, method: Method::Get, path, params }
    }

    pub(super) fn post(edge: &'static str, path: &'a [&'a str], params: Vec<(&'static str, String)>) -> Self {
        Self { edge, method: Method::Post, path, params }
    }
}

impl Client {
    #[must_use]
    pub fn new(
        endpoint: Endpoint,
        token: AccessToken,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        timing: Timing,
    ) -> Self {
        let (server, usage) = (ServerClock::default(), Mutex::default());
        Self { endpoint, token, app_secret: None, transport, clock, timing, server, usage }
    }

    /// Proves each call with the app's secret. Facebook Login only: Instagram's host documents no proof,
    /// so there it changes nothing.
    #[must_use]
    pub fn with_app_secret(mut self, secret: AppSecret) -> Self {
        self.app_secret = Some(secret);
        self
    }

    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Meta's clock: its last `Date` and the time since then. This machine's clock before the first answer.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        self.server.now(&*self.clock)
    }

    /// What the newest usage headers said.
    #[must_use]
    pub fn usage(&self) -> Usage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends `ask` until it is answered or [`retry::decide`] says no.
    pub(super) async fn retried<T: DeserializeOwned>(&self, call: Call, ask: &Ask<'_>) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            let error = match self.once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Verdict::Retry(pace) = retry::decide(call, &error, attempt) else { return Err(error) };
            self.pause(pace, attempt).await;
            attempt += 1;
        }
    }

    /// Sends `ask` exactly once.
    pub(super) async fn once<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Error> {
        let mut url = self.endpoint.url(ask.path);
        let mut body = Body::Empty;
        if let Some(secret) = self.app_secret.as_ref().filter(|_| self.endpoint.flavour() == Flavour::Facebook) {
            url.query_pairs_mut().extend_pairs(secret.prove(&self.token, self.server_now()));
        }
        if ask.method == Method::Get {
            if !ask.params.is_empty() {
                url.query_pairs_mut().extend_pairs(&ask.params);
            }
        } else if !ask.params.is_empty() {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&ask.params).finish();
            body = Body::Bytes { content_type: FORM, bytes: form.into_bytes() };
        }
        let request = Request {
            method: ask.method,
            url,
            headers: vec![("authorization", format!("Bearer {}", self.token.expose()))],
            body,
            timeout: self.timing.call_timeout,
            answer_limit: ANSWER_LIMIT,
        };
        let response = self.send(ask.edge, request).await?;
        self.server.take(response.header("date"), &*self.clock);
        answer::read(ask.edge, &response, &self.token)
    }

    /// One exchange, its usage headers noted.
    pub(super) async fn send(&self, edge: &'static str, request: Request) -> Result<Response, Error> {
        tracing::debug!(edge, method = request.method.as_str(), path = request.url.path(), "request");
        let sent = self.transport.send(request).await;
        let say = |text: &str| clean(text, &self.token);
        let result = sent.map_err(|error| match error {
            TransportError::NotSent(why) => Error::NotSent { edge, why: say(&why) },
            TransportError::NoAnswer(why) => Error::Unclear { edge, why: Why::NoAnswer(say(&why)) },
            TransportError::Unreadable(why) => Error::Unclear { edge, why: Why::BrokenOff(say(&why)) },
        });
        match &result {
            Ok(response) => {
                tracing::debug!(edge, status = response.status, bytes = response.body.len(), "answer");
                self.usage.lock().unwrap_or_else(PoisonError::into_inner).take(response);
            }
            Err(error) => tracing::debug!(edge, %error, "no answer"),
        }
        result
    }

    /// Waits before the try that follows `attempt` (from 1).
    pub(super) async fn pause(&self, pace: Pace, attempt: u32) {
        let skip = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let delay = self.timing.delays(pace).nth(skip.min(16)).unwrap_or(self.timing.longest);
        tracing::debug!(attempt, delay_ms = delay.as_millis(), "trying again");
        self.clock.sleep(delay).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, TOKEN, answer, client, refused, silence};
    use super::super::wire::SuccessAnswer;
    use super::*;

    fn ask<'a>() -> Ask<'a> {
        Ask::get("me", &["me"], vec![("fields", "id,user name".to_owned())])
    }

    #[tokio::test]
    async fn the_token_travels_in_the_header_only() {
        let script = Script::of([answer(200, r#"{"success":true}"#).into()]);
        let _: SuccessAnswer = client(&script).once(&ask()).await.unwrap();
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/me?fields=id%2Cuser+name");
        assert_eq!(sent.headers, [("authorization", format!("Bearer {TOKEN}"))]);
    }

    #[tokio::test]
    async fn a_form_goes_into_the_body_of_a_post() {
        let script = Script::of([answer(200, r#"{"success":true}"#).into()]);
        let ask = Ask::post("x", &["1", "y"], vec![("message", "a&b=c é".to_owned())]);
        let _: SuccessAnswer = client(&script).once(&ask).await.unwrap();
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/1/y");
        assert_eq!(sent.body, "message=a%26b%3Dc+%C3%A9");
    }

    #[tokio::test]
    async fn a_proof_goes_into_the_query_also_of_a_post() {
        let script = Script::of([answer(200, r#"{"success":true}"#).into()]);
        let client = client(&script).with_app_secret(AppSecret::from_text("fb-app-secret").unwrap());
        let ask = Ask::post("x", &["1", "y"], vec![("message", "m".to_owned())]);
        let _: SuccessAnswer = client.once(&ask).await.unwrap();
        let sent = &script.sent()[0];
        assert!(sent.url.contains("/1/y?appsecret_proof=") && sent.url.ends_with("&appsecret_time=1795435200"));
        assert_eq!(sent.body, "message=m");
    }

    #[tokio::test]
    async fn a_read_is_repeated_with_growing_delays_and_then_given_up() {
        let script = Script::of([silence(), refused(), silence(), silence()]);
        let result: Result<SuccessAnswer, Error> = client(&script).retried(Call::Read, &ask()).await;
        assert!(matches!(result, Err(Error::Unclear { why: Why::NoAnswer(_), .. })), "{result:?}");
        assert_eq!(script.clock.slept_ms(), [500, 1000, 2000]);
    }

    #[tokio::test]
    async fn a_read_that_is_answered_in_the_end_succeeds() {
        let script = Script::of([answer(503, "<html>").into(), answer(200, r#"{"success":true}"#).into()]);
        let result: Result<SuccessAnswer, Error> = client(&script).retried(Call::Read, &ask()).await;
        assert!(result.is_ok());
        assert_eq!(script.clock.slept_ms(), [500]);
    }

    #[tokio::test]
    async fn server_time_and_usage_come_from_every_answer() {
        let mut response = answer(400, r#"{"error":{"code":100}}"#);
        response.headers = vec![
            ("date".to_owned(), "Mon, 23 Nov 2026 15:16:15 GMT".to_owned()),
            ("x-app-usage".to_owned(), r#"{"call_count":28}"#.to_owned()),
        ];
        let script = Script::of([response.into()]);
        let client = client(&script);
        let result: Result<SuccessAnswer, Error> = client.once(&ask()).await;
        assert!(result.is_err());
        script.clock.advance(Duration::from_secs(5));
        assert_eq!(client.server_now(), "2026-11-23T15:16:20Z".parse().unwrap());
        assert_eq!(client.usage().percent(), Some(28));
    }

    #[tokio::test]
    async fn over_real_sockets_token_and_form_arrive() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = url::Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let router = axum::Router::new().fallback(async |request: axum::extract::Request| {
            let (parts, body) = request.into_parts();
            let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
            let body = axum::body::to_bytes(body, 1000).await.unwrap();
            let seen = [parts.method.as_str(), parts.uri.path(), &header("authorization"), &header("content-type")];
            let seen = format!("{} {}", seen.join(" "), String::from_utf8(body.to_vec()).unwrap());
            serde_json::json!({ "id": seen }).to_string()
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let endpoint = Endpoint::new(Flavour::Instagram, Some(base), None, None).unwrap();
        let transport = crate::port::HttpTransport::new(&crate::port::HttpOptions::default()).unwrap();
        let clock = Arc::new(crate::port::RealClock::new());
        let token = super::super::testing::token();
        let client = Client::new(endpoint, token, Arc::new(transport), clock, Timing::default());
        let ask = Ask::post("x", &["1784", "media"], vec![("caption", "a&b".to_owned())]);
        let seen: super::super::wire::IdAnswer = client.once(&ask).await.unwrap();
        assert_eq!(seen.id, format!("POST /v26.0/1784/media Bearer {TOKEN} {FORM} caption=a%26b"));
        let now = client.clock.now().as_second();
        assert!((client.server_now().as_second() - now).abs() <= 2, "axum sends this machine's date");
        server.abort();
    }

    #[test]
    fn jitter_adds_at_most_the_delay_itself() {
        let timing = Timing::default();
        for (n, delay) in timing.delays(Pace::Spaced).take(3).enumerate() {
            let plain = Duration::from_secs([15, 30, 60][n]);
            assert!(delay >= plain && delay <= plain * 2, "{delay:?}");
        }
    }
}
