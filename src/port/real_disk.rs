//! The machine's own file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::disk::{Access, Disk, Entry, FileKind, Held, RunLock, Stat};

#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let file = open_regular(path)?;
        let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len().min(limit)).unwrap_or(0) + 1);
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
        }
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        Ok(Box::new(open_regular(path)?))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Ok(stat_of(&fs::symlink_metadata(path)?))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        walkdir::WalkDir::new(folder)
            .min_depth(1)
            .max_depth(1)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| {
                let entry = entry.map_err(io::Error::from)?;
                Ok(Entry { kind: kind_of(entry.file_type()), path: entry.into_path() })
            })
            .collect()
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let new: Vec<&Path> =
            path.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists()).collect();
        fs::create_dir_all(path)?;
        // Otherwise a power cut could take the folder, and with it what was durable inside.
        new.into_iter().rev().try_for_each(sync_folder_of)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let is_new = !path.try_exists()?;
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        if is_new { sync_folder_of(path) } else { Ok(()) }
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(len)?;
        file.sync_all()
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = folder_of(path);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".igsync-").suffix(".tmp");
        // `tempfile` makes private files; the lockfile must stay readable for others.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path).map_or(0o644, |old| old.permissions().mode() & 0o777);
            builder.permissions(fs::Permissions::from_mode(mode));
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync_folder_of(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        sync_folder_of(path)
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
        for _ in 0..LOCK_TRIES {
            let locked = try_lock_once(path, holder)?;
            // The file that was opened may have been removed before it was locked: nobody else would meet its lock.
            let is_held = match &locked {
                Ok(lock) => lock.0.is_in_place()?,
                Err(_) => true,
            };
            if is_held {
                return Ok(locked);
            }
        }
        Err(io::Error::other("the file is replaced again and again"))
    }
}

/// So often a lock is taken anew because its file was replaced meanwhile.
const LOCK_TRIES: usize = 10;

fn try_lock_once(path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            // Who holds it is information for people only: a full disk must not forbid the lock.
            let _ = file.set_len(0).and_then(|()| file.write_all(holder.as_bytes()));
            Ok(Ok(RunLock(Box::new(LockedFile { file, path: path.to_owned() }))))
        }
        Err(fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.take(4096).read_to_string(&mut text);
            Ok(Err(text))
        }
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Locked while it is open.
struct LockedFile {
    file: File,
    path: PathBuf,
}

impl Held for LockedFile {
    #[cfg(unix)]
    fn is_in_place(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let locked = self.file.metadata()?;
        match fs::symlink_metadata(&self.path) {
            Ok(there) => Ok((there.dev(), there.ino()) == (locked.dev(), locked.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// An open file cannot be replaced here.
    #[cfg(not(unix))]
    fn is_in_place(&self) -> io::Result<bool> {
        self.file.metadata()?;
        Ok(self.path.exists())
    }
}

fn open_regular(path: &Path) -> io::Result<File> {
    // A pipe would block for ever in `open`, so look first.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

fn kind_of(file_type: fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Folder
    } else if file_type.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Other
    }
}

fn stat_of(metadata: &fs::Metadata) -> Stat {
    let modified_ns = metadata.modified().ok().map_or(0, |time| match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => since.as_nanos().cast_signed(),
        Err(before) => -before.duration().as_nanos().cast_signed(),
    });
    #[cfg(unix)]
    let (changed_ns, inode) = {
        use std::os::unix::fs::MetadataExt;
        (i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec()), metadata.ino())
    };
    #[cfg(not(unix))]
    let (changed_ns, inode) = (0, 0);
    Stat { kind: kind_of(metadata.file_type()), len: metadata.len(), modified_ns, changed_ns, inode }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_stays_readable_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("igsync.lock");
        RealDisk.replace(&path, b"one").unwrap();
        RealDisk.replace(&path, b"two").unwrap();
        assert_eq!(RealDisk.read(&path, 10).unwrap(), b"two");
        assert_eq!(RealDisk.list(folder.path()).unwrap().len(), 1, "no temporary file is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o044, 0o044);
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused_without_reading_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(RealDisk.read(&path, 100).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_whose_file_is_gone_or_another_one_is_not_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        let first = RealDisk.try_lock(&path, "pid 7").unwrap().unwrap();
        assert!(first.0.is_in_place().unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!first.0.is_in_place().unwrap());
        let second = RealDisk.try_lock(&path, "pid 8").unwrap().unwrap();
        assert!(!first.0.is_in_place().unwrap() && second.0.is_in_place().unwrap());
        std::os::unix::fs::symlink("run.lock.2", folder.path().join("link")).unwrap();
        fs::rename(folder.path().join("link"), &path).unwrap();
        assert!(!second.0.is_in_place().unwrap(), "a link is not the file");
    }

    #[test]
    fn a_second_holder_is_told_who_the_first_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        let first = RealDisk.try_lock(&path, "pid 7").unwrap().unwrap();
        assert_eq!(RealDisk.try_lock(&path, "pid 8").unwrap().unwrap_err(), "pid 7");
        drop(first);
        assert!(RealDisk.try_lock(&path, "pid 8").unwrap().is_ok());
    }
}
