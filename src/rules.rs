//! Every rule igsync knows, in the order of their ids.

use crate::finding::{Rule, Severity};

macro_rules! rules {
    ($($(#[$page:meta])* $const_name:ident = $id:literal $name:literal $severity:ident $about:literal $(, page $url:expr)?;)*) => {
        $(
            #[doc = $about]
            pub static $const_name: Rule = Rule {
                id: $id,
                name: $name,
                severity: Severity::$severity,
                about: $about,
                page: rules!(@page $($url)?),
            };
        )*

        /// All rules, sorted by id.
        pub static ALL: &[&Rule] = &[$(&$const_name),*];
    };
    (@page) => { None };
    (@page $url:expr) => { Some($url) };
}

rules! {
    NOT_TEXT = "IGS1001" "not-text" Error "a manifest is UTF-8 text";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.id < b.id), "ids ascend");
        let mut names: Vec<_> = ALL.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len(), "names are unique");
    }
}
