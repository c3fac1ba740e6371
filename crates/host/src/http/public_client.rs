//! The client for files that strangers must be able to read: no proxy, nothing unpacked on the way, and
//! connections to public addresses only. The check is made where names become addresses, so that the
//! address that is connected to is the one that was checked.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::super::address::is_public;
use super::{HttpOptions, at_home, build, builder, failure, get_or_build, with_roots};
use igsync_base::net::is_loopback;
use igsync_ports::{FetchError, TransportError};

/// Names that are not asked for: their addresses are known.
pub(super) type Known = HashMap<String, Vec<IpAddr>>;

/// One client for this machine and, once it is needed, one for the world.
#[derive(Debug)]
pub(super) struct PublicClient {
    options: HttpOptions,
    known: Arc<Known>,
    loopback: reqwest::Client,
    public: OnceLock<reqwest::Client>,
}

impl PublicClient {
    pub(super) fn new(options: &HttpOptions, known: Known) -> Result<Self, TransportError> {
        let loopback = build(at_home(bare(options)).tls_certs_only([]))?;
        Ok(Self { options: options.clone(), known: Arc::new(known), loopback, public: OnceLock::new() })
    }

    /// Whether `url` is this machine was for the caller to allow; a name that merely leads here is private.
    pub(super) fn client_for(&self, url: &url::Url) -> Result<&reqwest::Client, FetchError> {
        if is_loopback(url) {
            return Ok(&self.loopback);
        }
        // A name is looked at when it is resolved; an address never is.
        let address: Option<IpAddr> = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(address.into()),
            Some(url::Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        match address.filter(|address| !is_public(*address)) {
            Some(address) => Err(FetchError::Private(address)),
            None => Ok(self.public()?),
        }
    }

    fn public(&self) -> Result<&reqwest::Client, TransportError> {
        let resolver = PublicNames { known: Arc::clone(&self.known) };
        let client = || with_roots(bare(&self.options)).https_only(true).dns_resolver(Arc::new(resolver));
        get_or_build(&self.public, client)
    }
}

fn bare(options: &HttpOptions) -> reqwest::ClientBuilder {
    builder(options).no_proxy().no_gzip()
}

/// The failure of a request, the refusal of an address told apart.
pub(super) fn fetch_failure(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Private(address)) = inner.downcast_ref() {
            return FetchError::Private(*address);
        }
        cause = inner.source();
    }
    FetchError::Transport(failure(&error))
}

#[derive(Debug)]
struct Private(IpAddr);

impl fmt::Display for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be reached from outside", self.0)
    }
}

impl Error for Private {}

struct PublicNames {
    known: Arc<Known>,
}

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let known = Arc::clone(&self.known);
        Box::pin(async move {
            let found: Vec<IpAddr> = match known.get(name.as_str()) {
                Some(addresses) => addresses.clone(),
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect(),
            };
            // One private address among public ones is enough: the next look-up may give that one first.
            if let Some(private) = found.iter().find(|address| !is_public(**address)) {
                return Err(Private(*private).into());
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
