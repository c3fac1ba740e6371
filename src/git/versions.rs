//! What files of the content root were in earlier commits.

use super::command::Git;
use super::error::Error;

/// The files of one commit that were asked for, in the order of the question; `None`: it does not have this one.
pub(crate) type Version = Vec<Option<Vec<u8>>>;

/// A manifest has at most 1 MiB; what is larger is none.
const LARGEST: usize = 1 << 20;

impl Git {
    /// The newest commits of this branch that changed any of `files`, newest first. Paths are relative to the content root.
    pub async fn commits_of(&self, files: &[&str], most: usize) -> Result<Vec<String>, Error> {
        let most = format!("-{most}");
        let ask = ["log", "--no-ext-diff", "--no-textconv", "--no-follow", "--format=%H", &most, "--"];
        let text = self.bytes(&[&ask[..], files].concat(), b"").await?;
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// What these files were in each of these commits, by one process. No attribute and no filter applies.
    pub async fn versions(&self, commits: &[String], files: &[&str]) -> Result<Vec<Version>, Error> {
        let names = || commits.iter().flat_map(|commit| files.iter().map(move |file| format!("{commit}:./{file}\n")));
        // A name of several lines cannot be asked for.
        if files.iter().any(|file| file.contains('\n')) {
            return Ok(Vec::new());
        }
        let text = self.bytes(&["cat-file", "--batch"], names().collect::<String>().as_bytes()).await?;
        let mut rest = text.as_slice();
        let mut versions = Vec::new();
        for _ in commits {
            versions.push(files.iter().map(|_| next_of(&mut rest)).collect());
        }
        Ok(versions)
    }
}

/// The next answer of `cat-file --batch`: `<id> blob <size>`, the bytes, a line end; or one line that says why there is
/// none.
fn next_of(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    let mut words = line.rsplit(' ');
    let size: usize = words.next()?.parse().ok()?;
    let kind = words.next()?;
    if size >= rest.len() {
        *rest = &[];
        return None;
    }
    let bytes = rest[..size].to_vec();
    *rest = &rest[size + 1..];
    (kind == "blob" && size <= LARGEST).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_read_to_its_end() {
        let mut rest = &b"abc blob 3\na\nb\nabc:./posts/a 1.yaml missing\nabc tree 2\nxy\nabc blob 0\n\n"[..];
        let read: Vec<Option<Vec<u8>>> = (0..5).map(|_| next_of(&mut rest)).collect();
        assert_eq!(read, [Some(b"a\nb".to_vec()), None, None, Some(Vec::new()), None]);
    }

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        let mut rest = &b"abc blob 9\nabc"[..];
        assert_eq!((next_of(&mut rest), next_of(&mut rest)), (None, None));
    }
}
