//! A content root as validate, plan and apply see it: configuration, posts, records, findings.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::apply::Waits;
use crate::cli::Global;
use crate::config::{self, Account, Config, Settings};
use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::id::{AccountName, Digest, PostKey, UserId};
use crate::lockfile::{self, Paths, Records, Snapshot, State};
use crate::manifest::{self, Mending, Post, Source};
use crate::media::DigestCache;
use crate::media::look::Files;
use crate::port::Disk;

use super::{Failure, World};

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
    pub sandbox: bool,
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
            sandbox,
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

    /// Hashes the media of posts that are to go out, and checks that they are there. The media of
    /// published posts may be gone and are not read.
    fn read_media(&mut self, posts: &mut [Post], world: &World, check_published: bool) -> Result<(), Failure> {
        let disk = &*world.disk;
        let live = self.live_keys();
        let is_live =
            |post: &Post| post.user_id.as_ref().is_some_and(|user| live.contains(&(user.clone(), post.key.clone())));
        let mut unusable: HashSet<Arc<str>> = HashSet::new();
        for post in posts.iter_mut() {
            if is_live(post) && !check_published {
                continue;
            }
            let found = manifest::check_media(disk, &self.root, post);
            if found.iter().any(|finding| finding.severity == Severity::Error) {
                post.has_errors = true;
                unusable.extend(local_paths(post).cloned());
            }
            self.findings.extend(found);
        }
        self.judge_media(posts, world, |post| is_live(post) && !check_published);
        let mut cache = DigestCache::load(disk, &self.paths.digests());
        let mut wanted: Vec<Arc<str>> = posts
            .iter()
            .filter(|post| !is_live(post) && !post.has_errors && !post.draft)
            .flat_map(|post| local_paths(post).cloned())
            .filter(|path| !unusable.contains(path))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let paths: Vec<&str> = wanted.iter().map(|path| &**path).collect();
        let read = cache.digests(disk, &self.root, &paths);
        let mut digests = HashMap::new();
        for (path, digest) in wanted.iter().zip(read) {
            let digest = digest.map_err(|error| {
                Failure::message(
                    Exit::Failure,
                    format!("{path} can not be read: {error}"),
                    "check the file and its rights",
                )
            })?;
            digests.insert(Arc::clone(path), digest);
        }
        for post in posts.iter_mut() {
            post.with_media(|source| match source {
                Source::Local(path) => digests.get(path).cloned().or_else(|| self.remembered(&cache, path, disk)),
                Source::Url(_) => None,
            });
        }
        // A cache that can not be written costs time only, and an empty folder stays empty.
        if !digests.is_empty() && self.paths.prepare(disk).is_ok() {
            let _ = cache.save_if_changed(disk, &self.paths.digests());
        }
        self.digests = Arc::new(digests);
        Ok(())
    }

    /// Looks into the media of posts that may still go out: each file once, a few reads each.
    fn judge_media(&mut self, posts: &mut [Post], world: &World, is_settled: impl Fn(&Post) -> bool) {
        let (disk, root) = (&*world.disk, &self.root);
        let mut files = Files::new(disk, root);
        let hosts_itself = self.sandbox || self.settings.is_loopback();
        for post in posts.iter_mut().filter(|post| !post.has_errors && !is_settled(post)) {
            let account = self.config.account(&post.account);
            let mending = account.and_then(mending_of);
            let mut broken = manifest::check_files(post, mending, &mut files);
            if let Some(Mending { fit }) = mending {
                post.conversions = manifest::conversions(post, fit, &mut files);
            }
            if !hosts_itself && let Some(account) = account {
                broken.extend(manifest::check_hosting(post, account));
                broken.extend(manifest::check_conversion_hosting(post, account));
            }
            let found = broken
                .into_iter()
                .filter_map(|(spot, broken)| self.config.judge(manifest::place(disk, root, post, spot, broken)));
            let found: Vec<Finding> = found.collect();
            post.has_errors |= found.iter().any(|finding| finding.severity == Severity::Error);
            self.findings.extend(found);
        }
    }

    /// The digest of a published post's file as it was last read: the file itself is not read again.
    fn remembered(&self, cache: &DigestCache, path: &str, disk: &dyn Disk) -> Option<Digest> {
        let stat = disk.stat(&self.root.join(path)).ok()?;
        cache.get(path, &stat).cloned()
    }

    fn live_keys(&self) -> HashSet<(UserId, PostKey)> {
        self.snapshot
            .records
            .iter()
            .filter(|record| record.state == State::Published)
            .map(|record| (record.user_id.clone(), record.key.clone()))
            .collect()
    }
}

/// `None`: the account's pictures are published as they are.
pub(super) fn mending_of(account: &Account) -> Option<Mending> {
    account.convert.then_some(Mending { fit: account.fit })
}

fn local_paths(post: &Post) -> impl Iterator<Item = &Arc<str>> {
    post.sources().filter_map(|source| match source {
        Source::Local(path) => Some(path),
        Source::Url(_) => None,
    })
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
