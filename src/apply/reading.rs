//! Reading one container.

use crate::graph::{Client, Error};
use crate::id::ContainerId;

use super::context::Scope;
use super::protocol::Reading;
use super::stop::Stop;

/// Reads a container, with the error subcode that Meta put into the status text; only what speaks about the
/// account or the network ends the run.
pub(super) async fn read(
    scope: &Scope,
    client: &Client,
    container: &ContainerId,
) -> Result<(Reading, Option<i64>), Stop> {
    match scope.ask(client.container_status(container)).await? {
        Ok(status) => Ok((Reading::Status(status.code), status.subcode)),
        Err(error) if !error.is_account_level() && is_denied(&error) => Ok((Reading::Unreadable, None)),
        Err(error) => Err(Stop::unreachable(&error)),
    }
}

/// Whether Meta denies the object, for whatever reason; trouble of Meta's own is no denial.
fn is_denied(error: &Error) -> bool {
    error.codes().is_some_and(|(code, _)| !matches!(code, -1 | 1 | 2))
}
