//! The proof that Meta can fetch a URL: it is read as Meta's crawler reads it, and what comes back is
//! compared with what was meant. Nothing is followed, nothing is repeated: one request a file.
//!
//! Meta: <https://developers.facebook.com/docs/sharing/webmasters/web-crawlers>

mod body;
mod trouble;

/// As [`FetchError::Private`] writes addresses.
fn host_of(url: &Url) -> String {
    match url.host() {
        Some(url::Host::Ipv6(address)) => address.to_string(),
        host => host.map(|host| host.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;
use url::Url;

use super::expiry::expires_at;
use body::Reading;
use igsync_base::net::{is_loopback, shown};
use igsync_media::probe::Facts;
use igsync_ports::{Body, Claim, Clock, FetchError, Fetched, Method, Request, Response, Transport};

pub use trouble::Trouble;

/// How vendors' logs show Meta's fetcher.
const CRAWLER: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";

/// Nothing larger is read: what Meta takes at most. In bytes.
const MOST: u64 = 300_000_000;

/// A picture of which nothing is known is read to its end, but not beyond this. In bytes.
const MOST_OF_A_PICTURE: u64 = 16 << 20;

/// A host that is slower than this is too slow. In bytes a second.
const LEAST_SPEED: u64 = 1 << 20;

/// Where the Graph API is, which decides what it could fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Meta fetches from the internet.
    Internet,
    /// An emulator on this machine. It fetches from this machine; nothing else is asked for a file.
    ThisMachine,
}

/// A URL that passed. `Some`: what a picture is whose file no one here has.
pub type Proven = Option<Arc<Facts>>;

/// Proves URLs, each once in a run.
pub struct Prover {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    reach: Reach,
    /// For the first byte, and the least for the whole.
    patience: Duration,
    /// A signature must hold for this long from now.
    run_time: Duration,
    answers: Mutex<HashMap<String, Arc<OnceCell<Answer>>>>,
}

/// What one look at a URL gave.
type Answer = Result<Proven, Trouble>;

impl Prover {
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        reach: Reach,
        patience: Duration,
        run_time: Duration,
    ) -> Self {
        Self { transport, clock, reach, patience, run_time, answers: Mutex::default() }
    }

    /// Whether Meta can fetch what is claimed. `now` is the server's time.
    pub async fn prove(&self, claim: &Claim, now: Timestamp) -> Result<Proven, Trouble> {
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(claim.url.clone()).or_default())
        };
        answer.get_or_init(|| self.look(claim, now)).await.clone()
    }

    async fn look(&self, claim: &Claim, now: Timestamp) -> Result<Proven, Trouble> {
        let url = Url::parse(&claim.url).map_err(|error| Trouble::Unreachable(error.to_string()))?;
        if let Some(at) = expires_at(&url) {
            check_end(at, now, self.run_time)?;
        }
        let is_here = is_loopback(&url);
        match self.reach {
            Reach::ThisMachine if !is_here => return Ok(None),
            Reach::Internet if is_here => return Err(Trouble::Private(host_of(&url))),
            Reach::Internet if url.scheme() != "https" => return Err(Trouble::NotHttps),
            _ => {}
        }
        self.fetch(claim, url).await
    }

    async fn fetch(&self, claim: &Claim, url: Url) -> Result<Proven, Trouble> {
        let most = match &claim.expected {
            Some(expected) => expected.len,
            None if claim.is_video => MOST,
            None => MOST_OF_A_PICTURE,
        };
        let seconds = claim.expected.as_ref().map_or(0, |expected| expected.len.min(MOST) / LEAST_SPEED);
        let time = self.patience + Duration::from_secs(seconds);
        let request = Request {
            method: Method::Get,
            url: url.clone(),
            headers: vec![("user-agent", CRAWLER.to_owned())],
            body: Body::Empty,
            // The clock of this run decides, below.
            timeout: time + Duration::from_secs(5),
            answer_limit: u64::MAX,
        };
        let mut reading = Reading::new(claim, most);
        let mut sink = |piece: &[u8]| reading.take(piece);
        let answer = within(&*self.clock, time, self.transport.fetch(request, &mut sink)).await;
        let Some(answer) = answer else { return Err(Trouble::Slow { read: reading.len(), time }) };
        let Fetched { head, body } = answer.map_err(unreachable)?;
        check_status(&head, &url)?;
        let announced = head.header("content-length").and_then(|len| len.trim().parse::<u64>().ok());
        reading.judge(&head, announced, body)
    }
}

/// `None`: the time was up first.
async fn within<T>(clock: &dyn Clock, time: Duration, work: impl Future<Output = T> + Unpin) -> Option<T> {
    match select(work, clock.sleep(time)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

fn unreachable(error: FetchError) -> Trouble {
    match error {
        FetchError::Private(address) => Trouble::Private(address.to_string()),
        FetchError::Transport(error) => Trouble::Unreachable(error.to_string()),
    }
}

/// Meta fetches soon after creation, and perhaps again until the post is published.
fn check_end(at: Timestamp, now: Timestamp, run_time: Duration) -> Result<(), Trouble> {
    let left = at.duration_since(now);
    if left <= SignedDuration::ZERO {
        return Err(Trouble::Expired { at });
    }
    match Duration::try_from(left) {
        Ok(left) if left < run_time => Err(Trouble::ExpiresSoon { at, left, run_time }),
        _ => Ok(()),
    }
}

fn check_status(head: &Response, url: &Url) -> Result<(), Trouble> {
    let header = |name: &str| head.header(name).unwrap_or_default().to_ascii_lowercase();
    match head.status {
        200 => Ok(()),
        status @ 300..=399 => {
            let to = head.header("location").and_then(|to| url.join(to).ok());
            Err(Trouble::Redirect { status, to: to.map(|to| shown(&to)) })
        }
        status @ (401 | 403) => Err(Trouble::Forbidden { status }),
        status @ (404 | 410) => {
            let from_cache = header("age").parse::<u64>().is_ok_and(|age| age > 0)
                || header("x-cache").contains("hit")
                || header("cf-cache-status").contains("hit");
            Err(if from_cache { Trouble::CachedMissing { status } } else { Trouble::Missing { status } })
        }
        status => Err(Trouble::Status { status }),
    }
}
