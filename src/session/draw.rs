//! Pictures that are converted, drawn before the plan is shown: their size is part of it, and a file
//! that cannot be read is known before anything goes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use igsync_base::finding::{Finding, Severity};
use igsync_base::id::Digest;
use igsync_base::rules;
use igsync_media::DigestCache;
use igsync_media::convert::{self, Failed, Made};
use igsync_media::rules::Broken;
use igsync_model::manifest::{self, Conversion, Post, Source, Spot};
use igsync_model::plan::{Action, Plan};

use super::ports::Ports;
use super::project::Project;

/// More than this is left to apply, so that a plan over thousands of new pictures stays quick: it shows
/// their size once they were drawn.
const AT_ONCE: usize = 50;

/// One picture to draw: which change, which of its conversions.
struct Job {
    change: usize,
    index: usize,
    conversion: Conversion,
    digest: Digest,
}

/// Fills in the lengths of converted pictures, and with them what the media of the plan weigh.
pub(crate) fn draw(plan: &mut Plan, project: &Project, ports: &Ports) -> Vec<Finding> {
    let findings = draw_due(plan, project, ports);
    plan.cost.media_bytes = media_bytes(plan, project);
    findings
}

/// What Meta has to get for the posts that are begun now: files as they were when they were hashed, pictures
/// that were drawn as they are sent.
fn media_bytes(plan: &Plan, project: &Project) -> u64 {
    let begun = plan.changes.iter().filter(|change| change.acts() && change.action == Action::Publish);
    let files = begun.filter_map(|change| change.post.as_deref()).flat_map(|post| {
        post.content.sources().filter_map(|source| match source {
            Source::Url(_) => None,
            Source::Local(path) => {
                let conversion = post.conversions.iter().find(|conversion| conversion.path == *path);
                let drawn = conversion.and_then(|conversion| conversion.len);
                drawn.or_else(|| project.hashed.get(path).map(|stat| stat.len))
            }
        })
    });
    files.fold(0, u64::saturating_add)
}

/// Pictures of posts that apply would publish now are drawn, unless it is known how long they are. What turns out
/// to be broken stands against its post.
fn draw_due(plan: &mut Plan, project: &Project, ports: &Ports) -> Vec<Finding> {
    let mut jobs = Vec::new();
    for (at, change) in plan.changes.iter().enumerate() {
        let is_due = change.acts() && change.publishes();
        let Some(post) = change.post.as_ref().filter(|post| !post.conversions.is_empty() && !post.has_errors) else {
            continue;
        };
        for (index, conversion) in post.conversions.iter().enumerate() {
            let Some(digest) = project.digests.get(&conversion.path) else { continue };
            if is_due && conversion.len.is_none() && jobs.len() < AT_ONCE {
                jobs.push(Job { change: at, index, conversion: conversion.clone(), digest: digest.clone() });
            }
        }
    }
    if jobs.is_empty() || project.paths.prepare(&*ports.disk).is_err() {
        return Vec::new();
    }
    let results = draw_all(&jobs, project, ports);
    remember(results.iter().filter_map(|(_, drawn)| drawn.as_ref().ok()?.as_ref()), project, ports);
    let mut findings = Vec::new();
    for (job, drawn) in results {
        let Some(post) = plan.changes[job.change].post.as_mut().map(Arc::make_mut) else { continue };
        match drawn {
            Ok(made) => post.conversions[job.index].len = made.map(|made| made.len),
            // A folder that cannot be written costs the size in the plan; apply says more.
            Err(Failed::Disk(_)) => {}
            Err(failed) => {
                let finding = refused(post, &job.conversion.path, &failed, project, ports);
                post.has_errors |= finding.as_ref().is_some_and(|finding| finding.severity == Severity::Error);
                findings.extend(finding);
            }
        }
    }
    findings
}

/// The next plan knows the length of what was drawn, as long as the file stays what it is.
fn remember<'m>(made: impl Iterator<Item = &'m Made>, project: &Project, ports: &Ports) {
    let (disk, place) = (&*ports.disk, project.paths.digests());
    let paths: Vec<&str> = made.filter_map(|made| made.path.strip_prefix(&project.root).ok()?.to_str()).collect();
    let mut cache = DigestCache::load(disk, &place);
    cache.digests(disk, &project.root, &paths);
    // A cache that cannot be written costs time only.
    let _ = cache.save_if_changed(disk, &place);
}

/// Takes away converted pictures that no post will need, so that they do not pile up.
pub(crate) fn tidy(project: &Project, ports: &Ports) {
    let conversions = project.posts.iter().flat_map(|post| &post.conversions);
    let wanted = conversions.filter_map(|made| Some((project.digests.get(&made.path)?, &made.target)));
    convert::prune(&*ports.disk, &project.paths.converted(), wanted, ports.clock.now().as_nanosecond());
}

/// On all cores; the results in the order of the jobs.
fn draw_all<'j>(jobs: &'j [Job], project: &Project, ports: &Ports) -> Vec<(&'j Job, Result<Option<Made>, Failed>)> {
    let (disk, next) = (&*ports.disk, AtomicUsize::new(0));
    let work = || {
        let mut done = Vec::new();
        while let Some((at, job)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, jobs.get(at)?)))
        {
            let path = project.root.join(&*job.conversion.path);
            done.push((at, job, project.kept.make(disk, &path, &job.digest, &job.conversion.target)));
        }
        done
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("drawing does not panic")).collect()
    });
    results.sort_by_key(|(at, ..)| *at);
    results.into_iter().map(|(_, job, drawn)| (job, drawn)).collect()
}

fn refused(post: &Post, path: &Arc<str>, failed: &Failed, project: &Project, ports: &Ports) -> Option<Finding> {
    let is_it = |source: &Source| *source == Source::Local(Arc::clone(path));
    let item = post.content.items.iter().find(|item| is_it(&item.source));
    let spot = item.map_or(Spot::Cover, |item| Spot::Item(item.slot));
    let message = "igsync cannot convert this picture";
    let broken = Broken::new(&rules::NOT_CONVERTED, message, failed.to_string(), "export it again");
    project.config.judge(manifest::place(&*ports.disk, &project.root, post, spot, broken))
}
