//! The files that git's index has, and whether they still are as git found them.
//!
//! Git would say so itself (`git status`), and read files for it that it found in the moment in which it wrote the
//! index, through filters that a branch can ask for. What it found of each file (`git ls-files --debug`) says as much,
//! costs no call of its own, and has git read nothing. The format is for people, so an entry that reads otherwise is
//! as one that has changed: the file is then read.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use igsync_base::files::{FileKind, Stat};

use super::error::Error;
use super::repository::nearest;

/// Every file of a content root that the index has, by its name from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index(HashMap<Box<str>, Staged>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Staged {
    oid: Box<str>,
    seen: Seen,
}

/// What git found of a file. Length and inode are kept in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    modified_ns: i128,
    changed_ns: i128,
    inode: u32,
    len: u32,
}

impl Index {
    /// Git's id of the blob that this file is; `None` where the index does not have it, or where it may have changed
    /// since git looked at it. `stat` is the file as it is now.
    #[must_use]
    pub fn unmodified(&self, name: &str, stat: &Stat) -> Option<&str> {
        let Staged { oid, seen } = self.0.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "as git keeps them")]
        let now = Seen {
            modified_ns: stat.modified_ns,
            changed_ns: stat.changed_ns,
            inode: stat.inode as u32,
            len: stat.len as u32,
        };
        (stat.kind == FileKind::File && now == *seen).then_some(oid)
    }

    /// Some id of it, by which its object format is known.
    #[must_use]
    pub fn any_id(&self) -> Option<&str> {
        self.0.values().next().map(|staged| &*staged.oid)
    }

    /// Takes an entry in, unless it says nothing about a file that is there. `written`: when the index was.
    pub(super) fn add(&mut self, name: &str, entry: &Entry<'_>, written: i128) {
        let is_file = entry.mode.starts_with(b"100") && entry.stage == b"0";
        let oid = std::str::from_utf8(entry.oid).ok().filter(|oid| is_object(oid));
        // As git does: what was found in the very tick in which the index was written could have changed again in
        // that tick, and look the same.
        let seen = entry.seen.filter(|seen| seen.modified_ns.max(seen.changed_ns) < written);
        if let (true, Some(oid), Some(seen)) = (is_file, oid, seen) {
            self.0.insert(name.into(), Staged { oid: oid.into(), seen });
        }
    }

    /// Takes in the index of a submodule.
    pub(super) fn extend(&mut self, folder: &str, inner: Self) {
        self.0.extend(inner.0.into_iter().map(|(name, staged)| (format!("{folder}/{name}").into(), staged)));
    }
}

fn is_object(oid: &str) -> bool {
    matches!(oid.len(), 40 | 64) && oid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// When git wrote the index, in nanoseconds since the epoch; the beginning of time where there is none.
pub(super) fn written(root: &Path) -> Result<i128, Error> {
    let root = fs::canonicalize(root).map_err(|error| Error::NotRun(error.to_string()))?;
    let (_, git_dir) = nearest(&root)?.ok_or(Error::NoRepository)?;
    Ok(fs::metadata(git_dir.join("index")).map_or(i128::MIN, |index| changed_ns(&index)))
}

#[cfg(unix)]
fn changed_ns(index: &fs::Metadata) -> i128 {
    use std::os::unix::fs::MetadataExt as _;
    let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
    // A hook may run between the last byte and the rename; a later `chmod` or `mv` says nothing about the files.
    ns(index.ctime(), index.ctime_nsec()).min(ns(index.mtime(), index.mtime_nsec()))
}

/// Without the time of a change nothing is known of the moment.
#[cfg(not(unix))]
fn changed_ns(_: &fs::Metadata) -> i128 {
    i128::MIN
}

/// One entry of the index.
pub(super) struct Entry<'a> {
    mode: &'a [u8],
    oid: &'a [u8],
    stage: &'a [u8],
    /// From the top of the repository.
    pub(super) name: String,
    seen: Option<Seen>,
}

impl Entry<'_> {
    pub(super) fn is_submodule(&self) -> bool {
        self.mode == b"160000"
    }
}

/// What `ls-files --stage --debug -z` wrote: mode, object, stage, a tab, the name, a zero; then lines that begin with
/// two blanks.
pub(super) fn entries(output: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = output;
    std::iter::from_fn(move || {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (entry, after) = (&rest[..end], &rest[end + 1..]);
        let len = lines_of_debug(after);
        rest = &after[len..];
        let tab = entry.iter().position(|byte| *byte == b'\t').unwrap_or(entry.len());
        let mut words = entry[..tab].split(|byte| *byte == b' ');
        let mut word = || words.next().unwrap_or_default();
        Some(Entry {
            mode: word(),
            oid: word(),
            stage: word(),
            name: String::from_utf8_lossy(entry.get(tab + 1..).unwrap_or_default()).into_owned(),
            seen: seen(&after[..len]),
        })
    })
}

