//! New files of a content root: made under names that nothing has, and never over another.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use igsync_base::files::{Disk, FileKind};

use super::super::project::Project;
use super::job::Job;

/// What became of a file that was to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Written,
    /// The same file was there: an earlier run had made it.
    There,
    /// Another file has the name.
    Taken,
}

/// Makes a text file with its folders.
pub(super) fn make(disk: &dyn Disk, path: &Path, text: &str) -> io::Result<Made> {
    if let Some(folder) = path.parent() {
        disk.create_folder(folder)?;
    }
    match disk.create(path, &mut |out| out.write_all(text.as_bytes())) {
        Ok(()) => Ok(Made::Written),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let there = disk.read(path, text.len() as u64).ok();
            Ok(if there.as_deref() == Some(text.as_bytes()) { Made::There } else { Made::Taken })
        }
        Err(error) => Err(error),
    }
}

/// Removes the files that runs which were killed were about to make, where this one writes and where imported posts
/// are. The run lock is held: no import is writing them now.
pub(crate) fn clear_leftovers(disk: &dyn Disk, project: &Project, jobs: &[Job<'_>]) {
    let folder = |file: &str| file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let imported = project.posts.iter().filter(|post| post.imported.is_some()).map(|post| folder(&post.file));
    let folders: BTreeSet<String> = imported.chain(jobs.iter().map(|job| folder(&job.place.file))).collect();
    for folder in folders {
        for entry in disk.list(&project.root.join(folder)).unwrap_or_default() {
            let name = entry.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_leftover = name.strip_prefix(".igsync-").is_some_and(|rest| rest.strip_suffix(".tmp").is_some());
            if is_leftover && entry.kind == FileKind::File {
                let _ = disk.remove(&entry.path);
            }
        }
    }
}
