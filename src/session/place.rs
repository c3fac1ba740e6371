//! How a person names a content root.

use std::path::{Path, PathBuf};

use crate::exit::Exit;
use igsync_base::text::quoted;
use igsync_model::config;

use super::failure::Failure;
use super::ports::Ports;

/// Where the content is, as the words of a command line say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// `-C`; without it the current folder or one above it.
    pub chdir: Option<PathBuf>,
    /// `--config`; without it `igsync.yaml` in the content root.
    pub config: Option<PathBuf>,
}

impl Place {
    /// The folder that holds the content, found as `-C` or the current folder says.
    pub(crate) fn content_root(&self, ports: &Ports) -> Result<PathBuf, Failure> {
        let start = self.chdir.clone().unwrap_or_else(|| PathBuf::from("."));
        let start = ports.disk.canonicalize(&start).map_err(|error| {
            Failure::message(
                Exit::Failure,
                format!("cannot open the folder {}: {error}", start.display()),
                "pass the folder that holds igsync.yaml to -C",
            )
        })?;
        Ok(config::find_root(&*ports.disk, &start, self.chdir.is_some()))
    }

    /// `-C` as it has to be typed to come back to this root; empty for the current folder.
    pub(crate) fn chdir_flag(&self) -> String {
        self.chdir.as_ref().map_or_else(String::new, |folder| format!(" -C {}", quoted(&folder.to_string_lossy())))
    }
}

/// A path as people know it: relative to the content root where it is inside.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
