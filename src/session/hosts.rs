//! Hosting as a run asks for it.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use url::Url;

use crate::hosting::{self, proof};
use igsync_apply::{self as apply, Proven, Trouble, Unhosted};
use igsync_media::MediaFile;
use igsync_ports::{Claim, Progress};

impl apply::Host for hosting::Host {
    fn is_in_sandbox(&self, url: &str) -> bool {
        self.is_in_sandbox(url)
    }

    fn url_of<'a>(&'a self, file: &'a MediaFile, progress: Option<Progress>) -> BoxFuture<'a, Result<Url, Unhosted>> {
        Box::pin(async move {
            self.url_of(file, progress).await.map_err(|error| Unhosted {
                text: error.to_string(),
                help: error.advice(),
                is_shared: error.is_shared(),
            })
        })
    }
}

impl apply::Prover for proof::Prover {
    fn prove<'a>(&'a self, claim: &'a Claim, now: Timestamp) -> BoxFuture<'a, Result<Proven, Trouble>> {
        Box::pin(async move {
            self.prove(claim, now).await.map_err(|trouble| Trouble {
                name: trouble.name(),
                text: trouble.to_string(),
                help: trouble.help(),
            })
        })
    }
}
