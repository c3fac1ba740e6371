//! One account's way to the API: builds requests, reads answers, repeats what may be repeated.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use url::Url;

use super::answer;
use super::endpoint::Endpoint;
use super::endpoint::Flavour;
use super::errors::{ApiError, Error, Why};
use super::proof::AppSecret;
use super::retry::{self, Call, Pace, Verdict};
use super::selection::Selection;
use super::text::clean;
use super::time::{ServerClock, WrongDate};
use super::token::AccessToken;
use super::usage::Usage;
use igsync_base::text::secrets::Secrets;
use igsync_ports::{Body, Clock, Method, Request, Response, Transport, TransportError};

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
    /// How far a `Date` may be from what is known otherwise; `None`: the server's clock is its own.
    pub max_skew: Option<Duration>,
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
            max_skew: None,
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
/// Half of what Meta allows between a proof and its arrival.
const PROOF_SKEW: jiff::SignedDuration = jiff::SignedDuration::from_secs(150);
const FORM: &str = "application/x-www-form-urlencoded";

/// The Graph API for one access token. Cheap to share behind an [`Arc`].
pub struct Client {
    pub(super) endpoint: Endpoint,
    pub(super) token: AccessToken,
    app_secret: Option<AppSecret>,
    /// What must not be shown if the server echoes it.
    pub(super) secrets: Secrets,
    transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) timing: Timing,
    server: ServerClock,
    usage: Mutex<Usage>,
    pauses: Option<Pauses>,
    /// The refusal after which nothing more is sent: each further call would make it worse.
    barred: Mutex<Option<ApiError>>,
    /// What a listing of whole posts is asked for; what was refused is not asked for again.
    selection: Mutex<Selection>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Why a client waits before it sends a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The call failed and is sent again.
    Retry,
    /// The limit of calls is close.
    CallLimit,
}

