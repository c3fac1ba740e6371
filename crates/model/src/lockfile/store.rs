//! Where records live: the lockfile, which is committed, and the journal, this machine's permanent ledger.
//! Both hold the same records; what counts is always the merge of both.
//!
//! Every durable write is one [`Disk`] call, and after each of them the files can be read again:
//! a record is one append, folding is one replace, a torn line is cut by one truncate.

mod error;
mod paths;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use self::error::Error;
pub use self::paths::Paths;

use super::format::{self, Ending, Journal, Parsed};
use super::record::{Record, Stage};
use super::records::Records;
use igsync_base::files::Disk;
use igsync_base::id::AttemptId;

/// A larger journal is refused: a million posts would fit. In bytes.
const JOURNAL_LIMIT: u64 = 1 << 30;

/// Whatever brought so many records, the file is right as it is or an older version of it is.
const TOO_LARGE: &str = "check where they came from (git log -p -- igsync.lock); split that many posts among \
                         several content roots, each with its own lockfile";

/// A journal is compacted when it holds more than this many lines for each attempt: every plan reads them
/// all. It must have doubled since the last time, so each record is rewritten twice at most on average …
const VERSIONS_PER_ATTEMPT: usize = 2;
/// … and more than this many in all.
const SMALL_JOURNAL: usize = 256;

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

/// Reads lockfile and journal. Writes nothing.
pub fn read(disk: &dyn Disk, paths: &Paths) -> Result<Snapshot, Error> {
    paths.check_links(disk)?;
    let lockfile = read_lockfile(disk, paths)?;
    let journal = read_journal(disk, paths)?;
    let has_lockfile = lockfile.is_some();
    let Parsed { mut records, had_conflicts, .. } = lockfile.unwrap_or_default();
    let in_lockfile = records.len();
    let is_behind = records.merge(journal.parsed.records);
    let records = records.by_media().unwrap_or(records);
    Ok(Snapshot { records, has_lockfile, in_lockfile, has_conflicts: had_conflicts, is_behind })
}

/// The lockfile as it is, without this machine's journal. `None`: there is none.
pub fn text(disk: &dyn Disk, paths: &Paths) -> Result<Option<Vec<u8>>, Error> {
    paths.check_links(disk)?;
    read_file(disk, &paths.lockfile, format::LIMIT)
}

fn read_lockfile(disk: &dyn Disk, paths: &Paths) -> Result<Option<Parsed>, Error> {
    let Some(bytes) = read_file(disk, &paths.lockfile, format::LIMIT)? else { return Ok(None) };
    let parsed = format::parse(&bytes).map_err(|problem| {
        let help = match &problem {
            format::Error::NewerFormat { .. } => "update igsync; the file was not touched",
            format::Error::NewerRecord { .. } => "update igsync; if the line was edited by hand, undo the edit",
            format::Error::TooLarge { .. } => TOO_LARGE,
            format::Error::LoneMarker { .. } => {
                "restore the whole conflict with `git checkout -m -- igsync.lock`; igsync reads both sides by itself"
            }
            _ => "restore the last version, for example with `git checkout -- igsync.lock`; the file was not touched",
        };
        Error::Unreadable { path: paths.lockfile.display().to_string(), problem, help: help.to_owned() }
    })?;
    Ok(Some(parsed))
}

fn read_journal(disk: &dyn Disk, paths: &Paths) -> Result<Journal, Error> {
    let path = paths.journal();
    let bytes = read_file(disk, &path, JOURNAL_LIMIT)?.unwrap_or_default();
    format::parse_journal(&bytes).map_err(|problem| {
        let help = match &problem {
            format::Error::NewerFormat { .. } | format::Error::NewerRecord { .. } => "update igsync",
            _ => {
                "the journal is the only record of posts that the lockfile lacks: keep a copy, then fix or remove \
                 that line"
            }
        };
        Error::Unreadable { path: path.display().to_string(), problem, help: help.to_owned() }
    })
}

fn read_file(disk: &dyn Disk, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    match disk.read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge && limit == format::LIMIT => Err(Error::Unreadable {
            path: path.display().to_string(),
            problem: format::Error::TooLarge { line: 1 },
            help: TOO_LARGE.to_owned(),
        }),
        Err(error) => Err(Error::io(path, "read", error)),
    }
}

/// The records of one run: read once, then kept durable step by step. Only the holder of the run lock opens one.
#[expect(clippy::struct_excessive_bools, reason = "facts about two files and a failure, each on its own")]
pub struct Ledger {
    disk: Arc<dyn Disk>,
    paths: Paths,
    /// As they are written.
    records: Records,
    /// As they are read, where that is not as they are written; see [`Records::by_media`].
    read: Option<Records>,
    /// The attempts of this machine's journal.
    witnessed: HashSet<AttemptId>,
    has_lockfile: bool,
    has_folded: bool,
    journal_is_empty: bool,
    is_poisoned: bool,
    is_in_memory: bool,
    /// What the records of the lockfile may take.
    limit: u64,
}

