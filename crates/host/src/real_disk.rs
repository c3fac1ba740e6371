//! The machine's own file system.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use igsync_base::files::{Access, Disk, Entry, Fill, Held, ReadDisk, RunLock, Stat};

#[cfg_attr(unix, path = "real_disk/unix.rs")]
#[cfg_attr(not(unix), path = "real_disk/other.rs")]
mod unlinked;

/// Reaches files as `unlinked` opens them, never by another call of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl ReadDisk for RealDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let (file, len) = regular(unlinked::open_to_read(path)?)?;
        let mut bytes = Vec::with_capacity(usize::try_from(len.min(limit)).unwrap_or(0) + 1);
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
        }
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        Ok(Box::new(regular(unlinked::open_to_read(path)?)?.0))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        unlinked::stat(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        fs::read_link(link)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        unlinked::list(folder)
    }
}

impl Disk for RealDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        unlinked::create_folder(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (mut file, len) = regular(unlinked::open_to_append(path)?)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        // An empty file may be one that was made here.
        if len == 0 { unlinked::sync_folder_of(path) } else { Ok(()) }
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let (file, _) = regular(unlinked::open_to_write(path)?)?;
        file.set_len(len)?;
        file.sync_all()
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        unlinked::replace(path, bytes)
    }

    fn create(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
        unlinked::create(path, fill)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        unlinked::remove(path)
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
        for _ in 0..LOCK_TRIES {
            let locked = try_lock_once(path, holder)?;
            // The file that was opened may have been removed before it was locked: no one else would meet its lock.
            let is_held = match &locked {
                Ok(lock) => lock.0.is_in_place()?,
                Err(_) => true,
            };
            if is_held {
                return Ok(locked);
            }
        }
        Err(io::Error::other("the file keeps being replaced"))
    }
}

/// So often a lock is taken again because its file was replaced meanwhile.
const LOCK_TRIES: usize = 10;

fn try_lock_once(path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
    let (mut file, _) = regular(unlinked::open_to_lock(path)?)?;
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

/// A file that is no pipe, device or folder, and its length in bytes.
fn regular(file: File) -> io::Result<(File, u64)> {
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata.len())) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_base::files::{FileKind, Linked};
    use igsync_testkit::temporary_folder;

    #[test]
    fn a_replaced_file_stays_readable_for_others() {
        let folder = temporary_folder();
        let folder = folder.path().to_owned();
        let path = folder.join("igsync.lock");
        RealDisk.replace(&path, b"one").unwrap();
        RealDisk.replace(&path, b"two").unwrap();
        assert_eq!(RealDisk.read(&path, 10).unwrap(), b"two");
        assert_eq!(RealDisk.list(&folder).unwrap().len(), 1, "no temporary file is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o044, 0o044);
        }
    }

    #[test]
    fn a_new_file_is_there_whole_or_not_at_all() {
        let folder = temporary_folder();
        let path = folder.path().join("clip.mp4");
        let names = || RealDisk.list(folder.path()).unwrap().into_iter().map(|entry| entry.path).collect::<Vec<_>>();
        let error = RealDisk
            .create(&path, &mut |out| {
                out.write_all(b"half")?;
                assert!(!path.exists() && names().len() == 1, "it has its name only when it is whole");
                Err(io::ErrorKind::UnexpectedEof.into())
            })
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(names().is_empty());

        RealDisk.create(&path, &mut |out| out.write_all(b"whole")).unwrap();
        let error = RealDisk.create(&path, &mut |out| out.write_all(b"another")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((names(), RealDisk.read(&path, 10).unwrap()), (vec![path.clone()], b"whole".to_vec()));
        // What comes while it is written keeps the name, too.
        let late = folder.path().join("late.mp4");
        let error = RealDisk
            .create(&late, &mut |out| {
                RealDisk.replace(&late, b"someone else's")?;
                out.write_all(b"ours")
            })
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((names().len(), RealDisk.read(&late, 20).unwrap()), (2, b"someone else's".to_vec()));
    }

    #[test]
    fn a_file_over_the_limit_is_refused_without_reading_it_whole() {
        let folder = temporary_folder();
        let path = folder.path().to_owned().join("big");
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(RealDisk.read(&path, 100).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_or_into_a_pipe() {
        let folder = temporary_folder();
        let root = folder.path().to_owned();
        let (real, link) = (root.join("real"), root.join("link"));
        RealDisk.create_folder(&real).unwrap();
        RealDisk.replace(&real.join("file"), b"x").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        std::os::unix::fs::symlink("../real/file", real.join("alias")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(real.join("pipe")).status().unwrap().success());
        for path in [link.join("file"), real.join("alias")] {
            for result in [
                RealDisk.append(&path, b"y"),
                RealDisk.truncate(&path, 0),
                RealDisk.replace(&path, b"y"),
                RealDisk.read(&path, 9).map(drop),
                RealDisk.open(&path).map(drop),
                RealDisk.try_lock(&path, "pid 7").map(drop),
            ] {
                let error = result.unwrap_err();
                assert!(Linked::of(&error).is_some(), "{}: {error}", path.display());
            }
        }
        for result in [
            RealDisk.remove(&link.join("file")),
            RealDisk.stat(&link.join("file")).map(drop),
            RealDisk.list(&link).map(drop),
            RealDisk.create_folder(&link),
            RealDisk.create_folder(&link.join("new/deep")),
            RealDisk.append(&link.join("new"), b"y"),
            RealDisk.replace(&link.join("new"), b"y"),
            RealDisk.create(&link.join("new"), &mut |out| out.write_all(b"y")),
        ] {
            assert_eq!(Linked::of(&result.unwrap_err()), Some(&Linked { path: link.clone() }));
        }
        for result in [RealDisk.append(&real.join("pipe"), b"y"), RealDisk.read(&real.join("pipe"), 9).map(drop)] {
            assert_eq!(result.unwrap_err().to_string(), "not a regular file");
        }
        let names: Vec<_> = RealDisk.list(&real).unwrap().into_iter().map(|entry| (entry.path, entry.kind)).collect();
        let there = [("alias", FileKind::Symlink), ("file", FileKind::File), ("pipe", FileKind::Other)];
        assert_eq!(names, there.map(|(name, kind)| (real.join(name), kind)));
        assert_eq!(RealDisk.read(&real.join("file"), 9).unwrap(), b"x");
        RealDisk.remove(&real.join("alias")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_whose_file_is_gone_or_another_one_is_not_in_place() {
        let folder = temporary_folder();
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
        let folder = temporary_folder();
        let path = folder.path().to_owned().join("run.lock");
        let first = RealDisk.try_lock(&path, "pid 7").unwrap().unwrap();
        assert_eq!(RealDisk.try_lock(&path, "pid 8").unwrap().unwrap_err(), "pid 7");
        drop(first);
        assert!(RealDisk.try_lock(&path, "pid 8").unwrap().is_ok());
    }
}
