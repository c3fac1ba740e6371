//! `igsync new --from PATH…`: a draft for each picture and clip.

use std::collections::HashSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;

use crate::exit::Exit;
use crate::session::relative;
use igsync_base::files::{Disk, FileKind};
use igsync_base::id::PostKey;
use igsync_base::path::local;
use igsync_media::probe::{Format, probe};
use igsync_model::manifest::without_unseen;
use igsync_model::yaml::in_quotes;

use super::super::{Failure, Ports, Ui, write_stdout};
use super::{is_there, save, schema_line};

/// The longest part of a path that is named after a file. In bytes.
const NAME_LIMIT: usize = 200;
/// The time is not looked for in a larger file, of which a reader would have to take all at once. In bytes.
const LARGEST_PHOTO: u64 = 64 << 20;
/// So many items a carousel has.
const ITEMS: std::ops::RangeInclusive<usize> = 2..=10;

/// A picture or clip of the content root.
#[derive(Debug)]
struct Media {
    /// Relative to the content root, `/`-separated.
    path: String,
    is_video: bool,
    /// When the picture was taken, as its EXIF data say: `2026-07-14 18:32:05`.
    taken: Option<String>,
}

impl Media {
    fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&*self.path, |(_, name)| name)
    }

    fn stem(&self) -> &str {
        self.name().rsplit_once('.').map_or(self.name(), |(stem, _)| stem)
    }

    fn field(&self) -> &'static str {
        if self.is_video { "video" } else { "image" }
    }
}

/// Writes one draft for each file, or one carousel of all. Either all of them or none: nothing is overwritten.
pub(super) fn run(
    paths: &[PathBuf],
    is_carousel: bool,
    folder: &str,
    root: &Path,
    ports: &Ports,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let disk = &*ports.disk;
    let media = media(paths, root, disk)?;
    if is_carousel && !ITEMS.contains(&media.len()) {
        let message = format!(
            "a carousel has 2 to 10 items, and there {}",
            match media.len() {
                1 => "is 1 file".to_owned(),
                count => format!("are {count} files"),
            }
        );
        return Err(Failure::message(Exit::Failure, message, "name other files; without `--carousel` each is a post"));
    }
    let groups: Vec<Vec<Media>> =
        if is_carousel { vec![media] } else { media.into_iter().map(|media| vec![media]).collect() };
    let mut drafts: Vec<(String, String)> = Vec::with_capacity(groups.len());
    let mut taken = HashSet::new();
    for group in &groups {
        let file = name(&group[0], folder, &mut taken)?;
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = schema_line(&file, root, disk) + &manifest(group, folder, is_carousel)?;
        drafts.push((file, text));
    }
    let mut existing: Vec<String> = Vec::new();
    for (file, _) in &drafts {
        if is_there(disk, &root.join(file))? {
            existing.push(file.clone());
        }
    }
    // Of a folder only what is new is asked for.
    if !existing.is_empty() && !is_carousel && paths.iter().all(|path| is_folder(path, root, disk)) {
        drafts.retain(|(file, _)| !existing.contains(file));
        let count = existing.len();
        ui.terminal.say(&format!("{count} of them {} manifests already", if count == 1 { "has" } else { "have" }));
        existing.clear();
    }
    if let Some(first) = existing.first() {
        let others = if existing.len() > 1 { format!(" and {} more", existing.len() - 1) } else { String::new() };
        let exist = if existing.len() > 1 { "exist" } else { "exists" };
        let message = format!("{first}{others} {exist}; nothing was written");
        return Err(Failure::message(Exit::Failure, message, "name only files that have no manifest yet"));
    }
    for (written, (file, text)) in drafts.iter().enumerate() {
        if let Err(failure) = save(disk, &root.join(file), text.as_bytes()) {
            for (file, _) in &drafts[..written] {
                // What was just made here; it is said below that nothing is left of it.
                let _ = disk.remove(&root.join(file));
            }
            return Err(failure);
        }
    }
    let names: Vec<&str> = drafts.iter().map(|(file, _)| file.as_str()).collect();
    write_stdout(ui, &(names.join("\n") + "\n"))?;
    Ok(Exit::Done)
}

