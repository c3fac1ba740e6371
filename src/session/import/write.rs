//! Media, records and manifests onto the disk, in the order in which a run can be ended anywhere: a file that is whole
//! is kept, a record is in `igsync.lock` before its manifest is there, and what is missing is made by the next run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use igsync_base::feed::LivePost;
use igsync_base::files::{Disk, Stat};
use igsync_base::id::{Digest, PostKey, UserId};
use igsync_media::digest::digest_file;
use igsync_model::import::{self, Found, attempt_for};
use igsync_model::lockfile::{RECORD_ONLY, Record, Records};
use igsync_model::manifest::Source;

use super::super::project::Project;
use super::files::{Made, make};
use super::job::{Base, Job, Left, Wanted};
use super::media::{Fetcher, Got};

/// Files that are fetched at a time.
const AT_A_TIME: usize = 4;

/// What was written of some jobs.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub records: Vec<Record>,
    /// Of the manifests, by the post: from the content root.
    pub files: Vec<(PostKey, String)>,
    pub fetched: usize,
    /// In bytes.
    pub bytes: u64,
    pub left: Vec<Left>,
    /// A file that Instagram gives could not be fetched.
    pub has_failed: bool,
    /// Files that were to be fetched and are not here, or are others.
    absent: HashSet<String>,
}

/// What a run writes into.
pub(crate) struct Writing<'w> {
    pub project: &'w Project,
    pub user: &'w UserId,
    /// The Graph base URL, when it is not Meta's.
    pub graph: Option<&'w str>,
    /// `None`: media are left out.
    pub fetcher: Option<&'w Fetcher>,
}

impl Writing<'_> {
    /// Fetches the media of some jobs, and makes their records. Nothing of these is written.
    pub(crate) async fn prepare(&self, jobs: &[Job<'_>], disk: &dyn Disk, records: &Records) -> Written {
        let mut written = Written::default();
        if let Some(fetcher) = self.fetcher {
            let wanted: Vec<&Wanted> = jobs.iter().flat_map(|job| &job.media).collect();
            let fetch = |wanted: Wanted| async move { (fetcher.fetch(&wanted).await, wanted) };
            let mut all = stream::iter(wanted.into_iter().cloned()).map(fetch).buffered(AT_A_TIME);
            while let Some((got, wanted)) = all.next().await {
                match got {
                    Ok(Got::There) => {}
                    Ok(Got::Fetched(bytes)) => {
                        written.fetched += 1;
                        written.bytes += bytes;
                    }
                    Err(reason) => {
                        written.has_failed |= wanted.url.is_some();
                        written.absent.insert(wanted.file.clone());
                        written.left.push(Left { what: wanted.file, reason });
                    }
                }
            }
        }
        for job in jobs {
            let made = self.records(job, disk, records, &written.absent);
            written.records.extend(made);
        }
        written
    }

    /// What is recorded of a post with its manifest: under its key, and where it was recorded alone, that no more.
    fn records(&self, job: &Job<'_>, disk: &dyn Disk, records: &Records, absent: &HashSet<String>) -> Vec<Record> {
        let mut post = job.post.clone();
        post.user_id = Some(self.user.clone());
        let digests = self.digests(job, disk, absent);
        let is_whole = digests.values().all(|(_, here)| here.is_some());
        post.with_media(|source| match source {
            Source::Local(path) => digests.get(&**path).map(|(digest, _)| digest.clone()),
            Source::Url(_) => None,
        });
        let post = Arc::new(post);
        let hashed = |path: &str| digests.get(path).and_then(|(digest, here)| Some((digest.clone(), (*here)?)));
        let post = if is_whole { self.project.identified_by(&post, disk, hashed) } else { post };
        let found = Found { live: job.live, user_id: self.user, account: &post.account, graph: self.graph };
        let described = |record: Record| found.described(record, &post, is_whole && !digests.is_empty());
        let attempts = records.attempts(self.user, &post.key);
        match &job.base {
            // What is known of the bytes stays known where they cannot be fetched now.
            Base::Unfinished(record) | Base::Described(record, _) if record.reencoded && !is_whole => vec![],
            Base::Unfinished(record) | Base::Described(record, _) => {
                let described = described(record.clone());
                if described == *record {
                    vec![]
                } else {
                    vec![Record { rev: record.rev.saturating_add(1), ..described }]
                }
            }
            Base::Nothing => {
                let attempt = attempt_for(self.user, &job.live.id, attempts);
                found.record(&post.key, attempt).map(described).into_iter().collect()
            }
            Base::Alone(record) => {
                let attempt = attempt_for(self.user, &job.live.id, attempts);
                let [copy, tombstone] = record.clone().moved(post.key.clone(), attempt);
                vec![described(copy), tombstone]
            }
        }
    }

    /// The digest of each file, and what it was then, if it is here. What is not is known by its id.
    fn digests(
        &self,
        job: &Job<'_>,
        disk: &dyn Disk,
        absent: &HashSet<String>,
    ) -> HashMap<String, (Digest, Option<Stat>)> {
        let of = |wanted: &Wanted| {
            let place = self.project.root.join(&wanted.file);
            let is_fetched = self.fetcher.is_some() && !absent.contains(&wanted.file);
            let stat = disk.stat(&place).ok().filter(|_| is_fetched);
            let here = stat.and_then(|stat| Some((digest_file(disk, &place).ok()?, Some(stat))));
            (wanted.file.clone(), here.unwrap_or_else(|| (import::absent(&wanted.id), None)))
        };
        job.media.iter().map(of).collect()
    }
}

/// Writes the manifests of jobs whose records are in the lockfile.
pub(crate) fn write(jobs: &[Job<'_>], project: &Project, disk: &dyn Disk) -> Written {
    let mut written = Written::default();
    for job in jobs {
        if matches!(job.base, Base::Described(..)) {
            continue;
        }
        let file = job.place.file.clone();
        let reason = match make(disk, &project.root.join(&file), &job.text) {
            Ok(Made::Written) => {
                written.files.push((job.post.key.clone(), file));
                continue;
            }
            Ok(Made::There) => continue,
            Ok(Made::Taken) => "another file has this name".to_owned(),
            Err(error) => error.to_string(),
        };
        written.left.push(Left { what: file, reason });
    }
    written
}

/// The record of a post that gets no manifest.
pub(crate) fn alone(live: &LivePost, found: &Found<'_>, records: &Records) -> Option<Record> {
    let key = PostKey::new(format!("{RECORD_ONLY}{}", live.id));
    let attempt = attempt_for(found.user_id, &live.id, records.attempts(found.user_id, &key));
    found.record(&key, attempt)
}
