//! Where records live: the lockfile, which is committed, and the journal, this machine's permanent ledger.
//! Both hold the same records; what counts is always the merge of both.
//!
//! Every durable write is one [`Disk`] call, and after each of them the files can be read again:
//! a record is one append, folding is one replace, a torn line is cut by one truncate.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::Diagnostic;
use thiserror::Error;

use super::format::{self, Ending, Journal, Parsed};
use super::record::Record;
use super::records::Records;
use crate::port::{Disk, FileKind};

/// A larger lockfile or journal is refused: a million posts would fit. In bytes.
const LIMIT: u64 = 1 << 30;

/// A journal is compacted when it holds more than this many lines for each attempt …
const VERSIONS_PER_ATTEMPT: usize = 4;
/// … and more than this many in all.
const SMALL_JOURNAL: usize = 256;

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

    /// Makes the private folder with its own `.gitignore`. What a crash left half done is completed.
    pub(super) fn create_folder(&self, disk: &dyn Disk) -> Result<(), Error> {
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
    fn check_links(&self, disk: &dyn Disk) -> Result<(), Error> {
        let paths = [&self.private, &self.folder, &self.lockfile, &self.journal(), &self.run_lock()];
        match paths.into_iter().find(|path| disk.stat(path).is_ok_and(|stat| stat.kind == FileKind::Symlink)) {
            Some(path) => Err(Error::Link { path: path.display().to_string() }),
            None => Ok(()),
        }
    }
}

/// What `plan` works with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The merge of lockfile and journal.
    pub records: Records,
    pub has_lockfile: bool,
    /// Attempts in the lockfile alone.
    pub in_lockfile: usize,
    /// The lockfile holds conflict markers of git; both sides were read.
    pub has_conflicts: bool,
    /// The journal knows more than the lockfile: the last run did not fold, or the lockfile was reverted.
    pub is_behind: bool,
}

/// Why records could not be read or kept.
#[derive(Debug, Error, Diagnostic)]
pub enum Error {
    #[error("{path}: {problem}")]
    Unreadable {
        path: String,
        problem: format::Error,
        #[help]
        help: String,
    },
    #[error("{path} could not be {doing}")]
    Io {
        path: String,
        doing: &'static str,
        #[source]
        source: io::Error,
        #[help]
        help: String,
    },
    #[error("{path} is a symbolic link")]
    #[diagnostic(help("igsync keeps its records only in files of the content root; remove the link"))]
    Link { path: String },
    #[error("nothing more is recorded in this run, because an earlier record could not be kept")]
    #[diagnostic(help("free the disk or mend the folder, then run the same command again: it settles what is open"))]
    Poisoned,
}

impl Error {
    pub(super) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let help = match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "make the folder writable for the user that runs igsync"
            }
            io::ErrorKind::StorageFull => "free some space, then run the same command again",
            io::ErrorKind::FileTooLarge => "this is no file that igsync wrote; bring the last version back",
            _ => "mend the cause, then run the same command again: nothing that was recorded is lost",
        };
        Self::Io { path: path.display().to_string(), doing, source, help: help.to_owned() }
    }
}

/// Reads lockfile and journal. Writes nothing.
pub fn read(disk: &dyn Disk, paths: &Paths) -> Result<Snapshot, Error> {
    paths.check_links(disk)?;
    let lockfile = read_lockfile(disk, paths)?;
    let journal = read_journal(disk, paths)?;
    let has_lockfile = lockfile.is_some();
    let Parsed { mut records, had_conflicts, .. } = lockfile.unwrap_or_default();
    let in_lockfile = records.len();
    let is_behind = records.merge(journal.parsed.records);
    Ok(Snapshot { records, has_lockfile, in_lockfile, has_conflicts: had_conflicts, is_behind })
}

fn read_lockfile(disk: &dyn Disk, paths: &Paths) -> Result<Option<Parsed>, Error> {
    let Some(bytes) = read_file(disk, &paths.lockfile)? else { return Ok(None) };
    let parsed = format::parse(&bytes).map_err(|problem| {
        let help = match &problem {
            format::Error::NewerFormat { .. } | format::Error::NewerRecord { .. } => {
                "update igsync; if the line was edited by hand, take the edit back"
            }
            format::Error::LoneMarker { .. } => {
                "bring the whole conflict back with `git checkout -m -- igsync.lock`; igsync reads both sides by itself"
            }
            _ => {
                "bring the last version back, for example with `git checkout -- igsync.lock`; the file was not touched"
            }
        };
        Error::Unreadable { path: paths.lockfile.display().to_string(), problem, help: help.to_owned() }
    })?;
    Ok(Some(parsed))
}

