//! A branch as the place that a run keeps its record at: the records as a lockfile.

use futures_util::future::BoxFuture;

use crate::git::Branch;
use igsync_apply::{Pulled, Remote};
use igsync_model::lockfile::{Records, format};
use igsync_ports::{RemoteError, Version};

impl Remote for Branch {
    fn pull(&self) -> BoxFuture<'_, Result<Pulled, RemoteError>> {
        Box::pin(async move {
            let fetched = self.fetch().await?;
            let parse = |text: &[u8]| format::parse(text).map(|parsed| parsed.records);
            let records = fetched.text.as_deref().map(parse).transpose();
            let records = records.map_err(|problem| RemoteError::Damaged(problem.to_string()))?;
            Ok(Pulled { version: fetched.version, records })
        })
    }

    fn push<'a>(
        &'a self,
        over: &'a Version,
        records: &'a Records,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Version, RemoteError>> {
        Box::pin(async move {
            // Every later run would refuse to read a larger one.
            let text = format::print_lockfile(records).map_err(|problem| {
                RemoteError::Refused(format!(
                    "igsync.lock is too large to be pushed ({problem}): split the posts among several content roots"
                ))
            })?;
            self.put(over, text.as_bytes(), message).await
        })
    }
}
