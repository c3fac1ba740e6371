//! The places of a content root's records.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::Error;
use igsync_base::files::{Disk, FileKind, refuse_links};

/// Where the records of one content root are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub lockfile: PathBuf,
    /// Holds the journal and the run lock.
    pub folder: PathBuf,
    /// `.igsync`: everything in it is kept out of git.
    private: PathBuf,
}

impl Paths {
    #[must_use]
    pub fn new(root: &Path) -> Self {
        let private = root.join(".igsync");
        Self { lockfile: root.join("igsync.lock"), folder: private.clone(), private }
    }

    /// The sandbox's own records, so that none of its ids ever reaches the real lockfile.
    #[must_use]
    pub fn sandbox(root: &Path) -> Self {
        let private = root.join(".igsync");
        let folder = private.join("sandbox");
        Self { lockfile: folder.join("igsync.lock"), folder, private }
    }

    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    #[must_use]
    pub fn run_lock(&self) -> PathBuf {
        self.folder.join("run.lock")
    }

    /// The digest cache, which both kinds of run share.
    #[must_use]
    pub fn digests(&self) -> PathBuf {
        self.private.join("digests.jsonl")
    }

    /// Converted pictures, which both kinds of run share.
    #[must_use]
    pub fn converted(&self) -> PathBuf {
        self.private.join("converted")
    }

    /// When tokens that were issued here expire.
    #[must_use]
    pub fn expiry(&self) -> PathBuf {
        self.private.join("expiry.jsonl")
    }

    /// What the last `drift` on this machine saw.
    #[must_use]
    pub fn drift(&self) -> PathBuf {
        self.folder.join("drift.json")
    }

    /// What of the accounts' insights Meta refuses for ever.
    #[must_use]
    pub fn insights(&self) -> PathBuf {
        self.folder.join("insights.json")
    }

    /// Makes the private folder with its own `.gitignore`. What a crash left half done is completed.
    pub fn prepare(&self, disk: &dyn Disk) -> Result<(), Error> {
        self.check_links(disk)?;
        if is_absent(disk, &self.folder) {
            disk.create_folder(&self.folder).map_err(|error| Error::io(&self.folder, "made", error))?;
        }
        let ignore = self.private.join(".gitignore");
        if is_absent(disk, &ignore) {
            disk.replace(&ignore, b"*\n").map_err(|error| Error::io(&ignore, "written", error))?;
        }
        Ok(())
    }

    /// A link could lead out of the content root; what a pull request brings must not choose where we write.
    /// `.igsync` is this machine's: no one puts a link there for good.
    pub(super) fn check_links(&self, disk: &dyn Disk) -> Result<(), Error> {
        for path in [&self.lockfile, &self.private] {
            refuse_links(disk, path).map_err(|error| Error::io(path, "read", error))?;
        }
        Ok(())
    }

    /// Removes temporary files of replaces that were killed; only the holder of the run lock may.
    pub(super) fn remove_leftovers(&self, disk: &dyn Disk) {
        let folders = [self.lockfile.parent(), Some(&*self.folder)];
        for entry in folders.into_iter().flatten().filter_map(|folder| disk.list(folder).ok()).flatten() {
            let name = entry.path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if entry.kind == FileKind::File
                && name.strip_prefix(".igsync-").is_some_and(|rest| rest.strip_suffix(".tmp").is_some())
            {
                // A leftover is ugly, not wrong.
                let _ = disk.remove(&entry.path);
            }
        }
    }
}

fn is_absent(disk: &dyn Disk, path: &Path) -> bool {
    disk.stat(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
