//! What is known of files that have not changed since they were last read: an unchanged gigabyte costs one
//! `stat`.

use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::digest::{digest_file, hex, on_all_cores};
use super::probe::{self, Facts};
use igsync_base::files::{Disk, FileKind, ReadDisk, Stat};
use igsync_base::id::Digest;

#[cfg(test)]
mod tests;

/// A larger cache is treated as damage. In bytes.
const LIMIT: u64 = 1 << 28;

/// More entries than this that no one asked for are dropped when the cache is saved.
const IDLE_ENTRIES: usize = 10_000;

/// Known digests and facts by path relative to the content root, `/`-separated.
///
/// A header that names the code which read the facts, then a line per file:
/// `["path",len,modified_ns,changed_ns,inode,"sha256 in hex" or null,facts or null]`. It is only a cache:
/// a damaged one is empty, and failing to save it may be ignored.
#[derive(Debug, Default)]
pub struct DigestCache {
    entries: HashMap<Box<str>, Entry>,
    has_changed: bool,
}

#[derive(Debug)]
struct Entry {
    stat: Stat,
    digest: Option<Digest>,
    /// As JSON: of most files no one asks.
    facts: Option<Box<RawValue>>,
    is_used: bool,
}

impl Entry {
    fn new(stat: Stat) -> Self {
        Self { stat, digest: None, facts: None, is_used: true }
    }

    fn facts(&self) -> Option<Facts> {
        serde_json::from_str(self.facts.as_ref()?.get()).ok()
    }
}

/// The digest of one file, and what the file was when its bytes were read.
#[derive(Clone, Debug)]
pub struct Hashed {
    pub digest: Digest,
    pub stat: Stat,
}

impl DigestCache {
    /// Reads the cache; empty when there is none or it is damaged.
    #[must_use]
    pub fn load(disk: &dyn ReadDisk, path: &Path) -> Self {
        Self::try_load(disk, path).unwrap_or_default()
    }

