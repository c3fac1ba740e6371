//! A whole content root, with the record as far as this machine knows it. Asks no remote.

use igsync_model::lockfile::Snapshot;

use super::failure::Failure;
use super::note::Noted;
use super::place::Place;
use super::ports::Ports;
use super::project::{OfPublished, Project};
use super::record;
use super::root::ContentRoot;

/// Reads the content root. Findings are collected, not returned as errors.
pub(crate) async fn load(
    place: &Place,
    sandbox: bool,
    published: OfPublished,
    ports: &Ports,
) -> Noted<Result<Project, Failure>> {
    Noted::of(async |notes| {
        let root = ContentRoot::open(place, sandbox, ports).await?;
        read(root, published, ports).await.noting(notes)
    })
    .await
}

/// The same for what needs accounts and no posts; see [`ContentRoot::open_anywhere`].
pub(crate) async fn load_anywhere(place: &Place, ports: &Ports) -> Noted<Result<Project, Failure>> {
    Noted::of(async |notes| {
        let root = ContentRoot::open_anywhere(place, false, ports).await?;
        read(root, OfPublished::Nothing, ports).await.noting(notes)
    })
    .await
}

async fn read(root: ContentRoot, published: OfPublished, ports: &Ports) -> Noted<Result<Project, Failure>> {
    Noted::of(async |notes| {
        let mut snapshot = root.snapshot(ports)?;
        record::take_in_fetched(&root, &mut snapshot).await.noting(notes)?;
        Project::read(root, snapshot, published, ports).await
    })
    .await
}

/// The same for commands that only check: a damaged record hides no findings. What is wrong with it
/// comes along; without it every post counts as unpublished.
pub(crate) async fn load_to_check(
    place: &Place,
    published: OfPublished,
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
        Ok((Project::read(root, snapshot, published, ports).await?, damage))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use igsync_testkit::MemDisk;

    use super::super::testing;
    use super::*;

    #[tokio::test]
    async fn a_record_that_cannot_be_read_is_noted() {
        // There is no such folder on this machine, so git cannot be run in it.
        let disk = MemDisk::new();
        disk.put("/no/such/site/igsync.yaml", "git: { state_branch: records }\n");
        let place = Place { chdir: Some(PathBuf::from("/no/such/site")), config: None };
        let (ports, _stopper) = testing::ports(&disk, &[]);
        let loaded = load(&place, false, OfPublished::Compare, &ports).await;
        let notes: Vec<String> = loaded.notes.iter().map(ToString::to_string).collect();
        assert!(loaded.value.is_ok());
        assert!(
            notes.len() == 1 && notes[0].starts_with("note: the record on branch records was not read: "),
            "{notes:?}"
        );
    }
}
