//! Where local media become URLs that Meta can fetch. Knows no post.

mod file;
mod sandbox;
mod template;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;
use tokio::sync::OnceCell;
use url::Url;

use crate::port::{Disk, Progress, Transport};

pub use file::MediaFile;
pub use template::{Error as TemplateError, check, url_for};

/// One way to give local files public URLs. Asked in `apply` only: it may upload.
pub struct Host {
    way: Way,
    /// What has its URL already, by content: two posts with one file cost one upload.
    known: Mutex<HashMap<Arc<str>, Arc<OnceCell<Url>>>>,
}

enum Way {
    Template { template: String, commit: Option<String> },
    Sandbox(sandbox::Sandbox),
}

/// Why a file has no public URL.
#[derive(Clone, Debug, Error, Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    #[error("{name} is converted by igsync, and its host serves only files that are there already")]
    #[diagnostic(help(
        "convert the file yourself and name the result, or host by media.hosting.object_store or media.hosting.command"
    ))]
    MadeHere { name: Arc<str> },
    #[error("{name} has no public URL")]
    #[diagnostic(help("set media.hosting in igsync.yaml, or give an https:// URL in the manifest"))]
    NoHost { name: Arc<str> },
    #[error("{name} was not read")]
    #[diagnostic(help("run apply again; if it stays, please report it"))]
    NotRead { name: Arc<str> },
    #[error("{name} can not be read: {problem}")]
    #[diagnostic(help("put the file back, then run apply again"))]
    Unreadable { name: Arc<str>, problem: String },
    #[error("{name} has changed since the plan was made")]
    #[diagnostic(help("run apply again: it goes by the new file"))]
    Changed { name: Arc<str> },
    #[error("{name} is a Git LFS pointer, not the file itself")]
    #[diagnostic(help("run `git lfs pull`; in CI check out with `lfs: true`"))]
    Pointer { name: Arc<str> },
    #[error("the sandbox did not take {name} (HTTP {status})")]
    #[diagnostic(help(
        "the base URL is on loopback but is no igsync sandbox: set media.hosting, or start `igsync sandbox`"
    ))]
    NoSandbox { name: Arc<str>, status: u16 },
    #[error("the sandbox did not take {name}: {problem}")]
    #[diagnostic(help("is it still running?"))]
    SandboxGone { name: Arc<str>, problem: String },
}

impl Error {
    /// Whether every other file would meet the same: the account's run ends instead of failing post by post.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Template(_) | Self::NoSandbox { .. } | Self::SandboxGone { .. } => true,
            Self::MadeHere { .. } | Self::NoHost { .. } | Self::NotRead { .. } | Self::Unreadable { .. } => false,
            Self::Changed { .. } | Self::Pointer { .. } => false,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> String {
        self.help().map_or_else(String::new, |help| help.to_string())
    }
}

impl Host {
    /// Files that are somewhere already, at addresses that follow a template.
    #[must_use]
    pub fn template(template: String, commit: Option<String>) -> Self {
        Self::new(Way::Template { template, commit })
    }

    /// A sandbox at `base`, which serves files to itself. `timeout`: for one upload.
    #[must_use]
    pub fn sandbox(base: Url, transport: Arc<dyn Transport>, disk: Arc<dyn Disk>, timeout: Duration) -> Self {
        Self::new(Way::Sandbox(sandbox::Sandbox { base, transport, disk, timeout }))
    }

    fn new(way: Way) -> Self {
        Self { way, known: Mutex::default() }
    }

    /// The public URL of a file, the same for the whole run. Uploads what the host does not have yet,
    /// once, whoever asks; `progress` is told the bytes that were sent.
    pub async fn url_of(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        if let Way::Template { template, commit } = &self.way {
            if file.is_made_here {
                return Err(Error::MadeHere { name: Arc::clone(&file.name) });
            }
            return Ok(url_for(template, file, commit.as_deref())?);
        }
        let cell = Arc::clone(self.known().entry(Arc::clone(&file.sha256)).or_default());
        cell.get_or_try_init(|| self.upload(file, progress)).await.cloned()
    }

    async fn upload(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        match &self.way {
            Way::Template { template, commit } => Ok(url_for(template, file, commit.as_deref())?),
            Way::Sandbox(sandbox) => sandbox.put(file, progress).await,
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Arc<OnceCell<Url>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
