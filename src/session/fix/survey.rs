//! What can be done: a file for each picture and clip that would not pass, unless the record knows its post.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use igsync_base::files::Disk;
use igsync_base::finding::Severity;
use igsync_base::id::Digest;
use igsync_media::DigestCache;
use igsync_media::convert::ConversionPlan;
use igsync_media::index_first;
use igsync_media::probe::Format;
use igsync_media::rules::{Use, check};
use igsync_model::manifest::{self, Files, MediaType, Post, Spot};

use super::super::ports::Ports;
use super::super::project::Project;
use super::job::{Job, Left, Wanted, Work, spots};

/// A larger clip passes nowhere, wherever its index is. In bytes.
const LARGEST: u64 = 300 << 20;

/// What is to be done in a content root.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub jobs: Vec<Job>,
    pub left: Vec<Left>,
    /// Manifests of recorded posts that were not looked into.
    pub recorded: usize,
}

/// Looks into the media of every post that is asked for. Those of recorded ones only with `all`.
pub(crate) fn survey(project: &Project, wanted: &Wanted<'_>, all: bool, ports: &Ports) -> Survey {
    let disk = &*ports.disk;
    let mut cache = DigestCache::load(disk, &project.paths.digests());
    let mut files = Files::new(disk, &project.root, &mut cache);
    let mut found = Survey::default();
    for posts in project.posts.chunk_by(|one, other| one.file == other.file) {
        let is_asked_for = |post: &Arc<Post>| spots(post).any(|(_, source)| wanted(&post.file, source));
        if !posts.iter().any(is_asked_for) {
            continue;
        }
        if !all && posts.iter().any(|post| project.is_recorded(post)) {
            found.recorded += 1;
            continue;
        }
        found.look_into(project, posts, wanted, &mut files);
    }
    drop(files);
    found.leave_what_is_known(project, &mut cache, disk);
    // A cache that cannot be written costs time only.
    if cache.has_changed() && project.paths.prepare(disk).is_ok() {
        let _ = cache.save_if_changed(disk, &project.paths.digests());
    }
    found
}

impl Survey {
    /// The posts of one manifest: one for each of its accounts.
    fn look_into(&mut self, project: &Project, posts: &[Arc<Post>], wanted: &Wanted<'_>, files: &mut Files<'_>) {
        let mut found: Vec<(Spot<'static>, &Arc<str>, Work)> = Vec::new();
        for post in posts {
            for (spot, source) in spots(post).filter(|(_, source)| wanted(&post.file, source)) {
                let work = match work(project, post, spot, source, files) {
                    Ok(Some(work)) => work,
                    Ok(None) => continue,
                    Err(reason) => {
                        self.leave(source, reason);
                        continue;
                    }
                };
                match found.iter().find(|(known, ..)| *known == spot) {
                    None => found.push((spot, source, work)),
                    Some((.., known)) if known.is_same(&work) => {}
                    Some(_) => self.leave(
                        &post.file,
                        format!("its accounts ask for different pictures of {source}; give each its own manifest"),
                    ),
                }
            }
        }
        for (spot, source, work) in found {
            self.add(&posts[0].file, spot, source, work);
        }
    }

    /// Leaves manifests alone whose media another post of the record has: with other files they would no longer be known
    /// for a post that has moved, or for one that repeats another.
    fn leave_what_is_known(&mut self, project: &Project, cache: &mut DigestCache, disk: &dyn Disk) {
        let is_touched = |post: &&Arc<Post>| self.jobs.iter().any(|job| job.places.contains_key(&post.file));
        let touched: Vec<&Arc<Post>> = project.posts.iter().filter(is_touched).collect();
        let mut paths: Vec<&str> = touched.iter().flat_map(|post| spots(post)).map(|(_, path)| &**path).collect();
        paths.sort_unstable();
        paths.dedup();
        let hashed = cache.digests(disk, &project.root, &paths);
        let digests: HashMap<&str, Digest> =
            paths.into_iter().zip(hashed).filter_map(|(path, hashed)| Some((path, hashed.ok()?.digest))).collect();
        for post in touched {
            let Some(other) = project.recorded_with_media_of(post, |path| digests.get(path).cloned()) else { continue };
            for job in &mut self.jobs {
                job.places.remove(&post.file);
            }
            self.leave(
                &post.file,
                format!("its media are those of {other}, which is recorded; with other files it would be a new post"),
            );
        }
        self.jobs.retain(|job| !job.places.is_empty());
    }

    fn leave(&mut self, file: &Arc<str>, reason: String) {
        let left = Left { file: Arc::clone(file), reason };
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    fn add(&mut self, manifest: &Arc<str>, spot: Spot<'static>, source: &Arc<str>, work: Work) {
        let known = self.jobs.iter().position(|job| job.source == *source && job.work.is_same(&work));
        let at = known.unwrap_or(self.jobs.len());
        if known.is_none() {
            self.jobs.push(Job { source: Arc::clone(source), work, places: BTreeMap::new() });
        }
        self.jobs[at].places.entry(Arc::clone(manifest)).or_default().push(spot);
    }
}

fn type_at(post: &Post, spot: Spot<'_>) -> MediaType {
    let item = post.content.items.iter().find(|item| spot == Spot::Item(item.slot));
    item.map_or(MediaType::Image, |item| item.media_type)
}

/// What is to be done about one file; an error says why nothing can be.
fn work(
    project: &Project,
    post: &Post,
    spot: Spot<'static>,
    source: &Arc<str>,
    files: &mut Files<'_>,
) -> Result<Option<Work>, String> {
    let fit = project.config.account(&post.account).and_then(|account| account.fit);
    if let Some((path, target)) = manifest::conversion_target(post, spot, fit, files) {
        let plan = files.conversion_plan(path, &target).map_err(|refusal| refusal.to_string())?;
        let media_type = if spot == Spot::Cover { MediaType::Image } else { type_at(post, spot) };
        let usage = if spot == Spot::Cover { Use::Cover } else { manifest::usage(post.content.kind, media_type) };
        let still = |plan: &ConversionPlan| {
            let left = check(&plan.facts, usage, source).into_iter().find(|broken| broken.severity == Severity::Error);
            left.map(|broken| {
                format!("the result would not pass either: {}; `media.fit` changes shapes", broken.message)
            })
        };
        return match plan {
            Some(plan) => match still(&plan) {
                Some(reason) => Err(reason),
                None => Ok(Some(Work::Picture { target, plan: Box::new(plan) })),
            },
            None => Ok(None),
        };
    }
    let is_clip = |spot| type_at(post, spot) == MediaType::Video;
    let Ok(facts) = files.look(source) else { return Ok(None) };
    match &facts.format {
        Format::Video(video) if is_clip(spot) && video.fragmented => Err(index_first::Refusal::Fragments.to_string()),
        Format::Video(video) if is_clip(spot) && video.has_index && !video.moov_first => match facts.len {
            len if len > LARGEST => Err(format!("it is larger than {} MiB, the most for any clip", LARGEST >> 20)),
            len => Ok(Some(Work::Clip { len })),
        },
        _ => Ok(None),
    }
}
