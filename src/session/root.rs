//! A content root before its manifests are read: configuration, environment, the record of this machine.

use std::path::{Path, PathBuf};

use igsync_base::files::{Disk, FileKind};
use igsync_base::finding::{Finding, Severity};
use igsync_base::id::UserId;
use igsync_model::config::{self, Config, Root, Settings};
use igsync_model::lockfile::{self, Paths, Snapshot};

use super::failure::Failure;
use super::place::Place;
use super::ports::Ports;
use super::private::{self, Typed};

/// A content root before its manifests are read.
pub(crate) struct ContentRoot {
    pub path: PathBuf,
    pub sandbox: bool,
    pub paths: Paths,
    pub(super) loaded: config::Loaded,
    /// How git is asked about it from where igsync was started.
    pub(super) typed: Typed,
}

impl ContentRoot {
    /// Finds the root and reads its configuration, whose findings come along with it. What git tracks below
    /// `.igsync/` ends the command.
    ///
    /// # Errors
    ///
    /// There is no content root.
    pub(crate) async fn open(place: &Place, sandbox: bool, ports: &Ports) -> Result<Self, Failure> {
        Self::at(place.content_root(ports)?, place, sandbox, ports).await
    }

    /// As [`Self::open`], for what needs no posts: where there is no content root, the folder itself is one without any.
    pub(crate) async fn open_anywhere(place: &Place, sandbox: bool, ports: &Ports) -> Result<Self, Failure> {
        let found = place.find(ports)?;
        let is_missing = matches!(found, Root::Missing(_)) && place.config.is_none();
        let mut root = Self::at(found.into_path(), place, sandbox, ports).await?;
        if is_missing {
            root.loaded.config.posts = Some(Vec::new());
        }
        Ok(root)
    }

    async fn at(path: PathBuf, place: &Place, sandbox: bool, ports: &Ports) -> Result<Self, Failure> {
        let mut loaded = config::load(&*ports.disk, &path, place.config.as_deref(), &ports.env);
        private::refuse_tracked(place, &path, &loaded, ports).await?;
        if sandbox {
            stand_in_users(&mut loaded.config);
        }
        if !loaded.is_readable {
            limit_to_posts(&mut loaded.config, &*ports.disk, &path);
        }
        let paths = if sandbox { Paths::sandbox(&path) } else { Paths::new(&path) };
        let typed = private::typed(place, &path, ports);
        Ok(Self { path, sandbox, paths, loaded, typed })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.loaded.config
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// What is wrong with the configuration.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.loaded.findings
    }

    /// Whether the configuration says what its author meant.
    pub(crate) fn is_configured(&self) -> bool {
        !self.loaded.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The record of this machine.
    pub(crate) fn snapshot(&self, ports: &Ports) -> Result<Snapshot, Failure> {
        Ok(lockfile::read(&*ports.disk, &self.paths)?)
    }
}

/// Where manifests are looked for while the configuration, which might name folders, cannot be read:
/// only where they usually are.
fn limit_to_posts(config: &mut Config, disk: &dyn Disk, root: &Path) {
    let is_there = disk.stat(&root.join("posts")).is_ok_and(|stat| stat.kind == FileKind::Folder);
    config.posts = Some(is_there.then(|| "posts".to_owned()).into_iter().collect());
}

/// The first account of every sandbox.
const FIRST_USER: &str = "17841400000000001";

/// In the sandbox an account without an id is the sandbox's first.
fn stand_in_users(config: &mut Config) {
    for account in &mut config.accounts {
        account.user_id.get_or_insert_with(|| UserId::from(FIRST_USER));
    }
}
