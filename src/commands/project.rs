//! A content root as validate, plan and apply see it: configuration, posts, records, findings.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::apply::Waits;
use crate::cli::Global;
use crate::config::{self, Account, Config, Settings};
use crate::exit::Exit;
use crate::finding::{self, Finding, Severity};
use crate::id::{AccountName, Digest, PostKey, UserId};
use crate::lockfile::{self, Paths, Records, Snapshot};
use crate::manifest::{self, Post};
use crate::media::convert::Kept;
use crate::plan::{Branch, Sighting};
use crate::port::{Disk, FileKind, Stat};
use crate::rules;
use crate::text::quoted;

use super::{Failure, Ports, Ui, github, private, remote};

mod media;

pub(super) use media::mending_of;

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
    /// `false`: the configuration has errors, so what it says is not what its author meant.
    is_configured: bool,
    /// `false`: a manifest could not be read.
    pub complete: bool,
    /// SHA-256 of the local media files of posts that may go out.
    pub digests: Arc<HashMap<Arc<str>, Digest>>,
    /// Those files as they were when their digests were taken.
    pub hashed: Arc<HashMap<Arc<str>, Stat>>,
    /// Converted pictures, those that this run made among them.
    pub kept: Arc<Kept>,
    pub sandbox: bool,
    /// `--refresh full`: posts that are due and that their account shows already.
    pub live: BTreeMap<(AccountName, PostKey), Sighting>,
    /// `--base`
    pub branch: Option<Branch>,
    /// Why nothing keeps the lockfile of this run; `None`: something does, or it stays on this machine.
    pub ephemeral: Option<String>,
}

impl Project {
    /// Reads the content root. Findings are collected, not returned as errors.
    pub(super) async fn load(
        global: &Global,
        ports: &Ports,
        ui: &Ui,
        sandbox: bool,
        check_published: bool,
    ) -> Result<Self, Failure> {
        let start = Start::new(global, ports, ui, sandbox).await?;
        let mut snapshot = start.snapshot(ports)?;
        remote::take_in_fetched(&start, &mut snapshot, ui).await?;
        Ok(start.project(ports, snapshot, check_published))
    }