impl Ledger {
    /// Records that reach no disk: what a plan finds out is forgotten with it.
    #[must_use]
    pub fn in_memory(disk: Arc<dyn Disk>, paths: Paths, records: Records) -> Self {
        Self {
            disk,
            paths,
            read: records.by_media(),
            records,
            witnessed: HashSet::new(),
            has_lockfile: true,
            has_folded: false,
            journal_is_empty: false,
            is_poisoned: false,
            is_in_memory: true,
            limit: format::LIMIT,
        }
    }

    /// Reads both files, cuts a torn last line of the journal and compacts it when it has grown.
    pub fn open(disk: Arc<dyn Disk>, paths: Paths) -> Result<Self, Error> {
        paths.prepare(&*disk)?;
        paths.remove_leftovers(&*disk);
        let lockfile = read_lockfile(&*disk, &paths)?;
        let journal = read_journal(&*disk, &paths)?;
        let has_lockfile = lockfile.is_some();
        let mut records = lockfile.unwrap_or_default().records;
        let journal_is_empty = repair_journal(&*disk, &paths.journal(), &journal)?;
        let witnessed = journal.parsed.records.iter().map(|record| record.attempt.clone()).collect();
        records.merge(journal.parsed.records);
        Ok(Self {
            witnessed,
            has_lockfile,
            journal_is_empty,
            is_in_memory: false,
            ..Self::in_memory(disk, paths, records)
        })
    }

    #[must_use]
    pub fn records(&self) -> &Records {
        self.read.as_ref().unwrap_or(&self.records)
    }

    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Whether this machine's journal tells of an attempt: then every step that was taken here is in it. What
    /// the lockfile alone knows was begun elsewhere, or its journal was lost, announcements and all.
    #[must_use]
    pub fn is_witness_of(&self, attempt: &AttemptId) -> bool {
        self.witnessed.contains(attempt)
    }

    /// Whether writing takes long enough to hold other work up.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        !self.is_in_memory && self.disk.is_slow()
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
        self.witnessed.extend(records.iter().map(|record| record.attempt.clone()));
        self.append(records)
    }

    fn append(&mut self, records: Vec<Record>) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        let mut line = format::print_line(&records);
        self.records.extend(records);
        self.read = self.records.by_media();
        if self.is_in_memory {
            return Ok(());
        }
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

    /// Takes over what other machines have recorded, in one durable write. What they have only prepared is known
    /// for now and goes into the lockfile, never into the journal: there it would look like our own.
    pub fn take_over(&mut self, others: &Records) -> Result<(), Error> {
        let news = self.records.news(others).into_iter();
        let (prepared, news): (Vec<_>, Vec<_>) =
            news.partition(|record| record.stage() == Stage::Containers && !self.is_witness_of(&record.attempt));
        self.append(news)?;
        for record in prepared {
            self.records.merge_in(record);
        }
        self.read = self.records.by_media();
        Ok(())
    }

    /// Whether the lockfile has changed by this.
    #[must_use]
    pub fn has_folded(&self) -> bool {
        self.has_folded
    }

    /// Writes everything known into the lockfile; what came into it meanwhile is kept. Returns whether
    /// it changed: a lockfile that holds all of it is not touched.
    pub fn fold(&mut self) -> Result<bool, Error> {
        if self.is_in_memory {
            return Ok(false);
        }
        let lockfile = read_lockfile(&*self.disk, &self.paths)?;
        self.has_lockfile = lockfile.is_some();
        let Parsed { records: in_file, had_conflicts, .. } = lockfile.unwrap_or_default();
        self.records.extend(self.records.news(&in_file));
        self.read = self.records.by_media();
        if in_file == self.records && !had_conflicts {
            return Ok(false);
        }
        let path = self.paths.lockfile.clone();
        let text = format::print_within(&self.records, self.limit).map_err(|problem| Error::Unreadable {
            path: path.display().to_string(),
            problem,
            help: format!(
                "the file was not touched, and all records are in {}; {TOO_LARGE}",
                self.paths.journal().display()
            ),
        })?;
        self.keep(|disk| disk.replace(&path, text.as_bytes()).map_err(|error| Error::io(&path, "written", error)))?;
        self.has_lockfile = true;
        self.has_folded = true;
        Ok(true)
    }

    fn keep(&mut self, write: impl FnOnce(&dyn Disk) -> Result<(), Error>) -> Result<(), Error> {
        let kept = write(&*self.disk);
        self.is_poisoned |= kept.is_err();
        kept
    }
}

/// Leaves a journal that ends in a whole line. Returns whether it is empty.
fn repair_journal(disk: &dyn Disk, path: &Path, journal: &Journal) -> Result<bool, Error> {
    let repaired = |result: io::Result<()>| result.map_err(|error| Error::io(path, "repaired", error));
    match journal.ending {
        Ending::Empty => return Ok(true),
        Ending::Whole => {}
        Ending::NoNewline => repaired(disk.append(path, b"\n"))?,
        Ending::Torn { at } => {
            repaired(disk.truncate(path, at as u64))?;
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
