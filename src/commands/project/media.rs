//! The media of the posts of a project: there, hashed, and judged by their bytes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::id::{Digest, Kind, PostKey, UserId};
use crate::lockfile::State;
use crate::manifest::{self, Post, Source};
use crate::media::DigestCache;
use crate::media::probe::{Facts, Format};
use crate::port::Disk;

use super::super::{Failure, World};
use super::Project;

/// A post's owner and name.
type Identity = (UserId, PostKey);

/// By what a post is known again under another key.
type Likeness = (UserId, Kind, Digest);

impl Project {
    /// Hashes the media of posts that are to go out, and checks them. The media of published posts may be
    /// gone and are not read.
    pub(super) fn read_media(
        &mut self,
        posts: &mut [Post],
        world: &World,
        check_published: bool,
    ) -> Result<(), Failure> {
        let disk = &*world.disk;
        let live = self.live_keys();
        let is_live = |post: &Post| identity(post).is_some_and(|identity| live.contains(&identity));
        let is_settled = |post: &Post| is_live(post) && !check_published;
        let mut unusable: HashSet<Arc<str>> = HashSet::new();
        for post in posts.iter_mut().filter(|post| !is_settled(post)) {
            let found = manifest::check_media(disk, &self.root, post);
            if found.iter().any(|finding| finding.severity == Severity::Error) {
                post.has_errors = true;
                unusable.extend(local_paths(post).cloned());
            }
            self.findings.extend(found);
        }
        let mut cache = DigestCache::load(disk, &self.paths.digests());
        let is_wanted = |post: &&Post| !is_live(post) && !post.has_errors && !post.draft;
        let wanted = unique(posts.iter().filter(is_wanted), |path| !unusable.contains(path));
        self.hash(&wanted, &mut cache, disk)?;
        for post in posts.iter_mut() {
            post.with_media(|source| match source {
                Source::Local(path) => self.digests.get(path).cloned().or_else(|| self.remembered(&cache, path, disk)),
                Source::Url(_) => None,
            });
        }
        let knew = self.judge_media(posts, world, &mut cache, is_settled) || !wanted.is_empty();
        // A cache that can not be written costs time only, and an empty folder stays empty.
        if knew && self.paths.prepare(disk).is_ok() {
            let _ = cache.save_if_changed(disk, &self.paths.digests());
        }
        Ok(())
    }

    fn hash(&mut self, wanted: &[Arc<str>], cache: &mut DigestCache, disk: &dyn Disk) -> Result<(), Failure> {
        let paths: Vec<&str> = wanted.iter().map(|path| &**path).collect();
        let read = cache.digests(disk, &self.root, &paths);
        let (mut digests, mut stats) = (HashMap::new(), HashMap::new());
        for (path, hashed) in wanted.iter().zip(read) {
            let hashed = hashed.map_err(|error| {
                Failure::message(
                    Exit::Failure,
                    format!("{path} can not be read: {error}"),
                    "check the file and its rights",
                )
            })?;
            digests.insert(Arc::clone(path), hashed.digest);
            stats.insert(Arc::clone(path), hashed.stat);
        }
        (self.digests, self.hashed) = (Arc::new(digests), Arc::new(stats));
        Ok(())
    }

    /// Looks into the media of posts that may still go out, each file once. Says whether there were any.
    fn judge_media(
        &mut self,
        posts: &mut [Post],
        world: &World,
        cache: &mut DigestCache,
        is_settled: impl Fn(&Post) -> bool,
    ) -> bool {
        let (disk, root) = (&*world.disk, &self.root);
        let is_judged = |post: &Post| !post.has_errors && !is_settled(post);
        let files = unique(posts.iter().filter(|post| is_judged(post)), |_| true);
        let paths: Vec<&str> = files.iter().map(|path| &**path).collect();
        let facts: HashMap<&Arc<str>, Arc<Facts>> = files
            .iter()
            .zip(cache.facts(disk, root, &paths))
            .filter_map(|(path, facts)| Some((path, Arc::new(facts.ok()?))))
            .collect();
        let elsewhere = if files.is_empty() { HashSet::new() } else { self.live_elsewhere(posts) };
        let hosts_itself = self.sandbox || self.settings.is_loopback();
        for post in posts.iter_mut().filter(|post| is_judged(post)) {
            let is_moved = likeness(post).is_some_and(|likeness| elsewhere.contains(&likeness));
            let mut broken = manifest::check_files(post, &mut |path| {
                let facts = facts.get(path).cloned()?;
                // Its digest says which file it stands for, and that one is live already.
                (facts.format != Format::LfsPointer || !is_moved).then_some(facts)
            });
            if !hosts_itself && let Some(account) = self.config.account(&post.account) {
                broken.extend(manifest::check_hosting(post, account));
            }
            let found = broken
                .into_iter()
                .filter_map(|(spot, broken)| self.config.judge(manifest::place(disk, root, post, spot, broken)));
            let found: Vec<Finding> = found.collect();
            post.has_errors |= found.iter().any(|finding| finding.severity == Severity::Error);
            self.findings.extend(found);
        }
        !files.is_empty()
    }

    /// The digest of a published post's file as it was last read: the file itself is not read again.
    fn remembered(&self, cache: &DigestCache, path: &str, disk: &dyn Disk) -> Option<Digest> {
        let stat = disk.stat(&self.root.join(path)).ok()?;
        cache.get(path, &stat).cloned()
    }

    fn live_keys(&self) -> HashSet<Identity> {
        let live = self.snapshot.records.iter().filter(|record| record.state == State::Published);
        live.map(|record| (record.user_id.clone(), record.key.clone())).collect()
    }

    /// What is live under keys whose manifests are gone: a post that looks the same has moved.
    fn live_elsewhere(&self, posts: &[Post]) -> HashSet<Likeness> {
        let keys: HashSet<(&str, &str)> =
            posts.iter().filter_map(|post| Some((post.user_id.as_ref()?.as_str(), post.key.as_str()))).collect();
        let records = self.snapshot.records.iter();
        let vanished = records.filter(|record| {
            record.state == State::Published && !keys.contains(&(record.user_id.as_str(), record.key.as_str()))
        });
        vanished
            .filter_map(|record| Some((record.user_id.clone(), record.kind, record.media_digest.clone()?)))
            .collect()
    }
}

fn likeness(post: &Post) -> Option<Likeness> {
    Some((post.user_id.clone()?, post.kind, post.media_digest.clone()?))
}

fn identity(post: &Post) -> Option<Identity> {
    Some((post.user_id.clone()?, post.key.clone()))
}

/// The local files of posts, each once.
fn unique<'a>(posts: impl Iterator<Item = &'a Post>, wanted: impl Fn(&Arc<str>) -> bool) -> Vec<Arc<str>> {
    let mut paths: Vec<Arc<str>> = posts.flat_map(local_paths).filter(|path| wanted(path)).cloned().collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn local_paths(post: &Post) -> impl Iterator<Item = &Arc<str>> {
    post.sources().filter_map(|source| match source {
        Source::Local(path) => Some(path),
        Source::Url(_) => None,
    })
}
