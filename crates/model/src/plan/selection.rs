//! Which posts a command is about: `--account`, `--target`, `--exclude`.

use std::collections::{BTreeSet, HashSet};

use globset::{GlobBuilder, GlobMatcher};
use unicode_normalization::UnicodeNormalization;

use igsync_base::id::AccountName;

/// Limits what is listed and done. Moves and orphans are still found among everything, so that a
/// narrow look never mistakes a moved post for a new one.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Empty: all.
    accounts: BTreeSet<AccountName>,
    /// Empty: all.
    targets: Vec<Pattern>,
    excludes: Vec<Pattern>,
}

/// A key, the path of a manifest, or a glob over either.
#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    /// `None`: not a valid glob, so it can only be a name.
    glob: Option<GlobMatcher>,
}

impl Selection {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// `*` stays within one folder, `**` does not. Paths are relative to the content root.
    #[must_use]
    pub fn new<S: AsRef<str>>(
        accounts: impl IntoIterator<Item = AccountName>,
        targets: impl IntoIterator<Item = S>,
        excludes: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            accounts: accounts.into_iter().collect(),
            targets: targets.into_iter().map(|text| Pattern::new(text.as_ref())).collect(),
            excludes: excludes.into_iter().map(|text| Pattern::new(text.as_ref())).collect(),
        }
    }

    /// The keys that a glob matches, by themselves or by the path of their manifest.
    #[must_use]
    pub fn matching<'n>(glob: &str, names: &[(&'n str, Option<&'n str>)]) -> BTreeSet<&'n str> {
        let Some(glob) = Pattern::new(glob).glob else { return BTreeSet::new() };
        let is_match =
            |key: &str, file: Option<&str>| glob.is_match(key) || file.is_some_and(|file| glob.is_match(file));
        names.iter().filter(|(key, file)| is_match(key, *file)).map(|(key, _)| *key).collect()
    }

    /// Decides for each pattern whether it is a name or a glob, knowing every key and path there is.
    pub(super) fn resolve<'a>(&self, known: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Resolved {
        let mut resolved = Resolved { accounts: self.accounts.clone(), ..Resolved::default() };
        if self.targets.is_empty() && self.excludes.is_empty() {
            return resolved;
        }
        let (mut keys, mut files) = (HashSet::new(), HashSet::new());
        for (key, file) in known {
            keys.insert(key);
            files.extend(file);
        }
        let mut unmatched = Vec::new();
        let mut names = |patterns: &[Pattern]| {
            patterns.iter().map(|pattern| pattern.resolve(&keys, &files, &mut unmatched)).collect()
        };
        resolved.targets = Some(names(&self.targets)).filter(|targets: &Vec<_>| !targets.is_empty());
        resolved.excludes = names(&self.excludes);
        resolved.unmatched = unmatched;
        resolved
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        let text: String = text.strip_prefix("./").unwrap_or(text).nfc().collect();
        let glob = GlobBuilder::new(&text).literal_separator(true).build().ok().map(|glob| glob.compile_matcher());
        Self { text, glob }
    }

    fn resolve(&self, keys: &HashSet<&str>, files: &HashSet<&str>, unmatched: &mut Vec<String>) -> Name {
        if keys.contains(self.text.as_str()) {
            return Name::Key(self.text.clone());
        }
        if files.contains(self.text.as_str()) {
            return Name::File(self.text.clone());
        }
        match &self.glob {
            Some(glob) if keys.iter().chain(files).any(|name| glob.is_match(name)) => Name::Glob(glob.clone()),
            _ => {
                unmatched.push(self.text.clone());
                Name::Nothing
            }
        }
    }
}

/// A [`Selection`] that knows what its patterns mean.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    accounts: BTreeSet<AccountName>,
    targets: Option<Vec<Name>>,
    excludes: Vec<Name>,
    pub(super) unmatched: Vec<String>,
}

#[derive(Debug)]
enum Name {
    Key(String),
    File(String),
    Glob(GlobMatcher),
    Nothing,
}

impl Name {
    fn matches(&self, key: &str, file: Option<&str>) -> bool {
        match self {
            Self::Key(name) => name == key,
            Self::File(name) => Some(name.as_str()) == file,
            Self::Glob(glob) => glob.is_match(key) || file.is_some_and(|file| glob.is_match(file)),
            Self::Nothing => false,
        }
    }
}

impl Resolved {
    pub(super) fn contains(&self, account: &AccountName, key: &str, file: Option<&str>) -> bool {
        let matches = |names: &[Name]| names.iter().any(|name| name.matches(key, file));
        (self.accounts.is_empty() || self.accounts.contains(account))
            && self.targets.as_ref().is_none_or(|targets| matches(targets))
            && !matches(&self.excludes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(&str, Option<&str>); 5] = [
        ("posts/a", Some("posts/a.yaml")),
        ("posts/deep/b", Some("posts/deep/b.yaml")),
        ("posts/[c]", Some("posts/[c].yml")),
        ("posts/c", Some("posts/c.yaml")),
        ("summer", Some("posts/d.yaml")),
    ];

    fn selected(targets: &[&str], excludes: &[&str]) -> Vec<&'static str> {
        let selection = Selection::new([], targets.iter().copied(), excludes.iter().copied());
        let resolved = selection.resolve(KNOWN.into_iter());
        let account = AccountName::from("brand");
        KNOWN.into_iter().filter(|(key, file)| resolved.contains(&account, key, *file)).map(|(key, _)| key).collect()
    }

    #[test]
    fn an_exact_key_is_tried_before_a_glob() {
        assert_eq!(selected(&["posts/[c]"], &[]), ["posts/[c]"]);
        assert_eq!(selected(&["posts/[ac]"], &[]), ["posts/a", "posts/c"]);
    }

    #[test]
    fn the_path_of_a_manifest_names_its_post() {
        assert_eq!(selected(&["./posts/d.yaml"], &[]), ["summer"]);
    }

    #[test]
    fn one_star_stays_in_its_folder_and_two_do_not() {
        assert_eq!(selected(&["posts/?"], &[]), ["posts/a", "posts/c"]);
        assert_eq!(selected(&["posts/**/b"], &[]), ["posts/deep/b"]);
    }

    #[test]
    fn what_is_excluded_is_out_even_when_targeted() {
        assert_eq!(selected(&["posts/*"], &["posts/c"]), ["posts/a", "posts/[c]", "summer"]);
    }

    #[test]
    fn a_name_that_fits_nothing_selects_nothing_and_is_reported() {
        assert!(selected(&["posts/typo", "[broken"], &[]).is_empty());
        let selection = Selection::new([], ["posts/typo", "[broken"], []);
        assert_eq!(selection.resolve(KNOWN.into_iter()).unmatched, ["posts/typo", "[broken"]);
    }
}
