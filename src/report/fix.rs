//! What `igsync fix` did, or would do.

use std::fmt::Write;

use serde::Serialize;

use super::Style;
use super::findings::{self, FindingJson};
use super::text::{one_line, pad, plural, width};
use igsync_base::finding::Finding;

/// What became of everything that was asked for.
pub struct Done {
    /// `false`: it was only looked at.
    pub has_written: bool,
    pub files: Vec<File>,
    /// Manifests that name the new files, relative to the content root.
    pub manifests: Vec<String>,
    /// Files and manifests that stay as they are, each with the reason.
    pub left: Vec<(String, String)>,
    /// How many manifests of recorded posts were left alone.
    pub recorded: usize,
    /// The commands that accept what is live, one for each recorded post whose manifest has changed.
    pub accept: Vec<String>,
    /// What still breaks a rule.
    pub remaining: Vec<Finding>,
}

/// One file that was made, or would be.
#[derive(Debug, Serialize)]
pub struct File {
    /// Relative to the content root.
    pub source: String,
    /// Relative to the content root.
    pub result: String,
    #[serde(flatten)]
    pub what: What,
    /// An earlier run had made it already.
    pub is_there: bool,
    /// The manifests that name it.
    pub manifests: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A picture, converted. In pixels.
    Picture { width: u32, height: u32 },
    /// A clip whose index comes first. In bytes.
    Clip { bytes: u64 },
}

impl What {
    fn words(&self) -> String {
        match self {
            Self::Picture { width, height } => format!("JPEG {width}×{height}"),
            Self::Clip { bytes } => format!("index first, {}", super::text::rounded_bytes(*bytes)),
        }
    }
}

/// For people. The last line is stable.
#[must_use]
pub fn human(done: &Done, style: Style) -> String {
    let mut text = String::new();
    if !done.remaining.is_empty() {
        text += &findings::render(&done.remaining, style);
    }
    let column = done.files.iter().map(|file| width(&arrow(file))).max().unwrap_or(0);
    for file in &done.files {
        let there = if file.is_there { ", there already" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}  {}{there}", pad(&arrow(file), column), file.what.words());
    }
    if !done.files.is_empty() {
        text.push('\n');
    }
    for (file, reason) in &done.left {
        let _ = writeln!(text, "left as it is: {}: {}", one_line(file), one_line(reason));
    }
    if done.recorded > 0 {
        let manifests = plural(done.recorded, "manifest");
        let _ = writeln!(text, "left alone: {manifests} of recorded posts; add `--all` to fix them as well");
    }
    if done.has_written && !done.accept.is_empty() {
        text += "published posts whose manifests have changed; what is live is accepted by\n";
        for command in &done.accept {
            let _ = writeln!(text, "  `{command}`");
        }
    }
    if !done.has_written && !done.files.is_empty() {
        text += "nothing was written: add `--write`\n";
    }
    text + &summary(done)
}

fn arrow(file: &File) -> String {
    format!("{} → {}", one_line(&file.source), one_line(&file.result))
}

/// The stable last line.
fn summary(done: &Done) -> String {
    let (files, manifests) = (plural(done.files.len(), "file"), plural(done.manifests.len(), "manifest"));
    let errors = match done.remaining.len() {
        0 => String::new(),
        count => format!("; {} left", plural(count, "error")),
    };
    match (done.has_written, done.files.is_empty()) {
        (_, true) if done.remaining.is_empty() => "Fix: nothing to do.\n".to_owned(),
        (_, true) => format!("Fix: nothing that igsync can do{errors}.\n"),
        (true, false) => format!("Fix: {files} made, {manifests} changed{errors}.\n"),
        (false, false) => format!("Fix: {files} to make, {manifests} to change{errors}.\n"),
    }
}

/// For programs: indented, with a final newline.
#[must_use]
pub fn json(done: &Done) -> String {
    #[derive(Serialize)]
    struct LeftJson<'a> {
        file: &'a str,
        reason: &'a str,
    }
    #[derive(Serialize)]
    struct FixJson<'a> {
        format_version: &'static str,
        written: bool,
        files: &'a [File],
        manifests: &'a [String],
        left: Vec<LeftJson<'a>>,
        recorded_manifests: usize,
        accept: &'a [String],
        remaining: Vec<FindingJson<'a>>,
    }
    let json = FixJson {
        format_version: "1.0",
        written: done.has_written,
        files: &done.files,
        manifests: &done.manifests,
        left: done.left.iter().map(|(file, reason)| LeftJson { file, reason }).collect(),
        recorded_manifests: done.recorded,
        accept: &done.accept,
        remaining: done.remaining.iter().map(findings::json_of).collect(),
    };
    // Names, numbers and texts alone: this cannot fail.
    igsync_base::text::json(serde_json::to_string_pretty(&json).unwrap_or_default()) + "\n"
}
