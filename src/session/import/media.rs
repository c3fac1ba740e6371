//! The pictures and clips of live posts: fetched as the proof of hosting fetches, bounded, and resumed where they were
//! cut off. What is not whole is under `.igsync/import`, and nowhere else.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use igsync_base::feed::LivePost;
use igsync_base::files::Disk;
use igsync_base::net::is_loopback;
use igsync_base::rules;
use igsync_base::text::one_line;
use igsync_instagram::Client;
use igsync_media::digest::{digest_file, digest_of, hex};
use igsync_media::probe::{Format, probe};
use igsync_media::rules::{Use, check};
use igsync_ports::{Body, FetchError, Fetched, Method, Request, Transport};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::fetched::note;
use super::job::Wanted;

/// Nothing larger is kept: what Instagram takes at most. In bytes.
const MOST: u64 = 300_000_000;

/// So often one file is asked for: it may be cut off, and its link may have expired.
const TRIES: usize = 5;

/// What is in memory before it is on disk. In bytes.
const PIECE: usize = 4 << 20;

/// What came is not the whole, although its host says so.
const CUT: &str = "what came is cut off";

/// For one request, beyond the wait for its first byte.
const LONGEST: Duration = Duration::from_secs(300);

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// An earlier run had fetched it.
    There,
    /// So many bytes.
    Fetched(u64),
}

/// Fetches the media of live posts.
pub(crate) struct Fetcher {
    pub transport: Arc<dyn Transport>,
    pub disk: Arc<dyn Disk>,
    pub root: PathBuf,
    /// For what is not whole.
    pub parts: PathBuf,
    pub client: Arc<Client>,
    /// For the first byte.
    pub patience: Duration,
}

/// How one request ended.
enum Ended {
    Whole,
    Cut(String),
    /// Its link is too old.
    Expired,
    Refused(String),
}

impl Fetcher {
    /// Puts the file to its place, unless it is there.
    ///
    /// # Errors
    ///
    /// Why it is not, in words.
    pub(crate) async fn fetch(&self, wanted: &Wanted) -> Result<Got, String> {
        let place = self.root.join(&wanted.file);
        if self.disk.stat(&place).is_ok() {
            // A run that was ended right after it had made the file has left this.
            if let Some(url) = &wanted.url {
                self.clear(&self.part_of(wanted, url));
            }
            return self.check(&place, wanted.is_video).map(|_| Got::There);
        }
        let Some(mut url) = wanted.url.clone() else { return Err("Instagram gives no link to it".to_owned()) };
        let mut is_new_link = false;
        let mut last = String::new();
        for _ in 0..TRIES {
            let part = self.part_of(wanted, &url);
            match self.get(&url, &part).await? {
                Ended::Whole => return self.put(&part, wanted),
                Ended::Cut(why) => last = why,
                Ended::Expired if !is_new_link => {
                    let live =
                        self.client.feed_one(&wanted.post).await.map_err(|error| one_line(&error.to_string()))?;
                    url = link_of(&live, wanted).ok_or("its link has expired, and Instagram gives no other")?;
                    is_new_link = true;
                }
                Ended::Expired => return Err("its link has expired".to_owned()),
                Ended::Refused(why) => return Err(why),
            }
        }
        Err(format!("it was cut off {TRIES} times ({last}); the next run goes on with it"))
    }

    /// Where a file is until it is whole: named by what it is and by its link, whose signature aside.
    fn part_of(&self, wanted: &Wanted, url: &str) -> PathBuf {
        let bare = url.split(['?', '#']).next().unwrap_or_default();
        let hash = digest_of(&Sha256::digest(format!("{}\n{bare}", wanted.id).as_bytes()).into());
        self.parts.join(format!("{}.part", &hex(&hash).unwrap_or_default()[..32]))
    }

