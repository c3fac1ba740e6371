//! A whole content root, with the record as far as this machine knows it. Asks no remote.

use crate::lockfile::Snapshot;

use super::failure::Failure;
use super::note::Noted;
use super::place::Place;
use super::ports::Ports;
use super::project::Project;
use super::record;
use super::root::ContentRoot;

/// Reads the content root. Findings are collected, not returned as errors.
pub(crate) async fn load(
    place: &Place,
    sandbox: bool,
    check_published: bool,
    ports: &Ports,
) -> Noted<Result<Project, Failure>> {
    Noted::of(async |notes| {
        let root = ContentRoot::open(place, sandbox, ports).await?;
        let mut snapshot = root.snapshot(ports)?;
        record::take_in_fetched(&root, &mut snapshot).await.noting(notes)?;
        Ok(Project::read(root, snapshot, check_published, ports))
    })
    .await
}

/// The same for commands that only check: a damaged record hides no findings. What is wrong with it
/// comes along; without it every post counts as unpublished.
pub(crate) async fn load_to_check(
    place: &Place,
    check_published: bool,
    ports: &Ports,
) -> Noted<Result<(Project, Option<Failure>), Failure>> {
    Noted::of(async |notes| {
        let root = ContentRoot::open(place, false, ports).await?;
        let mut snapshot = Snapshot::default();
        let damage = match root.snapshot(ports) {
            Ok(read) => {
                snapshot = read;
                record::take_in_fetched(&root, &mut snapshot).await.noting(notes).err()
            }
            Err(damage) => Some(damage),
        };
        Ok((Project::read(root, snapshot, check_published, ports), damage))
    })
    .await
}
