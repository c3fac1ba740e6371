//! Which posts a branch touches (`--base`).
//!
//! Manifests may be untrusted, and so may the checkout's attributes: git is asked offline, nothing that the repository
//! configures is run, and nothing is fetched.

use std::collections::HashSet;
use std::path::Path;

use crate::exit::Exit;
use crate::git::{ChangesError, Error, Git};
use igsync_model::config;
use igsync_model::manifest::{Post, Source};

use super::credentials;
use super::failure::Failure;
use super::ports::Ports;
use super::project::Project;

const DEFAULTS_FILE: &str = "_defaults.yaml";

/// Git in the repository of the content root, asked offline.
pub(crate) fn git(project: &Project) -> Git {
    let environment = credentials::environment(&project.config);
    Git::offline(&project.root, project.settings.git_timeout, &environment)
}

/// The default branch of the repository around a folder, as this clone knows it: its remote's, else the one that is
/// checked out.
pub(crate) async fn default_branch(root: &Path, ports: &Ports) -> Option<String> {
    let loaded = config::load(&*ports.disk, root, None, &ports.env);
    let environment = credentials::environment(&loaded.config);
    let git = Git::offline(root, loaded.settings.git_timeout, &environment);
    git.default_branch().await.ok().flatten()
}

pub(crate) fn failed(error: &ChangesError, rev: &str) -> Failure {
    let rev = rev.escape_default();
    match error {
        ChangesError::NoCommit => Failure::message(
            Exit::Usage,
            format!("git finds no commit `{rev}` in this repository"),
            "name a branch, a tag or a commit that is fetched, such as origin/main",
        ),
        ChangesError::Git(Error::NoRepository) => Failure::message(
            Exit::Usage,
            format!("git finds no commit `{rev}` in this repository: {error}"),
            "run git init and commit the content, or leave out --base",
        ),
        ChangesError::NothingInCommon => Failure::message(
            Exit::Failure,
            format!("`{rev}` and this checkout have no commit in common in this clone"),
            "fetch the whole history: `fetch-depth: 0` for actions/checkout, or git fetch --unshallow",
        ),
        ChangesError::Git(Error::NotRun(_)) => {
            Failure::message(Exit::Failure, error, "install git, or leave out --base")
        }
        ChangesError::Git(_) => Failure::message(
            Exit::Failure,
            format!("git could not compare this checkout with `{rev}`: {error}"),
            "check it with git status, or leave out --base",
        ),
    }
}

/// Adds the manifests whose media, caption file or defaults are among the changed files.
pub(crate) fn with_users<'a>(
    mut changed: HashSet<String>,
    posts: impl IntoIterator<Item = &'a Post>,
) -> HashSet<String> {
    let folders: Vec<String> = changed
        .iter()
        .filter_map(|file| file.strip_suffix(DEFAULTS_FILE))
        .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        .map(str::to_owned)
        .collect();
    let mut users = Vec::new();
    for post in posts {
        let media = post.content.sources().filter_map(|source| match source {
            Source::Local(path) => Some(&**path),
            Source::Url(_) => None,
        });
        let uses_a_change = media.chain(post.caption_file.as_deref()).any(|file| changed.contains(file))
            || folders.iter().any(|folder| post.file.starts_with(folder.as_str()));
        if uses_a_change {
            users.push(post.file.to_string());
        }
    }
    changed.extend(users);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_model::plan::testing::{With as _, item, post};

    #[test]
    fn what_a_post_uses_is_its_own() {
        let posts = [
            post("posts/a/one"),
            post("posts/a/two").with(|post| {
                post.content.items = vec![item("media/two.jpg", igsync_model::manifest::MediaType::Image)];
            }),
            post("posts/b/three").with(|post| post.caption_file = Some("posts/b/three.txt".into())),
            post("posts/c/four"),
        ];
        let touched = |files: &[&str]| {
            let changed = files.iter().map(|file| (*file).to_owned()).collect();
            let mut touched: Vec<String> = with_users(changed, &posts).into_iter().collect();
            touched.sort();
            touched
        };
        assert_eq!(touched(&["media/two.jpg"]), ["media/two.jpg", "posts/a/two.yaml"]);
        assert_eq!(touched(&["posts/b/three.txt"]), ["posts/b/three.txt", "posts/b/three.yaml"]);
        assert_eq!(
            touched(&["posts/a/_defaults.yaml"]),
            ["posts/a/_defaults.yaml", "posts/a/one.yaml", "posts/a/two.yaml"]
        );
        assert_eq!(touched(&["posts/a/my_defaults.yaml"]), ["posts/a/my_defaults.yaml"]);
        assert_eq!(touched(&["_defaults.yaml"]).len(), 5);
    }
}
