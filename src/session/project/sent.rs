//! Whether local media still are those that were published: what the record has of them, beside what git says.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use igsync_base::content::SentFile;
use igsync_base::files::{Disk, FileKind, Stat};
use igsync_base::id::Digest;
use igsync_media::blob::{ObjectFormat, pointer_len};
use igsync_media::lfs;
use igsync_model::lockfile::{Record, effective};
use igsync_model::manifest::{Post, PostState, Source};

use super::Project;

/// Whether a live post's media decide what is said about it.
pub(super) fn is_compared(post: &Post) -> bool {
    !post.draft && post.state == PostState::Present
}

/// The local files of a post in the order of its content, a cover last.
pub(super) fn local_paths(post: &Post) -> impl Iterator<Item = &Arc<str>> {
    post.content.sources().filter_map(|source| match source {
        Source::Local(path) => Some(path),
        Source::Url(_) => None,
    })
}

impl Project {
    /// Takes over what is recorded of a live post's media where they are the same for certain, and adds those that
    /// have to be read to `wanted`.
    pub(super) fn compare(&self, post: &mut Post, disk: &dyn Disk, wanted: &mut Vec<Arc<str>>) {
        let stats = || -> Vec<(Arc<str>, Option<Stat>)> {
            local_paths(post).map(|path| (Arc::clone(path), disk.stat(&self.root.join(&**path)).ok())).collect()
        };
        let is_file = |stat: &Option<Stat>| stat.is_some_and(|stat| stat.kind == FileKind::File);
        let recorded =
            post.user_id.as_ref().and_then(|user| effective(self.snapshot.records.attempts(user, &post.key)));
        let Some(record) = recorded.filter(|record| record.digest.is_some()) else {
            // Which other posts it excludes is known by its bytes.
            if post.imported.is_some() && recorded.is_none() {
                wanted.extend(stats().into_iter().filter(|(_, stat)| is_file(stat)).map(|(path, _)| path));
            }
            return;
        };
        let stats = stats();
        let (media, cover) = (record.media_digest.as_ref(), record.cover_digest.as_ref());
        let digest = media.and_then(|media| post.digest_if_media(media, cover));
        if digest.is_some() && self.has_sent_media(post, record, &stats) {
            (post.digest, post.media_digest, post.cover_digest) = (digest, media.cloned(), cover.cloned());
            post.files.clone_from(&record.media);
            return;
        }
        wanted.extend(stats.into_iter().filter(|(_, stat)| is_file(stat)).map(|(path, _)| path));
    }

    /// Whether the post has the media of its record, and nothing but local ones: of a URL the record does not say what
    /// it was.
    fn has_sent_media(&self, post: &Post, record: &Record, now: &[(Arc<str>, Option<Stat>)]) -> bool {
        let is_local = post.content.items.iter().all(|item| matches!(item.source, Source::Local(_)));
        is_local
            && !now.is_empty()
            && now.len() == record.media.len()
            && now.iter().zip(&record.media).all(|((path, stat), sent)| {
                stat.as_ref().is_some_and(|stat| {
                    **path == *sent.file
                        && self.index.unmodified(path, stat).is_some_and(|oid| is_as_sent(sent, oid, stat.len))
                })
            })
    }

    /// By which names git knows the files of a post that has been hashed; empty where it does not know them all.
    pub(super) fn files_in_index(
        &self,
        post: &Post,
        digests: &HashMap<Arc<str>, Digest>,
        stats: &HashMap<Arc<str>, Stat>,
    ) -> Vec<SentFile> {
        let file = |path: &Arc<str>| self.file_in_index(path, digests.get(path)?, stats.get(path)?);
        local_paths(post).map(file).collect::<Option<_>>().unwrap_or_default()
    }

    fn file_in_index(&self, path: &str, digest: &Digest, stat: &Stat) -> Option<SentFile> {
        // What is as short may be a pointer, which has the digest of another file.
        let oid = self.index.unmodified(path, stat).filter(|_| stat.len > lfs::MAX_LEN)?;
        let is_in_lfs = ObjectFormat::of(oid).pointer_id(digest, stat.len).is_some_and(|pointer| pointer == oid);
        let oid = if is_in_lfs { digest.as_str() } else { oid };
        Some(SentFile { file: path.to_owned(), size: stat.len, oid: oid.to_owned() })
    }

