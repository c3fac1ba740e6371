//! What git knows about the files of the content root.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::command::Git;
use crate::process::Environment;

/// A content root that may be in a git checkout.
#[derive(Clone, Debug)]
pub struct History {
    git: Option<Git>,
}

impl History {
    #[must_use]
    pub fn at(root: &Path, limit: Duration, environment: &Environment) -> Self {
        Self { git: Some(Git::new(root, limit, environment)) }
    }

    /// Knows nothing and asks nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { git: None }
    }

    /// When the commit that added `file` was made; the file is relative to the content root.
    #[must_use]
    pub fn added_at(&self, file: &str) -> Option<Timestamp> {
        let ask = ["log", "--no-ext-diff", "--no-textconv", "--diff-filter=A", "--format=%ct", "-1", "--", file];
        let answer = waited_for(self.git.as_ref()?.answer(&ask))?.ok()??;
        Timestamp::from_second(answer.parse().ok()?).ok()
    }
}

/// The result of `work`, by a thread of its own: the caller may be part of a runtime, which must not be entered twice.
fn waited_for<T: Send>(work: impl Future<Output = T> + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            Some(runtime.block_on(work))
        });
        waiting.join().ok()?
    })
}
