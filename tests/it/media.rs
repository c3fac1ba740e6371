//! Media files that are read once, and stand-ins that are never sent.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use igsync::exit::Exit;
use igsync_base::files::{Access, Disk, Entry, Fill, ReadDisk, RunLock, Stat};
use igsync_host::RealDisk;

use crate::ports::run_over;
use crate::project::{Project, Server, repository};
use crate::upload::sha256;

/// The real disk, which counts what is done with media files.
#[derive(Clone, Default)]
pub struct Counting(Arc<Mutex<Counts>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub bytes: u64,
    pub opened: HashMap<PathBuf, usize>,
    looked_at: usize,
}

impl Counting {
    pub fn take(&self) -> Counts {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn count(&self, path: &Path, count: impl FnOnce(&mut Counts)) {
        if path.extension().is_some_and(|ext| ext == "mp4" || ext == "jpg") {
            count(&mut self.0.lock().unwrap());
        }
    }
}

/// A file whose bytes are counted as they are read.
struct Counted {
    file: Box<dyn Access>,
    counts: Arc<Mutex<Counts>>,
    is_media: bool,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if self.is_media {
            self.counts.lock().unwrap().bytes += read as u64;
        }
        Ok(read)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl ReadDisk for Counting {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = RealDisk.read(path, limit)?;
        self.count(path, |counts| counts.bytes += bytes.len() as u64);
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        let file = RealDisk.open(path)?;
        let mut is_media = false;
        self.count(path, |counts| {
            is_media = true;
            *counts.opened.entry(path.to_owned()).or_default() += 1;
        });
        Ok(Box::new(Counted { file, counts: Arc::clone(&self.0), is_media }))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.count(path, |counts| counts.looked_at += 1);
        RealDisk.stat(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        RealDisk.canonicalize(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(folder)
    }
}

impl Disk for Counting {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_folder(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        RealDisk.append(path, bytes)
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        RealDisk.truncate(path, len)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        RealDisk.replace(path, bytes)
    }

    fn create(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
        RealDisk.create(path, fill)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
        RealDisk.try_lock(path, holder)
    }
}

/// Eight reels that make one GiB, almost all of it holes.
fn a_gibibyte() -> Project {
    const LEN: u64 = 1 << 27;
    let head = std::fs::read(repository().join("tests/fixtures/content/reel/posts/boats.mp4")).unwrap();
    let project = Project::with_one_image();
    project.remove("posts/one.yaml");
    for number in 0..8_u8 {
        let rest = u32::try_from(LEN - head.len() as u64).unwrap().to_be_bytes();
        let bytes = [&head[..], &rest, b"free", &[number]].concat();
        project.write(&format!("posts/{number}.mp4"), bytes);
        let file = project.path().join(format!("posts/{number}.mp4"));
        std::fs::File::options().write(true).open(file).unwrap().set_len(LEN).unwrap();
        let text = format!("kind: reel\nvideo: ./{number}.mp4\ncaption: number {number}\n");
        project.write(&format!("posts/{number}.yaml"), text);
    }
    project
}

#[test]
fn a_gibibyte_of_unchanged_media_costs_a_plan_no_byte() {
    let (project, disk) = (a_gibibyte(), Counting::default());
    let plan = || {
        let root = project.path().to_str().unwrap();
        let (exit, text) = run_over(Arc::new(disk.clone()), root, "http://127.0.0.1:9", "plan");
        assert!(exit == Exit::Done && text.ends_with("Plan: 8 to publish.\n"), "{exit:?}\n{text}");
        disk.take()
    };
    let first = plan();
    let over = first.bytes - (1 << 30);
    assert!(over < 8 * 64 * 1024, "hashed once, and a few small reads: {first:?}");

    let second = plan();
    assert_eq!((second.bytes, second.opened.len()), (0, 0), "{second:?}");
    assert!(second.looked_at <= 8 * 6, "{second:?}");

    // One changed file is the only one that is read again.
    let file = std::fs::File::options().write(true).open(project.path().join("posts/3.mp4")).unwrap();
    file.set_len((1 << 27) - 1).unwrap();
    drop(file);
    let root = project.path().to_str().unwrap();
    run_over(Arc::new(disk.clone()), root, "http://127.0.0.1:9", "plan");
    let third = disk.take();
    assert_eq!(third.opened.keys().collect::<Vec<_>>(), [&project.path().canonicalize().unwrap().join("posts/3.mp4")]);
}

#[test]
fn a_plan_tells_the_bytes_of_what_it_begins() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.write("posts/later.yaml", "kind: image\nimage: ./one.jpg\ncaption: later\npublish_at: 2100-01-01T00:00Z\n");
    project.write("posts/url.yaml", format!("kind: image\nimage: {}/a.jpg\ncaption: elsewhere\n", server.url()));
    let len = std::fs::metadata(project.path().join("posts/one.jpg")).unwrap().len();
    let planned = project.run(["plan", "--format", "json"]).exits(0).stdout;
    let planned: serde_json::Value = serde_json::from_str(&planned).unwrap();
    assert_eq!(planned["cost"]["media_bytes"], len, "one is due now, one later, one is no file");
    let said = format!("API calls and {} kB of media Plan:", len.div_ceil(1_000));
    let human = project.run(["plan"]).exits(0).stdout;
    assert!(human.split_whitespace().collect::<Vec<_>>().join(" ").contains(&said), "{human}");
    project.run(["apply", "--yes", "--target", "posts/one"]).exits(0);
    assert!(!project.run(["plan"]).exits(0).stdout.contains("of media"));
}

#[test]
fn two_gigabytes_are_not_read_to_be_refused() {
    for start in [&b""[..], b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", b"\0\0\0\x18ftypisom\0\0\0\0isommp42\0\0\0\0"] {
        let (project, disk) = (Project::with_one_image(), Counting::default());
        project.write("posts/one.jpg", start);
        let file = std::fs::File::options().write(true).open(project.path().join("posts/one.jpg")).unwrap();
        file.set_len(2 << 30).unwrap();
        let root = project.path().to_str().unwrap();
        let (exit, text) = run_over(Arc::new(disk.clone()), root, "http://127.0.0.1:9", "validate");
        assert!(exit == Exit::Failure && text.contains("posts/one.yaml:2"), "{exit:?}\n{text}");
        let read = disk.take();
        assert!(read.bytes < 1 << 20, "{read:?}");
    }
}

fn pointer(bytes: &[u8]) -> String {
    let oid = sha256(bytes);
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", bytes.len())
}

#[test]
fn a_checkout_without_lfs_content_knows_what_was_published() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    let picture = std::fs::read(project.path().join("posts/one.jpg")).unwrap();
    project.write("posts/one.jpg", pointer(&picture));
    project.run(["plan"]).exits(0).ends_with("No changes.");
    // Moved: the pointer's digest is the picture's.
    project.rename("posts/one.yaml", "posts/later/one.yaml");
    project.rename("posts/one.jpg", "posts/later/one.jpg");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 moved.");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(server.published().len(), 1);
}

#[test]
fn a_pointer_is_never_sent() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let picture = std::fs::read(project.path().join("posts/one.jpg")).unwrap();
    project.write("posts/one.jpg", pointer(&picture));
    project.run(["plan"]).exits(1).says("git lfs pull").says("IGS3001");
    project.run(["apply", "--yes"]).exits(1).says("git lfs pull");
    // Whoever switches the check off is stopped before anything is made.
    let text = project.read("igsync.yaml");
    project.write("igsync.yaml", format!("{text}rules: {{ lfs-pointer: off }}\n"));
    project.run(["apply", "--yes"]).exits(3).says("is a Git LFS pointer");
    assert_eq!(server.published().len(), 0);
    project.write("posts/one.jpg", picture);
    project.run(["apply", "--yes"]).exits(0);
}
