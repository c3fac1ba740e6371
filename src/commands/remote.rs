//! Where the record is kept beyond this machine, and whether it is.

use std::sync::Arc;

use crate::cli::Apply;
use crate::port::Remote;

use super::project::Project;
use super::{Failure, World};

/// The place that other machines read the record from. `None`: the record stays on this machine until
/// somebody commits it.
#[expect(clippy::unused_async, reason = "there is no such place yet")]
pub(super) async fn choose(
    _project: &Project,
    _args: &Apply,
    _world: &World,
) -> Result<Option<Arc<dyn Remote>>, Failure> {
    Ok(None)
}
