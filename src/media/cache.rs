//! Digests of files that have not changed since they were last read: an unchanged gigabyte costs one `stat`.

use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use super::digest::{digest_files, hex};
use crate::id::Digest;
use crate::port::{Disk, FileKind, Stat};

/// A larger cache is taken for damage. In bytes.
const LIMIT: u64 = 1 << 28;

/// More entries than this that nobody asked for are dropped when the cache is saved.
const IDLE_ENTRIES: usize = 10_000;

/// Known digests by path relative to the content root, `/`-separated.
///
/// One line per file, `["path",len,modified_ns,changed_ns,inode,"sha256 in hex"]`. It is only a cache: a
/// damaged one is empty, and failing to save it may be ignored.
#[derive(Debug, Default)]
pub struct DigestCache {
    entries: HashMap<Box<str>, Entry>,
    has_changed: bool,
}

#[derive(Debug)]
struct Entry {
    len: u64,
    modified_ns: i128,
    changed_ns: i128,
    inode: u64,
    digest: Digest,
    is_used: bool,
}

impl Entry {
    fn new(stat: &Stat, digest: Digest) -> Self {
        let Stat { len, modified_ns, changed_ns, inode, .. } = *stat;
        Self { len, modified_ns, changed_ns, inode, digest, is_used: true }
    }

    fn matches(&self, stat: &Stat) -> bool {
        (self.len, self.modified_ns, self.changed_ns, self.inode)
            == (stat.len, stat.modified_ns, stat.changed_ns, stat.inode)
            && stat.kind == FileKind::File
    }
}

impl DigestCache {
    /// Reads the cache; empty when there is none or it is damaged.
    #[must_use]
    pub fn load(disk: &dyn Disk, path: &Path) -> Self {
        Self::try_load(disk, path).unwrap_or_default()
    }

    fn try_load(disk: &dyn Disk, path: &Path) -> Option<Self> {
        let stat = disk.stat(path).ok().filter(|stat| stat.kind == FileKind::File)?;
        let bytes = disk.read(path, LIMIT).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let mut entries = HashMap::with_capacity(text.len() / 128);
        for line in text.lines() {
            let (path, len, modified_ns, changed_ns, inode, hex): (Box<str>, u64, i128, i128, u64, &str) =
                serde_json::from_str(line).ok()?;
            if hex.len() != 64 {
                return None;
            }
            // As git does: what changed in the very tick in which the cache was written could have changed
            // again in that tick, and nobody would see.
            if modified_ns.max(changed_ns) < stat.modified_ns {
                let digest = Digest::new(format!("sha256:{hex}"));
                entries.insert(path, Entry { len, modified_ns, changed_ns, inode, digest, is_used: false });
            }
        }
        Some(Self { entries, has_changed: false })
    }

    /// The digest of a file that `stat` describes, if its bytes were read before and cannot have changed.
    #[must_use]
    pub fn get(&self, path: &str, stat: &Stat) -> Option<&Digest> {
        self.entries.get(path).filter(|entry| entry.matches(stat)).map(|entry| &entry.digest)
    }

    /// The digest of one file under `root`, from the cache or from its bytes.
    pub fn digest(&mut self, disk: &dyn Disk, root: &Path, path: &str) -> io::Result<Digest> {
        self.digests(disk, root, &[path]).pop().unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
    }

    /// The digests of many files under `root`, in the order of `paths`. Only unknown ones are read, on
    /// all cores.
    pub fn digests(&mut self, disk: &dyn Disk, root: &Path, paths: &[&str]) -> Vec<io::Result<Digest>> {
        let mut unknown: Vec<(usize, PathBuf, Stat)> = Vec::new();
        let mut results: Vec<io::Result<Digest>> = Vec::with_capacity(paths.len());
        for (index, path) in paths.iter().enumerate() {
            let file = root.join(path);
            results.push(disk.stat(&file).and_then(|stat| {
                if let Some(entry) = self.entries.get_mut(*path).filter(|entry| entry.matches(&stat)) {
                    entry.is_used = true;
                    return Ok(entry.digest.clone());
                }
                unknown.push((index, file, stat));
                Err(io::ErrorKind::Other.into()) // until it is read, below
            }));
        }
        let files: Vec<PathBuf> = unknown.iter().map(|(_, file, _)| file.clone()).collect();
        for ((index, file, before), result) in unknown.into_iter().zip(digest_files(disk, &files)) {
            if let Ok(digest) = &result {
                self.keep(disk, paths[index], &file, &before, digest);
            }
            results[index] = result;
        }
        results
    }

