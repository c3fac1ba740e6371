//! `igsync new`: a manifest ready to fill in.

mod from;

use std::path::Path;

use crate::cli::{Global, New};
use crate::exit::Exit;
use igsync_base::files::{Disk, FileKind, Linked};
use igsync_base::id::Kind;
use igsync_model::config::{self, Config};
use igsync_model::manifest::{Nearby, nearby};

use super::{Ended, Failure, Ports, Ui, write_stdout};

/// Where `init` puts the schema of manifests, relative to the content root.
pub(super) const SCHEMA: &str = ".vscode/igsync-manifest.schema.json";

pub(super) fn run(global: &Global, args: &New, ports: &Ports, ui: &Ui) -> Ended {
    let disk = &*ports.disk;
    let root = global.place().content_root(ports)?;
    let config = config::load(disk, &root, global.config.as_deref(), &ports.env).config;
    let folder = folder(&config, &root, disk);
    let (Some(kind), Some(name)) = (args.kind, &args.name) else {
        return from::run(&args.from, args.carousel, folder, &root, ports, ui);
    };
    let file = file(name, folder).ok_or_else(|| {
        let help = "a name is a path inside the content root, such as 2026-12/harbour";
        Failure::message(Exit::Usage, format!("`{name}` cannot be the name of a post"), help)
    })?;
    let path = root.join(&file);
    if is_there(disk, &path)? {
        return Err(Failure::message(Exit::Failure, format!("{file} exists"), "choose another name"));
    }
    let stem = file.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml");
    let text = schema_line(&file, &root, disk) + &manifest(kind, stem);
    save(disk, &path, text.as_bytes())?;
    write_stdout(ui, &format!("{file}\n"))?;
    Ok(Exit::Done)
}

/// The folder of new manifests. A `posts/` that is made where the whole content root holds manifests would hide them.
fn folder<'c>(config: &'c Config, root: &Path, disk: &dyn Disk) -> &'c str {
    let has_posts = || disk.stat(&root.join("posts")).is_ok();
    match config.posts.as_ref().and_then(|folders| folders.first()) {
        Some(folder) => folder,
        None if !has_posts() && matches!(nearby(disk, root), Some(Nearby::Manifests(_))) => "",
        None => "posts",
    }
}

/// The line by which an editor finds the schema; empty where there is none.
fn schema_line(file: &str, root: &Path, disk: &dyn Disk) -> String {
    let line = || format!("# yaml-language-server: $schema={}{SCHEMA}\n", "../".repeat(file.matches('/').count()));
    if disk.stat(&root.join(SCHEMA)).is_ok() { line() } else { String::new() }
}

/// The manifest's path; `None`: not inside the content root.
fn file(name: &str, folder: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let name = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(&name);
    let name = name.strip_prefix("./").unwrap_or(name);
    let is_part = |part: &str| {
        !part.is_empty() && !part.starts_with(['.', '_']) && part.len() <= 200 && !part.chars().any(char::is_control)
    };
    if !name.split('/').all(is_part) || name.contains(':') {
        return None;
    }
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    Some(if name.starts_with(&prefix) { format!("{name}.yaml") } else { format!("{prefix}{name}.yaml") })
}

/// Whether there is a file already. A link is none that could be kept.
pub(super) fn is_there(disk: &dyn Disk, path: &Path) -> Result<bool, Failure> {
    match disk.stat(path) {
        Ok(stat) if stat.kind == FileKind::Symlink => Err(Linked { path: path.to_owned() }.into()),
        Ok(_) => Ok(true),
        Err(error) => Linked::of(&error).map_or(Ok(false), |linked| Err(linked.clone().into())),
    }
}

/// Writes a file whose folder may be missing.
pub(super) fn save(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    let made = if disk.stat(folder).is_ok() { Ok(()) } else { disk.create_folder(folder) };
    made.and_then(|()| disk.replace(path, bytes)).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Failure::of_file(&error, message, "check the folder and its permissions")
    })
}

/// A draft, so that nothing goes out before someone has looked at it.
fn manifest(kind: Kind, stem: &str) -> String {
    let quoted = serde_json::to_string(&format!("./{stem}")).unwrap_or_default();
    // A JSON text is a YAML text in double quotes.
    let media = |extension: &str| format!("{}.{extension}\"", quoted.trim_end_matches('"'));
    let body = match kind {
        Kind::Image => {
            format!("image: {}\nalt_text: \"\" # describe the picture for people who cannot see it\n", media("jpg"))
        }
        Kind::Reel => format!("video: {}\nshare_to_feed: true\n", media("mp4")),
        Kind::Carousel => {
            let item = |n: &str| format!("  - image: {}-{n}.jpg\"\n    alt_text: \"\"\n", quoted.trim_end_matches('"'));
            format!("# All items are cropped to the shape of the first.\nitems:\n{}{}", item("1"), item("2"))
        }
        Kind::Story => format!("image: {} # or video:\n", media("jpg")),
    };
    let caption = "caption: |\n  Write the caption here.\nhashtags: []\n";
    let caption = if kind == Kind::Story { "" } else { caption };
    format!("kind: {kind}\n{caption}{body}{}\n", END.join("\n"))
}

/// The last lines of every draft.
const END: [&str; 2] = [
    "# publish_at: 2030-12-01T18:00:00+01:00",
    "draft: true # checked, never published; remove it when the post is ready",
];

#[cfg(test)]
mod tests {
    use super::file;

    #[test]
    fn a_name_becomes_a_path_below_the_posts() {
        assert_eq!(file("harbour", "posts").as_deref(), Some("posts/harbour.yaml"));
        assert_eq!(file("posts/2026/harbour.yaml", "posts").as_deref(), Some("posts/2026/harbour.yaml"));
        assert_eq!(file("2026-12/harbour", "posts").as_deref(), Some("posts/2026-12/harbour.yaml"));
        for name in ["../harbour", "/etc/passwd", "a//b", "_hidden", ".hidden", "", "C:/a", "a\nb"] {
            assert_eq!(file(name, "posts"), None, "{name:?}");
        }
    }
}
