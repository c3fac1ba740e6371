//! When the posts of a queue came into the branch: a post takes no slot from before that.

use igsync_model::plan::Arrivals;

use crate::exit::Exit;
use crate::git::{ArrivalsError, Error};

use super::base;
use super::failure::Failure;
use super::project::Project;

/// Asks git, once, where posts wait in a queue; otherwise nothing has to be known. `base` is the branch into which the one
/// that is checked out is to be merged: what it does not have comes with the merge.
pub(crate) async fn learn(project: &mut Project, base: Option<&str>) -> Result<(), Failure> {
    project.arrivals = of(project, base.unwrap_or("HEAD")).await?;
    Ok(())
}

async fn of(project: &Project, rev: &str) -> Result<Arrivals, Failure> {
    let queued = project.posts.iter().filter(|post| post.queued.is_some() && !post.draft && !project.is_live(post));
    let mut files: Vec<&str> = queued.map(|post| &*post.file).collect();
    files.sort_unstable();
    files.dedup();
    if files.is_empty() {
        return Ok(Arrivals::Unknown);
    }
    match base::git(project).arrivals(rev, &files).await {
        Ok(arrivals) => Ok(Arrivals::Known(arrivals)),
        Err(ArrivalsError::Git(Error::NoRepository)) => Ok(Arrivals::Unknown),
        Err(error @ ArrivalsError::Shallow) => Err(Failure::message(
            Exit::Failure,
            format!("it is not known when the posts of the queue were committed: {error}"),
            "fetch the whole history: `fetch-depth: 0` for actions/checkout, or git fetch --unshallow",
        )),
        Err(error) => Err(Failure::message(
            Exit::Failure,
            format!("git cannot say when the posts of the queue were committed: {error}"),
            "check it with git log; a post of the queue takes no slot from before its commit",
        )),
    }
}
