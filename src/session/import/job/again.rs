//! Manifests that are to be written, read as every later run will read them: those that were there must stay what they
//! are.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use igsync_base::feed::LivePost;
use igsync_base::files::{Disk, FileKind, Linked, ReadDisk};
use igsync_base::finding::{Finding, Severity};
use igsync_model::import::{MediaName, Place};
use igsync_model::manifest::{self, Loaded, Post};

use super::super::super::overlay::Overlay;
use super::super::super::project::Project;
use super::Base;
use super::Job;
use super::Jobs;
use super::Left;
use super::Order;
use super::wanted;

/// Manifests that would be read otherwise, or not at all, if others were written: nothing is written then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disturbed {
    /// Their files, from the content root.
    pub files: Vec<String>,
}

pub(super) type Draft<'j> = (&'j LivePost, Base, Place, Vec<MediaName>, String);

/// All manifests, as they are read without asking git.
pub(super) fn read(project: &Project, disk: &dyn ReadDisk) -> Loaded {
    let options = manifest::Options { allow_loopback: project.settings.is_loopback(), ignored_by_git: None };
    manifest::load(disk, &project.root, &project.config, options)
}

/// Reads the manifests as every later run will, before any is written.
pub(super) fn read_again<'j>(
    order: Order<'_>,
    drafts: Vec<Draft<'j>>,
    before: &Loaded,
    disk: &dyn Disk,
    jobs: &mut Jobs<'j>,
) -> Result<(), Disturbed> {
    let Order { project, account, .. } = order;
    if drafts.is_empty() {
        return Ok(());
    }
    let files: BTreeMap<_, _> = drafts
        .iter()
        .map(|(_, _, place, _, text)| (project.root.join(&place.file), text.clone().into_bytes()))
        .collect();
    let overlay = Overlay::over(disk, &project.root, files);
    let loaded = read(project, &overlay);
    let drafted: HashSet<&str> = drafts.iter().map(|(_, _, place, ..)| place.file.as_str()).collect();
    let disturbed = disturbed(before, &loaded, &drafted);
    if !disturbed.is_empty() {
        return Err(Disturbed { files: disturbed });
    }
    let mut wrong: HashMap<&str, &str> = HashMap::new();
    for finding in loaded.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        wrong.entry(&finding.file).or_insert(&finding.message);
    }
    let mut by_file: HashMap<Arc<str>, Post> = loaded
        .posts
        .iter()
        .filter(|post| post.account == account.name)
        .map(|post| (Arc::clone(&post.file), post.clone()))
        .collect();
    for (live, base, place, names, text) in drafts {
        let post = by_file.remove(&*place.file);
        let reason = match (&post, wrong.get(&*place.file)) {
            (_, Some(message)) => Some((*message).to_owned()),
            (None, _) => Some(not_found(project, &place, disk)),
            (Some(post), None) if !says(post, live) => Some("it would not say what is live".to_owned()),
            (Some(_), None) => None,
        };
        match (reason, post) {
            (None, Some(post)) => {
                let media = wanted(live, &place, names);
                jobs.all.push(Job { live, base, place, text, post, media });
            }
            (reason, _) => {
                let reason = reason.unwrap_or_default();
                jobs.left.push(Left { what: place.file, reason });
                if matches!(base, Base::Nothing) {
                    jobs.alone.push(live);
                }
            }
        }
    }
    Ok(())
}

/// The manifests that were there before, and would not be the same posts with others beside them; sorted.
fn disturbed(before: &Loaded, after: &Loaded, drafted: &HashSet<&str>) -> Vec<String> {
    let of = |loaded: &Loaded| -> BTreeSet<(String, String, String, bool)> {
        let posts = loaded.posts.iter().chain(&loaded.unplanned).filter(|post| !drafted.contains(&*post.file));
        let name =
            |post: &Post| (post.file.to_string(), post.key.to_string(), post.account.to_string(), post.has_errors);
        posts.map(name).collect()
    };
    let errors = |loaded: &Loaded| -> BTreeSet<(String, String)> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error && !drafted.contains(&*finding.file);
        let errors = loaded.findings.iter().filter(is_error);
        errors.map(|finding| (finding.file.to_string(), finding.message.clone())).collect()
    };
    let lost = of(before).difference(&of(after)).map(|(file, ..)| file.clone()).collect::<BTreeSet<_>>();
    let broken = errors(after).difference(&errors(before)).map(|(file, _)| file.clone()).collect::<BTreeSet<_>>();
    let mut all: Vec<String> = lost.union(&broken).cloned().collect();
    all.sort();
    all
}

/// Why a manifest would not be found where it is to be written.
fn not_found(project: &Project, place: &Place, disk: &dyn ReadDisk) -> String {
    let starts = project.config.posts.as_deref().unwrap_or_default();
    let starts: Vec<&str> = starts.iter().map(String::as_str).collect();
    let starts = if starts.is_empty() { vec!["posts"] } else { starts };
    let is_below = |start: &&str| {
        matches!(*start, "" | ".") || place.file.strip_prefix(*start).is_some_and(|rest| rest.starts_with('/'))
    };
    let link = Path::new(&place.file).ancestors().skip(1).find(|folder| {
        let stat = disk.stat(&project.root.join(folder));
        stat.as_ref().is_ok_and(|stat| stat.kind == FileKind::Symlink)
            || stat.is_err_and(|error| Linked::of(&error).is_some())
    });
    if link.is_some() {
        return "a folder on the way is a link, and none is followed".to_owned();
    }
    match starts.first() {
        Some(first) if !starts.iter().any(is_below) => format!(
            "no manifest is looked for there, but in {}: `--to '{first}/{{yyyy}}/{{slug}}-{{shortcode}}'` is such a place",
            starts.join(", ")
        ),
        _ => "manifests are not looked for there, because a .gitignore excludes it, or its name is hidden".to_owned(),
    }
}

/// Whether the manifest is that of the post.
fn says(post: &Post, live: &LivePost) -> bool {
    let caption = live.caption.as_deref().map(manifest::normal_text).unwrap_or_default();
    post.imported.as_ref() == Some(&live.id) && post.content.caption == caption && Some(post.content.kind) == live.kind
}
