//! Places as manifests and configuration write them: paths that stay inside the content root, and URLs.

use std::sync::Arc;

use crate::finding::Rule;
use crate::net::{has_user, is_loopback};
use crate::rules;

/// Where the bytes of one media file are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Relative to the content root, `/`-separated; proven to stay inside it and outside of what is hidden.
    Local(Arc<str>),
    Url(Arc<str>),
}

/// Why a path or URL cannot be used.
#[derive(Debug)]
pub struct Refused {
    pub rule: &'static Rule,
    pub message: String,
    pub label: &'static str,
    pub help: &'static str,
}

/// Reads a path relative to `folder` (itself relative to the content root), or a URL.
pub fn source(folder: &str, text: &str, allow_loopback: bool) -> Result<Source, Refused> {
    if let Some((scheme, _)) = text.split_once("://") {
        return url(scheme, text, allow_loopback).map(|()| Source::Url(text.into()));
    }
    local(folder, text).map(Source::Local)
}

/// Joins `text` to `folder` and proves that the result stays inside the content root.
pub fn local(folder: &str, text: &str) -> Result<Arc<str>, Refused> {
    let refused = |rule, message: &str, label, help| Refused { rule, message: message.into(), label, help };
    if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') || text.starts_with("~/") {
        let help = "write it relative to this file, inside the content root";
        return Err(refused(&rules::PATH_OUTSIDE, "the path is absolute", "an absolute path", help));
    }
    if text.contains('\\') || text.chars().any(char::is_control) {
        let help = "separate folders with `/`";
        return Err(refused(&rules::INVALID_PATH, "the path holds `\\` or control characters", "this path", help));
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    let help = "only files inside the content root are read; copy the file there";
                    let message = "the path leaves the content root";
                    return Err(refused(&rules::PATH_OUTSIDE, message, "leads outside", help));
                }
            }
            _ => parts.push(part),
        }
    }
    let last = text.rsplit('/').next().unwrap_or_default();
    if parts.is_empty() || text.trim().is_empty() || matches!(last, "" | "." | "..") {
        return Err(refused(&rules::INVALID_PATH, "the path names no file", "no file", "name the file itself"));
    }
    if parts.iter().any(|part| is_hidden(part)) {
        let help = "move the file to where no part of its path begins with a dot";
        return Err(refused(&rules::HIDDEN_FILE, "posts use no hidden files and folders", "hidden", help));
    }
    Ok(parts.join("/").into())
}

/// Whether a name belongs to what people do not see: `.env`, `.git`, `.igsync`.
fn is_hidden(name: &str) -> bool {
    // HFS+ leaves these out when it compares names.
    let is_unseen =
        |c| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    name.trim_start_matches(is_unseen).starts_with('.') || (cfg!(windows) && is_short_name(name))
}

/// `GIT~1`: by such a name Windows opens a file of another one, `.git` too.
fn is_short_name(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let number = stem.rsplit_once('~').map_or("", |(_, number)| number);
    stem.len() <= 8 && extension.len() <= 3 && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A folder relative to the content root, without `.` and `..`; empty for the root itself.
pub fn folder(text: &str) -> Result<String, Refused> {
    let trimmed = text.trim_end_matches('/');
    match trimmed {
        "." | "./." if !text.starts_with('/') => Ok(String::new()),
        _ => local("", trimmed).map(|path| path.to_string()),
    }
}

fn url(scheme: &str, text: &str, allow_loopback: bool) -> Result<(), Refused> {
    let refused =
        |message: &str, label, help| Err(Refused { rule: &rules::INVALID_URL, message: message.into(), label, help });
    if !text.is_ascii() || text.bytes().any(|byte| byte <= b' ') {
        let help = "percent-encode spaces and all other characters that are not ASCII";
        return refused("Meta fetches only URLs of ASCII characters", "invalid characters", help);
    }
    let Ok(parsed) = url::Url::parse(text) else {
        return refused("the URL cannot be read", "not a URL", "write https://host/path, or a path to a local file");
    };
    if has_user(&parsed) {
        return refused("the URL holds a user name or password", "credentials here", "use a URL that needs none");
    }
    match scheme {
        "https" => Ok(()),
        "http" if allow_loopback && is_loopback(&parsed) => Ok(()),
        "http" => refused("media URLs are https", "not https", "write https://"),
        _ => refused("media URLs are https", "another scheme", "write https://, or a path to a local file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_by(folder: &str, text: &str) -> &'static str {
        source(folder, text, false).unwrap_err().rule.name
    }

    #[test]
    fn a_path_is_relative_to_its_manifest() {
        assert_eq!(&*local("posts/2026", "./a.jpg").unwrap(), "posts/2026/a.jpg");
        assert_eq!(&*local("posts", "../media/a.jpg").unwrap(), "media/a.jpg");
        assert_eq!(&*local("", "a.jpg").unwrap(), "a.jpg");
        assert_eq!(&*local("posts", "a..b.jpg").unwrap(), "posts/a..b.jpg");
    }

    #[test]
    fn a_path_never_leaves_the_content_root() {
        for text in ["../../a.jpg", "../../posts/a.jpg", "a/../../../b.jpg", "/etc/passwd", "C:/a.jpg", "~/a.jpg"] {
            assert_eq!(refused_by("posts", text), "path-outside", "{text}");
        }
        for text in ["..", ".", "", " ", "a\\b.jpg", "a\0b", "media/"] {
            assert_eq!(refused_by("posts", text), "invalid-path", "{text:?}");
        }
    }

    #[test]
    fn nothing_hidden_is_used() {
        for text in
            [".env", "../.git/config", "../.igsync/journal.jsonl", "a/.b/c.jpg", "../\u{200c}.git/config", "..."]
        {
            assert_eq!(refused_by("posts", text), "hidden-file", "{text:?}");
        }
        assert_eq!(refused_by("posts/.drafts", "a.jpg"), "hidden-file");
        assert!(folder(".content").is_err_and(|refused| refused.rule.name == "hidden-file"));
        for (name, is_short) in
            [("GIT~1", true), ("env~12.txt", true), ("a~b.jpg", false), ("photo~1-large.jpg", false)]
        {
            assert_eq!(is_short_name(name), is_short, "{name}");
        }
    }

    #[test]
    fn urls_are_https_and_ascii() {
        assert!(source("", "https://cdn.example.com/a.jpg?x=1", false).is_ok());
        for text in [
            "http://example.com/a.jpg",
            "ftp://a/b",
            "file:///etc/passwd",
            "https://exämple.com/a",
            "https://u:p@a.b/c",
            "https://",
        ] {
            assert_eq!(refused_by("", text), "invalid-url", "{text}");
        }
    }

    #[test]
    fn loopback_http_needs_a_loopback_base() {
        for text in ["http://127.0.0.1:8787/a.jpg", "http://localhost/a", "http://[::1]:1/a"] {
            assert!(source("", text, true).is_ok(), "{text}");
            assert!(source("", text, false).is_err(), "{text}");
        }
        assert!(source("", "http://127.0.0.1.example.com/a", true).is_err());
    }
}
