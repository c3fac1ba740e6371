//! The SHA-256 of a file.

use std::fmt::Write;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::lfs;
use igsync_base::files::ReadDisk;
use igsync_base::id::Digest;

/// Measured: smaller pieces cost system calls, larger ones gain nothing. In bytes.
const PIECE: usize = 64 * 1024;

const SCHEME: &str = "sha256:";

/// Hashes a file in pieces. The result reads `sha256:<64 hex digits>`; of a Git LFS pointer it is the digest
/// of the file that it represents.
pub fn digest_file(disk: &dyn ReadDisk, path: &Path) -> io::Result<Digest> {
    let mut file = disk.open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut len = 0_u64;
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => {
                hash.update(&piece[..length]);
                len += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if len <= lfs::MAX_LEN {
        file.rewind()?;
        let mut small = Vec::new();
        file.take(lfs::MAX_LEN).read_to_end(&mut small)?;
        if let Some(digest) = lfs::pointed_at(&small) {
            return Ok(digest);
        }
    }
    Ok(digest_of(&hash.finalize().into()))
}

/// Does the same for many things, on as many threads as there are cores. The results are in the order of
/// `things`.
pub(super) fn on_all_cores<A: Sync, T: Send>(things: &[A], work: impl Fn(&A) -> T + Sync) -> Vec<T> {
    // How many cores there are costs a dozen calls of the system; most of the time there is one thing to do.
    let is_shared = things.len() > 1;
    let threads = if is_shared { thread::available_parallelism().map_or(1, usize::from).min(things.len()) } else { 1 };
    if threads <= 1 {
        return things.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        while let Some((index, thing)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, things.get(i)?)))
        {
            done.push((index, work(thing)));
        }
        done
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("reading files does not panic")).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// `sha256:<64 hex digits>`
#[must_use]
pub fn digest_of(hash: &[u8; 32]) -> Digest {
    let mut text = String::with_capacity(SCHEME.len() + 64);
    text.push_str(SCHEME);
    for byte in hash {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Digest::new(text)
}

/// The 64 hex digits of a file's digest; `None` for a digest of another scheme.
#[must_use]
pub fn hex(digest: &Digest) -> Option<&str> {
    digest.as_str().strip_prefix(SCHEME)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use igsync_testkit::MemDisk;

    // `printf abc | sha256sum`
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_digest_is_the_one_of_sha256sum() {
        let disk = MemDisk::new();
        disk.put("/abc", "abc");
        let digest = digest_file(&disk, Path::new("/abc")).unwrap();
        assert_eq!(digest.as_str(), ABC);
        assert_eq!(hex(&digest), Some(&ABC[7..]));
    }

    #[test]
    fn a_file_of_many_pieces_is_hashed_whole() {
        let disk = MemDisk::new();
        disk.put("/million", "a".repeat(1_000_000));
        // The long vector of FIPS 180-2.
        assert_eq!(
            digest_file(&disk, Path::new("/million")).unwrap().as_str(),
            "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
    }

    #[test]
    fn a_git_lfs_pointer_has_the_digest_of_its_file() {
        let disk = MemDisk::new();
        disk.put("/abc", format!("version https://git-lfs.github.com/spec/v1\noid {ABC}\nsize 3\n"));
        assert_eq!(digest_file(&disk, Path::new("/abc")).unwrap().as_str(), ABC);
    }

    #[test]
    fn many_files_keep_their_order_and_their_errors() {
        let disk = MemDisk::new();
        let mut paths: Vec<PathBuf> = (0..50).map(|n| format!("/{n}").into()).collect();
        for (n, path) in paths.iter().enumerate() {
            disk.put(path, n.to_string());
        }
        paths.insert(20, "/missing".into());
        let together = on_all_cores(&paths, |path| digest_file(&disk, path));
        assert_eq!(together[20].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
        for (path, result) in paths.iter().zip(together) {
            assert_eq!(result.ok(), digest_file(&disk, path).ok(), "{}", path.display());
        }
    }
}
