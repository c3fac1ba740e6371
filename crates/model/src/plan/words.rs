//! Which words of a caption are others than those that were published.

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// One place of a caption: the words that stood there, and those that do now. One of both may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reworded {
    pub removed: String,
    pub added: String,
}

/// The places where two texts differ, in order. Blanks and line ends alone are no difference.
#[must_use]
pub(super) fn reworded(before: &str, now: &str) -> Vec<Reworded> {
    let (before, now): (Vec<&str>, Vec<&str>) = (before.split_whitespace().collect(), now.split_whitespace().collect());
    let places = capture_diff_slices(Algorithm::Myers, &before, &now);
    places
        .iter()
        .filter(|place| place.tag() != DiffTag::Equal)
        .map(|place| Reworded { removed: before[place.old_range()].join(" "), added: now[place.new_range()].join(" ") })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(before: &str, now: &str) -> Vec<String> {
        reworded(before, now).iter().map(|place| format!("-{} +{}", place.removed, place.added)).collect()
    }

    #[test]
    fn each_place_has_the_words_before_and_now() {
        assert_eq!(
            shown("Golden hour over the harbour", "Blue hour over our old harbour"),
            ["-Golden +Blue", "-the +our old"]
        );
        assert_eq!(shown("one two", "one two three"), ["- +three"]);
        assert_eq!(shown("one two", "two"), ["-one +"]);
        assert_eq!(shown("one\n\ntwo ", "one two"), Vec::<String>::new());
        assert_eq!(shown("", "new"), ["- +new"]);
    }

    proptest! {
        /// Whoever puts the words back has the text that was published.
        #[test]
        fn nothing_is_left_out(before in "([ab]{1,2} ){0,12}", now in "([ab]{1,2} ){0,12}") {
            let count = |text: &str| text.split_whitespace().count();
            let places = reworded(&before, &now);
            let (removed, added) = places.iter().fold((0, 0), |(removed, added), place| {
                (removed + count(&place.removed), added + count(&place.added))
            });
            prop_assert_eq!(count(&before) - removed, count(&now) - added, "what stays is the same in both");
            prop_assert!(places.iter().all(|place| place.removed != place.added));
        }
    }
}
