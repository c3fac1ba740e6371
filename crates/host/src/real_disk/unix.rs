//! Opens paths without following a symbolic link at any level: the kernel does it in one call where it can
//! (Linux since 5.6), else each folder on the way is opened from the one above it. Nothing is looked at first
//! and opened later, so no link can come in between.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use igsync_base::files::{Entry, FileKind, Fill, Linked, Stat};

/// A pipe would block for ever in `open`; a terminal must not become ours.
const CALM: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);
/// A folder that is only gone through: it need not be readable.
#[cfg(target_os = "linux")]
const PASSAGE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);
#[cfg(not(target_os = "linux"))]
const PASSAGE: OFlags = FOLDER;

/// As files are usually made, 666: the umask decides.
const NEW_FILE: Mode =
    Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP).union(Mode::WGRP).union(Mode::ROTH).union(Mode::WOTH);
/// 644: only its owner writes what replaces a file.
const REPLACED: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP).union(Mode::ROTH);
const ALL_RIGHTS: Mode = Mode::RWXU.union(Mode::RWXG).union(Mode::RWXO);

/// How often a name for a temporary file is tried.
const TRIES: usize = 100;

pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    Ok(open(path, OFlags::RDONLY | CALM, Mode::empty())?.into())
}

/// Made when absent.
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | CALM;
    Ok(open(path, flags, NEW_FILE)?.into())
}

pub(super) fn open_to_write(path: &Path) -> io::Result<File> {
    Ok(open(path, OFlags::WRONLY | CALM, Mode::empty())?.into())
}

/// Made when absent.
pub(super) fn open_to_lock(path: &Path) -> io::Result<File> {
    Ok(open(path, OFlags::RDWR | OFlags::CREATE | CALM, NEW_FILE)?.into())
}

pub(super) fn stat(path: &Path) -> io::Result<Stat> {
    let (folder, name) = split(path)?;
    Ok(stat_of(&fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    let opened = open(folder, FOLDER, Mode::empty())?;
    let mut found: Vec<(OsString, FileType)> = Vec::new();
    let mut entries = Dir::new(opened)?;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            found.push((name.to_owned(), entry.file_type()));
        }
    }
    found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let entry = |(name, file_type)| {
        let kind = match file_type {
            // Some file systems do not say it with the name.
            FileType::Unknown => kind_of(fs::statat(entries.fd()?, &name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode),
            known => kind_of_type(known),
        };
        Ok(Entry { path: folder.join(name), kind })
    };
    found.into_iter().map(entry).collect()
}

/// Makes the folder and those above it that are missing; the new ones are durable when this returns.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    made(path).map(drop)
}

/// Opens the folder, made when absent.
fn made(path: &Path) -> io::Result<OwnedFd> {
    match open(path, FOLDER, Mode::empty()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let above = made(if above.as_os_str().is_empty() { Path::new(".") } else { above })?;
    match fs::mkdirat(&above, name, ALL_RIGHTS) {
        // Otherwise a power cut could take the folder, and with it what was durable inside.
        Ok(()) => fs::fsync(&above)?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    opened_at(&above, name, FOLDER, Mode::empty()).map_err(|error| named(error, path))
}

pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = open(folder_of(path), FOLDER, Mode::empty())?;
    // A private file becomes no public one; the lockfile must stay readable for others.
    let mode = match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(old) if kind_of(old.st_mode) == FileKind::Symlink => return Err(Linked { path: path.to_owned() }.into()),
        Ok(old) => Mode::from_raw_mode(old.st_mode) & ALL_RIGHTS,
        Err(Errno::NOENT) => REPLACED,
        Err(error) => return Err(error.into()),
    };
    let (temporary, mut file) = temporary(&folder, mode)?;
    let renamed = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| {
        // A link that came in between is replaced, not followed.
        Ok(fs::renameat(&folder, &temporary, &folder, name)?)
    });
    if renamed.is_err() {
        // What is left behind is ugly, not wrong.
        let _ = fs::unlinkat(&folder, &temporary, AtFlags::empty());
    }
    renamed?;
    Ok(fs::fsync(&folder)?)
}

