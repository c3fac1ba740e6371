//! The media files of a content root, and where in a manifest each is named.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

use super::ignored::Ignored;
use super::schema::Post;
use crate::yaml::{self, FILE_LIMIT, Fields, Node, Problems, closest, read_text};
use igsync_base::files::{FileKind, Linked, ReadDisk};
use igsync_base::finding::SourceText;
use igsync_base::text::quoted;
use igsync_base::{path, rules};
use igsync_media::DigestCache;
use igsync_media::convert::{ConversionPlan, Header, Refusal, Target, conversion_plan, header};
use igsync_media::probe::Facts;
use igsync_media::rules::Broken;

/// A longer `.gitmodules` is not read. In bytes.
const MODULES_LIMIT: u64 = 64 * 1024;

/// A place in a manifest that a finding may point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot<'a> {
    /// The media of the nth entry of `items`, from 0; of an image, reel or story the only one.
    Item(usize),
    /// The cover of a reel.
    Cover,
    /// `thumb_offset` of the nth item; of a reel its own.
    ThumbOffset(usize),
    /// The value of a field.
    Field(&'a str),
}

/// The local files of a content root. Each is looked at once, however many posts name it, and only
/// what is a regular file inside the root is opened.
pub struct Files<'a> {
    disk: &'a dyn ReadDisk,
    root: &'a Path,
    /// Knows files that have not changed since they were last looked into.
    cache: &'a mut DigestCache,
    seen: HashMap<Arc<str>, Result<Arc<Facts>, Broken>>,
    headers: HashMap<Arc<str>, Option<Result<Header, Refusal>>>,
    ignored: Ignored,
}

impl<'a> Files<'a> {
    pub fn new(disk: &'a dyn ReadDisk, root: &'a Path, cache: &'a mut DigestCache) -> Self {
        Self { disk, root, cache, seen: HashMap::new(), headers: HashMap::new(), ignored: Ignored::default() }
    }

    /// With what is known of ignored files already.
    #[must_use]
    pub fn knowing(self, ignored: Ignored) -> Self {
        Self { ignored, ..self }
    }

    /// What is known of ignored files by now.
    #[must_use]
    pub fn into_ignored(self) -> Ignored {
        self.ignored
    }

    /// What a file is, judged by its bytes, or why it cannot be used.
    pub fn look(&mut self, path: &Arc<str>) -> Result<Arc<Facts>, Broken> {
        let (disk, root, ignored, cache) = (self.disk, self.root, &self.ignored, &mut *self.cache);
        self.seen.entry(Arc::clone(path)).or_insert_with(|| open(disk, root, path, ignored, cache)).clone()
    }

    /// What conversion makes of a file; `None`: it is sent as it is.
    pub fn conversion_plan(&mut self, path: &Arc<str>, target: &Target) -> Result<Option<ConversionPlan>, Refusal> {
        let Ok(facts) = self.look(path) else { return Ok(None) };
        let (disk, root, headers) = (self.disk, self.root, &mut self.headers);
        let look = || header(BufReader::new(disk.open(&root.join(&**path)).ok()?), &facts.format);
        conversion_plan(&facts, || headers.entry(Arc::clone(path)).or_insert_with(look).clone(), target)
    }

    /// What is wrong with a file that a manifest in `folder` names.
    pub(super) fn named_in(&self, folder: &str, path: &str, broken: Broken) -> Broken {
        begun_at_manifest(self.disk, self.root, folder, path, broken)
    }

    /// Whether [`Self::look`] found a file that cannot be used.
    pub fn is_refused(&self, path: &str) -> bool {
        self.seen.get(path).is_some_and(Result::is_err)
    }
}

fn open(
    disk: &dyn ReadDisk,
    root: &Path,
    path: &Arc<str>,
    ignored: &Ignored,
    cache: &mut DigestCache,
) -> Result<Arc<Facts>, Broken> {
    usable(disk, root, path, ignored)?;
    cache.facts(disk, root, path).map(Arc::new).map_err(|error| unreadable(path, &error))
}

/// A file that is there and cannot be read.
pub fn unreadable(path: &str, error: &io::Error) -> Broken {
    Broken::new(&rules::UNREADABLE, format!("{path} cannot be read: {error}"), "not readable", "check its permissions")
}