    fn try_load(disk: &dyn ReadDisk, path: &Path) -> Option<Self> {
        type Line<'a> = (Box<str>, u64, i128, i128, u64, Option<&'a str>, Option<Box<RawValue>>);
        let written = disk.stat(path).ok().filter(|stat| stat.kind == FileKind::File)?;
        let bytes = disk.read(path, LIMIT).ok()?;
        let (first, lines) = std::str::from_utf8(&bytes).ok()?.split_once('\n')?;
        let trusts_facts = first == header();
        let mut entries = HashMap::with_capacity(lines.len() / 128);
        for line in lines.lines() {
            let (path, len, modified_ns, changed_ns, inode, hex, facts): Line<'_> = serde_json::from_str(line).ok()?;
            if hex.is_some_and(|hex| hex.len() != 64) {
                return None;
            }
            // As git does: what changed in the very tick in which the cache was written could have changed
            // again in that tick, and no one would see.
            if modified_ns.max(changed_ns) < written.modified_ns {
                let stat = Stat { kind: FileKind::File, len, modified_ns, changed_ns, inode };
                let digest = hex.map(|hex| Digest::new(format!("sha256:{hex}")));
                let facts = facts.filter(|_| trusts_facts);
                entries.insert(path, Entry { stat, digest, facts, is_used: false });
            }
        }
        Some(Self { entries, has_changed: false })
    }

    /// The digest of a file that `stat` describes, if its bytes were read before and cannot have changed.
    #[must_use]
    pub fn get(&self, path: &str, stat: &Stat) -> Option<&Digest> {
        self.entries.get(path).filter(|entry| entry.stat == *stat)?.digest.as_ref()
    }

    /// The digests of many files under `root`, in the order of `paths`. Only unknown ones are read, on
    /// all cores.
    pub fn digests(&mut self, disk: &dyn ReadDisk, root: &Path, paths: &[&str]) -> Vec<io::Result<Hashed>> {
        let known = self.recall(
            disk,
            root,
            paths,
            |entry| entry.digest.clone(),
            |file| digest_file(disk, file),
            |entry, digest| entry.digest = Some(digest.clone()),
        );
        known.into_iter().map(|known| known.map(|(digest, stat)| Hashed { digest, stat })).collect()
    }

    /// What a file under `root` is. It is looked into only when that is unknown.
    pub fn facts(&mut self, disk: &dyn ReadDisk, root: &Path, path: &str) -> io::Result<Facts> {
        let mut known = self.recall(
            disk,
            root,
            &[path],
            Entry::facts,
            |file| probe::probe(&mut disk.open(file)?),
            |entry, facts| entry.facts = serde_json::value::to_raw_value(facts).ok(),
        );
        known.pop().unwrap_or_else(|| Err(io::ErrorKind::NotFound.into())).map(|(facts, _)| facts)
    }

    /// One thing about each file: out of the entries, or read and then kept there.
    fn recall<T: Send>(
        &mut self,
        disk: &dyn ReadDisk,
        root: &Path,
        paths: &[&str],
        recall: impl Fn(&Entry) -> Option<T>,
        read: impl Fn(&Path) -> io::Result<T> + Sync,
        keep: impl Fn(&mut Entry, &T),
    ) -> Vec<io::Result<(T, Stat)>> {
        let mut unknown: Vec<(usize, PathBuf, Stat)> = Vec::new();
        let mut results: Vec<io::Result<(T, Stat)>> = Vec::with_capacity(paths.len());
        for (index, path) in paths.iter().enumerate() {
            let file = root.join(path);
            results.push(disk.stat(&file).and_then(|stat| {
                if let Some(entry) = self.entries.get_mut(*path).filter(|entry| entry.stat == stat) {
                    entry.is_used = true;
                    if let Some(found) = recall(entry) {
                        return Ok((found, stat));
                    }
                }
                unknown.push((index, file, stat));
                Err(io::ErrorKind::Other.into()) // until it is read, below
            }));
        }
        // The largest first: otherwise the last one keeps a single core busy.
        unknown.sort_by_key(|(_, _, stat)| std::cmp::Reverse(stat.len));
        let found = on_all_cores(&unknown, |(_, file, _)| read(file));
        for ((index, file, before), result) in unknown.into_iter().zip(found) {
            // Only a file that was the same before and after reading is worth remembering.
            if let Ok(found) = &result
                && before.kind == FileKind::File
                && disk.stat(&file).is_ok_and(|after| after == before)
            {
                keep(self.entry(paths[index], before), found);
                self.has_changed = true;
            }
            results[index] = result.map(|found| (found, before));
        }
        results
    }

    /// The entry of a file as it is now; what was known of an older one is forgotten.
    fn entry(&mut self, path: &str, stat: Stat) -> &mut Entry {
        let entry = self.entries.entry(path.into()).or_insert_with(|| Entry::new(stat));
        if entry.stat != stat {
            *entry = Entry::new(stat);
        }
        entry
    }

    /// Whether there is something to save.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Writes the cache if it learned something, into a folder that must exist
    /// (the record store prepares it).
    pub fn save_if_changed(&mut self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        if !self.has_changed {
            return Ok(());
        }
        if self.entries.values().filter(|entry| !entry.is_used).count() > IDLE_ENTRIES {
            self.entries.retain(|_, entry| entry.is_used);
        }
        disk.replace(path, self.print().as_bytes())?;
        self.has_changed = false;
        Ok(())
    }

    fn print(&self) -> String {
        let mut lines: Vec<(&Box<str>, &Entry)> = self.entries.iter().collect();
        lines.sort_unstable_by_key(|(path, _)| *path);
        let mut text = header();
        text.reserve(lines.len() * 192);
        text.push('\n');
        for (path, Entry { stat, digest, facts, .. }) in lines {
            let path = serde_json::Value::from(&**path);
            let digest = digest.as_ref().and_then(hex).map_or_else(|| "null".to_owned(), |hex| format!("\"{hex}\""));
            let facts = facts.as_ref().map_or("null", |facts| facts.get());
            let Stat { len, modified_ns, changed_ns, inode, .. } = stat;
            // Writing to a string cannot fail.
            let _ = writeln!(text, "[{path},{len},{modified_ns},{changed_ns},{inode},{digest},{facts}]");
        }
        text
    }
}

fn header() -> String {
    format!("{{\"igsync_media\":1,\"reader\":\"{:016x}\"}}", probe::READER)
}
