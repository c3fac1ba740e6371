//! Public repositories on github.com serve the raw bytes of every pushed commit.

use std::sync::Arc;

use tokio::sync::OnceCell;
use url::Url;

use super::Error;
use super::checkout::{Checkout, Committed};
use igsync_media::MediaFile;
use igsync_model::config::Repository;
use igsync_model::config::hosting::template;

pub(super) struct Github {
    checkout: Checkout,
    configured: Option<Repository>,
    /// What GitHub Actions says; used where the checkout has no remote of its own there.
    of_the_job: Option<Repository>,
    pushed: OnceCell<(Repository, String)>,
}

impl Github {
    pub(super) fn new(
        checkout: Checkout,
        configured: Option<Repository>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let is_github = env("GITHUB_SERVER_URL").is_none_or(|server| server == "https://github.com");
        let of_the_job = env("GITHUB_REPOSITORY").filter(|_| is_github).and_then(|name| Repository::parse(&name));
        Self { checkout, configured, of_the_job, pushed: OnceCell::new() }
    }

    pub(super) async fn url_of(&self, file: &MediaFile) -> Result<Url, Error> {
        let (repository, commit) = self.pushed.get_or_try_init(|| self.pushed()).await?;
        let name = Arc::clone(&file.name);
        let (host, path) = match self.checkout.committed(commit, &file.name, file.len, &file.sha256).await? {
            Committed::Same { path } => ("raw.githubusercontent.com", path),
            // The raw address serves the pointer.
            Committed::Pointer { path } => ("media.githubusercontent.com/media", path),
            Committed::Different => return Err(Error::Uncommitted { name, what: "has changed since the last commit" }),
            Committed::Absent => return Err(Error::Uncommitted { name, what: "is not in the last commit" }),
        };
        let path = template::encode(&path);
        Url::parse(&format!("https://{host}/{}/{}/{commit}/{path}", repository.owner, repository.name))
            .map_err(|error| template::Error::NotAUrl { problem: error.to_string() }.into())
    }

    async fn pushed(&self) -> Result<(Repository, String), Error> {
        let repository = match (&self.configured, &self.of_the_job) {
            (Some(configured), _) => configured.clone(),
            (None, Some(job)) => self.checkout.origin().await.unwrap_or_else(|_| job.clone()),
            (None, None) => self.checkout.origin().await?,
        };
        Ok((repository, self.checkout.pushed_head().await?))
    }
}