/// Finds the place again by reading the manifest once more: findings are few, and ten thousand
/// manifests are not kept in memory for them.
pub fn locate(
    disk: &dyn ReadDisk,
    root: &Path,
    post: &Post,
    spot: Spot<'_>,
) -> Option<(Arc<SourceText>, Range<usize>)> {
    let text = read_text(disk, &root.join(&*post.file), &post.file, FILE_LIMIT).ok()?;
    let mut problems = Problems::new(Arc::clone(&post.file), &text.text);
    let node = yaml::parse(&mut problems)?;
    let fields = Fields::of(&node, "a manifest", &mut problems)?;
    let span = value_at(fields, spot, &mut problems)?.place();
    Some((problems.source(), span))
}

/// The value at a place of a manifest.
pub(super) fn value_at<'n>(fields: Fields<'n>, spot: Spot<'_>, problems: &mut Problems<'_>) -> Option<&'n Node> {
    let value = |fields: Fields<'n>, name: &str| fields.get(name).map(|entry| &entry.value);
    match spot {
        Spot::Cover => value(fields, "cover"),
        Spot::Field(name) => value(fields, name),
        Spot::Item(index) => {
            let item = item(fields, index, problems)?;
            value(item, "image").or_else(|| value(item, "video"))
        }
        Spot::ThumbOffset(index) => value(item(fields, index, problems)?, "thumb_offset"),
    }
}

/// The nth item of a carousel; of other kinds the post itself.
fn item<'n>(fields: Fields<'n>, index: usize, problems: &mut Problems<'_>) -> Option<Fields<'n>> {
    match fields.get("items").map(|entry| &entry.value.value) {
        Some(yaml::Value::List(nodes)) => {
            nodes.get(index).and_then(|node: &Node| Fields::of(node, "an item", problems))
        }
        _ => Some(fields),
    }
}

/// Whether this is a regular file that no link leads to and that git keeps.
pub(super) fn usable(disk: &dyn ReadDisk, root: &Path, file: &str, ignored: &Ignored) -> Result<(), Broken> {
    let refused = |rule, message: String, label: &str, help: &str| Err(Broken::new(rule, message, label, help));
    let found = disk.stat(&root.join(file));
    if let Some(linked) = found.as_ref().err().and_then(|error| Linked::of(error)) {
        return Err(linked_file(disk, root, &relative(root, &linked.path, file)));
    }
    let kind = match found {
        Ok(stat) => stat.kind,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(missing(disk, root, file));
        }
        Err(error) => return Err(unreadable(file, &error)),
    };
    match kind {
        FileKind::File => ignored.check(disk, root, file),
        FileKind::Symlink => Err(linked_file(disk, root, file)),
        FileKind::Folder => {
            refused(&rules::NOT_A_FILE, format!("{file} is a folder"), "a folder", "name the file itself")
        }
        FileKind::Other => refused(
            &rules::NOT_A_FILE,
            format!("{file} is not a regular file"),
            "not a file",
            "pipes and devices are not read; copy the media into a file",
        ),
    }
}