pub(super) fn create(path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = open(folder_of(path), FOLDER, Mode::empty())?;
    // Found out before there is much to write; the name is taken without replacing anyway.
    if fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let (temporary, mut out) = temporary(&folder, NEW_FILE)?;
    let filled = fill(&mut out).and_then(|()| out.sync_all());
    let named = filled.and_then(|()| Ok(rename_to_new(&folder, &temporary, name)?));
    if named.is_err() {
        let _ = fs::unlinkat(&folder, &temporary, AtFlags::empty());
    }
    named?;
    Ok(fs::fsync(&folder)?)
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn rename_to_new(folder: &OwnedFd, old: &str, new: &OsStr) -> Result<(), Errno> {
    match fs::renameat_with(folder, old, folder, new, fs::RenameFlags::NOREPLACE) {
        // Not every file system can.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_to_new(folder, old, new),
        renamed => renamed,
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn rename_to_new(folder: &OwnedFd, old: &str, new: &OsStr) -> Result<(), Errno> {
    link_to_new(folder, old, new)
}

/// A second name, which no other file can have, and then the first one goes.
fn link_to_new(folder: &OwnedFd, old: &str, new: &OsStr) -> Result<(), Errno> {
    fs::linkat(folder, old, folder, new, AtFlags::empty())?;
    fs::unlinkat(folder, old, AtFlags::empty())
}

/// A new file of a name that nothing has.
fn temporary(folder: &OwnedFd, mode: Mode) -> io::Result<(String, File)> {
    for _ in 0..TRIES {
        let name = format!(".igsync-{:012x}.tmp", fastrand::u64(..1 << 48));
        match opened_at(folder, name.as_ref(), OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode) {
            Err(Errno::EXIST) => {}
            opened => return Ok((name, opened?.into())),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = open(folder_of(path), FOLDER, Mode::empty())?;
    fs::unlinkat(&folder, name, AtFlags::empty())?;
    Ok(fs::fsync(&folder)?)
}

pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    Ok(fs::fsync(open(folder_of(path), FOLDER, Mode::empty())?)?)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folder that holds the last part of a path, and that part.
fn split(path: &Path) -> io::Result<(OwnedFd, &OsStr)> {
    let (folder, name) = path.file_name().map_or((path, OsStr::new(".")), |name| (folder_of(path), name));
    Ok((open(folder, PASSAGE, Mode::empty())?, name))
}

fn open(path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    resolved(path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode).map_err(|error| named(error, path))
}

#[cfg(target_os = "linux")]
fn resolved(path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    match retry_on_intr(|| fs::openat2(CWD, path, flags, mode, fs::ResolveFlags::NO_SYMLINKS)) {
        // An older kernel, or a container that knows only older calls.
        Err(Errno::NOSYS | Errno::PERM) => walked(path, flags, mode),
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn resolved(path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    walked(path, flags, mode)
}

/// The same, folder by folder.
fn walked(path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let start: &OsStr = if path.is_absolute() { "/".as_ref() } else { ".".as_ref() };
    let mut folder = opened_at(CWD, start, PASSAGE, Mode::empty())?;
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some("..".as_ref()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let mut last = parts.next();
    for next in parts {
        folder = opened_at(&folder, last.unwrap_or(".".as_ref()), PASSAGE, Mode::empty())?;
        last = Some(next);
    }
    opened_at(&folder, last.unwrap_or(".".as_ref()), flags, mode)
}

fn opened_at(folder: impl std::os::fd::AsFd, name: &OsStr, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    retry_on_intr(|| fs::openat(&folder, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode))
}

/// Says which link was in the way, where one was. It changes nothing about what was opened.
fn named(error: Errno, path: &Path) -> io::Error {
    // What a link gives differs by system and by what was asked for.
    let may_be_link = matches!(error, Errno::LOOP | Errno::NOTDIR | Errno::MLINK);
    let link = || {
        let mut above: Vec<&Path> = path.ancestors().filter(|part| part.file_name().is_some()).collect();
        above.reverse();
        above.into_iter().find(|part| part.is_symlink())
    };
    match may_be_link.then(link).flatten() {
        Some(link) => Linked { path: PathBuf::from(link) }.into(),
        // A socket, or a pipe that nothing reads.
        None if error == Errno::NXIO => super::not_regular(),
        None => error.into(),
    }
}

fn kind_of(mode: fs::RawMode) -> FileKind {
    kind_of_type(FileType::from_raw_mode(mode))
}

fn kind_of_type(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

fn stat_of(stat: &fs::Stat) -> Stat {
    let nanoseconds = |seconds: i128, rest: i128| seconds * 1_000_000_000 + rest;
    Stat {
        kind: kind_of(stat.st_mode),
        len: u64::try_from(stat.st_size).unwrap_or_default(),
        modified_ns: nanoseconds(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
        changed_ns: nanoseconds(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        inode: stat.st_ino,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_testkit::temporary_folder;

    #[test]
    fn a_second_name_replaces_nothing_either() {
        let folder = temporary_folder();
        let root = folder.path();
        replace(&root.join("old"), b"x").unwrap();
        replace(&root.join("there"), b"y").unwrap();
        let opened = open(root, FOLDER, Mode::empty()).unwrap();
        assert_eq!(link_to_new(&opened, "old", "there".as_ref()), Err(Errno::EXIST));
        link_to_new(&opened, "old", "new".as_ref()).unwrap();
        let names: Vec<PathBuf> = list(root).unwrap().into_iter().map(|entry| entry.path).collect();
        assert_eq!(names, [root.join("new"), root.join("there")]);
    }

    /// Both ways to open are the same: the one call, and folder by folder.
    #[test]
    fn no_link_is_followed_at_any_level() {
        let folder = temporary_folder();
        let root = folder.path().to_owned();
        create_folder(&root.join("real/deep")).unwrap();
        replace(&root.join("real/deep/file"), b"x").unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        std::os::unix::fs::symlink("file", root.join("real/deep/alias")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
        let flags = OFlags::RDONLY | CALM | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for way in [resolved, walked] {
            let open = |path: &str| {
                let path = root.join(path);
                way(&path, flags, Mode::empty()).map_err(|error| named(error, &path))
            };
            for path in ["real/deep/file", "real/deep/../deep/./file", "real/deep", "."] {
                open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            }
            for (path, link) in [
                ("link/deep/file", "link"),
                ("link", "link"),
                ("link/..", "link"),
                ("real/deep/alias", "real/deep/alias"),
                ("real/../link/deep/file", "real/../link"),
                ("dangling", "dangling"),
                ("dangling/below", "dangling"),
            ] {
                let error = open(path).unwrap_err();
                assert_eq!(Linked::of(&error).map(|linked| linked.path.clone()), Some(root.join(link)), "{path}");
            }
            assert_eq!(open("none").unwrap_err().kind(), io::ErrorKind::NotFound);
            assert_eq!(open("real/deep/file/below").unwrap_err().kind(), io::ErrorKind::NotADirectory);
            assert!(way(Path::new("/"), FOLDER, Mode::empty()).is_ok());
            assert!(way(Path::new("."), FOLDER, Mode::empty()).is_ok());
        }
    }
}
