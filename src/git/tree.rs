//! A commit that differs from another one in a single file, made of objects alone: no index, no work tree.

use std::ffi::OsString;

use super::bytes::os;
use super::command::Git;
use super::error::Error;
use super::message::Signature;

/// What may be wrong with the place where the file is to go.
#[derive(Debug, thiserror::Error)]
pub(super) enum TreeError {
    #[error(transparent)]
    Git(#[from] Error),
    #[error("{0} is not a regular file on the remote")]
    NoFile(String),
    #[error("{0} is not a folder on the remote")]
    NoFolder(String),
}

/// `mode type id` and the name: one line of a tree. A name is any bytes, and is written back as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    about: String,
    name: Vec<u8>,
}

impl Entry {
    fn kind(&self) -> &str {
        self.about.split(' ').nth(1).unwrap_or_default()
    }

    fn mode(&self) -> &str {
        self.about.split(' ').next().unwrap_or_default()
    }

    fn id(&self) -> &str {
        self.about.split(' ').nth(2).unwrap_or_default()
    }

    fn is_plain_file(&self) -> bool {
        self.kind() == "blob" && self.mode().starts_with("100")
    }
}

/// The bytes of the file at `path` in `commit`; `None` where there is none.
pub(super) async fn read(git: &Git, commit: &str, path: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
    let (folder, name) = split(path);
    let Some(entry) = list(git, commit, folder).await?.into_iter().find(|entry| entry.name == name) else {
        return Ok(None);
    };
    if !entry.is_plain_file() {
        return Err(TreeError::NoFile(said(path)));
    }
    Ok(Some(git.bytes(&["cat-file", "blob", entry.id()], b"").await?))
}

/// Makes a commit over `parent` (without one: the first of a branch) in which `path` holds `text`.
pub(super) async fn commit(
    git: &Git,
    parent: Option<&str>,
    path: &[u8],
    text: &[u8],
    message: &str,
    signature: &Signature,
) -> Result<String, TreeError> {
    let blob = git.line(&["hash-object", "-w", "--stdin"], text).await?;
    let tree = tree_with(git, parent, path, &blob).await?;
    Ok(over(git, parent, &tree, message, signature).await?)
}

/// A commit without any file: the beginning of a branch, as far as a dry run needs one.
pub(super) async fn empty_commit(git: &Git, signature: &Signature) -> Result<String, Error> {
    let tree = git.line(&["mktree"], b"").await?;
    over(git, None, &tree, "Nothing yet\n", signature).await
}

async fn over(
    git: &Git,
    parent: Option<&str>,
    tree: &str,
    message: &str,
    signature: &Signature,
) -> Result<String, Error> {
    let settings = signature.settings();
    let mut arguments: Vec<&str> = settings.iter().flat_map(|setting| ["-c", setting]).collect();
    // A person's key would ask for its passphrase.
    arguments.extend(["commit-tree", "--no-gpg-sign", tree]);
    if let Some(parent) = parent {
        arguments.extend(["-p", parent]);
    }
    git.line(&arguments, message.as_bytes()).await
}

/// From the file up to the top: every folder on the way is written again with one entry exchanged.
async fn tree_with(git: &Git, parent: Option<&str>, path: &[u8], blob: &str) -> Result<String, TreeError> {
    let mut id = blob.to_owned();
    let mut below = path;
    let mut is_file = true;
    loop {
        let (folder, name) = split(below);
        let mut entries = match parent {
            Some(commit) => list(git, commit, folder).await?,
            None => Vec::new(),
        };
        let old = entries.iter().find(|entry| entry.name == name);
        let mode = match old {
            Some(old) if is_file && !old.is_plain_file() => return Err(TreeError::NoFile(said(below))),
            Some(old) if !is_file && old.kind() != "tree" => return Err(TreeError::NoFolder(said(below))),
            Some(old) => old.mode().to_owned(),
            None => if is_file { "100644" } else { "040000" }.to_owned(),
        };
        entries.retain(|entry| entry.name != name);
        let kind = if is_file { "blob" } else { "tree" };
        entries.push(Entry { about: format!("{mode} {kind} {id}"), name: name.to_vec() });
        id = write(git, &entries).await?;
        if folder.is_empty() {
            return Ok(id);
        }
        (below, is_file) = (folder, false);
    }
}

/// The folder of a path, and its name there.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

/// For people.
fn said(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// What is directly in a folder of a commit; nothing where there is no such folder.
async fn list(git: &Git, commit: &str, folder: &[u8]) -> Result<Vec<Entry>, TreeError> {
    let inside = if folder.is_empty() { Vec::new() } else { [folder, b"/"].concat() };
    let mut arguments: Vec<OsString> = ["ls-tree", "-z", "--full-tree", commit].map(OsString::from).into();
    if !folder.is_empty() {
        arguments.extend(["--".into(), os(&inside)]);
    }
    let text = git.bytes(&arguments, b"").await?;
    let entries = text.split(|byte| *byte == 0).filter(|line| !line.is_empty());
    let entries: Option<Vec<Entry>> = entries.map(|line| entry(line, &inside)).collect();
    Ok(entries.ok_or_else(|| Error::Unreadable { command: "ls-tree".to_owned() })?)
}

/// Reads `mode type id TAB path`, the path being `inside` and a name.
fn entry(line: &[u8], inside: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let about = std::str::from_utf8(&line[..tab]).ok()?.to_owned();
    Some(Entry { about, name: line[tab + 1..].strip_prefix(inside)?.to_vec() })
}

async fn write(git: &Git, entries: &[Entry]) -> Result<String, Error> {
    let lines: Vec<&[u8]> =
        entries.iter().flat_map(|entry| [entry.about.as_bytes(), b"\t", &entry.name, b"\0"]).collect();
    // What a partial clone has not fetched is there all the same.
    git.line(&["mktree", "-z", "--missing"], &lines.concat()).await
}
