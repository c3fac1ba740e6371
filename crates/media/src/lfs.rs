//! The text file that Git LFS leaves where a large file was not fetched.
//!
//! Specification: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>

use igsync_base::id::Digest;

/// A larger file is no pointer, as the specification has it. In bytes.
pub const MAX_LEN: u64 = 1024;

/// The digest of the file that a pointer represents; `None` for every other file. Git LFS names files by
/// their SHA-256, as igsync does.
#[must_use]
pub fn pointed_at(bytes: &[u8]) -> Option<Digest> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= MAX_LEN)?;
    let mut lines = text.lines();
    let version = lines.next()?.strip_prefix("version ")?;
    if !VERSIONS.contains(&version) {
        return None;
    }
    let oid = lines.find_map(|line| line.strip_prefix("oid sha256:"))?;
    let is_hash = oid.len() == 64 && oid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then(|| Digest::new(format!("sha256:{oid}")))
}

/// The second is what the first releases wrote.
const VERSIONS: [&str; 2] = ["https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1"];

#[cfg(test)]
mod tests {
    use super::*;

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    fn pointer(version: &str, oid: &str) -> String {
        format!("version {version}\noid sha256:{oid}\nsize 12345\n")
    }

    #[test]
    fn a_pointer_names_the_digest_of_its_file() {
        for version in VERSIONS {
            let digest = pointed_at(pointer(version, OID).as_bytes()).unwrap();
            assert_eq!(digest.as_str(), format!("sha256:{OID}"));
        }
        let extended = format!("version {}\next-0-foo sha256:{OID}\noid sha256:{OID}\nsize 1\n", VERSIONS[0]);
        assert!(pointed_at(extended.as_bytes()).is_some());
    }

    #[test]
    fn everything_else_is_no_pointer() {
        for text in [
            String::new(),
            pointer("https://example.com/v1", OID),
            pointer(VERSIONS[0], &OID[1..]),
            pointer(VERSIONS[0], &OID.to_uppercase()),
            pointer(VERSIONS[0], OID) + &" ".repeat(1024),
            format!("version {}\n", VERSIONS[0]),
            format!("oid sha256:{OID}\n"),
        ] {
            assert_eq!(pointed_at(text.as_bytes()), None, "{text:?}");
        }
    }
}