/// The pictures and clips that the paths name: files, or all of a folder.
fn media(paths: &[PathBuf], root: &Path, disk: &dyn Disk) -> Result<Vec<Media>, Failure> {
    let mut found: Vec<Media> = Vec::new();
    for path in paths {
        let full = disk.canonicalize(path).or_else(|_| disk.canonicalize(&root.join(path)));
        let full = full.map_err(|error| {
            let message = format!("{} cannot be opened: {error}", path.display());
            Failure::of_file(&error, message, "name a picture, a clip, or a folder of them")
        })?;
        if !full.starts_with(root) {
            let message = format!("{} is outside the content root {}", path.display(), root.display());
            return Err(Failure::message(
                Exit::Failure,
                message,
                "copy the file into the content root, then name it there",
            ));
        }
        let is_folder = disk.stat(&full).is_ok_and(|stat| stat.kind == FileKind::Folder);
        if is_folder {
            let inside = of_folder(&full, root, disk)?;
            if inside.is_empty() {
                let message = format!("{} contains no pictures or clips", path.display());
                return Err(Failure::message(Exit::Failure, message, "subfolders are not searched: name them"));
            }
            found.extend(inside);
        } else {
            let name = named(&full, root)?;
            found.push(look(&name, root, disk)?.ok_or_else(|| {
                let message = format!("{} is neither a picture nor a clip", path.display());
                Failure::message(Exit::Failure, message, "name JPEG, PNG, WebP, HEIC, MP4 or MOV files")
            })?);
        }
    }
    // A file that is named twice, as itself and by its folder, is one post.
    let mut seen = HashSet::new();
    found.retain(|media| seen.insert(media.path.clone()));
    Ok(found)
}

fn is_folder(path: &Path, root: &Path, disk: &dyn Disk) -> bool {
    let full = disk.canonicalize(path).or_else(|_| disk.canonicalize(&root.join(path)));
    full.and_then(|full| disk.stat(&full)).is_ok_and(|stat| stat.kind == FileKind::Folder)
}

/// What is media in a folder, in natural order, without what `igsync fix` has made of it. Hidden files are none.
fn of_folder(folder: &Path, root: &Path, disk: &dyn Disk) -> Result<Vec<Media>, Failure> {
    let entries = disk.list(folder).map_err(|error| {
        let message = format!("{} cannot be read: {error}", folder.display());
        Failure::of_file(&error, message, "check its permissions")
    })?;
    let mut names = Vec::new();
    for entry in entries.iter().filter(|entry| entry.kind == FileKind::File) {
        let is_hidden = entry.path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        let is_made = entry.path.file_name().is_some_and(|name| is_made(&name.to_string_lossy()));
        if !is_hidden && !is_made {
            names.push(PostKey::new(named(&entry.path, root)?));
        }
    }
    names.sort();
    let looked = names.iter().map(|name| look(name.as_str(), root, disk));
    looked.filter_map(Result::transpose).collect()
}

/// The path from the content root, as a manifest may name it.
fn named(full: &Path, root: &Path) -> Result<String, Failure> {
    let refused = |message: String| Failure::message(Exit::Failure, message, "rename the file or its folder");
    let is_text = full.strip_prefix(root).unwrap_or(full).to_str().is_some();
    if !is_text {
        return Err(refused(format!("{} has a name that is not UTF-8", full.display())));
    }
    let path = relative(root, full);
    match local("", &path) {
        Ok(read) if *read == *path => Ok(path),
        Ok(_) => Err(refused(format!("no manifest can name {path}"))),
        Err(error) => Err(refused(format!("no manifest can name {path}: {}", error.message))),
    }
}

