//! New files under names that nothing has.

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;

use igsync_apply::StopSignal;
use igsync_base::files::{Access, Disk, FileKind};
use igsync_media::convert;
use igsync_media::index_first::{self, Rewrite};

use super::super::ports::Ports;
use super::job::{Job, Left, Made, Outcome, State, Work};

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
    #[error("it changed during the run")]
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

#[cfg(test)]
mod tests {
    use igsync_testkit::MemDisk;
    use igsync_testkit::media::Mp4;
    use igsync_testkit::mem_disk::Fault;

    use std::collections::BTreeMap;

    use igsync_apply::Signal;
    use igsync_model::manifest::Spot;

    use super::super::super::testing;
    use super::super::repoint::repoint;
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
    fn an_edit_made_meanwhile_stays() {
        let disk = disk();
        let written = made(&disk, true);
        disk.put("/site/posts/a.yaml", "kind: reel\nvideo: other.mov\n");
        let left = repoint(Path::new("/site"), &written.made, true, &disk).left;
        assert!(left[0].reason.starts_with("it names another file by now"), "{left:?}");
        assert_eq!(disk.bytes("/site/posts/a.yaml").unwrap(), b"kind: reel\nvideo: other.mov\n");
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
