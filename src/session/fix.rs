//! Files that pass, made from files that do not: which are to be made, and how they get their names.
//!
//! A file is made beside its source and replaces nothing; then the manifests name it. Killed in between, the next run
//! finds it made.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use igsync_apply::{Signal, StopSignal};
use igsync_base::files::{Access, Disk, FileKind};
use igsync_base::finding::{self, Finding, Severity};
use igsync_base::id::Digest;
use igsync_base::rules;
use igsync_media::DigestCache;
use igsync_media::convert::{self, ConversionPlan, Target};
use igsync_media::index_first::{self, Rewrite};
use igsync_media::probe::Format;
use igsync_media::rules::{Broken, Use, check};
use igsync_model::manifest::{self, ConvertSettings, Files, MediaType, Post, Source, Spot};

use super::ports::Ports;
use super::project::{Project, convert_settings_of};

/// A larger clip passes nowhere, wherever its index is. In bytes.
const LARGEST: u64 = 300 << 20;

/// What part of a content root is asked for: a manifest and a file that it names.
pub(crate) type Wanted<'w> = dyn Fn(&str, &str) -> bool + 'w;

/// One file to be made.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What it is made from, relative to the content root.
    pub source: Arc<str>,
    pub work: Work,
    /// The manifests that are to name it, and where.
    pub places: BTreeMap<Arc<str>, Vec<Spot<'static>>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Conversion, as `media.convert` does it.
    Picture { target: Target, plan: Box<ConversionPlan> },
    /// A clip of so many bytes whose index goes first.
    Clip { len: u64 },
}

impl Work {
    /// Whether the same file comes out of both.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Picture { plan: one, .. }, Self::Picture { plan: other, .. }) => one == other,
            (Self::Clip { .. }, Self::Clip { .. }) => true,
            _ => false,
        }
    }

    fn extension(&self) -> &'static str {
        match self {
            Self::Picture { .. } => "jpg",
            Self::Clip { .. } => "mp4",
        }
    }
}

/// Why something is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The file it is about, relative to the content root.
    pub file: Arc<str>,
    /// Lower case, no full stop.
    pub reason: String,
}

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

/// The local files of a post, and where it names them.
fn spots(post: &Post) -> impl Iterator<Item = (Spot<'static>, &Arc<str>)> {
    let items = post.content.items.iter().map(|item| (Spot::Item(item.slot), &item.source));
    let cover = post.content.cover().map(|cover| (Spot::Cover, cover));
    items.chain(cover).filter_map(|(spot, source)| match source {
        Source::Local(path) => Some((spot, path)),
        Source::Url(_) => None,
    })
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
            len if len > LARGEST => Err(format!("it has more than {} MiB, which no clip may have", LARGEST >> 20)),
            len => Ok(Some(Work::Clip { len })),
        },
        _ => Ok(None),
    }
}

/// A file that was made, or would be.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub job: Job,
    /// Relative to the content root.
    pub path: String,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Planned,
    Written,
    /// An earlier run has made it.
    There,
}

/// What has become of all jobs.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub made: Vec<Made>,
    pub left: Vec<Left>,
    /// The run was asked to end before all was done.
    pub stopped: Option<Signal>,
}

/// The jobs without the manifests that have to be changed by hand: no file is made for those.
pub(crate) fn without(mut jobs: Vec<Job>, left: &[Left]) -> Vec<Job> {
    for job in &mut jobs {
        job.places.retain(|manifest, _| left.iter().all(|left| left.file != *manifest));
    }
    jobs.retain(|job| !job.places.is_empty());
    jobs
}