    async fn get(&self, link: &str, part: &Path) -> Result<Ended, String> {
        let url = Url::parse(link).map_err(|error| error.to_string())?;
        let is_here = is_loopback(&url);
        if is_here != self.client.endpoint().is_loopback() || !is_here && url.scheme() != "https" {
            return Err("its link leads to where no public file is".to_owned());
        }
        self.disk.create_folder(&self.parts).map_err(written)?;
        let begun = self.disk.stat(part).map_or(0, |stat| stat.len);
        // What comes is not known to be the rest before all of it has come.
        let to = if begun == 0 { part.to_owned() } else { part.with_extension("rest") };
        let _ = self.disk.remove(&part.with_extension("rest"));
        let mut headers = vec![("accept", "image/jpeg, video/mp4".to_owned())];
        headers.extend((begun > 0).then(|| ("range", format!("bytes={begun}-"))));
        let request = Request {
            method: Method::Get,
            url,
            headers,
            body: Body::Empty,
            timeout: self.patience + LONGEST,
            answer_limit: u64::MAX,
        };
        let mut kept =
            Kept { disk: &*self.disk, to: &to, piece: Vec::new(), len: 0, most: MOST - begun.min(MOST), failed: None };
        let mut sink = |piece: &[u8]| kept.take(piece);
        let answer = self.transport.fetch(request, &mut sink).await;
        kept.flush();
        let (failed, is_too_large) = (kept.failed.take(), kept.len > kept.most);
        let Fetched { head, body } = match answer {
            Ok(fetched) => fetched,
            Err(FetchError::Private(address)) => return Err(format!("its host is at {address}, which is not public")),
            Err(FetchError::Transport(error)) => return Ok(Ended::Cut(one_line(&error.to_string()))),
        };
        if let Some(error) = failed {
            return Err(written(error));
        }
        let range = head.header("content-range");
        let is_rest = head.status == 206 && begins_at(range, begun);
        let lacks_more = is_rest && lacks_more(range);
        match head.status {
            _ if is_too_large => {
                let _ = self.disk.remove(&to);
                return Ok(Ended::Refused(format!("it is larger than {} MB", MOST / 1_000_000)));
            }
            200 if begun == 0 => {}
            // The whole again: what was begun counts no more.
            200 => self.replace(part, &to).map_err(written)?,
            206 if begun > 0 && is_rest => self.join(part, &to).map_err(written)?,
            status => {
                let _ = self.disk.remove(&to);
                let is_nothing_left = status == 416;
                if is_nothing_left || status == 206 {
                    let _ = self.disk.remove(part);
                    return Ok(Ended::Cut("what was begun is not a part of it".to_owned()));
                }
                return Ok(match status {
                    401 | 403 | 410 => Ended::Expired,
                    429 | 500..=599 => Ended::Refused(format!("its host answers {status}; the next run asks again")),
                    status => Ended::Refused(format!("its host answers {status}")),
                });
            }
        }
        Ok(match body {
            Err(error) => Ended::Cut(one_line(&error.to_string())),
            Ok(()) if lacks_more => Ended::Cut("its host sent a part of the rest".to_owned()),
            Ok(()) => Ended::Whole,
        })
    }

    /// Puts what has come behind what was begun.
    fn join(&self, part: &Path, rest: &Path) -> io::Result<()> {
        let mut source = self.disk.open(rest)?;
        let mut piece = vec![0; PIECE];
        loop {
            let len = source.read(&mut piece)?;
            if len == 0 {
                break;
            }
            self.disk.append(part, &piece[..len])?;
        }
        self.disk.remove(rest)
    }

    fn replace(&self, part: &Path, whole: &Path) -> io::Result<()> {
        self.disk.remove(part)?;
        self.join(part, whole)
    }

