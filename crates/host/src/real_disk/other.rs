//! The same where files cannot be opened from a folder's handle: every folder on the way is looked at first.
//! Whoever may write there could put a link in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use igsync_base::files::{Entry, FileKind, Fill, Linked, Stat};

pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(looked_at(path)?)
}

/// Made when absent.
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(looked_at(path)?)
}

pub(super) fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(looked_at(path)?)
}

/// Made when absent.
pub(super) fn open_to_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(looked_at(path)?)
}

pub(super) fn stat(path: &Path) -> io::Result<Stat> {
    if let Some(folder) = path.parent() {
        looked_at(folder)?;
    }
    let metadata = fs::symlink_metadata(path)?;
    let modified_ns = metadata.modified().ok().map_or(0, |time| match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => since.as_nanos().cast_signed(),
        Err(before) => -before.duration().as_nanos().cast_signed(),
    });
    Ok(Stat { kind: kind_of(metadata.file_type()), len: metadata.len(), modified_ns, changed_ns: 0, inode: 0 })
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(looked_at(folder)?)? {
        let entry = entry?;
        entries.push(Entry { kind: kind_of(entry.file_type()?), path: folder.join(entry.file_name()) });
    }
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(looked_at(path)?)
}

pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = temporary(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

pub(super) fn create(path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
    let mut out = temporary(path)?;
    // Found out before there is much to write; the name is taken without replacing anyway.
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fill(&mut out)?;
    out.as_file().sync_all()?;
    out.persist_noclobber(path)?;
    Ok(())
}

/// A new file beside this one, gone when it is dropped.
fn temporary(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = looked_at(path)?.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new().prefix(".igsync-").suffix(".tmp").tempfile_in(folder.unwrap_or(Path::new(".")))
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(looked_at(path)?)
}

/// Folders are durable by themselves.
pub(super) fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The path, which holds no link.
fn looked_at(path: &Path) -> io::Result<&Path> {
    let mut above: Vec<&Path> = path.ancestors().filter(|part| part.file_name().is_some()).collect();
    above.reverse();
    match above.into_iter().find(|part| part.is_symlink()) {
        Some(link) => Err(Linked { path: link.to_owned() }.into()),
        None => Ok(path),
    }
}

fn kind_of(file_type: fs::FileType) -> FileKind {
    if file_type.is_symlink() {
        FileKind::Symlink
    } else if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Folder
    } else {
        FileKind::Other
    }
}
