//! How git names the bytes of a file.
//!
//! Meant for recognising a file again, never for trusting one: whoever can choose bytes can make two files of one
//! SHA-1.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use igsync_base::id::Digest;

use super::digest::hex;

/// The hash by which a repository names its objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObjectFormat {
    #[default]
    Sha1,
    Sha256,
}

impl ObjectFormat {
    /// The format of a repository in which `oid` names an object.
    #[must_use]
    pub fn of(oid: &str) -> Self {
        if oid.len() == 64 { Self::Sha256 } else { Self::Sha1 }
    }

    /// The id of the blob that holds what `file` gives, which must be `len` bytes: 40 or 64 hex digits.
    ///
    /// # Errors
    ///
    /// `InvalidData` where the file is longer or shorter.
    pub fn blob_id(self, file: &mut dyn Read, len: u64) -> io::Result<String> {
        match self {
            Self::Sha1 => blob_id(Sha1::new(), file, len),
            Self::Sha256 => blob_id(Sha256::new(), file, len),
        }
    }

    /// The id of the Git LFS pointer to a file of `len` bytes with this digest, as `git lfs` writes it. `None` for a
    /// digest that names no file for LFS.
    #[must_use]
    pub fn pointer_id(self, digest: &Digest, len: u64) -> Option<String> {
        let pointer = pointer(digest, len)?;
        self.blob_id(&mut pointer.as_bytes(), pointer.len() as u64).ok()
    }
}

/// How long the Git LFS pointer to such a file is, in bytes.
#[must_use]
pub fn pointer_len(digest: &Digest, len: u64) -> Option<u64> {
    pointer(digest, len).map(|pointer| pointer.len() as u64)
}

fn pointer(digest: &Digest, len: u64) -> Option<String> {
    Some(format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {len}\n", hex(digest)?))
}

fn blob_id<H: sha2::Digest>(mut hash: H, file: &mut dyn Read, len: u64) -> io::Result<String> {
    const PIECE: usize = 64 * 1024;
    hash.update(format!("blob {len}\0"));
    let mut piece = vec![0; PIECE];
    let mut left = len;
    loop {
        match file.read(&mut piece) {
            Ok(0) if left == 0 => break,
            Ok(0) => return Err(io::ErrorKind::InvalidData.into()),
            Ok(read) => {
                left = left.checked_sub(read as u64).ok_or(io::ErrorKind::InvalidData)?;
                hash.update(&piece[..read]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut id = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_one_of_git_hash_object() {
        let id = |format: ObjectFormat, bytes: &[u8]| format.blob_id(&mut &*bytes, bytes.len() as u64).unwrap();
        assert_eq!(id(ObjectFormat::Sha1, b"abc\n"), "8baef1b4abc478178b004d62031cf7fe6db6f903");
        assert_eq!(id(ObjectFormat::Sha1, b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        let sha256 = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
        assert_eq!(id(ObjectFormat::Sha256, b""), sha256);
        assert_eq!((ObjectFormat::of(sha256), ObjectFormat::of("e69d")), (ObjectFormat::Sha256, ObjectFormat::Sha1));
    }

    #[test]
    fn a_file_that_grows_or_shrinks_has_no_id() {
        for len in [2, 4] {
            let error = ObjectFormat::Sha1.blob_id(&mut &b"abc"[..], len).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{len}");
        }
    }

    #[test]
    fn a_pointer_is_named_as_git_lfs_would_write_it() {
        let digest = Digest::from("sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393");
        let text = format!("version https://git-lfs.github.com/spec/v1\noid {digest}\nsize 12345\n");
        let id = ObjectFormat::Sha1.blob_id(&mut text.as_bytes(), text.len() as u64).unwrap();
        assert_eq!(ObjectFormat::Sha1.pointer_id(&digest, 12345).unwrap(), id);
        assert_eq!(pointer_len(&digest, 12345), Some(text.len() as u64));
        assert_eq!(ObjectFormat::Sha1.pointer_id(&Digest::from("v1:sha256:00"), 1), None);
    }
}
