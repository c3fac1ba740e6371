//! The world and what surrounds it: clock, media store, fetching, writing down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;

use super::draft;
use super::error::{FETCH, Refusal};
use super::fault::Faults;
use super::log::Log;
use super::persist::Persist;
use super::store::{MAX_FILE, Store};
use super::time::Millis;
use super::world::World;
use crate::port::{Body, Clock, Method, Request, Transport};

/// How vendors' logs show Meta's fetcher.
///
/// Meta: <https://developers.facebook.com/docs/sharing/webmasters/web-crawlers>
const FETCHER: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";
const FETCH_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct Core {
    pub(crate) world: Mutex<World>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) log: Mutex<Log>,
    /// Bytes of unfinished uploads, by container.
    pub(crate) uploads: Mutex<HashMap<u64, Vec<u8>>>,
    pub(crate) store: Store,
    pub(crate) persist: Persist,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) fetcher: Option<Arc<dyn Transport>>,
}

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

    /// Writes down what changed. Nobody may be told of a change before this returns.
    pub(crate) fn save(&self) -> Result<(), Refusal> {
        self.persist.save(&self.world).map_err(|error| {
            tracing::error!(%error, "the sandbox cannot write its state");
            Refusal::of(2, None)
        })
    }

    /// The bytes behind a media URL, as Meta's fetcher would get them: no redirects, 200 only.
    /// `None`: taken for good without looking.
    pub(crate) async fn fetch(&self, text: &str, base: &str) -> Result<Option<Bytes>, Refusal> {
        let url = draft::check_url(text)?;
        let failed = || Refusal::from(&FETCH);
        if url.as_str().starts_with(&format!("{base}/_sandbox/media/")) {
            let name = url.path_segments().and_then(Iterator::last).unwrap_or_default();
            return self.store.get(name).map(Some).ok_or_else(failed);
        }
        let loopback = is_loopback(&url);
        if url.scheme() == "http" && !loopback {
            return Err(failed());
        }
        if !loopback && self.world().settings.assume_https {
            return Ok(None);
        }
        let fetcher = self.fetcher.as_ref().ok_or_else(failed)?;
        let request = Request {
            method: Method::Get,
            url,
            headers: vec![("user-agent", FETCHER.to_owned())],
            body: Body::Empty,
            timeout: FETCH_TIMEOUT,
            answer_limit: MAX_FILE,
        };
        match fetcher.send(request).await {
            Ok(answer) if answer.status == 200 => Ok(Some(answer.body.into())),
            _ => Err(failed()),
        }
    }
}

pub(crate) fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