    /// Only a file that was the same before and after reading is worth remembering.
    fn keep(&mut self, disk: &dyn Disk, path: &str, file: &Path, before: &Stat, digest: &Digest) {
        if before.kind == FileKind::File && disk.stat(file).is_ok_and(|after| after == *before) {
            self.entries.insert(path.into(), Entry::new(before, digest.clone()));
            self.has_changed = true;
        }
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
        let mut text = String::with_capacity(lines.len() * 192);
        for (path, entry) in lines {
            let Some(hex) = hex(&entry.digest) else { continue };
            let path = serde_json::Value::from(&**path);
            let Entry { len, modified_ns, changed_ns, inode, .. } = entry;
            // Writing to a string cannot fail.
            let _ = writeln!(text, r#"[{path},{len},{modified_ns},{changed_ns},{inode},"{hex}"]"#);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::MemDisk;

    const CACHE: &str = "/site/.igsync/digests.jsonl";

    fn load(disk: &MemDisk) -> DigestCache {
        DigestCache::load(disk, Path::new(CACHE))
    }

    fn digest(cache: &mut DigestCache, disk: &MemDisk, path: &str) -> String {
        cache.digest(disk, Path::new("/site"), path).unwrap().to_string()
    }

    fn known(cache: &DigestCache, disk: &MemDisk, path: &str) -> bool {
        cache.get(path, &disk.stat(&Path::new("/site").join(path)).unwrap()).is_some()
    }

    /// A root with one file whose digest was cached.
    fn cached() -> (MemDisk, String) {
        let disk = MemDisk::new();
        disk.put_folder("/site/.igsync");
        disk.put("/site/posts/häfen \"1\".jpg", "one");
        let mut cache = load(&disk);
        let digest = digest(&mut cache, &disk, "posts/häfen \"1\".jpg");
        cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
        (disk, digest)
    }

    const FILE: &str = "posts/häfen \"1\".jpg";

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let (disk, first) = cached();
        disk.deny_read(Path::new("/site").join(FILE));
        let mut cache = load(&disk);
        assert_eq!(digest(&mut cache, &disk, FILE), first);
        let writes = disk.writes().len();
        cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
        assert_eq!(disk.writes().len(), writes, "nothing was learned, nothing is written");
    }

    #[test]
    fn a_changed_file_of_the_same_length_is_read_again() {
        let (disk, first) = cached();
        disk.put(Path::new("/site").join(FILE), "two");
        assert_ne!(digest(&mut load(&disk), &disk, FILE), first);
    }

    #[test]
    fn a_file_changed_in_the_tick_in_which_the_cache_was_written_is_not_trusted() {
        let (disk, _) = cached();
        let modified = disk.stat(&Path::new("/site").join(FILE)).unwrap().modified_ns;
        assert!(known(&load(&disk), &disk, FILE));
        disk.set_modified(CACHE, modified + 1);
        assert!(known(&load(&disk), &disk, FILE));
        disk.set_modified(CACHE, modified);
        assert!(!known(&load(&disk), &disk, FILE));
    }

    #[test]
    fn a_damaged_cache_is_empty() {
        for damage in ["{\"hello\":1}\n", "[\"a\",1,2,3,4,\"short\"]\n", "\u{0}", "[\"a\",1,2"] {
            let (disk, first) = cached();
            let whole = disk.bytes(CACHE).unwrap();
            disk.put(CACHE, [&whole, damage.as_bytes()].concat());
            let mut cache = load(&disk);
            assert!(!known(&cache, &disk, FILE), "{damage:?}");
            assert_eq!(digest(&mut cache, &disk, FILE), first);
        }
    }

    #[test]
    fn a_read_only_folder_costs_speed_and_nothing_else() {
        let disk = MemDisk::new();
        disk.put("/site/a.jpg", "a");
        disk.deny_write("/site");
        let mut cache = load(&disk);
        digest(&mut cache, &disk, "a.jpg");
        cache.save_if_changed(&disk, Path::new(CACHE)).unwrap_err();
        assert!(known(&cache, &disk, "a.jpg"));
    }

    #[test]
    fn a_missing_file_among_many_is_the_only_error() {
        let disk = MemDisk::new();
        disk.put("/site/a.jpg", "a");
        disk.put("/site/b.jpg", "b");
        let results = DigestCache::default().digests(&disk, Path::new("/site"), &["a.jpg", "x.jpg", "b.jpg"]);
        let kinds: Vec<_> = results.iter().map(|result| result.as_ref().map_err(io::Error::kind).is_ok()).collect();
        assert_eq!(kinds, [true, false, true]);
        assert_eq!(results[1].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
