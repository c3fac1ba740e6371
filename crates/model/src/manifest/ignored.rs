//! What git leaves out of commits, so that it is in no review: what git itself reports where it was asked, and what the
//! patterns of a repository exclude, its `.gitignore` files, from the top down, and `.git/info/exclude`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use unicode_casefold::UnicodeCaseFold as _;
use unicode_normalization::UnicodeNormalization as _;

use crate::yaml::{read_text, shown};
use igsync_base::files::{FileKind, ReadDisk};
use igsync_base::finding::Finding;
use igsync_base::rules;
use igsync_base::text::quoted;
use igsync_media::rules::Broken;

/// The largest `.gitignore` file that is read, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;
/// Every path is compared with all patterns above it: so many of all files are read …
const PATTERN_LIMIT: usize = 5_000;
/// … in files of so many bytes together.
const LENGTH_LIMIT: usize = 512 * 1024;

/// The files of patterns from the repository's top down to one folder, nearest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignores {
    /// From the repository's top to the content root: empty, or ending in `/`.
    prefix: Arc<str>,
    files: Vec<Arc<PatternFile>>,
}

/// One file of patterns.
#[derive(Debug)]
pub(super) struct PatternFile {
    patterns: Gitignore,
    /// Relative to the content root.
    name: Arc<str>,
}

/// The line that excludes a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    /// The file that holds it, relative to the content root.
    pub(super) file: String,
}

impl Pattern {
    fn remedy(&self) -> String {
        let Self { text, file } = self;
        format!("remove `{text}` from {file}, or move the file: files outside git are not reviewed")
    }
}

impl Ignores {
    /// Goes on with the file of one more folder.
    pub(super) fn add(&mut self, nearest: Arc<PatternFile>) {
        self.files.push(nearest);
    }

    /// The pattern that excludes a file or folder in the folder of these; those above it are not looked at.
    pub(super) fn exclude(&self, path: &str, is_folder: bool) -> Option<Pattern> {
        self.exclude_from_top(&format!("/{}{path}", self.prefix), is_folder)
    }

    fn exclude_from_top(&self, path: &str, is_folder: bool) -> Option<Pattern> {
        for file in self.files.iter().rev() {
            match file.patterns.matched(path, is_folder) {
                Match::Ignore(glob) => {
                    return Some(Pattern {
                        text: shown(&glob.original().replace("\\{", "{").replace("\\}", "}")),
                        file: file.name.to_string(),
                    });
                }
                Match::Whitelist(_) => return None,
                Match::None => {}
            }
        }
        None
    }
}

/// What git itself says that it ignores below the content root: by all patterns that it knows, wherever they are, and
/// never what it tracks.
#[derive(Clone, Debug, Default)]
pub struct IgnoredByGit {
    /// Names from the content root.
    files: HashSet<Box<str>>,
    folders: HashSet<Box<str>>,
    /// The folders of submodules, of which git was asked as well.
    submodules: HashSet<Box<str>>,
    /// Letters of either case, however they are composed, lead to one file.
    is_any_case: bool,
}

impl IgnoredByGit {
    /// Of names from the content root, those of ignored folders ending in `/`.
    pub fn new<'n>(
        names: impl IntoIterator<Item = &'n str>,
        submodules: impl IntoIterator<Item = &'n str>,
        is_any_case: bool,
    ) -> Self {
        let mut ignored = Self { is_any_case, ..Self::default() };
        for name in names {
            match name.strip_suffix('/') {
                Some(folder) => ignored.folders.insert(ignored.plain(folder).into()),
                None => ignored.files.insert(ignored.plain(name).into()),
            };
        }
        ignored.submodules = submodules.into_iter().map(|folder| ignored.plain(folder).into()).collect();
        ignored
    }

    /// Whether a file or folder is among them, the folders above it not looked at.
    pub(super) fn has(&self, path: &str, is_folder: bool) -> bool {
        let names = if is_folder { &self.folders } else { &self.files };
        !names.is_empty() && names.contains(&*self.plain(path))
    }

    fn is_submodule(&self, folder: &str) -> bool {
        self.submodules.contains(&*self.plain(folder))
    }

    fn plain<'p>(&self, path: &'p str) -> Cow<'p, str> {
        match self.is_any_case {
            false => path.into(),
            true if path.is_ascii() => path.to_ascii_lowercase().into(),
            true => path.nfd().case_fold().nfd().collect::<String>().into(),
        }
    }
}

