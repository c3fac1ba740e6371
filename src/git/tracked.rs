//! What git keeps of the content root, and what it leaves out.

use std::ffi::OsStr;
use std::path::PathBuf;

use unicode_casefold::UnicodeCaseFold as _;
use unicode_normalization::UnicodeNormalization as _;

use super::command::Git;
use super::error::Error;
use super::program::failed;
use super::repository::nearest;

impl Git {
    /// The names that the index has at or below `folder` of the content root, from the content root. Without a folder:
    /// everywhere in it, where letters of either case, and however they are composed, lead to one place. It is one
    /// call, and needs no more: neither filters nor attributes have a say in it.
    pub async fn tracked(&self, folder: Option<&str>) -> Result<Vec<String>, Error> {
        self.files(&[], folder).await
    }

    /// The names in the content root that git ignores and the index has not, by every pattern that git knows. What is
    /// ignored as a whole is one name that ends in `/`; a content root that is: none.
    pub async fn ignored(&self) -> Result<Vec<String>, Error> {
        let mut names = self.files(&["--others", "--ignored", "--exclude-standard", "--directory"], Some("")).await?;
        // The content root itself is the empty name.
        if names.iter().any(String::is_empty) {
            names.clear();
        }
        Ok(names)
    }

    async fn files(&self, which: &[&str], folder: Option<&str>) -> Result<Vec<String>, Error> {
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
        let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let prefix = prefix.to_string_lossy();
        Ok(names.filter_map(|name| below(&prefix, &String::from_utf8_lossy(name)).map(str::to_owned)).collect())
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
