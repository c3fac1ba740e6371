//! Bytes of a file to text.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use igsync_base::files::{Linked, ReadDisk};
use igsync_base::finding::Finding;
use igsync_base::rules;
use igsync_base::text::tokens::{tokens, without};

/// The largest YAML file that is read, in bytes.
pub const FILE_LIMIT: u64 = 1024 * 1024;

/// A text file. What looks like an access token is blackened before anything else sees the text, so
/// that no message and no snippet can show it.
#[derive(Debug)]
pub struct Text {
    pub text: String,
    /// Where tokens were.
    pub tokens: Vec<Range<usize>>,
}

/// Reads a text file: UTF-8, without a byte-order mark and without NUL.
///
/// # Errors
///
/// The finding that says why the file is not readable text. The file is named `file` in it.
pub fn read_text(disk: &dyn ReadDisk, path: &Path, file: &Arc<str>, limit: u64) -> Result<Text, Box<Finding>> {
    let bytes = disk.read(path, limit).map_err(|error| Box::new(unreadable(path, file, limit, &error)))?;
    let not_text = |offset: usize, what: &str| {
        Box::new(
            Finding::new(&rules::NOT_TEXT, Arc::clone(file), format!("the file is not text: {what} at byte {offset}"))
                .help(
                    "save it as UTF-8; if it is not a manifest, begin its name with `_` or a dot, and igsync skips it",
                ),
        )
    };
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(not_text(offset, "a NUL byte"));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|error| not_text(error.utf8_error().valid_up_to(), "invalid UTF-8"))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    let tokens = tokens(&text);
    if !tokens.is_empty() {
        text = without(&text, &tokens, |length| "X".repeat(length));
    }
    Ok(Text { text, tokens })
}

fn unreadable(path: &Path, file: &Arc<str>, limit: u64, error: &io::Error) -> Finding {
    let file = Arc::clone(file);
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Finding::new(&rules::FILE_TOO_LARGE, file, format!("the file is larger than {} KiB", limit / 1024))
            .help(if limit == FILE_LIMIT {
                "it was not read; is it a media file with the wrong name?"
            } else {
                "it was not read; shorten it"
            });
    }
    if let Some(linked) = Linked::of(error) {
        let what = if linked.path == path { "this file" } else { "a folder above this file" };
        let message = format!("{what} is a symbolic link");
        return Finding::new(&rules::LINKED_FILE, file, message)
            .help("put the file itself there: links are not followed, wherever they lead");
    }
    Finding::new(&rules::UNREADABLE, file, format!("the file could not be read: {error}"))
        .help("check its permissions, and that it is a regular file")
}
