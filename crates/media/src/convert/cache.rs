//! Converted pictures are kept: a run draws the same source for the same target once.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::super::digest::digest_of;
use super::super::probe::probe;
use super::budget::MEMORY;
use super::decode::header;
use super::{ConversionPlan, MAX_LEN, Refusal, Target, VERSION, conversion_plan, convert};
use igsync_base::files::{Disk, Entry, FileKind, ReadDisk};
use igsync_base::id::Digest;

/// A picture as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub path: PathBuf,
    /// In bytes.
    pub len: u64,
    pub digest: Digest,
}

/// Why there is no converted picture.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("it changed while it was converted")]
    Changed,
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// Where converted pictures are kept, and which of them this process made. A file that was there before is not
/// believed: only converting its source shows what belongs there.
#[derive(Debug)]
pub struct ConvertedCache {
    folder: PathBuf,
    /// What this process made, by place. Whoever makes a picture holds its lock, so that others wait for it.
    made: Mutex<HashMap<PathBuf, Arc<Mutex<Option<Made>>>>>,
}

impl ConvertedCache {
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, made: Mutex::default() }
    }

    /// Where the converted picture of a source is kept, whether it is there or not.
    #[must_use]
    pub fn place(&self, source: &Digest, target: &Target) -> PathBuf {
        place(&self.folder, source, target)
    }

    /// The converted picture of the file at `path`, whose digest is `source`; `None`: it is sent as it is.
    /// Made once in a process, and from the source each time. The folder is made when absent.
    ///
    /// # Errors
    ///
    /// [`Failed`] says why there is no such picture.
    pub fn make(&self, disk: &dyn Disk, path: &Path, source: &Digest, target: &Target) -> Result<Option<Made>, Failed> {
        let place = self.place(source, target);
        let known = Arc::clone(lock(&self.made).entry(place.clone()).or_default());
        let mut known = lock(&known);
        if let Some(made) = known.as_ref().filter(|made| is_stored(disk, made)) {
            return Ok(Some(made.clone()));
        }
        *known = self.draw(disk, path, source, target, place)?;
        Ok(known.clone())
    }

    fn draw(
        &self,
        disk: &dyn Disk,
        path: &Path,
        source: &Digest,
        target: &Target,
        place: PathBuf,
    ) -> Result<Option<Made>, Failed> {
        let is_source = |bytes: &[u8]| digest_of(&Sha256::digest(bytes).into()) == *source;
        let Some(result) = draw(disk, path, target, is_source)? else { return Ok(None) };
        let made = describe(place, &result);
        if !is_stored(disk, &made) {
            disk.create_folder(&self.folder)?;
            disk.replace(&made.path, &result)?;
        }
        Ok(Some(made))
    }
}