/// Why git keeps a file or folder out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Excluded {
    By(Pattern),
    /// By a pattern that git knows.
    ByGit,
    /// It is in another repository.
    Elsewhere,
}

impl Excluded {
    /// What is to be said of this file, and what to do about it.
    pub(super) fn of(&self, file: &str) -> (String, String) {
        match self {
            Self::By(pattern) => (format!("excluded by {}", pattern.file), pattern.remedy()),
            Self::ByGit => ("ignored by git".to_owned(), remedy(file)),
            Self::Elsewhere => (
                "in another repository".to_owned(),
                "copy it out of there, or make that a submodule: what is in no commit of this repository is not reviewed"
                    .to_owned(),
            ),
        }
    }
}

/// Where git alone knows the pattern.
fn remedy(file: &str) -> String {
    let command = format!("git check-ignore -v -- {}", quoted(file));
    format!("`{command}`, in the content root, prints the pattern: remove it, or move the file")
}

/// Reads `.gitignore` files, each once, and counts what all of them hold.
#[derive(Debug, Default)]
pub(super) struct Reader {
    above: Option<Ignores>,
    /// By the folder that holds the file.
    files: HashMap<Box<str>, Arc<PatternFile>>,
    patterns: usize,
    /// In bytes.
    len: usize,
}

impl Reader {
    /// Reads what is above the content root, up to the top of its repository. Nothing where the root itself is
    /// excluded: such a root is kept outside of git on purpose.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub(super) fn read_above(&mut self, disk: &dyn ReadDisk, root: &Path) -> Result<Ignores, Box<Finding>> {
        if let Some(above) = &self.above {
            return Ok(above.clone());
        }
        let above = self.ignores_above(disk, root)?;
        Ok(self.above.insert(above).clone())
    }

    fn ignores_above(&mut self, disk: &dyn ReadDisk, root: &Path) -> Result<Ignores, Box<Finding>> {
        let kind = |path: &Path| disk.stat(path).ok().map(|stat| stat.kind);
        let Some(top) = root.ancestors().find(|folder| kind(&folder.join(".git")).is_some()) else {
            return Ok(Ignores::default());
        };
        let below: Vec<String> = root
            .strip_prefix(top)
            .unwrap_or(Path::new(""))
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let prefix = if below.is_empty() { String::new() } else { below.join("/") + "/" };
        let mut ignores = Ignores { prefix: prefix.into(), files: Vec::new() };
        let up = |steps: usize| "../".repeat(steps);
        let exclude = top.join(".git/info/exclude");
        // In a worktree `.git` is a file, and this one is elsewhere.
        if kind(&exclude) == Some(FileKind::File) {
            let name = format!("{}.git/info/exclude", up(below.len()));
            ignores.add(Arc::new(self.parse(disk, &exclude, name.into(), "")?));
        }
        let mut folder = String::new();
        for (depth, name) in below.iter().enumerate() {
            let file = top.join(&folder).join(".gitignore");
            // Git reads no link here.
            if kind(&file) == Some(FileKind::File) {
                let shown = format!("{}.gitignore", up(below.len() - depth));
                ignores.add(Arc::new(self.parse(disk, &file, shown.into(), &folder)?));
            }
            folder = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if ignores.exclude_from_top(&format!("/{folder}"), true).is_some() {
                return Ok(Ignores { files: Vec::new(), ..ignores });
            }
        }
        Ok(ignores)
    }

    /// Reads the file of one folder, whose place `above` knows.
    ///
    /// # Errors
    ///
    /// The finding that says why it is not known what the file excludes: nothing can be said about the
    /// files below it.
    pub(super) fn read(
        &mut self,
        disk: &dyn ReadDisk,
        root: &Path,
        folder: &str,
        above: &Ignores,
    ) -> Result<Arc<PatternFile>, Box<Finding>> {
        if let Some(known) = self.files.get(folder) {
            return Ok(Arc::clone(known));
        }
        let name = name(folder);
        let within = format!("{}{folder}", above.prefix);
        let file = Arc::new(self.parse(disk, &root.join(&name), name.into(), within.trim_end_matches('/'))?);
        self.files.insert(folder.into(), Arc::clone(&file));
        Ok(file)
    }

    /// `within` leads from the repository's top to the folder of the file.
    fn parse(
        &mut self,
        disk: &dyn ReadDisk,
        place: &Path,
        file: Arc<str>,
        within: &str,
    ) -> Result<PatternFile, Box<Finding>> {
        let text = read_text(disk, place, &file, FILE_LIMIT)?.text;
        if text.lines().any(|line| !line.starts_with('#') && line.contains('[') && line.contains("[:")) {
            let finding = Finding::new(&rules::FILE_TOO_LARGE, file, "a pattern has a class such as `[[:alpha:]]`");
            return Err(Box::new(finding.help("write the letters out, `[a-zA-Z]`")));
        }
        let is_pattern = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        let (patterns, len) = (self.patterns + text.lines().filter(is_pattern).count(), self.len + text.len());
        if patterns > PATTERN_LIMIT || len > LENGTH_LIMIT {
            return Err(too_large(file, "with it the `.gitignore` files have more than 5,000 patterns, or 512 KiB"));
        }
        (self.patterns, self.len) = (patterns, len);
        let mut builder = GitignoreBuilder::new(format!("/{within}"));
        for line in text.lines().filter(|line| line.trim_end() != "!") {
            // Git skips a pattern that it cannot read, too.
            let _ = builder.add_line(None, &without_alternatives(line));
        }
        match builder.build() {
            Ok(patterns) => Ok(PatternFile { patterns, name: file }),
            Err(_) => Err(too_large(file, "its patterns are too complex to be compared with files")),
        }
    }
}

