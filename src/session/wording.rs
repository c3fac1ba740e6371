//! Which words of an edited caption are others than those that were published: the history of its manifest has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use igsync_base::id::Digest;
use igsync_model::config::Config;
use igsync_model::manifest::{self, caption_digest};
use igsync_model::plan::{Change, Part, Plan};

use super::base;
use super::overlay::Overlay;
use super::project::Project;

/// So many posts are looked up.
const POSTS: usize = 20;

/// So many versions of one manifest are looked at, newest first.
const VERSIONS: usize = 50;

/// Adds the words to the first edited posts of a plan. What git does not know is left out: the plan says *caption* then.
pub(crate) async fn learn(project: &Project, plan: &mut Plan) {
    let is_reworded = |change: &&mut Change| {
        change.in_diff != Some(false)
            && change.edited.as_ref().is_some_and(|edited| edited.parts().contains(&Part::Caption))
    };
    for change in plan.changes.iter_mut().filter(is_reworded).take(POSTS) {
        if let Some(published) = published_caption(project, change).await
            && let (Some(edited), Some(post)) = (&mut change.edited, &change.post)
        {
            edited.reword(&published, &post.content.caption);
        }
    }
}

/// The caption whose digest is recorded. `None`: no commit has it.
async fn published_caption(project: &Project, change: &Change) -> Option<String> {
    let (post, user) = (change.post.as_ref()?, change.user_id.as_ref()?);
    let attempts = project.snapshot.records.attempts(user, &change.key);
    let record = attempts.iter().find(|record| record.caption_digest.is_some() && record.live().is_some())?;
    let sent = record.caption_digest.as_ref()?;
    let mut files = vec![&*post.file];
    files.extend(record.file.as_deref().filter(|file| **file != *post.file));
    files.extend(post.caption_file.as_deref());
    let defaults: Vec<String> = files.iter().flat_map(|file| defaults_of(file)).collect();
    files.extend(defaults.iter().map(String::as_str));
    files.sort_unstable();
    files.dedup();
    let git = base::git(project);
    let commits = git.commits_of(&files, VERSIONS).await.ok()?;
    let versions = git.versions(&commits, &files).await.ok()?;
    versions.into_iter().find_map(|version| {
        let there = files.iter().zip(version).filter_map(|(file, bytes)| Some((project.root.join(file), bytes?)));
        caption_in(there.collect(), &project.root, &project.config, sent)
    })
}

/// Every `_defaults.yaml` that a manifest may take part of.
fn defaults_of(file: &str) -> Vec<String> {
    let folders = file.match_indices('/').map(|(end, _)| &file[..=end]);
    std::iter::once("").chain(folders).map(|folder| format!("{folder}_defaults.yaml")).collect()
}

/// The caption with this digest that a post among these files has. By the configuration of today: another digest, and so
/// no answer, where that changes it.
fn caption_in(files: BTreeMap<PathBuf, Vec<u8>>, root: &Path, config: &Config, sent: &Digest) -> Option<String> {
    let options = manifest::Options { allow_loopback: true, ignored_by_git: None };
    let loaded = manifest::load(&Overlay::alone(root, files), root, config, options);
    let mut captions = loaded.posts.into_iter().chain(loaded.unplanned).map(|post| post.content.caption);
    captions.find(|caption| caption_digest(caption).as_ref() == Some(sent))
}