/// The converted picture of a file whose bytes are those that are meant; `None`: it is sent as it is. Waits for its share
/// of memory.
///
/// # Errors
///
/// [`Failed`] says why there is no such picture.
pub fn draw(
    disk: &dyn ReadDisk,
    path: &Path,
    target: &Target,
    is_meant: impl FnOnce(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, Failed> {
    // Its header says what the picture takes; when another file is here by now, its bytes show it.
    let facts = probe(&mut disk.open(path)?)?;
    let header = || header(io::BufReader::new(disk.open(path).ok()?), &facts.format);
    let Some(ConversionPlan { memory, .. }) = conversion_plan(&facts, header, target)? else { return Ok(None) };
    let _share = MEMORY.take(memory);
    let bytes = disk.read(path, MAX_LEN)?;
    if !is_meant(&bytes) {
        return Err(Failed::Changed);
    }
    Ok(convert(&bytes, target)?)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the file holds the very bytes that were made.
fn is_stored(disk: &dyn ReadDisk, made: &Made) -> bool {
    disk.stat(&made.path).is_ok_and(|stat| stat.len == made.len)
        && disk.read(&made.path, made.len).is_ok_and(|bytes| digest_of(&Sha256::digest(&bytes).into()) == made.digest)
}

/// What nothing asks for is kept so long: another branch may ask for it. In nanoseconds.
const KEPT_NS: i128 = 7 * 24 * 60 * 60 * 1_000_000_000;

/// Removes old results that are not among the `wanted`. It is only a cache: what cannot be removed stays.
pub fn prune<'w>(disk: &dyn Disk, folder: &Path, wanted: impl Iterator<Item = (&'w Digest, &'w Target)>, now_ns: i128) {
    // A link could lead to someone else's files.
    if !disk.stat(folder).is_ok_and(|stat| stat.kind == FileKind::Folder) {
        return;
    }
    let wanted: HashSet<PathBuf> = wanted.map(|(source, target)| place(folder, source, target)).collect();
    for Entry { path, kind } in disk.list(folder).unwrap_or_default() {
        let is_old = || disk.stat(&path).is_ok_and(|stat| now_ns - stat.modified_ns > KEPT_NS);
        if kind == FileKind::File && is_ours(&path) && !wanted.contains(&path) && is_old() {
            let _ = disk.remove(&path);
        }
    }
}

/// A result, or what is left of one whose writing was killed.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_hex = |stem: &str| stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_left = name.strip_prefix(".igsync-").is_some_and(|rest| rest.strip_suffix(".tmp").is_some());
    is_left || name.strip_suffix(".jpg").is_some_and(is_hex)
}

fn describe(path: PathBuf, bytes: &[u8]) -> Made {
    Made { path, len: bytes.len() as u64, digest: digest_of(&Sha256::digest(bytes).into()) }
}

/// Named by all that decides how the result looks.
fn place(folder: &Path, source: &Digest, target: &Target) -> PathBuf {
    let Target { usage, fit, first } = target;
    let all = format!("{VERSION} {source} {usage:?} {fit:?} {first:?}");
    let mut name = String::with_capacity(68);
    for byte in Sha256::digest(all.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    folder.join(name + ".jpg")
}

#[cfg(test)]
mod tests {
    use super::super::super::digest::digest_file;
    use super::super::super::rules::Use;
    use super::*;
    use igsync_testkit::MemDisk;
    use igsync_testkit::media::{jpeg, png};

    const FOLDER: &str = "/site/.igsync/converted";
    const TARGET: Target = Target { usage: Use::Image, fit: None, first: None };

    fn disk(bytes: Vec<u8>) -> (MemDisk, Digest) {
        let disk = MemDisk::new();
        disk.put_folder("/site/.igsync");
        disk.put("/site/a.png", bytes);
        let digest = digest_file(&disk, Path::new("/site/a.png")).unwrap();
        (disk, digest)
    }

    fn make_it(disk: &MemDisk, source: &Digest, target: &Target) -> Result<Option<Made>, Failed> {
        ConvertedCache::new(FOLDER.into()).make(disk, Path::new("/site/a.png"), source, target)
    }

    #[test]
    fn a_process_draws_a_picture_once() {
        let (disk, source) = disk(png(400, 400));
        let kept = ConvertedCache::new(FOLDER.into());
        let make = |target: &Target| kept.make(&disk, Path::new("/site/a.png"), &source, target);
        let first = make(&TARGET).unwrap().unwrap();
        assert_eq!(first.path, kept.place(&source, &TARGET));
        assert_eq!(digest_file(&disk, &first.path).unwrap(), first.digest);
        disk.deny_read("/site/a.png");
        assert_eq!(make(&TARGET).unwrap(), Some(first.clone()));
        make(&Target { usage: Use::StoryImage, ..TARGET }).expect_err("another target is another picture");
        make_it(&disk, &source, &TARGET).expect_err("another process asks the source");
        disk.put(&first.path, &disk.bytes(&first.path).unwrap()[..200]);
        make(&TARGET).expect_err("a result that was cut off is no result");
    }

    #[test]
    fn what_somebody_put_there_is_replaced() {
        let (disk, source) = disk(png(400, 400));
        let first = make_it(&disk, &source, &TARGET).unwrap().unwrap();
        let drawn = disk.bytes(&first.path).unwrap();
        let mut altered = drawn.clone();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        for foreign in [altered, jpeg(400, 400), drawn[..200].to_vec(), Vec::new()] {
            disk.put(&first.path, &foreign);
            assert_eq!(make_it(&disk, &source, &TARGET).unwrap(), Some(first.clone()));
            assert_eq!(disk.bytes(&first.path).unwrap(), drawn);
        }
        let kept = ConvertedCache::new(FOLDER.into());
        let make = || kept.make(&disk, Path::new("/site/a.png"), &source, &TARGET).unwrap();
        assert_eq!(make(), Some(first.clone()));
        disk.put(&first.path, jpeg(400, 400));
        assert_eq!(make(), Some(first.clone()), "in the same process too");
        assert_eq!(disk.bytes(&first.path).unwrap(), drawn);
    }

    #[test]
    fn only_old_results_that_nothing_asks_for_go_away() {
        let (disk, source) = disk(png(400, 400));
        let old = make_it(&disk, &source, &TARGET).unwrap().unwrap();
        let asked = Target { usage: Use::StoryImage, ..TARGET };
        let wanted = make_it(&disk, &source, &asked).unwrap().unwrap();
        let strange = Path::new(FOLDER).join("notes.jpg");
        disk.put(&strange, b"mine");
        let left = Path::new(FOLDER).join(".igsync-abc.tmp");
        disk.put(&left, b"half");
        let there = |path: &Path| disk.stat(path).is_ok();
        let written = disk.stat(&left).unwrap().modified_ns;
        let prune = |now_ns| prune(&disk, Path::new(FOLDER), [(&source, &asked)].into_iter(), now_ns);

        prune(written);
        assert!(there(&old.path) && there(&left), "they are young");
        prune(written + KEPT_NS + 1);
        assert!(!there(&old.path) && !there(&left));
        assert!(there(&wanted.path) && there(&strange));
        prune(written + KEPT_NS + 1);
    }

    #[test]
    fn what_needs_nothing_is_not_kept() {
        let (disk, source) = disk(jpeg(400, 400));
        assert_eq!(make_it(&disk, &source, &TARGET).unwrap(), None);
        assert!(disk.stat(Path::new(FOLDER)).is_err());
    }

    #[test]
    fn a_file_that_changed_is_not_published_under_its_old_name() {
        let (disk, source) = disk(png(400, 400));
        disk.put("/site/a.png", png(400, 401));
        assert!(matches!(make_it(&disk, &source, &TARGET), Err(Failed::Changed)));
    }
}