/// Braces are alternatives to the library, and letters to git.
fn without_alternatives(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    for c in pattern.chars() {
        if matches!(c, '{' | '}') && !is_escaped {
            escaped.push('\\');
        }
        is_escaped = c == '\\' && !is_escaped;
        escaped.push(c);
    }
    escaped
}

fn too_large(file: Arc<str>, message: &str) -> Box<Finding> {
    let finding = Finding::new(&rules::FILE_TOO_LARGE, file, message);
    Box::new(finding.help("write fewer and shorter patterns; a folder that is excluded needs one"))
}

fn name(folder: &str) -> String {
    if folder.is_empty() { ".gitignore".into() } else { format!("{folder}/.gitignore") }
}

/// Whether files are excluded, wherever they are: by git's own word where it gave one, else by the patterns, each
/// folder's file read once.
#[derive(Debug, Default)]
pub struct Ignored {
    by_git: Option<IgnoredByGit>,
    known: Mutex<Known>,
    /// Folders whose `.gitignore` cannot be read, as was said already.
    reported: HashSet<Box<str>>,
}

#[derive(Debug, Default)]
struct Known {
    above: Option<Result<Rules, Broken>>,
    folders: HashMap<Box<str>, Result<Rules, Broken>>,
    reader: Reader,
}

#[derive(Clone, Debug, Default)]
struct Rules {
    ignores: Ignores,
    /// The folder itself is excluded, and with it all that is in it.
    excluded: Option<Excluded>,
}

impl Ignored {
    /// With what git has said; `None`: it was not asked, or could not answer.
    pub(super) fn knowing(by_git: Option<IgnoredByGit>) -> Self {
        Self { by_git, ..Self::default() }
    }

    pub(super) fn by_git(&self) -> Option<&IgnoredByGit> {
        self.by_git.as_ref()
    }

    /// For whoever looks for files of patterns first: what it reads is not read again.
    pub(super) fn reader(&mut self) -> &mut Reader {
        &mut self.known.get_mut().unwrap_or_else(PoisonError::into_inner).reader
    }

    /// What is wrong with the file of this folder was said: nothing more is found in it.
    pub(super) fn mark_reported(&mut self, folder: &str) {
        self.reported.insert(folder.into());
    }

