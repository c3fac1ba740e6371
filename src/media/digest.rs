//! The SHA-256 of a file.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::id::Digest;
use crate::port::Disk;

/// Measured: smaller pieces cost system calls, larger ones gain nothing. In bytes.
const PIECE: usize = 64 * 1024;

const SCHEME: &str = "sha256:";

/// Hashes a file in pieces. The result reads `sha256:<64 hex digits>`.
pub fn digest_file(disk: &dyn Disk, path: &Path) -> io::Result<Digest> {
    let mut file = disk.open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(digest_of(&hash.finalize().into())),
            Ok(length) => hash.update(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hashes many files, on as many threads as there are cores. The results stand in the order of `paths`.
pub fn digest_files(disk: &dyn Disk, paths: &[PathBuf]) -> Vec<io::Result<Digest>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    if threads <= 1 {
        return paths.iter().map(|path| digest_file(disk, path)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((index, path)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, paths.get(i)?)))
        {
            done.push((index, digest_file(disk, path)));
        }
        done
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("hashing does not panic")).collect()
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
    use super::*;
    use crate::port::MemDisk;

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
    fn many_files_keep_their_order_and_their_errors() {
        let disk = MemDisk::new();
        let mut paths: Vec<PathBuf> = (0..50).map(|n| format!("/{n}").into()).collect();
        for (n, path) in paths.iter().enumerate() {
            disk.put(path, n.to_string());
        }
        paths.insert(20, "/missing".into());
        let together = digest_files(&disk, &paths);
        assert_eq!(together[20].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
        for (path, result) in paths.iter().zip(together) {
            assert_eq!(result.ok(), digest_file(&disk, path).ok(), "{}", path.display());
        }
    }
}
