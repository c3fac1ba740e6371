//! Links on the way to files, on a disk in memory.

use std::path::{Path, PathBuf};

use igsync_base::files::{named_from, refuse_links};
use igsync_testkit::MemDisk;

fn named_from_site(disk: &MemDisk, path: &str) -> PathBuf {
    named_from(disk, Path::new("/home/me/site"), Path::new(path))
}

#[test]
fn links_of_the_user_are_resolved_and_those_of_a_repository_are_not() {
    let disk = MemDisk::new();
    disk.put("/data/me/site/ci/igsync.yaml", "");
    disk.put("/data/me/other/.git/HEAD", "");
    disk.put("/data/me/other/real/file", "");
    disk.put_symlink("/home", "/data");
    disk.put_symlink("/data/me/site/link", "../../secret");
    disk.put_symlink("/data/me/other/link", "real");
    disk.put_symlink("/data/me/mine", "other");
    for (path, place) in [
        ("ci/igsync.yaml", "/data/me/site/ci/igsync.yaml"),
        ("./ci/../ci/none", "/data/me/site/ci/none"),
        ("link/file", "/data/me/site/link/file"),
        ("/home/me/site/link/file", "/data/me/site/link/file"),
        ("../site/link", "/data/me/site/link"),
        ("../mine/real/file", "/data/me/other/real/file"),
        ("../mine/link/file", "/data/me/other/link/file"),
        ("../none/deep", "/data/me/none/deep"),
    ] {
        assert_eq!(named_from_site(&disk, path), Path::new(place), "{path}");
    }
}

#[test]
fn a_link_at_any_depth_is_found() {
    let disk = MemDisk::new();
    let refused = || refuse_links(&disk, Path::new("/site/.igsync")).err().map(|error| error.to_string());
    assert_eq!(refused(), None);
    disk.put("/site/.igsync/sandbox/media/a.jpg", "");
    assert_eq!(refused(), None);
    disk.put_symlink("/site/.igsync/sandbox/media/b.jpg", "/etc/passwd");
    assert_eq!(refused().unwrap(), "/site/.igsync/sandbox/media/b.jpg is a symbolic link");
    disk.wipe("/site");
    disk.put_symlink("/site/.igsync", "/home");
    assert_eq!(refused().unwrap(), "/site/.igsync is a symbolic link");
}
