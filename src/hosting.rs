//! Where local media become URLs that Meta can fetch. Knows no post.

mod checkout;
mod command;
mod error;
mod expiry;
mod github;
pub mod proof;
mod sandbox;
mod store;
#[cfg(test)]
mod testing;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use url::Url;

use crate::process::Environment;
use igsync_base::files::Disk;
use igsync_base::net::is_loopback;
use igsync_media::MediaFile;
use igsync_model::config::Hosting;
use igsync_model::config::hosting::template::{self, Values};
use igsync_ports::{Progress, Transport};

use checkout::Checkout;
use command::Program;
use github::Github;
use sandbox::Sandbox;
use store::Store;

pub use error::Error;
pub use expiry::expires_at;

/// What a host works with.
pub struct Surroundings<'a> {
    /// The content root.
    pub root: PathBuf,
    pub disk: Arc<dyn Disk>,
    pub transport: Arc<dyn Transport>,
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// What programs are given.
    pub environment: Environment,
    /// Names of the variables that hold igsync's own secrets: no message may show them.
    pub secrets: Vec<String>,
    /// For one small request.
    pub timeout: Duration,
    /// The API's base where it is on this machine: perhaps a sandbox, which hosts by itself.
    pub loopback_base: Option<Url>,
}

/// One way to give local files public URLs. Asked in `apply` only: it may upload.
pub struct Host {
    way: Result<Way, Error>,
    /// The API is on this machine, so media may be, too.
    allows_loopback: bool,
    /// What has its URL already, by content: two posts with one file cost one upload.
    known: Mutex<HashMap<Arc<str>, Arc<OnceCell<Url>>>>,
}

enum Way {
    Template { template: String, commit: OnceCell<String>, checkout: Checkout },
    Github(Github),
    Store(Box<Store>),
    Program(Program),
    Sandbox { sandbox: Sandbox, otherwise: Option<Box<Result<Way, Error>>> },
}

impl Host {
    /// The way that the configuration names; `None` when there is no way at all. Asks no one yet, and
    /// what is wrong with it is told to whoever wants a URL.
    #[must_use]
    pub fn open(hosting: Option<&Hosting>, surroundings: Surroundings<'_>) -> Option<Self> {
        let configured = hosting.map(|hosting| Way::open(hosting, &surroundings));
        let allows_loopback = surroundings.loopback_base.is_some();
        let way = match surroundings.loopback_base {
            None => configured?,
            Some(base) => {
                let Surroundings { transport, disk, timeout, .. } = surroundings;
                let sandbox = Sandbox::new(base, transport, disk, timeout);
                Ok(Way::Sandbox { sandbox, otherwise: configured.map(Box::new) })
            }
        };
        Some(Self { way, allows_loopback, known: Mutex::default() })
    }

    /// Whether an emulator was given the file behind this URL and serves it to itself.
    #[must_use]
    pub fn is_in_sandbox(&self, url: &str) -> bool {
        self.allows_loopback && Url::parse(url).is_ok_and(|url| sandbox::serves(&url))
    }

    /// The public URL of a file, the same for the whole run. Uploads what the host does not have yet,
    /// once, whoever asks; `progress` is told the bytes that were sent.
    pub async fn url_of(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        let way = self.way().await?;
        let url = match way {
            // Cheap, and two names of one content have two addresses.
            Way::Template { .. } | Way::Github(_) => way.url_of(file, None).await?,
            Way::Store(_) | Way::Program(_) | Way::Sandbox { .. } => {
                let cell = Arc::clone(self.known().entry(Arc::clone(&file.sha256)).or_default());
                cell.get_or_try_init(|| way.url_of(file, progress)).await?.clone()
            }
        };
        if is_loopback(&url) && !self.allows_loopback {
            return Err(Error::OnThisMachine { name: Arc::clone(&file.name) });
        }
        Ok(url)
    }

    /// A base on this machine that is no sandbox leaves hosting to the configuration.
    async fn way(&self) -> Result<&Way, Error> {
        let way = self.way.as_ref().map_err(Clone::clone)?;
        match way {
            Way::Sandbox { sandbox, otherwise: Some(otherwise) } if !sandbox.is_there().await => {
                (**otherwise).as_ref().map_err(Clone::clone)
            }
            _ => Ok(way),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<OnceCell<Url>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    fn open(hosting: &Hosting, surroundings: &Surroundings<'_>) -> Result<Self, Error> {
        let root = surroundings.root.clone();
        let checkout = || Checkout::at(&surroundings.root, &surroundings.environment);
        Ok(match hosting {
            Hosting::Url(template) => {
                Self::Template { template: template.clone(), commit: OnceCell::new(), checkout: checkout() }
            }
            Hosting::Github(repository) => Self::Github(Github::new(checkout(), repository.clone(), surroundings.env)),
            Hosting::ObjectStore(settings) => Self::Store(Box::new(Store::open(
                settings,
                surroundings.env,
                Arc::clone(&surroundings.transport),
                Arc::clone(&surroundings.disk),
                surroundings.timeout,
            )?)),
            Hosting::Command(words) => {
                let named = surroundings.secrets.iter().map(String::as_str).chain(SECRETS);
                let secrets = command::secrets(named.filter_map(surroundings.env));
                Self::Program(Program {
                    words: words.clone(),
                    root,
                    environment: surroundings.environment.clone(),
                    secrets,
                    patience: PROGRAM_PATIENCE,
                })
            }
        })
    }

    async fn url_of(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        match self {
            Self::Template { .. } | Self::Github(_) if file.is_made_here => {
                Err(Error::MadeHere { name: Arc::clone(&file.name) })
            }
            Self::Template { template, commit, checkout } => {
                let commit = if template::names_commit(template) {
                    commit.get_or_try_init(|| checkout.pushed_head()).await?.as_str()
                } else {
                    ""
                };
                Ok(template::fill(
                    template,
                    &Values { path: &file.name, sha256: &file.sha256, ext: file.ext(), commit },
                )?)
            }
            Self::Github(github) => github.url_of(file).await,
            Self::Store(store) => store.put(file, progress).await,
            Self::Program(program) => program.ask(file).await,
            Self::Sandbox { sandbox, .. } => sandbox.put(file, progress).await,
        }
    }
}

/// How long a program may take for one file.
const PROGRAM_PATIENCE: Duration = Duration::from_secs(600);

/// Secrets of other tools, which a program may need and no message may show.
const SECRETS: [&str; 4] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];

/// How long a request may take that carries `len` bytes: a slower line is treated as dead.
fn patience(timeout: Duration, len: u64) -> Duration {
    const BYTES_PER_SECOND: u64 = 32 * 1024;
    timeout.saturating_add(Duration::from_secs(len / BYTES_PER_SECOND))
}

/// A URL as messages may show it: without the query, which signs or identifies.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}