    /// Whether this file or folder is excluded, the folders above it not looked at.
    pub(super) fn exclude(
        &self,
        disk: &dyn ReadDisk,
        root: &Path,
        ignores: &Ignores,
        path: &str,
        is_folder: bool,
    ) -> Option<Excluded> {
        let Some(by_git) = &self.by_git else { return ignores.exclude(path, is_folder).map(Excluded::By) };
        if by_git.has(path, is_folder) {
            return Some(Excluded::ByGit);
        }
        let is_elsewhere = is_folder && !by_git.is_submodule(path) && disk.stat(&root.join(path).join(".git")).is_ok();
        is_elsewhere.then_some(Excluded::Elsewhere)
    }

    /// Refuses a file that is excluded, or in a folder that is.
    pub(super) fn check(&self, disk: &dyn ReadDisk, root: &Path, file: &str) -> Result<(), Broken> {
        let rules = self.rules(disk, root, file.rsplit_once('/').map_or("", |(folder, _)| folder))?;
        match rules.excluded.or_else(|| self.exclude(disk, root, &rules.ignores, file, false)) {
            None => Ok(()),
            Some(excluded) => {
                let (is, help) = excluded.of(file);
                let label = if excluded == Excluded::Elsewhere { "in another repository" } else { "ignored by git" };
                Err(Broken::new(&rules::IGNORED_FILE, format!("{file} is {is}"), label, help))
            }
        }
    }

    fn rules(&self, disk: &dyn ReadDisk, root: &Path, folder: &str) -> Result<Rules, Broken> {
        let mut guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { above, folders, reader } = &mut *guard;
        let mut known = above
            .get_or_insert_with(|| match &self.by_git {
                Some(_) => Ok(Rules::default()),
                None => reader.read_above(disk, root).map(Rules::of).map_err(|finding| broken(*finding)),
            })
            .clone();
        let ends = folder.match_indices('/').map(|(end, _)| end).chain([folder.len()]);
        for folder in [""].into_iter().chain(ends.map(|end| &folder[..end])) {
            if let Some(here) = folders.get(folder) {
                known.clone_from(here);
            } else {
                known = known.and_then(|above| self.below(above, disk, root, folder, reader));
                folders.insert(folder.into(), known.clone());
            }
        }
        known
    }

    /// The rules of a folder in the folder of `rules`.
    fn below(
        &self,
        mut rules: Rules,
        disk: &dyn ReadDisk,
        root: &Path,
        folder: &str,
        reader: &mut Reader,
    ) -> Result<Rules, Broken> {
        if rules.excluded.is_none() && !folder.is_empty() {
            rules.excluded = self.exclude(disk, root, &rules.ignores, folder, true);
        }
        // Git does not look into what is excluded.
        if rules.excluded.is_some() || self.by_git.is_some() || self.reported.contains(folder) {
            return Ok(rules);
        }
        let place = root.join(name(folder));
        if disk.stat(&place).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(rules);
        }
        let nearest = reader.read(disk, root, folder, &rules.ignores).map_err(|finding| broken(*finding))?;
        rules.ignores.add(nearest);
        Ok(rules)
    }
}

impl Rules {
    fn of(ignores: Ignores) -> Self {
        Self { ignores, excluded: None }
    }
}

