//! When files came into the branch that is checked out.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;

use jiff::Timestamp;

use super::command::Git;
use super::error::Error;
use super::program::failed;

/// Names the files below the content root that each commit added, after its time; whatever a person has configured.
const ADDED: &[&str] = &[
    "log",
    "--first-parent",
    "--diff-merges=first-parent",
    "--root",
    "--no-follow",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "-O/dev/null",
    "--diff-filter=A",
    "--relative",
    "--name-only",
    "-z",
    // No path from the content root begins with `/`.
    "--format=/%ct",
];

/// Why it is not known when files came into a branch.
#[derive(Debug, thiserror::Error)]
pub enum ArrivalsError {
    /// The oldest commit of this clone seems to bring them all.
    #[error("this clone has only a part of the history")]
    Shallow,
    #[error(transparent)]
    Git(#[from] Error),
}

impl Git {
    /// When each file last came into a branch, which `rev` names: the committer's time of the newest commit of its first
    /// parents that added it. What is in no commit of it is not among them. Files are relative to the content root.
    pub async fn arrivals(&self, rev: &str, files: &[&str]) -> Result<BTreeMap<String, Timestamp>, ArrivalsError> {
        let mut arrivals = BTreeMap::new();
        let commit = format!("{rev}^{{commit}}");
        let ask = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
        let Some(commit) = self.answer(&ask).await?.filter(|_| !files.is_empty()) else { return Ok(arrivals) };
        if self.line(&["rev-parse", "--is-shallow-repository"], b"").await? == "true" {
            return Err(ArrivalsError::Shallow);
        }
        // One look at the history for all of them: with many names git compares each commit with each name.
        let of_root = [commit.as_str(), "--", "."];
        let ask: Vec<&OsStr> = ADDED.iter().chain(&of_root).map(OsStr::new).collect();
        let output = self.run(&ask, b"").await?;
        if !output.succeeded() {
            return Err(failed(&ask, &output).into());
        }
        let wanted: HashSet<&str> = files.iter().copied().collect();
        for (file, at) in added(&output.stdout).into_iter().filter(|(file, _)| wanted.contains(file.as_str())) {
            // Newest first.
            arrivals.entry(file).or_insert(at);
        }
        Ok(arrivals)
    }
}

/// The files of each commit, with its time: `/1796069246\0\nposts/a.yaml\0posts/b.yaml\0`.
fn added(log: &[u8]) -> Vec<(String, Timestamp)> {
    let mut time = None;
    let mut files = Vec::new();
    for part in log.split(|byte| *byte == 0).filter(|part| !part.is_empty()) {
        if let Some(second) = part.strip_prefix(b"/") {
            let text = std::str::from_utf8(second).ok();
            time = text.and_then(|text| text.parse().ok()).and_then(|second| Timestamp::from_second(second).ok());
        } else if let (Some(at), Ok(file)) = (time, std::str::from_utf8(part.strip_prefix(b"\n").unwrap_or(part))) {
            files.push((file.to_owned(), at));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_the_time_of_its_commit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let log = b"/20\0\nposts/a b.yaml\x001000\0posts/c.yaml\0/10\0\nposts/\xc3\xa4.yaml\0";
        let found = added(log);
        assert_eq!(
            found,
            [
                ("posts/a b.yaml".into(), at(20)),
                // A name of digits is no time.
                ("1000".into(), at(20)),
                ("posts/c.yaml".into(), at(20)),
                ("posts/ä.yaml".into(), at(10))
            ]
        );
        assert!(added(b"").is_empty());
    }
}
