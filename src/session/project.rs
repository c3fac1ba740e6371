//! A content root as validate, plan and apply see it: configuration, posts, records, findings.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::git::Index;
use igsync_apply::{LocalFiles, Waits};
use igsync_base::files::{Disk, Stat};
use igsync_base::finding::{self, Finding, Severity};
use igsync_base::id::{AccountName, Digest, MediaId, PostKey, UserId};
use igsync_base::rules;
use igsync_media::convert::ConvertedCache;
use igsync_model::config::{self, Account, Config, Settings};
use igsync_model::lockfile::{Paths, Record, Records, Snapshot, Stage};
use igsync_model::manifest::{self, Ignored, Post, Source};
use igsync_model::plan::{Arrivals, Branch, Reviewed, Shown, Sighting, copied_imports};

use super::failure::Failure;
use super::github;
use super::place::relative;
use super::ports::Ports;
use super::private::{self, KnownToGit, Typed};
use super::root::ContentRoot;

mod media;
mod sent;

pub(crate) use media::convert_settings_of;

/// What is asked of the media of posts that are live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfPublished {
    /// They are not looked at.
    Nothing,
    /// Whether they are those that were published.
    Compare,
    /// Whether they could be published, as those of new posts.
    Check,
}

/// Whose token an account has.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub user_id: UserId,
    /// Without `@`; `None`: it was not asked for.
    pub username: Option<String>,
}

/// The owners of connected accounts' tokens.
pub(crate) type Owners = HashMap<AccountName, Owner>;

/// Everything that files and environment say.
pub(crate) struct Project {
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
    /// What git has of the content root.
    index: Index,
    /// Converted pictures, those that this run made among them.
    pub kept: Arc<ConvertedCache>,
    pub sandbox: bool,
    /// `--refresh full`: posts that are due and that their account shows already.
    pub live: BTreeMap<(AccountName, PostKey), Sighting>,
    /// `--refresh full`: live posts whose comments are on again, with their media.
    pub reopened: BTreeMap<(AccountName, PostKey), MediaId>,
    /// `--refresh`: how people have answered to posts that are to be deleted.
    pub shown: BTreeMap<(AccountName, PostKey), Shown>,
    /// `--base`
    pub branch: Option<Branch>,
    /// When the posts of the queue came into the branch.
    pub arrivals: Arrivals,
    /// `--plan`: nothing else is done.
    pub reviewed: Option<Arc<Reviewed>>,
    /// Why nothing keeps the lockfile of this run; `None`: something does, or it stays on this machine.
    pub ephemeral: Option<String>,
    /// What git ignores, as far as it was asked for.
    pub ignored: Ignored,
    /// How git is asked about the content root from where igsync was started.
    pub(super) typed: Typed,
}

impl Project {
    /// Reads manifests and media, and compares them with what is recorded.
    pub(crate) async fn read(
        root: ContentRoot,
        snapshot: Snapshot,
        published: OfPublished,
        ports: &Ports,
    ) -> Result<Self, Failure> {
        let KnownToGit { ignored: ignored_by_git, index } =
            private::known_to_git(&root.path, &root.loaded, ports).await?;
        let is_configured = root.is_configured();
        let ContentRoot { path: root, loaded, paths, sandbox, typed } = root;
        let config::Loaded { config, settings, mut findings, is_readable } = loaded;
        let options = manifest::Options { allow_loopback: sandbox || settings.is_loopback(), ignored_by_git };
        let mut read = manifest::load(&*ports.disk, &root, &config, options);
        findings.append(&mut read.findings);
        if !sandbox {
            findings.extend(github::private_hosts(&config, ports));
        }
        let mut project = Self {
            manifests: read.manifests,
            complete: read.complete,
            posts: Vec::new(),
            kept: Arc::new(ConvertedCache::new(paths.converted())),
            root,
            config,
            settings,
            paths,
            snapshot,
            findings,
            is_configured,
            digests: Arc::default(),
            hashed: Arc::default(),
            index,
            sandbox,
            live: BTreeMap::new(),
            reopened: BTreeMap::new(),
            shown: BTreeMap::new(),
            branch: None,
            arrivals: Arrivals::Unknown,
            reviewed: None,
            ephemeral: None,
            ignored: Ignored::default(),
            typed,
        };
        project.name_users(read.posts.iter_mut().chain(&mut read.unplanned));
        project.read_media(&mut read, ports, published);
        project.posts = read.posts.into_iter().map(Arc::new).collect();
        project.report_copies(&*ports.disk);
        if published != OfPublished::Check {
            project.spare_published();
        }
        if !is_readable {
            project.findings.retain(|finding| !rules::ABOUT_CONFIGURED.iter().any(|rule| rule.id == finding.rule.id));
        }
        finding::sort(&mut project.findings);
        Ok(project)
    }

    /// The media files of the posts as they were read.
    pub(crate) fn local_files(&self) -> LocalFiles {
        LocalFiles { digests: Arc::clone(&self.digests), hashed: Arc::clone(&self.hashed) }
    }

