//! What git tracks and must not, and what it ignores: the one was made by a branch, the other is in no review.
//!
//! `.igsync/` belongs to this machine. What git tracks of it came with a branch: a journal that says what is live,
//! pictures that are in for others, a sandbox's files. None of it is read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use unicode_casefold::UnicodeCaseFold as _;

use crate::exit::Exit;
use crate::git::{Error, Git, Ignored, Index};
use igsync_base::text::quoted;
use igsync_model::config;
use igsync_model::manifest::IgnoredByGit;

use super::credentials;
use super::failure::Failure;
use super::place::Place;
use super::ports::Ports;

const FOLDER: &str = ".igsync";

/// Git says within milliseconds what it ignores, unless it is kept busy.
const LONGEST_ANSWER: Duration = Duration::from_secs(20);

/// So many files are named.
const NAMED: usize = 3;

/// Ends the command where git tracks anything below `.igsync/` of this content root.
///
/// Git is asked only where there is something to be read and a repository to have it from, once, for its index.
pub(crate) async fn refuse_tracked(
    place: &Place,
    root: &Path,
    loaded: &config::Loaded,
    ports: &Ports,
) -> Result<(), Failure> {
    let is_there = |path: &Path| ports.disk.stat(path).is_ok();
    if !is_there(&root.join(FOLDER)) {
        return Ok(());
    }
    let is_above = |name: &str| root.ancestors().any(|folder| is_there(&folder.join(name)));
    if !is_above(".git") {
        // Two ways to check out a branch without one.
        let elsewhere = ports.env.get("GIT_DIR").is_some() || is_above(".jj");
        return if elsewhere { Err(unanswered("its repository is elsewhere")) } else { Ok(()) };
    }
    let git = Git::offline(root, loaded.settings.git_timeout, &credentials::environment(&loaded.config));
    // Where letters of either case lead to one folder, the index may spell it as it likes.
    let is_any_case = is_there(&root.join(".IGSYNC"));
    let names = match git.tracked((!is_any_case).then_some(FOLDER)).await {
        Ok(names) => names,
        Err(Error::NoRepository) => return Ok(()),
        Err(error) => return Err(unanswered(&error.to_string())),
    };
    let tracked: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_private(name)).collect();
    if tracked.is_empty() { Ok(()) } else { Err(refusal(&tracked, &typed(place, root, ports))) }
}

/// What git says of the files of a content root.
#[derive(Default)]
pub(super) struct KnownToGit {
    /// `None`: the patterns that igsync reads itself are all there is.
    pub ignored: Option<IgnoredByGit>,
    pub index: Index,
}

/// What git ignores in the content root, and what its index has; nothing where there is no repository, or no git that
/// can answer.
pub(super) async fn known_to_git(root: &Path, loaded: &config::Loaded, ports: &Ports) -> Result<KnownToGit, Failure> {
    let is_there = |path: PathBuf| ports.disk.stat(&path).is_ok();
    let Some(top) = root.ancestors().find(|folder| is_there(folder.join(".git"))) else {
        return Ok(KnownToGit::default());
    };
    let limit = loaded.settings.git_timeout.min(LONGEST_ANSWER);
    match Git::offline(root, limit, &credentials::environment(&loaded.config)).ignored().await {
        Ok(Ignored { names, submodules, index }) => {
            let (names, submodules) = (names.iter().map(String::as_str), submodules.iter().map(String::as_str));
            let ignored = Some(IgnoredByGit::new(names, submodules, is_there(top.join(".GIT"))));
            Ok(KnownToGit { ignored, index })
        }
        // A branch can bring patterns that keep git busy.
        Err(error @ (Error::TooLong { .. } | Error::TooMuch { .. })) => Err(Failure::message(
            Exit::Refused,
            format!("cannot find out which files git ignores: {error}"),
            "write fewer and simpler patterns into .gitignore; `git status --ignored` shows what they do",
        )),
        Err(_) => Ok(KnownToGit::default()),
    }
}

/// Whether a path of the index leads into `.igsync/`, on a disk that takes letters of either case for one another,
/// leaves out letters that no one sees, or has short names.
fn is_private(path: &str) -> bool {
    let folder = path.split('/').next().unwrap_or_default();
    let plain: String = folder.case_fold().filter(char::is_ascii).collect();
    plain == FOLDER || plain.starts_with("igsync~")
}