/// Makes the files, or only finds their names where `write` is not set. `tell` hears of each.
pub(crate) fn make(root: &Path, jobs: Vec<Job>, write: bool, ports: &Ports, mut tell: impl FnMut(&Made)) -> Outcome {
    let maker = Maker { disk: &*ports.disk, root, stop: &ports.stop };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut outcome = Outcome::default();
    let mut taken: Vec<String> = Vec::new();
    let mut jobs = jobs.into_iter().peekable();
    while jobs.peek().is_some() {
        let batch: Vec<Job> = jobs.by_ref().take(threads).collect();
        let drawn = if write { maker.draw_all(&batch) } else { batch.iter().map(|_| None).collect() };
        for (job, drawn) in batch.into_iter().zip(drawn) {
            outcome.stopped = ports.stop.requested();
            if outcome.stopped.is_some() {
                return outcome;
            }
            match maker.make(&job, drawn, write, &mut taken) {
                Ok((path, state)) => {
                    let made = Made { job, path, state };
                    tell(&made);
                    outcome.made.push(made);
                }
                Err(failed) => outcome.left.push(Left { file: job.source, reason: failed.to_string() }),
            }
        }
    }
    outcome.stopped = ports.stop.requested();
    outcome
}

struct Maker<'m> {
    disk: &'m dyn Disk,
    root: &'m Path,
    stop: &'m StopSignal,
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Picture(#[from] convert::Failed),
    #[error("{0}")]
    Clip(#[from] index_first::Failed),
    #[error("nothing can be made of it any more: it has changed")]
    Changed,
    #[error("{0} cannot be written: {1}")]
    Write(String, io::Error),
    #[error("every name for the result is taken")]
    Taken,
}

/// So many names are tried: the second and the rest are for files that happen to have the first.
const NAMES: usize = 100;

impl Maker<'_> {
    /// The pictures of some jobs, on as many cores; `None` for clips.
    fn draw_all(&self, jobs: &[Job]) -> Vec<Option<Result<Content<'_>, Failed>>> {
        thread::scope(|scope| {
            let workers: Vec<_> = jobs
                .iter()
                .map(|job| match job.work {
                    Work::Picture { .. } => Some(scope.spawn(|| self.content(job))),
                    Work::Clip { .. } => None,
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.map(|worker| worker.join().expect("drawing does not panic")))
                .collect()
        })
    }

    fn content(&self, job: &Job) -> Result<Content<'_>, Failed> {
        let path = self.root.join(&*job.source);
        match &job.work {
            Work::Picture { target, .. } => {
                let drawn = convert::draw(self.disk, &path, target, |_| true)?;
                drawn.map(Content::Picture).ok_or(Failed::Changed)
            }
            Work::Clip { .. } => {
                let before = self.disk.stat(&path).map_err(index_first::Failed::Disk)?;
                let mut source = self.disk.open(&path).map_err(index_first::Failed::Disk)?;
                let rewrite = index_first::plan(&mut source)?.ok_or(Failed::Changed)?;
                let is_unchanged = {
                    let disk = self.disk;
                    move || disk.stat(&path).is_ok_and(|now| now == before)
                };
                Ok(Content::Clip { rewrite, source, is_unchanged: Box::new(is_unchanged) })
            }
        }
    }

    /// Makes the file of a job under the first name that is free, or finds it made under one. `drawn`: what was made
    /// of it already.
    fn make(
        &self,
        job: &Job,
        drawn: Option<Result<Content<'_>, Failed>>,
        write: bool,
        taken: &mut Vec<String>,
    ) -> Result<(String, State), Failed> {
        let mut content = drawn.transpose()?;
        if content.is_none() && matches!(job.work, Work::Clip { .. }) {
            content = Some(self.content(job)?);
        }
        for name in names(&job.source, job.work.extension()) {
            // As systems that know no case compare them.
            let folded = name.to_lowercase();
            if taken.contains(&folded) {
                continue;
            }
            let path = self.root.join(&name);
            let there = match self.disk.stat(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(Failed::Write(name, error)),
                Ok(stat) => Some(stat),
            };
            let state = match there {
                None if !write => State::Planned,
                None => match self.write(&path, content_of(&mut content, || self.content(job))?) {
                    Ok(()) => State::Written,
                    // Another run may have made the very file meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        let content = content_of(&mut content, || self.content(job))?;
                        if !self.is_content(&path, content) {
                            continue;
                        }
                        State::There
                    }
                    Err(error) => return Err(Failed::Write(name, error)),
                },
                Some(stat) if stat.kind == FileKind::File => {
                    let content = content_of(&mut content, || self.content(job))?;
                    if stat.len != content.len() || !self.is_content(&path, content) {
                        continue;
                    }
                    State::There
                }
                Some(_) => continue,
            };
            taken.push(folded);
            return Ok((name, state));
        }
        Err(Failed::Taken)
    }

    fn write(&self, path: &Path, content: &mut Content<'_>) -> io::Result<()> {
        self.disk.create(path, &mut |out| content.write(&mut Stoppable { out, stop: self.stop }))
    }

    /// Whether the file holds the very bytes that would be written.
    fn is_content(&self, path: &Path, content: &mut Content<'_>) -> bool {
        let Ok(other) = self.disk.open(path) else { return false };
        content.write(&mut Stoppable { out: &mut SameAs { other, read: Vec::new() }, stop: self.stop }).is_ok()
    }
}