    /// The post with the names by which git will know its files, for its record. Files that git does not have yet are
    /// read once more.
    pub(crate) fn identified(&self, post: &Arc<Post>, disk: &dyn Disk) -> Arc<Post> {
        self.identified_by(post, disk, |path| Some((self.digests.get(path)?.clone(), *self.hashed.get(path)?)))
    }

    /// As [`Self::identified`], for files that were hashed since; with what they were then.
    pub(crate) fn identified_by(
        &self,
        post: &Arc<Post>,
        disk: &dyn Disk,
        hashed: impl Fn(&str) -> Option<(Digest, Stat)>,
    ) -> Arc<Post> {
        if !post.files.is_empty() || post.digest.is_none() {
            return Arc::clone(post);
        }
        let identify = |path: &Arc<str>| self.identify(path, hashed(path)?, disk).ok();
        let files: Option<Vec<SentFile>> = local_paths(post).map(identify).collect();
        let mut identified = Arc::clone(post);
        if let Some(files) = files.filter(|files| !files.is_empty()) {
            Arc::make_mut(&mut identified).files = files;
        }
        identified
    }

    fn identify(&self, path: &Arc<str>, (digest, hashed): (Digest, Stat), disk: &dyn Disk) -> io::Result<SentFile> {
        if let Some(file) = self.file_in_index(path, &digest, &hashed) {
            return Ok(file);
        }
        let place = self.root.join(&**path);
        if hashed.len <= lfs::MAX_LEN && lfs::pointed_at(&disk.read(&place, lfs::MAX_LEN)?).is_some() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let format = self.index.any_id().map_or(ObjectFormat::Sha1, ObjectFormat::of);
        let oid = format.blob_id(&mut disk.open(&place)?, hashed.len)?;
        // The bytes of the digest, and no others.
        if disk.stat(&place)? != hashed {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(SentFile { file: path.to_string(), size: hashed.len, oid })
    }
}

/// Whether a file of `len` bytes whose blob is `oid` is the one that was published. Where Git LFS has not fetched it,
/// its pointer is there instead.
fn is_as_sent(sent: &SentFile, oid: &str, len: u64) -> bool {
    if sent.oid == oid {
        return sent.size == len;
    }
    let digest = Digest::from(sent.oid.as_str());
    ObjectFormat::of(oid).pointer_id(&digest, sent.size).is_some_and(|pointer| pointer == oid)
        && (len == sent.size || pointer_len(&digest, sent.size) == Some(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_lfs_is_known_by_its_pointer() {
        let digest = Digest::from(format!("sha256:{}", "ab".repeat(32)).as_str());
        let in_lfs = SentFile { file: "a.jpg".into(), size: 5000, oid: digest.to_string() };
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let pointer = format.pointer_id(&digest, 5000).unwrap();
            assert!(is_as_sent(&in_lfs, &pointer, 5000));
            assert!(is_as_sent(&in_lfs, &pointer, pointer_len(&digest, 5000).unwrap()), "not fetched");
            assert!(!is_as_sent(&in_lfs, &pointer, 4999));
            assert!(!is_as_sent(&in_lfs, &format.pointer_id(&digest, 4999).unwrap(), 5000));
        }
    }

    #[test]
    fn anything_else_in_a_record_is_no_file() {
        let oid = "15067e42215412748ad18906043cb94a73f08a03";
        let sent = |oid: &str| SentFile { file: "a.jpg".into(), size: 5, oid: oid.to_owned() };
        assert!(is_as_sent(&sent(oid), oid, 5));
        assert!(!is_as_sent(&sent(oid), oid, 6));
        for other in ["", "sha256:", "sha256:\n", &oid.to_uppercase(), &"a".repeat(1 << 20)] {
            assert!(!is_as_sent(&sent(other), oid, 5), "{}", other.len());
        }
    }
}