    /// Says of manifests that name a live post which is another's what to remove.
    fn report_copies(&mut self, disk: &dyn Disk) {
        let records: Vec<&Record> = self.snapshot.records.iter().collect();
        for (place, (spot, broken)) in copied_imports(&self.posts, &records) {
            let post = Arc::make_mut(&mut self.posts[place]);
            let finding = manifest::place(disk, &self.root, post, spot, broken);
            let Some(finding) = self.config.judge(finding) else { continue };
            post.has_errors |= finding.severity == Severity::Error;
            self.findings.push(finding);
        }
    }

    /// A rule that the configuration has made stricter is about what is to be published: what is live stays as it is.
    fn spare_published(&mut self) {
        let is_raised = |finding: &Finding| {
            finding.severity == Severity::Error
                && finding.rule.severity == Severity::Warning
                && ["IGS2", "IGS3"].iter().any(|about| finding.rule.id.starts_with(about))
        };
        if !self.findings.iter().any(is_raised) {
            return;
        }
        let mut live: HashMap<Arc<str>, bool> = HashMap::new();
        for post in &self.posts {
            let is_live = post.imported.is_some() || self.is_live(post);
            live.entry(Arc::clone(&post.file)).and_modify(|all| *all &= is_live).or_insert(is_live);
        }
        for finding in self.findings.iter_mut().filter(|finding| is_raised(finding)) {
            if live.get(&finding.file) == Some(&true) {
                finding.severity = Severity::Warning;
            }
        }
    }

    /// The user behind an account, as far as configuration and records know.
    pub(crate) fn user_of(&self, account: &Account) -> Option<UserId> {
        account.user_id.clone().or_else(|| user_in_records(&self.snapshot.records, &account.name))
    }

    /// Whether the record has this post as published.
    pub(crate) fn is_live(&self, post: &Post) -> bool {
        let attempts = post.user_id.as_ref().map(|user| self.snapshot.records.attempts(user, &post.key));
        attempts.is_some_and(|attempts| attempts.iter().any(|record| record.stage() == Stage::Published))
    }

    /// Whether something of this post is live, may be, or is never to be: other media would be another post.
    pub(crate) fn is_recorded(&self, post: &Post) -> bool {
        if post.imported.is_some() {
            return true;
        }
        let attempts = post.user_id.as_ref().map(|user| self.snapshot.records.attempts(user, &post.key));
        attempts.is_some_and(|attempts| attempts.iter().any(is_kept))
    }

    /// Another post of the account that is recorded with the same media; `digest_of`: those of its local files.
    pub(crate) fn recorded_with_media_of(
        &self,
        post: &Post,
        digest_of: impl Fn(&str) -> Option<Digest>,
    ) -> Option<PostKey> {
        let mut hashed = post.clone();
        hashed.with_media(|source| match source {
            Source::Local(path) => digest_of(path),
            Source::Url(_) => None,
        });
        let media = hashed.media_digest.as_ref()?;
        let alike = |record: &&Record| {
            Some(&record.user_id) == post.user_id.as_ref()
                && record.kind == post.content.kind
                && record.key != post.key
                && record.media_digest.as_ref() == Some(media)
                && is_kept(record)
        };
        self.snapshot.records.iter().find(alike).map(|record| record.key.clone())
    }

    /// Gives accounts the names, and posts the user ids, that only the tokens knew.
    pub(crate) fn adopt_owners(&mut self, owners: &Owners) {
        let user = |name: &AccountName| owners.get(name).map(|owner| owner.user_id.clone());
        for account in &mut self.config.accounts {
            account.user_id = account.user_id.take().or_else(|| user(&account.name));
            let username = || owners.get(&account.name)?.username.clone();
            account.username = account.username.take().or_else(username);
        }
        for post in &mut self.posts {
            if post.user_id.is_none() {
                let user = user(&post.account);
                Arc::make_mut(post).user_id = user;
            }
        }
    }

    /// Gives posts the leave to repeat others that their manifests do not give.
    pub(crate) fn allow_duplicates(&mut self, keys: &[String]) {
        for post in self.posts.iter_mut().filter(|post| keys.iter().any(|key| key == post.key.as_str())) {
            Arc::make_mut(post).allow_duplicate = true;
        }
    }

    /// How long this run waits. The in-process sandbox answers at once and is never in doubt.
    pub(crate) fn waits(&self) -> Waits {
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

    /// The way from the repository's root to the content root: empty, or ending in `/`. Annotations
    /// and links name files from there.
    pub(crate) fn folder_in_repository(&self, ports: &Ports) -> String {
        let top = ports.env.get("GITHUB_WORKSPACE").and_then(|top| ports.disk.canonicalize(Path::new(top)).ok());
        let folder = top.and_then(|top| self.root.strip_prefix(top).ok().map(|folder| relative(Path::new(""), folder)));
        match folder.unwrap_or_default() {
            folder if folder.is_empty() => folder,
            folder => folder + "/",
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Errors that are not about one post: nothing may be done on top of them. A configuration that was
    /// only half understood may name another account, or lack its `paused`.
    pub(crate) fn configuration_errors(&self) -> bool {
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

fn is_kept(record: &Record) -> bool {
    !matches!(record.stage(), Stage::Failed | Stage::NotPublished | Stage::Forgotten)
}
