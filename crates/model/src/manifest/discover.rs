//! Finds manifests: which folders are walked, what is skipped, and what cannot be looked into.
//!
//! Symbolic links are never followed: a link to a manifest is an error, because a post would silently
//! be missing; a link to a folder inside a folder of manifests is a warning.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ignored::{Excluded, Ignored, Ignores, PatternFile};
use igsync_base::files::{Entry, FileKind, Linked, ReadDisk};
use igsync_base::finding::Finding;
use igsync_base::rules;

/// One folder on the way to manifests.
#[derive(Debug)]
pub(super) struct Folder {
    /// Relative to the content root; empty for the root.
    pub path: String,
    /// Index of the folder above; it always is before this one.
    pub parent: Option<usize>,
    pub has_defaults: bool,
}

#[derive(Debug)]
pub(super) struct ManifestFile {
    /// Relative to the content root, `/`-separated.
    pub file: Arc<str>,
    /// Index of its folder.
    pub folder: usize,
}

#[derive(Debug, Default)]
pub(super) struct Found {
    pub folders: Vec<Folder>,
    pub manifests: Vec<ManifestFile>,
    pub findings: Vec<Finding>,
    /// `true`: something could not be looked into, so manifests may be missing.
    pub incomplete: bool,
}

/// Deeper folders are refused.
const DEPTH_LIMIT: usize = 64;

/// Walks the folders of `starts`, or `posts/`, or the whole root when there is no `posts/`.
///
/// `ignored` keeps the `.gitignore` files that are read, and learns which of them are among the findings.
pub(super) fn discover(disk: &dyn ReadDisk, root: &Path, starts: Option<&[String]>, ignored: &mut Ignored) -> Found {
    let mut walk = Walk { disk, root, ignored, starts: Vec::new(), found: Found::default() };
    walk.starts = match starts {
        Some(starts) => starts
            .iter()
            .map(|start| start.trim_matches('/').to_owned())
            .filter(|start| walk.is_folder(start, true))
            .collect(),
        None if walk.is_folder("posts", false) => vec!["posts".into()],
        None => vec![String::new()],
    };
    if !walk.starts.is_empty() {
        walk.walk();
    }
    walk.found
}

struct Walk<'a> {
    disk: &'a dyn ReadDisk,
    root: &'a Path,
    ignored: &'a mut Ignored,
    starts: Vec<String>,
    found: Found,
}

struct Pending {
    path: String,
    parent: Option<usize>,
    ignores: Ignores,
}