/// What a file is; `None`: no media.
fn look(path: &str, root: &Path, disk: &dyn Disk) -> Result<Option<Media>, Failure> {
    let full = root.join(path);
    let unreadable = |error: std::io::Error| {
        Failure::of_file(&error, format!("{path} cannot be read: {error}"), "check its permissions")
    };
    let mut file = disk.open(&full).map_err(unreadable)?;
    let format = probe(&mut file).map_err(unreadable)?.format;
    let is_video = match &format {
        Format::Video(_) | Format::Matroska | Format::Avi | Format::MpegTs => true,
        // It is the file that its name says once it is fetched.
        Format::LfsPointer => is_named_as_video(path),
        Format::Html | Format::Empty | Format::Unknown => return Ok(None),
        Format::Jpeg(_)
        | Format::Png
        | Format::Gif
        | Format::WebP
        | Format::Heic
        | Format::Avif
        | Format::Mpo
        | Format::Bmp
        | Format::Tiff => false,
    };
    let has_exif = matches!(format, Format::Jpeg(_) | Format::Mpo | Format::Heic | Format::Png | Format::WebP);
    let has_exif = has_exif && disk.stat(&full).is_ok_and(|stat| stat.len <= LARGEST_PHOTO);
    let taken = if has_exif { disk.open(&full).ok().and_then(|file| taken(BufReader::new(file))) } else { None };
    Ok(Some(Media { path: path.to_owned(), is_video, taken }))
}

/// `IMG_1.igsync.jpg`, `IMG_1.png.igsync-2.jpg`
fn is_made(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('.').is_some_and(|(_, mark)| mark == "igsync" || mark.starts_with("igsync-"))
}

fn is_named_as_video(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["mp4", "mov", "m4v"].iter().any(|video| extension.eq_ignore_ascii_case(video))
}

