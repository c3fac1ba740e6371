//! What a run asks of those who make files reachable: a URL for each file, and the proof that it can be read.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use miette::Diagnostic as _;
use url::Url;

use igsync_media::probe::Facts;
use igsync_media::{FileError, MediaFile};
use igsync_ports::{Claim, Progress};

/// One way to give local files public URLs.
pub trait Host: Send + Sync {
    /// Whether an emulator was given the file behind this URL and serves it to itself.
    fn is_in_sandbox(&self, url: &str) -> bool;

    /// The public URL of a file, the same for the whole run. Uploads what the host does not have yet; `progress` is
    /// called with the bytes that were sent so far.
    fn url_of<'a>(&'a self, file: &'a MediaFile, progress: Option<Progress>) -> BoxFuture<'a, Result<Url, Unhosted>>;
}

/// Why a file has no public URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unhosted {
    pub text: String,
    /// What to do next.
    pub help: String,
    /// Every other file would meet the same: the account's run ends instead of failing post by post.
    pub is_shared: bool,
}

impl Unhosted {
    /// The configuration names no host.
    pub(super) fn without_host(name: &str) -> Self {
        Self {
            text: format!("{name} has no public URL"),
            help: "set media.hosting in igsync.yaml, or give an https:// URL in the manifest".to_owned(),
            is_shared: false,
        }
    }
}

impl From<FileError> for Unhosted {
    fn from(error: FileError) -> Self {
        let help = error.help().map_or_else(String::new, |help| help.to_string());
        Self { text: error.to_string(), help, is_shared: false }
    }
}

/// Reads URLs as the service will.
pub trait Prover: Send + Sync {
    /// Whether the service can fetch what is claimed. `now` is the server's time.
    fn prove<'a>(&'a self, claim: &'a Claim, now: Timestamp) -> BoxFuture<'a, Result<Proven, Trouble>>;
}

/// A URL that passed. `Some`: what a picture is whose file is not here.
pub type Proven = Option<Arc<Facts>>;

/// What keeps the service from fetching a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Does not change; for events and for looking up.
    pub name: &'static str,
    pub text: String,
    /// What to do, one sentence: lower case, no full stop.
    pub help: &'static str,
}
