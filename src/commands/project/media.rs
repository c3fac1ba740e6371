//! The media of a content root: looked into, judged, hashed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::finding::Severity;
use crate::id::{Digest, PostKey, UserId};
use crate::lockfile::State;
use crate::manifest::{self, Files, Loaded, Post, Source, Spot};
use crate::media::DigestCache;
use crate::media::rules::Broken;
use crate::port::Disk;

use super::super::World;
use super::Project;

impl Project {
    /// Judges the media of posts that are to go out and hashes them. The media of published posts may be
    /// gone and are not read, unless `check_published` asks for it.
    pub(super) fn read_media(&mut self, loaded: &mut Loaded, world: &World, check_published: bool) {
        let disk = &*world.disk;
        let live = self.live_keys();
        let is_live =
            |post: &Post| post.user_id.as_ref().is_some_and(|user| live.contains(&(user.clone(), post.key.clone())));
        let root = self.root.clone();
        let mut files = Files::new(disk, &root);
        let Loaded { posts, unplanned, guessed, .. } = loaded;
        // Whatever else is wrong with a post: all findings come at once.
        for post in posts.iter_mut().chain(unplanned).filter(|post| check_published || !is_live(post)) {
            let broken = self.broken(post, guessed.contains(&post.file), &mut files, world.clock.now());
            self.report(post, broken, disk);
        }
        let mut cache = DigestCache::load(disk, &self.paths.digests());
        let mut wanted: Vec<Arc<str>> = posts
            .iter()
            .filter(|post| !is_live(post) && !post.has_errors && !post.draft)
            .flat_map(|post| local_paths(post).cloned())
            .filter(|path| !files.is_refused(path))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let paths: Vec<&str> = wanted.iter().map(|path| &**path).collect();
        let mut digests: HashMap<Arc<str>, Digest> = HashMap::with_capacity(wanted.len());
        let mut unreadable: HashMap<Arc<str>, Broken> = HashMap::new();
        for (path, digest) in wanted.iter().zip(cache.digests(disk, &root, &paths)) {
            match digest {
                Ok(digest) => _ = digests.insert(Arc::clone(path), digest),
                Err(error) => _ = unreadable.insert(Arc::clone(path), manifest::unreadable(path, &error)),
            }
        }
        for post in posts.iter_mut() {
            let found = named(post, |path| unreadable.get(path).cloned());
            self.report(post, found, disk);
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
    }

    /// What is wrong with a post's media, and with its time.
    fn broken(
        &self,
        post: &Post,
        is_guess: bool,
        files: &mut Files<'_>,
        now: Timestamp,
    ) -> Vec<(Spot<'static>, Broken)> {
        let mut broken = manifest::check_files(post, is_guess, files);
        let Some(account) = self.config.account(&post.account) else { return broken };
        if !self.sandbox && !self.settings.is_loopback() {
            broken.extend(manifest::check_hosting(post, account));
        }
        broken.extend(manifest::check_late(post, account, now));
        broken
    }

    /// Places findings in the post's manifest, as severe as the configuration says.
    fn report(&mut self, post: &mut Post, broken: Vec<(Spot<'static>, Broken)>, disk: &dyn Disk) {
        for (spot, broken) in broken {
            let finding = manifest::place(disk, &self.root, post, spot, broken);
            let Some(finding) = self.config.judge(finding) else { continue };
            post.has_errors |= finding.severity == Severity::Error;
            self.findings.push(finding);
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

fn local_paths(post: &Post) -> impl Iterator<Item = &Arc<str>> {
    post.sources().filter_map(|source| match source {
        Source::Local(path) => Some(path),
        Source::Url(_) => None,
    })
}

/// What `of` says about each local file of a post, where the manifest names the file.
fn named(post: &Post, of: impl Fn(&Arc<str>) -> Option<Broken>) -> Vec<(Spot<'static>, Broken)> {
    let items = post.items.iter().map(|item| (Spot::Item(item.slot), &item.source));
    let covers = post.reel.iter().filter_map(|reel| Some((Spot::Cover, reel.cover.as_ref()?)));
    let local = items.chain(covers).filter_map(|(spot, source)| match source {
        Source::Local(path) => Some((spot, of(path)?)),
        Source::Url(_) => None,
    });
    local.collect()
}
