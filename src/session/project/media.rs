//! The media of a content root: looked into, judged, hashed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use igsync_base::files::{Disk, Stat};
use igsync_base::finding::Severity;
use igsync_base::id::{Digest, Kind, PostKey, UserId};
use igsync_base::rules;
use igsync_media::convert::Target;
use igsync_media::rules::Broken;
use igsync_media::{DigestCache, Hashed};
use igsync_model::config::Account;
use igsync_model::lockfile::Stage;
use igsync_model::manifest::{self, ConvertSettings, Files, Loaded, Post, Source, Spot};

use super::super::ports::Ports;
use super::OfPublished;
use super::Project;
use super::sent::{is_compared, local_paths};

impl Project {
    /// Judges the media of posts that are to go out and hashes them. The media of published posts may be
    /// gone; they are judged where `published` asks for it, and read where nothing else tells whether they changed.
    pub(super) fn read_media(&mut self, loaded: &mut Loaded, ports: &Ports, published: OfPublished) {
        let disk = &*ports.disk;
        let live = self.live_keys();
        // One that is imported is live by its manifest, and its media may be gone whatever is recorded.
        let is_live = |post: &Post| {
            let is_recorded = |user: &UserId| live.contains(&(user.clone(), post.key.clone()));
            post.imported.is_some() || post.user_id.as_ref().is_some_and(is_recorded)
        };
        let root = self.root.clone();
        let mut cache = DigestCache::load(disk, &self.paths.digests());
        let mut files = Files::new(disk, &root, &mut cache).knowing(std::mem::take(&mut loaded.ignored));
        let Loaded { posts, unplanned, guessed, .. } = loaded;
        let mut pointers: HashMap<usize, Vec<(Spot<'static>, Broken)>> = HashMap::new();
        // Whatever else is wrong with a post: all findings come at once.
        let judged = posts.iter_mut().chain(&mut *unplanned).enumerate();
        for (place, post) in judged.filter(|(_, post)| published == OfPublished::Check || !is_live(post)) {
            let broken = self.broken(post, guessed.contains(&post.file), &mut files, ports.clock.now());
            let is_pointer = |(_, broken): &(Spot<'_>, Broken)| broken.rule.id == rules::MEDIA_IS_POINTER.id;
            let (pointer, broken): (Vec<_>, Vec<_>) = broken.into_iter().partition(is_pointer);
            self.report(post, broken, disk);
            if !pointer.is_empty() {
                pointers.insert(place, pointer);
            }
        }
        let mut wanted: Vec<Arc<str>> = posts
            .iter()
            .filter(|post| !is_live(post) && !post.has_errors && !post.draft)
            .flat_map(|post| local_paths(post).cloned())
            .filter(|path| !files.is_refused(path))
            .collect();
        let comparing = published != OfPublished::Nothing;
        for post in posts.iter_mut().filter(|post| comparing && is_live(post) && is_compared(post)) {
            self.compare(post, disk, &mut wanted);
        }
        self.ignored = files.into_ignored();
        wanted.sort_unstable();
        wanted.dedup();
        let paths: Vec<&str> = wanted.iter().map(|path| &**path).collect();
        let mut digests: HashMap<Arc<str>, Digest> = HashMap::with_capacity(wanted.len());
        let mut unreadable: HashMap<Arc<str>, Broken> = HashMap::new();
        let mut stats: HashMap<Arc<str>, Stat> = HashMap::with_capacity(wanted.len());
        for (path, hashed) in wanted.iter().zip(cache.digests(disk, &root, &paths)) {
            match hashed {
                Ok(Hashed { digest, stat }) => {
                    digests.insert(Arc::clone(path), digest);
                    stats.insert(Arc::clone(path), stat);
                }
                Err(error) => _ = unreadable.insert(Arc::clone(path), manifest::unreadable(path, &error)),
            }
        }
        for (place, post) in posts.iter_mut().enumerate() {
            if published == OfPublished::Check || !is_live(post) {
                let found = named(post, |path| unreadable.get(path).cloned());
                self.report(post, found, disk);
            }
            if post.files.is_empty() {
                post.with_media(|source| match source {
                    Source::Local(path) => digests.get(path).cloned().or_else(|| self.remembered(&cache, path, disk)),
                    Source::Url(_) => None,
                });
                post.files = self.files_in_index(post, &digests, &stats);
            }
            let account = self.config.account(&post.account);
            let host = account.and_then(|account| manifest::host_of(post, account));
            // What would be done to the picture that a pointer stands for is not known.
            if !pointers.contains_key(&place) {
                post.with_sending(host.as_deref());
            }
            for conversion in &mut post.conversions {
                let source = digests.get(&conversion.path);
                conversion.len = source.and_then(|source| self.drawn_len(source, &conversion.target, &cache, disk));
            }
        }
        let judged = |post: &Post| published == OfPublished::Check || !is_live(post);
        let coming = posts.iter().enumerate().filter(|(_, post)| judged(post));
        let mut among: Vec<_> = manifest::same_captions(coming.clone());
        among.extend(manifest::too_close(coming, &self.config));
        for (place, found) in among {
            self.report(&mut posts[place], vec![found], disk);
        }
        // A pointer's digest says which file it represents: one that is live already has only moved.
        let elsewhere = if pointers.is_empty() { HashSet::new() } else { self.live_elsewhere(posts) };
        for (place, post) in posts.iter_mut().chain(unplanned).enumerate() {
            let has_moved = likeness(post).is_some_and(|likeness| elsewhere.contains(&likeness));
            let found = pointers.remove(&place).filter(|_| !has_moved).unwrap_or_default();
            self.report(post, found, disk);
        }
        // A cache that cannot be written costs time only, and an empty folder stays empty.
        if cache.has_changed() && self.paths.prepare(disk).is_ok() {
            let _ = cache.save_if_changed(disk, &self.paths.digests());
        }
        (self.digests, self.hashed) = (Arc::new(digests), Arc::new(stats));
    }

    /// What is wrong with a post's media, and with its time.
    fn broken(
        &self,
        post: &mut Post,
        is_guess: bool,
        files: &mut Files<'_>,
        now: Timestamp,
    ) -> Vec<(Spot<'static>, Broken)> {
        let account = self.config.account(&post.account);
        let convert_settings = account.and_then(convert_settings_of);
        let mut broken = manifest::check_files(post, is_guess, convert_settings, files);
        if let Some(ConvertSettings { fit }) = convert_settings {
            post.conversions = manifest::conversions(post, fit, files);
        }
        let Some(account) = account else { return broken };
        if !self.sandbox && !self.settings.is_loopback() {
            broken.extend(manifest::check_hosting(post, account));
            broken.extend(manifest::check_conversion_hosting(post, account));
        }
        broken.extend(manifest::check_late(post, account, now));
        broken.extend(manifest::check_day(post, account));
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

    /// The length in bytes of a picture that a run on this machine drew, and that has not changed since.
    fn drawn_len(&self, source: &Digest, target: &Target, cache: &DigestCache, disk: &dyn Disk) -> Option<u64> {
        let place = self.kept.place(source, target);
        let stat = disk.stat(&place).ok()?;
        let name = place.strip_prefix(&self.root).ok()?.to_str()?;
        cache.get(name, &stat).map(|_| stat.len)
    }

    /// What is live under keys whose manifests are gone: a post that looks the same has moved.
    fn live_elsewhere(&self, posts: &[Post]) -> HashSet<Likeness> {
        let keys: HashSet<(&str, &str)> =
            posts.iter().filter_map(|post| Some((post.user_id.as_ref()?.as_str(), post.key.as_str()))).collect();
        let records = self.snapshot.records.iter();
        let vanished = records.filter(|record| {
            record.stage() == Stage::Published && !keys.contains(&(record.user_id.as_str(), record.key.as_str()))
        });
        vanished
            .filter_map(|record| Some((record.user_id.clone(), record.kind, record.media_digest.clone()?)))
            .collect()
    }

    fn live_keys(&self) -> HashSet<(UserId, PostKey)> {
        self.snapshot
            .records
            .iter()
            .filter(|record| record.stage() == Stage::Published)
            .map(|record| (record.user_id.clone(), record.key.clone()))
            .collect()
    }
}

/// `None`: the account's pictures are published as they are.
pub(crate) fn convert_settings_of(account: &Account) -> Option<ConvertSettings> {
    account.convert.then_some(ConvertSettings { fit: account.fit })
}

/// By what a post is known again under another key.
type Likeness = (UserId, Kind, Digest);

fn likeness(post: &Post) -> Option<Likeness> {
    Some((post.user_id.clone()?, post.content.kind, post.media_digest.clone()?))
}

/// What `of` says about each local file of a post, where the manifest names the file.
fn named(post: &Post, of: impl Fn(&Arc<str>) -> Option<Broken>) -> Vec<(Spot<'static>, Broken)> {
    let items = post.content.items.iter().map(|item| (Spot::Item(item.slot), &item.source));
    let covers = post.content.cover().map(|cover| (Spot::Cover, cover));
    let local = items.chain(covers).filter_map(|(spot, source)| match source {
        Source::Local(path) => Some((spot, of(path)?)),
        Source::Url(_) => None,
    });
    local.collect()
}