fn read_journal(disk: &dyn Disk, paths: &Paths) -> Result<Journal, Error> {
    let path = paths.journal();
    let bytes = read_file(disk, &path)?.unwrap_or_default();
    format::parse_journal(&bytes).map_err(|problem| {
        let help = match &problem {
            format::Error::NewerFormat { .. } | format::Error::NewerRecord { .. } => "update igsync",
            _ => {
                "the journal is the only witness of posts that the lockfile does not hold: keep a copy, then repair or remove that line"
            }
        };
        Error::Unreadable { path: path.display().to_string(), problem, help: help.to_owned() }
    })
}

fn read_file(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match disk.read(path, LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, "read", error)),
    }
}

fn is_absent(disk: &dyn Disk, path: &Path) -> bool {
    disk.stat(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The records of one run: read once, then kept durable step by step. Only the holder of the run lock opens one.
pub struct Ledger {
    disk: Arc<dyn Disk>,
    paths: Paths,
    records: Records,
    has_lockfile: bool,
    journal_is_empty: bool,
    is_poisoned: bool,
}

impl Ledger {
    /// Reads both files, cuts a torn last line of the journal and compacts it when it has grown.
    pub fn open(disk: Arc<dyn Disk>, paths: Paths) -> Result<Self, Error> {
        paths.create_folder(&*disk)?;
        let lockfile = read_lockfile(&*disk, &paths)?;
        let journal = read_journal(&*disk, &paths)?;
        let has_lockfile = lockfile.is_some();
        let mut records = lockfile.unwrap_or_default().records;
        let journal_is_empty = mend_journal(&*disk, &paths.journal(), &journal)?;
        records.merge(journal.parsed.records);
        Ok(Self { disk, paths, records, has_lockfile, journal_is_empty, is_poisoned: false })
    }

    #[must_use]
    pub fn records(&self) -> &Records {
        &self.records
    }

    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Whether `igsync.lock` exists.
    #[must_use]
    pub fn has_lockfile(&self) -> bool {
        self.has_lockfile
    }

    /// Keeps one record; it survives a power cut when this returns.
    ///
    /// After a failure nothing more may be published: every later call fails too. What it was given is
    /// still known to [`Self::records`] and saved by [`Self::fold`], if that can write.
    pub fn record(&mut self, record: Record) -> Result<(), Error> {
        self.record_all(vec![record])
    }

    /// Keeps all of these records or, after a crash, none of them.
    pub fn record_all(&mut self, records: Vec<Record>) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        let mut line = format::print_line(&records);
        self.records.extend(records);
        if self.is_poisoned {
            return Err(Error::Poisoned);
        }
        if self.journal_is_empty {
            line.insert_str(0, format::HEADER);
        }
        let journal = self.paths.journal();
        self.keep(|disk| {
            disk.append(&journal, line.as_bytes()).map_err(|error| Error::io(&journal, "written", error))
        })?;
        self.journal_is_empty = false;
        Ok(())
    }

    /// Writes everything known into the lockfile; what came into it meanwhile is kept. Returns whether
    /// it changed: a lockfile that holds all of it is not touched.
    pub fn fold(&mut self) -> Result<bool, Error> {
        let lockfile = read_lockfile(&*self.disk, &self.paths)?;
        self.has_lockfile = lockfile.is_some();
        let Parsed { records: in_file, had_conflicts, .. } = lockfile.unwrap_or_default();
        self.records.merge(in_file.clone());
        if in_file == self.records && !had_conflicts {
            return Ok(false);
        }
        let text = format::print(&self.records);
        let path = self.paths.lockfile.clone();
        self.keep(|disk| disk.replace(&path, text.as_bytes()).map_err(|error| Error::io(&path, "written", error)))?;
        self.has_lockfile = true;
        Ok(true)
    }

    fn keep(&mut self, write: impl FnOnce(&dyn Disk) -> Result<(), Error>) -> Result<(), Error> {
        let kept = write(&*self.disk);
        self.is_poisoned |= kept.is_err();
        kept
    }
}

/// Leaves a journal that ends in a whole line. Returns whether it is empty.
fn mend_journal(disk: &dyn Disk, path: &Path, journal: &Journal) -> Result<bool, Error> {
    let mended = |result: io::Result<()>| result.map_err(|error| Error::io(path, "mended", error));
    match journal.ending {
        Ending::Empty => return Ok(true),
        Ending::Whole => {}
        Ending::NoNewline => mended(disk.append(path, b"\n"))?,
        Ending::Torn { at } => {
            mended(disk.truncate(path, at as u64))?;
            if at == 0 {
                return Ok(true);
            }
        }
    }
    let Parsed { records, versions, .. } = &journal.parsed;
    if *versions > SMALL_JOURNAL && *versions > VERSIONS_PER_ATTEMPT * records.len() {
        let compact = format::print(records);
        disk.replace(path, compact.as_bytes()).map_err(|error| Error::io(path, "compacted", error))?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