/// Is called with each wait of a client when it begins.
type Pauses = Box<dyn Fn(Pause, Duration, Timestamp) + Send + Sync>;

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
        let server = ServerClock::new(timing.max_skew, &*clock);
        let (usage, barred) = (Mutex::default(), Mutex::default());
        let selection = Mutex::new(Selection::new(endpoint.flavour()));
        let secrets = Secrets::default();
        secrets.add(token.expose());
        Self {
            endpoint,
            token,
            app_secret: None,
            secrets,
            transport,
            clock,
            timing,
            server,
            usage,
            pauses: None,
            barred,
            selection,
        }
    }

    /// Reports each wait, with the server's time at its start, before it begins.
    #[must_use]
    pub fn saying_pauses(mut self, say: impl Fn(Pause, Duration, Timestamp) + Send + Sync + 'static) -> Self {
        self.pauses = Some(Box::new(say));
        self
    }

    /// Proves each call with the app's secret. Facebook Login only: Instagram's host documents no proof,
    /// so there it changes nothing.
    #[must_use]
    pub fn with_app_secret(mut self, secret: AppSecret) -> Self {
        self.secrets.add(secret.expose());
        self.app_secret = Some(secret);
        self
    }

    /// Hides the token that this client's own was made from.
    #[must_use]
    pub fn after(self, previous_token: &AccessToken) -> Self {
        self.secrets.add(previous_token.expose());
        self
    }

    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Meta's clock: its last `Date` and the time since then. This machine's clock before the first answer.
    /// Within one client it never jumps, whatever this machine's clock or a `Date` does.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        self.server.now(&*self.clock)
    }

    /// The first `Date` that cannot be right: nothing may be published by such a clock.
    #[must_use]
    pub fn wrong_date(&self) -> Option<WrongDate> {
        self.server.wrong()
    }

    /// Whether this machine slept since the last answer, so that [`Self::server_now`] is behind.
    pub fn has_slept(&self) -> bool {
        self.server.has_slept(&*self.clock)
    }

    /// The newest usage headers.
    #[must_use]
    pub fn usage(&self) -> Usage {
        *lock(&self.usage)
    }

    /// What a listing of whole posts is asked for.
    pub(super) fn selection(&self) -> MutexGuard<'_, Selection> {
        lock(&self.selection)
    }

    /// Sends `ask` until it is answered or [`retry::decide`] refuses.
    pub(super) async fn retried<T: DeserializeOwned>(&self, call: Call, ask: &Ask<'_>) -> Result<T, Error> {
        self.retried_unless(call, ask, |_| false).await
    }

    /// As [`Self::retried`], but not after a failure for which another question has to be asked. `is_other` sees every
    /// failure.
    pub(super) async fn retried_unless<T: DeserializeOwned>(
        &self,
        call: Call,
        ask: &Ask<'_>,
        mut is_other: impl FnMut(&Error) -> bool,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            if let Some(delay) = self.usage().delay() {
                tracing::debug!(delay_ms = delay.as_millis(), "close to the call limit");
                self.wait(Pause::CallLimit, delay).await;
            }
            let error = match self.once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if is_other(&error) {
                return Err(error);
            }
            let Verdict::Retry(pace) = retry::decide(call, &error, attempt) else { return Err(error) };
            self.pause(pace, attempt).await;
            attempt += 1;
        }
    }

    /// Sends `ask` exactly once.
    pub(super) async fn once<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Error> {
        let (url, before) = (self.endpoint.url(ask.path), self.server_now());
        let result = self.exchange(ask, url.clone()).await;
        // A proof is good for minutes, and before the first answer only this machine's clock is known.
        let is_skewed = || self.server_now().duration_since(before).abs() > PROOF_SKEW;
        match &result {
            Err(Error::Api(refusal)) if self.app_secret.is_some() && refusal.code == 100 => {
                if ask.method == Method::Get && is_skewed() { self.exchange(ask, url).await } else { result }
            }
            _ => result,
        }
    }

    /// The refusal for which every further call is held back, if there was one.
    #[must_use]
    pub fn barred(&self) -> Option<Error> {
        lock(&self.barred).clone().map(|refusal| Error::Api(Box::new(refusal)))
    }

    /// Sends `ask` exactly once, to `url`.
    pub(super) async fn exchange<T: DeserializeOwned>(&self, ask: &Ask<'_>, mut url: Url) -> Result<T, Error> {
        if let Some(error) = self.barred() {
            return Err(error);
        }
        let mut body = Body::Empty;
        if let Some(secret) = self.app_secret.as_ref().filter(|_| self.endpoint.flavour() == Flavour::Facebook) {
            let proof = secret.prove(&self.token, self.server_now());
            self.secrets.add_proof(&proof[0].1);
            url.query_pairs_mut().extend_pairs(proof);
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
        let began = self.clock.monotonic();
        let response = self.send(ask.edge, request).await?;
        let took = self.clock.monotonic().saturating_sub(began);
        self.server.take(response.header("date"), took, &*self.clock);
        answer::read(ask.edge, &response, &self.secrets).map_err(|error| self.learn(error))
    }

    /// Remembers a refusal that concerns every further call, and adds when calls are taken again.
    fn learn(&self, error: Error) -> Error {
        let Error::Api(mut refusal) = error else { return error };
        if refusal.is_throttle() {
            refusal.regain_minutes = self.usage().regain_minutes.filter(|minutes| *minutes > 0);
        }
        if refusal.bars_account() {
            lock(&self.barred).get_or_insert_with(|| (*refusal).clone());
        }
        Error::Api(refusal)
    }

    /// One exchange, its usage headers noted.
    pub(super) async fn send(&self, edge: &'static str, request: Request) -> Result<Response, Error> {
        // The address of an upload is the server's word.
        let path = clean(request.url.path(), &self.secrets);
        tracing::debug!(edge, method = request.method.as_str(), path, "request");
        let sent = self.transport.send(request).await;
        let say = |text: &str| clean(text, &self.secrets);
        let result = sent.map_err(|error| match error {
            TransportError::NotSent(why) => Error::NotSent { edge, why: say(&why) },
            TransportError::NoAnswer(why) => Error::Unclear { edge, why: Why::NoAnswer(say(&why)) },
            TransportError::Unreadable(why) => Error::Unclear { edge, why: Why::BrokenOff(say(&why)) },
        });
        match &result {
            Ok(response) => {
                tracing::debug!(edge, status = response.status, bytes = response.body.len(), "answer");
                lock(&self.usage).take(response);
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
        self.wait(Pause::Retry, delay).await;
    }

    async fn wait(&self, pause: Pause, delay: Duration) {
        if let Some(say) = &self.pauses {
            say(pause, delay, self.server_now());
        }
        self.clock.sleep(delay).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