impl Walk<'_> {
    fn path_of(&self, relative: &str) -> PathBuf {
        if relative.is_empty() { self.root.to_owned() } else { self.root.join(relative) }
    }

    fn is_folder(&mut self, relative: &str, is_configured: bool) -> bool {
        if relative.is_empty() || relative == "." {
            return true;
        }
        let (rule, message) = match self.disk.stat(&self.path_of(relative)).map(|stat| stat.kind) {
            Ok(FileKind::Folder) => return true,
            Ok(FileKind::Symlink) => (&rules::POSTS_FOLDER, "this folder of manifests is a symbolic link"),
            Err(error) if Linked::of(&error).is_some() => {
                (&rules::POSTS_FOLDER, "a folder above this folder of manifests is a symbolic link")
            }
            Ok(_) if is_configured => (&rules::POSTS_FOLDER, "this is not a folder"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_configured => {
                (&rules::POSTS_FOLDER, "this folder of manifests does not exist")
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                (&rules::UNREADABLE, "this folder cannot be read")
            }
            Ok(_) | Err(_) => return false,
        };
        self.found.findings.push(
            Finding::new(rule, relative, message)
                .help("name real folders inside the content root in `posts:` of igsync.yaml"),
        );
        self.found.incomplete = true;
        false
    }

    /// Whether manifests in this folder count.
    fn is_inside(&self, folder: &str) -> bool {
        self.starts.iter().any(|start| {
            start.is_empty()
                || start == "."
                || folder == start
                || folder.strip_prefix(start.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Whether the way to a start leads through this folder.
    fn leads_to_start(&self, folder: &str) -> bool {
        self.starts
            .iter()
            .any(|start| start == folder || start.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    }

    fn walk(&mut self) {
        let above = match self.ignored.by_git() {
            Some(_) => Ok(Ignores::default()),
            None => self.ignored.reader().read_above(self.disk, self.root),
        };
        let ignores = above.unwrap_or_else(|finding| {
            self.found.findings.push(*finding);
            self.found.incomplete = true;
            Ignores::default()
        });
        let mut pending = vec![Pending { path: String::new(), parent: None, ignores }];
        while let Some(next) = pending.pop() {
            let from = pending.len();
            self.visit(next, &mut pending);
            // The stack gives back the last first; folders come in the order of their names.
            pending[from..].reverse();
        }
    }

    fn visit(&mut self, folder: Pending, pending: &mut Vec<Pending>) {
        let entries = match self.disk.list(&self.path_of(&folder.path)) {
            Ok(entries) if folder.path.matches('/').count() < DEPTH_LIMIT => entries,
            Ok(_) => return self.blind(&folder.path, "folders are nested too deep to be read"),
            Err(error) => return self.blind(&folder.path, &format!("the folder cannot be read: {error}")),
        };
        let is_inside = self.is_inside(&folder.path);
        let mut ignores = folder.ignores;
        if self.ignored.by_git().is_none()
            && let Some(entry) = entries.iter().find(|entry| entry.path.file_name() == Some(".gitignore".as_ref()))
            && let Some(nearest) = self.gitignore(&folder.path, entry.kind, &ignores)
        {
            ignores.add(nearest);
        }
        let index = self.found.folders.len();
        self.found.folders.push(Folder { path: folder.path.clone(), parent: folder.parent, has_defaults: false });
        for entry in entries {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else {
                self.unnamed(&entry, &folder.path, is_inside);
                continue;
            };
            let path = if folder.path.is_empty() { name.to_owned() } else { format!("{}/{name}", folder.path) };
            let is_folder = entry.kind == FileKind::Folder;
            if is_folder && self.leads_to_start(&path) {
                if let Some(excluded) = self.excluded(&ignores, &path, true) {
                    self.unreviewed(&path, &excluded);
                    continue;
                }
                pending.push(Pending { path, parent: Some(index), ignores: ignores.clone() });
                continue;
            }
            let is_defaults = name.starts_with("_defaults.");
            if (is_defaults || path == "igsync.yaml")
                && let Some(excluded) = self.excluded(&ignores, &path, is_folder)
            {
                self.unkept(&path, &excluded);
            }
            if is_defaults {
                self.defaults(name, &path, index, entry.kind);
                continue;
            }
            if !is_inside || name.starts_with(['.', '_']) || self.excluded(&ignores, &path, is_folder).is_some() {
                continue;
            }
            match entry.kind {
                FileKind::Folder => pending.push(Pending { path, parent: Some(index), ignores: ignores.clone() }),
                _ if is_manifest(name) => self.manifest(path, index, entry.kind),
                FileKind::Symlink => self.link(&path),
                FileKind::File | FileKind::Other => {}
            }
        }
    }

    fn excluded(&self, ignores: &Ignores, path: &str, is_folder: bool) -> Option<Excluded> {
        self.ignored.exclude(self.disk, self.root, ignores, path, is_folder)
    }

    fn manifest(&mut self, path: String, folder: usize, kind: FileKind) {
        if kind == FileKind::File {
            self.found.manifests.push(ManifestFile { file: path.into(), folder });
            return;
        }
        let message =
            if kind == FileKind::Symlink { "this manifest is a symbolic link" } else { "this is not a regular file" };
        self.found.findings.push(
            Finding::new(&rules::LINKED_MANIFEST, path, message)
                .help("put the file itself here, or give it another name"),
        );
        self.found.incomplete = true;
    }

    fn defaults(&mut self, name: &str, path: &str, folder: usize, kind: FileKind) {
        match (name, kind) {
            ("_defaults.yaml", FileKind::File) => self.found.folders[folder].has_defaults = true,
            ("_defaults.yaml", _) => self.manifest(path.to_owned(), folder, kind),
            ("_defaults.yml", _) => {
                let finding =
                    Finding::new(&rules::MISNAMED_FILE, path, "this file is named `_defaults.yaml`, with an `a`");
                self.found.findings.push(finding.help("rename it"));
            }
            _ => {}
        }
    }

    fn link(&mut self, path: &str) {
        // In a whole repository links are ordinary; beside manifests one may hide some.
        let is_whole_root = self.starts.iter().any(String::is_empty);
        let leads_to_folder = || {
            let target = self.disk.canonicalize(&self.path_of(path)).and_then(|target| self.disk.stat(&target));
            target.is_ok_and(|stat| stat.kind == FileKind::Folder)
        };
        if !is_whole_root && leads_to_folder() {
            self.found.findings.push(
                Finding::new(&rules::LINKED_FOLDER, path, "this symbolic link to a folder is not followed").help(
                    "manifests in it are not read; name the folder in `posts:` of igsync.yaml, or remove the link",
                ),
            );
        }
    }

    fn unnamed(&mut self, entry: &Entry, folder: &str, is_inside: bool) {
        let name = entry.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if is_inside && (entry.kind == FileKind::Folder || is_manifest(&name)) && !name.starts_with(['.', '_']) {
            self.blind(&format!("{folder}/{name}"), "this name is not UTF-8, so it cannot be a key");
        }
    }

    /// A folder of manifests, or one on the way there, that is in no commit: so is all that is in it.
    fn unreviewed(&mut self, path: &str, excluded: &Excluded) {
        let (is, help) = excluded.of(path);
        let message = format!("this folder leads to manifests and is {is}");
        self.found.findings.push(Finding::new(&rules::POSTS_FOLDER, path, message).help(help));
        self.found.incomplete = true;
    }

    /// A file of settings that is in no commit: what it decides is decided without review.
    fn unkept(&mut self, path: &str, excluded: &Excluded) {
        let (is, help) = excluded.of(path);
        self.found.findings.push(Finding::new(&rules::IGNORED_FILE, path, format!("this file is {is}")).help(help));
    }

    /// A file of rules that is a link, a pipe or a folder.
    fn no_file(&mut self, path: &str, kind: FileKind) {
        let (rule, message, help) = match kind {
            FileKind::Symlink => (&rules::LINKED_FILE, "this file is a symbolic link", "put the file itself there"),
            _ => (&rules::NOT_A_FILE, "this is not a regular file", "remove it, or put a file there"),
        };
        self.found.findings.push(Finding::new(rule, path, message).help(help));
        self.found.incomplete = true;
    }

    fn blind(&mut self, path: &str, message: &str) {
        let path = if path.is_empty() { "." } else { path };
        self.found
            .findings
            .push(Finding::new(&rules::UNREADABLE, path, message).help("check its name and permissions"));
        self.found.incomplete = true;
    }

    fn gitignore(&mut self, folder: &str, kind: FileKind, above: &Ignores) -> Option<Arc<PatternFile>> {
        let file: Arc<str> =
            if folder.is_empty() { ".gitignore".into() } else { format!("{folder}/.gitignore").into() };
        if kind != FileKind::File {
            // What it excludes is not known, and git does not read it either.
            self.no_file(&file, kind);
            self.ignored.mark_reported(folder);
            return None;
        }
        match self.ignored.reader().read(self.disk, self.root, folder, above) {
            Ok(nearest) => Some(nearest),
            Err(finding) => {
                // What it excludes is not known.
                self.found.findings.push(*finding);
                self.found.incomplete = true;
                self.ignored.mark_reported(folder);
                None
            }
        }
    }
}

fn is_manifest(name: &str) -> bool {
    let is_yaml = name
        .rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"));
    is_yaml && !matches!(name, "igsync.yaml" | "igsync.yml")
}
