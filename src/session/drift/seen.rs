//! What the last `drift` on this machine saw of the posts that differ, so that `lock accept` can take it over where no
//! one can be asked. A cache: what cannot be read or written is left out.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use igsync_base::files::Disk;
use igsync_base::id::{Digest, MediaId, PostKey, UserId};

/// In bytes; a larger file is not ours.
const LIMIT: u64 = 4 << 20;

/// The oldest are dropped.
const KEPT: usize = 5_000;

/// One post that differed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub user_id: UserId,
    pub key: PostKey,
    pub media_id: MediaId,
    /// Of each fact that differed.
    pub shown: Vec<Digest>,
    /// When it was read.
    pub at: Timestamp,
}

#[derive(Default, Serialize, Deserialize)]
struct File {
    posts: Vec<Seen>,
}

/// What was last seen of this post, while it is this media.
pub(crate) fn recall(disk: &dyn Disk, path: &Path, user: &UserId, key: &PostKey, media: &MediaId) -> Option<Seen> {
    let is_it = |seen: &Seen| seen.user_id == *user && seen.key == *key && seen.media_id == *media;
    read(disk, path).posts.into_iter().rev().find(is_it)
}

/// Writes down what was seen of one account, into a folder that exists. `is_all`: what is not in it does not differ.
pub(crate) fn remember(
    disk: &dyn Disk,
    path: &Path,
    user: &UserId,
    news: Vec<Seen>,
    is_all: bool,
) -> std::io::Result<()> {
    let mut file = read(disk, path);
    if file.posts.is_empty() && news.is_empty() {
        return Ok(());
    }
    let is_replaced = |old: &Seen| old.user_id == *user && (is_all || news.iter().any(|new| new.key == old.key));
    file.posts.retain(|old| !is_replaced(old));
    file.posts.extend(news);
    file.posts.drain(..file.posts.len().saturating_sub(KEPT));
    disk.replace(path, &serde_json::to_vec(&file)?)
}

fn read(disk: &dyn Disk, path: &Path) -> File {
    let bytes = disk.read(path, LIMIT).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_testkit::MemDisk;

    const PATH: &str = "/site/.igsync/drift.json";

    fn seen(user: &str, key: &str, shown: &str) -> Seen {
        let at = Timestamp::from_second(1_796_000_000).unwrap();
        Seen { user_id: user.into(), key: key.into(), media_id: "179".into(), shown: vec![shown.into()], at }
    }

    fn recalled(disk: &MemDisk, user: &str, key: &str, media: &str) -> Option<String> {
        let seen = recall(disk, Path::new(PATH), &user.into(), &key.into(), &media.into())?;
        Some(seen.shown[0].as_str().to_owned())
    }

    #[test]
    fn the_last_comparison_of_a_post_counts_and_whole_ones_replace_all() {
        let (disk, path) = (MemDisk::new(), Path::new(PATH));
        disk.put_folder("/site/.igsync");
        remember(&disk, path, &"1".into(), vec![seen("1", "a", "x"), seen("1", "b", "x")], true).unwrap();
        remember(&disk, path, &"2".into(), vec![seen("2", "a", "y")], true).unwrap();
        remember(&disk, path, &"1".into(), vec![seen("1", "a", "z")], false).unwrap();
        assert_eq!(recalled(&disk, "1", "a", "179").as_deref(), Some("z"));
        assert_eq!(recalled(&disk, "1", "b", "179").as_deref(), Some("x"), "it was not looked at");
        assert_eq!(recalled(&disk, "1", "a", "180"), None, "another media");
        remember(&disk, path, &"1".into(), Vec::new(), true).unwrap();
        assert_eq!((recalled(&disk, "1", "a", "179"), recalled(&disk, "2", "a", "179").is_some()), (None, true));
    }

    #[test]
    fn the_file_does_not_grow_for_ever_and_damage_costs_nothing_else() {
        let (disk, path) = (MemDisk::new(), Path::new(PATH));
        disk.put(path, "{\"posts\":[");
        let many = (0..=KEPT).map(|n| seen("1", &format!("k{n}"), "x")).collect();
        remember(&disk, path, &"1".into(), many, true).unwrap();
        assert_eq!((recalled(&disk, "1", "k0", "179"), recalled(&disk, "1", "k1", "179").is_some()), (None, true));
    }
}
