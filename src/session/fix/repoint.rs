//! Manifests that name the new files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use igsync_base::files::Disk;
use igsync_model::manifest::{self, Spot};

use super::job::{Left, Made};

/// Manifests that name other files than before.
#[derive(Debug, Default)]
pub(crate) struct Repointed {
    /// Relative to the content root.
    pub manifests: Vec<Arc<str>>,
    pub left: Vec<Left>,
}

/// Points the manifests at what was made; without `write` it is only found out whether they can be.
pub(crate) fn repoint(root: &Path, made: &[Made], write: bool, disk: &dyn Disk) -> Repointed {
    let mut names: BTreeMap<Arc<str>, Vec<(Spot<'static>, String)>> = BTreeMap::new();
    let mut sources: BTreeMap<Arc<str>, Vec<(Spot<'static>, Arc<str>)>> = BTreeMap::new();
    for made in made {
        let name = made.path.rsplit('/').next().unwrap_or(&made.path);
        for (manifest, spots) in &made.job.places {
            let names = names.entry(Arc::clone(manifest)).or_default();
            names.extend(spots.iter().map(|spot| (*spot, name.to_owned())));
            let sources = sources.entry(Arc::clone(manifest)).or_default();
            sources.extend(spots.iter().map(|spot| (*spot, Arc::clone(&made.job.source))));
        }
    }
    let mut repointed = Repointed::default();
    for (manifest, names) in names {
        match repoint_one(root, &manifest, &sources[&manifest], &names, write, disk) {
            Ok(()) => repointed.manifests.push(manifest),
            Err(problem) => {
                let by_hand: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
                let reason = format!("{problem}; name {} in it yourself", by_hand.join(", "));
                repointed.left.push(Left { file: manifest, reason });
            }
        }
    }
    repointed
}

fn repoint_one(
    root: &Path,
    manifest: &Arc<str>,
    sources: &[(Spot<'static>, Arc<str>)],
    names: &[(Spot<'static>, String)],
    write: bool,
    disk: &dyn Disk,
) -> Result<(), String> {
    let path = root.join(&**manifest);
    let bytes =
        disk.read(&path, igsync_model::yaml::FILE_LIMIT).map_err(|error| format!("it cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    // Someone may have edited it while the files were made.
    let is_same =
        |(spot, source): &(Spot<'_>, Arc<str>)| manifest::source_at(manifest, &text, *spot).as_ref() == Some(source);
    if !sources.iter().all(is_same) {
        return Err("it names another file by now".to_owned());
    }
    let new = manifest::repoint(manifest, &text, names).map_err(|problem| problem.to_string())?;
    if !write {
        return Ok(());
    }
    disk.replace(&path, new.as_bytes()).map_err(|error| format!("it cannot be written: {error}"))
}
