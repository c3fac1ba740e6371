//! What a page of the coming feed needs beyond the plan: what files show, small pictures, and what accounts show.

mod listed;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::BufReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use igsync_base::files::Disk;
use igsync_media::DigestCache;
use igsync_media::convert::{Header, Shot, header, thumbnails};
use igsync_media::probe::{Facts, Format};
use igsync_model::manifest::Files;
use igsync_model::preview::{Media, Seen, Shots, Still};

use super::ports::Ports;
use super::project::Project;

pub(crate) use listed::{Listed, fetch, listed};

/// Small pictures by what they are drawn from. What could not be drawn is not here.
pub(crate) type Drawn = HashMap<(Still, Shot), Vec<u8>>;

/// Looks into media files as a page asks for them. Only what a manifest may use is opened.
pub(crate) struct Looking<'p>(RefCell<Files<'p>>, &'p dyn Disk, &'p Project);

/// Lets `look` look into the media of a project.
pub(crate) fn looking<T>(project: &mut Project, ports: &Ports, look: impl FnOnce(&Project, &Looking<'_>) -> T) -> T {
    let disk = &*ports.disk;
    let ignored = std::mem::take(&mut project.ignored);
    let mut cache = DigestCache::load(disk, &project.paths.digests());
    let looking = Looking(RefCell::new(Files::new(disk, &project.root, &mut cache).knowing(ignored)), disk, project);
    look(project, &looking)
}

impl Media for Looking<'_> {
    fn seen(&self, path: &str) -> Option<Seen> {
        let Self(files, disk, project) = self;
        let facts = files.borrow_mut().look(&Arc::from(path)).ok()?;
        let place = project.root.join(path);
        seen(&facts, || header(BufReader::new(disk.open(&place).ok()?), &facts.format)?.ok())
    }
}

fn seen(facts: &Facts, header: impl FnOnce() -> Option<Header>) -> Option<Seen> {
    let picture = |size: (u32, u32)| Some(Seen { size: Some(size), duration_ms: None, is_clip: false });
    match &facts.format {
        Format::Jpeg(jpeg) if jpeg.width > 0 && jpeg.height > 0 => picture(jpeg.seen_size()),
        Format::Png | Format::WebP => {
            let Header { size: (width, height), orientation, .. } = header()?;
            picture(if orientation >= 5 { (height, width) } else { (width, height) })
        }
        Format::Video(video) => {
            let size = video.video.as_ref().map(|track| (track.width, track.height));
            Some(Seen { size, duration_ms: video.duration_ms, is_clip: true })
        }
        _ => None,
    }
}

/// Draws the pictures of the content root, on all cores.
pub(crate) fn draw(shots: &Shots, project: &Project, ports: &Ports) -> Drawn {
    let files = shots.iter().filter_map(|(still, shots)| match still {
        Still::File { path, target } => Some((still, path, target, shots)),
        _ => None,
    });
    let jobs: Vec<_> = files.collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut drawn = Vec::new();
        while let Some((still, path, target, shots)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let place = project.root.join(&***path);
            // What cannot be drawn has a finding, or was changed right now: the page says that there is no picture.
            if let Ok(pictures) = thumbnails(&*ports.disk, &place, target.as_ref(), shots) {
                let named =
                    shots.iter().zip(pictures).map(|(shot, picture)| (((*still).clone(), shot.clone()), picture));
                drawn.extend(named);
            }
        }
        drawn
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("drawing does not panic")).collect()
    })
}