/// Its target is not shown: that would reveal what is on this machine. Whether it leads to something is said only of
/// what is inside the content root.
fn linked_file(disk: &dyn ReadDisk, root: &Path, file: &str) -> Broken {
    let target = disk.target(&root.join(file)).unwrap_or_default();
    let target = target.to_string_lossy().replace('\\', "/");
    let broken =
        |label: &str, help: String| Broken::new(&rules::LINKED_FILE, format!("{file} is a symbolic link"), label, help);
    let name = quoted(file);
    if target.contains("/annex/objects/") {
        let help = format!("run `git annex get {name}`, then `git annex unlock {name}`: links are not followed");
        return broken("a link of git annex", help);
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let inside = if target.starts_with('/') { None } else { path::local(folder, &target).ok() };
    let is_gone = |path: &str| disk.stat(&root.join(path)).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    match inside.filter(|inside| is_gone(inside)) {
        Some(inside) => match submodule(disk, root, &inside) {
            Some(module) => {
                let help = format!("run `git submodule update --init {}`, then copy the file here", quoted(&module));
                broken("points into a submodule that is not checked out", help)
            }
            None => broken("a dangling link", "put the file itself there: its target does not exist".into()),
        },
        None => broken("a link", "put the file itself there: links are not followed, wherever they lead".into()),
    }
}

/// The submodule of the content root that holds a path and is not checked out.
fn submodule(disk: &dyn ReadDisk, root: &Path, file: &str) -> Option<String> {
    let text = disk.read(&root.join(".gitmodules"), MODULES_LIMIT).ok()?;
    let text = String::from_utf8(text).ok()?;
    let paths =
        text.lines().filter_map(|line| line.trim().strip_prefix("path")?.trim().strip_prefix('=').map(str::trim));
    let holds = |path: &&str| {
        let is_above = file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        // One that is there has files.
        is_above && disk.list(&root.join(path)).is_ok_and(|entries| entries.is_empty())
    };
    paths.filter(|path| !path.is_empty()).find(holds).map(str::to_owned)
}

/// Why there is no such file, as far as what is there tells.
fn missing(disk: &dyn ReadDisk, root: &Path, file: &str) -> Broken {
    let broken =
        |label: &str, help: String| Broken::new(&rules::MISSING_FILE, format!("there is no file {file}"), label, help);
    if let Some(same) = same_letters(disk, root, file) {
        let (folder, name) = same.rsplit_once('/').unwrap_or(("", &same));
        let cause = "the same letters in another Unicode form, as macOS writes accents";
        let help = if file.rsplit_once('/').map_or("", |(folder, _)| folder) == folder {
            format!("the file's name has {cause}: rename it, or write {}", escaped(name))
        } else {
            format!("a folder's name has {cause}: rename it; the file is {} from the content root", escaped(&same))
        };
        return broken("exists in another Unicode form", help);
    }
    if let Some(module) = submodule(disk, root, file) {
        return broken("in a submodule", format!("run `git submodule update --init {}`", quoted(&module)));
    }
    broken(
        "not found",
        neighbour(disk, root, file)
            .map_or_else(|| "add the file, or correct its name".into(), |name| format!("did you mean `{name}`?")),
    )
}

/// The file whose path has the same letters and other bytes, relative to the content root.
fn same_letters(disk: &dyn ReadDisk, root: &Path, file: &str) -> Option<String> {
    if file.is_ascii() {
        return None;
    }
    let mut found = String::new();
    for part in file.split('/') {
        let wanted: String = part.nfc().collect();
        let entries = disk.list(&root.join(&found)).ok()?;
        let names = entries.iter().take(1000).filter_map(|entry| entry.path.file_name()?.to_str());
        let same: Vec<&str> = names.filter(|name| name.nfc().eq(wanted.chars())).collect();
        let name = same.iter().find(|name| **name == part).or(same.first())?;
        found = if found.is_empty() { (*name).to_owned() } else { format!("{found}/{name}") };
    }
    (found != file).then_some(found)
}

/// A name as YAML that shows its form.
fn escaped(name: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_ascii() => c.to_string(),
        c if u32::from(c) > 0xffff => format!("\\U{:08X}", u32::from(c)),
        c => format!("\\u{:04X}", u32::from(c)),
    };
    format!("\"{}\"", name.chars().map(escape).collect::<String>())
}

/// [`missing`] for a path that begins at the content root where it should begin at the manifest in `folder`.
pub(super) fn begun_at_manifest(disk: &dyn ReadDisk, root: &Path, folder: &str, file: &str, broken: Broken) -> Broken {
    let is_missing = broken.rule.id == rules::MISSING_FILE.id;
    let written = file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).filter(|_| is_missing);
    let is_there = |path: &&str| disk.stat(&root.join(path)).is_ok_and(|stat| stat.kind == FileKind::File);
    let Some(written) = written.filter(|path| !folder.is_empty() && path::local("", path).is_ok()).filter(is_there)
    else {
        return broken;
    };
    let way = match written.strip_prefix(&format!("{folder}/")) {
        Some(inside) => format!("./{inside}"),
        None => "../".repeat(folder.matches('/').count() + 1) + written,
    };
    let help = format!("paths are relative to the manifest: write `{way}`");
    Broken::new(&rules::MISSING_FILE, broken.message, "relative to the content root", help)
}

/// A path as the manifest would name it from the content root; else `file`.
fn relative(root: &Path, path: &Path, file: &str) -> String {
    path.strip_prefix(root).map_or_else(|_| file.to_owned(), |path| path.to_string_lossy().replace('\\', "/"))
}

/// A file beside the missing one whose name is nearly the same.
fn neighbour(disk: &dyn ReadDisk, root: &Path, file: &str) -> Option<String> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let entries = disk.list(&root.join(folder)).ok()?;
    let names: Vec<&str> = entries.iter().take(1000).filter_map(|entry| entry.path.file_name()?.to_str()).collect();
    closest(name, names.iter().copied()).map(str::to_owned)
}