fn content_of<'c, 'd>(
    content: &'c mut Option<Content<'d>>,
    make: impl FnOnce() -> Result<Content<'d>, Failed>,
) -> Result<&'c mut Content<'d>, Failed> {
    match content {
        Some(content) => Ok(content),
        None => Ok(content.insert(make()?)),
    }
}

/// The bytes of a file that is to be made.
enum Content<'c> {
    Picture(Vec<u8>),
    Clip { rewrite: Rewrite, source: Box<dyn Access>, is_unchanged: Box<dyn Fn() -> bool + Send + 'c> },
}

impl Content<'_> {
    /// In bytes.
    fn len(&self) -> u64 {
        match self {
            Self::Picture(bytes) => bytes.len() as u64,
            Self::Clip { rewrite, .. } => rewrite.file_len(),
        }
    }

    fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Picture(bytes) => out.write_all(bytes),
            Self::Clip { rewrite, source, is_unchanged } => {
                rewrite.write(source, out)?;
                if is_unchanged() { Ok(()) } else { Err(io::Error::other("its source changed meanwhile")) }
            }
        }
    }
}

/// The names that the result of a source may have, best first: `a.igsync.jpg`, `a.png.igsync.jpg`,
/// `a.png.igsync-2.jpg`.
fn names(source: &str, extension: &str) -> impl Iterator<Item = String> {
    let name = source.rsplit('/').next().unwrap_or(source);
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => &source[..source.len() - ending.len() - 1],
        _ => source,
    };
    let more = (2..NAMES).map(move |number| format!("{source}.igsync-{number}.{extension}"));
    [format!("{stem}.igsync.{extension}"), format!("{source}.igsync.{extension}")].into_iter().chain(more)
}

/// Ends where the run is asked to.
struct Stoppable<'s> {
    out: &'s mut dyn Write,
    stop: &'s StopSignal,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stop.requested() {
            Some(_) => Err(io::Error::other("the run was asked to end")),
            None => self.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Takes only the bytes that another file has.
struct SameAs {
    other: Box<dyn Access>,
    read: Vec<u8>,
}

