//! What git knows about the files of the content root.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use jiff::Timestamp;

use super::command::prepared;

/// A content root that may be in a git checkout.
#[derive(Clone, Debug)]
pub struct History {
    root: Option<PathBuf>,
}

impl History {
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: Some(root.to_owned()) }
    }

    /// Knows nothing and asks nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { root: None }
    }

    /// When the commit that added `file` was made; the file is relative to the content root.
    #[must_use]
    pub fn added_at(&self, file: &str) -> Option<Timestamp> {
        let seconds = self.ask(&["log", "--diff-filter=A", "--format=%ct", "-1", "--", file])?;
        Timestamp::from_second(seconds.parse().ok()?).ok()
    }

    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let output =
            prepared(self.root.as_ref()?, arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let text = text.trim();
        (output.status.success() && !text.is_empty()).then(|| text.to_owned())
    }
}
