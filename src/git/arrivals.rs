//! When files came into the branch that is checked out.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use jiff::Timestamp;

use super::command::Git;
use super::error::Error;
use super::program::failed;

/// So many files are asked about in one call: a command line has an end.
const ASKED: usize = 500;

/// Names the files that each commit added, after its time.
const ADDED: &[&str] = &[
    "--literal-pathspecs",
    "log",
    "--first-parent",
    "--diff-merges=first-parent",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--diff-filter=A",
    "--relative",
    "--name-only",
    "-z",
    "--format=%ct",
    "HEAD",
    "--",
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
    /// When each file last came into the branch that is checked out: the committer's time of the newest commit of its
    /// first parents that added it. What is in no commit is not among them. Files are relative to the content root.
    pub async fn arrivals(&self, files: &[&str]) -> Result<BTreeMap<String, Timestamp>, ArrivalsError> {
        let mut arrivals = BTreeMap::new();
        if files.is_empty() || self.answer(&["rev-parse", "--verify", "--quiet", "HEAD"]).await?.is_none() {
            return Ok(arrivals);
        }
        if self.line(&["rev-parse", "--is-shallow-repository"], b"").await? == "true" {
            return Err(ArrivalsError::Shallow);
        }
        for some in files.chunks(ASKED) {
            let ask: Vec<&OsStr> = ADDED.iter().chain(some).map(OsStr::new).collect();
            let output = self.run(&ask, b"").await?;
            if !output.succeeded() {
                return Err(failed(&ask, &output).into());
            }
            for (file, at) in added(&output.stdout) {
                // Newest first.
                arrivals.entry(file).or_insert(at);
            }
        }
        Ok(arrivals)
    }
}

/// The files of each commit, with its time: `1796069246\0\nposts/a.yaml\0posts/b.yaml\0`.
fn added(log: &[u8]) -> Vec<(String, Timestamp)> {
    let mut time = None;
    let mut files = Vec::new();
    for part in log.split(|byte| *byte == 0).filter(|part| !part.is_empty()) {
        if part.iter().all(u8::is_ascii_digit) {
            let text = std::str::from_utf8(part).ok();
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
        let log = b"20\0\nposts/a b.yaml\0posts/c.yaml\0\x31\x30\0\nposts/\xc3\xa4.yaml\0";
        let found = added(log);
        assert_eq!(
            found,
            [("posts/a b.yaml".into(), at(20)), ("posts/c.yaml".into(), at(20)), ("posts/ä.yaml".into(), at(10))]
        );
        assert!(added(b"").is_empty());
    }
}
