//! Where a reader of the page finds the files of the content root.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but letters, digits and what no parser of links or HTML looks at.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What links to files begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    base: String,
}

impl Place {
    /// Links relative to where the page is read.
    #[must_use]
    pub fn relative() -> Self {
        Self::default()
    }

    /// The files of one commit at GitHub. `folder` leads from the repository's root to the content
    /// root: empty, or ending in `/`. What does not look as GitHub's does is not used.
    #[must_use]
    pub fn at_commit(server: &str, repository: &str, commit: &str, folder: &str) -> Self {
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        let is_repository = repository.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name));
        let host = server.strip_prefix("https://").unwrap_or_default();
        let is_commit = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !(is_repository && is_commit && is_name(host)) {
            return Self::relative();
        }
        Self { base: format!("{server}/{repository}/blob/{commit}/{}", utf8_percent_encode(folder, PATH)) }
    }

    /// The page of a file at GitHub; `None`: it is not known where the files are.
    pub(in crate::report) fn page(&self, path: &str) -> Option<String> {
        (!self.base.is_empty()).then(|| self.at(path))
    }

    /// A link to the bytes of a file, given relative to the content root. At GitHub it shows a picture of a private
    /// repository, too, to whoever is signed in and may read it.
    pub(super) fn link(&self, path: &str) -> String {
        self.page(path).map_or_else(|| self.at(path), |page| format!("{page}?raw=true"))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{}", self.base, utf8_percent_encode(path, PATH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_its_link() {
        let place = Place::at_commit("https://github.com", "acme/feed", "0123456789abcdef", "content/");
        assert_eq!(
            place.link("media/a b\"><img src=x>(1).jpg"),
            "https://github.com/acme/feed/blob/0123456789abcdef/content/media/a%20b%22%3E%3Cimg%20src%3Dx%3E%281%29.jpg?raw=true"
        );
        assert_eq!(Place::relative().link("javascript:x"), "javascript%3Ax");
    }

    #[test]
    fn what_github_would_not_say_is_not_used() {
        for (server, repository, commit) in [
            ("http://github.com", "a/b", "0123456789"),
            ("https://github.com/x", "a/b", "0123456789"),
            ("https://github.com", "a/b/c", "0123456789"),
            ("https://github.com", "a/b", "main"),
        ] {
            assert_eq!(Place::at_commit(server, repository, commit, ""), Place::relative());
        }
    }
}
