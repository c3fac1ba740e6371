//! Whether a post's media files are there, and where in the manifest each is named.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::schema::Post;
use crate::finding::{Finding, Rule, SourceText};
use crate::path::Source;
use crate::port::{Disk, FileKind};
use crate::rules;
use crate::yaml::{self, FILE_LIMIT, Fields, Node, Problems, closest, read_text};

/// A place in a manifest that a finding may point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot<'a> {
    /// The media of the nth item, from 0; of an image, reel or story the only one.
    Item(usize),
    /// The cover of a reel.
    Cover,
    /// `thumb_offset` of the nth item; of a reel its own.
    ThumbOffset(usize),
    /// The value of a field.
    Field(&'a str),
}

/// Checks that every media file of the post exists, is a regular file and stays inside the content
/// root when links are followed. For posts that are still to be published: media of published ones
/// may be gone.
pub fn check_media(disk: &dyn Disk, root: &Path, post: &Post) -> Vec<Finding> {
    let covers = post.reel.iter().filter_map(|reel| reel.cover.as_ref()).map(|cover| (Spot::Cover, cover));
    let items = post.items.iter().enumerate().map(|(index, item)| (Spot::Item(index), &item.source));
    let mut findings = Vec::new();
    for (spot, source) in items.chain(covers) {
        if let Err(refused) = inside(disk, root, source) {
            let mut finding = Finding::new(refused.rule, Arc::clone(&post.file), refused.message);
            finding.help = refused.help;
            if let Some((text, span)) = locate(disk, root, post, spot) {
                finding = finding.at(&text, span, refused.label);
            }
            if post.draft {
                finding.severity = crate::finding::Severity::Warning;
            }
            findings.push(finding);
        }
    }
    findings
}

/// Finds the place again by reading the manifest once more: findings are few, and ten thousand
/// manifests are not kept in memory for them.
pub fn locate(disk: &dyn Disk, root: &Path, post: &Post, spot: Spot<'_>) -> Option<(Arc<SourceText>, Range<usize>)> {
    let text = read_text(disk, &root.join(&*post.file), &post.file, FILE_LIMIT).ok()?;
    let mut problems = Problems::new(Arc::clone(&post.file), &text.text);
    let node = yaml::parse(&mut problems)?;
    let fields = Fields::of(&node, "a manifest", &mut problems)?;
    let value = |fields: Fields<'_>, name: &str| fields.get(name).map(|entry| entry.value.place());
    let span = match spot {
        Spot::Cover => value(fields, "cover"),
        Spot::Field(name) => value(fields, name),
        Spot::Item(index) => {
            let item = item(fields, index, &mut problems)?;
            value(item, "image").or_else(|| value(item, "video"))
        }
        Spot::ThumbOffset(index) => value(item(fields, index, &mut problems)?, "thumb_offset"),
    }?;
    Some((problems.source(), span))
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

/// Why a file cannot be used.
pub(super) struct Refused {
    pub rule: &'static Rule,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

/// Whether a local source is a regular file inside the content root, links followed.
pub(super) fn inside(disk: &dyn Disk, root: &Path, source: &Source) -> Result<(), Refused> {
    let Source::Local(file) = source else { return Ok(()) };
    let refused = |rule, message: String, label: &str, help: Option<String>| {
        Err(Refused { rule, message, label: label.into(), help })
    };
    let found = disk.canonicalize(&root.join(&**file)).and_then(|path| Ok((disk.stat(&path)?.kind, path)));
    let (kind, path) = match found {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return refused(
                &rules::MISSING_FILE,
                format!("there is no file {file}"),
                "not found",
                neighbour(disk, root, file),
            );
        }
        Err(error) => {
            return refused(&rules::UNREADABLE, format!("{file} cannot be read: {error}"), "not readable", None);
        }
    };
    let is_inside = disk.canonicalize(root).is_ok_and(|root| path.starts_with(root));
    if !is_inside {
        let help = Some("only files inside the content root are read; copy the file there".into());
        return refused(
            &rules::PATH_OUTSIDE,
            format!("{file} is a symbolic link that leaves the content root"),
            "leads outside",
            help,
        );
    }
    match kind {
        FileKind::File => Ok(()),
        FileKind::Folder => {
            refused(&rules::NOT_A_FILE, format!("{file} is a folder"), "a folder", Some("name the file itself".into()))
        }
        FileKind::Symlink | FileKind::Other => {
            refused(&rules::NOT_A_FILE, format!("{file} is not a regular file"), "not a file", None)
        }
    }
}

/// A file beside the missing one whose name is nearly the same.
fn neighbour(disk: &dyn Disk, root: &Path, file: &str) -> Option<String> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let entries = disk.list(&root.join(folder)).ok()?;
    let names: Vec<&str> = entries.iter().take(1000).filter_map(|entry| entry.path.file_name()?.to_str()).collect();
    closest(name, names.iter().copied()).map(|name| format!("did you mean `{name}`?"))
}
