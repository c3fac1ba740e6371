//! A branch as the place that a run keeps its record at: the records as a lockfile.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::git::Branch;
use igsync_apply::{Pulled, Remote};
use igsync_model::lockfile::{Records, format};
use igsync_ports::{RemoteError, Version};

/// The branch of the record, and the one of the content that is published.
pub(super) struct BranchRecord {
    pub(super) record: Arc<Branch>,
    pub(super) content: Content,
}

/// From what a run publishes, as its remote has it.
pub(super) enum Content {
    /// It could not be read when the run began, which a person was told of.
    Unknown,
    /// The record's own branch, which was at this commit when the run began.
    WithRecord { began_at: String },
    /// A branch beside it, which was at this commit when the run began.
    Apart { branch: Box<Branch>, began_at: String },
}

impl BranchRecord {
    async fn is_content_new(&self) -> Result<bool, RemoteError> {
        match &self.content {
            Content::Unknown => Ok(false),
            // Over another commit no push is accepted before it was fetched.
            Content::WithRecord { began_at } => match self.record.last_fetched() {
                Some(tip) => self.record.differs_in_content(began_at, &tip).await,
                None => Ok(false),
            },
            Content::Apart { branch, began_at } => match branch.tip_if_any().await? {
                Some(tip) => branch.differs_in_content(began_at, &tip).await,
                None => Ok(true),
            },
        }
    }
}

impl Remote for BranchRecord {
    fn has_new_content(&self) -> BoxFuture<'_, Result<bool, RemoteError>> {
        Box::pin(self.is_content_new())
    }

    fn pull(&self) -> BoxFuture<'_, Result<Pulled, RemoteError>> {
        Box::pin(async move {
            let fetched = self.record.fetch().await?;
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
            self.record.put(over, text.as_bytes(), message).await
        })
    }
}
