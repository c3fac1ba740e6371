//! The files and folders that a command line names.

use std::path::{Path, PathBuf};

use crate::session::relative;
use igsync_base::files::ReadDisk;

/// Paths relative to the content root, `/`-separated; none stand for everything.
pub(super) struct Chosen(Vec<String>);

impl Chosen {
    pub(super) fn new(paths: &[PathBuf], root: &Path, disk: &dyn ReadDisk) -> Self {
        let full = |path: &PathBuf| disk.canonicalize(path).unwrap_or_else(|_| root.join(path));
        Self(paths.iter().map(|path| relative(root, &full(path))).collect())
    }

    /// Whether a file is one of them, or in one of them.
    pub(super) fn has(&self, file: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|path| is_in(file, path))
    }

    /// The first that is none of these files, and holds none.
    pub(super) fn without(&self, files: &[&str]) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|path| !files.iter().any(|file| is_in(file, path)))
    }
}

fn is_in(file: &str, path: &str) -> bool {
    path.is_empty() || file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}
