//! What a plan asks git: which posts a branch touches (`--base`), and the record on a branch of its own.
//!
//! That is the only command that a plan ever runs. Manifests may be untrusted, and so may the checkout's
//! attributes: nothing that the repository configures (hooks, filters, text conversion, external diff, file
//! system monitor, pager) is run, and nothing is fetched.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::exit::Exit;
use crate::manifest::{Post, Source};

use super::Failure;

const DEFAULTS_FILE: &str = "_defaults.yaml";

/// The files that differ between the working tree and where it left `rev`, relative to the content root.
pub(super) fn changed_files(root: &Path, rev: &str) -> Result<HashSet<String>, Failure> {
    let base = commit(root, rev)?;
    let merge_base = git(root, &["merge-base", &base, "HEAD"])?;
    let Some(merge_base) = merge_base.map(|text| line(&text)) else {
        return Err(Failure::message(
            Exit::Failure,
            format!("`{rev}` and this checkout have no commit in common here"),
            "fetch the whole history: `fetch-depth: 0` for actions/checkout, or git fetch --unshallow",
        ));
    };
    let names = ["--name-only", "-z", "--no-ext-diff", "--no-textconv", "--relative", "--ignore-submodules=all"];
    let committed = [&["diff-index", "--cached", "--no-renames"][..], &names, &[&merge_base]].concat();
    let Some(committed) = git(root, &committed)? else {
        return Err(Failure::message(Exit::Failure, "git could not compare this checkout", "check it with git status"));
    };
    let mut files = paths(&committed);
    // A file that is not staged, with the same size and a doubtful time, is compared by its content, for which a
    // filter would be a command: filters are switched off, at the price of a false alarm.
    let filters = without_filters(&git(root, &["config", "--null", "--name-only", "--list"])?.unwrap_or_default());
    let unstaged = [&["diff-files"][..], &names].concat();
    for arguments in [&unstaged[..], &["ls-files", "-z", "--others", "--exclude-standard"]] {
        files.extend(git_with(root, arguments, &filters)?.iter().flat_map(|more| paths(more)));
    }
    Ok(files)
}

/// The lockfile on a branch that keeps only the record, as it was last fetched. `None`: there is none here.
pub(super) fn record_on(root: &Path, branch: &str) -> Result<Option<Vec<u8>>, Failure> {
    let path = format!("refs/remotes/origin/{branch}:./igsync.lock");
    let Some(id) = git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &path])? else {
        return Ok(None);
    };
    // By its id: no attributes, and so no filter, apply.
    git(root, &["cat-file", "blob", &line(&id)])
}

/// Adds the manifests whose media, caption file or defaults are among the changed files.
pub(super) fn with_users<'a>(
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
        let media = post.sources().filter_map(|source| match source {
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

/// The full id of the commit that a person named.
fn commit(root: &Path, rev: &str) -> Result<String, Failure> {
    let is_plain = !rev.is_empty() && !rev.starts_with('-') && !rev.contains(char::is_control);
    let asked = format!("{rev}^{{commit}}");
    let found = if is_plain {
        git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &asked])?.map(|text| line(&text))
    } else {
        None
    };
    found.filter(|id| id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).ok_or_else(|| {
        Failure::message(
            Exit::Usage,
            format!("git knows no commit `{}` here", rev.escape_default()),
            "name a branch, a tag or a commit that is fetched, such as origin/main",
        )
    })
}

/// Settings that empty every filter of this list of names.
fn without_filters(names: &[u8]) -> Vec<(String, &'static str)> {
    let names = names.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let filters = names.filter(|name| name.starts_with("filter."));
    filters.map(|name| (name.to_string(), if name.ends_with(".required") { "false" } else { "" })).collect()
}

/// What git prints; `None` when it says no.
fn git(root: &Path, arguments: &[&str]) -> Result<Option<Vec<u8>>, Failure> {
    git_with(root, arguments, &[])
}

fn git_with(root: &Path, arguments: &[&str], settings: &[(String, &'static str)]) -> Result<Option<Vec<u8>>, Failure> {
    let settings = settings.iter().enumerate().flat_map(|(place, (name, value))| {
        [(format!("GIT_CONFIG_KEY_{place}"), name.clone()), (format!("GIT_CONFIG_VALUE_{place}"), (*value).to_owned())]
    });
    let settings: Vec<(String, String)> = settings.collect();
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"])
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"])
        .args(arguments)
        .env_remove("GIT_EXTERNAL_DIFF")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_CONFIG_COUNT", (settings.len() / 2).to_string())
        .envs(settings)
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| {
            Failure::message(Exit::Failure, format!("git can not be run: {error}"), "install git, or leave out --base")
        })?;
    Ok(output.status.success().then_some(output.stdout))
}

fn line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim().to_owned()
}

fn paths(text: &[u8]) -> HashSet<String> {
    let paths = text.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{With as _, item, post};

    #[test]
    fn every_filter_is_emptied() {
        let names = b"core.bare\0filter.lfs.process\0filter.a=b.clean\0filter.lfs.required\0";
        let settings = without_filters(names);
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(settings, [("filter.lfs.process", ""), ("filter.a=b.clean", ""), ("filter.lfs.required", "false")]);
    }

    #[test]
    fn what_a_post_uses_is_its_own() {
        let posts = [
            post("posts/a/one"),
            post("posts/a/two")
                .with(|post| post.items = vec![item("media/two.jpg", crate::manifest::MediaType::Image)]),
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
