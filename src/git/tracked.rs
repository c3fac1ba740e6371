//! What the index has.

use super::command::Git;
use super::error::Error;
use super::program::failed;
use super::repository::nearest;

impl Git {
    /// The names that the index has at or below `folder` of the content root (without one: everywhere in it), from the
    /// content root. It is one call, and needs no more: neither filters nor attributes have a say in it.
    pub async fn tracked(&self, folder: Option<&str>) -> Result<Vec<String>, Error> {
        let root = std::fs::canonicalize(self.root()).map_err(|error| Error::NotRun(error.to_string()))?;
        let (top, _) = nearest(&root)?.ok_or(Error::NoRepository)?;
        let prefix = root.strip_prefix(top).unwrap_or(&root);
        let path = folder.map_or_else(|| prefix.to_owned(), |folder| prefix.join(folder));
        let path = if path.as_os_str().is_empty() { ".".as_ref() } else { path.as_os_str() };
        let ask = ["ls-files".as_ref(), "-z".as_ref(), "--".as_ref(), path];
        // From the folder that holds the repository: a branch can bring what looks like one, below it.
        let program = self.program();
        let output = program.run(top, program.environment().clone(), &[], &ask, b"").await?;
        if !output.succeeded() {
            return Err(failed(&ask, &output));
        }
        let prefix = prefix.as_os_str().as_encoded_bytes();
        let from_root = |name: &[u8]| {
            let rest = name.strip_prefix(prefix).unwrap_or(name);
            String::from_utf8_lossy(rest.strip_prefix(b"/").unwrap_or(rest)).into_owned()
        };
        Ok(output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(from_root).collect())
    }
}