fn lines_of_debug(text: &[u8]) -> usize {
    let mut len = 0;
    while text[len..].starts_with(b"  ") {
        let line = &text[len..];
        len += line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |end| end + 1);
    }
    len
}

/// `None`: it reads otherwise than git writes today.
fn seen(lines: &[u8]) -> Option<Seen> {
    let text = std::str::from_utf8(lines).ok()?;
    let value = |name: &str| {
        let after = text.split([' ', '\t', '\n']).skip_while(|word| word.strip_suffix(':') != Some(name)).nth(1)?;
        Some(after)
    };
    let time = |name| {
        let (seconds, rest) = value(name)?.split_once(':')?;
        Some(i128::from(seconds.parse::<u32>().ok()?) * 1_000_000_000 + i128::from(rest.parse::<u32>().ok()?))
    };
    Some(Seen {
        modified_ns: time("mtime")?,
        changed_ns: time("ctime")?,
        inode: value("ino")?.parse().ok()?,
        len: value("size")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OID: &str = "15067e42215412748ad18906043cb94a73f08a03";
    const SECOND: i128 = 1_000_000_000;

    fn lines(modified: &str) -> String {
        format!("  ctime: 7:2\n  mtime: {modified}\n  dev: 65024\tino: 9\n  uid: 0\tgid: 0\n  size: 5\tflags: 0\n")
    }

    fn index(output: &str, written: i128) -> Index {
        let mut index = Index::default();
        for entry in entries(output.as_bytes()) {
            index.add(&entry.name, &entry, written);
        }
        index
    }

    fn stat() -> Stat {
        Stat {
            kind: FileKind::File,
            len: 5,
            modified_ns: 7 * SECOND + 1,
            changed_ns: 7 * SECOND + 2,
            inode: 9 + (1 << 32),
        }
    }

    #[test]
    fn a_file_is_unmodified_while_it_is_as_git_found_it() {
        let output = format!("100644 {OID} 0\ta\nb.jpg\0{}", lines("7:1"));
        let index = index(&output, 8 * SECOND);
        assert_eq!(index.unmodified("a\nb.jpg", &stat()), Some(OID));
        assert_eq!(index.unmodified("b.jpg", &stat()), None);
        for changed in [
            Stat { len: 6, ..stat() },
            Stat { modified_ns: 7 * SECOND, ..stat() },
            Stat { changed_ns: 7 * SECOND, ..stat() },
            Stat { inode: 8, ..stat() },
            Stat { kind: FileKind::Symlink, ..stat() },
        ] {
            assert_eq!(index.unmodified("a\nb.jpg", &changed), None, "{changed:?}");
        }
    }

    #[test]
    fn what_was_found_when_the_index_was_written_may_have_changed_since() {
        let output = format!("100644 {OID} 0\ta.jpg\0{}", lines("7:1"));
        assert_eq!(index(&output, 7 * SECOND + 2).unmodified("a.jpg", &stat()), None);
        assert_eq!(index(&output, 7 * SECOND + 3).unmodified("a.jpg", &stat()), Some(OID));
    }

    #[test]
    fn an_entry_that_reads_otherwise_is_none_and_spoils_no_other() {
        let good = format!("100755 {OID} 0\tgood.jpg\0{}", lines("7:1"));
        for (bad, why) in [
            (format!("100644 {OID} 0\tbad.jpg\0"), "an older git says no more"),
            (format!("100644 {OID} 0\tbad.jpg\0  mtime: soon\n"), "another format"),
            (format!("100644 {OID} 0\tbad.jpg\0{}", lines("7")), "another format"),
            (format!("100644 {OID} 2\tbad.jpg\0{}", lines("7:1")), "in conflict"),
            (format!("120000 {OID} 0\tbad.jpg\0{}", lines("7:1")), "a link"),
            (format!("100644 XY 0\tbad.jpg\0{}", lines("7:1")), "no object"),
        ] {
            let index = index(&format!("{bad}{good}"), 8 * SECOND);
            assert_eq!(index.unmodified("good.jpg", &stat()), Some(OID), "{why}");
            assert_eq!(index.unmodified("bad.jpg", &stat()), None, "{why}");
        }
    }

    #[test]
    fn a_submodule_is_no_file() {
        let output = format!("160000 {OID} 0\tmodule\0{}", lines("7:1"));
        let entry = entries(output.as_bytes()).next().unwrap();
        assert!(entry.is_submodule());
        assert_eq!((entry.name.as_str(), index(&output, 8 * SECOND)), ("module", Index::default()));
    }
}
