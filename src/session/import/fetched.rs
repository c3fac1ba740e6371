//! Which files of a content root a run has fetched and no record is of yet, because it was ended in between.

use std::io;
use std::path::{Path, PathBuf};

use igsync_base::files::Disk;
use igsync_base::id::Digest;
use igsync_media::digest::{digest_file, digest_of, hex};
use sha2::{Digest as _, Sha256};

/// Below the content root: what is not whole, and what is said of files that no record is of yet.
const PARTS: [&str; 2] = [".igsync", "import"];

pub(crate) fn parts(root: &Path) -> PathBuf {
    root.join(PARTS[0]).join(PARTS[1])
}

/// Where it is written that a file was fetched, as long as no record says so.
fn note_of(root: &Path, file: &str) -> PathBuf {
    let hash = digest_of(&Sha256::digest(file.as_bytes()).into());
    parts(root).join(format!("{}.fetched", &hex(&hash).unwrap_or_default()[..32]))
}

/// Whether a run that was ended before it had recorded a file has fetched it: what else is there is someone's own.
pub(super) fn is_ours(disk: &dyn Disk, root: &Path, file: &str) -> bool {
    let noted = disk.read(&note_of(root, file), 200).ok();
    let there = || digest_file(disk, &root.join(file)).ok();
    noted.is_some_and(|noted| there().is_some_and(|there| there.as_str().as_bytes() == noted))
}

/// Says of a file that it is about to be made, of these bytes.
pub(super) fn note(disk: &dyn Disk, root: &Path, file: &str, digest: &Digest) -> io::Result<()> {
    let place = note_of(root, file);
    let _ = disk.remove(&place);
    disk.append(&place, digest.as_str().as_bytes())
}

/// A record is of the file by now.
pub(crate) fn forget_note(disk: &dyn Disk, root: &Path, file: &str) {
    let _ = disk.remove(&note_of(root, file));
}

#[cfg(test)]
mod tests {
    use igsync_testkit::MemDisk;

    use super::*;

    #[test]
    fn a_file_is_ours_as_long_as_it_is_what_was_fetched_and_no_record_is_of_it() {
        let (disk, root) = (MemDisk::new(), Path::new("/site"));
        disk.put("/site/posts/a.jpg", "fetched");
        disk.put(parts(root).join("b.part"), "");
        assert!(!is_ours(&disk, root, "posts/a.jpg"), "someone's own");
        let digest = digest_file(&disk, &root.join("posts/a.jpg")).unwrap();
        note(&disk, root, "posts/a.jpg", &digest).unwrap();
        assert!(is_ours(&disk, root, "posts/a.jpg"));
        disk.put("/site/posts/a.jpg", "another");
        assert!(!is_ours(&disk, root, "posts/a.jpg"), "replaced since");
        disk.put("/site/posts/a.jpg", "fetched");
        forget_note(&disk, root, "posts/a.jpg");
        assert!(!is_ours(&disk, root, "posts/a.jpg"));
    }
}
