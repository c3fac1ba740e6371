//! Names of files and settings: bytes for git, and for a system that has other names what comes nearest.

use std::ffi::OsString;

#[cfg(unix)]
pub(super) fn os(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt as _;
    OsString::from_vec(bytes.to_vec())
}

/// Git for Windows writes UTF-8.
#[cfg(not(unix))]
pub(super) fn os(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// `before` and a name, as one argument.
pub(super) fn joined(before: &str, name: &[u8]) -> OsString {
    os(&[before.as_bytes(), name].concat())
}
