//! A content root as validate, plan and apply see it: configuration, posts, records, findings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::apply::Waits;
use crate::cli::Global;
use crate::config::{self, Account, Config, Settings};
use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::id::{AccountName, Digest, UserId};
use crate::lockfile::{self, Paths, Records, Snapshot};
use crate::manifest::{self, Post};
use crate::port::Stat;

use super::{Failure, World};

mod media;

/// Everything that files and environment say.
pub(super) struct Project {
    pub root: PathBuf,
    pub config: Config,
    pub settings: Settings,
    pub paths: Paths,
    pub snapshot: Snapshot,
    pub posts: Vec<Arc<Post>>,
    /// How many manifests there are, drafts and unreadable ones included.
    pub manifests: usize,
    pub findings: Vec<Finding>,
    /// `false`: a manifest could not be read.
    pub complete: bool,
    /// SHA-256 of the local media files of posts that may go out.
    pub digests: Arc<HashMap<Arc<str>, Digest>>,
    /// Those files as they were when their digests were taken.
    pub hashed: Arc<HashMap<Arc<str>, Stat>>,
    pub sandbox: bool,
    /// Why nothing keeps the lockfile of this run; `None`: something does, or it stays on this machine.
    pub ephemeral: Option<String>,
}

impl Project {
    /// Reads the content root. Findings are collected, not returned as errors.
    pub(super) fn load(global: &Global, world: &World, sandbox: bool, check_published: bool) -> Result<Self, Failure> {
        let disk = &*world.disk;
        let root = content_root(global, world)?;
        let loaded = config::load(disk, &root, global.config.as_deref(), &world.env);
        let (mut config, settings) = (loaded.config, loaded.settings);
        if sandbox {
            stand_in_users(&mut config);
        }
        let paths = if sandbox { Paths::sandbox(&root) } else { Paths::new(&root) };
        let snapshot = lockfile::read(disk, &paths)?;
        let options = manifest::Options { allow_loopback: sandbox || settings.is_loopback() };
        let mut posts = manifest::load(disk, &root, &config, options);
        let mut findings = loaded.findings;
        findings.append(&mut posts.findings);
        let mut project = Self {
            manifests: posts.manifests,
            complete: posts.complete,
            posts: Vec::new(),
            root,
            config,
            settings,
            paths,
            snapshot,
            findings,
            digests: Arc::default(),
            hashed: Arc::default(),
            sandbox,
            ephemeral: None,
        };
        let mut posts = posts.posts;
        project.name_users(&mut posts);
        project.read_media(&mut posts, world, check_published)?;
        project.posts = posts.into_iter().map(Arc::new).collect();
        project.findings.sort_by_key(|finding| (Arc::clone(&finding.file), finding.position()));
        Ok(project)
    }

    /// The user behind an account, as far as configuration and records know.
    pub(super) fn user_of(&self, account: &Account) -> Option<UserId> {
        account.user_id.clone().or_else(|| user_in_records(&self.snapshot.records, &account.name))
    }

    /// Gives posts the user ids that only the tokens knew.
    pub(super) fn adopt_users(&mut self, users: &HashMap<AccountName, UserId>) {
        for account in &mut self.config.accounts {
            if account.user_id.is_none() {
                account.user_id = users.get(&account.name).cloned();
            }
        }
        for post in &mut self.posts {
            if post.user_id.is_none() {
                Arc::make_mut(post).user_id = users.get(&post.account).cloned();
            }
        }
    }

    /// How long this run waits. The in-process sandbox answers at once and is never in doubt.
    pub(super) fn waits(&self) -> Waits {
        let settings = &self.settings;
        let quick = |normal, quick| if self.sandbox { Duration::from_millis(quick) } else { normal };
        Waits {
            poll_initial: if self.sandbox { Some(Duration::from_millis(150)) } else { settings.poll_initial },
            poll_max: quick(settings.poll_max, 500),
            poll_budget: settings.poll_budget,
            settle: quick(settings.settle, 300),
            look: quick(settings.look, 100),
            http_timeout: settings.http_timeout,
        }
    }

    /// `-C` as it has to be typed to come back to this root; empty for the current folder.
    pub(super) fn chdir_flag(global: &Global) -> String {
        global.chdir.as_ref().map_or_else(String::new, |folder| format!(" -C {}", folder.display()))
    }

    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Errors that are not about one post: nothing may be done on top of them.
    pub(super) fn configuration_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error && finding.rule.id.starts_with("IGS4"))
    }

    /// Fills in user ids that only the lockfile knows.
    fn name_users(&self, posts: &mut [Post]) {
        let known: HashMap<&AccountName, UserId> = self
            .config
            .accounts
            .iter()
            .filter_map(|account| {
                let id = account.user_id.clone().or_else(|| user_in_records(&self.snapshot.records, &account.name));
                Some((&account.name, id?))
            })
            .collect();
        for post in posts {
            if post.user_id.is_none() {
                post.user_id = known.get(&post.account).cloned();
            }
        }
    }
}

/// The user of an account as earlier runs recorded it; `None` unless they agree.
fn user_in_records(records: &Records, account: &AccountName) -> Option<UserId> {
    let mut users = records.iter().filter(|record| record.account == *account).map(|record| &record.user_id);
    let first = users.next()?;
    users.all(|user| user == first).then(|| first.clone())
}

/// The first account of every sandbox.
const FIRST_USER: &str = "17841400000000001";

/// In the sandbox an account without an id is the sandbox's first.
fn stand_in_users(config: &mut Config) {
    for account in &mut config.accounts {
        account.user_id.get_or_insert_with(|| UserId::from(FIRST_USER));
    }
}

/// The folder that holds the content, found as `-C` or the current folder says.
pub(super) fn content_root(global: &Global, world: &World) -> Result<PathBuf, Failure> {
    let start = global.chdir.clone().unwrap_or_else(|| PathBuf::from("."));
    let start = world.disk.canonicalize(&start).map_err(|error| {
        Failure::message(
            Exit::Failure,
            format!("the folder {} can not be opened: {error}", start.display()),
            "-C takes the folder that holds igsync.yaml",
        )
    })?;
    Ok(config::find_root(&*world.disk, &start, global.chdir.is_some()))
}

/// A path as people know it: relative to the content root where it is inside.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
