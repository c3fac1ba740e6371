//! The world and what surrounds it: clock, media store, fetching, writing down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;

use super::draft;
use super::error::{DOWNLOAD_TIMEOUT, FETCH, Refusal};
use super::fault::Faults;
use super::log::Log;
use super::persist::Persist;
use super::store::{MAX_FILE, Store};
use super::time::Millis;
use super::uploads::Uploads;
use super::world::World;
use igsync_base::net::{is_loopback, is_private_line};
use igsync_ports::{Body, Clock, Method, Request, Transport};

/// How vendors' logs show Meta's fetcher.
///
/// Meta: <https://developers.facebook.com/docs/sharing/webmasters/web-crawlers>
const FETCHER: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";
const MAX_REDIRECTS: usize = 5;

pub(crate) struct Core {
    pub(crate) world: Mutex<World>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) log: Mutex<Log>,
    pub(crate) uploads: Uploads,
    pub(crate) store: Store,
    pub(crate) persist: Persist,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) fetcher: Option<Arc<dyn Transport>>,
    pub(crate) keys: Option<Keys>,
}

/// What a client calls a post, by its media id.
pub type Keys = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// No holder of these locks leaves half-done work behind a panic, so a poisoned one is as good.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    /// The sandbox's own time.
    pub(crate) fn now(&self) -> Millis {
        let ahead = self.world().ahead();
        self.clock.now().as_millisecond().saturating_add(ahead)
    }

    /// Writes down what changed. No answer may mention a change before this returns.
    pub(crate) fn save(&self) -> Result<(), Refusal> {
        self.persist.save(&self.world).map_err(|error| {
            tracing::error!(%error, "the sandbox cannot write its state");
            Refusal::of(2, None)
        })
    }

    /// The bytes behind a media URL, as Meta's fetcher would get them: no redirects, 200 only.
    /// `None`: treated as good without looking.
    pub(crate) async fn fetch(&self, text: &str, base: &str) -> Result<Option<Bytes>, Refusal> {
        let url = draft::check_url(text)?;
        let failed = || Refusal::from(&FETCH);
        if let Some(name) = url.path().strip_prefix("/_sandbox/media/") {
            // The name is the digest of the bytes, so it does not matter by which name it is ours.
            let own = url.as_str().starts_with(base);
            match self.store.get(name).filter(|_| own || is_loopback(&url)) {
                None if own => return Err(failed()),
                None => {}
                found => return Ok(found),
            }
        }
        if !is_private_line(&url) {
            return Err(failed());
        }
        let settings = self.world().settings.clone();
        if !is_loopback(&url) && settings.assume_https {
            return Ok(None);
        }
        let timeout = Duration::from_millis(u64::try_from(settings.fetch_timeout_ms).unwrap_or(0));
        let hops = if settings.follow_redirects { MAX_REDIRECTS } else { 0 };
        self.fetch_from(url, timeout, hops).await.map(Some)
    }

    async fn fetch_from(&self, mut url: url::Url, timeout: Duration, hops: usize) -> Result<Bytes, Refusal> {
        let failed = || Refusal::from(&FETCH);
        let fetcher = self.fetcher.as_ref().ok_or_else(failed)?;
        for _ in 0..=hops {
            let request = Request {
                method: Method::Get,
                url: url.clone(),
                headers: vec![("user-agent", FETCHER.to_owned())],
                body: Body::Empty,
                timeout,
                answer_limit: MAX_FILE,
            };
            let began = self.clock.monotonic();
            let answer = match fetcher.send(request).await {
                Ok(answer) => answer,
                Err(_) if self.clock.monotonic().saturating_sub(began) >= timeout => {
                    return Err((&DOWNLOAD_TIMEOUT).into());
                }
                Err(_) => return Err(failed()),
            };
            if answer.status == 200 {
                return Ok(answer.body.into());
            }
            let next = answer.header("location").filter(|_| (300..400).contains(&answer.status));
            url = next.and_then(|next| url.join(next).ok()).ok_or_else(failed)?;
        }
        Err(failed())
    }
}
