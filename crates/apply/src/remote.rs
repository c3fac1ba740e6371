//! The record beyond this machine, as a run asks for it.

use futures_util::future::BoxFuture;

use igsync_model::lockfile::Records;
use igsync_ports::{RemoteError, Version};

/// What is on the remote.
#[derive(Clone, Debug)]
pub struct Pulled {
    pub version: Version,
    /// `None`: there is no record yet.
    pub records: Option<Records>,
}

/// A place that keeps the record when this machine is gone, replaced by compare and swap. In which form it keeps the
/// records is its own affair.
pub trait Remote: Send + Sync {
    /// Whether the content from which this run was planned has changed there since the run began: what it has not
    /// announced belongs to a run over that content.
    fn has_new_content(&self) -> BoxFuture<'_, Result<bool, RemoteError>>;

    /// Reads the record that is there now.
    fn pull(&self) -> BoxFuture<'_, Result<Pulled, RemoteError>>;

    /// Replaces the record that is at `over` by `records`, and changes nothing else there. When this returns a
    /// version, every later pull of any machine sees these records or a successor.
    fn push<'a>(
        &'a self,
        over: &'a Version,
        records: &'a Records,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Version, RemoteError>>;
}