/// Why nothing is known of the files below a file of patterns.
fn broken(finding: Finding) -> Broken {
    let message = format!("{}: {}", finding.file, finding.message);
    let help = finding.help.unwrap_or_else(|| "put a file of patterns there, or remove it".into());
    Broken::new(finding.rule, message, "in a folder with this file of patterns", help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_testkit::MemDisk;

    fn checked(files: &[(&str, &str)], file: &str) -> Result<(), (String, String)> {
        let disk = MemDisk::new();
        for (path, text) in files {
            disk.put(Path::new("/site").join(path), text);
        }
        let ignored = Ignored::default();
        let check = || ignored.check(&disk, Path::new("/site"), file).map_err(|broken| broken.help);
        assert_eq!(check(), check(), "asked once more it is the same");
        check().map_err(|help| {
            let (pattern, rest) = help.strip_prefix("remove `").unwrap().split_once("` from ").unwrap();
            (pattern.to_owned(), rest.split(',').next().unwrap().to_owned())
        })
    }

    #[test]
    fn a_file_is_excluded_as_git_would() {
        let by = |pattern: &str, file: &str| Err((pattern.to_owned(), file.to_owned()));
        let root = [(".gitignore", "*.tmp.jpg\n/private/\nout\n!keep.tmp.jpg\n")];
        assert_eq!(checked(&root, "a.jpg"), Ok(()));
        assert_eq!(checked(&root, "media/deep/a.tmp.jpg"), by("*.tmp.jpg", ".gitignore"));
        assert_eq!(checked(&root, "media/keep.tmp.jpg"), Ok(()));
        assert_eq!(checked(&root, "private/a.jpg"), by("/private/", ".gitignore"));
        assert_eq!(checked(&root, "media/private/a.jpg"), Ok(()));
        assert_eq!(checked(&root, "media/out/deep/a.jpg"), by("out", ".gitignore"));

        let nested = [(".gitignore", "*.jpg\n/out/\n"), ("media/.gitignore", "!a.jpg\n"), ("out/.gitignore", "!*\n")];
        assert_eq!(checked(&nested, "media/a.jpg"), Ok(()));
        assert_eq!(checked(&nested, "media/b.jpg"), by("*.jpg", ".gitignore"));
        assert_eq!(checked(&nested, "out/a.txt"), by("/out/", ".gitignore"), "nothing below it brings it back");
        let inner = [("media/.gitignore", "b*\n")];
        assert_eq!(checked(&inner, "media/deep/b.jpg"), by("b*", "media/.gitignore"));
        assert_eq!(checked(&inner, "b.jpg"), Ok(()));
    }

    #[test]
    fn braces_are_letters_and_a_bare_negation_brings_nothing_back() {
        let by = |pattern: &str| Err((pattern.to_owned(), ".gitignore".to_owned()));
        for (pattern, file) in [
            ("{{cookie}}/", "{{cookie}}/a.jpg"),
            ("note{1}.txt", "note{1}.txt"),
            ("*.{txt,md}", "a.{txt,md}"),
            ("a{b.txt", "a{b.txt"),
            ("a}b.txt", "a}b.txt"),
            ("a\\{b.txt", "a{b.txt"),
        ] {
            let root = [(".gitignore", pattern)];
            assert_eq!(checked(&root, file), by(&pattern.replace("\\{", "{")), "{pattern}");
        }
        assert_eq!(checked(&[(".gitignore", "*.{txt,md}\n")], "note.txt"), Ok(()));
        assert_eq!(checked(&[(".gitignore", "a.jpg\n!\n")], "a.jpg"), by("a.jpg"));
    }

    #[test]
    fn a_file_is_read_once_in_a_run_and_all_count_together() {
        let disk = MemDisk::new();
        let site = Path::new("/site");
        disk.put("/site/.git/info/exclude", "a\n".repeat(1_000));
        disk.put("/site/.gitignore", "b\n".repeat(2_000));
        disk.put("/site/media/.gitignore", "c\n".repeat(2_001));
        let mut ignored = Ignored::default();
        let above = ignored.reader().read_above(&disk, site).unwrap();
        ignored.reader().read(&disk, site, "", &above).unwrap();
        assert!(ignored.check(&disk, site, "posts/x.jpg").is_ok(), "what was read is not counted again");
        let broken = ignored.check(&disk, site, "media/x.jpg").unwrap_err();
        assert!(broken.message.contains("more than 5,000 patterns"), "{}", broken.message);
    }

    #[test]
    fn the_patterns_of_the_whole_repository_count() {
        let repository = |files: &[(&str, &str)], file: &str| {
            let disk = MemDisk::new();
            for (path, text) in files {
                disk.put(Path::new("/repo").join(path), text);
            }
            let check = Ignored::default().check(&disk, Path::new("/repo/feed/site"), file);
            check.map_err(|broken| broken.message)
        };
        let by = |file: &str| Err(format!("posts/a.txt is excluded by {file}"));
        let git = (".git/HEAD", "");
        for pattern in ["feed/site/posts/a.txt", "a.txt", "/feed/*/posts/*", "feed/**/a.*", "/feed/site/posts"] {
            assert_eq!(repository(&[git, (".gitignore", pattern)], "posts/a.txt"), by("../../.gitignore"), "{pattern}");
        }
        assert_eq!(repository(&[git, ("feed/.gitignore", "/site/posts/")], "posts/a.txt"), by("../.gitignore"));
        assert_eq!(repository(&[git, (".git/info/exclude", "a.*")], "posts/a.txt"), by("../../.git/info/exclude"));
        assert_eq!(repository(&[git, ("feed/site/.gitignore", "posts/**")], "posts/a.txt"), by(".gitignore"));
        for other in [
            &[(".gitignore", "a.txt")][..],
            &[git, (".gitignore", "/posts\n/a.txt\nsite/a.txt\n")],
            &[git, (".gitignore", "a.txt"), ("feed/site/.gitignore", "!a.txt")],
            // A content root that is kept out of git as a whole.
            &[git, (".gitignore", "/feed/\na.txt\n")],
            &[git, ("feed/.gitignore", "site")],
        ] {
            assert_eq!(repository(other, "posts/a.txt"), Ok(()), "{other:?}");
        }
        let class = repository(&[git, (".gitignore", "[[:alpha:]].txt")], "posts/a.txt").unwrap_err();
        assert_eq!(class, "../../.gitignore: a pattern has a class such as `[[:alpha:]]`");
    }

    fn by_git(names: &[&str], is_any_case: bool) -> Ignored {
        Ignored::knowing(Some(IgnoredByGit::new(names.iter().copied(), ["media/module"], is_any_case)))
    }

    #[test]
    fn where_git_has_answered_its_word_counts() {
        let disk = MemDisk::new();
        disk.put("/site/.gitignore", "*.jpg\n");
        let check = |names: &[&str], is_any_case, file: &str| {
            by_git(names, is_any_case).check(&disk, Path::new("/site"), file).map_err(|broken| broken.message)
        };
        let refused = |file: &str| Err(format!("{file} is ignored by git"));
        for (name, file) in
            [("notes.txt", "notes.txt"), ("media/", "media/a.jpg"), ("media/deep/", "media/deep/further/a.jpg")]
        {
            assert_eq!(check(&[name], false, file), refused(file), "{name}");
        }
        for (name, file) in [
            ("notes.txt", "notes.txt.jpg"),
            ("media/", "media"),
            ("media/a", "media/a/b"),
            ("a/", "b/a/c"),
            ("Media/A.JPG", "media/a.jpg"),
        ] {
            assert_eq!(check(&[name], false, file), Ok(()), "{name}");
        }
        for (name, file) in [("Media/A.JPG", "media/a.jpg"), ("media/caf\u{e9}.jpg", "media/CAFE\u{301}.jpg")] {
            assert_eq!(check(&[name], true, file), refused(file), "{name}");
        }
        let help = by_git(&["a b.jpg"], false).check(&disk, Path::new("/site"), "a b.jpg").unwrap_err().help;
        assert!(help.contains("`git check-ignore -v -- 'a b.jpg'`"), "{help}");
    }

    #[test]
    fn another_repository_below_the_content_root_is_not_read() {
        let disk = MemDisk::new();
        disk.put("/site/media/other/.git/HEAD", "");
        disk.put("/site/media/module/.git", "gitdir: x\n");
        let check =
            |file: &str| by_git(&[], false).check(&disk, Path::new("/site"), file).map_err(|broken| broken.message);
        assert_eq!(check("media/other/deep/a.jpg"), Err("media/other/deep/a.jpg is in another repository".to_owned()));
        assert_eq!(check("media/module/a.jpg"), Ok(()), "git was asked about it");
        assert_eq!(check("media/a.jpg"), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_excludes_nothing_and_is_said() {
        let disk = MemDisk::new();
        disk.put("/site/media/a.jpg", "");
        disk.put_symlink("/site/media/.gitignore", "/etc/passwd");
        let broken = Ignored::default().check(&disk, Path::new("/site"), "media/a.jpg").unwrap_err();
        assert_eq!(broken.rule.name, "linked-file");
        assert_eq!(broken.message, "media/.gitignore: this file is a symbolic link");

        let mut ignored = Ignored::default();
        ignored.mark_reported("media");
        ignored.check(&disk, Path::new("/site"), "media/a.jpg").expect("once is enough");
    }
}
