//! What lies below a folder that is no content root: a hint where the content might be. Looks at a bounded number of
//! folders and files, nearest first, and decides nothing.

use std::collections::VecDeque;
use std::path::Path;

use igsync_base::files::{FileKind, ReadDisk};
use igsync_base::id::Kind;

/// So many folders are listed.
const FOLDERS: usize = 300;
/// So many YAML files of one folder are read: a hundred charts side by side are not posts.
const FILES: usize = 20;
/// In bytes; a larger file is not read.
const FILE_LIMIT: u64 = 64 * 1024;
/// Folders that hold what others have written.
const SKIPPED: [&str; 4] = ["node_modules", "target", "vendor", "venv"];

/// Where content seems to be, relative to the folder that was looked into, `/`-separated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nearby {
    /// A content root.
    Root(String),
    /// A folder of manifests that is in no content root; empty: the folder itself.
    Manifests(String),
}

/// The nearest content root below `folder`, else the nearest folder that holds a manifest.
#[must_use]
pub fn nearby(disk: &dyn ReadDisk, folder: &Path) -> Option<Nearby> {
    let mut manifests = None;
    let mut pending = VecDeque::from([String::new()]);
    for _ in 0..FOLDERS {
        let Some(path) = pending.pop_front() else { break };
        let mut files = FILES;
        for entry in disk.list(&folder.join(&path)).unwrap_or_default() {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            match entry.kind {
                FileKind::File if matches!(name, "igsync.yaml" | "igsync.lock") && !path.is_empty() => {
                    return Some(Nearby::Root(path));
                }
                FileKind::File if manifests.is_none() && files > 0 && is_yaml(name) => {
                    files -= 1;
                    let is_one = disk.read(&entry.path, FILE_LIMIT).is_ok_and(|text| looks_like_a_manifest(&text));
                    manifests = is_one.then(|| path.clone());
                }
                FileKind::Folder if !name.starts_with('.') && !SKIPPED.contains(&name) => {
                    pending.push_back(if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") });
                }
                _ => {}
            }
        }
    }
    manifests.map(of_folder)
}

/// A folder above `posts/` is a content root without files.
fn of_folder(manifests: String) -> Nearby {
    let parts: Vec<&str> = manifests.split('/').collect();
    match parts.iter().position(|part| *part == "posts") {
        Some(depth) if depth > 0 => Nearby::Root(parts[..depth].join("/")),
        _ => Nearby::Manifests(manifests),
    }
}

fn is_yaml(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with(['.', '_'])
}

/// Whether a line says what kind of post it is.
fn looks_like_a_manifest(text: &[u8]) -> bool {
    let kind = |line: &[u8]| {
        let value = std::str::from_utf8(line.strip_prefix(b"kind:")?).ok()?;
        let value = value.split('#').next()?.trim().trim_matches(['"', '\'']);
        Kind::ALL.iter().find(|kind| kind.as_str() == value).copied()
    };
    text.split(|byte| *byte == b'\n').any(|line| kind(line).is_some())
}

#[cfg(test)]
mod tests {
    use igsync_testkit::MemDisk;

    use super::*;

    fn below(files: &[(&str, &str)]) -> Option<Nearby> {
        let disk = MemDisk::new();
        disk.put("/repo/README.md", "");
        for (path, text) in files {
            disk.put(format!("/repo/{path}"), *text);
        }
        nearby(&disk, Path::new("/repo"))
    }

    const POST: &str = "# A post\nkind: \"reel\" # of the sea\nvideo: ./sea.mp4\n";

    #[test]
    fn a_content_root_counts_for_more_than_a_manifest() {
        let (manifest, root) = (("social/a.yaml", POST), ("apps/web/igsync.lock", ""));
        assert_eq!(below(&[manifest]), Some(Nearby::Manifests("social".into())));
        assert_eq!(below(&[manifest, root]), Some(Nearby::Root("apps/web".into())));
        assert_eq!(below(&[("web/posts/2026/a.yml", POST)]), Some(Nearby::Root("web".into())));
        assert_eq!(below(&[("a.yaml", POST)]), Some(Nearby::Manifests(String::new())));
    }

    #[test]
    fn what_others_wrote_is_no_manifest() {
        let deployment = "apiVersion: apps/v1\nkind: Deployment\n";
        assert_eq!(below(&[]), None);
        assert_eq!(below(&[("k8s/a.yaml", deployment), ("k8s/b.yaml", "a:\n  kind: image\n")]), None);
        assert_eq!(below(&[("node_modules/x/a.yaml", POST), (".cache/a.yaml", POST), ("a/notes.txt", POST)]), None);
    }

    #[test]
    fn a_huge_folder_is_looked_at_in_part() {
        let disk = MemDisk::new();
        for number in 0..2_000 {
            disk.put(format!("/repo/charts/{number:04}.yaml"), "kind: Deployment\n");
            disk.put(format!("/repo/packages/{number:04}/package.json"), "{}");
        }
        disk.put("/repo/charts/9999.yaml", POST);
        assert_eq!(nearby(&disk, Path::new("/repo")), None);
        disk.put("/repo/content/a.yaml", POST);
        assert_eq!(nearby(&disk, Path::new("/repo")), Some(Nearby::Manifests("content".into())));
    }
}
