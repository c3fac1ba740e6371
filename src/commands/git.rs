//! What git knows about the content root. Asked in `apply` only: a plan runs no command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;

/// A content root that may be in a git checkout.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    root: Option<PathBuf>,
}

impl Repository {
    pub(super) fn at(root: &Path) -> Self {
        Self { root: Some(root.to_owned()) }
    }

    /// Knows nothing and asks nothing.
    pub(super) fn none() -> Self {
        Self { root: None }
    }

    /// When the commit that added `file` was made; the file is relative to the content root.
    pub(super) fn added_at(&self, file: &str) -> Option<Timestamp> {
        let seconds = self.ask(&["log", "--diff-filter=A", "--format=%ct", "-1", "--", file])?;
        Timestamp::from_second(seconds.parse().ok()?).ok()
    }

    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.root.as_ref()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let text = text.trim();
        (output.status.success() && !text.is_empty()).then(|| text.to_owned())
    }
}
