use super::*;
use igsync_base::files::Linked;
use igsync_testkit::MemDisk;
use igsync_testkit::media::jpeg;

const CACHE: &str = "/site/.igsync/digests.jsonl";
const FILE: &str = "posts/häfen \"1\".jpg";

fn load(disk: &MemDisk) -> DigestCache {
    DigestCache::load(disk, Path::new(CACHE))
}

fn digest(cache: &mut DigestCache, disk: &MemDisk, path: &str) -> String {
    let mut found = cache.digests(disk, Path::new("/site"), &[path]);
    found.pop().unwrap().unwrap().digest.to_string()
}

fn facts(cache: &mut DigestCache, disk: &MemDisk, path: &str) -> Facts {
    cache.facts(disk, Path::new("/site"), path).unwrap()
}

fn known(cache: &DigestCache, disk: &MemDisk, path: &str) -> bool {
    cache.get(path, &disk.stat(&Path::new("/site").join(path)).unwrap()).is_some()
}

/// A root with one file whose digest was cached.
fn cached() -> (MemDisk, String) {
    let disk = MemDisk::new();
    disk.put_folder("/site/.igsync");
    disk.put(Path::new("/site").join(FILE), "one");
    let mut cache = load(&disk);
    let digest = digest(&mut cache, &disk, FILE);
    cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
    (disk, digest)
}

#[test]
fn an_unchanged_file_is_not_read_again() {
    let (disk, first) = cached();
    disk.deny_read(Path::new("/site").join(FILE));
    let mut cache = load(&disk);
    assert_eq!(digest(&mut cache, &disk, FILE), first);
    let writes = disk.writes().len();
    cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
    assert_eq!(disk.writes().len(), writes, "nothing was learned, nothing is written");
}

#[test]
fn an_unchanged_file_is_not_looked_into_again() {
    let disk = MemDisk::new();
    disk.put_folder("/site/.igsync");
    disk.put("/site/a.jpg", jpeg(320, 200));
    let mut cache = load(&disk);
    let (first, hash) = (facts(&mut cache, &disk, "a.jpg"), digest(&mut cache, &disk, "a.jpg"));
    cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
    disk.deny_read("/site/a.jpg");
    let mut cache = load(&disk);
    assert_eq!(facts(&mut cache, &disk, "a.jpg"), first);
    assert_eq!(digest(&mut cache, &disk, "a.jpg"), hash, "facts and digest live side by side");
}

#[test]
fn facts_that_other_code_has_read_are_not_trusted_and_digests_are() {
    let disk = MemDisk::new();
    disk.put_folder("/site/.igsync");
    disk.put("/site/a.jpg", jpeg(320, 200));
    let mut cache = load(&disk);
    facts(&mut cache, &disk, "a.jpg");
    digest(&mut cache, &disk, "a.jpg");
    cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
    let text = String::from_utf8(disk.bytes(CACHE).unwrap()).unwrap();
    disk.put(CACHE, text.replacen("\"reader\":\"", "\"reader\":\"0", 1));
    disk.deny_read("/site/a.jpg");
    let mut cache = load(&disk);
    assert!(known(&cache, &disk, "a.jpg"));
    assert!(cache.facts(&disk, Path::new("/site"), "a.jpg").is_err(), "the file is opened again");
}

#[test]
fn a_changed_file_of_the_same_length_is_read_again() {
    let (disk, first) = cached();
    disk.put(Path::new("/site").join(FILE), "two");
    assert_ne!(digest(&mut load(&disk), &disk, FILE), first);
}

#[test]
fn nothing_that_was_known_of_an_older_file_stays() {
    let disk = MemDisk::new();
    disk.put("/site/a.jpg", jpeg(320, 200));
    let mut cache = DigestCache::default();
    let (_, first) = (facts(&mut cache, &disk, "a.jpg"), digest(&mut cache, &disk, "a.jpg"));
    disk.put("/site/a.jpg", jpeg(200, 320));
    facts(&mut cache, &disk, "a.jpg");
    assert!(!known(&cache, &disk, "a.jpg"), "the old digest does not belong to the new facts");
    assert_ne!(digest(&mut cache, &disk, "a.jpg"), first);
}

#[test]
fn a_file_changed_in_the_tick_in_which_the_cache_was_written_is_not_trusted() {
    let (disk, _) = cached();
    let modified = disk.stat(&Path::new("/site").join(FILE)).unwrap().modified_ns;
    assert!(known(&load(&disk), &disk, FILE));
    disk.set_modified(CACHE, modified + 1);
    assert!(known(&load(&disk), &disk, FILE));
    disk.set_modified(CACHE, modified);
    assert!(!known(&load(&disk), &disk, FILE));
}

#[test]
fn a_damaged_cache_is_empty() {
    for damage in
        ["{\"hello\":1}\n", "[\"a\",1,2,3,4,\"short\",null]\n", "\u{0}", "[\"a\",1,2", "[\"a\",1,2,3,4,null]\n"]
    {
        let (disk, first) = cached();
        let whole = disk.bytes(CACHE).unwrap();
        disk.put(CACHE, [&whole, damage.as_bytes()].concat());
        let mut cache = load(&disk);
        assert!(!known(&cache, &disk, FILE), "{damage:?}");
        assert_eq!(digest(&mut cache, &disk, FILE), first);
    }
}

#[test]
fn a_read_only_folder_costs_speed_and_nothing_else() {
    let disk = MemDisk::new();
    disk.put("/site/a.jpg", "a");
    disk.deny_write("/site");
    let mut cache = load(&disk);
    digest(&mut cache, &disk, "a.jpg");
    cache.save_if_changed(&disk, Path::new(CACHE)).unwrap_err();
    assert!(known(&cache, &disk, "a.jpg"));
}

#[test]
fn a_missing_file_among_many_is_the_only_error() {
    let disk = MemDisk::new();
    disk.put("/site/a.jpg", "a");
    disk.put("/site/b.jpg", "b");
    let results = DigestCache::default().digests(&disk, Path::new("/site"), &["a.jpg", "x.jpg", "b.jpg"]);
    let kinds: Vec<_> = results.iter().map(|result| result.as_ref().map_err(io::Error::kind).is_ok()).collect();
    assert_eq!(kinds, [true, false, true]);
    assert_eq!(results[1].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_link_is_not_followed_whatever_was_known_of_it() {
    let disk = MemDisk::new();
    disk.put_folder("/site/.igsync");
    disk.put("/site/media/a.jpg", "one");
    let mut cache = load(&disk);
    digest(&mut cache, &disk, "media/a.jpg");
    cache.save_if_changed(&disk, Path::new(CACHE)).unwrap();
    disk.put("/elsewhere/a.jpg", "two");
    disk.wipe("/site/media");
    disk.put_symlink("/site/media", "/elsewhere");
    disk.put_symlink("/site/link.jpg", "/elsewhere/a.jpg");
    for (path, link) in [("media/a.jpg", "/site/media"), ("link.jpg", "/site/link.jpg")] {
        let found = load(&disk).digests(&disk, Path::new("/site"), &[path]).remove(0);
        assert_eq!(Linked::of(&found.unwrap_err()), Some(&Linked { path: link.into() }));
    }
}