/// A journal below `.igsync/` that a branch brought says what is live, and only git knows whether one did.
fn unanswered(why: &str) -> Failure {
    Failure::message(
        Exit::Refused,
        format!("cannot check whether git tracks .igsync/, which must stay on this machine: {why}"),
        "use a checkout with a .git folder in which `git ls-files` works: what a branch brought below .igsync/ may be forged",
    )
}

fn refusal(tracked: &[&str], typed: &Typed) -> Failure {
    let mut named: Vec<String> = tracked.iter().take(NAMED).map(|name| name.escape_debug().to_string()).collect();
    if tracked.len() > NAMED {
        named.push(format!("{} more", tracked.len() - NAMED));
    }
    let mut folders: Vec<String> = Vec::new();
    for folder in tracked.iter().filter_map(|name| name.split('/').next()) {
        let folder = typed.path(folder);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    Failure::message(
        Exit::Refused,
        format!("git tracks files that must stay on this machine: {}", named.join(", ")),
        format!(
            "if a branch brought them, they may be forged: switch to another branch. If they were added by mistake, \
             remove them from git, `{}rm --cached -r -- {}`, and commit that: igsync then trusts the files that stay on this disk",
            typed.git,
            folders.join(" ")
        ),
    )
}

/// How a command of git names the content root from where igsync was started.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    /// `git ` or `git -C DIR `.
    git: String,
    /// Leads from there to the content root: empty, or ending in `/`.
    up: String,
}

impl Typed {
    fn path(&self, name: &str) -> String {
        quoted(&format!("{}{name}", self.up))
    }

    /// Commits one file of the content root with a message of plain words.
    pub(super) fn commit(&self, file: &str, message: &str) -> String {
        format!("{0}add {1} && {0}commit -m \"{message}\"", self.git, self.path(file))
    }
}

pub(super) fn typed(place: &Place, root: &Path, ports: &Ports) -> Typed {
    if let Some(folder) = place.chdir.as_ref().filter(|folder| folder.as_path() != Path::new(".")) {
        return Typed { git: format!("git -C {} ", quoted(&folder.to_string_lossy())), up: String::new() };
    }
    let here = ports.disk.canonicalize(Path::new(".")).unwrap_or_default();
    let below = here.strip_prefix(root).map_or(0, |rest| rest.components().count());
    Typed { git: "git ".to_owned(), up: "../".repeat(below) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_folder_is_private() {
        for path in [
            ".igsync/journal.jsonl",
            ".igsync",
            ".IGSYNC/journal.jsonl",
            ".igSync/sandbox/x",
            ".ig\u{200c}sync/journal.jsonl",
            ".ig\u{17f}ync/journal.jsonl",
            "IGSYNC~1/journal.jsonl",
        ] {
            assert!(is_private(path), "{path}");
        }
        for path in ["igsync.lock", "igsync.yaml", "posts/.igsync/x", ".igsync.yaml", ".igsync-old/x", "igsync/x"] {
            assert!(!is_private(path), "{path}");
        }
    }

    #[test]
    fn the_refusal_names_the_command_that_takes_it_out_of_git() {
        let here = Typed { git: "git ".to_owned(), up: String::new() };
        let failure = refusal(&[".igsync/journal.jsonl"], &here);
        assert_eq!(failure.exit, Exit::Refused);
        let help = failure.report.help().unwrap().to_string();
        assert!(help.contains("`git rm --cached -r -- .igsync`"), "{help}");
        let below = Typed { git: "git ".to_owned(), up: "../../".to_owned() };
        let files = ["a", "b", "c", "d"].map(|name| format!(".igsync/{name}\u{1b}[0m"));
        let files: Vec<&str> = files.iter().map(String::as_str).chain([".ig\u{200c}sync/'x"]).collect();
        let failure = refusal(&files, &below);
        let text = failure.report.to_string();
        assert!(text.ends_with(", 2 more") && !text.contains('\u{1b}'), "{text}");
        let help = failure.report.help().unwrap().to_string();
        assert!(help.contains("`git rm --cached -r -- ../../.igsync '../../.ig\u{200c}sync'`"), "{help}");
    }
}