    /// Makes the file of what is whole. Nothing is overwritten.
    fn put(&self, part: &Path, wanted: &Wanted) -> Result<Got, String> {
        let place = &self.root.join(&wanted.file);
        if self.disk.stat(part).is_err() {
            return Err("its host sent nothing".to_owned());
        }
        let len = match self.check(part, wanted.is_video) {
            Ok(len) => len,
            Err(why) => {
                let _ = self.disk.remove(part);
                return Err(why);
            }
        };
        let digest = digest_file(&*self.disk, part).map_err(written)?;
        note(&*self.disk, &self.root, &wanted.file, &digest).map_err(written)?;
        if let Some(folder) = place.parent() {
            self.disk.create_folder(folder).map_err(written)?;
        }
        let mut source = self.disk.open(part).map_err(written)?;
        match self.disk.create(place, &mut |out| io::copy(&mut source, out).map(drop)) {
            Ok(()) => {
                self.clear(part);
                Ok(Got::Fetched(len))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err("another file has this name".to_owned()),
            Err(error) => Err(written(error)),
        }
    }

    /// What is left of a file that is whole is of no more use.
    fn clear(&self, part: &Path) {
        for path in [part.with_extension("rest"), part.to_owned()] {
            let _ = self.disk.remove(&path);
        }
    }

    /// Whether the bytes are what they are called; their number.
    fn check(&self, path: &Path, is_video: bool) -> Result<u64, String> {
        let mut file = self.disk.open(path).map_err(written)?;
        let facts = probe(&mut file).map_err(written)?;
        let fits = match facts.format {
            Format::Jpeg(_) => !is_video,
            Format::Video(_) => is_video,
            _ => false,
        };
        let wanted = if is_video { "a clip" } else { "a JPEG" };
        if !fits {
            return Err(format!("what is there is not {wanted} but {}", facts.format.name()));
        }
        let of = if is_video { Use::Reel } else { Use::Image };
        let is_cut = |broken: &igsync_media::rules::Broken| broken.rule.id == rules::MEDIA_TRUNCATED.id;
        if check(&facts, of, "").iter().any(is_cut) { Err(CUT.to_owned()) } else { Ok(facts.len) }
    }
}

/// Bytes on their way to a file.
struct Kept<'k> {
    disk: &'k dyn Disk,
    to: &'k Path,
    piece: Vec<u8>,
    len: u64,
    most: u64,
    failed: Option<io::Error>,
}

impl Kept<'_> {
    fn take(&mut self, piece: &[u8]) -> ControlFlow<()> {
        self.len += piece.len() as u64;
        self.piece.extend_from_slice(piece);
        if self.piece.len() >= PIECE {
            self.flush();
        }
        if self.len > self.most || self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn flush(&mut self) {
        if self.piece.is_empty() || self.failed.is_some() {
            return;
        }
        self.failed = self.disk.append(self.to, &self.piece).err();
        self.piece.clear();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it ends here")]
fn written(error: io::Error) -> String {
    format!("it cannot be written or read here: {error}")
}

/// Whether an answer continues where the file was cut off.
fn begins_at(range: Option<&str>, begun: u64) -> bool {
    let start =
        range.and_then(|range| range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse::<u64>().ok());
    start == Some(begun)
}

/// Whether an answer ends before the file does.
fn lacks_more(range: Option<&str>) -> bool {
    let ends = || {
        let (part, total) = range?.trim().strip_prefix("bytes ")?.split_once('/')?;
        let last = part.split_once('-')?.1.trim().parse::<u64>().ok()?;
        Some((last, total.trim().parse::<u64>().ok()?))
    };
    ends().is_some_and(|(last, total)| last.saturating_add(1) < total)
}

/// The link of a picture or clip in a post that was read again.
fn link_of(live: &LivePost, wanted: &Wanted) -> Option<String> {
    if wanted.id == wanted.post {
        return live.media_url.clone();
    }
    live.children.as_ref()?.iter().find(|child| child.id == wanted.id)?.media_url.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_an_answer_says_whether_it_is_the_whole_rest() {
        assert!(begins_at(Some("bytes 5-9/10"), 5) && !begins_at(Some("bytes 4-9/10"), 5) && !begins_at(None, 5));
        assert!(lacks_more(Some("bytes 5-8/10")));
        for whole in [Some("bytes 5-9/10"), Some("bytes 5-9/*"), Some("bytes */10"), Some("x"), None] {
            assert!(!lacks_more(whole), "{whole:?}");
        }
    }
}
