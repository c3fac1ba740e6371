//! New files of a content root: made under names that nothing has, and never over another.

use std::io;
use std::path::Path;

use igsync_base::files::Disk;

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