    /// The same for commands that only check: a damaged record hides no findings. What is wrong with it
    /// comes along; without it every post counts as unpublished.
    pub(super) async fn load_to_check(
        global: &Global,
        ports: &Ports,
        ui: &Ui,
        check_published: bool,
    ) -> Result<(Self, Option<Failure>), Failure> {
        let start = Start::new(global, ports, ui, false).await?;
        let mut snapshot = Snapshot::default();
        let damage = match start.snapshot(ports) {
            Ok(read) => {
                snapshot = read;
                remote::take_in_fetched(&start, &mut snapshot, ui).await.err()
            }
            Err(damage) => Some(damage),
        };
        Ok((start.project(ports, snapshot, check_published), damage))
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
            max_skew: settings.max_skew.filter(|_| !self.sandbox),
        }
    }

    /// `-C` as it has to be typed to come back to this root; empty for the current folder.
    pub(super) fn chdir_flag(global: &Global) -> String {
        global.chdir.as_ref().map_or_else(String::new, |folder| format!(" -C {}", quoted(&folder.to_string_lossy())))
    }

    /// The way from the repository's root to the content root: empty, or ending in `/`. Annotations
    /// and links name files from there.
    pub(super) fn folder_in_repository(&self, ports: &Ports) -> String {
        let top = ports.env.get("GITHUB_WORKSPACE").and_then(|top| ports.disk.canonicalize(Path::new(top)).ok());
        let folder = top.and_then(|top| self.root.strip_prefix(top).ok().map(|folder| relative(Path::new(""), folder)));
        match folder.unwrap_or_default() {
            folder if folder.is_empty() => folder,
            folder => folder + "/",
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Errors that are not about one post: nothing may be done on top of them. A configuration that was
    /// only half understood may name another account, or lack its `paused`.
    pub(super) fn configuration_errors(&self) -> bool {
        let is_about_it =
            |finding: &Finding| finding.severity == Severity::Error && finding.rule.id.starts_with("IGS4");
        !self.is_configured || self.findings.iter().any(is_about_it)
    }

    /// Fills in user ids that only the lockfile knows.
    fn name_users<'p>(&self, posts: impl Iterator<Item = &'p mut Post>) {
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

/// A content root before its manifests are read.
pub(super) struct Start {
    pub root: PathBuf,
    pub sandbox: bool,
    pub paths: Paths,
    loaded: config::Loaded,
}

impl Start {
    pub(super) fn config(&self) -> &Config {
        &self.loaded.config
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// Whether the configuration says what its author meant.
    pub(super) fn is_configured(&self) -> bool {
        !self.loaded.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The record of this machine.
    pub(super) fn snapshot(&self, ports: &Ports) -> Result<Snapshot, Failure> {
        Ok(lockfile::read(&*ports.disk, &self.paths)?)
    }

    pub(super) async fn new(global: &Global, ports: &Ports, ui: &Ui, sandbox: bool) -> Result<Self, Failure> {
        let root = content_root(global, ports)?;
        let mut loaded = config::load(&*ports.disk, &root, global.config.as_deref(), &ports.env);
        private::refuse_tracked(global, &root, &loaded, ports, ui).await?;
        if sandbox {
            stand_in_users(&mut loaded.config);
        }
        if !loaded.is_readable {
            limit_to_posts(&mut loaded.config, &*ports.disk, &root);
        }
        let paths = if sandbox { Paths::sandbox(&root) } else { Paths::new(&root) };
        Ok(Self { root, sandbox, paths, loaded })
    }

    /// Reads manifests and media, and compares them with what is recorded.
    pub(super) fn project(self, ports: &Ports, snapshot: Snapshot, check_published: bool) -> Project {
        let is_configured = self.is_configured();
        let Self { root, loaded, paths, sandbox } = self;
        let config::Loaded { config, settings, mut findings, is_readable } = loaded;
        let options = manifest::Options { allow_loopback: sandbox || settings.is_loopback() };
        let mut read = manifest::load(&*ports.disk, &root, &config, options);
        findings.append(&mut read.findings);
        if !sandbox {
            findings.extend(github::private_hosts(&config, ports));
        }
        let mut project = Project {
            manifests: read.manifests,
            complete: read.complete,
            posts: Vec::new(),
            kept: Arc::new(Kept::new(paths.converted())),
            root,
            config,
            settings,
            paths,
            snapshot,
            findings,
            is_configured,
            digests: Arc::default(),
            hashed: Arc::default(),
            sandbox,
            live: BTreeMap::new(),
            branch: None,
            ephemeral: None,
        };
        project.name_users(read.posts.iter_mut().chain(&mut read.unplanned));
        project.read_media(&mut read, ports, check_published);
        project.posts = read.posts.into_iter().map(Arc::new).collect();
        if !is_readable {
            project.findings.retain(|finding| !rules::ABOUT_CONFIGURED.iter().any(|rule| rule.id == finding.rule.id));
        }
        finding::sort(&mut project.findings);
        project
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

/// The folder that holds the content, found as `-C` or the current folder says.
pub(super) fn content_root(global: &Global, ports: &Ports) -> Result<PathBuf, Failure> {
    let start = global.chdir.clone().unwrap_or_else(|| PathBuf::from("."));
    let start = ports.disk.canonicalize(&start).map_err(|error| {
        Failure::message(
            Exit::Failure,
            format!("the folder {} can not be opened: {error}", start.display()),
            "-C takes the folder that holds igsync.yaml",
        )
    })?;
    Ok(config::find_root(&*ports.disk, &start, global.chdir.is_some()))
}

/// A path as people know it: relative to the content root where it is inside.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
