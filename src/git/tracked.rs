//! What git keeps of the content root, and what it leaves out.

use std::ffi::OsStr;
use std::path::PathBuf;

use unicode_casefold::UnicodeCaseFold as _;
use unicode_normalization::UnicodeNormalization as _;

use super::command::Git;
use super::error::Error;
use super::index::{self, Index};
use super::program::failed;
use super::repository::nearest;

impl Git {
    /// The names that the index has at or below `folder` of the content root, from the content root. Without a folder:
    /// everywhere in it, where letters of either case, and however they are composed, lead to one place. It is one
    /// call, and needs no more: neither filters nor attributes have a say in it.
    pub async fn tracked(&self, folder: Option<&str>) -> Result<Vec<String>, Error> {
        self.list(&[], folder).await.map(|list| list.names())
    }

    /// What git ignores in the content root, by every pattern that it knows, and in its submodules.
    pub async fn ignored(&self) -> Result<Ignored, Error> {
        const PATTERNS: &[&str] = &["--others", "--ignored", "--exclude-standard", "--directory"];
        let mut ignored = Ignored::default();
        // What is ignored as a whole is one name that ends in `/`. That is said of a content root of which the index
        // has nothing, too: it is kept out of git on purpose.
        let names = self.list(PATTERNS, Some("")).await?.names();
        if !names.iter().any(String::is_empty) {
            ignored.names = names;
        }
        let (submodules, index) = self.index().await?;
        ignored.index = index;
        for folder in submodules {
            let place = self.root().join(&folder);
            if std::fs::symlink_metadata(place.join(".git")).is_err() {
                // Git does not look into such a folder: a branch can have it say nothing of what is there.
                ignored.names.push(format!("{folder}/"));
                continue;
            }
            let inner = Box::pin(Self::of(&place, self.program().clone()).ignored()).await?;
            let outer = |name: &String| format!("{folder}/{name}");
            ignored.names.extend(inner.names.iter().map(outer));
            ignored.index.extend(&folder, inner.index);
            ignored.submodules.extend(inner.submodules.iter().map(outer));
            ignored.submodules.push(folder);
        }
        Ok(ignored)
    }

    /// What the index has of the content root: the folders of submodules, and every file.
    async fn index(&self) -> Result<(Vec<String>, Index), Error> {
        // With it, git says how it found each file; it opens none.
        const SEEN: &str = "--debug";
        let written = index::written(self.root())?;
        let list = self.list(&["--stage", SEEN], Some("")).await?;
        let mut index = Index::default();
        let mut submodules = Vec::new();
        for entry in index::entries(&list.entries) {
            let Some(name) = below(&list.prefix, &entry.name) else { continue };
            if entry.is_submodule() {
                submodules.push(name.to_owned());
            } else {
                index.add(name, &entry, written);
            }
        }
        Ok((submodules, index))
    }

    async fn list(&self, which: &[&str], folder: Option<&str>) -> Result<List, Error> {
        let root = std::fs::canonicalize(self.root()).map_err(|error| Error::NotRun(error.to_string()))?;
        let (top, _) = nearest(&root)?.ok_or(Error::NoRepository)?;
        let prefix = root.strip_prefix(top).unwrap_or(&root);
        let path = match folder {
            Some("") => prefix.to_owned(),
            Some(folder) => prefix.join(folder),
            None => PathBuf::new(),
        };
        let path = if path.as_os_str().is_empty() { ".".as_ref() } else { path.as_os_str() };
        let ask: Vec<&OsStr> =
            ["ls-files", "-z"].iter().chain(which).chain(&["--"]).map(AsRef::as_ref).chain([path]).collect();
        // From the folder that holds the repository: a branch can bring what looks like one, below it.
        let program = self.program();
        let output = program.run(top, program.environment().clone(), &[], &ask, b"").await?;
        if !output.succeeded() {
            return Err(failed(&ask, &output));
        }
        Ok(List { prefix: prefix.to_string_lossy().into_owned(), entries: output.stdout })
    }
}

/// What is in no commit of a content root, and what the index has. Names are those from the content root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Those of folders end in `/`.
    pub names: Vec<String>,
    /// The folders of submodules that are there.
    pub submodules: Vec<String>,
    /// What is in the index, of submodules in theirs.
    pub index: Index,
}

/// What `ls-files` wrote.
struct List {
    /// From the top of the repository to the content root.
    prefix: String,
    entries: Vec<u8>,
}

impl List {
    /// The names in the content root.
    fn names(&self) -> Vec<String> {
        let entries = self.entries.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        entries.filter_map(|entry| below(&self.prefix, &String::from_utf8_lossy(entry)).map(str::to_owned)).collect()
    }
}

/// What follows `prefix` in a name, on a disk that takes letters of either case for one another.
fn below<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    let folded = |part: &str| part.nfd().case_fold().nfd().collect::<String>();
    let mut rest = name;
    for part in prefix.split('/').filter(|part| !part.is_empty()) {
        let (first, more) = rest.split_once('/')?;
        if folded(first) != folded(part) {
            return None;
        }
        rest = more;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_below_a_folder_however_it_is_spelled() {
        assert_eq!(below("", "a/b"), Some("a/b"));
        assert_eq!(below("site", "site/a/b"), Some("a/b"));
        assert_eq!(below("site/café", "SITE/cafe\u{301}/.IgSync/x"), Some(".IgSync/x"));
        assert_eq!(below("site", "sites/a"), None);
        assert_eq!(below("site", "site"), None);
        assert_eq!(below("site/a", "site/b/a"), None);
    }
}