impl Write for SameAs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.read.resize(bytes.len(), 0);
        self.other.read_exact(&mut self.read)?;
        if self.read == bytes { Ok(bytes.len()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Manifests that name other files than before.
#[derive(Debug, Default)]
pub(crate) struct Repointed {
    /// Relative to the content root.
    pub manifests: Vec<Arc<str>>,
    pub left: Vec<Left>,
}

/// Points the manifests at what was made; without `write` it is only found out whether they can be.
pub(crate) fn repoint(root: &Path, made: &[Made], write: bool, disk: &dyn Disk) -> Repointed {
    let mut names: BTreeMap<Arc<str>, Vec<(Spot<'static>, String)>> = BTreeMap::new();
    for made in made {
        let name = made.path.rsplit('/').next().unwrap_or(&made.path);
        for (manifest, spots) in &made.job.places {
            let names = names.entry(Arc::clone(manifest)).or_default();
            names.extend(spots.iter().map(|spot| (*spot, name.to_owned())));
        }
    }
    let mut repointed = Repointed::default();
    for (manifest, names) in names {
        match repoint_one(root, &manifest, &names, write, disk) {
            Ok(()) => repointed.manifests.push(manifest),
            Err(problem) => {
                let by_hand: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
                let reason = format!("{problem}; name {} in it yourself", by_hand.join(", "));
                repointed.left.push(Left { file: manifest, reason });
            }
        }
    }
    repointed
}

fn repoint_one(
    root: &Path,
    manifest: &Arc<str>,
    names: &[(Spot<'static>, String)],
    write: bool,
    disk: &dyn Disk,
) -> Result<(), String> {
    let path = root.join(&**manifest);
    let bytes =
        disk.read(&path, igsync_model::yaml::FILE_LIMIT).map_err(|error| format!("it cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let new = manifest::repoint(manifest, &text, names).map_err(|problem| problem.to_string())?;
    if !write {
        return Ok(());
    }
    disk.replace(&path, new.as_bytes()).map_err(|error| format!("it cannot be written: {error}"))
}

/// What is still wrong with the media that were asked for once the files of `planned` are made, errors alone. A draft is
/// judged like any other post.
pub(crate) fn remaining(
    project: &Project,
    wanted: &Wanted<'_>,
    all: bool,
    planned: &[Made],
    ports: &Ports,
) -> Vec<Finding> {
    let disk = &*ports.disk;
    let mut cache = DigestCache::load(disk, &project.paths.digests());
    let mut files = Files::new(disk, &project.root, &mut cache);
    let mut found: Vec<Finding> = Vec::new();
    for post in project.posts.iter().filter(|post| all || !project.is_recorded(post)) {
        for (spot, broken) in broken(project, post, planned, &mut files) {
            let named = spots(post).find(|(place, _)| *place == spot).map_or("", |(_, source)| source);
            if !wanted(&post.file, named) {
                continue;
            }
            let severity = broken.severity;
            let finding = manifest::place(disk, &project.root, post, spot, broken);
            let judged = project.config.judge(Finding { severity, ..finding });
            found.extend(judged.filter(|finding| finding.severity == Severity::Error));
        }
    }
    // What could not be read has no media that could pass.
    let is_read = |file: &str| project.posts.iter().any(|post| *post.file == *file);
    let unread = project.findings.iter().filter(|finding| {
        let is_error = finding.severity == Severity::Error && finding.rule.id.starts_with("IGS1");
        is_error && !is_read(&finding.file) && wanted(&finding.file, "")
    });
    found.extend(unread.cloned());
    // A post of two accounts has each mistake once.
    finding::sort(&mut found);
    found
}

/// What is wrong with the media of one post. What is going to be made is judged as it will be.
fn broken(project: &Project, post: &Post, planned: &[Made], files: &mut Files<'_>) -> Vec<(Spot<'static>, Broken)> {
    let Some(account) = project.config.account(&post.account) else { return Vec::new() };
    let jobs: Vec<&Job> =
        planned.iter().map(|made| &made.job).filter(|job| job.places.contains_key(&post.file)).collect();
    let converting = Some(ConvertSettings { fit: account.fit }).filter(|_| !jobs.is_empty());
    let mut broken = manifest::check_files(post, false, converting.or_else(|| convert_settings_of(account)), files);
    if jobs.is_empty() && !project.settings.is_loopback() {
        broken.extend(manifest::check_conversion_hosting(post, account));
    }
    let is_made = |spot: Spot<'_>| {
        jobs.iter().any(|job| matches!(job.work, Work::Clip { .. }) && job.places[&post.file].contains(&spot))
    };
    broken.retain(|(spot, broken)| broken.rule.id != rules::INDEX_LAST.id || !is_made(*spot));
    broken
}

#[cfg(test)]
mod tests {
    use igsync_testkit::MemDisk;
    use igsync_testkit::media::Mp4;
    use igsync_testkit::mem_disk::Fault;

    use super::super::testing;
    use super::*;

    const CLIP: &str = "posts/a.mov";

    fn disk() -> MemDisk {
        let disk = MemDisk::new();
        disk.put("/site/posts/a.mov", Mp4 { moov_first: false, ..Mp4::default() }.build());
        disk.put("/site/posts/a.yaml", "kind: reel\nvideo: a.mov # boats\n");
        disk
    }

    fn made(disk: &MemDisk, write: bool) -> Outcome {
        let (ports, _stopper) = testing::ports(disk, &[]);
        let places = BTreeMap::from([("posts/a.yaml".into(), vec![Spot::Item(0)])]);
        let job = Job { source: CLIP.into(), work: Work::Clip { len: 9 }, places };
        make(Path::new("/site"), vec![job], write, &ports, |_| {})
    }

    fn state(outcome: &Outcome) -> Option<State> {
        outcome.made.first().map(|made| made.state)
    }

    #[test]
    fn a_run_that_dies_between_file_and_manifest_is_continued() {
        let disk = disk();
        assert_eq!(state(&made(&disk, false)), Some(State::Planned));
        assert_eq!(disk.write_count(), 0);
        disk.fail_next(Fault::CrashBefore);
        assert_eq!(made(&disk, true).left.len(), 1);
        disk.revive();
        let written = made(&disk, true);
        assert_eq!(state(&written), Some(State::Written));
        disk.fail_next(Fault::CrashBefore);
        assert_eq!(repoint(Path::new("/site"), &written.made, true, &disk).left.len(), 1);
        disk.revive();
        assert_eq!(disk.bytes("/site/posts/a.yaml").unwrap(), b"kind: reel\nvideo: a.mov # boats\n");

        let again = made(&disk, true);
        assert_eq!(state(&again), Some(State::There));
        assert_eq!(repoint(Path::new("/site"), &again.made, true, &disk).manifests.len(), 1);
        assert_eq!(disk.bytes("/site/posts/a.yaml").unwrap(), b"kind: reel\nvideo: a.igsync.mp4 # boats\n");
    }

    #[test]
    fn a_full_disk_is_named_and_leaves_nothing() {
        let disk = disk();
        disk.fail_next(Fault::DiskFull);
        let left = made(&disk, true).left;
        assert!(left[0].reason.starts_with("posts/a.igsync.mp4 cannot be written: "), "{left:?}");
        assert!(disk.bytes("/site/posts/a.igsync.mp4").is_none());
    }

    #[test]
    fn a_run_that_is_asked_to_end_writes_no_more() {
        let disk = disk();
        let (ports, stopper) = testing::ports(&disk, &[]);
        stopper.stop(Signal::Interrupt);
        let job = Job { source: CLIP.into(), work: Work::Clip { len: 9 }, places: BTreeMap::new() };
        let outcome = make(Path::new("/site"), vec![job], true, &ports, |_| {});
        assert_eq!((outcome.stopped, outcome.made.len(), disk.write_count()), (Some(Signal::Interrupt), 0, 0));
    }

    #[test]
    fn a_result_is_named_after_its_source() {
        let first = |source: &str, extension: &str| names(source, extension).take(3).collect::<Vec<_>>();
        assert_eq!(
            first("posts/a.b.png", "jpg"),
            ["posts/a.b.igsync.jpg", "posts/a.b.png.igsync.jpg", "posts/a.b.png.igsync-2.jpg"]
        );
        assert_eq!(first("v1.2/clip", "mp4")[0], "v1.2/clip.igsync.mp4");
        assert_eq!(names("a.png", "jpg").count(), NAMES);
    }
}