/// When a picture was taken, with its offset where it is known.
fn taken(mut file: impl std::io::BufRead + std::io::Seek) -> Option<String> {
    let exif = exif::Reader::new().read_from_container(&mut file).ok()?;
    let text = |tag| match &exif.get_field(tag, exif::In::PRIMARY)?.value {
        exif::Value::Ascii(texts) => texts.first().cloned(),
        _ => None,
    };
    let time = [exif::Tag::DateTimeOriginal, exif::Tag::DateTimeDigitized, exif::Tag::DateTime]
        .into_iter()
        .find_map(|tag| exif::DateTime::from_ascii(&text(tag)?).ok())?;
    // A camera without a clock writes zeros.
    let date = jiff::civil::Date::new(
        i16::try_from(time.year).ok()?,
        i8::try_from(time.month).ok()?,
        i8::try_from(time.day).ok()?,
    );
    let date = date.ok().filter(|date| date.year() > 0)?;
    let is_offset = |offset: &String| {
        offset.len() == 6
            && offset.starts_with(['+', '-'])
            && offset[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    let offset =
        text(exif::Tag::OffsetTimeOriginal).and_then(|offset| String::from_utf8(offset).ok()).filter(is_offset);
    let offset = offset.unwrap_or_default();
    Some(format!("{date} {:02}:{:02}:{:02}{offset}", time.hour, time.minute, time.second))
}

/// The manifest that belongs to a file: beside it where posts are, else in their folder.
fn name(media: &Media, posts: &str, taken: &mut HashSet<String>) -> Result<String, Failure> {
    let is_below = media.folder().strip_prefix(posts).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_among_posts = posts.is_empty() || is_below;
    let folder = if is_among_posts { media.folder() } else { posts };
    for name in [media.stem(), media.name()] {
        let name = as_key(name);
        // A manifest whose name begins so is not read.
        let name = name.trim_start_matches(['_', '.', ' ']);
        // The configuration is called so, wherever igsync is started.
        if name.eq_ignore_ascii_case("igsync") {
            continue;
        }
        let file = if folder.is_empty() { format!("{name}.yaml") } else { format!("{folder}/{name}.yaml") };
        let likeness: String = file.case_fold().nfc().collect();
        if !name.is_empty() && name.len() <= NAME_LIMIT && taken.insert(likeness) {
            return Ok(file);
        }
    }
    let message = format!("no manifest name is left for {}; nothing was written", media.path);
    Err(Failure::message(Exit::Failure, message, "rename the file, or write its manifest with `igsync new image NAME`"))
}

/// A file's name as a part of a key: without separators, and without characters that no one sees.
fn as_key(name: &str) -> String {
    let seen = name.chars().map(|c| match c {
        ':' | '\\' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    without_unseen(&seen.collect::<String>()).trim().to_owned()
}

/// A draft of these files, to be filled in.
fn manifest(media: &[Media], folder: &str, is_carousel: bool) -> Result<String, Failure> {
    let first = &media[0];
    let kind = match (is_carousel, first.is_video) {
        (true, _) => "carousel",
        (false, true) => "reel",
        (false, false) => "image",
    };
    let mut lines = vec![
        format!("kind: {kind}"),
        "caption: \"\" # what people read below the post".to_owned(),
        "hashtags: []".to_owned(),
    ];
    if is_carousel {
        lines.extend(["# All items are cropped to the shape of the first.", "items:"].map(str::to_owned));
    }
    for media in media {
        let (begin, indent) = if is_carousel { ("  - ", "    ") } else { ("", "") };
        lines.extend(media.taken.iter().map(|taken| format!("{indent}# taken {taken}")));
        lines.push(format!("{begin}{}: {}", media.field(), written(&media.path, folder)?));
        if !media.is_video {
            lines.push(format!("{indent}alt_text: \"\" # describe the picture for people who cannot see it"));
        }
    }
    lines.extend(super::END.map(str::to_owned));
    Ok(lines.join("\n") + "\n")
}

/// A file of the content root as a manifest in `folder` names it: a value that reads back as this very file.
fn written(path: &str, folder: &str) -> Result<String, Failure> {
    let way = match path.strip_prefix(&format!("{folder}/")) {
        Some(inside) => format!("./{inside}"),
        None if folder.is_empty() => format!("./{path}"),
        None => "../".repeat(folder.matches('/').count() + 1) + path,
    };
    if local(folder, &way).map_or(true, |read| *read != *path) {
        let message = format!("no manifest can name {path}");
        return Err(Failure::message(Exit::Failure, message, "rename the file"));
    }
    let is_plain = way.chars().all(|c| c.is_ascii_alphanumeric() || "./_-".contains(c));
    Ok(if is_plain { way } else { in_quotes(&way) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(path: &str) -> Media {
        Media { path: path.to_owned(), is_video: false, taken: None }
    }

    #[test]
    fn a_manifest_is_named_by_the_stem_and_a_second_one_by_the_whole_name() {
        let mut taken = HashSet::new();
        let mut name = |path: &str| name(&media(path), "posts", &mut taken).ok();
        assert_eq!(name("media/IMG_1.HEIC").as_deref(), Some("posts/IMG_1.yaml"));
        assert_eq!(name("media/img_1.mov").as_deref(), Some("posts/img_1.mov.yaml"), "case makes no other key");
        assert_eq!(name("other/IMG_1.mov"), None);
        assert_eq!(name("media/_DSC7.jpg").as_deref(), Some("posts/DSC7.yaml"), "_ would hide it");
        assert_eq!(name("posts/2026/a.jpg").as_deref(), Some("posts/2026/a.yaml"), "beside its file");
        assert_eq!(name("media/sea\u{2800}side\u{200b}.jpg").as_deref(), Some("posts/seaside.yaml"), "unseen");
        assert_eq!(name("media/👩\u{200d}🚀.jpg").as_deref(), Some("posts/👩\u{200d}🚀.yaml"), "one sign");
        assert_eq!(name("media/igsync.jpg").as_deref(), Some("posts/igsync.jpg.yaml"), "no configuration");
        assert_eq!(name("media/12:30 tea.jpg").as_deref(), Some("posts/12-30 tea.yaml"));
    }

    #[test]
    fn a_file_is_written_so_that_it_reads_back() {
        assert_eq!(written("posts/a.jpg", "posts").unwrap(), "./a.jpg");
        assert_eq!(written("media/2026/a.jpg", "posts/x").unwrap(), "../../media/2026/a.jpg");
        assert_eq!(written("a.jpg", "").unwrap(), "./a.jpg");
        assert_eq!(written("posts/50% #1 \"off\".jpg", "posts").unwrap(), "'./50% #1 \"off\".jpg'");
        assert_eq!(written("posts/café's.jpg", "posts").unwrap(), "\"./café's.jpg\"");
    }
}
